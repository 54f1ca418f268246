//! Which bytes of a stream something refers to; the others become zeros: what was deleted, what an earlier saving left,
//! what happened to be in memory.

use std::ops::Range;

use crate::finding::{Finding, Tells};
use crate::formats::ole::Work;

/// Ranges that something refers to.
#[derive(Default)]
pub(super) struct Cover(Vec<Range<usize>>);

impl Cover {
    /// One more.
    pub(super) fn add(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.0.push(range);
        }
    }

    /// Blanks everything else.
    pub(super) fn blank(mut self, work: &mut Work, bytes: &mut [u8], what: &'static str) {
        self.0.sort_by_key(|r| r.start);
        let (mut at, mut gone, mut said) = (0, 0, String::new());
        let end = bytes.len();
        for range in self.0.into_iter().chain(std::iter::once(end..end)) {
            let gap = at..range.start.min(end);
            if !gap.is_empty() && bytes[gap.clone()].iter().any(|b| *b != 0) {
                gone += gap.len();
                said.push_str(&readable(&bytes[gap.clone()]));
                bytes[gap].fill(0);
            }
            at = at.max(range.end);
        }
        if gone > 0 {
            let found = Finding::blanked(work.app.name, what, Tells::Hidden).bytes(gone as u64);
            let said: String = said.trim().chars().take(400).collect();
            work.found.push(if said.is_empty() { found } else { found.value(said) });
        }
    }
}

/// What a person could read in the bytes: runs of eight letters and more.
fn readable(bytes: &[u8]) -> String {
    let mut out = String::new();
    let text = |b: &u8| b.is_ascii_graphic() || *b == b' ';
    for run in bytes.split(|b| !text(b)).filter(|run| run.len() >= 8) {
        out.push_str(&String::from_utf8_lossy(run));
        out.push(' ');
    }
    out
}
