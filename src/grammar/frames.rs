//! Chains of sound frames, each of which says how long it is: where the chain begins, where it breaks, and where it goes
//! on. What a frame looks like is its format's business.

use crate::grammar::audio_tags;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// How far a lost chain is searched for.
const REACH: usize = 64 << 10;
/// How many bytes of a frame are shown to [`Read`].
const HEAD: usize = 8;

/// Reads the first bytes of a frame, as many of eight as there are: what is the same in all frames of a stream, and how
/// long the whole frame is.
pub type Read = fn(&[u8]) -> Option<(u32, u64)>;

/// The frames of a stream and what lies between them.
pub struct Chain {
    /// Runs of frames that follow one another without a gap.
    pub frames: Vec<Span>,
    /// What no frame covers, between, before and behind them.
    pub gaps: Vec<Span>,
    /// Whether the last frame is cut short by the end of the span.
    pub cut: bool,
}

/// Where the first frame stands, if there is one near the start of `span`.
///
/// # Errors
/// Those of the source.
pub fn first(source: &dyn Source, span: Span, read: Read) -> Result<Option<u64>> {
    Ok(find(source, span, read, None)?.map(|(at, _)| at))
}

/// Follows the frames through `span`.
///
/// # Errors
/// `Malformed` where there are no three frames in a row, or the chain is lost for more than 64 KiB.
pub fn chain(source: &dyn Source, span: Span, read: Read) -> Result<Chain> {
    let mut chain = Chain { frames: Vec::new(), gaps: Vec::new(), cut: false };
    let first = find(source, span, read, None)?;
    let (mut at, mut kind) = first.ok_or_else(|| Refusal::malformed("there are no sound frames", span.start))?;
    chain.gap(Span::new(span.start, at));
    let mut run = Span::new(at, at);
    let mut ahead = Ahead { source, span, start: 0, bytes: Vec::new() };
    while at < span.end {
        let next = ahead.look(at)?.and_then(read).filter(|(k, _)| *k == kind);
        match next {
            // A last frame that was cut short still plays in part.
            Some((_, len)) => {
                chain.cut = at + len > span.end;
                at = (at + len).min(span.end);
            }
            None => {
                run.end = at;
                chain.run(run);
                let lost = match audio_tags::id3v2_at(source, at)? {
                    Some(tag) => tag.end,
                    None => zeros_from(source, Span::new(at, span.end))?,
                };
                let rest = Span::new(lost, span.end);
                // Where recordings were joined, another kind of frames may follow.
                let same = find(source, rest, read, Some(kind))?;
                let other = find(source, rest, read, None)?.filter(|(at, k)| begins_stream(source, *at, *k, read, rest));
                let Some((again, then)) = same.into_iter().chain(other).min() else {
                    if rest.len() > REACH as u64 {
                        return Err(Refusal::malformed("the chain of sound frames is broken", at));
                    }
                    chain.gap(Span::new(at, span.end));
                    return Ok(chain);
                };
                kind = then;
                chain.gap(Span::new(at, again));
                (at, run) = (again, Span::new(again, again));
            }
        }
    }
    run.end = at;
    chain.run(run);
    Ok(chain)
}

/// Where zeros that begin at the start of `span` end.
fn zeros_from(source: &dyn Source, span: Span) -> Result<u64> {
    let mut at = span.start;
    while at < span.end {
        let block = source::head(source, at, REACH.min((span.end - at) as usize))?;
        let zeros = block.iter().take_while(|b| **b == 0).count();
        at += zeros as u64;
        if zeros < block.len() {
            break;
        }
    }
    Ok(at)
}

/// Whether three frames of this kind follow one another, so that it is no accident of other bytes.
fn begins_stream(source: &dyn Source, start: u64, kind: u32, read: Read, span: Span) -> bool {
    let mut at = start;
    (0..3).all(|_| {
        let head = source::head(source, at, HEAD).unwrap_or_default();
        let good = read(&head).filter(|(k, len)| *k == kind && at + len <= span.end);
        at += good.map_or(0, |(_, len)| len);
        good.is_some()
    })
}

impl Chain {
    fn run(&mut self, span: Span) {
        if !span.is_empty() {
            self.frames.push(span);
        }
    }

    fn gap(&mut self, span: Span) {
        if !span.is_empty() {
            self.gaps.push(span);
        }
    }
}

/// The first place in the first 64 KiB of `span` where three consistent frames follow one another, or where fewer do up to
/// the very end of it, and their kind.
fn find(source: &dyn Source, span: Span, read: Read, kind: Option<u32>) -> Result<Option<(u64, u32)>> {
    let bytes = source::head(source, span.start, REACH.min(span.len() as usize))?;
    for i in memchr::memchr_iter(0xff, &bytes) {
        let at = span.start + i as u64;
        let mut next = at;
        let mut seen: Option<u32> = kind;
        let mut count = 0;
        while count < 3 && next < span.end {
            let Some((this, len)) = read(&source::head(source, next, HEAD)?) else { break };
            if *seen.get_or_insert(this) != this {
                break;
            }
            next += len;
            count += 1;
        }
        if let Some(kind) = seen
            && (count == 3 || count > 0 && next == span.end)
        {
            return Ok(Some((at, kind)));
        }
    }
    Ok(None)
}

/// A few bytes at a time out of blocks.
struct Ahead<'a> {
    source: &'a dyn Source,
    span: Span,
    start: u64,
    bytes: Vec<u8>,
}

impl Ahead<'_> {
    /// The bytes at `at`, fewer only where the span ends.
    fn look(&mut self, at: u64) -> Result<Option<&[u8]>> {
        let end = self.start + self.bytes.len() as u64;
        if at < self.start || at + HEAD as u64 > end {
            self.bytes = source::head(self.source, at, REACH.min((self.span.end - at) as usize))?;
            self.start = at;
        }
        let i = (at - self.start) as usize;
        Ok(self.bytes.get(i..(i + HEAD).min(self.bytes.len())))
    }
}
