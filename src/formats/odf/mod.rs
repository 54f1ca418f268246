//! OpenDocument: texts, tables, presentations and drawings in a ZIP. Content and styles are sifted and keep every byte that
//! does not go; settings keep what changes the layout; pictures and objects that the content refers to are cleaned by their
//! own rows; properties, previews, histories, comments and macros go, tracked changes are accepted, unless the policy says otherwise. It does not know
//! databases; documents in one file of XML are in [`flat`].

pub mod flat;
mod names;
mod ns;
mod settings;
mod sift;
mod tracked;

use std::collections::{HashMap, HashSet};

use super::office::{metafile, object, tally::Tally};
use super::zip::headers::Kind;
use super::zip::rewrite::{Part, Verdict, rewrite};
use super::zip::unpack;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::xml::{Doctype, Document, Edits};
use crate::grammar::zip::{Archive, LOCAL};
use crate::plan::Plan;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Memory, Shared, Source};
use ns::{MANIFEST, META};

/// The row.
pub static FORMAT: Format = Format {
    name: "OpenDocument",
    extensions: &["odt", "ods", "odp", "odg", "odf", "odc", "odm", "ott", "ots", "otp", "otg", "oth"],
    container: true,
    keeps: "text, tables, formulas, slides, drawings, layout, links of the web, pictures and objects (cleaned), notes, fonts",
    removes: "properties, authors, comments, tracked changes (accepted), earlier versions, previews, macros, printer, paths, settings",
    sniff,
    plan,
    witness,
};

const MIMETYPE: &str = "mimetype";
const MANIFEST_NAME: &str = "META-INF/manifest.xml";
const KIND: &str = "application/vnd.oasis.opendocument.";
/// The most members a package is sniffed with, and the largest XML part.
const MEMBERS: u64 = 100_000;
const LARGEST: u64 = 512 << 20;

fn sniff(head: &Head) -> Option<Match> {
    if !head.has(0, LOCAL) {
        return None;
    }
    let kind = mimetype(head.source)?;
    let known = kind.strip_prefix(KIND)?;
    (!known.starts_with("base") && !known.starts_with("database")).then_some(Match::Exact)
}

/// What the `mimetype` member of an archive says.
pub(super) fn mimetype(source: &Shared) -> Option<String> {
    let archive = Archive::open(source, MEMBERS).ok()?;
    let entry = archive.entries.iter().find(|e| e.name == MIMETYPE.as_bytes())?;
    let bytes = unpack::peek(source, entry, 256).ok()?;
    Some(String::from_utf8(bytes).ok()?.trim().to_owned())
}

fn parse(bytes: &[u8]) -> Result<Document<'_>> {
    Document::parse(bytes, Doctype::Refused, &ns::number)
}

