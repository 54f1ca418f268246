//! JPEG XL, in boxes or bare. The codestream stays as it is: which way up, size and colour lie in it. Every other box goes,
//! compressed or not, and what is needed to rebuild a JPEG, since that holds the JPEG's own metadata. The codestream is not
//! decoded, so neither its end nor its colour profile is known here: a bare one with readable text in it is declined, and
//! strict policies do not take what was not looked into. [ISO/IEC 18181-1, 18181-2]

use std::collections::BTreeSet;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::bmff::{self, Atom};
use crate::names;
use crate::plan::{Draft, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "JPEG XL",
    extensions: &["jxl"],
    container: false,
    keeps: "the codestream: pixels, animation, orientation, colour; level, frame index, gain map",
    removes: "Exif, XMP, content credentials, JPEG reconstruction data, unknown boxes, data behind the end",
    sniff,
    plan,
    witness,
};

/// [18181-2 9.1]
const SIGNATURE: &[u8] = b"\0\0\0\x0cJXL \r\n\x87\n";
/// [18181-1 D.1]
const BARE: [u8; 2] = [0xff, 0x0a];

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, SIGNATURE) || head.has(0, &BARE)).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    match source::head(&**source, 0, 2)? == BARE {
        true => codestream(job, source, &mut draft, source.span())?,
        false => boxes(job, source, &mut draft)?,
    }
    draft.seal()
}

fn boxes(job: &Job, source: &Shared, draft: &mut Draft) -> Result<()> {
    let atoms = bmff::top(&**source, job.limits())?;
    let (mut whole, mut parts, mut last) = (0, 0u32, false);
    let mut once = BTreeSet::new();
    for (i, atom) in atoms.list.iter().enumerate() {
        let cut = || Refusal::malformed("the file is cut off", source.len()).hint("get it again, completely");
        match &atom.kind {
            b"JXL " if i == 0 => draft.frame(atom.span, "JXL"),
            b"ftyp" if i == 1 && atom.body().len() == 12 => brands(source, draft, atom)?,
            b"ftyp" => return Err(Refusal::malformed("the file type box is not that of JPEG XL", atom.span.start)),
            b"jxll" | b"jxli" if !atom.cut && once.insert(atom.kind) => draft.frame(atom.span, "level or index"),
            b"jxlc" | b"jxlp" if atom.cut => return Err(cut()),
            b"jxlc" => {
                whole += 1;
                draft.frame(Span::new(atom.span.start, atom.body().start), "jxlc");
                codestream(job, source, draft, atom.body())?;
            }
            b"jxlp" => {
                let index = source.bytes(atom.body(), atom.body().len().max(4)).ok().and_then(|b| b.first_chunk().copied());
                let index = u32::from_be_bytes(index.ok_or_else(cut)?);
                if last || index & 0x7fff_ffff != parts {
                    return Err(Refusal::malformed("the parts of the codestream are not in order", atom.span.start));
                }
                (parts, last) = (parts + 1, index >> 31 == 1);
                let data = Span::new(atom.body().start + 4, atom.span.end);
                draft.frame(Span::new(atom.span.start, data.start), "jxlp");
                codestream(job, source, draft, data)?;
            }
            b"jhgm" if !atom.cut && job.keeps(Token::GainMap) && once.insert(atom.kind) => {
                if job.policy().is_strict() {
                    return Err(Refusal::new(Code::NeedsResidual, "its gain map cannot be looked into"));
                }
                draft.frame(atom.span, "jhgm");
                draft.note(Finding::kept("jhgm", "HDR gain map", Tells::Rendering, "bright displays need it"));
            }
            _ => {
                if atom.is(b"jbrd") && job.keeps(Token::JpegReconstruction) {
                    draft.warn("the data to rebuild the JPEG needs the metadata that is gone, so it went too");
                }
                draft.remove_all(atom.span, "box", describe(job, source, atom)?);
            }
        }
    }
    if whole + u32::from(parts > 0) != 1 || (parts > 0 && !last) {
        return Err(Refusal::malformed("it does not hold exactly one whole codestream", source.len()));
    }
    if !atoms.tail.is_empty() {
        draft.remove_all(atoms.tail, "after the end", names::trailer::describe("after the end", &**source, atoms.tail));
    }
    Ok(())
}

