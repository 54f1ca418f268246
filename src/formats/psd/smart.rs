//! Smart objects: layers that stand for whole files. Files inside the document are cleaned like files of their kind and called
//! by numbers; of files elsewhere the paths, aliases and times go, so that only the last rendering is left of them; the
//! identifiers that tie layers to files become numbers, the same on both sides. [Adobe Photoshop File Formats Specification:
//! Linked Layer, Placed Layer; psd-tools: linked_layer]

use std::collections::BTreeMap;

use crate::clean::{Job, Member};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::psd;
use crate::plan::{Draft, Fate, Number};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Span, Window};

/// Larger descriptions of placed layers are none.
const LARGEST: u64 = 4 << 20;
/// How long an identifier is in characters.
const UUID: usize = 36;

/// The identifiers met so far, each with its number.
#[derive(Default)]
pub(super) struct Identifiers(BTreeMap<String, usize>);

impl Identifiers {
    /// The number of this identifier.
    fn number(&mut self, old: &[u8]) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(String::from_utf8_lossy(old).into_owned()).or_insert(next)
    }
}

/// The identifier that takes the place of the one with this number.
fn numbered(n: usize) -> Vec<u8> {
    format!("00000000-0000-4000-8000-{n:012x}").into_bytes()
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == UUID
        && text.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn identifier() -> Finding {
    Finding::rewritten("PSD", "identifier of a smart object", Tells::Identifier)
}

/// The description of a placed layer, in which only identifiers are personal.
pub(super) fn placed(job: &Job, source: &Shared, draft: &mut Draft, ids: &mut Identifiers, data: Span) -> Result<()> {
    let bytes = source.bytes(data, LARGEST)?;
    let named = texts(source, data)?.into_iter().any(|span| {
        let text = units(&bytes[(span.start - data.start) as usize..(span.end - data.start) as usize]);
        let text = String::from_utf16_lossy(&text);
        let text = text.trim_end_matches('\0');
        !text.is_empty() && !is_uuid(text.as_bytes())
    });
    if named && job.policy().is_strict() {
        return Err(
            Refusal::new(Code::NeedsResidual, "a smart object has filters with names or data of their own").at(data.start)
        );
    }
    if named {
        let why = "they are how the smart object is rendered";
        draft.note(Finding::kept("PSD", "names of filters of a smart object", Tells::Text, why));
    }
    let (mut at, mut kept) = (0, 0);
    let span = |from: usize, to: usize| Span::new(data.start + from as u64, data.start + to as u64);
    while at < bytes.len() {
        let wide: Vec<u8> = bytes[at..].chunks_exact(2).take(UUID).map(|c| if c[0] == 0 { c[1] } else { 0 }).collect();
        let (width, text) = match bytes.get(at..at + UUID).filter(|t| is_uuid(t)) {
            Some(text) => (1, text.to_vec()),
            None if bytes[at] == 0 && is_uuid(&wide) => (2, wide),
            None => {
                at += 1;
                continue;
            }
        };
        let new = numbered(ids.number(&text));
        let new: Vec<u8> = if width == 1 { new } else { new.into_iter().flat_map(|b| [0, b]).collect() };
        draft.frame(span(kept, at), "placed layer");
        draft.replace(span(at, at + width * UUID), "identifier", Fate::put(new), vec![identifier()]);
        at += width * UUID;
        kept = at;
    }
    draft.frame(span(kept, bytes.len()), "placed layer");
    Ok(())
}

/// Where text and data stand in the description of a placed layer, of the newer kind or the older.
fn texts(source: &Shared, data: Span) -> Result<Vec<Span>> {
    let unknown = || Refusal::unsupported("the description of a smart object is not one that is known").at(data.start);
    let mut cursor = Cursor::new(&**source, data);
    match (&cursor.array::<4>()?, cursor.u32_be()?) {
        (b"soLD", 4 | 5) => {}
        (b"plcL", 3) => {
            let len = u64::from(cursor.u8()?);
            // Pages, smoothing and kind; the corners; the version of the warp.
            cursor.skip(len + 16 + 64 + 4)?;
        }
        _ => return Err(unknown()),
    }
    let texts = psd::versioned(&mut cursor)?;
    let rest = source.bytes(Span::new(cursor.at(), data.end), 64).map_err(|_| unknown())?;
    if rest.iter().any(|b| *b != 0) {
        return Err(unknown());
    }
    Ok(texts)
}

/// The files behind the layers, inside the document or elsewhere.
pub(super) fn files(job: &Job, source: &Shared, draft: &mut Draft, ids: &mut Identifiers, data: Span) -> Result<()> {
    let mut cursor = Cursor::new(&**source, data);
    while cursor.left() >= 8 {
        let start = cursor.at();
        let len = cursor.u64_be()?;
        let span = cursor.skip(len)?;
        let pad = cursor.skip((span.len().next_multiple_of(4) - span.len()).min(cursor.left()))?;
        let mut entry = Entry { job, source, draft: &mut *draft, field: Span::new(start, span.start), span, pad, grown: 0 };
        entry.decide(ids)?;
    }
    let rest = Span::new(cursor.at(), data.end);
    draft.blank(rest, "rest", Finding::blanked("PSD", "data between the blocks", Tells::Hidden));
    Ok(())
}

/// One of them.
struct Entry<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: &'a mut Draft,
    /// Its length.
    field: Span,
    span: Span,
    /// What fills it up to a multiple of four.
    pad: Span,
    /// How many bytes longer it becomes.
    grown: i64,
}

