//! From the package's relationships to every part that may stay: each part is sifted as soon as it is reached, and what no
//! element of it refers to any more is not reached.

use std::collections::{HashMap, HashSet, VecDeque};

use super::ns::PACKAGE;
use super::package::{self, Leads, Package, Relation, TYPES, is_named, leads, may_link};
use super::sift::{Common, Sift};
use super::{drawing, tracked};
use crate::clean::Job;
use crate::detect::detect;
use crate::finding::{Finding, Tells};
use crate::formats::office::{metafile, object, tally::Tally, tracked_changes};
use crate::formats::zip::headers::Kind;
use crate::formats::zip::rewrite::{Part, Verdict};
use crate::grammar::xml::{Edits, NONE};
use crate::grammar::zip::Archive;
use crate::policy::{Token, TrackedChanges, UnknownMembers};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Memory, Shared};

/// What becomes of a part that stays.
enum Stays {
    /// An XML part: changed where there are bytes.
    Xml(Option<Shared>),
    /// A file of its own.
    File,
    /// Kept as it is.
    Same,
}

/// What the walk found out.
pub(super) struct Walk {
    stays: HashMap<usize, Stays>,
    findings: HashMap<usize, Vec<Finding>>,
    gone: HashMap<usize, (&'static str, Tells)>,
    notes: Vec<Finding>,
    unseen: HashSet<usize>,
}

struct Walker<'a> {
    job: &'a Job<'a>,
    package: Package<'a>,
    walk: Walk,
    common: Common,
    queue: VecDeque<(usize, Leads)>,
    late: VecDeque<(usize, Leads)>,
}

/// Walks through a package.
///
/// # Errors
/// Those of parts that cannot be made safe, `Signed`, and `Malformed` where there is no main part.
pub(super) fn walk(job: &Job, source: &Shared, archive: &Archive) -> Result<Walk> {
    let package = Package::open(job, source, archive)?;
    let walk =
        Walk { stays: HashMap::new(), findings: HashMap::new(), gone: HashMap::new(), notes: Vec::new(), unseen: HashSet::new() };
    let mut walker = Walker { job, package, walk, common: Common::default(), queue: VecDeque::new(), late: VecDeque::new() };
    walker.root()?;
    while let Some((part, how)) = walker.queue.pop_front().or_else(|| walker.late.pop_front()) {
        walker.visit(part, how)?;
    }
    walker.types()?;
    Ok(walker.walk)
}

/// One relationship with what was decided about it.
struct Decided {
    relation: Relation,
    target: Option<usize>,
    leads: Leads,
}

