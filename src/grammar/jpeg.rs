//! How bytes lie in a JPEG codestream: marker segments, scans, the fill bytes and the junk between them. It knows where a
//! scan ends and which lengths tables must have; it decodes nothing, and it knows nothing about what may survive.

use std::borrow::Cow;
use std::io;

use memchr::memchr;

use crate::refusal::{Refusal, Result};
use crate::source::{BLOCK, Source, Span};

/// Start of image. [T.81 B.2.4.1]
pub const SOI: u8 = 0xd8;
/// End of image.
pub const EOI: u8 = 0xd9;
/// Start of scan.
pub const SOS: u8 = 0xda;
/// Comment.
pub const COM: u8 = 0xfe;
/// The first application segment; the number of an APPn is its distance from here.
pub const APP0: u8 = 0xe0;
/// The last one.
pub const APP15: u8 = 0xef;
/// The end-of-image marker as it stands in a file.
pub const END: [u8; 2] = [0xff, EOI];

/// One piece of a codestream; the pieces tile it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// All its bytes.
    pub span: Span,
    /// What they are.
    pub kind: Kind,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The start-of-image marker.
    Start,
    /// A marker with a length, and what comes after the length.
    Segment {
        /// The second byte of the marker.
        marker: u8,
        /// The bytes after the length field.
        payload: Span,
    },
    /// Entropy-coded data with its restart markers.
    Scan,
    /// The end-of-image marker.
    End,
    /// `FF` bytes in front of a marker, which decoders pass over. [T.81 B.1.1.2]
    Fill,
    /// Bytes that belong to nothing, or a marker that means nothing where it stands; decoders pass over them.
    Junk,
}

/// Walks a codestream from its start-of-image marker to its end-of-image marker, or to where it stops without one.
pub struct Walk<'a> {
    source: &'a dyn Source,
    at: u64,
    end: u64,
    state: State,
    scans: usize,
    less: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Marker,
    Scan,
    Done { ended: bool },
}

impl<'a> Walk<'a> {
    /// Starts at `from`, where a start-of-image marker must stand.
    pub fn new(source: &'a dyn Source, from: u64) -> Walk<'a> {
        Walk { source, at: from, end: source.len(), state: State::Start, scans: 0, less: false }
    }

    /// The position after the last piece.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Whether an end-of-image marker was met.
    pub fn is_ended(&self) -> bool {
        self.state == State::Done { ended: true }
    }

    /// How many scans were begun.
    pub fn scans(&self) -> usize {
        self.scans
    }

    /// The next piece; `None` after the end, or where the data stops or another picture begins without one.
    ///
    /// # Errors
    /// `Malformed` where a segment in front of the first scan runs past the end of the data.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Piece>> {
        match self.state {
            State::Done { .. } => Ok(None),
            State::Start => {
                if self.array::<2>(self.at)? != Some([0xff, SOI]) {
                    return Err(Refusal::malformed("no JPEG picture begins here", self.at));
                }
                self.state = State::Marker;
                Ok(Some(self.take(2, Kind::Start)))
            }
            State::Scan => {
                self.state = State::Marker;
                let end = scan_end(self.source, Span::new(self.at, self.end), self.less)?;
                if end == self.at {
                    return self.marker();
                }
                Ok(Some(self.take(end - self.at, Kind::Scan)))
            }
            State::Marker => self.marker(),
        }
    }

    fn marker(&mut self) -> Result<Option<Piece>> {
        if self.at >= self.end {
            self.state = State::Done { ended: false };
            return Ok(None);
        }
        let sign = find(self.source, Span::new(self.at, self.end), |block| memchr(0xff, block))?;
        if sign > self.at {
            return Ok(Some(self.take(sign - self.at, Kind::Junk)));
        }
        let after = find(self.source, Span::new(self.at, self.end), |block| block.iter().position(|b| *b != 0xff))?;
        let Some([marker]) = self.array::<1>(after)? else {
            return Ok(Some(self.take(self.end - self.at, Kind::Junk)));
        };
        if after > self.at + 1 {
            return Ok(Some(self.take(after - 1 - self.at, Kind::Fill)));
        }
        match marker {
            SOI if self.scans > 0 => {
                self.state = State::Done { ended: false };
                Ok(None)
            }
            EOI => {
                self.state = State::Done { ended: true };
                Ok(Some(self.take(2, Kind::End)))
            }
            // A stuffed byte outside a scan, TEM, restart markers between scans, a second start in the header.
            0x00 | 0x01 | 0xd0..=SOI => Ok(Some(self.take(2, Kind::Junk))),
            _ => self.segment(marker),
        }
    }

    fn segment(&mut self, marker: u8) -> Result<Option<Piece>> {
        let length = self.array::<2>(self.at + 2)?.map(|b| u64::from(u16::from_be_bytes(b)));
        let is_free = (APP0..=APP15).contains(&marker) || marker == COM;
        match length {
            Some(0 | 1) if is_free => return Ok(Some(self.take(2, Kind::Junk))),
            Some(0 | 1) => return Err(Refusal::malformed(format!("the {} segment has no length", name(marker)), self.at)),
            Some(length) if self.at + 2 + length <= self.end => {
                let payload = Span::new(self.at + 4, self.at + 2 + length);
                if marker == SOS {
                    (self.state, self.scans) = (State::Scan, self.scans + 1);
                }
                self.less |= marker == 0xf7;
                return Ok(Some(self.take(2 + length, Kind::Segment { marker, payload })));
            }
            _ => {}
        }
        // A download that broke off between two scans still shows a picture; one that broke off before the first does not.
        if self.scans > 0 {
            return Ok(Some(self.take(self.end - self.at, Kind::Junk)));
        }
        Err(Refusal::malformed(format!("a segment ({}) runs past the end of the file", name(marker)), self.at)
            .hint("the file is cut off; download or copy it again"))
    }

