//! Core Audio Format, in which voice memos and messages of Apple's devices travel: chunks with sizes of eight bytes. Sound,
//! its format, the sizes of its packets, the settings of its decoder and the channel layout stay; information, strings,
//! markers, notes, peaks and free space go. What the sound decodes to, and what a decoder's settings mean, is not looked at.
//! [Apple Core Audio Format Specification 1.0]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "CAF",
    extensions: &["caf"],
    container: false,
    keeps: "sound byte for byte, its format, packet table, decoder settings, channel layout",
    removes: "information, strings, markers, identifiers, peaks, editors' comments, free space, bytes behind the end",
    sniff,
    plan,
    witness,
};

/// The head of a chunk: four letters and a size.
const HEAD: u64 = 12;

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"caff\0\x01").then_some(Match::Exact)
}

struct Chunk {
    id: [u8; 4],
    start: u64,
    data: Span,
    /// Whether its size is another one, and it ends with the file.
    open: bool,
}

impl Chunk {
    fn span(&self) -> Span {
        Span::new(self.start, self.data.end)
    }

    fn size(&self) -> Span {
        Span::new(self.start + 4, self.data.start)
    }
}

/// The chunks, and where they end.
fn chunks(job: &Job, source: &dyn Source) -> Result<(Vec<Chunk>, u64)> {
    let mut cursor = Cursor::new(source, Span::new(8, source.len()));
    let mut out: Vec<Chunk> = Vec::new();
    while cursor.left() >= HEAD {
        let start = cursor.at();
        let id: [u8; 4] = cursor.array()?;
        let size = cursor.u64_be()?;
        let sound = id == *b"data";
        // [CAF 1.0, "Audio Data Chunk"] -1: the sound goes on to the end of the file
        let open = sound && size > cursor.left();
        let complete = out.iter().any(|c| c.id == *b"data");
        if size > cursor.left() && !open && complete {
            // What is no chunk behind the sound is junk.
            return Ok((out, start));
        }
        let data = cursor.skip(if open { cursor.left() } else { size });
        let data = data.map_err(|_| Refusal::malformed("a chunk runs past the end", start))?;
        out.push(Chunk { id, start, data, open });
        job.limits().check_structures(out.len())?;
    }
    Ok((out, cursor.at()))
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    draft.frame(Span::new(0, 6), "caff");
    draft.blank(Span::new(6, 8), "flags", Finding::blanked("CAF", "reserved flags", Tells::Hidden));
    let (all, end) = chunks(job, &**source)?;
    let desc = all.first().filter(|c| c.id == *b"desc" && c.data.len() == 32);
    let desc = desc.ok_or_else(|| Refusal::malformed("it does not begin with the format of its sound", 8))?;
    let desc = source.bytes(desc.data, 32)?;
    let mut seen: Vec<[u8; 4]> = Vec::new();
    for chunk in &all {
        let again = seen.contains(&chunk.id);
        seen.push(chunk.id);
        match &chunk.id {
            b"desc" if !again => draft.frame(chunk.span(), "desc"),
            b"data" if !again && chunk.data.len() >= 4 => sound(&mut draft, chunk),
            b"pakt" if !again => first_bytes(&mut draft, source, chunk, table_len(&**source, chunk, &desc)?)?,
            b"kuki" if !again => draft.frame(chunk.span(), "kuki"),
            b"chan" if !again => {
                let count = Cursor::new(&**source, Span::new(chunk.data.start + 8, chunk.data.end)).u32_be()?;
                first_bytes(&mut draft, source, chunk, 12 + 20 * u64::from(count))?;
            }
            _ => draft.remove_all(chunk.span(), "chunk", describe(source, chunk)),
        }
    }
    if !seen.contains(b"data") {
        return Err(Refusal::malformed("there is no sound", source.len()));
    }
    if end < source.len() {
        let span = Span::new(end, source.len());
        draft.remove_all(span, "trailer", trailer::describe("behind the sound", &**source, span));
    }
    draft.seal()
}

/// A count of edits, which tells something, and the sound. [CAF 1.0, "Audio Data Chunk"]
fn sound(draft: &mut Draft, chunk: &Chunk) {
    let start = chunk.data.start + 4;
    draft.frame(Span::new(chunk.start, chunk.start + 4), "data");
    if chunk.open {
        let size = Fate::Length { of: chunk.data, plus: 0, code: Number::U64Be };
        draft.reframe(chunk.size(), "size", size);
        draft.note(Finding::rewritten("CAF", "size of the sound, which the recorder never wrote", Tells::Rendering));
    } else {
        draft.frame(chunk.size(), "size");
    }
    draft.blank(Span::new(chunk.data.start, start), "edits", Finding::blanked("CAF", "count of edits", Tells::History));
    draft.essence(Span::new(start, chunk.data.end), "sound");
}

