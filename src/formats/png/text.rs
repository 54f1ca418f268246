//! What the chunks that go tell: keywords and texts, the blocks that some programs write as hexadecimal text, and names for
//! the private chunks that are known. Nothing here decides.

use crate::finding::{Finding, Tells};
use crate::grammar::png::Chunk;
use crate::names;

use super::data::Budget;

/// The longest text that is unpacked for the report.
const LONGEST: usize = 16 << 20;
/// How many bytes of a text go into the report.
const SHOWN: usize = 4000;

/// A text chunk. [PNG 11.3.3]
pub(super) struct Text {
    keyword: String,
    value: Vec<u8>,
    utf8: bool,
}

impl Text {
    /// Takes it apart; `None` where it is broken.
    pub(super) fn read(kind: &[u8; 4], data: &[u8], budget: &mut Budget) -> Option<Text> {
        let (keyword, rest) = split(data)?;
        let (packed, value) = match kind {
            b"tEXt" => (false, rest),
            b"zTXt" => (true, rest.get(1..)?),
            _ => {
                let (_, after) = split(rest.get(2..)?)?;
                let (_, value) = split(after)?;
                (rest[0] == 1, value)
            }
        };
        let value = if packed { budget.inflate(value, LONGEST)? } else { value.to_vec() };
        Some(Text { keyword: latin1(keyword), value, utf8: kind == b"iTXt" })
    }

    /// What it says, as findings.
    pub(super) fn findings(&self, place: &str) -> Vec<Finding> {
        if self.keyword == "XML:com.adobe.xmp" {
            return names::xmp::describe("XMP", &self.value);
        }
        if let Some((kind, bytes)) = self.raw_profile() {
            return match kind {
                "exif" | "APP1" if bytes.starts_with(b"http") => names::xmp::describe("XMP", &bytes),
                "exif" | "APP1" => names::exif::describe("Exif", super::tiff(&bytes)),
                "xmp" => names::xmp::describe("XMP", &bytes),
                "iptc" | "8bim" => names::iptc::describe("IPTC", &bytes),
                _ => vec![self.finding(place)],
            };
        }
        vec![self.finding(place)]
    }

    fn finding(&self, place: &str) -> Finding {
        let value = &self.value[..self.value.len().min(SHOWN)];
        let value = if self.utf8 { String::from_utf8_lossy(value).into_owned() } else { latin1(value) };
        let (tells, name) = tells(&self.keyword);
        let label = match name {
            Some(name) => format!("{name} ({})", self.keyword),
            None => self.keyword.clone(),
        };
        Finding::removed(place.to_owned(), label, tells).value(value)
    }

    /// The Exif in it, if it is a profile that holds some.
    pub(super) fn exif(&self) -> Option<Vec<u8>> {
        let (kind, bytes) = self.raw_profile()?;
        (matches!(kind, "exif" | "APP1") && !bytes.starts_with(b"http")).then(|| super::tiff(&bytes).to_vec())
    }

