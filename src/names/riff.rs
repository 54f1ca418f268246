//! What chunks of AVI films that go tell: tags of `INFO` lists, dates, what cameras and editors write for themselves.

use crate::finding::{Finding, Tells};
use crate::names::values::{found, is_readable, text};
use crate::names::{audio, xmp};

/// What a chunk tells; never nothing.
pub fn describe(place: &'static str, id: &[u8; 4], bytes: &[u8]) -> Vec<Finding> {
    let (label, tells) = match id {
        b"LIST" if bytes.starts_with(b"INFO") => return information(place, bytes),
        b"_PMX" => return or(xmp::describe("XMP", bytes), place, "XMP"),
        b"id3 " | b"ID3 " => return or(audio::id3v2(bytes), place, "ID3 tag"),
        b"LIST" => ("list of a camera or an editor", Tells::Device),
        b"IDIT" | b"ICRD" => ("date of recording", Tells::When),
        b"ISFT" => ("software", Tells::Software),
        b"ISMP" | b"tcdl" => ("time code", Tells::When),
        b"strn" => ("track name", Tells::Text),
        b"strd" => ("data of the camera", Tells::Device),
        b"GPS " | b"gps0" | b"GPS0" | b"gsen" => ("positions", Tells::Where),
        b"C2PA" => ("content credentials", Tells::Who),
        b"JUNK" | b"JUNQ" | b"FLLR" | b"PAD " => ("unused space", Tells::Hidden),
        _ => ("private chunk", Tells::Unknown),
    };
    let label = match id {
        b"LIST" => format!("{label} ({})", word(bytes)),
        _ if label == "private chunk" => format!("{label} ({})", word(id)),
        _ => label.to_owned(),
    };
    vec![found(place, label, tells, words(bytes)).bytes(bytes.len() as u64)]
}

fn or(list: Vec<Finding>, place: &'static str, label: &'static str) -> Vec<Finding> {
    if list.is_empty() { vec![Finding::removed(place, label, Tells::Text)] } else { list }
}

fn word(bytes: &[u8]) -> String {
    bytes.iter().take(4).map(|b| if b.is_ascii_graphic() { char::from(*b) } else { ' ' }).collect::<String>().trim().to_owned()
}

/// The first pieces that a person could read, of four letters or more.
fn words(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(8 << 10)];
    let pieces = bytes.split(|b| !(0x20..0x7f).contains(b)).filter(|p| p.len() >= 4 && p.iter().any(u8::is_ascii_alphanumeric));
    pieces.take(8).map(text).filter(|t| is_readable(t)).collect::<Vec<_>>().join(" / ")
}

/// The tags of an `INFO` list. [Multimedia Programming Interface and Data Specifications 1.0, chapter 2]
fn information(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let (mut out, mut at) = (Vec::new(), 4usize);
    while let Some(head) = bytes.get(at..at + 8).filter(|_| out.len() < 100) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let (label, tells) = match &head[..4] {
            b"IART" => ("artist", Tells::Who),
            b"ICMT" => ("comment", Tells::Text),
            b"ICOP" => ("copyright", Tells::Who),
            b"ICRD" | b"IDIT" => ("date of recording", Tells::When),
            b"IENG" | b"ITCH" => ("engineer", Tells::Who),
            b"ISFT" => ("software", Tells::Software),
            b"INAM" => ("title", Tells::Text),
            b"ISRC" | b"ICMS" | b"ISTR" | b"IPRO" => ("source", Tells::Who),
            b"ILOC" | b"IARL" | b"ICNT" => ("place", Tells::Where),
            _ => ("information", Tells::Text),
        };
        let start = (at + 8).min(bytes.len());
        let end = start.saturating_add(size).min(bytes.len());
        out.push(found(place, label, tells, text(&bytes[start..end])));
        at = start.saturating_add(size).saturating_add(size % 2);
    }
    or(out, place, "empty list of tags")
}
