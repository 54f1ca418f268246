//! CPIO, in its two portable forms. Members are cleaned where they lie by the rows that they belong to; their headers keep the
//! name, the type and whether a file can be run. Names of one file stay names of one file.

use std::collections::HashMap;

use super::archive::{self, Inside, Names, Unknowns};
use super::exports::Survey;
use super::tar::date;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::cpio::{self as grammar, Fields, Form, Member, RECORD, TRAILER};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span, Window};

/// The row.
pub static FORMAT: Format = Format {
    name: "CPIO",
    extensions: &["cpio"],
    container: true,
    keeps: "the members, cleaned by their own rules; names, order, links, whether a file can be run",
    removes: "owners, times, permissions, device and file numbers, left-behind entries, bytes after the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    grammar::form(head.bytes).map(|_| Match::Exact)
}

/// File types in a mode.
const S_IFMT: u64 = 0o170_000;
const S_IFREG: u64 = 0o100_000;
const S_IFDIR: u64 = 0o040_000;
const S_IFLNK: u64 = 0o120_000;

struct Cpio<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    names: Names,
    unknowns: Unknowns,
    survey: Survey,
    /// New numbers of files that have several names.
    files: HashMap<[u64; 3], u64>,
    times: Option<(u64, u64)>,
    owner: Option<[u64; 2]>,
    other: bool,
    written: u64,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut cpio = Cpio {
        job,
        source,
        draft: Draft::new(source),
        names: Names::new(job, "CPIO"),
        unknowns: Unknowns::default(),
        survey: Survey::default(),
        files: HashMap::new(),
        times: None,
        owner: None,
        other: false,
        written: 0,
    };
    let (mut at, mut count) = (0, 0);
    loop {
        count += 1;
        job.limits().check_structures(count)?;
        let member = grammar::member(source, at)?;
        at = member.padding.end;
        if member.name == TRAILER {
            cpio.end(&member)?;
            break;
        }
        cpio.member(&member)?;
    }
    cpio.unknowns.refuse()?;
    let mut draft = cpio.draft;
    cpio.names.tell(&mut draft);
    cpio.survey.tell(job, "CPIO", &mut draft);
    if let Some((first, last)) = cpio.times {
        let (first, last) = (date(first), date(last));
        let span = if first == last { first } else { format!("{first} to {last}") };
        draft.note(Finding::rewritten("CPIO", "times of members", Tells::When).value(span));
    }
    if let Some([user, group]) = cpio.owner {
        let who = format!("user {user}, group {group}");
        draft.note(Finding::rewritten("CPIO", "owners of members", Tells::Who).value(who));
    }
    if cpio.other {
        draft.note(Finding::rewritten("CPIO", "permissions and numbers of files", Tells::Software));
    }
    draft.otherwise(Finding::rewritten("CPIO", "form of the headers", Tells::Software));
    draft.seal()
}

