//! How a tar archive lies in its bytes: headers of 512 bytes, each with the data it speaks of, filled up to 512; in front of
//! a header, other headers that say what does not fit into it [POSIX.1-2017 pax, ustar; GNU tar manual, Standard]. What of
//! it may survive is not known here.

use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Span};

/// Everything comes in blocks of this size.
pub const BLOCK: u64 = 512;
/// And archives usually in records of twenty.
pub const RECORD: u64 = 20 * BLOCK;
/// The largest extension header that is held in memory.
const EXTENSION: u64 = 1 << 20;

/// A header block.
pub type Header = [u8; BLOCK as usize];

/// A member with all headers that speak of it.
pub struct Member {
    /// Its extension headers and its own.
    pub head: Span,
    /// The last of them: its own.
    pub header: Header,
    /// Its data, in the archive.
    pub data: Span,
    /// What fills up the last block.
    pub padding: Span,
    /// Its name.
    pub path: Vec<u8>,
    /// Where it points, if it is a link.
    pub link: Vec<u8>,
    /// The records of its pax header, in order.
    pub pax: Vec<(String, Vec<u8>)>,
    /// Whether bytes stand behind the records of its extension headers.
    pub slack: bool,
    /// Whether it had extension headers of GNU.
    pub is_gnu_long: bool,
}

/// What a walk meets.
pub enum Item {
    /// A member of any kind.
    Member(Box<Member>),
    /// A global header with its records.
    Global(Span, Vec<(String, Vec<u8>)>),
    /// The end: where the blocks of zeros begin, or the end of the file where there are none.
    End(u64),
}

impl Member {
    /// Whether it is a folder; old archives only say so by a slash.
    pub fn is_folder(&self) -> bool {
        self.kind() == b'5' || (matches!(self.kind(), b'0' | 0) && self.path.ends_with(b"/"))
    }

    /// Whether it is a file that is not empty.
    pub fn has_data(&self) -> bool {
        !self.is_folder() && matches!(self.kind(), b'0' | 0 | b'7') && !self.data.is_empty()
    }

    /// What kind of member it is, as a letter.
    pub fn kind(&self) -> u8 {
        self.header[156]
    }

    /// The first value of a pax record.
    pub fn record(&self, key: &str) -> Option<&[u8]> {
        // The last one wins. [POSIX pax, Extended Header]
        self.pax.iter().rev().find(|(k, _)| k == key).map(|(_, v)| &v[..])
    }

    /// Whether it is a sparse file, of any of the four kinds.
    pub fn is_sparse(&self) -> bool {
        self.kind() == b'S' || self.pax.iter().any(|(k, _)| k.starts_with("GNU.sparse."))
    }
}

/// What the extension headers in front of a member say.
#[derive(Default)]
struct Before {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Vec<(String, Vec<u8>)>,
    slack: bool,
    is_gnu_long: bool,
}

/// Walks from header to header.
pub struct Walk<'a> {
    source: &'a Shared,
    at: u64,
}

impl<'a> Walk<'a> {
    /// From the first byte.
    pub fn new(source: &'a Shared) -> Walk<'a> {
        Walk { source, at: 0 }
    }

    /// The next item; after [`Item::End`] there is none.
    ///
    /// # Errors
    /// `Malformed` where a header is damaged or its data is cut off, `Limit` for headers that no honest archive has.
    pub fn step(&mut self) -> Result<Item> {
        let start = self.at;
        let mut before = Before::default();
        loop {
            let at = self.at;
            let Some(header) = self.header()? else {
                return match at == start {
                    true => Ok(Item::End(at)),
                    false => Err(Refusal::malformed("headers at the end speak of no member", start)),
                };
            };
            let kind = header[156];
            if !matches!(kind, b'x' | b'X' | b'g' | b'L' | b'K') {
                return self.member(start, header, before).map(|m| Item::Member(Box::new(m)));
            }
            let (data, padding) = self.data(number(&header[124..136]).unwrap_or(u64::MAX))?;
            let bytes = self.source.bytes(data, EXTENSION)?;
            before.slack |= !is_zero(&self.source.bytes(padding, BLOCK)?);
            match kind {
                b'g' if at == start => return Ok(Item::Global(Span::new(start, self.at), records(&bytes, data.start)?)),
                b'g' => return Err(Refusal::malformed("a global header inside of another", at)),
                b'L' | b'K' => {
                    let name = until_nul(&bytes).to_vec();
                    before.slack |= bytes.len() > name.len() + 1;
                    before.is_gnu_long = true;
                    if kind == b'L' { before.path = Some(name) } else { before.link = Some(name) }
                }
                _ => before.pax.extend(records(&bytes, data.start)?),
            }
        }
    }

    /// The header at the place, which is passed; `None` for zeros or the end of the file.
    fn header(&mut self) -> Result<Option<Header>> {
        let left = self.source.len().saturating_sub(self.at);
        if left == 0 {
            return Ok(None);
        }
        let mut header = [0; BLOCK as usize];
        let whole = left.min(BLOCK) as usize;
        self.source.fill(self.at, &mut header[..whole])?;
        if header == [0; BLOCK as usize] {
            return Ok(None);
        }
        if !is_header(&header) {
            return Err(Refusal::malformed("a header of the archive is damaged", self.at));
        }
        self.at += BLOCK;
        Ok(Some(header))
    }

    /// Passes `size` bytes of data and what fills them up.
    fn data(&mut self, size: u64) -> Result<(Span, Span)> {
        let data = Span::at(self.at, size).filter(|d| d.end <= self.source.len());
        let data = data.ok_or_else(|| Refusal::malformed("the archive is cut off in a member", self.at))?;
        let padding = Span::new(data.end, data.end.next_multiple_of(BLOCK).min(self.source.len()));
        self.at = padding.end;
        Ok((data, padding))
    }

    fn member(&mut self, start: u64, header: Header, before: Before) -> Result<Member> {
        let Before { path, link, pax, slack, is_gnu_long } = before;
        let head = Span::new(start, self.at);
        let lies = || Refusal::malformed("a member has no readable size", start);
        let said = |key: &str| pax.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.clone());
        let size = match said("size") {
            Some(digits) => std::str::from_utf8(&digits).ok().and_then(|d| d.parse().ok()).ok_or_else(lies)?,
            None => number(&header[124..136]).ok_or_else(lies)?,
        };
        // Links, folders and devices have no data, whatever their size says. [POSIX ustar, typeflag]
        let size = if matches!(header[156], b'1'..=b'6') { 0 } else { size };
        let (data, padding) = self.data(size)?;
        let path = said("path").or(path).unwrap_or_else(|| name(&header));
        let link = said("linkpath").or(link).unwrap_or_else(|| until_nul(&header[157..257]).to_vec());
        Ok(Member { head, header, data, padding, path, link, pax, slack, is_gnu_long })
    }
}

