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

    /// How many packets come before the content; `None` where the packets say it themselves.
    fn headers(self, first: &[u8]) -> Option<usize> {
        match self {
            Codec::Vorbis | Codec::Theora => Some(3),
            Codec::Opus | Codec::Skeleton => Some(2),
            // [Speex manual 6] extra headers
            Codec::Speex => {
                Some(2 + first.get(68..72).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]).min(64) as usize))
            }
            // The count that the first packet gives may be 0 for "unknown"; the last block has a flag. [RFC 9639 10.1]
            Codec::Flac => None,
        }
    }

    /// How many bytes the first packet has; what stands behind them belongs to nobody.
    fn first_len(self, first: &[u8]) -> usize {
        match self {
            Codec::Vorbis => 30,
            // [RFC 7845 5.1.1] a mapping table follows where the family is not 0
            Codec::Opus if first.get(18).is_none_or(|family| *family == 0) => 19,
            Codec::Opus => 21 + usize::from(first[9]),
            Codec::Speex => 80,
            Codec::Flac => 51,
            Codec::Theora => 42,
            Codec::Skeleton => first.len(),
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
    wanted: Option<usize>,
    /// The pages that carry them.
    pages: Vec<Page>,
    done: bool,
    /// What is subtracted from the sequence numbers of the pages that follow.
    shift: u32,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut streams: HashMap<u32, Stream> = HashMap::new();
    let mut serials: HashMap<u32, u32> = HashMap::new();
    let (mut at, mut renumbered) = (0, false);
    while at < source.len() {
        let page = match ogg::page_at(&**source, at) {
            Ok(page) => page,
            Err(_) if at > 0 => None,
            Err(r) => return Err(r),
        };
        let Some(page) = page else {
            let end = ogg::next_page(&**source, at + 1)?.unwrap_or(source.len());
            let gap = Span::new(at, end);
            draft.remove_all(gap, "gap", trailer::describe("between the pages", &**source, gap));
            at = end;
            continue;
        };
        at = page.body.end;
        job.limits().check_structures(draft.count())?;
        if page.flags & 2 != 0 {
            // A chained file begins anew. Its streams get numbers of their own, unless it used the same ones again: many
            // players go on only then.
            let mut stream = begin(source, &page)?;
            if stream.codec != Codec::Skeleton {
                let next = serials.len() as u32 + 1;
                stream.serial = *serials.entry(page.serial).or_insert(next);
            }
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
        // A wrong checksum would be made right by writing it anew, and the damage hidden.
        if ogg::checksum(&**source, &page)? != page.crc {
            return Err(Refusal::malformed("a page is damaged: its checksum is wrong", page.head.start));
        }
        if !stream.done {
            header_page(job, source, &mut draft, stream, page)?;
            continue;
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
    if renumbered || serials.iter().any(|(before, after)| before != after) {
        draft.note(Finding::rewritten("Ogg", "random stream numbers", Tells::Identifier));
    }
    draft.seal()
}

fn begin(source: &Shared, page: &Page) -> Result<Stream> {
    let first = source.bytes(page.body, 1 << 16)?;
    let codec = Codec::of(&first).ok_or_else(|| {
        Refusal::unsupported("a stream in it is of a kind that is not known")
            .at(page.head.start)
            .hint("convert it to Opus, Vorbis or FLAC")
    })?;
    Ok(Stream {
        codec,
        serial: page.serial,
        packets: Vec::new(),
        open: false,
        wanted: codec.headers(&first),
        pages: Vec::new(),
        done: false,
        shift: 0,
    })
}

impl Stream {
    /// Whether all packets in front of the content are there.
    fn is_complete(&self) -> bool {
        let enough = match self.wanted {
            Some(wanted) => self.packets.len() >= wanted,
            None => self.packets.len() > 1 && self.packets.last().and_then(|p| p.first()).is_some_and(|b| b & 0x80 != 0),
        };
        enough && !self.open
    }
}

/// Takes the packets of a header page; when the last header is complete, all header pages are written anew.
fn header_page(job: &Job, source: &Shared, draft: &mut Draft, stream: &mut Stream, page: Page) -> Result<()> {
    let body = source.bytes(page.body, 1 << 16)?;
    let mut at = 0;
    for n in &page.lacing {
        let part = &body[at..at + usize::from(*n)];
        at += part.len();
        if !stream.open && stream.is_complete() {
            return Err(Refusal::malformed("headers and content share a page", page.head.start));
        }
        match stream.packets.last_mut() {
            Some(packet) if stream.open => packet.extend(part),
            _ => stream.packets.push(part.to_vec()),
        }
        stream.open = *n == 255;
    }
    if stream.codec == Codec::Flac && stream.packets.iter().skip(1).any(|p| p.first() == Some(&0xff)) {
        return Err(Refusal::malformed("the headers end without saying so", page.head.start));
    }
    let last = page.sequence;
    stream.pages.push(page);
    if stream.pages.iter().map(|p| p.body.len()).sum::<u64>() > job.limits().block || stream.packets.len() > 1000 {
        return Err(Refusal::limit("the headers are larger than any honest ones").at(stream.pages[0].head.start));
    }
    if !stream.is_complete() {
        return Ok(());
    }
    stream.done = true;
    let found = rewrite(job, draft, stream)?;
    let [first, rest @ ..] = &stream.pages[..] else { return Ok(()) };
    let Some(second) = rest.first() else {
        return Err(Refusal::malformed("all headers share one page", first.head.start));
    };
    // The first page stays where it is, since all first pages come before all others; the rest follows on the second.
    let (front, one) = ogg::pages(&stream.packets[..1], stream.serial, 0, 2);
    let (back, more) = ogg::pages(&stream.packets[1..], stream.serial, one, 0);
    stream.shift = last.wrapping_add(1).wrapping_sub(one + more);
    let renumbered = first.serial != stream.serial || first.sequence != 0;
    let told = |what| match renumbered {
        true => Finding::rewritten("Ogg", "random stream numbers", Tells::Identifier),
        false => Finding::rewritten("Ogg", what, Tells::Hidden),
    };
    draft.replace(first.span(), "headers", Fate::put(front), vec![told("bytes behind the first header")]);
    let mut there = Vec::new();
    for page in rest {
        there.extend(source.bytes(page.span(), 1 << 17)?);
    }
    if there == back {
        // Titles of chapters are the only words in them.
        rest.iter().for_each(|page| draft.essence(page.span(), "headers"));
        return Ok(());
    }
    let found = if found.is_empty() { vec![told("the pages of the headers")] } else { found };
    draft.replace(second.span(), "headers", Fate::put(back), found);
    for page in rest.iter().skip(1) {
        draft.reframe(page.span(), "headers", Fate::put([]));
    }
    Ok(())
}

/// Cuts the first packet to what it says and replaces the comments among the others.
fn rewrite(job: &Job, draft: &mut Draft, stream: &mut Stream) -> Result<Vec<Finding>> {
    let at = stream.pages[0].head.start;
    let len = stream.codec.first_len(&stream.packets[0]);
    if stream.packets[0].len() < len {
        return Err(Refusal::malformed("the first header is too short", at));
    }
    stream.packets[0].truncate(len);
    let prefix: &[u8] = match stream.codec {
        Codec::Vorbis => b"\x03vorbis",
        Codec::Opus => b"OpusTags",
        Codec::Theora => b"\x81theora",
        Codec::Speex => b"",
        Codec::Flac => return flac(job, draft, stream),
        Codec::Skeleton => return Ok(Vec::new()),
    };
    let packet = &stream.packets[1];
    let block = packet.strip_prefix(prefix).ok_or_else(|| Refusal::malformed("the second header is not the comments", at))?;
    let (mut out, mut found) = (prefix.to_vec(), Vec::new());
    out.extend(comments(job, draft, block, &mut found)?);
    // [Vorbis I 5.2.1] a framing bit closes the comments.
    if stream.codec == Codec::Vorbis {
        out.push(1);
    }
    if out != *packet && found.is_empty() {
        found.push(Finding::removed("Ogg", "bytes behind the comments", Tells::Hidden));
    }
    stream.packets[1] = out;
    if stream.codec == Codec::Speex {
        speex(stream, &mut found);
    }
    Ok(found)
}

/// The version text of the encoder becomes zeros, and the extra headers, of which nobody knows any, go. [Speex manual 6]
fn speex(stream: &mut Stream, found: &mut Vec<Finding>) {
    let first = &mut stream.packets[0];
    if first[8..28].iter().any(|b| *b != 0) {
        let version = String::from_utf8_lossy(&first[8..28]).trim_end_matches('\0').to_owned();
        found.push(Finding::removed("Ogg", "version of the encoder", Tells::Software).value(version));
    }
    first[8..28].fill(0);
    first[68..80].fill(0);
    for extra in stream.packets.drain(2..) {
        found.push(Finding::removed("Ogg", "extra header", Tells::Unknown).bytes(extra.len() as u64));
    }
}

/// The comments that stay, written anew; findings for the rest go to `told`.
fn comments(job: &Job, draft: &mut Draft, block: &[u8], told: &mut Vec<Finding>) -> Result<Vec<u8>> {
    let Some(comments) = vorbis::read(block) else {
        told.push(Finding::removed("Vorbis comment", "unreadable comments", Tells::Text).bytes(block.len() as u64));
        return Ok(vorbis::write(&[]));
    };
    let (mut fields, mut found) = vorbis::sift(job, &comments);
    let mut pictures = 0;
    for (_, value) in comments.fields.iter().filter(|(k, _)| k.eq_ignore_ascii_case("METADATA_BLOCK_PICTURE")) {
        let Ok(body) = STANDARD.decode(value) else { continue };
        if let Ok(clean) = flac_picture::clean(job, draft, &body)? {
            fields.push(("METADATA_BLOCK_PICTURE".to_owned(), STANDARD.encode(clean).into_bytes()));
            pictures += 1;
        }
    }
    let out = vorbis::write(&fields);
    if block.starts_with(&out) && comments.len == out.len() {
        return Ok(out);
    }
    // What stays is not among what went.
    found.retain(|f| {
        let stays = f.label == "attached picture" && pictures > 0;
        pictures -= usize::from(stays);
        !stays
    });
    if found.is_empty() {
        found.push(Finding::rewritten("Vorbis comment", "attached picture: description", Tells::Text));
    }
    told.extend(found);
    Ok(out)
}

/// FLAC in Ogg: metadata blocks as packets. The comments come first and stay, pictures follow them; the count says so.
/// [RFC 9639 10.1]
fn flac(job: &Job, draft: &mut Draft, stream: &mut Stream) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut blocks = vec![(4u8, vorbis::write(&[]))];
    for (i, packet) in stream.packets.iter().enumerate().skip(1) {
        let body = packet.get(4..).unwrap_or_default();
        match packet.first().map(|b| b & 0x7f) {
            Some(4) if i == 1 => blocks[0].1 = comments(job, draft, body, &mut found)?,
            Some(6) => match flac_picture::clean(job, draft, body)? {
                Ok(clean) => {
                    if clean != body {
                        found.push(Finding::rewritten("FLAC", "attached picture: description", Tells::Text));
                    }
                    blocks.push((6, clean));
                }
                Err(why) => found.push(Finding::removed("FLAC", why, Tells::Preview).bytes(packet.len() as u64)),
            },
            _ => found.push(Finding::removed("FLAC", "metadata block", Tells::Unknown).bytes(packet.len() as u64)),
        }
    }
    let first = &mut stream.packets[0];
    if &first[9..13] != b"fLaC" {
        return Err(Refusal::malformed("the first header is not FLAC's", stream.pages[0].head.start));
    }
    first[7..9].copy_from_slice(&(blocks.len() as u16).to_be_bytes());
    first[13..17].copy_from_slice(&[0, 0, 0, 34]);
    stream.packets.truncate(1);
    let count = blocks.len();
    for (i, (kind, body)) in blocks.into_iter().enumerate() {
        let last = if i + 1 == count { 0x80 } else { 0 };
        let n = u32::try_from(body.len()).ok().filter(|n| *n < 1 << 24);
        let n = n.ok_or_else(|| Refusal::limit("a metadata block is larger than its size can tell"))?.to_be_bytes();
        stream.packets.push([&[last | kind, n[1], n[2], n[3]], &body[..]].concat());
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
