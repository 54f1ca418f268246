//! What of ID3v2 tags stays: cover art (cleaned), loudness values, chapters, gapless data, the language of the sound.
//! Each frame is taken apart and written anew with empty descriptions.

use std::collections::HashMap;

use crate::blocks::{ape, flac_picture, loudness};
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::id3::{self, Frame};
use crate::names::audio;
use crate::plan::Draft;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

/// A tag that was read: its version and its frames.
pub struct Tag {
    /// 2, 3 or 4.
    pub major: u8,
    /// In the order of the tag.
    pub frames: Vec<Frame>,
}

impl Tag {
    /// Reads a whole tag, header included.
    pub fn read(bytes: &[u8]) -> Tag {
        Tag { major: bytes.get(3).copied().unwrap_or(4), frames: id3::frames(bytes) }
    }
}

/// What stays.
#[derive(Default)]
pub struct Kept {
    /// The frames as they are written.
    pub frames: Vec<Frame>,
    /// The frames that they were made of.
    from: Vec<Frame>,
}

impl Kept {
    /// Takes over what stays of APE tags, where no frame says it already.
    pub fn take_over(&mut self, ape: &ape::Kept) {
        for (key, value) in &ape.loudness {
            let frame = user_text(key, value);
            let end = key.len() + 2;
            if !self.frames.iter().any(|f| f.id == frame.id && f.data.get(..end) == frame.data.get(..end)) {
                self.frames.push(frame);
            }
        }
        if !self.frames.iter().any(|f| &f.id == b"APIC") {
            self.frames.extend(ape.pictures.iter().map(|(kind, mime, bytes)| picture(*kind, mime, bytes)));
        }
    }

    /// Findings for a tag: its frames but those that stay as they are. At least one, since the tag goes or changes.
    pub fn findings(&self, tag: &Tag) -> Vec<Finding> {
        let mut out = Vec::new();
        for frame in tag.frames.iter().take(100) {
            match self.from.contains(frame) {
                true if self.frames.contains(frame) => {}
                true => out.push(Finding::rewritten("ID3v2", audio::id3_label(frame), Tells::Text)),
                false => out.push(audio::id3_frame(frame)),
            }
        }
        if out.is_empty() {
            out.push(Finding::removed("ID3v2", "padding or flags of the tag", Tells::Hidden));
        }
        out
    }
}

