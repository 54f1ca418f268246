//! Pages of 512 bytes that say which properties a run of text has; between what they use lies what earlier savings left.
//! [MS-DOC 2.9.33, 2.9.174]

use std::collections::BTreeSet;
use std::ops::Range;

use super::cover::Cover;
use super::properties::{self, Uses};
use crate::formats::ole::Work;
use crate::grammar::officeart::u32_at;
use crate::refusal::Result;

const PAGE: usize = 512;

/// The numbers of the pages that a table lists. [MS-DOC 2.8.5, 2.8.6]
pub(super) fn numbers(table: &[u8]) -> Vec<usize> {
    let count = table.len().saturating_sub(4) / 8;
    (0..count).map(|i| (u32_at(table, 4 * (count + 1) + 4 * i) & 0x3f_ffff) as usize).collect()
}

/// Cleans the pages and covers what they use.
pub(super) fn clean(
    work: &mut Work,
    stream: &mut [u8],
    numbers: &[usize],
    paragraphs: bool,
    live: &[Range<usize>],
    uses: &mut Uses,
    cover: &mut Cover,
) -> Result<()> {
    let mut seen = BTreeSet::new();
    for number in numbers {
        if !seen.insert(*number) {
            continue;
        }
        let at = number.saturating_mul(PAGE);
        let page = stream.get_mut(at..at + PAGE).ok_or_else(|| work.malformed("a page of properties is missing", at))?;
        for range in used(work, page, paragraphs, live, uses)? {
            cover.add(at + range.start..at + range.end);
        }
    }
    Ok(())
}

/// What a page uses of itself.
fn used(work: &mut Work, page: &mut [u8], paragraphs: bool, live: &[Range<usize>], uses: &mut Uses) -> Result<Vec<Range<usize>>> {
    let count = usize::from(page[PAGE - 1]);
    let step = if paragraphs { 13 } else { 1 };
    let table = 4 * (count + 1);
    let end = table + step * count;
    let out_of = |work: &Work| work.malformed("a page of properties that leads out of itself", 0);
    if end >= PAGE {
        return Err(out_of(work));
    }
    let mut out = vec![0..end, PAGE - 1..PAGE];
    let mut seen = BTreeSet::new();
    for i in 0..count {
        let place = table + step * i;
        // Heights of lines that Word once noted.
        page[place + 1..place + step].fill(0);
        // Text that is not part of the document any more may have been a picture.
        let run = u32_at(page, 4 * i) as usize..u32_at(page, 4 * i + 4) as usize;
        if !overlaps(live, &run) {
            page[place] = 0;
        }
        let at = usize::from(page[place]) * 2;
        if at == 0 || !seen.insert(at) {
            continue;
        }
        let len = usize::from(page[at]);
        let list = match (paragraphs, len) {
            (false, _) => at + 1..at + 1 + len,
            (true, 0) => at + 2..at + 2 + 2 * usize::from(page.get(at + 1).copied().unwrap_or(0)),
            (true, _) => at + 1..at + 2 * len,
        };
        if list.end > PAGE - 1 || at < end {
            return Err(out_of(work));
        }
        // In front of those of a paragraph stands the number of its style.
        let from = (list.start + if paragraphs { 2 } else { 0 }).min(list.end);
        properties::clean(work, &mut page[from..list.end], uses)?;
        out.push(at..list.end);
    }
    Ok(out)
}

/// Whether a run has a byte in one of the ranges, which are in order.
fn overlaps(ranges: &[Range<usize>], run: &Range<usize>) -> bool {
    let next = ranges.partition_point(|r| r.end <= run.start);
    ranges.get(next).is_some_and(|r| r.start < run.end)
}
