//! Ogg with Vorbis, Opus, Speex, FLAC or Theora inside. The sound and the pictures stay where they are, page by page; the
//! comment packets are written anew and with them the pages of the headers; streams are numbered 1, 2, 3, since their
//! serial numbers are random and link copies; every checksum follows. What a packet decodes to is not looked at.
//! [RFC 3533, RFC 7845, Vorbis I 5]

use std::collections::HashMap;

use crate::blocks::{flac_picture, vorbis};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::ogg::{self, Page};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The row.
pub static FORMAT: Format = Format {
    name: "Ogg",
    extensions: &["ogg", "oga", "ogv", "opus", "spx", "ogx"],
    container: false,
    keeps: "sound and pictures packet by packet, timing, cover art (cleaned), loudness values, chapters",
    removes: "comments, vendor, random stream numbers, the skeleton with its dates, bytes between and behind the pages",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"OggS\0").then_some(Match::Exact)
}

/// What a logical stream carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Vorbis,
    Opus,
    Speex,
    Flac,
    Theora,
    Skeleton,
}

impl Codec {
    fn of(first: &[u8]) -> Option<Codec> {
        let signs: [(&[u8], Codec); 6] = [
            (b"\x01vorbis", Codec::Vorbis),
            (b"OpusHead", Codec::Opus),
            (b"Speex   ", Codec::Speex),
            (b"\x7fFLAC", Codec::Flac),
            (b"\x80theora", Codec::Theora),
            (b"fishead\0", Codec::Skeleton),
        ];
        signs.into_iter().find(|(sign, _)| first.starts_with(sign)).map(|(_, codec)| codec)
    }

    /// How many packets come before the content.
    fn headers(self, first: &[u8]) -> usize {
        match self {
            Codec::Vorbis | Codec::Theora => 3,
            Codec::Opus | Codec::Skeleton => 2,
            // [Speex manual 6] extra headers
            Codec::Speex => 2 + first.get(68..72).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]).min(64) as usize),
            // [FLAC in Ogg] how many follow; 0 means unknown, and then only the comments must come.
            Codec::Flac => 1 + first.get(7..9).map_or(1, |b| usize::from(u16::from_be_bytes([b[0], b[1]])).clamp(1, 1000)),
        }
    }
}

/// A logical stream while it is walked.
struct Stream {
    codec: Codec,
    serial: u32,
    /// Header packets, the last one perhaps unfinished.
    packets: Vec<Vec<u8>>,
    open: bool,
    wanted: usize,
    /// The pages that carry them.
    pages: Vec<Page>,
    done: bool,
    /// What is subtracted from the sequence numbers of the pages that follow.
    shift: u32,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut streams: HashMap<u32, Stream> = HashMap::new();
    let (mut at, mut count, mut renumbered) = (0, 0u32, false);
    while at < source.len() {
        let page = match ogg::page_at(&**source, at) {
            Ok(page) => page,
            Err(_) if at > 0 => None,
            Err(r) => return Err(r),
        };
        let Some(page) = page else {
            let next = ogg::next_page(&**source, at + 1)?.filter(|n| ogg::page_at(&**source, *n).is_ok_and(|p| p.is_some()));
            let end = next.unwrap_or(source.len());
            if next.is_none() && end - at > 1 << 20 && streams.values().any(|s| !s.done) {
                return Err(Refusal::malformed("the pages end before the headers do", at));
            }
            let gap = Span::new(at, end);
            draft.remove_all(gap, "gap", trailer::describe("between the pages", &**source, gap));
            at = end;
            continue;
        };
        at = page.body.end;
        job.limits().check_structures(draft.count())?;
        if page.flags & 2 != 0 {
            // A chained file begins anew; its streams get numbers of their own.
            count += 1;
            let stream = begin(source, &page, count)?;
            if let Some(unfinished) = streams.insert(page.serial, stream).filter(|s| !s.done) {
                return Err(Refusal::malformed(
                    "a stream begins again before its headers are complete",
                    unfinished.pages.first().map_or(0, |p| p.head.start),
                ));
            }
        }
        let Some(stream) = streams.get_mut(&page.serial) else {
            let found = Finding::removed("Ogg", "page of a stream that never began", Tells::Hidden);
            draft.remove(page.span(), "page", found);
            continue;
        };
        if stream.codec == Codec::Skeleton {
            draft.remove(
                page.span(),
                "skeleton",
                Finding::removed("Ogg", "skeleton: dates and descriptions of the streams", Tells::When),
            );
            continue;
        }
        if !stream.done {
            header_page(job, source, &mut draft, stream, page)?;
            continue;
        }
        // A wrong checksum would be made right by writing it anew, and the damage hidden.
        if ogg::checksum(&**source, &page)? != page.crc {
            return Err(Refusal::malformed("a page is damaged: its checksum is wrong", page.head.start));
        }
        let head = page.header(&**source, stream.serial, page.sequence.wrapping_sub(stream.shift))?;
        renumbered |= page.serial != stream.serial;
        draft.reframe(page.head, "page header", Fate::put(head));
        draft.essence(page.body, "page");
    }
    if streams.values().any(|s| !s.done && s.codec != Codec::Skeleton) {
        return Err(Refusal::malformed("the headers are not complete", source.len()));
    }
    if streams.values().all(|s| s.codec == Codec::Skeleton) {
        return Err(Refusal::malformed("there is no stream", 0));
    }
    let changed = streams.iter().any(|(serial, s)| *serial != s.serial && s.codec != Codec::Skeleton);
    if renumbered || changed {
        draft.note(Finding::rewritten("Ogg", "random stream numbers", Tells::Identifier));
    }
    draft.seal()
}

