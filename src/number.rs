//! How numbers are written in files: widths, byte orders, and the odd ways of EBML and ID3.

/// How a number is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// One byte.
    U8,
    /// Two bytes, most significant first.
    U16Be,
    /// Two bytes, least significant first.
    U16Le,
    /// Three bytes, most significant first.
    U24Be,
    /// Three bytes, least significant first.
    U24Le,
    /// Four bytes, most significant first.
    U32Be,
    /// Four bytes, least significant first.
    U32Le,
    /// Eight bytes, most significant first.
    U64Be,
    /// Eight bytes, least significant first.
    U64Le,
    /// This many bytes (1 to 8), most significant first.
    Be(u8),
    /// An EBML variable-length integer of this many bytes (1 to 8), marker bit included. [RFC 8794 4]
    Vint(u8),
    /// A whole number as an eight-byte floating-point number, most significant byte first (AMF).
    F64Be,
    /// Four bytes of seven bits each, most significant first (ID3v2 sizes).
    Syncsafe,
}

impl Number {
    /// How many bytes it takes.
    pub fn width(self) -> usize {
        match self {
            Number::U8 => 1,
            Number::U16Be | Number::U16Le => 2,
            Number::U24Be | Number::U24Le => 3,
            Number::U32Be | Number::U32Le | Number::Syncsafe => 4,
            Number::U64Be | Number::U64Le | Number::F64Be => 8,
            Number::Be(width) | Number::Vint(width) => width.clamp(1, 8) as usize,
        }
    }

    /// The largest number it can carry.
    pub fn max(self) -> u64 {
        match self {
            Number::Syncsafe => (1 << 28) - 1,
            Number::F64Be => 1 << 53,
            // All ones means "unknown" in EBML, so the largest honest number is one less.
            Number::Vint(_) => (1 << (7 * self.width())) - 2,
            _ if self.width() == 8 => u64::MAX,
            _ => (1 << (8 * self.width())) - 1,
        }
    }

    /// Writes `n`; `None` where it does not fit.
    pub fn encode(self, n: u64) -> Option<Vec<u8>> {
        if n > self.max() {
            return None;
        }
        if self == Number::F64Be {
            return Some((n as f64).to_be_bytes().to_vec());
        }
        let w = self.width();
        let be = n.to_be_bytes();
        let mut out = be[8 - w..].to_vec();
        match self {
            Number::U16Le | Number::U24Le | Number::U32Le | Number::U64Le => out.reverse(),
            Number::Vint(_) => out[0] |= 0x80 >> (w - 1),
            Number::Syncsafe => out = (0..4).rev().map(|i| (n >> (7 * i)) as u8 & 0x7f).collect(),
            _ => {}
        }
        Some(out)
    }

    /// Reads a number from exactly `width()` bytes.
    pub fn decode(self, bytes: &[u8]) -> u64 {
        let fold = |acc: u64, b: &u8| acc << 8 | u64::from(*b);
        match self {
            Number::U16Le | Number::U24Le | Number::U32Le | Number::U64Le => bytes.iter().rev().fold(0, fold),
            Number::Vint(_) => bytes.iter().fold(0, fold) & ((1 << (7 * self.width())) - 1),
            Number::F64Be => bytes.first_chunk().map_or(0, |b| f64::from_be_bytes(*b) as u64),
            Number::Syncsafe => bytes.iter().fold(0, |acc, b| acc << 7 | u64::from(b & 0x7f)),
            _ => bytes.iter().fold(0, fold),
        }
    }
}