impl Cpio<'_> {
    fn member(&mut self, member: &Member) -> Result<()> {
        let shown = String::from_utf8_lossy(&member.name).into_owned();
        let all = Span::new(member.head.start, member.padding.end);
        if let Some(found) = archive::left_behind(self.job, "CPIO", &shown) {
            self.draft.remove(all, "member", found);
            return Ok(());
        }
        let kind = member.fields.mode & S_IFMT;
        if !matches!(kind, S_IFREG | S_IFDIR | S_IFLNK) {
            let what = "a device, a pipe or a socket in an archive";
            return Err(Refusal::unsupported(what).at(all.start).within(&shown));
        }
        // The folder that was packed is a member too.
        let is_top = kind == S_IFDIR && matches!(&member.name[..], b"." | b"./");
        self.survey.see(&shown);
        let bytes = Window::shared(self.source, member.data);
        let inside = match kind {
            S_IFDIR if !bytes.is_empty() => {
                return Err(Refusal::malformed("a folder with content of its own", all.start).within(&shown));
            }
            S_IFLNK => {
                let target = bytes.bytes(bytes.span(), 4096)?;
                archive::link("CPIO", &shown, &member.name, &target)?.map_or(Inside::Same, Inside::Gone)
            }
            _ if bytes.is_empty() => Inside::Same,
            _ => archive::inside(self.job, &mut self.draft, &mut self.unknowns, "CPIO", &shown, self.job.member(&shown, &bytes))?,
        };
        let changed = match inside {
            Inside::Gone(_) if member.fields.links > 1 && kind == S_IFREG => {
                let what = "a member of unknown type that has further names";
                return Err(Refusal::unsupported(what).at(all.start).within(&shown));
            }
            Inside::Gone(found) => {
                self.draft.remove(all, "member", found);
                return Ok(());
            }
            Inside::Same | Inside::Unknown => None,
            Inside::Changed(bytes) => Some(bytes),
        };
        let admitted = if is_top { None } else { self.names.admit(&member.name, kind == S_IFDIR, false)? };
        let name = admitted.unwrap_or_else(|| member.name.clone());
        let size = changed.as_ref().map_or(member.data.len(), |b| b.len());
        if size > u32::MAX.into() && member.form == Form::Newc {
            return Err(Refusal::limit("a member is larger than this form of archive can say").within(&shown));
        }
        self.write(member, &name, size);
        self.draft.member(member.data, "member", changed);
        self.fill(member, size)
    }

    /// Writes down the fate of a member's header.
    fn write(&mut self, member: &Member, name: &[u8], size: u64) {
        let old = member.fields;
        let several = old.links > 1 && old.mode & S_IFMT == S_IFREG;
        let next = self.files.len() as u64 + 1;
        let file = if several { *self.files.entry(old.file).or_insert(next) } else { 0 };
        let permissions = match old.mode & S_IFMT {
            _ if self.job.keeps(Token::EntryMode) => old.mode & 0o7777,
            S_IFLNK => 0o777,
            S_IFDIR => 0o755,
            _ if old.mode & 0o111 != 0 => 0o755,
            _ => 0o644,
        };
        let new = Fields {
            file: [0, 0, file],
            mode: old.mode & S_IFMT | permissions,
            owner: if self.job.keeps(Token::EntryOwner) { old.owner } else { [0; 2] },
            links: if several { old.links } else { 1 },
            time: if self.job.keeps(Token::EntryTimes) { old.time } else { 0 },
            device: [0; 2],
        };
        if old.time != new.time {
            let (first, last) = self.times.unwrap_or((old.time, old.time));
            self.times = Some((first.min(old.time), last.max(old.time)));
        }
        if old.owner != new.owner {
            self.owner.get_or_insert(old.owner);
        }
        self.other |= (old.file, old.mode, old.links, old.device) != (new.file, new.mode, new.links, new.device);
        let header = grammar::header(member.form, &new, name, size);
        self.written += header.len() as u64;
        self.draft.reframe(member.head, "header", Fate::put(header));
    }

    fn fill(&mut self, member: &Member, size: u64) -> Result<()> {
        let there = self.source.bytes(member.padding, 4)?;
        if there.iter().any(|b| *b != 0) {
            self.draft.note(Finding::removed("CPIO", "bytes behind a member", Tells::Hidden).bytes(there.len() as u64));
        }
        let fill = grammar::fill(member.form, size);
        self.draft.reframe(member.padding, "padding", Fate::put(vec![0; fill as usize]));
        self.written += size + fill;
        Ok(())
    }

    /// The last header, zeros up to a whole record; whatever stands behind them goes.
    fn end(&mut self, member: &Member) -> Result<()> {
        if !member.data.is_empty() {
            return Err(Refusal::malformed("the end of the archive has data", member.data.start));
        }
        let header = grammar::header(member.form, &Fields { links: 1, ..Fields::default() }, TRAILER, 0);
        self.written += header.len() as u64;
        self.draft.reframe(member.head, "trailer", Fate::put(header));
        let rest = Span::new(member.padding.end, self.source.len());
        let (mut zeros, mut zero) = (rest.start, true);
        source::each_block(&**self.source, rest, |block| {
            let n = block.iter().take_while(|b| **b == 0).count();
            zeros += if zero { n as u64 } else { 0 };
            zero &= n == block.len();
        })?;
        if zeros < rest.end {
            let found = Finding::removed("CPIO", "data after the archive", Tells::Hidden);
            self.draft.remove(Span::new(zeros, rest.end), "data after the archive", found);
        }
        let wanted = self.written.next_multiple_of(RECORD) - self.written;
        self.draft.reframe(Span::new(rest.start, zeros), "end", Fate::put(vec![0; wanted as usize]));
        Ok(())
    }
}

/// There is no second reader; that there are members which can be walked was seen again already.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    match after.is_empty() {
        true => Err(Refusal::new(Code::Damaged, "nothing is left")),
        false => Ok(Vec::new()),
    }
}
