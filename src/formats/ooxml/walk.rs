//! From the package's relationships to every part that may stay: each part is sifted as soon as it is reached, and what no
//! element of it refers to any more is not reached.

use std::collections::{HashMap, HashSet, VecDeque};

use super::bound;
use super::decide::{Decided, HIDDEN_SLIDE};
use super::names::Names;
use super::ns::{PACKAGE, W};
use super::package::{self, Leads, Package, TYPES, is_named, leads};
use super::sift::{Common, Sift};
use super::tracked;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::formats::office::{tally::Tally, tracked_changes};
use crate::formats::tracking;
use crate::grammar::xml::{Document, Edits, NONE};
use crate::grammar::zip::Archive;
use crate::policy::{Token, TrackedChanges};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Memory, Shared};

/// What becomes of a part that stays.
pub(super) enum Stays {
    /// An XML part: changed where there are bytes.
    Xml(Option<Shared>),
    /// A file of its own.
    File,
    /// Kept as it is.
    Same,
}

/// What the walk found out.
#[derive(Default)]
pub(super) struct Walk {
    /// Parts that stay.
    pub(super) stays: HashMap<usize, Stays>,
    /// What was found in them.
    pub(super) findings: HashMap<usize, Vec<Finding>>,
    /// Parts that go, and why.
    pub(super) gone: HashMap<usize, (&'static str, Tells)>,
    /// What the parts that go told.
    pub(super) notes: Vec<Finding>,
    /// Parts that get another name.
    pub(super) renamed: HashMap<usize, String>,
    /// Parts that no reader sees.
    pub(super) unseen: HashSet<usize>,
}

/// The walk under way.
pub(super) struct Walker<'a> {
    /// The job.
    pub(super) job: &'a Job<'a>,
    /// The package.
    pub(super) package: Package<'a>,
    /// What is known so far.
    pub(super) walk: Walk,
    names: Names,
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
    let (common, names) = (Common::default(), Names::default());
    let (queue, late) = (VecDeque::new(), VecDeque::new());
    let mut walker = Walker { job, package, walk: Walk::default(), names, common, queue, late };
    walker.root()?;
    while let Some((part, how)) = walker.queue.pop_front().or_else(|| walker.late.pop_front()) {
        walker.visit(part, how)?;
    }
    walker.types()?;
    for part in walker.walk.stays.keys() {
        if let Some(name) = walker.names.whole(&walker.package, *part) {
            walker.walk.renamed.insert(*part, name);
        }
    }
    walker.walk.notes.extend(std::mem::take(&mut walker.common.told).findings("document"));
    Ok(walker.walk)
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

    fn visit(&mut self, part: usize, how: Leads) -> Result<()> {
        if self.walk.stays.contains_key(&part) {
            return Ok(());
        }
        let stays = match how {
            Leads::Xml | Leads::Link => return self.xml(part).map_err(|r| r.within(&self.package.name(part))),
            Leads::Media | Leads::Package | Leads::Object | Leads::Chunk | Leads::Macros => Stays::File,
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

        let hidden = decided.iter().filter(|d| matches!(d.leads, Leads::Gone(HIDDEN_SLIDE, _)));
        self.common.hidden = hidden.map(|d| d.relation.id.clone()).collect();
        for d in decided.iter().filter(|d| d.leads == Leads::Macros) {
            let name = d.target.map(|t| self.package.name(t)).unwrap_or_default();
            let why = "--keep macros; names and paths in them stay";
            self.walk.notes.push(Finding::kept(name, "macros", Tells::Software, why));
        }
        let mut before = Tally::default();
        let rejected = tracked::reject(self.job, &bytes, &mut before)?;
        let source = rejected.as_deref().unwrap_or(&bytes);
        let doc = package::parse(source)?;
        if memchr::memmem::find(source, b"dataBinding").is_some() && self.common.stores.is_empty() {
            self.common.stores = bound::stores(&self.package, part);
        }
        let (edits, mut tally) = Sift::run(self.job, &doc, &alive, &mut self.common)?;
        let is_word = doc.ns(0) == W;
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
        for _ in decided.iter().filter(|d| matches!(d.leads, Leads::Package | Leads::Object | Leads::Chunk)) {
            let why = "cleaned by their own rules; --drop attachments takes them out";
            self.common.told.kept("embedded documents", Tells::Hidden, why);
        }
        if let (Some(list), Some(doc)) = (list, &list_doc) {
            self.list(list, doc, decided, &list_bytes)?;
        }
        let name = self.package.name(part);
        let findings = before.findings(&name).into_iter().chain(tally.findings(&name)).collect();
        self.walk.findings.insert(part, findings);
        self.walk.stays.insert(part, Stays::Xml(result.map(|b| Memory::shared(self.package.written(part, b)))));
        Ok(())
    }

    /// The list of a part's relationships, without those that go; the others are followed.
    fn list(&mut self, list: usize, doc: &Document, decided: Vec<Decided>, bytes: &[u8]) -> Result<()> {
        let (mut edits, mut tally) = (Edits::default(), Tally::default());
        loose(doc, &mut edits, &mut tally);
        for d in decided {
            let renamed = d.target.and_then(|t| self.names.of(&self.package, t, d.leads));
            if let (Some(file), Some(attr)) = (renamed, doc.attr(d.relation.node, NONE, "Target")) {
                let raw = &doc.bytes()[attr.value_span.clone()];
                let start = raw.iter().rposition(|b| matches!(b, b'/' | b'\\')).map_or(0, |i| i + 1);
                tally.rewritten("names of files inside the document", Tells::History);
                edits.put(attr.value_span.start + start..attr.value_span.end, file);
            }
            if d.leads == Leads::Link && tracking::is_marked(&d.relation.target) {
                self.common.told.kept(tracking::LABEL, Tells::Identifier, tracking::WHY);
            }
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
                (how, Some(target)) if matches!(&*d.relation.kind, "sharedStrings" | "styles") => {
                    self.late.push_back((target, how))
                }
                (how, Some(target)) => self.queue.push_back((target, how)),
                (_, None) => {}
            }
        }
        self.settle(list, edits, tally, bytes);
        Ok(())
    }

    fn settle(&mut self, list: usize, edits: Edits, tally: Tally, bytes: &[u8]) {
        self.walk.findings.insert(list, tally.findings(&self.package.name(list)));
        let result = edits.apply(bytes).map(|b| Memory::shared(self.package.written(list, b)));
        self.walk.stays.insert(list, Stays::Xml(result));
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
                    let part = self.package.find(name.trim_start_matches('/')).filter(|p| self.walk.stays.contains_key(p));
                    if let Some(new) = part.and_then(|p| self.names.whole(&self.package, p))
                        && let Some(attr) = doc.attr(n, NONE, "PartName")
                    {
                        edits.put(attr.value_span, format!("/{new}"));
                        tally.rewritten("names of files inside the document", Tells::History);
                    }
                    part.is_some()
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
fn loose(doc: &Document, edits: &mut Edits, tally: &mut Tally) {
    for span in doc.loose() {
        tally.gone("comments and instructions in the XML", Tells::Text, span.len());
        edits.cut(span.clone());
    }
}
