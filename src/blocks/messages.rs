//! Messages inside coded pictures and video of H.264 and H.265. Encoders sign their work there, and cameras write where and
//! when a frame was taken. Such a message becomes filler of the same length, in place; every other unit of the sample stays
//! byte for byte. How samples are found is the containers' business. [H.264 7.3.2.3, D.1.6; H.265 7.3.5]

use memchr::memmem;

use crate::finding::{Finding, Tells};
use crate::plan::Draft;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Source, Span};

/// The longest message unit that is read.
const LONGEST: u64 = 64 << 10;
/// The most units of one sample.
const UNITS: usize = 4096;

/// x264 and x265 sign with these. [x264 encoder/set.c, x265 encoder.cpp]
const BANNERS: [[u8; 16]; 2] = [
    [0xdc, 0x45, 0xe9, 0xbd, 0xe6, 0xd9, 0x48, 0xb7, 0x96, 0x2c, 0xd8, 0x20, 0xd9, 0x23, 0xee, 0xef],
    [0x2c, 0xa2, 0xde, 0x09, 0xb5, 0x17, 0x47, 0xdb, 0xbb, 0x55, 0xa4, 0xfe, 0x7f, 0xc2, 0xfc, 0x4e],
];
/// AVCHD: date, place and settings of the camera.
const AVCHD: [u8; 16] = [0x17, 0xee, 0x8c, 0x60, 0xf8, 0x4d, 0x11, 0xd9, 0x8c, 0xd6, 0x08, 0x00, 0x20, 0x0c, 0x9a, 0x66];

/// Apple's encoder puts this in front of its first picture, with nothing behind it.
const APPLE: [u8; 16] = [0xb9, 0xed, 0xb9, 0x30, 0x5d, 0x21, 0x4b, 0x71, 0x83, 0x71, 0x71, 0x2c, 0x10, 0xa3, 0x14, 0xbb];

/// Message types. [H.264 D.1.1]
const FILLER: u8 = 3;
const UNREGISTERED: u8 = 5;

/// How samples are divided into units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Units {
    /// Bytes of a length.
    length: u8,
    /// HEVC; else AVC.
    hevc: bool,
}

impl Units {
    /// By the type and the body of a decoder configuration. [14496-15 5.3.3, 8.3.3]
    pub fn of(kind: [u8; 4], body: &[u8]) -> Option<Units> {
        let (hevc, place) = match &kind {
            b"avcC" => (false, 4),
            b"hvcC" => (true, 21),
            _ => return None,
        };
        body.get(place).map(|b| Units { length: (b & 3) + 1, hevc })
    }

    /// Whether a unit with this first byte holds messages, and where they begin.
    fn messages(self, first: u8) -> Option<usize> {
        match self.hevc {
            true => matches!(first >> 1 & 0x3f, 39 | 40).then_some(2),
            false => (first & 0x1f == 6).then_some(1),
        }
    }

    /// Whether a unit with this first byte is a piece of the picture. [H.264 table 7-1, H.265 table 7-1]
    fn is_picture(self, first: u8) -> bool {
        match self.hevc {
            true => first >> 1 & 0x3f < 32,
            false => matches!(first & 0x1f, 1..=5),
        }
    }
}

/// What was seen.
#[derive(Default)]
pub struct Seen {
    banner: Option<String>,
    camera: usize,
    unknown: usize,
    banners: usize,
    /// Units that could not be blanked.
    pub stuck: usize,
    spent: u64,
    /// Units of messages, and what they become.
    pub blank: Vec<(Span, Vec<u8>)>,
}

impl Seen {
    /// Counts work, which samples that lie over each other could make endless.
    fn spend(&mut self, bytes: u64) -> Result<()> {
        const MOST: u64 = 4 << 30;
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > MOST { Err(Refusal::limit("too many messages in the coded picture")) } else { Ok(()) }
    }

