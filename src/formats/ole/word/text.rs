//! The text of a document: pieces, in one stream, of one or two bytes a character. Codes of fields lose paths; the text of
//! comments becomes spaces. [MS-DOC 2.4.1, 2.8.35, 2.9.178]

use std::ops::Range;

use super::properties::{self, Uses};
use crate::finding::{Finding, Tells};
use crate::formats::office::is_path;
use crate::formats::ole::Work;
use crate::grammar::officeart::{u16_at, u32_at};
use crate::refusal::Result;

/// The characters around fields. [MS-DOC 2.8.25]
const FIELD: u16 = 0x13;
const RESULT: u16 = 0x14;
const END: u16 = 0x15;

/// A run of characters.
pub(super) struct Piece {
    /// The positions in the text.
    pub(super) text: Range<usize>,
    /// Where the first character lies.
    pub(super) at: usize,
    /// How many bytes a character takes.
    pub(super) width: usize,
}

impl Piece {
    /// The bytes of the piece.
    pub(super) fn bytes(&self) -> Range<usize> {
        self.at..self.at + self.text.len() * self.width
    }
}

/// Reads the table of pieces and cleans the properties in it.
pub(super) fn pieces(work: &mut Work, table: &mut [u8], uses: &mut Uses) -> Result<Vec<Piece>> {
    let mut at = 0;
    while table.get(at) == Some(&1) {
        let len = usize::from(u16_at(table, at + 1));
        let list = table.get_mut(at + 3..at + 3 + len).ok_or_else(|| work.malformed("the table of pieces is cut off", at))?;
        properties::clean(work, list, uses)?;
        at += 3 + len;
    }
    let len = u32_at(table, at + 1) as usize;
    if table.get(at) != Some(&2) || len < 4 || table.len() < at + 5 || table.len() - at - 5 < len {
        return Err(work.malformed("the document has no table of pieces", at));
    }
    let count = (len - 4) / 12;
    let entries = at + 5 + 4 * (count + 1);
    let mut out = Vec::new();
    for i in 0..count {
        let text = u32_at(table, at + 5 + 4 * i) as usize..u32_at(table, at + 9 + 4 * i) as usize;
        let (place, change) = (u32_at(table, entries + 8 * i + 2), u16_at(table, entries + 8 * i + 6));
        // Single changes to a piece are marks of revisions in this range. [MS-DOC 2.9.214]
        if change & 1 == 0 && (0x40..=0x44).contains(&(change >> 1 & 0x7f)) && change >> 8 != 0 {
            return Err(work.unsupported("it has tracked changes of an old kind"));
        }
        let (at, width) = match place & 0x4000_0000 {
            0 => (place as usize, 2),
            _ => ((place & 0x3fff_ffff) as usize / 2, 1),
        };
        if text.end < text.start {
            return Err(work.malformed("the table of pieces goes back", at));
        }
        out.push(Piece { text, at, width });
    }
    let tail = at + 5 + len;
    properties::zero(work, &mut table[tail..], "bytes behind the table of pieces", Tells::Hidden);
    Ok(out)
}

/// A character and where it lies.
fn characters<'a>(pieces: &'a [Piece], stream: &'a [u8]) -> impl Iterator<Item = (usize, Range<usize>, u16)> + 'a {
    pieces.iter().flat_map(move |p| {
        (0..p.text.len()).map(move |i| {
            let at = p.at + i * p.width;
            let unit = if p.width == 2 { u16_at(stream, at) } else { stream.get(at).map_or(0, |b| u16::from(*b)) };
            (p.text.start + i, at..at + p.width, unit)
        })
    })
}

/// Writes one character.
fn set(stream: &mut [u8], place: &Range<usize>, letter: u8) {
    if let Some(bytes) = stream.get_mut(place.clone()) {
        bytes.fill(0);
        bytes[0] = letter;
    }
}

