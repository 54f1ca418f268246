//! Where an address leads, and what it carries: `data:` addresses are files of their own. [RFC 2397]

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// As browsers do, padding or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// What an address is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A place in this file, or none.
    Here,
    /// A file written into the address.
    Data,
    /// On the web, or a mail address: whoever follows it is seen there.
    Web,
    /// A program.
    Script,
    /// A file on the machine where the picture was made.
    Local,
    /// A file beside this one.
    Beside,
}

/// Tells them apart.
pub(super) fn kind(address: &str) -> Kind {
    let clean = address.trim().chars().filter(|c| !c.is_control()).collect::<String>();
    let lower = clean.to_ascii_lowercase();
    let mut letters = lower.chars();
    let drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic()) && letters.next() == Some(':');
    let scheme =
        lower.split_once(':').map(|(s, _)| s).filter(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)));
    match scheme {
        _ if lower.is_empty() || lower.starts_with('#') => Kind::Here,
        _ if drive => Kind::Local,
        Some("data") => Kind::Data,
        Some("http" | "https" | "mailto" | "tel" | "ftp") => Kind::Web,
        Some("javascript" | "vbscript") => Kind::Script,
        Some(_) => Kind::Local,
        None if lower.starts_with("//") => Kind::Web,
        None if lower.starts_with(['/', '\\']) || lower.split(['/', '\\']).any(|step| step == "..") => Kind::Local,
        None => Kind::Beside,
    }
}

/// What a `data:` address holds.
pub(super) struct Data {
    /// Its type, in lower case, without parameters.
    pub(super) mime: String,
    /// Whether it says more than the type and how it is written.
    pub(super) says_more: bool,
    /// The file.
    pub(super) bytes: Vec<u8>,
}

/// Takes it apart; `None` where no viewer could.
pub(super) fn data(address: &str) -> Option<Data> {
    let address = address.trim();
    let (head, body) = address.get(5..)?.split_once(',')?;
    let mut words = head.split(';').map(|w| w.trim().to_ascii_lowercase());
    let mime = words.next().unwrap_or_default();
    let words = words.collect::<Vec<_>>();
    let packed = words.last().is_some_and(|w| w == "base64");
    let plain = |w: &String| matches!(w.as_str(), "base64" | "utf8" | "charset=utf-8" | "charset=utf8" | "charset=us-ascii");
    let bytes = unescape(body);
    let bytes = match packed {
        true => {
            let letters = bytes.into_iter().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<_>>();
            LENIENT.decode(letters).ok()?
        }
        false => bytes,
    };
    Some(Data { says_more: !words.iter().all(plain), mime, bytes })
}

/// The address of a file.
pub(super) fn of(mime: &str, bytes: &[u8]) -> String {
    let known = mime.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-./".contains(&b));
    format!("data:{};base64,{}", if known { mime } else { "" }, STANDARD.encode(bytes))
}

fn unescape(text: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(b) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| *b == b'%').and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => (out.push(byte), at += 3).1,
            None => (out.push(*b), at += 1).1,
        }
    }
    out
}
