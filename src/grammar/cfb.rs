//! Compound files: storages and streams in one file, as old office documents and embedded objects are. Reads one into a
//! list of streams by path, and writes such a list as a new file without slack, times or forgotten sectors. [MS-CFB]

use std::collections::HashSet;

use crate::refusal::{Refusal, Result};
use crate::source::Source;

/// The signature. [MS-CFB 2.2]
pub const MAGIC: &[u8; 8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// The end of a chain, a sector of none, a sector of the allocation table, no entry. [MS-CFB 2.1]
const END: u32 = 0xffff_fffe;
const FREE: u32 = 0xffff_ffff;
const FAT: u32 = 0xffff_fffd;
const NONE: u32 = 0xffff_ffff;
/// The most regular sector number. [MS-CFB 2.1]
const MOST: u32 = 0xffff_fffa;
/// Streams below this size are in the mini stream, in sectors of 64 bytes. [MS-CFB 2.2]
const CUTOFF: usize = 4096;
const MINI: usize = 64;
/// How many positions of the allocation table the header has room for.
const IN_HEADER: usize = 109;
/// The most entries that are read.
const ENTRIES: usize = 100_000;

/// A storage or a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, in UTF-16.
    pub name: Vec<u16>,
    /// The class of a storage.
    pub class: [u8; 16],
    /// What a program noted about a storage.
    pub state: u32,
    /// The content.
    pub content: Content,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A stream with its bytes.
    Stream(Vec<u8>),
    /// A storage with its entries.
    Storage(Vec<Entry>),
}

impl Entry {
    /// The name as text.
    pub fn text(&self) -> String {
        String::from_utf16_lossy(&self.name)
    }
}

/// The names of the streams and storages at the top, for a first look: reads the directory only, and no more than its
/// first megabyte. Empty where it is no compound file that can be read.
pub fn top(source: &dyn Source) -> Vec<String> {
    top_of(source).unwrap_or_default()
}

fn top_of(source: &dyn Source) -> Option<Vec<String>> {
    const MOST_READ: usize = 1 << 20;
    let mut header = [0; 512];
    source.fill(0, &mut header).ok()?;
    let shift = u16_at(&header, 30);
    if !header.starts_with(MAGIC) || !matches!(shift, 9 | 12) {
        return None;
    }
    let size = 1u64 << shift;
    let place = |sector: u32| (u64::from(sector) + 1) * size;
    let (mut directory, mut next) = (Vec::new(), u32_at(&header, 48));
    while next < MOST && directory.len() < MOST_READ {
        directory.extend(crate::source::head(source, place(next), size as usize).ok()?);
        let per = size as u32 / 4;
        let table = u32_at(&header, 76 + 4 * (next / per) as usize);
        // Behind the part of the table that the header lists it is read on for as long as it lies in one piece.
        if (next / per) as usize >= IN_HEADER || table >= MOST {
            next += 1;
            continue;
        }
        let mut word = [0; 4];
        source.fill(place(table) + u64::from(next % per) * 4, &mut word).ok()?;
        next = u32::from_le_bytes(word);
    }
    let (mut names, mut todo, mut seen) = (Vec::new(), vec![u32_at(&directory, 76)], HashSet::new());
    while let Some(n) = todo.pop() {
        let at = (n as usize).checked_mul(128)?;
        let Some(raw) = directory.get(at..at + 128) else { continue };
        if seen.insert(n) {
            todo.extend([u32_at(raw, 68), u32_at(raw, 72)]);
            names.push(entry(raw, Content::Stream(vec![])).text());
        }
    }
    Some(names)
}

fn bad(what: &'static str) -> Refusal {
    Refusal::malformed(what, 0)
}

fn u16_at(b: &[u8], at: usize) -> u16 {
    b.get(at..at + 2).map_or(0, |s| u16::from_le_bytes([s[0], s[1]]))
}

fn u32_at(b: &[u8], at: usize) -> u32 {
    b.get(at..at + 4).map_or(0, |s| u32::from_le_bytes([s[0], s[1], s[2], s[3]]))
}

struct Reader<'a> {
    bytes: &'a [u8],
    size: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini: Vec<u8>,
    directory: Vec<u8>,
    seen: HashSet<u32>,
}

