//! AIFF and AIFF-C: samples stay, with their format, channels, markers and loops; names, authors, dated comments and
//! private chunks go. What the samples hold is not looked at. [Apple AIFF 1.3, AIFF-C draft 1991]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::iff::{self, Chunk};
use crate::names::{audio, trailer};
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "AIFF",
    extensions: &["aiff", "aif", "aifc"],
    container: false,
    keeps: "samples byte for byte, sample format, channel layout, markers, loops",
    removes: "name, author, copyright, dated comments, tags, private chunks, bytes behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"FORM") && (head.has(8, b"AIFF") || head.has(8, b"AIFC"))).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let head = source.bytes(Span::new(0, 12), 12)?;
    let stated = u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]]));
    let end = Some(stated + 8).filter(|e| stated >= 4 && *e <= source.len()).unwrap_or(source.len());
    let chunks = iff::chunks(&**source, Span::new(12, end), true, b"SSND", None, job.limits())?;
    let end = chunks.last().map_or(12, |c| c.pad.end);
    if !chunks.iter().any(|c| c.id == *b"COMM") {
        return Err(Refusal::malformed("nothing says how to read the samples", source.len()));
    }
    draft.frame(Span::new(0, 4), "FORM");
    draft.reframe(Span::new(4, 8), "size", Fate::Length { of: Span::new(8, end), plus: 0, code: Number::U32Be });
    draft.frame(Span::new(8, 12), "form type");
    let mut seen: Vec<[u8; 4]> = Vec::new();
    for chunk in &chunks {
        let again = seen.contains(&chunk.id);
        seen.push(chunk.id);
        match &chunk.id {
            b"COMM" if !again => common(&mut draft, source, chunk)?,
            b"SSND" if !again && chunk.data.len() >= 8 => sound(&mut draft, source, chunk)?,
            b"FVER" if !again && chunk.data.len() == 4 => draft.frame(chunk.span(), "FVER"),
            b"INST" if !again && chunk.data.len() == 20 => draft.frame(chunk.span(), "INST"),
            b"CHAN" if !again => keep_padded(&mut draft, chunk),
            b"MARK" if !again && job.keeps(Token::Chapters) => keep_padded(&mut draft, chunk),
            _ => draft.remove_all(chunk.span(), "chunk", describe(job, source, chunk)),
        }
    }
    if stated.saturating_add(8) != end {
        draft.note(Finding::rewritten("AIFF", "wrong size of the whole", Tells::Rendering));
    }
    if end < source.len() {
        let span = Span::new(end, source.len());
        draft.remove_all(span, "trailer", trailer::describe("behind the sound", &**source, span));
    }
    draft.seal()
}

fn keep_padded(draft: &mut Draft, chunk: &Chunk) {
    draft.frame(Span::new(chunk.head.start, chunk.data.end), "chunk");
    draft.blank(chunk.pad, "padding", Finding::blanked("AIFF", "padding", Tells::Hidden));
}

/// Channels, frames, sample size, rate; in AIFF-C a compression and its name, which is free text.
fn common(draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let bytes = source.bytes(chunk.data, 4096)?;
    let fixed = if bytes.len() >= 24 { 22 } else { 18 };
    if bytes.len() < fixed {
        return Err(Refusal::malformed("the sample format is too short", chunk.head.start));
    }
    if bytes.len() == 18 || bytes[fixed..].iter().all(|b| *b == 0) && bytes.len() == 24 {
        keep_padded(draft, chunk);
        return Ok(());
    }
    let out = if fixed == 22 { [&bytes[..22], &[0, 0]].concat() } else { bytes[..18].to_vec() };
    let name: String = bytes.iter().skip(23).take(usize::from(*bytes.get(22).unwrap_or(&0))).map(|b| char::from(*b)).collect();
    let whole = [&b"COMM"[..], &(out.len() as u32).to_be_bytes(), &out].concat();
    let found = Finding::removed("AIFF", "name of the compression", Tells::Software).value(name);
    draft.replace(chunk.span(), "COMM", Fate::put(whole), vec![found]);
    Ok(())
}

/// Offset and block size, then samples; what the offset passes over is nobody's.
fn sound(draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let bytes = source.bytes(Span::new(chunk.data.start, chunk.data.start + 8), 8)?;
    let offset = u64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let start = chunk.data.start + 8;
    let samples = Some(start + offset).filter(|s| *s <= chunk.data.end);
    let samples = samples.ok_or_else(|| Refusal::malformed("the samples begin behind their end", chunk.head.start))?;
    draft.frame(Span::new(chunk.head.start, chunk.size.start), "SSND");
    if chunk.open {
        draft.reframe(chunk.size, "size", Fate::Length { of: chunk.data, plus: 0, code: Number::U32Be });
        draft.note(Finding::rewritten("AIFF", "size of the samples, which the recorder never wrote", Tells::Rendering));
    } else {
        draft.frame(chunk.size, "size");
    }
    draft.frame(Span::new(chunk.data.start, start), "SSND");
    draft.blank(Span::new(start, samples), "gap", Finding::blanked("AIFF", "bytes in front of the samples", Tells::Hidden));
    draft.essence(Span::new(samples, chunk.data.end), "samples");
    draft.blank(chunk.pad, "padding", Finding::blanked("AIFF", "padding", Tells::Hidden));
    Ok(())
}

fn describe(job: &Job, source: &Shared, chunk: &Chunk) -> Vec<Finding> {
    let bytes = source.bytes(chunk.data, job.limits().block.min(4 << 20)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).trim_matches('\0').to_owned();
    let told = |label, tells| vec![Finding::removed("AIFF", label, tells).value(text.clone())];
    match &chunk.id {
        b"NAME" => told("title", Tells::Text),
        b"AUTH" => told("author", Tells::Who),
        b"(c) " => told("copyright", Tells::Who),
        b"ANNO" => told("annotation", Tells::Text),
        b"COMT" => told("comments with their times", Tells::When),
        b"ID3 " => audio::id3v2(&bytes),
        b"APPL" => vec![Finding::removed("AIFF", "private data of a program", Tells::Software)],
        _ => vec![Finding::removed("AIFF", format!("chunk {}", String::from_utf8_lossy(&chunk.id).trim()), Tells::Unknown)],
    }
}

/// Another walk over the result: no chunk but those allowed, and nothing behind them.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 12;
    while at + 8 <= after.len() {
        let head = source::head(after, at, 8)?;
        if ![b"COMM", b"SSND", b"FVER", b"INST", b"CHAN", b"MARK"].iter().any(|id| head.starts_with(&id[..])) {
            return Err(Refusal::new(Code::Leftover, "a chunk that should be gone is still there").at(at));
        }
        let size = u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]]));
        at = (at + 8).saturating_add(size).saturating_add(size % 2);
    }
    if at < after.len() {
        return Err(Refusal::new(Code::Leftover, "something stands behind the last chunk").at(at));
    }
    Ok(vec!["second chunk walk"])
}
