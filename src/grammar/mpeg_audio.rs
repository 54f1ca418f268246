//! The header of MPEG audio frames, layers I to III: what kind a frame is and how long.
//! [ISO 11172-3 2.4.1.3, ISO 13818-3]

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version, layer and sampling rate: the same in every frame of a stream.
    pub kind: u32,
    /// The whole frame, in bytes.
    pub len: u64,
    /// Where an information frame (`Xing`, `Info`) would have its mark, counted from the start of the frame.
    pub xing: u64,
}

/// Reads the four bytes of a header; `None` for reserved values and free format.
pub fn header(bytes: [u8; 4]) -> Option<Header> {
    let word = u32::from_be_bytes(bytes);
    let (version, layer) = (word >> 19 & 3, 4 - (word >> 17 & 3));
    let (rate_index, sampling, padding) = (word >> 12 & 15, word >> 10 & 3, u64::from(word >> 9 & 1));
    if word >> 21 != 0x7ff || version == 1 || layer == 4 || rate_index == 0 || rate_index == 15 || sampling == 3 {
        return None;
    }
    let one = version == 3;
    let table: &[u64; 14] = match (one, layer) {
        (true, 1) => &[32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        (true, 2) => &[32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        (true, _) => &[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        (false, 1) => &[32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        (false, _) => &[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    };
    let rate = table[rate_index as usize - 1] * 1000;
    let hertz = [44100u64, 48000, 32000][sampling as usize]
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let len = match layer {
        1 => (12 * rate / hertz + padding) * 4,
        3 if !one => 72 * rate / hertz + padding,
        _ => 144 * rate / hertz + padding,
    };
    let mono = word >> 6 & 3 == 3;
    let side = match (one, mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    let crc = if word >> 16 & 1 == 0 { 2 } else { 0 };
    Some(Header { kind: word & 0xfffe_0c00, len, xing: 4 + side + crc })
}

/// The same for a chain of frames: kind and length.
pub fn read(bytes: &[u8]) -> Option<(u32, u64)> {
    let header = header(bytes.get(..4)?.try_into().ok()?)?;
    Some((header.kind, header.len))
}
