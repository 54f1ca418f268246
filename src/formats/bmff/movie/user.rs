//! User data: titles, places, owners, devices. All of it goes but for the little that players show or need: cover art, chapter
//! marks, the numbers for gapless playback, loudness, roles of tracks, and how to wrap a sphere.

use std::collections::BTreeSet;

use super::super::Walk;
use super::super::step_name;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::plan::Fate;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::{Span, Window};

/// Google's mark of a spherical track. [Spherical Video RFC, version 1]
const SPHERICAL: [u8; 16] = [0xff, 0xcc, 0x82, 0x63, 0xf8, 0x55, 0x4a, 0x93, 0x88, 0x14, 0x58, 0x7a, 0x02, 0x52, 0x1f, 0xdd];

/// Writes `udta`.
pub(super) fn write(walk: &mut Walk, udta: &Atom) -> Result<()> {
    // User data that cannot be read has nothing in it that must stay.
    let Ok(boxes) = walk.children(udta.body()) else {
        walk.remove(udta);
        return Ok(());
    };
    let mut kept = BTreeSet::new();
    for atom in &boxes.list {
        if is_needed(walk, atom)? {
            kept.insert(atom.span.start);
        }
    }
    if kept.is_empty() {
        walk.remove(udta);
        return Ok(());
    }
    walk.open(udta);
    for atom in &boxes.list {
        match &atom.kind {
            _ if !kept.contains(&atom.span.start) => walk.remove(atom),
            b"meta" => list(walk, atom)?,
            b"chpl" => chapters(walk, atom)?,
            _ => walk.keep(atom),
        }
    }
    if boxes.tail.is_empty() {
        return Ok(());
    }
    walk.remove_tail(boxes.tail)
}

fn is_needed(walk: &Walk, atom: &Atom) -> Result<bool> {
    let keeps = |token| walk.job.keeps(token);
    Ok(match &atom.kind {
        b"chpl" => keeps(Token::Chapters) && atom.body().len() <= super::super::SMALL,
        b"kind" | b"tagc" | b"tsel" => true,
        b"ludt" => keeps(Token::Replaygain),
        b"meta" => match items(walk, atom) {
            Ok(Some(items)) => items.list.iter().any(|i| is_shown(walk, i)),
            _ => false,
        },
        _ => false,
    })
}

/// The list of iTunes in a `meta` box.
fn items(walk: &Walk, meta: &Atom) -> Result<Option<crate::grammar::bmff::Atoms>> {
    let Some(ilst) = walk.children(meta.full_body())?.first(b"ilst") else { return Ok(None) };
    Ok(Some(walk.children(ilst.body())?))
}

fn is_shown(walk: &Walk, item: &Atom) -> bool {
    match &item.kind {
        b"covr" => walk.job.keeps(Token::CoverArt) && pictures(walk, item).is_ok_and(|p| p.iter().any(|(_, m)| m.is_some())),
        b"----" => is_gapless(walk, item).unwrap_or(false),
        _ => false,
    }
}

/// Writes the list: the pictures, and the numbers for gapless playback.
fn list(walk: &mut Walk, meta: &Atom) -> Result<()> {
    let boxes = walk.children(meta.full_body())?;
    walk.open_full(meta);
    for atom in &boxes.list {
        match &atom.kind {
            b"hdlr" => walk.handler(atom)?,
            b"ilst" => {
                walk.open(atom);
                let items = walk.children(atom.body())?;
                for item in &items.list {
                    match &item.kind {
                        _ if !is_shown(walk, item) => walk.remove(item),
                        b"covr" => cover(walk, item)?,
                        _ => walk.keep(item),
                    }
                }
                walk.remove_tail(items.tail)?;
            }
            _ => walk.remove(atom),
        }
    }
    walk.remove_tail(boxes.tail)
}

/// The pictures of a cover, each cleaned; `None` where one cannot be.
fn pictures(walk: &Walk, covr: &Atom) -> Result<Vec<(Atom, Option<Member>)>> {
    let mut out = Vec::new();
    for data in walk.children(covr.body())?.list {
        let picture = picture(&data);
        let member = match data.is(b"data") && !picture.is_empty() {
            true => walk.job.member("cover art", &Window::shared(walk.source, picture)).ok(),
            false => None,
        };
        out.push((data, member.filter(|m| !matches!(m, Member::Unknown(_)))));
    }
    Ok(out)
}

/// A picture comes after the type of the data and its language.
fn picture(data: &Atom) -> Span {
    Span::new((data.body().start + 8).min(data.span.end), data.span.end)
}

