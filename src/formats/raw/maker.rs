//! Where a maker's notes have their directory, and from where its positions count. Notes of another shape are not guessed
//! at: what a converter needs is in them. [ExifTool MakerNotes; LibRaw parse_makernote]

use super::{ELSEWHERE, Kind};
use crate::grammar::tiff::{Order, Tiff};
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// The notes as a structure.
pub(super) struct Notes<'a> {
    pub(super) tiff: Tiff<'a>,
    /// Where the directory is, counted from the base.
    pub(super) first: u64,
    /// The bytes in front of the directory, which say whose notes they are.
    pub(super) head: Span,
}

/// Finds the directory of the notes in `data`.
pub(super) fn notes<'a>(kind: Kind, outer: &Tiff<'a>, data: Span) -> Result<Notes<'a>> {
    let unknown = || Refusal::unsupported("the maker notes have a layout that is not known here").at(data.start).hint(ELSEWHERE);
    let source = outer.source();
    let bytes = source.bytes(Span::new(data.start, data.end.min(data.start + 32)), 32)?;
    let order = |at: usize| match bytes.get(at..at + 2) {
        Some(b"II") => Ok(Order::Little),
        Some(b"MM") => Ok(Order::Big),
        _ => Err(unknown()),
    };
    // Positions that count from the start of the file, or from the start of the notes.
    let of_file = |len: u64| (*outer, data.start + len - outer.base, len);
    let of_notes = |order: Order, len: u64| (Tiff::bare(source, data.start, order), len, len);
    let (tiff, first, len) = match kind {
        Kind::Cr2 => of_file(0),
        Kind::Arw if bytes.starts_with(b"SONY ") => of_file(12),
        Kind::Arw if !bytes.starts_with(b"VHAB") => of_file(0),
        Kind::Nef if bytes.starts_with(b"Nikon\0\x02") => {
            let base = data.start + 10;
            let (tiff, first) = Tiff::open(source, base).map_err(|_| unknown())?;
            if tiff.big || first != 8 {
                return Err(unknown());
            }
            (tiff, first, 18)
        }
        Kind::Orf if bytes.starts_with(b"OM SYSTEM\0\0\0") => of_notes(order(12)?, 16),
        Kind::Orf if bytes.starts_with(b"OLYMPUS\0") => of_notes(order(8)?, 12),
        Kind::Orf if bytes.starts_with(b"OLYMP\0") => of_file(8),
        Kind::Pef if bytes.starts_with(b"PENTAX \0") => of_notes(order(8)?, 10),
        Kind::Pef if bytes.starts_with(b"AOC\0") => of_file(6),
        Kind::Srw => of_notes(outer.order, 0),
        _ => return Err(unknown()),
    };
    Ok(Notes { tiff, first, head: Span::new(data.start, data.start + len) })
}
