//! Monkey's Audio, from version 3.98 on: a descriptor says how long each part is. Frames stay byte for byte; the header and
//! the trailer of the WAV file that was packed go, since players make a header of their own, and positions and the checksum
//! follow. The checksum is written anew only where the one that stands there is understood. Loudness values and cover art
//! stay in a tag written anew. What frames decode to is not looked at. [Monkey's Audio SDK, APE_DESCRIPTOR, APE_HEADER]

use md5::{Digest, Md5};

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::formats::tagged;
use crate::grammar::audio_tags;
use crate::names::trailer;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "Monkey's Audio",
    extensions: &["ape", "mac"],
    container: false,
    keeps: "frames byte for byte, sample format, seek table, cover art (cleaned), loudness values",
    removes: "header and trailer of the packed file, tags, unused space, bytes behind the frames",
    sniff,
    plan,
    witness,
};

/// "There is no header: make one." [MAC_FORMAT_FLAG_CREATE_WAV_HEADER]
const NO_HEADER: u8 = 0x20;
/// The lengths of the descriptor and of the header as they are understood.
const DESCRIPTOR: u64 = 52;
const HEADER: u64 = 24;

fn sniff(head: &Head) -> Option<Match> {
    if head.has(0, b"MAC ") {
        return Some(Match::Exact);
    }
    let (tags, start) = audio_tags::at_start(&**head.source, 0).ok()?;
    (!tags.is_empty() && source::head(&**head.source, start, 4).ok()? == b"MAC ").then_some(Match::Exact)
}

/// The parts of a file, one behind the other.
struct Parts {
    descriptor: Span,
    header: Span,
    seek: Span,
    wav: Span,
    frames: Span,
    behind: Span,
    total: u32,
    md5: [u8; 16],
}

fn parts(source: &dyn Source, start: u64, end: u64) -> Result<Parts> {
    let mut cursor = Cursor::new(source, Span::new(start, end));
    cursor.skip(4)?;
    if cursor.u16_le()? < 3980 {
        return Err(Refusal::unsupported("Monkey's Audio from before version 3.98 is not supported")
            .hint("unpack it and pack it again with a newer version"));
    }
    cursor.skip(2)?;
    let mut len = [0u64; 7];
    for n in &mut len {
        *n = u64::from(cursor.u32_le()?);
    }
    let md5 = cursor.array()?;
    if len[0] < DESCRIPTOR || len[1] != HEADER {
        return Err(Refusal::malformed("the header has an unknown size", start));
    }
    cursor.seek(start)?;
    let descriptor = cursor.skip(len[0])?;
    let header = cursor.skip(len[1])?;
    let total = Cursor::new(source, Span::new(header.start + 12, header.end)).u32_le()?;
    let (seek, wav) = (cursor.skip(len[2])?, cursor.skip(len[3])?);
    let frames = cursor.skip(len[4] | len[5] << 32)?;
    let behind = cursor.skip(len[6])?;
    if total == 0 || seek.len() / 4 < u64::from(total) {
        return Err(Refusal::malformed("the seek table is too short", seek.start));
    }
    Ok(Parts { descriptor, header, seek, wav, frames, behind, total, md5 })
}