/// How long the packet table is: four numbers, then for each packet its size and how many samples it has, as far as these
/// differ. [CAF 1.0, "Packet Table Chunk"]
fn table_len(source: &dyn Source, chunk: &Chunk, desc: &[u8]) -> Result<u64> {
    let number = |at: usize| u32::from_be_bytes([desc[at], desc[at + 1], desc[at + 2], desc[at + 3]]);
    let each = u64::from(number(16) == 0) + u64::from(number(20) == 0);
    let mut cursor = Cursor::new(source, chunk.data);
    let packets = cursor.u64_be()?;
    cursor.skip(16)?;
    if each == 0 {
        return Ok(24);
    }
    let left = cursor.left();
    let wanted = packets.checked_mul(each).filter(|n| *n <= left);
    let wanted = wanted.ok_or_else(|| Refusal::malformed("the packet table is shorter than it says", chunk.start))?;
    for _ in 0..wanted {
        while cursor.u8()? & 0x80 != 0 {}
    }
    Ok(cursor.at() - chunk.data.start)
}

/// Keeps the first `n` bytes of a chunk; what stands behind them goes.
fn first_bytes(draft: &mut Draft, source: &Shared, chunk: &Chunk, n: u64) -> Result<()> {
    if n > chunk.data.len() {
        return Err(Refusal::malformed("a chunk is shorter than what it should hold", chunk.start));
    }
    let kept = Span::new(chunk.data.start, chunk.data.start + n);
    draft.frame(Span::new(chunk.start, chunk.start + 4), "chunk");
    draft.reframe(chunk.size(), "size", Fate::put(n.to_be_bytes()));
    draft.frame(kept, "chunk");
    let behind = Span::new(kept.end, chunk.data.end);
    if !behind.is_empty() {
        draft.remove_all(behind, "chunk", trailer::describe("behind the fields of a chunk", &**source, behind));
    }
    Ok(())
}

fn describe(source: &Shared, chunk: &Chunk) -> Vec<Finding> {
    let bytes = source::head(&**source, chunk.data.start, chunk.data.len().min(16 << 10) as usize).unwrap_or_default();
    let told = |label: &'static str, tells| {
        let text: String = String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).take(300).collect();
        vec![Finding::removed("CAF", label, tells).value(text.trim())]
    };
    match &chunk.id {
        b"info" => {
            // [CAF 1.0, "Information Chunk"] a count, then keys and values, each with a zero behind it
            let mut words =
                bytes.get(4..).unwrap_or_default().split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned());
            let mut out = vec![Finding::removed("CAF", "information", Tells::Text)];
            while let (Some(key), Some(value)) = (words.next().filter(|k| !k.is_empty()), words.next()) {
                out.push(crate::names::audio::comment("CAF", &key, &value));
            }
            out
        }
        b"strg" => told("strings", Tells::Text),
        b"edct" => told("editors' comments", Tells::Text),
        b"umid" => vec![Finding::removed("CAF", "unique identifier", Tells::Identifier)],
        b"uuid" => told("private data of a program", Tells::Unknown),
        b"mark" | b"regn" => vec![Finding::removed("CAF", "markers", Tells::Text)],
        b"midi" => vec![Finding::removed("CAF", "notes", Tells::Hidden)],
        b"peak" | b"ovvw" => vec![Finding::removed("CAF", "overview of the sound", Tells::History)],
        b"free" => vec![Finding::removed("CAF", "free space", Tells::Hidden)],
        id => vec![Finding::removed("CAF", format!("chunk {}", String::from_utf8_lossy(id).trim()), Tells::Unknown)],
    }
}

/// Another walk over the result: no chunk but those allowed, and nothing behind them.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 8;
    while at + HEAD <= after.len() {
        let head = source::head(after, at, HEAD as usize)?;
        if ![b"desc", b"data", b"pakt", b"kuki", b"chan"].iter().any(|id| head.starts_with(&id[..])) {
            return Err(Refusal::new(Code::Leftover, "a chunk that should be gone is still there").at(at));
        }
        at = at.saturating_add(HEAD).saturating_add(head[4..].iter().fold(0u64, |n, b| n << 8 | u64::from(*b)));
    }
    if at != after.len() {
        return Err(Refusal::new(Code::Leftover, "something stands behind the last chunk").at(at));
    }
    Ok(vec!["second chunk walk"])
}