/// Reads a compound file: its root.
///
/// # Errors
/// `Malformed` where chains loop or lead out of the file; `Limit` for too many entries.
pub fn read(bytes: &[u8]) -> Result<Entry> {
    let shift = u16_at(bytes, 30);
    if !bytes.starts_with(MAGIC) || bytes.len() < 512 || !matches!(shift, 9 | 12) || u16_at(bytes, 32) != 6 {
        return Err(bad("a compound file without a header that can be read"));
    }
    let size = 1usize << shift;
    let mut r = Reader { bytes, size, fat: vec![], mini_fat: vec![], mini: vec![], directory: vec![], seen: HashSet::new() };
    let mut positions: Vec<u32> = (0..IN_HEADER).map(|i| u32_at(bytes, 76 + 4 * i)).collect();
    let (mut next, mut guard) = (u32_at(bytes, 68), 0);
    // There cannot be more sectors of a table than sectors.
    let sectors = bytes.len() / size;
    while next < MOST && guard <= sectors * 4 / size {
        let sector = r.sector(next)?.to_vec();
        let last = size / 4 - 1;
        positions.extend((0..last).map(|i| u32_at(&sector, 4 * i)));
        next = u32_at(&sector, 4 * last);
        guard += 1;
    }
    for p in positions.into_iter().filter(|p| *p < MOST).take(sectors * 4 / size + 1) {
        let sector = r.sector(p)?;
        let more: Vec<u32> = sector.chunks_exact(4).map(|c| u32_at(c, 0)).collect();
        r.fat.extend(more);
    }
    r.directory = r.chain(u32_at(bytes, 48), None)?;
    let mini_fat = r.chain(u32_at(bytes, 60), None)?;
    r.mini_fat = mini_fat.chunks_exact(4).map(|c| u32_at(c, 0)).collect();
    let root = r.directory.get(..128).ok_or_else(|| bad("a compound file without a directory"))?;
    if root[66] != 5 {
        return Err(bad("a compound file without a root"));
    }
    let (start, len) = (u32_at(root, 116), u32_at(root, 120) as usize);
    r.mini = if len == 0 { vec![] } else { r.chain(start, Some(len))? };
    r.seen.insert(0);
    let root = r.directory[..128].to_vec();
    let children = r.storage(u32_at(&root, 76), 0)?;
    Ok(entry(&root, Content::Storage(children)))
}

fn entry(raw: &[u8], content: Content) -> Entry {
    let len = usize::from(u16_at(raw, 64)).saturating_sub(2).min(62) / 2;
    let name = (0..len).map(|i| u16_at(raw, 2 * i)).collect();
    let mut class = [0; 16];
    class.copy_from_slice(&raw[80..96]);
    Entry { name, class, state: u32_at(raw, 96), content }
}

