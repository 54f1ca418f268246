//! WAV, broadcast WAV and RF64: samples stay, with their format, loops, and markers; everything that recorders and editors
//! write about themselves goes. What the samples hold is not looked at. [EBU Tech 3285, EBU Tech 3306]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::iff::{self, Chunk, Walk};
use crate::names::{audio, trailer, xmp};
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "WAV",
    extensions: &["wav", "wave", "bwf", "rf64"],
    container: false,
    keeps: "samples byte for byte, sample format, channel layout, loops, markers",
    removes: "recorder, dates, descriptions, coding history, tags, editors' private chunks, bytes behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let riff = [&b"RIFF"[..], b"RF64", b"BW64"].iter().any(|m| head.has(0, m));
    (riff && head.has(8, b"WAVE")).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let head = source.bytes(Span::new(0, source.len().min(64)), 64)?;
    let long = head[..4] != *b"RIFF";
    let at = |i: usize, n: usize| head.get(i..i + n).map_or(0, |b| b.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b)));
    // [EBU Tech 3306] `ds64` comes first and holds the sizes that do not fit.
    if long && (head.get(12..16) != Some(b"ds64") || at(16, 4) < 28) {
        return Err(Refusal::malformed("the chunk with the long sizes is missing", 12));
    }
    let stated = if long { at(20, 8) } else { at(4, 4) };
    let mut walk = Walk { big: false, sound: b"data", long: long.then(|| at(28, 8)), stated: stated.saturating_add(8) };
    let whole = Span::new(12, source.len());
    let mut chunks = iff::chunks(&**source, whole, &walk, job.limits())?;
    if !chunks.iter().any(|c| c.id == *b"data") {
        walk.stated = u64::MAX;
        chunks = iff::chunks(&**source, whole, &walk, job.limits())?;
    }
    let end = chunks.last().map_or(12, |c| c.pad.end).max(12);
    if !chunks.iter().any(|c| c.id == *b"fmt ") || !chunks.iter().any(|c| c.id == *b"data") {
        return Err(Refusal::malformed("there are no samples, or nothing says how to read them", source.len()));
    }
    if chunks.iter().any(|c| c.id == *b"chna") {
        let what = "it carries object audio, whose description holds names and dates and cannot be left out";
        return Err(Refusal::new(Code::NeedsResidual, what).hint("render it to plain channels first"));
    }
    draft.frame(Span::new(0, 4), "RIFF");
    let of = Span::new(8, end);
    match long {
        true => draft.frame(Span::new(4, 8), "size"),
        false => draft.reframe(Span::new(4, 8), "size", Fate::Length { of, plus: 0, code: Number::U32Le }),
    }
    draft.frame(Span::new(8, 12), "WAVE");
    let marks = marks(source, &chunks)?;
    let mut seen: Vec<[u8; 4]> = Vec::new();
    for chunk in &chunks {
        let again = seen.contains(&chunk.id) && chunk.id != *b"LIST";
        seen.push(chunk.id);
        match &chunk.id {
            b"ds64" if chunk.head.start == 12 && long => long_sizes(&mut draft, source, chunk, of)?,
            b"data" if !again => samples(&mut draft, chunk),
            b"fmt " if !again => format(job, &mut draft, source, chunk)?,
            b"fact" if !again && chunk.data.len() >= 4 => first_bytes(&mut draft, source, chunk, 4)?,
            b"plst" if !again && job.keeps(Token::Chapters) => counted(&mut draft, source, chunk, 12)?,
            b"cue " if !again && job.keeps(Token::Chapters) => counted(&mut draft, source, chunk, 24)?,
            b"inst" if !again && chunk.data.len() == 7 => keep_padded(&mut draft, chunk),
            b"smpl" if !again && chunk.data.len() >= 36 => sampler(&mut draft, source, chunk)?,
            b"LIST" => list(job, &mut draft, source, chunk, &marks)?,
            _ => draft.remove_all(chunk.span(), "chunk", describe(job, source, chunk)),
        }
    }
    if stated.saturating_add(8) != end {
        draft.note(Finding::rewritten("WAV", "wrong size of the whole", Tells::Rendering));
    }
    if end < source.len() {
        let span = Span::new(end, source.len());
        draft.remove_all(span, "trailer", trailer::describe("behind the sound", &**source, span));
    }
    draft.seal()
}

