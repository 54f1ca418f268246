//! The walk from the catalog: every object that the document uses is met once, reduced to what [`super::schema`] lets
//! survive, renumbered in the order of meeting and written. What is not met is not written. The walk is made twice: first
//! only to learn what stays, so that back references (a page's parent, the page of a bookmark) can be told from dangling
//! ones; then for good.

mod notes;
mod parts;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use super::schema::{self, K, Shape};
use super::{actions, annotations, attachments, streams, tell};
use crate::clean::Job;
use crate::finding::Finding;
use crate::grammar::pdf::book::{Book, Item};
use crate::grammar::pdf::writer::Writer;
use crate::grammar::pdf::{Dict, Obj, unescape};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Shared;

/// How deep direct objects may nest while they are sorted out.
const DEEPEST: usize = 256;

pub(super) use notes::Notes;

/// One walk.
pub(super) struct Walk<'b> {
    pub(super) job: &'b Job<'b>,
    pub(super) book: &'b Book<'b>,
    numbers: HashMap<u32, u32>,
    kinds: HashMap<u32, K>,
    queue: VecDeque<(u32, K)>,
    /// What the first walk met, and as what; empty during it.
    alive: HashMap<u32, K>,
    writer: Option<Writer>,
    pub(super) notes: Notes,
    admitted: HashMap<(u32, K), bool>,
    pub(super) attachments: HashMap<u32, attachments::Outcome>,
    pub(super) lenient: bool,
    pages: usize,
    page_of: HashMap<u32, usize>,
    over: bool,
}

