//! The colour profile of a JPEG, which lies in numbered parts: put together, made neutral, taken apart again. [ICC.1:2022 B.4]

use crate::blocks::icc;
use crate::clean::Job;
use crate::finding::Finding;
use crate::names;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Shared;

use super::survey::{self, Block, Survey};

/// The name of a profile that goes because it shall.
const GOES: &str = "colour profile";

/// What becomes of the parts of the colour profile, all together.
pub(super) enum Profile {
    /// There is none, or it goes, and why.
    Goes(&'static str),
    /// It stays as it is.
    Same,
    /// It stays in a neutral form; what the old one told.
    New { bytes: Vec<u8>, told: Vec<Finding> },
}

impl Profile {
    /// Looks at the profile of the picture.
    pub(super) fn of(job: &Job, source: &Shared, survey: &Survey) -> Result<Profile> {
        if !job.keeps(Token::Color) {
            return Ok(Profile::Goes(GOES));
        }
        let Some(old) = assemble(source, survey)? else { return Ok(Profile::Goes("incomplete colour profile")) };
        if job.keeps(Token::ColorText) {
            return Ok(Profile::Same);
        }
        Ok(match icc::neutral(&old)? {
            None => Profile::Goes("broken colour profile"),
            Some(new) if new == old => Profile::Same,
            Some(bytes) => Profile::New { bytes, told: names::icc::describe("ICC", &old) },
        })
    }

    /// Why it goes, where that is because it cannot be read.
    pub(super) fn is_odd(&self) -> Option<&'static str> {
        match self {
            Profile::Goes(why) if *why != GOES => Some(why),
            _ => None,
        }
    }

    /// Whether the result has a profile.
    pub(super) fn stays(&self) -> bool {
        !matches!(self, Profile::Goes(_))
    }
}

/// The profile put together from its numbered parts; `None` where one is missing, doubled or of another set, as decoders
/// then pass over all of them. [ICC.1:2022 B.4]
fn assemble(source: &Shared, survey: &Survey) -> Result<Option<Vec<u8>>> {
    let mut parts = Vec::new();
    for segment in survey.segments.iter().filter(|s| s.block == Block::Icc && s.early) {
        if parts.len() == usize::from(u8::MAX) {
            return Ok(None);
        }
        let body = segment.after(&**source, survey::ICC.len() as u64)?;
        parts.push((body[0], body[1], body));
    }
    parts.sort_by_key(|p| p.0);
    let whole = parts.iter().enumerate().all(|(i, p)| usize::from(p.0) == i + 1 && usize::from(p.1) == parts.len());
    if parts.is_empty() || !whole {
        return Ok(None);
    }
    Ok(Some(parts.iter().flat_map(|p| &p.2[2..]).copied().collect()))
}

/// A profile in as few parts as it takes. [ICC.1:2022 B.4]
pub(super) fn chunked(profile: &[u8]) -> Vec<u8> {
    const MOST: usize = 65_519;
    let count = profile.len().div_ceil(MOST);
    let parts = profile.chunks(MOST).enumerate();
    parts.flat_map(|(i, part)| super::segment(0xe2, &[survey::ICC, &[i as u8 + 1, count as u8], part])).collect()
}
