//! AIFF and AIFF-C.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&id[..], &(data.len() as u32).to_be_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn form(kind: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [&b"FORM"[..], &(body.len() as u32 + 4).to_be_bytes(), kind, &body].concat()
}

const COMMON: &[u8] = b"\0\x01\0\0\0\x0e\0\x08\x40\x0b\xfa\0\0\0\0\0\0\0";

fn comm() -> Vec<u8> {
    chunk(b"COMM", COMMON)
}

fn sound() -> Vec<u8> {
    chunk(b"SSND", b"\0\0\0\0\0\0\0\0KEEPME samples")
}

fn mark(name: &[u8]) -> Vec<u8> {
    let mut out = [b"\0\x01\0\x07\0\0\0\x05", &[name.len() as u8][..], name].concat();
    out.resize((out.len() - 2).next_multiple_of(2) + 2, 0);
    chunk(b"MARK", &out)
}

#[test]
fn truncated() {
    truncate_everywhere("a.aiff", &sample("aiff/everything.aiff"), 1);
    truncate_everywhere("a.aifc", &sample("aiff/packed.aifc"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.aiff", &form(b"AIFF", &[comm(), sound()])).unwrap().unchanged();
    scrub("a.aiff", &form(b"AIFF", &[comm(), sound(), mark(b"KEEPME"), mark(b"")[..0].to_vec()])).unwrap().unchanged();
    let packed = chunk(b"COMM", &[COMMON, b"sowt\0\0"].concat());
    scrub("a.aifc", &form(b"AIFC", &[chunk(b"FVER", &[0xa2, 0x80, 0x51, 0x40]), packed, sound()])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.aiff", &sample("aiff/everything.aiff")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(u32::from_be_bytes(clean.bytes[4..8].try_into().unwrap()) as usize + 8, clean.bytes.len());
    assert_eq!((count(&clean.bytes, b"KEEPME samples"), count(&clean.bytes, b"First")), (1, 1));
    let clean = scrub("a.aifc", &sample("aiff/packed.aifc")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!((count(&clean.bytes, b"sowt\0\0"), count(&clean.bytes, b"CHAN\0\0\0\x0c")), (1, 1));
}

#[test]
fn hidden_at_the_end() {
    let whole = form(b"AIFF", &[comm(), sound()]);
    assert_eq!(scrub("a.aiff", &[&whole[..], b"CANARY"].concat()).unwrap().bytes, whole);
    let behind = [whole.clone(), chunk(b"ANNO", b"CANARY")].concat();
    assert_eq!(scrub("a.aiff", &behind).unwrap().bytes, whole);
}

#[test]
fn out_of_order() {
    let dirty = [chunk(b"ID3 ", &id3(3, &[(b"TPE1", b"\0CANARY")])), sound(), comm(), chunk(b"SSND", b"CANARY twice")];
    assert_eq!(scrub("a.aiff", &form(b"AIFF", &dirty)).unwrap().bytes, form(b"AIFF", &[sound(), comm()]));
}

#[test]
fn a_compression_without_a_name_stays() {
    // It was once taken for plain samples, and the compression lost.
    let bare = form(b"AIFC", &[chunk(b"COMM", &[COMMON, b"ulaw"].concat()), sound()]);
    let right = form(b"AIFC", &[chunk(b"COMM", &[COMMON, b"ulaw\0\0"].concat()), sound()]);
    assert_eq!(scrub("a.aifc", &bare).unwrap().bytes, right);
    assert_eq!(refusal("a.aifc", &form(b"AIFC", &[comm(), sound()])).code(), Code::Malformed);
    let long = form(b"AIFF", &[chunk(b"COMM", &[COMMON, b"CANARY"].concat()), sound()]);
    assert_eq!(scrub("a.aiff", &long).unwrap().bytes, form(b"AIFF", &[comm(), sound()]));
}

#[test]
fn names_of_markers_obey_the_policy() {
    let file = form(b"AIFF", &[comm(), sound(), mark(b"KEEPME")]);
    let strict = scrub_under(&Policy::strict(), "a.aiff", &file).unwrap();
    assert_eq!(strict.bytes, form(b"AIFF", &[comm(), sound(), mark(b"")]));
    let policy = Policy::default().with(Token::Chapters, false);
    assert_eq!(scrub_under(&policy, "a.aiff", &file).unwrap().bytes, form(b"AIFF", &[comm(), sound()]));
    let mut more = mark(b"KEEPME")[8..].to_vec();
    more.extend(b"CANARY");
    let dirty = form(b"AIFF", &[comm(), sound(), chunk(b"MARK", &more)]);
    assert_eq!(scrub("a.aiff", &dirty).unwrap().bytes, file);
}

#[test]
fn samples_of_a_recorder_that_never_came_back_are_all_kept() {
    let right = form(b"AIFF", &[comm(), sound()]);
    for size in [0u32, 46, u32::MAX] {
        let mut bytes = right.clone();
        bytes[4..8].copy_from_slice(&size.to_be_bytes());
        assert_eq!(scrub("a.aiff", &bytes).unwrap().bytes, right, "{size}");
        bytes[42..46].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(scrub("a.aiff", &bytes).unwrap().bytes, right, "{size}");
    }
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.aiff", &form(b"AIFF", &[sound()])).code(), Code::Malformed);
    assert_eq!(refusal("a.aiff", &form(b"AIFF", &[comm(), chunk(b"SSND", b"\xff\0\0\0\0\0\0\0K")])).code(), Code::Malformed);
    assert_eq!(refusal("a.aiff", &form(b"AIFF", &[chunk(b"COMM", b"short"), sound()])).code(), Code::Malformed);
}