    /// A block as ImageMagick writes it: a line with its name, one with its length, then hexadecimal digits.
    fn raw_profile(&self) -> Option<(&str, Vec<u8>)> {
        let kind = self.keyword.strip_prefix("Raw profile type ")?;
        let text = std::str::from_utf8(&self.value).ok()?.trim_start();
        let (_, rest) = text.split_once('\n')?;
        let (length, digits) = rest.trim_start().split_once('\n')?;
        let length: usize = length.trim().parse().ok()?;
        let digits: Vec<u8> = digits.bytes().filter_map(|b| (b as char).to_digit(16)).map(|d| d as u8).collect();
        let bytes = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).take(length).collect();
        Some((kind, bytes))
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = bytes.iter().position(|b| *b == 0)?;
    Some((&bytes[..zero], &bytes[zero + 1..]))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// What a keyword is about, and a plainer name for it.
fn tells(keyword: &str) -> (Tells, Option<&'static str>) {
    match keyword {
        "Author" | "Artist" | "Copyright" | "author" => (Tells::Who, None),
        "Software" | "software" | "Source" => (Tells::Software, None),
        "Creation Time" | "create-date" | "modify-date" | "date:create" | "date:modify" | "date:timestamp" => (Tells::When, None),
        "parameters" | "prompt" | "workflow" | "Dream" | "sd-metadata" | "generation_data" | "invokeai_metadata" => {
            (Tells::Text, Some("image-generator prompt"))
        }
        "mxfile" | "mxGraphModel" | "excalidraw" | "application/vnd.excalidraw+json" | "tldraw" => {
            (Tells::Hidden, Some("embedded source document"))
        }
        "Thumb::URI" | "Thumb::Document::Path" => (Tells::History, Some("path of the original")),
        "Thumb::MTime" => (Tells::When, Some("time of the original")),
        "LigoGPS" | "GPS" | "geo" => (Tells::Where, None),
        "Make" | "Model" | "Device" => (Tells::Device, None),
        k if k.starts_with("exif:GPS") => (Tells::Where, None),
        k if k.starts_with("exif:") && k.contains("Date") => (Tells::When, None),
        _ => (Tells::Text, None),
    }
}

/// What is known of the other chunks.
const KNOWN: &[(&[u8; 4], &str, Tells)] = &[
    (b"dSIG", "digital signature", Tells::Identifier),
    (b"caBX", "content credentials (C2PA)", Tells::History),
    (b"seAl", "content seal (SEAL)", Tells::Identifier),
    (b"iDOT", "Apple decoding hint", Tells::Software),
    (b"acMP", "private data (acMP)", Tells::Unknown),
    (b"CLIP", "Clip Studio data", Tells::History),
    (b"tXMP", "XMP", Tells::History),
    (b"meTa", "program metadata", Tells::History),
    (b"cpIp", "camera data (cpIp)", Tells::Device),
    (b"mkBF", "Fireworks layers and history", Tells::History),
    (b"mkTS", "Fireworks layers and history", Tells::History),
    (b"mkBS", "Fireworks layers and history", Tells::History),
    (b"mkBT", "Fireworks layers and history", Tells::History),
    (b"prVW", "Fireworks preview", Tells::Preview),
    (b"skMf", "drawing over the original (Skitch)", Tells::History),
    (b"skRf", "unedited original (Skitch)", Tells::Preview),
    (b"ilBX", "private data (ilBX)", Tells::Unknown),
    (b"npTc", "stretch marks for Android", Tells::Rendering),
    (b"gdAT", "HDR gain map", Tells::Rendering),
    (b"gmAP", "HDR gain map parameters", Tells::Rendering),
    (b"vpAg", "virtual page of an image program", Tells::Software),
    (b"caNv", "virtual page of an image program", Tells::Software),
    (b"oFFs", "position on a page", Tells::Unknown),
    (b"sCAL", "physical scale", Tells::Device),
    (b"pCAL", "measuring scale", Tells::Device),
    (b"pHYs", "resolution", Tells::Device),
    (b"sPLT", "suggested palette", Tells::Text),
    (b"hIST", "palette histogram", Tells::Rendering),
    (b"gIFg", "GIF control data", Tells::Unknown),
    (b"gIFx", "GIF application data", Tells::Unknown),
    (b"gIFt", "GIF text", Tells::Text),
    (b"sRGB", "colour space that the profile outranks", Tells::Rendering),
    (b"fdAT", "frame without a place in the animation", Tells::Hidden),
];

/// A finding for an ancillary chunk that goes; `head` holds the first bytes of its data.
pub(super) fn ancillary(chunk: &Chunk, head: &[u8]) -> Finding {
    let place = chunk.name();
    if let (b"tIME", [y1, y2, month, day, hour, minute, second]) = (&chunk.kind, head) {
        let year = u16::from_be_bytes([*y1, *y2]);
        let value = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        return Finding::removed(place, "time of the last change", Tells::When).value(value);
    }
    match KNOWN.iter().find(|(kind, ..)| **kind == chunk.kind) {
        Some((_, label, tells)) => Finding::removed(place, *label, *tells),
        None => {
            let label = format!("{place} chunk");
            Finding::removed(place, label, Tells::Unknown)
        }
    }
}
