//! A ZIP written anew around its members, for every format that is a ZIP. The format decides what becomes of each member;
//! everything else is the same for all: members unpacked and held against their checksums, headers and directory in one
//! constant form, and all bytes gone that belong to no member.
//!
//! ```text
//! let archive = Archive::open(source, job.limits().members)?;
//! let mut draft = rewrite(job, source, &archive, &mut |part| match part.name() {
//!     "docProps/core.xml" => Ok(Verdict::gone(vec![Finding::removed("docProps/core.xml", "author", Tells::Who)])),
//!     "word/document.xml" => Ok(Verdict::bytes(cleaned(part.bytes()?)?, findings)),
//!     name if name.starts_with("word/media/") => part.clean(job),
//!     _ => Ok(Verdict::same()),
//! })?;
//! draft.seal()
//! ```

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::mpsc;
use std::thread;

use super::headers::{self, Facts, Kind, Told};
use super::unpack::{self, Unpacked, unpack};
use crate::clean::{Cleaned, Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::zip::{Archive, DEFLATED, DESCRIPTOR, END, END64, Entry, LOCAL, LOCATOR, STORED, walk_unlisted};
use crate::plan::{Draft, Fate, Number};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, BLOCK, Shared, Span, Spool, Window};

/// A member on its way through [`rewrite`].
pub struct Part<'a> {
    /// What the directory says of it.
    pub entry: &'a Entry,
    /// Which one it is, in the order of the directory.
    pub index: usize,
    /// What it is by its attributes.
    pub kind: Kind,
    job: &'a Job<'a>,
    source: &'a Shared,
    name: Cow<'a, str>,
    unpacked: OnceCell<Unpacked>,
    /// What became of it, where that was found out ahead.
    ahead: Cell<Option<Result<Member>>>,
}

impl Part<'_> {
    /// Its name, for rules and reports; bytes that are no UTF-8 show as replacement characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes, unpacked and held against their checksum, once.
    ///
    /// # Errors
    /// `Malformed`, `Limit`, `Unsupported`, with the name.
    pub fn bytes(&self) -> Result<Shared> {
        self.unpacked().map(|u| u.bytes.clone())
    }

    /// Its bytes cleaned by the row of the table that they belong to; of an unknown type, the policy decides.
    ///
    /// # Errors
    /// Those of the member, and `UnknownMember` where the policy is to refuse those.
    pub fn clean(&self, job: &Job) -> Result<Verdict> {
        match self.member(job)? {
            Member::Same(cleaned) | Member::Changed(cleaned) => Ok(Verdict::member(cleaned)),
            Member::Unknown(why) => match job.unknown_member(self.name(), &why)? {
                true => Ok(Verdict::unknown(self.name())),
                false => Ok(Verdict::omitted(self.name())),
            },
        }
    }

    fn member(&self, job: &Job) -> Result<Member> {
        if let Some(ready) = self.ahead.take() {
            return ready;
        }
        let unpacked = self.unpacked()?;
        job.member_near(job.policy(), self.name(), &unpacked.near, &unpacked.bytes)
    }

    fn unpacked(&self) -> Result<&Unpacked> {
        if let Some(unpacked) = self.unpacked.get() {
            return Ok(unpacked);
        }
        let unpacked = unpack(self.job, self.source, self.entry).map_err(|r| headers::within(self.entry, r))?;
        Ok(self.unpacked.get_or_init(|| unpacked))
    }
}

/// What becomes of a member.
pub struct Verdict {
    becomes: Becomes,
    content: bool,
    name: Option<Vec<u8>>,
    findings: Vec<Finding>,
}

enum Becomes {
    Same,
    Gone,
    Bytes(Shared),
    Member(Box<Cleaned>),
}

impl Verdict {
    fn new(becomes: Becomes, findings: Vec<Finding>) -> Verdict {
        Verdict { becomes, content: true, name: None, findings }
    }

