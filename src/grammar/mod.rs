//! How bytes lie in containers that more than one format uses. Nothing here knows what may survive.

pub mod tiff;
pub mod jpeg;
pub mod mpf;
pub mod bmp;
pub mod gif;
pub mod png;
pub mod riff;
pub mod pdf;
pub mod audio_tags;
pub mod ebml;
pub mod flac_frame;
pub mod id3;
pub mod mpeg_audio;
pub mod ogg;
