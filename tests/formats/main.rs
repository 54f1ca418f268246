//! What every format must stand: the samples as a whole, and format by format the five named tests and its own.

#![allow(missing_docs, unreachable_pub, clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod compressed;
mod gz;
mod samples;
mod support;
mod tar;
mod text;
mod zip;
