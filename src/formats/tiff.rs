//! TIFF and BigTIFF: directories of tags, one a page, and data that they point to. Every page stays with its data where it
//! lies; directories are written anew from an allow-list; what no kept tag points to goes: Exif and GPS directories,
//! previews, Photoshop's copy of the layers, gaps. Camera raws look like TIFF and are none: they are declined. Compressed
//! data is not decoded, only followed to its end where that is cheap. [TIFF 6.0, BigTIFF]

mod data;
mod directory;
mod table;
mod tail;

use self::data::Claims;
use self::directory::Writer;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::tiff::{Directory, Order, Tiff, Walk};
use crate::names;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "TIFF",
    extensions: &["tif", "tiff"],
    container: false,
    keeps: "every page's data byte for byte, sample layout, colour (profile neutralised), orientation, resolution",
    removes: "Exif, GPS, XMP, IPTC, GeoTIFF, private tags, previews, Photoshop layers, bytes that nothing refers to",
    sniff,
    plan,
    witness,
};

/// At most so many directories.
const MOST: usize = 10_000;

fn sniff(head: &Head) -> Option<Match> {
    let magic = [&b"II*\0"[..], b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"].iter().any(|m| head.has(0, m));
    if !magic || head.has(8, b"CR\x02") {
        return None;
    }
    let (tiff, first) = Tiff::open(&**head.source, 0).ok()?;
    let walk = tiff.walk(first, &[0x014a], 64);
    (!is_raw(&tiff, &walk)).then_some(Match::Exact)
}

/// Whether the pictures are sensor data: colour filter array or linear raw, or a compression only cameras have.
pub(super) fn is_raw(tiff: &Tiff, walk: &Walk) -> bool {
    let camera = |d: &Directory| {
        d.entries.iter().any(|e| match e.tag {
            0x0106 => tiff.numbers(e, 1).first().is_some_and(|p| matches!(p, 32803 | 34892)),
            0x0103 => tiff.numbers(e, 1).first().is_some_and(|c| matches!(c, 32767 | 32769 | 32770 | 34713 | 65535 | 65000)),
            // A DNG, or a pattern of colour filters.
            0xc612 | 0x828d | 0x828e => true,
            _ => false,
        })
    };
    // A scanner's negative: the root is a preview, the picture lies below it, where pages are not looked for.
    let reduced =
        |d: &Directory| d.entries.iter().any(|e| e.tag == 0x00fe && tiff.numbers(e, 1).first().is_some_and(|k| k & 1 == 1));
    let below = walk.directories.iter().any(|d| d.parent.is_some() && !reduced(d));
    let negative = below && walk.directories.first().is_some_and(reduced);
    negative || walk.directories.iter().any(camera)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let (tiff, first) = Tiff::open(&**source, 0)?;
    let mut walk = tiff.walk(first, &[], MOST);
    // A link behind the last page that points outside of the file is a writer's carelessness; others are lies.
    let careless = walk.directories.last().and_then(|d| d.next).is_some_and(|n| n >= source.len());
    if let Some(trouble) = walk.trouble.take().filter(|_| !careless) {
        return Err(trouble);
    }
    if slide(&tiff, &walk) {
        return Err(Refusal::unsupported("a scanned slide may hold a photo of its label")
            .hint("export the region you want to share as a plain TIFF or JPEG"));
    }
    let (pages, previews): (Vec<&Directory>, Vec<&Directory>) = choose(job, &tiff, &walk.directories);
    let has = |page: &&Directory, tags: &[u16]| page.entries.iter().any(|e| tags.contains(&e.tag));
    if pages.is_empty() || !pages.iter().all(|p| has(p, &[0x0100]) && has(p, &[0x0101]) && has(p, &[0x0111, 0x0144, 0x0201])) {
        return Err(Refusal::malformed("a page has no picture", first));
    }
    if pages.first().is_some_and(|p| pages_without_directory(&tiff, p, walk.directories.len())) {
        return Err(Refusal::unsupported(
            "a stack whose further pictures have no directory: only the program that wrote it finds them",
        )
        .hint("save the stack again with a directory for every picture, or export the pictures you want to share"));
    }
    let mut draft = Draft::new(source);
    let head = if tiff.big { Span::new(8, 16) } else { Span::new(4, 8) };
    draft.frame(Span::new(0, head.start), "header");
    draft.reframe(head, "first page", Fate::Position { of: pages[0].span.start, origin: 0, code: position(&tiff) });

    draft.otherwise(Finding::rewritten("TIFF", "order, alignment and slack of the directories", Tells::Software));
    let mut writer = Writer { job, source, tiff: &tiff, draft, claims: Claims::default(), found: Vec::new() };
    for (i, page) in pages.iter().enumerate() {
        writer.page(page, pages.get(i + 1).map(|p| p.span.start))?;
    }
    let Writer { mut draft, claims, mut found, .. } = writer;
    claims.draft(job, source, &mut draft)?;
    if !previews.is_empty() {
        found.push(Finding::removed("TIFF", format!("{} reduced pictures of the pages", previews.len()), Tells::Preview));
    }
    let map_stays = job.keeps(Token::Geotiff) && has_map(&pages);
    if map_stays {
        draft.note(Finding::kept("TIFF", "georeference", Tells::Where, "where on earth the map lies (geotiff)"));
    }
    told(&tiff, &pages, map_stays, &mut found, source);
    gaps(&tiff, &mut draft, found);
    draft.seal()
}

/// Which directories are pages. Reduced pictures go unless there is nothing else.
fn choose<'d>(job: &Job, tiff: &Tiff, all: &'d [Directory]) -> (Vec<&'d Directory>, Vec<&'d Directory>) {
    let reduced = |d: &&Directory| {
        let kind = d.entries.iter().find(|e| e.tag == 0x00fe).and_then(|e| tiff.numbers(e, 1).first().copied());
        // [TIFF 6.0 section 8] bit 0: reduced; bit 2 is a transparency mask, which belongs to its page.
        kind.is_some_and(|k| k & 5 == 1)
    };
    if job.keeps(Token::Thumbnails) || all.iter().all(|d| reduced(&d)) {
        return (all.iter().collect(), Vec::new());
    }
    let (previews, pages) = all.iter().partition(reduced);
    (pages, previews)
}