    /// It stays as it is, and a person sees what is in it.
    pub fn same() -> Verdict {
        Verdict::new(Becomes::Same, Vec::new())
    }

    /// It goes; there must be a finding that says so.
    pub fn gone(findings: Vec<Finding>) -> Verdict {
        Verdict::new(Becomes::Gone, findings)
    }

    /// These bytes take its place, packed as it was; where they differ there must be a finding that says so.
    pub fn bytes(bytes: Shared, findings: Vec<Finding>) -> Verdict {
        Verdict::new(Becomes::Bytes(bytes), findings)
    }

    /// What [`Job::member`] made of it, with all that it found.
    pub fn member(cleaned: Cleaned) -> Verdict {
        Verdict::new(Becomes::Member(Box::new(cleaned)), Vec::new())
    }

    /// It is of an unknown type, and stays because the policy says so.
    pub fn unknown(name: &str) -> Verdict {
        let found = Finding::kept("ZIP", "a member of unknown type", Tells::Unknown, "--unknown-members keep").within(name);
        Verdict::same().and(found)
    }

    /// It is of an unknown type, and goes because the policy says so.
    pub fn omitted(name: &str) -> Verdict {
        Verdict::gone(vec![Finding::removed("ZIP", "a member of unknown type", Tells::Unknown).within(name)])
    }

    /// The same, for a member that nobody sees: what is removed elsewhere must not be heard in it.
    #[must_use]
    pub fn unseen(mut self) -> Verdict {
        self.content = false;
        self
    }

    /// The same under another name; there must be a finding that tells why.
    #[must_use]
    pub fn named(mut self, name: Vec<u8>) -> Verdict {
        self.name = Some(name);
        self
    }

    /// The same with one more finding.
    #[must_use]
    pub fn and(mut self, found: Finding) -> Verdict {
        self.findings.push(found);
        self
    }
}

/// A member that stays, and how.
struct Kept<'a> {
    entry: &'a Entry,
    kind: Kind,
    facts: Facts,
    data: Data,
    renamed: bool,
    /// Where its local header will be.
    at: u64,
}

enum Data {
    /// As it is packed now, up to the end of its stream.
    Same(Span),
    /// Stored.
    Stored(Shared),
    /// Deflated, in the common spool.
    Packed(Span),
}

/// Writes `archive` anew: `decide` is asked about every member, in the order of the directory. The draft that comes back
/// covers every byte; the format may still add notes and warnings before it seals.
///
/// # Errors
/// Those of `decide`, of members that do not unpack, and `Signed` or `Unsupported` for what stands between the members.
pub fn rewrite<'a>(
    job: &'a Job<'a>,
    source: &'a Shared,
    archive: &'a Archive,
    decide: &mut dyn FnMut(&Part) -> Result<Verdict>,
) -> Result<Draft> {
    write(job, source, archive, decide, &mut |_| None)
}

/// The same for archives of which nearly every member is cleaned as the file it is: in large ones, several members at a
/// time are unpacked and cleaned ahead of being asked for. What comes out is the same, in the same order.
///
/// # Errors
/// As [`rewrite`].
pub fn rewrite_ahead<'a>(
    job: &'a Job<'a>,
    source: &'a Shared,
    archive: &'a Archive,
    decide: &mut dyn FnMut(&Part) -> Result<Verdict>,
) -> Result<Draft> {
    let workers = thread::available_parallelism().map_or(1, |n| n.get().min(4));
    if workers < 2 || archive.entries.len() < 2 || source.len() <= source::SMALL || job.depth() > 0 {
        return rewrite(job, source, archive, decide);
    }
    thread::scope(|scope| {
        // Each worker takes every n-th member and waits with it until it is asked for: at most two are held by each.
        let lines: Vec<mpsc::Receiver<Ahead>> = (0..workers)
            .map(|first| {
                let (send, receive) = mpsc::sync_channel(1);
                scope.spawn(move || {
                    for entry in archive.entries.iter().skip(first).step_by(workers) {
                        if send.send(look_ahead(job, source, entry)).is_err() {
                            break;
                        }
                    }
                });
                receive
            })
            .collect();
        write(job, source, archive, decide, &mut |index| lines[index % workers].recv().ok())
    })
}

