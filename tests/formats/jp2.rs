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
