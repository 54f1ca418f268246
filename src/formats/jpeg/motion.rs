//! The video of a motion photo, where it shall stay: found behind the pictures, cleaned like a video file, and told by a fresh
//! packet, since viewers find it by that. It is the last thing in the file; what its maker put around it goes.
//! [Android: Motion Photo format 1.0]

use crate::blocks::xmp;
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::bmff;
use crate::plan::Draft;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::{self, Shared, Span, Window};

/// How far behind the pictures the video may begin.
const SEARCH: usize = 1 << 20;
/// In front of the video in what Samsung appends.
const SAMSUNG: &[u8] = b"MotionPhoto_Data";

/// Keeps the video that lies in a gap of the draft, if there is one and it shall stay: what the packet has to say of it.
pub(super) fn settle(job: &Job, draft: &mut Draft, source: &Shared, end: u64, facts: &xmp::Facts) -> Result<Option<xmp::Motion>> {
    if !job.keeps(Token::MotionPhoto) {
        return Ok(None);
    }
    for gap in draft.gaps() {
        let gap = Span::new(gap.start.max(end), gap.end);
        let Some(span) = video(job, source, gap)? else { continue };
        let name = "motion video.mp4";
        match job.member(name, &Window::shared(source, span)) {
            Ok(Member::Same(cleaned) | Member::Changed(cleaned)) => {
                draft.adopt(name, &cleaned);
                let why = "the policy keeps motion photos; its sound and its pictures are as they were";
                draft.note(Finding::kept("JPEG", "motion video", Tells::Hidden, why).bytes(cleaned.bytes().len()));
                let length = cleaned.bytes().len();
                draft.member(span, "motion video", (!cleaned.is_identity()).then(|| cleaned.bytes()));
                return Ok(Some(xmp::Motion { length, moment: facts.moment }));
            }
            Ok(Member::Unknown(why)) | Err(why) => {
                draft.warn(format!("the motion video could not be cleaned and was removed: {why}"));
                return Ok(None);
            }
        }
    }
    Ok(None)
}

/// Where the boxes of a video lie in a gap.
fn video(job: &Job, source: &Shared, gap: Span) -> Result<Option<Span>> {
    const BOXES: [&[u8; 4]; 10] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"moof", b"mfra"];
    let head = source::head(&**source, gap.start, gap.len().min(SEARCH as u64) as usize)?;
    let start = match head.get(4..8) {
        Some(b"ftyp") => 0,
        _ => match memchr::memmem::find(&head, SAMSUNG) {
            Some(at) if head.get(at + SAMSUNG.len() + 4..).is_some_and(|h| h.starts_with(b"ftyp")) => at + SAMSUNG.len(),
            _ => return Ok(None),
        },
    };
    let start = gap.start + start as u64;
    let atoms = bmff::top(&*Window::shared(source, Span::new(start, gap.end)), job.limits())?;
    // Up to the last box of a video; what stands between is the business of the row that cleans it.
    let boxes = &atoms.list[..atoms.list.iter().rposition(|a| BOXES.contains(&&a.kind) && !a.cut).map_or(0, |i| i + 1)];
    let whole = boxes.iter().any(|a| a.is(b"moov"));
    Ok(boxes.last().filter(|_| whole).map(|last| Span::new(start, start + last.span.end)))
}
