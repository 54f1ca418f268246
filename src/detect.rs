//! Which row of the table a file belongs to: by its bytes, never by its name. A better match wins; the extension only
//! breaks ties between guesses.

use crate::format::{Format, Head, Match};
use crate::formats::{self, TABLE};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared};

/// Finds the row for `source`. `name` is the file's name, of which only the extension is looked at.
///
/// # Errors
/// `Unknown` where no row claims it, with what it probably is where that is known.
pub fn detect(source: &Shared, name: &str) -> Result<&'static Format> {
    if source.is_empty() {
        return Err(Refusal::new(Code::Unknown, "the file is empty")
            .hint("nothing was written; check that it was saved or downloaded completely"));
    }
    let bytes = source::head(&**source, 0, Head::SIZE)?;
    let extension = extension_of(name);
    let head = Head { bytes: &bytes, source, extension: &extension };
    let claims = TABLE.iter().filter_map(|f| (f.sniff)(&head).map(|m| (rank(f, m, &extension), *f)));
    match claims.max_by_key(|(rank, _)| *rank) {
        Some((_, format)) => Ok(format),
        None => Err(unknown(&head)),
    }
}

fn rank(format: &Format, m: Match, extension: &str) -> (Match, bool) {
    (m, m == Match::Guess && format.extensions.contains(&extension))
}

/// The extension of a name, in lower case and without the dot.
pub fn extension_of(name: &str) -> String {
    match name.rsplit(['/', '\\']).next().unwrap_or(name).rsplit_once('.') {
        Some((stem, ext)) if !stem.is_empty() => ext.to_lowercase(),
        _ => String::new(),
    }
}

fn unknown(head: &Head) -> Refusal {
    let unknown = || Refusal::new(Code::Unknown, "the type of this file is not known, so it could not be cleaned");
    formats::known::refusal(head).unwrap_or_else(unknown)
}
