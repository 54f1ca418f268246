//! How bytes lie in containers that more than one format uses. Nothing here knows what may survive.

pub mod bmp;
pub mod gif;
pub mod jpeg;
pub mod mpf;
pub mod pdf;
pub mod png;
pub mod riff;
pub mod tiff;
pub mod zip;