impl Reader<'_> {
    fn sector(&self, n: u32) -> Result<&[u8]> {
        let start = (n as usize + 1).saturating_mul(self.size);
        // The last sector may be cut off.
        let end = (start + self.size).min(self.bytes.len());
        self.bytes.get(start..end).filter(|s| !s.is_empty()).ok_or_else(|| bad("a compound file leads out of itself"))
    }

    /// The bytes of a chain of sectors, exactly `len` where that is known.
    fn chain(&self, start: u32, len: Option<usize>) -> Result<Vec<u8>> {
        let (mut out, mut next, mut steps) = (Vec::new(), start, 0);
        while next < MOST && len.is_none_or(|l| out.len() < l) {
            out.extend_from_slice(self.sector(next)?);
            next = *self.fat.get(next as usize).ok_or_else(|| bad("a compound file leads out of itself"))?;
            steps += 1;
            if steps > self.fat.len() {
                return Err(bad("a chain of a compound file has no end"));
            }
        }
        self.cut(out, len)
    }

    fn mini_chain(&self, start: u32, len: usize) -> Result<Vec<u8>> {
        let (mut out, mut next) = (Vec::new(), start);
        while next < MOST && out.len() < len {
            let at = next as usize * MINI;
            let end = (at + MINI).min(self.mini.len());
            let piece =
                self.mini.get(at..end).filter(|p| !p.is_empty()).ok_or_else(|| bad("a compound file leads out of itself"))?;
            out.extend_from_slice(piece);
            next = *self.mini_fat.get(next as usize).ok_or_else(|| bad("a compound file leads out of itself"))?;
        }
        self.cut(out, Some(len))
    }

    fn cut(&self, mut out: Vec<u8>, len: Option<usize>) -> Result<Vec<u8>> {
        match len {
            Some(len) if out.len() < len => return Err(bad("a stream of a compound file is cut off")),
            Some(len) => out.truncate(len),
            None => {}
        }
        Ok(out)
    }

    /// The entries of a storage, in the order of their names.
    fn storage(&mut self, top: u32, depth: usize) -> Result<Vec<Entry>> {
        if depth > 32 {
            return Err(Refusal::limit("storages nest deeper than 32"));
        }
        let (mut out, mut todo) = (Vec::new(), vec![top]);
        while let Some(n) = todo.pop() {
            if n == NONE {
                continue;
            }
            if !self.seen.insert(n) {
                return Err(bad("two entries of a compound file are one"));
            }
            if self.seen.len() > ENTRIES {
                return Err(Refusal::limit("a compound file with too many entries"));
            }
            let at = n as usize * 128;
            let raw = self.directory.get(at..at + 128).ok_or_else(|| bad("a compound file leads out of its directory"))?.to_vec();
            todo.push(u32_at(&raw, 68));
            todo.push(u32_at(&raw, 72));
            let (start, len) = (u32_at(&raw, 116), u32_at(&raw, 120) as usize);
            let content = match raw[66] {
                2 if len > self.bytes.len() => return Err(bad("a stream of a compound file is cut off")),
                2 if len == 0 => Content::Stream(vec![]),
                2 if len < CUTOFF => Content::Stream(self.mini_chain(start, len)?),
                2 => Content::Stream(self.chain(start, Some(len))?),
                1 => Content::Storage(self.storage(u32_at(&raw, 76), depth + 1)?),
                _ => return Err(bad("an entry of a compound file is nothing known")),
            };
            out.push(entry(&raw, content));
        }
        out.sort_by_cached_key(order);
        Ok(out)
    }
}

/// Shorter names first, then by upper-case letters. [MS-CFB 2.6.4]
fn order(e: &Entry) -> (usize, Vec<u16>) {
    (e.name.len(), e.text().to_uppercase().encode_utf16().collect())
}

/// One entry on its way into a directory.
struct Flat {
    raw: [u8; 128],
    data: Option<Vec<u8>>,
}

/// Writes a compound file with this root.
///
/// # Errors
/// `Limit` where it would be too large.
pub fn write(root: &Entry) -> Result<Vec<u8>> {
    let mut flat = Vec::new();
    flatten(root, true, &mut flat);
    let total: usize = flat.iter().filter_map(|f| f.data.as_ref()).map(Vec::len).sum();
    // With sectors of 512 bytes the header has room for about 7 MB.
    let size = if total < 6_000_000 { 512 } else { 4096 };
    let (mut sectors, mut fat, mut mini, mut mini_fat) =
        (Vec::<u8>::new(), Vec::<u32>::new(), Vec::<u8>::new(), Vec::<u32>::new());
    let mut put = |data: &[u8], fat: &mut Vec<u32>| -> u32 {
        let start = fat.len() as u32;
        let count = data.len().div_ceil(size);
        sectors.extend_from_slice(data);
        sectors.resize(sectors.len().div_ceil(size) * size, 0);
        (0..count).for_each(|i| fat.push(if i + 1 == count { END } else { start + i as u32 + 1 }));
        if count == 0 { END } else { start }
    };
    for f in &mut flat {
        let Some(data) = f.data.take() else { continue };
        let start = match data.len() {
            0 => END,
            len if len < CUTOFF => {
                let first = mini_fat.len() as u32;
                let count = len.div_ceil(MINI);
                mini.extend_from_slice(&data);
                mini.resize(mini.len().div_ceil(MINI) * MINI, 0);
                (0..count).for_each(|i| mini_fat.push(if i + 1 == count { END } else { first + i as u32 + 1 }));
                first
            }
            _ => put(&data, &mut fat),
        };
        f.raw[116..120].copy_from_slice(&start.to_le_bytes());
        f.raw[120..124].copy_from_slice(&(data.len() as u32).to_le_bytes());
    }
    let mini_start = put(&mini, &mut fat);
    flat[0].raw[116..120].copy_from_slice(&mini_start.to_le_bytes());
    flat[0].raw[120..124].copy_from_slice(&(mini.len() as u32).to_le_bytes());
    let mini_fat: Vec<u8> = padded(&mini_fat, size);
    let mini_fat_start = put(&mini_fat, &mut fat);
    let mut directory: Vec<u8> = flat.iter().flat_map(|f| f.raw).collect();
    while !directory.len().is_multiple_of(size) {
        let mut unused = [0; 128];
        unused[68..80].fill(0xff);
        directory.extend_from_slice(&unused);
    }
    let directory_start = put(&directory, &mut fat);
    // The table lists its own sectors too.
    let mut own = 0;
    while (fat.len() + own).div_ceil(size / 4) > own {
        own += 1;
    }
    if own > IN_HEADER {
        return Err(Refusal::limit("an embedded object that is too large"));
    }
    let first = fat.len() as u32;
    fat.extend(std::iter::repeat_n(FAT, own));
    sectors.extend(padded(&fat, size));

    let mut out = vec![0; size];
    out[..8].copy_from_slice(MAGIC);
    let words = [(24, 0x3e), (26, if size == 512 { 3 } else { 4 }), (28, 0xfffe), (30, size.trailing_zeros() as u16), (32, 6u16)];
    words.iter().for_each(|(at, w)| out[*at..at + 2].copy_from_slice(&w.to_le_bytes()));
    let numbers = [
        (40, if size == 512 { 0 } else { (directory.len() / size) as u32 }),
        (44, own as u32),
        (48, directory_start),
        (56, CUTOFF as u32),
        (60, mini_fat_start),
        (64, (mini_fat.len() / size) as u32),
        (68, END),
    ];
    numbers.iter().for_each(|(at, n)| out[*at..at + 4].copy_from_slice(&n.to_le_bytes()));
    for i in 0..IN_HEADER {
        let n = if i < own { first + i as u32 } else { FREE };
        out[76 + 4 * i..80 + 4 * i].copy_from_slice(&n.to_le_bytes());
    }
    out.extend(sectors);
    Ok(out)
}

