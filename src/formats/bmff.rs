//! What HEIF, AVIF, MP4 and QuickTime files have in common: the boxes at the top of the file, the brands, and media data that
//! is kept only where an item or a sample that stays refers to it. A file may hold stills, a movie, or both; [`still`] and
//! [`movie`] know what may survive of each. [ISO/IEC 14496-12]

mod brands;
mod claims;
pub(super) mod codec;
mod messages;
mod movie;
mod still;
mod witness;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::Head;
use crate::grammar::bmff::{self, Atom};
use crate::names::quicktime;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Span};

use claims::Claims;

pub(super) use brands::{is_sequence, is_still};
pub(super) use witness::{movie as witness_movie, picture as witness_picture};

/// The largest header that is read to be rewritten, in bytes.
const SMALL: u64 = 1 << 20;

/// What a walk through a file carries with it.
struct Walk<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    claims: Claims,
    /// The word for the family in the report.
    place: &'static str,
    /// Whether a part of an index was written anew in other bytes, which is told unless more is.
    rebuilt: bool,
}

impl Walk<'_> {
    /// The bytes of a small structure.
    fn bytes(&self, span: Span) -> Result<Vec<u8>> {
        Ok(self.source.bytes(span, SMALL)?)
    }

    /// The boxes in a span.
    fn children(&self, span: Span) -> Result<bmff::Atoms> {
        bmff::children(&**self.source, span, self.job.limits())
    }

    /// Keeps the header of a box whose inside changes.
    fn open(&mut self, atom: &Atom) {
        bmff::open(&mut self.draft, atom, step_name(atom.kind));
    }

    /// Keeps the header of a full box, with version and flags.
    fn open_full(&mut self, atom: &Atom) {
        self.open(atom);
        self.draft.frame(Span::new(atom.body().start, atom.full_body().start), step_name(atom.kind));
    }

    /// Writes a part of an index anew.
    fn rebuild(&mut self, span: Span, name: &'static str, fresh: Vec<u8>) {
        self.rebuilt |= span.len() != fresh.len() as u64 || self.bytes(span).is_ok_and(|old| old != fresh);
        self.draft.reframe(span, name, Fate::put(fresh));
    }

    /// Keeps a box as it is.
    fn keep(&mut self, atom: &Atom) {
        self.draft.frame(atom.span, step_name(atom.kind));
    }

    /// Removes a box, with all that can be said of it.
    fn remove(&mut self, atom: &Atom) {
        let found = quicktime::describe(self.place, atom, &**self.source);
        self.draft.remove_all(atom.span, step_name(atom.kind), found);
    }

    /// Keeps a box of which only so many bytes mean anything; what stands behind them goes.
    fn keep_exactly(&mut self, atom: &Atom, length: u64) -> Result<()> {
        if atom.span.len() < length {
            return Err(Refusal::malformed(format!("the box {} is too short", atom.label()), atom.span.start));
        }
        if atom.span.len() == length {
            self.keep(atom);
            return Ok(());
        }
        let end = atom.span.start + length;
        self.open(atom);
        self.draft.frame(Span::new(atom.body().start, end), step_name(atom.kind));
        let label = format!("bytes behind the end of a table ({})", atom.label());
        self.draft.remove(Span::new(end, atom.span.end), "slack", Finding::removed(self.place, label, Tells::Hidden));
        Ok(())
    }

    /// The bytes behind the last box of a list.
    fn remove_tail(&mut self, tail: Span) -> Result<()> {
        if !tail.is_empty() {
            let zero = self.source.bytes(tail, SMALL)?.iter().all(|b| *b == 0);
            let tells = if zero { Tells::Unknown } else { Tells::Hidden };
            self.draft.remove(tail, "slack", Finding::removed(self.place, "bytes behind the last box", tells));
        }
        Ok(())
    }

    /// Writes a `hdlr` box anew, without names; its type, and whether QuickTime calls it a media or a data handler, stay.
    fn handler(&mut self, atom: &Atom) -> Result<()> {
        let body = self.bytes(atom.body())?;
        let Some(fixed) = body.get(..24) else {
            return Err(Refusal::malformed("a handler box is too short", atom.span.start));
        };
        // iTunes wants its manufacturer in front of its list.
        let maker: &[u8; 4] = if &fixed[8..12] == b"mdir" { b"appl" } else { &[0; 4] };
        let clean = [&fixed[..4], component(fixed), &fixed[8..12], maker, &[0; 8]].concat();
        let name = body.get(24..).unwrap_or_default();
        if fixed == clean && name.iter().all(|b| *b == 0) {
            self.keep_exactly(atom, atom.span.len().min(atom.header + 26))?;
            return Ok(());
        }
        let said: String = String::from_utf8_lossy(name).chars().filter(|c| !c.is_control()).collect();
        let mut found = vec![Finding::rewritten(self.place, "handler name", Tells::Software).bytes(atom.span.len())];
        if !said.trim().is_empty() {
            found[0] = found[0].clone().value(said);
        }
        self.open(atom);
        self.draft.replace(atom.body(), "hdlr", Fate::put([&clean[..], &[0]].concat()), found);
        Ok(())
    }

    /// Writes a `dinf` box anew: all media lies in this file, and no path says where it was once.
    /// `used` are the references that samples or items make use of.
    fn data_information(&mut self, dinf: &Atom, used: &[u16]) -> Result<()> {
        let boxes = self.children(dinf.body())?;
        let mut fresh = Vec::new();
        if let Some(dref) = boxes.only(b"dref")? {
            let body = self.bytes(dref.body())?;
            let count = body.get(4..8).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
            let entries = self.children(Span::new((dref.body().start + 8).min(dref.span.end), dref.span.end))?;
            if entries.list.len() != count as usize || count == 0 {
                return Err(Refusal::malformed("the data references are not as many as they say", dref.span.start));
            }
            fresh = [&[0; 4], &count.to_be_bytes()[..]].concat();
            for (number, entry) in (1u16..).zip(&entries.list) {
                let flags = self.bytes(Span::new(entry.body().start, entry.full_body().start))?;
                if flags.last().is_none_or(|f| f & 1 == 0) && used.contains(&number) {
                    return Err(Refusal::unsupported("the media lies in another file")
                        .at(entry.span.start)
                        .hint("save it as a self-contained movie and clean that"));
                }
                // QuickTime's alias becomes the same as an URL: media in this very file.
                let kind = if entry.is(b"alis") { b"alis" } else { b"url " };
                fresh.extend(bmff::boxed(kind, &[0, 0, 0, 1]));
            }
            fresh = bmff::boxed(b"dref", &fresh);
        }
        self.open(dinf);
        let found = Finding::rewritten(self.place, "data references", Tells::History).bytes(dinf.span.len());
        self.draft.replace(dinf.body(), "dref", Fate::put(fresh), vec![found]);
        Ok(())
    }
}

