//! How a device-independent bitmap lies: a header that tells its kind by its length, masks, a palette, rows padded to four
//! bytes or runs of equal pixels. Windows bitmaps and icons hold it alike. [Windows GDI: Bitmap Storage]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// Rows one after the other.
pub const RGB: u32 = 0;
/// Runs, eight bits a pixel.
pub const RLE8: u32 = 1;
/// Runs, four bits a pixel.
pub const RLE4: u32 = 2;
/// Rows, with masks that say which bits are which colour.
pub const BITFIELDS: u32 = 3;
/// A whole JPEG.
pub const JPEG: u32 = 4;
/// A whole PNG.
pub const PNG: u32 = 5;
/// As [`BITFIELDS`], with a mask for alpha.
pub const ALPHABITFIELDS: u32 = 6;

/// The lengths of the headers there are: OS/2 1, OS/2 2 (short), Windows 3, with masks, with alpha, OS/2 2, 4 and 5.
pub const HEADERS: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The header itself.
    pub span: Span,
    /// In pixels.
    pub width: u64,
    /// In pixels, whichever way the rows run; in icons both masks together.
    pub height: u64,
    /// Bits a pixel.
    pub bits: u64,
    /// How the pixels are packed.
    pub compression: u32,
    /// How many bytes it says they take; zero where it does not say.
    pub size: u32,
    /// How many colours it says the palette has; zero for the usual number.
    pub used: u32,
    /// How many of them it says matter.
    pub important: u32,
}

impl Header {
    /// Reads the header at `at`.
    ///
    /// # Errors
    /// `Malformed` where it is none or describes a picture that cannot be.
    pub fn read(source: &dyn Source, at: u64) -> Result<Header> {
        let mut cursor = Cursor::new(source, Span::new(at, source.len()));
        let length = cursor.u32_le()?;
        if !HEADERS.contains(&length) {
            return Err(Refusal::malformed("the bitmap header is of no known kind", at));
        }
        let span = Span::new(at, at + u64::from(length));
        let mut header = Header { span, width: 0, height: 0, bits: 0, compression: RGB, size: 0, used: 0, important: 0 };
        if length == 12 {
            (header.width, header.height) = (cursor.u16_le()?.into(), cursor.u16_le()?.into());
        } else {
            let width = cursor.u32_le()? as i32;
            header.width = u64::try_from(width).unwrap_or(0);
            header.height = u64::from((cursor.u32_le()? as i32).unsigned_abs());
        }
        cursor.skip(2)?;
        header.bits = cursor.u16_le()?.into();
        if length >= 40 {
            (header.compression, header.size) = (cursor.u32_le()?, cursor.u32_le()?);
            cursor.skip(8)?;
            (header.used, header.important) = (cursor.u32_le()?, cursor.u32_le()?);
        }
        let packed = matches!(header.compression, JPEG | PNG);
        let depth = matches!(header.bits, 1 | 2 | 4 | 8 | 16 | 24 | 32) || (packed && header.bits == 0);
        if header.width == 0 || header.height == 0 || !depth || span.end > source.len() {
            return Err(Refusal::malformed("the bitmap header describes a picture that cannot be", at));
        }
        if header.bits <= 8 && header.used > 256 {
            return Err(Refusal::malformed("the palette has more colours than there can be", at));
        }
        Ok(header)
    }

    /// How long the header is.
    pub fn kind(&self) -> u64 {
        self.span.len()
    }

    /// Where the field `at` bytes into the header lies.
    pub fn field(&self, at: u64, len: u64) -> Span {
        Span::new(self.span.start + at, self.span.start + at + len)
    }

    /// The masks behind the header; those in a longer header are a part of it.
    pub fn masks(&self) -> Span {
        let len = match (self.kind(), self.compression) {
            (40, BITFIELDS) => 12,
            (40, ALPHABITFIELDS) => 16,
            _ => 0,
        };
        Span::new(self.span.end, self.span.end + len)
    }

    /// How many bytes a colour of the palette takes.
    pub fn entry(&self) -> u64 {
        if self.kind() == 12 { 3 } else { 4 }
    }

    /// How many colours stand in the file, and how many of them a pixel can name.
    pub fn colours(&self) -> (u64, u64) {
        let most = if self.bits <= 8 { 1 << self.bits } else { 0 };
        let there = if self.used == 0 { most } else { u64::from(self.used) };
        (there, there.min(most))
    }

    /// The rows, where they are not packed.
    pub fn rows(&self, height: u64) -> Option<Rows> {
        Rows::new(self.width, self.bits, height)
    }
}

/// Rows of equal length, each padded to four bytes.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// How many bytes a row takes.
    pub stride: u64,
    /// How many bits of it are pixels.
    pub bits: u64,
    /// How many rows there are.
    pub count: u64,
}

impl Rows {
    /// `None` where they would be longer than any file.
    pub fn new(width: u64, depth: u64, count: u64) -> Option<Rows> {
        let bits = width.checked_mul(depth)?;
        let rows = Rows { stride: bits.div_ceil(32) * 4, bits, count };
        rows.stride.checked_mul(count)?;
        Some(rows)
    }

    /// How many bytes they take.
    pub fn len(&self) -> u64 {
        self.stride * self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `each` with the place in a block of every byte that is not all pixels, and which of its bits are; the block
    /// begins `at` bytes into the rows.
    pub fn padding(&self, at: u64, len: usize, mut each: impl FnMut(usize, u8)) {
        let first = self.bits / 8;
        if first == self.stride {
            return;
        }
        let end = at + len as u64;
        let mut row = at / self.stride * self.stride;
        while row < end {
            for byte in first..self.stride {
                let place = row + byte;
                if (at..end).contains(&place) {
                    let used = if byte == first { self.bits % 8 } else { 0 };
                    each((place - at) as usize, !(0xff_u8 >> used));
                }
            }
            row += self.stride;
        }
    }

    /// Whether every bit beside the pixels in `span` is zero.
    pub fn is_clean(&self, source: &dyn Source, span: Span) -> Result<bool> {
        let (mut clean, mut at) = (true, 0);
        source::each_block(source, span, |block| {
            self.padding(at, block.len(), |i, used| clean &= block[i] & !used == 0);
            at += block.len() as u64;
        })?;
        Ok(clean)
    }
}

/// Where runs end, and which of their filling bytes are not zero. [Bitmap Compression]
pub fn runs(source: &dyn Source, span: Span, wide: bool, height: u64) -> Result<(u64, Vec<u64>)> {
    let mut cursor = Cursor::new(source, span);
    let (mut row, mut dirty) = (0u64, Vec::new());
    while cursor.left() >= 2 {
        let start = cursor.at();
        match cursor.array::<2>()? {
            [0, 1] => return Ok((cursor.at(), dirty)),
            // Decoders have stopped where there is no row left.
            _ if row >= height => return Ok((start, dirty)),
            [0, 0] => row += 1,
            [0, 2] if cursor.left() < 2 => break,
            [0, 2] => row += u64::from(cursor.array::<2>()?[1]),
            [0, n] => {
                let bytes = u64::from(if wide { n } else { n.div_ceil(2) });
                if cursor.left() < bytes + bytes % 2 {
                    break;
                }
                cursor.skip(bytes)?;
                if bytes % 2 == 1 && cursor.u8()? != 0 {
                    dirty.push(cursor.at() - 1);
                }
            }
            _ => {}
        }
    }
    Ok((span.end, dirty))
}
