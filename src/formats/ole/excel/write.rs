//! Writes the records that stay, and sets the positions anew: of sheets, of rows, of strings. Where the index of rows does
//! not fit any more, or never did, it goes: programs make it themselves. [MS-XLS 2.4.28, 2.4.144, 2.4.80, 2.4.107]

use std::collections::HashMap;
use std::ops::Range;

use super::records::*;
use super::{Record, long};
use crate::finding::Tells;
use crate::formats::ole::Work;
use crate::grammar::officeart::u16_at;
use crate::refusal::Result;

/// The stream, and where in it texts and names stand.
pub(super) fn write(work: &mut Work, mut records: Vec<Record>) -> Result<(Vec<u8>, Vec<Range<usize>>)> {
    if !index_fits(&records, &places(&records)) {
        for record in records.iter_mut().filter(|r| r.kept && matches!(r.kind, INDEX | DB_CELL)) {
            record.kept = false;
            work.tally.gone("index of rows", Tells::Rendering, record.body.len());
        }
    }
    let places = places(&records);
    let strings: Vec<(usize, usize)> = strings(&records);
    let (mut out, mut visible, mut holder) = (Vec::new(), Vec::new(), 0);
    let starts: Vec<usize> = records.iter().map(|r| r.start).collect();
    for i in 0..records.len() {
        let record = &mut records[i];
        if !record.kept {
            continue;
        }
        match record.kind {
            BOUND_SHEET => {
                let place = places.get(&long(&record.body, 0));
                let place = *place.ok_or_else(|| work.malformed("a sheet is not where it should be", record.start))?;
                set(&mut record.body, 0, place);
            }
            INDEX => {
                let fields = std::iter::once(12).chain((16..record.body.len()).step_by(4));
                for at in fields.collect::<Vec<_>>() {
                    if let Some(place) = places.get(&long(&record.body, at)) {
                        set(&mut record.body, at, *place);
                    }
                }
            }
            DB_CELL => {
                let row = starts[i].saturating_sub(long(&record.body, 0));
                if let (Some(row), Some(here)) = (places.get(&row), places.get(&starts[i])) {
                    set(&mut record.body, 0, here - row);
                }
            }
            EXT_SST => {
                for at in (2..record.body.len().saturating_sub(7)).step_by(8) {
                    let place = long(&record.body, at);
                    let holder = strings.iter().find(|(start, end)| (*start..*end).contains(&place));
                    if let Some(new) = holder.and_then(|(start, _)| Some(places.get(start)? + place - start)) {
                        set(&mut record.body, at, new);
                    }
                }
            }
            _ => {}
        }
        if record.kind != CONTINUE {
            holder = record.kind;
        }
        if is_visible(holder) {
            visible.push(out.len() + 4..out.len() + 4 + record.body.len());
        }
        out.extend_from_slice(&record.kind.to_le_bytes());
        out.extend_from_slice(&(record.body.len() as u16).to_le_bytes());
        out.extend_from_slice(&record.body);
    }
    Ok((out, visible))
}

fn set(body: &mut [u8], at: usize, place: usize) {
    if let Some(to) = body.get_mut(at..at + 4) {
        to.copy_from_slice(&(place as u32).to_le_bytes());
    }
}

/// Where each record that stays comes to lie.
fn places(records: &[Record]) -> HashMap<usize, usize> {
    let mut at = 0;
    let mut out = HashMap::new();
    for record in records.iter().filter(|r| r.kept) {
        out.insert(record.start, at);
        at += 4 + record.body.len();
    }
    out
}

/// The records of the table of strings.
fn strings(records: &[Record]) -> Vec<(usize, usize)> {
    let Some(first) = records.iter().position(|r| r.kind == SST) else { return Vec::new() };
    let more = records[first + 1..].iter().take_while(|r| r.kind == CONTINUE).count();
    records[first..=first + more].iter().map(|r| (r.start, r.start + 4 + r.body.len())).collect()
}

/// Whether all that the index points at is there, and nothing between a block of rows and its end went.
fn index_fits(records: &[Record], places: &HashMap<usize, usize>) -> bool {
    records.iter().filter(|r| r.kept).all(|record| match record.kind {
        INDEX => {
            let columns = long(&record.body, 12);
            let blocks = (16..record.body.len()).step_by(4).map(|at| long(&record.body, at));
            (columns == 0 || places.contains_key(&columns)) && blocks.into_iter().all(|b| places.contains_key(&b))
        }
        DB_CELL => {
            let back = long(&record.body, 0);
            let row = record.start.checked_sub(back);
            let there = row.and_then(|r| Some(places.get(&record.start)? - places.get(&r)?));
            there == Some(back)
        }
        _ => true,
    }) && records.iter().filter(|r| r.kind == INDEX).all(|r| u16_at(&r.body, 0) == 0)
}
