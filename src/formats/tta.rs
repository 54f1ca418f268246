//! True Audio: a header, a table of the sizes of the frames, frames. All of that stays, and tells where the sound ends; tags
//! on both ends go, of which at most a small one is written anew. What frames decode to is not looked at. [TTA1 format]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::format::{Format, Head, Match};
use crate::formats::tagged;
use crate::grammar::audio_tags;
use crate::names::trailer;
use crate::plan::{Draft, Plan};
use crate::refusal::{Refusal, Result};
use crate::source::{self, Shared, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "TTA",
    extensions: &["tta"],
    container: false,
    keeps: "frames byte for byte, seek table, cover art (cleaned), loudness values, chapters",
    removes: "ID3 and APE tags at both ends, bytes behind the frames",
    sniff,
    plan,
    witness: tagged::witness,
};

/// The header with its checksum.
const HEADER: u64 = 22;

fn sniff(head: &Head) -> Option<Match> {
    if head.has(0, b"TTA1") {
        return Some(Match::Exact);
    }
    let (tags, start) = audio_tags::at_start(&**head.source, 0).ok()?;
    (!tags.is_empty() && source::head(&**head.source, start, 4).ok()? == b"TTA1").then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let (tags, start) = audio_tags::at_start(&**source, 0)?;
    let mut cursor = Cursor::new(&**source, Span::new(start, source.len()));
    cursor.skip(10)?;
    let (rate, samples) = (u64::from(cursor.u32_le()?), u64::from(cursor.u32_le()?));
    cursor.skip(4)?;
    // A frame lasts 256/245 of a second.
    let frame = rate * 256 / 245;
    let count = if frame == 0 { 0 } else { samples.div_ceil(frame) };
    if count == 0 || count.checked_mul(4).is_none_or(|n| n > cursor.left()) {
        return Err(Refusal::malformed("there are no frames, or more than there is room for", start));
    }
    let mut sizes = 0u64;
    for _ in 0..count {
        sizes += u64::from(cursor.u32_le()?);
    }
    cursor.skip(4)?;
    let first = cursor.at();
    for part in [Span::new(start, start + HEADER), Span::new(start + HEADER, first)] {
        let bytes = source.bytes(part, job.limits().block)?;
        let (bytes, sum) = bytes.split_at(bytes.len() - 4);
        if crc32fast::hash(bytes).to_le_bytes() != sum {
            return Err(Refusal::malformed("the header is damaged: its checksum is wrong", part.start));
        }
    }
    let sound = cursor.skip(sizes).map_err(|_| Refusal::malformed("the frames are cut off", first))?;
    let (end_tags, end) = audio_tags::at_end(&**source, Span::new(sound.end, source.len()))?;
    tagged::ends(job, &mut draft, source, (&tags, &end_tags), false)?;
    draft.frame(Span::new(start, start + HEADER), "header");
    draft.frame(Span::new(start + HEADER, first), "seek table");
    draft.essence(sound, "frames");
    let rest = Span::new(sound.end, end);
    if !rest.is_empty() {
        draft.remove_all(rest, "trailer", trailer::describe("behind the sound", &**source, rest));
    }
    draft.seal()
}
