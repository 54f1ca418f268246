//! The packed rows. They are inflated once, a block at a time, to find where they really end: what lies behind the zlib
//! stream, or behind the last row inside it, is seen by no viewer and may be the part of the picture that was cropped out
//! (CVE-2023-21036). Rows themselves are never packed anew, unless there are more of them than the picture has.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::png::{Chunk, Measure};
use crate::names;
use crate::plan::{Draft, Fate};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Reader, Shared, Source, Span};

use super::witness::WITNESSED;

const CROPPED: &str = "a cropped-out picture was recoverable here";
const HINT: &str = "the file is damaged; open it in the program that made it and save it again";

/// One stream of packed rows, in one or more chunks.
pub(super) struct Rows<'a> {
    /// Whether it has the zlib frame.
    pub(super) zlib: bool,
    /// How many bytes the rows take unpacked.
    pub(super) raw: u64,
    /// The chunks, all IDAT or all fdAT.
    pub(super) chunks: &'a [Chunk],
}

impl Rows<'_> {
    /// The packed bytes in a chunk: all of it, but for the sequence number in front in frames of an animation.
    fn packed(chunk: &Chunk) -> Span {
        let number = if chunk.kind == *b"fdAT" { 4 } else { 0 };
        Span::new(chunk.data.start + number, chunk.data.end)
    }
}

/// Where the stream ends: in which chunk, at which position, and the checksum of that chunk up to there.
struct Stop {
    chunk: usize,
    at: u64,
    crc: u32,
}

/// Decides about one stream.
pub(super) fn rows(job: &Job, source: &Shared, draft: &mut Draft, rows: Rows) -> Result<()> {
    // A result is planned again over bytes that were measured and compared already; what was cut there, the witness measures.
    let measured = job.is_again() && rows.zlib && source.len() <= WITNESSED;
    let (stop, out) = if measured { (checked(source, rows.chunks)?, rows.raw) } else { measure(&**source, &rows)? };
    if out > rows.raw {
        return surplus(job, source, draft, &rows);
    }
    if out < rows.raw {
        draft.warn("the picture data ends before the last row; what is there is kept");
    }
    let stop = stop.unwrap_or(Stop { chunk: rows.chunks.len(), at: 0, crc: 0 });
    for (i, chunk) in rows.chunks.iter().enumerate() {
        let name = name(chunk);
        if i < stop.chunk || (i == stop.chunk && stop.at == chunk.data.end) {
            draft.frame(Span::new(chunk.length().start, Rows::packed(chunk).start), name);
            draft.essence(Rows::packed(chunk), name);
            draft.frame(chunk.crc(), name);
        } else if i == stop.chunk {
            let length = (stop.at - chunk.data.start) as u32;
            draft.reframe(chunk.length(), name, Fate::put(length.to_be_bytes()));
            draft.frame(Span::new(chunk.letters().start, Rows::packed(chunk).start), name);
            draft.essence(Span::new(Rows::packed(chunk).start, stop.at), name);
            let tail = Span::new(stop.at, chunk.data.end);
            draft.remove(tail, name, hidden(&**source, name, tail, is_picture(&**source, tail)?)?);
            draft.reframe(chunk.crc(), name, Fate::put(stop.crc.to_be_bytes()));
        } else if chunk.data.is_empty() {
            draft.remove(chunk.whole(), name, Finding::removed(name, "empty chunk behind the picture data", Tells::Unknown));
        } else {
            draft.remove(chunk.whole(), name, hidden(&**source, name, chunk.data, true)?);
        }
    }
    Ok(())
}

fn name(chunk: &Chunk) -> &'static str {
    if chunk.kind == *b"IDAT" { "IDAT" } else { "fdAT" }
}

