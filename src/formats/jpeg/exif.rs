//! The little of a camera's Exif block that a JPEG needs to look right, written anew: which way up; that the colours are
//! those of Adobe RGB, where no profile says so [DCF 2.0]; how bright an Apple HDR picture gets, where only its maker note
//! says so.

use crate::blocks::exif;

/// In front of the TIFF structure.
pub(super) const SIGN: &[u8; 6] = b"Exif\0\0";

/// Colours that are not sRGB.
const UNCALIBRATED: u16 = 0xffff;
const ADOBE_RGB: u16 = 2;
const APPLE: &[u8] = b"Apple iOS\0";

/// What stays of an Exif block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// 2 to 8.
    pub(super) orientation: Option<u8>,
    /// The colour space word, and whether the file says that it follows the rules of DCF for Adobe RGB.
    pub(super) colour: Option<(u16, bool)>,
    /// HDRHeadroom and HDRGain of Apple's maker note, as signed fractions.
    pub(super) headroom: Option<[[u8; 8]; 2]>,
    /// The rights statement, where a person wants to keep it.
    pub(super) copyright: Option<String>,
}

/// A TIFF structure that is only asked for single values.
struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Tiff<'a>> {
        match bytes.get(..4)? {
            b"MM\0*" => Some(Tiff { bytes, big: true }),
            b"II*\0" => Some(Tiff { bytes, big: false }),
            _ => None,
        }
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let b = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let b = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    /// Where the entry of `tag` stands in the directory at `ifd`.
    fn entry(&self, ifd: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.u16(ifd)?);
        (0..count).map(|i| ifd + 2 + 12 * i).find(|at| self.u16(*at) == Some(tag))
    }

    /// Where the directory lies that `tag` points to.
    fn below(&self, ifd: usize, tag: u16) -> Option<usize> {
        Some(self.u32(self.entry(ifd, tag)? + 8)? as usize)
    }
}

/// The colour space, where the block says that it is Adobe RGB.
pub(super) fn colour(tiff: &[u8]) -> Option<(u16, bool)> {
    let tiff = Tiff::new(tiff)?;
    let exif = tiff.below(tiff.u32(4)? as usize, 0x8769)?;
    let space = tiff.u16(tiff.entry(exif, 0xa001)? + 8)?;
    let rule = tiff.below(exif, 0xa005).and_then(|interop| {
        let at = tiff.entry(interop, 1)? + 8;
        tiff.bytes.get(at..at + 4)
    });
    let adobe = rule == Some(b"R03\0");
    match space {
        UNCALIBRATED if adobe => Some((space, true)),
        ADOBE_RGB => Some((space, adobe)),
        _ => None,
    }
}

/// HDRHeadroom (0x21) and HDRGain (0x30) of Apple's maker note.
pub(super) fn headroom(tiff: &[u8]) -> Option<[[u8; 8]; 2]> {
    let outer = Tiff::new(tiff)?;
    let exif = outer.below(outer.u32(4)? as usize, 0x8769)?;
    let note = outer.entry(exif, 0x927c)?;
    let (len, at) = (outer.u32(note + 4)? as usize, outer.u32(note + 8)? as usize);
    let bytes = tiff.get(at..at.checked_add(len)?)?;
    if !bytes.starts_with(APPLE) {
        return None;
    }
    let note = Tiff { bytes, big: bytes.get(12..14)? == b"MM" };
    let fraction = |tag| {
        let entry = note.entry(14, tag)?;
        let at = note.u32(entry + 8)? as usize;
        let (n, d) = (note.u32(at)?.to_be_bytes(), note.u32(at.checked_add(4)?)?.to_be_bytes());
        (note.u16(entry + 2)? == 10).then(|| [n[0], n[1], n[2], n[3], d[0], d[1], d[2], d[3]])
    };
    Some([fraction(0x21)?, fraction(0x30)?])
}

/// The TIFF structure that says what is kept and no more; `None` where nothing needs saying.
pub(super) fn write(kept: &Kept) -> Option<Vec<u8>> {
    let below = kept.colour.is_some() || kept.headroom.is_some();
    if !below && kept.copyright.is_none() {
        return exif::minimal(kept.orientation);
    }
    let text = kept.copyright.as_ref().map(|t| {
        let mut text = [t.as_bytes(), b"\0"].concat();
        // Four bytes or fewer would stand in the entry itself.
        text.resize(text.len().max(5).next_multiple_of(2), 0);
        text
    });
    let orientation = kept.orientation.filter(|o| (2..=8).contains(o));
    let first = 2 + 12 * (usize::from(below) + usize::from(orientation.is_some()) + usize::from(text.is_some())) + 4;
    let interop = kept.colour.is_some_and(|(_, adobe)| adobe);
    let text_len = text.as_ref().map_or(0, Vec::len);
    let entries = usize::from(kept.colour.is_some()) + usize::from(interop) + usize::from(kept.headroom.is_some());
    let exif_at = 8 + first + text_len;
    let interop_at = exif_at + 2 + 12 * entries + 4;
    let note_at = interop_at + if interop { 2 + 12 + 4 } else { 0 };

    let mut out = b"MM\0*\0\0\0\x08".to_vec();
    directory(&mut out, |entry| {
        if let Some(o) = orientation {
            entry(0x0112, 3, 1, [0, o, 0, 0]);
        }
        if text.is_some() {
            entry(0x8298, 2, text_len, number(8 + first));
        }
        if below {
            entry(0x8769, 4, 1, number(exif_at));
        }
    });
    out.extend(text.unwrap_or_default());
    if !below {
        return Some(out);
    }
    let note = kept.headroom.as_ref().map(maker_note);
    directory(&mut out, |entry| {
        if let Some(note) = &note {
            entry(0x927c, 7, note.len(), number(note_at));
        }
        if let Some((space, _)) = kept.colour {
            let [a, b] = space.to_be_bytes();
            entry(0xa001, 3, 1, [a, b, 0, 0]);
        }
        if interop {
            entry(0xa005, 4, 1, number(interop_at));
        }
    });
    if interop {
        directory(&mut out, |entry| entry(0x0001, 2, 4, *b"R03\0"));
    }
    out.extend(note.unwrap_or_default());
    Some(out)
}

/// Apple's maker note with its two brightness fractions; offsets count from its own start.
fn maker_note(headroom: &[[u8; 8]; 2]) -> Vec<u8> {
    const VALUES: usize = 14 + 2 + 2 * 12 + 4;
    let mut out = [APPLE, b"\0\x01MM"].concat();
    directory(&mut out, |entry| {
        entry(0x21, 10, 1, number(VALUES));
        entry(0x30, 10, 1, number(VALUES + 8));
    });
    out.extend(headroom.concat());
    out
}

/// Appends a directory; `fill` is given a function that adds an entry: tag, type, count, value.
fn directory(out: &mut Vec<u8>, fill: impl FnOnce(&mut dyn FnMut(u16, u16, usize, [u8; 4]))) {
    let mut count = 0u16;
    let mut entries = Vec::new();
    fill(&mut |tag, kind, n, value| {
        count += 1;
        entries.extend(tag.to_be_bytes());
        entries.extend(kind.to_be_bytes());
        entries.extend(number(n));
        entries.extend(value);
    });
    out.extend(count.to_be_bytes());
    out.extend(entries);
    out.extend([0; 4]);
}

fn number(n: usize) -> [u8; 4] {
    (n as u32).to_be_bytes()
}
