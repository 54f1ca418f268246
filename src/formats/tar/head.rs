//! The headers of a member as we write them: one form, with no owner, no time and no more of the mode than whether it can be
//! run, and a pax header only for what does not fit.

use crate::clean::Job;
use crate::grammar::tar::{self as grammar, BLOCK, Header, Member, number, until_nul};
use crate::policy::Token;

/// The headers of a member as we write them.
pub(super) fn head(job: &Job, member: &Member, name: &[u8], link: &[u8], folder: bool, size: u64) -> Vec<u8> {
    const LARGEST: u64 = 0o77_777_777_777;
    let mut records = Vec::new();
    let split = split(name);
    if split.is_none() {
        records.extend(grammar::record("path", name));
    }
    if link.len() > 100 {
        records.extend(grammar::record("linkpath", link));
    }
    if size > LARGEST {
        records.extend(grammar::record("size", size.to_string().as_bytes()));
    }
    let (prefix, base) = split.unwrap_or((&[], &name[..name.len().min(100)]));
    let mut out = Vec::new();
    if !records.is_empty() {
        // The name of the header itself is nobody's business: GNU tar puts its process number there.
        let own = [b"PaxHeaders/", &name[name.len() - name.len().min(80)..]].concat();
        out.extend(block(&own, &[], &[], b'x', 0o644, records.len() as u64, &Owner::default()));
        out.extend(&records);
        out.resize(out.len().next_multiple_of(BLOCK as usize), 0);
    }
    let kind = match member.kind() {
        _ if folder => b'5',
        0 | b'7' => b'0',
        other => other,
    };
    let said = number(&member.header[100..108]).unwrap_or(0);
    let mode = match kind {
        _ if job.keeps(Token::EntryMode) => said & 0o7777,
        b'2' => 0o777,
        b'5' => 0o755,
        _ if said & 0o111 != 0 => 0o755,
        _ => 0o644,
    };
    let owner = Owner::of(job, member);
    let link = &link[..link.len().min(100)];
    out.extend(block(base, prefix, link, kind, mode, size.min(LARGEST), &owner));
    out
}

/// The name in two parts, for the prefix and the name of a ustar header; `None` where it does not fit.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((&[], name));
    }
    let cuts = (0..name.len().min(156)).rev().filter(|i| name[*i] == b'/');
    let mut fitting = cuts.map(|i| (&name[..i], &name[i + 1..]));
    fitting.find(|(prefix, base)| !prefix.is_empty() && prefix.len() <= 155 && (1..=100).contains(&base.len()))
}

/// What of a member's owner and time is kept by the policy: nothing, unless somebody asked for it.
#[derive(Default)]
struct Owner {
    ids: [u64; 2],
    names: [Vec<u8>; 2],
    time: u64,
}

impl Owner {
    fn of(job: &Job, member: &Member) -> Owner {
        let mut owner = Owner::default();
        let h = &member.header;
        if job.keeps(Token::EntryOwner) {
            owner.ids = [number(&h[108..116]).unwrap_or(0) & 0o7_777_777, number(&h[116..124]).unwrap_or(0) & 0o7_777_777];
            owner.names = [until_nul(&h[265..297]).to_vec(), until_nul(&h[297..329]).to_vec()];
        }
        if job.keeps(Token::EntryTimes) {
            owner.time = number(&h[136..148]).unwrap_or(0) & 0o77_777_777_777;
        }
        owner
    }
}

/// A ustar header. [POSIX.1-2017 pax, ustar Interchange Format]
fn block(name: &[u8], prefix: &[u8], link: &[u8], kind: u8, mode: u64, size: u64, owner: &Owner) -> Header {
    let mut h: Header = [0; BLOCK as usize];
    let mut put = |at: usize, bytes: &[u8]| h[at..at + bytes.len()].copy_from_slice(bytes);
    let octal = |n: u64, width: usize| format!("{n:0width$o}\0").into_bytes();
    put(0, name);
    put(100, &octal(mode, 7));
    put(108, &octal(owner.ids[0], 7));
    put(116, &octal(owner.ids[1], 7));
    put(124, &octal(size, 11));
    put(136, &octal(owner.time, 11));
    put(156, &[kind]);
    put(157, link);
    put(257, b"ustar\x0000");
    put(265, &owner.names[0]);
    put(297, &owner.names[1]);
    put(329, &octal(0, 7));
    put(337, &octal(0, 7));
    put(345, prefix);
    let sum = grammar::checksum(&h);
    h[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    h
}
