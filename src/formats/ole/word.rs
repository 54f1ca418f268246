//! Word 97 to 2003. The text lies in pieces in one stream, everything that shapes it in tables in another, and a head says
//! where. Positions tie all of it together, so nothing moves: of the tables an allow-list stays, what tells is written over
//! in its place, and every byte that nothing refers to becomes zero. Documents that were saved the fast way, that have text
//! deleted with changes tracked, or that are older are refused. [MS-DOC]

mod cover;
mod data;
mod pages;
mod properties;
mod styles;
mod tables;
mod text;

use std::ops::Range;

use cover::Cover;
use properties::{Uses, zero};
use tables::*;

use super::{App, Work};
use crate::finding::{Finding, Tells};
use crate::format::Format;
use crate::grammar::cfb::{Content, Entry};
use crate::grammar::officeart::{u16_at, u32_at, utf16};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// The row.
pub static FORMAT: Format = Format {
    name: "DOC",
    extensions: &["doc", "dot"],
    container: false,
    keeps: "text, formatting, styles, lists, tables, notes, fields, bookmarks, drawings, embedded objects and pictures (cleaned)",
    removes: "document properties, authors, the last authors and paths, revision identifiers and times, text of comments, printers, \
              variables, macros, custom data, deleted text, every byte that nothing refers to",
    sniff: |head| super::sniff(head, &[STREAM]),
    plan: |job, source| super::plan(job, source, &APP, clean),
    witness: |job, before, after| super::look(job, before, after, &APP),
};

const STREAM: &str = "WordDocument";
const POOL: &str = "ObjectPool";
const TABLES: [&str; 2] = ["0Table", "1Table"];

static APP: App = App {
    name: "DOC",
    class: [6, 9, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46],
    kind: ["", "MSWordDoc", "Word.Document.8"],
    main: STREAM,
    stream: |name| matches!(name, STREAM | "0Table" | "1Table" | "Data"),
    storage: |name| name == POOL,
    hint: "save it as DOCX or PDF and clean that",
};

/// Where the list of structures begins, and the lengths of the parts of the text, in order. [MS-DOC 2.5.1, 2.5.5]
const LIST: usize = 154;
const LENGTHS: usize = 76;
const PARTS: usize = 8;
/// The part that holds the comments.
const COMMENT_PART: usize = 4;

/// The two streams, and where the structures are.
struct Document {
    stream: Vec<u8>,
    table: Vec<u8>,
    /// How many structures the head lists.
    count: usize,
    uses: Uses,
    /// What of the two streams is referred to.
    in_stream: Cover,
    in_table: Cover,
}

fn clean(work: &mut Work, entries: &mut Vec<Entry>) -> Result<()> {
    let stream = super::take(entries, STREAM).unwrap_or_default();
    let flags = gate(work, &stream)?;
    let name = TABLES[usize::from(flags & 0x200 != 0)];
    let table = super::take(entries, name).ok_or_else(|| work.malformed("a document without its tables", 10))?;
    let count = usize::from(u16_at(&stream, 152));
    if stream.len() < LIST + 8 * count || count < 93 {
        return Err(work.malformed("the head of the document is cut off", stream.len()));
    }
    let mut doc =
        Document { stream, table, count, uses: Uses::default(), in_stream: Cover::default(), in_table: Cover::default() };
    doc.head(work);
    doc.structures(work)?;
    doc.shape(work)?;
    doc.words(work)?;
    let Document { mut stream, mut table, mut uses, in_stream, in_table, .. } = doc;
    if let Some(mut data) = super::take(entries, "Data") {
        data::clean(work, &mut data, &mut uses)?;
        super::put(entries, "Data", data);
    } else if !(uses.pictures.is_empty() && uses.fields.is_empty() && uses.longer.is_empty()) {
        return Err(work.malformed("a document without its data", 0));
    }
    in_stream.blank(work, &mut stream, "text that no part of the document refers to");
    in_table.blank(work, &mut table, "tables that no part of the document refers to");
    super::put(entries, STREAM, stream);
    super::put(entries, name, table);
    entries.retain(|e| !TABLES.contains(&e.text().as_str()) || e.text() == name);
    objects(work, entries, &uses)
}

