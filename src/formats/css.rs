//! CSS: rules stay, comments go, licence banners among them, and files in `data:` addresses are cleaned.

use super::changes::{self, Changes};
use super::html::style::{self, Where};
use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::grammar::text;
use crate::plan::Plan;
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
    let bytes = text::head(head.bytes);
    let text = !bytes.contains(&0) && !bytes.trim_ascii_start().starts_with(b"<");
    (head.extension == "css" && text).then_some(Match::Guess)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    changes::plan(source, job.limits().block, |bytes| {
        if bytes.contains(&0) {
            return Err(Refusal::unsupported("it is called a style sheet but holds other bytes"));
        }
        let mut changes = Changes::default();
        style::clean(job, &mut changes, bytes, 0..bytes.len(), Where::File)?;
        Ok(changes)
    })
}

/// There is no other reader of style sheets here; that nothing is left is looked at by planning again.
fn witness(_: &Job, _: &dyn Source, _: &dyn Source) -> Result<Vec<&'static str>> {
    Ok(Vec::new())
}
