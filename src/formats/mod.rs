//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod flac;
pub mod known;
pub mod mkv;
pub mod mp3;
pub mod ogg;
pub mod text;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
#[rustfmt::skip]
pub static TABLE: &[&Format] = &[
    &flac::FORMAT,
    &mkv::FORMAT,
    &mp3::FORMAT,
    &ogg::FORMAT,
    &text::FORMAT,
];