/// `mhlr` or `dhlr` where QuickTime has it, else zeros.
fn component(handler: &[u8]) -> &[u8] {
    match &handler[4..8] {
        known @ (b"mhlr" | b"dhlr") => known,
        _ => &[0; 4],
    }
}

/// Reads a file of the family and says what becomes of every byte of it.
pub(super) fn plan(job: &Job, source: &Shared, place: &'static str) -> Result<Plan> {
    let top = bmff::top(&**source, job.limits())?;
    for kind in [b"ftyp", b"moov", b"meta"] {
        top.only(kind)?;
    }
    if let Some(odd) = top.list.iter().find(|a| a.cut && matches!(&a.kind, b"ftyp" | b"moov" | b"meta" | b"moof")) {
        return Err(Refusal::malformed(format!("the box {} is cut off by the end of the file", odd.label()), odd.span.start));
    }
    if let Some(locked) = top.first(b"pssh") {
        return Err(Refusal::new(Code::Drm, "the media is encrypted").at(locked.span.start));
    }
    let mut walk = Walk { job, source, draft: Draft::new(source), claims: Claims::default(), place, rebuilt: false };
    for data in top.list.iter().filter(|a| a.is(b"mdat")) {
        walk.claims.area(data.body());
    }
    let still = match top.first(b"meta") {
        Some(meta) => still::read(&walk, &meta, top.first(b"moov").is_some())?,
        None => None,
    };
    let movie = match top.first(b"moov") {
        Some(moov) => Some(movie::read(&walk, &moov)?),
        None => None,
    };
    if still.is_none() && movie.is_none() {
        let what = "there is no index of the media (moov or meta), so nothing can be told about what is in it";
        return Err(Refusal::malformed(what, 0).hint("it may be an interrupted recording or one piece of a stream"));
    }
    for atom in &top.list {
        match &atom.kind {
            b"ftyp" | b"styp" => brands::write(&mut walk, atom)?,
            b"mdat" => {}
            // What looks like a box and runs past the end of the file is no box.
            _ if atom.cut => {
                walk.draft.remove_all(atom.span, "trailer", crate::names::trailer::describe(place, &**source, atom.span))
            }
            b"meta" => match &still {
                Some(still) => still.write(&mut walk)?,
                None => walk.remove(atom),
            },
            b"moov" | b"moof" | b"sidx" | b"mfra" if movie.is_some() => {
                if let Some(movie) = &movie {
                    movie.write(&mut walk, atom, &top.list)?;
                }
            }
            b"rmra" | b"rdrf" => return Err(Refusal::unsupported("a movie that only refers to other files").at(atom.span.start)),
            _ => walk.remove(atom),
        }
        job.limits().check_structures(walk.draft.count())?;
    }
    if !top.tail.is_empty() {
        walk.draft.remove_all(top.tail, "trailer", crate::names::trailer::describe(place, &**source, top.tail));
    }
    claims::settle(&mut walk, &top.list)?;
    if walk.rebuilt && !walk.draft.tells_of_changes() {
        walk.draft.note(Finding::rewritten(place, "index, without what does not belong there", Tells::Unknown));
    }
    walk.draft.seal()
}

