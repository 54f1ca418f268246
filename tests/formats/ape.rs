//! Monkey's Audio.

use crate::sound::*;
use crate::support::*;
use metascrub::refusal::Code;

/// The sample that has nothing to remove: 52 bytes of descriptor, 24 of header, 8 of table, frames.
fn whole() -> Vec<u8> {
    sample("ape/clean.ape")
}

#[test]
fn truncated() {
    truncate_everywhere("a.ape", &sample("ape/everything.ape"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.ape", &whole()).unwrap().unchanged();
    let tagged = [whole(), ape(&[("REPLAYGAIN_TRACK_GAIN", b"-3.2 dB")])].concat();
    scrub("a.ape", &tagged).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    // The checksum of the clean sample was made by the script, so the one written here is right.
    let clean = scrub("a.ape", &sample("ape/everything.ape")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, [whole(), ape(&[("REPLAYGAIN_ALBUM_PEAK", b"0.98")])].concat());
}

#[test]
fn hidden_at_the_end() {
    for tail in [&b"CANARY"[..], &id3v1(), &ape(&[("Artist", b"CANARY")])] {
        assert_eq!(scrub("a.ape", &[&whole()[..], tail].concat()).unwrap().bytes, whole());
    }
}

#[test]
fn out_of_order() {
    // A tag in front shifts every position; a table that does not know that points elsewhere.
    let moved = [id3(3, &[(b"TPE1", b"\0CANARY")]), whole()].concat();
    assert_eq!(refusal("a.ape", &moved).code(), Code::Malformed);
}

#[test]
fn damage_is_not_made_to_look_whole() {
    let mut bytes = sample("ape/everything.ape");
    let at = memchr::memmem::find(&bytes, b"KEEPME").unwrap();
    bytes[at] = b'k';
    assert_eq!(refusal("a.ape", &bytes).code(), Code::Malformed);
}

#[test]
fn lies_are_refused() {
    let mut old = whole();
    old[4..6].copy_from_slice(&3970u16.to_le_bytes());
    assert_eq!(refusal("a.ape", &old).code(), Code::Unsupported);
    for at in [8, 12, 16, 20, 24, 28, 32, 64] {
        let mut bytes = whole();
        bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(refusal("a.ape", &bytes).code(), Code::Malformed, "{at}");
    }
}