/// Inflates the stream and checks the checksums on the way. Where it stopped, if it did, and how many bytes came out.
fn measure(source: &dyn Source, rows: &Rows) -> Result<(Option<Stop>, u64)> {
    let mut measure = Measure::new(rows.zlib);
    let mut stop = None;
    for (i, chunk) in rows.chunks.iter().enumerate() {
        let packed = Rows::packed(chunk);
        let mut crc = crc32fast::Hasher::new();
        source::each_block(source, Span::new(chunk.letters().start, packed.start), |number| crc.update(number))?;
        let (mut at, mut outcome) = (packed.start, Ok(()));
        source::each_block(source, packed, |block| {
            if stop.is_none() && outcome.is_ok() {
                match measure.push(block, |_| {}) {
                    Ok(used) if measure.is_ended() => {
                        let mut kept = crc.clone();
                        kept.update(&block[..used]);
                        stop = Some(Stop { chunk: i, at: at + used as u64, crc: kept.finalize() });
                    }
                    Ok(_) => {}
                    Err(refusal) => outcome = Err(refusal.at(at).hint(HINT)),
                }
            }
            crc.update(block);
            at += block.len() as u64;
        })?;
        // Chunks that go anyway may be as broken as they like.
        if stop.as_ref().is_none_or(|s| s.chunk == i) {
            check(source, chunk, crc.finalize(), rows.zlib)?;
        }
        outcome?;
        if stop.is_some() {
            break;
        }
    }
    Ok((stop, measure.out()))
}

/// Only the checksums.
fn checked(source: &Shared, chunks: &[Chunk]) -> Result<Option<Stop>> {
    for chunk in chunks {
        let mut crc = crc32fast::Hasher::new();
        source::each_block(&**source, Span::new(chunk.letters().start, chunk.data.end), |block| crc.update(block))?;
        check(&**source, chunk, crc.finalize(), true)?;
    }
    Ok(None)
}

fn check(source: &dyn Source, chunk: &Chunk, crc: u32, strict: bool) -> Result<()> {
    let mut stored = [0; 4];
    source.fill(chunk.data.end, &mut stored)?;
    if strict && stored != crc.to_be_bytes() {
        return Err(Refusal::malformed(format!("the checksum of {} is wrong", name(chunk)), chunk.crc().start).hint(HINT));
    }
    Ok(())
}

fn hidden(source: &dyn Source, name: &'static str, span: Span, picture: bool) -> Result<Finding> {
    let mut zero = true;
    source::each_block(source, span, |block| zero &= block.iter().all(|b| *b == 0))?;
    Ok(match (zero, picture) {
        (true, _) => Finding::removed(name, "padding behind the picture data", Tells::Unknown),
        (_, true) => Finding::removed(name, CROPPED, Tells::Preview),
        _ => Finding::removed(name, "data hidden behind the picture data", Tells::Hidden),
    }
    .bytes(span.len()))
}

/// Whether what stands there is a picture, or the chunks of one, or ends like one.
fn is_picture(source: &dyn Source, span: Span) -> Result<bool> {
    const SIGNS: [&[u8]; 6] = [b"IDAT", b"IEND\xae\x42\x60\x82", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"WEBPVP8"];
    let first = source::head(source, span.start, span.len().min(4 << 20) as usize)?;
    let last = span.len().min(64);
    let last = source::head(source, span.end - last, last as usize)?;
    Ok(SIGNS.iter().any(|sign| [&first, &last].iter().any(|bytes| memchr::memmem::find(bytes, sign).is_some())))
}

/// What lies behind IEND.
pub(super) fn behind(draft: &mut Draft, source: &dyn Source, rest: Span) {
    if rest.is_empty() {
        return;
    }
    let mut found = names::trailer::describe("after the end", source, rest);
    if is_picture(source, rest).unwrap_or(false) {
        found.insert(0, Finding::removed("after the end", CROPPED, Tells::Preview).bytes(rest.len()));
    }
    draft.remove_all(rest, "after the end", found);
}

