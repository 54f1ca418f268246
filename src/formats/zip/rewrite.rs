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

use super::emit::{Data, Kept, emit, end, is_far, place};
use super::gaps::left_over;
use super::headers::{self, Facts, Kind, Told};
use super::unpack::{self, Unpacked, unpack};
use crate::ahead::ahead;
use crate::clean::{Cleaned, Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::zip::{Archive, DEFLATED, Entry, STORED};
use crate::plan::{Draft, Fate};
use crate::refusal::{Refusal, Result};
use crate::source::{self, Shared, Span, Spool};

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

    /// Whether it goes.
    pub fn is_gone(&self) -> bool {
        matches!(self.becomes, Becomes::Gone)
    }

    /// Whether its bytes stay as they are.
    pub fn is_same(&self) -> bool {
        match &self.becomes {
            Becomes::Same => true,
            Becomes::Member(cleaned) => cleaned.is_identity(),
            Becomes::Gone | Becomes::Bytes(_) => false,
        }
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
    write(job, source, archive, decide, &mut || None)
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
    if source.len() <= source::SMALL || job.depth() > 0 {
        return rewrite(job, source, archive, decide);
    }
    let share = |first, step| archive.entries.iter().skip(first).step_by(step).map(|entry| look_ahead(job, source, entry));
    ahead(&share, |next| write(job, source, archive, decide, next))
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
    next: &mut dyn FnMut() -> Option<Ahead>,
) -> Result<Draft> {
    let mut draft = Draft::new(source);
    let mut told = Told::default();
    // One spool for all that is packed again: many small spools would be much memory.
    let mut spool = job.spool();
    let mut kept = Vec::new();
    for (index, entry) in archive.entries.iter().enumerate() {
        let name = String::from_utf8_lossy(&entry.name);
        let kind = headers::kind(entry).map_err(|r| headers::within(entry, r))?;
        let ahead = next().unwrap_or(Ahead { unpacked: None, member: None });
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
    // Where a stream of a rare method ends is not known to the byte: one with anything behind it is packed anew.
    let ends_where_it_should = matches!(entry.method, STORED | DEFLATED) || stream == entry.data;
    if !ends_where_it_should && bytes.is_none() {
        draft.note(Finding::removed("ZIP", "bytes behind the packed data", Tells::Hidden).within(part.name()));
    }
    let (facts, data) = match bytes {
        None if ends_where_it_should => {
            let facts = Facts { name, method: entry.method, crc: entry.crc, packed: stream.len(), unpacked: entry.unpacked };
            (facts, Data::Same(stream))
        }
        Some(bytes) if entry.method == STORED => {
            let crc = crc.map_or_else(|| unpack::checksum(&*bytes, bytes.span()), Ok)?;
            (Facts { name, method: STORED, crc, packed: bytes.len(), unpacked: bytes.len() }, Data::Stored(bytes))
        }
        // What was packed in a rare way is packed in the ordinary one.
        changed => {
            let bytes = changed.map_or_else(|| part.bytes(), Ok)?;
            let (place, crc) = unpack::deflate(&*bytes, spool)?;
            (Facts { name, method: DEFLATED, crc, packed: place.len(), unpacked: bytes.len() }, Data::Packed(place))
        }
    };
    Ok(Some(Kept { entry, kind: part.kind, facts, data, renamed, at: 0 }))
}
