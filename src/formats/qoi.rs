//! QOI, the quite OK image: a header of fourteen bytes, pixels in six kinds of pieces, eight bytes at the end. There is no
//! place for metadata but behind it, and that goes. [QOI specification 1.0]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "QOI",
    extensions: &["qoi"],
    container: false,
    keeps: "the whole picture",
    removes: "data behind the end",
    sniff,
    plan,
    witness,
};

const END: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

fn sniff(head: &Head) -> Option<Match> {
    let rest = head.bytes.get(12..14)?;
    (head.has(0, b"qoif") && matches!(rest, [3 | 4, 0 | 1])).then_some(Match::Exact)
}

fn plan(_: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut cursor = Cursor::over(&**source);
    cursor.skip(4)?;
    let (width, height) = (u64::from(cursor.u32_be()?), u64::from(cursor.u32_be()?));
    cursor.skip(2)?;
    draft.frame(Span::new(0, 14), "header");
    let (mut left, start) = (width * height, cursor.at());
    while left > 0 {
        let (skip, pixels) = match cursor.u8()? {
            0xff => (4, 1),
            0xfe => (3, 1),
            0x80..=0xbf => (1, 1),
            tag @ 0xc0.. => (0, u64::from(tag & 0x3f) + 1),
            _ => (0, 1),
        };
        cursor.skip(skip)?;
        left = left.saturating_sub(pixels);
    }
    draft.essence(Span::new(start, cursor.at()), "pixels");
    let end = cursor.at();
    if cursor.array::<8>()? != END {
        return Err(Refusal::malformed("the picture does not end where it should", end));
    }
    draft.frame(Span::new(end, cursor.at()), "end");
    behind::remove(&mut draft, source, cursor.at());
    draft.seal()
}

fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    match source::head(after, after.len().saturating_sub(8), 8)? == END {
        true => Ok(vec!["qoi-end"]),
        false => Err(Refusal::new(Code::Leftover, "something stands behind the end")),
    }
}