/// Refuses what is locked, older, or not understood; returns the flags.
fn gate(work: &Work, stream: &[u8]) -> Result<u16> {
    let (sign, version, flags) = (u16_at(stream, 0), u16_at(stream, 2), u16_at(stream, 10));
    if sign != 0xa5ec || version < 0xc1 {
        return Err(work.unsupported("documents older than Word 97 are not supported, so it could not be cleaned"));
    }
    if flags & 0x8100 != 0 {
        return Err(Refusal::new(Code::Encrypted, "the document is locked with a password")
            .hint("open it, remove the password, save it, and clean that"));
    }
    if flags & 4 != 0 {
        return Err(work
            .unsupported("it was saved the fast way, with earlier text still in it")
            .hint("open it and save it once more (as DOCX if you can), and clean that"));
    }
    if flags & 2 != 0 || u16_at(stream, 8) != 0 {
        return Err(work.unsupported("it has stored building blocks"));
    }
    Ok(flags)
}

impl Document {
    /// Where a structure lies in the table; empty where there is none.
    fn place(&self, work: &Work, index: usize) -> Result<Range<usize>> {
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
    fn forget(&mut self, index: usize) {
        self.stream[LIST + 8 * index..LIST + 8 * index + 8].fill(0);
    }

    /// The head itself: numbers of builds and keys go. [MS-DOC 2.5.2 to 2.5.5]
    fn head(&mut self, work: &mut Work) {
        let new = LIST + 8 * self.count;
        let end = new + 2 + 2 * usize::from(u16_at(&self.stream, new));
        self.in_stream.add(0..end);
        let stream = &mut self.stream;
        zero(work, &mut stream[14..18], "key of a protection", Tells::Software);
        zero(work, &mut stream[34..60], "build of the program", Tells::Software);
        zero(work, &mut stream[68..76], "build of the program", Tells::Software);
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
                Rule::Keep => self.in_table.add(place),
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
    fn shape(&mut self, work: &mut Work) -> Result<()> {
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
            pages::clean(work, &mut self.stream, &numbers, paragraphs, &mut self.uses, &mut self.in_stream)?;
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
        data::drawings(work, &mut self.table[drawings], &mut self.stream, &mut self.in_stream)?;
        self.people(work)
    }

    /// Names of authors, and the properties of the document.
    fn people(&mut self, work: &mut Work) -> Result<()> {
        let place = self.place(work, PROPERTIES)?;
        let dop = &mut self.table[place];
        if dop.len() >= 84 {
            // [MS-DOC 2.7.2]
            zero(work, &mut dop[20..32], "times of making, saving and printing", Tells::When);
            zero(work, &mut dop[32..34], "revision number", Tells::History);
            zero(work, &mut dop[34..38], "editing time", Tells::History);
            for counts in [38..52, 56..78] {
                zero(work, &mut dop[counts], "counts of words and pages", Tells::History);
            }
            zero(work, &mut dop[78..82], "key of a protection", Tells::Software);
        }
        self.retell(work, TITLES, &[""; 18], "titles, authors and template", Tells::Who)?;
        self.retell(work, REVISERS, &["Unknown"], "authors of revisions", Tells::Who)?;
        let owners = self.place(work, COMMENTERS)?;
        if !owners.is_empty() {
            // One name without a letter in it, for all.
            let group = &mut self.table[owners.clone()];
            if group.len() < 4 || group[..4] != [1, 0, b' ', 0] {
                for name in names(group) {
                    work.tally.value("author of a comment", Tells::Who, name);
                }
                work.tally.gone("author of a comment", Tells::Who, group.len());
            }
            if group.len() >= 4 {
                group.fill(0);
                group[..4].copy_from_slice(&[1, 0, b' ', 0]);
                self.shorten(COMMENTERS, 4);
            } else {
                self.forget(COMMENTERS);
            }
        }
        let place = self.place(work, COMMENTS)?;
        let count = place.len().saturating_sub(4) / 34;
        for i in 0..count {
            let entry = place.start + 4 * (count + 1) + 30 * i;
            zero(work, &mut self.table[entry..entry + 26], "initials of the author of a comment", Tells::Who);
        }
        Ok(())
    }

    /// Says how long a structure is from now on.
    fn shorten(&mut self, index: usize, len: usize) {
        self.stream[LIST + 8 * index + 4..LIST + 8 * index + 8].copy_from_slice(&(len as u32).to_le_bytes());
    }

    /// Writes a table of texts anew, in the place of the old one. [MS-DOC 2.2.4]
    fn retell(&mut self, work: &mut Work, index: usize, texts: &[&str], label: &'static str, tells: Tells) -> Result<()> {
        let place = self.place(work, index)?;
        if place.is_empty() {
            return Ok(());
        }
        let mut new = vec![0xff, 0xff, texts.len() as u8, 0, 0, 0];
        for text in texts {
            let units: Vec<u16> = text.encode_utf16().collect();
            new.extend_from_slice(&(units.len() as u16).to_le_bytes());
            new.extend(units.iter().flat_map(|u| u.to_le_bytes()));
        }
        let old = &mut self.table[place.clone()];
        if old == new {
            return Ok(());
        }
        for (i, said) in strings(old).into_iter().enumerate().filter(|(_, s)| !texts.contains(&s.as_str())) {
            // [MS-DOC 2.9.310]
            let (label, tells) = match (index, i) {
                (TITLES, 1) => ("template", Tells::History),
                (TITLES, 2..=5) => ("title", Tells::Text),
                (TITLES, 6) => ("author", Tells::Who),
                (TITLES, 7) => ("last author", Tells::Who),
                (TITLES, 8..) => ("source of a mail merge", Tells::History),
                _ => (label, tells),
            };
            work.tally.value(label, tells, said);
        }
        work.tally.gone(label, tells, old.len());
        old.fill(0);
        if new.len() <= old.len() {
            old[..new.len()].copy_from_slice(&new);
            self.shorten(index, new.len());
        } else {
            self.forget(index);
        }
        Ok(())
    }

    /// The text itself.
    fn words(&mut self, work: &mut Work) -> Result<()> {
        let place = self.place(work, PIECES)?;
        let pieces = text::pieces(work, &mut self.table[place], &mut self.uses)?;
        for piece in &pieces {
            if piece.bytes().end > self.stream.len() {
                return Err(work.malformed("a piece of the text leads out of the stream", piece.at));
            }
            self.in_stream.add(piece.bytes());
        }
        text::mask_fields(work, &pieces, &mut self.stream);
        let lengths: Vec<usize> = (0..PARTS).map(|i| u32_at(&self.stream, LENGTHS + 4 * i) as usize).collect();
        let before = lengths[..COMMENT_PART].iter().try_fold(0usize, |sum, n| sum.checked_add(*n)).unwrap_or(usize::MAX);
        let comments = before..before.saturating_add(lengths[COMMENT_PART]);
        if !comments.is_empty() && !work.job.keeps(Token::Comments) {
            let said = text::blank(&pieces, &mut self.stream, &comments);
            if !said.is_empty() {
                work.found.push(Finding::blanked("DOC", "comment", Tells::Text).value(said));
            }
        }
        Ok(())
    }
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

/// The texts of a table of texts. [MS-DOC 2.2.4]
fn strings(table: &[u8]) -> Vec<String> {
    if u16_at(table, 0) != 0xffff {
        return Vec::new();
    }
    let (count, extra) = (usize::from(u16_at(table, 2)), usize::from(u16_at(table, 4)));
    let (mut out, mut at) = (Vec::new(), 6);
    for _ in 0..count {
        let end = at + 2 + 2 * usize::from(u16_at(table, at));
        let Some(text) = table.get(at + 2..end) else { break };
        out.push(utf16(text));
        at = end + extra;
    }
    out
}

/// The names in a row of names. [MS-DOC 2.9.355]
fn names(group: &[u8]) -> Vec<String> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at + 2 <= group.len() {
        let end = at + 2 + 2 * usize::from(u16_at(group, at));
        let Some(text) = group.get(at + 2..end) else { break };
        out.push(utf16(text));
        at = end;
    }
    out
}

/// Embedded objects: those that the text refers to are cleaned, the others go. [MS-DOC 2.1.6]
fn objects(work: &mut Work, entries: &mut Vec<Entry>, uses: &Uses) -> Result<()> {
    let Some(pool) = entries.iter_mut().find(|e| e.text() == POOL) else { return Ok(()) };
    pool.class = [0; 16];
    let Content::Storage(objects) = &mut pool.content else {
        return Err(work.malformed("the pool of objects is a stream", 0));
    };
    let used = |e: &Entry| e.text().strip_prefix('_').and_then(|n| n.parse().ok()).is_some_and(|n| uses.objects.contains(&n));
    let gone = objects.iter().filter(|e| !used(e)).map(super::size).sum();
    if objects.iter().any(|e| !used(e)) {
        work.tally.gone("embedded object that the text does not show", Tells::Hidden, gone);
        objects.retain(used);
    }
    for (i, entry) in objects.iter_mut().enumerate() {
        super::object(work, entry, &format!("object {}", i + 1))?;
    }
    if objects.is_empty() {
        entries.retain(|e| e.text() != POOL);
    }
    Ok(())
}
