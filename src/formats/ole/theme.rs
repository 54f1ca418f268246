//! Themes: small ZIP archives inside records. Only the parts that a theme is made of may be there, and their names, times
//! and comments must tell nothing; otherwise the theme goes, and colours stand in the records beside it. [MS-XLS 2.4.326]

use crate::grammar::officeart::{u16_at, u32_at};

/// The parts of a theme as Office writes it.
const PARTS: &[&str] = &[
    "[Content_Types].xml",
    "_rels/.rels",
    "theme/theme/themeManager.xml",
    "theme/theme/theme1.xml",
    "theme/theme/_rels/themeManager.xml.rels",
];

/// Whether every byte of the archive is one that Office writes for everybody: known parts, the time that stands for none,
/// no extra fields, no comments, nothing between or behind.
pub(super) fn is_plain(zip: &[u8]) -> bool {
    plain(zip).is_some()
}

fn plain(zip: &[u8]) -> Option<()> {
    const NO_TIME: u32 = 0x0021_0000;
    let mut at = 0;
    let mut seen = 0;
    while u32_at(zip, at) == 0x0403_4b50 {
        let (packed, name_len, extra) = (u32_at(zip, at + 18) as usize, u16_at(zip, at + 26) as usize, u16_at(zip, at + 28));
        let name = std::str::from_utf8(zip.get(at + 30..at + 30 + name_len)?).ok()?;
        let streamed = u16_at(zip, at + 6) & 8 != 0;
        if !PARTS.contains(&name) || u32_at(zip, at + 10) != NO_TIME || extra != 0 || streamed {
            return None;
        }
        at = at.checked_add(30 + name_len)?.checked_add(packed)?;
        seen += 1;
    }
    for _ in 0..seen {
        let name_len = u16_at(zip, at + 28) as usize;
        let name = std::str::from_utf8(zip.get(at + 46..at + 46 + name_len)?).ok()?;
        let telling = u16_at(zip, at + 30) != 0 || u16_at(zip, at + 32) != 0;
        if u32_at(zip, at) != 0x0201_4b50 || !PARTS.contains(&name) || u32_at(zip, at + 12) != NO_TIME || telling {
            return None;
        }
        at += 46 + name_len;
    }
    (seen > 0 && u32_at(zip, at) == 0x0605_4b50 && zip.len() == at + 22).then_some(())
}
