//! How a TIFF structure lies: header, directories, entries, and where the bytes of each value are. Classic TIFF and BigTIFF,
//! both byte orders, whole files, Exif blocks and the directories inside maker notes alike. It reads by position and never
//! more than it is asked for; a directory is visited once, however the file links them. It knows numbers and positions, not
//! what a tag means. [TIFF 6.0 section 2; BigTIFF]

use std::collections::BTreeSet;

use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// Which end of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `II`.
    Little,
    /// `MM`.
    Big,
}

impl Order {
    /// The number in up to eight bytes.
    pub fn number(self, bytes: &[u8]) -> u64 {
        let fold = |n: u64, b: &u8| n << 8 | u64::from(*b);
        match self {
            Order::Little => bytes.iter().rev().fold(0, fold),
            Order::Big => bytes.iter().fold(0, fold),
        }
    }
}

/// A TIFF structure: a source, and how its numbers and positions are to be read.
#[derive(Clone, Copy)]
pub struct Tiff<'a> {
    source: &'a dyn Source,
    /// The position in the source from which the positions in the file count.
    pub base: u64,
    /// The byte order.
    pub order: Order,
    /// Whether it is BigTIFF: wider counts and positions.
    pub big: bool,
}

/// One directory.
#[derive(Clone, Debug)]
pub struct Directory {
    /// All of it: count, entries, link. Positions are in the source.
    pub span: Span,
    /// Its entries, as they stand.
    pub entries: Vec<Entry>,
    /// Where the next directory of the chain is, counted from the base; `None` where the chain ends.
    pub next: Option<u64>,
    /// How it was reached: the directory (as an index into the walk) and the tag that point to it; `None` for the chain.
    pub parent: Option<(usize, u16)>,
    /// Its number among those that were reached the same way: 0 for the first page, 1 for the second.
    pub number: usize,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub tag: u16,
    /// The type of its values.
    pub kind: u16,
    /// How many values there are.
    pub count: u64,
    /// The entry itself, in the source.
    pub span: Span,
    /// The field that holds the value, or its position where it does not fit. In the source.
    pub field: Span,
    /// Where the bytes of the values lie, in the source; `None` where the type is unknown or they pass its end.
    pub data: Option<Span>,
}

impl Entry {
    /// Whether the values stand in the entry itself.
    pub fn is_inline(&self) -> bool {
        self.data.is_some_and(|d| self.field.contains(d))
    }
}

/// What a walk over all directories found.
#[derive(Default)]
pub struct Walk {
    /// Each directory once, a directory before those it points to.
    pub directories: Vec<Directory>,
    /// The first thing that was wrong: readers for reports go on, formats that rewrite return it.
    pub trouble: Option<Refusal>,
}

