//! stub
use super::Walk;
use crate::grammar::bmff::Atom;
use crate::refusal::{Refusal, Result};

pub(super) struct Movie;
pub(super) fn read(_: &Walk, _: &Atom) -> Result<Movie> {
    Err(Refusal::unsupported("movies"))
}
impl Movie {
    pub(super) fn write(&self, _: &mut Walk, _: &Atom, _: &[Atom]) -> Result<()> {
        Ok(())
    }
}
