//! The header of ADTS frames, in which AAC travels without a container. [ISO 13818-7 6.2, ISO 14496-3 1.A.2]

/// What is the same in all frames of a stream (version, profile, sampling rate), and how long the frame is.
pub fn read(bytes: &[u8]) -> Option<(u32, u64)> {
    let &[a, b, c, d, e, f, ..] = bytes else { return None };
    let (layer, rate) = (b >> 1 & 3, c >> 2 & 15);
    if a != 0xff || b & 0xf0 != 0xf0 || layer != 0 || rate > 12 {
        return None;
    }
    let len = u64::from(d & 3) << 11 | u64::from(e) << 3 | u64::from(f >> 5);
    let header = if b & 1 == 0 { 9 } else { 7 };
    (len >= header).then_some((u32::from(b & 0xf8) << 8 | u32::from(c & 0xfc), len))
}
