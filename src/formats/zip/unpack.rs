//! Members unpacked and packed again: what their bytes are, where their compressed stream ends, and whether the checksum
//! that the directory promises holds.

use std::io::{BufReader, Read, Write};

use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, CrcWriter};

use super::methods;
use crate::clean::Job;
use crate::grammar::zip::{DEFLATED, Entry, STORED};
use crate::refusal::{Refusal, Result};
use crate::source::{self, BLOCK, Reader, Shared, Source, Span, Spool, Window};

/// A member's bytes.
#[derive(Clone)]
pub struct Unpacked {
    /// The bytes as the person who made the archive put them in.
    pub bytes: Shared,
    /// The same bytes, in memory where they are few; to be let go when the member is done.
    pub near: Shared,
    /// Where they are packed; what lies behind in the member's data belongs to nothing.
    pub stream: Span,
}

/// Unpacks a member and holds it against its checksum. A stored one is looked at where it lies.
///
/// # Errors
/// `Malformed` where size or checksum do not hold, `Limit` for bombs, `Unsupported` for rare methods; without the name.
pub fn unpack(job: &Job, source: &Shared, entry: &Entry) -> Result<Unpacked> {
    match entry.method {
        STORED if entry.packed != entry.unpacked => Err(Refusal::malformed("a stored member has two sizes", entry.data.start)),
        STORED => stored(source, entry),
        _ => inflated(job, source, entry),
    }
}

fn stored(source: &Shared, entry: &Entry) -> Result<Unpacked> {
    let bytes = Window::shared(source, entry.data);
    let near = source::at_hand(&bytes)?;
    if checksum(&*near, near.span())? != entry.crc {
        return Err(broken(entry));
    }
    Ok(Unpacked { bytes, near, stream: entry.data })
}

fn inflated(job: &Job, source: &Shared, entry: &Entry) -> Result<Unpacked> {
    // The directory's size is the most that is ever inflated, so the limit can be asked before a byte is.
    job.expanded(entry.packed, entry.unpacked)?;
    let mut stream = methods::open(source, entry)?;
    let mut out = CrcWriter::new(job.spool());
    let mut block = vec![0; BLOCK.min(entry.unpacked as usize + 1)];
    let mut done = 0u64;
    loop {
        let n = match stream.read(&mut block) {
            Ok(n) => n,
            Err(e) if e.get_ref().is_some_and(|inner| inner.is::<Refusal>()) || e.raw_os_error().is_some() => {
                return Err(e.into());
            }
            Err(_) => return Err(broken(entry)),
        };
        if n == 0 {
            break;
        }
        done += n as u64;
        if done > entry.unpacked {
            return Err(Refusal::malformed("a member unpacks to more than the directory says", entry.data.start));
        }
        out.write_all(&block[..n]).map_err(Refusal::write)?;
    }
    if done != entry.unpacked || out.crc().sum() != entry.crc {
        return Err(broken(entry));
    }
    let stream = Span::new(entry.data.start, entry.data.start + stream.taken());
    let bytes = out.into_inner().finish().map_err(Refusal::write)?;
    Ok(Unpacked { near: source::at_hand(&bytes)?, bytes, stream })
}

fn broken(entry: &Entry) -> Refusal {
    Refusal::malformed("a member is damaged: it does not unpack to what the directory says", entry.data.start)
}

/// CRC-32 of a span.
pub fn checksum(source: &dyn Source, span: Span) -> Result<u32> {
    let mut crc = crc32fast::Hasher::new();
    source::each_block(source, span, |block| crc.update(block))?;
    Ok(crc.finalize())
}

/// Deflates `bytes` to the end of `spool`, always with the same effort; returns the place there and the CRC-32.
///
/// # Errors
/// Those of reading and of writing.
pub fn deflate(bytes: &dyn Source, spool: &mut Spool) -> Result<(Span, u32)> {
    let start = spool.len();
    let mut crc = crc32fast::Hasher::new();
    let mut packer = DeflateEncoder::new(&mut *spool, Compression::new(6));
    // Blocks of one size: what the packer makes depends on how it is fed, and must not on how the bytes lie.
    let mut block = vec![0; (BLOCK as u64).min(bytes.len()) as usize];
    let mut at = 0;
    while at < bytes.len() {
        let part = &mut block[..(BLOCK as u64).min(bytes.len() - at) as usize];
        bytes.fill(at, part)?;
        crc.update(part);
        packer.write_all(part).map_err(Refusal::write)?;
        at += part.len() as u64;
    }
    packer.finish().map_err(Refusal::write)?;
    Ok((Span::new(start, spool.len()), crc.finalize()))
}

/// Up to `most` bytes of a member, unpacked without a check, for the sniffing of documents that are ZIPs.
///
/// # Errors
/// Those of reading.
pub fn peek(source: &Shared, entry: &Entry, most: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let packed = BufReader::new(Reader::new(&**source, entry.data));
    match entry.method {
        DEFLATED => _ = DeflateDecoder::new(packed).take(most).read_to_end(&mut out)?,
        STORED => _ = packed.take(most).read_to_end(&mut out)?,
        _ => {}
    }
    Ok(out)
}