impl Entry<'_> {
    fn decide(&mut self, ids: &mut Identifiers) -> Result<()> {
        let source = self.source.clone();
        let mut cursor = Cursor::new(&*source, self.span);
        let kind = cursor.array::<4>()?;
        let version = cursor.u32_be()?;
        if !matches!(&kind, b"liFD" | b"liFE") || !(1..=8).contains(&version) {
            return Err(Refusal::unsupported("a smart object of a kind that is not known").at(self.span.start));
        }
        let len = u64::from(cursor.u8()?);
        let id = cursor.skip(len)?;
        let old = source.bytes(id, 255)?;
        if !is_uuid(&old) {
            return Err(Refusal::unsupported("a smart object without an identifier of the usual form").at(id.start));
        }
        self.draft.frame(Span::new(self.span.start, id.start), "linked file");
        let number = ids.number(&old);
        self.draft.replace(id, "identifier", Fate::put(numbered(number)), vec![identifier()]);
        let field = cursor.at();
        let name = Span::new(field, psd::unicode(&mut cursor)?.end);
        self.draft.frame(cursor.skip(8)?, "type");
        let size = Span::new(cursor.at(), cursor.skip(8)?.end);
        self.draft.frame(Span::new(cursor.at(), cursor.at() + 1), "flag");
        if cursor.u8()? != 0 {
            descriptor(self.draft, &mut cursor)?;
        }
        let (new_name, tail) = match &kind {
            b"liFD" => {
                let len = Number::U64Be.decode(&source.bytes(size, 8)?);
                let data = cursor.skip(len)?;
                let tail = self.tail(&mut cursor, version)?;
                (self.inside(&text(&source, name)?, size, data, number)?, tail)
            }
            _ => {
                self.draft.frame(size, "size");
                self.elsewhere(&mut cursor, version)?;
                (format!("linked-{number}"), self.tail(&mut cursor, version)?)
            }
        };
        let found = Finding::rewritten("PSD", "name of a file", Tells::History).value(text(&source, name)?);
        let letters: Vec<u8> = new_name.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
        let new = [&(letters.len() as u32 / 2).to_be_bytes()[..], &letters].concat();
        self.grown += new.len() as i64 - name.len() as i64;
        self.draft.replace(name, "file name", Fate::put(new), vec![found]);
        self.end(tail)
    }

    /// The length in front, and what stands behind the data, filled up.
    fn end(&mut self, (old, mut new): (Span, Vec<u8>)) -> Result<()> {
        self.grown += new.len() as i64 - old.len() as i64;
        let len = self.span.len().saturating_add_signed(self.grown);
        self.draft.reframe(self.field, "length", Fate::put(len.to_be_bytes()));
        if old.is_empty() {
            // There is nothing that other padding could stand in. Only old programs write such.
            if self.grown % 4 != 0 {
                return Err(Refusal::unsupported("a smart object of an old version").at(old.start));
            }
            let blank = Finding::blanked("PSD", "padding", Tells::Hidden);
            self.draft.blank(self.pad, "padding", blank);
            return Ok(());
        }
        let label = "identifier of the document inside, and times";
        let value = String::from_utf16_lossy(&units(&source::head(&**self.source, old.start + 4, 512)?));
        let value = value.split('\0').next().unwrap_or_default().to_owned();
        let found = Finding::rewritten("PSD", label, Tells::Identifier).value(value);
        new.resize(new.len() + (len.next_multiple_of(4) - len) as usize, 0);
        self.draft.replace(Span::new(old.start, self.pad.end), "end of a linked file", Fate::put(new), vec![found]);
        Ok(())
    }

    /// What stands behind the data: an identifier of the document inside, a time, a lock. Of these the lock stays.
    fn tail(&self, cursor: &mut Cursor, version: u32) -> Result<(Span, Vec<u8>)> {
        let (start, mut new) = (cursor.at(), Vec::new());
        if version >= 5 {
            psd::unicode(cursor)?;
            new.extend([0, 0, 0, 1, 0, 0]);
        }
        if version >= 6 {
            cursor.skip(8)?;
            new.extend([0; 8]);
        }
        if version >= 7 {
            new.push(cursor.u8()?.min(1));
        }
        Ok((Span::new(start, self.span.end), new))
    }

    /// A file inside the document: its new name.
    fn inside(&mut self, name: &str, size: Span, data: Span, number: usize) -> Result<String> {
        let cleaned = match self.job.member(name, &Window::shared(self.source, data)) {
            Ok(Member::Same(cleaned) | Member::Changed(cleaned)) => cleaned,
            Ok(Member::Unknown(why)) | Err(why) => return Err(why.within("smart object")),
        };
        let extension = cleaned.format().extensions.first().copied().unwrap_or("bin");
        let new_name = format!("embedded-{number}.{extension}");
        self.draft.adopt(&new_name, &cleaned);
        let len = cleaned.bytes().len();
        self.grown += len as i64 - data.len() as i64;
        self.draft.reframe(size, "size", Fate::put(len.to_be_bytes()));
        self.draft.member(data, "linked file", (!cleaned.is_identity()).then(|| cleaned.bytes()));
        Ok(new_name)
    }

    /// A file elsewhere: where it is, when it was changed, how long it is.
    fn elsewhere(&mut self, cursor: &mut Cursor, version: u32) -> Result<()> {
        descriptor(self.draft, cursor)?;
        if version > 3 {
            let time = cursor.skip(16)?;
            self.draft.blank(time, "time", Finding::blanked("PSD", "time of a linked file", Tells::When));
        }
        let size = cursor.skip(8)?;
        self.draft.blank(size, "size", Finding::blanked("PSD", "size of a linked file", Tells::Identifier));
        self.draft.warn("a smart object is linked to a file elsewhere; the link is gone, its last rendering stays");
        Ok(())
    }
}

/// A descriptor whose texts and data become zeros: names, paths, aliases.
fn descriptor(draft: &mut Draft, cursor: &mut Cursor) -> Result<()> {
    let mut at = cursor.at();
    for span in psd::versioned(cursor)? {
        draft.frame(Span::new(at, span.start), "descriptor");
        draft.blank(span, "descriptor", Finding::blanked("PSD", "path of a linked file", Tells::History));
        at = span.end;
    }
    draft.frame(Span::new(at, cursor.at()), "descriptor");
    Ok(())
}

fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect()
}

/// A name with its length in front.
fn text(source: &Shared, field: Span) -> Result<String> {
    let bytes = source::head(&**source, field.start + 4, (field.len() - 4).min(2048) as usize)?;
    Ok(String::from_utf16_lossy(&units(&bytes)).trim_matches('\0').to_owned())
}
