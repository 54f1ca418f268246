//! DV, whose every frame holds the date and the time of recording in places that many checks go over: such film is refused,
//! in whatever container. [IEC 61834-4]

use crate::refusal::{Code, Refusal};

/// The codes by which containers name it, in small letters.
const CODES: &[&[u8; 4]] = &[
    b"dvsd", b"dvhd", b"dvsl", b"dvhq", b"dvhp", b"dvcs", b"dvcp", b"dv25", b"dv50", b"cdvc", b"cdv5", b"dvc ", b"dvpp", b"dv5n",
    b"dv5p", b"dvh1", b"dvh2", b"dvh3", b"dvh4", b"dvh5", b"dvh6", b"dvis", b"pdvc", b"sl25", b"sldv", b"avd1", b"avdv", b"cdvp",
];

/// Whether a code of four letters means DV.
pub fn is_dv(code: &[u8]) -> bool {
    CODES.iter().any(|c| c.eq_ignore_ascii_case(code))
}

/// Why such film cannot be cleaned.
pub fn refusal(at: u64) -> Refusal {
    Refusal::new(Code::NeedsResidual, "it is DV, which holds the date and time of recording in every frame")
        .at(at)
        .hint("convert the film to MP4 or Matroska with another codec, and clean that")
}
