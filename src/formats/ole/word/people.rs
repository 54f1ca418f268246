//! Where a document notes who worked on it and when: its own properties, titles, authors of revisions and of comments. Each
//! is written over in its place; positions of authors stay, names do not. [MS-DOC 2.7, 2.9]

use std::ops::Range;

use super::document::Document;
use super::properties::zero;
use super::tables::*;
use crate::finding::Tells;
use crate::formats::ole::Work;
use crate::grammar::officeart::{u16_at, utf16};
use crate::refusal::Result;

/// Parts of the properties of the document that tell, or mean nothing, up to which they are known. [MS-DOC 2.7.2 to 2.7.10]
const TELLING: &[(Range<usize>, &str, Tells)] = &[
    (20..32, "times of making, saving and printing", Tells::When),
    (32..34, "revision number", Tells::History),
    (34..38, "editing time", Tells::History),
    (38..52, COUNTS, Tells::History),
    (56..78, COUNTS, Tells::History),
    (78..82, "key of a protection", Tells::Software),
    (426..434, COUNTS, Tells::History),
    (438..472, "notes of the program to itself", Tells::Software),
    (480..492, COUNTS, Tells::History),
    (544..548, "bytes that mean nothing", Tells::Hidden),
    (562..590, "where revisions begin", Tells::History),
    (590..594, "revision identifiers", Tells::Identifier),
    (616..620, "bytes that mean nothing", Tells::Hidden),
    (674..682, "identifier of the document", Tells::Identifier),
    (694..usize::MAX, "bytes that mean nothing", Tells::Hidden),
];
const COUNTS: &str = "counts of words and pages";

fn properties_of_document(work: &mut Work, dop: &mut [u8]) {
    for (range, label, tells) in TELLING {
        let range = range.start.min(dop.len())..range.end.min(dop.len());
        zero(work, &mut dop[range], label, *tells);
    }
}

impl Document {
    /// Names of authors, and the properties of the document.
    pub(super) fn people(&mut self, work: &mut Work) -> Result<()> {
        let place = self.place(work, PROPERTIES)?;
        properties_of_document(work, &mut self.table[place]);
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
}

/// The texts of a table of texts. [MS-DOC 2.2.4]
pub(super) fn strings(table: &[u8]) -> Vec<String> {
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
