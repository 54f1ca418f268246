//! True Audio.

use crate::sound::*;
use crate::support::*;
use metascrub::refusal::Code;

fn whole() -> Vec<u8> {
    sample("tta/clean.tta")
}

#[test]
fn truncated() {
    truncate_everywhere("a.tta", &sample("tta/everything.tta"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.tta", &whole()).unwrap().unchanged();
    let tag = id3(4, &[(b"TXXX", b"\0replaygain_track_gain\0-3.20 dB")]);
    scrub("a.tta", &[tag, whole()].concat()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.tta", &sample("tta/everything.tta")).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(clean.bytes.ends_with(&whole()));
    assert_eq!(count(&clean.bytes, &png(false)), 1);
}

#[test]
fn hidden_at_the_end() {
    for tail in [&b"CANARY"[..], &id3v1(), &ape(&[("Artist", b"CANARY")])] {
        assert_eq!(scrub("a.tta", &[&whole()[..], tail].concat()).unwrap().bytes, whole());
    }
}

#[test]
fn out_of_order() {
    let dirty = [id3(3, &[(b"TPE1", b"\0CANARY")]), id3(4, &[(b"TIT2", b"\0CANARY")]), whole()].concat();
    assert_eq!(scrub("a.tta", &dirty).unwrap().bytes, whole());
}

#[test]
fn lies_are_refused() {
    for at in [10, 14, 22, 26] {
        let mut bytes = whole();
        bytes[at..at + 4].copy_from_slice(&[0xff; 4]);
        assert_eq!(refusal("a.tta", &bytes).code(), Code::Malformed, "{at}");
        bytes[10..18].fill(0);
        assert_eq!(refusal("a.tta", &bytes).code(), Code::Malformed, "{at}");
    }
}