/// Whether a file without brands has the index of a movie at its top.
pub(super) fn has_movie(head: &Head) -> bool {
    bmff::top(&**head.source, &crate::policy::Limits::default()).is_ok_and(|top| top.first(b"moov").is_some())
}

/// The brands of a file, the major one first; empty where it has none.
pub(super) fn brands_of(head: &Head) -> Vec<[u8; 4]> {
    if !head.has(4, b"ftyp") {
        return Vec::new();
    }
    let size = head.bytes.get(..4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let body = head.bytes.get(8..size.min(head.bytes.len())).unwrap_or_default();
    let brand = |b: &[u8]| <[u8; 4]>::try_from(b).ok();
    body.chunks_exact(4).enumerate().filter(|(i, _)| *i != 1).filter_map(|(_, b)| brand(b)).collect()
}

/// The name of a step for a box of this type.
fn step_name(kind: [u8; 4]) -> &'static str {
    macro_rules! names {
        ($($name:literal)*) => {{
            const NAMES: &[&str] = &[$($name),*];
            NAMES.iter().find(|n| n.as_bytes() == kind).copied().unwrap_or("box")
        }};
    }
    names! {
        "ftyp" "styp" "mdat" "free" "skip" "wide" "uuid" "meta" "hdlr" "pitm" "iloc" "iinf" "infe" "iref" "iprp" "ipco" "ipma"
        "idat" "dinf" "dref" "grpl" "altr" "ster" "moov" "mvhd" "trak" "tkhd" "tref" "edts" "elst" "mdia" "mdhd" "elng" "minf"
        "vmhd" "smhd" "hmhd" "nmhd" "sthd" "gmhd" "gmin" "gmdi" "stbl" "stsd" "stts" "ctts" "cslg" "stss" "stps" "stsc" "stsz"
        "stz2" "stco" "co64" "sdtp" "sbgp" "sgpd" "subs" "padb" "udta" "ilst" "keys" "mvex" "mehd" "trex" "leva" "moof" "mfhd"
        "traf" "tfhd" "tfdt" "trun" "sidx" "ssix" "mfra" "tfra" "mfro" "prft" "emsg" "pnot" "pict" "iods" "tapt" "load" "chpl"
        "covr" "clef" "prof" "enof" "ispe" "pixi" "pasp" "clap" "irot" "imir" "colr" "auxC" "hvcC" "av1C" "avcC" "sinf" "cdsc"
        "dimg" "auxl" "thmb" "prem" "text" "tmcd" "mpvd" "sefd" "cprt" "XMP_" "thma" "tsel" "kind" "tagc" "ludt" "data" "trgr"
    }
}
