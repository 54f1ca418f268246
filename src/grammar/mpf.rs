//! The index of a file with several pictures: where each lies and what it is. [CIPA DC-007]

/// `MPF\0`, in front of a TIFF structure from whose first byte all offsets count.
pub const SIGN: &[u8] = b"MPF\0";
/// At most so many pictures are looked at.
const MOST: usize = 64;
/// The part of an entry's attributes that says what kind of picture it is.
pub const KIND: u32 = 0x00ff_ffff;
/// The flag of the picture that is shown first.
pub const REPRESENTATIVE: u32 = 0x2000_0000;
/// Baseline primary picture.
pub const PRIMARY: u32 = 0x03_0000;
/// Frames of one scene from several angles: disparity (stereo) and multi-angle.
pub const STEREO: [u32; 2] = [0x02_0002, 0x02_0003];

/// One picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Flags and kind.
    pub attributes: u32,
    /// How many bytes it takes.
    pub size: u32,
    /// Where it begins, from the TIFF header; 0 for the first.
    pub offset: u32,
}

/// What an `MPF` segment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The pictures; empty in all but the first picture of a file.
    pub entries: Vec<Entry>,
    /// Which of the pictures this one is.
    pub number: Option<u32>,
}

/// Reads the TIFF structure after `MPF\0`; `None` where it is none.
pub fn read(tiff: &[u8]) -> Option<Index> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let u32_at = |at: usize| {
        let b = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    };
    let u16_at = |at: usize| {
        let b = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    };
    let mut index = Index::default();
    let mut ifd = u32_at(4)? as usize;
    // An index and an attribute directory are all there can be.
    for _ in 0..2 {
        let count = usize::from(u16_at(ifd)?);
        for i in 0..count {
            let entry = ifd.checked_add(2 + 12 * i)?;
            match u16_at(entry)? {
                0xb002 if index.entries.is_empty() => {
                    let (size, at) = (u32_at(entry + 4)? as usize, u32_at(entry + 8)? as usize);
                    for at in (0..(size / 16).min(MOST)).filter_map(|k| at.checked_add(16 * k)) {
                        let (attributes, size, offset) = (u32_at(at)?, u32_at(at.checked_add(4)?)?, u32_at(at.checked_add(8)?)?);
                        index.entries.push(Entry { attributes, size, offset });
                    }
                }
                0xb101 => index.number = u32_at(entry + 8),
                _ => {}
            }
        }
        ifd = match u32_at(ifd.checked_add(2 + 12 * count)?) {
            None | Some(0) => break,
            Some(next) => next as usize,
        };
    }
    Some(index)
}

/// The minimal index of `entries`, from the TIFF header: version, count, entries, nothing else.
pub fn write(entries: &[Entry]) -> Vec<u8> {
    let count = entries.len() as u32;
    let mut out = b"MM\0*\0\0\0\x08\0\x03\xb0\x00\0\x07\0\0\0\x040100\xb0\x01\0\x04\0\0\0\x01".to_vec();
    out.extend(count.to_be_bytes());
    out.extend(b"\xb0\x02\0\x07");
    out.extend((16 * count).to_be_bytes());
    out.extend(b"\0\0\0\x32\0\0\0\0");
    for entry in entries {
        for number in [entry.attributes, entry.size, entry.offset, 0] {
            out.extend(number.to_be_bytes());
        }
    }
    out
}

/// Where the entries begin in what [`write`] writes.
pub const ENTRIES: usize = 0x32;

/// The minimal structure of a picture that only says which of the pictures it is.
pub fn write_number(number: u32) -> Vec<u8> {
    let mut out = b"MM\0*\0\0\0\x08\0\x02\xb0\x00\0\x07\0\0\0\x040100\xb1\x01\0\x04\0\0\0\x01".to_vec();
    out.extend(number.to_be_bytes());
    out.extend([0; 4]);
    out
}
