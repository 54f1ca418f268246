//! WebP, still and animated.

use crate::support::*;
use metascrub::refusal::Code;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&id[..], &(data.len() as u32).to_le_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [&b"RIFF"[..], &(body.len() as u32 + 4).to_le_bytes(), b"WEBP", &body].concat()
}

fn vp8x(flags: u8) -> Vec<u8> {
    chunk(b"VP8X", &[flags, 0, 0, 0, 7, 0, 0, 7, 0, 0])
}

fn vp8() -> Vec<u8> {
    chunk(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\x08\0\x08\0KEEPMEpixels!")
}

fn vp8l() -> Vec<u8> {
    chunk(b"VP8L", b"\x2f\x07\xc0\x01\0KEEPMEpixels")
}

fn alph() -> Vec<u8> {
    chunk(b"ALPH", b"\0KEEPMEalpha")
}

fn anim() -> Vec<u8> {
    chunk(b"ANIM", &[0; 6])
}

fn anmf(flags: u8, subs: &[Vec<u8>]) -> Vec<u8> {
    let head = [&[0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 100, 0, 0][..], &[flags]].concat();
    chunk(b"ANMF", &[head, subs.concat()].concat())
}

fn tiff(orientation: u8) -> Vec<u8> {
    let mut out = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    out.extend_from_slice(&[1, 0x0f, 0, 2, 0, 0, 0, 12, 0, 0, 0, 38]);
    out.extend_from_slice(&[1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(b"CANARY-make\0");
    out
}

const UPRIGHT: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn profile() -> Vec<u8> {
    let mut out = vec![0; 132];
    out[3] = 132;
    out[8] = 2;
    out[12..24].copy_from_slice(b"mntrRGB XYZ ");
    out[36..40].copy_from_slice(b"acsp");
    out
}

fn everything() -> Vec<u8> {
    let file = webp(&[
        vp8x(0x3c | 0x41),
        chunk(b"ICCP", &profile()),
        alph(),
        vp8(),
        vp8(),
        chunk(b"EXIF", &[b"Exif\0\0".to_vec(), tiff(6)].concat()),
        chunk(b"XMP ", b"<x:xmpmeta>CANARY</x:xmpmeta>"),
        chunk(b"C2PA", b"CANARY credentials"),
        chunk(b"quIp", b"CANARY unknown"),
    ]);
    [file, b"CANARY behind".to_vec()].concat()
}

#[test]
fn truncated() {
    truncate_everywhere("a.webp", &everything(), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.webp", &webp(&[vp8()])).unwrap().unchanged();
    scrub("a.webp", &webp(&[vp8l()])).unwrap().unchanged();
    scrub("a.webp", &webp(&[vp8x(0x10), alph(), vp8()])).unwrap().unchanged();
    scrub("a.webp", &webp(&[vp8x(0x18), vp8l(), chunk(b"EXIF", UPRIGHT)])).unwrap().unchanged();
    let frames = webp(&[vp8x(0x12), anim(), anmf(2, &[alph(), vp8()]), anmf(0, &[vp8l()])]);
    scrub("a.webp", &frames).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.webp", &everything()).unwrap();
    clean.had_secrets().tells_nothing();
    let flags = clean.bytes[20];
    assert!(flags == 0x38 || flags == 0x18, "{flags:02x}");
    assert_eq!(u32::from_le_bytes(clean.bytes[4..8].try_into().unwrap()) as usize + 8, clean.bytes.len());
    assert!(clean.bytes.ends_with(&[vp8(), chunk(b"EXIF", UPRIGHT)].concat()));
}

#[test]
fn hidden_at_the_end() {
    let clean = scrub("a.webp", &[webp(&[vp8()]), b"CANARY".to_vec()].concat()).unwrap();
    assert_eq!(clean.bytes, webp(&[vp8()]));
    clean.had_secrets();
}

#[test]
fn out_of_order() {
    // Without VP8X in front there is only the picture.
    let bytes = webp(&[vp8l(), vp8x(0x38), chunk(b"ICCP", b"CANARY"), chunk(b"EXIF", &tiff(6))]);
    let clean = scrub("a.webp", &bytes).unwrap();
    assert_eq!(clean.bytes, webp(&[vp8l()]));
    assert!(!clean.cleaned.warnings().is_empty());
    let bytes = webp(&[vp8x(0x08), chunk(b"EXIF", &tiff(6)), vp8(), chunk(b"EXIF", &tiff(3))]);
    let clean = scrub("a.webp", &bytes).unwrap();
    assert_eq!(clean.bytes, webp(&[vp8x(0x08), chunk(b"EXIF", UPRIGHT), vp8()]));
}

#[test]
fn frames_hide_nothing() {
    let dirty = anmf(0xfe, &[chunk(b"quIp", b"CANARY"), alph(), vp8(), chunk(b"EXIF", b"CANARY"), b"CANARY".to_vec()]);
    let stray = [vp8(), chunk(b"ALPH", b"CANARY")].concat();
    let clean = scrub("a.webp", &webp(&[vp8x(0x12), anim(), dirty, stray, anmf(0, &[vp8l()])])).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, webp(&[vp8x(0x12), anim(), anmf(2, &[alph(), vp8()]), anmf(0, &[vp8l()])]));
}

#[test]
fn frames_that_are_not_played_go() {
    let clean = scrub("a.webp", &webp(&[vp8x(0), anim(), anmf(0, &[vp8l()]), vp8()])).unwrap();
    assert_eq!(clean.bytes, webp(&[vp8x(0), vp8()]));
}

#[test]
fn padding_is_zero_and_there() {
    let odd = chunk(b"VP8L", b"\x2f\x07\xc0\x01\0KEEPME");
    let right = webp(std::slice::from_ref(&odd));
    let mut dirty = right.clone();
    *dirty.last_mut().unwrap() = b'C';
    assert_eq!(scrub("a.webp", &dirty).unwrap().bytes, right);
    // Left out at the end, whether the size counts it or not.
    let short = &right[..right.len() - 1];
    assert_eq!(scrub("a.webp", short).unwrap().bytes, right);
    let mut honest = short.to_vec();
    honest[4] -= 1;
    assert_eq!(scrub("a.webp", &honest).unwrap().bytes, right);
    // Left out between chunks.
    let bytes = webp(&[odd[..odd.len() - 1].to_vec(), chunk(b"XMP ", b"CANARY")]);
    assert_eq!(scrub("a.webp", &bytes).unwrap().bytes, right);
    // At the end of a frame.
    let mut frame = anmf(0, &[odd[..odd.len() - 1].to_vec()]);
    frame.pop();
    let clean = scrub("a.webp", &webp(&[vp8x(2), anim(), frame, anmf(0, std::slice::from_ref(&odd))])).unwrap();
    assert_eq!(clean.bytes, webp(&[vp8x(2), anim(), anmf(0, std::slice::from_ref(&odd)), anmf(0, &[odd])]));
}

#[test]
fn stale_flags_are_put_right() {
    let clean = scrub("a.webp", &webp(&[vp8x(0x3c), vp8()])).unwrap();
    assert_eq!(clean.bytes, webp(&[vp8x(0x10), vp8()]));
}

#[test]
fn a_size_of_one_too_many_is_put_right() {
    let mut bytes = webp(&[vp8()]);
    bytes[4] += 1;
    assert_eq!(scrub("a.webp", &bytes).unwrap().bytes, webp(&[vp8()]));
}

#[test]
fn lies_are_refused() {
    let whole = webp(&[vp8x(0), vp8()]);
    assert_eq!(refusal("a.webp", &whole[..whole.len() - 4]).code(), Code::Malformed);
    assert_eq!(refusal("a.webp", &webp(&[vp8x(0)])).code(), Code::Malformed);
    assert_eq!(refusal("a.webp", &webp(&[chunk(b"VP8 ", b"CANARY no picture")])).code(), Code::Malformed);
    let mut long = whole;
    long[16] = 200;
    assert_eq!(refusal("a.webp", &long).code(), Code::Malformed);
}
