//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod archive;
pub mod gz;
pub mod known;
pub mod tar;
pub mod text;
pub mod wrapper;
pub mod zip;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
pub static TABLE: &[&Format] = &[&gz::FORMAT, &tar::FORMAT, &text::FORMAT, &zip::FORMAT];
