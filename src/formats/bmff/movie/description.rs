//! Sample descriptions: which codec, how large, how many channels. The names of encoders and vendors in them go; of the boxes
//! inside, those that a decoder or a screen needs stay. [ISO/IEC 14496-12 8.5.2, 12; QuickTime File Format, sample descriptions]

use super::super::messages::Units;
use super::super::{Walk, codec, step_name};
use super::tables::Packing;
use super::track::Track;
use super::user;
use crate::blocks::dv;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::{Atom, Atoms};
use crate::plan::Fate;
use crate::refusal::Result;
use crate::source::Span;

/// The entries of `stsd`.
pub(super) fn entries(walk: &Walk, stsd: &Atom) -> Result<Atoms> {
    walk.children(Span::new((stsd.full_body().start + 4).min(stsd.span.end), stsd.span.end))
}

/// Boxes in a sample description that say how to decode or show.
const NEEDED: &[&[u8; 4]] = &[
    b"avcC", b"vvcC", b"evcC", b"av1C", b"vpcC", b"vvnC", b"esds", b"dvcC", b"dvvC", b"dvwC", b"hvcE", b"avcE", b"mvcC", b"mdcv",
    b"clli", b"SmDm", b"CoLL", b"pasp", b"clap", b"fiel", b"gama", b"btrt", b"cpal", b"cdef", b"ctab", b"st3d", b"vexu", b"hfov",
    b"chan", b"chnl", b"frma", b"enda", b"alac", b"dac3", b"dec3", b"dac4", b"dmlp", b"ddts", b"udts", b"dOps", b"pcmC", b"SA3D",
    b"srat", b"mhaC", b"mhaP", b"iacb", b"jpgC", b"uncC", b"cmpd", b"ccst", b"auxi", b"amve", b"cclv", b"reve", b"ftab", b"vttC",
    b"glbl", b"SMI ", b"ACLR", b"APRG", b"ARES", b"ADHR", b"mp4a", b"QDCA", b"QDM2", b"QDCP", b"m4ds", b"txtC", b"mime", b"wlvC",
    b"dmix", b"udex", b"lac4", b"imsC", b"vlib",
];
/// Names of compressors by which decoders know a variant of a codec.
const VARIANTS: &[&[u8]] = &[b"\x19Planar Y'CbCr 8-bit 4:2:0", b"\x0dSorenson H263"];

/// How long the fixed part of a description is, counted in its body.
fn fixed(walk: &Walk, track: &Track, stsd: &Atom, entry: &Atom) -> Result<u64> {
    let mut body = Cursor::new(&**walk.source, Span::new(entry.body().start + 8, entry.span.end));
    Ok(match &track.handler {
        b"vide" | b"pict" | b"auxv" => {
            body.skip(66)?;
            let depth = body.u16_be()? & 0x1f;
            // A palette of QuickTime's follows where its number is zero.
            let palette = body.u16_be()? == 0 && matches!(depth, 1 | 2 | 4 | 8) && body.left() >= 8;
            if palette && body.u32_be()? == 0 {
                body.skip(2)?;
                let last = u64::from(body.u16_be()?);
                78 + 8 + (last + 1) * 8
            } else {
                78
            }
        }
        b"soun" => {
            let described = Cursor::new(&**walk.source, stsd.body()).u8()?;
            match body.u16_be()? {
                1 if described == 0 => 28 + 16,
                2 if described == 0 => 28 + 36,
                _ => 28,
            }
        }
        _ => match &entry.kind {
            b"tx3g" => 38,
            b"wvtt" | b"mp4s" => 8,
            _ => entry.body().len(),
        },
    }
    .min(entry.body().len()))
}

