//! How a PNG lies: the signature, the chunks, the picture's dimensions, and the zlib stream that runs through the data of
//! several chunks. It knows nothing of what a chunk may tell; chunks that it has never heard of are chunks all the same.
//! [PNG 3rd edition]

use flate2::{Decompress, FlushDecompress, Status};

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Source, Span};

/// What every PNG begins with. [PNG 5.2]
pub const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The last chunk, as it must be. [PNG 11.2.4]
pub const IEND: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// The largest length of a chunk. [PNG 5.3]
const LONGEST: u64 = (1 << 31) - 1;

/// One chunk: a length, four letters, data, and a checksum. [PNG 5.3]
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// The four letters.
    pub kind: [u8; 4],
    /// Its data.
    pub data: Span,
}

impl Chunk {
    /// All of it, from the length to the checksum.
    pub fn whole(&self) -> Span {
        Span::new(self.data.start - 8, self.data.end + 4)
    }

    /// The field that says how long the data is.
    pub fn length(&self) -> Span {
        Span::new(self.data.start - 8, self.data.start - 4)
    }

    /// The four letters of its type.
    pub fn letters(&self) -> Span {
        Span::new(self.data.start - 4, self.data.start)
    }

    /// The field of the checksum.
    pub fn crc(&self) -> Span {
        Span::new(self.data.end, self.data.end + 4)
    }

    /// Whether decoders that do not know it must give up. [PNG 5.4]
    pub fn is_critical(&self) -> bool {
        self.kind[0].is_ascii_uppercase()
    }

    /// Its type as text.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.kind).into_owned()
    }
}

/// How the chunks of a file end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With IEND; what follows lies here.
    Proper(Span),
    /// Without IEND: at the end of the file, or with a piece of a chunk of this type that was cut off.
    Cut(Span, Option<[u8; 4]>),
}

/// Lists the chunks from the signature to IEND, or to where the file stops.
///
/// # Errors
/// `Malformed` where a type is no letters or a length is larger than any may be, `Limit` where there are too many.
pub fn chunks(source: &dyn Source, limits: &Limits) -> Result<(Vec<Chunk>, End)> {
    let mut cursor = Cursor::over(source);
    let mut all = Vec::new();
    if cursor.array::<8>()? != SIGNATURE {
        return Err(Refusal::malformed("there is no PNG signature", 0));
    }
    loop {
        let start = cursor.at();
        let rest = Span::new(start, cursor.end());
        if cursor.left() < 8 {
            return Ok((all, End::Cut(rest, None)));
        }
        let length = u64::from(cursor.u32_be()?);
        let kind = cursor.array::<4>()?;
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(Refusal::malformed("a chunk has a type that is no letters", start));
        }
        if length > LONGEST {
            return Err(Refusal::malformed("a chunk is longer than any may be", start));
        }
        if cursor.left() < length + 4 {
            return Ok((all, End::Cut(rest, Some(kind))));
        }
        let data = cursor.skip(length)?;
        cursor.skip(4)?;
        all.push(Chunk { kind, data });
        limits.check_structures(all.len())?;
        if kind == *b"IEND" {
            return Ok((all, End::Proper(Span::new(cursor.at(), cursor.end()))));
        }
    }
}

/// A whole chunk of this type with this data.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    let crc = crc32fast::hash(&out[4..]);
    out.extend_from_slice(&crc.to_be_bytes());
    out
}

/// What IHDR says. [PNG 11.2.1]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bits a sample.
    pub depth: u8,
    /// 0 grey, 2 truecolour, 3 indexed, 4 grey with alpha, 6 truecolour with alpha.
    pub colour: u8,
    /// Whether rows come in the seven passes of Adam7.
    pub interlaced: bool,
}

impl Header {
    /// Reads the 13 bytes.
    ///
    /// # Errors
    /// `Malformed` where a value is none that decoders accept.
    pub fn read(data: &[u8; 13], at: u64) -> Result<Header> {
        let number = |i: usize| u32::from_be_bytes([data[i], data[i + 1], data[i + 2], data[i + 3]]);
        let header = Header { width: number(0), height: number(4), depth: data[8], colour: data[9], interlaced: data[12] == 1 };
        let sized = |n: u32| n > 0 && u64::from(n) <= LONGEST;
        let depths: &[u8] = match header.colour {
            0 => &[1, 2, 4, 8, 16],
            3 => &[1, 2, 4, 8],
            2 | 4 | 6 => &[8, 16],
            _ => &[],
        };
        let known = data[10] == 0 && data[11] == 0 && data[12] <= 1;
        if !sized(header.width) || !sized(header.height) || !depths.contains(&header.depth) || !known {
            return Err(Refusal::malformed("the header describes a picture that cannot be", at));
        }
        Ok(header)
    }

    /// How many bytes the rows of a picture of this size take before they are packed, filter bytes included. [PNG 7.2, 8]
    pub fn raw_len(&self, width: u32, height: u32) -> u64 {
        let samples = match self.colour {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        };
        let bits = u128::from(self.depth) * samples;
        let pass = |w: u32, h: u32| if w == 0 { 0 } else { (1 + (u128::from(w) * bits).div_ceil(8)) * u128::from(h) };
        let total = if self.interlaced {
            ADAM7.iter().map(|(x, y, dx, dy)| pass(steps(width, *x, *dx), steps(height, *y, *dy))).sum()
        } else {
            pass(width, height)
        };
        u64::try_from(total).unwrap_or(u64::MAX)
    }
}

/// Where each pass begins and how far it steps: x, y, dx, dy. [PNG 8.2]
const ADAM7: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

fn steps(of: u32, from: u32, step: u32) -> u32 {
    of.saturating_sub(from).div_ceil(step)
}

/// How much is inflated at once; what comes out is only counted.
const WINDOW: usize = 32 << 10;

/// A zlib stream that comes in pieces and is only measured: where it ends, and how many bytes come out of it.
pub struct Measure {
    inflate: Decompress,
    out: Box<[u8]>,
    ended: bool,
}

impl Measure {
    /// A new stream; `zlib` is whether it has the two-byte header and the checksum around it.
    pub fn new(zlib: bool) -> Measure {
        Measure { inflate: Decompress::new(zlib), out: vec![0; WINDOW].into(), ended: false }
    }

    /// Whether the stream has ended, checksum included.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// How many bytes came out so far.
    pub fn out(&self) -> u64 {
        self.inflate.total_out()
    }

    /// Takes a piece; returns how much of it belongs to the stream. What comes out is shown to `each`.
    ///
    /// # Errors
    /// `Malformed` where it is no such stream; the caller adds the place.
    pub fn push(&mut self, mut piece: &[u8], mut each: impl FnMut(&[u8])) -> Result<usize> {
        let all = piece.len();
        while !self.ended {
            let (before, made) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(piece, &mut self.out, FlushDecompress::None);
            let used = (self.inflate.total_in() - before) as usize;
            let made = (self.inflate.total_out() - made) as usize;
            piece = piece.get(used..).unwrap_or_default();
            each(&self.out[..made.min(WINDOW)]);
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if piece.is_empty() && made < WINDOW => break,
                Ok(_) if used == 0 && made == 0 => break,
                Ok(_) => {}
                Err(_) => return Err(Refusal::new(Code::Malformed, "the packed picture data is damaged")),
            }
        }
        Ok(all - piece.len())
    }
}
