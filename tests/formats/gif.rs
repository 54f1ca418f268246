//! GIF.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// Packs pixels of two bits as a decoder without a table would understand them: a clear code before every second pixel.
fn lzw(pixels: &[u8]) -> Vec<u8> {
    let mut codes = Vec::new();
    for pair in pixels.chunks(2) {
        codes.push(4);
        codes.extend(pair.iter().map(|p| u32::from(*p)));
    }
    codes.push(5);
    pack(&codes)
}

/// Codes of three bits.
fn pack(codes: &[u32]) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for code in codes {
        bits |= code << held;
        held += 3;
        while held >= 8 {
            out.push(bits as u8);
            (bits, held) = (bits >> 8, held - 8);
        }
    }
    if held > 0 {
        out.push(bits as u8);
    }
    out
}

fn chain(parts: &[&[u8]]) -> Vec<u8> {
    let mut out: Vec<u8> = parts.iter().flat_map(|p| [&[p.len() as u8][..], p].concat()).collect();
    out.push(0);
    out
}

fn image(parts: &[&[u8]]) -> Vec<u8> {
    [&[0x2c, 0, 0, 0, 0, 4, 0, 2, 0, 0, 2][..], &chain(parts)].concat()
}

fn extension(label: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[0x21, label][..], &chain(parts)].concat()
}

fn gif(blocks: &[Vec<u8>]) -> Vec<u8> {
    [&b"GIF89a\x04\0\x02\0\x81\0\0KEEPMEcolour"[..], &blocks.concat(), b";"].concat()
}

fn pixels() -> Vec<u8> {
    lzw(&[0, 1, 2, 3, 3, 2, 1, 0])
}

fn frame() -> Vec<u8> {
    image(&[&pixels()])
}

fn control() -> Vec<u8> {
    extension(0xf9, &[&[4, 10, 0, 0]])
}

fn repeat() -> Vec<u8> {
    extension(0xff, &[b"NETSCAPE2.0", &[1, 0, 0]])
}

/// An XMP packet as it stands in a GIF: no sub-blocks, but 257 bytes that lead every hop to the end.
fn xmp() -> Vec<u8> {
    let mut out = b"\x21\xff\x0bXMP DataXMP<?xpacket?>CANARY xmp<?xpacket end?>".to_vec();
    out.push(1);
    out.extend((0..=255u8).rev());
    out.push(0);
    out
}

fn everything() -> Vec<u8> {
    gif(&[
        extension(0xfe, &[b"CANARY comment"]),
        extension(0xff, &[b"NETSCAPE2.0", &[1, 0, 0], &[2, 67, 65, 78, 65]]),
        xmp(),
        extension(0xff, &[b"CANARYappl1", b"CANARY data"]),
        control(),
        frame(),
        control(),
        extension(0x01, &[b"CANARY12byte", b"CANARY text"]),
        extension(0xce, &[b"CANARY unknown"]),
        vec![0, 0],
        control(),
        image(&[&pixels(), b"CANARY behind"]),
        extension(0xfe, &[b"CANARY late"]),
    ])
}

#[test]
fn truncated() {
    truncate_everywhere("a.gif", &everything(), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.gif", &gif(&[repeat(), control(), frame(), control(), frame()])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.gif", &everything()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, gif(&[repeat(), control(), frame(), control(), frame()]));
    assert_eq!(clean.found("comment").value.as_deref(), Some("CANARY comment"));
    clean.found("text that viewers do not draw");
}

#[test]
fn hidden_at_the_end() {
    let bytes = [gif(&[frame()]), b"CANARY".to_vec()].concat();
    let clean = scrub("a.gif", &bytes).unwrap();
    clean.had_secrets();
    assert_eq!(clean.bytes, gif(&[frame()]));
}

#[test]
fn out_of_order() {
    // A graphic control counts for the next frame, whatever stands between; only the last one does.
    let stray = extension(0xf9, &[b"CANA"]);
    let bytes = gif(&[stray.clone(), control(), extension(0xfe, &[b"CANARY"]), frame(), repeat(), repeat(), stray]);
    let clean = scrub("a.gif", &bytes).unwrap();
    assert_eq!(clean.bytes, gif(&[control(), frame(), repeat()]));
}

#[test]
fn bytes_behind_the_pixels_are_cut() {
    let tail = [&pixels()[..], b"CANARY"].concat();
    for parts in [&[&tail[..]][..], &[&pixels(), b"CANARY"], &[&tail, b"CANARY", b"CANARY"]] {
        let clean = scrub("a.gif", &gif(&[image(parts)])).unwrap();
        clean.tells_nothing().found("data hidden behind the pixels of a frame");
        assert_eq!(clean.bytes, gif(&[frame()]));
    }
}