impl Walker<'_> {
    /// The relationships of the package itself: of these only the main part stays.
    fn root(&mut self) -> Result<()> {
        let list = self.package.relations_of(None).ok_or_else(|| Refusal::malformed("the package has no relationships", 0))?;
        let bytes = self.package.read(list)?;
        let doc = package::parse(&bytes).map_err(|r| r.within("_rels/.rels"))?;
        let (mut tally, mut edits, mut mains) = (Tally::default(), Edits::default(), 0);
        loose(&doc, &mut edits, &mut tally);
        for relation in package::relations(&doc) {
            let target = if relation.external { None } else { self.package.find(&self.package.resolve(None, &relation.target)?) };
            if relation.kind == "officeDocument" {
                mains += 1;
                let main = target.ok_or_else(|| Refusal::malformed("the main part is missing", 0))?;
                self.queue.push_back((main, Leads::Xml));
                continue;
            }
            if relation.kind == "origin" && !self.job.policy().drops_on_purpose(Token::Signatures) {
                return Err(Refusal::new(Code::Signed, "the document is signed").hint("to drop the signature: --drop signatures"));
            }
            let (label, tells) = match leads(&relation.kind, "") {
                Leads::Gone(label, tells) => (label, tells),
                _ => ("part of an unknown kind", Tells::Unknown),
            };
            edits.cut(doc.span(relation.node));
            tally.gone("relationships to what is removed", Tells::History, 0);
            if let Some(part) = target {
                self.leave(part, &relation.kind, label, tells)?;
            }
        }
        if mains != 1 {
            return Err(Refusal::malformed("there is not one main part", 0));
        }
        self.settle(list, edits, tally, &bytes);
        Ok(())
    }

    /// A part that goes, and what it told.
    fn leave(&mut self, part: usize, kind: &str, label: &'static str, tells: Tells) -> Result<()> {
        if (label == "comments" && self.job.keeps(Token::Comments))
            || (label == "macros and controls" && self.job.keeps(Token::Macros))
        {
            return Err(Refusal::unsupported(format!("{label} cannot be kept in a cleaned document so far")));
        }
        if matches!(kind, "revisionHeaders" | "revisionLog") && tracked_changes(self.job) != TrackedChanges::Accept {
            return Err(Refusal::new(Code::NeedsResidual, "the workbook is shared and holds tracked changes")
                .hint("accept or reject them and stop sharing it in Excel first, or let them be accepted"));
        }
        if self.walk.gone.insert(part, (label, tells)).is_some() {
            return Ok(());
        }
        let of_interest = [
            "core-properties",
            "extended-properties",
            "extendedProperties",
            "custom-properties",
            "customProperties",
            "comments",
            "people",
            "person",
            "commentAuthors",
            "authors",
            "usernames",
        ];
        if !of_interest.contains(&kind) {
            return Ok(());
        }
        let name = self.package.name(part);
        // What cannot be read goes untold.
        let Ok(bytes) = self.package.read(part) else { return Ok(()) };
        let Ok(doc) = package::parse(&bytes) else { return Ok(()) };
        let mut tally = Tally::default();
        match kind {
            "core-properties" | "extended-properties" | "extendedProperties" => {
                for n in doc.children(0) {
                    let (label, tells) = property(doc.local(n));
                    tally.value(label, tells, doc.text(n));
                }
            }
            "custom-properties" | "customProperties" => {
                for n in doc.children(0) {
                    let key = doc.attr(n, NONE, "name").map(|a| a.value().into_owned()).unwrap_or_default();
                    tally.value("custom property", Tells::Text, format!("{key} = {}", doc.text(n)));
                }
            }
            _ => {
                let mut count = 0;
                for n in 0..doc.len() {
                    count += usize::from(matches!(doc.local(n), "comment" | "cm"));
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
                if count > 0 {
                    tally.value("comments", Tells::Text, format!("{count} removed"));
                }
            }
        }
        self.walk.notes.extend(tally.findings(&name));
        Ok(())
    }

    fn visit(&mut self, part: usize, how: Leads) -> Result<()> {
        if self.walk.stays.contains_key(&part) {
            return Ok(());
        }
        let stays = match how {
            Leads::Xml | Leads::Link => return self.xml(part).map_err(|r| r.within(&self.package.name(part))),
            Leads::Media | Leads::Package | Leads::Object | Leads::Chunk => Stays::File,
            Leads::Font | Leads::Gone(..) => Stays::Same,
        };
        self.walk.stays.insert(part, stays);
        self.walk.gone.remove(&part);
        Ok(())
    }

    /// An XML part: sifted, with its relationships.
    fn xml(&mut self, part: usize) -> Result<()> {
        self.walk.stays.insert(part, Stays::Xml(None));
        self.walk.gone.remove(&part);
        let bytes = self.package.read(part)?;
        let list = self.package.relations_of(Some(part));
        let list_bytes = list.map(|l| self.package.read(l)).transpose()?.unwrap_or_default();
        let list_doc = match list {
            Some(_) => Some(package::parse(&list_bytes)?),
            None => None,
        };
        let mut decided = Vec::new();
        for relation in list_doc.as_ref().map(package::relations).unwrap_or_default() {
            decided.push(self.decide(part, relation)?);
        }
        let alive: HashSet<String> =
            decided.iter().filter(|d| !matches!(d.leads, Leads::Gone(..))).map(|d| d.relation.id.clone()).collect();

        let mut before = Tally::default();
        let rejected = tracked::reject(self.job, &bytes, &mut before)?;
        let source = rejected.as_deref().unwrap_or(&bytes);
        let doc = package::parse(source)?;
        let (edits, mut tally) = Sift::run(self.job, &doc, &alive, &mut self.common)?;
        let is_word = doc.ns(0) == super::ns::W;
        let accepts = tracked_changes(self.job) == TrackedChanges::Accept;
        let sifted = edits.apply(source);
        let joined = match is_word && accepts {
            true => tracked::join(sifted.as_deref().unwrap_or(source), ["del", "moveFrom"])?,
            false => None,
        };
        if joined.is_some() {
            tally.gone("deleted ends of paragraphs", Tells::History, 0);
        }
        if is_word && doc.local(0) == "settings" {
            self.walk.unseen.insert(part);
        }
        let result = joined.or(sifted).or(rejected);

        // What no element refers to any more is not followed.
        let after = result.as_deref().unwrap_or(&bytes);
        for d in decided.iter_mut().filter(|d| is_named(d.leads)) {
            let there = [format!("\"{}\"", d.relation.id), format!("'{}'", d.relation.id)];
            if !there.iter().any(|id| memchr::memmem::find(after, id.as_bytes()).is_some()) {
                d.leads = Leads::Gone("a part that nothing refers to", Tells::Hidden);
            }
        }
        if let (Some(list), Some(doc)) = (list, &list_doc) {
            self.list(list, doc, decided, &list_bytes)?;
        }
        let name = self.package.name(part);
        let findings = before.findings(&name).into_iter().chain(tally.findings(&name)).collect();
        self.walk.findings.insert(part, findings);
        self.walk.stays.insert(part, Stays::Xml(result.map(Memory::shared)));
        Ok(())
    }

    /// The list of a part's relationships, without those that go; the others are followed.
    fn list(&mut self, list: usize, doc: &crate::grammar::xml::Document, decided: Vec<Decided>, bytes: &[u8]) -> Result<()> {
        let (mut edits, mut tally) = (Edits::default(), Tally::default());
        loose(doc, &mut edits, &mut tally);
        for d in decided {
            match (d.leads, d.target) {
                (Leads::Gone(label, tells), target) => {
                    edits.cut(doc.span(d.relation.node));
                    match target {
                        Some(target) => {
                            tally.gone("relationships to what is removed", Tells::History, 0);
                            self.leave(target, &d.relation.kind, label, tells)?;
                        }
                        None => tally.value(label, tells, d.relation.target),
                    }
                }
                (how, Some(target)) if d.relation.kind == "sharedStrings" => self.late.push_back((target, how)),
                (how, Some(target)) => self.queue.push_back((target, how)),
                (_, None) => {}
            }
        }
        self.settle(list, edits, tally, bytes);
        Ok(())
    }

    fn settle(&mut self, list: usize, edits: Edits, tally: Tally, bytes: &[u8]) {
        self.walk.findings.insert(list, tally.findings(&self.package.name(list)));
        self.walk.stays.insert(list, Stays::Xml(edits.apply(bytes).map(Memory::shared)));
    }

    fn decide(&self, from: usize, relation: Relation) -> Result<Decided> {
        let gone = |label, tells| Leads::Gone(label, tells);
        if relation.external {
            let target = &relation.target;
            let web = target.starts_with("http://") || target.starts_with("https://");
            let keeps = self.job.keeps(Token::ExternalLinks);
            let leads = match relation.kind.as_str() {
                "hyperlink" if keeps && may_link(target) => Leads::Link,
                "audio" | "video" | "media" if keeps && web => Leads::Media,
                "hyperlink" => gone("link to a file", Tells::History),
                "attachedTemplate" => gone("path of the template", Tells::History),
                "image" => gone("link to a picture outside of the document", Tells::History),
                "oleObject" => gone("link to another document", Tells::History),
                _ => gone("path of another file", Tells::History),
            };
            return Ok(Decided { relation, target: None, leads });
        }
        if relation.kind == "hyperlink" && (relation.target.is_empty() || relation.target.starts_with('#')) {
            return Ok(Decided { relation, target: None, leads: Leads::Link });
        }
        let name = self.package.resolve(Some(from), &relation.target)?;
        let Some(target) = self.package.find(&name) else {
            let leads = gone("relationship to a part that is missing", Tells::History);
            return Ok(Decided { relation, target: None, leads });
        };
        let mut how = leads(&relation.kind, self.package.content_type(target));
        if how == Leads::Xml && self.package.is_empty(target) {
            how = gone("a part without content", Tells::History);
        }
        if relation.kind == "vmlDrawing" {
            let bytes = self.package.read(target)?;
            let doc = package::parse(&bytes).map_err(|r| r.within(&name))?;
            if drawing::is_only_notes(&doc) {
                how = gone("comments", Tells::Who);
            }
        }
        let is_file = matches!(how, Leads::Media | Leads::Package | Leads::Object | Leads::Chunk);
        if is_file && self.job.policy().unknown_members == UnknownMembers::Omit {
            let bytes = Memory::shared(self.package.read(target)?);
            let own = match bytes.as_bytes() {
                Some(b) if metafile::is_metafile(b) => true,
                // What is packed into it may be unknown in its turn.
                Some(b) if object::is_object(b) => {
                    !object::clean(self.job, b, &name).is_err_and(|r| r.code() == Code::UnknownMember)
                }
                _ => detect(&bytes, &name).is_ok(),
            };
            if !own {
                how = gone("a member of unknown type", Tells::Unknown);
            }
        }
        if matches!(how, Leads::Package | Leads::Object) && !self.job.keeps(Token::Attachments) {
            how = gone("embedded documents", Tells::Hidden);
        }
        if how == Leads::Font && !self.job.keeps(Token::Fonts) {
            how = gone("embedded fonts", Tells::Software);
        }
        Ok(Decided { relation, target: Some(target), leads: how })
    }

    /// The list of content types, without those of parts that are not there.
    fn types(&mut self) -> Result<()> {
        let Some(list) = self.package.find(TYPES) else { return Ok(()) };
        let bytes = self.package.read(list)?;
        let doc = package::parse(&bytes)?;
        let (mut edits, mut tally) = (Edits::default(), Tally::default());
        loose(&doc, &mut edits, &mut tally);
        let names: HashSet<String> = self.walk.stays.keys().map(|p| self.package.name(*p).to_lowercase()).collect();
        let extensions: HashSet<&str> = names.iter().filter_map(|n| n.rsplit_once('.').map(|(_, e)| e)).collect();
        for n in doc.children(0).filter(|n| doc.ns(*n) == PACKAGE) {
            let get = |name| doc.attr(n, NONE, name).map(|a| a.value().to_lowercase()).unwrap_or_default();
            let stays = match doc.local(n) {
                "Default" => {
                    let extension = get("Extension");
                    extensions.contains(&*extension) || matches!(&*extension, "rels" | "xml")
                }
                "Override" => {
                    let name = get("PartName");
                    self.package.find(name.trim_start_matches('/')).is_some_and(|p| self.walk.stays.contains_key(&p))
                }
                _ => true,
            };
            if !stays {
                tally.gone("content types of what is removed", Tells::History, doc.span(n).len());
                edits.cut(doc.span(n));
            }
        }
        self.settle(list, edits, tally, &bytes);
        Ok(())
    }
}

