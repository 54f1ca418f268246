//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod aac;
pub mod aiff;
pub mod archive;
pub mod asf;
pub mod avi;
mod bmff;
pub mod bmp;
pub mod bz2;
mod changes;
mod colour;
pub mod css;
pub mod epub;
pub mod flac;
pub mod flv;
pub mod gif;
pub mod gz;
pub mod heif;
pub mod html;
pub mod ico;
pub mod jp2;
pub mod jpeg;
pub mod jxl;
pub mod known;
pub mod lz4;
pub mod mkv;
pub mod mp3;
pub mod mp4;
pub mod odf;
mod office;
pub mod ogg;
pub mod ooxml;
pub mod pdf;
pub mod png;
pub mod psd;
pub mod rtf;
pub mod svg;
mod tagged;
pub mod tar;
pub mod text;
pub mod tiff;
pub mod wav;
pub mod webp;
pub mod wrapper;
pub mod xz;
pub mod zip;
pub mod zst;

use crate::format::Format;

/// Every format that can be cleaned. The order does not matter: the closest match wins.
#[rustfmt::skip]
pub static TABLE: &[&Format] = &[
    &aac::FORMAT,
    &aiff::FORMAT,
    &asf::FORMAT,
    &avi::FORMAT,
    &bmp::FORMAT,
    &bz2::FORMAT,
    &css::FORMAT,
    &epub::FORMAT,
    &flac::FORMAT,
    &flv::FORMAT,
    &gif::FORMAT,
    &gz::FORMAT,
    &heif::AVIF,
    &heif::HEIF,
    &html::FORMAT,
    &ico::FORMAT,
    &jp2::FORMAT,
    &jpeg::FORMAT,
    &jxl::FORMAT,
    &lz4::FORMAT,
    &mkv::FORMAT,
    &mp3::FORMAT,
    &mp4::FORMAT,
    &odf::FORMAT,
    &ogg::FORMAT,
    &ooxml::EXCEL,
    &ooxml::POWERPOINT,
    &ooxml::WORD,
    &pdf::FORMAT,
    &png::FORMAT,
    &psd::FORMAT,
    &rtf::FORMAT,
    &svg::FORMAT,
    &tar::FORMAT,
    &text::FORMAT,
    &tiff::FORMAT,
    &wav::FORMAT,
    &webp::FORMAT,
    &xz::FORMAT,
    &zip::FORMAT,
    &zst::FORMAT,
];
