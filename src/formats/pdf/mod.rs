//! PDF. The file is rebuilt: lopdf reads the cross-references, the document is walked from its catalog along an allow-list,
//! and one body with one revision is written, its number and string tokens as they were. What the walk does not meet
//! (earlier revisions, forgotten objects, comments, bytes between and behind) is not written. A second reader must see the
//! same pages in both before the result is offered. [ISO 32000-2]

mod actions;
mod annotations;
mod attachments;
mod claims;
mod gate;
mod jpx;
mod schema;
mod sight;
mod streams;
mod tell;
mod trailer;
mod walk;

use lopdf::{Document, LoadOptions, Object};

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::pdf::book::{Book, LARGEST, Reading};
use crate::grammar::pdf::writer::Writer;
use crate::grammar::pdf::{Obj, book::Item};
use crate::plan::{Draft, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Memory, Shared, Source, Span};
use crate::view;
use walk::{Notes, Walk};

/// The row.
pub static FORMAT: Format = Format {
    name: "PDF",
    extensions: &["pdf", "ai"],
    container: false,
    keeps: "pages, text, fonts, pictures (cleaned), links, bookmarks, forms and their values, layers, tags, language, attachments (cleaned)",
    removes: "document information, XMP, identifiers, earlier revisions, forgotten objects, private program data, thumbnails, \
              authors and dates of annotations, scripts, comments, bytes between and behind",
    sniff,
    plan,
    witness,
};

/// How far into the file the header may lie. [ISO 32000-2 annex I]
const JUNK: usize = 1024;

fn sniff(head: &Head) -> Option<Match> {
    match header(head.bytes)? {
        0 => Some(Match::Exact),
        // Behind junk it is only a PDF if nothing else claims the junk.
        _ => Some(Match::Guess),
    }
}

fn header(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(&bytes[..bytes.len().min(JUNK + 5)], b"%PDF-")
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let held = in_memory(source)?;
    let bytes = held.as_bytes().unwrap_or_default();
    let start = header(bytes).ok_or_else(|| Refusal::malformed("it does not begin like a PDF", 0))?;
    let readings: &[Reading] = match job.is_again() || job.policy().is_strict() {
        true => &[Reading::Strict],
        false => &[Reading::Strict, Reading::Lenient, Reading::Scanned],
    };
    let mut why = None;
    for reading in readings {
        match rebuild(job, source, &held, start, *reading) {
            Err(e) if matches!(e.code(), Code::Malformed) && e.place().is_empty() => _ = why.get_or_insert(e),
            outcome => return outcome,
        }
    }
    Err(why.unwrap_or_else(|| Refusal::malformed("its structure cannot be read", 0)))
}

/// All of it in memory, since lopdf wants it so.
fn in_memory(source: &Shared) -> Result<Shared> {
    if source.as_bytes().is_some() {
        return Ok(source.clone());
    }
    if u32::try_from(source.len()).is_err() {
        return Err(Refusal::limit("PDF files over 4 GiB are not supported"));
    }
    Ok(Memory::shared(source.bytes(source.span(), u64::from(u32::MAX))?))
}

fn rebuild(job: &Job, source: &Shared, held: &Shared, start: usize, reading: Reading) -> Result<Plan> {
    let bytes = &held.as_bytes().unwrap_or_default()[start..];
    let book = Book::open(bytes, reading, job.policy().decrypt)?;
    let root = book.root().ok_or_else(|| Refusal::malformed("it names no catalog", 0))?;
    let version = version(bytes);
    let mut walk = Walk::new(job, &book, reading != Reading::Strict);
    let catalog = match book.item(root)? {
        Item::Value(Obj::Dict(catalog)) => catalog,
        _ => return Err(Refusal::malformed("it has no catalog", 0)),
    };
    trailer::check(&mut walk, &catalog)?;
    let pages = trailer::pages(&walk, &catalog)?;
    let identified =
        version.starts_with('2') || walk.get(&catalog, "Version").is_name("2.0") || trailer::is_identified(&walk, &catalog);
    let writer = Writer::new(job.spool(), &version, book.style()).map_err(Refusal::write)?;
    let (result, mut notes, alive) = walk.run(root, writer, identified)?;
    if result.len() == source.len() && view::same(&**source, &*result, source.span())? {
        if !job.is_again() {
            look(job, &gate::open(held)?, &mut notes)?;
        }
        return identity(source, notes);
    }
    trailer::tell(job, &book, &mut notes, source, start, &alive)?;
    let decrypted = book.is_decrypted();
    // The second reader needs room of its own.
    drop(book);
    let result_held = in_memory(&result)?;
    if !job.is_again() {
        let after = gate::open(&result_held)?;
        let seen = gate::agree(&gate::open(held)?, &after)?;
        if seen != pages {
            return Err(Refusal::new(Code::Malformed, format!("two readers count its pages differently ({pages} and {seen})")));
        }
        look(job, &after, &mut notes)?;
    }
    let mut draft = Draft::new(source);
    draft.recode(source.span(), "document", result);
    if !notes.findings.iter().any(|f| f.action.changes()) && !notes.members.iter().any(|(_, m)| m.plan().has_changes()) {
        notes.findings.push(Finding::rewritten("PDF", "document structure, written as one revision", Tells::History));
    }
    if reading != Reading::Strict {
        notes.warnings.push("its structure was damaged and has been repaired; look at the result before sharing it".to_owned());
    }
    if decrypted {
        notes
            .warnings
            .push("it was encrypted with an empty password and is now written in the clear, without its restrictions".to_owned());
    }
    conclude(draft, notes)
}

