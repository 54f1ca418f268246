//! Blocks that many containers share and that sometimes must stay in a minimal form: what is read out of them, and how the
//! minimal form is written anew. Parsed values go in, constant layouts come out; nothing is copied as it is.

pub mod ape;
pub mod dv;
pub mod exif;
pub mod flac_picture;
pub mod gainmap;
pub mod icc;
pub mod id3;
pub mod loudness;
pub mod messages;
pub mod telemetry;
pub mod vorbis;
pub mod xmp;

use std::sync::LazyLock;

/// The words that the blocks written here say in every file of their kind. A removed value that is a piece of them and still
/// stands in a result was written there by us and tells nothing.
static SAID: LazyLock<Vec<String>> = LazyLock::new(xmp::templates);

/// Whether `text` is a piece of what the blocks written here always say.
pub fn say(text: &str) -> bool {
    SAID.iter().any(|said| said.contains(text))
}
