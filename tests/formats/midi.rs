//! MIDI.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

const END: &[u8] = b"\0\xff\x2f\0";

fn track(events: &[&[u8]]) -> Vec<u8> {
    let body = events.concat();
    [&b"MTrk"[..], &(body.len() as u32).to_be_bytes(), &body].concat()
}

fn file(tracks: &[Vec<u8>]) -> Vec<u8> {
    [b"MThd\0\0\0\x06\0\x01\0", &[tracks.len() as u8][..], &[0, 96], &tracks.concat()].concat()
}

fn meta(delta: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    [delta, &[0xff, kind, data.len() as u8], data].concat()
}

const NOTE: &[u8] = b"\0\x90\x3c\x40\x60\x3c\0";

#[test]
fn truncated() {
    truncate_everywhere("a.mid", &sample("midi/everything.mid"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.mid", &file(&[track(&[NOTE, END])])).unwrap().unchanged();
    let setup = [meta(b"\0", 0x51, b"\x07\xa1\x20"), meta(b"\0", 0x58, &[4, 2, 24, 8]), meta(b"\0", 0x21, &[0])].concat();
    scrub("a.mid", &file(&[track(&[&setup, END]), track(&[b"\0\xf0\x05\x7e\x7f\x09\x01\xf7", NOTE, END])])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.mid", &sample("midi/everything.mid")).unwrap();
    clean.had_secrets().tells_nothing();
    let tempo = [meta(b"\0", 0x51, b"\x07\xa1\x20"), meta(b"\0", 0x58, &[4, 2, 24, 8]), meta(b"\0", 0x59, &[0, 0])].concat();
    // 100 ticks of a lyric and 100 of the note are 200, which takes two bytes; 200 of a text and 8 of the marker likewise.
    let notes = b"\0\x90\x3c\x40\x81\x48\x90\x3c\0\x10\x3e\x40\x81\x50\xff\x06\x09loopStart\x1e\xff\x2f\0";
    let expected = file(&[track(&[&tempo, END]), track(&[b"\0\xf0\x05\x7e\x7f\x09\x01\xf7", notes])]);
    assert_eq!(clean.bytes, expected);
}

#[test]
fn hidden_at_the_end() {
    let whole = file(&[track(&[NOTE, END])]);
    for tail in [&b"CANARY"[..], b"CANA\0\0\0\x06CANARY", b"MTrk\0"] {
        assert_eq!(scrub("a.mid", &[&whole[..], tail].concat()).unwrap().bytes, whole);
    }
    assert_eq!(scrub("a.mid", &file(&[track(&[NOTE, END, b"CANARY"])])).unwrap().bytes, whole);
}

#[test]
fn out_of_order() {
    assert_eq!(refusal("a.mid", &file(&[])).code(), Code::Malformed);
    // The notes go on with the status of the one before, whatever stood between.
    let dirty = track(&[b"\0\x90\x3c\x40", &meta(b"\x05", 1, b"CANARY"), b"\x05\x3c\0", END]);
    let right = track(&[b"\0\x90\x3c\x40\x0a\x3c\0", END]);
    assert_eq!(scrub("a.mid", &file(&[dirty])).unwrap().bytes, file(&[right]));
}

#[test]
fn words_obey_the_policy() {
    let words = [meta(b"\0", 2, b"KEEPME (c)"), meta(b"\0", 3, b"KEEPME piano"), meta(b"\0", 5, b"KEEPME la")];
    let whole = file(&[track(&[&words.concat(), NOTE, END])]);
    assert_eq!(count(&scrub("a.mid", &whole).unwrap().bytes, b"KEEPME"), 0);
    let tokens = [Token::Copyright, Token::TrackNames, Token::Lyrics];
    let all = tokens.iter().fold(Policy::default(), |p, t| p.with(*t, true));
    scrub_under(&all, "a.mid", &whole).unwrap().unchanged();
    for token in tokens {
        let clean = scrub_under(&Policy::default().with(token, true), "a.mid", &whole).unwrap();
        assert_eq!(count(&clean.bytes, b"KEEPME"), 1);
    }
}

#[test]
fn a_track_without_an_end_gets_one_at_its_time() {
    let right = file(&[track(&[NOTE, b"\x07\xff\x2f\0"]), track(&[NOTE, END])]);
    let dirty = file(&[track(&[NOTE, &meta(b"\x07", 1, b"CANARY")]), track(&[NOTE])]);
    assert_eq!(scrub("a.mid", &dirty).unwrap().bytes, right);
}

#[test]
fn lies_are_refused() {
    for bad in [&b"\0\x3c\x40"[..], b"\0\x90\x3c\xff", b"\0\xf8", b"\xff\xff\xff\xff\x01\x90\x3c\x40", b"\0\xff\x01\x7fshort"] {
        assert_eq!(refusal("a.mid", &file(&[track(&[bad])])).code(), Code::Malformed, "{bad:?}");
    }
    let late = meta(b"\xff\xff\xff\x7f", 1, b"CANARY");
    assert_eq!(refusal("a.mid", &file(&[track(&[&late, &late, END])])).code(), Code::Limit);
}
