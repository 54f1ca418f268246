//! JBIG2 as it lies in a PDF: segments one after the other, without a file header. Only as far as it takes to find segments
//! that are comments. [T.88 7.2, 7.3, 7.4.15]

use std::ops::Range;

/// The type of an extension. [T.88 7.3]
const EXTENSION: u8 = 62;
/// Extensions that are comments, in ASCII and in Unicode. [T.88 7.4.15.1, 7.4.15.2]
const COMMENTS: [u32; 2] = [0x2000_0000, 0x2000_0002];

/// Where segments lie that are comments. Empty where the segments cannot be followed to their end.
pub fn comments(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let Some((kind, data)) = segment(bytes, at) else { return Vec::new() };
        let comment = number(bytes, data.start, 4).is_some_and(|n| COMMENTS.contains(&n));
        if kind == EXTENSION && data.len() >= 4 && comment {
            out.push(at..data.end);
        }
        at = data.end;
    }
    out
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<u32> {
    Some(bytes.get(at..at.checked_add(len)?)?.iter().fold(0, |n, b| n << 8 | u32::from(*b)))
}

/// The type and the data of the segment that begins at `at`. [T.88 7.2]
fn segment(bytes: &[u8], at: usize) -> Option<(u8, Range<usize>)> {
    let own = number(bytes, at, 4)?;
    let flags = *bytes.get(at + 4)?;
    // How many segments it refers to: up to four in one byte, more in four and a bit for each. [7.2.4]
    let short = *bytes.get(at + 5)? >> 5;
    let (count, next) = match short {
        0..=4 => (usize::from(short), at + 6),
        7 => {
            let count = (number(bytes, at + 5, 4)? & 0x1fff_ffff) as usize;
            (count, (at + 9).checked_add((count + 8) / 8)?)
        }
        _ => return None,
    };
    let width = match own {
        0..=256 => 1,
        257..=65536 => 2,
        _ => 4,
    };
    let page = next.checked_add(count.checked_mul(width)?)?;
    let length_at = page.checked_add(if flags & 0x40 == 0 { 1 } else { 4 })?;
    let length = number(bytes, length_at, 4)?;
    let start = length_at + 4;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (length != u32::MAX && end <= bytes.len()).then_some((flags & 0x3f, start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_between_other_segments() {
        let page = b"\0\0\0\0\x30\0\x01\0\0\0\x02ab";
        let comment = b"\0\0\0\x01\x3e\0\x01\0\0\0\x06\x20\0\0\0hi";
        let other = b"\0\0\0\x02\x3e\x20\0\x01\0\0\0\x04\x80\0\0\0";
        let all = [&page[..], comment, other].concat();
        assert_eq!(comments(&all), vec![page.len()..page.len() + comment.len()]);
        assert!(comments(&all[..all.len() - 1]).is_empty());
        assert!(comments(b"").is_empty());
    }
}
