//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod archive;
pub mod bmp;
pub mod gif;
pub mod ico;
pub mod jpeg;
pub mod known;
pub mod pdf;
pub mod png;
pub mod text;
pub mod webp;
pub mod zip;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
pub static TABLE: &[&Format] = &[
    &bmp::FORMAT,
    &gif::FORMAT,
    &ico::FORMAT,
    &jpeg::FORMAT,
    &pdf::FORMAT,
    &png::FORMAT,
    &text::FORMAT,
    &webp::FORMAT,
    &zip::FORMAT,
];
