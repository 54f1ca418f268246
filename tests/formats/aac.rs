//! AAC in bare frames.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

fn frame(data: &[u8]) -> Vec<u8> {
    let size = 7 + data.len();
    let head = [0xff, 0xf1, 0x6c, 0x40 | (size >> 11) as u8, (size >> 3) as u8, (size << 5) as u8 | 0x1f, 0xfc];
    [&head[..], data].concat()
}

fn sound() -> Vec<u8> {
    frame(b"KEEPME").repeat(3)
}

fn stamp() -> Vec<u8> {
    id3(4, &[(b"PRIV", b"com.apple.streaming.transportStreamTimestamp\0CANARY 1")])
}

#[test]
fn truncated() {
    truncate_everywhere("a.aac", &sample("aac/everything.aac"), 1);
}

#[test]
fn nothing_to_remove() {
    assert_eq!(scrub("a.aac", &sound()).unwrap().unchanged().cleaned.format().name, "AAC");
    assert_eq!(scrub("noname", &sound()).unwrap().unchanged().cleaned.format().name, "AAC");
    // With checksums.
    let mut checked = frame(b"\0\0KEEPME");
    checked[1] = 0xf0;
    scrub("a.aac", &checked.repeat(3)).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.aac", &sample("aac/everything.aac")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!((count(&clean.bytes, b"KEEPME sound"), count(&clean.bytes, &png(false))), (9, 1));
    let strict = scrub_under(&Policy::strict(), "a.aac", &sample("aac/everything.aac")).unwrap();
    assert_eq!(strict.bytes, sample("aac/clean.aac").repeat(3));
}

#[test]
fn hidden_at_the_end() {
    for tail in [&b"CANARY"[..], &id3v1(), &stamp(), &[0; 70_000]] {
        assert_eq!(scrub("a.aac", &[&sound()[..], tail].concat()).unwrap().bytes, sound());
    }
}

#[test]
fn out_of_order() {
    let bytes = [id3v1(), stamp(), sound(), id3v1(), stamp(), sound(), stamp()].concat();
    let clean = scrub("a.aac", &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, sound().repeat(2));
}

#[test]
fn time_stamps_between_the_frames_go() {
    let clean = scrub("a.aac", &[stamp(), sound(), stamp(), sound(), stamp(), sound()].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, sound().repeat(3));
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.aac", &[frame(b"CANARY"), vec![1; 100]].concat()).code(), Code::Unknown);
    assert_eq!(refusal("a.aac", &[sound(), vec![1; 300_000]].concat()).code(), Code::Malformed);
}
