//! Musepack.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn packet(key: &[u8; 2], data: &[u8]) -> Vec<u8> {
    [&key[..], &[data.len() as u8 + 3], data].concat()
}

fn head() -> Vec<u8> {
    [&b"MPCK"[..], &packet(b"SH", b"\x12\x34\x56\x78\x08\x64\0\x1b\x1b")].concat()
}

fn sound() -> Vec<u8> {
    packet(b"AP", b"KEEPME sound")
}

fn end() -> Vec<u8> {
    packet(b"SE", b"")
}

fn chapter(items: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tag = ape(items);
    tag.truncate(tag.len() - 32);
    let size = (tag.len() - 32) as u32;
    tag[12..16].copy_from_slice(&size.to_le_bytes());
    let tag = if items.is_empty() { &[][..] } else { &tag[8..] };
    packet(b"CT", &[b"\x0a\0\0\0\0", tag].concat())
}

#[test]
fn truncated() {
    truncate_everywhere("a.mpc", &sample("musepack/everything.mpc"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.mpc", &[head(), sound(), end()].concat()).unwrap().unchanged();
    let more =
        [head(), packet(b"EI", &[0; 4]), sound(), packet(b"ST", b"\x01\x12"), chapter(&[]), chapter(&[("Title", b"KEEPME")])];
    scrub("a.mpc", &[more.concat(), end()].concat()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.mpc", &sample("musepack/everything.mpc")).unwrap();
    clean.had_secrets().tells_nothing();
    let expected = [
        head(),
        packet(b"RG", b"\x01\x35\xde\x46\x76\x35\xde\x46\x76"),
        packet(b"EI", &[0; 4]),
        packet(b"SO", b"\x2b\0\0\0\0\0\0\0"),
        packet(b"AP", b"KEEPME sound of the first packet"),
        packet(b"ST", b"\x01\x12\xd0"),
        chapter(&[("Title", b"KEEPME chapter")]),
        end(),
    ];
    assert_eq!(clean.bytes, expected.concat());
}

#[test]
fn hidden_at_the_end() {
    let whole = [head(), sound(), end()].concat();
    for tail in [&b"CANARY"[..], &id3v1(), &ape(&[("Artist", b"CANARY")])] {
        assert_eq!(scrub("a.mpc", &[&whole[..], tail].concat()).unwrap().bytes, whole);
    }
}

#[test]
fn out_of_order() {
    // What goes in front of the sound makes the seek table a lie, so that goes too.
    let clean = scrub("a.mpc", &sample("musepack/lost.mpc")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, [head(), packet(b"AP", b"KEEPME sound of the first packet"), end()].concat());
    assert_eq!(refusal("a.mpc", &[b"MPCK".to_vec(), sound(), end()].concat()).code(), Code::Malformed);
}

#[test]
fn chapters_and_loudness_obey_the_policy() {
    let loud = packet(b"RG", b"\x01\x35\xde\x46\x76\x35\xde\x46\x76");
    let file = [head(), loud, sound(), packet(b"ST", b"\x01"), chapter(&[("Title", b"KEEPME")]), end()].concat();
    scrub("a.mpc", &file).unwrap().unchanged();
    let quiet = packet(b"RG", b"\x01\0\0\0\0\0\0\0\0");
    let strict = [head(), quiet, sound(), packet(b"ST", b"\x01"), chapter(&[]), end()].concat();
    assert_eq!(scrub_under(&Policy::strict(), "a.mpc", &file).unwrap().bytes, strict);
    let none = scrub_under(&Policy::default().with(Token::Chapters, false), "a.mpc", &file).unwrap();
    assert_eq!(count(&none.bytes, b"CT"), 0);
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.mpc", &[head(), sound(), b"AP\xff\xff\xff\x7f".to_vec()].concat()).code(), Code::Malformed);
    assert_eq!(refusal("a.mpc", &[head(), head()[4..].to_vec(), sound(), end()].concat()).code(), Code::Malformed);
    assert_eq!(refusal("a.mpc", &[head(), end()].concat()).code(), Code::Malformed);
}