/// A member, unpacked and cleaned before it was asked for.
struct Ahead {
    unpacked: Option<Unpacked>,
    member: Option<Result<Member>>,
}

/// What cannot be unpacked is left to be asked for: it may never be.
fn look_ahead(job: &Job, source: &Shared, entry: &Entry) -> Ahead {
    let file = matches!(headers::kind(entry), Ok(Kind::File | Kind::Program)) && entry.unpacked > 0;
    let Some(mut unpacked) = file.then(|| unpack(job, source, entry).ok()).flatten() else {
        return Ahead { unpacked: None, member: None };
    };
    let name = String::from_utf8_lossy(&entry.name);
    let member = job.member_near(job.policy(), &name, &unpacked.near, &unpacked.bytes);
    unpacked.near = unpacked.bytes.clone();
    Ahead { unpacked: Some(unpacked), member: Some(member) }
}

fn write<'a>(
    job: &'a Job<'a>,
    source: &'a Shared,
    archive: &'a Archive,
    decide: &mut dyn FnMut(&Part) -> Result<Verdict>,
    ahead: &mut dyn FnMut(usize) -> Option<Ahead>,
) -> Result<Draft> {
    let mut draft = Draft::new(source);
    let mut told = Told::default();
    // One spool for all that is packed again: many small spools would be much memory.
    let mut spool = job.spool();
    let mut kept = Vec::new();
    for (index, entry) in archive.entries.iter().enumerate() {
        let name = String::from_utf8_lossy(&entry.name);
        let kind = headers::kind(entry).map_err(|r| headers::within(entry, r))?;
        let ahead = ahead(index).unwrap_or(Ahead { unpacked: None, member: None });
        let unpacked = ahead.unpacked.map_or_else(OnceCell::new, OnceCell::from);
        let part = Part { entry, index, kind, job, source, name, unpacked, ahead: Cell::new(ahead.member) };
        let verdict = decide(&part)?;
        match keep(job, &mut draft, &mut spool, &part, verdict)? {
            Some(member) => kept.push(member),
            // The member's own finding tells of its record too.
            None => _ = draft.replace(Span::new(entry.central.fixed.start, entry.comment.end), "record", Fate::Drop, Vec::new()),
        }
    }
    let packed = spool.finish().map_err(Refusal::write)?;
    let size = place(&mut kept);
    for member in &kept {
        emit(job, source, &mut draft, &mut told, member, &packed)?;
    }
    let directory: u64 =
        kept.iter().map(|k| 46 + k.facts.name.len() as u64 + k.facts.record_extra(is_far(k.at)).len() as u64).sum();
    end(source, &mut draft, &mut told, archive, [kept.len() as u64, directory, size])?;
    for gap in draft.gaps() {
        let found = left_over(job, source, archive, gap)?;
        draft.remove(gap, "left over", found);
    }
    for found in told.findings() {
        draft.note(found);
    }
    Ok(draft)
}

fn is_far(at: u64) -> bool {
    at >= u32::MAX.into()
}