/// What becomes of the members.
#[derive(Default)]
struct Outcome {
    changed: HashMap<String, (Option<Shared>, Vec<Finding>)>,
    /// Members, and folders of members, that the content refers to.
    referred: HashSet<String>,
    /// New names for members whose own tell.
    names: HashMap<String, String>,
    notes: Vec<Finding>,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let archive = Archive::open(source, job.limits().members)?;
    let mut names = HashSet::new();
    for entry in &archive.entries {
        if !names.insert(entry.name.to_ascii_lowercase()) {
            return Err(Refusal::malformed("two members have the same name", entry.header.fixed.start));
        }
    }
    let read = |name: &str| -> Result<Option<Vec<u8>>> {
        let Some(entry) = archive.entries.iter().find(|e| e.name == name.as_bytes()) else { return Ok(None) };
        let unpacked = unpack::unpack(job, source, entry).map_err(|r| r.within(name))?;
        Ok(Some(unpacked.bytes.bytes(unpacked.bytes.span(), LARGEST)?))
    };
    for signed in ["meta-inf/documentsignatures.xml", "meta-inf/macrosignatures.xml"] {
        if names.contains(signed.as_bytes()) && !job.policy().drops_on_purpose(Token::Signatures) {
            return Err(Refusal::new(Code::Signed, "the document is signed").hint("to drop the signature: --drop signatures"));
        }
    }
    for name in ["content.xml", "styles.xml"] {
        if let Some(bytes) = read(name)? {
            parse(&bytes).and_then(|doc| unkeepable(job, &doc)).map_err(|r| r.within(name))?;
        }
    }
    let macros = |n: &Vec<u8>| n.starts_with(b"basic/") || n.starts_with(b"scripts/");
    if job.keeps(Token::Macros) && names.iter().any(macros) {
        return Err(Refusal::unsupported("macros of OpenDocument files cannot be kept in a cleaned document so far")
            .hint("let the macros go: leave out --keep macros"));
    }
    let mut out = Outcome::default();
    if let Some(bytes) = read(MANIFEST_NAME)? {
        let doc = parse(&bytes).map_err(|r| r.within(MANIFEST_NAME))?;
        if (0..doc.len()).any(|n| doc.ns(n) == MANIFEST && doc.local(n) == "encryption-data") {
            return Err(Refusal::new(Code::Encrypted, "the document is locked with a password"));
        }
    }
    documents(job, &read, &mut out)?;
    if let Some(bytes) = read("meta.xml")? {
        properties(&bytes, &mut out);
    }
    let stays: HashSet<String> =
        archive.entries.iter().map(|e| String::from_utf8_lossy(&e.name).into_owned()).filter(|n| stays(n, &out)).collect();
    rename(&stays, &read, &mut out)?;
    if let Some(bytes) = read(MANIFEST_NAME)? {
        manifest(&bytes, &stays, &mut out)?;
    }
    let mut draft = rewrite(job, source, &archive, &mut |part| verdict(job, part, &stays, &mut out))?;
    std::mem::take(&mut out.notes).into_iter().for_each(|found| draft.note(found));
    draft.seal()
}

/// Hidden parts cannot be taken out yet: where the policy drops them, a document that has them is refused.
fn unkeepable(job: &Job, doc: &Document) -> Result<()> {
    let hides = |n: usize| doc.attrs(n).iter().any(|a| sift::is_hiding(doc, n, a));
    if job.keeps(Token::Hidden) || !(0..doc.len()).any(hides) {
        return Ok(());
    }
    let text = "it has hidden parts, which this policy drops and this program cannot take out yet";
    Err(Refusal::new(Code::NeedsResidual, text).hint("delete them first, or use --keep hidden"))
}

/// Gives members other names whose own tell, and leads the content to them.
fn rename(stays: &HashSet<String>, read: &dyn Fn(&str) -> Result<Option<Vec<u8>>>, out: &mut Outcome) -> Result<()> {
    out.names = names::telling(stays);
    if out.names.is_empty() {
        return Ok(());
    }
    for name in ["content.xml", "styles.xml"] {
        let Some((bytes, findings)) = out.changed.get_mut(name) else { continue };
        let now = match bytes {
            Some(bytes) => bytes.bytes(bytes.span(), LARGEST)?,
            None => read(name)?.unwrap_or_default(),
        };
        if let Some(new) = names::renamed(&now, &out.names).map_err(|r| r.within(name))? {
            *bytes = Some(Memory::shared(new));
            findings.push(Finding::rewritten(name, "names of files inside the document", Tells::History));
        }
    }
    Ok(())
}

