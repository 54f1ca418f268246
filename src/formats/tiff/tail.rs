//! Where the data of a packed strip ends: bytes behind that are read by nobody. Of LZW only the lengths of strings are
//! followed, not the strings. [TIFF 6.0 sections 9 and 13; TIFF TN2]

use flate2::{Decompress, FlushDecompress, Status};

use crate::cursor::Cursor;
use crate::grammar::jpeg;
use crate::refusal::Result;
use crate::source::{self, Shared, Source, Span};

/// Where a zlib stream ends, counted from the start of its span; `None` where it does not.
pub(super) fn inflated(source: &Shared, span: Span) -> Result<Option<u64>> {
    let mut inflate = Decompress::new(true);
    let mut out = vec![0; 64 << 10];
    let mut at = span.start;
    while at < span.end {
        let input = source::head(&**source, at, (span.end - at).min(64 << 10) as usize)?;
        let before = inflate.total_in();
        match inflate.decompress(&input, &mut out, FlushDecompress::None) {
            Ok(Status::StreamEnd) => return Ok(Some(inflate.total_in())),
            Ok(_) if inflate.total_in() > before || inflate.total_out() > 0 && input.len() == 64 << 10 => {}
            _ => return Ok(None),
        }
        at = span.start + inflate.total_in();
    }
    Ok(None)
}

/// Where runs end that unpack to `whole` bytes.
pub(super) fn runs(source: &Shared, span: Span, whole: u64) -> Option<u64> {
    let mut cursor = Cursor::new(&**source, span);
    let mut left = whole;
    while left > 0 {
        let tag = cursor.u8().ok()?;
        let (count, bytes) = match tag {
            0..=127 => (u64::from(tag) + 1, u64::from(tag) + 1),
            128 => (0, 0),
            _ => (257 - u64::from(tag), 1),
        };
        cursor.skip(bytes).ok()?;
        left = left.saturating_sub(count);
    }
    Some(cursor.at() - span.start)
}

/// Where codes end: with the code that says so, or once `whole` bytes (0: not known) are unpacked.
pub(super) fn codes(source: &Shared, span: Span, whole: u64) -> Result<Option<u64>> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    const FIRST: usize = 258;
    let head = source::head(&**source, span.start, 2)?;
    // An old way with the lowest bits first.
    if matches!(head[..], [0, b] if b & 1 == 1) {
        return Ok(None);
    }
    let mut lengths = vec![1u64; 4097];
    let (mut next, mut width, mut before) = (FIRST, 9, None::<u64>);
    let (mut bits, mut have, mut read, mut out) = (0u32, 0, 0u64, 0u64);
    let (mut end, mut done) = (None, None);
    source::each_block(&**source, span, |block| {
        for byte in block {
            if end.is_some() {
                return;
            }
            bits = bits << 8 | u32::from(*byte);
            (have, read) = (have + 8, read + 1);
            if have < width {
                continue;
            }
            have -= width;
            let code = (bits >> have) as usize & ((1 << width) - 1);
            bits &= (1 << have) - 1;
            match code {
                END => end = Some(read),
                // All is unpacked: only the end may follow.
                0..CLEAR | FIRST.. if done.is_some() => end = done,
                CLEAR => (next, width, before) = (FIRST, 9, None),
                _ => {
                    let len = match (code < next, before) {
                        (true, _) => lengths[code],
                        (false, Some(before)) => before + 1,
                        (false, None) => 1,
                    };
                    if let Some(before) = before.filter(|_| next < 4096) {
                        lengths[next] = before + 1;
                        next += 1;
                    }
                    if next >= (1 << width) - 1 && width < 12 {
                        width += 1;
                    }
                    out += len;
                    before = Some(len);
                    if whole > 0 && out >= whole {
                        done = Some(read);
                    }
                }
            }
        }
    })?;
    Ok(end)
}

/// Where a JPEG stream ends; `None` where it does not, or cannot be followed.
pub(super) fn jpeg(source: &dyn Source, start: u64) -> Option<u64> {
    let mut walk = jpeg::Walk::new(source, start);
    while walk.next().ok()?.is_some() {}
    walk.is_ended().then(|| walk.at() - start)
}
