//! Where an archive ends, which is where reading one begins. Several places may look like an end: the last one whose
//! directory parses and whose members are all where it says is the one; two that tell of different archives at once are
//! none.

use super::{Archive, DESCRIPTOR, END, END64, EXTRA_DATA, LOCAL, LOCATOR, directory, u16_at, u32_at, u64_at};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The end record and the longest comment. [APPNOTE 4.3.16]
const REACH: u64 = 22 + 65_535;
/// So many places that look like an end are tried; an honest archive has one or two.
const TRIES: usize = 16;

/// The records after the directory.
pub struct End {
    /// The end record without its comment.
    pub fixed: Span,
    /// The archive's comment.
    pub comment: Span,
    /// The ZIP64 records in front of it.
    pub zip64: Option<Zip64>,
}

/// The ZIP64 records.
pub struct Zip64 {
    /// The end record.
    pub record: Span,
    /// What points to it.
    pub locator: Span,
}

/// Whether something like an end stands in the last bytes of `source`.
pub fn has_end(source: &dyn Source) -> bool {
    tail(source).is_ok_and(|(_, bytes)| memchr::memmem::rfind(&bytes, END).is_some())
}

fn tail(source: &dyn Source) -> Result<(u64, Vec<u8>)> {
    let start = source.len().saturating_sub(REACH);
    Ok((start, source.bytes(Span::new(start, source.len()), REACH)?))
}

/// Finds the end that counts, and reads the archive from there.
pub(super) fn find(source: &Shared, most: u64) -> Result<Archive> {
    let (start, tail) = tail(&**source)?;
    let mut ends = memchr::memmem::rfind_iter(&tail, END).map(|i| start + i as u64);
    let mut first_lie = None;
    for at in ends.by_ref().take(TRIES) {
        match read(source, at, most) {
            Ok(archive) => {
                is_only_face(source, &archive, ends.take(TRIES), most)?;
                is_whole(&**source, &archive)?;
                return Ok(archive);
            }
            Err(lie) if lie.code() == Code::Malformed => first_lie = first_lie.or(Some(lie)),
            Err(other) => return Err(other),
        }
    }
    Err(first_lie.unwrap_or_else(|| without_end(&**source)))
}

fn without_end(source: &dyn Source) -> Refusal {
    let head = source::head(source, 0, 8).unwrap_or_default();
    if head.starts_with(DESCRIPTOR) && head.ends_with(LOCAL) {
        return Refusal::new(Code::MultiVolume, "this is the first part of a split archive");
    }
    Refusal::malformed("the archive has no end: it may be cut off", source.len())
        .hint("download or copy it again; if it is one part of several, join them first")
}

/// Fails where an earlier end tells of another archive in the same bytes. One inside a member's data is a member; one in
/// front or in a gap is an older archive, whose bytes go; but one whose comment reaches over the end that counts is what
/// another reader would take.
fn is_only_face(source: &Shared, archive: &Archive, earlier: impl Iterator<Item = u64>, most: u64) -> Result<()> {
    let counted = archive.end.fixed;
    for at in earlier {
        let inside = |s: Span| s.start <= at && at < s.end;
        if archive.entries.iter().any(|e| inside(e.extent())) || inside(archive.directory) {
            continue;
        }
        if let Ok(other) = read(source, at, most)
            && other.end.comment.end >= counted.end
        {
            return Err(Refusal::new(Code::Polyglot, "the file is two archives at once").at(at));
        }
    }
    Ok(())
}

/// Fails where the archive is only the inside of a larger one that was cut off: a member that begins in front of it and
/// would end behind its beginning.
fn is_whole(source: &dyn Source, archive: &Archive) -> Result<()> {
    let first = archive.entries.iter().map(|e| e.header.fixed.start).min().unwrap_or(archive.directory.start);
    if first == 0 || !source::head(source, 0, 4)?.starts_with(LOCAL) {
        return Ok(());
    }
    let (end, _) = super::walk_unlisted(source, Span::new(0, first));
    let older = source::head(source, end.min(first), 4)?;
    let closed = end == first || older.starts_with(super::RECORD) || older.starts_with(END);
    if end > first || (!closed && !is_closed(source, first)?) {
        return Err(Refusal::malformed("the archive is cut off: only a member of it has an end", end));
    }
    Ok(())
}

/// Whether an end record stands in the bytes before `at`.
fn is_closed(source: &dyn Source, at: u64) -> Result<bool> {
    let front = source.bytes(Span::new(at.saturating_sub(REACH), at), REACH)?;
    Ok(memchr::memmem::rfind(&front, END).is_some())
}

/// What the records at the end say, the wide ones included.
#[derive(PartialEq)]
struct Numbers {
    disks: [u64; 2],
    here: u64,
    count: u64,
    size: u64,
    offset: u64,
}

