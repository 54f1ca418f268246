//! Stills: the `meta` box at the top of HEIF and AVIF files, an index of items. The picture a viewer shows stays, with all it
//! is made of; what is only about it (Exif, XMP, thumbnails, masks, names) goes. [ISO/IEC 23008-12, 14496-12 8.11]

mod graph;
mod items;
mod location;
mod media;
mod property;
mod write;

use std::collections::BTreeMap;

use super::Walk;
use crate::grammar::bmff::{Atom, Atoms};
use crate::refusal::{Code, Refusal, Result};
use crate::source::Span;

use graph::Graph;
use items::{Item, Reference};
use location::Locations;
use property::Properties;

/// An index of items, read and decided.
pub(super) struct Still {
    meta: Atom,
    boxes: Atoms,
    items: BTreeMap<u32, Item>,
    references: Vec<Reference>,
    locations: Option<Locations>,
    properties: Properties,
    graph: Graph,
}

/// Reads the `meta` box; `None` where it is no index of pictures.
pub(super) fn read(walk: &Walk, meta: &Atom, has_movie: bool) -> Result<Option<Still>> {
    let Ok(boxes) = walk.children(meta.full_body()) else { return refuse_or_none(has_movie, meta) };
    let Some(handler) = boxes.first(b"hdlr") else { return refuse_or_none(has_movie, meta) };
    let kind = walk.bytes(Span::new(handler.body().start, (handler.body().start + 12).min(handler.span.end)))?;
    if kind.get(8..12) != Some(b"pict") {
        return Ok(None);
    }
    for kind in [b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"] {
        boxes.only(kind)?;
    }
    if let Some(locked) = boxes.first(b"ipro") {
        return Err(Refusal::new(Code::Drm, "the pictures are protected").at(locked.span.start));
    }
    let primary = items::primary(walk, boxes.first(b"pitm"))?;
    let items = items::read(walk, boxes.first(b"iinf"))?;
    let references = items::references(walk, boxes.first(b"iref"))?;
    let locations = boxes.first(b"iloc").map(|a| location::read(walk, &a)).transpose()?;
    let properties = property::read(walk, boxes.first(b"iprp"))?;
    let groups = items::groups(walk, boxes.first(b"grpl"))?;
    let graph = graph::decide(walk, meta, primary, &items, &references, &properties, &groups, has_movie)?;
    Ok(Some(Still { meta: *meta, boxes, items, references, locations, properties, graph }))
}

fn refuse_or_none(has_movie: bool, meta: &Atom) -> Result<Option<Still>> {
    if has_movie { Ok(None) } else { Err(Refusal::malformed("the index of the pictures cannot be read", meta.span.start)) }
}
