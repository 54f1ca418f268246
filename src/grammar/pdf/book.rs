//! A PDF as a book of objects: lopdf reads the cross-references (and decrypts), and every object is read from the bytes it
//! stands in, token by token, when it is asked for. [ISO 32000-2 7.5]

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use lopdf::xref::{XrefEntry, XrefType};
use lopdf::{Document, LoadOptions, Object};

use super::filters::{self, Filter};
use super::lexer::{self, Lexer};
use super::writer::Style;
use super::{Dict, Obj, is_space};
use crate::refusal::{Code, Refusal, Result};

/// The most that one stream that must be read may unpack to.
pub const LARGEST: usize = 256 << 20;
/// The most filters on one stream.
const FILTERS: usize = 8;
/// How far references may lead to references.
const LINKS: usize = 32;

/// What stands under an object number.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// Any object but a stream.
    Value(Obj<'a>),
    /// A stream: its dictionary and its data, still filtered.
    Stream(Dict<'a>, Cow<'a, [u8]>),
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// By the rules.
    Strict,
    /// With the tolerance that viewers have.
    Lenient,
    /// By scanning for objects, ignoring the cross-references.
    Scanned,
}

struct Packed {
    bytes: Vec<u8>,
    offsets: BTreeMap<u32, usize>,
}

/// A file that was opened.
pub struct Book<'a> {
    /// From the header on.
    bytes: &'a [u8],
    /// What lopdf knows: cross-references and trailer, and all objects where they had to be decrypted.
    doc: Document,
    packed: BTreeMap<u32, Packed>,
    decrypted: bool,
    /// Whether comments were seen inside objects.
    pub comments: Cell<bool>,
}

