//! Walks over a segment: its parts, the blocks of a cluster, samples of text tracks, and the names of tags for the report.

use std::collections::{HashMap, HashSet};

use super::table;
use crate::blocks::telemetry;
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::ebml::{self, Element};
use crate::names::audio;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// The parts of a segment in order; clusters of unknown size end where the next part begins.
pub(super) fn tops(job: &Job, source: &dyn Source, segment: Span) -> Result<Vec<Element>> {
    let mut out: Vec<Element> = Vec::new();
    let mut cursor = Cursor::new(source, segment);
    while !cursor.is_done() {
        // A recording that was cut off, or something behind the film, ends the walk; what was not walked goes.
        let Ok(mut top) = ebml::read(&mut cursor) else { break };
        if top.unknown {
            top.body.end = end_of(source, &top)?;
            if top.id != 0x1f43_b675 {
                return Err(Refusal::malformed("a part that must say its size does not", top.head.start));
            }
        }
        if top.cut && top.id != 0x1f43_b675 {
            // Players do without an index and without tags.
            if table::is_top(top.id) && !matches!(top.id, 0x1c53_bb6b | 0x1254_c367) {
                return Err(Refusal::malformed("a part runs past the end of the file", top.head.start));
            }
            break;
        }
        cursor.seek(top.body.end)?;
        let once = matches!(top.id, 0x1549_a966 | 0x1654_ae6b);
        if once && out.iter().any(|e| e.id == top.id) {
            return Err(Refusal::malformed("a part that must be there once is there twice", top.head.start));
        }
        out.push(top);
        job.limits().check_structures(out.len())?;
    }
    if !out.iter().any(|e| e.id == 0x1654_ae6b) {
        return Err(Refusal::malformed("there are no tracks", segment.start));
    }
    Ok(out)
}

/// Where a cluster of unknown size ends: at the first element that cannot be in one.
fn end_of(source: &dyn Source, cluster: &Element) -> Result<u64> {
    let mut cursor = Cursor::new(source, cluster.body);
    while !cursor.is_done() {
        let at = cursor.at();
        let Ok(child) = ebml::read(&mut cursor) else { return Ok(at) };
        if table::is_top(child.id) || child.id == 0x1853_8067 || child.unknown {
            return Ok(at);
        }
        cursor.seek(child.body.end)?;
    }
    Ok(cluster.body.end)
}

/// Shows every child of a cluster.
pub(super) fn cluster(source: &dyn Source, cluster: &Element, mut each: impl FnMut(&Element) -> Result<()>) -> Result<()> {
    let mut cursor = Cursor::new(source, cluster.body);
    while !cursor.is_done() {
        let child = match ebml::read(&mut cursor) {
            Ok(child) => child,
            Err(_) if cluster.cut || cluster.unknown => return Ok(()),
            Err(r) => return Err(r),
        };
        if child.unknown || child.cut && !(cluster.cut || cluster.unknown) {
            return Err(Refusal::malformed("a block runs past its cluster", child.head.start));
        }
        cursor.seek(child.body.end)?;
        each(&child)?;
    }
    Ok(())
}

/// The number of the track that a block belongs to.
pub(super) fn track_of(source: &dyn Source, block: Span) -> Result<u64> {
    let first = crate::source::head(source, block.start, 8)?;
    let lead = first.first().copied().unwrap_or(0);
    let width = lead.leading_zeros() as usize + 1;
    if width > 8 || width as u64 > block.len() || width > first.len() {
        return Err(Refusal::malformed("a block does not say its track", block.start));
    }
    Ok(ebml::to_uint(&first[..width]) & ((1u64 << (7 * width)) - 1))
}

/// Which of the text tracks are telemetry, judged by their first samples.
pub(super) fn telemetry(source: &dyn Source, tops: &[Element], texts: &HashSet<u64>) -> Result<HashSet<u64>> {
    const ENOUGH: usize = 50;
    let mut samples: HashMap<u64, Vec<Vec<u8>>> = HashMap::new();
    for top in tops.iter().filter(|t| t.id == 0x1f43_b675) {
        cluster(source, top, |child| {
            let block = match child.id {
                0xa3 => Some(child.body),
                0xa0 if !child.cut => ebml::children(source, child.body)?.iter().find(|c| c.id == 0xa1).map(|c| c.body),
                _ => None,
            };
            let Some(block) = block else { return Ok(()) };
            let track = track_of(source, block)?;
            let seen = samples.entry(track).or_default();
            if texts.contains(&track) && seen.len() < ENOUGH {
                seen.push(crate::source::head(source, block.start + 4, block.len().min(512) as usize)?);
            }
            Ok(())
        })?;
    }
    let is = |track: &u64| {
        samples.get(track).is_some_and(|s| !s.is_empty() && telemetry::is_telemetry_track(s.iter().map(Vec::as_slice)))
    };
    Ok(texts.iter().copied().filter(is).collect())
}

/// Findings for the simple tags in a `Tags` element.
pub(super) fn tags(source: &dyn Source, body: Span) -> Vec<Finding> {
    let mut out = Vec::new();
    for tag in ebml::children(source, body).unwrap_or_default().iter().filter(|t| t.id == 0x7373) {
        for simple in ebml::children(source, tag.body).unwrap_or_default().iter().filter(|s| s.id == 0x67c8) {
            let text = |id: u32| {
                let all = ebml::children(source, simple.body).unwrap_or_default();
                let bytes = all.iter().find(|c| c.id == id).and_then(|c| source.bytes(c.body, 4096).ok());
                bytes.map(|b| String::from_utf8_lossy(&b).into_owned())
            };
            if let Some(name) = text(0x45a3).filter(|_| out.len() < 100) {
                let mut found = audio::comment("Matroska", &name, &text(0x4487).unwrap_or_default());
                if found.tells == Tells::Text && name.starts_with('_') {
                    found.tells = Tells::Software;
                }
                out.push(found);
            }
        }
    }
    out
}
