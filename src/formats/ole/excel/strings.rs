//! The table of shared strings: those that no cell refers to (what stood in deleted cells) become spaces of the same
//! length, so that nothing has to move. [MS-XLS 2.4.265, 2.5.293]

use std::collections::HashSet;

use super::Record;
use super::records::{CONTINUE, LABEL_SST, SST};
use crate::finding::{Finding, Tells};
use crate::formats::ole::Work;
use crate::grammar::officeart::{u16_at, u32_at};
use crate::refusal::Result;

/// A place in the table: which record, and where in it.
struct Reader<'a> {
    parts: Vec<&'a mut Vec<u8>>,
    part: usize,
    at: usize,
}

impl Reader<'_> {
    /// The next byte of numbers, which may lie in the next record.
    fn byte(&mut self) -> Option<u8> {
        while self.at >= self.parts.get(self.part)?.len() {
            self.part += 1;
            self.at = 0;
        }
        self.at += 1;
        Some(self.parts[self.part][self.at - 1])
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        (0..bytes).try_fold(0, |n, i| Some(n | usize::from(self.byte()?) << (8 * i)))
    }

    /// Passes over characters, which tell anew in each record how wide they are.
    fn characters(&mut self, mut left: usize, mut wide: bool, blank: bool, old: &mut Vec<u16>) -> Option<()> {
        while left > 0 {
            if self.at >= self.parts.get(self.part)?.len() {
                self.part += 1;
                self.at = 1;
                wide = self.parts.get(self.part)?.first()? & 1 != 0;
            }
            let part = &mut self.parts[self.part];
            let width = if wide { 2 } else { 1 };
            let Some(unit) = part.get_mut(self.at..self.at + width) else {
                self.at = part.len();
                continue;
            };
            if blank {
                old.push(unit.iter().rev().fold(0, |n, b| n << 8 | u16::from(*b)));
                unit.fill(0);
                unit[0] = b' ';
            }
            self.at += width;
            left -= 1;
        }
        Some(())
    }

    fn bytes(&mut self, len: usize, blank: bool) -> Option<()> {
        for _ in 0..len {
            self.byte()?;
            if blank {
                self.parts[self.part][self.at - 1] = 0;
            }
        }
        Some(())
    }
}

/// Blanks the strings that no cell of the workbook uses.
pub(super) fn blank_orphans(work: &mut Work, records: &mut [Record]) -> Result<()> {
    let used: HashSet<usize> = records.iter().filter(|r| r.kind == LABEL_SST).map(|r| u32_at(&r.body, 6) as usize).collect();
    let Some(first) = records.iter().position(|r| r.kind == SST) else { return Ok(()) };
    let more = records[first + 1..].iter().take_while(|r| r.kind == CONTINUE).count();
    let parts: Vec<&mut Vec<u8>> = records[first..=first + more].iter_mut().map(|r| &mut r.body).collect();
    let count = parts.first().map_or(0, |p| u32_at(p, 4) as usize);
    let mut reader = Reader { parts, part: 0, at: 8 };
    for i in 0..count {
        let mut old = Vec::new();
        let blank = !used.contains(&i);
        if string(&mut reader, blank, &mut old).is_none() {
            return Err(work.malformed("the table of strings leads out of itself", 0));
        }
        if old.iter().any(|c| *c != 0x20) {
            let text = String::from_utf16_lossy(&old);
            work.found.push(Finding::blanked(work.app.name, "text of a deleted cell", Tells::Hidden).value(text));
        }
    }
    Ok(())
}

fn string(reader: &mut Reader, blank: bool, old: &mut Vec<u16>) -> Option<()> {
    let len = reader.number(2)?;
    let flags = reader.byte()?;
    let runs = if flags & 8 != 0 { reader.number(2)? } else { 0 };
    let extra = if flags & 4 != 0 { reader.number(4)? } else { 0 };
    reader.characters(len, flags & 1 != 0, blank, old)?;
    reader.bytes(runs * 4, false)?;
    reader.bytes(extra, blank)
}

/// Blanks the text of a box: `len` characters in the records that continue it.
pub(super) fn blank_text(len: usize, continued: &mut [Record]) -> String {
    let mut reader = Reader { parts: continued.iter_mut().map(|r| &mut r.body).collect(), part: 0, at: 1 };
    let wide = reader.parts.first().and_then(|p| p.first()).is_some_and(|b| b & 1 != 0);
    let mut old = Vec::new();
    // Where the text is shorter than it says, what there is has been blanked.
    let _ = reader.characters(len, wide, true, &mut old);
    String::from_utf16_lossy(&old).trim().to_owned()
}

/// A string with its length in front, as most records have it. [MS-XLS 2.5.294]
pub(super) fn plain(body: &[u8], at: usize) -> String {
    chars(body, at + 2, usize::from(u16_at(body, at)))
}

/// The same without its length: the byte of flags, and the characters.
pub(super) fn chars(body: &[u8], at: usize, len: usize) -> String {
    let wide = body.get(at).is_some_and(|f| f & 1 != 0);
    let from = at + 1;
    let units: Vec<u16> = if wide {
        (0..len).filter(|i| from + 2 * i + 2 <= body.len()).map(|i| u16_at(body, from + 2 * i)).collect()
    } else {
        (0..len).filter_map(|i| body.get(from + i)).map(|b| u16::from(*b)).collect()
    };
    String::from_utf16_lossy(&units)
}
