//! Decoder configurations and colour: kept because nothing decodes without them, but not with what encoders sign them with.
//! The same boxes stand in the properties of a picture and in the sample descriptions of a track. [ISO/IEC 14496-15, 12.1.5]

use crate::blocks::icc;
use crate::finding::{Finding, Tells};
use crate::refusal::{Refusal, Result};

/// What becomes of the body of a configuration.
pub(super) enum Config {
    /// It stays as it is.
    Keep,
    /// It is written anew.
    Fresh(Vec<u8>, Finding),
    /// It goes.
    Drop(Finding),
}

/// Judges a configuration box by its type.
pub(super) fn config(place: &'static str, kind: [u8; 4], body: &[u8]) -> Result<Config> {
    match &kind {
        b"colr" => colour(place, body),
        b"hvcC" | b"lhvC" => Ok(hevc(place, &kind, body)),
        b"dfLa" => Ok(stream_info(place, body)),
        _ => Ok(Config::Keep),
    }
}

/// `nclx` and `nclc` are numbers; profiles are written anew. [14496-12 12.1.5.2]
fn colour(place: &'static str, body: &[u8]) -> Result<Config> {
    let slack = || Finding::removed(place, "bytes behind the colour description", Tells::Hidden);
    match body.get(..4) {
        Some(b"nclx") if body.len() > 11 => Ok(Config::Fresh(body[..11].to_vec(), slack())),
        Some(b"nclc") if body.len() > 10 => Ok(Config::Fresh(body[..10].to_vec(), slack())),
        Some(b"nclx" | b"nclc") => Ok(Config::Keep),
        Some(kind @ (b"prof" | b"rICC")) => {
            let found = |label| Finding::rewritten(place, label, Tells::Device).bytes(body.len() as u64);
            Ok(match icc::neutral(&body[4..])? {
                None => Config::Drop(Finding::removed(place, "unreadable colour profile", Tells::Unknown)),
                Some(clean) if clean == body[4..] => Config::Keep,
                Some(clean) => Config::Fresh([kind, &clean[..]].concat(), found("colour profile")),
            })
        }
        _ => Ok(Config::Drop(Finding::removed(place, "colour description of an unknown kind", Tells::Unknown))),
    }
}

/// Messages in an HEVC configuration that say how to show the picture: mastering display, light level, transfer. [H.265 D.2]
const SHOWING: &[u8] = &[137, 144, 147];

/// HEVC configurations hold parameter sets, and messages in which x265 writes its settings. [14496-15 8.3.3]
fn hevc(place: &'static str, kind: &[u8; 4], body: &[u8]) -> Config {
    without_messages(kind, body).map_or(Config::Keep, |fresh| match fresh == body {
        true => Config::Keep,
        false => Config::Fresh(fresh, Finding::removed(place, "encoder messages in the decoder configuration", Tells::Software)),
    })
}

/// The configuration without messages of other kinds; `None` where it cannot be read.
pub(in crate::formats) fn without_messages(kind: &[u8; 4], body: &[u8]) -> Option<Vec<u8>> {
    let fixed = if kind == b"hvcC" { 22 } else { 5 };
    let mut out = body.get(..fixed)?.to_vec();
    let (mut arrays, mut at) = (0u8, fixed + 1);
    out.push(0);
    for _ in 0..*body.get(fixed)? {
        let head = *body.get(at)?;
        let count = u16::from_be_bytes([*body.get(at + 1)?, *body.get(at + 2)?]);
        at += 3;
        let (mut units, mut kept) = (Vec::<u8>::new(), 0u16);
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
            let unit = body.get(at..at + 2 + length)?;
            at += 2 + length;
            let message = matches!(head & 0x3f, 39 | 40);
            if !message || unit.get(4).is_some_and(|t| SHOWING.contains(t)) {
                units.extend(unit);
                kept += 1;
            }
        }
        if kept > 0 || count == 0 {
            out.push(head);
            out.extend(kept.to_be_bytes());
            out.extend(units);
            arrays += 1;
        }
    }
    out[fixed] = arrays;
    // Layered configurations may go on after the arrays.
    if kind == b"lhvC" {
        out.extend(body.get(at..)?);
    }
    Some(out)
}

/// FLAC in MP4: the block of stream parameters, and nothing of tags and pictures. [FLAC in ISOBMFF 3.3.2]
fn stream_info(place: &'static str, body: &[u8]) -> Config {
    const BLOCK: usize = 4 + 4 + 34;
    match body.get(..BLOCK) {
        Some(info) if info[4] & 0x7f == 0 && (body.len() > BLOCK || info[4] != 0x80) => {
            let mut fresh = info.to_vec();
            fresh[4] = 0x80;
            Config::Fresh(fresh, Finding::removed(place, "FLAC metadata blocks", Tells::Software))
        }
        _ => Config::Keep,
    }
}

/// A refusal for samples that cannot be looked at.
pub(super) fn encrypted(at: u64) -> Refusal {
    Refusal::new(crate::refusal::Code::Drm, "the media is encrypted").at(at)
}
