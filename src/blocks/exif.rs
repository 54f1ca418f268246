//! Exif: which way up a picture is, and the 26 bytes that say only that. [Exif 2.32 4.6.4]

/// The Orientation of IFD0 of a TIFF structure (without `Exif\0\0` in front), 1 to 8; `None` where there is none that can
/// be read.
pub fn orientation(tiff: &[u8]) -> Option<u8> {
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
        if u16_at(entry)? != 0x0112 {
            continue;
        }
        // SHORT is the rule; LONG and BYTE are seen.
        let value = match u16_at(entry + 2)? {
            1 => u32::from(*tiff.get(entry + 8)?),
            3 => u32::from(u16_at(entry + 8)?),
            4 => u32_at(entry + 8)?,
            _ => return None,
        };
        return u8::try_from(value).ok().filter(|v| (1..=8).contains(v));
    }
    None
}

/// The minimal TIFF structure that says only which way up: big-endian always, so that the byte order of the camera does not
/// survive. `None` where nothing needs saying: orientation 1, or none.
pub fn minimal(orientation: Option<u8>) -> Option<Vec<u8>> {
    let o = orientation.filter(|o| (2..=8).contains(o))?;
    Some(vec![b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, o, 0, 0, 0, 0, 0, 0])
}
