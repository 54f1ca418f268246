//! CPIO archives in both forms, built member by member.

use std::process::Command;

use crate::support::*;
use metascrub::grammar::cpio::{self, Fields, Form, TRAILER};
use metascrub::policy::{Policy, Token, UnknownMembers};
use metascrub::refusal::Code;
use metascrub::source::Memory;

const TEXT: &[u8] = b"KEEPME this text stays\n";
const FORMS: [Form; 2] = [Form::Odc, Form::Newc];

fn clean_fields() -> Fields {
    Fields { mode: 0o100_644, links: 1, ..Fields::default() }
}

fn dirty_fields() -> Fields {
    let (file, owner) = ([8, 1, 4711], [1000, 1000]);
    Fields { file, mode: 0o100_600, owner, links: 1, time: 1_706_715_901, device: [0, 0] }
}

fn member(form: Form, name: &str, data: &[u8], fields: Fields) -> Vec<u8> {
    let mut out = cpio::header(form, &fields, name.as_bytes(), data.len() as u64);
    out.extend(data);
    out.extend(vec![0; cpio::fill(form, data.len() as u64) as usize]);
    out
}

fn archive(form: Form, members: &[Vec<u8>]) -> Vec<u8> {
    let mut out = members.concat();
    out.extend(cpio::header(form, &Fields { links: 1, ..Fields::default() }, TRAILER, 0));
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// Names, modes and data.
fn list(bytes: &[u8]) -> Vec<(String, u64, Vec<u8>)> {
    let source = Memory::shared(bytes);
    let (mut at, mut out) = (0, Vec::new());
    loop {
        let member = cpio::member(&source, at).unwrap();
        if member.name == TRAILER {
            return out;
        }
        at = member.padding.end;
        let data = bytes[member.data.start as usize..member.data.end as usize].to_vec();
        out.push((String::from_utf8(member.name).unwrap(), member.fields.mode, data));
    }
}

fn everything(form: Form) -> Vec<u8> {
    let inner = [archive(form, &[member(form, "in.txt", TEXT, dirty_fields())]), b"CANARY behind".to_vec()].concat();
    let with = |mode| Fields { mode, ..dirty_fields() };
    archive(
        form,
        &[
            member(form, ".", b"", with(0o040_700)),
            member(form, "a.txt", TEXT, dirty_fields()),
            member(form, "._a.txt", b"CANARY apple", dirty_fields()),
            member(form, "in.cpio", &inner, dirty_fields()),
            member(form, "run.txt", TEXT, with(0o104_711)),
            member(form, "link", b"a.txt", with(0o120_777)),
            member(form, "away", b"/home/CANARY", with(0o120_777)),
        ],
    )
}

#[test]
fn everything_at_once() {
    for form in FORMS {
        let bytes = [everything(form), b"CANARY behind the end".to_vec()].concat();
        let clean = scrub("x.cpio", &bytes).unwrap();
        clean.had_secrets().tells_nothing().changed();
        for label in [
            "times of members",
            "owners of members",
            "permissions and numbers of files",
            "data after the archive",
            "resource forks and download addresses of macOS",
            "a link to a place outside of the archive",
        ] {
            clean.found(label);
        }
        let members = list(&clean.bytes);
        let named: Vec<(&str, u64)> = members.iter().map(|m| (&m.0[..], m.1)).collect();
        let all = [(".", 0o040_755), ("a.txt", 0o100_644), ("in.cpio", 0o100_644), ("run.txt", 0o100_755), ("link", 0o120_777)];
        assert_eq!(named, all, "{form:?}");
        assert_eq!(members[1].2, TEXT);
        assert_eq!(list(&members[2].2)[0].2, TEXT);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.cpio"), &clean.bytes).unwrap();
        if let Ok(ran) = Command::new("7z").args(["t", "x.cpio"]).current_dir(dir.path()).output() {
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        }
    }
}

#[test]
fn nothing_to_remove() {
    for form in FORMS {
        scrub("x.cpio", &archive(form, &[member(form, "a.txt", TEXT, clean_fields())])).unwrap().unchanged();
    }
}

#[test]
fn truncated() {
    for form in FORMS {
        truncate_everywhere("x.cpio", &everything(form), 7);
        assert_eq!(refusal("x.cpio", &everything(form)[..400]).code(), Code::Malformed);
    }
}

#[test]
fn hidden_at_the_end() {
    for form in FORMS {
        let second = archive(form, &[member(form, "b.txt", b"CANARY", clean_fields())]);
        let bytes = [archive(form, &[member(form, "a.txt", TEXT, clean_fields())]), second].concat();
        scrub("x.cpio", &bytes).unwrap().had_secrets().tells_nothing().found("data after the archive");
    }
    let mut slack = archive(Form::Newc, &[member(Form::Newc, "a.txt", b"KEEPME123", clean_fields())]);
    let at = slack.windows(9).position(|w| w == b"KEEPME123").unwrap() + 9;
    slack[at] = b'!';
    scrub("x.cpio", &slack).unwrap().changed().found("bytes behind a member");
}

#[test]
fn out_of_order() {
    // A member behind the end is none.
    let form = Form::Odc;
    let bytes = [archive(form, &[]), member(form, "a.txt", b"CANARY", clean_fields())].concat();
    let clean = scrub("x.cpio", &bytes).unwrap();
    clean.tells_nothing();
    assert!(list(&clean.bytes).is_empty());
}

#[test]
fn names_of_one_file_stay_so() {
    for form in FORMS {
        let linked = Fields { links: 2, ..dirty_fields() };
        let bytes = archive(form, &[member(form, "a.txt", TEXT, linked), member(form, "b.txt", TEXT, linked)]);
        let out = scrub("x.cpio", &bytes).unwrap().bytes;
        let source = Memory::shared(out);
        let first = cpio::member(&source, 0).unwrap();
        let second = cpio::member(&source, first.padding.end).unwrap();
        assert_eq!((first.fields.file, first.fields.links), ([0, 0, 1], 2));
        assert_eq!(first.fields.file, second.fields.file);
    }
}

#[test]
fn hostile_members_are_refused() {
    for form in FORMS {
        let one = |name: &str, data: &[u8], mode| archive(form, &[member(form, name, data, Fields { mode, ..clean_fields() })]);
        assert_eq!(refusal("x.cpio", &one("../a.txt", TEXT, 0o100_644)).code(), Code::Malformed);
        assert_eq!(refusal("x.cpio", &one("l", b"../../etc", 0o120_777)).code(), Code::Malformed);
        assert_eq!(refusal("x.cpio", &one("dev", b"", 0o060_644)).code(), Code::Unsupported);
        assert_eq!(refusal("x.cpio", &one("d", TEXT, 0o040_755)).code(), Code::Malformed);
        let unknown = one("a.xyz", b"\x01\x02", 0o100_644);
        assert_eq!(refusal("x.cpio", &unknown).code(), Code::UnknownMember);
        let keep = Policy { unknown_members: UnknownMembers::Keep, ..Policy::default() };
        scrub_under(&keep, "x.cpio", &unknown).unwrap().unchanged();
    }
}

#[test]
fn every_bent_byte_is_refused_or_cleaned() {
    for form in FORMS {
        let bytes = everything(form);
        for i in (0..bytes.len()).step_by(5) {
            let mut bent = bytes.clone();
            bent[i] ^= 1;
            if let Err(why) = scrub("x.cpio", &bent) {
                assert!(!matches!(why.code(), Code::Internal | Code::Damaged), "bent at {i}: {why}");
            }
        }
    }
}

#[test]
fn owners_times_and_modes_stay_where_they_are_wanted() {
    let fields = Fields { file: [0; 3], ..dirty_fields() };
    let bytes = archive(Form::Odc, &[member(Form::Odc, "a.txt", TEXT, fields)]);
    let policy = Policy::default().with(Token::EntryTimes, true).with(Token::EntryMode, true).with(Token::EntryOwner, true);
    scrub_under(&policy, "x.cpio", &bytes).unwrap().unchanged();
}
