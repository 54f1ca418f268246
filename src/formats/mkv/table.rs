//! Which elements of Matroska stay, and why: the allow-list. What is not named here goes. [RFC 9559 5]

use crate::finding::Tells;

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Kept as it is: a number, a flag, a short code.
    Keep,
    /// Kept with those of its children that stay.
    Master,
    /// Written anew by the code that knows it.
    Special,
    /// Goes, and has a name.
    Gone(&'static str, Tells),
}

/// The rule for an element, anywhere but in a cluster.
pub(crate) fn rule(id: u32) -> Rule {
    use Rule::{Gone, Keep, Master, Special};
    match id {
        // EBML header: type and versions.
        0x4286 | 0x42f7 | 0x42f2 | 0x42f3 | 0x4282 | 0x4287 | 0x4285 => Keep,
        // Info: the scale of time and the length.
        0x1549a966 => Master,
        0x2ad7b1 | 0x4489 => Keep,
        // Mandatory names of programs, emptied.
        0x4d80 | 0x5741 => Special,
        0x7ba9 => Gone("title", Tells::Text),
        0x4461 => Gone("date", Tells::When),
        0x73a4 => Gone("segment identifier", Tells::Identifier),
        0x3cb923 | 0x3eb923 | 0x4444 => Gone("identifier of a linked segment", Tells::Identifier),
        0x7384 | 0x3c83ab | 0x3e83bb => Gone("file name", Tells::History),
        // Seeking.
        0x114d9b74 | 0x1c53bb6b | 0xbb | 0xb7 => Master,
        0x4dbb | 0xf1 | 0xf0 => Special,
        0xb3 | 0xf7 | 0xb2 | 0x5378 => Keep,
        // Tracks: numbers, kinds, flags, codec, language, delays.
        0x1654ae6b | 0xae => Master,
        0xd7 | 0x83 | 0xb9 | 0x88 | 0x55aa | 0x55ab | 0x55ac | 0x55ad | 0x55ae | 0x55af | 0x9c => Keep,
        0x6de7 | 0x6df8 | 0x23e383 | 0x234e7a | 0x23314f | 0x55ee | 0x86 | 0x56aa | 0x56bb | 0xaa => Keep,
        0x22b59c | 0x22b59d => Special,
        0x73c5 | 0x63a2 => Special,
        0x536e => Special,
        0x258688 | 0x3a9697 | 0x3b4040 | 0x26b240 => Gone("codec name or address", Tells::Software),
        0x7446 => Gone("attachment link", Tells::Identifier),
        // How blocks are packed. Encryption is refused before this is asked.
        0x6d80 | 0x6240 | 0x5034 => Master,
        0x5031 | 0x5032 | 0x5033 | 0x4254 | 0x4255 => Keep,
        // What blocks have besides: alpha, HDR10+, Dolby Vision.
        0x41e4 => Special,
        // Video.
        0xe0 => Master,
        0x9a | 0x9d | 0x53b8 | 0x53c0 | 0x53b9 | 0xb0 | 0xba | 0x54aa | 0x54bb | 0x54cc | 0x54dd | 0x54b0 | 0x54ba | 0x54b2
        | 0x54b3 | 0x2eb524 | 0x2fb523 | 0x2383e3 => Keep,
        0x55b0 | 0x55d0 => Master,
        0x55b1 | 0x55b2 | 0x55b3 | 0x55b4 | 0x55b5 | 0x55b6 | 0x55b7 | 0x55b8 | 0x55b9 | 0x55ba | 0x55bb | 0x55bc | 0x55bd => {
            Keep
        }
        0x55d1 | 0x55d2 | 0x55d3 | 0x55d4 | 0x55d5 | 0x55d6 | 0x55d7 | 0x55d8 | 0x55d9 | 0x55da => Keep,
        0x7670 => Master,
        0x7671 | 0x7672 | 0x7673 | 0x7674 | 0x7675 => Keep,
        // Audio.
        0xe1 => Master,
        0xb5 | 0x78b5 | 0x9f | 0x6264 | 0x52f1 => Keep,
        // Chapters.
        0x1043a770 | 0x45b9 | 0xb6 | 0x80 | 0x8f => Master,
        0x45bd | 0x45db | 0x45dd | 0x91 | 0x92 | 0x98 | 0x4598 | 0x63c3 | 0x4588 => Keep,
        0x437c | 0x437d | 0x437e => Keep,
        0x45bc | 0x73c4 | 0x89 | 0x85 => Special,
        0x5654 => Gone("chapter identifier", Tells::Identifier),
        0x6944 => Gone("chapter commands", Tells::Hidden),
        0x6e67 | 0x6ebc | 0x6924 => Gone("identifier of a linked segment", Tells::Identifier),
        // Attachments.
        0x1941a469 => Master,
        0x61a7 => Special,
        0x1254c367 => Gone("tags", Tells::Text),
        0xec => Gone("unused space", Tells::Hidden),
        0xbf => Gone("checksum of a part", Tells::Software),
        0x1b538667 => Gone("signatures", Tells::Who),
        _ => Gone("unknown element", Tells::Unknown),
    }
}

/// Whether an element can stand directly in a Segment: what ends a Cluster of unknown size.
pub(crate) fn is_top(id: u32) -> bool {
    matches!(id, 0x114d9b74 | 0x1549a966 | 0x1654ae6b | 0x1f43b675 | 0x1c53bb6b | 0x1043a770 | 0x1941a469 | 0x1254c367)
}

/// What stays of a Cluster and of its block groups.
pub(crate) fn stays_in_cluster(id: u32) -> bool {
    matches!(
        id,
        // Timestamp; duration, references, priority, padding that is not played, a codec's own state.
        0xe7 | 0x9b | 0xfb | 0xfa | 0x75a2 | 0xa4
        // What a block has besides: alpha, HDR.
        | 0x75a1
    )
}
