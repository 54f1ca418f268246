//! The parameters of an HDR gain map as numbers in bytes: read, checked, and written anew. [ISO 21496-1 C.2]

/// Three channels have parameters of their own, not one for all.
const CHANNELS: u8 = 0x80;
/// The gain map is to be applied in the colour space of the base picture.
const BASE_COLOUR: u8 = 0x40;
/// All fractions have one denominator.
const COMMON: u8 = 0x08;
/// The base picture is the HDR one.
const BACKWARD: u8 = 0x04;

/// What a picture that has a gain map beside it says: only that it follows the standard in its first version.
pub const VERSION: [u8; 4] = [0; 4];

/// The same parameters without anything behind them, and without the version of the writer. `None` where they are not
/// those of the standard.
pub fn neutral(iso: &[u8]) -> Option<Vec<u8>> {
    // Minimum version 0, any writer version.
    if iso.get(..2)? != [0, 0] {
        return None;
    }
    let flags = iso.get(4)? & (CHANNELS | BASE_COLOUR | COMMON | BACKWARD);
    let channels = if flags & CHANNELS != 0 { 3 } else { 1 };
    let numbers = if flags & COMMON != 0 { 3 + 5 * channels } else { 4 + 10 * channels };
    let numbers = iso.get(5..5 + 4 * numbers)?;
    let word = |i: usize| numbers.get(4 * i..4 * i + 4);
    let denominators = if flags & COMMON != 0 { 0..1 } else { 0..numbers.len() / 8 };
    let zero = denominators.into_iter().any(|i| word(if flags & COMMON != 0 { 0 } else { 2 * i + 1 }) == Some(&[0; 4]));
    if zero {
        return None;
    }
    Some([&[0, 0, 0, 0, flags], numbers].concat())
}