/// The samples, with a size that is true.
fn samples(draft: &mut Draft, chunk: &Chunk) {
    if chunk.open {
        draft.frame(Span::new(chunk.head.start, chunk.size.start), "data");
        draft.reframe(chunk.size, "size", Fate::Length { of: chunk.data, plus: 0, code: Number::U32Le });
        draft.note(Finding::rewritten("WAV", "size of the samples, which the recorder never wrote", Tells::Rendering));
    } else {
        draft.frame(chunk.head, "data");
    }
    draft.essence(chunk.data, "samples");
    pad(draft, chunk);
}

fn pad(draft: &mut Draft, chunk: &Chunk) {
    draft.blank(chunk.pad, "padding", Finding::blanked("WAV", "padding", Tells::Hidden));
    // An odd chunk without padding would shift all that follows.
    if chunk.data.len() % 2 == 1 && chunk.pad.is_empty() && !chunk.last {
        draft.insert(chunk.pad.end, "padding", Fate::put([0]));
        draft.note(Finding::rewritten("WAV", "missing padding", Tells::Rendering));
    }
}

fn keep_padded(draft: &mut Draft, chunk: &Chunk) {
    draft.frame(Span::new(chunk.head.start, chunk.data.end), "chunk");
    pad(draft, chunk);
}

/// The sizes of 64 bits: of the whole, of the samples, the count of samples, and a table for other chunks that is not needed
/// for any that stays. [EBU Tech 3306 3.2]
fn long_sizes(draft: &mut Draft, source: &Shared, chunk: &Chunk, of: Span) -> Result<()> {
    let start = chunk.data.start;
    let table = source.bytes(Span::new(start + 24, start + 28), 4)?;
    draft.frame(Span::new(chunk.head.start, chunk.size.start), "ds64");
    draft.reframe(chunk.size, "size", Fate::put(28u32.to_le_bytes()));
    draft.reframe(Span::new(start, start + 8), "long size", Fate::Length { of, plus: 0, code: Number::U64Le });
    draft.frame(Span::new(start + 8, start + 24), "ds64");
    draft.reframe(Span::new(start + 24, start + 28), "table length", Fate::put([0; 4]));
    let behind = Span::new(start + 28, chunk.pad.end);
    if !behind.is_empty() {
        draft.remove(behind, "table", Finding::removed("WAV", "table of long sizes", Tells::Hidden));
    } else if table != [0; 4] {
        draft.note(Finding::rewritten("WAV", "length of a table that is not there", Tells::Hidden));
    }
    Ok(())
}

/// Keeps the first `n` bytes of a chunk, which has at least as many; what stands behind them goes.
fn first_bytes(draft: &mut Draft, source: &Shared, chunk: &Chunk, n: u64) -> Result<()> {
    if chunk.data.len() <= n {
        keep_padded(draft, chunk);
        return Ok(());
    }
    let mut data = source.bytes(Span::new(chunk.data.start, chunk.data.start + n), 1 << 20)?;
    data.resize(data.len().next_multiple_of(2), 0);
    let found = Finding::removed("WAV", "bytes behind the fields of a chunk", Tells::Hidden).bytes(chunk.data.len() - n);
    let whole = [&chunk.id[..], &(n as u32).to_le_bytes(), &data].concat();
    draft.replace(chunk.span(), "chunk", Fate::put(whole), vec![found]);
    Ok(())
}

/// A count and as many entries.
fn counted(draft: &mut Draft, source: &Shared, chunk: &Chunk, each: u64) -> Result<()> {
    match entries(source, chunk, each)? {
        Some(count) => first_bytes(draft, source, chunk, 4 + count * each),
        None => {
            draft.remove(chunk.span(), "chunk", Finding::removed("WAV", "unreadable list of markers", Tells::Unknown));
            Ok(())
        }
    }
}

/// How many entries a list has; `None` where there are fewer than it says, or more than any honest one has.
fn entries(source: &Shared, chunk: &Chunk, each: u64) -> Result<Option<u64>> {
    let count = source::head(&**source, chunk.data.start, 4)?.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b));
    Ok((chunk.data.len() >= 4 && 4 + count * each <= chunk.data.len().min(1 << 20)).then_some(count))
}

