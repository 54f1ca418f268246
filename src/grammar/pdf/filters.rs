//! The filters that can be undone without knowing pictures: Flate, LZW, ASCII85, ASCIIHex, RunLength, and the predictors.
//! Each says where its data ends, since readers stop there and bytes may hide behind. [ISO 32000-2 7.4]

use flate2::{Decompress, FlushDecompress, Status};

use super::{Obj, is_space, lexer};

/// A filter and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Its full name.
    pub name: Name,
    /// Predictor, Colors, BitsPerComponent, Columns, EarlyChange.
    pub params: [i64; 5],
}

/// The filters there are. [7.4 table 6]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// zlib.
    Flate,
    /// LZW as in TIFF.
    Lzw,
    /// Base 85.
    Ascii85,
    /// Hexadecimal.
    AsciiHex,
    /// Byte runs.
    RunLength,
    /// JPEG.
    Dct,
    /// JPEG 2000.
    Jpx,
    /// Fax.
    Ccitt,
    /// Bilevel.
    Jbig2,
    /// Encryption by name.
    Crypt,
    /// None of these.
    Unknown,
}

impl Filter {
    /// By its name or abbreviation, with its parameters (a dictionary or nothing), references resolved.
    pub fn of(name: &[u8], params: &Obj) -> Filter {
        let name = match name {
            b"FlateDecode" | b"Fl" => Name::Flate,
            b"LZWDecode" | b"LZW" => Name::Lzw,
            b"ASCII85Decode" | b"A85" => Name::Ascii85,
            b"ASCIIHexDecode" | b"AHx" => Name::AsciiHex,
            b"RunLengthDecode" | b"RL" => Name::RunLength,
            b"DCTDecode" | b"DCT" => Name::Dct,
            b"JPXDecode" => Name::Jpx,
            b"CCITTFaxDecode" | b"CCF" => Name::Ccitt,
            b"JBIG2Decode" => Name::Jbig2,
            b"Crypt" => Name::Crypt,
            _ => Name::Unknown,
        };
        let number = |key, default| params.as_dict().and_then(|d| d.at(key).as_int()).unwrap_or(default);
        let params = [
            number("Predictor", 1),
            number("Colors", 1),
            number("BitsPerComponent", 8),
            number("Columns", 1),
            number("EarlyChange", 1),
        ];
        Filter { name, params }
    }

    /// Whether [`decode`] can undo it.
    pub fn is_plain(&self) -> bool {
        matches!(self.name, Name::Flate | Name::Lzw | Name::Ascii85 | Name::AsciiHex | Name::RunLength)
    }
}

/// What came of undoing a filter.
pub struct Decoded {
    /// The bytes, without predictor.
    pub bytes: Vec<u8>,
    /// How many input bytes the coded data takes up.
    pub used: usize,
    /// Whether the data came to its own end, rather than to damage or to the end of the bytes.
    pub whole: bool,
}

/// Undoes one filter. `None` where it is none of the plain ones, or where more than `limit` bytes come out.
pub fn decode(filter: &Filter, data: &[u8], limit: usize) -> Option<Decoded> {
    let mut decoded = match filter.name {
        Name::Flate => flate(data, limit)?,
        Name::Lzw => lzw(data, filter.params[4] != 0, limit)?,
        Name::Ascii85 => ascii85(data),
        Name::AsciiHex => ascii_hex(data),
        Name::RunLength => run_length(data, limit)?,
        _ => return None,
    };
    if matches!(filter.name, Name::Flate | Name::Lzw) && filter.params[0] > 1 {
        decoded.bytes = unpredict(decoded.bytes, filter.params);
    }
    Some(decoded)
}

/// Where the deflated data ends, without keeping what comes out.
pub fn flate_end(data: &[u8]) -> Option<(usize, u64)> {
    let mut inflate = Decompress::new(true);
    let mut block = vec![0; 64 << 10];
    loop {
        let before = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(data.get(before.0 as usize..)?, &mut block, FlushDecompress::None);
        match status {
            Ok(Status::StreamEnd) => return Some((inflate.total_in() as usize, inflate.total_out())),
            Ok(_) if (inflate.total_in(), inflate.total_out()) != before => {}
            _ => return None,
        }
    }
}

fn flate(data: &[u8], limit: usize) -> Option<Decoded> {
    // A header that is none is passed over by some readers; then nothing is known of the rest.
    let mut inflate = Decompress::new(true);
    let mut bytes = Vec::with_capacity((data.len().saturating_mul(3)).min(1 << 20));
    loop {
        let before = (inflate.total_in(), bytes.len());
        if bytes.capacity() - bytes.len() < 4096 {
            bytes.reserve((bytes.len() / 2).max(16 << 10));
        }
        let status = inflate.decompress_vec(data.get(before.0 as usize..)?, &mut bytes, FlushDecompress::None);
        if bytes.len() > limit {
            return None;
        }
        let used = inflate.total_in() as usize;
        match status {
            Ok(Status::StreamEnd) => return Some(Decoded { bytes, used, whole: true }),
            Ok(_) if (inflate.total_in(), bytes.len()) != before => {}
            _ => return Some(Decoded { bytes, used, whole: false }),
        }
    }
}

