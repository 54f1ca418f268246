//! What of ID3v2 tags stays: cover art (cleaned), loudness values, chapters, gapless data, the language of the sound.
//! Each frame is taken apart and written anew with empty descriptions.

use crate::blocks::flac_picture;
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::id3::{self, Frame};
use crate::plan::Draft;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

/// The frames that stay out of all frames of a file, and findings for what changed inside them. `gapless` is whether the
/// gapless data of iTunes is needed, which it is where no information frame carries it.
///
/// # Errors
/// Refusals of a cover picture.
pub fn sift(job: &Job, draft: &mut Draft, frames: &[Frame], gapless: bool) -> Result<Vec<Frame>> {
    let mut kept: Vec<Frame> = Vec::new();
    for frame in frames {
        let stays = match &frame.id {
            b"APIC" if job.keeps(Token::CoverArt) => cover(job, draft, frame)?,
            b"TXXX" | b"COMM" => value(job, frame, gapless),
            b"TLAN" if job.keeps(Token::Language) => language(frame),
            b"CHAP" | b"CTOC" if job.keeps(Token::Chapters) => chapter(job, frame),
            _ => None,
        };
        // Twice the same is once.
        kept.extend(stays.filter(|f| !kept.contains(f)));
    }
    Ok(kept)
}

fn cover(job: &Job, draft: &mut Draft, frame: &Frame) -> Result<Option<Frame>> {
    let Some((kind, data)) = id3::picture(frame) else { return Ok(None) };
    let cleaned = match job.member("cover art", &Memory::shared(data))? {
        Member::Unknown(_) => return Ok(None),
        Member::Same(cleaned) | Member::Changed(cleaned) => cleaned,
    };
    let Some(mime) = flac_picture::mime(cleaned.format().name) else { return Ok(None) };
    draft.adopt("cover art", &cleaned);
    let bytes = cleaned.bytes();
    let picture = bytes.bytes(bytes.span(), job.limits().block)?;
    let data = [&[0][..], mime.as_bytes(), &[0, kind, 0], &picture].concat();
    draft.note(Finding::kept("ID3v2", "cover art", Tells::Rendering, "it is cleaned by itself (--drop cover-art)"));
    Ok(Some(Frame { id: *b"APIC", data }))
}

/// `TXXX` and `COMM` with known descriptions and values that are what they should be.
fn value(job: &Job, frame: &Frame, gapless: bool) -> Option<Frame> {
    let (encoding, rest) = frame.data.split_first()?;
    let rest = if &frame.id == b"COMM" { rest.get(3..)? } else { rest };
    let (key, value) = id3::described(*encoding, rest);
    let (key, value) = (key.trim_start_matches('\u{feff}'), value.trim().trim_start_matches('\u{feff}'));
    let upper = key.to_ascii_uppercase();
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim();
    if &frame.id == b"TXXX" && upper.starts_with("REPLAYGAIN_") && job.keeps(Token::Replaygain) {
        let known = ["TRACK_GAIN", "TRACK_PEAK", "ALBUM_GAIN", "ALBUM_PEAK", "REFERENCE_LOUDNESS"];
        let good = known.contains(&&upper[11..]) && number.len() < 20 && number.parse::<f64>().is_ok_and(f64::is_finite);
        let unit = if upper.ends_with("PEAK") { "" } else { " dB" };
        return good.then(|| Frame { id: *b"TXXX", data: format!("\0{}\0{number}{unit}", upper.to_lowercase()).into_bytes() });
    }
    if key == "iTunSMPB" && gapless {
        let fields: Vec<&str> = value.split_whitespace().collect();
        let hex = |f: &&str| matches!(f.len(), 8 | 16) && f.bytes().all(|b| b.is_ascii_hexdigit());
        let good = (4..=12).contains(&fields.len()) && fields.iter().all(hex);
        return good.then(|| Frame { id: *b"COMM", data: format!("\0eng{key}\0 {}", fields.join(" ")).into_bytes() });
    }
    None
}

fn language(frame: &Frame) -> Option<Frame> {
    let text = id3::text(frame).to_ascii_lowercase();
    let good = text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    good.then(|| Frame { id: *b"TLAN", data: format!("\0{text}").into_bytes() })
}

/// A chapter or a table of them; of its sub-frames only the title. [id3v2-chapters 3]
fn chapter(job: &Job, frame: &Frame) -> Option<Frame> {
    let end = frame.data.iter().position(|b| *b == 0)? + 1;
    let fixed = if &frame.id == b"CHAP" {
        16
    } else {
        let count = usize::from(*frame.data.get(end + 1)?);
        let mut at = end + 2;
        for _ in 0..count {
            at += frame.data.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
        at - end
    };
    let id = &frame.data[..end];
    // Elements are told apart by a name that programs choose; only plain ones are passed on.
    if end > 32 || !id[..end - 1].iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let mut data = frame.data.get(..end + fixed)?.to_vec();
    let inner = [b"ID3\x03\0\0\0\0\0\0", frame.data.get(end + fixed..)?].concat();
    if !job.policy().is_strict()
        && let Some(title) = id3::frames(&inner).into_iter().find(|f| &f.id == b"TIT2" && f.data.len() < 128)
    {
        data.extend(*b"TIT2");
        data.extend((title.data.len() as u32).to_be_bytes());
        data.extend([0, 0]);
        data.extend(title.data);
    }
    Some(Frame { id: frame.id, data })
}
