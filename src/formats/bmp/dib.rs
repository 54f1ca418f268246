//! The bitmap itself, as it lies in `.bmp` files and in icons: header, masks, palette, rows. Which bytes of them are pixels
//! and colours, and that all the others are zero.

use std::io::Write;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::bmp::{self, Header, Rows};
use crate::plan::{Draft, Fate};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Shared, Span};

/// What stands around a bitmap and is needed to decide about it.
pub(in crate::formats) struct Dib<'a> {
    pub(in crate::formats) job: &'a Job<'a>,
    pub(in crate::formats) source: &'a Shared,
    pub(in crate::formats) header: Header,
}

impl Dib<'_> {
    /// The fields that every header from 40 bytes on has. `sizes` are the right numbers for the size of the pixels, the best
    /// first; zero is right where they are rows.
    pub(in crate::formats) fn fields(&self, draft: &mut Draft, sizes: &[u64], colours: u64) {
        let header = &self.header;
        if header.kind() < 40 {
            draft.frame(header.span, "header");
            return;
        }
        draft.frame(header.field(0, 20), "header");
        let size = u64::from(header.size);
        let best = sizes.first().and_then(|s| u32::try_from(*s).ok()).unwrap_or(0);
        let right = if sizes.contains(&size) { header.size } else { best };
        let found = Finding::rewritten("BMP", "wrong size of the pixels", Tells::Unknown);
        draft.replace(header.field(20, 4), "header", Fate::put(right.to_le_bytes()), vec![found]);
        if self.job.keeps(Token::Dpi) {
            draft.frame(header.field(24, 8), "resolution");
        } else {
            draft.blank(header.field(24, 8), "resolution", Finding::blanked("BMP", "resolution", Tells::Device));
        }
        let used = if u64::from(header.used) > colours { colours as u32 } else { header.used };
        let found = Finding::rewritten("BMP", "wrong number of colours", Tells::Unknown);
        draft.replace(header.field(32, 4), "header", Fate::put(used.to_le_bytes()), vec![found]);
        let important = if header.important > 256 { 0 } else { header.important };
        let found = Finding::rewritten("BMP", "impossible number of colours that matter", Tells::Unknown);
        draft.replace(header.field(36, 4), "header", Fate::put(important.to_le_bytes()), vec![found]);
        match header.kind() {
            64 => {
                draft.frame(header.field(40, 2), "header");
                draft.blank(header.field(42, 2), "header", reserved());
                draft.frame(header.field(44, 16), "header");
                draft.blank(header.field(60, 4), "header", Finding::blanked("BMP", "identifier", Tells::Identifier));
            }
            kind => draft.frame(header.field(40, kind.min(56) - 40), "header"),
        }
    }

    /// Masks and palette, which end before `end`. Returns how many colours stay.
    pub(in crate::formats) fn palette(&self, draft: &mut Draft, end: u64) -> Result<u64> {
        let (header, masks) = (&self.header, self.header.masks());
        if masks.end > end {
            return Err(Refusal::malformed("the pixels begin inside the header", end));
        }
        draft.frame(masks, "masks");
        let (there, named) = header.colours();
        let fit = (end - masks.end) / header.entry();
        let (there, named) = (there.min(fit), named.min(fit));
        let kept = Span::new(masks.end, masks.end + named * header.entry());
        if header.entry() == 4 && header.kind() < 108 {
            // The fourth byte of a colour means nothing.
            let mut bytes = self.source.bytes(kept, 1024)?;
            bytes.chunks_exact_mut(4).for_each(|colour| colour[3] = 0);
            let found = Finding::rewritten("BMP", "reserved bytes in the palette", Tells::Hidden);
            draft.replace(kept, "palette", Fate::put(bytes), vec![found]);
        } else {
            draft.frame(kept, "palette");
        }
        let unused = Span::new(kept.end, kept.end + (there - named) * header.entry());
        if !unused.is_empty() {
            draft.remove(unused, "palette", Finding::removed("BMP", "colours that no pixel can name", Tells::Hidden));
        }
        Ok(named)
    }

    /// Rows: as they are where their padding is zero, else written once more with it.
    pub(in crate::formats) fn rows(&self, draft: &mut Draft, span: Span, rows: Rows) -> Result<()> {
        if rows.is_clean(&**self.source, span)? {
            draft.essence(span, "pixels");
            return Ok(());
        }
        let (mut spool, mut at, mut outcome) = (self.job.spool(), 0, Ok(()));
        source::each_block(&**self.source, span, |block| {
            let mut block = block.to_vec();
            rows.padding(at, block.len(), |i, used| block[i] &= used);
            at += block.len() as u64;
            if outcome.is_ok() {
                outcome = spool.write_all(&block);
            }
        })?;
        let clean = outcome.and_then(|()| spool.finish()).map_err(Refusal::write)?;
        draft.recode(span, "pixels", clean);
        draft.note(Finding::blanked("BMP", "data in the padding of rows", Tells::Hidden));
        Ok(())
    }

    /// Runs of equal pixels, up to their end. Returns where that is.
    pub(super) fn runs(&self, draft: &mut Draft, span: Span) -> Result<u64> {
        let header = &self.header;
        let (end, dirty) = bmp::runs(&**self.source, span, header.compression == bmp::RLE8, header.height)?;
        self.job.limits().check_structures(dirty.len())?;
        let mut at = span.start;
        for place in dirty {
            draft.essence(Span::new(at, place), "pixels");
            let found = Finding::blanked("BMP", "data in the filling of runs", Tells::Hidden);
            draft.blank(Span::new(place, place + 1), "pixels", found);
            at = place + 1;
        }
        draft.essence(Span::new(at, end), "pixels");
        Ok(end)
    }
}

/// A field that no program reads.
pub(super) fn reserved() -> Finding {
    Finding::blanked("BMP", "reserved field", Tells::Hidden)
}
