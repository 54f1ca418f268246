//! DSDIFF, sound of one bit a sample, from the makers of the Super Audio CD: chunks with sizes of eight bytes. Sound and its
//! properties stay; names, dated comments, identifiers, the maker's own data and the tag go, or are written anew with what
//! may stay. What the samples hold is not looked at. [DSDIFF File Format Specification 1.5]

use crate::blocks::id3 as keep;
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::id3;
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "DSDIFF",
    extensions: &["dff"],
    container: false,
    keeps: "samples byte for byte, sampling rate, channels, cover art (cleaned), loudness values",
    removes: "artist and title, dated comments, identifiers, markers, the maker's data, tags, bytes behind the end",
    sniff,
    plan,
    witness,
};

/// The head of a chunk: four letters and a size.
const HEAD: u64 = 12;

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"FRM8") && head.has(12, b"DSD ")).then_some(Match::Exact)
}

struct Chunk {
    id: [u8; 4],
    start: u64,
    data: Span,
    pad: Span,
}

impl Chunk {
    fn span(&self) -> Span {
        Span::new(self.start, self.pad.end)
    }

    fn size(&self) -> Span {
        Span::new(self.start + 4, self.data.start)
    }
}

fn chunks(job: &Job, source: &dyn Source, span: Span) -> Result<Vec<Chunk>> {
    let mut cursor = Cursor::new(source, span);
    let mut out = Vec::new();
    while cursor.left() >= HEAD {
        let start = cursor.at();
        let id = cursor.array()?;
        let size = cursor.u64_be()?;
        let data = cursor.skip(size).map_err(|_| Refusal::malformed("a chunk runs past the end", start))?;
        let pad = cursor.skip((size % 2).min(cursor.left()))?;
        out.push(Chunk { id, start, data, pad });
        job.limits().check_structures(out.len())?;
    }
    Ok(out)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let stated = Cursor::new(&**source, Span::new(4, 12)).u64_be()?;
    let end = stated.saturating_add(12).min(source.len()).max(16);
    let all = chunks(job, &**source, Span::new(16, end))?;
    let last = all.last().map_or(16, |c| c.pad.end);
    draft.frame(Span::new(0, 4), "FRM8");
    draft.reframe(Span::new(4, 12), "size", Fate::Length { of: Span::new(12, last), plus: 0, code: Number::U64Be });
    draft.frame(Span::new(12, 16), "form type");
    let mut seen: Vec<[u8; 4]> = Vec::new();
    for chunk in &all {
        let again = seen.contains(&chunk.id);
        seen.push(chunk.id);
        match &chunk.id {
            b"FVER" if !again && chunk.data.len() == 4 => draft.frame(chunk.span(), "FVER"),
            b"PROP" if !again => properties(job, &mut draft, source, chunk)?,
            b"DSD " | b"DST " if !again => {
                draft.frame(Span::new(chunk.start, chunk.data.start), "sound");
                draft.essence(chunk.data, "samples");
                pad(&mut draft, chunk);
            }
            b"ID3 " if !again => tag(job, &mut draft, source, chunk)?,
            _ => draft.remove(chunk.span(), "chunk", describe(source, chunk)),
        }
    }
    if !seen.contains(b"PROP") || !seen.iter().any(|id| id == b"DSD " || id == b"DST ") {
        return Err(Refusal::malformed("there are no samples, or nothing says how to read them", source.len()));
    }
    if last < source.len() {
        let span = Span::new(last, source.len());
        draft.remove_all(span, "trailer", trailer::describe("behind the sound", &**source, span));
    }
    draft.otherwise(Finding::rewritten("DSDIFF", "wrong size of the whole", Tells::Rendering));
    draft.seal()
}

fn pad(draft: &mut Draft, chunk: &Chunk) {
    draft.blank(chunk.pad, "padding", Finding::blanked("DSDIFF", "padding", Tells::Hidden));
}

