//! Directories with what may stay in them. A maker's file keeps every directory in its place and at its length, with fewer
//! entries and zeros behind them; a DNG has them written anew, shorter, with positions that follow what they point to.

use std::collections::{BTreeMap, BTreeSet};

use super::picture::{self, Pictures};
use super::table::{self, Role, Rule};
use super::told::Gone;
use super::{Kind, canon, cipher, opcodes};
use crate::blocks::icc;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Directory, Entry, Order, Tiff, Walk, width};
use crate::plan::{Draft, Fate, Number};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Span};

/// Directories inside directories inside the maker notes.
const DEPTH: u8 = 4;

/// What is known while the directories are gone through.
pub(super) struct Writer<'a, 'j> {
    pub(super) job: &'a Job<'j>,
    pub(super) source: &'a Shared,
    pub(super) kind: Kind,
    pub(super) draft: Draft,
    /// The data that directories point to.
    pub(super) pictures: Pictures,
    /// Values outside of their directory that stay as they are.
    pub(super) values: Vec<Span>,
    /// Entries that went.
    pub(super) gone: Gone,
    /// What stays although it tells something.
    pub(super) kept: Vec<Finding>,
    model: Vec<u8>,
    /// Whether the signatures of the camera's and the profile's calibration differ.
    differ: bool,
    /// Values and directories that have a step of their own.
    made: BTreeSet<Span>,
}

/// An entry that stays: its head, with its number of values, and its value field.
pub(super) struct Kept {
    pub(super) head: Vec<u8>,
    pub(super) field: Vec<Fate>,
}

/// The link behind a directory.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Link {
    /// To the directory that stands there.
    To(u64),
    /// The chain ends.
    End,
    /// There is none: the bytes behind the entries are something else.
    None,
}

impl<'a, 'j> Writer<'a, 'j> {
    pub(super) fn new(job: &'a Job<'j>, source: &'a Shared, kind: Kind, draft: Draft) -> Writer<'a, 'j> {
        Writer {
            job,
            source,
            kind,
            draft,
            pictures: Pictures::default(),
            values: Vec::new(),
            gone: Gone::default(),
            kept: Vec::new(),
            model: Vec::new(),
            differ: false,
            made: BTreeSet::new(),
        }
    }

    /// All directories of pictures, and what hangs on them.
    pub(super) fn files(&mut self, tiff: &Tiff, walk: &Walk) -> Result<()> {
        self.model = super::text(tiff, &walk.directories[0], 0x0110);
        self.names(tiff, walk);
        let signature = |tag| super::text(tiff, &walk.directories[0], tag);
        self.differ = signature(0xc6f3) != signature(0xc6f4);
        let stay: Vec<bool> = picture::choose(self.job, self.kind, tiff, walk)?;
        for (i, directory) in walk.directories.iter().enumerate().filter(|(i, _)| stay[*i]) {
            let next = walk
                .directories
                .iter()
                .zip(&stay)
                .skip(i + 1)
                .find(|(d, stays)| **stays && d.parent == directory.parent && d.number > directory.number);
            // Sub-directories have chains only by mistake: they are told apart by their parent's tag.
            let link = match next {
                Some((d, _)) if directory.parent.is_none() => Link::To(d.span.start),
                _ => Link::End,
            };
            let below: Vec<u64> = walk
                .directories
                .iter()
                .zip(&stay)
                .filter(|(d, stays)| **stays && d.parent.is_some_and(|(of, _)| of == i))
                .map(|(d, _)| d.span.start)
                .collect();
            let raw = picture::is_sensor(tiff, directory);
            self.pictures.directory(self.job, self.source, self.kind, tiff, directory, raw)?;
            self.directory(tiff, directory, Role::Picture, link, &below, 0)?;
        }
        Ok(())
    }

    /// What stays by the policy although it tells something.
    fn names(&mut self, tiff: &Tiff, walk: &Walk) {
        let place = self.kind.name();
        let of = |tag| walk.directories.iter().map(|d| super::text(tiff, d, tag)).find(|t| !t.is_empty()).unwrap_or_default();
        let (make, model, unique) = (of(0x010f), of(0x0110), of(0xc614));
        for (label, text) in [("camera make", make), ("camera model", model), ("camera model of the DNG", unique)] {
            if !text.is_empty() {
                let value = String::from_utf8_lossy(&text).into_owned();
                self.gone.stays(&value);
                let why = "a raw converter chooses its colours by it (raw-render)";
                self.kept.push(Finding::kept(place, label, Tells::Device, why).value(value));
            }
        }
        let why = "a raw converter needs them to render the same picture (raw-render)";
        let what = "levels, white balance, matrices, crop and corrections";
        self.kept.push(Finding::kept(place, what, Tells::Rendering, why));
    }