fn read(source: &Shared, at: u64, most: u64) -> Result<Archive> {
    let fixed = Span::new(at, at + 22);
    let bytes = source.bytes(fixed, 22)?;
    let comment = Span::new(fixed.end, fixed.end + u64::from(u16_at(&bytes, 20)));
    if comment.end > source.len() {
        return Err(Refusal::malformed("the archive's comment is cut off", at));
    }
    let narrow = Numbers {
        disks: [u16_at(&bytes, 4).into(), u16_at(&bytes, 6).into()],
        here: u16_at(&bytes, 8).into(),
        count: u16_at(&bytes, 10).into(),
        size: u32_at(&bytes, 12).into(),
        offset: u32_at(&bytes, 16).into(),
    };
    let (numbers, zip64) = match zip64(&**source, at, &narrow)? {
        Some((wide, zip64)) => (wide, Some(zip64)),
        None => (narrow, None),
    };
    if numbers.disks != [0, 0] || numbers.here != numbers.count {
        return Err(Refusal::new(Code::MultiVolume, "this is one part of a split archive").at(at));
    }
    if numbers.count > most {
        return Err(Refusal::limit(format!("more than {most} members")));
    }
    let after = zip64.as_ref().map_or(at, |z| z.record.start);
    let (directory, base) = place(&**source, after, &numbers)?;
    let entries = directory::read(&**source, directory, numbers.count, base)?;
    // Readers that do not look for what was put in front would find the directory where its position says.
    let said = Span::at(numbers.offset, numbers.size).filter(|s| base != 0 && s.end <= after);
    if said.is_some_and(|said| directory::read(&**source, said, numbers.count, 0).is_ok()) && numbers.count > 0 {
        return Err(Refusal::new(Code::Polyglot, "the file is two archives at once").at(numbers.offset));
    }
    Ok(Archive { entries, directory, end: End { fixed, comment, zip64 } })
}

/// Where the directory lies: directly in front of the records at the end, else where they say; and what its positions
/// count from, which is not 0 where something was put in front of a finished archive.
fn place(source: &dyn Source, after: u64, numbers: &Numbers) -> Result<(Span, u64)> {
    let said = Span::at(numbers.offset, numbers.size).filter(|s| s.end <= after);
    let near = after.checked_sub(numbers.size).map(|start| Span::new(start, after));
    let is_directory = |span: &Span| -> Result<bool> {
        let head = source::head(source, span.start, 4)?;
        match numbers.count {
            0 => Ok(span.is_empty() || head.starts_with(b"PK\x05\x05")),
            _ if head.starts_with(EXTRA_DATA) => Err(Refusal::new(Code::Encrypted, "the archive's directory is locked")),
            _ => Ok(head.starts_with(super::RECORD)),
        }
    };
    if let Some(near) = near
        && near.start >= numbers.offset
        && is_directory(&near)?
    {
        return Ok((near, near.start - numbers.offset));
    }
    match said {
        Some(said) if is_directory(&said)? => Ok((said, 0)),
        _ => Err(Refusal::malformed("the archive's directory is not where its end says", after)),
    }
}

fn zip64(source: &dyn Source, at: u64, narrow: &Numbers) -> Result<Option<(Numbers, Zip64)>> {
    let Some(start) = at.checked_sub(20) else { return Ok(None) };
    let locator = source.bytes(Span::new(start, at), 20)?;
    if !locator.starts_with(LOCATOR) {
        return Ok(None);
    }
    let lies = |what| Refusal::malformed(what, start);
    if u32_at(&locator, 4) != 0 || u32_at(&locator, 16) > 1 {
        return Err(Refusal::new(Code::MultiVolume, "this is one part of a split archive").at(start));
    }
    // Where something was put in front of the archive the position is off; the record then stands right before its locator.
    let said = u64_at(&locator, 8);
    let found = [said, start.saturating_sub(56)].into_iter().find(|p| is_record(source, *p, start));
    let found = found.ok_or_else(|| lies("the ZIP64 end of the archive is not where its locator says"))?;
    let bytes = source.bytes(Span::new(found, found + 56), 56)?;
    let end = u64_at(&bytes, 4).checked_add(12).and_then(|n| found.checked_add(n)).filter(|e| *e <= start);
    let end = end.ok_or_else(|| lies("the ZIP64 end of the archive is too long"))?;
    let wide = Numbers {
        disks: [u32_at(&bytes, 16).into(), u32_at(&bytes, 20).into()],
        here: u64_at(&bytes, 24),
        count: u64_at(&bytes, 32),
        size: u64_at(&bytes, 40),
        offset: u64_at(&bytes, 48),
    };
    let agree = |narrow: u64, wide: u64, full: u64| narrow == full || narrow == wide;
    let same = agree(narrow.disks[0], wide.disks[0], 0xffff)
        && agree(narrow.disks[1], wide.disks[1], 0xffff)
        && agree(narrow.here, wide.here, 0xffff)
        && agree(narrow.count, wide.count, 0xffff)
        && agree(narrow.size, wide.size, 0xffff_ffff)
        && agree(narrow.offset, wide.offset, 0xffff_ffff);
    if !same {
        return Err(lies("the two ends of the archive disagree"));
    }
    Ok(Some((wide, Zip64 { record: Span::new(found, end), locator: Span::new(start, at) })))
}

fn is_record(source: &dyn Source, at: u64, before: u64) -> bool {
    let fits = at.checked_add(56).is_some_and(|e| e <= before);
    fits && source::head(source, at, 4).is_ok_and(|h| h.starts_with(END64))
}