/// [7.4.4]
fn lzw(data: &[u8], early: bool, limit: usize) -> Option<Decoded> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut bytes: Vec<u8> = Vec::new();
    // Each entry is a stretch of what came out already: where it starts and how long it is.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut width, mut buffer, mut bits, mut at) = (9u32, 0u32, 0u32, 0usize);
    let mut previous: Option<(usize, usize)> = None;
    loop {
        while bits < width {
            let Some(b) = data.get(at) else { return Some(Decoded { bytes, used: data.len(), whole: false }) };
            buffer = buffer << 8 | u32::from(*b);
            (bits, at) = (bits + 8, at + 1);
        }
        let code = (buffer >> (bits - width) & ((1 << width) - 1)) as usize;
        bits -= width;
        buffer &= (1 << bits) - 1;
        if code == CLEAR {
            (width, previous) = (9, None);
            table.clear();
            continue;
        }
        if code == END {
            return Some(Decoded { bytes, used: at, whole: true });
        }
        let start = bytes.len();
        let len = match (code, previous) {
            (0..=255, _) => {
                bytes.push(code as u8);
                1
            }
            (_, None) => return Some(Decoded { bytes, used: at, whole: false }),
            (_, Some((from, len))) => {
                let known = table.get(code - 258).copied();
                let (from, len) = match known {
                    Some(entry) => entry,
                    None if code - 258 == table.len() => (from, len + 1),
                    None => return Some(Decoded { bytes, used: at, whole: false }),
                };
                for i in from..from + len {
                    let b = *bytes.get(i)?;
                    bytes.push(b);
                }
                len
            }
        };
        if bytes.len() > limit {
            return None;
        }
        if let Some((from, len)) = previous
            && table.len() < 4096 - 258
        {
            // The previous string and the first byte of this one, which lies right behind it.
            table.push((from, len + 1));
        }
        previous = Some((start, len));
        let next = table.len() + 258 + usize::from(early);
        width = match next {
            n if n >= 2048 => 12,
            n if n >= 1024 => 11,
            n if n >= 512 => 10,
            _ => 9,
        };
    }
}

/// [7.4.3]
fn ascii85(data: &[u8]) -> Decoded {
    let mut bytes = Vec::with_capacity(data.len() / 5 * 4);
    let (mut group, mut count) = (0u32, 0usize);
    let mut end = None;
    for (i, b) in data.iter().enumerate() {
        match b {
            b'z' if count == 0 => bytes.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(b - b'!'));
                count += 1;
                if count == 5 {
                    bytes.extend_from_slice(&group.to_be_bytes());
                    (group, count) = (0, 0);
                }
            }
            b'~' => {
                let rest = data[i + 1..].iter().take_while(|b| is_space(**b)).count();
                let closed = data.get(i + 1 + rest) == Some(&b'>');
                end = Some(if closed { i + 2 + rest } else { i + 1 });
                break;
            }
            _ => {}
        }
    }
    if count > 1 {
        for _ in count..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        bytes.extend_from_slice(&group.to_be_bytes()[..count - 1]);
    }
    Decoded { bytes, used: end.unwrap_or(data.len()), whole: end.is_some() }
}

/// [7.4.2]
fn ascii_hex(data: &[u8]) -> Decoded {
    let end = memchr::memchr(b'>', data);
    let digits: Vec<u8> = data[..end.unwrap_or(data.len())].iter().filter_map(|b| lexer::hex_digit(*b)).collect();
    let bytes = digits.chunks(2).map(|d| d[0] << 4 | d.get(1).copied().unwrap_or(0)).collect();
    Decoded { bytes, used: end.map_or(data.len(), |e| e + 1), whole: end.is_some() }
}

/// [7.4.5]
fn run_length(data: &[u8], limit: usize) -> Option<Decoded> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(n) = data.get(at).copied() {
        at += 1;
        match n {
            128 => return Some(Decoded { bytes, used: at, whole: true }),
            0..=127 => {
                let run = data.get(at..(at + usize::from(n) + 1).min(data.len()))?;
                bytes.extend_from_slice(run);
                at += run.len();
            }
            _ => {
                let Some(b) = data.get(at) else { break };
                bytes.resize(bytes.len() + 257 - usize::from(n), *b);
                at += 1;
            }
        }
        if bytes.len() > limit {
            return None;
        }
    }
    Some(Decoded { bytes, used: data.len(), whole: false })
}

/// [7.4.4.4]
fn unpredict(bytes: Vec<u8>, params: [i64; 5]) -> Vec<u8> {
    let [predictor, colors, depth, columns, _] = params.map(|n| usize::try_from(n).unwrap_or(0));
    let pixel = (colors.saturating_mul(depth)).div_ceil(8).clamp(1, 1 << 10);
    let row = colors.saturating_mul(depth).saturating_mul(columns).div_ceil(8);
    if row == 0 || row > bytes.len().max(1) {
        return bytes;
    }
    if predictor == 2 {
        let mut bytes = bytes;
        if depth == 8 {
            for line in bytes.chunks_mut(row) {
                for i in pixel..line.len() {
                    line[i] = line[i].wrapping_add(line[i - pixel]);
                }
            }
        }
        return bytes;
    }
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above = vec![0u8; row];
    for line in bytes.chunks(row + 1) {
        let mut this = line[1..].to_vec();
        this.resize(row, 0);
        for i in 0..row {
            let left = if i >= pixel { this[i - pixel] } else { 0 };
            let corner = if i >= pixel { above[i - pixel] } else { 0 };
            let guess = match line[0] {
                1 => left,
                2 => above[i],
                3 => ((u16::from(left) + u16::from(above[i])) / 2) as u8,
                4 => paeth(left, above[i], corner),
                _ => 0,
            };
            this[i] = this[i].wrapping_add(guess);
        }
        out.extend_from_slice(&this[..(line.len() - 1).min(row)]);
        above = this;
    }
    out
}

fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let [ia, ib, ic] = [a, b, c].map(i32::from);
    let p = ia + ib - ic;
    let (pa, pb, pc) = ((p - ia).abs(), (p - ib).abs(), (p - ic).abs());
    if pa <= pb && pa <= pc {
        a
    } else if pb <= pc {
        b
    } else {
        c
    }
}