/// Sifts the document and, as far as it refers to them, the documents inside it.
fn documents(job: &Job, read: &dyn Fn(&str) -> Result<Option<Vec<u8>>>, out: &mut Outcome) -> Result<()> {
    let mut todo = vec![String::new()];
    let mut seen = HashSet::new();
    while let Some(base) = todo.pop() {
        if !seen.insert(base.clone()) {
            continue;
        }
        for name in ["content.xml", "styles.xml"] {
            let name = format!("{base}{name}");
            let Some(bytes) = read(&name)? else { continue };
            let mut before = Tally::default();
            let rejected = tracked::reject(job, &bytes, &mut before).map_err(|r| r.within(&name))?;
            let (result, tally) = sift::run(job, rejected.as_deref().unwrap_or(&bytes)).map_err(|r| r.within(&name))?;
            let result = result.or(rejected);
            let after = result.as_deref().unwrap_or(&bytes);
            for target in sift::references(after)? {
                let target = format!("{base}{target}");
                todo.push(format!("{target}/"));
                out.referred.insert(target);
            }
            let findings = before.findings(&name).into_iter().chain(tally.findings(&name)).collect();
            out.changed.insert(name.clone(), (result.map(Memory::shared), findings));
        }
        let name = format!("{base}settings.xml");
        if let Some(bytes) = read(&name)?
            && !bytes.is_empty()
        {
            let (result, tally) = settings::run(&bytes).map_err(|r| r.within(&name))?;
            out.changed.insert(name.clone(), (result.map(Memory::shared), tally.findings(&name)));
        }
    }
    if !out.changed.contains_key("content.xml") && !out.changed.contains_key("styles.xml") {
        return Err(Refusal::malformed("there is no content.xml", 0));
    }
    Ok(())
}

/// Whether a member stays: the frame, what was sifted, and what that refers to.
fn stays(name: &str, out: &Outcome) -> bool {
    if name == MIMETYPE || name == MANIFEST_NAME || out.changed.contains_key(name) {
        return true;
    }
    let old = ["Thumbnails/", "Configurations2/", "Basic/", "Dialogs/", "Scripts/", "Versions/", "META-INF/"];
    !name.ends_with('/') && !old.iter().any(|o| name.starts_with(o)) && out.referred.contains(name)
}

/// What the properties told.
fn properties(bytes: &[u8], out: &mut Outcome) {
    let Ok(doc) = parse(bytes) else { return };
    let mut tally = Tally::default();
    for n in (0..doc.len()).filter(|n| matches!(doc.ns(*n), META | ns::DC)) {
        let (label, tells) = match doc.local(n) {
            "initial-creator" => ("author", Tells::Who),
            "creator" => ("last modified by", Tells::Who),
            "printed-by" => ("printed by", Tells::Who),
            "creation-date" => ("created", Tells::When),
            "date" => ("modified", Tells::When),
            "print-date" => ("last printed", Tells::When),
            "editing-duration" => ("editing time", Tells::History),
            "editing-cycles" => ("revision number", Tells::History),
            "generator" => ("program", Tells::Software),
            "title" => ("title", Tells::Text),
            "subject" => ("subject", Tells::Text),
            "description" => ("comments of the document", Tells::Text),
            "keyword" => ("keywords", Tells::Text),
            "user-defined" => ("custom property", Tells::Text),
            "template" => ("template", Tells::History),
            _ => continue,
        };
        let named = doc.attrs(n).into_iter().find(|a| matches!(a.local, "name" | "href"));
        let text = doc.text(n);
        let value = match named {
            Some(name) if doc.local(n) == "user-defined" => format!("{} = {text}", name.value()),
            Some(name) if text.is_empty() => name.value().into_owned(),
            _ => text,
        };
        tally.value(label, tells, value);
    }
    out.notes.extend(tally.findings("meta.xml"));
}

/// The list of members, without those that go.
fn manifest(bytes: &[u8], stays: &HashSet<String>, out: &mut Outcome) -> Result<()> {
    let doc = parse(bytes).map_err(|r| r.within(MANIFEST_NAME))?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    sift::loose(&doc, &mut edits, &mut tally);
    for n in (0..doc.len()).filter(|n| doc.ns(*n) == MANIFEST && doc.local(*n) == "file-entry") {
        let path = doc.attr(n, MANIFEST, "full-path").map(|a| a.value().into_owned()).unwrap_or_default();
        let there = path == "/" || stays.contains(&path) || (path.ends_with('/') && stays.iter().any(|s| s.starts_with(&path)));
        if !there {
            tally.gone("entries for what is removed", Tells::History, doc.span(n).len());
            edits.cut(doc.span(n));
            continue;
        }
        if let (Some(new), Some(attr)) = (out.names.get(&path), doc.attr(n, MANIFEST, "full-path")) {
            tally.rewritten("names of files inside the document", Tells::History);
            edits.put(attr.value_span, new.as_str());
        }
        if let Some(size) = doc.attr(n, MANIFEST, "size") {
            tally.gone("sizes of members", Tells::History, size.span.len());
            edits.cut(size.span);
        }
    }
    out.changed.insert(MANIFEST_NAME.to_owned(), (edits.apply(bytes).map(Memory::shared), tally.findings(MANIFEST_NAME)));
    Ok(())
}