/// Makes paths in the codes of fields unreadable: every letter and digit becomes an x.
pub(super) fn mask_fields(work: &mut Work, pieces: &[Piece], stream: &mut [u8]) {
    let (mut depth, mut run, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for (_, place, unit) in characters(pieces, stream) {
        match unit {
            FIELD => depth.push(true),
            RESULT => depth.iter_mut().last().into_iter().for_each(|d| *d = false),
            END => _ = depth.pop(),
            32.. if depth.last() == Some(&true) => {
                run.push((place, unit));
                continue;
            }
            _ => {}
        }
        if !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    for run in runs {
        let code = String::from_utf16_lossy(&run.iter().map(|(_, unit)| *unit).collect::<Vec<_>>());
        for word in local(&code) {
            let said: String = code.chars().skip(word.start).take(word.len()).collect();
            work.found.push(Finding::rewritten(work.app.name, "path in a field", Tells::History).value(said));
            for (place, unit) in run.get(word).unwrap_or_default() {
                if is_letter(*unit) {
                    set(stream, place, b'x');
                }
            }
        }
    }
}

/// What is masked.
fn is_letter(unit: u16) -> bool {
    unit > 127 || u8::try_from(unit).is_ok_and(|b| b.is_ascii_alphanumeric())
}

/// Where local paths stand in the code of a field, in characters; those that are masked already are left out.
fn local(code: &str) -> Vec<Range<usize>> {
    let letters: Vec<char> = code.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    let mut first = true;
    while at < letters.len() {
        let quoted = letters[at] == '"' || letters[at] == '\u{201c}';
        let start = at + usize::from(quoted);
        let stop = |c: char| if quoted { matches!(c, '"' | '\u{201d}') } else { c.is_whitespace() || c == '"' };
        let end = letters[start.min(letters.len())..].iter().position(|c| stop(*c)).map_or(letters.len(), |n| start + n);
        let word: String = letters[start..end].iter().collect();
        let low = word.to_ascii_lowercase();
        let web = low.starts_with("http") || low.starts_with("mailto:") || low.starts_with("ftp:");
        // A switch begins with a backslash and is a letter or a sign.
        let is_switch = word.starts_with('\\') && word.chars().count() <= 3;
        let masked = word.chars().all(|c| c == 'x' || !c.is_alphanumeric());
        if !first && !web && !is_switch && !masked && (is_path(&word) || low.starts_with("file:")) {
            out.push(start..end);
        }
        first &= word.is_empty();
        at = end.max(at) + 1;
    }
    out
}

/// Makes the text at these positions spaces, but for what shapes it. Returns what stood there.
pub(super) fn blank(pieces: &[Piece], stream: &mut [u8], range: &Range<usize>) -> String {
    let hit: Vec<(Range<usize>, u16)> = characters(pieces, stream)
        .filter(|(at, _, unit)| range.contains(at) && *unit > 32)
        .map(|(_, place, unit)| (place, unit))
        .collect();
    hit.iter().for_each(|(place, _)| set(stream, place, b' '));
    String::from_utf16_lossy(&hit.iter().map(|(_, unit)| *unit).collect::<Vec<_>>())
}

/// Makes paths in other data unreadable, in one or two bytes a character. Returns whether there were any.
pub(super) fn mask_bytes(bytes: &mut [u8]) -> bool {
    let mut hit = false;
    for width in [1, 2] {
        let unit = |b: &[u8], at: usize| if width == 2 { u16_at(b, at) } else { b.get(at).map_or(0, |b| u16::from(*b)) };
        let mut at = 0;
        while at + 3 * width <= bytes.len() {
            let three = [unit(bytes, at), unit(bytes, at + width), unit(bytes, at + 2 * width)];
            let is = |i: usize, c: u8| three[i] == u16::from(c);
            let drive = is_letter(three[0]) && three[0] < 128 && is(1, b':') && is(2, b'\\');
            let share = is(0, b'\\') && is(1, b'\\') && is_letter(three[2]);
            if !drive && !share {
                at += 1;
                continue;
            }
            while at + width <= bytes.len() && unit(bytes, at) >= 32 {
                if is_letter(unit(bytes, at)) && unit(bytes, at) != u16::from(b'x') {
                    hit = true;
                    set(bytes, &(at..at + width), b'x');
                }
                at += width;
            }
        }
    }
    hit
}
