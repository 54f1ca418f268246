//! Windows and OS/2 bitmaps.

use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

/// A header of 40 bytes, or a longer one whose rest is zero.
fn header(kind: u32, width: i32, height: i32, bits: u16, packing: u32, size: u32, used: u32) -> Vec<u8> {
    let mut out = [kind.to_le_bytes(), width.to_le_bytes(), height.to_le_bytes()].concat();
    out.extend_from_slice(&[1, 0]);
    out.extend_from_slice(&bits.to_le_bytes());
    for n in [packing, size, 2835, 2835, used, 0] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out.resize(kind as usize, 0);
    out
}

fn bmp(header: &[u8], palette: &[u8], pixels: &[u8]) -> Vec<u8> {
    let start = 14 + header.len() + palette.len();
    let mut out = b"BM".to_vec();
    out.extend_from_slice(&((start + pixels.len()) as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(start as u32).to_le_bytes());
    [&out[..], header, palette, pixels].concat()
}

/// 3 × 2 pixels of 24 bits: nine bytes of pixels and three of padding in each row.
fn rows(padding: &[u8; 3]) -> Vec<u8> {
    [b"KEEPME!!1", &padding[..], b"KEEPME!!2", padding].concat()
}

fn plain() -> Vec<u8> {
    bmp(&header(40, 3, 2, 24, 0, 24, 0), b"", &rows(b"\0\0\0"))
}

fn everything() -> Vec<u8> {
    let mut out = plain();
    out[6..10].copy_from_slice(b"CANA");
    out[10..14].copy_from_slice(&(54u32 + 6).to_le_bytes());
    out[54..].copy_from_slice(&rows(b"CAN"));
    out.splice(54..54, *b"CANARY");
    [out, b"CANARY behind".to_vec()].concat()
}

#[test]
fn truncated() {
    truncate_everywhere("a.bmp", &everything(), 1);
    truncate_everywhere("a.bmp", &with_profile(b"MBED", &profile()), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.bmp", &plain()).unwrap().unchanged();
    scrub("a.bmp", &bmp(&header(40, 3, -2, 24, 0, 0, 0), b"", &rows(b"\0\0\0"))).unwrap().unchanged();
    let core = [&12u32.to_le_bytes()[..], &[3, 0, 2, 0, 1, 0, 24, 0]].concat();
    scrub("a.bmp", &bmp(&core, b"", &rows(b"\0\0\0"))).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.bmp", &everything()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, plain());
    clean.found("gap in front of the pixels");
    clean.found("data in the padding of rows");
    clean.found("data behind the pixels");
}

#[test]
fn hidden_at_the_end() {
    let clean = scrub("a.bmp", &[plain(), b"CANARY".to_vec()].concat()).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn out_of_order() {
    // Pixels inside the header are no pixels.
    let mut bytes = plain();
    bytes[10] = 20;
    assert_eq!(refusal("a.bmp", &bytes).code(), Code::Malformed);
    // A profile may stand in front of the pixels.
    let after = with_profile(b"MBED", &profile());
    let mut header = after[14..138].to_vec();
    header[112..116].copy_from_slice(&124u32.to_le_bytes());
    let bytes = bmp(&header, &profile(), &rows(b"\0\0\0"));
    assert!(scrub("a.bmp", &bytes).is_ok());
}

#[test]
fn bits_beside_the_pixels_go() {
    let palette = [0, 0, 0, 0, 255, 255, 255, 0];
    let dirty = bmp(&header(40, 3, 2, 1, 0, 0, 0), &palette, &[0xbf, b'C', b'A', b'N', 0x5f, b'A', b'R', b'Y']);
    let clean = scrub("a.bmp", &dirty).unwrap();
    assert_eq!(clean.bytes, bmp(&header(40, 3, 2, 1, 0, 0, 0), &palette, &[0xa0, 0, 0, 0, 0x40, 0, 0, 0]));
}

#[test]
fn palettes_hide_nothing() {
    let pixels = [0x80, 0, 0, 0, 0x40, 0, 0, 0];
    let reserved = bmp(&header(40, 2, 2, 1, 0, 0, 0), b"RGBCrgbA", &pixels);
    let right = bmp(&header(40, 2, 2, 1, 0, 0, 0), b"RGB\0rgb\0", &pixels);
    assert_eq!(scrub("a.bmp", &reserved).unwrap().bytes, right);
    let longer = bmp(&header(40, 2, 2, 1, 0, 0, 4), b"RGB\0rgb\0CANARY!\0", &pixels);
    let right = bmp(&header(40, 2, 2, 1, 0, 0, 2), b"RGB\0rgb\0", &pixels);
    assert_eq!(scrub("a.bmp", &longer).unwrap().bytes, right);
    let unused = bmp(&header(40, 3, 2, 24, 0, 24, 2), b"CANARY!!", &rows(b"\0\0\0"));
    assert_eq!(scrub("a.bmp", &unused).unwrap().bytes, plain());
    let lying = bmp(&header(40, 3, 2, 24, 0, 24, 2), b"", &rows(b"\0\0\0"));
    assert_eq!(scrub("a.bmp", &lying).unwrap().bytes, plain());
    let many = bmp(&header(40, 2, 2, 1, 0, 0, 300), b"", &pixels);
    assert_eq!(refusal("a.bmp", &many).code(), Code::Malformed);
}

#[test]
fn runs_end_where_they_end() {
    let palette: Vec<u8> = (0..256u32).flat_map(|i| [i as u8, 0, 0, 0]).collect();
    let with = |size: u32, runs: &[u8]| bmp(&header(40, 3, 2, 8, 1, size, 0), &palette, runs);
    let runs = [3, 7, 0, 0, 0, 3, 1, 2, 3, 0, 0, 1];
    scrub("a.bmp", &with(12, &runs)).unwrap().unchanged();
    let dirty = [&[3, 7, 0, 0, 0, 3, 1, 2, 3, b'C', 0, 1][..], b"CANARY"].concat();
    assert_eq!(scrub("a.bmp", &with(18, &dirty)).unwrap().bytes, with(12, &runs));
    // No end mark, but no row left either.
    let open = [3, 7, 0, 0, 3, 8, 0, 0];
    assert_eq!(scrub("a.bmp", &with(8, &[&open[..], b"CANARY"].concat())).unwrap().bytes, with(8, &open));
}

fn profile() -> Vec<u8> {
    let mut out = vec![0; 132];
    out[3] = 132;
    out[8] = 2;
    out[12..24].copy_from_slice(b"mntrRGB XYZ ");
    out[36..40].copy_from_slice(b"acsp");
    out
}

fn with_profile(kind: &[u8; 4], profile: &[u8]) -> Vec<u8> {
    let mut header = header(124, 3, 2, 24, 0, 24, 0);
    header[56..60].copy_from_slice(kind);
    header[56..60].reverse();
    if !profile.is_empty() {
        header[112..116].copy_from_slice(&(124u32 + 24).to_le_bytes());
        header[116..120].copy_from_slice(&(profile.len() as u32).to_le_bytes());
    }
    bmp(&header, b"", &[&rows(b"\0\0\0"), profile].concat())
}

#[test]
fn profiles() {
    let clean = scrub("a.bmp", &with_profile(b"MBED", &profile())).unwrap();
    assert!(find_secret(&clean.bytes, "acsp").is_some());
    let clean = scrub("a.bmp", &with_profile(b"LINK", b"C:\\Users\\CANARY\\screen.icm\0")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, with_profile(b"sRGB", b""));
    assert_eq!(clean.found("link to a colour profile").value.as_deref(), Some("C:\\Users\\CANARY\\screen.icm"));
}

#[test]
fn numbers_that_nobody_reads_go() {
    let mut bytes = with_profile(b"sRGB", b"");
    bytes[14 + 60..14 + 66].copy_from_slice(b"CANARY");
    bytes[14 + 112..14 + 118].copy_from_slice(b"CANARY");
    bytes[14 + 120..14 + 124].copy_from_slice(b"CANA");
    assert_eq!(scrub("a.bmp", &bytes).unwrap().bytes, with_profile(b"sRGB", b""));
    let wrong = bmp(&header(40, 3, 2, 24, 0, 999, 0), b"", &rows(b"\0\0\0"));
    assert_eq!(scrub("a.bmp", &wrong).unwrap().bytes, plain());
    let clean = scrub_under(&Policy::strict(), "a.bmp", &plain()).unwrap();
    assert_eq!(clean.bytes[38..46], [0; 8]);
}

#[test]
fn pictures_that_cannot_be_are_refused() {
    for (width, height, bits, packing) in [(0, 2, 24, 0), (3, 0, 24, 0), (3, 2, 7, 0), (3, 2, 24, 9), (-3, 2, 24, 0)] {
        let bytes = bmp(&header(40, width, height, bits, packing, 0, 0), b"", &rows(b"\0\0\0"));
        assert!(matches!(refusal("a.bmp", &bytes).code(), Code::Malformed | Code::Unsupported));
    }
    let huge = bmp(&header(40, i32::MAX, i32::MAX, 32, 0, 0, 0), b"", &rows(b"\0\0\0"));
    if let Err(r) = scrub("a.bmp", &huge) {
        assert_ne!(r.code(), Code::Internal);
    }
}
