//! TIFF: faults that were found.

use crate::support::*;

/// A page of 2 x 2 grey pixels with its resolutions outside of the directory; `below` is the denominator of the second.
fn page(below: u32) -> Vec<u8> {
    let values = 8 + 2 + 10 * 12 + 4;
    let entry = |tag: u16, kind: u16, value: u32| {
        let mut out = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
        out.extend_from_slice(&1u32.to_le_bytes());
        out.extend_from_slice(&value.to_le_bytes());
        out
    };
    let mut out = b"II*\0\x08\0\0\0\x0a\0".to_vec();
    for (tag, kind, value) in [
        (0x0100, 3, 2),
        (0x0101, 3, 2),
        (0x0102, 3, 8),
        (0x0103, 3, 1),
        (0x0106, 3, 1),
        (0x0111, 4, values + 16),
        (0x0116, 3, 2),
        (0x0117, 4, 4),
        (0x011a, 5, values),
        (0x011b, 5, values + 8),
    ] {
        out.extend(entry(tag, kind, value));
    }
    out.extend_from_slice(&[0; 4]);
    for number in [0x4143_414e_u32, 1, 72, below] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    [&out[..], b"KEEP"].concat()
}

#[test]
fn a_resolution_that_stays_is_kept() {
    scrub("a.tif", &page(1)).unwrap().unchanged();
}

/// The pair goes when one of them divides by zero; the values of the other must not stay behind without a tag.
#[test]
fn values_of_a_resolution_that_goes_go_too() {
    let clean = scrub("a.tif", &page(0)).unwrap();
    assert!(!clean.bytes.windows(4).any(|w| w == b"NACA"), "the value is still there");
    assert!(clean.bytes.ends_with(b"KEEP"));
}
