//! OpenDocument in one file of XML: the same rules as in a package, on all of its parts at once. Files inside are written in
//! base64 and cleaned by their own rows. Tracked changes can be accepted or kept here, not rejected.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ns::{OFFICE, SCRIPT};
use super::{settings, sift, unkeepable};
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::formats::changes::{self, Changes};
use crate::formats::office::{metafile, tally::Tally, tracked_changes};
use crate::grammar::text::{self, Text};
use crate::grammar::xml::{Document, Edits};
use crate::plan::Plan;
use crate::policy::TrackedChanges;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Memory, Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "Flat OpenDocument",
    extensions: &["fodt", "fods", "fodp", "fodg"],
    container: false,
    keeps: "text, tables, formulas, slides, drawings, layout, links of the web, pictures (cleaned), notes",
    removes: "properties, authors, comments, tracked changes (accepted), macros, printer, paths, settings, XML comments",
    sniff,
    plan,
    witness,
};

/// The namespace of its root. [OpenDocument 1.3 part 3, 3.1.2]
const OFFICE_URI: &[u8] = b"urn:oasis:names:tc:opendocument:xmlns:office:1.0";

fn sniff(head: &Head) -> Option<Match> {
    let bytes = text::head(head.bytes);
    let root = memchr::memmem::find(&bytes, b"<office:document")?;
    let ends = bytes.get(root + 16).is_some_and(|b| b.is_ascii_whitespace() || *b == b'>');
    (ends && memchr::memmem::find(&bytes, OFFICE_URI).is_some()).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    changes::plan(source, job.limits().block, |bytes| look(job, bytes))
}

fn look(job: &Job, bytes: &[u8]) -> Result<Changes> {
    let doc = super::parse(bytes)?;
    unkeepable(job, &doc)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    let mut out = Changes::default();
    if (0..doc.len()).any(|n| doc.local(n) == "changed-region") && tracked_changes(job) == TrackedChanges::Reject {
        return Err(Refusal::unsupported("tracked changes of a flat document cannot be rejected so far")
            .hint("save it as ODT first, or let them be accepted"));
    }
    sift::loose(&doc, &mut edits, &mut tally);
    settings::look(&doc, &mut edits, &mut tally);
    for n in 0..doc.len() {
        match (doc.ns(n), doc.local(n)) {
            (OFFICE, "binary-data") => file(job, &doc, n, &mut out)?,
            (SCRIPT, "script" | "libraries") => {
                tally.gone("macros", Tells::Software, doc.span(n).len());
                edits.cut(doc.span(n));
            }
            _ => {}
        }
    }
    sift::look(job, &doc, &mut edits, &mut tally)?;
    out.take(edits, tally.findings("OpenDocument"));
    Ok(out)
}

/// A file in base64.
fn file(job: &Job, doc: &Document, n: usize, out: &mut Changes) -> Result<()> {
    let inside = doc.inside(n);
    let packed: Vec<u8> = doc.text(n).bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    if packed.is_empty() {
        return Ok(());
    }
    let at = inside.start as u64;
    let bytes = STANDARD.decode(&packed).map_err(|_| Refusal::malformed("a file inside is not in base64", at))?;
    if metafile::is_metafile(&bytes) {
        let (cleaned, found) = metafile::clean(&bytes, "picture");
        if cleaned != bytes {
            out.member(inside, "file", Some(STANDARD.encode(cleaned).into_bytes()));
        }
        found.into_iter().for_each(|f| out.note(f));
        return Ok(());
    }
    // Drawings of LibreOffice's own have no header that tells anything.
    if bytes.starts_with(b"VCLMTF") {
        return Ok(());
    }
    let name = "file";
    match job.member(name, &Memory::shared(bytes))? {
        Member::Same(cleaned) => {
            out.member(inside, "file", None);
            out.adopt(name, cleaned);
        }
        Member::Changed(cleaned) => {
            let clean = cleaned.bytes();
            let clean = clean.bytes(clean.span(), job.limits().block)?;
            out.member(inside, "file", Some(STANDARD.encode(clean).into_bytes()));
            out.adopt(name, cleaned);
        }
        Member::Unknown(why) => {
            if !job.unknown_member(name, &why)? {
                out.remove(inside, "file", Finding::removed("OpenDocument", "a file of unknown type", Tells::Unknown));
            }
        }
    }
    Ok(())
}

/// A second parser of XML reads it, and sees neither a comment nor a name.
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    use quick_xml::events::Event;
    let bytes = after.bytes(after.span(), u64::MAX)?;
    let text = Text::read(&bytes)?;
    let mut reader = quick_xml::Reader::from_reader(text.bytes());
    loop {
        let event = reader.read_event().map_err(|e| Refusal::new(Code::Damaged, format!("the result is no XML ({e})")))?;
        let leftover = |what: &str| Err(Refusal::new(Code::Leftover, format!("{what} is still there")));
        match event {
            Event::Eof => return Ok(vec!["quick-xml"]),
            Event::Comment(_) => return leftover("a comment of the XML"),
            Event::Start(e) | Event::Empty(e)
                if matches!(e.name().as_ref(), "meta:initial-creator" | "meta:generator" | "meta:printed-by") =>
            {
                return leftover("a property of the document");
            }
            Event::Start(e) if e.name().as_ref() == "office:annotation" && !job.keeps(crate::policy::Token::Comments) => {
                return leftover("a comment");
            }
            _ => {}
        }
    }
}
