//! The colour profile of a picture, whatever it lies in, as the policy wants it.

use crate::blocks::icc;
use crate::clean::Job;
use crate::policy::Token;
use crate::refusal::Result;

/// The largest profile that is looked at, in bytes. Decoders pass over larger ones.
pub(super) const LARGEST: u64 = 32 << 20;

/// The profile that stays in place of this one; `None` where none does: colour shall go, or decoders ignore the profile.
///
/// # Errors
/// As [`icc::neutral`].
pub(super) fn profile(job: &Job, profile: &[u8]) -> Result<Option<Vec<u8>>> {
    if !job.keeps(Token::Color) || profile.is_empty() || profile.len() as u64 > LARGEST {
        return Ok(None);
    }
    if job.keeps(Token::ColorText) {
        return Ok(Some(profile.to_vec()));
    }
    icc::neutral(profile)
}
