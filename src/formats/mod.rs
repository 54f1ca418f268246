//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod bmp;
mod colour;
pub mod gif;
pub mod ico;
pub mod known;
pub mod png;
pub mod text;
pub mod webp;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
pub static TABLE: &[&Format] = &[&bmp::FORMAT, &gif::FORMAT, &ico::FORMAT, &png::FORMAT, &text::FORMAT, &webp::FORMAT];
