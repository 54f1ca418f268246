//! DSDIFF.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&id[..], &(data.len() as u64).to_be_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn form(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [&b"FRM8"[..], &(body.len() as u64 + 4).to_be_bytes(), b"DSD ", &body].concat()
}

fn properties(more: &[Vec<u8>]) -> Vec<u8> {
    let rate = chunk(b"FS  ", &2_822_400u32.to_be_bytes());
    let kind = chunk(b"CMPR", b"DSD \x0enot compressed");
    chunk(b"PROP", &[b"SND ".to_vec(), rate, chunk(b"CHNL", b"\0\x01C   "), kind, more.concat()].concat())
}

fn sound() -> Vec<u8> {
    chunk(b"DSD ", b"KEEPME samples of one bit")
}

#[test]
fn truncated() {
    truncate_everywhere("a.dff", &sample("dff/everything.dff"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.dff", &form(&[properties(&[]), sound()])).unwrap().unchanged();
    scrub("a.dff", &sample("dff/clean.dff")).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.dff", &sample("dff/everything.dff")).unwrap();
    clean.had_secrets().tells_nothing();
    let tag = id3(3, &[(b"APIC", &[b"\0image/png\0\x03\0", &png(false)[..]].concat())]);
    let version = chunk(b"FVER", b"\x01\x05\0\0");
    let expected = form(&[version, properties(&[chunk(b"LSCO", b"\0\0")]), sound(), chunk(b"ID3 ", &tag)]);
    assert_eq!(clean.bytes, expected);
}

#[test]
fn hidden_at_the_end() {
    let whole = form(&[properties(&[]), sound()]);
    for tail in [&b"CANARY"[..], &chunk(b"COMT", b"CANARY"), &id3(3, &[(b"TPE1", b"\0CANARY")])] {
        assert_eq!(scrub("a.dff", &[&whole[..], tail].concat()).unwrap().bytes, whole);
    }
}

#[test]
fn out_of_order() {
    let dirty = form(&[sound(), chunk(b"DIIN", b"CANARY"), properties(&[]), chunk(b"PROP", b"CANARY")]);
    assert_eq!(scrub("a.dff", &dirty).unwrap().bytes, form(&[sound(), properties(&[])]));
}

#[test]
fn the_time_of_the_start_obeys_the_policy() {
    let timed = form(&[properties(&[chunk(b"ABSS", &[7; 8])]), sound()]);
    assert_eq!(scrub("a.dff", &timed).unwrap().bytes, form(&[properties(&[]), sound()]));
    scrub_under(&Policy::default().with(Token::Timecode, true), "a.dff", &timed).unwrap().unchanged();
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.dff", &form(&[sound()])).code(), Code::Malformed);
    assert_eq!(refusal("a.dff", &form(&[properties(&[])])).code(), Code::Malformed);
    let mut long = form(&[properties(&[]), sound()]);
    long[20] = 1;
    assert_eq!(refusal("a.dff", &long).code(), Code::Malformed);
}
