//! Flash video.

use crate::support::*;
use metascrub::refusal::Code;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/flv").join(name)).unwrap()
}

fn at(bytes: &[u8], what: &[u8]) -> usize {
    memchr::memmem::find(bytes, what).unwrap()
}

fn double(bytes: &[u8], at: usize) -> f64 {
    f64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[test]
fn truncated() {
    truncate_everywhere("a.flv", &sample("everything.flv"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.flv", &sample("clean.flv")).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.flv", &sample("everything.flv")).unwrap();
    clean.had_secrets().tells_nothing();
    for kept in [&b"KEEPME one"[..], b"KEEPME two", b"KEEPME sound", b"duration", b"stereo"] {
        assert_eq!(memchr::memmem::find_iter(&clean.bytes, kept).count(), 1, "{}", kept.escape_ascii());
    }
    assert_eq!(clean.found("date").value.as_deref(), Some("CANARY date"));
}

#[test]
fn places_of_key_pictures_and_the_size_follow() {
    let clean = scrub("a.flv", &sample("everything.flv")).unwrap();
    let bytes = &clean.bytes;
    let list = at(bytes, b"filepositions") + 13 + 5;
    for (i, frame) in [&b"\x12KEEPME one"[..], b"\x12KEEPME two"].iter().enumerate() {
        assert_eq!(double(bytes, list + i * 9 + 1) as usize + 11, at(bytes, frame));
    }
    assert_eq!(double(bytes, at(bytes, b"filesize") + 9) as usize, bytes.len());
}

#[test]
fn lengths_behind_tags_are_true() {
    let bytes = scrub("a.flv", &sample("everything.flv")).unwrap().bytes;
    let mut at = 13;
    while at < bytes.len() {
        let size = u32::from_be_bytes([0, bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
        let back = u32::from_be_bytes(bytes[at + 11 + size..][..4].try_into().unwrap()) as usize;
        assert_eq!(back, size + 11);
        at += size + 15;
    }
    assert_eq!(at, bytes.len());
}

#[test]
fn hidden_at_the_end() {
    let whole = sample("clean.flv");
    assert_eq!(scrub("a.flv", &[&whole[..], b"CANARY"].concat()).unwrap().changed().bytes, whole);
}

#[test]
fn out_of_order() {
    // A second description, behind the media, is none.
    let whole = sample("everything.flv");
    let script = at(&whole, b"\x02\0\x0aonMetaData") - 11;
    let end = at(&whole, b"onXMPData") - 14;
    let clean = scrub("a.flv", &[&sample("clean.flv")[..], &whole[script..end], &whole[script..end]].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(memchr::memmem::find_iter(&clean.bytes, b"onMetaData").count(), 1);
}

#[test]
fn encrypted_tags_are_refused() {
    let mut bytes = sample("clean.flv");
    bytes[13] |= 0x20;
    assert_eq!(refusal("a.flv", &bytes).code(), Code::Drm);
}

#[test]
fn scripts_that_nest_without_end_are_not_followed() {
    let mut body = b"\x02\0\x0aonMetaData".to_vec();
    body.extend([&b"\x03\0\x01a"[..]; 4000].concat());
    let head = [&[18][..], &(body.len() as u32).to_be_bytes()[1..], &[0; 7]].concat();
    let script = [&head[..], &body, &(body.len() as u32 + 11).to_be_bytes()].concat();
    scrub("a.flv", &[&sample("clean.flv")[..], &script].concat()).unwrap().changed();
}

#[test]
fn messages_in_the_video_become_filler() {
    let tag = |body: &[u8]| {
        let size = body.len() as u32;
        [&[9][..], &size.to_be_bytes()[1..], &[0; 7], body, &(size + 11).to_be_bytes()].concat()
    };
    let film = |head: &[u8], first: &[u8], message: &[u8]| {
        let config = [head, &[1, 66, 0, 10, 0xff, 0xe0, 0]].concat();
        let sample = [first, &(message.len() as u32).to_be_bytes(), message, b"\0\0\0\x09\x65KEEPME a"].concat();
        [&b"FLV\x01\x01\0\0\0\x09\0\0\0\0"[..], &tag(&config), &tag(&sample)].concat()
    };
    let (before, after) = message(b"0123456789abcdefCANARY");
    for (head, first) in
        [(&b"\x17\0\0\0\0"[..], &b"\x17\x01\0\0\0"[..]), (b"\x90avc1", b"\x91avc1\0\0\0"), (b"\x90avc1", b"\x93avc1")]
    {
        let clean = scrub("a.flv", &film(head, first, &before)).unwrap();
        clean.had_secrets().tells_nothing().found("private messages in the coded picture");
        assert_eq!(clean.bytes, film(head, first, &after));
    }
}
