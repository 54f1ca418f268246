//! What every format must stand: the samples as a whole, and format by format the five named tests and its own.

#![allow(missing_docs, unreachable_pub, clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod bmp;
mod gif;
mod gz;
mod heif;
mod icc;
mod ico;
mod jpeg;
mod mp4;
mod mutations;
mod names;
mod pdf;
mod png;
mod samples;
mod support;
mod tar;
mod text;
mod tiff;
mod webp;
mod zip;
