//! TIFF and BigTIFF, built here tag by tag.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// A classic little-endian file with one directory whose values all lie outside of it, in front.
struct Tiff {
    bytes: Vec<u8>,
    entries: Vec<[u8; 12]>,
}

impl Tiff {
    fn new() -> Tiff {
        Tiff { bytes: b"II*\0\0\0\0\0".to_vec(), entries: Vec::new() }
    }

    fn put(&mut self, data: &[u8]) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend(data);
        at
    }

    fn raw(&mut self, tag: u16, kind: u16, count: u32, value: [u8; 4]) -> &mut Tiff {
        let head = [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat();
        self.entries.push(head.try_into().unwrap());
        self
    }

    fn long(&mut self, tag: u16, n: u32) -> &mut Tiff {
        self.raw(tag, 4, 1, n.to_le_bytes())
    }

    fn short(&mut self, tag: u16, n: u16) -> &mut Tiff {
        self.raw(tag, 3, 1, [n as u8, (n >> 8) as u8, 0, 0])
    }

    fn text(&mut self, tag: u16, text: &str) -> &mut Tiff {
        let at = self.put(text.as_bytes());
        self.raw(tag, 2, text.len() as u32, at.to_le_bytes())
    }

    /// An 8-bit grey picture of one strip.
    fn picture(&mut self, width: u16, height: u16, compression: u16, strip: &[u8]) -> &mut Tiff {
        let at = self.put(strip);
        self.short(0x0100, width).short(0x0101, height).short(0x0102, 8).short(0x0103, compression).short(0x0106, 1);
        self.long(0x0111, at).short(0x0115, 1).short(0x0116, height).long(0x0117, strip.len() as u32)
    }

    fn end(&mut self) -> Vec<u8> {
        self.entries.sort();
        self.entries.sort_by_key(|e| u16::from_le_bytes([e[0], e[1]]));
        let at = self.bytes.len() as u32;
        let mut out = self.bytes.clone();
        out[4..8].copy_from_slice(&at.to_le_bytes());
        out.extend((self.entries.len() as u16).to_le_bytes());
        self.entries.iter().for_each(|e| out.extend(e));
        out.extend([0; 4]);
        out
    }
}

const PIXELS: &[u8] = b"KEEPME: 16 bytes";

fn dirty() -> Vec<u8> {
    let mut t = Tiff::new();
    t.text(0x010e, "CANARY description\0").text(0x013b, "CANARY Jane Q. Public\0");
    t.picture(8, 2, 1, PIXELS).end()
}

