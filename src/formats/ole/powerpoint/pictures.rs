//! The pictures of a presentation: records in a stream of their own, to which the document's store points. Those that no
//! shape shows go, the others are cleaned and laid one behind the other. [MS-PPT 2.1.3]

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Tells;
use crate::formats::ole::{Work, art, picture};
use crate::grammar::officeart::{HEADER, Head, u16_at, u32_at};
use crate::refusal::Result;

/// Cleans the pictures and makes the store, wherever in the objects it is, point at them; returns their stream.
pub(super) fn clean(work: &mut Work, objects: &mut BTreeMap<u32, Vec<u8>>, stream: &[u8]) -> Result<Vec<u8>> {
    let used: BTreeSet<u32> = objects.values().flat_map(|o| shown(o)).collect();
    let (mut out, mut laid) = (Vec::new(), BTreeMap::new());
    let mut taken = 0;
    for object in objects.values_mut() {
        let mut number = 0;
        for at in entries(object) {
            number += 1;
            let len = u32_at(object, at + 4) as usize;
            let body = &mut object[at + HEADER..at + HEADER + len];
            let place = u32_at(body, 28);
            let is_elsewhere = len <= art::ENTRY_FIXED + usize::from(body.get(33).copied().unwrap_or(0));
            if len < art::ENTRY_FIXED || !is_elsewhere || place == u32::MAX {
                continue;
            }
            if !used.contains(&number) {
                if u32_at(body, 20) != 0 {
                    work.tally.gone("picture that no slide shows", Tells::Hidden, u32_at(body, 20) as usize);
                }
                body[2..18].fill(0);
                body[20..28].fill(0);
                body[28..32].fill(0xff);
                continue;
            }
            let (new, id) = match laid.get(&place) {
                Some(known) => *known,
                None => {
                    let known = lay(work, stream, place as usize, &mut out)?;
                    taken += 1;
                    laid.insert(place, known);
                    known
                }
            };
            if let Some(id) = id {
                body[2..18].copy_from_slice(&id);
            }
            body[28..32].copy_from_slice(&new.to_le_bytes());
        }
    }
    if out.len() != stream.len() && taken > 0 {
        work.tally.gone("bytes between pictures", Tells::Hidden, stream.len().saturating_sub(out.len()));
    }
    Ok(out)
}

type Laid = (u32, Option<[u8; 16]>);

/// Takes one picture over.
fn lay(work: &mut Work, stream: &[u8], at: usize, out: &mut Vec<u8>) -> Result<Laid> {
    let head = Head::read(stream, at).filter(|h| picture::is_picture(h.kind));
    let head = head.ok_or_else(|| work.malformed("a picture is not where it should be", at))?;
    let mut record = stream[at..at + HEADER + head.len].to_vec();
    let id = picture::clean(work, head.kind, head.instance, &mut record[HEADER..])?;
    let new = out.len() as u32;
    out.extend_from_slice(&record);
    Ok((new, id))
}

/// Where the entries of the store begin.
fn entries(object: &[u8]) -> Vec<usize> {
    heads(object).filter(|(_, h)| h.kind == art::ENTRY).map(|(at, _)| at).collect()
}

/// The numbers of pictures that shapes show, as picture or to fill something. [MS-ODRAW 2.2.7]
fn shown(object: &[u8]) -> Vec<u32> {
    let mut out = Vec::new();
    for (at, head) in heads(object).filter(|(_, h)| art::is_options(h.kind)) {
        let body = &object[at + HEADER..at + HEADER + head.len];
        let ids = (0..usize::from(head.instance)).map(|i| (u16_at(body, i * 6), u32_at(body, i * 6 + 2)));
        out.extend(ids.filter(|(id, _)| id & 0xc000 == 0x4000).map(|(_, number)| number));
    }
    out
}

/// Every record, at all depths.
fn heads(object: &[u8]) -> impl Iterator<Item = (usize, Head)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = Head::read(object, at)?;
        let here = at;
        at += HEADER + if head.is_container() && head.kind != art::ENTRY { 0 } else { head.len };
        Some((here, head))
    })
}
