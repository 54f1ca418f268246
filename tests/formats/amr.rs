//! AMR.

use crate::sound::*;
use crate::support::*;
use metascrub::refusal::Code;

fn frame() -> Vec<u8> {
    let mut out = b"\x3cKEEPME".to_vec();
    out.resize(32, 0);
    out
}

fn sound() -> Vec<u8> {
    [b"#!AMR\n".to_vec(), frame().repeat(3)].concat()
}

#[test]
fn truncated() {
    truncate_everywhere("a.amr", &sample("amr/everything.amr"), 1);
    truncate_everywhere("a.awb", &sample("amr/wide.awb"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.amr", &sound()).unwrap().unchanged();
    // A recording that stopped in the middle of a frame, and frames without sound.
    scrub("a.amr", &[&sound()[..], b"\x3cKEEPME"].concat()).unwrap().unchanged();
    scrub("a.amr", &[&sound()[..], b"\x7c\x7c", &frame()].concat()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for (name, len) in [("amr/everything.amr", 6 + 3 * 32 + 1), ("amr/wide.awb", 9 + 2 * 61 + 6)] {
        let clean = scrub("a.amr", &sample(name)).unwrap();
        clean.had_secrets().tells_nothing();
        assert_eq!(clean.bytes, sample(name)[..len]);
    }
}

#[test]
fn hidden_at_the_end() {
    for tail in [&b"CANARY"[..], &id3v1(), &ape(&[("Artist", b"CANARY")]), b"\xff CANARY"] {
        assert_eq!(scrub("a.amr", &[&sound()[..], tail].concat()).unwrap().bytes, sound());
    }
}

#[test]
fn out_of_order() {
    assert_eq!(refusal("a.amr", b"#!AMR\n").code(), Code::Malformed);
    assert_eq!(refusal("a.amr", &[&b"#!AMR\nCANARY"[..], &frame()].concat()).code(), Code::Malformed);
    assert_eq!(refusal("a.amr", &[&b"#!AMR_MC1.0\n\0\0\0\x02"[..], &frame()].concat()).code(), Code::Unsupported);
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.amr", &[sound(), vec![0xff; 100_000]].concat()).code(), Code::Malformed);
}
