//! TAR: v7, ustar, GNU and pax. Members are cleaned where they lie by the rows that they belong to; in front of each comes
//! one header of one form, with no owner, no time and no more of the mode than whether it can be run, and a pax header only
//! for what does not fit. A file that was packed without its holes comes out of programs as it went in, but what is in its
//! map cannot be cleaned, so sparse members are refused.

use std::collections::{BTreeMap, HashMap};

use super::archive::{self, Leads, Names, Unknowns};
use super::exports::Survey;
use crate::clean::{Job, Member as Cleaned};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::tar::{self as grammar, BLOCK, Header, Item, Member, RECORD, Walk, is_zero, number, until_nul};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Reader, Shared, Source, Span, Window};

/// The row.
pub static FORMAT: Format = Format {
    name: "TAR",
    extensions: &["tar"],
    container: true,
    keeps: "the members, cleaned by their own rules; names, order, links, whether a file can be run",
    removes: "owners, times, permissions, extended attributes, comments, labels, left-behind entries, slack",
    sniff,
    plan,
    witness,
};

/// The magic of ustar and of GNU; older archives have but a checksum that fits.
fn sniff(head: &Head) -> Option<Match> {
    if !grammar::is_header(head.bytes) {
        return None;
    }
    Some(if head.has(257, b"ustar") { Match::Exact } else { Match::Family })
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut tar = Tar {
        job,
        source,
        draft: Draft::new(source),
        names: Names::new(job, "TAR"),
        unknowns: Unknowns::default(),
        survey: Survey::default(),
        told: Told::default(),
        kept: HashMap::new(),
        written: 0,
    };
    let mut walk = Walk::new(source);
    let mut count = 0;
    loop {
        count += 1;
        job.limits().check_structures(count)?;
        match walk.step()? {
            Item::End(at) => {
                tar.end(at);
                break;
            }
            Item::Global(span, records) => tar.global(span, &records)?,
            Item::Member(member) => {
                let shown = String::from_utf8_lossy(&member.path).into_owned();
                tar.member(&member, &shown)?;
            }
        }
    }
    tar.unknowns.refuse()?;
    tar.names.tell(&mut tar.draft);
    tar.survey.tell(job, "TAR", &mut tar.draft);
    tar.told.findings().into_iter().for_each(|f| tar.draft.note(f));
    tar.draft.seal()
}

struct Tar<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    names: Names,
    unknowns: Unknowns,
    survey: Survey,
    told: Told,
    /// The names that hard links may mean, as they were and as they are.
    kept: HashMap<Vec<u8>, Vec<u8>>,
    /// How long the result is so far.
    written: u64,
}

