//! Wave64, the WAV file of Sony's editors for recordings of any length: chunks with identifiers of sixteen bytes and sizes of
//! eight. Samples and their format stay; markers, lists, levels and everything else go, as editors write them about
//! themselves. What the samples hold is not looked at. [Sony Wave64 File Format Specification]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::formats::wav;
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "Wave64",
    extensions: &["w64"],
    container: false,
    keeps: "samples byte for byte, sample format",
    removes: "broadcast notes, lists, markers, levels, unknown chunks, padding, bytes behind the end",
    sniff,
    plan,
    witness,
};

/// The identifiers are four letters and a tail, which is one for `riff` and `list` and another for the rest.
const RIFF: &[u8; 16] = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
const TAIL: &[u8; 12] = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, RIFF) && head.has(24, b"wave") && head.has(28, TAIL)).then_some(Match::Exact)
}

/// One chunk. Its size counts its head of 24 bytes; what follows begins at a multiple of eight.
struct Chunk {
    id: [u8; 16],
    start: u64,
    data: Span,
    pad: Span,
    /// Whether its size is another one, and it ends with the file.
    open: bool,
}

impl Chunk {
    fn is(&self, name: &[u8; 4]) -> bool {
        self.id[..4] == *name && self.id[4..] == *TAIL
    }

    fn span(&self) -> Span {
        Span::new(self.start, self.pad.end)
    }
}

fn chunks(job: &Job, source: &dyn Source, stated: u64) -> Result<Vec<Chunk>> {
    let mut cursor = Cursor::new(source, Span::new(40, source.len()));
    let mut out: Vec<Chunk> = Vec::new();
    while cursor.left() >= 24 && (cursor.at() < stated || stated <= 40) {
        let start = cursor.at();
        let id: [u8; 16] = cursor.array()?;
        let size = cursor.u64_le()?;
        let sound = id[..4] == *b"data" && id[4..] == *TAIL;
        let fits = size.checked_sub(24).filter(|n| *n <= cursor.left());
        let open = sound && (fits.is_none() || size == 24 && cursor.left() > 0);
        let len = match fits.filter(|_| !open) {
            Some(len) => len,
            None if open => cursor.left(),
            None => return Err(Refusal::malformed("a chunk runs past the end", start)),
        };
        let data = cursor.skip(len)?;
        let pad = cursor.skip((data.end.next_multiple_of(8) - data.end).min(cursor.left()))?;
        out.push(Chunk { id, start, data, pad, open });
        job.limits().check_structures(out.len())?;
    }
    Ok(out)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut head = Cursor::new(&**source, Span::new(16, 40));
    let stated = head.u64_le()?;
    let mut all = chunks(job, &**source, stated)?;
    if !all.iter().any(|c| c.is(b"data")) {
        all = chunks(job, &**source, u64::MAX)?;
    }
    if !all.iter().any(|c| c.is(b"fmt ")) || !all.iter().any(|c| c.is(b"data")) {
        return Err(Refusal::malformed("there are no samples, or nothing says how to read them", source.len()));
    }
    let end = all.last().map_or(40, |c| c.pad.end);
    draft.frame(Span::new(0, 16), "riff");
    draft.reframe(Span::new(16, 24), "size", Fate::Length { of: Span::new(0, end), plus: 0, code: Number::U64Le });
    draft.frame(Span::new(24, 40), "wave");
    let mut seen: Vec<[u8; 16]> = Vec::new();
    for chunk in &all {
        let again = seen.contains(&chunk.id);
        seen.push(chunk.id);
        if !again && chunk.is(b"data") {
            samples(&mut draft, chunk);
        } else if !again && chunk.is(b"fmt ") {
            let bytes = source.bytes(chunk.data, 1 << 20)?;
            let n = wav::format_len(&bytes).ok_or_else(|| Refusal::malformed("the sample format is too short", chunk.start))?;
            fields(&mut draft, chunk, &bytes, n as usize);
        } else if !again && chunk.is(b"fact") && chunk.data.len() >= 8 {
            fields(&mut draft, chunk, &source.bytes(Span::new(chunk.data.start, chunk.data.start + 8), 8)?, 8);
        } else {
            draft.remove(chunk.span(), "chunk", describe(source, chunk));
        }
    }
    if stated != end {
        draft.note(Finding::rewritten("Wave64", "wrong size of the whole", Tells::Rendering));
    }
    if end < source.len() {
        let span = Span::new(end, source.len());
        draft.remove_all(span, "trailer", trailer::describe("behind the sound", &**source, span));
    }
    draft.seal()
}

/// The samples, with a size that is true and zeros behind them.
fn samples(draft: &mut Draft, chunk: &Chunk) {
    draft.frame(Span::new(chunk.start, chunk.start + 16), "data");
    let size = Span::new(chunk.start + 16, chunk.start + 24);
    if chunk.open {
        draft.reframe(size, "size", Fate::Length { of: chunk.data, plus: 24, code: Number::U64Le });
        draft.note(Finding::rewritten("Wave64", "size of the samples, which the recorder never wrote", Tells::Rendering));
    } else {
        draft.frame(size, "size");
    }
    draft.essence(chunk.data, "samples");
    draft.blank(chunk.pad, "padding", Finding::blanked("Wave64", "padding", Tells::Hidden));
}

/// A chunk of which the first `n` bytes are fields; what stands behind them goes.
fn fields(draft: &mut Draft, chunk: &Chunk, bytes: &[u8], n: usize) {
    let data = &bytes[..n.min(bytes.len())];
    let size = (data.len() as u64 + 24).to_le_bytes();
    let mut whole = [&chunk.id[..], &size, data].concat();
    whole.resize(whole.len().next_multiple_of(8), 0);
    let found = Finding::removed("Wave64", "bytes behind the fields of a chunk", Tells::Hidden);
    draft.replace(chunk.span(), "chunk", Fate::put(whole), vec![found]);
}

fn describe(source: &Shared, chunk: &Chunk) -> Finding {
    let bytes = source::head(&**source, chunk.data.start, chunk.data.len().min(602) as usize).unwrap_or_default();
    let text: String = bytes.iter().map(|b| char::from(*b)).filter(|c| !c.is_control()).take(300).collect();
    let (label, tells) = match &chunk.id[..4] {
        b"bext" => ("broadcast notes", Tells::Who),
        b"list" => ("information", Tells::Text),
        b"levl" => ("peaks with their time of making", Tells::When),
        b"junk" => ("unused space", Tells::Hidden),
        _ => ("chunk", Tells::Unknown),
    };
    Finding::removed("Wave64", label, tells).value(text.trim())
}

/// Another walk over the result: no chunk but those allowed, and nothing behind them.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 40;
    while at + 24 <= after.len() {
        let head = source::head(after, at, 24)?;
        if ![b"fmt ", b"fact", b"data"].iter().any(|id| head.starts_with(&id[..])) {
            return Err(Refusal::new(Code::Leftover, "a chunk that should be gone is still there").at(at));
        }
        let size = head[16..].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        at = at.saturating_add(size.max(24)).checked_next_multiple_of(8).unwrap_or(u64::MAX);
    }
    if at < after.len() {
        return Err(Refusal::new(Code::Leftover, "something stands behind the last chunk").at(at));
    }
    Ok(vec!["second chunk walk"])
}
