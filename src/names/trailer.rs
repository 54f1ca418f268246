//! What bytes after the end of a file are: further pictures, motion videos, archives, documents, what makers of phones and
//! programs append, text, zeros. They are recognised by their first and last bytes, to be named; all of them go.

use crate::finding::{Finding, Tells};
use crate::names::values::{found, is_readable, jpeg_size, text};
use crate::source::{self, Source, Span};

/// How much of the beginning is looked at; the end is looked at less.
const LOOK: usize = 256 << 10;
/// How many beginnings of pictures are looked into.
const TRIES: usize = 32;
/// How much is read to find further pictures.
const SEARCH: u64 = 64 << 20;

/// Signature, where it stands, what it is, what that tells.
struct Sign {
    bytes: &'static [u8],
    at: At,
    label: &'static str,
    tells: Tells,
}

enum At {
    Start(usize),
    /// At the very end, zeros aside, or within the last bytes.
    End,
    /// Anywhere in what is looked at.
    Within,
}

const fn sign(bytes: &'static [u8], at: At, label: &'static str, tells: Tells) -> Sign {
    Sign { bytes, at, label, tells }
}

/// Tried in order; all that match are told, the first as the name of the whole.
static SIGNS: &[Sign] = &[
    sign(b"ftyp", At::Start(4), "motion video", Tells::Hidden),
    sign(b"PK\x03\x04", At::Start(0), "ZIP archive", Tells::Hidden),
    sign(b"Rar!\x1a\x07", At::Start(0), "RAR archive", Tells::Hidden),
    sign(b"7z\xbc\xaf\x27\x1c", At::Start(0), "7z archive", Tells::Hidden),
    sign(b"\x1f\x8b\x08", At::Start(0), "gzip data", Tells::Hidden),
    sign(b"%PDF-", At::Start(0), "PDF document", Tells::Hidden),
    sign(b"\x89PNG\r\n\x1a\n", At::Start(0), "PNG picture", Tells::Hidden),
    sign(b"RIFF", At::Start(0), "RIFF data (sound, video or picture)", Tells::Hidden),
    sign(b"This program cannot be run in DOS mode", At::Within, "program", Tells::Hidden),
    sign(b"\x7fELF", At::Start(0), "program", Tells::Hidden),
    sign(b"SEFT", At::End, "Samsung trailer", Tells::Device),
    sign(b"QDIOBS", At::End, "Samsung trailer", Tells::Device),
    sign(b"MotionPhoto_Data", At::Within, "motion video", Tells::Hidden),
    sign(b"Image_UTC_Data", At::Within, "time in UTC (Samsung)", Tells::When),
    sign(b"MCC_Data", At::Within, "country code of the mobile network (Samsung)", Tells::Where),
    sign(b"SoundShot", At::Within, "recorded sound (Samsung)", Tells::Hidden),
    sign(b"PhotoEditor_Re_Edit_Data", At::Within, "edit history (Samsung)", Tells::History),
    sign(b"Original_Path_Hash_Key", At::Within, "hash of the original path (Samsung)", Tells::Identifier),
    sign(b"\x1b\x2a\x39\x48\x57\x66\x75\x84\x93\xa2\xb1", At::End, "Vivo trailer", Tells::Device),
    sign(b"streamdata", At::Start(0), "Vivo trailer", Tells::Device),
    sign(b"vivo{\"", At::Start(0), "Vivo trailer", Tells::Device),
    sign(b"jxrs", At::End, "OnePlus trailer", Tells::Device),
    sign(b"\0\0HUAWEI", At::Within, "Huawei trailer", Tells::Device),
    sign(b"LIVE_", At::End, "live photo mark (Huawei, Honor)", Tells::Device),
    sign(b"AXS!", At::Start(0), "AFCP block with IPTC", Tells::Text),
    sign(b"AXS!", At::End, "AFCP block with IPTC", Tells::Text),
    sign(b"AXS*", At::End, "AFCP block with IPTC", Tells::Text),
    sign(b"\xa1\xb2\xc3\xd4", At::End, "FotoStation block with IPTC", Tells::Text),
    sign(b"cbipcbbl", At::End, "Photo Mechanic block", Tells::Text),
    sign(b"CANON OPTIONAL DATA", At::Start(0), "Canon edit recipe", Tells::History),
    sign(b"CANON OPTIONAL DATA", At::End, "Canon edit recipe", Tells::History),
    sign(b"~\x10\x04zmie", At::Within, "MIE block", Tells::Text),
    sign(b"NIKON APP", At::Within, "Nikon trailer", Tells::Software),
    sign(b"8db42d694ccc418790edff439fe026bf", At::End, "Insta360 trailer with sensor and GPS data", Tells::Where),
    sign(b"\x55\x26\x11\x05\0", At::Start(0), "Sony trailer", Tells::Device),
];

