//! Zstandard [RFC 8878]: one file in one frame or several. Between them there may be frames that decoders skip, with any
//! bytes in them; those go, but for the table by which readers find their way.

use std::io::{self, Read, Write};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress};

use super::wrapper::{self, Packing, Piece, Unpacking};
use crate::cursor::Cursor;
use crate::format::{Format, Head, Match};
use crate::refusal::{Refusal, Result};
use crate::source::{Reader, Shared, Source, Span, Spool};

/// The row.
pub static FORMAT: Format = Format {
    name: "Zstandard",
    extensions: &["zst", "tzst"],
    container: true,
    keeps: "the compressed file, cleaned by its own rules",
    removes: "skippable frames",
    sniff,
    plan: |job, source| wrapper::plan(job, source, &PACKING),
    witness: wrapper::witness,
};

static PACKING: Packing = Packing { place: "Zstandard", endings: &[(".tzst", ".tar"), (".zst", "")], read, pack };

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The number of the skippable frame that holds a seek table, and what stands at its end. [zstd seekable format]
const SEEK: u8 = 0x5e;
const SEEK_MAGIC: [u8; 4] = [0xb1, 0xea, 0x92, 0x8f];
/// The largest window that is taken, in bytes.
pub(super) const WINDOW: u64 = 128 << 20;

fn sniff(head: &Head) -> Option<Match> {
    wrapper::first_frame(head, &MAGIC).then_some(Match::Exact)
}

fn read(source: &Shared, at: u64, unpacking: &mut Unpacking) -> Result<Piece> {
    if let Some(skipped) = wrapper::skipped(source, at, PACKING.place)? {
        let span = skipped.span();
        let tail = source.bytes(Span::new(span.end.saturating_sub(4).max(at), span.end), 4)?;
        let index = at > 0 && source.bytes(Span::new(at, at + 1), 1)? == [SEEK] && tail == SEEK_MAGIC;
        return Ok(if index { Piece::Index(span) } else { skipped });
    }
    let span = frame(&**source, Span::new(at, source.len()))?;
    let damaged = |e: &dyn std::fmt::Display| Refusal::malformed(format!("a frame is damaged ({e})"), at);
    let reader = Reader::new(&**source, span);
    let mut stream = StreamingDecoder::new_with_max_window_size(reader, WINDOW).map_err(|e| damaged(&e))?;
    unpacking.all(&mut stream, |_| span.len(), |_| {})?;
    let (said, true_one) = (stream.decoder.get_checksum_from_data(), stream.decoder.get_calculated_checksum());
    if said.is_some() && said != true_one {
        return Err(damaged(&"its checksum does not hold"));
    }
    Ok(Piece::Stream(span))
}

/// The frame that `span` begins with: its header, its blocks, its checksum. [RFC 8878 3.1.1]
pub(super) fn frame(source: &dyn Source, span: Span) -> Result<Span> {
    let at = span.start;
    let mut cursor = Cursor::new(source, span);
    if cursor.left() < 4 || cursor.array::<4>()? != MAGIC {
        return Err(Refusal::malformed("data after the last frame", at));
    }
    let flags = cursor.u8()?;
    let single = flags & 0x20 != 0;
    if !single {
        let window = cursor.u8()?;
        let base = 1u64 << (10 + (window >> 3));
        if base + base / 8 * u64::from(window & 7) > WINDOW {
            return Err(Refusal::limit("the window of a frame is larger than 128 MiB").at(at));
        }
    }
    let dictionary = cursor.bytes([0, 1, 2, 4][usize::from(flags & 3)], 4)?;
    if dictionary.iter().any(|b| *b != 0) {
        return Err(wrapper::needs_a_dictionary(at));
    }
    cursor.skip(match flags >> 6 {
        0 => u64::from(single),
        1 => 2,
        2 => 4,
        _ => 8,
    })?;
    loop {
        let [a, b, c] = cursor.array::<3>()?;
        let block = u32::from_le_bytes([a, b, c, 0]);
        // A block of one repeated byte has but that byte.
        cursor.skip(if block >> 1 & 3 == 1 { 1 } else { (block >> 3).into() })?;
        if block & 1 != 0 {
            break;
        }
    }
    cursor.skip(if flags & 4 != 0 { 4 } else { 0 })?;
    Ok(Span::new(at, cursor.at()))
}

/// The packer of this library takes no failure for an answer, so failures are kept here and told afterwards.
struct Steady<T> {
    inner: T,
    failed: Option<io::Error>,
}

impl<T: Read> Read for Steady<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buf) {
            Ok(n) => Ok(n),
            Err(e) => {
                self.failed.get_or_insert(e);
                Ok(0)
            }
        }
    }
}

impl<T: Write> Write for Steady<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.failed.is_none()
            && let Err(e) = self.inner.write_all(buf)
        {
            self.failed = Some(e);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pack(bytes: &dyn Source, spool: &mut Spool) -> io::Result<()> {
    let mut from = Steady { inner: Reader::new(bytes, bytes.span()), failed: None };
    let mut to = Steady { inner: spool, failed: None };
    compress(&mut from, &mut to, CompressionLevel::Fastest);
    from.failed.or(to.failed).map_or(Ok(()), Err)
}
