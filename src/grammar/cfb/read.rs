//! Reads a compound file: its allocation tables, its directory, and the streams along their chains. Chains that loop, lead
//! out of the file or share their sectors are refused, so that nothing is read twice.

use std::collections::HashSet;

use super::{CUTOFF, Content, Entry, IN_HEADER, MAGIC, MINI, MOST, NONE, entry, order, u16_at, u32_at};
use crate::refusal::{Refusal, Result};

/// The most entries that are read.
const ENTRIES: usize = 100_000;

fn bad(what: &'static str) -> Refusal {
    Refusal::malformed(what, 0)
}

struct Reader<'a> {
    bytes: &'a [u8],
    size: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini: Vec<u8>,
    directory: Vec<u8>,
    seen: HashSet<u32>,
    /// How many bytes the streams have taken: no more than there are, or two would share them.
    taken: usize,
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
    let mut r =
        Reader { bytes, size, fat: vec![], mini_fat: vec![], mini: vec![], directory: vec![], seen: HashSet::new(), taken: 0 };
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
    for p in positions.into_iter().take_while(|p| *p < MOST).take(sectors * 4 / size + 1) {
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
            if raw[66] == 2 {
                self.taken = self.taken.saturating_add(len);
            }
            let content = match raw[66] {
                2 if self.taken > self.bytes.len() => return Err(bad("the streams of a compound file are longer than it is")),
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
