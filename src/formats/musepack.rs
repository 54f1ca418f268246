//! Musepack of stream version 8: packets, each with two letters and a size. Sound, the header, loudness values and the seek
//! table stay, chapters with their titles by policy; the encoder and its version become zeros, and tags, of chapters too,
//! are written anew with what may stay. What the sound decodes to is not looked at. [Musepack SV8 Specification]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::formats::tagged;
use crate::grammar::ape_tag::{self, Item};
use crate::grammar::audio_tags;
use crate::names::{audio, trailer};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "Musepack",
    extensions: &["mpc", "mpp"],
    container: false,
    keeps: "sound packet by packet, seek table, loudness values, chapters, cover art (cleaned)",
    removes: "encoder and its version, tags, unknown packets, bytes behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    if head.has(0, b"MPCK") {
        return Some(Match::Exact);
    }
    let (tags, start) = audio_tags::at_start(&**head.source, 0).ok()?;
    (!tags.is_empty() && source::head(&**head.source, start, 4).ok()? == b"MPCK").then_some(Match::Exact)
}

/// A packet.
#[derive(Clone, Copy)]
struct Packet {
    key: [u8; 2],
    span: Span,
    data: Span,
}

/// A number in groups of seven bits, the most significant first, and how many bytes it took.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut n = 0u64;
    for (i, byte) in bytes.iter().take(9).enumerate() {
        n = n << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((n, i + 1));
        }
    }
    None
}

/// The packets up to the one that ends the stream.
fn packets(job: &Job, source: &dyn Source, start: u64, end: u64) -> Result<Vec<Packet>> {
    let mut at = start + 4;
    let mut out: Vec<Packet> = Vec::new();
    while at < end && out.last().is_none_or(|p| &p.key != b"SE") {
        let head = source::head(source, at, 11)?;
        let size = head.get(2..).and_then(number).filter(|_| head[..2].iter().all(u8::is_ascii_uppercase));
        let (size, len) =
            size.ok_or_else(|| Refusal::malformed("something other than a packet stands where one should begin", at))?;
        let span = Span::at(at, size).filter(|s| s.end <= end && size >= 2 + len as u64);
        let span = span.ok_or_else(|| Refusal::malformed("a packet runs past the end", at))?;
        out.push(Packet { key: [head[0], head[1]], span, data: Span::new(at + 2 + len as u64, span.end) });
        at = span.end;
        job.limits().check_structures(out.len())?;
    }
    Ok(out)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let (tags, start) = audio_tags::at_start(&**source, 0)?;
    let is_ended = |all: &Vec<Packet>| all.last().is_some_and(|p| &p.key == b"SE");
    let ended = packets(job, &**source, start, source.len()).ok().filter(is_ended);
    // A stream that does not say where it ends does so in front of its tags.
    let from = ended.as_ref().and_then(|all| all.last()).map_or(start, |p| p.span.end);
    let (end_tags, end) = audio_tags::at_end(&**source, Span::new(from, source.len()))?;
    let all = match ended {
        Some(all) => all,
        None => packets(job, &**source, start, end)?,
    };
    if all.first().is_none_or(|p| &p.key != b"SH") || !all.iter().any(|p| &p.key == b"AP") {
        return Err(Refusal::malformed("there is no sound, or nothing says how to read it", start));
    }
    // Where something in front of the seek table goes, the table is wrong; players find their way without it.
    let table = all.iter().position(|p| &p.key == b"ST").unwrap_or(0);
    let stays = |p: &Packet| match &p.key {
        b"SH" | b"AP" | b"SE" | b"SO" | b"ST" => true,
        b"RG" => p.data.len() == 9,
        b"EI" => p.data.len() == 4,
        _ => false,
    };
    let seek = all[..table].iter().all(stays);

    draft.frame(Span::new(start, start + 4), "MPCK");
    let mut seen: Vec<[u8; 2]> = Vec::new();
    for (i, packet) in all.iter().enumerate() {
        let again = !matches!(&packet.key, b"AP" | b"CT") && seen.contains(&packet.key);
        if !seen.contains(&packet.key) {
            seen.push(packet.key);
        }
        if again {
            // Removing one of two could shift what the seek table points to.
            return Err(Refusal::malformed("a packet stands there twice", packet.span.start));
        }
        let head = Span::new(packet.span.start, packet.data.start);
        match &packet.key {
            b"AP" => draft.essence(packet.span, "sound"),
            b"SH" if packet.data.len() <= 32 => header(&mut draft, source, packet)?,
            b"SE" if packet.data.is_empty() => draft.frame(packet.span, "end"),
            b"ST" if seek => draft.frame(packet.span, "seek table"),
            b"SO" if seek => {
                let bytes = source::head(&**source, packet.data.start, 10)?;
                let len = number(&bytes).map_or(0, |(_, n)| n as u64).min(packet.data.len());
                let behind = Span::new(packet.data.start + len, packet.data.end);
                draft.frame(Span::new(head.start, behind.start), "place of the seek table");
                draft.blank(behind, "padding", Finding::blanked("Musepack", "bytes behind a field", Tells::Hidden));
            }
            b"SO" | b"ST" => {
                draft.remove(
                    packet.span,
                    "seek table",
                    Finding::removed("Musepack", "seek table that is no longer true", Tells::Rendering),
                );
            }
            b"RG" if packet.data.len() == 9 => {
                draft.frame(Span::new(head.start, packet.data.start + 1), "loudness");
                let values = Span::new(packet.data.start + 1, packet.data.end);
                match job.keeps(Token::Replaygain) {
                    true => draft.frame(values, "loudness"),
                    false => draft.blank(values, "loudness", Finding::blanked("Musepack", "loudness values", Tells::Rendering)),
                }
            }
            b"EI" if packet.data.len() == 4 => {
                draft.frame(head, "encoder");
                draft.blank(
                    packet.data,
                    "encoder",
                    Finding::blanked("Musepack", "encoder, its version and settings", Tells::Software),
                );
            }
            b"CT" if i > table && job.keeps(Token::Chapters) => chapter(job, &mut draft, source, packet)?,
            b"SH" | b"SE" => return Err(Refusal::malformed("a packet has a wrong size", packet.span.start)),
            b"CT" => draft.remove(packet.span, "chapter", Finding::removed("Musepack", "chapter", Tells::Text)),
            _ => draft.remove_all(packet.span, "packet", trailer::describe("unknown packet", &**source, packet.data)),
        }
    }
    let sound = all.last().map_or(start, |p| p.span.end);
    if sound < end {
        let rest = Span::new(sound, end);
        draft.remove_all(rest, "trailer", trailer::describe("behind the sound", &**source, rest));
    }
    tagged::ape_ends(job, &mut draft, source, (&tags, &end_tags), end)?;
    draft.seal()
}

