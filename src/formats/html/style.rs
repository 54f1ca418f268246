//! Style sheets, wherever they stand: a file of their own, a `style` element, a `style` attribute. Word's own properties
//! and the maps to a developer's sources go, addresses are treated as in tags. In a file of its own comments go too.

use std::ops::Range;

use super::address::{self, Data};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::formats::changes::Changes;
use crate::grammar::css::{self, Piece};
use crate::refusal::Result;

/// Where a style sheet stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// A file of its own.
    File,
    /// A `style` element.
    Element,
    /// An attribute, with entities.
    Attribute,
}

/// Cleans the style sheet in `span`.
///
/// # Errors
/// Refusals of files in `data:` addresses.
pub(crate) fn clean(job: &Job, changes: &mut Changes, bytes: &[u8], span: Range<usize>, place: Where) -> Result<()> {
    let text = &bytes[span.clone()];
    let here = |r: &Range<usize>| span.start + r.start..span.start + r.end;
    let comments = place == Where::File || job.policy().is_strict();
    let format = if place == Where::File { "CSS" } else { "HTML" };
    let entities = place == Where::Attribute;
    for piece in css::pieces(text, entities) {
        match piece {
            Piece::Comment(r) if comments || is_map(&text[r.clone()]) => {
                if text[r.clone()] == *b"/**/" {
                    continue;
                }
                // Between two words a comment parts them, so an empty one stays.
                let word =
                    |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"-_#.%*/+<>\\@!(&".contains(b) || *b > 127);
                let parts = word(r.start.checked_sub(1).and_then(|i| text.get(i))) && word(text.get(r.end));
                let new = if parts { b"/**/".to_vec() } else { Vec::new() };
                let found = Finding::removed(format, "comment in a style sheet", Tells::Text);
                changes.put(here(&r), "comment", new, found.value(String::from_utf8_lossy(&text[r]).into_owned()));
            }
            Piece::Comment(_) => {
                let why = "comments in styles and scripts of a page may be looked at by scripts; --policy strict removes them";
                changes.note(Finding::kept("HTML", "comments in style sheets", Tells::Text, why));
            }
            Piece::Declaration { name, span: all } if text[name.clone()].to_ascii_lowercase().starts_with(b"mso-") => {
                changes.remove(
                    here(&all),
                    "mso property",
                    Finding::removed(format, "properties of Microsoft Office in styles", Tells::Software),
                );
            }
            Piece::Declaration { .. } => {}
            Piece::Url(r) => {
                let raw = &text[r.clone()];
                let plain = if entities { address::unescape(raw) } else { raw.into() };
                if address::is_local(&plain) {
                    let found = Finding::removed(format, "path on a computer", Tells::History);
                    changes.remove(here(&r), "url", found.value(String::from_utf8_lossy(&plain).into_owned()));
                    continue;
                }
                match address::data(job, changes, raw, entities)? {
                    Data::Other => {}
                    Data::Same => changes.member(here(&r), "data: address", None),
                    Data::Changed(new) => changes.member(here(&r), "data: address", Some(new)),
                    Data::Omit => {
                        changes.remove(here(&r), "url", Finding::removed(format, "file that cannot be cleaned", Tells::Unknown))
                    }
                }
            }
        }
    }
    Ok(())
}

fn is_map(comment: &[u8]) -> bool {
    let inner = comment[2..].trim_ascii_start();
    inner.starts_with(b"# source") || inner.starts_with(b"@ source")
}
