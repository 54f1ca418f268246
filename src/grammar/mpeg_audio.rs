//! MPEG audio frames, layers I to III: how long each is, where the chain of them begins and where it breaks.
//! [ISO 11172-3 2.4.1.3, ISO 13818-3]

use crate::grammar::audio_tags;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// How far a lost chain is searched for.
const REACH: usize = 64 << 10;

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version, layer and sampling rate: the same in every frame of a stream.
    pub kind: u32,
    /// The whole frame, in bytes.
    pub len: u64,
    /// Where an information frame (`Xing`, `Info`) would have its mark, counted from the start of the frame.
    pub xing: u64,
}

/// Reads the four bytes of a header; `None` for reserved values and free format.
pub fn header(bytes: [u8; 4]) -> Option<Header> {
    let word = u32::from_be_bytes(bytes);
    let (version, layer) = (word >> 19 & 3, 4 - (word >> 17 & 3));
    let (rate_index, sampling, padding) = (word >> 12 & 15, word >> 10 & 3, u64::from(word >> 9 & 1));
    if word >> 21 != 0x7ff || version == 1 || layer == 4 || rate_index == 0 || rate_index == 15 || sampling == 3 {
        return None;
    }
    let one = version == 3;
    let table: &[u64; 14] = match (one, layer) {
        (true, 1) => &[32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        (true, 2) => &[32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        (true, _) => &[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        (false, 1) => &[32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        (false, _) => &[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    };
    let rate = table[rate_index as usize - 1] * 1000;
    let hertz = [44100u64, 48000, 32000][sampling as usize]
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let len = match layer {
        1 => (12 * rate / hertz + padding) * 4,
        3 if !one => 72 * rate / hertz + padding,
        _ => 144 * rate / hertz + padding,
    };
    let mono = word >> 6 & 3 == 3;
    let side = match (one, mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    let crc = if word >> 16 & 1 == 0 { 2 } else { 0 };
    Some(Header { kind: word & 0xfffe_0c00, len, xing: 4 + side + crc })
}

/// The frames of a stream and what lies between them.
pub struct Chain {
    /// Runs of frames that follow one another without a gap.
    pub frames: Vec<Span>,
    /// What no frame covers, between, before and behind them.
    pub gaps: Vec<Span>,
}

/// Where the first frame stands, if there is one near the start of `span`.
///
/// # Errors
/// Those of the source.
pub fn first(source: &dyn Source, span: Span) -> Result<Option<u64>> {
    Ok(find(source, span, None)?.map(|(at, _)| at))
}

/// Follows the frames through `span`.
///
/// # Errors
/// `Malformed` where there are no three frames in a row, or the chain is lost for more than 64 KiB.
pub fn chain(source: &dyn Source, span: Span) -> Result<Chain> {
    let mut chain = Chain { frames: Vec::new(), gaps: Vec::new() };
    let first = find(source, span, None)?;
    let (mut at, mut kind) = first.ok_or_else(|| Refusal::malformed("there are no sound frames", span.start))?;
    chain.gap(Span::new(span.start, at));
    let mut run = Span::new(at, at);
    let mut ahead = Ahead { source, span, start: 0, bytes: Vec::new() };
    while at < span.end {
        let next = ahead.four(at)?.and_then(header).filter(|h| h.kind == kind);
        match next {
            // A last frame that was cut short still plays in part.
            Some(h) => at = (at + h.len).min(span.end),
            None => {
                run.end = at;
                chain.run(run);
                let lost = match audio_tags::id3v2_at(source, at)? {
                    Some(tag) => tag.end,
                    None => zeros_from(source, Span::new(at, span.end))?,
                };
                let rest = Span::new(lost, span.end);
                // Where recordings were joined, another kind of frames may follow.
                let same = find(source, rest, Some(kind))?;
                let other = find(source, rest, None)?.filter(|(start, k)| begins_stream(source, *start, *k, rest));
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
fn begins_stream(source: &dyn Source, start: u64, kind: u32, span: Span) -> bool {
    let mut at = start;
    (0..3).all(|_| {
        let four = source::head(source, at, 4).ok().and_then(|b| <[u8; 4]>::try_from(b).ok());
        let good = four.and_then(header).filter(|h| h.kind == kind && at + h.len <= span.end);
        at += good.map_or(0, |h| h.len);
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
fn find(source: &dyn Source, span: Span, kind: Option<u32>) -> Result<Option<(u64, u32)>> {
    let bytes = source::head(source, span.start, REACH.min(span.len() as usize))?;
    for i in memchr::memchr_iter(0xff, &bytes) {
        let at = span.start + i as u64;
        let mut next = at;
        let mut seen: Option<u32> = kind;
        let mut count = 0;
        while count < 3 && next < span.end {
            let four = source::head(source, next, 4)?;
            let Some(h) = <[u8; 4]>::try_from(four).ok().and_then(header) else { break };
            if *seen.get_or_insert(h.kind) != h.kind {
                break;
            }
            next += h.len;
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

/// Four bytes at a time out of blocks.
struct Ahead<'a> {
    source: &'a dyn Source,
    span: Span,
    start: u64,
    bytes: Vec<u8>,
}

impl Ahead<'_> {
    fn four(&mut self, at: u64) -> Result<Option<[u8; 4]>> {
        let end = self.start + self.bytes.len() as u64;
        if at < self.start || at + 4 > end {
            self.bytes = source::head(self.source, at, REACH.min((self.span.end - at) as usize))?;
            self.start = at;
        }
        let i = (at - self.start) as usize;
        Ok(self.bytes.get(i..i + 4).and_then(|b| b.try_into().ok()))
    }
}
