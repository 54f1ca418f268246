//! Photoshop documents.

use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

fn irb(id: u16, data: &[u8]) -> Vec<u8> {
    [b"8BIM", &id.to_be_bytes()[..], &[0, 0], &(data.len() as u32).to_be_bytes(), data].concat()
}

fn block(key: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [b"8BIM", &key[..], &(data.len() as u32).to_be_bytes(), data].concat()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// One layer called KEEP, with these blocks.
fn psd(resources: &[u8], blocks: &[u8], after: &[u8]) -> Vec<u8> {
    let extra = [&[0; 8][..], b"\x04KEEP\0\0\0", blocks].concat();
    let head = [&[0; 16][..], &[0, 1, 0, 0], &8u32.to_be_bytes(), b"8BIMnorm\xff\0\0\0"].concat();
    let info = [&[0, 1][..], &head, &sized(&extra), b"\0\0KEEPME"].concat();
    let section = [&sized(&info)[..], &[0; 4], after].concat();
    let header = b"8BPS\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x06\0\x08\0\x01\0\0\0\0";
    [header, &sized(resources)[..], &sized(&section), b"\0\0KEEPME"].concat()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/psd").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("a.psd", &sample("everything.psd"), 1);
    truncate_everywhere("a.psb", &sample("everything.psb"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.psd", &psd(b"", b"", b"")).unwrap().unchanged();
    let kept = psd(&irb(0x0400, b"\0\0"), &block(b"lyid", b"\0\0\0\x01"), &block(b"Patt", b""));
    scrub("a.psd", &kept).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for name in ["everything.psd", "everything.psb"] {
        let clean = scrub(name, &sample(name)).unwrap();
        clean.had_secrets().tells_nothing();
        let kept = |bytes: &[u8]| bytes.windows(6).filter(|w| w == b"KEEPME").count();
        assert_eq!(kept(&clean.bytes), kept(&clean.input));
    }
}

#[test]
fn hidden_at_the_end() {
    let plain = psd(b"", b"", b"");
    assert_eq!(scrub("a.psd", &[&plain[..], b"CANARY"].concat()).unwrap().bytes, plain);
    // Between the sections, and behind the blocks of a layer.
    assert_eq!(scrub("a.psd", &psd(b"CANARY", b"", b"")).unwrap().bytes, plain);
    scrub("a.psd", &psd(b"", b"CANARY..", b"CANARY")).unwrap().changed().tells_nothing();
}

#[test]
fn out_of_order() {
    let kept = [irb(0x0400, b"\0\0"), irb(0x0416, b"\0\0")];
    let dirty = [&irb(0x0424, b"CANARY")[..], &kept[1], &irb(0x0404, b"CANARY"), &kept[0], &irb(0x040c, b"CANARY")].concat();
    let clean = scrub("a.psd", &psd(&dirty, b"", b"")).unwrap();
    assert_eq!(clean.bytes, psd(&[&kept[1][..], &kept[0]].concat(), b"", b""));
}

#[test]
fn lengths_follow_blocks_that_go() {
    let id = block(b"lyid", b"\0\0\0\x01");
    let dirty = [&block(b"shmd", b"CANARY")[..], &id, &block(b"cinf", b"CANARY")].concat();
    let clean = scrub("a.psd", &psd(b"", &dirty, &block(b"Anno", b"CANARY"))).unwrap();
    assert_eq!(clean.bytes, psd(b"", &id, b""));
}

/// A descriptor with one text called `Idnt`.
fn descriptor(text: &str) -> Vec<u8> {
    let letters: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    let mut out = [&16u32.to_be_bytes()[..], &[0; 4], &[0; 4], b"null", &1u32.to_be_bytes(), &[0; 4], b"IdntTEXT"].concat();
    out.extend((letters.len() as u32 / 2).to_be_bytes());
    out.extend(letters);
    out
}

/// A file of this name behind the smart object `id`.
fn linked(kind: &[u8; 4], id: &str, name: &str, middle: &[u8], size: usize) -> Vec<u8> {
    let letters: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    let mut out = [kind, &5u32.to_be_bytes()[..], &[id.len() as u8], id.as_bytes()].concat();
    out.extend((letters.len() as u32 / 2).to_be_bytes());
    out.extend(letters);
    out.extend(b"png 8BIM");
    out.extend((size as u64).to_be_bytes());
    out.extend([0]);
    out.extend_from_slice(middle);
    let child: Vec<u8> = "xmp.did:CANARY\0".encode_utf16().flat_map(u16::to_be_bytes).collect();
    out.extend((child.len() as u32 / 2).to_be_bytes());
    out.extend(child);
    let len = (out.len() as u64).to_be_bytes();
    out.resize(out.len().next_multiple_of(4), 0);
    [&len[..], &out].concat()
}

#[test]
fn files_inside_smart_objects_are_cleaned() {
    let id = "5a96c404-ab9c-1177-97ef-96ca454b82b7";
    let png = std::fs::read(root().join("samples/png/everything.png")).unwrap();
    let layer = block(b"SoLd", &[b"soLD\0\0\0\x04", &descriptor(id)[..]].concat());
    let file = block(b"lnk2", &linked(b"liFD", id, "CANARY holiday.png", &png, png.len()));
    let clean = scrub("a.psd", &psd(b"", &layer, &file)).unwrap();
    clean.had_secrets().tells_nothing();
    let new = "00000000-0000-4000-8000-000000000001";
    assert!(find_secret(&clean.bytes, "embedded-1.png").is_some() && find_secret(&clean.bytes, id).is_none());
    let both = memchr::memmem::find(&clean.bytes, new.as_bytes()).is_some();
    assert!(both && find_secret(&clean.bytes, new).is_some(), "both sides have the same number");
    let plain = scrub("a.png", &png).unwrap().bytes;
    assert!(memchr::memmem::find(&clean.bytes, &plain).is_some());
    truncate_everywhere("a.psd", &psd(b"", &layer, &file), 7);
    // What cannot be cleaned is not kept.
    let file = block(b"lnk2", &linked(b"liFD", id, "a.bin", b"\x01CANARY", 7));
    assert_eq!(refusal("a.psd", &psd(b"", &layer, &file)).code(), Code::Unknown);
}

#[test]
fn links_of_smart_objects_lose_their_paths() {
    let id = "5a96c404-ab9c-1177-97ef-96ca454b82b7";
    let layer = block(b"SoLE", &[b"soLD\0\0\0\x04", &descriptor(id)[..]].concat());
    let middle = [&descriptor("file:///home/CANARY/a.png")[..], b"CANARY a time...", b"CANARY 8"].concat();
    let file = block(b"lnkE", &linked(b"liFE", id, "CANARY.png", &middle, 0));
    let clean = scrub("a.psd", &psd(b"", &layer, &file)).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(find_secret(&clean.bytes, "linked-1").is_some());
}

#[test]
fn smart_objects_and_unknown_blocks_are_refused() {
    assert_eq!(refusal("a.psd", &psd(b"", &block(b"SoLd", b"CANARY with more"), b"")).code(), Code::Unsupported);
    assert_eq!(refusal("a.psd", &psd(b"", b"", &block(b"lnk2", b"\0\0\0\0\0\0\0\x08CANARY\0\0"))).code(), Code::Unsupported);
    assert_eq!(refusal("a.psd", &psd(b"", &block(b"what", b"CANARY"), b"")).code(), Code::UnknownCritical);
}

#[test]
fn strict_policies_number_the_layers() {
    let name = block(b"luni", b"\0\0\0\x02\0K\0K");
    let clean = scrub_under(&Policy::strict(), "a.psd", &psd(&irb(0x03ee, b"\x06CANARY\0"), &name, b"")).unwrap();
    clean.tells_nothing();
    assert!(find_secret(&clean.bytes, "Layer 1").is_some());
    assert!(!clean.bytes.windows(5).any(|w| w == b"\x04KEEP"));
}

#[test]
fn sizes_that_lie_are_refused() {
    let mut bytes = psd(b"", b"", b"");
    bytes[14..22].fill(0xff);
    assert_eq!(refusal("a.psd", &bytes).code(), Code::Malformed);
}