/// Sampling rate, channels, compression with a name that is always the same, loudspeakers; where the recording began in its
/// day only by policy. [DSDIFF 1.5, "Property Chunk"]
fn properties(job: &Job, draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let inner = Span::new((chunk.data.start + 4).min(chunk.data.end), chunk.data.end);
    let all = chunks(job, &**source, inner)?;
    let last = all.last().map_or(inner.start, |c| c.pad.end);
    draft.frame(Span::new(chunk.start, chunk.start + 4), "PROP");
    draft.reframe(chunk.size(), "size", Fate::Length { of: Span::new(chunk.data.start, last), plus: 0, code: Number::U64Be });
    draft.frame(Span::new(chunk.data.start, inner.start), "property type");
    for part in &all {
        let len = part.data.len();
        match &part.id {
            b"FS  " if len == 4 => draft.frame(part.span(), "FS"),
            b"LSCO" if len == 2 => draft.frame(part.span(), "LSCO"),
            b"CHNL" if len >= 2 && (len - 2).is_multiple_of(4) => draft.frame(part.span(), "CHNL"),
            b"ABSS" if len == 8 && job.keeps(Token::Timecode) => draft.frame(part.span(), "ABSS"),
            b"CMPR" if len >= 5 => {
                let kind = source::head(&**source, part.data.start, 4)?;
                let name: &[u8] = if kind == b"DST " { b"\x0bDST Encoded" } else { b"\x0enot compressed" };
                let mut whole = [&b"CMPR"[..], &(4 + name.len() as u64).to_be_bytes(), &kind, name].concat();
                whole.resize(whole.len().next_multiple_of(2), 0);
                let found = Finding::removed("DSDIFF", "name of the compression", Tells::Software);
                draft.replace(part.span(), "CMPR", Fate::put(whole), vec![found]);
            }
            _ => draft.remove(part.span(), "property", describe(source, part)),
        }
    }
    let rest = Span::new(last, chunk.pad.end);
    if !rest.is_empty() {
        draft.remove_all(rest, "property", trailer::describe("behind the properties", &**source, rest));
    }
    Ok(())
}

/// The tag, written anew with what may stay.
fn tag(job: &Job, draft: &mut Draft, source: &Shared, chunk: &Chunk) -> Result<()> {
    let read = [keep::Tag::read(&source.bytes(chunk.data, job.limits().block)?)];
    let major = read[0].major.clamp(3, 4);
    let kept = keep::sift(job, draft, &read, major, false)?;
    let found = kept.findings(&read[0]);
    match id3::tag(major, &kept.frames) {
        None => draft.remove_all(chunk.span(), "ID3", found),
        Some(tag) => {
            let mut whole = [&b"ID3 "[..], &(tag.len() as u64).to_be_bytes(), &tag].concat();
            whole.resize(whole.len().next_multiple_of(2), 0);
            draft.replace_seen(chunk.span(), "ID3", Fate::put(whole), found);
        }
    }
    Ok(())
}

fn describe(source: &Shared, chunk: &Chunk) -> Finding {
    let bytes = source::head(&**source, chunk.data.start, chunk.data.len().min(600) as usize).unwrap_or_default();
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_graphic() && c != ' ').filter(|w| w.trim().len() > 3).collect();
    let (label, tells) = match &chunk.id {
        b"COMT" => ("comments with their times", Tells::When),
        b"DIIN" => ("artist, title and identifier of the edit", Tells::Who),
        b"ABSS" => ("time of the start", Tells::When),
        b"MANF" => ("data of the maker", Tells::Device),
        b"DSTI" => ("index of the sound", Tells::Rendering),
        _ => ("chunk", Tells::Unknown),
    };
    let found = Finding::removed("DSDIFF", label, tells);
    if words.is_empty() || label.starts_with("index") { found } else { found.value(words.join(" ")) }
}

/// Another walk over the result: no chunk but those allowed, and nothing behind them.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 16;
    while at + HEAD <= after.len() {
        let head = source::head(after, at, HEAD as usize)?;
        if ![b"FVER", b"PROP", b"DSD ", b"DST ", b"ID3 "].iter().any(|id| head.starts_with(&id[..])) {
            return Err(Refusal::new(Code::Leftover, "a chunk that should be gone is still there").at(at));
        }
        let size = head[4..].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        at = at.saturating_add(HEAD).saturating_add(size).saturating_add(size % 2);
    }
    // The last chunk may lack its padding.
    if at < after.len() {
        return Err(Refusal::new(Code::Leftover, "something stands behind the last chunk").at(at));
    }
    Ok(vec!["second chunk walk"])
}
