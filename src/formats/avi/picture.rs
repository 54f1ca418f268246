//! Pictures of Motion JPEG: the tables and the scan stay; Exif, comments and what stands behind the picture become zeros of
//! the same length, since chunks must not change their sizes.

use super::Film;
use crate::finding::{Action, Finding, Tells};
use crate::grammar::jpeg::{self, Kind, Walk};
use crate::names::{exif, xmp};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Span, Window};

/// How many pictures one chunk may hold: the fields of interlaced film.
const FIELDS: usize = 4;
/// Kinds of PNG chunks that tell.
const TELLING: &[&[u8; 4]] = &[b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"iCCP"];

impl Film<'_, '_> {
    /// What goes of a chunk that may begin like a picture file.
    pub(super) fn in_picture(&mut self, span: Span) -> Result<Vec<Span>> {
        match source::head(&**self.source, span.start, 3)?[..] {
            [0xff, 0xd8, 0xff] => {}
            [0x89, b'P', b'N'] => return self.in_portable(span),
            _ => return Ok(Vec::new()),
        }
        let (mut at, mut all) = (span.start, Vec::new());
        for _ in 0..FIELDS {
            let window = Window::new(self.source.clone(), Span::new(at, span.end));
            let mut walk = Walk::new(&window, 0);
            // A picture that is damaged stays from there on: it shows what it shows.
            while let Ok(Some(piece)) = walk.next() {
                let place = Span::new(at + piece.span.start, at + piece.span.end);
                all.extend(self.judge(piece.kind, place)?);
            }
            if !walk.is_ended() {
                return Ok(all);
            }
            at += walk.at();
            if source::head(&**self.source, at, (span.end - at).min(3) as usize)? != [0xff, 0xd8, 0xff] {
                break;
            }
        }
        let found = Finding::blanked("AVI", "data behind the picture", Tells::Hidden);
        all.extend(self.hide(vec![found], Span::new(at, span.end))?);
        Ok(all)
    }

    /// The part of a piece that goes.
    fn judge(&mut self, kind: Kind, place: Span) -> Result<Vec<Span>> {
        let (marker, payload) = match kind {
            Kind::Segment { marker, .. } => (marker, Span::new(place.start + 4, place.end)),
            Kind::Junk => {
                return self.hide(vec![Finding::blanked("AVI", "bytes between the segments", Tells::Hidden)], place);
            }
            _ => return Ok(Vec::new()),
        };
        if jpeg::is_structural(marker) || payload.is_empty() {
            return Ok(Vec::new());
        }
        let head = source::head(&**self.source, payload.start, payload.len().min(1 << 16) as usize)?;
        // [OpenDML 1.02, appendix B; T.871; T.872]
        let kept = match marker {
            0xe0 if head.starts_with(b"AVI1") => 16,
            0xe0 if head.starts_with(b"JFIF\0") => 12,
            0xee if head.starts_with(b"Adobe") => 12,
            0xfe if self.signs(&head) => return Ok(Vec::new()),
            _ => 0,
        };
        let gone = Span::new((payload.start + kept).min(payload.end), payload.end);
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let found = match marker {
            0xe1 if head.starts_with(b"Exif\0\0") => exif::describe("Exif", &head[6..]),
            0xe1 if head.starts_with(b"http://ns.adobe.com/xap/") => xmp::describe("XMP", &head),
            0xfe => {
                let text = String::from_utf8_lossy(&head[..head.len().min(200)]).trim_matches('\0').to_owned();
                vec![Finding::removed("AVI", "comment in a picture", Tells::Text).value(text)]
            }
            _ => vec![Finding::removed("AVI", format!("{} in a picture", jpeg::name(marker)), Tells::Unknown)],
        };
        self.hide(found, gone)
    }

    /// Whether a comment is how an encoder signs each of its pictures, which stays by default.
    fn signs(&mut self, comment: &[u8]) -> bool {
        let known = [&b"Lavc"[..], b"Intel(R)", b"LEAD Tech", b"AppleMark"].iter().any(|b| comment.starts_with(b));
        let stays = known && comment.len() < 64 && self.job.keeps(Token::EncoderStrings);
        if stays && self.seen.signature.is_none() {
            self.seen.signature = Some(String::from_utf8_lossy(comment).trim_matches('\0').to_owned());
        }
        stays
    }

    /// Remembers what is about to be overwritten, unless it is zeros already.
    fn hide(&mut self, found: Vec<Finding>, span: Span) -> Result<Vec<Span>> {
        const MOST: usize = 200;
        let gone = self.unless_zero(span)?;
        for found in found.into_iter().filter(|_| !gone.is_empty()) {
            let all = &mut self.seen.pictures;
            match all.iter().position(|(f, _)| f.label == found.label) {
                Some(i) => all[i].1 += 1,
                None if all.len() < MOST => all.push((Finding { action: Action::Blanked, ..found }, 1)),
                None => {}
            }
        }
        Ok(gone)
    }

    /// A PNG picture has checksums, so nothing in it can become zeros.
    fn in_portable(&mut self, span: Span) -> Result<Vec<Span>> {
        let mut at = span.start + 8;
        while at + 8 <= span.end {
            let head = source::head(&**self.source, at, 8)?;
            if TELLING.iter().any(|t| head.ends_with(&t[..])) {
                let what = "pictures of the film hold texts or times that cannot be taken out in place";
                return Err(Refusal::new(Code::NeedsResidual, what).at(at).hint("convert the film with another codec first"));
            }
            at += 12 + u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        }
        Ok(Vec::new())
    }
}