#[test]
fn pixels_behind_the_last_one_are_cut() {
    let more = lzw(&[0, 1, 2, 3, 3, 2, 1, 0, 1, 1, 1, 1]);
    let clean = scrub("a.gif", &gif(&[image(&[&more])])).unwrap();
    // Another clear code is allowed before the end code.
    let ends = pack(&[4, 0, 1, 4, 2, 3, 4, 3, 2, 4, 1, 0, 4, 5]);
    assert_eq!(clean.bytes, gif(&[image(&[&ends])]));
    assert!(clean.cleaned.plan().is_recoded());
}

#[test]
fn bits_behind_the_end_code_are_cut() {
    let mut dirty = pixels();
    *dirty.last_mut().unwrap() |= 0x80;
    let clean = scrub("a.gif", &gif(&[image(&[&dirty])])).unwrap();
    assert_eq!(clean.bytes, gif(&[frame()]));
}

#[test]
fn a_missing_end_code_is_no_fault() {
    let codes = pack(&[4, 0, 1, 4, 2, 3, 4, 3, 2, 4, 1, 0]);
    scrub("a.gif", &gif(&[image(&[&codes])])).unwrap().unchanged();
}

#[test]
fn pixels_in_many_blocks_stay_as_they_are() {
    let packed = pixels();
    let parts: Vec<&[u8]> = packed.chunks(1).collect();
    scrub("a.gif", &gif(&[image(&parts)])).unwrap().unchanged();
}

#[test]
fn a_full_block_is_ended_in_another() {
    // Pixels that fill a sub-block to its last byte, and then more of them instead of the end code.
    let pixel = [0u8; 4 * 2];
    let mut codes = vec![4; 680 - 12];
    for pair in pixel.chunks(2) {
        codes.push(4);
        codes.extend(pair.iter().map(|p| u32::from(*p)));
    }
    let full = pack(&codes);
    assert_eq!(full.len(), 255);
    let clean = scrub("a.gif", &gif(&[image(&[&full, b"\0\0\0CANARY"])])).unwrap();
    clean.had_secrets().tells_nothing();
}

#[test]
fn damaged_pixels_are_refused() {
    assert_eq!(refusal("a.gif", &gif(&[image(&[&pack(&[4, 0, 7, 7])])])).code(), Code::Malformed);
    let mut odd = frame();
    odd[10] = 12;
    assert_eq!(refusal("a.gif", &gif(&[odd])).code(), Code::Malformed);
}

#[test]
fn free_bytes_in_controls_go() {
    let wide = extension(0xf9, &[&[4, 10, 0, 0], b"CANARY"]);
    let longer = extension(0xf9, &[b"\x04\x0a\0\0CANARY"]);
    for dirty in [wide, longer] {
        assert_eq!(scrub("a.gif", &gif(&[dirty, frame()])).unwrap().bytes, gif(&[control(), frame()]));
    }
    let looped = extension(0xff, &[b"NETSCAPE2.0", b"\x01\0\0CANARY", b"CANARY"]);
    assert_eq!(scrub("a.gif", &gif(&[looped, frame()])).unwrap().bytes, gif(&[repeat(), frame()]));
}

#[test]
fn a_missing_end_is_added() {
    let whole = gif(&[frame()]);
    assert_eq!(scrub("a.gif", &whole[..whole.len() - 1]).unwrap().bytes, whole);
    let cut = scrub("a.gif", &whole[..whole.len() - 4]).unwrap();
    assert_eq!(cut.bytes[cut.bytes.len() - 2..], [0, 0x3b]);
    assert_eq!(refusal("a.gif", &gif(&[])).code(), Code::Malformed);
}

#[test]
fn junk_between_blocks_is_refused() {
    assert_eq!(refusal("a.gif", &gif(&[frame(), b"CANARY".to_vec(), frame()])).code(), Code::Malformed);
}

#[test]
fn the_colour_profile_stays_unless_dropped() {
    let mut profile = vec![0; 132];
    profile[3] = 132;
    profile[8] = 2;
    profile[12..24].copy_from_slice(b"mntrGRAYXYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    let bytes = gif(&[extension(0xff, &[b"ICCRGBG1012", &profile]), frame()]);
    let clean = scrub("a.gif", &bytes).unwrap();
    assert!(find_secret(&clean.bytes, "ICCRGBG1012").is_some());
    let clean = scrub_under(&Policy::default().with(Token::Color, false), "a.gif", &bytes).unwrap();
    assert_eq!(clean.bytes, gif(&[frame()]));
}
