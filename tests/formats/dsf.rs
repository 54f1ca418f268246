//! DSF.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

fn whole() -> Vec<u8> {
    sample("dsf/clean.dsf")
}

/// The same with a tag behind the samples.
fn tagged(tag: &[u8]) -> Vec<u8> {
    let mut out = [&whole()[..], tag].concat();
    let (total, at) = (out.len() as u64, whole().len() as u64);
    out[12..20].copy_from_slice(&total.to_le_bytes());
    out[20..28].copy_from_slice(&at.to_le_bytes());
    out
}

#[test]
fn truncated() {
    truncate_everywhere("a.dsf", &sample("dsf/everything.dsf"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.dsf", &whole()).unwrap().unchanged();
    let kept = tagged(&id3(3, &[(b"APIC", &[b"\0image/png\0\x03\0", &png(false)[..]].concat())]));
    scrub("a.dsf", &kept).unwrap().unchanged();
    assert_eq!(scrub_under(&Policy::strict(), "a.dsf", &kept).unwrap().bytes, whole());
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.dsf", &sample("dsf/everything.dsf")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, tagged(&id3(3, &[(b"APIC", &[b"\0image/png\0\x03\0", &png(false)[..]].concat())])));
}

#[test]
fn hidden_at_the_end() {
    assert_eq!(scrub("a.dsf", &[&whole()[..], b"CANARY"].concat()).unwrap().bytes, whole());
    assert_eq!(scrub("a.dsf", &tagged(&id3(3, &[(b"TPE1", b"\0CANARY")]))).unwrap().bytes, whole());
    // A tag that nothing points to, and a place with no tag.
    assert_eq!(scrub("a.dsf", &[whole(), id3(3, &[(b"TPE1", b"\0CANARY")])].concat()).unwrap().bytes, whole());
    assert_eq!(scrub("a.dsf", &tagged(b"CANARY")).unwrap().bytes, whole());
}

#[test]
fn out_of_order() {
    let mut wrong = whole();
    wrong[12..28].fill(7);
    assert_eq!(scrub("a.dsf", &wrong).unwrap().bytes, whole());
}

#[test]
fn lies_are_refused() {
    let mut bytes = whole();
    bytes[84..92].copy_from_slice(&[0xff; 8]);
    assert_eq!(refusal("a.dsf", &bytes).code(), Code::Malformed);
    bytes[80..84].copy_from_slice(b"atad");
    assert_eq!(refusal("a.dsf", &bytes).code(), Code::Malformed);
}
