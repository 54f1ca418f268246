//! The two main streams of a document and the list of structures in its head: each structure stays, goes, or refuses the
//! document, and what shapes the text is cleaned in its place. [MS-DOC 2.5]

use std::ops::Range;

use super::cover::Cover;
use super::people::strings;
use super::properties::{self, Uses, zero};
use super::tables::*;
use super::text::{self, Piece};
use super::{data, pages, styles};
use crate::finding::{Finding, Tells};
use crate::formats::ole::Work;
use crate::grammar::officeart::{u16_at, u32_at};
use crate::policy::Token;
use crate::refusal::Result;

/// Where the list of structures begins, and the lengths of the parts of the text, in order. [MS-DOC 2.5.1, 2.5.5]
const LIST: usize = 154;
const LENGTHS: usize = 76;
/// The part that holds the comments.
const COMMENT_PART: usize = 4;
const BUILD: &str = "build of the program";

/// The two streams, and where the structures are.
pub(super) struct Document {
    pub(super) stream: Vec<u8>,
    pub(super) table: Vec<u8>,
    /// How many structures the head lists.
    pub(super) count: usize,
    pub(super) uses: Uses,
    /// What of the two streams is referred to.
    pub(super) in_stream: Cover,
    pub(super) in_table: Cover,
    /// Where texts and names stand, in the table or not.
    pub(super) visible: Vec<(bool, Range<usize>)>,
}

impl Document {
    /// A document whose head is not longer than it is.
    pub(super) fn new(work: &Work, stream: Vec<u8>, table: Vec<u8>) -> Result<Document> {
        let count = usize::from(u16_at(&stream, LIST - 2));
        if stream.len() < LIST + 8 * count + 2 || count < 93 || u16_at(&stream, 32) != 14 || u16_at(&stream, 62) != 22 {
            return Err(work.malformed("the head of the document is not as long as it must be", 32));
        }
        let (in_stream, in_table) = (Cover::default(), Cover::default());
        Ok(Document { stream, table, count, uses: Uses::default(), in_stream, in_table, visible: Vec::new() })
    }

    /// Where a structure lies in the table; empty where there is none.
    pub(super) fn place(&self, work: &Work, index: usize) -> Result<Range<usize>> {
        if index >= self.count {
            return Ok(0..0);
        }
        let (at, len) = (u32_at(&self.stream, LIST + 8 * index) as usize, u32_at(&self.stream, LIST + 8 * index + 4) as usize);
        match at.checked_add(len) {
            _ if len == 0 => Ok(0..0),
            Some(end) if end <= self.table.len() => Ok(at..end),
            _ => Err(work.malformed("a structure leads out of the table", LIST + 8 * index)),
        }
    }

    /// Forgets a structure.
    pub(super) fn forget(&mut self, index: usize) {
        self.stream[LIST + 8 * index..LIST + 8 * index + 8].fill(0);
    }

    /// Everything, in the order in which one depends on the other.
    pub(super) fn clean(&mut self, work: &mut Work) -> Result<()> {
        self.head(work);
        self.structures(work)?;
        let pieces = self.pieces(work)?;
        self.shape(work, &live(&pieces))?;
        self.people(work)?;
        self.words(work, &pieces);
        Ok(())
    }

    /// The head itself: numbers of builds and keys go. [MS-DOC 2.5.2 to 2.5.5]
    fn head(&mut self, work: &mut Work) {
        let new = LIST + 8 * self.count;
        // Later versions added at most five words.
        let end = new + 2 + 2 * usize::from(u16_at(&self.stream, new).min(5));
        self.in_stream.add(0..end);
        let pages = self.stream.len() / 512;
        let stream = &mut self.stream;
        for (range, label) in [(4..6, BUILD), (14..18, "key of a protection"), (20..24, BUILD), (34..60, BUILD), (68..76, BUILD)]
        {
            zero(work, &mut stream[range], label, Tells::Software);
        }
        // Numbers of pages, for programs that count on them, and what was once a number of something else.
        for at in (108..132).step_by(4) {
            let number = u32_at(stream, at) as usize;
            if number > pages && number != 0xf_ffff {
                zero(work, &mut stream[at..at + 4], BUILD, Tells::Software);
            }
        }
        zero(work, &mut stream[132..LIST - 2], BUILD, Tells::Software);
        if self.count > TIME {
            zero(work, &mut stream[LIST + 8 * TIME..LIST + 8 * TIME + 8], "time of saving", Tells::When);
        }
    }