/// Warns of what a person might take for removed.
fn look(job: &Job, pdf: &hayro_syntax::Pdf, notes: &mut Notes) -> Result<()> {
    let warnings = sight::Sight::of(pdf).warnings();
    if let (false, Some(what)) = (job.keeps(Token::Hidden), warnings.first()) {
        return Err(Refusal::new(
            Code::NeedsResidual,
            format!("{what}; this policy drops what is hidden, which cannot be done here"),
        )
        .hint("remove it in the program that made the file, or use --keep hidden"));
    }
    notes.warnings.extend(warnings);
    Ok(())
}

fn identity(source: &Shared, mut notes: Notes) -> Result<Plan> {
    notes.findings.retain(|f| !f.action.changes());
    let mut draft = Draft::new(source);
    draft.essence(source.span(), "document");
    conclude(draft, notes)
}

fn conclude(mut draft: Draft, notes: Notes) -> Result<Plan> {
    for (name, member) in &notes.members {
        draft.adopt(name, member);
    }
    notes.findings.into_iter().for_each(|f| draft.note(f));
    notes.warnings.into_iter().for_each(|w| draft.warn(w));
    draft.seal()
}

/// The version in the header: two digits, whatever else stands there. [7.5.2]
fn version(bytes: &[u8]) -> String {
    match bytes.get(5..8) {
        Some([major @ b'1'..=b'2', b'.', minor @ b'0'..=b'9']) => format!("{}.{}", char::from(*major), char::from(*minor)),
        _ => "1.4".to_owned(),
    }
}

/// Entries that must not survive anywhere, whatever holds them.
const FORBIDDEN: [&[u8]; 6] = [b"PieceInfo", b"LastModified", b"SpiderInfo", b"PTEX.FileName", b"PTEX.InfoDict", b"DocChecksum"];

fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let read;
    let bytes = match after.as_bytes() {
        Some(bytes) => bytes,
        None => {
            read = after.bytes(after.span(), u64::from(u32::MAX))?;
            &read
        }
    };
    let options = LoadOptions { strict: true, max_decompressed_size: Some(LARGEST), ..LoadOptions::default() };
    let broken = |e: lopdf::Error| Refusal::new(Code::Damaged, format!("lopdf cannot read the result ({e})"));
    let doc = Document::load_mem_with_options(bytes, options).map_err(broken)?;
    let seen = |what: String| Err(Refusal::new(Code::Leftover, format!("lopdf still sees {what}")));
    let tree = doc.catalog().and_then(|c| c.get_deref(b"Pages", &doc)).and_then(Object::as_dict).is_ok_and(|p| p.has(b"Kids"));
    if doc.is_encrypted() || doc.encryption_state.is_some() || !tree {
        return Err(Refusal::new(Code::Damaged, "lopdf finds no pages in the result"));
    }
    if doc.trailer.has(b"Info") || doc.revision_count() > 1 {
        return seen("document information or an earlier revision".to_owned());
    }
    let mut packets = 0;
    for object in doc.objects.values() {
        if let Some(key) = forbidden(object, 0) {
            return seen(String::from_utf8_lossy(key).into_owned());
        }
        packets += usize::from(object.as_stream().is_ok_and(|s| s.dict.has_type(b"Metadata")));
    }
    if packets > 1 {
        return seen("metadata packets".to_owned());
    }
    Ok(vec!["lopdf", "hayro-syntax"])
}

fn forbidden(object: &Object, depth: usize) -> Option<&'static [u8]> {
    if depth > 256 {
        return None;
    }
    let dict = match object {
        Object::Array(items) => return items.iter().find_map(|item| forbidden(item, depth + 1)),
        Object::Dictionary(dict) => dict,
        Object::Stream(stream) => &stream.dict,
        _ => return None,
    };
    let here = FORBIDDEN.into_iter().find(|key| dict.has(key));
    here.or_else(|| dict.iter().find_map(|(_, value)| forbidden(value, depth + 1)))
}

/// The span of everything from `at` on.
fn from(source: &dyn Source, at: u64) -> Span {
    Span::new(at, source.len())
}