/// More rows than the picture has: those it has are packed anew, the same bytes once unpacked, into the first chunk.
fn surplus(job: &Job, source: &Shared, draft: &mut Draft, rows: &Rows) -> Result<()> {
    let first = rows.chunks.first().ok_or_else(|| Refusal::new(Code::Internal, "a stream without chunks"))?;
    if !rows.zlib {
        return Err(Refusal::malformed("there are more rows than the picture has", first.data.start).hint(HINT));
    }
    let (mut crc, mut left) = (crc32fast::Hasher::new(), rows.raw);
    let mut packer = ZlibEncoder::new(job.spool(), Compression::new(6));
    unpack(&**source, rows.chunks, |block| {
        let block = &block[..left.min(block.len() as u64) as usize];
        left -= block.len() as u64;
        crc.update(block);
        packer.write_all(block)
    })?;
    let packed = packer.finish().and_then(source::Spool::finish).map_err(Refusal::write)?;
    if crc32_of_rows(&*packed)? != (crc.finalize(), rows.raw) {
        return Err(Refusal::new(Code::Damaged, "the rows packed anew are not the rows they were"));
    }
    let name = name(first);
    let number = Span::new(first.letters().start, Rows::packed(first).start);
    let length = packed.len() + (Rows::packed(first).start - first.data.start);
    let length = u32::try_from(length).ok().filter(|n| *n < 1 << 31);
    let length = length.ok_or_else(|| Refusal::limit("the rows packed anew are too long for one chunk"))?;
    let mut crc = crc32fast::Hasher::new();
    source::each_block(&**source, number, |block| crc.update(block))?;
    source::each_block(&*packed, packed.span(), |block| crc.update(block))?;
    draft.reframe(first.length(), name, Fate::put(length.to_be_bytes()));
    draft.frame(number, name);
    draft.recode(Rows::packed(first), name, packed);
    draft.reframe(first.crc(), name, Fate::put(crc.finalize().to_be_bytes()));
    draft.note(Finding::removed(name, CROPPED, Tells::Preview));
    for chunk in &rows.chunks[1..] {
        draft.remove(chunk.whole(), name, Finding::rewritten(name, "rows packed into one chunk", Tells::Rendering));
    }
    Ok(())
}

/// Shows the unpacked bytes of a stream, block by block.
fn unpack(source: &dyn Source, chunks: &[Chunk], mut each: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<()> {
    let (mut measure, mut outcome) = (Measure::new(true), Ok(()));
    for chunk in chunks {
        let mut pushed = Ok(0);
        source::each_block(source, Rows::packed(chunk), |block| {
            if pushed.is_ok() {
                pushed = measure.push(block, |out| {
                    if outcome.is_ok() {
                        outcome = each(out);
                    }
                });
            }
        })?;
        pushed?;
    }
    outcome.map_err(Refusal::write)
}

fn crc32_of_rows(packed: &dyn Source) -> Result<(u32, u64)> {
    let mut reader = flate2::read::ZlibDecoder::new(Reader::new(packed, packed.span()));
    let mut crc = crc32fast::Hasher::new();
    let mut block = vec![0; 64 << 10];
    let mut len = 0;
    loop {
        let n = std::io::Read::read(&mut reader, &mut block)?;
        if n == 0 {
            return Ok((crc.finalize(), len));
        }
        crc.update(&block[..n]);
        len += n as u64;
    }
}

/// Unpacks a small zlib stream, up to `most` bytes; and how many packed bytes it took. `None` where it is none, or larger.
pub(super) fn inflate(packed: &[u8], most: usize) -> Option<(Vec<u8>, usize)> {
    let (mut measure, mut out) = (Measure::new(true), Vec::new());
    let mut used = 0;
    // Piece by piece, so that a bomb is noticed while it is small.
    for piece in packed.chunks(4096) {
        used += measure
            .push(piece, |block| {
                if out.len() <= most {
                    out.extend_from_slice(block);
                }
            })
            .ok()?;
        if out.len() > most {
            return None;
        }
        if measure.is_ended() {
            return Some((out, used));
        }
    }
    None
}

/// How much is still unpacked of things that go anyway, so that the report can name them: many small bombs are one large one.
pub(super) struct Budget(usize);

impl Budget {
    /// What one file gets.
    pub(super) const WHOLE: Budget = Budget(64 << 20);

    /// As [`inflate`], as long as the budget lasts.
    pub(super) fn inflate(&mut self, packed: &[u8], most: usize) -> Option<Vec<u8>> {
        let most = most.min(self.0);
        let out = inflate(packed, most).map(|(out, _)| out);
        self.0 -= out.as_ref().map_or(most, Vec::len);
        out
    }
}

/// Packs a small block, always in the same way.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::new(9));
    // Writing to memory does not fail.
    _ = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}
