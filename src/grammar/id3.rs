//! ID3v2 tags: their frames with unsynchronisation undone, and the writing of a small new tag. [id3v2.4.0-structure]

/// One frame: its identifier as in versions 2.3 and 2.4 and its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Four letters.
    pub id: [u8; 4],
    /// What follows the frame header.
    pub data: Vec<u8>,
}

/// Identifiers of version 2.2 with those that took their place.
const OLD: &[(&[u8; 3], &[u8; 4])] = &[
    (b"PIC", b"APIC"),
    (b"TXX", b"TXXX"),
    (b"COM", b"COMM"),
    (b"ULT", b"USLT"),
    (b"TT2", b"TIT2"),
    (b"TP1", b"TPE1"),
    (b"TP2", b"TPE2"),
    (b"TAL", b"TALB"),
    (b"TYE", b"TYER"),
    (b"TEN", b"TENC"),
    (b"TSS", b"TSSE"),
    (b"TLA", b"TLAN"),
    (b"TCM", b"TCOM"),
    (b"TCO", b"TCON"),
    (b"TRK", b"TRCK"),
    (b"UFI", b"UFID"),
    (b"GEO", b"GEOB"),
    (b"MCI", b"MCDI"),
    (b"POP", b"POPM"),
    (b"TCR", b"TCOP"),
];

/// The frames of a whole tag (header included). What cannot be read ends the list; a tag is never an error here, since all
/// of it goes.
pub fn frames(tag: &[u8]) -> Vec<Frame> {
    let Some(head) = tag.get(..10) else { return Vec::new() };
    let (major, flags) = (head[3], head[5]);
    let mut body = tag[10..].to_vec();
    if flags & 0x80 != 0 && major < 4 {
        body = resynchronise(&body);
    }
    let mut at = 0;
    if flags & 0x40 != 0 && major >= 3 {
        let size = number(&body, 0, 4, major >= 4);
        at = if major >= 4 { size } else { size.saturating_add(4) };
    }
    let (id_len, head_len) = if major == 2 { (3, 6) } else { (4, 10) };
    let mut out = Vec::new();
    while let Some(header) = body.get(at..at.saturating_add(head_len)) {
        if !header[..id_len].iter().all(u8::is_ascii_alphanumeric) || out.len() > 10_000 {
            break;
        }
        let start = at + head_len;
        let mut size = number(&body, at + id_len, id_len.min(4), major >= 4);
        if major >= 4 && !ends_frame(&body, start.saturating_add(size)) {
            // Some writers of version 4 wrote sizes as version 3 has them.
            let plain = number(&body, at + id_len, 4, false);
            size = if ends_frame(&body, start.saturating_add(plain)) { plain } else { size };
        }
        let Some(data) = body.get(start..start.saturating_add(size)) else { break };
        let mut data = data.to_vec();
        if major >= 4 {
            let unsync = header[9] & 0x02 != 0 || flags & 0x80 != 0;
            if header[9] & 0x01 != 0 && data.len() >= 4 {
                data.drain(..4);
            }
            if unsync {
                data = resynchronise(&data);
            }
        }
        out.push(Frame { id: identifier(&header[..id_len]), data });
        at = start + size;
    }
    out
}

/// Whether a frame can end at `at`: at the end, in front of padding or of the next frame.
fn ends_frame(body: &[u8], at: usize) -> bool {
    match body.get(at..) {
        Some(rest) => rest.is_empty() || rest[0] == 0 || rest.iter().take(4).all(u8::is_ascii_alphanumeric),
        None => false,
    }
}

fn identifier(id: &[u8]) -> [u8; 4] {
    match id {
        [a, b, c] => OLD.iter().find(|(old, _)| old[..] == [*a, *b, *c]).map_or([*a, *b, *c, b' '], |(_, new)| **new),
        [a, b, c, d, ..] => [*a, *b, *c, *d],
        _ => *b"????",
    }
}

fn number(bytes: &[u8], at: usize, len: usize, syncsafe: bool) -> usize {
    let shift = if syncsafe { 7 } else { 8 };
    bytes.get(at..at + len).unwrap_or_default().iter().fold(0usize, |n, b| n << shift | usize::from(*b))
}

/// Undoes unsynchronisation: a zero behind every FF goes.
fn resynchronise(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut after_ff = false;
    for b in bytes {
        if !(after_ff && *b == 0) {
            out.push(*b);
        }
        after_ff = *b == 0xff;
    }
    out
}