/// Writes `stsd` anew.
pub(super) fn write(walk: &mut Walk, track: &Track, stsd: &Atom) -> Result<()> {
    let list = entries(walk, stsd)?;
    let count = Cursor::new(&**walk.source, stsd.full_body()).u32_be()?;
    if list.list.len() != count as usize {
        return Err(track.refuse("the sample descriptions are not as many as they say"));
    }
    if let Some(entry) = list.list.iter().find(|e| dv::is_dv(&e.kind)) {
        return Err(dv::refusal(entry.span.start));
    }
    walk.open_full(stsd);
    walk.draft.frame(Span::new(stsd.full_body().start, stsd.full_body().start + 4), "stsd");
    for entry in &list.list {
        let length = fixed(walk, track, stsd, entry)?;
        let start = entry.body().start;
        walk.open(entry);
        match &track.handler {
            b"vide" | b"pict" | b"auxv" if length >= 78 => picture(walk, start),
            b"soun" if length >= 28 => sound(walk, start),
            _ => walk.draft.frame(Span::new(start, start + length.min(8)), "stsd"),
        }
        let done = match &track.handler {
            b"vide" | b"pict" | b"auxv" if length >= 78 => 78,
            b"soun" if length >= 28 => 28,
            _ => length.min(8),
        };
        walk.draft.frame(Span::new(start + done, start + length), "stsd");
        inside(walk, Span::new(start + length, entry.span.end), 0)?;
    }
    walk.remove_tail(list.tail)
}

/// The fixed part of a visual description: without vendor, quality and the name of the compressor.
fn picture(walk: &mut Walk, start: u64) {
    walk.draft.frame(Span::new(start, start + 8), "stsd");
    blank(walk, Span::new(start + 8, start + 24), "codec vendor");
    walk.draft.frame(Span::new(start + 24, start + 42), "stsd");
    let name = Span::new(start + 42, start + 74);
    let text = walk.bytes(name).unwrap_or_default();
    if VARIANTS.iter().any(|v| text.starts_with(v)) {
        walk.draft.frame(name, "stsd");
    } else {
        blank(walk, name, "compressor name");
    }
    walk.draft.frame(Span::new(start + 74, start + 78), "stsd");
}

/// The fixed part of a sound description, without revision and vendor.
fn sound(walk: &mut Walk, start: u64) {
    walk.draft.frame(Span::new(start, start + 10), "stsd");
    blank(walk, Span::new(start + 10, start + 16), "codec vendor");
    walk.draft.frame(Span::new(start + 16, start + 28), "stsd");
}

fn blank(walk: &mut Walk, span: Span, label: &'static str) {
    let bytes = walk.bytes(span).unwrap_or_default();
    let text: String = bytes.iter().filter(|b| (0x20..0x7f).contains(*b)).map(|b| char::from(*b)).collect();
    let found = Finding::blanked(walk.place, label, Tells::Software);
    walk.draft.blank(span, label, if text.trim().is_empty() { found } else { found.value(text.trim()) });
}

/// The boxes behind the fixed part, and those in `wave`.
fn inside(walk: &mut Walk, span: Span, depth: u8) -> Result<()> {
    let boxes = walk.children(span)?;
    for atom in &boxes.list {
        match &atom.kind {
            b"wave" if depth < 2 => {
                walk.open(atom);
                inside(walk, atom.body(), depth + 1)?;
            }
            b"colr" | b"hvcC" | b"lhvC" | b"dfLa" => {
                let body = walk.bytes(atom.body())?;
                match codec::config(walk.place, atom.kind, &body)? {
                    codec::Config::Keep => walk.keep(atom),
                    codec::Config::Drop(found) => walk.draft.remove(atom.span, step_name(atom.kind), found),
                    codec::Config::Fresh(fresh, found) => {
                        walk.open(atom);
                        walk.draft.replace(atom.body(), step_name(atom.kind), Fate::put(fresh), vec![found]);
                    }
                }
            }
            // A vendor code and the version of its decoder come first. [3GPP TS 26.244 6.5, 6.8]
            b"damr" | b"d263" | b"dqcp" | b"devc" | b"dsmv" if atom.body().len() >= 5 => {
                let start = atom.body().start;
                walk.open(atom);
                blank(walk, Span::new(start, start + 5), "codec vendor");
                walk.draft.frame(Span::new(start + 5, atom.span.end), "stsd");
            }
            b"sv3d" => user::projection(walk, atom)?,
            b"sinf" => return Err(codec::encrypted(atom.span.start)),
            // The end of a list, in QuickTime's `wave`.
            [0, 0, 0, 0] if atom.span.len() == 8 => walk.keep(atom),
            kind if NEEDED.contains(&kind) => walk.keep(atom),
            _ => walk.remove(atom),
        }
    }
    // A list may end with a terminator of four zeros, and decoders look for it.
    let zeros = boxes.tail.len() <= 4 && walk.bytes(boxes.tail)?.iter().all(|b| *b == 0);
    if zeros {
        walk.draft.frame(boxes.tail, "stsd");
        return Ok(());
    }
    walk.remove_tail(boxes.tail)
}