/// The numbers of the markers that stay.
fn marks(source: &Shared, chunks: &[Chunk]) -> Result<Vec<[u8; 4]>> {
    let Some(cue) = chunks.iter().find(|c| c.id == *b"cue ") else { return Ok(Vec::new()) };
    let Some(count) = entries(source, cue, 24)? else { return Ok(Vec::new()) };
    let bytes = source::head(&**source, cue.data.start + 4, (count * 24) as usize)?;
    Ok(bytes.chunks_exact(24).filter_map(|point| point[..4].try_into().ok()).collect())
}

/// The format; what stands behind the fields that its kind has goes. [Microsoft WAVEFORMATEX]
fn format(job: &Job, draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let bytes = source.bytes(chunk.data, job.limits().block.min(1 << 20))?;
    let n = format_len(&bytes).ok_or_else(|| Refusal::malformed("the sample format is too short", chunk.head.start))?;
    first_bytes(draft, source, chunk, n)
}

/// How many bytes of a sample format are fields; `None` where there are too few. [Microsoft WAVEFORMATEX]
pub(super) fn format_len(bytes: &[u8]) -> Option<u64> {
    let kind = u16::from_le_bytes([*bytes.first()?, *bytes.get(1)?]);
    let more = bytes.get(16..18).map(|b| u16::from_le_bytes([b[0], b[1]]));
    (bytes.len() >= 14).then_some(match (kind, more) {
        // Plain samples need sixteen bytes; they may have two more that say "nothing follows".
        (1 | 3 | 6 | 7, Some(0)) => 18,
        (1 | 3 | 6 | 7, _) => 16,
        (_, Some(more)) => 18 + u64::from(more),
        _ => 18,
    })
}

/// Loops stay; the maker, the product and the maker's own data go. [RIFF sampler chunk]
fn sampler(draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let bytes = source.bytes(chunk.data, 1 << 20)?;
    let loops = u32::from_le_bytes([bytes[28], bytes[29], bytes[30], bytes[31]]) as usize;
    let Some(fields) = bytes.get(..36 + 24 * loops.min(10_000)).filter(|_| loops <= 10_000) else {
        draft.remove(chunk.span(), "smpl", Finding::removed("WAV", "unreadable sampler data", Tells::Unknown));
        return Ok(());
    };
    let mut out = fields.to_vec();
    out[..8].fill(0);
    out[20..28].fill(0);
    out[32..36].fill(0);
    let whole = [&b"smpl"[..], &(out.len() as u32).to_le_bytes(), &out].concat();
    let found = Finding::rewritten("WAV", "maker and private data of the sampler", Tells::Device);
    draft.replace(chunk.span(), "smpl", Fate::put(whole), vec![found]);
    Ok(())
}

/// Lists: labels of markers are titles; the rest tells.
fn list(job: &Job, draft: &mut Draft, source: &Shared, chunk: &Chunk, marks: &[[u8; 4]]) -> Result<()> {
    let kind = source::head(&**source, chunk.data.start, 4)?;
    match &kind[..] {
        b"adtl" if job.keeps(Token::Chapters) && !job.policy().is_strict() => {
            let inner = Span::new((chunk.data.start + 4).min(chunk.data.end), chunk.data.end);
            let walk = Walk { big: false, sound: b"none", long: None, stated: inner.end };
            let mut out = b"adtl".to_vec();
            for label in iff::chunks(&**source, inner, &walk, job.limits())?.iter().filter(|c| c.id == *b"labl") {
                let text = source::head(&**source, label.data.start, label.data.len().min(4096) as usize)?;
                // A label of no marker is a note that nobody sees, and so is what stands behind its end.
                let Some((number, text)) = text.split_at_checked(4).filter(|(n, _)| marks.iter().any(|m| m == n)) else {
                    continue;
                };
                let text = &text[..text.iter().position(|b| *b == 0).unwrap_or(text.len())];
                out.extend(b"labl");
                out.extend((text.len() as u32 + 5).to_le_bytes());
                out.extend(number);
                out.extend(text);
                out.push(0);
                out.resize(out.len().next_multiple_of(2), 0);
            }
            if out.len() == 4 {
                draft.remove(chunk.span(), "LIST", Finding::removed("WAV", "notes on markers", Tells::Text));
                return Ok(());
            }
            let whole = [&b"LIST"[..], &(out.len() as u32).to_le_bytes(), &out].concat();
            draft.replace_seen(
                chunk.span(),
                "LIST",
                Fate::put(whole),
                vec![Finding::removed("WAV", "notes on markers", Tells::Text)],
            );
        }
        _ => draft.remove_all(chunk.span(), "LIST", describe(job, source, chunk)),
    }
    Ok(())
}