/// Carries out a verdict up to the packing; `None` where the member goes.
fn keep<'a>(job: &Job, draft: &mut Draft, spool: &mut Spool, part: &Part<'a>, verdict: Verdict) -> Result<Option<Kept<'a>>> {
    let entry = part.entry;
    let renamed = verdict.name.is_some();
    let name = verdict.name.unwrap_or_else(|| entry.name.clone());
    if let Becomes::Gone = verdict.becomes {
        draft.remove_all(entry.extent(), "member", verdict.findings);
        return Ok(None);
    }
    verdict.findings.into_iter().for_each(|f| draft.note(f));
    let mut crc = None;
    let bytes = match &verdict.becomes {
        Becomes::Member(cleaned) => {
            draft.adopt(part.name(), cleaned);
            crc = cleaned.crc32();
            (!cleaned.is_identity()).then(|| cleaned.bytes())
        }
        Becomes::Bytes(bytes) => {
            job.hear_stream(part.name(), &**bytes, verdict.content)?;
            let there = part.bytes()?;
            let same = bytes.len() == there.len() && crate::view::same(&**bytes, &*there, there.span())?;
            (!same).then(|| bytes.clone())
        }
        _ => {
            if job.is_heard() {
                job.hear_stream(part.name(), &*part.bytes()?, verdict.content)?;
            }
            None
        }
    };
    let stream = part.unpacked()?.stream;
    let (facts, data) = match bytes {
        None => (Facts { name, crc: entry.crc, packed: stream.len(), unpacked: entry.unpacked }, Data::Same(stream)),
        Some(bytes) if entry.method == STORED => {
            let crc = crc.map_or_else(|| unpack::checksum(&*bytes, bytes.span()), Ok)?;
            (Facts { name, crc, packed: bytes.len(), unpacked: bytes.len() }, Data::Stored(bytes))
        }
        Some(bytes) => {
            debug_assert_eq!(entry.method, DEFLATED, "what was looked into was stored or deflated");
            let (place, crc) = unpack::deflate(&*bytes, spool)?;
            (Facts { name, crc, packed: place.len(), unpacked: bytes.len() }, Data::Packed(place))
        }
    };
    Ok(Some(Kept { entry, kind: part.kind, facts, data, renamed, at: 0 }))
}

/// Finds out where every member will begin, which decides about the ZIP64 form of its record; returns where the directory
/// will.
fn place(kept: &mut [Kept]) -> u64 {
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_unstable_by_key(|i| kept[*i].entry.header.fixed.start);
    let mut at = 0;
    for i in order {
        let facts = &kept[i].facts;
        let len = 30 + facts.name.len() as u64 + facts.local_extra().len() as u64 + facts.packed;
        kept[i].at = at;
        at += len;
    }
    at
}

/// Writes down the fates of a member that stays.
fn emit(job: &Job, source: &Shared, draft: &mut Draft, told: &mut Told, member: &Kept, packed: &Shared) -> Result<()> {
    let Kept { entry, facts, .. } = member;
    let far = is_far(member.at);
    let (local, record) = (facts.local(job, entry), facts.record(job, entry, member.kind, far));
    told.compare(entry, &local, &record);

    draft.reframe(entry.header.fixed, "local header", Fate::put(local));
    name(draft, entry.header.name, member);
    extra(source, draft, told, entry.header.extra, facts.local_extra(), None)?;
    match &member.data {
        Data::Same(stream) => {
            draft.member(*stream, "member", None);
            let slack = Span::new(stream.end, entry.data.end);
            if !slack.is_empty() {
                let found = Finding::removed("ZIP", "bytes behind the packed data", Tells::Hidden);
                draft.remove(slack, "slack", found.within(&String::from_utf8_lossy(&facts.name)));
            }
        }
        Data::Stored(bytes) => draft.member(entry.data, "member", Some(bytes.clone())),
        Data::Packed(place) => draft.member(entry.data, "member", Some(Window::shared(packed, *place))),
    }
    draft.replace(entry.descriptor, "descriptor", Fate::Drop, Vec::new());

    let fixed = entry.central.fixed;
    draft.reframe(Span::new(fixed.start, fixed.start + 42), "record", Fate::put(record));
    let position = Span::new(fixed.start + 42, fixed.end);
    let start = entry.header.fixed.start;
    match far {
        true => draft.reframe(position, "position", Fate::put(u32::MAX.to_le_bytes())),
        false => draft.reframe(position, "position", Fate::Position { of: start, origin: 0, code: Number::U32Le }),
    }
    name(draft, entry.central.name, member);
    extra(source, draft, told, entry.central.extra, facts.record_extra(far), far.then_some(start))?;
    if !entry.comment.is_empty() {
        let found = Finding::removed("ZIP", "comment of a member", Tells::Text).value(text(source, entry.comment)?);
        draft.remove(entry.comment, "comment", found.within(&String::from_utf8_lossy(&facts.name)));
    }
    Ok(())
}

