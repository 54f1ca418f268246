//! What an ICC profile tells.

use crate::finding::{Finding, Tells};

/// Findings for all that it tells, each as removed; at least one. `place` is the name of the block: "Exif".
pub fn describe(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    vec![Finding::removed(place, format!("{place} block"), Tells::Unknown).bytes(bytes.len() as u64)]
}
