//! Named values: a cover picture and loudness may stay, and the shape of pixels; everything else goes and is told.

use super::Film;
use crate::blocks::flac_picture;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::asf::{self, Attribute, Guid, Rest, guid};
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

const CONTENT: Guid = guid(0x75b22633_668e_11cf_a6d9_00aa0062ce6c);
const CODECS: Guid = guid(0x86d15240_311d_11d0_a3a4_00a0c90348f6);
const SCRIPT: Guid = guid(0x1efb1a30_0b62_11d0_a39b_00a0c90348f6);
const BRANDING: Guid = guid(0x2211b3fa_bd23_11d2_b4b7_00a0c955fc6e);
const SIGNATURE: Guid = guid(0x2211b3fc_bd23_11d2_b4b7_00a0c955fc6e);
const PADDING: Guid = guid(0x1806d474_cadf_4509_a4ba_9aabcb96aae8);
const XMP: Guid = guid(0xbe7acfcb_97a9_42e8_9c71_999491e3afac);
const TIME_CODES: Guid = guid(0x3cb73fd0_0c4a_4803_953d_edf7b6228f0c);
const TIME_CODE_PARAMETERS: Guid = guid(0xf55e496d_9797_4b5d_8c8b_604dfe9bfb24);

/// Types of values.
const TEXT: u16 = 0;
const BYTES: u16 = 1;

/// Whether an object is one of those that must not be there.
pub(super) fn tells(id: &[u8]) -> bool {
    [CONTENT, CODECS, SCRIPT, BRANDING, SIGNATURE, PADDING, XMP].iter().any(|g| g[..] == *id)
}

/// What an object that goes tells.
pub(super) fn describe(id: &Guid, body: &[u8]) -> Vec<Finding> {
    let all = match *id {
        CONTENT => content(body),
        CODECS => codecs(body),
        SCRIPT => vec![Finding::removed("ASF", "script commands and addresses", Tells::Text)],
        BRANDING => vec![Finding::removed("ASF", "banner and its addresses", Tells::Text)],
        SIGNATURE => vec![Finding::removed("ASF", "digital signature", Tells::Who)],
        PADDING => vec![Finding::removed("ASF", "unused space", Tells::Hidden)],
        XMP => crate::names::xmp::describe("XMP", body),
        TIME_CODES | TIME_CODE_PARAMETERS => vec![Finding::removed("ASF", "index of time codes", Tells::When)],
        _ => Vec::new(),
    };
    if all.is_empty() { vec![Finding::removed("ASF", "object of an unknown kind", Tells::Unknown)] } else { all }
}

/// [3.10]
fn content(body: &[u8]) -> Vec<Finding> {
    const LABELS: [(&str, Tells); 5] = [
        ("title", Tells::Text),
        ("author", Tells::Who),
        ("copyright", Tells::Who),
        ("description", Tells::Text),
        ("rating", Tells::Text),
    ];
    let mut rest = Rest(body);
    let lengths: Vec<u16> = (0..5).map_while(|_| rest.u16()).collect();
    let texts = lengths.into_iter().map_while(|n| Some(asf::text(rest.take(usize::from(n))?)));
    let told = LABELS.iter().zip(texts).filter(|(_, text)| !text.is_empty());
    let out: Vec<Finding> = told.map(|((label, tells), text)| Finding::removed("ASF", *label, *tells).value(text)).collect();
    if out.is_empty() { vec![Finding::removed("ASF", "empty title, author and description", Tells::Text)] } else { out }
}

/// [3.5]
fn codecs(body: &[u8]) -> Vec<Finding> {
    let mut rest = Rest(body);
    rest.take(16);
    let count = rest.u32().unwrap_or(0);
    let name = |rest: &mut Rest| {
        rest.take(2)?;
        let letters = usize::from(rest.u16()?);
        let name = asf::text(rest.take(letters * 2)?);
        let letters = usize::from(rest.u16()?);
        let more = asf::text(rest.take(letters * 2)?);
        let bytes = usize::from(rest.u16()?);
        rest.take(bytes)?;
        Some(format!("{name} {more}").trim().to_owned())
    };
    let names = (0..count.min(16)).map_while(|_| name(&mut rest)).filter(|n| !n.is_empty());
    let out: Vec<Finding> = names.map(|n| Finding::removed("ASF", "codec name", Tells::Software).value(n)).collect();
    if out.is_empty() { vec![Finding::removed("ASF", "list of codecs", Tells::Software)] } else { out }
}

