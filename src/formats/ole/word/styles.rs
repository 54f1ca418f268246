//! Styles and lists: what they look like stays, identifiers of sessions and of lists go. [MS-DOC 2.9.271, 2.9.131, 2.9.147]

use std::collections::HashMap;
use std::ops::Range;

use super::cover::Cover;
use super::properties::{self, Uses, zero};
use crate::finding::Tells;
use crate::formats::ole::Work;
use crate::grammar::officeart::{u16_at, u32_at};
use crate::refusal::Result;

const IDS: &str = "authors, times and identifiers of revisions";

/// Cleans the style sheet.
pub(super) fn sheet(work: &mut Work, sheet: &mut [u8], uses: &mut Uses) -> Result<()> {
    let base = usize::from(u16_at(sheet, 4));
    let mut at = 2 + usize::from(u16_at(sheet, 0));
    while at + 2 <= sheet.len() {
        let len = usize::from(u16_at(sheet, at));
        let style = sheet.get_mut(at + 2..at + 2 + len).ok_or_else(|| work.malformed("a style leads out of the sheet", at))?;
        if len > 0 {
            if len <= base || base < 10 {
                return Err(work.malformed("a style without a name", at));
            }
            one(work, style, base, uses)?;
        }
        at += 2 + len + len % 2;
    }
    Ok(())
}

/// One style: its base, its name, and lists of properties.
fn one(work: &mut Work, style: &mut [u8], base: usize, uses: &mut Uses) -> Result<()> {
    if base >= 18 {
        zero(work, &mut style[12..16], IDS, Tells::Identifier);
    }
    let (kind, lists) = (u16_at(style, 2) & 15, usize::from(u16_at(style, 4) & 15));
    let mut at = base + 2 + 2 * usize::from(u16_at(style, base)) + 2;
    for i in 0..lists {
        at += at % 2;
        let len = usize::from(u16_at(style, at));
        let Some(list) = style.get_mut(at + 2..at + 2 + len) else {
            return Err(work.malformed("a style leads out of itself", at));
        };
        // Those of paragraphs begin with the number of the style.
        let (known, skip) = match (kind, i) {
            (1, 0) | (3, 1) | (4, 0) => (true, 2),
            (1, 1) | (2, 0) | (3, 0 | 2) => (true, 0),
            _ => (false, 0),
        };
        match list.get_mut(skip..) {
            Some(list) if known => properties::clean(work, list, uses)?,
            _ if !known => zero(work, list, IDS, Tells::Who),
            _ => {}
        }
        at += 2 + len;
    }
    let rest = at.min(style.len());
    zero(work, &mut style[rest..], "bytes behind a style", Tells::Hidden);
    Ok(())
}

/// Cleans the lists at `range` of the table, and the levels that lie behind it; covers those. Returns the new numbers of
/// the lists.
pub(super) fn lists(
    work: &mut Work,
    table: &mut [u8],
    range: Range<usize>,
    uses: &mut Uses,
    cover: &mut Cover,
) -> Result<HashMap<u32, u32>> {
    let count = usize::from(u16_at(table, range.start));
    let mut numbers = HashMap::new();
    let mut levels = 0;
    if 2 + 28 * count > range.len() {
        return Err(work.malformed("the lists lead out of their table", range.start));
    }
    for i in 0..count {
        let at = range.start + 2 + 28 * i;
        let new = i as u32 + 1;
        numbers.insert(u32_at(table, at), new);
        renumber(work, &mut table[at..at + 4], new);
        zero(work, &mut table[at + 4..at + 8], "identifiers of lists", Tells::Identifier);
        levels += if table[at + 26] & 1 != 0 { 1 } else { 9 };
    }
    let mut at = range.end;
    for _ in 0..levels {
        at = level(work, table, at, uses)?;
    }
    cover.add(range.end..at);
    Ok(numbers)
}

fn renumber(work: &mut Work, place: &mut [u8], new: u32) {
    if place != new.to_le_bytes() {
        work.tally.rewritten("identifiers of lists", Tells::Identifier);
        place.copy_from_slice(&new.to_le_bytes());
    }
}

/// One level of a list; returns where it ends. [MS-DOC 2.9.148]
fn level(work: &mut Work, table: &mut [u8], at: usize, uses: &mut Uses) -> Result<usize> {
    let cut = |work: &Work| work.malformed("a level of a list is cut off", at);
    if at + 28 > table.len() {
        return Err(cut(work));
    }
    let (characters, paragraph) = (usize::from(table[at + 24]), usize::from(table[at + 25]));
    zero(work, &mut table[at + 20..at + 24], "notes of the program to itself", Tells::Software);
    let lists = [at + 28..at + 28 + paragraph, at + 28 + paragraph..at + 28 + paragraph + characters];
    let text = at + 28 + paragraph + characters;
    if text + 2 > table.len() {
        return Err(cut(work));
    }
    for list in lists {
        properties::clean(work, &mut table[list], uses)?;
    }
    let end = text + 2 + 2 * usize::from(u16_at(table, text));
    if end > table.len() { Err(cut(work)) } else { Ok(end) }
}

/// Cleans the uses of lists; returns how much of the table they take, which may be more than is said of them.
pub(super) fn list_uses(
    work: &mut Work,
    table: &mut [u8],
    range: Range<usize>,
    numbers: &HashMap<u32, u32>,
    uses: &mut Uses,
    cover: &mut Cover,
) -> Result<()> {
    let count = u32_at(table, range.start) as usize;
    if count > range.len() / 16 {
        return Err(work.malformed("the uses of lists lead out of their table", range.start));
    }
    let mut overrides = Vec::new();
    for i in 0..count {
        let at = range.start + 4 + 16 * i;
        let new = numbers.get(&u32_at(table, at)).copied();
        renumber(work, &mut table[at..at + 4], new.unwrap_or(0));
        zero(work, &mut table[at + 4..at + 12], "notes of the program to itself", Tells::Software);
        overrides.push(usize::from(table[at + 12]));
    }
    let mut at = range.start + 4 + 16 * count;
    for levels in overrides {
        at += 4;
        for _ in 0..levels {
            let flags = u32_at(table, at + 4);
            at += 8;
            if flags & 0x20 != 0 {
                at = level(work, table, at, uses)?;
            }
        }
    }
    if at > table.len() {
        return Err(work.malformed("the uses of lists are cut off", range.start));
    }
    cover.add(range.start..at);
    Ok(())
}
