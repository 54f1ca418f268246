//! How a ZIP archive lies in its bytes: members behind local headers, the directory that lists them, the record at the end
//! that tells where the directory is [APPNOTE.TXT 6.3.10]. The directory is the truth, and every local header is held
//! against it: where two readers could come to see two archives, there is no archive. What is in the members, and what may
//! survive, is not known here.

mod directory;
mod end;

use crate::cursor::Cursor;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

pub use end::{End, Zip64, has_end};

/// Signature of a local file header. [APPNOTE 4.3.7]
pub const LOCAL: &[u8; 4] = b"PK\x03\x04";
/// Signature of a record of the directory. [APPNOTE 4.3.12]
pub const RECORD: &[u8; 4] = b"PK\x01\x02";
/// Signature of the end of the directory. [APPNOTE 4.3.16]
pub const END: &[u8; 4] = b"PK\x05\x06";
/// Signature of the ZIP64 end of the directory. [APPNOTE 4.3.14]
pub const END64: &[u8; 4] = b"PK\x06\x06";
/// Signature of the ZIP64 locator. [APPNOTE 4.3.15]
pub const LOCATOR: &[u8; 4] = b"PK\x06\x07";
/// Signature of a data descriptor, and of the first part of a split archive. [APPNOTE 4.3.9, 8.5.3]
pub const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
/// Signature of the archive extra data record: the directory is encrypted. [APPNOTE 4.3.11]
pub const EXTRA_DATA: &[u8; 4] = b"PK\x06\x08";

/// Compression methods. [APPNOTE 4.4.5]
pub const STORED: u16 = 0;
/// Deflate.
pub const DEFLATED: u16 = 8;
/// Deflate with a window of 64 KiB.
pub const DEFLATE64: u16 = 9;
/// bzip2.
pub const BZIP2: u16 = 12;
/// LZMA.
pub const LZMA: u16 = 14;
/// Zstandard.
pub const ZSTD: u16 = 93;
/// XZ.
pub const XZ: u16 = 95;

/// Bit 0: encrypted. [APPNOTE 4.4.4]
pub const ENCRYPTED: u16 = 1;
/// Bit 1 of members in LZMA: a mark stands at their end. [APPNOTE 4.4.4, 5.8.9]
pub const MARKED_END: u16 = 1 << 1;
/// Bit 3: sizes and checksum follow the data.
pub const STREAMED: u16 = 1 << 3;
/// Bit 6: strong encryption.
pub const STRONG: u16 = 1 << 6;
/// Bit 11: names are UTF-8.
pub const UTF8: u16 = 1 << 11;
/// Bit 13: values in the local header are masked.
pub const MASKED: u16 = 1 << 13;

/// Extra field: sizes and positions of eight bytes. [APPNOTE 4.5.3]
pub const X_ZIP64: u16 = 0x0001;
/// Extra field: the name in UTF-8. [APPNOTE 4.6.9]
pub const X_UNICODE_PATH: u16 = 0x7075;
/// Extra field: AES encryption.
pub const X_AES: u16 = 0x9901;

/// An archive as its directory tells it.
pub struct Archive {
    /// The members, in the order of the directory.
    pub entries: Vec<Entry>,
    /// The directory, a digital signature at its end included.
    pub directory: Span,
    /// The records after it.
    pub end: End,
}

/// One member.
pub struct Entry {
    /// Its name as it is written, in whatever encoding.
    pub name: Vec<u8>,
    /// Its name by the Unicode path field, where that belongs to the name as written.
    pub unicode: Option<Vec<u8>>,
    /// The fixed part of its record in the directory, as it is written.
    pub record: [u8; 46],
    /// The fixed part of its local header, as it is written.
    pub local: [u8; 30],
    /// Flags of both, joined.
    pub flags: u16,
    /// The compression method.
    pub method: u16,
    /// CRC-32 of the unpacked data.
    pub crc: u32,
    /// Packed size.
    pub packed: u64,
    /// Unpacked size.
    pub unpacked: u64,
    /// Where its record is.
    pub central: Header,
    /// The comment in the record.
    pub comment: Span,
    /// Where its local header is.
    pub header: Header,
    /// The packed data.
    pub data: Span,
    /// The descriptor after the data, empty where there is none.
    pub descriptor: Span,
}

/// The three parts that a local header and a record have in common.
#[derive(Clone, Copy, Default)]
pub struct Header {
    /// The fixed part.
    pub fixed: Span,
    /// The name.
    pub name: Span,
    /// The extra fields.
    pub extra: Span,
}