    pub(super) fn directory(
        &mut self,
        tiff: &Tiff,
        directory: &Directory,
        role: Role,
        link: Link,
        below: &[u64],
        depth: u8,
    ) -> Result<()> {
        if depth > DEPTH {
            return Err(Refusal::limit("directories nest too deep in the maker notes").at(directory.span.start));
        }
        let ciphered = match role {
            Role::Notes(0) if self.kind == Kind::Cr2 => canon::held(tiff, directory),
            Role::Notes(0) => cipher::renew(self.kind, tiff, directory, &self.model),
            _ => BTreeMap::new(),
        };
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for entry in &directory.entries {
            let stays = match seen.insert(entry.tag) {
                true => self.entry(tiff, entry, role, &ciphered, below, depth)?,
                false => None,
            };
            match stays {
                Some(entry) => kept.push(entry),
                None => self.gone.entry(tiff, role, entry),
            }
        }
        self.compose(tiff, directory, link, kept)
    }

    /// Puts a directory into the draft.
    pub(super) fn compose(&mut self, tiff: &Tiff, directory: &Directory, link: Link, kept: Vec<Kept>) -> Result<()> {
        let (counter, row, wide) = if tiff.big { (8, 20, 8) } else { (2, 12, 4) };
        let entries = counter + row * directory.entries.len() as u64;
        let len = if link == Link::None { entries } else { directory.span.len().min(entries + wide) };
        let span = Span::new(directory.span.start, directory.span.start + len);
        if !self.made.insert(span) {
            return Err(Refusal::malformed("a directory is linked twice", span.start));
        }
        let mut pieces = vec![Fate::put(number(tiff.order, kept.len() as u64, counter as usize))];
        let mut size = counter + row * kept.len() as u64;
        for Kept { head, field } in kept {
            pieces.push(Fate::put(head));
            pieces.extend(field);
        }
        if link != Link::None && size + wide <= len {
            size += wide;
            pieces.push(match link {
                Link::To(of) => Fate::Position { of, origin: 0, code: position(tiff) },
                _ => Fate::put(vec![0; wide as usize]),
            });
        }
        if self.kind == Kind::Dng {
            self.draft.insert(span.start, "alignment", Fate::Pad(2));
            self.draft.compose(span, "directory", pieces);
            return Ok(());
        }
        // In place nothing moves: positions are what they were.
        let mut bytes = Vec::new();
        for piece in pieces {
            match piece {
                Fate::Put(put) => bytes.extend(put),
                Fate::Position { of, .. } => bytes.extend(number(tiff.order, of, 4)),
                _ => {}
            }
        }
        debug_assert_eq!(bytes.len() as u64, size);
        bytes.resize(len as usize, 0);
        self.draft.reframe(span, "directory", Fate::put(bytes));
        Ok(())
    }

