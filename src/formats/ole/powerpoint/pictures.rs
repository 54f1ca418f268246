//! The pictures of a presentation: records in a stream of their own, to which the document's store points. Those that no
//! shape shows go, the others are cleaned and laid one behind the other. [MS-PPT 2.1.3]

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Tells;
use crate::formats::ole::{Work, art, picture};
use crate::grammar::officeart::{HEADER, Head, u32_at};
use crate::refusal::Result;

/// Cleans the pictures and makes the store, wherever in the objects it is, point at them; returns their stream.
pub(super) fn clean(work: &mut Work, objects: &mut BTreeMap<u32, Vec<u8>>, stream: &[u8]) -> Result<Vec<u8>> {
    let used: BTreeSet<u32> = objects.values().flat_map(|o| art::shown(o)).collect();
    let (mut out, mut laid) = (Vec::new(), BTreeMap::new());
    let mut taken = 0;
    for object in objects.values_mut() {
        let mut number = 0;
        for at in art::entries(object) {
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
                art::forget(body);
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