/// Names are what a person gave, so they are content, unless a rule has changed them.
fn name(draft: &mut Draft, span: Span, member: &Kept) {
    match member.renamed {
        true => draft.reframe(span, "name", Fate::put(member.facts.name.clone())),
        false => draft.essence(span, "name"),
    }
}

/// Extra fields: the ones we write are those that stand there already, or take their place. With a position at their end
/// where `of` says of what.
fn extra(source: &Shared, draft: &mut Draft, told: &mut Told, span: Span, new: Vec<u8>, of: Option<u64>) -> Result<()> {
    let old = source.bytes(span, u16::MAX.into())?;
    let fixed = new.len() - if of.is_some() { 8 } else { 0 };
    let stays = !new.is_empty() && old.len() == new.len() && old[..fixed] == new[..fixed];
    let position = of.map(|of| Fate::Position { of, origin: 0, code: Number::U64Le });
    if stays {
        let split = span.start + fixed as u64;
        draft.frame(Span::new(span.start, split), "extra fields");
        if let Some(position) = position {
            draft.reframe(Span::new(split, span.end), "position", position);
        }
        return Ok(());
    }
    if !new.is_empty() {
        draft.insert(span.start, "extra fields", Fate::put(&new[..fixed]));
        if let Some(position) = position {
            draft.insert(span.start, "position", position);
        }
    }
    told.extras(&old);
    draft.replace(span, "extra fields", Fate::Drop, Vec::new());
    Ok(())
}

fn text(source: &Shared, span: Span) -> Result<String> {
    Ok(String::from_utf8_lossy(&source.bytes(span, u16::MAX.into())?).into_owned())
}

/// Writes down the fates of everything after the directory's records.
fn end(source: &Shared, draft: &mut Draft, told: &mut Told, archive: &Archive, [count, size, at]: [u64; 3]) -> Result<()> {
    let wide = count >= u16::MAX.into() || size >= u32::MAX.into() || at >= u32::MAX.into();
    let directory = archive.directory;
    let before = Span::new(0, directory.start);
    let length = |of, code| Fate::Length { of, plus: 0, code };
    let end = &archive.end;
    let pieces = |start: u64| {
        let mut record = [0; 40];
        record[..4].copy_from_slice(END64);
        record[4] = 44;
        record[12..16].copy_from_slice(&[45, 3, 45, 0]);
        record[24..32].copy_from_slice(&count.to_le_bytes());
        record[32..40].copy_from_slice(&count.to_le_bytes());
        [
            (40, Fate::put(record)),
            (8, length(directory, Number::U64Le)),
            (8, length(before, Number::U64Le)),
            (8, Fate::put([&LOCATOR[..], &[0; 4]].concat())),
            (8, length(Span::new(0, start), Number::U64Le)),
            (4, Fate::put([1, 0, 0, 0])),
        ]
    };
    match &end.zip64 {
        Some(zip64) if wide && zip64.record.len() == 56 && zip64.record.end == zip64.locator.start => {
            let mut at = zip64.record.start;
            for (len, fate) in pieces(at) {
                let span = Span::new(at, at + len);
                if let Fate::Put(new) = &fate
                    && source.bytes(span, len)?[..] != new[..]
                {
                    told.packer();
                }
                draft.reframe(span, "ZIP64 end", fate);
                at += len;
            }
        }
        other => {
            if let Some(zip64) = other {
                let found = Finding::removed("ZIP", "ZIP64 records that are not needed", Tells::Software);
                draft.remove(zip64.record, "ZIP64 end", found);
                draft.replace(zip64.locator, "ZIP64 locator", Fate::Drop, Vec::new());
            }
            if wide {
                let start = other.as_ref().map_or(end.fixed.start, |z| z.record.start);
                pieces(start).into_iter().for_each(|(_, fate)| draft.insert(start, "ZIP64 end", fate));
            }
        }
    }
    let at = end.fixed.start;
    let full = |wide: bool, fate| if wide { Fate::put(u32::MAX.to_le_bytes()) } else { fate };
    let counts = if wide { u16::MAX } else { count as u16 }.to_le_bytes();
    let head = [&END[..], &[0; 4], &counts, &counts].concat();
    draft.reframe(Span::new(at, at + 12), "end", Fate::put(head));
    draft.reframe(Span::new(at + 12, at + 16), "end", full(wide, length(directory, Number::U32Le)));
    draft.reframe(Span::new(at + 16, at + 20), "end", full(wide, length(before, Number::U32Le)));
    draft.reframe(Span::new(at + 20, at + 22), "end", Fate::put([0, 0]));
    if !end.comment.is_empty() {
        // An archive behind the end that counts may be called its comment; what is no text is told as what it is.
        let comment = Finding::removed("ZIP", "comment of the archive", Tells::Text).value(text(source, end.comment)?);
        draft.remove(end.comment, "comment", comment);
    }
    Ok(())
}

