//! How a RIFF file lies: a form, and in it chunks of four letters, a size, data, and a zero where the data is odd. It knows
//! nothing of what a chunk may tell, nor which forms there are; WebP, WAV and AVI read it alike. [Multimedia Programming
//! Interface and Data Specifications 1.0, chapter 2]

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// The head of a file.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What kind of file it is: `WEBP`, `WAVE`, `AVI `.
    pub kind: [u8; 4],
    /// The field of the size.
    pub size: Span,
    /// The chunks, as far as the size and the file reach.
    pub body: Span,
    /// What lies behind them.
    pub rest: Span,
    /// How many bytes the size promises that are not there.
    pub missing: u64,
}

/// Reads the twelve bytes of a form (`RIFF`, a size, a kind) at `at`.
///
/// # Errors
/// `Malformed` where there is none.
pub fn form(source: &dyn Source, at: u64) -> Result<Form> {
    let mut cursor = Cursor::new(source, Span::new(at, source.len()));
    if cursor.array::<4>()? != *b"RIFF" {
        return Err(Refusal::malformed("there is no RIFF form", at));
    }
    let size = Span::new(cursor.at(), cursor.at() + 4);
    let promised = u64::from(cursor.u32_le()?);
    let kind = cursor.array()?;
    let end = at + 8 + promised;
    if promised < 4 {
        return Err(Refusal::malformed("the RIFF form is smaller than its head", at));
    }
    let body = Span::new(cursor.at(), end.min(source.len()));
    let rest = Span::new(body.end, source.len());
    Ok(Form { kind, size, body, rest, missing: end.saturating_sub(source.len()) })
}

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// The four letters.
    pub id: [u8; 4],
    /// Its data.
    pub data: Span,
    /// The byte behind odd data; empty where there is none, or none although there should be.
    pub pad: Span,
}

impl Chunk {
    /// The four letters and the size.
    pub fn head(&self) -> Span {
        Span::new(self.data.start - 8, self.data.start)
    }

    /// The field of the four letters.
    pub fn letters(&self) -> Span {
        Span::new(self.data.start - 8, self.data.start - 4)
    }

    /// The field of the size.
    pub fn size(&self) -> Span {
        Span::new(self.data.start - 4, self.data.start)
    }

    /// All of it.
    pub fn whole(&self) -> Span {
        Span::new(self.data.start - 8, self.pad.end)
    }

    /// Whether the byte behind odd data was left out.
    pub fn lacks_pad(&self) -> bool {
        self.data.len() % 2 == 1 && self.pad.is_empty()
    }

    /// The four letters as text.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.id).into_owned()
    }
}

/// Lists the chunks in `span`, and what is left at its end that is too short for one.
///
/// # Errors
/// `Malformed` where a chunk runs past the end of the span, `Limit` where there are too many.
pub fn chunks(source: &dyn Source, span: Span, limits: &Limits) -> Result<(Vec<Chunk>, Span)> {
    let mut cursor = Cursor::new(source, span);
    let mut all = Vec::new();
    while let Some(chunk) = read(&mut cursor)? {
        all.push(chunk);
        limits.check_structures(all.len())?;
    }
    Ok((all, Span::new(cursor.at(), cursor.end())))
}

/// The chunk at the cursor, which moves behind it; `None` where too little is left for one.
///
/// # Errors
/// `Malformed` where it runs past the end; the cursor then stands where it stood.
pub fn read(cursor: &mut Cursor) -> Result<Option<Chunk>> {
    if cursor.left() < 8 {
        return Ok(None);
    }
    let start = cursor.at();
    let id = cursor.array()?;
    let size = u64::from(cursor.u32_le()?);
    if size > cursor.left() {
        cursor.seek(start)?;
        let id = String::from_utf8_lossy(&id).into_owned();
        return Err(Refusal::malformed(format!("the chunk {id:?} runs past the end"), start));
    }
    let data = cursor.skip(size)?;
    let padded = size % 2 == 1 && !cursor.is_done() && is_padded(cursor)?;
    let pad = cursor.skip(u64::from(padded))?;
    Ok(Some(Chunk { id, data, pad }))
}

/// Whether the next byte is padding, or the first letter of the next chunk because a writer forgot to pad.
fn is_padded(cursor: &mut Cursor) -> Result<bool> {
    if cursor.left() < 9 {
        return Ok(true);
    }
    let (next, left) = (cursor.look::<9>()?, cursor.left());
    let is_chunk = |at: usize| {
        let (id, size) = (&next[at..at + 4], &next[at + 4..at + 8]);
        let size = u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
        id.iter().all(|b| b.is_ascii_alphanumeric() || *b == b' ') && at as u64 + 8 + size <= left
    };
    Ok(next[0] == 0 || is_chunk(1) || !is_chunk(0))
}

/// A whole chunk with this data, padded.
pub fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(2), 0);
    out
}
