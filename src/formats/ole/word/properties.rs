//! Properties of characters, paragraphs, tables and sections: lists of changes to the style. Those that say who changed the
//! text and when become zero; text that was deleted with changes tracked refuses the document. [MS-DOC 2.2.5, 2.6]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::finding::Tells;
use crate::formats::ole::Work;
use crate::grammar::officeart::{u16_at, u32_at};
use crate::policy::{Token, TrackedChanges};
use crate::refusal::{Code, Refusal, Result};

/// Deleted and inserted text, hidden text. [MS-DOC 2.6.1]
const DELETED: u16 = 0x0800;
const INSERTED: u16 = 0x0801;
const HIDDEN: u16 = 0x083c;
/// Where a picture lies, whether it is the number of an object or the data of a field instead, where an object lies.
const PICTURE: u16 = 0x6a03;
const IS_OBJECT: u16 = 0x080a;
const IS_FIELD: u16 = 0x0806;
const OBJECT: u16 = 0x680e;
/// Where longer properties of a paragraph lie.
const LONGER: [u16; 2] = [0x6645, 0x6646];
/// The two whose length is written in another way.
const TABLE: u16 = 0xd608;
const TABS: u16 = 0xc615;

/// Properties that tell of revisions: authors, times, identifiers of sessions, and what stood there before.
const TELLING: &[u16] = &[
    0x4804, 0x6805, 0x4807, 0x6815, 0x6816, 0x6817, 0xca57, 0xca62, 0x4863, 0x6864, 0x4867, 0xca89, 0xc63f, 0x2443, 0xc645,
    0x6467, 0xc66f, 0xd667, 0x7479, 0x703a, 0xd227, 0xd243,
];

/// What the properties of the document refer to.
#[derive(Default)]
pub(super) struct Uses {
    /// Positions of pictures.
    pub(super) pictures: BTreeSet<usize>,
    /// Positions of the data of form fields and links.
    pub(super) fields: BTreeSet<usize>,
    /// Numbers of embedded objects, and those that they have from now on.
    pub(super) objects: BTreeMap<u32, u32>,
    /// Positions of longer properties of paragraphs.
    pub(super) longer: BTreeSet<usize>,
}

impl Uses {
    /// Gives an object the next number: programs make the first one of the time.
    fn object(&mut self, work: &mut Work, place: &mut [u8]) {
        let next = self.objects.len() as u32 + 1;
        let new = *self.objects.entry(u32_at(place, 0)).or_insert(next);
        if place.len() >= 4 && place[..4] != new.to_le_bytes() {
            work.tally.rewritten("numbers of embedded objects", Tells::When);
            place[..4].copy_from_slice(&new.to_le_bytes());
        }
    }
}

/// One property: its kind, and where its operand lies.
struct Property {
    kind: u16,
    operand: Range<usize>,
}

/// Reads a list of properties. What follows the last is padding.
fn read(list: &[u8]) -> Option<(Vec<Property>, usize)> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at + 2 < list.len() && u16_at(list, at) != 0 {
        let kind = u16_at(list, at);
        let from = at + 2;
        let first = usize::from(*list.get(from)?);
        let len = match (kind, kind >> 13) {
            (TABLE, _) => usize::from(u16_at(list, from)) + 1,
            (TABS, _) if first == 255 => {
                let deleted = usize::from(*list.get(from + 1)?);
                let added = usize::from(*list.get(from + 2 + 4 * deleted)?);
                3 + 4 * deleted + 3 * added
            }
            (_, 6) => first + 1,
            (_, 0 | 1) => 1,
            (_, 3) => 4,
            (_, 7) => 3,
            _ => 2,
        };
        let operand = from..from.checked_add(len).filter(|end| *end <= list.len())?;
        at = operand.end;
        out.push(Property { kind, operand });
    }
    Some((out, at))
}

/// Cleans a list of properties in its place and gathers what it refers to.
pub(super) fn clean(work: &mut Work, list: &mut [u8], uses: &mut Uses) -> Result<()> {
    let (properties, end) = read(list).ok_or_else(|| work.malformed("properties of the text that lead out of their list", 0))?;
    let says = |kind: u16| properties.iter().any(|p| p.kind == kind && list.get(p.operand.start) == Some(&1));
    let (is_object, is_field) = (says(IS_OBJECT), says(IS_FIELD));
    for Property { kind, operand } in properties {
        let on = list.get(operand.start).is_some_and(|b| *b != 0);
        match kind {
            DELETED | INSERTED if on => tracked(work, kind, &mut list[operand])?,
            HIDDEN if on && !work.job.keeps(Token::Hidden) => {
                return Err(Refusal::new(
                    Code::NeedsResidual,
                    "it has hidden text, which cannot be taken out of an old document",
                )
                .hint("delete it, or allow it with --keep hidden"));
            }
            HIDDEN if on => work.tally.kept("hidden text", Tells::Hidden, "it is content; see --drop hidden"),
            PICTURE if is_object => uses.object(work, &mut list[operand]),
            PICTURE if is_field => _ = uses.fields.insert(u32_at(list, operand.start) as usize),
            PICTURE if u32_at(list, operand.start) == u32::MAX => {}
            PICTURE => _ = uses.pictures.insert(u32_at(list, operand.start) as usize),
            OBJECT => uses.object(work, &mut list[operand]),
            _ if LONGER.contains(&kind) => _ = uses.longer.insert(u32_at(list, operand.start) as usize),
            _ if TELLING.contains(&kind) => {
                // The length of those that have one stays.
                let from = operand.start + usize::from(kind >> 13 == 6);
                zero(work, &mut list[from..operand.end], "authors, times and identifiers of revisions", Tells::Who);
            }
            _ => {}
        }
    }
    zero(work, &mut list[end..], "bytes behind properties", Tells::Hidden);
    Ok(())
}

/// Text that was inserted or deleted with changes tracked.
fn tracked(work: &mut Work, kind: u16, operand: &mut [u8]) -> Result<()> {
    let policy = work.job.policy();
    let change = match policy.tracked_changes {
        TrackedChanges::Accept if work.job.keeps(Token::TrackedChanges) => TrackedChanges::Anonymise,
        other => other,
    };
    match (change, kind) {
        (TrackedChanges::Accept, INSERTED) | (TrackedChanges::Reject, DELETED) => {
            operand.fill(0);
            work.tally.gone("marks of tracked changes", Tells::History, operand.len());
            Ok(())
        }
        (TrackedChanges::Anonymise, _) => {
            work.tally.kept("tracked changes", Tells::History, "the policy keeps them, without names and times");
            Ok(())
        }
        _ => Err(Refusal::unsupported("it has tracked changes, whose text cannot be taken out of an old document")
            .hint("accept or reject them, or save it as DOCX, and clean that")),
    }
}

/// Writes zeros, and says so where there was something.
pub(super) fn zero(work: &mut Work, bytes: &mut [u8], label: &'static str, tells: Tells) {
    if bytes.iter().any(|b| *b != 0) {
        work.tally.gone(label, tells, bytes.len());
        bytes.fill(0);
    }
}
