//! The bytes of items: claimed for pictures that stay, told of where an item goes, written anew where they must say less.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Walk;
use super::super::messages::{self, Units};
use super::Still;
use super::graph::Role;
use super::items::Item;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::names::quicktime;
use crate::plan::Fate;
use crate::refusal::{Refusal, Result};
use crate::source::{Span, Window};

impl Still {
    /// Claims media for the pictures that stay and tells of what goes. Returns the lengths of items that are written anew.
    pub(super) fn media(&self, walk: &mut Walk, spans: &BTreeMap<u32, Vec<Span>>) -> Result<BTreeMap<u32, u64>> {
        let (mut lengths, mut pictures) = (BTreeMap::new(), BTreeSet::new());
        let turns = |id: &u32| {
            self.properties.of(*id).filter_map(|h| self.properties.get(h)).any(|a| matches!(&a.kind, b"irot" | b"imir"))
        };
        let (turned, mut warned) = (self.graph.kept.iter().any(turns), false);
        // Many items may point at the same bytes: so many are read to be told of, and no more.
        let mut budget = walk.job.limits().block;
        for (id, item) in &self.items {
            let own = spans.get(id).map(Vec::as_slice).unwrap_or_default();
            if self.graph.kept.contains(id) {
                own.iter().for_each(|s| walk.claims.keep(*s));
                if let ([span], Some(units)) = (own, self.units(walk, *id)?) {
                    pictures.insert((*span, units));
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
                if !turned && !std::mem::replace(&mut warned, &item.kind == b"Exif") {
                    self.turned(walk, item, own)?;
                }
                for found in self.told(walk, *id, item, own, &mut budget) {
                    walk.draft.note(found);
                }
            }
        }
        messages::look_into(walk, pictures)?;
        Ok(lengths)
    }

    /// How the bytes of a coded picture are divided, where its codec divides them.
    fn units(&self, walk: &Walk, id: u32) -> Result<Option<Units>> {
        let found = self.properties.of(id).filter_map(|h| self.properties.get(h)).find(|a| matches!(&a.kind, b"hvcC" | b"avcC"));
        found.map_or(Ok(None), |atom| {
            // What says so stands at the beginning.
            let body = atom.body();
            Ok(Units::of(atom.kind, &walk.bytes(Span::new(body.start, body.end.min(body.start + 23)))?))
        })
    }

    /// Exif may say which way up where the picture itself does not. Standards say that it does not count; some viewers differ.
    fn turned(&self, walk: &mut Walk, item: &Item, spans: &[Span]) -> Result<()> {
        let (b"Exif", [span]) = (&item.kind, spans) else { return Ok(()) };
        if span.len() > super::super::SMALL {
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
    fn told(&self, walk: &Walk, id: u32, item: &Item, spans: &[Span], budget: &mut u64) -> Vec<Finding> {
        let bytes = spans.iter().map(|s| s.len()).sum::<u64>();
        let gone = |label: &str, tells| vec![Finding::removed(walk.place, label.to_owned(), tells).bytes(bytes)];
        let mut payload = || {
            let Some(left) = budget.checked_sub(bytes) else { return Vec::new() };
            *budget = left;
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
