//! Where the sound of a FLAC stream ends. A frame does not say how long it is, but its header counts samples and carries a
//! checksum, and so does its end; the last frame is the one whose samples complete the total that the stream info names.
//! [RFC 9639 9]

use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// How much is searched at once, from the end to the front.
const STRETCH: u64 = 4 << 20;
/// No frame is longer: 65,535 samples of 32 bits in eight channels, and a header.
const LONGEST: u64 = 65_535 * 4 * 8 + 64;

/// The position after the last frame in `span`, which holds frames and perhaps something behind them. Where the stream does
/// not say how many samples it has, all of it counts as sound.
///
/// # Errors
/// `Malformed` where there is something behind the sound that cannot be told from it.
pub fn end_of_sound(source: &dyn Source, info: &[u8], span: Span) -> Result<u64> {
    let total = u64::from(info[13] & 0x0f) << 32 | u64::from(u32::from_be_bytes([info[14], info[15], info[16], info[17]]));
    let block = u64::from(u16::from_be_bytes([info[0], info[1]]));
    let fixed = (info[0], info[1]) == (info[2], info[3]);
    let mut stretch_end = span.end;
    while total > 0 && stretch_end > span.start {
        let start = stretch_end.saturating_sub(STRETCH).max(span.start);
        // A header may begin in this stretch and end in the one behind.
        let bytes = source.bytes(Span::new(start, (stretch_end + 16).min(span.end)), STRETCH + 16)?;
        // From the back: the first header whose frame completes the total.
        for at in (0..bytes.len().saturating_sub(5)).rev() {
            if bytes[at] != 0xff || bytes[at + 1] & 0xfc != 0xf8 {
                continue;
            }
            let Some(header) = header(&bytes[at..]) else { continue };
            let scale = if fixed { block } else { header.samples };
            let first = if header.variable { header.number } else { header.number.saturating_mul(scale) };
            // In a stream of fixed blocks only the last is shorter, and its number counts the blocks in front.
            if first.saturating_add(header.samples) == total {
                return end_of_frame(source, &header, Span::new(start + at as u64, span.end));
            }
        }
        stretch_end = start;
    }
    // No such frame: cut short, or a total that lies. Decoders play what is there.
    Ok(span.end)
}

fn end_of_frame(source: &dyn Source, header: &Header, span: Span) -> Result<u64> {
    let bytes = source.bytes(Span::new(span.start, span.end.min(span.start + LONGEST)), LONGEST)?;
    match ends(&bytes, header.len) {
        Ends::AtTheEnd if span.len() <= LONGEST => Ok(span.end),
        Ends::Once(len) => Ok(span.start + len as u64),
        _ => Err(Refusal::malformed("there is something behind the sound that cannot be told from it", span.start)),
    }
}

struct Header {
    variable: bool,
    number: u64,
    samples: u64,
    len: usize,
}

/// A frame header with a right checksum. [RFC 9639 9.1]
fn header(bytes: &[u8]) -> Option<Header> {
    let variable = bytes.get(1)? & 1 != 0;
    let (size, rate) = (bytes.get(2)? >> 4, bytes[2] & 0x0f);
    if size == 0 || rate == 15 || bytes.get(3)? & 1 != 0 {
        return None;
    }
    let lead = *bytes.get(4)?;
    let more = match lead.leading_ones() {
        0 => 0,
        n @ 2..=7 => n as usize - 1,
        _ => return None,
    };
    let mut number = u64::from(if more == 0 { lead } else { lead & (0x7f >> (more + 1)) });
    for b in bytes.get(5..5 + more)? {
        number = number << 6 | u64::from(b & 0x3f);
    }
    let mut at = 5 + more;
    let samples = match size {
        1 => 192,
        2..=5 => 576 << (size - 2),
        6 => {
            at += 1;
            u64::from(*bytes.get(at - 1)?) + 1
        }
        7 => {
            at += 2;
            u64::from(u16::from_be_bytes([*bytes.get(at - 2)?, *bytes.get(at - 1)?])) + 1
        }
        _ => 256 << (size - 8),
    };
    at += match rate {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    (crc8(bytes.get(..at)?) == *bytes.get(at)?).then_some(Header { variable, number, samples, len: at + 1 })
}

enum Ends {
    AtTheEnd,
    Once(usize),
    Unclear,
}

/// Where the checksum of the frame that starts the bytes comes out: over a whole frame with its own checksum it is zero.
fn ends(frame: &[u8], header: usize) -> Ends {
    let (mut crc, mut places) = (0u16, Vec::new());
    for (i, b) in frame.iter().enumerate() {
        crc = crc << 8 ^ CRC16[usize::from((crc >> 8) as u8 ^ b)];
        if crc == 0 && i > header + 2 {
            places.push(i + 1);
        }
    }
    match places[..] {
        _ if crc == 0 => Ends::AtTheEnd,
        [len] => Ends::Once(len),
        _ => Ends::Unclear,
    }
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |crc, b| (0..8).fold(crc ^ b, |c, _| if c & 0x80 != 0 { c << 1 ^ 0x07 } else { c << 1 }))
}

/// Polynomial 0x8005. [RFC 9639 9.3]
static CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let (mut crc, mut bit) = ((i as u16) << 8, 0);
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x8005 } else { crc << 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};