    /// The entry as it stays, if it does.
    fn entry(
        &mut self,
        tiff: &Tiff,
        entry: &Entry,
        role: Role,
        ciphered: &BTreeMap<u16, Vec<u8>>,
        below: &[u64],
        depth: u8,
    ) -> Result<Option<Kept>> {
        let rule = table::rule(self.job, self.kind, role, entry.tag);
        let Some(data) = entry.data.filter(|_| rule != Rule::Gone) else {
            return match rule {
                Rule::Offsets | Rule::Counts | Rule::Notes | Rule::Pictures => {
                    Err(Refusal::malformed("positions of picture data or maker notes pass the end", entry.span.start))
                }
                _ => Ok(None),
            };
        };
        match rule {
            Rule::Gone => return Ok(None),
            Rule::Offsets | Rule::Counts if !matches!(entry.kind, 3 | 4 | 13 | 16 | 18) => {
                return Err(Refusal::malformed("positions of picture data are no positions", entry.span.start));
            }
            Rule::Offsets if self.kind == Kind::Dng => return Ok(Some(self.offsets(tiff, entry, data))),
            Rule::Pictures if self.kind == Kind::Dng => return Ok(self.pictures_below(tiff, entry, data, below)),
            Rule::Pictures if below.is_empty() => return Ok(None),
            Rule::Text => return Ok(self.text(tiff, entry, data)),
            Rule::Profile => return self.profile(tiff, entry, data),
            Rule::Opcodes => {
                let list = self.source.bytes(data, self.job.limits().block)?;
                let stay = opcodes::known(&list).map_err(|r| r.at(data.start))?;
                return Ok(self.renewed(tiff, entry, data, stay, "opcodes", "opcodes that are not known"));
            }
            Rule::Exif => return self.exif(tiff, entry, depth),
            Rule::Notes => self.notes(tiff, data, depth)?,
            Rule::Inner(tag) => self.inner(tiff, entry, data, tag, depth)?,
            Rule::Camera => self.camera(tiff, data, depth)?,
            Rule::Private => self.private(tiff, entry)?,
            Rule::File => self.pictures.file(data),
            Rule::Rows => self.rows(tiff, entry)?,
            Rule::Renewed => return Ok(self.reduced(tiff, entry, data, ciphered)),
            Rule::Keep if entry.tag == 0x0112 && !tiff.numbers(entry, 1).first().is_some_and(|o| (1..=8).contains(o)) => {
                return Ok(None);
            }
            // The profile's signature matters only where it differs from the camera's. [DNG 1.7 CameraCalibrationSignature]
            Rule::Keep if entry.tag == 0xc6f4 && role == Role::Picture => return Ok(None),
            Rule::Keep if entry.tag == 0xc6f3 && role == Role::Picture => {
                let mut field = b"a\0".to_vec();
                field.resize(entry.field.len() as usize, 0);
                let other = Kept { head: Self::head(tiff, entry, 2), field: vec![Fate::put(field)] };
                return Ok(Some(other).filter(|_| self.differ));
            }
            Rule::Keep | Rule::Offsets | Rule::Counts | Rule::Pictures => {}
        }
        let pointed = matches!(rule, Rule::Notes | Rule::Inner(_) | Rule::Camera | Rule::File);
        Ok(Some(self.as_it_is(tiff, entry, data, pointed)))
    }

    pub(super) fn head(tiff: &Tiff, entry: &Entry, count: u64) -> Vec<u8> {
        let wide = if tiff.big { 8 } else { 4 };
        [number(tiff.order, entry.tag.into(), 2), number(tiff.order, entry.kind.into(), 2), number(tiff.order, count, wide)]
            .concat()
    }

    /// The value in the entry, the rest of its field zero, or its position. What is pointed at has steps of its own.
    pub(super) fn as_it_is(&mut self, tiff: &Tiff, entry: &Entry, data: Span, pointed: bool) -> Kept {
        let field = if entry.is_inline() {
            let mut bytes = tiff.bytes(entry, 8);
            bytes.resize(entry.field.len() as usize, 0);
            vec![Fate::put(bytes)]
        } else {
            if !pointed {
                self.values.push(data);
            }
            vec![self.to(tiff, data.start)]
        };
        Kept { head: Self::head(tiff, entry, entry.count), field }
    }

    /// A position: it follows what it points to in a DNG, and is what it was elsewhere, counted from the base.
    fn to(&self, tiff: &Tiff, of: u64) -> Fate {
        match self.kind {
            Kind::Dng => Fate::Position { of, origin: 0, code: position(tiff) },
            _ => Fate::put(number(tiff.order, of.wrapping_sub(tiff.base), 4)),
        }
    }

    /// Positions of data in a DNG: they follow it.
    fn offsets(&mut self, tiff: &Tiff, entry: &Entry, data: Span) -> Kept {
        let code = code(tiff, entry.kind);
        let field = if entry.is_inline() {
            let positions = tiff.numbers(entry, 4).into_iter();
            let mut field: Vec<Fate> = positions
                .map(|of| if of == 0 { Fate::put(vec![0; code.width()]) } else { Fate::Position { of, origin: 0, code } })
                .collect();
            let rest = entry.field.len() - data.len();
            if rest > 0 {
                field.push(Fate::put(vec![0; rest as usize]));
            }
            field
        } else {
            self.draft.insert(data.start, "alignment", Fate::Pad(2));
            self.draft.reframe(data, "offsets", Fate::Offsets { origin: 0, code });
            vec![self.to(tiff, data.start)]
        };
        Kept { head: Self::head(tiff, entry, entry.count), field }
    }

