//! ZIP: any archive that is nothing else (CBZ and KMZ are). Members are cleaned by the rows that they belong to; around them
//! there is one form of header with one time, and nothing that the directory does not list. How the archive is written anew
//! is in [`rewrite`], which the documents that are ZIPs share.

mod emit;
mod gaps;
pub mod headers;
mod kinds;
mod methods;
pub mod rewrite;
pub mod unpack;

use std::io::Read;

use ::zip::CompressionMethod;

use super::archive::{self, Names, Unknowns};
use super::exports::Survey;
use crate::clean::Job;
use crate::detect::detect;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::zip::{self as grammar, Archive, END, Entry, LOCAL};
use crate::plan::Plan;
use crate::policy::{Token, UnknownMembers};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Reader, Shared, Source};
use headers::Kind;
use rewrite::{Part, Verdict};

/// The row.
pub static FORMAT: Format = Format {
    name: "ZIP",
    extensions: &["zip", "cbz", "kmz"],
    container: true,
    keeps: "the members, cleaned by their own rules; names, order, folders, whether a file can be run",
    removes: "times, owners, permissions, comments, extra fields, left-behind entries, bytes that no member owns",
    sniff,
    plan,
    witness,
};

/// An archive begins with a member or is empty; one with something in front is believed where its name says so, or where
/// that something is a program.
fn sniff(head: &Head) -> Option<Match> {
    if head.has(0, LOCAL) || head.has(0, END) || head.has(0, b"PK00PK\x03\x04") || head.has(0, b"PK\x07\x08PK\x03\x04") {
        return Some(Match::Family);
    }
    let fronted = FORMAT.extensions.contains(&head.extension) || gaps::is_program(head.bytes);
    (fronted && grammar::has_end(&**head.source)).then_some(Match::Guess)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let archive = Archive::open(source, job.limits().members)?;
    kinds::is_plain(job, &archive)?;
    let mut names = Names::new(job, "ZIP");
    let mut unknowns = Unknowns::default();
    let mut survey = Survey::default();
    let wheel = kinds::is_wheel(&archive);
    let mut map = false;
    let mut draft = rewrite::rewrite_ahead(job, source, &archive, &mut |part| {
        let verdict = match archive::left_behind(job, "ZIP", part.name()) {
            Some(found) => Verdict::gone(vec![found]),
            None => decide(job, part, &mut unknowns)?,
        };
        if wheel && !verdict.is_same() {
            return Err(kinds::broken_wheel(part.name()));
        }
        if verdict.is_gone() {
            return Ok(verdict);
        }
        survey.see(part.name());
        map |= part.name().to_lowercase().ends_with(".kml");
        named(&mut names, part, verdict)
    })?;
    unknowns.refuse()?;
    names.tell(&mut draft);
    survey.tell(job, "ZIP", &mut draft);
    if map {
        draft.warn("the archive is a map (KML): the places in it are its content, so they stay");
    }
    draft.seal()
}

/// What becomes of a member that is not left behind.
fn decide(job: &Job, part: &Part, unknowns: &mut Unknowns) -> Result<Verdict> {
    match part.kind {
        Kind::Folder => return Ok(Verdict::same()),
        Kind::Link => return link(part),
        Kind::File | Kind::Program if part.entry.unpacked == 0 => return Ok(Verdict::same()),
        Kind::File | Kind::Program => {}
    }
    // Once the archive is to be refused for a member of unknown type, the others are only looked at for theirs.
    let verdict = if !unknowns.is_empty() && job.policy().unknown_members == UnknownMembers::Refuse {
        match detect(&part.bytes()?, part.name()) {
            Err(why) if matches!(why.code(), Code::Unknown | Code::Unsupported) => {
                job.unknown_member(part.name(), &why).map(|_| Verdict::same())
            }
            _ => Ok(Verdict::same()),
        }
    } else {
        part.clean(job)
    };
    verdict.or_else(|refusal| unknowns.note(part.name(), refusal).map(|()| Verdict::same()))
}

/// A symbolic link: one that leads into the archive is content, one that leads to a place on somebody's disk is not.
fn link(part: &Part) -> Result<Verdict> {
    let bytes = part.bytes()?;
    let target = bytes.bytes(bytes.span(), 4096)?;
    Ok(match archive::link("ZIP", part.name(), &part.entry.name, &target)? {
        None => Verdict::same(),
        Some(found) => Verdict::gone(vec![found]),
    })
}

/// The verdict under the name that the member may have.
fn named(names: &mut Names, part: &Part, verdict: Verdict) -> Result<Verdict> {
    let entry = part.entry;
    let raw = entry.unicode.as_ref().unwrap_or(&entry.name);
    // Only systems with drives part folders by backslashes. [APPNOTE 4.4.2]
    let windows = matches!(entry.system(), 0 | 10 | 11 | 14);
    let admitted = names.admit(raw, part.kind == Kind::Folder, windows)?;
    Ok(match admitted {
        Some(name) => verdict.named(name),
        None if entry.unicode.is_some() && *raw != entry.name => {
            let found = Finding::rewritten("ZIP", "a name in two encodings", Tells::Software);
            verdict.named(raw.clone()).and(found.value(String::from_utf8_lossy(raw).into_owned()))
        }
        None => verdict,
    })
}

/// Up to so many bytes of an archive the witness unpacks every member; the planner has checked each of larger ones.
const UNPACKED_BY_WITNESS: u64 = 64 << 20;

/// The `zip` crate: it finds every member, no time, no comment, no extra field.
///
/// # Errors
/// As [`Format::witness`].
pub fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let damaged = |e: &dyn std::fmt::Display| Refusal::new(Code::Damaged, format!("the zip crate cannot read the result: {e}"));
    let leftover = |what: &str, name: &str| Refusal::new(Code::Leftover, format!("{what} is still there")).within(name);
    let mut archive = zip::ZipArchive::new(Reader::new(after, after.span())).map_err(|e| damaged(&e))?;
    if !archive.comment().is_empty() {
        return Err(Refusal::new(Code::Leftover, "the comment of the archive is still there"));
    }
    for i in 0..archive.len() {
        let member = archive.by_index_raw(i).map_err(|e| damaged(&e))?;
        let name = member.name().map(|n| n.into_owned()).unwrap_or_default();
        if member.last_modified().is_some_and(|t| t != zip::DateTime::default()) && !job.keeps(Token::EntryTimes) {
            return Err(leftover("the time of a member", &name));
        }
        if !member.comment().is_empty() {
            return Err(leftover("the comment of a member", &name));
        }
        let extra = member.extra_data().unwrap_or_default();
        if grammar::extras(&extra).iter().any(|x| x.id != Some(grammar::X_ZIP64)) {
            return Err(leftover("an extra field", &name));
        }
        let looked_into = matches!(member.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        drop(member);
        if after.len() <= UNPACKED_BY_WITNESS && looked_into {
            let mut member = archive.by_index(i).map_err(|e| damaged(&e))?;
            std::io::copy(&mut (&mut member).take(u64::MAX), &mut std::io::sink()).map_err(|e| damaged(&e))?;
        }
    }
    Ok(vec!["zip"])
}

/// Whether the archive has a member of this name, for the sniffing of documents that are ZIPs.
pub fn has_member(archive: &Archive, name: &str) -> bool {
    archive.entries.iter().any(|e: &Entry| e.name == name.as_bytes())
}
