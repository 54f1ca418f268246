//! What every format must stand: the samples as a whole, and format by format the five named tests and its own.

#![allow(missing_docs, unreachable_pub, clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod aac;
mod aiff;
mod asf;
mod avi;
mod bmp;
mod compressed;
mod epub;
mod flac;
mod flv;
mod gif;
mod gz;
mod heif;
mod html;
mod icc;
mod ico;
mod jp2;
mod jpeg;
mod jxl;
mod known;
mod mkv;
mod mp3;
mod mp4;
mod mutations;
mod names;
mod odf;
mod ogg;
mod ooxml;
mod pdf;
mod png;
mod psd;
mod rtf;
mod samples;
mod sound;
mod support;
mod svg;
mod table;
mod tar;
mod text;
mod tiff;
mod tiff_values;
mod wav;
mod webp;
mod zip;
