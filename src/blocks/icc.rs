//! ICC profiles: colour stays, everything that names people, devices, programs and times goes. The profile is written anew
//! from what its tags say: a header with its free fields zero, the tags of an allow-list in a fixed order, of each only the
//! bytes its type gives a meaning to, and constant texts where texts are required. No number that a colour passes through is
//! changed. What the numbers themselves tell about a calibrated device is not hidden: [`is_personal`] says so. [ICC.1:2022]

mod elements;
mod known;

use crate::refusal::{Refusal, Result};

/// The largest profile that is looked at, in bytes.
pub const LARGEST: usize = 32 << 20;
/// Where the tag table begins. [7.2]
const HEADER: usize = 128;
/// More tags than any profile has; LittleCMS stops at 100.
const MOST_TAGS: usize = 1000;

/// The tags that may stay, in the order in which they are written. The second word: colours pass through it, so that a
/// profile in which it cannot be read is not the same profile without it. [9.2]
const KEPT: &[(&[u8; 4], bool)] = &[
    (b"wtpt", true),
    (b"bkpt", false),
    (b"chad", true),
    (b"rXYZ", true),
    (b"gXYZ", true),
    (b"bXYZ", true),
    (b"rTRC", true),
    (b"gTRC", true),
    (b"bTRC", true),
    (b"kTRC", true),
    (b"A2B0", true),
    (b"A2B1", true),
    (b"A2B2", true),
    (b"A2B3", true),
    (b"B2A0", true),
    (b"B2A1", true),
    (b"B2A2", true),
    (b"B2A3", true),
    (b"D2B0", true),
    (b"D2B1", true),
    (b"D2B2", true),
    (b"D2B3", true),
    (b"B2D0", true),
    (b"B2D1", true),
    (b"B2D2", true),
    (b"B2D3", true),
    (b"gamt", false),
    (b"cicp", true),
    (b"clrt", false),
    (b"clro", false),
    (b"clot", false),
    (b"ncl2", true),
    (b"lumi", false),
    (b"meas", false),
    (b"view", false),
    (b"tech", false),
    (b"chrm", false),
    (b"rig0", false),
    (b"rig2", false),
    (b"ciis", false),
];

/// The same profile with texts, dates and device fields neutral; equal to its input where they are already. `None` where
/// it is so broken that decoders ignore it.
///
/// # Errors
/// `Malformed` where it cannot be told what decoders would make of it.
pub fn neutral(profile: &[u8]) -> Result<Option<Vec<u8>>> {
    build(profile, None)
}

/// As [`neutral`], but the description and the copyright say what they said: for policies that keep them.
///
/// # Errors
/// As [`neutral`].
pub fn neutral_with_text(profile: &[u8]) -> Result<Option<Vec<u8>>> {
    let said = |sig: &[u8; 4]| tag(profile, sig).and_then(text).filter(|t| !t.is_empty());
    build(profile, Some((said(b"desc"), said(b"cprt"))))
}

/// Whether the numbers of this profile are those of one device: a calibrated display, printer or scanner, rather than a
/// colour space that many share. It is told by what calibration leaves behind, so ask before it is made neutral.
pub fn is_personal(profile: &[u8]) -> bool {
    let device = matches!(profile.get(12..16), Some(b"mntr" | b"prtr" | b"scnr"));
    let measured =
        [b"vcgt", b"mmod", b"ndin", b"targ", b"calt", b"devs", b"meta", b"MS00"].iter().any(|sig| tag(profile, sig).is_some());
    device && measured && known::name(profile).is_none()
}

/// The name of the colour space these numbers are, where many files share it: "sRGB", "Display P3".
pub fn name(profile: &[u8]) -> Option<&'static str> {
    known::name(profile)
}

/// Whether decoders would take it for a profile at all.
pub fn is_profile(profile: &[u8]) -> bool {
    profile.len() >= HEADER + 4 && profile[36..40] == *b"acsp"
}