fn begin(source: &Shared, page: &Page, serial: u32) -> Result<Stream> {
    let first = source.bytes(page.body, 1 << 16)?;
    let codec = Codec::of(&first).ok_or_else(|| {
        Refusal::unsupported("a stream in it is of a kind that is not known")
            .at(page.head.start)
            .hint("convert it to Opus, Vorbis or FLAC")
    })?;
    Ok(Stream {
        codec,
        serial,
        packets: Vec::new(),
        open: false,
        wanted: codec.headers(&first),
        pages: Vec::new(),
        done: false,
        shift: 0,
    })
}

/// Takes the packets of a header page; when the last header is complete, all header pages are written anew.
fn header_page(job: &Job, source: &Shared, draft: &mut Draft, stream: &mut Stream, page: Page) -> Result<()> {
    let body = source.bytes(page.body, 1 << 16)?;
    let mut at = 0;
    for n in &page.lacing {
        let part = &body[at..at + usize::from(*n)];
        at += part.len();
        let begun = stream.packets.len();
        match stream.packets.last_mut() {
            Some(packet) if stream.open => packet.extend(part),
            _ if begun == stream.wanted => return Err(Refusal::malformed("headers and content share a page", page.head.start)),
            _ => stream.packets.push(part.to_vec()),
        }
        stream.open = *n == 255;
        if stream.packets.last().is_some_and(|p| p.len() as u64 > job.limits().block) {
            return Err(Refusal::limit("a header is larger than any honest one").at(page.head.start));
        }
    }
    let last = page.sequence;
    stream.pages.push(page);
    if stream.open || stream.packets.len() < stream.wanted {
        return Ok(());
    }
    stream.done = true;
    let found = rewrite(job, draft, stream)?;
    let (mut out, first) = ogg::pages(&stream.packets[..1], stream.serial, 0, 2);
    let (rest, more) = ogg::pages(&stream.packets[1..], stream.serial, first, 0);
    stream.shift = last.wrapping_add(1).wrapping_sub(first + more);
    // The first page stays where it is, since all first pages come before all others; the rest follows on the second.
    let spans: Vec<Span> = stream.pages.iter().map(Page::span).collect();
    let anew = || Finding::rewritten("Ogg", "stream headers", Tells::Identifier);
    let mut found = if found.is_empty() { vec![anew()] } else { found };
    for (i, span) in spans.iter().enumerate() {
        match i {
            0 => _ = draft.replace(*span, "headers", Fate::put(std::mem::take(&mut out)), vec![anew()]),
            1 => _ = draft.replace(*span, "headers", Fate::put(rest.clone()), std::mem::take(&mut found)),
            _ => draft.reframe(*span, "headers", Fate::put([])),
        }
    }
    if spans.len() == 1 {
        return Err(Refusal::malformed("all headers share one page", spans[0].start));
    }
    Ok(())
}