/// How many bytes a value of this type takes. [TIFF 6.0 section 2; BigTIFF; TIFF TN1]
pub fn width(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 | 129 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

impl<'a> Tiff<'a> {
    /// Reads the header at `base`; also where the first directory is, counted from there.
    ///
    /// # Errors
    /// `Malformed` where no TIFF header stands there.
    pub fn open(source: &'a dyn Source, base: u64) -> Result<(Tiff<'a>, u64)> {
        let not = || Refusal::malformed("there is no TIFF header", base);
        let mut head = [0; 16];
        let there = source.len().saturating_sub(base).min(16) as usize;
        source.fill(base, &mut head[..there])?;
        let order = match &head[..2] {
            b"II" => Order::Little,
            b"MM" => Order::Big,
            _ => return Err(not()),
        };
        let version = order.number(&head[2..4]);
        let big = match (version, there) {
            (42, 8..) => false,
            (43, 16) if order.number(&head[4..6]) == 8 => true,
            _ => return Err(not()),
        };
        let first = order.number(if big { &head[8..16] } else { &head[4..8] });
        Ok((Tiff { source, base, order, big }, first))
    }

    /// A structure without a header: a maker note, a raw format with another signature.
    pub fn bare(source: &'a dyn Source, base: u64, order: Order) -> Tiff<'a> {
        Tiff { source, base, order, big: false }
    }

    /// The bytes it lies in.
    pub fn source(&self) -> &'a dyn Source {
        self.source
    }

    /// A number of `width` bytes at a position in the source.
    fn number(&self, at: u64, width: usize) -> Result<u64> {
        let mut bytes = [0; 8];
        self.source.fill(at, &mut bytes[..width])?;
        Ok(self.order.number(&bytes[..width]))
    }

    /// Reads the directory at `at`, counted from the base.
    ///
    /// # Errors
    /// `Malformed` where it passes the end of the source.
    pub fn directory(&self, at: u64) -> Result<Directory> {
        let (counter, entry, link) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let past = |at| Refusal::malformed("a TIFF directory passes the end", at);
        let start = self.base.checked_add(at).filter(|s| *s < self.source.len()).ok_or_else(|| past(at))?;
        let count = self.number(start, counter)?;
        let table = Some(start + counter as u64).zip(count.checked_mul(entry)).and_then(|(from, len)| Span::at(from, len));
        let table = table.filter(|t| t.end <= self.source.len()).ok_or_else(|| past(start))?;
        let bytes = self.source.bytes(table, table.len())?;
        let entries =
            bytes.chunks_exact(entry as usize).zip(0u64..).map(|(raw, i)| self.entry(raw, table.start + i * entry)).collect();
        // Chains that end at the end of the block, without a link, are common in Exif.
        let linked = Span::new(table.end, (table.end + link).min(self.source.len()));
        let next = if linked.len() == link { self.number(table.end, link as usize)? } else { 0 };
        let next = (next != 0).then_some(next);
        Ok(Directory { span: Span::new(start, linked.end), entries, next, parent: None, number: 0 })
    }

    fn entry(&self, raw: &[u8], at: u64) -> Entry {
        let value = if self.big { 12 } else { 8 };
        let n = |from: usize, to: usize| self.order.number(&raw[from..to]);
        let (kind, count) = (n(2, 4) as u16, n(4, value));
        let field = Span::new(at + value as u64, at + raw.len() as u64);
        let data = width(kind).and_then(|w| count.checked_mul(w)).and_then(|len| {
            let here = len <= field.len();
            let from = if here { field.start } else { self.base.checked_add(n(value, raw.len()))? };
            Span::at(from, len).filter(|d| d.end <= self.source.len())
        });
        Entry { tag: n(0, 2) as u16, kind, count, span: Span::new(at, field.end), field, data }
    }

    /// Visits the chain that begins at `first`, and whatever the entries with one of the `pointers` point to, each once, at
    /// most `most` of them.
    pub fn walk(&self, first: u64, pointers: &[u16], most: usize) -> Walk {
        let mut walk = Walk::default();
        let mut seen = BTreeSet::new();
        let mut todo = std::collections::VecDeque::from([(first, None, 0)]);
        while let Some((at, parent, number)) = todo.pop_front() {
            if !seen.insert(at) {
                walk.trouble.get_or_insert(Refusal::malformed("a TIFF directory is linked twice", at));
                continue;
            }
            if walk.directories.len() >= most {
                walk.trouble.get_or_insert(Refusal::limit(format!("more than {most} TIFF directories")));
                break;
            }
            let directory = match self.directory(at) {
                Ok(directory) => Directory { parent, number, ..directory },
                Err(refusal) => {
                    walk.trouble.get_or_insert(refusal);
                    continue;
                }
            };
            let index = walk.directories.len();
            if let Some(next) = directory.next {
                todo.push_back((next, parent, number + 1));
            }
            for entry in directory.entries.iter().filter(|e| pointers.contains(&e.tag)) {
                if todo.len() > most {
                    break;
                }
                let offsets = self.numbers(entry, most);
                todo.extend(offsets.into_iter().enumerate().map(|(i, at)| (at, Some((index, entry.tag)), i)));
            }
            walk.directories.push(directory);
        }
        walk
    }

    /// The values of an entry of whole numbers, at most `most`; none where it holds something else or cannot be read.
    pub fn numbers(&self, entry: &Entry, most: usize) -> Vec<u64> {
        let whole = matches!(entry.kind, 1 | 3 | 4 | 6..=9 | 13 | 16..=18);
        let Some(width) = width(entry.kind).filter(|_| whole) else { return Vec::new() };
        let bytes = self.bytes(entry, width.saturating_mul(most as u64));
        bytes.chunks_exact(width as usize).map(|b| self.order.number(b)).collect()
    }

    /// The rational values of an entry, at most `most`, as numerator and denominator; signed ones keep their sign.
    pub fn rationals(&self, entry: &Entry, most: usize) -> Vec<(i64, i64)> {
        if !matches!(entry.kind, 5 | 10) {
            return Vec::new();
        }
        let signed = |n: u64| if entry.kind == 10 { i64::from(n as u32 as i32) } else { n as i64 };
        let bytes = self.bytes(entry, 8 * most as u64);
        let pairs = bytes.chunks_exact(8).map(|b| (self.order.number(&b[..4]), self.order.number(&b[4..])));
        pairs.map(|(n, d)| (signed(n), signed(d))).collect()
    }

    /// The bytes of an entry's values, at most the first `most`; none where they cannot be read.
    pub fn bytes(&self, entry: &Entry, most: u64) -> Vec<u8> {
        let Some(data) = entry.data else { return Vec::new() };
        self.source.bytes(Span::new(data.start, data.end.min(data.start.saturating_add(most))), most).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    #[test]
    fn bigtiff_is_read_in_both_byte_orders() {
        for order in [Order::Little, Order::Big] {
            let n = |n: u64, width: usize| match order {
                Order::Little => n.to_le_bytes()[..width].to_vec(),
                Order::Big => n.to_be_bytes()[8 - width..].to_vec(),
            };
            let mark: &[u8] = if order == Order::Big { b"MM" } else { b"II" };
            let mut bytes = [mark, &n(43, 2), &n(8, 2), &n(0, 2), &n(16, 8)].concat();
            // Two entries: four bytes inline, ten bytes outside; then the directory links to itself.
            for part in
                [n(2, 8), n(256, 2), n(4, 2), n(1, 8), n(77, 4), n(0, 4), n(270, 2), n(2, 2), n(10, 8), n(72, 8), n(16, 8)]
            {
                bytes.extend(part);
            }
            bytes.extend_from_slice(b"a sentence");
            let source = Memory::new(bytes);
            let (tiff, first) = Tiff::open(&source, 0).unwrap();
            let walk = tiff.walk(first, &[], 10);
            assert_eq!(walk.directories.len(), 1, "a directory is visited once");
            assert!(walk.trouble.is_some(), "and the circle is said");
            let [width, title] = walk.directories[0].entries[..] else { panic!("two entries") };
            assert_eq!(tiff.numbers(&width, 1), [77]);
            assert!(width.is_inline() && !title.is_inline());
            assert_eq!(tiff.bytes(&title, 100), b"a sentence");
            assert_eq!(title.data, Span::at(72, 10));
        }
    }

    #[test]
    fn a_directory_that_passes_the_end_is_malformed() {
        let source = Memory::new(*b"II*\0\x08\0\0\0\x02\0\0\0");
        let (tiff, first) = Tiff::open(&source, 0).unwrap();
        assert!(tiff.directory(first).is_err());
        assert!(tiff.directory(u64::MAX).is_err());
    }
}
