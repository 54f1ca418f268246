//! What the parts that go told: properties, and who commented.

use super::package;
use super::walk::Walker;
use crate::finding::Tells;
use crate::formats::office::{tally::Tally, tracked_changes};
use crate::grammar::xml::{Document, NONE};
use crate::policy::{Token, TrackedChanges};
use crate::refusal::{Code, Refusal, Result};

impl Walker<'_> {
    /// Notes that a part goes, and what it told.
    ///
    /// # Errors
    /// Where the policy would have kept it and that cannot be done.
    pub(super) fn leave(&mut self, part: usize, kind: &str, label: &'static str, tells: Tells) -> Result<()> {
        if kind == "control" && self.job.keeps(Token::Macros) {
            return Err(Refusal::unsupported("controls with macros cannot be kept in a cleaned document so far"));
        }
        if matches!(kind, "revisionHeaders" | "revisionLog") && tracked_changes(self.job) != TrackedChanges::Accept {
            return Err(Refusal::new(Code::NeedsResidual, "the workbook is shared and holds tracked changes")
                .hint("accept or reject them and stop sharing it in Excel first, or let them be accepted"));
        }
        if self.walk.gone.insert(part, (label, tells)).is_some() {
            return Ok(());
        }
        // What cannot be read goes untold.
        let name = self.package.name(part);
        let Some(read) = reader(kind) else { return Ok(()) };
        let Ok(bytes) = self.package.read(part) else { return Ok(()) };
        let Ok(doc) = package::parse(&bytes) else { return Ok(()) };
        let mut tally = Tally::default();
        read(&doc, &mut tally);
        self.walk.notes.extend(tally.findings(&name));
        Ok(())
    }
}

/// Who reads what a part of this kind told.
fn reader(kind: &str) -> Option<fn(&Document, &mut Tally)> {
    Some(match kind {
        "core-properties" | "extended-properties" | "extendedProperties" => properties,
        "custom-properties" | "customProperties" => custom,
        "comments" | "people" | "person" | "commentAuthors" | "authors" | "usernames" => people,
        _ => return None,
    })
}

fn properties(doc: &Document, tally: &mut Tally) {
    for n in doc.children(0) {
        let (label, tells) = property(doc.local(n));
        tally.value(label, tells, doc.text(n));
    }
}

fn custom(doc: &Document, tally: &mut Tally) {
    for n in doc.children(0) {
        let key = doc.attr(n, NONE, "name").map(|a| a.value().into_owned()).unwrap_or_default();
        tally.value("custom property", Tells::Text, format!("{key} = {}", doc.text(n)));
    }
}

fn people(doc: &Document, tally: &mut Tally) {
    let mut comments = 0;
    for n in 0..doc.len() {
        comments += usize::from(matches!(doc.local(n), "comment" | "cm"));
        for attr in doc.attrs(n) {
            let author = matches!(
                (doc.local(n), attr.local),
                (_, "author" | "displayName" | "userName") | ("cmAuthor" | "author", "name")
            );
            if author {
                tally.value("author of comments", Tells::Who, attr.value());
            }
        }
        if doc.local(n) == "author" {
            tally.value("author of comments", Tells::Who, doc.text(n));
        }
    }
    if comments > 0 {
        tally.value("comments", Tells::Text, format!("{comments} removed"));
    }
}

/// What a property of a document is called, and what it tells.
fn property(local: &str) -> (&'static str, Tells) {
    match local {
        "creator" => ("author", Tells::Who),
        "lastModifiedBy" => ("last modified by", Tells::Who),
        "Company" => ("company", Tells::Who),
        "Manager" => ("manager", Tells::Who),
        "title" => ("title", Tells::Text),
        "subject" => ("subject", Tells::Text),
        "keywords" => ("keywords", Tells::Text),
        "description" => ("comments of the document", Tells::Text),
        "category" | "contentStatus" => ("category", Tells::Text),
        "created" => ("created", Tells::When),
        "modified" => ("modified", Tells::When),
        "lastPrinted" => ("last printed", Tells::When),
        "revision" | "version" => ("revision number", Tells::History),
        "TotalTime" => ("editing time in minutes", Tells::History),
        "Template" => ("template", Tells::History),
        "HyperlinkBase" => ("base of links", Tells::History),
        "Application" => ("program", Tells::Software),
        "AppVersion" => ("version of the program", Tells::Software),
        "identifier" => ("identifier", Tells::Identifier),
        _ => ("statistics and other properties", Tells::History),
    }
}
