//! The index written again for the items that stay. Numbers of items stay; numbers of properties close up, so that no gap
//! tells of what is gone.

use std::collections::BTreeMap;

use super::super::Walk;
use super::super::messages::{self, Units};
use super::Still;
use super::graph::{self, Role};
use super::items::{self, Item};
use super::property::{self, Has, Verdict};
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::names::quicktime;
use crate::plan::Fate;
use crate::refusal::{Refusal, Result};
use crate::source::{Span, Window};

impl Still {
    fn stays(&self, id: u32) -> bool {
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
                    Some(l) if self.graph.kept.iter().any(|id| l.is_inside(*id)) => {
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

    /// Claims media for the pictures that stay and tells of what goes. Returns the lengths of items that are written anew.
    fn media(&self, walk: &mut Walk, spans: &BTreeMap<u32, Vec<Span>>) -> Result<BTreeMap<u32, u64>> {
        let (mut lengths, mut pictures) = (BTreeMap::new(), Vec::new());
        for (id, item) in &self.items {
            let own = spans.get(id).map(Vec::as_slice).unwrap_or_default();
            if self.graph.kept.contains(id) {
                own.iter().for_each(|s| walk.claims.keep(*s));
                if let ([span], Some(units)) = (own, self.units(walk, *id)?) {
                    pictures.push((units, *span));
                }
                if &item.kind == b"jpeg"
                    && let [span] = own
                    && let Some(length) = jpeg(walk, *span)?
                {
                    lengths.insert(*id, length);
                }
            } else if self.graph.gain.contains(id) {
                let [span] = own else { return Err(Refusal::unsupported("gain map parameters in several pieces")) };
                let fresh = gain_map_packet(&walk.bytes(*span)?);
                lengths.insert(*id, fresh.len() as u64);
                if !walk.claims.make(*span) {
                    return Err(Refusal::unsupported("two items share the parameters of a gain map").at(span.start));
                }
                let found = Finding::rewritten(walk.place, "XMP of the gain map", Tells::History).bytes(span.len());
                walk.draft.replace(*span, "gain map XMP", Fate::put(fresh), vec![found]);
            } else {
                own.iter().for_each(|s| walk.claims.lose(*s));
                self.turned(walk, item, own)?;
                for found in self.told(walk, *id, item, own) {
                    walk.draft.note(found);
                }
            }
        }
        messages::in_pictures(walk, &pictures)?;
        Ok(lengths)
    }

    /// How the bytes of a coded picture are divided, where its codec divides them.
    fn units(&self, walk: &Walk, id: u32) -> Result<Option<Units>> {
        let found = self.properties.of(id).filter_map(|h| self.properties.get(h)).find(|a| matches!(&a.kind, b"hvcC" | b"avcC"));
        found.map_or(Ok(None), |atom| Ok(Units::of(atom.kind, &walk.bytes(atom.body())?)))
    }

    /// Exif may say which way up where the picture itself does not. Standards say that it does not count; some viewers differ.
    fn turned(&self, walk: &mut Walk, item: &Item, spans: &[Span]) -> Result<()> {
        let turns = |id: &u32| {
            self.properties.of(*id).filter_map(|h| self.properties.get(h)).any(|a| matches!(&a.kind, b"irot" | b"imir"))
        };
        let (b"Exif", [span]) = (&item.kind, spans) else { return Ok(()) };
        if self.graph.kept.iter().any(turns) || span.len() > super::super::SMALL {
            return Ok(());
        }
        let tiff = tiff_of(&walk.bytes(*span)?).to_vec();
        if let Some(o @ 2..=8) = crate::blocks::exif::orientation(&tiff) {
            walk.draft.warn(format!(
                "its Exif asks for another orientation ({o}), which the HEIF standard ignores: viewers that obey it will show it differently"
            ));
        }
        Ok(())
    }

    /// What an item that goes tells.
    fn told(&self, walk: &Walk, id: u32, item: &Item, spans: &[Span]) -> Vec<Finding> {
        let bytes = spans.iter().map(|s| s.len()).sum::<u64>();
        let gone = |label: &str, tells| vec![Finding::removed(walk.place, label.to_owned(), tells).bytes(bytes)];
        let payload = || {
            let parts = spans.iter().map(|s| walk.source.bytes(*s, walk.job.limits().block));
            parts.collect::<std::io::Result<Vec<Vec<u8>>>>().map(|p| p.concat()).unwrap_or_default()
        };
        match (self.graph.roles.get(&id), &item.kind) {
            (Some(Role::Thumbnail), _) => gone("thumbnail", Tells::Preview),
            (Some(Role::Auxiliary(name)), _) => vec![quicktime::auxiliary(walk.place, name).bytes(bytes)],
            (Some(Role::Part), _) => gone("part of a picture that goes", Tells::Hidden),
            (Some(Role::Other), _) => gone("picture that is not shown", Tells::Hidden),
            (_, b"Exif") => crate::names::exif::describe("Exif", tiff_of(&payload())),
            (_, b"mime") if item.about == "application/rdf+xml" => crate::names::xmp::describe("XMP", &payload()),
            _ => vec![quicktime::item(walk.place, item.kind, &item.about, &item.name).bytes(bytes)],
        }
    }

    /// `iinf`
    fn list(&self, walk: &mut Walk, iinf: &Atom) -> Result<()> {
        let entries = items::entries(walk, iinf)?;
        let boxes = walk.children(entries)?;
        let kept = self.items.keys().filter(|id| self.stays(**id)).count() as u32;
        walk.open_full(iinf);
        let count = Span::new(iinf.full_body().start, entries.start);
        let bytes = kept.to_be_bytes();
        walk.rebuild(count, "iinf", bytes[4 - count.len() as usize..].to_vec());
        for entry in &boxes.list {
            let known = self.items.iter().find(|(_, i)| i.entry == *entry);
            match known {
                Some((id, item)) if self.stays(*id) => rename(walk, entry, item)?,
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
                        } else if !self.is_told(number) {
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

    /// Whether the loss of a property is told with the item that had it, or was told by itself.
    fn is_told(&self, number: u16) -> bool {
        self.items.keys().any(|id| self.properties.of(*id).any(|h| h.number == number))
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

/// A picture that is a JPEG file: cleaned as one. Returns how long it is now, where that changed it.
fn jpeg(walk: &mut Walk, span: Span) -> Result<Option<u64>> {
    match walk.job.member("picture", &Window::shared(walk.source, span))? {
        Member::Changed(cleaned) if walk.claims.make(span) => {
            let bytes = cleaned.bytes();
            let length = bytes.len();
            walk.draft.member(span, "jpeg", Some(bytes));
            walk.draft.adopt("picture", &cleaned);
            Ok(Some(length))
        }
        _ => Ok(None),
    }
}

/// The TIFF structure in an Exif item: an offset comes first. [23008-12 A.2.1]
fn tiff_of(payload: &[u8]) -> &[u8] {
    let skip = payload.first_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b) as usize);
    payload.get(4..).and_then(|p| p.get(skip..)).unwrap_or_default()
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

/// Apple's gain map parameters, and nothing else of the packet: two numbers, parsed and written again.
fn gain_map_packet(xmp: &[u8]) -> Vec<u8> {
    let mut fields = String::new();
    for name in ["HDRGainMapVersion", "HDRGainMapHeadroom"] {
        if let Some(value) = number_of(xmp, name) {
            fields += &format!(" HDRGainMap:{name}=\"{value}\"");
        }
    }
    format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:HDRGainMap=\"http://ns.apple.com/HDRGainMap/1.0/\"{fields}/>\
         </rdf:RDF></x:xmpmeta>"
    )
    .into_bytes()
}

/// The number that stands behind `name`, as an attribute or an element.
fn number_of(xmp: &[u8], name: &str) -> Option<String> {
    let at = memchr::memmem::find(xmp, name.as_bytes())? + name.len();
    let rest = xmp.get(at..)?;
    let start = rest.iter().position(|b| b.is_ascii_digit()).filter(|i| *i < 4)?;
    let digits = rest[start..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').take(24);
    let text: String = digits.map(|b| char::from(*b)).collect();
    text.parse::<f64>().ok().map(|_| text)
}
