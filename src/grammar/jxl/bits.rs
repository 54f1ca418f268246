//! The bits of a codestream of JPEG XL, and the ways in which its headers write numbers, names and extensions with them.
//! [ISO/IEC 18181-1 B.2, B.3]

use super::Codestream;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// Bits, the lowest of a byte first, through all parts.
pub(super) struct Bits<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) parts: &'a [Span],
    pub(super) at: u64,
    pub(super) block: Vec<u8>,
    pub(super) first: u64,
}

impl Bits<'_> {
    pub(super) fn wrong(&self, what: &'static str) -> Refusal {
        Refusal::malformed(what, self.parts.first().map_or(0, |p| p.start))
    }

    pub(super) fn len(&self) -> u64 {
        self.parts.iter().map(|p| p.len()).sum()
    }

    pub(super) fn byte(&mut self, at: u64) -> Result<u8> {
        if let Some(b) = at.checked_sub(self.first).and_then(|i| self.block.get(i as usize)) {
            return Ok(*b);
        }
        let mut before = 0;
        for part in self.parts {
            if at < before + part.len() {
                let start = part.start + at - before;
                self.block = self.source.bytes(Span::new(start, part.end.min(start + 4096)), 4096)?;
                self.first = at;
                return self.block.first().copied().ok_or_else(|| self.wrong("the codestream breaks off"));
            }
            before += part.len();
        }
        Err(self.wrong("the codestream breaks off"))
    }

    /// At most 32 bits.
    pub(super) fn u(&mut self, n: u32) -> Result<u64> {
        let mut out = 0;
        for i in 0..n {
            let byte = self.byte(self.at / 8)?;
            out |= u64::from(byte >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Ok(out)
    }

    pub(super) fn bool(&mut self) -> Result<bool> {
        Ok(self.u(1)? == 1)
    }

    /// One of four ways to write a number: so many bits, and what is added to them.
    pub(super) fn u32(&mut self, ways: [(u32, u64); 4]) -> Result<u64> {
        let (bits, plus) = ways[self.u(2)? as usize];
        Ok(self.u(bits)? + plus)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        match self.u(2)? {
            0 => Ok(0),
            1 => Ok(1 + self.u(4)?),
            2 => Ok(17 + self.u(8)?),
            _ => {
                let (mut value, mut shift) = (self.u(12)?, 12);
                while self.bool()? {
                    if shift == 60 {
                        value |= self.u(4)? << 60;
                        break;
                    }
                    value |= self.u(8)? << shift;
                    shift += 8;
                }
                Ok(value)
            }
        }
    }

    pub(super) fn enumeration(&mut self) -> Result<u64> {
        self.u32([(0, 0), (0, 1), (4, 2), (6, 18)])
    }

    /// Half-precision floats.
    pub(super) fn floats(&mut self, n: u32) -> Result<()> {
        (0..n).try_for_each(|_| self.u(16).map(drop))
    }

    pub(super) fn name(&mut self, out: &mut Codestream) -> Result<()> {
        let len = self.u32([(0, 0), (4, 0), (5, 16), (10, 48)])?;
        let bytes = (0..len).map(|_| self.u(8).map(|b| b as u8)).collect::<Result<Vec<u8>>>()?;
        if len > 0 {
            out.names.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(())
    }

    pub(super) fn extensions(&mut self, out: &mut Codestream) -> Result<()> {
        let which = self.u64()?;
        out.extensions |= which != 0;
        let mut bits = 0u64;
        for _ in 0..which.count_ones() {
            bits = bits.checked_add(self.u64()?).ok_or_else(|| self.wrong("an extension is longer than any file"))?;
        }
        self.skip(bits)
    }

    pub(super) fn skip(&mut self, bits: u64) -> Result<()> {
        let end = self.at.checked_add(bits).filter(|end| end.div_ceil(8) <= self.len());
        self.at = end.ok_or_else(|| self.wrong("the codestream breaks off"))?;
        Ok(())
    }

    /// Goes to the next whole byte, over bits that must be zero.
    pub(super) fn align(&mut self) -> Result<()> {
        let rest = (8 - self.at % 8) % 8;
        match self.u(rest as u32)? {
            0 => Ok(()),
            _ => Err(self.wrong("bits between two headers are not zero")),
        }
    }
}