    /// Remembers what becomes of a unit of messages.
    fn judge(&mut self, unit: Span, bytes: &[u8], skip: usize, strip: bool) {
        match blanked(bytes, skip, strip, self) {
            Outcome::Stays => {}
            Outcome::Fresh(fresh) => self.blank.push((unit, fresh)),
            Outcome::Stuck => self.stuck += 1,
        }
    }

    /// What stays is told.
    pub fn tell_kept(&mut self, draft: &mut Draft, place: &'static str, strip: bool) {
        if let Some(banner) = self.banner.take().filter(|_| !strip) {
            let why = "it is part of the coded picture; --drop encoder-strings removes it";
            draft.note(Finding::kept(place, "encoder settings in the coded picture", Tells::Software, why).value(banner));
        }
    }

    /// Says what was found: what stays by a note, what becomes filler by findings for the caller, since the units themselves
    /// are the caller's to write.
    pub fn settle(&mut self, draft: &mut Draft, place: &'static str, strict: bool) -> Result<Vec<Finding>> {
        if self.stuck > 0 {
            let what = "private messages in the coded picture that cannot be blanked in place";
            if strict {
                return Err(Refusal::new(Code::NeedsResidual, what));
            }
            let why = "taking them out would change the lengths of samples";
            draft.note(Finding::kept(place, what, Tells::Unknown, why).value(format!("{} messages", self.stuck)));
        }
        let kinds = [
            (self.camera, "camera data in the coded picture (date, place, settings)", Tells::Where),
            (self.unknown, "private messages in the coded picture", Tells::Unknown),
            (self.banners, "encoder settings in the coded picture", Tells::Software),
        ];
        let told = kinds.into_iter().filter(|(n, ..)| *n > 0);
        Ok(told.map(|(n, label, tells)| Finding::blanked(place, label, tells).value(format!("{n} messages"))).collect())
    }
}

/// Looks at one sample, whose units have lengths in front.
pub fn look(source: &dyn Source, units: Units, sample: Span, strip: bool, seen: &mut Seen) -> Result<()> {
    let mut at = sample.start;
    for _ in 0..UNITS {
        let body = at + u64::from(units.length);
        if body >= sample.end || sample.end > source.len() {
            break;
        }
        let head = source::head(source, at, usize::from(units.length) + 1)?;
        let Some((first, length)) = head.split_last() else { break };
        let length = length.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let Some(unit) = Span::at(body, length).filter(|u| u.end <= sample.end) else { break };
        at = unit.end;
        seen.spend(64)?;
        if unit.len() < 3 || unit.len() > LONGEST {
            continue;
        }
        if let Some(skip) = units.messages(*first) {
            seen.spend(unit.len())?;
            seen.judge(unit, &source.bytes(unit, LONGEST)?, skip, strip);
        }
    }
    Ok(())
}

/// Looks at one sample, whose units have start codes in front; messages stand before the picture. [H.264 B.1, 7.4.1.2.3]
pub fn look_marked(source: &dyn Source, hevc: bool, sample: Span, strip: bool, seen: &mut Seen) -> Result<()> {
    const CODE: &[u8] = &[0, 0, 1];
    let units = Units { length: 0, hevc };
    let head = source::head(source, sample.start, sample.len().min(LONGEST) as usize)?;
    if !head.starts_with(CODE) && !head.starts_with(&[0, 0, 0, 1]) {
        return Ok(());
    }
    seen.spend(head.len() as u64)?;
    let mut codes = memmem::find_iter(&head, CODE).take(UNITS).peekable();
    while let Some(code) = codes.next() {
        let start = code + CODE.len();
        let end = codes.peek().copied().unwrap_or(head.len());
        let Some(first) = head.get(start).filter(|first| !units.is_picture(**first)) else { break };
        if codes.peek().is_none() && (head.len() as u64) < sample.len() {
            break;
        }
        let zeros = head[start..end].iter().rev().take_while(|b| **b == 0).count();
        let body = &head[start..end - zeros];
        if let Some(skip) = units.messages(*first).filter(|_| body.len() >= 3) {
            let at = sample.start + start as u64;
            seen.judge(Span::new(at, at + body.len() as u64), body, skip, strip);
        }
    }
    Ok(())
}

