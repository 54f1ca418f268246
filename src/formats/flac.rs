//! FLAC: `fLaC`, metadata blocks, frames. [RFC 9639] The frames stay as they are; of the blocks only those stay that a
//! player needs, and where the last one is flagged, the flag moves. Pictures are cleaned as the files they are. What the
//! samples sound like is not looked at: the checksum of the last frame tells where the sound ends.

use crate::blocks::{flac_picture, vorbis};
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::{audio_tags, flac_frame};
use crate::names::audio;
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "FLAC",
    extensions: &["flac", "fla"],
    container: false,
    keeps: "frames byte for byte, stream info, seek table, cover art (cleaned), loudness values, chapters",
    removes: "tags, vendor, application blocks, padding, catalogue numbers, ID3 and APE tags, bytes after the sound",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    if head.has(0, b"fLaC") {
        return Some(Match::Exact);
    }
    let (_, start) = audio_tags::at_start(&**head.source, 0).ok().filter(|(tags, _)| !tags.is_empty())?;
    (head.source.bytes(Span::at(start, 4)?, 4).ok()? == b"fLaC").then_some(Match::Exact)
}

/// A metadata block. [RFC 9639 8.1]
struct Block {
    kind: u8,
    /// Header and payload.
    span: Span,
    body: Span,
    last: bool,
}

/// What becomes of a block.
enum Disposition {
    Keep,
    Rewrite(Vec<u8>, Vec<Finding>),
    Remove(Vec<Finding>),
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let (tags, start) = audio_tags::at_start(&**source, 0)?;
    let (blocks, frames) = blocks(&**source, start)?;
    let info = blocks.first().filter(|b| b.kind == 0 && b.body.len() == 34);
    let info = info.ok_or_else(|| Refusal::malformed("it does not begin with its stream info", start))?;
    let info = source.bytes(info.body, 34)?;

    let mut end_tags = Vec::new();
    let mut end = source.len();
    if frames < end {
        (end_tags, end) = audio_tags::at_end(&**source, Span::new(frames, end))?;
    }
    for tag in tags.iter().chain(&end_tags) {
        let bytes = source.bytes(tag.span, job.limits().block)?;
        draft.remove_all(tag.span, "tag", audio::tag(tag.kind, &bytes));
    }
    draft.frame(Span::new(start, start + 4), "fLaC");
    let mut kept: Vec<(&Block, Disposition)> = Vec::new();
    for block in &blocks {
        // [RFC 9639 8] Of all kinds but pictures there may be one.
        let again = block.kind != 6 && kept.iter().any(|(b, _)| b.kind == block.kind);
        let disposition = match again {
            true => Disposition::Remove(vec![Finding::removed("FLAC", "further block of its kind", Tells::Hidden)]),
            false => dispose(job, source, &mut draft, block)?,
        };
        match disposition {
            Disposition::Remove(found) => draft.remove_all(block.span, "metadata block", found),
            kept_or_new => kept.push((block, kept_or_new)),
        }
    }
    let count = kept.len();
    for (i, (block, disposition)) in kept.into_iter().enumerate() {
        let last = if i + 1 == count { 0x80 } else { 0 };
        let head = Span::new(block.span.start, block.body.start);
        let header = |len: u64| {
            let n = (len as u32).to_be_bytes();
            Fate::put([last | block.kind, n[1], n[2], n[3]])
        };
        match disposition {
            Disposition::Rewrite(body, found) => {
                draft.reframe(head, "block header", header(body.len() as u64));
                draft.replace_seen(block.body, "metadata block", Fate::put(body), found);
            }
            _ => {
                draft.reframe(head, "block header", header(block.body.len()));
                draft.frame(block.body, "metadata block");
            }
        }
    }
    let sound = flac_frame::end_of_sound(&**source, &info, Span::new(frames, end))?;
    draft.essence(Span::new(frames, sound), "frames");
    if sound < end {
        let span = Span::new(sound, end);
        draft.remove_all(span, "trailer", crate::names::trailer::describe("trailer", &**source, span));
    }
    draft.seal()
}

fn blocks(source: &dyn Source, start: u64) -> Result<(Vec<Block>, u64)> {
    let mut cursor = Cursor::new(source, Span::new(start, source.len()));
    if &cursor.array::<4>()? != b"fLaC" {
        return Err(Refusal::malformed("there is no FLAC stream", start));
    }
    let mut out: Vec<Block> = Vec::new();
    loop {
        let at = cursor.at();
        let [flags, a, b, c] = cursor.array()?;
        let body = cursor.skip(u64::from(u32::from_be_bytes([0, a, b, c])))?;
        out.push(Block { kind: flags & 0x7f, span: Span::new(at, body.end), body, last: flags & 0x80 != 0 });
        if flags & 0x7f == 127 {
            return Err(Refusal::malformed("a metadata block has the forbidden type 127", at));
        }
        if out.len() > 10_000 {
            return Err(Refusal::limit("more than 10,000 metadata blocks"));
        }
        if out.last().is_some_and(|b| b.last) {
            return Ok((out, cursor.at()));
        }
    }
}

