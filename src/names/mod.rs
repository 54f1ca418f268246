//! Human names for what was found: GPS as degrees, serial numbers, owners, times. Nothing here decides a fate: what cannot
//! be read is dropped all the same and called unreadable.

pub mod audio;
pub mod exif;
pub mod filename;
pub mod icc;
pub mod iptc;
pub mod quicktime;
pub mod riff;
pub mod telemetry;
pub mod trailer;
mod values;
pub mod xmp;
