//! A bounded reader over a span of a source: numbers, tags and sub-spans, with the offset in every error. It reads ahead in
//! blocks, so walking headers costs few calls; it never allocates by a length it has read.

use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// How much is read ahead.
const AHEAD: usize = 4096;

/// A place in a source from which reading goes forward, up to the end of a span.
pub struct Cursor<'a> {
    source: &'a dyn Source,
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    buffered: u64,
}

impl<'a> Cursor<'a> {
    /// Reads the bytes of `span`, cut off at the end of the source.
    pub fn new(source: &'a dyn Source, span: Span) -> Cursor<'a> {
        let end = span.end.min(source.len());
        Cursor { source, at: span.start.min(end), end, buffer: Vec::new(), buffered: 0 }
    }

    /// Reads all of it.
    pub fn over(source: &'a dyn Source) -> Cursor<'a> {
        Cursor::new(source, source.span())
    }

    /// The position of the next byte, from the start of the source.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Where the span ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes are left.
    pub fn left(&self) -> u64 {
        self.end - self.at
    }

    /// Whether none are.
    pub fn is_done(&self) -> bool {
        self.at >= self.end
    }

    /// Goes to a position inside the span.
    ///
    /// # Errors
    /// `Malformed` where it lies outside.
    pub fn seek(&mut self, at: u64) -> Result<()> {
        if at > self.end {
            return Err(Refusal::malformed("a position lies past the end", at));
        }
        self.at = at;
        Ok(())
    }

    /// Passes over `n` bytes and returns their span.
    ///
    /// # Errors
    /// `Malformed` where there are fewer.
    pub fn skip(&mut self, n: u64) -> Result<Span> {
        let end = self.at.checked_add(n).filter(|e| *e <= self.end);
        let end = end.ok_or_else(|| Refusal::malformed("a length runs past the end", self.at))?;
        let span = Span::new(self.at, end);
        self.at = end;
        Ok(span)
    }

    /// Reads `N` bytes.
    ///
    /// # Errors
    /// `Malformed` where there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let out = self.look()?;
        self.at += N as u64;
        Ok(out)
    }

    /// Reads `N` bytes without passing over them.
    ///
    /// # Errors
    /// `Malformed` where there are fewer.
    pub fn look<const N: usize>(&mut self) -> Result<[u8; N]> {
        if self.left() < N as u64 {
            return Err(Refusal::malformed("the data ends in the middle of a field", self.at));
        }
        let mut out = [0; N];
        let ahead = self.at.checked_sub(self.buffered).and_then(|i| self.buffer.get(i as usize..)?.get(..N));
        match ahead {
            Some(bytes) => out.copy_from_slice(bytes),
            None if N > AHEAD => self.source.fill(self.at, &mut out)?,
            None => {
                self.buffer.resize(self.left().min(AHEAD as u64) as usize, 0);
                self.source.fill(self.at, &mut self.buffer)?;
                self.buffered = self.at;
                out.copy_from_slice(&self.buffer[..N]);
            }
        }
        Ok(out)
    }

    /// Reads `n` bytes, at most `limit`.
    ///
    /// # Errors
    /// `Malformed` where there are fewer, `Limit` where that is too many.
    pub fn bytes(&mut self, n: u64, limit: u64) -> Result<Vec<u8>> {
        let span = self.skip(n)?;
        Ok(self.source.bytes(span, limit)?)
    }

    /// One byte.
    ///
    /// # Errors
    /// As [`Cursor::array`], like all that follow.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes, most significant first.
    pub fn u16_be(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Two bytes, least significant first.
    pub fn u16_le(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes, most significant first.
    pub fn u32_be(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Four bytes, least significant first.
    pub fn u32_le(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes, most significant first.
    pub fn u64_be(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Eight bytes, least significant first.
    pub fn u64_le(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