/// What bytes that belong to no member are.
fn left_over(job: &Job, source: &Shared, archive: &Archive, gap: Span) -> Result<Finding> {
    let head = source::head(&**source, gap.start, 64.min(gap.len()) as usize)?;
    let hidden = |label| Finding::removed("ZIP", label, Tells::Hidden);
    let tail = source.bytes(Span::new(gap.end.saturating_sub(16).max(gap.start), gap.end), 16)?;
    // [Android APK Signature Scheme v2]
    if tail == b"APK Sig Block 42" && !job.policy().drops_on_purpose(Token::Signatures) {
        return Err(Refusal::new(Code::Signed, "the archive is a signed Android program").at(gap.start));
    }
    if gap.start == 0 && is_program(&head) && !job.policy().drops_on_purpose(Token::SfxStub) {
        return Err(Refusal::unsupported("the archive is a program that unpacks itself")
            .hint("clean the archive without its program: --drop sfx-stub"));
    }
    if archive.directory.contains(gap) {
        return Ok(hidden("signature of the directory"));
    }
    if head.starts_with(LOCAL) {
        let (end, count) = walk_unlisted(&**source, gap);
        let older = end < gap.end && memchr::memmem::find(&source.bytes(gap, BLOCK as u64).unwrap_or_default(), END).is_some();
        if older {
            return Ok(hidden("an older archive"));
        }
        let names = crate::grammar::zip::u16_at(&head, 26);
        let name = source::head(&**source, gap.start + 30, usize::from(names).min(256))?;
        let found = hidden(if count > 1 {
            "members that the directory does not list"
        } else {
            "a member that the directory does not list"
        });
        return Ok(found.value(String::from_utf8_lossy(&name).into_owned()));
    }
    if headers::is_descriptor(&head) {
        return Ok(Finding::removed("ZIP", "a descriptor without use", Tells::Software));
    }
    Ok(hidden(match gap {
        _ if gap.start == 0 && head.starts_with(DESCRIPTOR) => "mark of a split archive",
        _ if gap.start == 0 => "data before the archive",
        _ if gap.end == source.len() => "data after the archive",
        _ => "data between the members",
    }))
}

/// Whether the bytes begin as a program or a script does.
pub fn is_program(head: &[u8]) -> bool {
    [&b"MZ"[..], b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"].iter().any(|m| head.starts_with(m))
}
