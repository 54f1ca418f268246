//! WavPack: blocks, each with a head of 32 bytes and pieces behind it. It knows how they lie, not what they may tell.
//! [WavPack 4 & 5 Binary File / Block Format]

use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// The head of a block.
pub const HEAD: u64 = 32;
/// The largest block that is read. Honest ones have at most a megabyte.
const LARGEST: u64 = 16 << 20;

/// A block.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// All of it.
    pub span: Span,
    /// How many samples it holds; none where it only describes.
    pub samples: u32,
}

/// A piece of a block.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// What it is, without the bits that say how long.
    pub id: u8,
    /// All of it, from the start of the block.
    pub at: (usize, usize),
    /// Its data, from the start of the block.
    pub data: (usize, usize),
    /// Whether a byte of padding stands behind the data.
    pub odd: bool,
}

/// The block at `at`, or `None` where none begins there.
///
/// # Errors
/// Those of the source.
pub fn block_at(source: &dyn Source, at: u64, end: u64) -> Result<Option<Block>> {
    let head = source::head(source, at, HEAD as usize)?;
    let number = |i: usize| u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]);
    if head.len() < HEAD as usize || &head[..4] != b"wvpk" || head[9] != 4 || head[8] > 0x10 {
        return Ok(None);
    }
    let span = Span::at(at, u64::from(number(4)) + 8).filter(|s| s.len() >= HEAD && s.len() <= LARGEST && s.end <= end);
    Ok(span.map(|span| Block { span, samples: number(20) }))
}

/// The pieces of a block.
///
/// # Errors
/// `Malformed` where one runs past its end; `at` is where the block begins.
pub fn pieces(block: &[u8], at: u64) -> Result<Vec<Piece>> {
    let cut = |i: usize| Refusal::malformed("a piece of a block runs past its end", at + i as u64);
    let (mut out, mut i) = (Vec::new(), HEAD as usize);
    while i < block.len() {
        let head = block.get(i..i + 2).ok_or_else(|| cut(i))?;
        let (id, mut words, mut start) = (head[0], usize::from(head[1]), i + 2);
        if id & 0x80 != 0 {
            let more = block.get(i + 2..i + 4).ok_or_else(|| cut(i))?;
            words |= usize::from(more[0]) << 8 | usize::from(more[1]) << 16;
            start += 2;
        }
        let end = start + 2 * words;
        let odd = id & 0x40 != 0;
        if end > block.len() || odd && words == 0 {
            return Err(cut(i));
        }
        out.push(Piece { id: id & 0x3f, at: (i, end), data: (start, end - usize::from(odd)), odd });
        i = end;
    }
    Ok(out)
}

/// The checksum of a block up to the piece that holds it. [WavPack 5, "Block Checksum"]
pub fn checksum(block: &[u8]) -> u32 {
    block.chunks_exact(2).fold(u32::MAX, |sum, w| sum.wrapping_mul(3).wrapping_add(u32::from(u16::from_le_bytes([w[0], w[1]]))))
}