impl Tar<'_> {
    /// A global header speaks of all that follow: nothing in it is needed. Those of git name the commit.
    fn global(&mut self, span: Span, records: &[(String, Vec<u8>)]) -> Result<()> {
        if let Some((key, _)) =
            records.iter().find(|(k, _)| matches!(&k[..], "path" | "linkpath" | "size") || k.contains("sparse"))
        {
            return Err(Refusal::unsupported(format!("a global header that gives every member the same {key}")).at(span.start));
        }
        let value = records.iter().map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v))).collect::<Vec<_>>().join(", ");
        let found = Finding::removed("TAR", "global header", Tells::History).value(value);
        self.draft.remove(span, "global header", found);
        Ok(())
    }

    fn member(&mut self, member: &Member, shown: &str) -> Result<()> {
        let all = Span::new(member.head.start, member.padding.end);
        let at = member.head.start;
        if member.is_sparse() {
            let why = Refusal::unsupported("a sparse member").at(at).within(shown);
            return Err(why.hint("unpack it and pack it again without its holes (tar without --sparse)"));
        }
        if let Some(found) = archive::left_behind(self.job, "TAR", shown) {
            self.draft.remove(all, "member", found);
            return Ok(());
        }
        self.survey.see(shown);
        let folder = member.kind() == b'5' || (matches!(member.kind(), b'0' | 0) && member.path.ends_with(b"/"));
        let link = match member.kind() {
            b'0' | 0 | b'7' | b'5' => Vec::new(),
            b'1' => self
                .kept
                .get(&member.link)
                .cloned()
                .ok_or_else(|| Refusal::unsupported("a hard link to a member that is not there").at(at).within(shown))?,
            b'2' => match archive::leads(&member.path, &member.link) {
                Leads::Inside => member.link.clone(),
                Leads::Outside => return Err(Refusal::malformed("a link leads out of the archive", at).within(shown)),
                Leads::Absolute => {
                    let target = String::from_utf8_lossy(&member.link).into_owned();
                    let found = Finding::removed("TAR", "a link to a place outside of the archive", Tells::History);
                    self.draft.remove(all, "link", found.value(target).within(shown));
                    return Ok(());
                }
            },
            b'V' => {
                self.draft.remove(all, "label", Finding::removed("TAR", "volume label", Tells::Text).value(shown));
                return Ok(());
            }
            b'N' | b'A' => {
                let found = Finding::removed("TAR", "access lists and old names", Tells::Who);
                self.draft.remove(all, "old extension", found);
                return Ok(());
            }
            b'M' => return Err(Refusal::new(Code::MultiVolume, "this is one part of a split archive").at(at)),
            b'3' | b'4' | b'6' => return Err(Refusal::unsupported("a device or a pipe in an archive").at(at).within(shown)),
            _ => return Err(Refusal::unsupported("a member of a kind that is not known").at(at).within(shown)),
        };
        // Only ustar knows folders by their slash; without it they would be files to the others.
        let name = self.names.admit(&member.path, folder, false)?.unwrap_or_else(|| member.path.clone());
        let has_data = !folder && matches!(member.kind(), b'0' | 0 | b'7') && !member.data.is_empty();
        let size = match has_data {
            true => match self.data(member, shown)? {
                Some(size) => size,
                None => {
                    self.draft.remove(
                        all,
                        "member",
                        Finding::removed("TAR", "a member of unknown type", Tells::Unknown).within(shown),
                    );
                    return Ok(());
                }
            },
            false if member.data.is_empty() => 0,
            false => return Err(Refusal::malformed("a folder with content of its own", at).within(shown)),
        };
        self.kept.insert(member.path.clone(), name.clone());
        self.write(member, &name, &link, folder, size)
    }

    /// Cleans the data of a member and says how long it is; `None` where the member is to be left out.
    fn data(&mut self, member: &Member, shown: &str) -> Result<Option<u64>> {
        let bytes = Window::shared(self.source, member.data);
        let cleaned = match self.job.member(shown, &bytes)? {
            Cleaned::Same(cleaned) | Cleaned::Changed(cleaned) => cleaned,
            Cleaned::Unknown(why) => match self.job.unknown_member(shown, &why) {
                Ok(false) => return Ok(None),
                kept => {
                    if let Err(refusal) = kept {
                        self.unknowns.note(shown, refusal)?;
                    }
                    let found = Finding::kept("TAR", "a member of unknown type", Tells::Unknown, "--unknown-members keep");
                    self.draft.note(found.within(shown));
                    self.draft.essence(member.data, "member");
                    return Ok(Some(member.data.len()));
                }
            },
        };
        self.draft.adopt(shown, &cleaned);
        let changed = (!cleaned.is_identity()).then(|| cleaned.bytes());
        let size = changed.as_ref().map_or(member.data.len(), |b| b.len());
        self.draft.member(member.data, "member", changed);
        Ok(Some(size))
    }

    /// Writes down the fates of a member's headers and of what fills it up.
    fn write(&mut self, member: &Member, name: &[u8], link: &[u8], folder: bool, size: u64) -> Result<()> {
        let new = head(self.job, member, name, link, folder, size);
        let old = self.source.bytes(member.head, 4 << 20)?;
        if old == new {
            self.claim(member);
        } else {
            self.told.compare(self.job, member, &new[new.len() - BLOCK as usize..], name);
            self.draft.replace(member.head, "header", Fate::put(new.clone()), Vec::new());
        }
        let fill = (size.next_multiple_of(BLOCK) - size) as usize;
        let there = self.source.bytes(member.padding, BLOCK)?;
        if !is_zero(&there) {
            self.told.slack += there.len() as u64;
        }
        if there.len() == fill && is_zero(&there) {
            self.draft.frame(member.padding, "padding");
        } else {
            self.draft.reframe(member.padding, "padding", Fate::put(vec![0; fill]));
            // A last block that is not filled up is a packer's habit.
            self.told.packer |= there.len() as u64 != member.data.len().next_multiple_of(BLOCK) - member.data.len();
        }
        self.written += new.len() as u64 + size + fill as u64;
        Ok(())
    }

    /// A head that stays: what a person gave, the names, is content.
    fn claim(&mut self, member: &Member) {
        let own = member.head.end - BLOCK;
        let field = |from: u64, to: u64| Span::new(own + from, own + to);
        let (extension, records) = (Span::new(member.head.start, own), Span::new((member.head.start + BLOCK).min(own), own));
        self.draft.frame(Span::new(extension.start, records.start), "pax header");
        self.draft.essence(records, "pax header");
        self.draft.essence(field(0, 100), "name");
        self.draft.frame(field(100, 157), "header");
        self.draft.essence(field(157, 257), "link");
        self.draft.frame(field(257, 345), "header");
        self.draft.essence(field(345, 500), "prefix");
        self.draft.frame(field(500, 512), "header");
    }

    /// Two blocks of zeros, filled up to a whole record; whatever stands behind them goes.
    fn end(&mut self, at: u64) {
        let len = self.source.len();
        let wanted = (self.written + 2 * BLOCK).next_multiple_of(RECORD) - self.written;
        let rest = Span::new(at, len);
        let mut zeros = at;
        let mut zero = true;
        let read = crate::source::each_block(&**self.source, rest, |block| {
            let n = block.iter().take_while(|b| **b == 0).count();
            zeros += if zero { n as u64 } else { 0 };
            zero &= n == block.len();
        });
        if read.is_err() {
            zeros = at;
        }
        if zeros < len {
            let found = Finding::removed("TAR", "data after the archive", Tells::Hidden);
            self.draft.remove(Span::new(zeros, len), "data after the archive", found);
        }
        let there = Span::new(at, zeros);
        if there.is_empty() {
            self.draft.warn("the archive has no end: it may be cut off");
        }
        if there.len() == wanted {
            self.draft.frame(there, "end");
        } else {
            self.draft.reframe(there, "end", Fate::put(vec![0; wanted as usize]));
            // Where members have gone or shrunk the end moves by itself, and they tell of it.
            self.told.packer |= self.written == at;
        }
    }
}