#[test]
fn truncated() {
    truncate_everywhere("a.tif", &dirty(), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.tif", &Tiff::new().picture(8, 2, 1, PIXELS).end()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let mut t = Tiff::new();
    for tag in [
        0x010d, 0x010e, 0x010f, 0x0110, 0x011d, 0x0131, 0x0132, 0x013b, 0x013c, 0x0151, 0x8298, 0xa480, 0xc4a5, 0xfde8, 0x4746,
        0x87b1,
    ] {
        t.text(tag, &format!("CANARY in tag {tag:04x}\0"));
    }
    let clean = scrub("a.tif", &t.picture(8, 2, 1, PIXELS).end()).unwrap();
    clean.had_secrets().tells_nothing().changed();
    assert!(find_secret(&clean.bytes, "KEEPME").is_some());
    assert!(clean.cleaned.findings().iter().any(|f| f.value.as_deref().is_some_and(|v| v.contains("CANARY in tag 013b"))));
}

#[test]
fn hidden_at_the_end() {
    let bytes = [&dirty()[..], b"CANARY behind the end"].concat();
    scrub("a.tif", &bytes).unwrap().had_secrets().tells_nothing();
}

#[test]
fn out_of_order() {
    // The directory in front of its data, tags in descending order, one of them twice.
    let mut t = Tiff::new();
    t.picture(8, 2, 1, PIXELS);
    let mut entries = t.entries.clone();
    entries.reverse();
    entries.push(entries[0]);
    let size = 2 + 12 * entries.len() + 4;
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend((entries.len() as u16).to_le_bytes());
    for mut e in entries {
        if e[..2] == [0x11, 0x01] {
            e[8..12].copy_from_slice(&(8 + size as u32).to_le_bytes());
        }
        out.extend(e);
    }
    out.extend([0; 4]);
    out.extend(PIXELS);
    let clean = scrub("a.tif", &out).unwrap();
    clean.changed();
    assert!(clean.bytes.ends_with(PIXELS));
}

#[test]
fn slack_behind_a_short_value_goes() {
    let mut t = Tiff::new();
    t.picture(8, 2, 1, PIXELS);
    t.entries.iter_mut().filter(|e| e[2] == 3).for_each(|e| e[10..12].copy_from_slice(b"XY"));
    let clean = scrub("a.tif", &t.end()).unwrap();
    clean.changed();
    assert!(!clean.bytes.windows(2).any(|w| w == b"XY"));
}

#[test]
fn bytes_behind_the_rows_of_a_strip_become_zeros() {
    let strip = [PIXELS, b"CANARY behind the rows"].concat();
    let clean = scrub("a.tif", &Tiff::new().picture(8, 2, 1, &strip).end()).unwrap();
    clean.had_secrets().tells_nothing().found("bytes behind the end of a strip");
}

#[test]
fn bytes_behind_a_deflate_stream_become_zeros() {
    use std::io::Write;
    let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    z.write_all(PIXELS).unwrap();
    let strip = [&z.finish().unwrap()[..], b"CANARY behind the stream"].concat();
    scrub("a.tif", &Tiff::new().picture(8, 2, 8, &strip).end()).unwrap().had_secrets().tells_nothing();
}

#[test]
fn orientation_stays_and_nonsense_goes() {
    let upright = scrub("a.tif", &Tiff::new().picture(8, 2, 1, PIXELS).short(0x0112, 6).end()).unwrap();
    upright.unchanged();
    let nonsense = scrub("a.tif", &Tiff::new().picture(8, 2, 1, PIXELS).short(0x0112, 99).end()).unwrap();
    nonsense.changed();
}

#[test]
fn two_tags_may_share_their_value() {
    let mut t = Tiff::new();
    let at = t.put(&[72, 0, 0, 0, 1, 0, 0, 0]);
    t.raw(0x011a, 5, 1, at.to_le_bytes()).raw(0x011b, 5, 1, at.to_le_bytes());
    scrub("a.tif", &t.picture(8, 2, 1, PIXELS).end()).unwrap().unchanged();
}

#[test]
fn strict_drops_the_resolution() {
    let mut t = Tiff::new();
    let at = t.put(&[72, 0, 0, 0, 1, 0, 0, 0]);
    t.raw(0x011a, 5, 1, at.to_le_bytes()).raw(0x011b, 5, 1, at.to_le_bytes());
    let bytes = t.picture(8, 2, 1, PIXELS).end();
    scrub_under(&Policy::default().with(Token::Dpi, false), "a.tif", &bytes).unwrap().changed();
}

#[test]
fn a_strip_past_the_end_is_refused() {
    let mut t = Tiff::new();
    t.picture(8, 2, 5, PIXELS);
    t.entries.iter_mut().filter(|e| e[..2] == [0x17, 0x01]).for_each(|e| e[8..12].copy_from_slice(&9999u32.to_le_bytes()));
    assert_eq!(refusal("a.tif", &t.end()).code(), Code::Malformed);
}

#[test]
fn offsets_that_are_bytes_are_refused_not_a_panic() {
    let mut t = Tiff::new();
    t.picture(8, 2, 1, PIXELS);
    t.entries.iter_mut().filter(|e| e[..2] == [0x11, 0x01]).for_each(|e| e[2] = 1);
    assert_eq!(refusal("a.tif", &t.end()).code(), Code::Malformed);
}

#[test]
fn a_loop_of_directories_is_refused() {
    let mut bytes = dirty();
    let at = bytes[4..8].to_vec();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&at);
    assert_eq!(refusal("a.tif", &bytes).code(), Code::Malformed);
}

#[test]
fn a_directory_without_a_picture_is_refused() {
    assert_eq!(refusal("a.tif", &Tiff::new().text(0x010e, "CANARY only text\0").end()).code(), Code::Malformed);
}

#[test]
fn sensor_data_is_not_taken_for_a_page() {
    let mut t = Tiff::new();
    t.picture(8, 2, 1, PIXELS);
    t.entries.iter_mut().filter(|e| e[..2] == [0x06, 0x01]).for_each(|e| e[8..10].copy_from_slice(&32803u16.to_le_bytes()));
    assert_eq!(refusal("a.tif", &t.end()).code(), Code::Unsupported);
}

#[test]
fn a_jpeg_strip_loses_its_comment() {
    let jpeg = std::fs::read(root().join("samples/jpeg/between-scans.jpg")).unwrap();
    let clean = scrub("a.tif", &Tiff::new().picture(8, 2, 7, &jpeg).end()).unwrap();
    clean.had_secrets().tells_nothing().changed();
}

