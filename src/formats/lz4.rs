//! LZ4 frames [LZ4 Frame Format 1.6.4]: one file in one frame or several. Frames that decoders skip go, whatever is in them.

use std::io;

use lz4_flex::frame::{FrameDecoder, FrameEncoder, FrameInfo};

use super::wrapper::{self, Packing, Piece, Unpacking};
use crate::cursor::Cursor;
use crate::format::{Format, Head, Match};
use crate::refusal::{Refusal, Result};
use crate::source::{Reader, Shared, Source, Span, Spool};

/// The row.
pub static FORMAT: Format = Format {
    name: "LZ4",
    extensions: &["lz4"],
    container: true,
    keeps: "the compressed file, cleaned by its own rules",
    removes: "skippable frames",
    sniff,
    plan: |job, source| wrapper::plan(job, source, &PACKING),
    witness: wrapper::witness,
};

static PACKING: Packing = Packing { place: "LZ4", endings: &[(".tlz4", ".tar"), (".lz4", "")], read, pack };

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// A frame as the first versions of the program wrote it, and the Linux kernel still does. [LZ4 Frame Format, Legacy frame]
const LEGACY: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];
/// Bits of the first byte of a frame's descriptor.
const BLOCK_CHECKSUM: u8 = 1 << 4;
const CONTENT_SIZE: u8 = 1 << 3;
const CONTENT_CHECKSUM: u8 = 1 << 2;
const DICTIONARY: u8 = 1;

fn sniff(head: &Head) -> Option<Match> {
    (wrapper::first_frame(head, &MAGIC) || wrapper::first_frame(head, &LEGACY)).then_some(Match::Exact)
}

/// Legacy frames say neither how long they are nor whether they are whole.
fn legacy() -> Refusal {
    Refusal::unsupported("an LZ4 frame of the legacy kind")
        .hint("unpack it (lz4 -d) and clean what is inside, or pack it again with lz4")
}

fn read(source: &Shared, at: u64, unpacking: &mut Unpacking) -> Result<Piece> {
    if let Some(skipped) = wrapper::skipped(source, at, PACKING.place)? {
        return Ok(skipped);
    }
    let span = frame(&**source, at)?;
    let mut stream = FrameDecoder::new(Reader::new(&**source, span));
    unpacking.all(&mut stream, |_| span.len(), |_| {})?;
    Ok(Piece::Stream(span))
}

/// The frame at `at`: its descriptor, its blocks, its checksum.
fn frame(source: &dyn Source, at: u64) -> Result<Span> {
    let mut cursor = Cursor::new(source, Span::new(at, source.len()));
    let magic = if cursor.left() < 4 { [0; 4] } else { cursor.array::<4>()? };
    if magic == LEGACY {
        return Err(legacy().at(at));
    }
    if magic != MAGIC {
        return Err(Refusal::malformed("data after the last frame", at));
    }
    let flags = cursor.u8()?;
    if flags & DICTIONARY != 0 {
        return Err(wrapper::needs_a_dictionary(at));
    }
    cursor.skip(2 + if flags & CONTENT_SIZE != 0 { 8 } else { 0 })?;
    loop {
        let size = cursor.u32_le()?;
        if size == 0 {
            break;
        }
        let checksum = if flags & BLOCK_CHECKSUM != 0 { 4 } else { 0 };
        cursor.skip(u64::from(size & 0x7fff_ffff) + checksum)?;
    }
    cursor.skip(if flags & CONTENT_CHECKSUM != 0 { 4 } else { 0 })?;
    Ok(Span::new(at, cursor.at()))
}

fn pack(bytes: &dyn Source, spool: &mut Spool) -> io::Result<()> {
    let mut packer = FrameEncoder::with_frame_info(FrameInfo::new().content_checksum(true), spool);
    io::copy(&mut Reader::new(bytes, bytes.span()), &mut packer)?;
    packer.finish().map(|_| ()).map_err(io::Error::other)
}