impl<'b> Walk<'b> {
    pub(super) fn new(job: &'b Job<'b>, book: &'b Book<'b>, lenient: bool) -> Walk<'b> {
        Walk {
            job,
            book,
            numbers: HashMap::new(),
            queue: VecDeque::new(),
            alive: HashMap::new(),
            kinds: HashMap::new(),
            writer: None,
            notes: Notes::default(),
            admitted: HashMap::new(),
            attachments: HashMap::new(),
            lenient,
            pages: 0,
            page_of: HashMap::new(),
            over: false,
        }
    }

    /// A walk that is over, for telling of what stands around the document.
    pub(super) fn telling(job: &'b Job<'b>, book: &'b Book<'b>, notes: Notes) -> Walk<'b> {
        Walk { notes, over: true, ..Walk::new(job, book, true) }
    }

    /// Both walks; returns the finished writer's output and what was learned.
    pub(super) fn run(mut self, root: u32, writer: Writer, identified: bool) -> Result<(Shared, Notes, HashSet<u32>)> {
        self.follow(root)?;
        self.alive = std::mem::take(&mut self.kinds);
        self.numbers.clear();
        self.admitted.clear();
        self.notes = Notes { members: std::mem::take(&mut self.notes.members), ..Notes::default() };
        self.pages = 0;
        self.writer = Some(writer);
        self.follow(root)?;
        if self.numbers.len() != self.alive.len() {
            return Err(Refusal::new(Code::Internal, "the second walk over the document met other objects than the first"));
        }
        let new_root = self.numbers.get(&root).copied().unwrap_or(1);
        let writer = self.writer.take().ok_or_else(|| Refusal::new(Code::Internal, "a writer is lost"))?;
        let result = writer.finish(new_root, identified).map_err(Refusal::write)?;
        Ok((result, self.notes, self.alive.into_keys().collect()))
    }

    fn follow(&mut self, root: u32) -> Result<()> {
        self.number(root, K::Catalog);
        while let Some((old, k)) = self.queue.pop_front() {
            self.job.limits().check_structures(self.numbers.len())?;
            let new = self.numbers.get(&old).copied().unwrap_or(0);
            match self.book.item(old)? {
                Item::Value(obj) => {
                    let obj = self.value(obj, k, 0)?.unwrap_or(Obj::Null);
                    if let Some(writer) = &mut self.writer {
                        writer.object(new, &obj).map_err(Refusal::write)?;
                    }
                }
                Item::Stream(dict, data) => self.stream(old, new, dict, data, k)?,
            }
        }
        Ok(())
    }

    /// Whether this is the walk that counts.
    pub(super) fn is_writing(&self) -> bool {
        self.writer.is_some() || self.over
    }

    fn number(&mut self, old: u32, k: K) -> u32 {
        let next = self.numbers.len() as u32 + 1;
        *self.numbers.entry(old).or_insert_with(|| {
            // Back references may come first in the second walk; what a thing is was settled in the first.
            let k = self.alive.get(&old).copied().unwrap_or(k);
            self.kinds.insert(old, k);
            self.queue.push_back((old, k));
            next
        })
    }

    /// What becomes of an object of kind `k`; `None` where it goes.
    pub(super) fn value(&mut self, obj: Obj<'b>, k: K, depth: usize) -> Result<Option<Obj<'b>>> {
        if depth > DEEPEST {
            return Err(Refusal::limit("objects nest too deep"));
        }
        match obj {
            Obj::Null => Ok(None),
            Obj::Word(_) | Obj::Name(_) => Ok(Some(obj)),
            Obj::Text(_) if k.takes_text() => {
                self.hear(&obj)?;
                Ok(Some(obj))
            }
            Obj::Text(_) => {
                self.tell_unexpected(k, &obj);
                Ok(None)
            }
            Obj::Ref(number, generation) => self.reference(number, generation, k),
            Obj::Array(items) => self.array(items, k, depth).map(Some),
            Obj::Dict(dict) => self.dict(dict, k, depth),
        }
    }

    fn reference(&mut self, number: u32, generation: u16, k: K) -> Result<Option<Obj<'b>>> {
        if !self.book.has(number, generation) {
            // Where the structure had to be repaired, what is missing may be what was lost.
            if k == K::Node || self.lenient && !k.is_weak() {
                return Err(Refusal::malformed(format!("object {number} is missing"), 0));
            }
            return Ok(None);
        }
        let mut k = k;
        if k == K::ParentEntry && !matches!(self.book.item(number), Ok(Item::Value(Obj::Array(_)))) {
            k = K::Weak;
        }
        if k.is_weak() {
            if !self.alive.contains_key(&number) {
                return Ok(None);
            }
        } else if !self.admits_number(number, k)? {
            self.notes.dropped.push(number);
            return Ok(None);
        }
        Ok(Some(Obj::Ref(self.number(number, k), 0)))
    }

    fn admits_number(&mut self, number: u32, k: K) -> Result<bool> {
        if !matches!(k, K::Action | K::OpenAction | K::BaseUri | K::Field | K::Filespec | K::XObject) {
            return Ok(true);
        }
        if let Some(known) = self.admitted.get(&(number, k)) {
            return Ok(*known);
        }
        let book = self.book;
        let admitted = match book.item(number) {
            Ok(Item::Value(Obj::Dict(dict)) | Item::Stream(dict, _)) => self.admits(&dict, k, Some(number))?,
            _ => true,
        };
        self.admitted.insert((number, k), admitted);
        Ok(admitted)
    }

    /// Whether a dictionary of kind `k` may stay at all. Tells why, where it may not.
    fn admits(&mut self, dict: &Dict<'b>, k: K, number: Option<u32>) -> Result<bool> {
        match k {
            K::Action | K::OpenAction => actions::admits(self, dict, k),
            K::BaseUri => Ok(actions::admits_base(self, dict)),
            K::Field => annotations::admits(self, dict),
            K::Filespec => attachments::admits(self, dict),
            K::XObject => {
                let kept = ["Image", "Form"].iter().any(|s| self.get(dict, "Subtype").is_name(s));
                if !kept {
                    self.tell(Finding::removed(
                        "page",
                        "an external object that viewers do not show",
                        crate::finding::Tells::Hidden,
                    ));
                }
                Ok(kept || number.is_none())
            }
            _ => Ok(true),
        }
    }

    /// The value of a key, references followed.
    pub(super) fn get(&self, dict: &Dict<'b>, key: &str) -> Obj<'b> {
        self.book.resolve(dict.at(key))
    }

    fn array(&mut self, items: Vec<Obj<'b>>, k: K, depth: usize) -> Result<Obj<'b>> {
        let head = items.first().map(|first| self.book.resolve(first)).and_then(|o| o.as_name().map(Cow::into_owned));
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            let of = match (k, i) {
                (K::ColorSpace, _) => color_part(head.as_deref().unwrap_or_default(), i),
                (K::FontPair, 0) => K::Font,
                (K::FontPair, _) => K::Plain,
                (K::Dest | K::OpenAction, 0) => K::PageRef,
                (K::Dest | K::OpenAction, _) => K::Plain,
                (K::Mask, _) => K::Plain,
                _ => k,
            };
            match self.value(item, of, depth + 1)? {
                Some(kept) => out.push(kept),
                None if k.is_list() => {}
                None => out.push(Obj::Null),
            }
        }
        Ok(Obj::Array(out))
    }

    fn dict(&mut self, mut dict: Dict<'b>, k: K, depth: usize) -> Result<Option<Obj<'b>>> {
        if !self.admits(&dict, k, None)? {
            self.drop_object(&Obj::Dict(dict));
            return Ok(None);
        }
        dict.sort();
        let k = self.refine(k, &dict);
        match k.shape() {
            Shape::Atom => {
                self.tell_unexpected(k, &Obj::Dict(dict));
                Ok(None)
            }
            Shape::Table => {
                let mut dict = self.table(dict, k, depth)?;
                if k == K::Filespec {
                    attachments::shorten(self, &mut dict);
                }
                // A mark for an object that is gone marks nothing.
                let lost = k == K::ObjectRef && !dict.has("Obj");
                Ok((!lost).then_some(Obj::Dict(dict)))
            }
            Shape::Map(of) => {
                let mut out = Dict::default();
                for (key, value) in dict.0 {
                    if let Some(value) = self.value(value, of, depth + 1)? {
                        out.0.push((key, value));
                    }
                }
                Ok(Some(Obj::Dict(out)))
            }
            Shape::Tree(of) => self.tree(dict, k, of, depth).map(|d| Some(Obj::Dict(d))),
        }
    }

    /// A dictionary of known keys: what is listed stays, what is not is told and goes.
    pub(super) fn table(&mut self, dict: Dict<'b>, k: K, depth: usize) -> Result<Dict<'b>> {
        if k == K::Node {
            self.count_page(&dict);
        }
        if k == K::OcConfig && self.get(&dict, "OFF").as_array().is_some_and(|off| !off.is_empty()) {
            self.warn("there are hidden layers; they were kept");
        }
        let annotation = k == K::Field && annotations::is_annotation(self, &dict);
        let mut out = Dict::default();
        for (key, value) in dict.0 {
            let plain = unescape(&key);
            let mut of = schema::kept(k, &plain);
            if annotation && annotations::is_personal(&plain) || of.is_some_and(|of| self.is_unwanted(&plain, of)) {
                of = None;
            }
            if k == K::Catalog && *plain == *b"Metadata" && self.is_claimed(&value) {
                of = Some(K::Claims);
            }
            // A widget's field may hang on nothing else; what it inherits from there, it needs.
            if k == K::Field && !annotation && *plain == *b"Parent" {
                of = Some(K::Field);
            }
            match of {
                Some(of) => {
                    if let Some(value) = self.value(value, of, depth + 1)? {
                        out.0.push((key, value));
                    }
                }
                None => {
                    if k == K::Names && *plain == *b"JavaScript" && self.job.keeps(Token::Macros) {
                        return Err(actions::scripts());
                    }
                    tell::dropped(self, k, &plain, &value);
                    self.drop_object(&value);
                }
            }
        }
        Ok(out)
    }

    fn tree(&mut self, dict: Dict<'b>, k: K, of: K, depth: usize) -> Result<Dict<'b>> {
        let mut out = Dict::default();
        for (key, value) in dict.0 {
            let kept = match &*unescape(&key) {
                b"Limits" => self.value(value, K::Leaf, depth + 1)?,
                b"Kids" => match self.book.resolve(&value) {
                    Obj::Array(kids) => {
                        let mut kept = Vec::new();
                        for kid in kids {
                            kept.extend(self.value(kid, k, depth + 1)?);
                        }
                        Some(Obj::Array(kept))
                    }
                    _ => None,
                },
                b"Names" | b"Nums" => match self.book.resolve(&value) {
                    Obj::Array(pairs) => {
                        let mut kept = Vec::with_capacity(pairs.len());
                        for pair in pairs.chunks(2) {
                            let [key, value] = pair else { break };
                            let key = self.book.resolve(key);
                            if let Some(value) = self.value(value.clone(), of, depth + 1)? {
                                self.hear(&key)?;
                                kept.extend([key, value]);
                            }
                        }
                        Some(Obj::Array(kept))
                    }
                    _ => None,
                },
                other => {
                    tell::dropped(self, k, other, &value);
                    self.drop_object(&value);
                    None
                }
            };
            out.0.extend(kept.map(|value| (key, value)));
        }
        Ok(out)
    }

    /// The kind that a dictionary turns out to be once it is seen.
    fn refine(&self, k: K, dict: &Dict<'b>) -> K {
        let is = |key: &str, name: &str| self.get(dict, key).is_name(name);
        match k {
            K::XObject if is("Subtype", "Form") => K::Form,
            K::XObject | K::Mask => K::Image,
            K::Appearance if !dict.has("BBox") => K::AppearanceStates,
            K::Appearance => K::Form,
            K::OpenAction if dict.has("S") => K::Action,
            K::OpenAction => K::Dest,
            K::StructKid if is("Type", "MCR") => K::MarkedRef,
            K::StructKid if is("Type", "OBJR") => K::ObjectRef,
            K::StructKid => K::StructElem,
            K::Property if is("Type", "OCMD") || dict.has("OCGs") => K::OcMembership,
            K::Property if is("Type", "OCG") || dict.has("Name") && !dict.has("MCID") => K::OcGroup,
            K::OcOrder | K::OcExpression => K::OcGroup,
            K::OcGroup if is("Type", "OCMD") => K::OcMembership,
            other => other,
        }
    }

    fn stream(&mut self, old: u32, new: u32, mut dict: Dict<'b>, data: Cow<'b, [u8]>, k: K) -> Result<()> {
        if !self.admits(&dict, k, None)? {
            return self.nothing(new);
        }
        dict.sort();
        let k = match self.refine(k, &dict) {
            K::AppearanceStates => K::Form,
            K::FieldValue | K::Lookup => K::Data,
            k => k,
        };
        if k != K::Claims && schema::kept(k, b"Filter").is_none() {
            self.tell_unexpected(k, &Obj::Dict(dict));
            return self.nothing(new);
        }
        if ["F", "FFilter", "FDecodeParms"].iter().any(|key| dict.has(key)) && !matches!(k, K::Filespec) {
            return Err(Refusal::unsupported(format!("the data of object {old} lies in another file")));
        }
        if k == K::Claims {
            return self.claims(new, &dict, &data);
        }
        dict.remove("DL");
        dict.remove("Length");
        self.inline_filters(&mut dict);
        let mut kept = self.table(dict, k, 0)?;
        if !self.is_writing() {
            return Ok(());
        }
        let page = self.page_of.get(&old).copied();
        let data = streams::settle(self, old, page, k, &mut kept, data)?;
        match &mut self.writer {
            Some(writer) => writer.stream(new, &mut kept, &data).map_err(Refusal::write),
            None => Ok(()),
        }
    }
}

/// The kind of each part of a colour space, by its family. [8.6]
fn color_part(family: &[u8], i: usize) -> K {
    match (family, i) {
        (_, 0) => K::Plain,
        (b"ICCBased", 1) => K::Icc,
        (b"CalGray" | b"CalRGB" | b"Lab", 1) => K::CalibratedSpace,
        (b"Indexed" | b"I" | b"Pattern", 1) => K::ColorSpace,
        (b"Indexed" | b"I", 3) => K::Lookup,
        (b"Separation" | b"DeviceN", 2) => K::ColorSpace,
        (b"Separation" | b"DeviceN", 3) => K::Function,
        (b"DeviceN", 4) => K::NColors,
        _ => K::Plain,
    }
}
