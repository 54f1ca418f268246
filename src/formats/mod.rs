//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod archive;
pub mod bz2;
pub mod gz;
pub mod known;
pub mod lz4;
pub mod tar;
pub mod text;
pub mod wrapper;
pub mod xz;
pub mod zip;
pub mod zst;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
pub static TABLE: &[&Format] =
    &[&bz2::FORMAT, &gz::FORMAT, &lz4::FORMAT, &tar::FORMAT, &text::FORMAT, &xz::FORMAT, &zip::FORMAT, &zst::FORMAT];
