//! How a GIF lies: the screen, the tables, blocks that are chains of sub-blocks, and where the packed pixels of a frame end.
//! It knows nothing of what a block may tell. [GIF89a]

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// A chain of sub-blocks: each a length and so many bytes, then a zero. [GIF89a 15]
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The data of each sub-block; its length stands one byte before.
    pub parts: Vec<Span>,
    /// From the first length to the zero, or to where the file stops.
    pub whole: Span,
    /// Whether the zero is there.
    pub ended: bool,
}

impl Chain {
    fn read(cursor: &mut Cursor, limits: &Limits) -> Result<Chain> {
        let start = cursor.at();
        let mut parts = Vec::new();
        let mut ended = false;
        while !cursor.is_done() {
            let n = u64::from(cursor.u8()?);
            if n == 0 {
                ended = true;
                break;
            }
            parts.push(cursor.skip(n.min(cursor.left()))?);
            limits.check_structures(parts.len())?;
        }
        Ok(Chain { parts, whole: Span::new(start, cursor.at()), ended })
    }

    /// The data of all sub-blocks, up to `limit` bytes.
    ///
    /// # Errors
    /// `Limit` where there are more.
    pub fn bytes(&self, source: &dyn Source, limit: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for part in &self.parts {
            if out.len() as u64 + part.len() > limit {
                return Err(Refusal::limit("a block of metadata is larger than any honest one"));
            }
            out.extend(source.bytes(*part, 255)?);
        }
        Ok(out)
    }
}

/// One block.
#[derive(Clone, Debug)]
pub enum Block {
    /// `21`, a label, sub-blocks.
    Extension {
        /// What kind it is.
        label: u8,
        /// All of it.
        whole: Span,
        /// Its sub-blocks.
        chain: Chain,
    },
    /// `2C`, where the frame lies, its own table, packed pixels.
    Image {
        /// From the `2C` to the code size.
        head: Span,
        /// How many pixels it has.
        pixels: u64,
        /// The smallest code size.
        code_size: u8,
        /// The packed pixels.
        chain: Chain,
    },
    /// Zeros between blocks, which viewers pass over.
    Padding(Span),
    /// `3B`.
    Trailer(Span),
    /// A piece of a block at the end of the file.
    Cut(Span),
}

/// Where the blocks begin, behind the screen and its table.
///
/// # Errors
/// `Malformed` where the file ends before.
pub fn screen(source: &dyn Source) -> Result<Span> {
    let mut cursor = Cursor::over(source);
    cursor.skip(10)?;
    let packed = cursor.u8()?;
    cursor.skip(2)?;
    cursor.skip(table(packed))?;
    Ok(Span::new(0, cursor.at()))
}