fn padded(table: &[u32], size: usize) -> Vec<u8> {
    let mut out: Vec<u8> = table.iter().flat_map(|n| n.to_le_bytes()).collect();
    out.resize(out.len().div_ceil(size) * size, 0xff);
    out
}

/// Appends an entry and all that is in it; returns its number.
fn flatten(entry: &Entry, is_root: bool, flat: &mut Vec<Flat>) -> u32 {
    let mut raw = [0; 128];
    for (i, unit) in entry.name.iter().take(31).enumerate() {
        raw[2 * i..2 * i + 2].copy_from_slice(&unit.to_le_bytes());
    }
    raw[64..66].copy_from_slice(&((entry.name.len().min(31) as u16 + 1) * 2).to_le_bytes());
    raw[66] = match (&entry.content, is_root) {
        (_, true) => 5,
        (Content::Stream(_), _) => 2,
        (Content::Storage(_), _) => 1,
    };
    raw[67] = 1;
    raw[68..80].fill(0xff);
    raw[80..96].copy_from_slice(&entry.class);
    raw[96..100].copy_from_slice(&entry.state.to_le_bytes());
    let here = flat.len();
    flat.push(Flat { raw, data: None });
    match &entry.content {
        Content::Stream(data) => flat[here].data = Some(data.clone()),
        Content::Storage(children) => {
            let mut sorted: Vec<&Entry> = children.iter().collect();
            sorted.sort_by_cached_key(|e| order(e));
            let numbers: Vec<u32> = sorted.iter().map(|e| flatten(e, false, flat)).collect();
            let height = usize::BITS - numbers.len().leading_zeros();
            let top = balance(&numbers, flat, height, numbers.len() + 1 != 1 << height);
            flat[here].raw[76..80].copy_from_slice(&top.to_le_bytes());
        }
    }
    here as u32
}

/// Makes a tree of sorted entries: as flat as can be, all black but for an incomplete lowest row.
fn balance(numbers: &[u32], flat: &mut [Flat], height: u32, incomplete: bool) -> u32 {
    if numbers.is_empty() {
        return NONE;
    }
    let middle = numbers.len() / 2;
    let left = balance(&numbers[..middle], flat, height - 1, incomplete);
    let right = balance(&numbers[middle + 1..], flat, height - 1, incomplete);
    let raw = &mut flat[numbers[middle] as usize].raw;
    raw[67] = u8::from(!(incomplete && height == 1));
    raw[68..72].copy_from_slice(&left.to_le_bytes());
    raw[72..76].copy_from_slice(&right.to_le_bytes());
    numbers[middle]
}
