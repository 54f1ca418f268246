//! JPEG XL.

use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn file(boxes: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut out = [boxed(b"JXL ", b"\r\n\x87\n"), boxed(b"ftyp", b"jxl \0\0\0\0jxl ")].concat();
    boxes.iter().for_each(|(kind, body)| out.extend(boxed(kind, body)));
    out
}

const STREAM: &[u8] = b"\xff\x0a\x80KEEPME\x90\xa0";

fn plain() -> Vec<u8> {
    file(&[(b"jxlc", STREAM)])
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/jxl").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("a.jxl", &sample("everything.jxl"), 1);
    truncate_everywhere("a.jxl", &sample("parts.jxl"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.jxl", &plain()).unwrap().unchanged();
    scrub("a.jxl", STREAM).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for name in ["everything.jxl", "parts.jxl"] {
        let clean = scrub("a.jxl", &sample(name)).unwrap();
        clean.had_secrets().tells_nothing();
        assert!(find_secret(&clean.bytes, "KEEPME").is_some() || name == "parts.jxl");
    }
}

#[test]
fn hidden_at_the_end() {
    for end in [&b"CANARY"[..], b"\0\0\0\x20CANARY", &boxed(b"free", b"CANARY")] {
        assert_eq!(scrub("a.jxl", &[&plain(), end].concat()).unwrap().bytes, plain());
    }
    // Behind a bare codestream it cannot be told apart from it.
    let text = [STREAM, b"CANARY: a letter from somebody to somebody"].concat();
    assert_eq!(refusal("a.jxl", &text).code(), Code::Malformed);
    assert_eq!(refusal("a.jxl", &file(&[(b"jxlc", &text)])).code(), Code::Malformed);
}

#[test]
fn out_of_order() {
    let dirty =
        file(&[(b"xml ", b"CANARY"), (b"jxlp", b"\0\0\0\0\xff\x0a"), (b"jbrd", b"CANARY"), (b"jxlp", b"\x80\0\0\x01\x80")]);
    let clean = file(&[(b"jxlp", b"\0\0\0\0\xff\x0a"), (b"jxlp", b"\x80\0\0\x01\x80")]);
    assert_eq!(scrub("a.jxl", &dirty).unwrap().bytes, clean);
    let swapped = file(&[(b"jxlp", b"\x80\0\0\x01\x80"), (b"jxlp", b"\0\0\0\0\xff\x0a")]);
    assert_eq!(refusal("a.jxl", &swapped).code(), Code::Malformed);
}

#[test]
fn codestreams_that_are_not_whole_are_refused() {
    for boxes in [
        &[(&b"jxlp"[..], &b"\0\0\0\0\xff\x0a"[..])][..],
        &[(b"jxlp", b"\x80\0\0\0\xff\x0a"), (b"jxlc", STREAM)],
        &[(b"jxlc", STREAM), (b"jxlc", STREAM)],
        &[(b"brob", b"jxlcCANARY")],
        &[(b"jxlp", b"\0")],
        &[],
    ] {
        assert_eq!(refusal("a.jxl", &file(boxes)).code(), Code::Malformed, "{boxes:?}");
    }
}

#[test]
fn strict_policies_do_not_take_what_was_not_looked_into() {
    assert_eq!(scrub_under(&Policy::strict(), "a.jxl", &plain()).err().unwrap().code(), Code::NeedsResidual);
}
