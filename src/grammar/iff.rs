//! Chunks of sound files, in either byte order: four letters, a size, data, a byte of padding where the data is odd. Unlike
//! pictures, recordings are often cut short or written to a pipe, so a last `data` chunk may run to the end of the file.
//! [EA IFF 85]

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// The four letters.
    pub id: [u8; 4],
    /// Letters and size.
    pub head: Span,
    /// The size field.
    pub size: Span,
    /// The data.
    pub data: Span,
    /// The padding; empty where there is none.
    pub pad: Span,
    /// Whether the size in the file is another one, and the data ends with the file.
    pub open: bool,
    /// Whether no chunk follows, so that nothing is shifted by padding that is not there.
    pub last: bool,
}

impl Chunk {
    /// All of it.
    pub fn span(&self) -> Span {
        Span::new(self.head.start, self.pad.end)
    }
}

/// What a walk has to know besides the bytes.
pub struct Walk<'a> {
    /// Whether numbers have their most significant byte first.
    pub big: bool,
    /// The chunk that may run to the end of the file.
    pub sound: &'a [u8; 4],
    /// How long that is where 32 bits cannot tell.
    pub long: Option<u64>,
    /// Where the file says that its last chunk ends. Sound may pass it: recorders that were cut off never wrote it.
    pub stated: u64,
}

/// The chunks from `start` on.
///
/// # Errors
/// `Malformed` where another chunk than the sound runs past the end.
pub fn chunks(source: &dyn Source, span: Span, walk: &Walk, limits: &Limits) -> Result<Vec<Chunk>> {
    let mut cursor = Cursor::new(source, span);
    let mut out: Vec<Chunk> = Vec::new();
    while cursor.left() >= 8 && cursor.at() < walk.stated {
        let at = cursor.at();
        let id: [u8; 4] = cursor.array()?;
        let stated = if walk.big { cursor.u32_be()? } else { cursor.u32_le()? };
        if !id.iter().all(|b| (0x20..0x7f).contains(b) || *b == 0xa9) {
            return Err(Refusal::malformed("something other than a chunk stands where one should begin", at));
        }
        let mut size = u64::from(stated);
        let sound = id == *walk.sound;
        if sound && stated == u32::MAX {
            size = walk.long.unwrap_or(u64::MAX);
        }
        // A size of zero in front of more than there could be otherwise is a recorder's that never came back.
        let open = sound && (size > cursor.left() || size == 0 && cursor.left() > 8 && !begins_chunk(&mut cursor)?);
        if open {
            size = cursor.left();
        }
        let data = cursor.skip(size).map_err(|_| Refusal::malformed("a chunk runs past the end", at))?;
        let padded = size % 2 == 1 && !cursor.is_done() && cursor.look::<1>()? == [0]
            || size % 2 == 1 && !cursor.is_done() && cursor.at() < walk.stated && !begins_chunk(&mut cursor)?;
        let pad = cursor.skip(u64::from(padded))?;
        out.push(Chunk { id, head: Span::new(at, at + 8), size: Span::new(at + 4, at + 8), data, pad, open, last: false });
        limits.check_structures(out.len())?;
    }
    if let Some(last) = out.last_mut() {
        last.last = true;
    }
    Ok(out)
}

fn begins_chunk(cursor: &mut Cursor) -> Result<bool> {
    Ok(cursor.left() >= 8 && cursor.look::<4>()?.iter().all(|b| b.is_ascii_alphanumeric() || *b == b' '))
}
