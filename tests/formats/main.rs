//! What every format must stand: the samples as a whole, and format by format the five named tests and its own.

#![allow(missing_docs, unreachable_pub, clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod bmp;
mod gif;
mod gz;
mod heif;
mod icc;
mod ico;
mod jp2;
mod jpeg;
mod jxl;
mod mp4;
mod mutations;
mod names;
mod pdf;
mod png;
mod psd;
mod samples;
mod support;
mod svg;
mod tar;
mod text;
mod webp;
mod zip;
