//! How bytes lie in containers that more than one format uses. Nothing here knows what may survive.

pub mod adts;
pub mod audio_tags;
pub mod bmff;
pub mod bmp;
pub mod cfb;
pub mod css;
pub mod ebml;
pub mod flac_frame;
pub mod frames;
pub mod gif;
pub mod html;
pub mod id3;
pub mod iff;
pub mod j2k;
pub mod jpeg;
pub mod mpeg_audio;
pub mod mpf;
pub mod ogg;
pub mod pdf;
pub mod png;
pub mod riff;
pub mod rtf;
pub mod tar;
pub mod tiff;
pub mod xml;
pub mod zip;
