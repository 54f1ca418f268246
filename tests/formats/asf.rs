//! WMA and WMV.

use crate::support::*;
use metascrub::grammar::asf::guid;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/asf").join(name)).unwrap()
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    memchr::memmem::find_iter(bytes, what).count()
}

fn at(bytes: &[u8], what: &[u8]) -> usize {
    memchr::memmem::find(bytes, what).unwrap()
}

fn u64_at(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// The first stream with another byte at `offset` of its properties.
fn with_stream(offset: usize, byte: u8) -> Vec<u8> {
    let mut bytes = sample("clean.wmv");
    let stream = at(&bytes, &guid(0xb7dc0791_a9b7_11cf_8ee6_00c00c205365));
    bytes[stream + 24 + offset] = byte;
    bytes
}

#[test]
fn truncated() {
    for name in ["everything.wmv", "song.wma", "clean.wmv"] {
        truncate_everywhere("a.wmv", &sample(name), 1);
    }
}

#[test]
fn nothing_to_remove() {
    scrub("a.wmv", &sample("clean.wmv")).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.wmv", &sample("everything.wmv")).unwrap();
    clean.had_secrets().tells_nothing();
    for kept in [&b"KEEPME one"[..], b"KEEPME two"] {
        assert_eq!(count(&clean.bytes, kept), 1);
    }
    assert!(find_secret(&clean.bytes, "First").is_some(), "markers keep their titles");
    assert!(find_secret(&clean.bytes, "en-us").is_some(), "languages stay");
    assert!(find_secret(&clean.bytes, "AspectRatioX").is_some(), "the shape of pixels stays");
    let properties = at(&clean.bytes, &guid(0x8cabdca1_a947_11cf_8ee4_00c00c205365));
    assert_eq!(u64_at(&clean.bytes, properties + 40), clean.bytes.len(), "the size of the file is true");
    let header = u64_at(&clean.bytes, 16);
    assert!(clean.bytes[header..].starts_with(&guid(0x75b22636_668e_11cf_a6d9_00aa0062ce6c)), "the media follows the header");
}

#[test]
fn a_cover_is_cleaned_and_loudness_stays() {
    let clean = scrub("a.wma", &sample("song.wma")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(count(&clean.bytes, b"\x89PNG"), 1);
    assert!(find_secret(&clean.bytes, "-6.20 dB").is_some());
    let clean = scrub_under(&Policy::strict(), "a.wma", &sample("song.wma")).unwrap();
    assert_eq!(count(&clean.bytes, b"\x89PNG"), 0);
    assert!(find_secret(&clean.bytes, "-6.20").is_none());
}

#[test]
fn markers_go_where_they_are_not_wanted_and_lose_titles_under_strict() {
    let clean = scrub_under(&Policy::strict(), "a.wmv", &sample("everything.wmv")).unwrap();
    assert!(find_secret(&clean.bytes, "Chapter 1").is_some());
    let policy = Policy::default().with(Token::Chapters, false);
    let clean = scrub_under(&policy, "a.wmv", &sample("everything.wmv")).unwrap();
    assert!(find_secret(&clean.bytes, "First").is_none());
}

#[test]
fn hidden_at_the_end() {
    let whole = sample("clean.wmv");
    let clean = scrub("a.wmv", &[&whole[..], b"CANARY"].concat()).unwrap();
    assert_eq!(clean.changed().bytes, whole);
}

#[test]
fn out_of_order() {
    // Objects of the header may come in any order; the media without a header is no film.
    let whole = sample("clean.wmv");
    let header = u64_at(&whole, 16);
    assert_eq!(refusal("a.wmv", &[&whole[header..], &whole[..header]].concat()).code(), Code::Unknown);
    assert_eq!(refusal("a.wmv", &whole[..header]).code(), Code::Malformed);
}

#[test]
fn copy_protection_is_refused() {
    assert_eq!(refusal("a.wmv", &with_stream(49, 0x80)).code(), Code::Drm);
}

#[test]
fn streams_of_other_kinds_are_refused() {
    assert_eq!(refusal("a.wmv", &with_stream(0, 0x41)).code(), Code::NeedsResidual);
}

#[test]
fn hostile_sizes_are_refused() {
    let whole = sample("everything.wmv");
    for at in 16..whole.len() - 8 {
        let mut bytes = whole.clone();
        bytes[at..at + 8].copy_from_slice(&[0xff; 8]);
        if let Err(r) = scrub("a.wmv", &bytes) {
            assert!(!matches!(r.code(), Code::Internal | Code::Damaged), "{at}: {r}");
        }
    }
}