/// Slides of Aperio and Hamamatsu.
fn slide(tiff: &Tiff, walk: &Walk) -> bool {
    walk.directories
        .iter()
        .flat_map(|d| &d.entries)
        .any(|e| (65420..=65480).contains(&e.tag) || e.tag == 0x010e && tiff.bytes(e, 8).starts_with(b"Aperio"))
}

/// Whether there are more pictures than directories: large stacks of ImageJ, arrays that tifffile calls truncated, and stacks
/// of MetaMorph have one directory, and the other pictures lie behind the first.
fn pages_without_directory(tiff: &Tiff, first: &Directory, directories: usize) -> bool {
    let find = |tag: u16| first.entries.iter().find(|e| e.tag == tag);
    // UIC2Tag has a value for each plane.
    if find(0x835d).is_some_and(|e| e.count > directories as u64) {
        return true;
    }
    let Some(entry) = find(0x010e) else { return false };
    let text = tiff.bytes(entry, 1 << 16);
    let text = String::from_utf8_lossy(&text);
    let images = text.lines().find_map(|l| l.strip_prefix("images=")).and_then(|n| n.trim().parse::<usize>().ok());
    text.starts_with("ImageJ=") && images.is_some_and(|n| n > directories)
        || text.starts_with("{\"shape\":") && text.contains("\"truncated\": true")
}

/// How positions are written in this file.
fn position(tiff: &Tiff) -> Number {
    match (tiff.big, tiff.order) {
        (false, Order::Little) => Number::U32Le,
        (false, Order::Big) => Number::U32Be,
        (true, Order::Little) => Number::U64Le,
        (true, Order::Big) => Number::U64Be,
    }
}

