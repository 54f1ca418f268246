//! PCX of ZSoft Paintbrush. Header, runs of pixels and the palette behind them stay; the size of somebody's screen, the filler
//! of the header and whatever stands between and behind go. [ZSoft PCX File Format Technical Reference Manual, revision 5]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "PCX",
    extensions: &["pcx"],
    container: false,
    keeps: "pixels, palettes, position, resolution",
    removes: "size of the screen, filler of the header, gaps, data behind the palette",
    sniff,
    plan,
    witness,
};

const HEADER: u64 = 128;
/// A byte in front of it and 256 colours.
const PALETTE: u64 = 769;

fn sniff(head: &Head) -> Option<Match> {
    let h = head.bytes.get(..HEADER as usize)?;
    let fits = matches!(h[..4], [0x0a, 0 | 2 | 3 | 4 | 5, 1, 1 | 2 | 4 | 8]) && matches!(h[65], 1..=4);
    (fits && h[66..68] != [0, 0]).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let h = source.bytes(Span::new(0, HEADER), HEADER)?;
    let number = |at: usize| u64::from(u16::from_le_bytes([h[at], h[at + 1]]));
    draft.frame(Span::new(0, 12), "header");
    match job.keeps(Token::Dpi) {
        true => draft.frame(Span::new(12, 16), "resolution"),
        false => {
            let found = Finding::blanked("PCX", "resolution", Tells::Device);
            draft.replace(Span::new(12, 16), "resolution", Fate::put([0; 4]), vec![found]);
        }
    }
    // With more than sixteen colours the palette of the header means nothing.
    let (bits, planes) = (h[3], h[65]);
    let unused = bits == 8;
    let colours = Span::new(16, 64);
    match unused {
        true => draft.blank(colours, "palette", Finding::blanked("PCX", "palette that is not used", Tells::Hidden)),
        false => draft.frame(colours, "palette"),
    }
    draft.blank(Span::new(64, 65), "reserved", Finding::blanked("PCX", "reserved byte", Tells::Hidden));
    draft.frame(Span::new(65, 70), "header");
    draft.blank(Span::new(70, 74), "screen", Finding::blanked("PCX", "size of the screen", Tells::Device));
    draft.blank(Span::new(74, HEADER), "filler", Finding::blanked("PCX", "filler of the header", Tells::Hidden));
    let rows = (number(10) + 1).checked_sub(number(6)).filter(|_| number(8) >= number(4));
    let rows = rows.ok_or_else(|| Refusal::malformed("the size of the picture is not possible", 4))?;
    let end = runs(source, rows * number(66) * u64::from(planes))?;
    draft.essence(Span::new(HEADER, end), "pixels");
    let wants = bits == 8 && planes == 1 && h[1] == 5;
    let end = match palette(source, end)?.filter(|_| wants) {
        Some(palette) => {
            let gap = Span::new(end, palette.start);
            if !gap.is_empty() {
                draft.remove(gap, "gap", Finding::removed("PCX", "data in front of the palette", Tells::Hidden));
            }
            draft.frame(palette, "palette");
            palette.end
        }
        None => end,
    };
    behind::remove(&mut draft, source, end);
    draft.seal()
}

/// Where the runs end that unpack to `want` bytes.
fn runs(source: &Shared, want: u64) -> Result<u64> {
    let mut cursor = Cursor::new(&**source, Span::new(HEADER, source.len()));
    let mut left = want;
    while left > 0 {
        let count = match cursor.u8()? {
            b @ 0xc0.. => {
                cursor.skip(1)?;
                u64::from(b & 0x3f)
            }
            _ => 1,
        };
        left = left.saturating_sub(count);
    }
    Ok(cursor.at())
}

/// Most readers count from the end of the file; some files have more behind it.
fn palette(source: &Shared, pixels: u64) -> Result<Option<Span>> {
    for start in [source.len().saturating_sub(PALETTE), pixels] {
        let span = Span::new(start, start + PALETTE);
        if start >= pixels && span.end <= source.len() && source::head(&**source, start, 1)? == [0x0c] {
            return Ok(Some(span));
        }
    }
    Ok(None)
}

fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (was, now) = (source::head(before, 0, 70)?, source::head(after, 0, HEADER as usize)?);
    if was.get(..12) != now.get(..12) || was.get(65..70) != now.get(65..70) {
        return Err(Refusal::new(Code::Damaged, "the header of the result is another one"));
    }
    match now.get(70..).is_some_and(|rest| rest.iter().all(|b| *b == 0)) {
        true => Ok(vec!["pcx-header"]),
        false => Err(Refusal::new(Code::Leftover, "the header of the result still has filler")),
    }
}
