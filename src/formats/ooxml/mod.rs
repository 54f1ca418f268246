//! Office Open XML: Word, Excel and PowerPoint, with their templates and macro kinds. Parts are kept that can be reached from
//! the main part by relationships of known types; each XML part is sifted and keeps every byte that does not go; pictures and
//! embedded documents are cleaned by their own rows. Macros, comments, properties and links to files go and tracked
//! changes are accepted, unless the policy says otherwise. It does not know the binary workbook, nor flat XML packages.

mod bound;
mod chart;
mod decide;
mod drawing;
mod excel;
mod hidden;
mod names;
mod ns;
mod package;
mod powerpoint;
mod sift;
mod told;
mod tracked;
mod verdict;
mod walk;
mod word;

use super::zip::rewrite::rewrite;
use super::zip::unpack;
use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::grammar::text::Text;
use crate::grammar::xml::NONE;
use crate::grammar::zip::{Archive, LOCAL};
use crate::plan::Plan;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source};

/// The row of Word documents.
pub static WORD: Format = Format {
    name: "Word",
    extensions: &["docx", "docm", "dotx", "dotm"],
    container: true,
    keeps: "text, tables, layout, notes, links of the web, form controls, pictures and embedded documents (cleaned), fonts",
    removes: "properties, authors, comments, tracked changes (accepted), revision identifiers, custom XML and bindings to it, \
              macros, previews, printer settings, paths, templates, codes of fields that tell",
    sniff: |head| sniff(head, "wordprocessingml", "ms-word"),
    plan,
    witness,
};

/// The row of Excel workbooks.
pub static EXCEL: Format = Format {
    name: "Excel",
    extensions: &["xlsx", "xlsm", "xltx", "xltm", "xlam"],
    keeps: "cells, formulas, values, tables, charts, pivot tables, links of the web, pictures and embedded documents (cleaned)",
    removes: "properties, authors, comments, users, editing history, data connections, cells of other workbooks, custom XML, \
              macros, printer settings, paths, texts that no cell shows any more",
    sniff: |head| sniff(head, "spreadsheetml", "ms-excel"),
    ..WORD
};

/// The row of PowerPoint presentations.
pub static POWERPOINT: Format = Format {
    name: "PowerPoint",
    extensions: &["pptx", "pptm", "potx", "potm", "ppsx", "ppsm", "ppam"],
    keeps: "slides, animations, speaker notes, links of the web, pictures, media and embedded documents (cleaned), fonts",
    removes: "properties, authors, comments, editing history, tags of programs, identifiers, custom XML, macros, previews, \
              printer settings, paths",
    sniff: |head| sniff(head, "presentationml", "ms-powerpoint"),
    ..WORD
};

/// How much of the list of content types and of the package's relationships is looked at.
const LISTS: u64 = 4 << 20;
/// The most members a package is sniffed with.
const MEMBERS: u64 = 100_000;

fn sniff(head: &Head, kind: &str, old: &str) -> Option<Match> {
    if !head.has(0, LOCAL) {
        return None;
    }
    let (_, content_type) = main_part(head.source)?;
    let known = content_type.contains(kind) || content_type.contains(old);
    (known && !content_type.contains("binary")).then_some(Match::Exact)
}

/// The name and the content type of the main part.
fn main_part(source: &Shared) -> Option<(String, String)> {
    let archive = Archive::open(source, MEMBERS).ok()?;
    let read = |name: &str| {
        let entry = archive.entries.iter().find(|e| e.name.eq_ignore_ascii_case(name.as_bytes()))?;
        let raw = unpack::peek(source, entry, LISTS).ok()?;
        Some(Text::read(&raw).ok()?.bytes().to_vec())
    };
    let relations = read("_rels/.rels")?;
    let doc = package::parse(&relations).ok()?;
    let main = package::relations(&doc).into_iter().find(|r| r.kind == "officeDocument")?;
    let name = main.target.trim_start_matches(['/', '.']).replace('\\', "/").to_lowercase();
    let types = read(package::TYPES)?;
    let doc = package::parse(&types).ok()?;
    let find = |local: &str, key: &str, value: &str| {
        let n = doc.children(0).find(|n| {
            doc.local(*n) == local
                && doc.attr(*n, NONE, key).is_some_and(|a| a.value().trim_start_matches('/').eq_ignore_ascii_case(value))
        })?;
        doc.attr(n, NONE, "ContentType").map(|a| a.value().to_lowercase())
    };
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    let content_type = find("Override", "PartName", &name).or_else(|| find("Default", "Extension", extension))?;
    Some((name, content_type))
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let archive = Archive::open(source, job.limits().members)?;
    let mut walk = walk::walk(job, source, &archive)?;
    let mut draft = rewrite(job, source, &archive, &mut |part| walk.verdict(job, part))?;
    walk.notes().into_iter().for_each(|found| draft.note(found));
    draft.seal()
}

/// The `zip` crate reads every member; what was removed by name is not there.
fn witness(job: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let names = super::zip::witness(job, before, after)?;
    let reader = crate::source::Reader::new(after, after.span());
    let archive = zip::ZipArchive::new(reader).map_err(|e| Refusal::new(Code::Damaged, e.to_string()))?;
    for name in archive.file_names().flatten() {
        let lower = name.to_lowercase();
        let gone = ["docprops/", "vbaproject.bin", "printersettings", "/comments", "people.xml", "/persons/", "_xmlsignatures"];
        let kept = (job.keeps(Token::Macros) && lower.ends_with("vbaproject.bin"))
            || (job.keeps(Token::Comments) && lower.contains("/comments"));
        if !kept && gone.iter().any(|g| lower.contains(g)) {
            return Err(Refusal::new(Code::Leftover, "a part that should be gone is still there").within(&name));
        }
    }
    Ok(names)
}
