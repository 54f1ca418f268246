//! Properties of items: how large, which way up, which colours, which codec. Each that stays is on the list below; the list
//! says what becomes of it. [ISO/IEC 23008-12 6.5, 14496-12 8.11.14]

use std::collections::BTreeMap;

use super::super::{Walk, codec};
use super::items;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::names::quicktime;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Span;

/// The properties of a file, and which item has which.
#[derive(Default)]
pub(super) struct Properties {
    /// The box around all.
    pub(super) around: Option<Atom>,
    /// The list; the first is number 1.
    pub(super) list: Vec<Atom>,
    /// Which item has which.
    pub(super) maps: Vec<Map>,
    /// The same by item.
    by_item: BTreeMap<u32, Vec<Has>>,
}

/// One association box.
pub(super) struct Map {
    pub(super) atom: Atom,
    pub(super) version: u8,
    pub(super) flags: u32,
    pub(super) entries: Vec<(u32, Vec<Has>)>,
}

/// That an item has a property.
#[derive(Clone, Copy)]
pub(super) struct Has {
    /// Whether a reader that does not know it must not show the item.
    pub(super) essential: bool,
    /// Its number in the list, from 1.
    pub(super) number: u16,
}

/// What becomes of a property.
pub(super) enum Verdict {
    /// It stays as it is.
    Keep,
    /// It stays with another body.
    Fresh(Vec<u8>, Finding),
    /// It goes.
    Drop(Finding),
}

/// Reads the list and the associations.
pub(super) fn read(walk: &Walk, iprp: Option<Atom>) -> Result<Properties> {
    let Some(iprp) = iprp else { return Ok(Properties::default()) };
    let boxes = walk.children(iprp.body())?;
    let ipco = boxes.one(b"ipco", &iprp)?;
    let list = walk.children(ipco.body())?.list;
    let maps = boxes.list.iter().filter(|a| a.is(b"ipma")).map(|a| map(walk, a)).collect::<Result<Vec<Map>>>()?;
    for (i, a) in maps.iter().enumerate() {
        if maps[..i].iter().any(|b| (a.version, a.flags) == (b.version, b.flags)) {
            return Err(Refusal::malformed("two property associations of one kind", a.atom.span.start));
        }
    }
    let mut by_item: BTreeMap<u32, Vec<Has>> = BTreeMap::new();
    for (item, has) in maps.iter().flat_map(|m| &m.entries) {
        by_item.entry(*item).or_default().extend(has.iter().filter(|h| h.number != 0));
    }
    Ok(Properties { around: Some(iprp), list, maps, by_item })
}

fn map(walk: &Walk, atom: &Atom) -> Result<Map> {
    let mut cursor = Cursor::new(&**walk.source, atom.body());
    let (version, flags) = items::version(&mut cursor)?;
    let count = cursor.u32_be()?;
    let (mut entries, mut all) = (Vec::new(), 0);
    for _ in 0..count {
        let item = items::id(&mut cursor, version > 0)?;
        let has = (0..cursor.u8()?).map(|_| has(&mut cursor, flags & 1 != 0)).collect::<Result<Vec<Has>>>()?;
        all += 1 + has.len();
        walk.job.limits().check_structures(all)?;
        entries.push((item, has));
    }
    Ok(Map { atom: *atom, version, flags, entries })
}

fn has(cursor: &mut Cursor, wide: bool) -> Result<Has> {
    let (word, bits) = if wide { (cursor.u16_be()?, 15) } else { (u16::from(cursor.u8()?), 7) };
    Ok(Has { essential: word >> bits != 0, number: word & ((1 << bits) - 1) })
}

impl Properties {
    /// What an item has, in order.
    pub(super) fn of(&self, item: u32) -> impl Iterator<Item = Has> + '_ {
        self.by_item.get(&item).into_iter().flatten().copied()
    }

    /// The property of that number.
    pub(super) fn get(&self, has: Has) -> Option<Atom> {
        self.list.get(usize::from(has.number).checked_sub(1)?).copied()
    }

    /// The name of the kind of auxiliary picture that an item is; empty where it is none.
    pub(super) fn auxiliary(&self, walk: &Walk, item: u32) -> Result<String> {
        let found = self.of(item).filter_map(|h| self.get(h)).find(|a| a.is(b"auxC"));
        let Some(found) = found else { return Ok(String::new()) };
        /// No name is longer.
        const LONGEST: u64 = 256;
        let body = found.full_body();
        let body = walk.bytes(Span::new(body.start, body.end.min(body.start + LONGEST)))?;
        let end = body.iter().position(|b| *b == 0).unwrap_or(body.len());
        Ok(String::from_utf8_lossy(&body[..end]).into_owned())
    }
}

/// How long a property is whose length is given by its type, header included.
fn exact(kind: [u8; 4]) -> Option<u64> {
    Some(match &kind {
        b"ispe" => 20,
        b"pasp" => 16,
        b"clap" => 40,
        b"irot" | b"imir" | b"a1op" => 9,
        b"rloc" => 20,
        b"lsel" => 10,
        b"clli" => 12,
        b"mdcv" => 32,
        b"amve" => 16,
        b"reve" => 24,
        b"ndwt" => 16,
        _ => return None,
    })
}

/// What becomes of a property of a picture that stays; `essential` is whether the picture cannot be shown without it.
pub(super) fn judge(walk: &Walk, atom: &Atom, essential: bool) -> Result<Verdict> {
    if let Some(length) = exact(atom.kind) {
        if atom.span.len() > length && atom.header == 8 {
            let body = walk.bytes(atom.body())?[..(length - 8) as usize].to_vec();
            let label = format!("bytes behind the end of a property ({})", atom.label());
            return Ok(Verdict::Fresh(body, Finding::removed(walk.place, label, Tells::Hidden)));
        }
        return Ok(Verdict::Keep);
    }
    match &atom.kind {
        b"pixi" | b"a1lx" | b"auxC" | b"cclv" | b"ster" | b"tols" | b"oinf" | b"cmpd" | b"uncC" | b"cmpC" | b"icef" | b"jpgC" => {
            Ok(Verdict::Keep)
        }
        b"colr" if !walk.job.keeps(Token::Color) && !essential => {
            Ok(Verdict::Drop(Finding::removed(walk.place, "colour profile", Tells::Device)))
        }
        b"hvcC" | b"lhvC" | b"av1C" | b"avcC" | b"vvcC" | b"evcC" | b"j2kH" | b"colr" => {
            let body = walk.bytes(atom.body())?;
            Ok(match codec::config(walk.place, atom.kind, &body)? {
                codec::Config::Keep => Verdict::Keep,
                codec::Config::Fresh(body, found) => Verdict::Fresh(body, found),
                codec::Config::Drop(found) => Verdict::Drop(found),
            })
        }
        b"altt" if walk.job.policy().changes.iter().any(|(t, keep)| *t == Token::AltText && *keep) => Ok(Verdict::Keep),
        _ if essential => {
            let what = format!("the picture cannot be shown without a property that is not known ({})", atom.label());
            Err(Refusal::new(Code::UnknownCritical, what).at(atom.span.start))
        }
        _ => Ok(Verdict::Drop(quicktime::property(walk.place, atom, &**walk.source))),
    }
}