/// `jxl `, minor version 0, compatible with `jxl `.
fn brands(source: &Shared, draft: &mut Draft, atom: &Atom) -> Result<()> {
    const FTYP: &[u8] = b"jxl \0\0\0\0jxl ";
    if source.bytes(atom.body(), 12)? != FTYP {
        return Err(Refusal::malformed("the file type box is not that of JPEG XL", atom.span.start));
    }
    draft.frame(atom.span, "ftyp");
    Ok(())
}

fn describe(job: &Job, source: &Shared, atom: &Atom) -> Result<Vec<Finding>> {
    let limit = job.limits().block;
    let body = if atom.body().len() <= limit { source.bytes(atom.body(), limit)? } else { Vec::new() };
    let (kind, packed) = match &atom.kind {
        b"brob" => (body.first_chunk().copied().unwrap_or(*b"????"), true),
        _ => (atom.kind, false),
    };
    if packed && matches!(&kind, b"jxlc" | b"jxlp" | b"ftyp" | b"JXL " | b"jxll") {
        return Err(Refusal::malformed("a part of the picture is packed, which is forbidden", atom.span.start));
    }
    let one = |label: &'static str, tells| vec![Finding::removed("JPEG XL", label, tells)];
    Ok(match &kind {
        b"Exif" if !packed => names::exif::describe("Exif", tiff(&body)),
        b"xml " if !packed => names::xmp::describe("XMP", &body),
        b"Exif" => one("Exif (packed)", Tells::Unknown),
        b"xml " => one("XMP (packed)", Tells::Unknown),
        b"jumb" => one("content credentials (C2PA)", Tells::History),
        b"jbrd" => one("data to rebuild the JPEG it came from", Tells::History),
        b"jhgm" => one("HDR gain map", Tells::Rendering),
        _ => vec![Finding::removed("JPEG XL", format!("{:?} box", bmff::print(kind)), Tells::Unknown)],
    })
}

/// The TIFF structure: an offset stands in front of it. [18181-2 9.4]
fn tiff(body: &[u8]) -> &[u8] {
    let skip = body.first_chunk().map_or(0, |o| u32::from_be_bytes(*o) as usize);
    body.get(4..).and_then(|b| b.get(skip..)).unwrap_or_default()
}

/// Coded data does not read as text; what does is not coded data.
fn codestream(job: &Job, source: &Shared, draft: &mut Draft, span: Span) -> Result<()> {
    if job.policy().is_strict() {
        let what = "its codestream cannot be looked into: a colour profile or names of layers may lie there";
        return Err(Refusal::new(Code::NeedsResidual, what));
    }
    if let Some(at) = readable(source, span)? {
        let what = "text that belongs to no picture lies in the codestream or behind it";
        return Err(Refusal::malformed(what, at).hint("decode it and encode it anew"));
    }
    draft.essence(span, "codestream");
    Ok(())
}

/// Where at least so many bytes in a row are of a text with at least so many letters.
fn readable(source: &Shared, span: Span) -> Result<Option<u64>> {
    const RUN: usize = 24;
    const LETTERS: u32 = 8;
    let (mut run, mut seen, mut at, mut found) = (0usize, 0u128, span.start, None);
    source::each_block(&**source, span, |block| {
        for b in block {
            match b {
                0x20..0x7f | b'\t' | b'\n' | b'\r' => (run, seen) = (run + 1, seen | 1 << b),
                _ => (run, seen) = (0, 0),
            }
            at += 1;
            if run >= RUN && seen.count_ones() >= LETTERS && found.is_none() {
                found = Some(at - run as u64);
            }
        }
    })?;
    Ok(found)
}

/// Walks the boxes of the result by their lengths alone.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const KEPT: [&[u8]; 7] = [b"JXL ", b"ftyp", b"jxll", b"jxli", b"jxlc", b"jxlp", b"jhgm"];
    if source::head(after, 0, 2)? == BARE {
        return Ok(Vec::new());
    }
    let mut at = 0;
    while at < after.len() {
        let head = source::head(after, at, 16)?;
        let (size, kind) = (head.get(..4).unwrap_or_default(), head.get(4..8).unwrap_or_default());
        if !KEPT.contains(&kind) {
            return Err(Refusal::new(Code::Leftover, "the result still has a box that is no part of the picture").at(at));
        }
        at = match size.iter().fold(0, |n, b| n << 8 | u64::from(*b)) {
            0 => after.len(),
            1 => at.saturating_add(head.get(8..).unwrap_or_default().iter().fold(0, |n, b| n << 8 | u64::from(*b)).max(16)),
            n => at.saturating_add(n.max(8)),
        };
    }
    Ok(vec!["box-walk"])
}
