//! PNG and its animated kind.

use std::io::Write;

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// A chunk with a right checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    let crc = crc32fast::hash(&out[4..]);
    out.extend_from_slice(&crc.to_be_bytes());
    out
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn ihdr(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let mut data = [width.to_be_bytes(), height.to_be_bytes()].concat();
    data.extend_from_slice(&[depth, colour, 0, 0, 0]);
    chunk(b"IHDR", &data)
}

/// The rows of a grey picture of 8 × 4, which hold a text that must stay.
fn rows() -> Vec<u8> {
    (0..4).flat_map(|i| [&[0u8][..], b"KEEPME0", &[i]].concat()).collect()
}

fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat()
}

fn grey() -> Vec<u8> {
    ihdr(8, 4, 8, 0)
}

fn idat() -> Vec<u8> {
    chunk(b"IDAT", &zlib(&rows()))
}

fn iend() -> Vec<u8> {
    chunk(b"IEND", b"")
}

fn plain() -> Vec<u8> {
    png(&[grey(), idat(), iend()])
}

/// A big-endian TIFF structure with an orientation and a maker.
fn tiff(orientation: u8) -> Vec<u8> {
    let mut out = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    out.extend_from_slice(&[1, 0x0f, 0, 2, 0, 0, 0, 12, 0, 0, 0, 38]);
    out.extend_from_slice(&[1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(b"CANARY-make\0");
    out
}

const UPRIGHT: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn kinds(bytes: &[u8]) -> Vec<String> {
    let (mut at, mut out) = (8, Vec::new());
    while at < bytes.len() {
        let len = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        out.push(String::from_utf8(bytes[at + 4..at + 8].to_vec()).unwrap());
        assert_eq!(crc32fast::hash(&bytes[at + 4..at + 8 + len]).to_be_bytes(), bytes[at + 8 + len..at + 12 + len]);
        at += 12 + len;
    }
    out
}

fn everything() -> Vec<u8> {
    png(&[
        grey(),
        chunk(b"gAMA", &45455u32.to_be_bytes()),
        chunk(b"iCCP", &[b"CANARY profile\0\0".to_vec(), zlib(&profile())].concat()),
        chunk(b"sRGB", &[0]),
        chunk(b"tEXt", b"Author\0CANARY person"),
        chunk(b"zTXt", &[b"Comment\0\0".to_vec(), zlib(b"CANARY comment")].concat()),
        chunk(b"iTXt", b"Title\0\0\0de\0CANARY Titel\0CANARY title"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>CANARY xmp</x:xmpmeta>"),
        chunk(b"tIME", &[7, 228, 1, 2, 3, 4, 5]),
        chunk(b"eXIf", &tiff(6)),
        chunk(b"pHYs", &[0, 0, 11, 19, 0, 0, 11, 19, 1]),
        chunk(b"prVW", b"CANARY preview"),
        chunk(b"caBX", b"CANARY credentials"),
        chunk(b"quIp", b"CANARY unknown"),
        idat(),
        chunk(b"tEXt", b"Software\0CANARY late"),
        iend(),
        b"CANARY behind".to_vec(),
    ])
}

/// Bytes that stand for a colour profile: a header that is neutral already, and no tags.
fn profile() -> Vec<u8> {
    let mut out = vec![0; 132];
    out[3] = 132;
    out[8] = 2;
    out[12..24].copy_from_slice(b"mntrGRAYXYZ ");
    out[36..40].copy_from_slice(b"acsp");
    out
}

#[test]
fn truncated() {
    truncate_everywhere("a.png", &everything(), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.png", &plain()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.png", &everything()).unwrap();
    clean.had_secrets().changed().tells_nothing();
    let kinds = kinds(&clean.bytes);
    assert_eq!(kinds.first().unwrap(), "IHDR");
    assert!(["gAMA", "eXIf", "pHYs", "IDAT", "IEND"].iter().all(|k| kinds.iter().any(|x| x == k)), "{kinds:?}");
    assert!(!["tEXt", "zTXt", "iTXt", "tIME", "prVW", "caBX", "quIp"].iter().any(|k| kinds.iter().any(|x| x == k)));
    assert!(find_secret(&clean.bytes, "KEEPME").is_some());
    assert_eq!(clean.found("Author").value.as_deref(), Some("CANARY person"));
    assert_eq!(clean.found("time of the last change").value.as_deref(), Some("2020-01-02 03:04:05"));
}

#[test]
fn hidden_at_the_end() {
    let old = png(&[ihdr(30, 30, 8, 0), chunk(b"IDAT", b"CANARY old rows"), iend()]);
    let bytes = [plain(), old[41..].to_vec()].concat();
    let clean = scrub("a.png", &bytes).unwrap();
    assert_eq!(clean.bytes, plain());
    clean.had_secrets();
    let clean = scrub("a.png", &[plain(), chunk(b"IDAT", b"CANARY old rows")].concat()).unwrap();
    clean.had_secrets().tells_nothing().found("a cropped-out picture was recoverable here");
}

#[test]
fn out_of_order() {
    // Exif behind the rows goes in front of them; colour behind the rows is colour that nobody sees.
    let bytes = png(&[grey(), idat(), chunk(b"gAMA", b"CANA"), chunk(b"eXIf", &tiff(6)), iend()]);
    let clean = scrub("a.png", &bytes).unwrap();
    assert_eq!(clean.bytes, png(&[grey(), chunk(b"eXIf", UPRIGHT), idat(), iend()]));
    assert_eq!(refusal("a.png", &png(&[idat(), grey(), iend()])).code(), Code::Malformed);
    assert_eq!(refusal("a.png", &png(&[grey(), idat(), grey(), iend()])).code(), Code::Malformed);
}

#[test]
fn bytes_behind_the_stream_are_cut() {
    let clean = scrub("a.png", &png(&[grey(), chunk(b"IDAT", &[zlib(&rows()), b"CANARY tail".to_vec()].concat()), iend()]));
    let clean = clean.unwrap();
    assert_eq!(clean.bytes, plain());
    clean.found("data hidden behind the picture data");
}

#[test]
fn chunks_behind_the_stream_are_cut() {
    let packed = zlib(&rows());
    let (a, b) = packed.split_at(7);
    let bytes = png(&[
        grey(),
        chunk(b"IDAT", a),
        chunk(b"tEXt", b"Comment\0CANARY between"),
        chunk(b"IDAT", &[b, b"CANARY"].concat()),
        chunk(b"IDAT", b"CANARY old picture"),
        iend(),
    ]);
    let clean = scrub("a.png", &bytes).unwrap();
    assert_eq!(clean.bytes, png(&[grey(), chunk(b"IDAT", a), chunk(b"IDAT", b), iend()]));
    clean.found("a cropped-out picture was recoverable here");
}

#[test]
fn rows_below_the_picture_are_cut() {
    let more = [rows(), [&[0u8][..], b"CANARY!!"].concat()].concat();
    let clean = scrub("a.png", &png(&[grey(), chunk(b"IDAT", &zlib(&more)), iend()])).unwrap();
    clean.had_secrets().tells_nothing().found("a cropped-out picture was recoverable here");
    assert_eq!(clean.bytes, plain());
    assert!(clean.cleaned.plan().is_recoded());
    // In several chunks.
    let packed = zlib(&more);
    let bytes = png(&[grey(), chunk(b"IDAT", &packed[..9]), chunk(b"IDAT", &packed[9..]), iend()]);
    assert_eq!(scrub("a.png", &bytes).unwrap().bytes, plain());
}

/// The default picture and one more frame of 4 × 2.
fn animated(frame: &[Vec<u8>]) -> Vec<u8> {
    let fctl = |number: u32, w: u32, h: u32| {
        let mut data = [number.to_be_bytes(), w.to_be_bytes(), h.to_be_bytes(), [0; 4], [0; 4]].concat();
        data.extend_from_slice(&[0, 1, 0, 10, 0, 0]);
        chunk(b"fcTL", &data)
    };
    let mut chunks = vec![grey(), chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]), fctl(0, 8, 4), idat(), fctl(1, 4, 2)];
    chunks.extend_from_slice(frame);
    chunks.push(iend());
    png(&chunks)
}

#[test]
fn animation_stays_and_hides_nothing() {
    let frame = zlib(b"\0KEEP\0ME!!");
    let numbered = |n: u8, data: &[u8]| chunk(b"fdAT", &[&[0, 0, 0, n], data].concat());
    let (a, b) = frame.split_at(5);
    let right = animated(&[numbered(2, a), numbered(3, b)]);
    scrub("a.png", &right).unwrap().unchanged();
    let tail = [b, b"CANARY"].concat();
    let clean = scrub("a.png", &animated(&[numbered(2, a), numbered(3, &tail), numbered(4, b"CANARY")])).unwrap();
    assert_eq!(clean.bytes, right);
    let more = zlib(b"\0KEEP\0ME!!\0CANARYROW");
    let clean = scrub("a.png", &animated(&[numbered(2, &more)])).unwrap();
    assert_eq!(clean.bytes, animated(&[numbered(2, &frame)]));
    assert!(find_secret(&clean.bytes, "KEEP\0ME!!").is_some());
}

#[test]
fn orientation_stays_from_a_raw_profile() {
    let hex: String = [&b"Exif\0\0"[..], &tiff(6)].concat().iter().map(|b| format!("{b:02x}")).collect();
    let text = format!("Raw profile type exif\0\0\n\nexif\n{:8}\n{hex}\n", hex.len() / 2);
    let (keyword, value) = text.split_once("\0\0").unwrap();
    let ztxt = [keyword.as_bytes(), b"\0\0", &zlib(value.as_bytes())].concat();
    let clean = scrub("a.png", &png(&[grey(), chunk(b"zTXt", &ztxt), idat(), iend()])).unwrap();
    assert_eq!(clean.bytes, png(&[grey(), chunk(b"eXIf", UPRIGHT), idat(), iend()]));
}

#[test]
fn minimal_exif_is_not_touched() {
    scrub("a.png", &png(&[grey(), chunk(b"eXIf", UPRIGHT), idat(), iend()])).unwrap().unchanged();
    let clean = scrub("a.png", &png(&[grey(), chunk(b"eXIf", &tiff(1)), idat(), iend()])).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn profile_name_and_tail_go() {
    let iccp = |name: &[u8], tail: &[u8]| chunk(b"iCCP", &[name, b"\0\0", &zlib(&profile()), tail].concat());
    let clean = scrub("a.png", &png(&[grey(), iccp(b"CANARY name", b""), idat(), iend()])).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(kinds(&clean.bytes).contains(&"iCCP".to_owned()));
    let clean = scrub("a.png", &png(&[grey(), iccp(b"icc", b"CANARY"), idat(), iend()])).unwrap();
    clean.had_secrets().tells_nothing();
    // Broken ones are ignored by decoders, and then sRGB counts.
    let broken = chunk(b"iCCP", b"CANARY\0\0nozlib");
    let clean = scrub("a.png", &png(&[grey(), broken, chunk(b"sRGB", &[0]), idat(), iend()])).unwrap();
    assert_eq!(clean.bytes, png(&[grey(), chunk(b"sRGB", &[0]), idat(), iend()]));
}

#[test]
fn free_bytes_in_known_chunks_go() {
    for (kind, data) in [
        (b"gAMA", &b"CANARY"[..]),
        (b"sRGB", b"CANARY"),
        (b"tRNS", b"CANARY"),
        (b"bKGD", b"CANARY"),
        (b"sBIT", b"CANARY"),
        (b"pHYs", b"CANARY10x"),
        (b"sTER", b"C"),
        (b"PLTE", b"CANARY"),
        (b"npTc", b"CANARY"),
    ] {
        let clean = scrub("a.png", &png(&[grey(), chunk(kind, data), idat(), iend()])).unwrap();
        assert_eq!(clean.bytes, plain(), "{kind:?}");
    }
}

#[test]
fn palette_entries_without_a_pixel_go() {
    let packed = chunk(b"IDAT", &zlib(b"\0\x40\0\x80"));
    let with = |palette: &[u8]| png(&[ihdr(2, 2, 1, 3), chunk(b"PLTE", palette), packed.clone(), iend()]);
    let clean = scrub("a.png", &with(b"RGBrgbCANARY")).unwrap();
    assert_eq!(clean.bytes, with(b"RGBrgb"));
}

#[test]
fn a_second_chunk_of_a_kind_goes() {
    let gama = chunk(b"gAMA", &45455u32.to_be_bytes());
    let clean = scrub("a.png", &png(&[grey(), gama.clone(), chunk(b"gAMA", b"CANA"), idat(), iend()])).unwrap();
    assert_eq!(clean.bytes, png(&[grey(), gama, idat(), iend()]));
}

#[test]
fn wrong_checksums() {
    let mut gama = chunk(b"gAMA", &45455u32.to_be_bytes());
    gama[13] ^= 1;
    assert_eq!(scrub("a.png", &png(&[grey(), gama, idat(), iend()])).unwrap().bytes, plain());
    let mut rows = idat();
    *rows.last_mut().unwrap() ^= 1;
    assert_eq!(refusal("a.png", &png(&[grey(), rows, iend()])).code(), Code::Malformed);
}

#[test]
fn unknown_critical_chunks_are_refused() {
    let bytes = png(&[grey(), chunk(b"ABCD", b""), idat(), iend()]);
    assert_eq!(refusal("a.png", &bytes).code(), Code::UnknownCritical);
}

#[test]
fn a_missing_end_is_added() {
    let clean = scrub("a.png", &png(&[grey(), idat(), b"\0\0\0\x20tEXtCANARY".to_vec()])).unwrap();
    assert_eq!(clean.bytes, plain());
    assert_eq!(refusal("a.png", &png(&[grey(), idat()[..20].to_vec()])).code(), Code::Malformed);
}

#[test]
fn apples_own_kind_is_cut_too() {
    let raw = |tail: &[u8]| {
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        packer.write_all(&rows()).unwrap();
        chunk(b"IDAT", &[&packer.finish().unwrap(), tail].concat())
    };
    let with = |tail: &[u8], text: &[u8]| {
        let text = if text.is_empty() { Vec::new() } else { chunk(b"tEXt", text) };
        png(&[chunk(b"CgBI", &[0x50, 0, 0x20, 2]), grey(), text, raw(tail), iend()])
    };
    scrub("a.png", &with(b"", b"")).unwrap().unchanged();
    let clean = scrub("a.png", &with(b"CANARY", b"Author\0CANARY")).unwrap();
    assert_eq!(clean.bytes, with(b"", b""));
}

#[test]
fn data_in_the_end_mark_goes() {
    let clean = scrub("a.png", &png(&[grey(), idat(), chunk(b"IEND", b"CANARY")])).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn strict_keeps_the_shape_of_pixels_only() {
    let phys = |x: u32, y: u32, unit: u8| chunk(b"pHYs", &[&x.to_be_bytes()[..], &y.to_be_bytes(), &[unit]].concat());
    let bytes = png(&[grey(), phys(2000, 1000, 1), idat(), iend()]);
    scrub("a.png", &bytes).unwrap().unchanged();
    let clean = scrub_under(&Policy::strict(), "a.png", &bytes).unwrap();
    assert_eq!(clean.bytes, png(&[grey(), phys(2, 1, 0), idat(), iend()]));
    let clean = scrub_under(&Policy::strict(), "a.png", &png(&[grey(), phys(2835, 2835, 1), idat(), iend()])).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn colour_can_be_dropped() {
    let bytes = png(&[grey(), chunk(b"gAMA", &45455u32.to_be_bytes()), chunk(b"sRGB", &[0]), idat(), iend()]);
    let clean = scrub_under(&Policy::default().with(Token::Color, false), "a.png", &bytes).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn bombs_in_text_are_not_unpacked() {
    let bomb = zlib(&vec![0; 64 << 20]);
    let iccp = chunk(b"iCCP", &[b"icc\0\0".to_vec(), bomb.clone()].concat());
    let text = chunk(b"zTXt", &[b"CANARY\0\0".to_vec(), bomb].concat());
    assert_eq!(scrub("a.png", &png(&[grey(), iccp, text, idat(), iend()])).unwrap().bytes, plain());
    // Many small ones are one large one: the report gives up, not the cleaning.
    let small = chunk(b"zTXt", &[b"Author\0\0".to_vec(), zlib(&vec![b' '; 15 << 20])].concat());
    let many = vec![small; 300].concat();
    let start = std::time::Instant::now();
    let clean = scrub("a.png", &png(&[grey(), many, idat(), iend()])).unwrap();
    assert_eq!(clean.bytes, plain());
    clean.found("text (unreadable)");
    assert!(start.elapsed().as_secs() < 20, "small bombs cost too much");
}

#[test]
fn private_wrappers_and_wrong_kinds_are_refused() {
    for bytes in [&b"\x89PNG\r\n\x1a\n"[..], &plain()[..20], &png(&[grey(), iend()])] {
        assert_eq!(refusal("a.png", bytes).code(), Code::Malformed);
    }
    let mut bytes = plain();
    bytes[33 + 4] = b'1';
    assert_eq!(refusal("a.png", &bytes).code(), Code::Malformed);
}

#[test]
fn a_gain_map_stays_and_is_cleaned() {
    let parameters = [&[0, 0, 0, 9, 0][..], &[0, 0, 0, 1].repeat(14)].concat();
    let neutral = [&[0, 0, 0, 0, 0][..], &[0, 0, 0, 1].repeat(14)].concat();
    let map =
        |parameters: &[u8], more: &[Vec<u8>]| png(&[&[grey(), chunk(b"gmAP", parameters)], more, &[idat(), iend()]].concat());
    let text = chunk(b"tEXt", b"Author\0CANARY");
    let whole = |map: &[u8], version: &[u8]| png(&[grey(), chunk(b"gmAP", version), chunk(b"gdAT", map), idat(), iend()]);
    let clean = scrub("a.png", &whole(&map(&parameters, &[text]), &[0, 0, 0, 7])).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, whole(&map(&neutral, &[]), &[0; 4]));
    // What is no picture, or is not wanted, goes.
    let odd = scrub("a.png", &png(&[grey(), chunk(b"gdAT", b"CANARY"), chunk(b"gmAP", b"CANARY"), idat(), iend()])).unwrap();
    assert_eq!(odd.bytes, plain());
    let policy = Policy::default().with(Token::GainMap, false);
    assert_eq!(scrub_under(&policy, "a.png", &whole(&map(&neutral, &[]), &[0; 4])).unwrap().bytes, plain());
}