/// A checksum, a version, two numbers and two bytes, and nothing behind them. [Musepack SV8, "Stream Header"]
fn header(draft: &mut Draft, source: &Shared, packet: &Packet) -> Result<()> {
    let bytes = source.bytes(packet.data, 64)?;
    let len = bytes.get(5..).and_then(number).and_then(|(_, n)| Some(5 + n + number(&bytes[5 + n..])?.1 + 2));
    if bytes.get(4) != Some(&8) || len != Some(bytes.len()) {
        return Err(Refusal::malformed("the header of the stream is not understood", packet.span.start));
    }
    draft.frame(packet.span, "header");
    Ok(())
}

/// A position, loudness values, and a tag without its first letters, of which the title stays. [Musepack SV8, "Chapter-Tag"]
fn chapter(job: &Job, draft: &mut Draft, source: &Shared, packet: &Packet) -> Result<()> {
    let bytes = source.bytes(packet.data, job.limits().block)?;
    let fields = number(&bytes).map(|(_, n)| n + 4).filter(|n| *n <= bytes.len());
    let Some(fields) = fields else {
        draft.remove(packet.span, "chapter", Finding::removed("Musepack", "unreadable chapter", Tells::Text));
        return Ok(());
    };
    let whole = [b"APETAGEX", &bytes[fields..], &[0; 32]].concat();
    let items = ape_tag::items(&whole);
    let is_title = |i: &&Item| i.key.eq_ignore_ascii_case("title") && !i.binary && !job.policy().is_strict();
    let title = items.iter().find(is_title).map(|i| Item { key: "Title".to_owned(), binary: false, value: i.value.clone() });
    let mut data = bytes[..fields].to_vec();
    if !job.keeps(Token::Replaygain) {
        data[fields - 4..].fill(0);
    }
    if let Some(title) = title {
        // It has no footer, and its size counts none.
        let mut tag = ape_tag::tag(&[title]);
        tag.truncate(tag.len() - 32);
        let size = (tag.len() - 32) as u32;
        tag[12..16].copy_from_slice(&size.to_le_bytes());
        data.extend(&tag[8..]);
    }
    // The size counts itself.
    let size = (1..9).find_map(|n| {
        let size = (2 + n + data.len()) as u64;
        let bytes = (0..n).rev().map(|i| (size >> (7 * i)) as u8 & 0x7f | if i > 0 { 0x80 } else { 0 });
        (size >> (7 * n) == 0).then(|| bytes.collect::<Vec<u8>>())
    });
    let size = size.ok_or_else(|| Refusal::limit("a chapter is too long").at(packet.span.start))?;
    let rest = items.iter().filter(|i| !is_title(i));
    let found: Vec<Finding> = rest.map(|i| audio::comment("Musepack", &i.key, &String::from_utf8_lossy(&i.value))).collect();
    let found = if found.is_empty() { vec![Finding::rewritten("Musepack", "tag of a chapter", Tells::Text)] } else { found };
    draft.replace_seen(packet.span, "chapter", Fate::put([b"CT", &size[..], &data].concat()), found);
    Ok(())
}

/// Another walk over the result: packets that are known, an encoder without a name, and at most a small tag.
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut at = 4;
    for packet in packets(job, after, 0, after.len())? {
        let known = [b"SH", b"RG", b"EI", b"SO", b"AP", b"ST", b"CT", b"SE"].contains(&&packet.key);
        let encoder = &packet.key == b"EI" && after.bytes(packet.data, 64)?.iter().any(|b| *b != 0);
        if !known || encoder {
            return Err(Refusal::new(Code::Leftover, "a packet that should be gone is still there").at(packet.span.start));
        }
        at = packet.span.end;
    }
    let rest = source::head(after, at, 8)?;
    if !rest.is_empty() && rest != b"APETAGEX" {
        return Err(Refusal::new(Code::Leftover, "something stands behind the sound").at(at));
    }
    Ok(vec!["second packet walk"])
}
