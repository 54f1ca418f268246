//! How bytes lie in containers that more than one format uses. Nothing here knows what may survive.

pub mod audio_tags;
pub mod ebml;
pub mod flac_frame;
pub mod id3;
pub mod mpeg_audio;
pub mod ogg;
