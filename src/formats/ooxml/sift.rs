//! What of an XML part may stay, element by element. The rules of the languages are in their own files; here is what they
//! share: foreign namespaces, identifiers of sessions and copies, names and descriptions that are file names, references to
//! relationships that go, comments and processing instructions.

use std::collections::{HashMap, HashSet};

use super::bound::Stores;
use super::ns::*;
use super::{chart, drawing, excel, hidden, powerpoint, word};
use crate::clean::Job;
use crate::finding::Tells;
use crate::formats::office::tally::Tally;
use crate::formats::office::{AUTHOR, tracked_changes};
use crate::grammar::xml::{Attr, Document, Edits, NONE, XMLNS};
use crate::policy::{Token, TrackedChanges};
use crate::refusal::{Code, Refusal, Result};

/// What the parts of one package have in common.
#[derive(Default)]
pub(super) struct Common {
    guids: HashMap<String, usize>,
    /// Relationships of the part at hand to slides that go because they are hidden.
    pub(super) hidden: HashSet<String>,
    /// Custom XML data that content controls show.
    pub(super) stores: Stores,
    /// How large the slides are.
    pub(super) slide: Option<(i64, i64)>,
    /// Styles that a text uses.
    pub(super) styles: HashSet<String>,
    /// What is told once for the whole document.
    pub(super) told: Tally,
    /// Shared strings that a cell uses.
    pub(super) strings: HashSet<u64>,
}

impl Common {
    /// The identifier that stands for this one: numbered by first appearance in the package.
    pub(super) fn guid(&mut self, old: &str) -> String {
        let next = self.guids.len() + 1;
        let n = *self.guids.entry(old.to_lowercase()).or_insert(next);
        format!("{{00000000-0000-4000-8000-{n:012X}}}")
    }
}

