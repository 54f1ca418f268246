//! Exif: which way up a picture is, and the 26 bytes that say only that. [Exif 2.32 4.6.4]

/// The Orientation of IFD0 of a TIFF structure (without `Exif\0\0` in front), 1 to 8; `None` where there is none that can
/// be read.
pub fn orientation(tiff: &[u8]) -> Option<u8> {
    // SHORT is the rule; LONG and BYTE are seen.
    let (kind, _, value) = entry(tiff, 0x0112)?;
    let value = match kind {
        1 => u32::from(value[0]),
        3 if tiff.starts_with(b"M") => u32::from(u16::from_be_bytes([value[0], value[1]])),
        3 => u32::from(u16::from_le_bytes([value[0], value[1]])),
        4 if tiff.starts_with(b"M") => u32::from_be_bytes(value),
        4 => u32::from_le_bytes(value),
        _ => return None,
    };
    u8::try_from(value).ok().filter(|v| (1..=8).contains(v))
}

/// The Copyright of IFD0, without the zeros at its end.
pub fn copyright(tiff: &[u8]) -> Option<String> {
    let (kind, count, value) = entry(tiff, 0x8298)?;
    let at = if tiff.starts_with(b"M") { u32::from_be_bytes(value) } else { u32::from_le_bytes(value) } as usize;
    let bytes = match count as usize {
        n @ 0..=4 => &value[..n],
        n => tiff.get(at..at.checked_add(n)?)?,
    };
    let text = String::from_utf8_lossy(bytes).trim_matches(['\0', ' ']).to_owned();
    (kind == 2 && !text.is_empty()).then_some(text)
}

/// The type, the count and the value field of an entry of IFD0.
fn entry(tiff: &[u8], tag: u16) -> Option<(u16, u32, [u8; 4])> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let b = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    };
    let u32_at = |at: usize| {
        let b = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    };
    let ifd = u32_at(4)? as usize;
    for i in 0..usize::from(u16_at(ifd)?) {
        let entry = ifd.checked_add(2 + 12 * i)?;
        if u16_at(entry)? == tag {
            let value = tiff.get(entry + 8..entry + 12)?.try_into().ok()?;
            return Some((u16_at(entry + 2)?, u32_at(entry + 4)?, value));
        }
    }
    None
}

/// The minimal TIFF structure that says only which way up: big-endian always, so that the byte order of the camera does not
/// survive. `None` where nothing needs saying: orientation 1, or none.
pub fn minimal(orientation: Option<u8>) -> Option<Vec<u8>> {
    let o = orientation.filter(|o| (2..=8).contains(o))?;
    Some(vec![b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, o, 0, 0, 0, 0, 0, 0])
}