/// What a named value that goes tells.
fn found(attribute: &Attribute) -> Finding {
    let (label, tells) = match attribute.name.as_str() {
        "WM/EncodingSettings" | "WM/ToolName" | "WM/ToolVersion" | "WMFSDKVersion" | "WMFSDKNeeded" => {
            ("software", Tells::Software)
        }
        "WM/EncodingTime" | "WM/Year" | "WM/OriginalReleaseTime" | "WM/OriginalReleaseYear" => ("date", Tells::When),
        "Author" | "WM/AlbumArtist" | "WM/Composer" | "WM/Director" | "WM/Producer" | "WM/EncodedBy" => ("person", Tells::Who),
        "Copyright" | "WM/Publisher" | "WM/ContentDistributor" => ("rights", Tells::Who),
        "WM/Picture" => ("attached picture", Tells::Preview),
        "WM/Lyrics" => ("lyrics", Tells::Text),
        name if name.contains("UniqueFileIdentifier") || name.contains("ID") => ("identifier", Tells::Identifier),
        name if name.contains("GPS") || name.contains("Location") => ("place", Tells::Where),
        name if name.contains("Device") || name.contains("Camera") => ("device", Tells::Device),
        _ => ("tag", Tells::Text),
    };
    let value = if attribute.kind == TEXT { asf::text(&attribute.value) } else { String::new() };
    let shown = if label == "tag" || value.is_empty() { format!("{}: {value}", attribute.name) } else { value };
    Finding::removed("ASF", label, tells).value(shown).bytes(attribute.value.len() as u64)
}

impl Film<'_, '_> {
    /// The values that stay, written anew, and findings for the others.
    pub(super) fn attributes(&mut self, body: &[u8], scoped: bool) -> Result<(Option<Vec<u8>>, Vec<Finding>)> {
        let (mut kept, mut told) = (Vec::new(), Vec::new());
        for attribute in asf::attributes(body, scoped) {
            let stays = match attribute.name.as_str() {
                "WM/Picture" if attribute.kind == BYTES => self.cover(&attribute)?,
                // [7] The shape of pixels, and whether sound has one bitrate: players go by them.
                "AspectRatioX" | "AspectRatioY" | "IsVBR" | "DeviceConformanceTemplate2" if attribute.value.len() <= 4 => {
                    Some(Attribute { ..attribute.clone() })
                }
                name if name.to_ascii_lowercase().starts_with("replaygain_") && self.job.keeps(Token::Replaygain) => {
                    loudness(&attribute)
                }
                _ => None,
            };
            if stays.as_ref() != Some(&attribute) {
                told.push(found(&attribute));
            }
            kept.extend(stays);
        }
        if told.is_empty() {
            told.push(Finding::removed("ASF", "unused bytes or an empty list of tags", Tells::Hidden));
        }
        Ok((asf::compose(&kept, scoped), told))
    }

    /// The kind, the length of the picture, its type, a description, the picture.
    fn cover(&mut self, attribute: &Attribute) -> Result<Option<Attribute>> {
        if !self.job.keeps(Token::CoverArt) {
            return Ok(None);
        }
        let mut rest = Rest(&attribute.value);
        let (Some(kind), Some(size)) = (rest.take(1), rest.u32()) else { return Ok(None) };
        for _ in 0..2 {
            while rest.u16().is_some_and(|u| u != 0) {}
        }
        let Some(picture) = rest.take(size as usize) else { return Ok(None) };
        let cleaned = match self.job.member("cover art", &Memory::shared(picture))? {
            Member::Unknown(_) => return Ok(None),
            Member::Same(cleaned) | Member::Changed(cleaned) => cleaned,
        };
        let Some(mime) = flac_picture::mime(cleaned.format().name) else { return Ok(None) };
        self.draft.adopt("cover art", &cleaned);
        let bytes = cleaned.bytes();
        let picture = bytes.bytes(bytes.span(), self.job.limits().block)?;
        self.draft.note(Finding::kept("ASF", "cover art", Tells::Rendering, "it is cleaned by itself (--drop cover-art)"));
        let kind = if kind[0] > 20 { 0 } else { kind[0] };
        let value = [&[kind][..], &(picture.len() as u32).to_le_bytes(), &asf::utf16(mime), &[0, 0], &picture].concat();
        Ok(Some(Attribute { value, ..attribute.clone() }))
    }
}

/// A loudness that is a number with its unit, and nothing else.
fn loudness(attribute: &Attribute) -> Option<Attribute> {
    let text = asf::text(&attribute.value);
    let number = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim();
    let good = attribute.kind == TEXT && number.len() < 20 && number.parse::<f64>().is_ok_and(f64::is_finite);
    let name = attribute.name.to_ascii_lowercase();
    let known = ["track_gain", "track_peak", "album_gain", "album_peak"].contains(&name.strip_prefix("replaygain_")?);
    let unit = if name.ends_with("peak") { "" } else { " dB" };
    (good && known).then(|| Attribute { name, value: asf::utf16(&format!("{number}{unit}")), ..attribute.clone() })
}