/// Whether a page says where on earth it lies. [OGC 19-008r4 annex B]
fn has_map(pages: &[&Directory]) -> bool {
    pages.iter().flat_map(|p| &p.entries).any(|e| matches!(e.tag, 0x830e | 0x8480 | 0x8482 | 0x85d8 | 0x87af..=0x87b1))
}

/// Findings for what the removed tags tell; not for the tags of the map where they stay.
fn told(tiff: &Tiff, pages: &[&Directory], map_stays: bool, found: &mut Vec<Finding>, source: &Shared) {
    if found.is_empty() {
        return;
    }
    // Small files have their Exif named in full; of large ones the tags of the pages are.
    if let Some(bytes) = source.as_bytes() {
        let named = names::exif::describe("TIFF", bytes);
        let stays = |f: &Finding| map_stays && matches!(&*f.label, "map position" | "map names");
        let gone = |f: &Finding| !f.label.contains("unreadable") && f.tells != Tells::Rendering && !stays(f);
        found.extend(named.into_iter().filter(gone));
    }
    let entries = pages.iter().flat_map(|p| &p.entries);
    for entry in entries.take(10_000) {
        let block = |limit| tiff.bytes(entry, limit);
        match entry.tag {
            0x02bc => found.extend(names::xmp::describe("XMP", &block(1 << 20))),
            0x83bb | 0x8649 => found.extend(names::iptc::describe("IPTC", &block(1 << 20))),
            _ => {}
        }
    }
}

/// Everything that no kept tag points to. Up to a few zeros between parts are alignment and come back as such.
fn gaps(tiff: &Tiff, draft: &mut Draft, mut found: Vec<Finding>) {
    for gap in draft.gaps() {
        let bytes = tiff.source().bytes(gap, 16).unwrap_or_default();
        if gap.len() < 2 && bytes.iter().all(|b| *b == 0) {
            draft.reframe(gap, "alignment", Fate::put([]));
            continue;
        }
        let label = "values of removed tags, and bytes that nothing refers to";
        match found.is_empty() {
            true => draft.remove(gap, "gap", Finding::removed("TIFF", label, Tells::Unknown)),
            false => draft.remove_all(gap, "gap", std::mem::take(&mut found)),
        }
    }
    found.into_iter().for_each(|f| draft.note(f));
}

/// kamadak-exif and our own walk over the result: no directory of Exif or GPS, no text.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (tiff, first) = Tiff::open(after, 0)?;
    let walk = tiff.walk(first, &[0x014a, 0x8769, 0x8825, 0xa005], MOST);
    let left = |d: &Directory| {
        d.parent.is_some()
            || d.entries.iter().any(|e| {
                matches!(e.tag, 0x010e..=0x0110 | 0x0131 | 0x0132 | 0x013b | 0x013c | 0x02bc | 0x83bb | 0x8649 | 0x935c | 0x927c)
            })
    };
    if walk.directories.iter().any(left) {
        return Err(Refusal::new(Code::Leftover, "a tag that should be gone is still there"));
    }
    let mut names = vec!["second directory walk"];
    const READ_BY_WITNESS: u64 = 1 << 24;
    if !tiff.big && before.len().max(after.len()) < READ_BY_WITNESS {
        let bytes = after.bytes(after.span(), READ_BY_WITNESS)?;
        let mut reader = exif::Reader::new();
        if let Ok(exif) = reader.continue_on_error(true).read_raw(bytes).or_else(|e| e.distill_partial_result(|_| ())) {
            let other = |f: &&exif::Field| f.tag.context() != exif::Context::Tiff;
            if exif.fields().any(|f| other(&f)) {
                return Err(Refusal::new(Code::Leftover, "kamadak-exif still sees Exif"));
            }
            names.push("kamadak-exif");
        }
    }
    Ok(names)
}