/// Whether the checksum of a block is that of a header; the sum of signed bytes is an old mistake that is accepted.
pub fn is_header(block: &[u8]) -> bool {
    let Some(block) = block.get(..BLOCK as usize) else { return false };
    let Some(said) = number(&block[148..156]) else { return false };
    let blanked = || block[..148].iter().chain(&[b' '; 8]).chain(&block[156..]);
    let unsigned: u64 = blanked().map(|b| u64::from(*b)).sum();
    let signed: i64 = blanked().map(|b| i64::from(*b as i8)).sum();
    block[0] != 0 && (said == unsigned || i64::try_from(said) == Ok(signed))
}

/// The sum of a header's bytes, its own field taken as spaces.
pub fn checksum(header: &Header) -> u64 {
    header[..148].iter().chain(&[b' '; 8]).chain(&header[156..]).map(|b| u64::from(*b)).sum()
}

/// A number: octal digits between spaces and NULs, or base 256 with the first bit set. `None` where it is neither or
/// negative.
pub fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let first = field[0] & 0x7f;
        let mut n = u64::from(first);
        for b in &field[1..] {
            n = n.checked_mul(256)?.checked_add(u64::from(*b))?;
        }
        return (first & 0x40 == 0).then_some(n);
    }
    let start = field.iter().position(|b| *b != b' ' && *b != 0).unwrap_or(field.len());
    let digits = field[start..].split(|b| *b == b' ' || *b == 0).next().unwrap_or_default();
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

/// The name in a header, its prefix in front where the header is of the kind that has one.
fn name(header: &Header) -> Vec<u8> {
    let name = until_nul(&header[..100]);
    let prefix = until_nul(&header[345..500]);
    if &header[257..263] == b"ustar\0" && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_vec()
}

/// The bytes before the first NUL.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == 0).next().unwrap_or_default()
}

/// Whether all bytes are zero.
pub fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == 0)
}

/// The records of a pax header: `len key=value\n`.
fn records(mut bytes: &[u8], at: u64) -> Result<Vec<(String, Vec<u8>)>> {
    let lies = || Refusal::malformed("a record of a pax header is damaged", at);
    let mut out = Vec::new();
    while !is_zero(bytes) {
        let space = bytes.iter().position(|b| *b == b' ').ok_or_else(lies)?;
        let len: usize = std::str::from_utf8(&bytes[..space]).ok().and_then(|d| d.parse().ok()).ok_or_else(lies)?;
        let record = bytes.get(space + 1..len).and_then(|r| r.strip_suffix(b"\n")).ok_or_else(lies)?;
        let equals = record.iter().position(|b| *b == b'=').ok_or_else(lies)?;
        let key = String::from_utf8_lossy(&record[..equals]).into_owned();
        out.push((key, record[equals + 1..].to_vec()));
        bytes = &bytes[len..];
    }
    Ok(out)
}

/// A pax record, which counts itself.
pub fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let body = key.len() + value.len() + 3;
    let mut len = body;
    while len != body + len.to_string().len() {
        len = body + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}
