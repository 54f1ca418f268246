//! Addresses in attributes and style sheets: paths on somebody's computer, and files written into the page as `data:`,
//! which are cleaned by their own rows.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::formats::changes::Changes;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

/// Whether an address names a place on a computer or its network instead of one on the web.
pub(super) fn is_local(address: &[u8]) -> bool {
    let lower = address.trim_ascii().to_ascii_lowercase();
    let drive = lower.len() > 2 && lower[0].is_ascii_alphabetic() && lower[1] == b':' && matches!(lower[2], b'\\' | b'/');
    // Pages that were saved lead up to the root of the disk and down again.
    let mut root = &lower[..];
    while let Some(up) = root.strip_prefix(b"../") {
        root = up;
    }
    let root = root.strip_prefix(b"/").unwrap_or(if root.len() < lower.len() { root } else { b"" });
    // Paths that begin like this are common on the web too, so what follows must be what home folders hold.
    let home = [&b"home/"[..], b"users/"].iter().find_map(|p| root.strip_prefix(*p)).is_some_and(|rest| {
        let folder = rest.split(|b| *b == b'/').nth(1).unwrap_or_default();
        rest.split(|b| *b == b'/').count() > 2 && (folder.starts_with(b".") || FOLDERS.contains(&folder))
    });
    lower.starts_with(b"file:") || drive || lower.starts_with(b"\\\\") || lower.starts_with(b"~/") || home
}

const FOLDERS: [&[u8]; 14] = [
    b"desktop",
    b"documents",
    b"downloads",
    b"dropbox",
    b"library",
    b"movies",
    b"music",
    b"onedrive",
    b"pictures",
    b"videos",
    b"appdata",
    b"my%20documents",
    b"projects",
    b"src",
];

/// What becomes of an address that may be `data:`.
pub(super) enum Data {
    /// It is none, or one in which there is nothing to remove and nothing that is a file.
    Other,
    /// It is a file that stays as it is.
    Same,
    /// This takes its place.
    Changed(Vec<u8>),
    /// It cannot be cleaned and the policy is to leave such out.
    Omit,
}

/// Cleans an address. `raw` is as it stands in the page, with entities.
///
/// # Errors
/// Refusals of the file in it.
pub(super) fn data(job: &Job, changes: &mut Changes, raw: &[u8], entities: bool) -> Result<Data> {
    let trimmed = raw.trim_ascii();
    if !trimmed.get(..5).is_some_and(|d| d.eq_ignore_ascii_case(b"data:")) {
        return Ok(Data::Other);
    }
    let plain = if entities { unescape(&trimmed[5..]) } else { Cow::Borrowed(&trimmed[5..]) };
    let Some(comma) = memchr::memchr(b',', &plain) else { return Ok(Data::Other) };
    let (head, body) = (String::from_utf8_lossy(&plain[..comma]).into_owned(), &plain[comma + 1..]);
    let mut words = head.split(';').map(str::trim);
    let mime = words.next().unwrap_or_default().to_ascii_lowercase();
    let packed = words.any(|w| w.eq_ignore_ascii_case("base64"));
    let body = percent(body);
    let bytes = if packed {
        let body: Vec<u8> = body.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
        let lenient = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        match GeneralPurpose::new(&STANDARD, lenient).decode(&body) {
            Ok(bytes) => bytes,
            // Browsers show nothing for it either.
            Err(_) => return Ok(Data::Omit),
        }
    } else {
        body
    };
    if bytes.is_empty() {
        return Ok(Data::Other);
    }
    let name = format!("data.{}", extension(&mime));
    match job.member(&name, &Memory::shared(bytes))? {
        Member::Same(cleaned) => {
            changes.adopt(name, cleaned);
            Ok(Data::Same)
        }
        Member::Changed(cleaned) => {
            let clean = cleaned.bytes();
            let clean = clean.bytes(clean.span(), job.limits().block)?;
            changes.adopt(name, cleaned);
            let mime = if mime.bytes().all(|b| b.is_ascii_alphanumeric() || b"/+-.".contains(&b)) { &mime } else { "" };
            let packed = base64::engine::general_purpose::STANDARD.encode(clean);
            Ok(Data::Changed(format!("data:{mime};base64,{packed}").into_bytes()))
        }
        Member::Unknown(_) if is_font(&mime) && job.keeps(Token::Fonts) => {
            changes.note(Finding::kept("HTML", "font in a data: address", Tells::Rendering, "text is drawn with it"));
            Ok(Data::Other)
        }
        Member::Unknown(_) if mime.is_empty() || mime.starts_with("text/") || mime.ends_with("javascript") => Ok(Data::Other),
        Member::Unknown(why) => match job.unknown_member(&name, &why)? {
            true => Ok(Data::Other),
            false => Ok(Data::Omit),
        },
    }
}

fn is_font(mime: &str) -> bool {
    mime.contains("font") || mime.contains("woff") || mime.contains("opentype") || mime.contains("truetype")
}

fn extension(mime: &str) -> &str {
    match mime.rsplit_once('/').map_or("bin", |(_, kind)| kind) {
        "jpeg" | "jpg" | "pjpeg" => "jpg",
        "svg+xml" => "svg",
        "plain" => "txt",
        "x-icon" | "vnd.microsoft.icon" => "ico",
        "xhtml+xml" => "xhtml",
        kind if kind.bytes().all(|b| b.is_ascii_alphanumeric()) && !kind.is_empty() => kind,
        _ => "bin",
    }
}

fn percent(body: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(body.len()), 0);
    let hex = |b: u8| char::from(b).to_digit(16);
    while let Some(b) = body.get(at) {
        let pair = (*b == b'%').then(|| Some((hex(*body.get(at + 1)?)?, hex(*body.get(at + 2)?)?))).flatten();
        out.push(pair.map_or(*b, |(high, low)| (high << 4 | low) as u8));
        at += if pair.is_some() { 3 } else { 1 };
    }
    out
}

/// Entities resolved, as far as addresses and names need it.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'&') {
        return Cow::Borrowed(raw);
    }
    let (mut out, mut at) = (Vec::with_capacity(raw.len()), 0);
    while let Some(b) = raw.get(at) {
        let window = &raw[at..raw.len().min(at + 12)];
        let entity =
            (*b == b'&').then(|| Some((character(&window[1..memchr::memchr(b';', window)?])?, memchr::memchr(b';', window)?)));
        match entity.flatten() {
            Some((c, end)) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                at += end + 1;
            }
            None => {
                out.push(*b);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn character(name: &[u8]) -> Option<char> {
    Some(match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"colon" => ':',
        b"sol" => '/',
        b"bsol" => '\\',
        b"comma" => ',',
        _ => {
            let digits = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}