/// The headers of a member as we write them.
fn head(job: &Job, member: &Member, name: &[u8], link: &[u8], folder: bool, size: u64) -> Vec<u8> {
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

/// What the headers of all members told, said once for the archive.
#[derive(Default)]
struct Told {
    times: Option<(u64, u64)>,
    owners: Option<String>,
    modes: bool,
    packer: bool,
    slack: u64,
    records: BTreeMap<&'static str, (Tells, u64, Option<String>)>,
}

impl Told {
    fn compare(&mut self, job: &Job, member: &Member, new: &[u8], name: &[u8]) {
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

    fn findings(self) -> Vec<Finding> {
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
pub(super) fn date(seconds: u64) -> String {
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

/// The `tar` crate: it finds every member, without owner, time and extensions that tell.
///
/// # Errors
/// As [`Format::witness`].
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let damaged = |e: std::io::Error| Refusal::new(Code::Damaged, format!("the tar crate cannot read the result: {e}"));
    let mut archive = tar::Archive::new(Reader::new(after, after.span()));
    for entry in archive.entries_with_seek().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let leftover = |what: &str| Refusal::new(Code::Leftover, format!("{what} is still there")).within(&name);
        let header = entry.header();
        if header.mtime().map_err(damaged)? != 0 && !job.keeps(Token::EntryTimes) {
            return Err(leftover("the time of a member"));
        }
        let owned = header.uid().map_err(damaged)? != 0 || header.username_bytes().is_some_and(|n| !n.is_empty());
        if owned && !job.keeps(Token::EntryOwner) {
            return Err(leftover("the owner of a member"));
        }
        if let Some(records) = entry.pax_extensions().map_err(damaged)? {
            for record in records {
                let record = record.map_err(damaged)?;
                if !matches!(record.key_bytes(), b"path" | b"linkpath" | b"size") {
                    return Err(leftover("a pax record"));
                }
            }
        }
    }
    Ok(vec!["tar"])
}
