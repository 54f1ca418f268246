//! WavPack and its correction files: blocks stay, and in them the pieces that decoders need; the header of the file that was
//! packed, with all that recorders wrote into it, goes, and so do encoder settings, its extension, and tags. Where a block
//! loses a piece, its size and its checksum follow. Loudness values and cover art stay in a tag written anew. What the
//! samples hold is not looked at. [WavPack 4 & 5 Binary File / Block Format]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::formats::tagged;
use crate::grammar::audio_tags;
use crate::grammar::wavpack::{self, Block, Piece};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "WavPack",
    extensions: &["wv", "wvc"],
    container: false,
    keeps: "sound block by block, sample format, channel layout, cover art (cleaned), loudness values",
    removes: "header and trailer of the packed file, encoder settings, tags, unknown pieces, bytes between and behind the blocks",
    sniff,
    plan,
    witness,
};

/// The checksum of the block.
const CHECKSUM: u8 = 0x2f;
/// What is no block may be this long; behind more than that there might be sound that we do not understand.
const JUNK: u64 = 64 << 10;

fn sniff(head: &Head) -> Option<Match> {
    if head.has(0, b"wvpk") {
        return Some(Match::Exact);
    }
    let (tags, start) = audio_tags::at_start(&**head.source, 0).ok()?;
    (!tags.is_empty() && source::head(&**head.source, start, 4).ok()? == b"wvpk").then_some(Match::Exact)
}

