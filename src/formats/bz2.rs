//! BZIP2: one file in one stream or several, with nothing in them that tells of it. What stands behind the last stream is
//! read by no program and goes.

use std::io::{self, BufReader};

use bzip2::Compression;
use bzip2::bufread::BzDecoder;
use bzip2::write::BzEncoder;

use super::wrapper::{self, Packing, Piece, Unpacking};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::refusal::Result;
use crate::source::{self, BLOCK, Reader, Shared, Source, Span, Spool};

/// The row.
pub static FORMAT: Format = Format {
    name: "BZIP2",
    extensions: &["bz2", "tbz2", "tbz"],
    container: true,
    keeps: "the compressed file, cleaned by its own rules",
    removes: "bytes after the end",
    sniff,
    plan: |job, source| wrapper::plan(job, source, &PACKING),
    witness: wrapper::witness,
};

static PACKING: Packing =
    Packing { place: "BZIP2", endings: &[(".tbz2", ".tar"), (".tbz", ".tar"), (".bz2", ""), (".bz", "")], read, pack };

fn sniff(head: &Head) -> Option<Match> {
    begins(head.bytes).then_some(Match::Exact)
}

/// A stream, with a block or without any.
fn begins(head: &[u8]) -> bool {
    let block =
        |h: &[u8]| h.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || h.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]);
    head.starts_with(b"BZh") && head.get(3).is_some_and(|l| (b'1'..=b'9').contains(l)) && block(&head[4..])
}

fn read(source: &Shared, at: u64, unpacking: &mut Unpacking) -> Result<Piece> {
    let rest = Span::new(at, source.len());
    if at > 0 && !begins(&source::head(&**source, at, 10)?) {
        return Ok(Piece::Gone(rest, Finding::removed("BZIP2", "data after the end", Tells::Hidden)));
    }
    let mut stream = BzDecoder::new(BufReader::with_capacity(BLOCK, Reader::new(&**source, rest)));
    unpacking.all(&mut stream, BzDecoder::total_in, |_| {})?;
    Ok(Piece::Stream(Span::new(at, at + stream.total_in())))
}

fn pack(bytes: &dyn Source, spool: &mut Spool) -> io::Result<()> {
    let mut packer = BzEncoder::new(spool, Compression::best());
    io::copy(&mut Reader::new(bytes, bytes.span()), &mut packer)?;
    packer.finish().map(|_| ())
}
