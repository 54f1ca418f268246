//! CSS: rules stay, comments go, licence banners among them, and files in `data:` addresses are cleaned.

use super::html::edits::Edits;
use super::html::style::{self, Where};
use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Plan};
use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "CSS",
    extensions: &["css"],
    container: false,
    keeps: "every rule; files in data: addresses, cleaned",
    removes: "comments, source maps, properties of Microsoft Office, paths on a computer",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let text = !head.bytes.contains(&0) && !head.bytes.trim_ascii_start().starts_with(b"<");
    (head.extension == "css" && text).then_some(Match::Guess)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let bytes = source.bytes(source.span(), job.limits().block)?;
    if bytes.contains(&0) {
        return Err(Refusal::unsupported("the style sheet is written in UTF-16, or is none").hint("save it as UTF-8"));
    }
    let mut draft = Draft::new(source);
    let mut edits = Edits::default();
    style::clean(job, &mut draft, &mut edits, &bytes, 0..bytes.len(), Where::File)?;
    edits.sort();
    edits.lay(&mut draft, bytes.len());
    draft.seal()
}

/// There is no other reader of style sheets here; that nothing is left is looked at by planning again.
fn witness(_: &Job, _: &dyn Source, _: &dyn Source) -> Result<Vec<&'static str>> {
    Ok(Vec::new())
}