/// Comments and instructions go from every part.
fn loose(doc: &crate::grammar::xml::Document, edits: &mut Edits, tally: &mut Tally) {
    for span in doc.loose() {
        tally.gone("comments and instructions in the XML", Tells::Text, span.len());
        edits.cut(span.clone());
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

impl Walk {
    /// What the properties told, as findings of the whole.
    pub(super) fn notes(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.notes)
    }

    /// What becomes of a member of the archive.
    ///
    /// # Errors
    /// Those of members.
    pub(super) fn verdict(&mut self, job: &Job, part: &Part) -> Result<Verdict> {
        let i = part.index;
        let findings = self.findings.remove(&i).unwrap_or_default();
        let verdict = match self.stays.remove(&i) {
            Some(Stays::Xml(Some(bytes))) => Verdict::bytes(bytes, findings),
            Some(Stays::Xml(None)) => findings.into_iter().fold(Verdict::same(), Verdict::and),
            Some(Stays::Same) => Verdict::same(),
            Some(Stays::File) if part.entry.unpacked == 0 => Verdict::same(),
            Some(Stays::File) => return file(job, part),
            None if part.kind == Kind::Folder => {
                Verdict::gone(vec![Finding::removed("ZIP", "folders in the archive", Tells::Software).within(part.name())])
            }
            None => {
                let (label, tells) = self.gone.get(&i).copied().unwrap_or(("a part that nothing refers to", Tells::Hidden));
                Verdict::gone(vec![Finding::removed(part.name().to_owned(), label, tells)])
            }
        };
        Ok(if self.unseen.contains(&i) { verdict.unseen() } else { verdict })
    }
}

/// A file inside the document.
fn file(job: &Job, part: &Part) -> Result<Verdict> {
    let bytes = part.bytes()?;
    let head = crate::source::head(&*bytes, 0, 64)?;
    if metafile::is_metafile(&head) {
        let bytes = bytes.bytes(bytes.span(), package::LARGEST)?;
        let (cleaned, found) = metafile::clean(&bytes, part.name());
        return Ok(Verdict::bytes(Memory::shared(cleaned), found));
    }
    if object::is_compound(&head) {
        let bytes = bytes.bytes(bytes.span(), package::LARGEST)?;
        if let Some((cleaned, found)) = object::clean(job, &bytes, part.name()).map_err(|r| r.within(part.name()))? {
            return Ok(Verdict::bytes(Memory::shared(cleaned), found));
        }
    }
    part.clean(job)
}
