//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

mod bmff;
pub mod heif;
pub mod known;
pub mod mp4;
pub mod text;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
pub static TABLE: &[&Format] = &[&heif::AVIF, &heif::HEIF, &mp4::FORMAT, &text::FORMAT];