fn cover(walk: &mut Walk, covr: &Atom) -> Result<()> {
    let pictures = pictures(walk, covr)?;
    walk.open(covr);
    for (data, member) in pictures {
        let (cleaned, bytes) = match &member {
            Some(Member::Same(cleaned)) => (cleaned, None),
            Some(Member::Changed(cleaned)) => (cleaned, Some(cleaned.bytes())),
            _ => {
                let found = Finding::removed(walk.place, "cover art that could not be cleaned", Tells::Hidden);
                walk.draft.remove(data.span, "covr", found);
                continue;
            }
        };
        walk.open(&data);
        walk.draft.frame(Span::new(data.body().start, picture(&data).start), "data");
        walk.draft.member(picture(&data), "cover art", bytes);
        walk.draft.adopt("cover art", cleaned);
        walk.draft.note(Finding::kept(walk.place, "cover art", Tells::Rendering, "players show it; --drop cover-art removes it"));
    }
    let tail = walk.children(covr.body())?.tail;
    walk.remove_tail(tail)
}

/// `iTunSMPB`: numbers of samples to skip, as hexadecimal digits and nothing else.
fn is_gapless(walk: &Walk, item: &Atom) -> Result<bool> {
    let boxes = walk.children(item.body())?;
    let text = |kind: &[u8; 4], skip: u64| -> Result<Vec<u8>> {
        let found = boxes.only(kind)?.map(|a| Span::new((a.body().start + skip).min(a.span.end), a.span.end));
        found.map_or(Ok(Vec::new()), |span| walk.bytes(span))
    };
    let [mean, name, data] = [text(b"mean", 4)?, text(b"name", 4)?, text(b"data", 8)?];
    let plain = data.iter().all(|b| matches!(b, b' ' | b'0'..=b'9' | b'A'..=b'F')) && data.len() <= 160;
    Ok(boxes.list.len() == 3 && boxes.tail.is_empty() && mean == b"com.apple.iTunes" && name == b"iTunSMPB" && plain)
}

/// `chpl`: times and titles of chapters; under a strict policy the titles only count. [Nero]
fn chapters(walk: &mut Walk, chpl: &Atom) -> Result<()> {
    if !walk.job.policy().is_strict() {
        walk.keep(chpl);
        return Ok(());
    }
    let body = walk.bytes(chpl.body())?;
    let start = if body.first().is_some_and(|v| *v > 0) { 9 } else { 5 };
    let mut fresh = body.get(..start).unwrap_or_default().to_vec();
    let (mut at, mut number) = (start, 1);
    while let Some([time @ .., length]) = body.get(at..at + 9) {
        fresh.extend(time);
        let title = format!("Chapter {number}");
        fresh.push(title.len() as u8);
        fresh.extend(title.bytes());
        at += 9 + usize::from(*length);
        number += 1;
    }
    walk.open(chpl);
    let found = Finding::rewritten(walk.place, "chapter titles", Tells::Text);
    walk.draft.replace(chpl.body(), "chpl", Fate::put(fresh), vec![found]);
    Ok(())
}

/// A `uuid` box of a track: how a sphere is wrapped stays, as a packet with only that; others go.
pub(super) fn spherical(walk: &mut Walk, atom: &Atom) -> Result<()> {
    let body = if atom.body().len() <= super::super::SMALL { walk.bytes(atom.body())? } else { Vec::new() };
    if !body.starts_with(&SPHERICAL) || !walk.job.keeps(Token::Panorama) {
        walk.remove(atom);
        return Ok(());
    }
    let text = String::from_utf8_lossy(&body[16..]);
    let mut fields = String::new();
    for name in [
        "Spherical",
        "Stitched",
        "ProjectionType",
        "StereoMode",
        "FullPanoWidthPixels",
        "FullPanoHeightPixels",
        "CroppedAreaImageWidthPixels",
        "CroppedAreaImageHeightPixels",
        "CroppedAreaLeftPixels",
        "CroppedAreaTopPixels",
    ] {
        let value = text.split_once(&format!("<GSpherical:{name}>")).and_then(|(_, rest)| Some(rest.split_once('<')?.0));
        if let Some(value) =
            value.map(str::trim).filter(|v| v.len() < 24 && v.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        {
            fields += &format!("<GSpherical:{name}>{value}</GSpherical:{name}>");
        }
    }
    let packet = format!(
        "<rdf:SphericalVideo xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns:GSpherical=\"http://ns.google.com/videos/1.0/spherical/\">{fields}</rdf:SphericalVideo>"
    );
    let found = Finding::rewritten(walk.place, "spherical video description", Tells::Software);
    walk.open(atom);
    walk.draft.replace(atom.body(), "uuid", Fate::put([&SPHERICAL[..], packet.as_bytes()].concat()), vec![found]);
    Ok(())
}

/// `sv3d`: the projection stays, the name of the program does not. [Spherical Video V2 RFC]
pub(super) fn projection(walk: &mut Walk, sv3d: &Atom) -> Result<()> {
    let boxes = walk.children(sv3d.body())?;
    walk.open(sv3d);
    for atom in &boxes.list {
        match &atom.kind {
            b"svhd" => {
                walk.open(atom);
                let found = Finding::rewritten(walk.place, "program that made the sphere", Tells::Software);
                walk.draft.replace(atom.body(), step_name(atom.kind), Fate::put([0; 5]), vec![found]);
            }
            b"proj" => walk.keep(atom),
            _ => walk.remove(atom),
        }
    }
    walk.remove_tail(boxes.tail)
}
