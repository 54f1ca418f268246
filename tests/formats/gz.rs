//! GZIP, built by hand around real deflate streams.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::clean::{self, Job};
use metascrub::policy::{Limits, Policy, UnknownMembers};
use metascrub::refusal::Code;
use metascrub::source::{Memory, Spool};

const TEXT: &[u8] = b"KEEPME this text stays, this text stays\n";

fn member(flags: u8, time: u32, after: &[u8], data: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    e.write_all(data).unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(data);
    let os = if flags == 0 && time == 0 { 255 } else { 3 };
    [
        &[0x1f, 0x8b, 8, flags][..],
        &time.to_le_bytes(),
        &[0, os],
        after,
        &e.finish().unwrap(),
        &crc.sum().to_le_bytes(),
        &(data.len() as u32).to_le_bytes(),
    ]
    .concat()
}

fn unpack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn dirty(data: &[u8]) -> Vec<u8> {
    let after = [&b"\x0e\0XY\x0a\0CANARY ext"[..], b"CANARY name.txt\0", b"CANARY comment\0", b"\xab\xcd"].concat();
    member(0x1e, 1_706_715_901, &after, data)
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.txt.gz", &dirty(TEXT)).unwrap();
    clean.had_secrets().tells_nothing();
    for label in
        ["name of the file", "comment", "time of the file", "extra field", "header checksum", "system and settings of the packer"]
    {
        clean.found(label);
    }
    assert_eq!(clean.found("time of the file").value.as_deref(), Some("2024-01-31"));
    assert_eq!(clean.bytes, member(0, 0, b"", TEXT));
}

#[test]
fn nothing_to_remove() {
    scrub("a.txt.gz", &member(0, 0, b"", TEXT)).unwrap().unchanged();
    let blocks = [&b"\x06\0BC\x02\0\x20\0"[..]].concat();
    let mut indexed = member(4, 0, &blocks, TEXT);
    indexed[9] = 255;
    scrub("a.txt.gz", &indexed).unwrap().unchanged();
}

#[test]
fn truncated() {
    truncate_everywhere("a.txt.gz", &dirty(TEXT), 1);
}

#[test]
fn hidden_at_the_end() {
    let bytes = [member(0, 0, b"", TEXT), b"CANARY".to_vec()].concat();
    let clean = scrub("a.txt.gz", &bytes).unwrap();
    clean.tells_nothing().found("data after the end");
    assert_eq!(clean.bytes, member(0, 0, b"", TEXT));
    let begun = [member(0, 0, b"", TEXT), b"\x1f\x8bCANARY".to_vec()].concat();
    assert_eq!(refusal("a.txt.gz", &begun).code(), Code::Malformed);
}

#[test]
fn out_of_order() {
    // Several members are one content.
    let bytes = [dirty(TEXT), dirty(b"KEEPME more")].concat();
    let clean = scrub("a.txt.gz", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(unpack(&clean.bytes), [TEXT, b"KEEPME more"].concat());
}

#[test]
fn what_changes_inside_is_packed_again() {
    let inner = [member(0, 0, b"", TEXT), b"CANARY inner".to_vec()].concat();
    let half = inner.len() / 2;
    let bytes = [dirty(&inner[..half]), dirty(&inner[half..])].concat();
    let clean = scrub("a.txt.gz.gz", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(unpack(&unpack(&clean.bytes)), TEXT);
}

#[test]
fn unknown_content_follows_the_policy() {
    let bytes = member(0, 0, b"", b"\x01\x02CANARY");
    assert_eq!(refusal("a.weird.gz", &bytes).code(), Code::UnknownMember);
    let policy = |unknown_members| Policy { unknown_members, ..Policy::default() };
    scrub_under(&policy(UnknownMembers::Keep), "a.weird.gz", &bytes).unwrap().unchanged();
    assert!(scrub_under(&policy(UnknownMembers::Omit), "a.weird.gz", &bytes).is_err());
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut bytes = member(0, 0, b"", TEXT);
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    assert_eq!(refusal("a.txt.gz", &bytes).code(), Code::Malformed);
}

#[test]
fn bombs_are_limited() {
    let limits = Limits { ratio: 100, ..Limits::default() };
    let policy = Policy::default();
    let job = Job::new(&policy, &limits, "a.txt.gz", &Spool::default_dir());
    let bomb = member(0, 0, b"", &vec![b'a'; 4 << 20]);
    assert_eq!(clean::to_spool(&job, &Memory::shared(bomb)).err().unwrap().code(), Code::Limit);
}
