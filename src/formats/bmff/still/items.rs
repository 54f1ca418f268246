//! What items there are, which is shown, and how they refer to one another. [ISO/IEC 14496-12 8.11.4, 8.11.6, 8.11.12, 8.18]

use std::collections::BTreeMap;

use super::super::Walk;
use crate::cursor::Cursor;
use crate::grammar::bmff::Atom;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// No honest file has more.
const MOST: usize = 65_535;
/// The longest name or type that is read.
const TEXT: u64 = 64 << 10;

/// An item: a picture, a tile, a block of metadata.
pub(super) struct Item {
    /// Its entry in the list.
    pub(super) entry: Atom,
    /// Of the entry, 0 to 3.
    pub(super) version: u8,
    /// Of the entry.
    pub(super) flags: u32,
    /// `hvc1`, `av01`, `grid`, `Exif`, `mime`, …
    pub(super) kind: [u8; 4],
    pub(super) protected: bool,
    pub(super) name: String,
    /// The media type of a `mime` item, the address of an `uri ` item.
    pub(super) about: String,
}

impl Item {
    /// Whether a viewer should not show it by itself. [23008-12 6.4.2]
    pub(super) fn is_hidden(&self) -> bool {
        self.flags & 1 != 0
    }
}

/// References of one kind from one item to others.
pub(super) struct Reference {
    pub(super) entry: Atom,
    pub(super) wide: bool,
    pub(super) from: u32,
    pub(super) to: Vec<u32>,
}

/// A group of items, or of tracks.
pub(super) struct Group {
    pub(super) entry: Atom,
    pub(super) members: Vec<u32>,
}

/// Version and flags of a full box.
pub(super) fn version(cursor: &mut Cursor) -> Result<(u8, u32)> {
    let word = cursor.u32_be()?;
    Ok((word.to_be_bytes()[0], word & 0xff_ffff))
}

/// An item number, of two bytes or four.
pub(super) fn id(cursor: &mut Cursor, wide: bool) -> Result<u32> {
    if wide { cursor.u32_be() } else { Ok(u32::from(cursor.u16_be()?)) }
}

/// The item that is shown.
pub(super) fn primary(walk: &Walk, pitm: Option<Atom>) -> Result<Option<u32>> {
    let Some(pitm) = pitm else { return Ok(None) };
    let mut cursor = Cursor::new(&**walk.source, pitm.body());
    let (version, _) = version(&mut cursor)?;
    Ok(Some(id(&mut cursor, version > 0)?))
}

/// The list of items.
pub(super) fn read(walk: &Walk, iinf: Option<Atom>) -> Result<BTreeMap<u32, Item>> {
    let mut items = BTreeMap::new();
    let Some(iinf) = iinf else { return Ok(items) };
    for entry in walk.children(entries(walk, &iinf)?)?.list {
        if !entry.is(b"infe") {
            continue;
        }
        let (number, item) = entry_of(walk, entry)?;
        if items.insert(number, item).is_some() {
            return Err(Refusal::malformed("two items have the same number", entry.span.start));
        }
        if items.len() > MOST {
            return Err(Refusal::limit(format!("more than {MOST} items")));
        }
    }
    Ok(items)
}

/// Where the entries of the list lie: after version, flags and count.
pub(super) fn entries(walk: &Walk, iinf: &Atom) -> Result<Span> {
    let mut cursor = Cursor::new(&**walk.source, iinf.body());
    let (version, _) = version(&mut cursor)?;
    id(&mut cursor, version > 0)?;
    Ok(Span::new(cursor.at(), iinf.span.end))
}

fn entry_of(walk: &Walk, entry: Atom) -> Result<(u32, Item)> {
    let mut cursor = Cursor::new(&**walk.source, entry.body());
    let (version, flags) = version(&mut cursor)?;
    if version > 3 {
        return Err(Refusal::unsupported("an item entry of a version that is not known").at(entry.span.start));
    }
    let number = id(&mut cursor, version == 3)?;
    let protected = cursor.u16_be()? != 0;
    let kind = if version >= 2 { cursor.array()? } else { *b"mime" };
    let mut text = || -> Result<String> {
        let rest = cursor.left().min(TEXT);
        let bytes = walk.source.bytes(Span::new(cursor.at(), cursor.at() + rest), TEXT)?;
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        cursor.skip((end as u64 + 1).min(rest))?;
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    };
    let name = text()?;
    let about = if matches!(&kind, b"mime" | b"uri ") { text()? } else { String::new() };
    Ok((number, Item { entry, version, flags, kind, protected, name, about }))
}

/// Who refers to whom.
pub(super) fn references(walk: &Walk, iref: Option<Atom>) -> Result<Vec<Reference>> {
    let mut out = Vec::new();
    let Some(iref) = iref else { return Ok(out) };
    let mut cursor = Cursor::new(&**walk.source, iref.body());
    let (iref_version, _) = version(&mut cursor)?;
    let wide = iref_version > 0;
    let mut all = 0;
    for entry in walk.children(iref.full_body())?.list {
        let mut cursor = Cursor::new(&**walk.source, entry.body());
        let from = id(&mut cursor, wide)?;
        let count = cursor.u16_be()?;
        let to = (0..count).map(|_| id(&mut cursor, wide)).collect::<Result<Vec<u32>>>()?;
        all += to.len();
        walk.job.limits().check_structures(all)?;
        out.push(Reference { entry, wide, from, to });
    }
    Ok(out)
}

/// Which items belong together.
pub(super) fn groups(walk: &Walk, grpl: Option<Atom>) -> Result<Vec<Group>> {
    let mut out = Vec::new();
    let Some(grpl) = grpl else { return Ok(out) };
    for entry in walk.children(grpl.body())?.list {
        let mut cursor = Cursor::new(&**walk.source, entry.full_body());
        cursor.u32_be()?;
        let count = cursor.u32_be()?;
        if u64::from(count) > cursor.left() / 4 {
            return Err(Refusal::malformed("a group has more members than it has room for", entry.span.start));
        }
        let members = (0..count).map(|_| cursor.u32_be()).collect::<Result<Vec<u32>>>()?;
        out.push(Group { entry, members });
    }
    Ok(out)
}