fn dispose(job: &Job, source: &Shared, draft: &mut Draft, block: &Block) -> Result<Disposition> {
    let gone = |label: &'static str, tells| {
        Ok(Disposition::Remove(vec![Finding::removed("FLAC", label, tells).bytes(block.span.len())]))
    };
    let body = || source.bytes(block.body, job.limits().block);
    match block.kind {
        0 => Ok(Disposition::Keep),
        1 => gone("padding", Tells::Hidden),
        2 => {
            let id: String = body()?.iter().take(4).map(|b| char::from(*b)).collect();
            let found = Finding::removed("FLAC", "application data", Tells::Software).value(id);
            Ok(Disposition::Remove(vec![found.bytes(block.span.len())]))
        }
        3 if is_seek_table(&body()?) => Ok(Disposition::Keep),
        4 => comments(job, &body()?),
        5 => Ok(cuesheet(job, &body()?)),
        6 => picture(job, draft, &body()?),
        _ => gone("unknown metadata block", Tells::Unknown),
    }
}

/// Points in ascending order, then points that are no points yet. [RFC 9639 8.5]
fn is_seek_table(body: &[u8]) -> bool {
    let number = |b: &[u8]| b.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let mut last = None;
    body.len().is_multiple_of(18)
        && body.chunks(18).all(|point| {
            let now = (number(&point[..8]), number(&point[8..16]));
            let placeholder = now.0 == u64::MAX;
            let good = last.is_none_or(|(sample, offset)| match placeholder {
                true => true,
                false => sample < now.0 && offset < now.1,
            });
            last = Some(now);
            good
        })
}

fn comments(job: &Job, body: &[u8]) -> Result<Disposition> {
    let Some(comments) = vorbis::read(body) else {
        return Ok(Disposition::Remove(vec![Finding::removed("Vorbis comment", "unreadable comments", Tells::Text)]));
    };
    let (kept, mut found) = vorbis::sift(job, &comments);
    if found.is_empty() {
        found.push(Finding::removed("Vorbis comment", "empty comment block", Tells::Software));
    }
    Ok(if kept.is_empty() { Disposition::Remove(found) } else { Disposition::Rewrite(vorbis::write(&kept), found) })
}

/// Catalogue number and recording codes become zeros; the positions stay. [RFC 9639 8.7]
fn cuesheet(job: &Job, body: &[u8]) -> Disposition {
    let found = vec![Finding::rewritten("FLAC", "catalogue number and recording codes of the cue sheet", Tells::Identifier)];
    if !job.keeps(Token::Chapters) || body.len() < 396 {
        return Disposition::Remove(vec![Finding::removed("FLAC", "cue sheet", Tells::Identifier)]);
    }
    let mut out = body.to_vec();
    out[..128].fill(0);
    out[137..395].fill(0);
    let mut at = 396;
    for _ in 0..body[395] {
        let Some(track) = out.get_mut(at..at + 36) else {
            return Disposition::Remove(vec![Finding::removed("FLAC", "unreadable cue sheet", Tells::Identifier)]);
        };
        track[9..21].fill(0);
        track[22..35].fill(0);
        let points = usize::from(track[35]);
        for i in 0..points {
            if let Some(point) = out.get_mut(at + 36 + 12 * i..at + 48 + 12 * i) {
                point[9..].fill(0);
            }
        }
        at += 36 + 12 * points;
    }
    out.truncate(at.min(out.len()));
    Disposition::Rewrite(out, found)
}

fn picture(job: &Job, draft: &mut Draft, body: &[u8]) -> Result<Disposition> {
    let gone =
        |why: &'static str| Ok(Disposition::Remove(vec![Finding::removed("FLAC", why, Tells::Preview).bytes(body.len() as u64)]));
    match flac_picture::clean(job, draft, body)? {
        Ok(out) if out.len() < 1 << 24 => {
            Ok(Disposition::Rewrite(out, vec![Finding::rewritten("FLAC", "attached picture: description", Tells::Text)]))
        }
        Ok(_) => gone("attached picture too large for its block"),
        Err(why) => gone(why),
    }
}

/// A second walk, over the result and by another road: nothing but the allowed blocks, nothing in front, no tag behind.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let bytes = after.bytes(Span::new(0, after.len().min(32 << 20)), 32 << 20)?;
    let leftover = |what: &'static str| Refusal::new(Code::Leftover, what);
    if !bytes.starts_with(b"fLaC") {
        return Err(leftover("something still stands in front of the stream"));
    }
    let mut at = 4;
    while let Some([flags, a, b, c]) = bytes.get(at..at + 4).and_then(|h| <[u8; 4]>::try_from(h).ok()) {
        if !matches!(flags & 0x7f, 0 | 3 | 4 | 5 | 6) {
            return Err(leftover("a metadata block that should be gone is still there"));
        }
        at += 4 + usize::from(a) * 65536 + usize::from(b) * 256 + usize::from(c);
        if flags & 0x80 != 0 {
            break;
        }
    }
    let tail = after.bytes(Span::new(after.len().saturating_sub(128), after.len()), 128)?;
    if tail.starts_with(b"TAG") || tail.get(tail.len().saturating_sub(32)..).is_some_and(|t| t.starts_with(b"APETAGEX")) {
        return Err(leftover("a tag still stands behind the sound"));
    }
    Ok(vec!["second block walk"])
}
