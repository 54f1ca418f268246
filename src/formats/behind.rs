//! What small picture formats share: everything behind the last byte that belongs to the picture goes, under its own name
//! where it has one.

use crate::names;
use crate::plan::Draft;
use crate::source::{Shared, Span};

/// Removes what stands behind `end`.
pub(super) fn remove(draft: &mut Draft, source: &Shared, end: u64) {
    let rest = Span::new(end, source.len());
    if !rest.is_empty() {
        draft.remove_all(rest, "after the end", names::trailer::describe("after the end", &**source, rest));
    }
}

/// The bytes from `start` that a picture of `len` bytes takes; where the file ends before, what is there, and a warning.
pub(super) fn pixels(draft: &mut Draft, source: &Shared, start: u64, len: u64) -> Span {
    let span = Span::new(start, start.saturating_add(len).min(source.len()));
    if span.len() < len {
        draft.warn("the pixels end before the last row; what is there is kept");
    }
    span
}
