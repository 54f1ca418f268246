//! Ogg: pages of logical streams, the packets that span them, and the writing of pages. [RFC 3533]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Header and segment table.
    pub head: Span,
    /// The data.
    pub body: Span,
    /// Bit 0: continues a packet; bit 1: first of its stream; bit 2: last.
    pub flags: u8,
    /// The position that a decoder has reached after it; what that counts, the codec says.
    pub granule: u64,
    /// Which stream.
    pub serial: u32,
    /// Its number in the stream.
    pub sequence: u32,
    /// Its checksum as stored.
    pub crc: u32,
    /// The lengths of its segments.
    pub lacing: Vec<u8>,
}

impl Page {
    /// All of it.
    pub fn span(&self) -> Span {
        Span::new(self.head.start, self.body.end)
    }

    /// Whether a packet ends with its last segment.
    pub fn ends_packet(&self) -> bool {
        self.lacing.last().is_some_and(|n| *n < 255)
    }

    /// The header with this serial and sequence number and the checksum that then is right.
    ///
    /// # Errors
    /// Those of the source.
    pub fn header(&self, source: &dyn Source, serial: u32, sequence: u32) -> Result<Vec<u8>> {
        let mut head = header(self.flags, self.granule, serial, sequence, &self.lacing);
        let mut crc = update(0, &head);
        source::each_block(source, self.body, |block| crc = update(crc, block))?;
        head[22..26].copy_from_slice(&crc.to_le_bytes());
        Ok(head)
    }
}

/// The page at `at`, or `None` where none begins there.
///
/// # Errors
/// `Malformed` where it runs past the end.
pub fn page_at(source: &dyn Source, at: u64) -> Result<Option<Page>> {
    let mut cursor = Cursor::new(source, Span::new(at, source.len()));
    if cursor.left() < 27 {
        return Ok(None);
    }
    let head: [u8; 27] = cursor.array()?;
    if &head[..4] != b"OggS" || head[4] != 0 {
        return Ok(None);
    }
    let lacing = cursor.bytes(u64::from(head[26]), 255)?;
    let head_span = Span::new(at, cursor.at());
    let body = cursor.skip(lacing.iter().map(|n| u64::from(*n)).sum())?;
    let u32_at = |i: usize| u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]);
    let granule = u64::from(u32_at(6)) | u64::from(u32_at(10)) << 32;
    let (serial, sequence, crc) = (u32_at(14), u32_at(18), u32_at(22));
    Ok(Some(Page { head: head_span, body, flags: head[5], granule, serial, sequence, crc, lacing }))
}

/// The next place at or after `at` where a whole page with a right checksum begins.
///
/// # Errors
/// Those of the source; `Limit` where absurdly much pretends to be a page.
pub fn next_page(source: &dyn Source, mut at: u64) -> Result<Option<u64>> {
    const TRIES: usize = 10_000;
    let mut tries = 0;
    while at < source.len() {
        let bytes = source::head(source, at, source::BLOCK)?;
        for found in memchr::memmem::find_iter(&bytes, b"OggS") {
            let there = at + found as u64;
            tries += 1;
            if tries > TRIES {
                return Err(Refusal::limit("more things that pretend to be a page than any honest file has").at(there));
            }
            if let Ok(Some(page)) = page_at(source, there)
                && checksum(source, &page)? == page.crc
            {
                return Ok(Some(there));
            }
        }
        if bytes.len() < source::BLOCK {
            return Ok(None);
        }
        at += bytes.len() as u64 - 3;
    }
    Ok(None)
}

fn header(flags: u8, granule: u64, serial: u32, sequence: u32, lacing: &[u8]) -> Vec<u8> {
    let mut out = b"OggS\0".to_vec();
    out.push(flags);
    out.extend(granule.to_le_bytes());
    out.extend(serial.to_le_bytes());
    out.extend(sequence.to_le_bytes());
    out.extend([0; 4]);
    out.push(lacing.len() as u8);
    out.extend(lacing);
    out
}

/// Pages that carry these packets, whole, beginning on a page of their own and ending one; granule 0, as header pages have.
/// Returns the bytes and how many pages they are.
pub fn pages(packets: &[Vec<u8>], serial: u32, first: u32, flags: u8) -> (Vec<u8>, u32) {
    let mut segments: Vec<(u8, &[u8])> = Vec::new();
    for packet in packets {
        let mut rest = &packet[..];
        while rest.len() >= 255 {
            segments.push((255, &rest[..255]));
            rest = &rest[255..];
        }
        segments.push((rest.len() as u8, rest));
    }
    let (mut out, mut count, mut continues) = (Vec::new(), 0, false);
    for page in segments.chunks(255) {
        let lacing: Vec<u8> = page.iter().map(|(n, _)| *n).collect();
        let ends = lacing.iter().any(|n| *n < 255);
        let granule = if ends { 0 } else { u64::MAX };
        let flags = u8::from(continues) | if count == 0 { flags } else { 0 };
        let start = out.len();
        out.extend(header(flags, granule, serial, first.wrapping_add(count), &lacing));
        page.iter().for_each(|(_, bytes)| out.extend(*bytes));
        let crc = update(0, &out[start..]);
        out[start + 22..start + 26].copy_from_slice(&crc.to_le_bytes());
        continues = lacing.last() == Some(&255);
        count += 1;
    }
    (out, count)
}

/// The checksum of a page as it stands, its own field taken as zero.
///
/// # Errors
/// Those of the source.
pub fn checksum(source: &dyn Source, page: &Page) -> Result<u32> {
    let head = page.header(source, page.serial, page.sequence)?;
    Ok(u32::from_le_bytes([head[22], head[23], head[24], head[25]]))
}

fn update(crc: u32, bytes: &[u8]) -> u32 {
    let mut crc = crc;
    let mut eights = bytes.chunks_exact(8);
    for c in &mut eights {
        let a = crc ^ u32::from_be_bytes([c[0], c[1], c[2], c[3]]);
        crc = TABLES[7][(a >> 24) as usize]
            ^ TABLES[6][(a >> 16 & 0xff) as usize]
            ^ TABLES[5][(a >> 8 & 0xff) as usize]
            ^ TABLES[4][(a & 0xff) as usize]
            ^ TABLES[3][usize::from(c[4])]
            ^ TABLES[2][usize::from(c[5])]
            ^ TABLES[1][usize::from(c[6])]
            ^ TABLES[0][usize::from(c[7])];
    }
    eights.remainder().iter().fold(crc, |crc, b| crc << 8 ^ TABLES[0][usize::from((crc >> 24) as u8 ^ b)])
}

/// Polynomial 0x04C11DB7, most significant bit first, eight bytes at a time. [RFC 3533 6]
static TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0u32; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let (mut crc, mut bit) = ((i as u32) << 24, 0);
        while bit < 8 {
            crc = if crc & 0x8000_0000 != 0 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        tables[0][i] = crc;
        i += 1;
    }
    let mut t = 1;
    while t < 8 {
        let mut i = 0;
        while i < 256 {
            let before = tables[t - 1][i];
            tables[t][i] = before << 8 ^ tables[0][(before >> 24) as usize];
            i += 1;
        }
        t += 1;
    }
    tables
};