    fn take(&mut self, n: u64, kind: Kind) -> Piece {
        let span = Span::new(self.at, self.at + n);
        self.at = span.end;
        Piece { span, kind }
    }

    fn array<const N: usize>(&self, at: u64) -> io::Result<Option<[u8; N]>> {
        if at.checked_add(N as u64).is_none_or(|end| end > self.end) {
            return Ok(None);
        }
        let mut out = [0; N];
        self.source.fill(at, &mut out)?;
        Ok(Some(out))
    }
}

/// Where the entropy-coded data that begins `span` ends: at the `FF` of the next marker that is no restart, or at the end.
/// In JPEG-LS (`less`) a byte below 80 after `FF` is data too. [T.81 B.1.1.5, T.87 A.1]
fn scan_end(source: &dyn Source, span: Span, less: bool) -> io::Result<u64> {
    let mut run: Option<u64> = None;
    let (mut base, mut most) = (span.start, FIRST);
    while base < span.end {
        let block = block_at(source, base, span.end, &mut most)?;
        let mut i = 0;
        while i < block.len() {
            if run.is_none() {
                let Some(k) = memchr(0xff, &block[i..]) else { break };
                run = Some(base + (i + k) as u64);
                i += k + 1;
            }
            while block.get(i) == Some(&0xff) {
                i += 1;
            }
            match (block.get(i), run) {
                (None, _) => break,
                (Some(0 | 0xd0..=0xd7), _) => run = None,
                (Some(..0x80), _) if less => run = None,
                (_, Some(run)) => return Ok(run),
                _ => {}
            }
            i += 1;
        }
        base += block.len() as u64;
    }
    Ok(run.unwrap_or(span.end))
}

/// The position in `span` of the first byte that `seek` finds in a block, or its end.
fn find(source: &dyn Source, span: Span, seek: impl Fn(&[u8]) -> Option<usize>) -> io::Result<u64> {
    // Most of the time the answer is the first byte or the second.
    let (mut base, mut most) = (span.start, 16);
    while base < span.end {
        let block = block_at(source, base, span.end, &mut most)?;
        if let Some(i) = seek(&block) {
            return Ok(base + i as u64);
        }
        base += block.len() as u64;
    }
    Ok(span.end)
}

/// How much of a scan is read first, where it is not in memory: many are short.
const FIRST: usize = 16 << 10;

/// The bytes from `at`: up to `end` as far as they lie in memory, else at most `most`, and more the next time.
fn block_at<'a>(source: &'a dyn Source, at: u64, end: u64, most: &mut usize) -> io::Result<Cow<'a, [u8]>> {
    if let Some(bytes) = source.lend(Span::new(at, end)) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut block = vec![0; (end - at).min(*most as u64) as usize];
    *most = (*most * 8).min(BLOCK);
    source.fill(at, &mut block)?;
    Ok(Cow::Owned(block))
}

/// Whether decoders must understand this marker and we do: frames, tables, scans. [T.81 table B.1, T.87 C.1]
pub fn is_structural(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xc7 | 0xc9..=0xcf | SOS..=0xdf | 0xf7 | 0xf8)
}

/// Whether the payload of a structural segment is exactly as long as its contents say. Decoders refuse others; whoever
/// does not would pass over bytes that nobody sees.
pub fn is_exact(marker: u8, payload: &[u8]) -> bool {
    let len = payload.len();
    let byte = |i: usize| payload.get(i).copied().map_or(usize::MAX, usize::from);
    let counted = |head: usize, at: usize, each: usize| byte(at).checked_mul(each).and_then(|n| n.checked_add(head)) == Some(len);
    match marker {
        0xc4 => tables(payload, |t| Some(17 + t.get(1..17)?.iter().map(|n| usize::from(*n)).sum::<usize>())),
        0xdb => tables(payload, |t| Some(if t[0] >> 4 == 0 { 65 } else { 129 })),
        0xcc => len.is_multiple_of(2),
        SOS => counted(4, 0, 2),
        0xdc => len == 2,
        // JPEG-LS allows longer restart intervals.
        0xdd => (2..=4).contains(&len),
        0xdf => len == 1,
        0xf8 => len <= 4096,
        _ => counted(6, 5, 3),
    }
}

fn tables(mut rest: &[u8], length: impl Fn(&[u8]) -> Option<usize>) -> bool {
    while !rest.is_empty() {
        match length(rest).and_then(|n| rest.get(n..)) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

/// The name of a marker in the standard. [T.81 table B.1]
pub fn name(marker: u8) -> &'static str {
    const APP: [&str; 16] = [
        "APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7", "APP8", "APP9", "APP10", "APP11", "APP12", "APP13",
        "APP14", "APP15",
    ];
    match marker {
        0xc4 => "DHT",
        0xc8 => "JPG",
        0xcc => "DAC",
        0xc0..=0xcf => "SOF",
        0xd0..=0xd7 => "RST",
        SOI => "SOI",
        EOI => "EOI",
        SOS => "SOS",
        0xdb => "DQT",
        0xdc => "DNL",
        0xdd => "DRI",
        0xde => "DHP",
        0xdf => "EXP",
        APP0..=APP15 => APP[usize::from(marker - APP0)],
        0xf7 => "SOF55",
        0xf8 => "LSE",
        COM => "COM",
        _ => "unknown",
    }
}
