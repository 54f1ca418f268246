//! Camera raw: the sensor's values with what a converter needs to turn them into a picture. DNG says all of that in tags of
//! its own and is written anew like TIFF, shorter. The makers' formats keep half of it in notes that point at each other by
//! four different rules, so they are cleaned where they lie: every directory loses the entries that no allow-list names,
//! what nothing points to any more becomes zeros, previews are cleaned as files, and every offset stays true. Sensor data is
//! never decoded. Make, model and the numbers that a decoder reads stay and are told as kept; what is enciphered with a
//! serial number is enciphered again with nothing. [DNG 1.7; TIFF/EP; ExifTool's and LibRaw's knowledge of the makers]

mod canon;
mod capture;
mod cipher;
mod inside;
mod maker;
mod opcodes;
mod picture;
mod table;
mod told;
mod writer;

use self::picture::Pictures;
use self::told::Gone;
use self::writer::Writer;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::tiff::{Directory, Order, Tiff, Walk};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

const KEEPS: &str =
    "the sensor's data byte for byte, previews (cleaned), make and model, levels, white balance, matrices, crop, corrections";
const REMOVES: &str =
    "Exif, GPS, XMP, IPTC, owner, serial numbers, dates, counters, lens and firmware, the rest of the maker notes, slack";

/// Adobe's digital negative, and the raw files of phones and of some cameras.
pub static DNG: Format = Format {
    name: "DNG",
    extensions: &["dng"],
    container: false,
    keeps: KEEPS,
    removes: "Exif, GPS, XMP, IPTC, serial numbers, dates, maker notes, private data, the original's name and copy, more previews",
    sniff: |head| sniff(head, Kind::Dng),
    plan,
    witness,
};

/// Canon, since 2004.
pub static CR2: Format = Format {
    name: "CR2",
    extensions: &["cr2"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Cr2),
    plan,
    witness,
};

/// Nikon.
pub static NEF: Format = Format {
    name: "NEF",
    extensions: &["nef", "nrw"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Nef),
    plan,
    witness,
};

/// Sony.
pub static ARW: Format = Format {
    name: "ARW",
    extensions: &["arw", "sr2"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Arw),
    plan,
    witness,
};

/// Olympus and OM System.
pub static ORF: Format = Format {
    name: "ORF",
    extensions: &["orf", "ori"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Orf),
    plan,
    witness,
};

/// Panasonic, and Leica's cameras made there.
pub static RW2: Format = Format {
    name: "RW2",
    extensions: &["rw2", "rwl", "raw"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Rw2),
    plan,
    witness,
};

/// Pentax.
pub static PEF: Format = Format {
    name: "PEF",
    extensions: &["pef"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Pef),
    plan,
    witness,
};

/// Samsung.
pub static SRW: Format = Format {
    name: "SRW",
    extensions: &["srw"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| sniff(head, Kind::Srw),
    plan,
    witness,
};

/// Whose raw file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dng,
    Cr2,
    Nef,
    Arw,
    Orf,
    Rw2,
    Pef,
    Srw,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Dng => "DNG",
            Kind::Cr2 => "CR2",
            Kind::Nef => "NEF",
            Kind::Arw => "ARW",
            Kind::Orf => "ORF",
            Kind::Rw2 => "RW2",
            Kind::Pef => "PEF",
            Kind::Srw => "SRW",
        }
    }
}

/// The tag that points to further pictures.
const PICTURES: &[u16] = &[0x014a];
/// More directories than any camera writes.
const MOST: usize = 64;
/// What to do with a raw file that cannot be cleaned.
const ELSEWHERE: &str = "convert it to DNG, or export it as JPEG or TIFF, and clean that";

fn sniff(head: &Head, kind: Kind) -> Option<Match> {
    (kind_of(head.bytes, &**head.source) == Some(kind)).then_some(Match::Exact)
}

/// Whose raw file it is, by its head, its tags and its maker.
fn kind_of(head: &[u8], source: &dyn Source) -> Option<Kind> {
    let has = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|b| b.starts_with(magic));
    if has(0, b"IIU\0") {
        return Some(Kind::Rw2);
    }
    if [b"IIRO", b"IIRS", b"MMOR"].iter().any(|m| has(0, *m)) {
        return Some(Kind::Orf);
    }
    if ![&b"II*\0"[..], b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"].iter().any(|m| has(0, m)) {
        return None;
    }
    if has(0, b"II*\0") && has(8, b"CR\x02") {
        return Some(Kind::Cr2);
    }
    let (tiff, first) = Tiff::open(source, 0).ok()?;
    let walk = tiff.walk(first, PICTURES, MOST);
    if !super::tiff::is_raw(&tiff, &walk) {
        return None;
    }
    if walk.directories.iter().any(|d| d.entries.iter().any(|e| e.tag == 0xc612)) {
        return Some(Kind::Dng);
    }
    let make = text(&tiff, walk.directories.first()?, 0x010f);
    let makes: [(&[u8], Kind); 5] =
        [(b"NIKON", Kind::Nef), (b"SONY", Kind::Arw), (b"PENTAX", Kind::Pef), (b"RICOH", Kind::Pef), (b"SAMSUNG", Kind::Srw)];
    makes.iter().find(|(sign, _)| make.to_ascii_uppercase().starts_with(sign)).map(|(_, kind)| *kind).filter(|_| !tiff.big)
}

