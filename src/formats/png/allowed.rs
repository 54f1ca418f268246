//! The small chunks that may stay: which they are, how long each must be, and what of the resolution is more than a habit of
//! programs. [PNG 11.3]

use crate::finding::{Finding, Tells};
use crate::grammar::png::{self, Chunk};
use crate::plan::Fate;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source;

use super::Walk;

impl Walk<'_> {
    /// The allow-list, with the exact lengths: bytes that no field claims are a hiding place.
    pub(super) fn may_stay(&self, i: usize, chunk: &Chunk) -> Result<bool> {
        let (len, colour) = (chunk.data.len(), self.header.colour);
        let head = source::head(&**self.source, chunk.data.start, 9)?;
        let value = |at: usize| head.get(at).copied().unwrap_or(u8::MAX);
        let right = match &chunk.kind {
            b"gAMA" => len == 4,
            b"cHRM" => len == 32,
            b"sRGB" => len == 1 && value(0) <= 3 && self.profile.is_none(),
            b"cICP" => len == 4,
            b"mDCV" | b"mDCv" => len == 24,
            b"cLLI" | b"cLLi" => len == 8,
            b"sBIT" => len == [1, 0, 3, 3, 2, 0, 4][usize::from(colour)],
            b"bKGD" => len == [2, 0, 6, 1, 2, 0, 6][usize::from(colour)],
            b"tRNS" => match colour {
                0 => len == 2,
                2 => len == 6,
                3 => (1..=self.palette).contains(&len),
                _ => false,
            },
            b"pHYs" => len == 9 && self.keeps_density(&head),
            b"sTER" => len == 1 && value(0) <= 1,
            b"acTL" => len == 8,
            // What Android builds stretch buttons from; the name says that it is one.
            b"npTc" | b"npOl" | b"npLb" => self.job.name().ends_with(".9.png"),
            _ => false,
        };
        let colour = matches!(&chunk.kind, b"gAMA" | b"cHRM" | b"sRGB" | b"cICP" | b"mDCV" | b"mDCv" | b"cLLI" | b"cLLi");
        let wanted = right && (!colour || self.job.keeps(Token::Color)) && !self.seen.contains(&chunk.kind);
        // Decoders pass over these once the rows have begun.
        Ok(wanted && i < self.first && self.is_intact(chunk)?)
    }

    /// Whether the resolution may stay as it is: in dots a metre under the policy, as the shape of pixels always.
    fn keeps_density(&self, head: &[u8]) -> bool {
        let square = head.get(..4) == head.get(4..8);
        match head.get(8) {
            Some(0) => !square || self.job.keeps(Token::Dpi),
            Some(1) => self.job.keeps(Token::Dpi),
            _ => false,
        }
    }

    /// Where the resolution must go but pixels are not square: the ratio alone. Whether that was so.
    pub(super) fn pixel_shape(&mut self, chunk: &Chunk) -> Result<bool> {
        let bytes = self.bytes(chunk)?;
        if bytes.len() != 9 || bytes[8] != 1 || bytes[..4] == bytes[4..8] || self.seen.contains(b"pHYs") {
            return Ok(false);
        }
        let number = |i: usize| u32::from_be_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        let (x, y) = (number(0), number(4));
        let common = gcd(x, y).max(1);
        let ratio = [&(x / common).to_be_bytes()[..], &(y / common).to_be_bytes(), &[0]].concat();
        self.seen.insert(*b"pHYs");
        let found = Finding::rewritten("pHYs", "resolution", Tells::Device).value(format!("{x} × {y} dots a metre"));
        self.draft.replace(chunk.whole(), "pHYs", Fate::put(png::chunk(b"pHYs", &ratio)), vec![found]);
        Ok(true)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
