//! What bytes after the end of a file are.

use crate::finding::{Finding, Tells};
use crate::source::{Source, Span};

/// Findings for what stands in `span`, each as removed; at least one.
pub fn describe(place: &'static str, _source: &dyn Source, span: Span) -> Vec<Finding> {
    vec![Finding::removed(place, "data after the end", Tells::Hidden).bytes(span.len())]
}
