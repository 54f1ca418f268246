//! TAR archives, built block by block.

use std::io::Read;

use crate::support::*;
use metascrub::policy::{Policy, Token, UnknownMembers};
use metascrub::refusal::Code;

const TEXT: &[u8] = b"KEEPME this text stays\n";

/// A header; every field may be changed before the checksum is put in.
fn header(name: &str, size: usize, kind: u8, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut h = vec![0; 512];
    h[..name.len()].copy_from_slice(name.as_bytes());
    h[100..108].copy_from_slice(b"0000644\0");
    h[108..116].copy_from_slice(b"0000000\0");
    h[116..124].copy_from_slice(b"0000000\0");
    h[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    h[136..148].copy_from_slice(b"00000000000\0");
    h[156] = kind;
    h[257..265].copy_from_slice(b"ustar\x0000");
    h[329..337].copy_from_slice(b"0000000\0");
    h[337..345].copy_from_slice(b"0000000\0");
    change(&mut h);
    h[148..156].fill(b' ');
    let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
    h[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    h
}

fn clean_header(_: &mut [u8]) {}

fn dirty_header(h: &mut [u8]) {
    h[100..108].copy_from_slice(b"0000600\0");
    h[108..116].copy_from_slice(b"0001750\0");
    h[116..124].copy_from_slice(b"0001750\0");
    h[136..148].copy_from_slice(b"14556061735\0");
    h[265..276].copy_from_slice(b"CANARY-user");
    h[297..309].copy_from_slice(b"CANARY-group");
    h[60..72].copy_from_slice(b"CANARY slack");
    h[257..265].copy_from_slice(b"ustar  \0");
}

fn padded(data: &[u8], fill: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    if !out.len().is_multiple_of(512) {
        let at = out.len();
        out.resize(at.next_multiple_of(512), 0);
        let n = fill.len().min(out.len() - at);
        out[at..at + n].copy_from_slice(&fill[..n]);
    }
    out
}

fn file(name: &str, data: &[u8], change: fn(&mut [u8])) -> Vec<u8> {
    [header(name, data.len(), b'0', change), padded(data, b"")].concat()
}

fn pax(kind: u8, records: &[(&str, &str)]) -> Vec<u8> {
    let body: Vec<u8> = records.iter().flat_map(|(k, v)| metascrub::grammar::tar::record(k, v.as_bytes())).collect();
    [header("./PaxHeaders.4711/CANARY", body.len(), kind, clean_header), padded(&body, b"")].concat()
}

fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    let mut out = members.concat();
    out.resize((out.len() + 1024).next_multiple_of(10_240), 0);
    out
}

fn names(bytes: &[u8]) -> Vec<String> {
    let mut archive = ::tar::Archive::new(bytes);
    archive.entries().unwrap().map(|e| String::from_utf8(e.unwrap().path_bytes().into_owned()).unwrap()).collect()
}

fn read(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut archive = ::tar::Archive::new(bytes);
    let mut out = Vec::new();
    let mut entry = archive.entries().unwrap().map(Result::unwrap).find(|e| e.path_bytes() == name.as_bytes()).unwrap();
    entry.read_to_end(&mut out).unwrap();
    out
}

fn everything() -> Vec<u8> {
    let inner = tar(&[file("in.txt", TEXT, dirty_header)]);
    tar(&[
        pax(b'g', &[("comment", "CANARY0123456789abcdef")]),
        file("a.txt", TEXT, dirty_header),
        [header("b.txt", TEXT.len(), b'0', dirty_header), padded(TEXT, b"CANARY padding")].concat(),
        pax(
            b'x',
            &[("mtime", "1706715901.25"), ("SCHILY.xattr.user.xdg.origin.url", "https://CANARY"), ("comment", "CANARY note")],
        ),
        file("c.txt", TEXT, clean_header),
        header("d/", 0, b'5', dirty_header),
        header("d/link", 0, b'2', |h| h[157..165].copy_from_slice(b"../a.txt")),
        header("d/hard", 0, b'1', |h| h[157..162].copy_from_slice(b"a.txt")),
        file("d/._a.txt", b"CANARY apple", clean_header),
        header("CANARY label", 0, b'V', dirty_header),
        file("in.tar", &inner, dirty_header),
        file("run.txt", TEXT, |h| h[100..108].copy_from_slice(b"0004711\0")),
    ])
}

#[test]
fn everything_at_once() {
    let mut dirty = everything();
    dirty.extend(b"CANARY behind");
    let clean = scrub("x.tar", &dirty).unwrap();
    clean.had_secrets().tells_nothing().changed();
    for label in [
        "global header",
        "times of members",
        "owners of members",
        "permissions of members",
        "form of the headers",
        "bytes behind names and members",
        "extended attributes",
        "times in pax headers",
        "comments",
        "volume label",
        "data after the archive",
        "resource forks and download addresses of macOS",
    ] {
        clean.found(label);
    }
    let out = &clean.bytes;
    assert_eq!(names(out), ["a.txt", "b.txt", "c.txt", "d/", "d/link", "d/hard", "in.tar", "run.txt"]);
    for name in ["a.txt", "b.txt", "c.txt", "run.txt"] {
        assert_eq!(read(out, name), TEXT);
    }
    assert_eq!(read(out, "in.tar"), scrub("in.tar", &tar(&[file("in.txt", TEXT, dirty_header)])).unwrap().bytes);
    assert_eq!(out.len() % 10_240, 0);
    let mut archive = ::tar::Archive::new(&out[..]);
    let modes: Vec<u32> = archive.entries().unwrap().map(|e| e.unwrap().header().mode().unwrap()).collect();
    assert_eq!(modes, [0o644, 0o644, 0o644, 0o755, 0o777, 0o644, 0o644, 0o755]);
}

#[test]
fn nothing_to_remove() {
    scrub("x.tar", &tar(&[file("a.txt", TEXT, clean_header), file("b.txt", TEXT, clean_header)])).unwrap().unchanged();
}

#[test]
fn truncated() {
    let bytes = everything();
    truncate_everywhere("x.tar", &bytes, 97);
    assert_eq!(refusal("x.tar", &bytes[..1550]).code(), Code::Malformed);
}

#[test]
fn hidden_at_the_end() {
    let mut bytes = tar(&[file("a.txt", TEXT, clean_header)]);
    bytes.extend(tar(&[file("b.txt", b"CANARY second archive", clean_header)]));
    let clean = scrub("x.tar", &bytes).unwrap();
    clean.had_secrets().tells_nothing().found("data after the archive");
    let unended = file("a.txt", TEXT, clean_header);
    let clean = scrub("x.tar", &unended).unwrap();
    assert!(clean.cleaned.warnings()[0].contains("cut off"));
    assert_eq!(clean.bytes, tar(&[unended]));
}

#[test]
fn out_of_order() {
    // A hard link in front of what it points to has nothing to point to.
    let link = header("l", 0, b'1', |h| h[157..162].copy_from_slice(b"a.txt"));
    let bytes = tar(&[link, file("a.txt", TEXT, clean_header)]);
    assert_eq!(refusal("x.tar", &bytes).code(), Code::Unsupported);
}

#[test]
fn long_names_and_links_stay() {
    let long = format!("{}/{}.txt", "d".repeat(120), "n".repeat(150));
    let short = &long[..100];
    let gnu =
        [header("././@LongLink", long.len() + 1, b'L', clean_header), padded(&[long.as_bytes(), b"\0"].concat(), b"")].concat();
    for head in [gnu, pax(b'x', &[("path", &long)])] {
        let clean = scrub("x.tar", &tar(&[head, file(short, TEXT, clean_header)])).unwrap();
        clean.tells_nothing();
        assert_eq!(names(&clean.bytes)[0], long);
        assert_eq!(read(&clean.bytes, &long), TEXT);
    }
    let fits = format!("{}/{}.txt", "d".repeat(120), "n".repeat(90));
    let clean = scrub("x.tar", &tar(&[pax(b'x', &[("path", &fits)]), file("x", TEXT, clean_header)])).unwrap();
    assert_eq!(names(&clean.bytes), [fits]);
    assert_eq!(clean.bytes.len(), 10_240);
    let target = "t".repeat(150);
    let link = tar(&[pax(b'x', &[("linkpath", &target)]), header("l", 0, b'2', clean_header)]);
    let out = scrub("x.tar", &link).unwrap().bytes;
    let mut archive = ::tar::Archive::new(&out[..]);
    let entry = archive.entries().unwrap().next().unwrap().unwrap();
    assert_eq!(*entry.link_name_bytes().unwrap(), *target.as_bytes());
}

#[test]
fn old_archives_without_magic_are_read() {
    let old: fn(&mut [u8]) = |h| h[257..345].fill(0);
    let clean = scrub("x.tar", &tar(&[file("a.txt", TEXT, old)])).unwrap();
    assert_eq!(clean.bytes, tar(&[file("a.txt", TEXT, clean_header)]));
}

#[test]
fn what_leads_out_is_refused() {
    for name in ["../a.txt", "d/../../a.txt", "a\nb.txt"] {
        assert_eq!(refusal("x.tar", &tar(&[file(name, TEXT, clean_header)])).code(), Code::Malformed, "{name:?}");
    }
    let clean = scrub("x.tar", &tar(&[file("/home/a.txt", TEXT, clean_header)])).unwrap();
    assert_eq!(names(&clean.bytes), ["home/a.txt"]);
    let out = header("d/l", 0, b'2', |h| h[157..165].copy_from_slice(b"../../et"));
    assert_eq!(refusal("x.tar", &tar(&[out])).code(), Code::Malformed);
    let absolute = header("l", 0, b'2', |h| h[157..169].copy_from_slice(b"/home/CANARY"));
    scrub("x.tar", &tar(&[absolute, file("a.txt", TEXT, clean_header)])).unwrap().tells_nothing();
    for kind in [b'3', b'4', b'6', b'S', b'D', b'?'] {
        assert_eq!(refusal("x.tar", &tar(&[header("x", 0, kind, clean_header)])).code(), Code::Unsupported);
    }
    let twice = tar(&[file("a.txt", TEXT, clean_header), file("a.txt", b"KEEPME other", clean_header)]);
    assert_eq!(refusal("x.tar", &twice).code(), Code::Malformed);
}

#[test]
fn a_damaged_header_is_refused() {
    let mut bytes = tar(&[file("a.txt", TEXT, clean_header), file("b.txt", TEXT, clean_header)]);
    bytes[1024 + 3] ^= 1;
    let why = refusal("x.tar", &bytes);
    assert_eq!((why.code(), why.offset()), (Code::Malformed, Some(1024)));
    let huge = tar(&[header("a.txt", 0, b'0', |h| h[124..136].copy_from_slice(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"))]);
    assert_eq!(refusal("x.tar", &huge).code(), Code::Malformed);
}

#[test]
fn unknown_members_follow_the_policy() {
    let bytes = tar(&[
        file("a.txt", TEXT, clean_header),
        file("x.weird", b"\x01CANARY", clean_header),
        file("y.weird", b"\x01CANARY", clean_header),
    ]);
    let why = refusal("x.tar", &bytes);
    assert_eq!(why.code(), Code::UnknownMember);
    assert!(why.to_string().contains("x.weird, y.weird"), "{why}");
    let policy = Policy { unknown_members: UnknownMembers::Omit, ..Policy::default() };
    let clean = scrub_under(&policy, "x.tar", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(names(&clean.bytes), ["a.txt"]);
    let policy = Policy { unknown_members: UnknownMembers::Keep, ..Policy::default() };
    scrub_under(&policy, "x.tar", &bytes).unwrap().unchanged();
}

#[test]
fn owners_and_times_stay_where_they_are_wanted() {
    let bytes = tar(&[file("a.txt", TEXT, |h| {
        h[108..116].copy_from_slice(b"0001750\0");
        h[136..148].copy_from_slice(b"14556061735\0");
        h[265..269].copy_from_slice(b"jane");
    })]);
    let policy = Policy::default().with(Token::EntryOwner, true).with(Token::EntryTimes, true);
    scrub_under(&policy, "x.tar", &bytes).unwrap().unchanged();
}

/// What is between the holes would have to be cleaned with its map, so all four kinds are refused by name.
#[test]
fn sparse_members_are_refused_by_name() {
    let old = header("a.txt", TEXT.len(), b'S', |h| h[257..265].copy_from_slice(b"ustar  \0"));
    let old = tar(&[[old, padded(TEXT, b"")].concat()]);
    let new = |key: &str| tar(&[pax(b'x', &[(key, "1")]), file("a.txt", TEXT, clean_header)]);
    for bytes in [old, new("GNU.sparse.size"), new("GNU.sparse.map"), new("GNU.sparse.major")] {
        let why = refusal("x.tar", &bytes);
        assert!(why.code() == Code::Unsupported && why.to_string().contains("a sparse member"), "{why}");
        assert!(why.advice().contains("--sparse"), "{}", why.advice());
    }
}

/// Members of large archives are cleaned by several threads; nothing may come out of order, and nothing may be missed.
#[test]
fn large_archives_are_cleaned_like_small_ones() {
    let inner = |i: usize| tar(&[file("in.txt", format!("KEEPME {i}\n").as_bytes(), dirty_header)]);
    let member = |i: usize| match i % 4 {
        0 => file(&format!("{i}.tar"), &inner(i), dirty_header),
        1 => file(&format!("{i}.txt"), format!("KEEPME {i}\n").as_bytes(), dirty_header),
        2 => [pax(b'g', &[("comment", "CANARY")]), file(&format!("._{i}"), b"CANARY apple", clean_header)].concat(),
        _ => header(&format!("{i}/"), 0, b'5', dirty_header),
    };
    let big = vec![file("big.txt", &b"KEEPME big\n".repeat(1_300_000), dirty_header)];
    let members: Vec<Vec<u8>> = (0..60).map(member).collect();
    let small = scrub("x.tar", &tar(&members)).unwrap();
    let large = scrub("x.tar", &tar(&[members.clone(), big.clone()].concat())).unwrap();
    large.had_secrets().tells_nothing().changed();
    let last = small.bytes.iter().rposition(|b| *b != 0).unwrap();
    assert_eq!(large.bytes[..=last], small.bytes[..=last]);
    assert_eq!(names(&large.bytes).last().unwrap(), "big.txt");

    let strange = [members, vec![file("x.strange", b"\x01\x02strange\x03", clean_header)], big].concat();
    let refused = refusal("x.tar", &tar(&strange));
    assert_eq!(refused.code(), Code::UnknownMember);
    assert!(refused.to_string().contains("x.strange"), "{refused}");
}
