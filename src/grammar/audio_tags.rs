//! Tags that are glued to either end of a sound file, whatever its format: ID3v2 in front; ID3v1, its extension, APE,
//! Lyrics3, appended ID3v2 and zeros behind. They repeat and nest, so both ends are searched until nothing is recognised.
//! Where the sound itself begins and ends is for its format to say.

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// At most so many tags on each end.
const MOST: usize = 64;

/// The kinds of tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ID3 version 2.2 to 2.4. [id3v2.4.0-structure 3]
    Id3v2,
    /// The last 128 bytes, `TAG`.
    Id3v1,
    /// 227 bytes in front of those, `TAG+`.
    Id3v1Extended,
    /// APE version 1 or 2, `APETAGEX`.
    Ape,
    /// Lyrics3 version 1 or 2.
    Lyrics3,
    /// Zeros that are no sound.
    Padding,
}

/// One tag and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    /// What it is.
    pub kind: Kind,
    /// All of it, headers and footers included.
    pub span: Span,
}

/// The tags at `at` and the position after them.
///
/// # Errors
/// `Malformed` where there are absurdly many.
pub fn at_start(source: &dyn Source, mut at: u64) -> Result<(Vec<Tag>, u64)> {
    let mut tags = Vec::new();
    while let Some(tag) = tag_at(source, at)? {
        tags.push(tag);
        at = tag.span.end;
        // Some writers pad behind the size they declare.
        let zeros = zeros_from(source, at)?;
        if zeros > at {
            tags.push(Tag { kind: Kind::Padding, span: Span::new(at, zeros) });
            at = zeros;
        }
        if tags.len() > MOST {
            return Err(Refusal::limit("more tags in front of the sound than any honest file has").at(at));
        }
    }
    Ok((tags, at))
}

fn tag_at(source: &dyn Source, at: u64) -> Result<Option<Tag>> {
    if let Some(span) = id3v2_at(source, at)? {
        return Ok(Some(Tag { kind: Kind::Id3v2, span }));
    }
    // An APE tag in front begins with its header, which says so.
    let head = source::head(source, at, 32)?;
    if head.len() < 32 || !head.starts_with(b"APETAGEX") || head[23] & 0x20 == 0 {
        return Ok(None);
    }
    let size = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
    Ok(Span::at(at, 32 + u64::from(size)).filter(|s| s.end <= source.len()).map(|span| Tag { kind: Kind::Ape, span }))
}

/// The span of the ID3v2 tag at `at`, if one stands there.
///
/// # Errors
/// Those of the source.
pub fn id3v2_at(source: &dyn Source, at: u64) -> Result<Option<Span>> {
    let head = source::head(source, at, 10)?;
    if head.len() < 10 || &head[..3] != b"ID3" || head[3] == 0xff || head[6..10].iter().any(|b| b & 0x80 != 0) {
        return Ok(None);
    }
    let size = head[6..10].iter().fold(0u64, |n, b| n << 7 | u64::from(*b));
    let footer = if head[5] & 0x10 != 0 { 10 } else { 0 };
    Ok(Span::at(at, 10 + size + footer).filter(|s| s.end <= source.len()))
}

fn zeros_from(source: &dyn Source, at: u64) -> Result<u64> {
    let mut end = at;
    loop {
        let block = source::head(source, end, 4096)?;
        let zeros = block.iter().take_while(|b| **b == 0).count();
        end += zeros as u64;
        if zeros < 4096 {
            return Ok(end);
        }
    }
}

/// The tags at the end of `span`, last one first, and the position where the first of them begins.
///
/// # Errors
/// `Limit` where there are absurdly many.
pub fn at_end(source: &dyn Source, span: Span) -> Result<(Vec<Tag>, u64)> {
    let (mut tags, mut end) = (Vec::new(), span.end);
    while let Some(tag) = tag_before(source, span.start, end)? {
        end = tag.span.start;
        tags.push(tag);
        if tags.len() > MOST {
            return Err(Refusal::limit("more tags behind the sound than any honest file has").at(end));
        }
    }
    Ok((tags, end))
}

/// The ID3v1 tag at the end of `span` that was cut short, or has zeros behind it: its sign, then text and zeros.
///
/// # Errors
/// Those of the source.
pub fn cut_id3v1(source: &dyn Source, span: Span) -> Result<Option<Tag>> {
    const LEN: usize = 128;
    let start = span.end.saturating_sub(8 * LEN as u64).max(span.start);
    let bytes = source::head(source, start, (span.end - start) as usize)?;
    let text = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    let is_text = |b: &[u8]| b.iter().take(LEN - 3).all(|b| *b == 0 || *b >= 0x20 && *b != 0x7f);
    let is_tag = |i: &usize| i + LEN >= text && bytes.len() - i >= 16 && is_text(&bytes[*i..]);
    let found = memchr::memmem::find_iter(&bytes, b"TAG").find(is_tag);
    Ok(found.map(|i| Tag { kind: Kind::Id3v1, span: Span::new(start + i as u64, span.end) }))
}

fn tag_before(source: &dyn Source, from: u64, end: u64) -> Result<Option<Tag>> {
    let has = |back: u64, magic: &[u8]| -> Result<bool> {
        let Some(at) = end.checked_sub(back).filter(|at| *at >= from) else { return Ok(false) };
        Ok(source::head(source, at, magic.len())? == magic)
    };
    let tag = |kind, len: u64| end.checked_sub(len).filter(|at| *at >= from).map(|at| Tag { kind, span: Span::new(at, end) });
    if has(128, b"TAG")? {
        return Ok(tag(Kind::Id3v1, 128));
    }
    if has(227, b"TAG+")? {
        return Ok(tag(Kind::Id3v1Extended, 227));
    }
    if has(32, b"APETAGEX")? {
        let mut footer = Cursor::new(source, Span::new(end - 32 + 12, end));
        let (size, _, flags) = (footer.u32_le()?, footer.u32_le()?, footer.u32_le()?);
        let header = if flags & 0x8000_0000 != 0 { 32 } else { 0 };
        // A size that runs into the sound is a lie; the footer alone is certain.
        return Ok(tag(Kind::Ape, u64::from(size.max(32)) + header).or(tag(Kind::Ape, 32)));
    }
    if has(9, b"LYRICS200")? {
        let digits = source::head(source, end.saturating_sub(15), 6)?;
        let size = digits.iter().try_fold(0u64, |n, d| d.is_ascii_digit().then(|| n * 10 + u64::from(d - b'0')));
        return Ok(size.and_then(|n| tag(Kind::Lyrics3, n + 15)).or(tag(Kind::Lyrics3, 9)));
    }
    if has(9, b"LYRICSEND")? {
        let start = end.saturating_sub(5100 + 20).max(from);
        let text = source.bytes(Span::new(start, end), 6000)?;
        let begin = memchr::memmem::rfind(&text, b"LYRICSBEGIN").map_or(text.len() - 9, |i| i);
        return Ok(tag(Kind::Lyrics3, (text.len() - begin) as u64));
    }
    if has(10, b"3DI")? {
        let size = source::head(source, end - 4, 4)?.iter().fold(0u64, |n, b| n << 7 | u64::from(b & 0x7f));
        return Ok(tag(Kind::Id3v2, size + 20).or(tag(Kind::Id3v2, 10)));
    }
    Ok(None)
}
