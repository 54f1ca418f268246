//! The ways in which members are packed [APPNOTE 4.4.5]: stored and deflated ones are nearly all there are; some programs
//! pack with bzip2, LZMA, XZ, Zstandard, and the Windows Explorer with Deflate64 where files are large. They are read so that
//! what is in them can be cleaned; what changes is written deflated.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::BzDecoder;
use deflate64::InflaterManaged;
use flate2::bufread::DeflateDecoder;
use lzma_rust2::{LzmaReader, XzReader, lzma_get_memory_usage_by_props};
use ruzstd::decoding::StreamingDecoder;

use crate::formats::{xz, zst};
use crate::grammar::zip::{BZIP2, DEFLATE64, DEFLATED, Entry, LZMA, MARKED_END, XZ, ZSTD};
use crate::refusal::{Refusal, Result};
use crate::source::{BLOCK, Reader, Shared, Span};

/// A packed stream that is read unpacked.
pub(super) trait Packed: Read {
    /// How many bytes it took up, once it has ended.
    fn taken(self: Box<Self>) -> u64;
}

type Bytes<'a> = BufReader<Reader<'a>>;

/// The stream in a member's data.
///
/// # Errors
/// `Unsupported` for methods that nobody here reads, `Limit` for those that ask for much memory.
pub(super) fn open<'a>(source: &'a Shared, entry: &Entry) -> Result<Box<dyn Packed + 'a>> {
    let span = entry.data;
    let bytes = |span: Span| BufReader::with_capacity(BLOCK, Reader::new(&**source, span));
    Ok(match entry.method {
        DEFLATED => Box::new(DeflateDecoder::new(bytes(span))),
        BZIP2 => Box::new(BzDecoder::new(bytes(span))),
        DEFLATE64 => Box::new(Inflate64 { from: bytes(span), inflater: Box::new(InflaterManaged::new()), taken: 0 }),
        XZ => {
            // One that takes further streams takes nothing else behind its own.
            let stream = XzReader::new_mem_limit(bytes(span), true, xz::MEMORY);
            Box::new(Whole { stream, len: span.len() })
        }
        ZSTD => {
            let frame = zst::frame(&**source, span)?;
            let stream = StreamingDecoder::new_with_max_window_size(bytes(frame), zst::WINDOW)
                .map_err(|_| Refusal::malformed("a member is damaged: its frame has no readable header", span.start))?;
            Box::new(Whole { stream, len: frame.len() })
        }
        LZMA => lzma(source, entry)?,
        other => {
            return Err(Refusal::unsupported(format!("compressed with {}, which cannot be looked into", name_of(other)))
                .hint("unpack it and zip it again with an ordinary program"));
        }
    })
}

/// The name of a compression method that is not read.
fn name_of(method: u16) -> String {
    match method {
        1 => "Shrink".to_owned(),
        6 => "Implode".to_owned(),
        98 => "PPMd".to_owned(),
        other => format!("method {other}"),
    }
}

impl Packed for DeflateDecoder<Bytes<'_>> {
    fn taken(self: Box<Self>) -> u64 {
        self.total_in()
    }
}

impl Packed for BzDecoder<Bytes<'_>> {
    fn taken(self: Box<Self>) -> u64 {
        self.total_in()
    }
}

/// A stream whose end is known before it is read.
struct Whole<R> {
    stream: R,
    len: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
}

impl<R: Read> Packed for Whole<R> {
    fn taken(self: Box<Self>) -> u64 {
        self.len
    }
}

/// Deflate64, whose decoder wants to be fed.
struct Inflate64<'a> {
    from: Bytes<'a>,
    inflater: Box<InflaterManaged>,
    taken: u64,
}

impl Read for Inflate64<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !buf.is_empty() && !self.inflater.finished() {
            let packed = self.from.fill_buf()?;
            let last = packed.is_empty();
            let done = self.inflater.inflate(packed, buf);
            self.from.consume(done.bytes_consumed);
            self.taken += done.bytes_consumed as u64;
            match done.bytes_written {
                _ if done.data_error => return Err(io::ErrorKind::InvalidData.into()),
                0 if last => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => {}
                n => return Ok(n),
            }
        }
        match self.inflater.errored() {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(0),
        }
    }
}

impl Packed for Inflate64<'_> {
    fn taken(self: Box<Self>) -> u64 {
        self.taken
    }
}

/// LZMA, behind a version and its properties. [APPNOTE 5.8]
fn lzma<'a>(source: &'a Shared, entry: &Entry) -> Result<Box<dyn Packed + 'a>> {
    const HEADER: u64 = 9;
    let span = entry.data;
    let lies = || Refusal::malformed("a member is damaged: its properties cannot be read", span.start);
    let header = source.bytes(Span::new(span.start, (span.start + HEADER).min(span.end)), HEADER)?;
    let [_, _, 5, 0, props, a, b, c, d] = header[..] else { return Err(lies()) };
    let window = u32::from_le_bytes([a, b, c, d]);
    if lzma_get_memory_usage_by_props(window, props).map_err(|_| lies())? > xz::MEMORY {
        return Err(Refusal::limit("a member asks for more memory than it may have").at(span.start));
    }
    let size = if entry.flags & MARKED_END != 0 { u64::MAX } else { entry.unpacked };
    let packed = Span::new(span.start + HEADER, span.end);
    let stream = LzmaReader::new_with_props(Reader::new(&**source, packed), size, props, window, None).map_err(|_| lies())?;
    Ok(Box::new(Lzma { stream, start: span.start }))
}

struct Lzma<'a> {
    stream: LzmaReader<Reader<'a>>,
    start: u64,
}

impl Read for Lzma<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
}

impl Packed for Lzma<'_> {
    fn taken(self: Box<Self>) -> u64 {
        let (reader, unused) = self.stream.into_parts();
        (reader.at() - self.start).saturating_sub(unused.len() as u64)
    }
}
