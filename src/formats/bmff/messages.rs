//! Messages inside coded pictures and video: every sample is looked at, since a camera may begin to write them at any time.

use super::Walk;
pub(super) use crate::blocks::messages::Units;
use crate::blocks::messages::{Seen, look};
use crate::plan::Fate;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Span;

/// Looks into samples of video or coded pictures, and blanks what must not stay.
pub(super) fn look_into(walk: &mut Walk, samples: impl IntoIterator<Item = (Span, Units)>) -> Result<()> {
    let strip = !walk.job.keeps(Token::EncoderStrings);
    let mut seen = Seen::default();
    for (sample, units) in samples {
        look(&**walk.source, units, sample, strip, &mut seen)?;
        walk.job.limits().check_structures(seen.blank.len())?;
    }
    seen.tell_kept(&mut walk.draft, walk.place, strip);
    write(walk, seen)
}

/// Writes filler over what must not stay.
fn write(walk: &mut Walk, mut seen: Seen) -> Result<()> {
    let mut found = seen.settle(&mut walk.draft, walk.place, walk.job.policy().is_strict())?;
    for (span, fresh) in seen.blank {
        // Two samples may be the same bytes.
        if walk.claims.make(span) {
            walk.draft.replace(span, "message", Fate::put(fresh), std::mem::take(&mut found));
        }
    }
    Ok(())
}
