//! The index written again for the items that stay. Numbers of items stay; numbers of properties close up, so that no gap
//! tells of what is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Walk;
use super::Still;
use super::graph;
use super::items::{self, Item};
use super::property::{self, Has, Verdict};
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::plan::Fate;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

impl Still {
    pub(super) fn stays(&self, id: u32) -> bool {
        self.graph.kept.contains(&id) || self.graph.gain.contains(&id)
    }

    /// Says what becomes of every byte of the box, and claims the media of what stays.
    pub(in super::super) fn write(&self, walk: &mut Walk) -> Result<()> {
        walk.open_full(&self.meta);
        let idat = self.boxes.first(b"idat").map(|a| a.body());
        let spans = match &self.locations {
            Some(locations) => locations.spans(walk, idat, |id| self.stays(id), |id| self.items.contains_key(&id))?,
            None => BTreeMap::new(),
        };
        for id in &self.graph.kept {
            // A derived picture of the identity kind has no bytes of its own.
            let none = spans.get(id).is_none_or(|s| s.is_empty());
            if none && self.items.get(id).is_some_and(|i| &i.kind != b"iden") {
                return Err(Refusal::malformed(format!("there are no bytes for picture {id}"), self.meta.span.start));
            }
        }
        let lengths = self.media(walk, &spans)?;
        for atom in &self.boxes.list {
            match &atom.kind {
                b"hdlr" => walk.handler(atom)?,
                b"pitm" => walk.keep_exactly(atom, if self.is_wide(walk, atom)? { 16 } else { 14 })?,
                b"iinf" => self.list(walk, atom)?,
                b"iref" => self.refer(walk, atom)?,
                b"iprp" => self.describe(walk)?,
                b"grpl" => self.group(walk, atom)?,
                b"dinf" => walk.data_information(atom, &[])?,
                b"idat" => match &self.locations {
                    Some(l) if l.any_inside(|id| self.graph.kept.contains(&id)) => {
                        walk.open(atom);
                        walk.claims.area(atom.body());
                    }
                    _ => walk.draft.remove(atom.span, "idat", Finding::removed(walk.place, "item data", Tells::Hidden)),
                },
                b"iloc" => {
                    if let Some(locations) = &self.locations {
                        locations.write(walk, idat, &spans, |id| self.stays(id), |id| lengths.get(&id).copied())?;
                    }
                }
                _ => walk.remove(atom),
            }
        }
        walk.remove_tail(self.boxes.tail)
    }

    fn is_wide(&self, walk: &Walk, full: &Atom) -> Result<bool> {
        Ok(walk.bytes(Span::new(full.body().start, full.full_body().start))?.first().is_some_and(|v| *v > 0))
    }

    /// `iinf`
    fn list(&self, walk: &mut Walk, iinf: &Atom) -> Result<()> {
        let entries = items::entries(walk, iinf)?;
        let boxes = walk.children(entries)?;
        let kept = self.items.keys().filter(|id| self.stays(**id)).count() as u32;
        let by_place: BTreeMap<u64, (&u32, &Item)> = self.items.iter().map(|(id, i)| (i.entry.span.start, (id, i))).collect();
        walk.open_full(iinf);
        let count = Span::new(iinf.full_body().start, entries.start);
        let bytes = kept.to_be_bytes();
        walk.rebuild(count, "iinf", bytes[4 - count.len() as usize..].to_vec());
        for entry in &boxes.list {
            match by_place.get(&entry.span.start) {
                Some((id, item)) if self.stays(**id) => rename(walk, entry, item)?,
                Some(_) => walk.draft.remove_told(entry.span, "infe"),
                None => walk.remove(entry),
            }
        }
        walk.remove_tail(boxes.tail)
    }

    /// `iref`
    fn refer(&self, walk: &mut Walk, iref: &Atom) -> Result<()> {
        let filtered: Vec<Vec<u32>> = self
            .references
            .iter()
            .map(|r| match graph::REFERENCES.contains(&&r.entry.kind) && self.stays(r.from) {
                true => r.to.iter().copied().filter(|to| self.stays(*to)).collect(),
                false => Vec::new(),
            })
            .collect();
        for r in &self.references {
            let alive = self.stays(r.from) && r.to.iter().all(|to| self.stays(*to));
            if alive && !graph::REFERENCES.contains(&&r.entry.kind) {
                let label = format!("reference between pictures ({})", r.entry.label());
                walk.draft.note(Finding::removed(walk.place, label, Tells::Unknown));
            }
        }
        if filtered.iter().all(Vec::is_empty) {
            let found = Finding::removed(walk.place, "references between items", Tells::Unknown);
            walk.draft.remove(iref.span, "iref", found);
            return Ok(());
        }
        walk.open_full(iref);
        for (r, to) in self.references.iter().zip(&filtered) {
            if to.is_empty() {
                walk.draft.remove_told(r.entry.span, "iref");
                walk.rebuilt = true;
                continue;
            }
            let id = |id: u32| if r.wide { id.to_be_bytes().to_vec() } else { id.to_be_bytes()[2..].to_vec() };
            let mut body = id(r.from);
            body.extend((to.len() as u16).to_be_bytes());
            to.iter().for_each(|to| body.extend(id(*to)));
            walk.open(&r.entry);
            walk.rebuild(r.entry.body(), "iref", body);
        }
        walk.remove_tail(walk.children(iref.full_body())?.tail)
    }

