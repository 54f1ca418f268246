//! Records of Office drawings and presentations: eight bytes of header, and either bytes or further records. Knows how they
//! lie, not what they mean. [MS-ODRAW 2.2.1; MS-PPT 2.3.1]

/// The bytes of a header.
pub const HEADER: usize = 8;

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// 15 for a container.
    pub version: u8,
    /// Tells kinds of one type apart.
    pub instance: u16,
    /// The type.
    pub kind: u16,
    /// How many bytes follow.
    pub len: usize,
}

impl Head {
    /// The header at `at`; `None` where there is none or its record leads out of the bytes.
    pub fn read(bytes: &[u8], at: usize) -> Option<Head> {
        let head = Head::peek(bytes, at)?;
        (head.len <= bytes.len() - at - HEADER).then_some(head)
    }

    /// The header at `at`, wherever its record may end.
    pub fn peek(bytes: &[u8], at: usize) -> Option<Head> {
        let b = bytes.get(at..at.checked_add(HEADER)?)?;
        let first = u16::from_le_bytes([b[0], b[1]]);
        Some(Head {
            version: (first & 15) as u8,
            instance: first >> 4,
            kind: u16::from_le_bytes([b[2], b[3]]),
            len: u32::from_le_bytes([b[4], b[5], b[6], b[7]]) as usize,
        })
    }

    /// The header's bytes for a record of `len` bytes.
    pub fn written(self, len: usize) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[..2].copy_from_slice(&(u16::from(self.version) | self.instance << 4).to_le_bytes());
        out[2..4].copy_from_slice(&self.kind.to_le_bytes());
        out[4..].copy_from_slice(&(len as u32).to_le_bytes());
        out
    }

    /// Whether it holds records.
    pub fn is_container(self) -> bool {
        self.version == 15
    }
}

/// A number of two bytes; 0 where there is none.
pub fn u16_at(b: &[u8], at: usize) -> u16 {
    b.get(at..at.saturating_add(2)).map_or(0, |s| u16::from_le_bytes([s[0], s[1]]))
}

/// A number of four bytes; 0 where there is none.
pub fn u32_at(b: &[u8], at: usize) -> u32 {
    b.get(at..at.saturating_add(4)).map_or(0, |s| u32::from_le_bytes([s[0], s[1], s[2], s[3]]))
}

/// Text in UTF-16.
pub fn utf16(b: &[u8]) -> String {
    let units: Vec<u16> = b.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    String::from_utf16_lossy(&units)
}