/// The tags: signature, and data where it lies inside the profile.
pub fn tags(profile: &[u8]) -> impl Iterator<Item = ([u8; 4], Option<&[u8]>)> {
    let count = u32_at(profile, HEADER).unwrap_or(0) as usize;
    (0..count.min(MOST_TAGS)).map_while(move |i| {
        let entry = profile.get(HEADER + 4 + 12 * i..)?.get(..12)?;
        let at = u32_at(entry, 4)? as usize;
        let end = at.checked_add(u32_at(entry, 8)? as usize);
        Some(([entry[0], entry[1], entry[2], entry[3]], end.and_then(|end| profile.get(at..end))))
    })
}

/// The data of the first tag of that signature.
pub fn tag<'a>(profile: &'a [u8], sig: &[u8; 4]) -> Option<&'a [u8]> {
    tags(profile).find(|(s, _)| s == sig)?.1
}

/// The text of a tag that holds one, in its first language: `text`, `desc` or `mluc`. [10.15, 10.24; ICC.1:2001 6.5.17]
pub fn text(data: &[u8]) -> Option<String> {
    let ascii = |bytes: &[u8]| {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    match data.get(..4)? {
        b"text" => Some(ascii(data.get(8..)?)),
        b"desc" => {
            let count = u32_at(data, 8)? as usize;
            Some(ascii(data.get(12..)?.get(..count).or(data.get(12..))?))
        }
        b"mluc" => {
            let (len, at) = (u32_at(data, 20)? as usize, u32_at(data, 24)? as usize);
            let units = data.get(at..at.checked_add(len)?)?.chunks_exact(2).map(|u| u16::from_be_bytes([u[0], u[1]]));
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
            Some(text.trim_end_matches('\0').to_owned())
        }
        _ => None,
    }
}

fn build(profile: &[u8], texts: Option<(Option<String>, Option<String>)>) -> Result<Option<Vec<u8>>> {
    if profile.len() > LARGEST {
        return Err(Refusal::limit("the colour profile is larger than 32 MiB"));
    }
    if !is_profile(profile) {
        return Ok(None);
    }
    let count = u32_at(profile, HEADER).unwrap_or(0) as usize;
    if count > MOST_TAGS || HEADER + 4 + 12 * count > profile.len() {
        return Ok(None);
    }
    let (description, copyright) = texts.unwrap_or_default();
    let description = description.as_deref().unwrap_or_else(|| describe(profile));
    let modern = profile[8] >= 4;
    let mut parts = Parts::default();
    parts.add(b"desc", description_tag(modern, description))?;
    parts.add(b"cprt", copyright_tag(modern, copyright.as_deref().unwrap_or("-")))?;
    let mut unreadable = None;
    for (sig, colours) in KEPT {
        let Some((_, data)) = tags(profile).find(|(s, _)| s == *sig) else { continue };
        match data.and_then(elements::neutral) {
            Some(data) => parts.add(sig, data)?,
            None if *colours => unreadable = Some(sig),
            None => {}
        }
    }
    match unreadable {
        None => Ok(Some(parts.assemble(header(profile)))),
        // Without a whole way from device to connection space no decoder can use it, and none does.
        Some(_) if !parts.are_usable(&profile[16..20]) => Ok(None),
        Some(sig) => Err(Refusal::malformed(format!("the colour profile has a broken {} tag", sig.escape_ascii()), 0)
            .hint("convert the picture to sRGB, or drop its profile with --drop color")),
    }
}

/// The tags of the new profile. Equal data is written once and shared, as makers of profiles do for the three curves.
#[derive(Default)]
struct Parts {
    tags: Vec<([u8; 4], usize)>,
    data: Vec<Vec<u8>>,
    bytes: usize,
}

impl Parts {
    fn add(&mut self, sig: &[u8; 4], data: Vec<u8>) -> Result<()> {
        let shared = self.data.iter().position(|d| *d == data);
        self.tags.push((*sig, shared.unwrap_or(self.data.len())));
        if shared.is_none() {
            self.bytes += data.len();
            self.data.push(data);
        }
        if self.bytes > LARGEST {
            return Err(Refusal::limit("the colour profile unfolds to more than 32 MiB"));
        }
        Ok(())
    }

    /// Whether a decoder could use what is there: the curves and colorants of the model, or a table.
    fn are_usable(&self, space: &[u8]) -> bool {
        let has = |sig: &[u8; 4]| self.tags.iter().any(|(s, _)| s == sig);
        let model: &[&[u8; 4]] = match space {
            b"GRAY" => &[b"kTRC"],
            b"RGB " => &[b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"],
            _ => &[b"A2B0"],
        };
        model.iter().all(|sig| has(sig)) || [b"A2B0", b"A2B1", b"D2B0", b"D2B1", b"ncl2"].iter().any(|sig| has(sig))
    }

    /// Header, table and data, each part at a multiple of four. [7.3]
    fn assemble(&self, header: [u8; HEADER]) -> Vec<u8> {
        let mut at = HEADER + 4 + 12 * self.tags.len();
        let mut places = Vec::with_capacity(self.data.len());
        for data in &self.data {
            places.push(at);
            at += data.len().next_multiple_of(4);
        }
        let mut out = Vec::with_capacity(at);
        out.extend_from_slice(&header);
        out[..4].copy_from_slice(&word(at));
        out.extend_from_slice(&word(self.tags.len()));
        for (sig, data) in &self.tags {
            out.extend_from_slice(sig);
            out.extend_from_slice(&word(places[*data]));
            out.extend_from_slice(&word(self.data[*data].len()));
        }
        for data in &self.data {
            out.extend_from_slice(data);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }
}

/// The header with every free field zero. The size is written later, the identifier is "not computed". [7.2]
fn header(profile: &[u8]) -> [u8; HEADER] {
    let mut out = [0; HEADER];
    let mut keep = |from: usize, to: usize| out[from..to].copy_from_slice(&profile[from..to]);
    let spectral = profile[8] >= 5 && profile[100..104] != [0; 4];
    keep(8, if profile[8] >= 5 { 12 } else { 10 }); // version
    keep(12, 24); // class, colour space, connection space
    keep(36, 40); // acsp
    keep(66, 80); // intent, illuminant
    if spectral {
        keep(100, 124); // spectral connection space and its ranges [ICC.2:2023 7.2]
    }
    out[47] = profile[47] & 0b11; // embedded, not to be used alone
    out[63] = profile[63] & 0b1111; // reflective or transparent, glossy or matte, positive or negative, colour or not
    out
}

/// What stands in place of the description: the name of a space that many files share, else the kind of colours.
fn describe(profile: &[u8]) -> &'static str {
    known::name(profile).unwrap_or(match &profile[16..20] {
        b"RGB " => "Generic RGB",
        b"GRAY" => "Generic Gray",
        b"CMYK" => "Generic CMYK",
        b"Lab " => "Generic Lab",
        b"XYZ " => "Generic XYZ",
        _ => "Generic Color",
    })
}

fn description_tag(modern: bool, text: &str) -> Vec<u8> {
    if modern {
        return mluc(text);
    }
    // An ASCII text, then an empty one in Unicode and an empty one in a Macintosh script. [ICC.1:2001 6.5.17]
    let ascii = plain(text);
    let mut out = [b"desc\0\0\0\0", &word(ascii.len())[..], &ascii].concat();
    out.resize(out.len() + 8 + 3 + 67, 0);
    out
}

fn copyright_tag(modern: bool, text: &str) -> Vec<u8> {
    if modern { mluc(text) } else { [b"text\0\0\0\0", &plain(text)[..]].concat() }
}

/// A text in one language. [10.15]
fn mluc(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS", &word(units.len())[..], &word(28), &units].concat()
}

/// A text in ASCII with a zero at its end.
fn plain(text: &str) -> Vec<u8> {
    let ascii = |c: char| if c.is_ascii() && c != '\0' { c as u8 } else { b'?' };
    text.chars().map(ascii).chain([0]).collect()
}

/// No profile here is much longer than [`LARGEST`], so that every length fits.
fn word(n: usize) -> [u8; 4] {
    (n as u32).to_be_bytes()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}