/// An extra field. [APPNOTE 4.5.1]
pub struct Extra<'a> {
    /// Its number; `None` for bytes at the end that are no field.
    pub id: Option<u16>,
    /// What it holds.
    pub data: &'a [u8],
}

impl Entry {
    /// All bytes of the member but for its record in the directory.
    pub fn extent(&self) -> Span {
        Span::new(self.header.fixed.start, self.descriptor.end)
    }

    /// The system that the external attributes speak for. [APPNOTE 4.4.2]
    pub fn system(&self) -> u8 {
        self.record[5]
    }

    /// The external attributes. [APPNOTE 4.4.15]
    pub fn attributes(&self) -> u32 {
        u32_at(&self.record, 38)
    }
}

impl Archive {
    /// Reads the end, the directory and every local header.
    ///
    /// # Errors
    /// `Malformed` where the archive is cut off, contradicts itself or overlaps; `Encrypted`, `MultiVolume`, `Limit`,
    /// `Polyglot` as their names say.
    pub fn open(source: &Shared, most: u64) -> Result<Archive> {
        let archive = end::find(source, most)?;
        archive.is_disjoint()?;
        Ok(archive)
    }

    /// Fails where two parts of the archive share bytes: bombs do that, and so do archives with two faces.
    fn is_disjoint(&self) -> Result<()> {
        let mut spans: Vec<Span> = self.entries.iter().map(Entry::extent).collect();
        spans.push(self.directory);
        spans.extend(self.end.zip64.iter().flat_map(|z| [z.record, z.locator]));
        spans.push(self.end.fixed);
        spans.retain(|s| !s.is_empty());
        spans.sort_unstable();
        match spans.windows(2).find(|pair| pair[0].end > pair[1].start) {
            Some(pair) => Err(Refusal::malformed("two members of the archive claim the same bytes", pair[1].start)),
            None => Ok(()),
        }
    }
}

/// The extra fields in `bytes`; what is no field comes last, without a number.
pub fn extras(bytes: &[u8]) -> Vec<Extra<'_>> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while let Some((id, data, next)) = extra(rest) {
        out.push(Extra { id: Some(id), data });
        rest = next;
    }
    if !rest.is_empty() {
        out.push(Extra { id: None, data: rest });
    }
    out
}

fn extra(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(4)?;
    let (data, next) = rest.split_at_checked(usize::from(u16_at(head, 2)))?;
    Some((u16_at(head, 0), data, next))
}

/// The sizes and positions of a ZIP64 field that stand for saturated ones, in the fixed order of the specification.
fn widen(extra: &[u8], fields: &mut [&mut u64]) -> std::result::Result<(), &'static str> {
    const SATURATED: u64 = 0xffff_ffff;
    if fields.iter().all(|f| **f != SATURATED) {
        return Ok(());
    }
    // Without the field the numbers mean what they say: an archive may be one byte short of 4 GiB.
    let Some(field) = extras(extra).into_iter().find(|x| x.id == Some(X_ZIP64)) else { return Ok(()) };
    let mut words = field.data.chunks_exact(8).map(|c| u64_at(c, 0));
    for f in fields.iter_mut().filter(|f| ***f == SATURATED) {
        **f = words.next().ok_or("a ZIP64 field is too short")?;
    }
    Ok(())
}

/// The walk over local headers that nobody lists, from `at`: where the last whole one ends, and their number.
pub fn walk_unlisted(source: &dyn Source, span: Span) -> (u64, u64) {
    let (mut at, mut count) = (span.start, 0);
    while let Some(next) = unlisted(source, Span::new(at, span.end)) {
        (at, count) = (next, count + 1);
    }
    (at, count)
}

fn unlisted(source: &dyn Source, span: Span) -> Option<u64> {
    let mut cursor = Cursor::new(source, span);
    let fixed = cursor.array::<30>().ok()?;
    if !fixed.starts_with(LOCAL) || u16_at(&fixed, 6) & STREAMED != 0 {
        return None;
    }
    let names = u64::from(u16_at(&fixed, 26)) + u64::from(u16_at(&fixed, 28));
    span.start.checked_add(30 + names + u64::from(u32_at(&fixed, 18)))
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn encrypted(name: &[u8]) -> Refusal {
    Refusal::new(Code::Encrypted, "the archive is locked with a password").within(&String::from_utf8_lossy(name))
}
