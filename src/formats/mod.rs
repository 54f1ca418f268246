//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod aiff;
pub mod archive;
mod bmff;
pub mod bmp;
mod colour;
pub mod flac;
pub mod gif;
pub mod gz;
pub mod heif;
pub mod ico;
pub mod jp2;
pub mod jpeg;
pub mod jxl;
pub mod known;
pub mod mkv;
pub mod mp3;
pub mod mp4;
pub mod ogg;
pub mod pdf;
pub mod png;
pub mod psd;
pub mod svg;
pub mod tar;
pub mod text;
pub mod tiff;
pub mod wav;
pub mod webp;
pub mod wrapper;
pub mod zip;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
#[rustfmt::skip]
pub static TABLE: &[&Format] = &[
    &aiff::FORMAT,
    &bmp::FORMAT,
    &flac::FORMAT,
    &gif::FORMAT,
    &gz::FORMAT,
    &heif::AVIF,
    &heif::HEIF,
    &ico::FORMAT,
    &jp2::FORMAT,
    &jpeg::FORMAT,
    &jxl::FORMAT,
    &mkv::FORMAT,
    &mp3::FORMAT,
    &mp4::FORMAT,
    &ogg::FORMAT,
    &pdf::FORMAT,
    &png::FORMAT,
    &psd::FORMAT,
    &svg::FORMAT,
    &tar::FORMAT,
    &text::FORMAT,
    &tiff::FORMAT,
    &wav::FORMAT,
    &webp::FORMAT,
    &zip::FORMAT,
];
