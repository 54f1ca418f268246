//! AIFF and AIFF-C: samples stay, with their format, channels, markers and loops; names, authors, dated comments and
//! private chunks go. What the samples hold is not looked at. [Apple AIFF 1.3, AIFF-C draft 1991]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::iff::{self, Chunk, Walk};
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
    let mut walk = Walk { big: true, sound: b"SSND", long: None, stated: stated + 8 };
    let whole = Span::new(12, source.len());
    let mut chunks = iff::chunks(&**source, whole, &walk, job.limits())?;
    if !chunks.iter().any(|c| c.id == *b"SSND") {
        walk.stated = u64::MAX;
        chunks = iff::chunks(&**source, whole, &walk, job.limits())?;
    }
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
            b"COMM" if !again => common(&mut draft, source, chunk, head[8..12] == *b"AIFC")?,
            b"SSND" if !again && chunk.data.len() >= 8 => sound(&mut draft, source, chunk)?,
            b"FVER" if !again && chunk.data.len() == 4 => draft.frame(chunk.span(), "FVER"),
            b"INST" if !again && chunk.data.len() == 20 => draft.frame(chunk.span(), "INST"),
            b"CHAN" if !again && chunk.data.len() >= 12 => layout(&mut draft, source, chunk)?,
            b"MARK" if !again && job.keeps(Token::Chapters) => markers(job, &mut draft, source, chunk)?,
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

/// Writes a small chunk anew where it is not as it should be.
fn anew(draft: &mut Draft, chunk: &Chunk, name: &'static str, there: &[u8], data: Vec<u8>, found: Finding) {
    if data == there && (chunk.data.len().is_multiple_of(2) || !chunk.pad.is_empty()) {
        keep_padded(draft, chunk);
        return;
    }
    let mut whole = [&chunk.id[..], &(data.len() as u32).to_be_bytes(), &data].concat();
    whole.resize(whole.len().next_multiple_of(2), 0);
    draft.replace(chunk.span(), name, Fate::put(whole), vec![found]);
}

/// Channels, frames, sample size, rate; in AIFF-C a compression and its name, which is free text.
fn common(draft: &mut Draft, source: &Shared, chunk: &Chunk, packed: bool) -> Result<()> {
    let bytes = source.bytes(chunk.data, 4096)?;
    let fields = bytes.get(..if packed { 22 } else { 18 });
    let mut out = fields.ok_or_else(|| Refusal::malformed("the sample format is too short", chunk.head.start))?.to_vec();
    if packed {
        out.extend([0, 0]);
    }
    let name: String = bytes.iter().skip(23).take(usize::from(*bytes.get(22).unwrap_or(&0))).map(|b| char::from(*b)).collect();
    let found = Finding::removed("AIFF", "name of the compression", Tells::Software).value(name);
    anew(draft, chunk, "COMM", &bytes, out, found);
    Ok(())
}

/// Which channel is where: three numbers and twenty bytes for each described channel.
fn layout(draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let bytes = source.bytes(chunk.data, 1 << 16)?;
    let count = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize;
    let out = bytes.get(..12 + count.min(4096) * 20).unwrap_or(&bytes[..12]).to_vec();
    anew(draft, chunk, "CHAN", &bytes, out, Finding::removed("AIFF", "bytes behind the channel layout", Tells::Hidden));
    Ok(())
}

/// Markers: number, position, name; in strict without the names. [Apple AIFF 1.3, Marker Chunk]
fn markers(job: &Job, draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let bytes = source.bytes(chunk.data, job.limits().block)?;
    let (mut out, mut at, mut count) = (vec![0, 0], 2, 0u16);
    for _ in 0..bytes.get(..2).map_or(0, |n| u16::from_be_bytes([n[0], n[1]])) {
        let Some(fixed) = bytes.get(at..at + 6) else { break };
        let name = bytes.get(at + 6).and_then(|len| bytes.get(at + 7..at + 7 + usize::from(*len)));
        let Some(name) = name else { break };
        at = (at + 7 + name.len()).next_multiple_of(2);
        let name = if job.policy().is_strict() { &[][..] } else { name };
        out.extend(fixed);
        out.push(name.len() as u8);
        out.extend(name);
        out.resize(out.len().next_multiple_of(2), 0);
        count += 1;
    }
    out[..2].copy_from_slice(&count.to_be_bytes());
    if out == bytes && chunk.pad.is_empty() {
        // Names that people see.
        draft.essence(chunk.span(), "MARK");
        return Ok(());
    }
    anew(draft, chunk, "MARK", &bytes, out, Finding::removed("AIFF", "names of markers or bytes behind them", Tells::Text));
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