/// What becomes of an element.
pub(super) enum Fate {
    /// It stays; its attributes and children are looked at.
    Stay,
    /// It goes with all that is in it.
    Go(&'static str, Tells),
    /// Its tags go, what is in it stays.
    Unwrap(&'static str, Tells),
    /// As `Go`, but told already.
    Quiet,
    /// Something else is in its place already.
    Replaced,
}

/// The sifting of one part.
pub(super) struct Sift<'a, 'b> {
    /// The job.
    pub(super) job: &'a Job<'a>,
    /// The part.
    pub(super) doc: &'a Document<'a>,
    /// The relationships that stay.
    pub(super) alive: &'a HashSet<String>,
    /// What the parts have in common.
    pub(super) common: &'b mut Common,
    /// What was found.
    pub(super) tally: Tally,
    /// What changes.
    pub(super) edits: Edits,
    /// Elements around a picture that takes the place of its object; their own tags are cut already.
    pub(super) flattened: HashSet<usize>,
    ignorable: HashSet<u8>,
    named: u32,
}

impl<'a, 'b> Sift<'a, 'b> {
    /// Sifts a part; what comes back is what changes and what was found.
    ///
    /// # Errors
    /// Where a part cannot be made safe.
    pub(super) fn run(
        job: &'a Job<'a>,
        doc: &'a Document<'a>,
        alive: &'a HashSet<String>,
        common: &'b mut Common,
    ) -> Result<(Edits, Tally)> {
        let ignorable = HashSet::new();
        let (tally, edits, flattened) = (Tally::default(), Edits::default(), HashSet::new());
        let mut sift = Sift { job, doc, alive, common, tally, edits, flattened, ignorable, named: 0 };
        for span in doc.loose() {
            sift.tally.gone("comments and instructions in the XML", Tells::Text, span.len());
            sift.edits.cut(span.clone());
        }
        let mut skip = HashSet::new();
        match (doc.ns(0), doc.local(0)) {
            (W, "settings") => word::settings(&mut sift),
            (W, _) => word::story(&mut sift, &mut skip)?,
            (S, "sst") => excel::strings(&mut sift),
            (S, "worksheet" | "dialogsheet") | (_, "macrosheet") => excel::formulas(&mut sift),
            _ => {}
        }
        let mut n = 0;
        while n < doc.len() {
            if skip.contains(&n) {
                n = doc.past(n);
                continue;
            }
            match sift.element(n)? {
                Fate::Stay => {
                    sift.attributes(n)?;
                    n += 1;
                }
                Fate::Go(label, tells) => {
                    sift.tally.gone(label, tells, doc.span(n).len());
                    sift.remove(n);
                    n = doc.past(n);
                }
                Fate::Replaced => n = doc.past(n),
                Fate::Quiet => {
                    sift.remove(n);
                    n = doc.past(n);
                }
                Fate::Unwrap(label, tells) => {
                    sift.tally.gone(label, tells, doc.open(n).len());
                    sift.edits.unwrap(doc, n);
                    n += 1;
                }
            }
        }
        Ok((sift.edits, sift.tally))
    }

    /// Takes an element out; where it is all that a choice of markup compatibility offers, the choice with it.
    pub(super) fn remove(&mut self, n: usize) {
        let doc = self.doc;
        let mut top = n;
        while let Some(parent) = doc.parent(top) {
            let single = doc.children(parent).count() == 1;
            let choice = doc.ns(parent) == MC && matches!(doc.local(parent), "Choice" | "Fallback" | "AlternateContent");
            if !(single && choice) {
                break;
            }
            top = parent;
        }
        self.edits.cut(doc.span(top));
    }

    fn element(&mut self, n: usize) -> Result<Fate> {
        let (doc, ns, local) = (self.doc, self.doc.ns(n), self.doc.local(n));
        if (ns, local) == (P, "graphicFrame") && powerpoint::object_to_picture(self, n) {
            return Ok(Fate::Go("embedded documents", Tells::Hidden));
        }
        if self.flattened.contains(&n) {
            return Ok(Fate::Stay);
        }
        // A reference to something that goes.
        for attr in doc.attrs(n) {
            let reference = attr.ns == R && ns != PACKAGE;
            if !reference || attr.raw_is_empty() || self.alive.contains(&*attr.value()) {
                continue;
            }
            match dangling(ns, local, attr.local) {
                Dangling::Attribute => {}
                Dangling::Element => return Ok(Fate::Go("references to what is removed", Tells::History)),
                Dangling::Needed if self.common.hidden.contains(&*attr.value()) => {
                    return Ok(Fate::Go("hidden slides", Tells::Hidden));
                }
                Dangling::Needed => {
                    return Err(Refusal::malformed(
                        "something is missing that the document cannot do without",
                        doc.open(n).start as u64,
                    )
                    .hint("open it in an office program, save it, and clean that"));
                }
            }
        }
        if ns == FOREIGN {
            let ext = doc.parent(n).filter(|p| doc.local(*p) == "ext");
            if ext.is_some() || self.ignorable.contains(&ns) {
                return Ok(Fate::Go("data of other programs", Tells::Unknown));
            }
        }
        if ns == XR {
            return Ok(Fate::Go("identifiers of editing sessions", Tells::Identifier));
        }
        if local == "ext"
            && let Some(child) = doc.children(n).next()
        {
            match doc.local(child) {
                "threadingInfo" => return Ok(Fate::Go("threads of comments", Tells::Where)),
                "creationId" | "rowId" | "colId" | "predDERef" | "uniqueId" | "modId" | "uid" => {
                    return Ok(Fate::Go("identifiers of objects", Tells::Identifier));
                }
                "imgProps" => return Ok(Fate::Go("originals of edited pictures", Tells::Hidden)),
                "picAttrSrcUrl" => return Ok(Fate::Go("where a picture was taken from", Tells::History)),
                "themeFamily" => return Ok(Fate::Go("identifier of the theme", Tells::Identifier)),
                "dataModel"
                    if doc.ns(child) != A
                        && !doc.attrs(child).iter().any(|a| a.local == "relId")
                        && doc.local(0) == "workbook" =>
                {
                    return Ok(Fate::Go("data connections", Tells::Who));
                }
                "presenceInfo" => return Ok(Fate::Go("people who commented", Tells::Who)),
                _ if doc.ns(child) == FOREIGN => return Ok(Fate::Go("data of other programs", Tells::Unknown)),
                _ => {}
            }
        }
        let fate = match ns {
            W | W14 | W16 | OFFICE if doc.ns(0) == W => word::element(self, n)?,
            S | OFFICE if doc.ns(0) == S => excel::element(self, n)?,
            P | OFFICE if doc.ns(0) == P => powerpoint::element(self, n)?,
            C => chart::element(self, n),
            _ => Fate::Stay,
        };
        if !matches!(fate, Fate::Stay) {
            return Ok(fate);
        }
        hidden::object(self, n)?;
        match (ns, local) {
            (A, "fld") => powerpoint::field(self, n),
            (S, "comment") => Ok(excel::comment(self, n)),
            (V | O | X, _) => Ok(drawing::vml(self, n)),
            _ => Ok(Fate::Stay),
        }
    }

    fn attributes(&mut self, n: usize) -> Result<()> {
        let (doc, ns, local) = (self.doc, self.doc.ns(n), self.doc.local(n));
        for attr in doc.attrs(n) {
            if attr.ns == XMLNS {
                continue;
            }
            if attr.ns == MC && attr.local == "Ignorable" {
                for prefix in attr.value().split_whitespace() {
                    self.ignorable.insert(doc.namespace(n, prefix));
                }
                continue;
            }
            let name = attr.local;
            let (label, tells) = match attr.ns {
                _ if name.starts_with("rsid") && matches!(attr.ns, W | NONE) && doc.ns(0) == W => {
                    ("revision save identifiers", Tells::Identifier)
                }
                FOREIGN => ("data of other programs", Tells::Unknown),
                XR | W16 => ("identifiers of editing sessions", Tells::Identifier),
                W14 if matches!(name, "paraId" | "textId" | "anchorId" | "editId") => {
                    ("identifiers of paragraphs", Tells::Identifier)
                }
                R if !attr.raw_is_empty() && !self.alive.contains(&*attr.value()) && ns != PACKAGE => {
                    ("references to what is removed", Tells::History)
                }
                _ => match self.attribute(n, ns, local, &attr) {
                    Some(found) => found,
                    None => continue,
                },
            };
            self.tally.gone(label, tells, attr.span.len());
            self.edits.cut(attr.span.clone());
        }
        Ok(())
    }

    /// Attributes that go for what they are on; those that change are changed here.
    fn attribute(&mut self, n: usize, ns: u8, local: &str, attr: &Attr) -> Option<(&'static str, Tells)> {
        let language = match ns {
            _ if matches!(local, "comment" | "cm" | "cmAuthor") => comment(self, local, attr),
            W => word::attribute(self, local, attr),
            S => excel::attribute(self, local, attr),
            P | OFFICE if matches!(local, "section" | "sldLst" | "sectionZm" | "sldSectionZmObj") => {
                powerpoint::attribute(self, local, attr)
            }
            V | O => drawing::vml_attribute(self, local, attr),
            _ => None,
        };
        if language.is_some() {
            return language;
        }
        match (ns, local, attr.local) {
            (_, "docPr" | "cNvPr", "name") => drawing::name(self, n, attr, &mut 0),
            (_, "docPr" | "cNvPr", "descr" | "title") => drawing::description(self, attr),
            (A, "theme" | "clrScheme" | "fontScheme" | "fmtScheme", "name") => drawing::theme(self, attr),
            (OFFICE, "blip", _) | (A, "blip", "cstate") => {}
            _ => {}
        }
        None
    }

    /// The next number for an object that had a name of its own.
    pub(super) fn number(&mut self) -> u32 {
        self.named += 1;
        self.named
    }

    /// Puts another value in place of an attribute's.
    pub(super) fn put(&mut self, attr: &Attr, value: &str, label: &'static str, tells: Tells) {
        if *attr.value() != *value {
            self.tally.rewritten(label, tells);
            self.edits.put(attr.value_span.clone(), value);
        }
    }

    /// Takes note of something hidden that stays, where the policy lets it.
    ///
    /// # Errors
    /// `NeedsResidual` where the policy drops hidden things: taking them out is not supported.
    pub(super) fn hidden(&mut self, label: &'static str, why: &'static str) -> Result<()> {
        if !self.keeps(Token::Hidden) {
            let what = format!("it has a {label}, which this policy drops and this program cannot take out yet");
            return Err(Refusal::new(Code::NeedsResidual, what).hint("delete it first, or use --keep hidden"));
        }
        self.tally.kept(label, Tells::Hidden, why);
        Ok(())
    }

    /// Whether tracked changes stay, without people and times.
    pub(super) fn keeps_changes(&self) -> bool {
        tracked_changes(self.job) == TrackedChanges::Anonymise
    }

    /// Whether the policy keeps the thing.
    pub(super) fn keeps(&self, token: Token) -> bool {
        self.job.keeps(token)
    }
}

/// Attributes of a comment that stays, and of who wrote it.
fn comment(sift: &mut Sift, local: &str, attr: &Attr) -> Option<(&'static str, Tells)> {
    match (local, attr.local) {
        ("comment", "author") | ("cmAuthor", "name") => {
            if attr.value() != AUTHOR {
                sift.tally.value("author of comments", Tells::Who, attr.value());
            }
            sift.put(attr, AUTHOR, "authors of comments", Tells::Who);
            None
        }
        ("cmAuthor", "initials") => {
            sift.put(attr, &AUTHOR[..1], "authors of comments", Tells::Who);
            None
        }
        ("comment", "initials") => Some(("authors of comments", Tells::Who)),
        ("comment", "date") | ("cm", "dt") => Some(("times of comments", Tells::When)),
        _ => None,
    }
}

enum Dangling {
    Attribute,
    Element,
    Needed,
}

/// What becomes of an element when the relationship that one of its attributes names is gone.
fn dangling(ns: u8, local: &str, attr: &str) -> Dangling {
    match (ns, local) {
        (P, "sldId" | "sldMasterId" | "sldLayoutId" | "notesMasterId" | "handoutMasterId") | (S, "sheet") => Dangling::Needed,
        (O, "OLEObject") => Dangling::Element,
        (A, "blip") | (V | O, _) | (W, "hyperlink") | (S, "pageSetup") => Dangling::Attribute,
        (_, "pageSetup") => Dangling::Attribute,
        (_, "snd" | "sndTgt") if attr == "embed" => Dangling::Element,
        (S, "worksheetSource" | "pivotCacheDefinition") => Dangling::Attribute,
        _ => Dangling::Element,
    }
}