/// The frames that stay out of all tags of a file, for a tag of version `major`. `gapless` is whether the gapless data of
/// iTunes is needed, which it is where no information frame carries it.
///
/// # Errors
/// Refusals of a cover picture.
pub fn sift(job: &Job, draft: &mut Draft, tags: &[Tag], major: u8, gapless: bool) -> Result<Kept> {
    let mut kept = Kept::default();
    let names = elements(tags);
    for (tag, frame) in tags.iter().flat_map(|t| t.frames.iter().map(move |f| (t, f))) {
        // Twice the same is once.
        if kept.from.contains(frame) {
            continue;
        }
        let stays = match &frame.id {
            b"APIC" if job.keeps(Token::CoverArt) => cover(job, draft, frame)?,
            b"TXXX" | b"COMM" => value(job, frame, gapless),
            b"RVA2" | b"XRVA" if job.keeps(Token::Replaygain) => {
                loudness::relative_volume(&frame.data).map(|data| Frame { id: frame.id, data })
            }
            b"TLAN" if job.keeps(Token::Language) => language(frame),
            b"CHAP" | b"CTOC" if job.keeps(Token::Chapters) => chapter(job, &names, frame, tag.major, major),
            _ => None,
        };
        if let Some(stays) = stays {
            kept.from.push(frame.clone());
            if !kept.frames.contains(&stays) {
                kept.frames.push(stays);
            }
        }
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
    draft.note(Finding::kept("ID3v2", "cover art", Tells::Rendering, "it is cleaned by itself (--drop cover-art)"));
    Ok(Some(self::picture(kind, mime, &picture)))
}

/// A loudness value as its frame.
pub fn user_text(key: &str, value: &str) -> Frame {
    Frame { id: *b"TXXX", data: format!("\0{}\0{value}", key.to_lowercase()).into_bytes() }
}

/// A picture as its frame, without a description. [id3v2.4.0-frames 4.14]
pub fn picture(kind: u8, mime: &str, picture: &[u8]) -> Frame {
    // There are 21 kinds; what is none of them is "other".
    let kind = if kind > 20 { 0 } else { kind };
    Frame { id: *b"APIC", data: [&[0][..], mime.as_bytes(), &[0, kind, 0], picture].concat() }
}

/// `TXXX` and `COMM` with known descriptions and values that are what they should be.
fn value(job: &Job, frame: &Frame, gapless: bool) -> Option<Frame> {
    let (encoding, rest) = frame.data.split_first()?;
    let rest = if &frame.id == b"COMM" { rest.get(3..)? } else { rest };
    let (key, value) = id3::described(*encoding, rest);
    let (key, value) = (key.trim_start_matches('\u{feff}'), value.trim().trim_start_matches('\u{feff}'));
    if &frame.id == b"TXXX" && job.keeps(Token::Replaygain) {
        let (key, value) = loudness::replaygain(key, value)?;
        return Some(user_text(&key, &value));
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

/// A chapter, or a table of chapters and of other tables. [id3v2-chapters 3.1, 3.2]
struct Element<'a> {
    name: &'a [u8],
    /// Of a chapter its times and byte offsets, of a table its flags.
    fixed: &'a [u8],
    /// Of a table what is in it, in order.
    children: Vec<&'a [u8]>,
    /// Sub-frames.
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    fn read(frame: &'a Frame) -> Option<Element<'a>> {
        let mut rest = &frame.data[..];
        let name = |rest: &mut &'a [u8]| {
            let end = rest.iter().position(|b| *b == 0)?;
            Some(rest.split_off(..=end)?.split_last()?.1)
        };
        let own = name(&mut rest)?;
        if &frame.id == b"CHAP" {
            return Some(Element { name: own, fixed: rest.split_off(..16)?, children: Vec::new(), rest });
        }
        let fixed = rest.split_off(..1)?;
        let count = *rest.split_off_first()?;
        let children = (0..count).map(|_| name(&mut rest)).collect::<Option<_>>()?;
        Some(Element { name: own, fixed, children, rest })
    }
}

/// Elements are told apart by names that programs choose; here they are counted, chapters and tables each on their own.
fn elements(tags: &[Tag]) -> HashMap<&[u8], String> {
    let mut names = HashMap::new();
    let (mut chapters, mut tables) = (0, 0);
    for frame in tags.iter().flat_map(|t| &t.frames).filter(|f| matches!(&f.id, b"CHAP" | b"CTOC")) {
        let Some(element) = Element::read(frame) else { continue };
        names.entry(element.name).or_insert_with(|| {
            let (word, count) = if &frame.id == b"CHAP" { ("ch", &mut chapters) } else { ("toc", &mut tables) };
            *count += 1;
            format!("{word}{count}")
        });
    }
    names
}

/// An element as it is written; of its sub-frames only the title. What a table names and nobody has is left out.
fn chapter(job: &Job, names: &HashMap<&[u8], String>, frame: &Frame, from: u8, to: u8) -> Option<Frame> {
    let element = Element::read(frame)?;
    let mut data = [names.get(element.name)?.as_bytes(), b"\0"].concat();
    if &frame.id == b"CHAP" {
        data.extend(element.fixed);
    } else {
        let children: Vec<&String> = element.children.iter().filter_map(|c| names.get(c)).collect();
        data.extend([element.fixed[0] & 3, children.len() as u8]);
        children.iter().for_each(|c| data.extend([c.as_bytes(), b"\0"].concat()));
    }
    if !job.policy().is_strict() {
        let inner = id3::inner(from, element.rest);
        data.extend(inner.iter().find(|f| &f.id == b"TIT2").and_then(|title| id3::compose(to, title)).unwrap_or_default());
    }
    Some(Frame { id: frame.id, data })
}
