//! JPEG 2000.

use crate::support::*;
use metascrub::refusal::Code;

fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat()
}

fn tile(comment: &[u8]) -> Vec<u8> {
    let body = [comment, b"\xff\x93KEEPME"].concat();
    [b"\xff\x90\0\x0a\0\0", &(body.len() as u32 + 12).to_be_bytes()[..], &[0, 1], &body].concat()
}

fn stream(main: &[u8], tiles: &[Vec<u8>]) -> Vec<u8> {
    [b"\xff\x4f", &segment(0x51, &[0; 39])[..], main, &tiles.concat(), b"\xff\xd9"].concat()
}

fn file(boxes: &[Vec<u8>]) -> Vec<u8> {
    let head = [boxed(b"ihdr", &[0; 14]), boxed(b"colr", b"\x01\0\0\0\0\0\x11")].concat();
    let start = [boxed(b"jP  ", b"\r\n\x87\n"), boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "), boxed(b"jp2h", &head)];
    [start.concat(), boxes.concat()].concat()
}

fn plain() -> Vec<u8> {
    file(&[boxed(b"jp2c", &stream(b"", &[tile(b"")]))])
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/jp2").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("a.jp2", &sample("everything.jp2"), 1);
    truncate_everywhere("a.j2k", &sample("bare.j2k"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.jp2", &plain()).unwrap().unchanged();
    scrub("a.j2k", &stream(b"", &[tile(b""), tile(b"")])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for name in ["everything.jp2", "bare.j2k"] {
        let clean = scrub(name, &sample(name)).unwrap();
        clean.had_secrets().tells_nothing();
        assert!(find_secret(&clean.bytes, "KEEPME").is_some());
    }
}

#[test]
fn hidden_at_the_end() {
    for end in [b"CANARY".to_vec(), boxed(b"free", b"CANARY"), boxed(b"jp2h", b"CANARY")] {
        assert_eq!(scrub("a.jp2", &[plain(), end].concat()).unwrap().bytes, plain());
    }
    let inside = [stream(b"", &[tile(b"")]), b"CANARY".to_vec()].concat();
    assert_eq!(scrub("a.jp2", &file(&[boxed(b"jp2c", &inside)])).unwrap().bytes, plain());
}

#[test]
fn out_of_order() {
    let dirty = file(&[boxed(b"xml ", b"CANARY"), boxed(b"jp2c", &stream(b"", &[tile(b"")])), boxed(b"uuid", b"CANARY")]);
    assert_eq!(scrub("a.jp2", &dirty).unwrap().bytes, plain());
    let between = stream(b"", &[tile(b""), b"CANARY".to_vec(), tile(b"")]);
    assert_eq!(refusal("a.j2k", &between).code(), Code::Malformed);
}

#[test]
fn lengths_follow_comments_in_tile_parts() {
    let comment = segment(0x64, b"\0\x01CANARY");
    let table = |tiles: &[Vec<u8>]| {
        let lengths = tiles.iter().flat_map(|t| (t.len() as u32).to_be_bytes());
        segment(0x55, &[vec![0, 0x40], lengths.collect()].concat())
    };
    let dirty = [tile(b""), tile(&comment)];
    let clean = [tile(b""), tile(b"")];
    let result = scrub("a.j2k", &stream(&table(&dirty), &dirty)).unwrap();
    assert_eq!(result.bytes, stream(&table(&clean), &clean));
    // A table that lies is not mended.
    assert_eq!(refusal("a.j2k", &stream(&table(&clean), &dirty)).code(), Code::Malformed);
}

#[test]
fn a_tile_part_up_to_the_end() {
    let mut open = tile(b"");
    open[6..10].fill(0);
    let bytes = stream(b"", &[open]);
    let clean = scrub("a.j2k", &[&bytes[..], b"CANARY"].concat()).unwrap();
    assert_eq!(clean.bytes, bytes);
}

#[test]
fn pictures_in_other_files_and_unknown_segments_are_refused() {
    assert_eq!(refusal("a.jpx", &file(&[boxed(b"ftbl", b"")])).code(), Code::Unsupported);
    assert_eq!(refusal("a.j2k", &stream(&segment(0x66, b"CANARY"), &[tile(b"")])).code(), Code::UnknownCritical);
    let mut long = tile(b"");
    long[9] += 9;
    assert_eq!(refusal("a.j2k", &stream(b"", &[long])).code(), Code::Malformed);
}

/// A TIFF of one pixel with a georeference and a program.
fn georeference(more: bool) -> Vec<u8> {
    let mut tags: Vec<[u32; 4]> = [256, 257, 258, 259, 262].map(|tag| [tag, 3, 1, if tag == 258 { 8 } else { 1 }]).to_vec();
    tags.extend([[273, 4, 1, 8], [277, 3, 1, 1], [278, 3, 1, 1], [279, 4, 1, 1]]);
    if more {
        tags.push([305, 2, 7, 10]);
    }
    tags.push([34735, 3, 4, 18]);
    let mut out = b"II*\0\x1a\0\0\0\x80\0CANARY\0\0".to_vec();
    out.extend([1, 0, 1, 0, 0, 0, 0, 0]);
    out.extend((tags.len() as u16).to_le_bytes());
    for [tag, kind, count, value] in tags {
        out.extend(
            [&(tag as u16).to_le_bytes()[..], &(kind as u16).to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat(),
        );
    }
    out.extend([0; 4]);
    out
}

#[test]
fn a_georeference_stays_where_it_is_wanted() {
    const GEO: &[u8] = b"\xb1\x4b\xf8\xbd\x08\x3d\x4b\x43\xa5\xae\x8c\xd7\xd5\xa6\xce\x03";
    let picture = boxed(b"jp2c", &stream(b"", &[tile(b"")]));
    let with = |tiff: &[u8]| file(&[boxed(b"uuid", &[GEO, tiff].concat()), picture.clone()]);
    let policy = metascrub::policy::Policy::default().with(metascrub::policy::Token::Geotiff, true);
    let clean = scrub_under(&policy, "a.jp2", &with(&georeference(true))).unwrap();
    clean.had_secrets().tells_nothing().found("georeference");
    assert!(memchr::memmem::find(&clean.bytes, b"\xaf\x87\x03\0\x04\0\0\0").is_some(), "the keys are still there");
    assert_eq!(scrub("a.jp2", &with(&georeference(true))).unwrap().bytes, plain());
    assert_eq!(scrub_under(&policy, "a.jp2", &with(b"CANARY is no TIFF")).unwrap().bytes, plain());
}
