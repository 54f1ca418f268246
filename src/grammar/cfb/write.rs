//! Writes a compound file, always the same way: the streams one after the other, then the small ones together, their table,
//! the directory as a balanced tree, the table of all sectors; zeros in every gap.

use std::ops::Range;

use super::{CUTOFF, Content, Entry, IN_HEADER, MAGIC, MINI, MOST, NONE, order};
use crate::refusal::{Refusal, Result};

/// The size of a sector: the one that every program reads. [MS-CFB 2.2]
const SECTOR: usize = 512;
/// The end of a chain, a sector of none, a sector of the allocation table, a sector of its list. [MS-CFB 2.1]
const END: u32 = 0xffff_fffe;
const FREE: u32 = 0xffff_ffff;
const FAT: u32 = 0xffff_fffd;
const DIFAT: u32 = 0xffff_fffc;

/// One entry on its way into a directory.
struct Flat {
    path: String,
    raw: [u8; 128],
    data: Option<Vec<u8>>,
}

/// A compound file as written, and where in it its streams lie, each in one piece.
pub struct Written {
    /// The file.
    pub bytes: Vec<u8>,
    /// The names of the streams, those of the storages around them in front, and their places.
    pub streams: Vec<(String, Range<usize>)>,
}

/// Writes a compound file with this root.
///
/// # Errors
/// `Limit` where it would be too large.
pub fn write(root: &Entry) -> Result<Vec<u8>> {
    Ok(lay(root)?.bytes)
}

/// Writes a compound file with this root and says where its streams lie.
///
/// # Errors
/// `Limit` where it would be too large.
pub fn lay(root: &Entry) -> Result<Written> {
    let size = SECTOR;
    let (mut flat, mut streams) = (Vec::new(), Vec::new());
    flatten(root, "", true, &mut flat);
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
        let small = data.len() < CUTOFF;
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
        streams.push((std::mem::take(&mut f.path), small, start, data.len()));
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
    let data_sectors = fat.len();
    let (own, lists) = tables(data_sectors);
    let first = data_sectors as u32;
    fat.extend(std::iter::repeat_n(FAT, own));
    fat.extend(std::iter::repeat_n(DIFAT, lists));
    if fat.len() >= MOST as usize {
        return Err(Refusal::limit("a compound file that would be too large"));
    }
    sectors.extend(padded(&fat, size));
    // Positions of the table that the header has no room for, each sector with the number of the next behind it.
    let positions: Vec<u32> = (0..own as u32).map(|i| first + i).collect();
    let rest = positions.get(IN_HEADER..).unwrap_or_default();
    for (i, part) in rest.chunks(size / 4 - 1).enumerate() {
        let next = if i + 1 == lists { END } else { first + (own + i + 1) as u32 };
        let mut list = part.to_vec();
        list.resize(size / 4 - 1, FREE);
        list.push(next);
        sectors.extend(padded(&list, size));
    }

    let mut out = vec![0; size];
    out[..8].copy_from_slice(MAGIC);
    let words = [(24, 0x3e), (26, 3), (28, 0xfffe), (30, size.trailing_zeros() as u16), (32, 6u16)];
    words.iter().for_each(|(at, w)| out[*at..at + 2].copy_from_slice(&w.to_le_bytes()));
    let numbers = [
        (44, own as u32),
        (48, directory_start),
        (56, CUTOFF as u32),
        (60, mini_fat_start),
        (64, (mini_fat.len() / size) as u32),
        (68, if lists == 0 { END } else { first + own as u32 }),
        (72, lists as u32),
    ];
    numbers.iter().for_each(|(at, n)| out[*at..at + 4].copy_from_slice(&n.to_le_bytes()));
    for i in 0..IN_HEADER {
        let n = positions.get(i).copied().unwrap_or(FREE);
        out[76 + 4 * i..80 + 4 * i].copy_from_slice(&n.to_le_bytes());
    }
    out.extend(sectors);
    let sector = |n: u32| (n as usize + 1) * size;
    let place = |small: bool, start: u32| if small { sector(mini_start) + start as usize * MINI } else { sector(start) };
    let streams = streams.into_iter().filter(|(.., len)| *len > 0);
    let streams = streams.map(|(path, small, start, len)| (path, place(small, start)..place(small, start) + len)).collect();
    Ok(Written { bytes: out, streams })
}

/// How many sectors the table takes for so many sectors of data, and the lists of its own sectors. Both are in the table.
fn tables(data: usize) -> (usize, usize) {
    let per = SECTOR / 4;
    let (mut own, mut lists) = (0, 0);
    while (data + own + lists).div_ceil(per) > own {
        own += 1;
        lists = own.saturating_sub(IN_HEADER).div_ceil(per - 1);
    }
    (own, lists)
}

fn padded(table: &[u32], size: usize) -> Vec<u8> {
    let mut out: Vec<u8> = table.iter().flat_map(|n| n.to_le_bytes()).collect();
    out.resize(out.len().div_ceil(size) * size, 0xff);
    out
}

/// Appends an entry and all that is in it; returns its number.
fn flatten(entry: &Entry, path: &str, is_root: bool, flat: &mut Vec<Flat>) -> u32 {
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
    flat.push(Flat { path: path.to_owned(), raw, data: None });
    match &entry.content {
        Content::Stream(data) => flat[here].data = Some(data.clone()),
        Content::Storage(children) => {
            let mut sorted: Vec<&Entry> = children.iter().collect();
            sorted.sort_by_cached_key(|e| order(e));
            let inside = |e: &Entry| if path.is_empty() { e.text() } else { format!("{path}/{}", e.text()) };
            let numbers: Vec<u32> = sorted.iter().map(|e| flatten(e, &inside(e), false, flat)).collect();
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
