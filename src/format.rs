//! One row of the table of formats, and what a row is given to work with. A row is made of functions, not of a trait: every
//! field must be filled or it does not compile, and there is no `self`, so a format has no state by construction.

use crate::clean::Job;
use crate::plan::Plan;
use crate::refusal::Result;
use crate::source::{Shared, Source};

/// One row of the table.
pub struct Format {
    /// The name people use: "JPEG".
    pub name: &'static str,
    /// Extensions in lower case, the usual one first.
    pub extensions: &'static [&'static str],
    /// Whether a file of this kind is other files in a wrapper: `--rename` and the report treat it so.
    pub container: bool,
    /// What is kept and what goes, in one line each, for `--list-formats` and the README.
    pub keeps: &'static str,
    /// See `keeps`.
    pub removes: &'static str,
    /// Whether these bytes are of this format.
    pub sniff: fn(&Head) -> Option<Match>,
    /// Reads the source and says what becomes of every byte of it.
    pub plan: fn(&Job, &Shared) -> Result<Plan>,
    /// Looks at a result with parsers that did not make the plan. Returns their names.
    ///
    /// # Errors
    /// `Leftover` where one sees something that should be gone, `Damaged` where one can no longer read what stood there.
    pub witness: fn(&Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>>,
}

/// What the first look at a file shows.
pub struct Head<'a> {
    /// Its first bytes, at most [`Head::SIZE`].
    pub bytes: &'a [u8],
    /// All of it, for formats whose sign lies further in.
    pub source: &'a Shared,
    /// The extension of its name in lower case, empty where it has none. It never overrides the bytes; it breaks ties
    /// between guesses.
    pub extension: &'a str,
}

impl Head<'_> {
    /// How many bytes are read for the first look.
    pub const SIZE: usize = 4096;

    /// Whether `magic` stands at `at`.
    pub fn has(&self, at: usize, magic: &[u8]) -> bool {
        self.bytes.get(at..).is_some_and(|b| b.starts_with(magic))
    }
}

/// How sure a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It could be: text, bare frames.
    Guess,
    /// It is at least of the family: a docx is also a zip.
    Family,
    /// It is this and nothing else.
    Exact,
}
