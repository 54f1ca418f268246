//! JPEG XL, in boxes or bare. The codestream stays as it is: which way up, size and colour lie in it. Every other box goes,
//! compressed or not, and what is needed to rebuild a JPEG, since that holds the JPEG's own metadata. The headers of the
//! codestream are read, so its end is known and what follows it goes; names of layers and channels, a preview, time codes and
//! a colour profile in it cannot be taken out without writing the stream anew: they are told, and strict policies decline
//! them. Where the stream cannot be followed (its profile is packed), one with readable text in it is declined. [ISO/IEC
//! 18181-1, 18181-2]

use std::collections::BTreeSet;
use std::io::Read;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::bmff::{self, Atom};
use crate::grammar::jxl;
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
        true => codestream(job, source, &mut draft, &[Part { header: None, data: source.span() }])?,
        false => boxes(job, source, &mut draft)?,
    }
    draft.seal()
}

/// A part of the codestream, with the box around it.
struct Part {
    header: Option<Atom>,
    data: Span,
}

fn boxes(job: &Job, source: &Shared, draft: &mut Draft) -> Result<()> {
    let atoms = bmff::top(&**source, job.limits())?;
    let (mut whole, mut parts, mut last) = (0, Vec::new(), false);
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
                parts.push(Part { header: Some(*atom), data: atom.body() });
            }
            b"jxlp" => {
                let index = source::head(&**source, atom.body().start, atom.body().len().min(4) as usize)?;
                let index = u32::from_be_bytes(index.first_chunk().copied().ok_or_else(cut)?);
                if last || u64::from(index & 0x7fff_ffff) != parts.len() as u64 {
                    return Err(Refusal::malformed("the parts of the codestream are not in order", atom.span.start));
                }
                last = index >> 31 == 1;
                parts.push(Part { header: Some(*atom), data: Span::new(atom.body().start + 4, atom.span.end) });
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
    let complete = if whole > 0 { whole == 1 && parts.len() == 1 } else { last };
    if !complete {
        return Err(Refusal::malformed("it does not hold exactly one whole codestream", source.len()));
    }
    codestream(job, source, draft, &parts)?;
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
    let mut body = if atom.body().len() <= limit { source.bytes(atom.body(), limit)? } else { Vec::new() };
    let mut kind = atom.kind;
    if &kind == b"brob" {
        kind = body.first_chunk().copied().unwrap_or(*b"????");
        if matches!(&kind, b"jxlc" | b"jxlp" | b"ftyp" | b"JXL " | b"jxll") {
            return Err(Refusal::malformed("a part of the picture is packed, which is forbidden", atom.span.start));
        }
        body = unpacked(body.get(4..).unwrap_or_default());
    }
    let one = |label: &'static str, tells| vec![Finding::removed("JPEG XL", label, tells)];
    Ok(match &kind {
        b"Exif" => names::exif::describe("Exif", tiff(&body)),
        b"xml " => names::xmp::describe("XMP", &body),
        b"jumb" => one("content credentials (C2PA)", Tells::History),
        b"jbrd" => one("data to rebuild the JPEG it came from", Tells::History),
        b"jhgm" => one("HDR gain map", Tells::Rendering),
        _ => vec![Finding::removed("JPEG XL", format!("{:?} box", bmff::print(kind)), Tells::Unknown)],
    })
}

/// What a packed box holds, to be named; it goes whatever that is, so a part of it will do. [RFC 7932]
fn unpacked(packed: &[u8]) -> Vec<u8> {
    const MOST: u64 = 16 << 20;
    let mut out = Vec::new();
    let reader = brotli_decompressor::Decompressor::new(packed, 4096);
    _ = reader.take(MOST).read_to_end(&mut out);
    out
}

/// The TIFF structure: an offset stands in front of it. [18181-2 9.4]
fn tiff(body: &[u8]) -> &[u8] {
    let skip = body.first_chunk().map_or(0, |o| u32::from_be_bytes(*o) as usize);
    body.get(4..).and_then(|b| b.get(skip..)).unwrap_or_default()
}

/// The codestream up to its end, and its boxes, which follow where something behind its end goes.
fn codestream(job: &Job, source: &Shared, draft: &mut Draft, parts: &[Part]) -> Result<()> {
    let spans: Vec<Span> = parts.iter().map(|p| p.data).collect();
    let stream = jxl::read(&**source, &spans)
        .unwrap_or_else(|_| jxl::Codestream { opaque: Some("its headers break the rules"), ..jxl::Codestream::default() });
    tell(job, draft, &stream)?;
    let mut left = if stream.opaque.is_some() { u64::MAX } else { stream.end };
    for part in parts {
        let data = Span::new(part.data.start, part.data.start + part.data.len().min(left));
        let rest = Span::new(data.end, part.data.end);
        left -= data.len();
        if let Some(atom) = &part.header {
            match rest.is_empty() {
                true => draft.frame(Span::new(atom.span.start, atom.body().start), "codestream box"),
                false => bmff::open(draft, atom, "codestream box"),
            }
            draft.frame(Span::new(atom.body().start, data.start), "number of the part");
        }
        if stream.opaque.is_some()
            && let Some(at) = readable(source, data)?
        {
            // Coded data does not read as text; what does is not coded data.
            let what = "text that belongs to no picture lies in the codestream or behind it";
            return Err(Refusal::malformed(what, at).hint("decode it and encode it anew"));
        }
        draft.essence(data, "codestream");
        if !rest.is_empty() {
            draft.remove_all(rest, "after the end", names::trailer::describe("after the end", &**source, rest));
        }
    }
    Ok(())
}

/// What stays in the codestream although it is no picture: told, or too much for this policy.
fn tell(job: &Job, draft: &mut Draft, stream: &jxl::Codestream) -> Result<()> {
    const WHY: &str = "taking it out would mean to write the picture anew";
    let residuals = [
        (stream.profile, "colour profile inside the codestream", Tells::Software),
        (!stream.names.is_empty(), "names of layers or channels", Tells::Text),
        (stream.preview, "preview inside the codestream", Tells::Preview),
        (stream.timecodes, "time codes of frames", Tells::When),
        (stream.extensions, "extensions of the codestream", Tells::Unknown),
        (stream.opaque.is_some() && !stream.profile, "codestream that could not be followed to its end", Tells::Unknown),
    ];
    for (_, label, tells) in residuals.into_iter().filter(|(there, ..)| *there) {
        if job.policy().is_strict() {
            return Err(Refusal::new(Code::NeedsResidual, format!("there is something in it that cannot be taken out: {label}")));
        }
        let found = Finding::kept("JPEG XL", label, tells, WHY);
        draft.note(if tells == Tells::Text { found.value(stream.names.join(", ")) } else { found });
    }
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