/// What becomes of a unit of messages.
enum Outcome {
    /// All of it may stay.
    Stays,
    /// It becomes this, of the same length.
    Fresh(Vec<u8>),
    /// Something in it should not stay and cannot be blanked in place.
    Stuck,
}

fn blanked(unit: &[u8], skip: usize, strip: bool, seen: &mut Seen) -> Outcome {
    let mut changed = false;
    match filled(unit, skip, strip, seen, &mut changed) {
        Some(fresh) => Outcome::Fresh(fresh),
        None if changed => Outcome::Stuck,
        None => Outcome::Stays,
    }
}

/// The unit with the messages that must not stay as filler; `None` where there are none, or it cannot be done in place.
fn filled(unit: &[u8], skip: usize, strip: bool, seen: &mut Seen, changed: &mut bool) -> Option<Vec<u8>> {
    let plain = unescaped(unit.get(skip..)?);
    let (mut out, mut at, mut others) = (Vec::new(), 0, false);
    // Where the filler is whose size may grow.
    let mut grows = None;
    while plain.len().saturating_sub(at) > 2 {
        let start = at;
        let kind = number(&plain, &mut at)?;
        let size = number(&plain, &mut at)?;
        let payload = plain.get(at..at.checked_add(size)?)?;
        at += size;
        if kind == usize::from(UNREGISTERED) && size >= 16 && goes(payload, strip, seen) {
            out.push(FILLER);
            grows = Some((out.len(), size));
            let mut left = size;
            while left >= 255 {
                out.push(255);
                left -= 255;
            }
            out.push(left as u8);
            out.resize(out.len() + size, 0xff);
            *changed = true;
        } else {
            out.extend(&plain[start..at]);
            others |= kind != usize::from(FILLER);
        }
    }
    out.extend(&plain[at..]);
    if !*changed {
        return None;
    }
    let mut fresh = [&unit[..skip], &escaped(&out)].concat();
    let missing = unit.len().checked_sub(fresh.len())?;
    if missing > 0 {
        let (place, size) = grows?;
        let more = size.checked_add(missing)?;
        if more / 255 == size / 255 {
            let last = place + size / 255;
            out[last] = (more % 255) as u8;
            let end = last + 1 + size;
            out.splice(end..end, std::iter::repeat_n(0xff, missing));
            fresh = [&unit[..skip], &escaped(&out)].concat();
        } else if !others {
            // Nothing else is in it: all of it becomes a filler unit. [H.264 7.3.2.7, H.265 7.3.2.8]
            fresh = if skip == 1 { vec![12] } else { vec![38 << 1, unit[1]] };
            fresh.resize(unit.len() - 1, 0xff);
            fresh.push(0x80);
        }
    }
    (fresh.len() == unit.len()).then_some(fresh)
}

/// Whether a message must go; says what it is.
fn goes(payload: &[u8], strip: bool, seen: &mut Seen) -> bool {
    if BANNERS.iter().any(|b| payload.starts_with(b)) || payload == APPLE {
        if payload == APPLE {
            seen.banner.get_or_insert_with(|| "Apple".to_owned());
        } else if seen.banner.is_none() {
            let text = String::from_utf8_lossy(&payload[16..payload.len().min(96)]).into_owned();
            seen.banner = Some(text.trim_matches('\0').to_owned());
        }
        seen.banners += usize::from(strip);
        return strip;
    }
    let camera = payload.starts_with(&AVCHD);
    seen.camera += usize::from(camera);
    seen.unknown += usize::from(!camera);
    true
}

/// A number as a run of 255 and a rest.
fn number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut n = 0;
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        n += usize::from(byte);
        if byte != 255 {
            return Some(n);
        }
    }
}

/// Without the bytes that keep start codes from forming. [H.264 7.4.1.1]
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for byte in bytes {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for byte in bytes {
        if zeros >= 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}