/// Codes of nine bits, the highest bit first.
fn codes(codes: &[u32]) -> Vec<u8> {
    let bits: Vec<u8> = codes.iter().flat_map(|c| (0..9).rev().map(move |i| (c >> i & 1) as u8)).collect();
    bits.chunks(8).map(|c| c.iter().enumerate().fold(0, |n, (i, b)| n | b << (7 - i))).collect()
}

#[test]
fn bytes_behind_packed_codes_and_runs_become_zeros() {
    let with = |compression: u16, strip: &[u8]| Tiff::new().picture(6, 1, compression, strip).end();
    let blank = |strip: &[u8], n: usize| [strip, &vec![0; n]].concat();
    // With an end code, with a clear code in front of it, and with neither.
    let kept =
        [&[256, 75, 69, 69, 80, 77, 69, 257][..], &[256, 75, 69, 69, 80, 77, 69, 256, 257], &[256, 75, 69, 69, 80, 77, 69]];
    for strip in kept.map(codes) {
        assert_eq!(scrub("a.tif", &with(5, &strip)).unwrap().bytes[8..8 + strip.len()], strip);
        let clean = scrub("a.tif", &with(5, &[&strip[..], b"UUCANARY"].concat())).unwrap();
        clean.had_secrets().tells_nothing();
        assert_eq!(clean.bytes[8..8 + strip.len()], strip);
    }
    // Strings of several bytes: KE, KEK, EKEK.
    let strings = codes(&[256, 75, 69, 258, 258, 257]);
    assert_eq!(scrub("a.tif", &with(5, &strings)).unwrap().bytes[8..8 + strings.len()], strings);
    let runs = b"\x01KE\xfdE\x80";
    let clean = scrub("a.tif", &with(32773, &[&runs[..5], b"CANARY"].concat())).unwrap();
    assert_eq!(clean.bytes, scrub("a.tif", &with(32773, &blank(&runs[..5], 6))).unwrap().bytes);
    clean.tells_nothing();
}