/// What becomes of a piece.
enum Judgement {
    Stays,
    Goes(&'static str, Tells),
}

/// [WavPack 4 & 5 Binary File / Block Format, "Metadata Sub-Blocks"]
fn judge(piece: &Piece, at: u64) -> Result<Judgement> {
    Ok(match piece.id {
        // Terms, weights, samples, entropy, hybrid profile, shaping, floats, integers, bit streams, channels, DSD.
        0x02..=0x0e => Judgement::Stays,
        // Configuration, checksum of the samples, sampling rate, other configuration, channel identities, another stream.
        0x25 | 0x26 | 0x27 | 0x2a | 0x2b | 0x2c | CHECKSUM => Judgement::Stays,
        0x00 => Judgement::Goes("filling", Tells::Hidden),
        0x01 => Judgement::Goes("encoder", Tells::Software),
        0x21 | 0x23 => Judgement::Goes("header of the packed file", Tells::History),
        0x22 | 0x24 => Judgement::Goes("trailer of the packed file", Tells::History),
        0x28 => Judgement::Goes("extension of the packed file", Tells::Software),
        id if id & 0x20 != 0 => Judgement::Goes("unknown piece", Tells::Unknown),
        _ => return Err(Refusal::new(Code::UnknownCritical, "a block has a piece that is not known").at(at)),
    })
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let (tags, start) = audio_tags::at_start(&**source, 0)?;
    let (mut end_tags, mut end) = (None, source.len());
    let (mut at, mut blocks, mut sound) = (start, 0, start);
    while at < end {
        let Some(found) = wavpack::block_at(&**source, at, end)? else {
            // Only where there is no block may there be tags.
            if end_tags.is_none() {
                let (tags, first) = audio_tags::at_end(&**source, Span::new(at, end))?;
                (end_tags, end) = (Some(tags), first);
                continue;
            }
            let next = next_block(&**source, Span::new(at, end))?;
            let gap = Span::new(at, next);
            draft.remove_all(gap, "gap", trailer::describe("between the blocks", &**source, gap));
            at = next;
            continue;
        };
        block(&mut draft, source, &found)?;
        (at, sound) = (found.span.end, found.span.end);
        blocks += 1;
        job.limits().check_structures(draft.count())?;
    }
    if blocks == 0 {
        return Err(Refusal::malformed("there are no blocks", start));
    }
    tagged::ape_ends(job, &mut draft, source, (&tags, &end_tags.unwrap_or_default()), sound)?;
    draft.seal()
}

/// Where the next block begins, or the end of `span`.
fn next_block(source: &dyn Source, span: Span) -> Result<u64> {
    let bytes = source::head(source, span.start, JUNK.min(span.len()) as usize)?;
    for i in memchr::memmem::find_iter(&bytes, b"wvpk") {
        let at = span.start + i as u64;
        if wavpack::block_at(source, at, span.end)?.is_some() {
            return Ok(at);
        }
    }
    match span.len() > JUNK {
        true => Err(Refusal::malformed("the chain of blocks is broken", span.start)),
        false => Ok(span.end),
    }
}

fn block(draft: &mut Draft, source: &Shared, block: &Block) -> Result<()> {
    let at = block.span.start;
    let bytes = source.bytes(block.span, block.span.len())?;
    let pieces = wavpack::pieces(&bytes, at)?;
    let place = |(start, end): (usize, usize)| Span::new(at + start as u64, at + end as u64);
    let mut judged = Vec::new();
    for piece in &pieces {
        judged.push((piece, judge(piece, place(piece.at).start)?));
    }
    let padded = |p: &&Piece| p.odd && bytes[p.data.1] != 0;
    if judged.iter().all(|(p, j)| matches!(j, Judgement::Stays) && !padded(p)) {
        draft.essence(block.span, "block");
        return Ok(());
    }
    let tell = |piece: &Piece, label, tells| {
        let text: String = bytes[piece.data.0..piece.data.1].iter().take(4000).map(|b| char::from(*b)).collect();
        let words: Vec<&str> = text.split(|c: char| !c.is_ascii_graphic() && c != ' ').filter(|w| w.trim().len() > 3).collect();
        let found = Finding::removed("WavPack", label, tells);
        if words.is_empty() { found } else { found.value(words.join(" ")) }
    };
    // A block that only described the packed file has nothing left to say.
    let describes = |p: &Piece, j: &Judgement| matches!(j, Judgement::Stays) && p.id != CHECKSUM;
    if block.samples == 0 && !judged.iter().any(|(p, j)| describes(p, j)) {
        let told = judged.iter().filter_map(|(p, j)| match j {
            Judgement::Goes(label, tells) => Some(tell(p, *label, *tells)),
            Judgement::Stays => None,
        });
        draft.remove_all(block.span, "block", told.collect());
        return Ok(());
    }
    // The block as it will be, for its checksum.
    let mut whole = bytes[..wavpack::HEAD as usize].to_vec();
    let kept = judged.iter().filter(|(_, j)| matches!(j, Judgement::Stays));
    let len: usize = wavpack::HEAD as usize + kept.map(|(p, _)| p.at.1 - p.at.0).sum::<usize>();
    whole[4..8].copy_from_slice(&(len as u32 - 8).to_le_bytes());
    draft.frame(Span::new(at, at + 4), "wvpk");
    draft.reframe(Span::new(at + 4, at + 8), "size", Fate::put(whole[4..8].to_vec()));
    draft.essence(Span::new(at + 8, at + wavpack::HEAD), "block");
    for (piece, judgement) in judged {
        match judgement {
            Judgement::Goes(label, tells) => draft.remove(place(piece.at), "piece", tell(piece, label, tells)),
            Judgement::Stays if piece.id == CHECKSUM => {
                let sum = wavpack::checksum(&whole);
                let sum = match piece.data.1 - piece.data.0 {
                    4 => sum.to_le_bytes().to_vec(),
                    2 => ((sum ^ sum >> 16) as u16).to_le_bytes().to_vec(),
                    _ => return Err(Refusal::malformed("the checksum of a block has a wrong size", place(piece.at).start)),
                };
                draft.frame(place((piece.at.0, piece.data.0)), "checksum");
                whole.extend(&bytes[piece.at.0..piece.data.0]);
                whole.extend(&sum);
                draft.reframe(place(piece.data), "checksum", Fate::put(sum));
            }
            Judgement::Stays => {
                draft.essence(place((piece.at.0, piece.data.1)), "piece");
                whole.extend(&bytes[piece.at.0..piece.data.1]);
                if piece.odd {
                    let pad = place((piece.data.1, piece.at.1));
                    draft.blank(pad, "padding", Finding::blanked("WavPack", "padding of a piece", Tells::Hidden));
                    whole.push(0);
                }
            }
        }
    }
    Ok(())
}

/// Another walk over the result: blocks, in them nothing that should be gone, and every checksum right that there is.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 0;
    while source::head(after, at, 4)? == b"wvpk" {
        let found = wavpack::block_at(after, at, after.len())?;
        let found = found.ok_or_else(|| Refusal::new(Code::Damaged, "a block is not whole").at(at))?;
        let bytes = after.bytes(found.span, found.span.len())?;
        for piece in wavpack::pieces(&bytes, at)? {
            if matches!(piece.id, 0x00 | 0x01 | 0x21..=0x24 | 0x28) {
                return Err(Refusal::new(Code::Leftover, "a piece that should be gone is still there").at(at));
            }
        }
        at = found.span.end;
    }
    let rest = source::head(after, at, 8)?;
    if !rest.is_empty() && rest != b"APETAGEX" {
        return Err(Refusal::new(Code::Leftover, "something stands behind the sound").at(at));
    }
    Ok(vec!["second block walk"])
}
