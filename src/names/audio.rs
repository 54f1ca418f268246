//! What tags of sound files tell: ID3, APE and Vorbis comments.

use crate::finding::{Finding, Tells};
use crate::grammar::audio_tags::Kind;
use crate::grammar::{ape_tag, id3};

/// Findings for a whole ID3v2 tag.
pub fn id3v2(tag: &[u8]) -> Vec<Finding> {
    let mut out: Vec<Finding> = id3::frames(tag).iter().take(100).map(id3_frame).collect();
    if out.is_empty() {
        out.push(Finding::removed("ID3v2", "empty tag", Tells::Software));
    }
    out
}

/// What a frame is, with its identifier.
pub fn id3_label(frame: &id3::Frame) -> String {
    format!("{} ({})", meaning(frame).0, String::from_utf8_lossy(&frame.id).trim())
}

fn meaning(frame: &id3::Frame) -> (&'static str, Tells) {
    match &frame.id {
        b"TIT1" | b"TIT2" | b"TIT3" => ("title", Tells::Text),
        b"TPE1" | b"TPE2" | b"TPE3" | b"TPE4" => ("artist", Tells::Who),
        b"TCOM" | b"TEXT" | b"TOLY" | b"TOPE" => ("author", Tells::Who),
        b"TALB" | b"TOAL" => ("album", Tells::Text),
        b"TCON" => ("genre", Tells::Text),
        b"TRCK" | b"TPOS" => ("track number", Tells::Text),
        b"TYER" | b"TDAT" | b"TIME" | b"TDRC" | b"TDOR" | b"TORY" | b"TDRL" | b"TRDA" => ("date", Tells::When),
        b"TDTG" | b"TDEN" => ("time of tagging or encoding", Tells::When),
        b"TENC" => ("encoded by", Tells::Who),
        b"TSSE" => ("encoder settings", Tells::Software),
        b"TOWN" => ("owner", Tells::Who),
        b"OWNE" | b"COMR" => ("purchase record", Tells::Who),
        b"TCOP" | b"TPRO" => ("copyright", Tells::Who),
        b"TPUB" => ("publisher", Tells::Who),
        b"TSRC" | b"UFID" => ("recording identifier", Tells::Identifier),
        b"MCDI" => ("table of contents of the CD", Tells::Identifier),
        b"PRIV" => ("private data of a program or shop", Tells::Identifier),
        b"GEOB" => ("embedded object", Tells::Hidden),
        b"APIC" => ("attached picture", Tells::Preview),
        b"COMM" => ("comment", Tells::Text),
        b"USLT" | b"SYLT" => ("lyrics", Tells::Text),
        b"POPM" | b"PCNT" => ("play count and rating", Tells::History),
        b"TXXX" => ("user-defined text", Tells::Text),
        b"TLAN" => ("language", Tells::Text),
        b"RVA2" | b"XRVA" | b"RVAD" => ("loudness adjustment", Tells::Rendering),
        b"TFLT" | b"TMED" | b"TLEN" | b"TBPM" | b"TKEY" => ("technical field", Tells::Software),
        _ => ("frame", Tells::Unknown),
    }
}

/// A finding for a frame that goes.
pub fn id3_frame(frame: &id3::Frame) -> Finding {
    let found = Finding::removed("ID3v2", id3_label(frame), meaning(frame).1).bytes(frame.data.len() as u64);
    if matches!(frame.id[0], b'T' | b'W') || matches!(&frame.id, b"COMM" | b"USLT") {
        found.value(id3::text(frame))
    } else {
        found
    }
}

/// A finding for a tag behind the sound.
pub fn tag(kind: Kind, bytes: &[u8]) -> Vec<Finding> {
    let field = |from: usize, to: usize| {
        let part = bytes.get(from..to).unwrap_or_default();
        let text: String = part.iter().map(|b| char::from(*b)).collect();
        text.trim_matches(|c: char| c == '\0' || c == ' ').to_owned()
    };
    match kind {
        Kind::Id3v2 => id3v2(bytes),
        Kind::Id3v1 => {
            let fields = [
                ("title", 3, 33, Tells::Text),
                ("artist", 33, 63, Tells::Who),
                ("album", 63, 93, Tells::Text),
                ("comment", 97, 127, Tells::Text),
            ];
            let mut out = vec![Finding::removed("ID3v1", "tag", Tells::Text)];
            for (label, from, to, tells) in fields {
                let value = field(from, to);
                if !value.is_empty() {
                    out.push(Finding::removed("ID3v1", label, tells).value(value));
                }
            }
            out
        }
        Kind::Id3v1Extended => vec![Finding::removed("ID3v1", "extended tag", Tells::Text)],
        Kind::Ape => {
            let mut out = vec![Finding::removed("APE", "tag", Tells::Text)];
            for item in ape_tag::items(bytes).iter().take(100) {
                let value = match item.binary {
                    true => format!("{} bytes", item.value.len()),
                    false => String::from_utf8_lossy(&item.value).into_owned(),
                };
                out.push(comment("APE", &item.key, &value));
            }
            out
        }
        Kind::Lyrics3 => vec![Finding::removed("Lyrics3", "lyrics", Tells::Text)],
        Kind::Padding => vec![Finding::removed("padding", "padding of a tag", Tells::Software)],
    }
}

/// A finding for a field of a comment list (`ARTIST=…`).
pub fn comment(place: &'static str, key: &str, value: &str) -> Finding {
    let low = key.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| low.contains(w));
    let tells = if has(&[
        "artist",
        "composer",
        "performer",
        "author",
        "copyright",
        "publisher",
        "encoded",
        "contact",
        "organization",
        "license",
    ]) {
        Tells::Who
    } else if has(&["location", "geo", "latitude", "longitude"]) {
        Tells::Where
    } else if has(&["date", "year", "time"]) {
        Tells::When
    } else if has(&["isrc", "musicbrainz", "_id", "barcode", "catalog", "uuid", "discid", "accurip", "acoustid"]) {
        Tells::Identifier
    } else if has(&["encoder", "tool", "vendor", "ripp", "source"]) {
        Tells::Software
    } else {
        Tells::Text
    };
    Finding::removed(place, low, tells).value(value)
}
