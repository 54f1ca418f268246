//! Messages inside coded pictures and video: where the samples are. All samples are looked at only where the first ones have
//! something to hide.

use std::collections::BTreeSet;

use super::Walk;
pub(super) use crate::blocks::messages::Units;
use crate::blocks::messages::{Seen, look};
use crate::plan::Fate;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Span;

/// How many samples decide whether all are looked at.
const LOOK: usize = 6;

/// Looks into the samples of a video track, and blanks what must not stay. `samples` gives at most so many of them.
pub(super) fn in_samples(walk: &mut Walk, units: Units, samples: impl Fn(&Walk, usize) -> Result<Vec<Span>>) -> Result<()> {
    let strip = !walk.job.keeps(Token::EncoderStrings);
    let mut seen = Seen::default();
    for sample in samples(walk, LOOK)? {
        look(&**walk.source, units, sample, strip, &mut seen)?;
    }
    seen.tell_kept(&mut walk.draft, walk.place, strip);
    if seen.blank.is_empty() && seen.stuck == 0 && !strip {
        return Ok(());
    }
    let mut all = Seen::default();
    for sample in samples(walk, usize::MAX)? {
        look(&**walk.source, units, sample, strip, &mut all)?;
        walk.job.limits().check_structures(all.blank.len())?;
    }
    write(walk, all)
}

/// Looks into coded pictures, each of which is one sample.
pub(super) fn in_pictures(walk: &mut Walk, pictures: &BTreeSet<(Span, Units)>) -> Result<()> {
    let strip = !walk.job.keeps(Token::EncoderStrings);
    let mut seen = Seen::default();
    for (span, units) in pictures {
        look(&**walk.source, *units, *span, strip, &mut seen)?;
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