    /// Decides about every structure of the list.
    fn structures(&mut self, work: &mut Work) -> Result<()> {
        let styles = self.place(work, STYLES)?;
        for index in 0..self.count {
            if index == TIME {
                continue;
            }
            let place = match self.place(work, index) {
                Ok(place) => place,
                // What goes anyway may lead anywhere.
                Err(_) if matches!(rule(index), Rule::Drop(..)) => {
                    self.forget(index);
                    continue;
                }
                Err(e) => return Err(e),
            };
            if place.is_empty() {
                self.stream[LIST + 8 * index..LIST + 8 * index + 4].fill(0);
                continue;
            }
            match rule(index) {
                // The style sheet as it was may be the style sheet as it is.
                _ if index == 0 && place == styles => {}
                Rule::Keep if index == FRAMES && !is_list_styles(&self.table[place.clone()]) => {
                    work.tally.gone("frames and their files", Tells::History, place.len());
                    self.forget(index);
                }
                Rule::Keep => {
                    if NAMES.contains(&index) {
                        behind_names(work, &mut self.table[place.clone()])?;
                    }
                    if is_visible(index) {
                        self.visible.push((true, place.clone()));
                    }
                    self.in_table.add(place);
                }
                Rule::Drop(label, tells) => {
                    self.told(work, index, place, label, tells);
                    self.forget(index);
                }
                Rule::Refuse(what) => return Err(work.unsupported(what)),
            }
        }
        Ok(())
    }

    /// Says what went with a structure.
    fn told(&self, work: &mut Work, index: usize, place: Range<usize>, label: &'static str, tells: Tells) {
        work.tally.gone(label, tells, place.len());
        if matches!(index, 60 | 71 | 72) {
            for said in strings(&self.table[place]) {
                work.tally.value(label, tells, said);
            }
        }
    }

    /// What shapes the text: styles, lists, sections, pages of properties, drawings, and the properties of all of it.
    fn shape(&mut self, work: &mut Work, live: &[Range<usize>]) -> Result<()> {
        let styles = self.place(work, STYLES)?;
        styles::sheet(work, &mut self.table[styles], &mut self.uses)?;
        let lists = self.place(work, LISTS)?;
        if !lists.is_empty() {
            let numbers = styles::lists(work, &mut self.table, lists, &mut self.uses, &mut self.in_table)?;
            let used = self.place(work, LIST_USES)?;
            if !used.is_empty() {
                styles::list_uses(work, &mut self.table, used, &numbers, &mut self.uses, &mut self.in_table)?;
            }
        }
        for (index, paragraphs) in [(CHARACTER_PAGES, false), (PARAGRAPH_PAGES, true)] {
            let numbers = pages::numbers(&self.table[self.place(work, index)?]);
            pages::clean(work, &mut self.stream, &numbers, paragraphs, live, &mut self.uses, &mut self.in_stream)?;
        }
        let sections = self.place(work, SECTIONS)?;
        let count = sections.len().saturating_sub(4) / 16;
        for i in 0..count {
            let entry = sections.start + 4 * (count + 1) + 12 * i;
            // Where a Macintosh noted its printer.
            self.table[entry..entry + 2].fill(0);
            self.table[entry + 6..entry + 12].fill(0);
            let at = u32_at(&self.table, entry + 2) as usize;
            if at == u32::MAX as usize {
                continue;
            }
            let len = usize::from(u16_at(&self.stream, at));
            let list = self.stream.get_mut(at + 2..at + 2 + len);
            let list = list.ok_or_else(|| work.malformed("the properties of a section lead out of the stream", at))?;
            properties::clean(work, list, &mut self.uses)?;
            self.in_stream.add(at..at + 2 + len);
        }
        let drawings = self.place(work, DRAWINGS)?;
        data::drawings(work, &mut self.table[drawings], &mut self.stream, &mut self.in_stream)
    }