/// How many bytes the table takes that these flags announce. [GIF89a 18, 20]
fn table(packed: u8) -> u64 {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

/// Calls `each` with the blocks in order, up to and with the trailer or the end of the file. Returns where it stopped.
///
/// # Errors
/// `Malformed` where something else stands where a block should begin; and whatever `each` says.
pub fn blocks(source: &dyn Source, from: u64, limits: &Limits, mut each: impl FnMut(Block) -> Result<()>) -> Result<u64> {
    let mut cursor = Cursor::new(source, Span::new(from, source.len()));
    let mut count = 0;
    while !cursor.is_done() {
        let start = cursor.at();
        let rest = Span::new(start, cursor.end());
        match cursor.u8()? {
            0 => {
                while !cursor.is_done() && cursor.look::<1>()? == [0] {
                    cursor.skip(1)?;
                }
                each(Block::Padding(Span::new(start, cursor.at())))?;
            }
            0x21 if cursor.is_done() => each(Block::Cut(rest))?,
            0x21 => {
                let label = cursor.u8()?;
                let chain = Chain::read(&mut cursor, limits)?;
                let whole = Span::new(start, cursor.at());
                each(if chain.ended { Block::Extension { label, whole, chain } } else { Block::Cut(whole) })?;
            }
            0x2c => match image(&mut cursor, start, limits)? {
                Some(image) => each(image)?,
                None => {
                    each(Block::Cut(rest))?;
                    return Ok(rest.end);
                }
            },
            0x3b => {
                each(Block::Trailer(Span::new(start, cursor.at())))?;
                return Ok(cursor.at());
            }
            _ => return Err(Refusal::malformed("something other than a block stands where one should begin", start)),
        }
        count += 1;
        limits.check_structures(count)?;
    }
    Ok(cursor.at())
}

/// `None` where the file ends before the pixels begin.
fn image(cursor: &mut Cursor, start: u64, limits: &Limits) -> Result<Option<Block>> {
    if cursor.left() < 9 {
        return Ok(None);
    }
    cursor.skip(4)?;
    let pixels = u64::from(cursor.u16_le()?) * u64::from(cursor.u16_le()?);
    let colours = table(cursor.u8()?);
    if cursor.left() < colours + 1 {
        return Ok(None);
    }
    cursor.skip(colours)?;
    let code_size = cursor.u8()?;
    let head = Span::new(start, cursor.at());
    let chain = Chain::read(cursor, limits)?;
    Ok(Some(Block::Image { head, pixels, code_size, chain }))
}

/// The largest code has twelve bits. [GIF89a Appendix F]
const CODES: usize = 1 << 12;

/// Packed pixels that come in pieces and are only measured: how many there are and where they end.
pub struct Measure {
    code_size: u8,
    width: u8,
    next: usize,
    /// How many pixels the string of each code has.
    lengths: Vec<u32>,
    previous: Option<usize>,
    bits: u32,
    held: u8,
    pixels: u64,
    wanted: u64,
    /// How many bytes were taken in.
    taken: u64,
}

/// Where packed pixels end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// In which byte, counted from the first packed one.
    pub byte: u64,
    /// How many of its low bits still belong to them, 1 to 8.
    pub bits: u8,
    /// The end code, with its width, where the pixels were complete and other codes followed instead.
    pub end: Option<(u16, u8)>,
}

impl Measure {
    /// A frame of so many pixels; `None` for a code size that no decoder takes.
    pub fn new(code_size: u8, pixels: u64) -> Option<Measure> {
        if !(1..=11).contains(&code_size) {
            return None;
        }
        let mut lengths = vec![0; CODES];
        lengths[..1 << code_size].fill(1);
        let next = (1 << code_size) + 2;
        let wanted = if pixels == 0 { u64::MAX } else { pixels };
        let width = code_size + 1;
        Some(Measure { code_size, width, next, lengths, previous: None, bits: 0, held: 0, pixels: 0, wanted, taken: 0 })
    }

    /// Takes a piece; where the pixels end, if they end in it.
    ///
    /// # Errors
    /// Where a code names nothing: the packed pixels are damaged.
    pub fn push(&mut self, piece: &[u8]) -> std::result::Result<Option<Stop>, Damaged> {
        let clear = 1usize << self.code_size;
        for byte in piece {
            self.bits |= u32::from(*byte) << self.held;
            self.held += 8;
            self.taken += 1;
            while self.held >= self.width {
                let code = (self.bits & ((1 << self.width) - 1)) as usize;
                let (before, width) = (self.held, self.width);
                if self.pixels >= self.wanted && code != clear + 1 && code != clear {
                    return Ok(Some(self.stop(before, Some((clear as u16 + 1, width)))));
                }
                self.bits >>= width;
                self.held -= width;
                if code == clear {
                    (self.width, self.next, self.previous) = (self.code_size + 1, clear + 2, None);
                } else if code == clear + 1 {
                    return Ok(Some(self.stop(self.held, None)));
                } else {
                    self.string(code)?;
                }
            }
        }
        Ok(None)
    }

    /// The place that leaves `left` bits of what was taken in.
    fn stop(&self, left: u8, end: Option<(u16, u8)>) -> Stop {
        let used = self.taken * 8 - u64::from(left);
        let byte = used.saturating_sub(1) / 8;
        Stop { byte, bits: (used - byte * 8) as u8, end }
    }

    fn string(&mut self, code: usize) -> std::result::Result<(), Damaged> {
        if let Some(previous) = self.previous
            && self.next < CODES
        {
            self.lengths[self.next] = self.lengths[previous].saturating_add(1);
            self.next += 1;
            if self.next == 1 << self.width && self.width < 12 {
                self.width += 1;
            }
        }
        if code >= self.next {
            return Err(Damaged);
        }
        self.pixels += u64::from(self.lengths[code]);
        self.previous = Some(code);
        Ok(())
    }
}

/// A code names nothing.
#[derive(Clone, Copy, Debug)]
pub struct Damaged;
