//! What is drawn on the sheets of a workbook: one drawing may be spread over many records, and is cleaned as a whole.
//! [MS-XLS 2.4.102, 2.4.103]

use super::Record;
use super::records::*;
use crate::formats::ole::{Work, art};
use crate::refusal::Result;

/// Cleans what is drawn: one drawing may be spread over many records, each part of it (sheet, chart) having its own.
pub(super) fn clean(work: &mut Work, records: &mut [Record]) -> Result<()> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let (mut group, mut open, mut done, mut last) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new(), 0);
    for (i, record) in records.iter().enumerate() {
        match record.kind {
            BOF => open.push(Vec::new()),
            EOF => done.extend(open.pop()),
            DRAWING_GROUP => group.push(i),
            CONTINUE if last == DRAWING_GROUP => group.push(i),
            DRAWING => open.iter_mut().last().into_iter().for_each(|o| o.push(i)),
            CONTINUE if last == DRAWING => open.iter_mut().last().into_iter().for_each(|o| o.push(i)),
            GEL_FRAME => parts.push(vec![i]),
            CONTINUE if last == GEL_FRAME => parts.iter_mut().last().into_iter().for_each(|p| p.push(i)),
            _ => {}
        }
        if record.kind != CONTINUE {
            last = record.kind;
        }
    }
    parts.push(group);
    parts.extend(done);
    for part in parts {
        let mut whole: Vec<u8> = part.iter().flat_map(|i| records[*i].body.iter().copied()).collect();
        art::walk(work, &mut whole, &mut Vec::new())?;
        let mut at = 0;
        for i in part {
            let body = &mut records[i].body;
            let len = body.len();
            body.copy_from_slice(&whole[at..at + len]);
            at += len;
        }
    }
    Ok(())
}
