//! The packed pixels of a frame. Their codes are walked once, to find where they end; what follows is seen by no viewer and
//! goes. Whole sub-blocks stay as they are; the one in which the pixels end is cut, and its last byte keeps no bit that is
//! not theirs.

use crate::finding::{Finding, Tells};
use crate::grammar::gif::{Chain, Measure, Stop};
use crate::plan::{Draft, Fate};
use crate::refusal::{Refusal, Result};
use crate::source::{self, Memory, Shared, Source, Span};

const NAME: &str = "pixels";

/// Decides about one frame.
pub(super) fn frame(source: &Shared, draft: &mut Draft, code_size: u8, pixels: u64, chain: &Chain) -> Result<()> {
    let stop = measure(&**source, code_size, pixels, chain)?;
    let before = |i: usize| chain.parts[..i].iter().map(|p| p.len()).sum::<u64>();
    let Some(stop) = stop else {
        keep(draft, chain);
        return Ok(());
    };
    // The sub-block that holds the last byte of the pixels.
    let mut held = 0;
    let last = chain.parts.iter().position(|p| {
        held += p.len();
        stop.byte < held
    });
    let Some(last) = last else {
        keep(draft, chain);
        return Ok(());
    };
    let part = chain.parts[last];
    let first = part.start + (stop.byte - before(last));
    whole(draft, &chain.parts[..last]);
    let there = source.bytes(Span::new(first, part.end), 255)?;
    // Where only the rest of this byte follows, there is no room for a code: its bits are filling.
    let alone = there.len() == 1 && last + 1 == chain.parts.len();
    let stop = if alone { Stop { end: None, ..stop } } else { stop };
    let ending = ending(&stop, there[0]);
    let after = Span::new(part.end, chain.whole.end - u64::from(chain.ended));
    let (length, ending) = block(first - part.start, ending);
    draft.reframe(Span::new(part.start - 1, part.start), NAME, Fate::put([length]));
    let replaced = Span::new(first, (first + ending.len() as u64).min(part.end));
    if there.starts_with(&ending) {
        draft.essence(Span::new(part.start, replaced.end), NAME);
    } else {
        draft.essence(Span::new(part.start, first), NAME);
        let label =
            if stop.end.is_some() { "pixels behind the last one of a frame" } else { "bits behind the pixels of a frame" };
        draft.recode(replaced, NAME, Memory::shared(ending));
        draft.note(Finding::removed("GIF", label, Tells::Hidden));
    }
    for tail in [Span::new(replaced.end, part.end), after] {
        if !tail.is_empty() {
            draft.remove(tail, NAME, tell(&**source, tail)?);
        }
    }
    terminate(draft, chain);
    Ok(())
}

/// The length of a sub-block of `before` bytes and these; what does not fit goes on in a sub-block of its own.
fn block(before: u64, mut bytes: Vec<u8>) -> (u8, Vec<u8>) {
    let fits = (255 - before.min(255)) as usize;
    if bytes.len() > fits {
        bytes.insert(fits, (bytes.len() - fits) as u8);
        return (255, bytes);
    }
    ((before + bytes.len() as u64) as u8, bytes)
}

/// The bytes from the one in which the pixels end: its other bits are zero, and the end code follows where it was missing.
fn ending(stop: &Stop, byte: u8) -> Vec<u8> {
    let mut bits = u64::from(byte) & ((1 << stop.bits) - 1);
    let mut count = u32::from(stop.bits);
    if let Some((code, width)) = stop.end {
        bits |= u64::from(code) << count;
        count += u32::from(width);
    }
    bits.to_le_bytes()[..count.div_ceil(8) as usize].to_vec()
}

fn measure(source: &dyn Source, code_size: u8, pixels: u64, chain: &Chain) -> Result<Option<Stop>> {
    let damaged = |at| Refusal::malformed("the packed pixels of a frame are damaged", at);
    let mut measure = Measure::new(code_size, pixels).ok_or_else(|| damaged(chain.whole.start))?;
    let (mut outcome, mut left) = (Ok(None), 0);
    source::each_block(source, chain.whole, |mut block| {
        while let (Ok(None), [length, rest @ ..]) = (&outcome, block) {
            if left == 0 {
                (left, block) = (usize::from(*length), rest);
            } else {
                let (piece, rest) = block.split_at(left.min(block.len()));
                outcome = measure.push(piece);
                (left, block) = (left - piece.len(), rest);
            }
        }
    })?;
    outcome.map_err(|_| damaged(chain.whole.start))
}

/// Sub-blocks that stay as they are, with their lengths.
fn whole(draft: &mut Draft, parts: &[Span]) {
    if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
        draft.essence(Span::new(first.start - 1, last.end), NAME);
    }
}

/// All of the chain, ended properly where the file stopped inside it.
fn keep(draft: &mut Draft, chain: &Chain) {
    let Some((last, parts)) = chain.parts.split_last().filter(|_| !chain.ended) else {
        whole(draft, &chain.parts);
        return terminate(draft, chain);
    };
    whole(draft, parts);
    let length = Span::new(last.start - 1, last.start);
    if last.is_empty() {
        draft.remove(length, NAME, Finding::removed("GIF", "length of pixels that are cut off", Tells::Unknown));
    } else {
        draft.reframe(length, NAME, Fate::put([last.len() as u8]));
        draft.essence(*last, NAME);
    }
    terminate(draft, chain);
}

/// The zero at the end of the chain.
fn terminate(draft: &mut Draft, chain: &Chain) {
    let end = chain.whole.end;
    if chain.ended {
        draft.frame(Span::new(end - 1, end), NAME);
    } else {
        draft.insert(end, NAME, Fate::put([0]));
    }
}

fn tell(source: &dyn Source, span: Span) -> Result<Finding> {
    let mut zero = true;
    source::each_block(source, span, |block| zero &= block.iter().all(|b| *b == 0))?;
    let (label, tells) = match zero {
        true => ("padding behind the pixels of a frame", Tells::Unknown),
        false => ("data hidden behind the pixels of a frame", Tells::Hidden),
    };
    Ok(Finding::removed("GIF", label, tells))
}