/// A text of a directory, up to its end.
fn text(tiff: &Tiff, directory: &Directory, tag: u16) -> Vec<u8> {
    let entry = directory.entries.iter().find(|e| e.tag == tag);
    let mut bytes = entry.map(|e| tiff.bytes(e, 256)).unwrap_or_default();
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

/// The structure and where its first directory is: two makers have signatures of their own.
fn open(kind: Kind, source: &dyn Source) -> Result<(Tiff<'_>, u64)> {
    if !matches!(kind, Kind::Orf | Kind::Rw2) {
        return Tiff::open(source, 0);
    }
    let head = source.bytes(Span::new(0, 8), 8)?;
    let order = if head.starts_with(b"MM") { Order::Big } else { Order::Little };
    Ok((Tiff::bare(source, 0, order), order.number(&head[4..])))
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let head = crate::source::head(&**source, 0, 64)?;
    let kind = kind_of(&head, &**source).ok_or_else(|| Refusal::unsupported("no camera raw of a known kind"))?;
    if !job.keeps(Token::RawRender) {
        let what = "a camera raw cannot be rendered without its model and a part of the maker notes";
        return Err(Refusal::new(Code::NeedsResidual, what).hint("allow them with --keep raw-render, or export it as JPEG"));
    }
    let (tiff, first) = open(kind, &**source)?;
    let mut walk = tiff.walk(first, PICTURES, MOST);
    let careless = walk.directories.last().and_then(|d| d.next).is_some_and(|n| n >= source.len());
    gate(kind, &tiff, &walk)?;
    if let Some(trouble) = walk.trouble.take().filter(|_| !careless) {
        return Err(trouble.hint(ELSEWHERE));
    }
    let mut draft = Draft::new(source);
    let other = "order and slack of the directories";
    draft.otherwise(Finding::rewritten(kind.name(), other, Tells::Software));
    head_of(kind, &tiff, &walk, &mut draft);
    let mut writer = Writer::new(job, source, kind, draft);
    writer.files(&tiff, &walk)?;
    let Writer { mut draft, pictures, values, gone, kept, .. } = writer;
    pictures.draft(job, source, kind, values, &gone, &mut draft)?;
    tell(kind, &mut draft, gone, kept);
    gaps(kind, source, &mut draft)?;
    draft.seal()
}

/// What cannot be cleaned safely is said before anything is planned.
fn gate(kind: Kind, tiff: &Tiff, walk: &Walk) -> Result<()> {
    let Some(first) = walk.directories.first() else {
        return Err(Refusal::malformed("there is no first directory", 0));
    };
    let model = text(tiff, first, 0x0110);
    // Their data lies behind other structures, or is enciphered in another way. [LibRaw: parse_minolta, parseSonySRF]
    let odd: &[&[u8]] = &[b"DSLR-A100", b"DSC-F828", b"DSC-V3"];
    if kind == Kind::Arw && odd.contains(&&model[..]) {
        return Err(Refusal::unsupported("raw files of this early camera are laid out in another way").hint(ELSEWHERE));
    }
    let has = |tag: u16| walk.directories.iter().any(|d| d.entries.iter().any(|e| e.tag == tag));
    let scanner = walk.directories.iter().all(|d| !picture::is_sensor(tiff, d));
    if matches!(kind, Kind::Nef | Kind::Srw) && scanner {
        return Err(Refusal::unsupported("the file holds a picture of another kind than a camera's").hint(ELSEWHERE));
    }
    // Without a balance of its own a DNG takes it from the maker notes, which must go.
    if kind == Kind::Dng && has(0x828e) && !has(0xc628) && !has(0xc629) && (has(0xc634) || maker_notes(tiff, walk)) {
        let what = "the DNG does not say its white balance outside of the maker notes";
        return Err(Refusal::unsupported(what).hint("convert it again with a DNG converter, or export it as JPEG or TIFF"));
    }
    Ok(())
}

/// Whether there are maker notes in the Exif directory.
fn maker_notes(tiff: &Tiff, walk: &Walk) -> bool {
    let pointers = walk.directories.iter().flat_map(|d| &d.entries).filter(|e| e.tag == 0x8769);
    let exif = pointers.filter_map(|e| tiff.directory(*tiff.numbers(e, 1).first()?).ok());
    exif.flat_map(|d| d.entries).any(|e| e.tag == 0x927c)
}

/// The header; a DNG's first directory may come to lie elsewhere.
fn head_of(kind: Kind, tiff: &Tiff, walk: &Walk, draft: &mut Draft) {
    if kind == Kind::Dng {
        let link = if tiff.big { Span::new(8, 16) } else { Span::new(4, 8) };
        draft.frame(Span::new(0, link.start), "header");
        let of = walk.directories.first().map_or(link.end, |d| d.span.start);
        draft.reframe(link, "first directory", Fate::Position { of, origin: 0, code: writer::position(tiff) });
        return;
    }
    // Canon's names the raw directory. [ExifTool CanonRaw: CR2 header]
    let len = match kind {
        Kind::Cr2 => 16,
        _ => 8,
    };
    draft.frame(Span::new(0, len), "header");
}

/// Findings: what went, what stays and why.
fn tell(kind: Kind, draft: &mut Draft, gone: Gone, kept: Vec<Finding>) {
    for found in gone.told(kind.name()) {
        draft.note(found);
    }
    for found in kept {
        draft.note(found);
    }
}

/// What no kept tag points to: gone from a DNG, zeros elsewhere, where offsets must stay true.
fn gaps(kind: Kind, source: &Shared, draft: &mut Draft) -> Result<()> {
    let what = "values of removed tags, and bytes that nothing refers to";
    for gap in draft.gaps() {
        let bytes = source.bytes(gap, 16).unwrap_or_default();
        // Zeros at the end are what is left of a longer directory there.
        if kind != Kind::Dng && (gap.end < source.len() || picture::filling(source, gap)? == gap.start) {
            draft.blank(gap, "gap", Finding::blanked(kind.name(), what, Tells::Unknown));
        } else if kind == Kind::Dng && gap.len() < 2 && bytes.iter().all(|b| *b == 0) {
            draft.reframe(gap, "alignment", Fate::put([]));
        } else if kind == Kind::Dng {
            draft.remove(gap, "gap", Finding::removed(kind.name(), what, Tells::Unknown));
        } else {
            draft.remove(gap, "trailer", Finding::removed(kind.name(), "bytes behind the end", Tells::Hidden));
        }
    }
    Ok(())
}

/// kamadak-exif and our own walk over the result: no GPS, no text, no date, and the same pictures as before.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let head = crate::source::head(after, 0, 64)?;
    let kind = kind_of(&head, after).ok_or_else(|| Refusal::new(Code::Damaged, "the result is no camera raw any more"))?;
    let (tiff, first) = open(kind, after)?;
    let walk = tiff.walk(first, &[0x014a, 0x8769, 0x8825, 0xa005], MOST);
    let left = |d: &Directory| {
        d.parent.is_some_and(|(_, tag)| matches!(tag, 0x8825 | 0xa005))
            || d.entries.iter().any(|e| {
                matches!(
                    e.tag,
                    0x010e
                        | 0x0131
                        | 0x0132
                        | 0x013b
                        | 0x013c
                        | 0x02bc
                        | 0x83bb
                        | 0x8298
                        | 0x8649
                        | 0x9003
                        | 0x9004
                        | 0x9286
                        | 0xa420
                        | 0xa430..=0xa43c | 0xc62f | 0xc65d | 0xc68b | 0xc68c
                )
            })
    };
    if walk.directories.iter().any(left) {
        return Err(Refusal::new(Code::Leftover, "a tag that should be gone is still there"));
    }
    let mut names = vec!["second directory walk"];
    let (was, start) = open(kind, before)?;
    if Pictures::sensor_bytes(&was, &was.walk(start, PICTURES, MOST)) > Pictures::sensor_bytes(&tiff, &walk) {
        return Err(Refusal::new(Code::Damaged, "the result has less sensor data than before"));
    }
    const READ_BY_WITNESS: u64 = 1 << 24;
    let small = after.len() < READ_BY_WITNESS && !tiff.big && !matches!(kind, Kind::Orf | Kind::Rw2);
    if small {
        let bytes = after.bytes(after.span(), READ_BY_WITNESS)?;
        let mut reader = exif::Reader::new();
        if let Ok(exif) = reader.continue_on_error(true).read_raw(bytes).or_else(|e| e.distill_partial_result(|_| ())) {
            if exif.fields().any(|f| f.tag.context() == exif::Context::Gps || f.tag == exif::Tag::DateTimeOriginal) {
                return Err(Refusal::new(Code::Leftover, "kamadak-exif still sees a place or a date"));
            }
            names.push("kamadak-exif");
        }
    }
    Ok(names)
}
