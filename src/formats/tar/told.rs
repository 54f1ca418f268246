//! What the headers of a tar archive told.

use std::collections::BTreeMap;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::tar::{Member, is_zero, number, until_nul};
use crate::policy::Token;

/// What the headers of all members told, said once for the archive.
#[derive(Default)]
pub(super) struct Told {
    times: Option<(u64, u64)>,
    owners: Option<String>,
    modes: bool,
    pub(super) packer: bool,
    pub(super) slack: u64,
    records: BTreeMap<&'static str, (Tells, u64, Option<String>)>,
}

impl Told {
    pub(super) fn compare(&mut self, job: &Job, member: &Member, new: &[u8], name: &[u8]) {
        let old = &member.header;
        let mut said = false;
        let time = number(&old[136..148]);
        if time != Some(0) && old[136..148] != new[136..148] {
            let time = time.unwrap_or(0);
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
            said = true;
        }
        let ids = [number(&old[108..116]), number(&old[116..124])];
        let names = [&old[265..297], &old[297..329]].map(until_nul);
        if (ids != [Some(0); 2] || names != [b""; 2]) && !job.keeps(Token::EntryOwner) {
            let text = |i: usize| String::from_utf8_lossy(names[i]).into_owned();
            let who =
                if names == [b""; 2] { format!("user {}, group {}", ids[0].unwrap_or(0), ids[1].unwrap_or(0)) } else { text(0) };
            self.owners.get_or_insert(who);
            said = true;
        }
        let mode = number(&old[100..108]) != number(&new[100..108]);
        (self.modes, said) = (self.modes | mode, said | mode);
        let rest = |h: &[u8]| [&h[257..265], &h[329..345], &[h[156]]].concat();
        let form = rest(old) != rest(new) || member.is_gnu_long || !member.pax.is_empty();
        (self.packer, said) = (self.packer | form, said | form);
        for field in [&old[..100], &old[157..257], &old[265..297], &old[297..329]] {
            let text = until_nul(field).len();
            self.slack += field[text..].iter().filter(|b| **b != 0).count() as u64;
        }
        self.slack += old[500..].iter().filter(|b| **b != 0).count() as u64 + u64::from(member.slack);
        if &old[257..263] != b"ustar\0" && !is_zero(&old[345..500]) {
            self.record("times of access and change", Tells::When, 0, None);
        }
        for (key, value) in &member.pax {
            if let Some((label, tells)) = keyword(key) {
                let text = String::from_utf8_lossy(value).into_owned();
                self.record(label, tells, value.len() as u64, matches!(label, "comments").then_some(text));
            }
        }
        // Whatever else differs (how numbers are written, an old checksum) is a habit of the packer.
        self.packer |= !said && member.path == name;
    }

    fn record(&mut self, label: &'static str, tells: Tells, bytes: u64, value: Option<String>) {
        let told = self.records.entry(label).or_insert((tells, 0, value));
        told.1 += bytes;
    }

    pub(super) fn findings(self) -> Vec<Finding> {
        let mut out = Vec::new();
        if let Some((first, last)) = self.times {
            let span = if first == last { date(first) } else { format!("{} to {}", date(first), date(last)) };
            out.push(Finding::rewritten("TAR", "times of members", Tells::When).value(span));
        }
        if let Some(who) = self.owners {
            out.push(Finding::rewritten("TAR", "owners of members", Tells::Who).value(who));
        }
        if self.modes {
            out.push(Finding::rewritten("TAR", "permissions of members", Tells::Software));
        }
        if self.packer {
            out.push(Finding::rewritten("TAR", "form of the headers", Tells::Software));
        }
        if self.slack > 0 {
            out.push(Finding::removed("TAR", "bytes behind names and members", Tells::Hidden).bytes(self.slack));
        }
        out.extend(self.records.into_iter().map(|(label, (tells, bytes, value))| {
            let found = Finding::removed("TAR", label, tells).bytes(bytes);
            if let Some(value) = value { found.value(value) } else { found }
        }));
        out
    }
}

/// What a pax record tells; `None` for what is written anew.
fn keyword(key: &str) -> Option<(&'static str, Tells)> {
    Some(match key {
        "path" | "linkpath" | "size" | "hdrcharset" => return None,
        "mtime" | "atime" | "ctime" | "LIBARCHIVE.creationtime" => ("times in pax headers", Tells::When),
        "uid" | "gid" | "uname" | "gname" => ("owners in pax headers", Tells::Who),
        "comment" => ("comments", Tells::Text),
        _ if key.contains("xattr") => ("extended attributes", Tells::History),
        _ if key.contains("acl") || key.starts_with("RHT.security") => ("access lists", Tells::Who),
        _ => ("other pax records", Tells::Unknown),
    })
}

/// Seconds since 1970 as people write a day. [Hinnant, days to civil]
pub(in crate::formats) fn date(seconds: u64) -> String {
    let days = (seconds / 86_400).min(3_000_000) as i64 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of + year_of / 4 - year_of / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
