//! The table of formats. A row is a file of its own; a new format is that file, its `mod` line and its word in [`TABLE`].

pub mod aac;
pub mod aiff;
pub mod amr;
pub mod ape;
pub mod archive;
pub mod asf;
pub mod avi;
mod behind;
mod bmff;
pub mod bmp;
pub mod bz2;
pub mod caf;
mod changes;
mod colour;
pub mod cpio;
pub mod css;
pub mod dds;
pub mod dff;
pub mod dsf;
pub mod epub;
pub mod exports;
pub mod exr;
pub mod flac;
pub mod flv;
pub mod gif;
pub mod gz;
pub mod hdr;
pub mod heif;
pub mod html;
pub mod icns;
pub mod ico;
pub mod jp2;
pub mod jpeg;
pub mod js;
pub mod json;
pub mod jxl;
pub mod known;
pub mod lz4;
pub mod midi;
pub mod mkv;
pub mod mp3;
pub mod mp4;
pub mod musepack;
pub mod odf;
mod office;
pub mod ogg;
pub mod ole;
pub mod ooxml;
pub mod pcx;
pub mod pdf;
pub mod png;
pub mod pnm;
pub mod psd;
pub mod qoi;
pub mod raw;
pub mod rtf;
pub mod sevenz;
pub mod svg;
mod tagged;
pub mod tar;
pub mod text;
pub mod tga;
pub mod tiff;
mod tracking;
pub mod tta;
pub mod w64;
pub mod wav;
pub mod wavpack;
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
    &amr::FORMAT,
    &ape::FORMAT,
    &asf::FORMAT,
    &avi::FORMAT,
    &bmp::FORMAT,
    &bz2::FORMAT,
    &cpio::FORMAT,
    &css::FORMAT,
    &dds::FORMAT,
    &caf::FORMAT,
    &dff::FORMAT,
    &dsf::FORMAT,
    &epub::FORMAT,
    &exr::FORMAT,
    &flac::FORMAT,
    &flv::FORMAT,
    &gif::FORMAT,
    &gz::FORMAT,
    &hdr::FORMAT,
    &heif::AVIF,
    &heif::HEIF,
    &html::FORMAT,
    &icns::FORMAT,
    &ico::FORMAT,
    &jp2::FORMAT,
    &jpeg::FORMAT,
    &js::FORMAT,
    &json::FORMAT,
    &jxl::FORMAT,
    &lz4::FORMAT,
    &midi::FORMAT,
    &mkv::FORMAT,
    &mp3::FORMAT,
    &mp4::FORMAT,
    &musepack::FORMAT,
    &odf::FORMAT,
    &odf::flat::FORMAT,
    &ogg::FORMAT,
    &ole::EXCEL,
    &ole::POWERPOINT,
    &ole::WORD,
    &ooxml::EXCEL,
    &ooxml::POWERPOINT,
    &ooxml::WORD,
    &pcx::FORMAT,
    &pdf::FORMAT,
    &png::FORMAT,
    &pnm::FORMAT,
    &psd::FORMAT,
    &qoi::FORMAT,
    &raw::ARW,
    &raw::CR2,
    &raw::DNG,
    &raw::NEF,
    &raw::ORF,
    &raw::PEF,
    &raw::RW2,
    &raw::SRW,
    &rtf::FORMAT,
    &sevenz::FORMAT,
    &svg::FORMAT,
    &tar::FORMAT,
    &text::FORMAT,
    &tga::FORMAT,
    &tiff::FORMAT,
    &tta::FORMAT,
    &w64::FORMAT,
    &wav::FORMAT,
    &wavpack::FORMAT,
    &webp::FORMAT,
    &xz::FORMAT,
    &zip::FORMAT,
    &zst::FORMAT,
];
