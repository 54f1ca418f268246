//! Which elements of Matroska stay, where, and why: the allow-list. What is not named here goes. [RFC 9559 5]

use crate::finding::Tells;

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A number or a flag, kept: at most eight bytes.
    Number,
    /// A short code of letters and digits, kept: a codec, a language.
    Code,
    /// Bytes that decoding needs, kept.
    Bytes,
    /// Kept with those of its children that stay.
    Master,
    /// Written anew by the code that knows it.
    Special,
    /// Goes.
    Gone,
}

/// The rule for an element in a parent, anywhere but in a cluster.
pub(crate) fn rule(parent: u32, id: u32) -> Rule {
    use Rule::{Bytes, Code, Gone, Master, Number, Special};
    match (parent, id) {
        // EBML header: type and versions.
        (0x1a45dfa3, 0x4286 | 0x42f7 | 0x42f2 | 0x42f3 | 0x4287 | 0x4285) => Number,
        (0x1a45dfa3, 0x4282) => Code,
        // Info: the scale of time and the length; the mandatory names of programs, emptied.
        (0x1549a966, 0x2ad7b1 | 0x4489) => Number,
        (0x1549a966, 0x4d80 | 0x5741) => Special,
        // Seeking.
        (0x114d9b74, 0x4dbb) => Special,
        (0x1c53bb6b, 0xbb) | (0xbb, 0xb7) => Master,
        (0xbb, 0xb3) | (0xb7, 0xf7 | 0xb2 | 0x5378) => Number,
        (0xb7, 0xf1 | 0xf0) => Special,
        // Tracks: numbers, kinds, flags, codec, language, delays; what blocks have besides.
        (0x1654ae6b, 0xae) => Master,
        (0xae, 0xd7 | 0x83 | 0xb9 | 0x88 | 0x55aa | 0x55ab | 0x55ac | 0x55ad | 0x55ae | 0x55af | 0x9c) => Number,
        (0xae, 0x6de7 | 0x6df8 | 0x23e383 | 0x234e7a | 0x23314f | 0x55ee | 0x56aa | 0x56bb | 0xaa) => Number,
        (0xae, 0x86) => Code,
        (0xae, 0x22b59c | 0x22b59d | 0x73c5 | 0x63a2 | 0x536e | 0x41e4) => Special,
        (0xae, 0x6d80 | 0xe0 | 0xe1 | 0xe2) => Master,
        // How blocks are packed. Encryption is refused before this is asked.
        (0x6d80, 0x6240) | (0x6240, 0x5034) => Master,
        (0x6240, 0x5031..=0x5033) | (0x5034, 0x4254) => Number,
        (0x5034, 0x4255) => Bytes,
        // Video: size, shape, colour, projection.
        (0xe0, 0x9a | 0x9d | 0x53b8 | 0x53c0 | 0x53b9 | 0xb0 | 0xba | 0x54aa | 0x54bb | 0x54cc | 0x54dd | 0x54b0) => Number,
        (0xe0, 0x54ba | 0x54b2 | 0x54b3 | 0x2eb524 | 0x2fb523 | 0x2383e3) => Number,
        (0xe0, 0x55b0 | 0x7670) | (0x55b0, 0x55d0) => Master,
        (0x55b0, 0x55b1..=0x55bd) | (0x55d0, 0x55d1..=0x55da) => Number,
        (0x7670, 0x7671 | 0x7673 | 0x7674 | 0x7675) => Number,
        (0x7670, 0x7672) => Bytes,
        // Audio.
        (0xe1, 0xb5 | 0x78b5 | 0x9f | 0x6264 | 0x52f1) => Number,
        // Tracks made of tracks: the two eyes of a film.
        (0xe2, 0xe3 | 0xe9) | (0xe3, 0xe4) => Master,
        (0xe4, 0xe6) => Number,
        (0xe4, 0xe5) | (0xe9, 0xed) => Special,
        // Chapters.
        (0x1043a770, 0x45b9) | (0x45b9 | 0xb6, 0xb6) | (0xb6, 0x80 | 0x8f) => Master,
        (0x45b9, 0x45bd | 0x45db | 0x45dd) | (0xb6, 0x91 | 0x92 | 0x98 | 0x4598 | 0x63c3 | 0x4588) => Number,
        (0x80, 0x437c..=0x437e) => Code,
        (0x45b9, 0x45bc) | (0xb6, 0x73c4) | (0x8f, 0x89) | (0x80, 0x85) => Special,
        // Attachments.
        (0x1941a469, 0x61a7) => Special,
        _ => Gone,
    }
}

/// What an element that goes is called, and what it tells.
pub(crate) fn meaning(id: u32) -> (&'static str, Tells) {
    match id {
        0x7ba9 => ("title", Tells::Text),
        0x4461 => ("date", Tells::When),
        0x73a4 => ("segment identifier", Tells::Identifier),
        0x3cb923 | 0x3eb923 | 0x4444 | 0x6e67 | 0x6ebc | 0x6924 => ("identifier of a linked segment", Tells::Identifier),
        0x7384 | 0x3c83ab | 0x3e83bb => ("file name", Tells::History),
        0x258688 | 0x3a9697 | 0x3b4040 | 0x26b240 => ("codec name or address", Tells::Software),
        0x7446 => ("attachment link", Tells::Identifier),
        0x5654 => ("chapter identifier", Tells::Identifier),
        0x6944 => ("chapter commands", Tells::Hidden),
        0x1043a770 => ("chapters", Tells::Text),
        0x1c53bb6b => ("index that points nowhere", Tells::Unknown),
        0x1941a469 => ("attachments", Tells::Hidden),
        0x1254c367 => ("tags", Tells::Text),
        0xec => ("unused space", Tells::Hidden),
        0xbf => ("checksum of a part", Tells::Software),
        0x1b538667 => ("signatures", Tells::Who),
        _ => ("unknown element", Tells::Unknown),
    }
}

/// Whether an element can stand directly in a Segment: what ends a Cluster of unknown size.
pub(crate) fn is_top(id: u32) -> bool {
    matches!(id, 0x114d9b74 | 0x1549a966 | 0x1654ae6b | 0x1f43b675 | 0x1c53bb6b | 0x1043a770 | 0x1941a469 | 0x1254c367)
}

/// Whether text is a code: letters, digits and what stands between them, perhaps padded with zeros.
pub(crate) fn is_code(text: &[u8]) -> bool {
    let end = text.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    text.len() <= 64 && text[..end].iter().all(|b| b.is_ascii_alphanumeric() || b"/_.-+".contains(b))
}