/// Findings for what stands in `span`, each as removed; at least one.
pub fn describe(place: &'static str, source: &dyn Source, span: Span) -> Vec<Finding> {
    let mut out = read(place, source, span.meet(source.span())).unwrap_or_default();
    if out.is_empty() {
        out.push(Finding::removed(place, "data after the end", Tells::Hidden));
    }
    out[0].bytes = span.len();
    out
}

fn read(place: &'static str, source: &dyn Source, span: Span) -> Option<Vec<Finding>> {
    let head = source::head(source, span.start, span.len().min(LOOK as u64) as usize).ok()?;
    let tail_from = span.end.saturating_sub(LOOK as u64).max(span.start);
    let tail = source::head(source, tail_from, (span.end - tail_from) as usize).ok()?;
    let body = skip_zeros(&head);
    if body.is_empty() && is_zero(source, span) {
        return Some(vec![found(place, "zeros after the end", Tells::Unknown, "")]);
    }
    let mut out = pictures(place, source, span, &head);
    for sign in SIGNS.iter().filter(|sign| sign.is_in(body, &head, &tail)) {
        if !out.iter().any(|f| f.label == sign.label) {
            out.push(found(place, sign.label, sign.tells, ""));
        }
    }
    if out.is_empty() {
        out.push(words(place, body));
    }
    Some(out)
}

impl Sign {
    fn is_in(&self, body: &[u8], head: &[u8], tail: &[u8]) -> bool {
        let has = |bytes: &[u8]| memchr::memmem::find(bytes, self.bytes).is_some();
        match self.at {
            At::Start(at) => {
                body.get(at..).is_some_and(|b| b.starts_with(self.bytes))
                    || head.get(at..).is_some_and(|b| b.starts_with(self.bytes))
            }
            At::End => has(&tail[tail.len().saturating_sub(64)..]),
            At::Within => has(head) || has(tail),
        }
    }
}

/// Further JPEG pictures, with their sizes, as long as they are near.
fn pictures(place: &'static str, source: &dyn Source, span: Span, head: &[u8]) -> Vec<Finding> {
    let start = head.len() - skip_zeros(head).len();
    if !head[start..].starts_with(&[0xff, 0xd8, 0xff]) && memchr::memmem::find(head, b"\xff\xd8\xff").is_none() {
        return Vec::new();
    }
    let near = Span::new(span.start, span.end.min(span.start.saturating_add(SEARCH)));
    let (mut sizes, mut at, mut tries) = (Vec::new(), 0u64, 0);
    let mut from = near.start;
    while from < near.end && sizes.len() < 4 && tries <= TRIES {
        let Ok(block) = source::head(source, from, (near.end - from).min(1 << 20) as usize) else { break };
        for found in memchr::memmem::find_iter(&block, b"\xff\xd8\xff") {
            let position = from + found as u64;
            if position < at {
                continue;
            }
            tries += 1;
            let Ok(picture) = source::head(source, position, (near.end - position).min(LOOK as u64) as usize) else { break };
            if let Some((width, height)) = jpeg_size(&picture) {
                sizes.push(format!("{width} × {height} pixels"));
                // Its thumbnail is not one more picture after the end.
                at = position + (64 << 10);
            }
            if sizes.len() >= 4 || tries > TRIES {
                break;
            }
        }
        from += block.len().saturating_sub(2).max(1) as u64;
    }
    sizes.into_iter().map(|size| found(place, "further picture", Tells::Preview, size)).collect()
}

/// Text, or nothing that has a name.
fn words(place: &'static str, body: &[u8]) -> Finding {
    let start = text(&body[..body.len().min(2000)]);
    if !is_readable(&start) {
        return found(place, "data after the end", Tells::Hidden, "");
    }
    let lower = start.to_ascii_lowercase();
    let label = match () {
        () if lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.contains("<script") => "web page",
        () if lower.starts_with("<?php") => "program source",
        () if lower.starts_with("<?xpacket") || lower.starts_with("<x:xmpmeta") => "XMP packet",
        () if lower.starts_with('{') => "JSON text",
        () if lower.starts_with('<') => "markup",
        () => "text",
    };
    found(place, label, Tells::Text, start)
}

fn skip_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len())..]
}

fn is_zero(source: &dyn Source, span: Span) -> bool {
    let mut zero = true;
    let read = source::each_block(source, span, |block| zero &= block.iter().all(|b| *b == 0));
    read.is_ok() && zero
}
