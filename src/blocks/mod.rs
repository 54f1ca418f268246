//! Blocks that many containers share and that sometimes must stay in a minimal form: what is read out of them, and how the
//! minimal form is written anew. Parsed values go in, constant layouts come out; nothing is copied as it is.

pub mod ape;
pub mod exif;
pub mod flac_picture;
pub mod gainmap;
pub mod icc;
pub mod id3;
pub mod loudness;
pub mod telemetry;
pub mod vorbis;
pub mod xmp;
