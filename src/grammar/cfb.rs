//! Compound files: storages and streams in one file, as old office documents and embedded objects are. Reads one into a
//! list of streams by path, and writes such a list as a new file without slack, times or forgotten sectors. [MS-CFB]

mod read;
mod write;

use std::collections::HashSet;

use crate::source::Source;

pub use read::read;
pub use write::{Written, lay, write};

/// The signature. [MS-CFB 2.2]
pub const MAGIC: &[u8; 8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// No entry. [MS-CFB 2.6.1]
const NONE: u32 = 0xffff_ffff;
/// The most regular sector number. [MS-CFB 2.1]
const MOST: u32 = 0xffff_fffa;
/// Streams below this size are in the mini stream, in sectors of 64 bytes. [MS-CFB 2.2]
const CUTOFF: usize = 4096;
const MINI: usize = 64;
/// How many positions of the allocation table the header has room for.
const IN_HEADER: usize = 109;

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
        let sector = crate::source::head(source, place(next), size as usize).ok()?;
        if sector.is_empty() {
            // The chain leads out of the file.
            break;
        }
        directory.extend(sector);
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

fn entry(raw: &[u8], content: Content) -> Entry {
    let len = usize::from(u16_at(raw, 64)).saturating_sub(2).min(62) / 2;
    let name = (0..len).map(|i| u16_at(raw, 2 * i)).collect();
    let mut class = [0; 16];
    class.copy_from_slice(&raw[80..96]);
    Entry { name, class, state: u32_at(raw, 96), content }
}

/// Shorter names first, then by upper-case letters. [MS-CFB 2.6.4]
fn order(e: &Entry) -> (usize, Vec<u16>) {
    (e.name.len(), e.text().to_uppercase().encode_utf16().collect())
}

fn u16_at(b: &[u8], at: usize) -> u16 {
    b.get(at..at + 2).map_or(0, |s| u16::from_le_bytes([s[0], s[1]]))
}

fn u32_at(b: &[u8], at: usize) -> u32 {
    b.get(at..at + 4).map_or(0, |s| u32::from_le_bytes([s[0], s[1], s[2], s[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    #[test]
    fn a_directory_behind_the_end_is_no_long_walk() {
        let mut file = [&MAGIC[..], &[0; 504]].concat();
        file[30] = 9;
        file[48..52].copy_from_slice(&0x00ff_ffffu32.to_le_bytes());
        file[76..].fill(0xff);
        assert!(top(&Memory::new(file)).is_empty());
    }
}
