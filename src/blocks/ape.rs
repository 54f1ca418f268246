//! What of APE tags stays: loudness values and cover art (cleaned), each written anew.

use crate::blocks::{flac_picture, loudness};
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::ape_tag::{self, Item};
use crate::grammar::audio_tags::Kind;
use crate::names::audio;
use crate::plan::Draft;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

/// The pictures that a tag can name, by their number in ID3. [APE key "Cover Art (…)", id3v2.4.0-frames 4.14]
const PICTURES: [&str; 21] = [
    "Other",
    "Icon",
    "Other Icon",
    "Front",
    "Back",
    "Leaflet",
    "Media",
    "Lead Artist",
    "Artist",
    "Conductor",
    "Band",
    "Composer",
    "Lyricist",
    "Recording Location",
    "During Recording",
    "During Performance",
    "Video Capture",
    "Fish",
    "Illustration",
    "Band Logotype",
    "Publisher Logotype",
];

/// What stays of the APE tags of a file.
#[derive(Default)]
pub struct Kept {
    /// Loudness values: key and value.
    pub loudness: Vec<(String, String)>,
    /// Pictures: their number in ID3, their type, their bytes.
    pub pictures: Vec<(u8, &'static str, Vec<u8>)>,
    /// The keys that all this came from.
    keys: Vec<String>,
}

impl Kept {
    /// Takes what stays of a further tag.
    ///
    /// # Errors
    /// Refusals of a cover picture.
    pub fn sift(&mut self, job: &Job, draft: &mut Draft, tag: &[u8]) -> Result<()> {
        for item in ape_tag::items(tag) {
            if let Some(kind) = picture(&item).filter(|_| job.keeps(Token::CoverArt)) {
                if let Some((mime, bytes)) = cover(job, draft, &item)?
                    && self.pictures.iter().all(|p| p.0 != kind)
                {
                    self.pictures.push((kind, mime, bytes));
                    self.keys.push(item.key);
                }
            } else if job.keeps(Token::Replaygain)
                && let Some((key, value)) = loudness::replaygain(&item.key, &String::from_utf8_lossy(&item.value))
                && self.loudness.iter().all(|l| l.0 != key)
            {
                self.loudness.push((key, value));
                self.keys.push(item.key);
            }
        }
        Ok(())
    }

    /// All of it as one tag; empty where there is nothing.
    pub fn tag(&self) -> Vec<u8> {
        let loudness =
            self.loudness.iter().map(|(key, value)| Item { key: key.clone(), binary: false, value: value.clone().into_bytes() });
        let pictures = self.pictures.iter().map(|(kind, mime, bytes)| {
            let key = format!("Cover Art ({})", PICTURES[usize::from(*kind)]);
            // [APE key "Cover Art"] a file name, a zero, the picture
            let name = format!("{key}.{}\0", mime.trim_start_matches("image/"));
            Item { key, binary: true, value: [name.as_bytes(), bytes].concat() }
        });
        ape_tag::tag(&loudness.chain(pictures).collect::<Vec<_>>())
    }

    /// Findings for a tag: its items but those that stay. At least one, since the tag goes or changes.
    pub fn findings(&self, tag: &[u8]) -> Vec<Finding> {
        let mut found = audio::tag(Kind::Ape, tag);
        found.retain(|f| !self.keys.iter().any(|k| k.eq_ignore_ascii_case(&f.label)));
        found
    }
}

/// Which picture an item holds.
fn picture(item: &Item) -> Option<u8> {
    let name = item.key.get(11..)?.strip_suffix(')')?;
    let is = item.binary && item.key[..11].eq_ignore_ascii_case("cover art (");
    PICTURES.iter().position(|p| is && p.eq_ignore_ascii_case(name)).map(|i| i as u8)
}

fn cover(job: &Job, draft: &mut Draft, item: &Item) -> Result<Option<(&'static str, Vec<u8>)>> {
    let name = item.value.iter().position(|b| *b == 0).map_or(0, |i| i + 1);
    let cleaned = match job.member("cover art", &Memory::shared(&item.value[name..]))? {
        Member::Unknown(_) => return Ok(None),
        Member::Same(cleaned) | Member::Changed(cleaned) => cleaned,
    };
    let Some(mime) = flac_picture::mime(cleaned.format().name) else { return Ok(None) };
    draft.adopt("cover art", &cleaned);
    draft.note(Finding::kept("APE", "cover art", Tells::Rendering, "it is cleaned by itself (--drop cover-art)"));
    let bytes = cleaned.bytes();
    Ok(Some((mime, bytes.bytes(bytes.span(), job.limits().block)?)))
}