/// Replaces the comments among the header packets.
fn rewrite(job: &Job, draft: &mut Draft, stream: &mut Stream) -> Result<Vec<Finding>> {
    let prefix: &[u8] = match stream.codec {
        Codec::Vorbis => b"\x03vorbis",
        Codec::Opus => b"OpusTags",
        Codec::Theora => b"\x81theora",
        Codec::Speex => b"",
        Codec::Flac => return flac(job, draft, stream),
        Codec::Skeleton => return Ok(Vec::new()),
    };
    let packet = &stream.packets[1];
    let block = packet
        .strip_prefix(prefix)
        .ok_or_else(|| Refusal::malformed("the second header is not the comments", stream.pages[0].head.start))?;
    let (fields, found) = comments(job, draft, block, prefix.len() as u64 + block.len() as u64)?;
    let mut out = prefix.to_vec();
    out.extend(fields);
    // [Vorbis I 5.2.1] a framing bit closes the comments.
    if stream.codec == Codec::Vorbis {
        out.push(1);
    }
    stream.packets[1] = out;
    if stream.codec == Codec::Speex {
        // [Speex manual 6] The version text of the encoder, 20 bytes.
        if let Some(version) = stream.packets[0].get_mut(8..28) {
            version.fill(0);
        }
    }
    Ok(found)
}

/// The comments that stay, written anew, and findings for the rest.
fn comments(job: &Job, draft: &mut Draft, block: &[u8], bytes: u64) -> Result<(Vec<u8>, Vec<Finding>)> {
    let Some(comments) = vorbis::read(block) else {
        return Ok((
            vorbis::write(&[]),
            vec![Finding::removed("Vorbis comment", "unreadable comments", Tells::Text).bytes(bytes)],
        ));
    };
    let (mut fields, found) = vorbis::sift(job, &comments);
    for (key, value) in comments.fields.iter().filter(|(k, _)| k.eq_ignore_ascii_case("METADATA_BLOCK_PICTURE")) {
        let Ok(body) = STANDARD.decode(value) else { continue };
        if let Ok(clean) = flac_picture::clean(job, draft, &body)? {
            fields.push((key.to_ascii_uppercase(), STANDARD.encode(clean).into_bytes()));
        }
    }
    let out = vorbis::write(&fields);
    let same = block.starts_with(&out) && comments.len == out.len();
    Ok((out, if same { Vec::new() } else { found }))
}

/// FLAC in Ogg: metadata blocks as packets. Only the comments stay, as the last one, and the count says so.
fn flac(job: &Job, draft: &mut Draft, stream: &mut Stream) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut block = vorbis::write(&[]);
    for (i, packet) in stream.packets.iter().enumerate().skip(1) {
        let body = packet.get(4..).unwrap_or_default();
        if i == 1 && packet.first().is_some_and(|b| b & 0x7f == 4) {
            let (out, what) = comments(job, draft, body, packet.len() as u64)?;
            block = out;
            found.extend(what);
        } else {
            found.push(Finding::removed("FLAC", "metadata block", Tells::Unknown).bytes(packet.len() as u64));
        }
    }
    let n = (block.len() as u32).to_be_bytes();
    let packet = [&[0x84, n[1], n[2], n[3]], &block[..]].concat();
    stream.packets.truncate(1);
    stream.packets.push(packet);
    if let Some(count) = stream.packets[0].get_mut(7..9) {
        count.copy_from_slice(&[0, 1]);
    }
    Ok(found)
}

/// Pages once more, from front to back without the planner's eyes: each whole, each checksum right, streams 1, 2, 3, and
/// no comment packet that names its vendor.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 0;
    let mut highest = 0;
    while let Some(page) = ogg::page_at(after, at)? {
        if ogg::checksum(after, &page)? != page.crc {
            return Err(Refusal::new(Code::Damaged, "a page has a wrong checksum").at(at));
        }
        if page.serial == 0 || page.serial > highest + 1 {
            return Err(Refusal::new(Code::Leftover, "a stream still has its random number").at(at));
        }
        highest = highest.max(page.serial);
        at = page.body.end;
    }
    if at != after.len() {
        return Err(Refusal::new(Code::Leftover, "something stands between or behind the pages").at(at));
    }
    Ok(vec!["page checksums"])
}
