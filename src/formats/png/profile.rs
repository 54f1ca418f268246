//! The colour profile of a PNG: a name that anybody may choose, and the profile, packed. The name becomes `icc`; the profile
//! is packed anew only where it or its name has to change. [PNG 11.3.2.3]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::names;
use crate::policy::Token;
use crate::refusal::Result;

use super::super::colour;
use super::data;

/// The name that tells nothing.
const NAME: &str = "icc";

/// A profile, and what becomes of it.
pub(super) struct Profile {
    /// Whether the chunk is already what it should be.
    pub(super) stays: bool,
    name: Vec<u8>,
    /// The name that it gets.
    new_name: Vec<u8>,
    profile: Vec<u8>,
    neutral: Vec<u8>,
}

impl Profile {
    /// Takes the data of a chunk apart; `None` where none of it stays.
    pub(super) fn read(job: &Job, bytes: &[u8]) -> Result<Option<Profile>> {
        let Some(zero) = bytes.iter().take(80).position(|b| *b == 0) else { return Ok(None) };
        // The only way of packing there is.
        if bytes.get(zero + 1) != Some(&0) {
            return Ok(None);
        }
        let packed = &bytes[zero + 2..];
        let Some((profile, used)) = data::inflate(packed, colour::LARGEST as usize) else { return Ok(None) };
        let Some(neutral) = colour::profile(job, &profile)? else { return Ok(None) };
        let name = bytes[..zero].to_vec();
        let new_name = if job.keeps(Token::ColorText) { name.clone() } else { NAME.into() };
        let stays = new_name == name && neutral == profile && used == packed.len();
        Ok(Some(Profile { stays, name, new_name, profile, neutral }))
    }

    /// The data of the chunk that takes its place.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [&self.new_name[..], b"\0\0", &data::deflate(&self.neutral)].concat()
    }

    /// What goes.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.name != self.new_name {
            let name = self.name.iter().map(|b| char::from(*b)).collect::<String>();
            found.push(Finding::rewritten("iCCP", "name of the colour profile", Tells::Software).value(name));
        }
        if self.neutral != self.profile {
            found.extend(names::icc::describe("iCCP", &self.profile));
        }
        if found.is_empty() {
            found.push(Finding::removed("iCCP", "data behind the colour profile", Tells::Hidden));
        }
        found
    }
}