/// The name of the kind of auxiliary picture that a track shows.
pub(super) fn auxiliary(walk: &Walk, track: &Track) -> Result<String> {
    let Some(stsd) = track.tables.first(b"stsd") else { return Ok(String::new()) };
    for entry in &entries(walk, &stsd)?.list {
        let start = entry.body().start + fixed(walk, track, &stsd, entry)?;
        if let Some(auxi) = walk.children(Span::new(start, entry.span.end))?.first(b"auxi") {
            let text = walk.bytes(auxi.full_body())?;
            return Ok(String::from_utf8_lossy(&text).trim_matches('\0').to_owned());
        }
    }
    Ok(String::new())
}

/// How the samples of a video track are divided into units; `None` where its codec has none that are known here.
pub(super) fn units(walk: &Walk, track: &Track) -> Result<Option<Units>> {
    let Some(stsd) = track.tables.first(b"stsd") else { return Ok(None) };
    if &track.handler != b"vide" {
        return Ok(None);
    }
    for entry in &entries(walk, &stsd)?.list {
        let start = entry.body().start + fixed(walk, track, &stsd, entry)?;
        for atom in &walk.children(Span::new(start, entry.span.end))?.list {
            if matches!(&atom.kind, b"avcC" | b"hvcC") {
                return Ok(Units::of(atom.kind, &walk.bytes(atom.body())?));
            }
        }
    }
    Ok(None)
}

/// How sound lies in its chunks where sizes of samples do not say it: uncompressed sound, and packets of QuickTime's.
pub(super) fn packing(walk: &Walk, track: &Track) -> Result<Option<Packing>> {
    if &track.handler != b"soun" || !one_sample_at_a_time(walk, track)? {
        return Ok(None);
    }
    let Some(stsd) = track.tables.first(b"stsd") else { return Ok(None) };
    let list = entries(walk, &stsd)?.list;
    let Some(entry) = list.first() else { return Ok(None) };
    let mut body = Cursor::new(&**walk.source, entry.body());
    body.skip(8)?;
    let version = body.u16_be()?;
    body.skip(6)?;
    let (channels, bits) = (u64::from(body.u16_be()?), u64::from(body.u16_be()?));
    body.skip(8)?;
    let described = Cursor::new(&**walk.source, stsd.body()).u8()?;
    if described == 0 && version == 1 && body.left() >= 16 {
        let samples = u64::from(body.u32_be()?);
        body.skip(4)?;
        let bytes = u64::from(body.u32_be()?);
        if samples > 0 && bytes > 0 {
            return Ok(Some(Packing { samples, bytes }));
        }
    }
    if described == 0 && version == 2 && body.left() >= 36 {
        body.skip(28)?;
        let (bytes, samples) = (u64::from(body.u32_be()?), u64::from(body.u32_be()?));
        return Ok((samples > 0 && bytes > 0).then_some(Packing { samples, bytes }));
    }
    let width = match &entry.kind {
        b"raw " | b"twos" | b"sowt" | b"NONE" => bits / 8,
        b"in24" => 3,
        b"in32" | b"fl32" => 4,
        b"fl64" => 8,
        b"alaw" | b"ulaw" => 1,
        _ => return Ok(None),
    };
    Ok((width > 0 && channels > 0).then_some(Packing { samples: 1, bytes: width * channels }))
}

/// Whether every sample lasts one unit of time, and all have one size: sound that is counted sample by sample.
fn one_sample_at_a_time(walk: &Walk, track: &Track) -> Result<bool> {
    let Some(stts) = track.tables.first(b"stts") else { return Ok(false) };
    let mut cursor = Cursor::new(&**walk.source, stts.full_body());
    if cursor.u32_be()? != 1 {
        return Ok(false);
    }
    cursor.skip(4)?;
    Ok(cursor.u32_be()? == 1)
}