/// The checksum: over what is behind the seek table, then over the header and the seek table.
/// [Monkey's Audio SDK, APE_DESCRIPTOR cFileMD5]
fn checksum(source: &dyn Source, content: &[Span], header: &[u8], seek: &[u8]) -> Result<[u8; 16]> {
    let mut md5 = Md5::new();
    for span in content {
        source::each_block(source, *span, |block| md5.update(block))?;
    }
    md5.update(header);
    md5.update(seek);
    Ok(md5.finalize().into())
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let (tags, start) = audio_tags::at_start(&**source, 0)?;
    let parts = parts(&**source, start, source.len())?;
    let (end_tags, end) = audio_tags::at_end(&**source, Span::new(parts.behind.end, source.len()))?;
    let limit = job.limits().block;
    let (header, seek) = (source.bytes(parts.header, limit)?, source.bytes(parts.seek, limit)?);

    // Positions count from the start of the file; tags in front of it go.
    let count = parts.total as usize;
    let front = parts.descriptor.len() - DESCRIPTOR + (parts.seek.len() - 4 * count as u64) + parts.wav.len() + start;
    let mut table = Vec::with_capacity(4 * count);
    for entry in seek.chunks_exact(4).take(count) {
        let at = u64::from(u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]));
        let at = at.checked_sub(front).filter(|_| parts.frames.contains(Span::new(at, at)));
        table.extend(
            (at.ok_or_else(|| Refusal::malformed("a frame lies outside of the frames", parts.seek.start))? as u32).to_le_bytes(),
        );
    }
    let mut fresh = header.clone();
    fresh[2] |= NO_HEADER;

    let changes = front > start || !parts.behind.is_empty() || fresh != header || start > 0;
    let mut md5 = parts.md5;
    if changes && md5 != [0; 16] {
        let whole = [parts.wav, parts.frames, parts.behind];
        if checksum(&**source, &whole, &header, &seek)? != md5 {
            return Err(Refusal::malformed("the file is damaged: its checksum is wrong", start));
        }
        md5 = checksum(&**source, &[parts.frames], &fresh, &table)?;
    }
    let mut descriptor = source.bytes(Span::new(start, start + DESCRIPTOR), DESCRIPTOR)?;
    descriptor[6..8].fill(0);
    descriptor[8..12].copy_from_slice(&(DESCRIPTOR as u32).to_le_bytes());
    descriptor[16..20].copy_from_slice(&(table.len() as u32).to_le_bytes());
    descriptor[20..24].fill(0);
    descriptor[32..36].fill(0);
    descriptor[36..52].copy_from_slice(&md5);

    let first = Span::new(start, start + DESCRIPTOR);
    let told = vec![Finding::rewritten("Monkey's Audio", "header of the packed file is to be made by players", Tells::Rendering)];
    draft.replace(first, "descriptor", Fate::put(descriptor), told);
    let gone = |what, tells| Finding::removed("Monkey's Audio", what, tells);
    let more = Span::new(first.end, parts.descriptor.end);
    if !more.is_empty() {
        draft.remove(more, "descriptor", gone("bytes behind the descriptor", Tells::Hidden));
    }
    draft.reframe(parts.header, "header", Fate::put(fresh));
    draft.reframe(Span::new(parts.seek.start, parts.seek.start + 4 * count as u64), "seek table", Fate::put(table));
    let spare = Span::new(parts.seek.start + 4 * count as u64, parts.seek.end);
    if !spare.is_empty() {
        draft.remove(spare, "seek table", gone("unused entries of the seek table", Tells::Hidden));
    }
    if !parts.wav.is_empty() {
        draft.remove_all(parts.wav, "WAV header", packed(source, parts.wav, "header of the packed file"));
    }
    draft.essence(parts.frames, "frames");
    if !parts.behind.is_empty() {
        draft.remove_all(parts.behind, "WAV trailer", packed(source, parts.behind, "trailer of the packed file"));
    }
    let rest = Span::new(parts.behind.end, end);
    if !rest.is_empty() {
        draft.remove_all(rest, "trailer", trailer::describe("behind the sound", &**source, rest));
    }
    tagged::ape_ends(job, &mut draft, source, (&tags, &end_tags), end)?;
    draft.seal()
}

/// The words in a part of the packed file.
fn packed(source: &Shared, span: Span, label: &'static str) -> Vec<Finding> {
    let bytes = source::head(&**source, span.start, span.len().min(8192) as usize).unwrap_or_default();
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_graphic() && c != ' ').filter(|w| w.trim().len() > 3).collect();
    let found = Finding::removed("Monkey's Audio", label, Tells::History);
    vec![if words.is_empty() { found } else { found.value(words.join(" ")) }]
}

/// The descriptor once more: no part of the packed file, and a checksum that is right.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let was = parts(before, audio_tags::at_start(before, 0)?.1, before.len())?;
    let parts = parts(after, 0, after.len())?;
    if !parts.wav.is_empty() || !parts.behind.is_empty() || parts.descriptor.len() != DESCRIPTOR {
        return Err(Refusal::new(Code::Leftover, "a part of the packed file is still there"));
    }
    let rest = source::head(after, parts.frames.end, 8)?;
    if !rest.is_empty() && rest != b"APETAGEX" {
        return Err(Refusal::new(Code::Leftover, "something stands behind the sound").at(parts.frames.end));
    }
    let (header, seek) = (after.bytes(parts.header, HEADER)?, after.bytes(parts.seek, parts.seek.len())?);
    if parts.md5 != was.md5 && checksum(after, &[parts.frames], &header, &seek)? != parts.md5 {
        return Err(Refusal::new(Code::Damaged, "the checksum is wrong"));
    }
    Ok(vec!["checksum of the file"])
}