#[test]
fn long_codes_are_followed() {
    // Long enough for codes of ten to twelve bits and a full table: what encoders write ends where it ends.
    let picture: Vec<u8> = (0..60_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut out = Vec::new();
    let (mut bits, mut have) = (0u64, 0u32);
    let mut put = |code: u64, width: u32, out: &mut Vec<u8>| {
        (bits, have) = (bits << width | code, have + width);
        while have >= 8 {
            have -= 8;
            out.push((bits >> have) as u8);
            bits &= (1 << have) - 1;
        }
    };
    // Single bytes only: as long as the table grows, so do the codes.
    let (mut next, mut width) = (258, 9);
    put(256, 9, &mut out);
    for (i, byte) in picture.iter().enumerate() {
        put(u64::from(*byte), width, &mut out);
        if i > 0 {
            next += 1;
        }
        if next >= 4093 {
            put(256, width, &mut out);
            (next, width) = (257, 9);
            continue;
        }
        if next >= (1 << width) - 1 && width < 12 {
            width += 1;
        }
    }
    put(257, width, &mut out);
    put(0, 7, &mut out);
    let bytes = Tiff::new().picture(300, 200, 5, &out).end();
    assert_eq!(scrub("a.tif", &bytes).unwrap().bytes[8..8 + out.len()], out);
}

#[test]
fn strips_that_are_files_are_cleaned_like_files() {
    let strip = std::fs::read(root().join("samples/jp2/bare.j2k")).unwrap();
    for compression in [34712, 33003] {
        let bytes = Tiff::new().picture(6, 1, compression, &strip).end();
        scrub("a.tif", &bytes).unwrap().had_secrets().tells_nothing().changed();
    }
    let unknown = Tiff::new().picture(6, 1, 50001, b"CANARY is no WebP").end();
    assert!(scrub("a.tif", &unknown).is_err());
}

#[test]
fn tiles_of_volumes_are_deep() {
    // Two pictures deep: the tile is 2 x 16 x 16 bytes, and all of it is picture.
    let mut t = Tiff::new();
    let at = t.put(&b"KEEPME volume   ".repeat(32));
    t.short(0x0100, 16).short(0x0101, 16).short(0x0102, 8).short(0x0103, 1).short(0x0106, 1).short(0x0115, 1);
    t.short(0x0142, 16).short(0x0143, 16).long(0x0144, at).long(0x0145, 512).long(0x80e5, 2).long(0x80e6, 2);
    let out = scrub("a.tif", &t.text(0x013b, "CANARY artist\0").end()).unwrap();
    out.tells_nothing();
    assert_eq!(out.bytes.windows(16).filter(|w| *w == b"KEEPME volume   ").count(), 32);
}

#[test]
fn stacks_whose_pictures_have_no_directory_are_refused() {
    for text in ["ImageJ=1.54f\nimages=3\nslices=3\n\0", "{\"shape\": [3, 2, 8], \"truncated\": true}\0"] {
        let mut t = Tiff::new();
        let bytes = t.text(0x010e, text).picture(8, 2, 1, PIXELS).end();
        let bytes = [bytes, PIXELS.repeat(2)].concat();
        assert_eq!(refusal("a.tif", &bytes).code(), Code::Unsupported, "{text}");
    }
    // MetaMorph: six numbers for each of two planes.
    let mut t = Tiff::new();
    let at = t.put(&[1; 48]);
    let bytes = t.raw(0x835d, 5, 2, at.to_le_bytes()).picture(8, 2, 1, PIXELS).end();
    assert_eq!(refusal("a.tif", &bytes).code(), Code::Unsupported);
    let mut one = Tiff::new();
    scrub("a.tif", &one.text(0x010e, "ImageJ=1.54f\nimages=1\n\0").picture(8, 2, 1, PIXELS).end()).unwrap();
}

#[test]
fn one_strip_for_all_rows_stays_whole_whatever_rows_per_strip_says() {
    let mut t = Tiff::new();
    let at = t.put(PIXELS);
    t.short(0x0100, 8).short(0x0101, 2).short(0x0102, 8).short(0x0103, 1).short(0x0106, 1).short(0x0115, 1);
    t.long(0x0111, at).long(0x0116, 1).long(0x0117, 16);
    let out = scrub("a.tif", &t.text(0x013b, "CANARY artist\0").end()).unwrap();
    assert!(out.bytes.windows(16).any(|w| w == PIXELS));
}

#[test]
fn strips_of_webp_that_end_with_a_zero_of_their_own() {
    // A chunk of odd length has a zero behind it, which is part of the file and no filling.
    let lossless = [&b"\x2f\x07\x40\0\0"[..], b"KEEPME"].concat();
    let chunk = [&b"VP8L"[..], &(lossless.len() as u32).to_le_bytes(), &lossless, &[0]].concat();
    let strip = [&b"RIFF"[..], &(chunk.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunk].concat();
    let mut t = Tiff::new();
    let out = scrub("a.tif", &t.text(0x013b, "CANARY artist\0").picture(8, 2, 50001, &strip).end()).unwrap();
    out.tells_nothing();
    assert!(out.bytes.windows(strip.len()).any(|w| w == strip));
}

#[test]
fn packed_strips_with_the_lowest_bit_first() {
    // One run of PackBits, each byte turned round; behind it what nobody reads.
    let turned: Vec<u8> = [&[15], PIXELS].concat().into_iter().map(u8::reverse_bits).collect();
    let strip = [&turned[..], b"CANARY behind"].concat();
    let mut t = Tiff::new();
    let out = scrub("a.tif", &t.short(0x010a, 2).picture(8, 2, 32773, &strip).end()).unwrap();
    out.tells_nothing();
    assert!(out.bytes.windows(turned.len()).any(|w| w == turned));
}

#[test]
fn names_of_a_map_that_stays_are_not_told_as_removed() {
    let build = |artist: bool| {
        let mut t = Tiff::new();
        t.text(0x87b1, "KEEPME WGS 84 / UTM zone 33N|\0");
        if artist {
            t.text(0x013b, "CANARY Jane Q. Public\0");
        }
        t.picture(8, 2, 1, PIXELS).end()
    };
    let policy = Policy::default().with(Token::Geotiff, true);
    for artist in [true, false] {
        let out = scrub_under(&policy, "a.tif", &build(artist)).unwrap();
        out.tells_nothing().found("georeference");
        assert!(find_secret(&out.bytes, "KEEPME WGS 84").is_some());
    }
    assert!(find_secret(&scrub("a.tif", &build(true)).unwrap().bytes, "KEEPME WGS 84").is_none());
}

#[test]
fn strips_of_jpeg_xl_that_end_with_a_zero_of_their_own() {
    // A small picture, as an encoder wrote it; its last byte is zero, and without it the picture is cut off.
    let strip = b"\xff\x0a\x10\x00\x00\x80\xa0\xb8\x11\x08\x04\x01\x00\x30\x00\x4b\x12\xc5\x82\x85\x24\x12\x17\xe0\
        \x93\xa6\x00";
    let mut t = Tiff::new();
    let out = scrub("a.tif", &t.text(0x013b, "CANARY artist\0").picture(8, 2, 50002, strip).end()).unwrap();
    out.tells_nothing();
    assert!(out.bytes.windows(strip.len()).any(|w| w == strip));
}