    /// `grpl`
    fn group(&self, walk: &mut Walk, grpl: &Atom) -> Result<()> {
        let boxes = walk.children(grpl.body())?;
        if self.graph.groups.is_empty() {
            walk.remove(grpl);
            return Ok(());
        }
        walk.open(grpl);
        for entry in &boxes.list {
            let Some(members) = self.graph.groups.get(&entry.span.start) else {
                walk.remove(entry);
                continue;
            };
            walk.open_full(entry);
            let start = entry.full_body().start;
            walk.draft.frame(Span::new(start, start + 4), "grpl");
            let mut body = (members.len() as u32).to_be_bytes().to_vec();
            members.iter().for_each(|m| body.extend(m.to_be_bytes()));
            walk.rebuild(Span::new(start + 4, entry.span.end), "grpl", body);
        }
        walk.remove_tail(boxes.tail)
    }

    /// `iprp`
    fn describe(&self, walk: &mut Walk) -> Result<()> {
        let Some(around) = self.properties.around else { return Ok(()) };
        let boxes = walk.children(around.body())?;
        let uses = self.uses()?;
        let told: BTreeSet<u16> = self.items.keys().flat_map(|id| self.properties.of(*id)).map(|h| h.number).collect();
        walk.open(&around);
        let mut numbers = BTreeMap::new();
        for atom in &boxes.list {
            match &atom.kind {
                b"ipco" => {
                    walk.open(atom);
                    for (i, property) in self.properties.list.iter().enumerate() {
                        let number = i as u16 + 1;
                        if self.property(walk, property, uses.get(&number).copied())? {
                            numbers.insert(number, numbers.len() as u16 + 1);
                        } else if !told.contains(&number) {
                            let label = format!("property that no picture has ({})", property.label());
                            walk.draft.note(Finding::removed(walk.place, label, Tells::Hidden));
                        }
                    }
                    let inside = walk.children(atom.body())?;
                    walk.remove_tail(inside.tail)?;
                }
                b"ipma" => {}
                _ => walk.remove(atom),
            }
        }
        for map in &self.properties.maps {
            self.associate(walk, map, &numbers)?;
        }
        walk.remove_tail(boxes.tail)
    }

    /// Which properties the items that stay have, and whether one of them cannot be shown without.
    fn uses(&self) -> Result<BTreeMap<u16, bool>> {
        let mut uses: BTreeMap<u16, bool> = BTreeMap::new();
        for id in &self.graph.kept {
            for has in self.properties.of(*id) {
                if self.properties.get(has).is_none() {
                    return Err(Refusal::malformed("a picture has a property that is not there", self.meta.span.start));
                }
                *uses.entry(has.number).or_default() |= has.essential;
            }
        }
        Ok(uses)
    }

    /// Returns whether the property stays.
    fn property(&self, walk: &mut Walk, atom: &Atom, used: Option<bool>) -> Result<bool> {
        let Some(essential) = used else {
            walk.draft.remove_told(atom.span, "property");
            return Ok(false);
        };
        match property::judge(walk, atom, essential)? {
            Verdict::Keep => walk.keep(atom),
            Verdict::Fresh(body, found) => {
                walk.open(atom);
                walk.draft.replace(atom.body(), "property", Fate::put(body), vec![found]);
            }
            Verdict::Drop(found) => {
                walk.draft.remove(atom.span, "property", found);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn associate(&self, walk: &mut Walk, map: &property::Map, numbers: &BTreeMap<u16, u16>) -> Result<()> {
        let wide = map.flags & 1 != 0;
        let mut body = vec![map.version];
        body.extend(&map.flags.to_be_bytes()[1..]);
        let entries: Vec<&(u32, Vec<Has>)> = map.entries.iter().filter(|(id, _)| self.graph.kept.contains(id)).collect();
        if entries.is_empty() {
            walk.draft.remove_told(map.atom.span, "ipma");
            walk.rebuilt = true;
            return Ok(());
        }
        body.extend((entries.len() as u32).to_be_bytes());
        for (id, has) in entries {
            let id = id.to_be_bytes();
            body.extend(if map.version > 0 { &id[..] } else { &id[2..] });
            let kept: Vec<(bool, u16)> = has.iter().filter_map(|h| Some((h.essential, *numbers.get(&h.number)?))).collect();
            body.push(kept.len() as u8);
            for (essential, number) in kept {
                match wide {
                    true => body.extend((number | u16::from(essential) << 15).to_be_bytes()),
                    false => body.push(number as u8 | u8::from(essential) << 7),
                }
            }
        }
        walk.open(&map.atom);
        walk.rebuild(map.atom.body(), "ipma", body);
        Ok(())
    }
}

/// An entry of the list without a name. [14496-12 8.11.6]
fn rename(walk: &mut Walk, entry: &Atom, item: &Item) -> Result<()> {
    let old = walk.bytes(entry.body())?;
    let fixed = match item.version {
        3 => 14,
        2 => 12,
        _ => return Err(Refusal::unsupported("an item without a type").at(entry.span.start)),
    };
    let mut fresh = old.get(..fixed).unwrap_or_default().to_vec();
    for (i, flag) in [(1, 0), (2, 0), (3, 1)] {
        fresh[i] &= flag;
    }
    fresh.push(0);
    if &item.kind == b"mime" {
        fresh.extend(item.about.bytes());
        fresh.push(0);
    }
    let mut found = Finding::rewritten(walk.place, "item name", Tells::Text);
    if !item.name.is_empty() {
        found = found.value(item.name.clone());
    }
    walk.open(entry);
    walk.draft.replace(entry.body(), "infe", Fate::put(fresh), vec![found]);
    Ok(())
}
