//! A member that stays, and the records around it, put down as fates: what stands where in the archive as it will be.

use super::headers::{Facts, Kind, Told};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::zip::{Archive, END, END64, Entry, LOCATOR};
use crate::plan::{Draft, Fate, Number};
use crate::refusal::Result;
use crate::source::{Shared, Span, Window};

/// A member that stays, and how.
pub(super) struct Kept<'a> {
    /// What the directory says of it.
    pub(super) entry: &'a Entry,
    /// What it is.
    pub(super) kind: Kind,
    /// What its headers will say.
    pub(super) facts: Facts,
    /// Where its data comes from.
    pub(super) data: Data,
    /// Whether a rule has changed its name.
    pub(super) renamed: bool,
    /// Where its local header will be.
    pub(super) at: u64,
}

pub(super) enum Data {
    /// As it is packed now, up to the end of its stream.
    Same(Span),
    /// Stored.
    Stored(Shared),
    /// Deflated, in the common spool.
    Packed(Span),
}

/// Whether a position needs the ZIP64 form.
pub(super) fn is_far(at: u64) -> bool {
    at >= u32::MAX.into()
}

/// Finds out where every member will begin, which decides about the ZIP64 form of its record; returns where the directory
/// will.
pub(super) fn place(kept: &mut [Kept]) -> u64 {
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
pub(super) fn emit(job: &Job, source: &Shared, draft: &mut Draft, told: &mut Told, member: &Kept, packed: &Shared) -> Result<()> {
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
pub(super) fn end(
    source: &Shared,
    draft: &mut Draft,
    told: &mut Told,
    archive: &Archive,
    [count, size, at]: [u64; 3],
) -> Result<()> {
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