impl<'a> Book<'a> {
    /// Opens `bytes`, which begin at the header.
    ///
    /// # Errors
    /// `Encrypted` where a password is needed, or where the empty one opens it and `decrypt` is not set; `Malformed` where
    /// the file cannot be read that way.
    pub fn open(bytes: &'a [u8], reading: Reading, decrypt: bool) -> Result<Book<'a>> {
        let options = LoadOptions {
            strict: reading == Reading::Strict,
            force_reconstruct: reading == Reading::Scanned,
            max_decompressed_size: Some(LARGEST),
            // Objects are read from their own bytes, so lopdf need not hold them as well.
            filter: (reading == Reading::Strict).then_some(|_, _| None),
            ..LoadOptions::default()
        };
        let doc = Document::load_mem_with_options(bytes, options).map_err(|e| unreadable(&e))?;
        if doc.is_encrypted() {
            return Err(Refusal::new(Code::Encrypted, "it is locked with a password"));
        }
        let decrypted = doc.encryption_state.is_some();
        // A trailer that was put together anew may have lost the word; what is read then is not what is written there.
        let named = doc.trailer.has(b"Encrypt") || reading != Reading::Strict && names_encryption(bytes);
        if !decrypted && named {
            return Err(Refusal::new(Code::Encrypted, "it is encrypted, in a way that cannot be read")
                .hint("remove the protection first, for example with qpdf --decrypt"));
        }
        if decrypted && !decrypt {
            return Err(Refusal::new(Code::Encrypted, "it is encrypted, although with an empty password")
                .hint("allow it to be written in the clear with --decrypt, or remove the protection first"));
        }
        let mut book = Book { bytes, doc, packed: BTreeMap::new(), decrypted, comments: Cell::new(false) };
        book.unpack(reading)?;
        Ok(book)
    }

    fn unpack(&mut self, reading: Reading) -> Result<()> {
        let entries = self.doc.reference_table.entries.values();
        let containers: BTreeSet<u32> = entries.filter_map(container_of).collect();
        for container in containers {
            match self.unpack_one(container) {
                Ok(packed) => _ = self.packed.insert(container, packed),
                Err(e) if reading == Reading::Strict => return Err(e),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn unpack_one(&self, container: u32) -> Result<Packed> {
        let broken = || Refusal::new(Code::Malformed, format!("object stream {container} cannot be read"));
        if matches!(self.doc.reference_table.get(container), Some(XrefEntry::Compressed { .. })) {
            return Err(broken());
        }
        let Item::Stream(dict, data) = self.item(container)? else { return Err(broken()) };
        let bytes = self.decoded(&dict, &data)?.ok_or_else(broken)?;
        let first = self.resolve(dict.at("First")).as_int().and_then(|n| usize::try_from(n).ok()).ok_or_else(broken)?;
        let count = self.resolve(dict.at("N")).as_int().unwrap_or(0).max(0) as usize;
        let mut lexer = Lexer::new(bytes.get(..first).ok_or_else(broken)?, 0);
        let mut offsets = BTreeMap::new();
        for _ in 0..count.min(first) {
            let (Some(number), Some(offset)) = (lexer.natural(), lexer.natural()) else { break };
            if let (Ok(number), Ok(offset)) = (u32::try_from(number), usize::try_from(offset)) {
                offsets.insert(number, first.saturating_add(offset));
            }
        }
        Ok(Packed { bytes, offsets })
    }

    /// What lopdf made of the trailer.
    pub fn trailer(&self) -> &lopdf::Dictionary {
        &self.doc.trailer
    }

    /// What lopdf knows.
    pub fn document(&self) -> &Document {
        &self.doc
    }

    /// Whether the file was encrypted.
    pub fn is_decrypted(&self) -> bool {
        self.decrypted
    }

    /// The object number of the catalog.
    pub fn root(&self) -> Option<u32> {
        self.doc.trailer.get(b"Root").and_then(Object::as_reference).ok().map(|id| id.0)
    }

    /// How the file is laid out.
    pub fn style(&self) -> Style {
        if !self.packed.is_empty() {
            return Style::Packed;
        }
        match self.doc.reference_table.cross_reference_type {
            XrefType::CrossReferenceStream => Style::Streamed,
            XrefType::CrossReferenceTable => Style::Table,
        }
    }

    /// The numbers in use, but for those of object streams.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let used = |e: &XrefEntry| !matches!(e, XrefEntry::Free | XrefEntry::UnusableFree);
        self.doc.reference_table.entries.iter().filter(move |(n, e)| used(e) && !self.packed.contains_key(n)).map(|(n, _)| *n)
    }

    /// Whether a reference leads to anything.
    pub fn has(&self, number: u32, generation: u16) -> bool {
        match self.doc.reference_table.get(number) {
            Some(XrefEntry::Normal { generation: g, .. }) => *g == generation,
            Some(XrefEntry::Compressed { .. }) => generation == 0,
            _ => false,
        }
    }

    /// The object of that number, `null` where there is none.
    ///
    /// # Errors
    /// `Malformed` where its bytes are no object.
    pub fn item(&self, number: u32) -> Result<Item<'_>> {
        match self.doc.reference_table.get(number) {
            Some(XrefEntry::Normal { offset, .. }) => self.item_at(number, *offset as usize),
            Some(XrefEntry::Compressed { container, .. }) => {
                let Some(packed) = self.packed.get(container) else { return Ok(Item::Value(Obj::Null)) };
                let Some(offset) = packed.offsets.get(&number) else { return Ok(Item::Value(Obj::Null)) };
                let mut lexer = Lexer::new(&packed.bytes, *offset);
                let obj = lexer.object().map_err(|e| Refusal::new(e.code(), format!("object {number}: {e}")))?;
                self.comments.set(self.comments.get() | lexer.comments);
                Ok(Item::Value(obj))
            }
            _ => Ok(Item::Value(Obj::Null)),
        }
    }

    fn item_at(&self, number: u32, offset: usize) -> Result<Item<'_>> {
        let mut lexer = Lexer::new(self.bytes, offset);
        let broken = |what: &'static str, at: usize| Refusal::malformed(format!("object {number} {what}"), at as u64);
        let there = lexer.natural();
        if there != Some(u64::from(number)) || lexer.natural().is_none() {
            return Err(broken("is not where the cross-references say", offset));
        }
        lexer.skip();
        if !lexer.keyword("obj") {
            return Err(broken("is not where the cross-references say", offset));
        }
        lexer.skip();
        if self.bytes[lexer.at.min(self.bytes.len())..].starts_with(b"endobj") {
            return Ok(Item::Value(Obj::Null));
        }
        let mut obj = lexer.object()?;
        self.comments.set(self.comments.get() | lexer.comments);
        if self.decrypted
            && let Some(clear) = self.doc.objects.get(&(number, self.generation(number)))
        {
            uncover(&mut obj, clear);
        }
        lexer.skip();
        if let Obj::Dict(dict) = obj {
            if lexer.keyword("stream") {
                let clear = self.doc.objects.get(&(number, self.generation(number))).filter(|_| self.decrypted);
                if let Some(Object::Stream(stream)) = clear {
                    return Ok(Item::Stream(dict, Cow::Borrowed(&stream.content)));
                }
                let data = self.data(&dict, lexer.at).ok_or_else(|| broken("has no end to its data", lexer.at))?;
                return Ok(Item::Stream(dict, Cow::Borrowed(data)));
            }
            return Ok(Item::Value(Obj::Dict(dict)));
        }
        Ok(Item::Value(obj))
    }

    fn generation(&self, number: u32) -> u16 {
        match self.doc.reference_table.get(number) {
            Some(XrefEntry::Normal { generation, .. }) => *generation,
            _ => 0,
        }
    }

    /// The data of a stream whose keyword ends at `at`. [7.3.8]
    fn data(&self, dict: &Dict, mut at: usize) -> Option<&[u8]> {
        match self.bytes.get(at..)? {
            [b'\r', b'\n', ..] => at += 2,
            [b'\n' | b'\r', ..] => at += 1,
            _ => {}
        }
        let said = self.resolve(dict.at("Length")).as_int().and_then(|n| usize::try_from(n).ok());
        if let Some(end) = said.and_then(|n| at.checked_add(n)).filter(|e| *e <= self.bytes.len()) {
            let rest = &self.bytes[end..];
            let gap = rest.iter().take_while(|b| is_space(**b)).count();
            if rest[gap..].starts_with(b"endstream") {
                return Some(&self.bytes[at..end]);
            }
        }
        // A length that lies: the data ends where the object does.
        for found in memchr::memmem::find_iter(&self.bytes[at..], b"endstream") {
            let mut lexer = Lexer::new(self.bytes, at + found + 9);
            lexer.skip();
            if !lexer.keyword("endobj") {
                continue;
            }
            let data = &self.bytes[at..at + found];
            return Some(match data {
                [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n' | b'\r'] => rest,
                all => all,
            });
        }
        None
    }

    /// Follows references to an object that is none; streams come as their dictionary, and what cannot be read as `null`.
    pub fn resolve<'b>(&'b self, obj: &Obj<'b>) -> Obj<'b> {
        let mut obj = obj.clone();
        for _ in 0..LINKS {
            let Obj::Ref(number, generation) = obj else { return obj };
            if !self.has(number, generation) {
                return Obj::Null;
            }
            obj = match self.item(number) {
                Ok(Item::Value(value)) => value,
                Ok(Item::Stream(dict, _)) => Obj::Dict(dict),
                Err(_) => Obj::Null,
            };
        }
        Obj::Null
    }

    /// The filters of a stream, first the one to undo first.
    ///
    /// # Errors
    /// `Limit` where there are absurdly many.
    pub fn filters(&self, dict: &Dict) -> Result<Vec<Filter>> {
        let either = |long: &str, short: &str| self.resolve(dict.get(long).unwrap_or(dict.at(short)));
        let (names, params) = (either("Filter", "F"), either("DecodeParms", "DP"));
        let names: Vec<Obj> = match names {
            Obj::Array(names) => names,
            Obj::Name(_) => vec![names],
            _ => Vec::new(),
        };
        if names.len() > FILTERS {
            return Err(Refusal::limit("a stream has more filters than any honest one"));
        }
        let params: Vec<Obj> = match params {
            Obj::Array(params) => params,
            other => vec![other],
        };
        Ok((0..names.len())
            .map(|i| {
                let name = self.resolve(&names[i]);
                let mut param = self.resolve(params.get(i).unwrap_or(&Obj::Null));
                if let Obj::Dict(dict) = &mut param {
                    for (_, value) in &mut dict.0 {
                        *value = self.resolve(value);
                    }
                }
                Filter::of(&name.as_name().unwrap_or_default(), &param)
            })
            .collect())
    }

    /// The data of a stream with all filters undone; `None` where one of them is for pictures or too much comes out.
    ///
    /// # Errors
    /// `Limit` where there are too many filters.
    pub fn decoded(&self, dict: &Dict, data: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut bytes = Cow::Borrowed(data);
        for filter in self.filters(dict)? {
            match filters::decode(&filter, &bytes, LARGEST) {
                Some(decoded) => bytes = Cow::Owned(decoded.bytes),
                None => return Ok(None),
            }
        }
        Ok(Some(bytes.into_owned()))
    }
}

/// Puts the decrypted strings of `clear` in the place of the encrypted ones of `obj`.
fn uncover(obj: &mut Obj, clear: &Object) {
    match (obj, clear) {
        (Obj::Text(token), Object::String(bytes, _)) => *token = Cow::Owned(lexer::string_token(bytes)),
        (Obj::Array(items), Object::Array(clear)) => items.iter_mut().zip(clear).for_each(|(item, clear)| uncover(item, clear)),
        (Obj::Dict(dict), Object::Dictionary(clear) | Object::Stream(lopdf::Stream { dict: clear, .. })) => {
            for (key, value) in &mut dict.0 {
                if let Ok(clear) = clear.get(&super::unescape(key)) {
                    uncover(value, clear);
                }
            }
        }
        _ => {}
    }
}

fn unreadable(e: &lopdf::Error) -> Refusal {
    match e {
        lopdf::Error::Decompress(_) => Refusal::limit("a stream unpacks to more than any honest one"),
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => {
            Refusal::new(Code::Encrypted, "it is locked in a way that cannot be opened")
        }
        _ => Refusal::new(Code::Malformed, format!("its structure cannot be read ({e})")),
    }
}

/// Whether a trailer, or what may be one, says that the file is encrypted.
fn names_encryption(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"/Encrypt").any(|at| {
        let rest = bytes[at + 8..].trim_ascii_start();
        rest.starts_with(b"<<") || rest.first().is_some_and(u8::is_ascii_digit)
    })
}

fn container_of(entry: &XrefEntry) -> Option<u32> {
    match entry {
        XrefEntry::Compressed { container, .. } => Some(*container),
        _ => None,
    }
}
