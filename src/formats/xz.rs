//! XZ: one file in one stream or several, with nothing in them that tells of it but the settings of the packer. The zeros
//! that may fill up the end go.

use std::io;

use lzma_rust2::{XzOptions, XzReader, XzWriter};

use super::wrapper::{self, Packing, Piece, Unpacking};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::refusal::{Refusal, Result};
use crate::source::{self, Reader, Shared, Source, Span, Spool};

/// The row.
pub static FORMAT: Format = Format {
    name: "XZ",
    extensions: &["xz", "txz"],
    container: true,
    keeps: "the compressed file, cleaned by its own rules",
    removes: "padding after the end",
    sniff,
    plan: |job, source| wrapper::plan(job, source, &PACKING),
    witness: wrapper::witness,
};

static PACKING: Packing = Packing { place: "XZ", endings: &[(".txz", ".tar"), (".xz", "")], read, pack };

/// So much memory a stream may ask for, in KiB: twice what `xz -9` needs.
pub(super) const MEMORY: u32 = 160 << 10;

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"\xfd7zXZ\0").then_some(Match::Exact)
}

/// All streams are one piece: where each ends is known to the decoder alone.
fn read(source: &Shared, at: u64, unpacking: &mut Unpacking) -> Result<Piece> {
    let rest = Span::new(at, source.len());
    let mut end = at;
    let mut passed = at;
    source::each_block(&**source, rest, |block| {
        if let Some(last) = block.iter().rposition(|b| *b != 0) {
            end = passed + last as u64 + 1;
        }
        passed += block.len() as u64;
    })?;
    if end == at {
        return Ok(Piece::Gone(rest, Finding::removed("XZ", "padding after the end", Tells::Software)));
    }
    let streams = Span::new(at, end);
    if !streams.len().is_multiple_of(4) {
        return Err(Refusal::malformed("the end of the stream is damaged", end));
    }
    let mut stream = XzReader::new_mem_limit(Reader::new(&**source, streams), true, MEMORY);
    unpacking.all(&mut stream, |_| streams.len(), |_| {})?;
    Ok(Piece::Stream(streams))
}

fn pack(bytes: &dyn Source, spool: &mut Spool) -> io::Result<()> {
    let mut packer = XzWriter::new(spool, XzOptions::with_preset(6))?;
    io::copy(&mut Reader::new(bytes, bytes.span()), &mut packer)?;
    packer.finish().map(|_| ())
}