    /// Positions of the pictures below that stay in a DNG.
    fn pictures_below(&mut self, tiff: &Tiff, entry: &Entry, data: Span, below: &[u64]) -> Option<Kept> {
        let code = code(tiff, entry.kind);
        let positions: Vec<Fate> = below.iter().map(|of| Fate::Position { of: *of, origin: 0, code }).collect();
        let size = code.width() as u64 * below.len() as u64;
        let field = if below.is_empty() {
            return None;
        } else if size <= entry.field.len() {
            let rest = entry.field.len() - size;
            positions.into_iter().chain((rest > 0).then(|| Fate::put(vec![0; rest as usize]))).collect()
        } else {
            self.draft.insert(data.start, "alignment", Fate::Pad(2));
            self.draft.compose(data, "positions of pictures", positions);
            vec![self.to(tiff, data.start)]
        };
        Some(Kept { head: Self::head(tiff, entry, below.len() as u64), field })
    }

    /// A text up to its end: what stands behind it was never read.
    fn text(&mut self, tiff: &Tiff, entry: &Entry, data: Span) -> Option<Kept> {
        let mut text = tiff.bytes(entry, 256);
        text.truncate(text.iter().position(|b| *b == 0).unwrap_or(text.len()));
        text.push(0);
        if self.kind != Kind::Dng {
            text.resize((data.len() as usize).max(text.len()), 0);
            text.truncate(data.len() as usize);
        }
        self.renewed(tiff, entry, data, text, "text", "bytes behind the end of a text")
    }

    /// An entry with a new value.
    fn renewed(
        &mut self,
        tiff: &Tiff,
        entry: &Entry,
        data: Span,
        new: Vec<u8>,
        name: &'static str,
        what: &'static str,
    ) -> Option<Kept> {
        let found = || vec![Finding::removed(self.kind.name(), what, Tells::Hidden)];
        self.renew(tiff, entry, data, new, name, found())
    }

    pub(super) fn renew(
        &mut self,
        tiff: &Tiff,
        entry: &Entry,
        data: Span,
        new: Vec<u8>,
        name: &'static str,
        found: Vec<Finding>,
    ) -> Option<Kept> {
        let old = tiff.bytes(entry, data.len().min(1 << 24));
        let size = width(entry.kind).unwrap_or(1);
        let head = Self::head(tiff, entry, new.len() as u64 / size);
        let wide = entry.field.len();
        if old == new {
            return Some(self.as_it_is(tiff, entry, data, false));
        }
        if new.len() as u64 <= wide && (entry.is_inline() || self.kind == Kind::Dng) {
            for found in found {
                self.draft.note(found);
            }
            let mut bytes = new;
            bytes.resize(wide as usize, 0);
            return Some(Kept { head, field: vec![Fate::put(bytes)] });
        }
        if entry.is_inline() {
            return None;
        }
        if self.made.insert(data) {
            if self.kind == Kind::Dng {
                self.draft.insert(data.start, "alignment", Fate::Pad(2));
            }
            self.draft.replace(data, name, Fate::put(new), found);
        }
        Some(Kept { head, field: vec![self.to(tiff, data.start)] })
    }

    fn profile(&mut self, tiff: &Tiff, entry: &Entry, data: Span) -> Result<Option<Kept>> {
        if !self.job.keeps(Token::Color) {
            return Ok(None);
        }
        let bytes = self.source.bytes(data, self.job.limits().block)?;
        let Some(neutral) = icc::neutral(&bytes)? else { return Ok(None) };
        let found = vec![Finding::rewritten("ICC", "colour profile: colours kept, texts neutral", Tells::Rendering)];
        Ok(self.renew(tiff, entry, data, neutral, "colour profile", found))
    }
}

/// A number in the byte order of the file.
pub(super) fn number(order: Order, n: u64, width: usize) -> Vec<u8> {
    let be = n.to_be_bytes();
    let mut out = be[8 - width..].to_vec();
    if order == Order::Little {
        out.reverse();
    }
    out
}

/// How positions are written in this file.
pub(super) fn position(tiff: &Tiff) -> Number {
    code(tiff, if tiff.big { 16 } else { 4 })
}

/// How the values of an entry of this type are written.
pub(super) fn code(tiff: &Tiff, kind: u16) -> Number {
    match (width(kind), tiff.order) {
        (Some(2), Order::Little) => Number::U16Le,
        (Some(2), Order::Big) => Number::U16Be,
        (Some(8), Order::Little) => Number::U64Le,
        (Some(8), Order::Big) => Number::U64Be,
        (_, Order::Little) => Number::U32Le,
        (_, Order::Big) => Number::U32Be,
    }
}