/// A tag of version 2.`major` (3 or 4) with these frames and nothing else: no padding, no flags. `None` where there are no
/// frames or they are too large for a tag.
pub fn tag(major: u8, frames: &[Frame]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for frame in frames {
        body.extend(compose(major, frame)?);
    }
    if body.is_empty() {
        return None;
    }
    let mut out = vec![b'I', b'D', b'3', major, 0, 0];
    out.extend(syncsafe(body.len())?);
    out.extend(body);
    Some(out)
}

/// A whole frame without flags; `None` where it is too large for a tag.
pub fn compose(major: u8, frame: &Frame) -> Option<Vec<u8>> {
    let size = syncsafe(frame.data.len())?;
    let size = if major >= 4 { size } else { (frame.data.len() as u32).to_be_bytes() };
    Some([&frame.id[..], &size, &[0, 0], &frame.data].concat())
}

/// The frames inside a frame, as chapters have them, in a tag of this version.
pub fn inner(major: u8, bytes: &[u8]) -> Vec<Frame> {
    frames(&[&[b'I', b'D', b'3', major, 0, 0, 0, 0, 0, 0], bytes].concat())
}

/// The parts of a frame that begins with an encoding byte and has a description before its value (`TXXX`, `COMM` without
/// its language): both decoded.
pub fn described(encoding: u8, bytes: &[u8]) -> (String, String) {
    let wide = matches!(encoding, 1 | 2);
    let cut = if wide {
        bytes.chunks_exact(2).position(|c| c == [0, 0]).map(|i| (2 * i, 2 * i + 2))
    } else {
        bytes.iter().position(|b| *b == 0).map(|i| (i, i + 1))
    };
    let (end, start) = cut.unwrap_or((bytes.len(), bytes.len()));
    (decode(encoding, &bytes[..end]), decode(encoding, &bytes[start..]).trim_end_matches('\0').to_owned())
}

fn syncsafe(n: usize) -> Option<[u8; 4]> {
    (n < 1 << 28).then_some([(n >> 21) as u8 & 0x7f, (n >> 14) as u8 & 0x7f, (n >> 7) as u8 & 0x7f, n as u8 & 0x7f])
}

/// The parts of an attached picture: MIME type or old image format, picture type, and the picture.
pub fn picture(frame: &Frame) -> Option<(u8, &[u8])> {
    let (encoding, rest) = frame.data.split_first()?;
    // Version 2.2 has three letters where later ones have a MIME type that ends in a zero.
    let old = matches!(rest.get(..3), Some(b"JPG" | b"PNG" | b"BMP" | b"GIF")) && rest.get(3).is_some_and(|b| *b != 0);
    let mime = if old { 3 } else { rest.iter().position(|b| *b == 0)? + 1 };
    let kind = *rest.get(mime)?;
    let text = rest.get(mime + 1..)?;
    let end = match encoding {
        1 | 2 => text.chunks_exact(2).position(|c| c == [0, 0])? * 2 + 2,
        _ => text.iter().position(|b| *b == 0)? + 1,
    };
    Some((kind, text.get(end..)?))
}

/// The text of a text frame, of a `TXXX` (description, value) or of a comment, decoded as well as can be.
pub fn text(frame: &Frame) -> String {
    let Some((encoding, rest)) = frame.data.split_first() else { return String::new() };
    if frame.id[0] == b'W' && &frame.id != b"WXXX" {
        return String::from_utf8_lossy(&frame.data).into_owned();
    }
    let skip = if matches!(&frame.id, b"COMM" | b"USLT") { 3.min(rest.len()) } else { 0 };
    decode(*encoding, &rest[skip..]).trim_matches('\0').replace('\0', " / ")
}

fn decode(encoding: u8, bytes: &[u8]) -> String {
    let utf16 = |big: bool, bytes: &[u8]| {
        let units =
            bytes.chunks_exact(2).map(|c| if big { u16::from_be_bytes([c[0], c[1]]) } else { u16::from_le_bytes([c[0], c[1]]) });
        char::decode_utf16(units.filter(|u| *u != 0xfeff)).map(|c| c.unwrap_or('\u{fffd}')).collect()
    };
    match (encoding, bytes) {
        (1, [0xfe, 0xff, ..]) | (2, _) => utf16(true, bytes),
        (1, _) => utf16(false, bytes),
        (3, _) => String::from_utf8_lossy(bytes).into_owned(),
        _ => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}
