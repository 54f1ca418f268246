//! Vorbis comments, the tag of FLAC and Ogg: what of them must stay, written anew with an empty vendor.

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::names::audio;
use crate::policy::Token;

/// The comments of a block: the vendor and the `KEY=value` pairs that could be read.
pub struct Comments {
    /// The program that wrote the file.
    pub vendor: String,
    /// In the order of the file; the key as written.
    pub fields: Vec<(String, Vec<u8>)>,
    /// How many bytes of the block they took.
    pub len: usize,
}

/// Reads a comment block: vendor, count, fields, all with 32-bit little-endian lengths. What runs past the end is left out.
pub fn read(block: &[u8]) -> Option<Comments> {
    let mut at = 0;
    let vendor = String::from_utf8_lossy(take(block, &mut at)?).into_owned();
    let count = u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?);
    at += 4;
    let mut fields = Vec::new();
    for _ in 0..count {
        let Some(field) = take(block, &mut at) else { break };
        let eq = field.iter().position(|b| *b == b'=').unwrap_or(field.len());
        let value = field.get(eq + 1..).unwrap_or_default().to_vec();
        fields.push((String::from_utf8_lossy(&field[..eq]).into_owned(), value));
    }
    Some(Comments { vendor, fields, len: at })
}

/// The bytes behind a 32-bit length at `at`, which moves past them.
fn take<'a>(block: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let start = at.checked_add(4)?;
    let n = u32::from_le_bytes(block.get(*at..start)?.try_into().ok()?) as usize;
    let bytes = block.get(start..start.checked_add(n)?)?;
    *at = start + n;
    Some(bytes)
}

/// A block with an empty vendor and these fields.
pub fn write(fields: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend((fields.len() as u32).to_le_bytes());
    for (key, value) in fields {
        out.extend(((key.len() + 1 + value.len()) as u32).to_le_bytes());
        out.extend(key.as_bytes());
        out.push(b'=');
        out.extend(value);
    }
    out
}

/// Parts the fields into those that stay, in their canonical form, and findings for the rest. Pictures are not judged here:
/// they go unless the caller puts them back.
pub fn sift(job: &Job, comments: &Comments) -> (Vec<(String, Vec<u8>)>, Vec<Finding>) {
    let (mut kept, mut found) = (Vec::new(), Vec::new());
    if !comments.vendor.is_empty() {
        found.push(Finding::removed("Vorbis comment", "vendor", Tells::Software).value(comments.vendor.clone()));
    }
    for (key, value) in &comments.fields {
        match canonical(job, &key.to_ascii_uppercase(), value) {
            Some(field) => {
                if field.0 != *key || field.1 != *value {
                    found.push(Finding::rewritten("Vorbis comment", key.clone(), Tells::Rendering));
                }
                kept.push(field);
            }
            None if key.eq_ignore_ascii_case("METADATA_BLOCK_PICTURE") || key.eq_ignore_ascii_case("COVERART") => {
                found.push(Finding::removed("Vorbis comment", "attached picture", Tells::Preview).bytes(value.len() as u64));
            }
            None => found.push(audio::comment("Vorbis comment", key, &String::from_utf8_lossy(value))),
        }
    }
    (kept, found)
}

/// The field as it stays, if it does: only values that are what their key says.
fn canonical(job: &Job, key: &str, value: &[u8]) -> Option<(String, Vec<u8>)> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let stays = match key {
        "REPLAYGAIN_TRACK_GAIN"
        | "REPLAYGAIN_ALBUM_GAIN"
        | "REPLAYGAIN_TRACK_PEAK"
        | "REPLAYGAIN_ALBUM_PEAK"
        | "REPLAYGAIN_REFERENCE_LOUDNESS" => job.keeps(Token::Replaygain) && is_decibel(text),
        "R128_TRACK_GAIN" | "R128_ALBUM_GAIN" => job.keeps(Token::Replaygain) && text.parse::<i16>().is_ok(),
        "WAVEFORMATEXTENSIBLE_CHANNEL_MASK" => text
            .strip_prefix("0x")
            .is_some_and(|hex| !hex.is_empty() && hex.len() <= 8 && hex.bytes().all(|b| b.is_ascii_hexdigit())),
        _ if is_chapter_time(key) => job.keeps(Token::Chapters) && is_clock(text),
        _ if is_chapter_name(key) => job.keeps(Token::Chapters) && !job.policy().is_strict(),
        _ => false,
    };
    stays.then(|| (key.to_owned(), text.as_bytes().to_vec()))
}

fn is_decibel(text: &str) -> bool {
    let number = text.trim_end_matches("dB").trim_end_matches("DB").trim();
    text.len() <= 24 && number.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_chapter_time(key: &str) -> bool {
    key.len() == 10 && key.starts_with("CHAPTER") && key[7..].bytes().all(|b| b.is_ascii_digit())
}

fn is_chapter_name(key: &str) -> bool {
    key.len() == 14 && key.ends_with("NAME") && is_chapter_time(&key[..10])
}

fn is_clock(text: &str) -> bool {
    (5..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.')
}