/// What a chunk that goes tells.
fn describe(job: &Job, source: &Shared, chunk: &Chunk) -> Vec<Finding> {
    let bytes = source.bytes(chunk.data, job.limits().block.min(4 << 20)).unwrap_or_default();
    let text = |from: usize, to: usize| {
        let part = bytes.get(from..to).unwrap_or_default();
        String::from_utf8_lossy(part).trim_matches(|c: char| c == '\0' || c == ' ').to_owned()
    };
    let mut out = Vec::new();
    let mut tell = |label: &'static str, tells, value: String| {
        if !value.is_empty() {
            out.push(Finding::removed("WAV", label, tells).value(value));
        }
    };
    match &chunk.id {
        b"bext" => {
            tell("description", Tells::Text, text(0, 256));
            tell("originator", Tells::Who, text(256, 288));
            tell("originator's reference", Tells::Identifier, text(288, 320));
            tell("date", Tells::When, text(320, 330));
            tell("time", Tells::When, text(330, 338));
            tell("coding history", Tells::History, text(602, bytes.len()));
        }
        b"LIST" if bytes.starts_with(b"INFO") => {
            let mut at = 4;
            while let Some(head) = bytes.get(at..at + 8) {
                let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
                let label = match &head[..4] {
                    b"IART" => ("artist", Tells::Who),
                    b"ICMT" => ("comment", Tells::Text),
                    b"ICOP" => ("copyright", Tells::Who),
                    b"ICRD" | b"IDIT" => ("date", Tells::When),
                    b"IENG" | b"ITCH" => ("engineer", Tells::Who),
                    b"ISFT" => ("software", Tells::Software),
                    b"INAM" => ("title", Tells::Text),
                    b"ISRC" => ("source", Tells::Who),
                    _ => ("information", Tells::Text),
                };
                tell(label.0, label.1, text(at + 8, (at + 8).saturating_add(size).min(bytes.len())));
                at = (at + 8).saturating_add(size).saturating_add(size % 2);
            }
        }
        b"id3 " | b"ID3 " => out.extend(audio::id3v2(&bytes)),
        b"_PMX" => out.extend(xmp::describe("XMP", &bytes)),
        b"iXML" | b"axml" | b"aXML" => tell("recorder's or editor's notes", Tells::Text, text(0, bytes.len().min(2000))),
        b"JUNK" | b"PAD " | b"FLLR" | b"filr" => out.push(Finding::removed("WAV", "unused space", Tells::Hidden)),
        b"guan" => tell("recorder's notes with its place", Tells::Where, text(0, bytes.len().min(2000))),
        b"cart" | b"DISP" | b"umid" | b"link" => out.push(Finding::removed("WAV", "broadcast notes", Tells::Text)),
        b"levl" | b"PEAK" => out.push(Finding::removed("WAV", "peaks with their time of making", Tells::When)),
        _ => {}
    }
    if out.is_empty() {
        out.push(Finding::removed("WAV", format!("chunk {}", String::from_utf8_lossy(&chunk.id).trim()), Tells::Unknown));
    }
    out
}

/// Another walk over the result: no chunk but those allowed, and nothing behind them.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const ALLOWED: [&[u8; 4]; 9] = [b"ds64", b"fmt ", b"data", b"fact", b"plst", b"cue ", b"inst", b"smpl", b"LIST"];
    let mut at = 12;
    let long = source::head(after, 0, 4)? != b"RIFF";
    let mut wide = 0;
    while at + 8 <= after.len() {
        let head = source::head(after, at, 8)?;
        if !ALLOWED.iter().any(|id| head.starts_with(&id[..])) {
            return Err(Refusal::new(Code::Leftover, "a chunk that should be gone is still there").at(at));
        }
        let mut size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        if head.starts_with(b"ds64") {
            wide = source::head(after, at + 16, 8)?.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b));
        }
        if long && head.starts_with(b"data") && size == u64::from(u32::MAX) {
            size = wide;
        }
        at = (at + 8).saturating_add(size).saturating_add(size % 2);
    }
    // The last chunk may lack its padding.
    if at < after.len() {
        return Err(Refusal::new(Code::Leftover, "something stands behind the last chunk").at(at));
    }
    Ok(vec!["second chunk walk"])
}