    /// Says how long a structure is from now on.
    pub(super) fn shorten(&mut self, index: usize, len: usize) {
        self.stream[LIST + 8 * index + 4..LIST + 8 * index + 8].copy_from_slice(&(len as u32).to_le_bytes());
    }

    /// Where the text lies.
    fn pieces(&mut self, work: &mut Work) -> Result<Vec<Piece>> {
        let place = self.place(work, PIECES)?;
        let pieces = text::pieces(work, &mut self.table[place], &mut self.uses)?;
        for piece in &pieces {
            if piece.bytes().end > self.stream.len() {
                return Err(work.malformed("a piece of the text leads out of the stream", piece.at));
            }
            self.in_stream.add(piece.bytes());
            self.visible.push((false, piece.bytes()));
        }
        Ok(pieces)
    }

    /// The text itself.
    fn words(&mut self, work: &mut Work, pieces: &[Piece]) {
        text::mask_fields(work, pieces, &mut self.stream);
        let lengths: Vec<usize> = (0..=COMMENT_PART).map(|i| u32_at(&self.stream, LENGTHS + 4 * i) as usize).collect();
        let before = lengths[..COMMENT_PART].iter().try_fold(0usize, |sum, n| sum.checked_add(*n)).unwrap_or(usize::MAX);
        let comments = before..before.saturating_add(lengths[COMMENT_PART]);
        if !comments.is_empty() && !work.job.keeps(Token::Comments) {
            let said = text::blank(pieces, &mut self.stream, &comments);
            if !said.is_empty() {
                work.found.push(Finding::blanked("DOC", "comment", Tells::Text).value(said));
            }
        }
    }
}

/// Where text lies that is still part of the document, in order and without overlaps.
fn live(pieces: &[Piece]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = pieces.iter().map(Piece::bytes).filter(|r| !r.is_empty()).collect();
    ranges.sort_by_key(|r| r.start);
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => out.push(range),
        }
    }
    out
}

/// What follows the last of a table of names, each with the length in front and perhaps something behind it. Those of fonts
/// are in bytes, the others in UTF-16. [MS-DOC 2.2.4]
fn behind_names(work: &mut Work, table: &mut [u8]) -> Result<()> {
    let wide = u16_at(table, 0) == 0xffff;
    let start = if wide { 2 } else { 0 };
    let (count, extra) = (u16_at(table, start), usize::from(u16_at(table, start + 2)));
    let mut at = start + 4;
    for _ in 0..count {
        at +=
            extra + if wide { 2 + 2 * usize::from(u16_at(table, at)) } else { 1 + table.get(at).map_or(0, |n| usize::from(*n)) };
    }
    let rest = table.get_mut(at..).ok_or_else(|| work.malformed("a table of names that leads out of itself", 0))?;
    zero(work, rest, "bytes behind a table of names", Tells::Hidden);
    Ok(())
}

/// Whether the list of frames has nothing in it but the styles of lists. [MS-DOC 2.9.66]
fn is_list_styles(frames: &[u8]) -> bool {
    let mut at = 0;
    while at + 8 <= frames.len() {
        let len = u32_at(frames, at) as usize;
        if len < 8 || u32_at(frames, at + 4) != 6 {
            return false;
        }
        at = at.saturating_add(len);
    }
    at == frames.len()
}