fn verdict(job: &Job, part: &Part, stays: &HashSet<String>, out: &mut Outcome) -> Result<Verdict> {
    let verdict = fate(job, part, stays, out)?;
    Ok(match out.names.get(part.name()) {
        Some(new) => {
            let found = Finding::rewritten(part.name().to_owned(), "name of a file inside the document", Tells::History);
            let file = part.name().rsplit('/').next().unwrap_or_default().to_owned();
            verdict.named(new.clone().into_bytes()).and(found.value(file))
        }
        None => verdict,
    })
}

fn fate(job: &Job, part: &Part, stays: &HashSet<String>, out: &mut Outcome) -> Result<Verdict> {
    let name = part.name();
    if let Some((bytes, findings)) = out.changed.remove(name) {
        let verdict = match bytes {
            Some(bytes) => Verdict::bytes(bytes, findings),
            None => findings.into_iter().fold(Verdict::same(), Verdict::and),
        };
        return Ok(if name.ends_with("settings.xml") { verdict.unseen() } else { verdict });
    }
    if !stays.contains(name) {
        let (label, tells) = leftover(name, part.kind);
        return Ok(Verdict::gone(vec![Finding::removed(name.to_owned(), label, tells)]));
    }
    if name == MIMETYPE || part.entry.unpacked == 0 {
        return Ok(Verdict::same());
    }
    let bytes = part.bytes()?;
    let head = crate::source::head(&*bytes, 0, 64)?;
    // StarView metafiles are drawings of LibreOffice's own, without a header that tells anything.
    if head.starts_with(b"VCLMTF") || name.contains("Fonts/") {
        return Ok(Verdict::same());
    }
    if metafile::is_metafile(&head) {
        let bytes = bytes.bytes(bytes.span(), LARGEST)?;
        let (cleaned, found) = metafile::clean(&bytes, name);
        return Ok(Verdict::bytes(Memory::shared(cleaned), found));
    }
    if object::is_compound(&head) {
        let bytes = bytes.bytes(bytes.span(), LARGEST)?;
        if let Some((cleaned, found)) = object::clean(job, &bytes, name).map_err(|r| r.within(name))? {
            return Ok(Verdict::bytes(Memory::shared(cleaned), found));
        }
    }
    part.clean(job)
}

/// What a member that goes was.
fn leftover(name: &str, kind: Kind) -> (&'static str, Tells) {
    match name {
        _ if name.starts_with("Thumbnails/") => ("preview picture", Tells::Preview),
        _ if kind == Kind::Folder || name.ends_with('/') => ("folders in the archive", Tells::Software),
        _ if name.starts_with("Configurations2/") => ("customised user interface", Tells::Software),
        _ if name.starts_with("Basic/") || name.starts_with("Dialogs/") || name.starts_with("Scripts/") => {
            ("macros", Tells::Software)
        }
        _ if name.starts_with("Versions/") || name == "VersionList.xml" => ("earlier versions of the document", Tells::History),
        _ if name.ends_with("meta.xml") => ("document properties", Tells::Who),
        _ if name.ends_with("signatures.xml") => ("digital signature", Tells::Who),
        "layout-cache" => ("layout of the last session", Tells::History),
        _ if name.ends_with(".rdf") => ("descriptions of parts", Tells::Text),
        _ => ("a member that nothing refers to", Tells::Hidden),
    }
}

/// The `zip` crate reads every member.
fn witness(job: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    super::zip::witness(job, before, after)
}
