//! What boxes of ISO base media and QuickTime files tell.

use crate::finding::{Finding, Tells};
use crate::grammar::bmff::{self, Atom};
use crate::names::telemetry::Points;
use crate::source::Source;

/// How much of a box is read to name what is in it.
const MOST: u64 = 1 << 20;
/// The longest value that is told.
const LONGEST: usize = 200;

/// Findings for a box that goes; at least one.
pub fn describe(place: &'static str, atom: &Atom, source: &dyn Source) -> Vec<Finding> {
    let (label, tells) = known(atom.kind);
    let label = label.map_or_else(|| format!("unknown box ({})", atom.label()), str::to_owned);
    let whole = Finding::removed(place, label, tells).bytes(atom.span.len());
    let Ok(body) = source.bytes(atom.body(), MOST) else { return vec![whole] };
    let found = match &atom.kind {
        b"udta" => children(&body).flat_map(|(kind, body)| entry(place, kind, body)).collect(),
        b"meta" => list(place, &body),
        b"ilst" => items(place, &body, &[]),
        b"uuid" => private(place, &body),
        b"free" | b"skip" | b"wide" if body.iter().all(|b| *b == 0) => Vec::new(),
        kind => entry(place, *kind, &body).into_iter().filter(|f| !f.label.starts_with("unknown")).collect(),
    };
    if found.is_empty() { vec![whole] } else { found }
}

/// The boxes in `bytes`, as far as they can be read.
fn children(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = *rest.get(4..)?.first_chunk()?;
        let body = rest.get(8..size)?;
        rest = &rest[size..];
        Some((kind, body))
    })
}

/// An entry of user data.
fn entry(place: &'static str, kind: [u8; 4], body: &[u8]) -> Vec<Finding> {
    let tell = |label: &str, tells, value: String| {
        let found = Finding::removed(place, label.to_owned(), tells).bytes(body.len() as u64 + 8);
        vec![if value.is_empty() { found } else { found.value(value) }]
    };
    if &kind == b"meta" {
        return list(place, body);
    }
    if &kind == b"XMP_" {
        return crate::names::xmp::describe("XMP", body);
    }
    if &kind == b"GPMF" {
        return camera(place, body);
    }
    if children(body).any(|(k, _)| &k == b"data") {
        return items(place, &bmff::boxed(&kind, body), &[]);
    }
    match meaning(kind) {
        // QuickTime's text: length and language, then text, once for each language.
        Some((label, tells)) if kind[0] == 0xa9 => tell(label, tells, text(body.get(4..).unwrap_or_default())),
        // 3GPP's: version, flags and language come first.
        Some((label, tells)) => tell(label, tells, text(body.get(6..).unwrap_or_default())),
        None => {
            let (label, tells) = known(kind);
            tell(label.unwrap_or(&format!("unknown user data ({})", bmff::print(kind))), tells, String::new())
        }
    }
}

/// What a GoPro writes of itself.
fn camera(place: &'static str, body: &[u8]) -> Vec<Finding> {
    let mut points = Points::default();
    points.gopro(body);
    let tell = |label: &'static str, value: Option<&str>| value.map(|v| Finding::removed(place, label, Tells::Device).value(v));
    let told = [tell("recorded on", points.device()), tell("camera serial number", points.serial())];
    let settings = Finding::removed(place, "settings of the camera", Tells::Device).bytes(body.len() as u64 + 8);
    told.into_iter().flatten().chain([settings]).collect()
}

/// A `meta` box: the list of iTunes, or keys and values. [QTFF, metadata]
fn list(place: &'static str, body: &[u8]) -> Vec<Finding> {
    let body = if body.get(4..8) == Some(b"hdlr") { body } else { body.get(4..).unwrap_or_default() };
    let keys: Vec<String> = children(body)
        .filter(|(kind, _)| kind == b"keys")
        .flat_map(|(_, keys)| children(keys.get(8..).unwrap_or_default()).map(|(_, name)| text(name)).collect::<Vec<String>>())
        .collect();
    children(body).filter(|(kind, _)| kind == b"ilst").flat_map(|(_, items_of)| items(place, items_of, &keys)).collect()
}

/// The items of a list; their types are names, or numbers of keys.
fn items(place: &'static str, bytes: &[u8], keys: &[String]) -> Vec<Finding> {
    let mut out = Vec::new();
    for (kind, body) in children(bytes) {
        let key = keys.get((u32::from_be_bytes(kind) as usize).wrapping_sub(1));
        let name = children(body).find(|(k, _)| k == b"name").map(|(_, n)| text(n.get(4..).unwrap_or_default()));
        let (label, tells) = match (key, &name, meaning(kind)) {
            (Some(key), _, _) => key_meaning(key),
            (_, Some(name), _) => (name.clone(), Tells::Identifier),
            (_, _, Some((label, tells))) => (label.to_owned(), tells),
            _ => (format!("unknown entry ({})", bmff::print(kind)), Tells::Unknown),
        };
        let data = children(body).find(|(k, _)| k == b"data").map(|(_, d)| d).unwrap_or_default();
        let value = match data.get(..4) {
            Some([0, 0, 0, 1]) => text(&data[8.min(data.len())..]),
            Some([0, 0, 0, 21]) if data.len() <= 16 => {
                data[8.min(data.len())..].iter().fold(0u64, |n, b| n << 8 | u64::from(*b)).to_string()
            }
            _ => String::new(),
        };
        let found = Finding::removed(place, label, tells).bytes(body.len() as u64 + 8);
        out.push(if value.is_empty() { found } else { found.value(value) });
    }
    out
}

/// A `uuid` box, by its sixteen bytes.
fn private(place: &'static str, body: &[u8]) -> Vec<Finding> {
    match body.get(..4) {
        Some([0xbe, 0x7a, 0xcf, 0xcb]) => crate::names::xmp::describe("XMP", body.get(16..).unwrap_or_default()),
        Some([0xd8, 0xfe, 0xc3, 0xd6]) => {
            vec![Finding::removed(place, "content credentials", Tells::History).bytes(body.len() as u64)]
        }
        _ => Vec::new(),
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()).min(LONGEST);
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

/// What an entry of user data or of iTunes' list means.
fn meaning(kind: [u8; 4]) -> Option<(&'static str, Tells)> {
    Some(match &kind {
        b"\xa9xyz" | b"loci" => ("GPS position", Tells::Where),
        b"\xa9mak" | b"manu" => ("camera maker", Tells::Device),
        b"\xa9mod" | b"modl" => ("camera model", Tells::Device),
        b"\xa9swr" | b"\xa9too" | b"\xa9enc" | b"FIRM" => ("software", Tells::Software),
        b"\xa9day" | b"yrrc" | b"\xa9TIM" => ("date", Tells::When),
        b"\xa9nam" | b"titl" | b"sonm" => ("title", Tells::Text),
        b"\xa9ART" | b"aART" | b"perf" | b"soar" | b"soaa" => ("artist", Tells::Who),
        b"\xa9aut" | b"auth" | b"\xa9wrt" | b"\xa9dir" | b"\xa9prd" | b"soco" => ("author", Tells::Who),
        b"\xa9cpy" | b"cprt" => ("copyright", Tells::Who),
        b"\xa9alb" | b"albm" | b"soal" => ("album", Tells::Text),
        b"\xa9cmt" | b"\xa9des" | b"\xa9inf" | b"desc" | b"ldes" | b"dscp" => ("description", Tells::Text),
        b"\xa9gen" | b"gnre" => ("genre", Tells::Text),
        b"\xa9lyr" => ("lyrics", Tells::Text),
        b"\xa9grp" | b"keyw" | b"kywd" | b"catg" => ("keywords", Tells::Text),
        b"apID" | b"ownr" => ("purchase account", Tells::Who),
        b"purd" => ("date of purchase", Tells::When),
        b"cnID" | b"atID" | b"plID" | b"geID" | b"cmID" | b"akID" | b"sfID" | b"xid " => ("shop identifier", Tells::Identifier),
        b"CAME" | b"MUID" => ("camera identifier", Tells::Identifier),
        b"covr" | b"thmb" | b"CNTH" => ("cover or thumbnail picture", Tells::Preview),
        b"name" => ("track name", Tells::Text),
        _ => return None,
    })
}

/// What a key of QuickTime's metadata means.
fn key_meaning(key: &str) -> (String, Tells) {
    let tells = match key.rsplit('.').next().unwrap_or(key) {
        "ISO6709" | "name" | "body" | "note" | "facing" if key.contains("location") => Tells::Where,
        _ if key.contains("location") => Tells::Where,
        "make" | "model" | "manufacturer" => Tells::Device,
        "creationdate" | "date" => Tells::When,
        "identifier" => Tells::Identifier,
        "author" | "artist" => Tells::Who,
        "software" | "version" => Tells::Software,
        _ => Tells::Text,
    };
    let label = match key {
        "com.apple.quicktime.location.ISO6709" => "GPS position",
        "com.apple.quicktime.make" | "com.android.manufacturer" => "camera maker",
        "com.apple.quicktime.model" | "com.android.model" => "camera model",
        "com.apple.quicktime.software" => "software",
        "com.apple.quicktime.creationdate" => "creation time with zone",
        "com.apple.quicktime.content.identifier" => "Live Photo identifier",
        _ => return (format!("metadata {key}"), tells),
    };
    (label.to_owned(), tells)
}

fn known(kind: [u8; 4]) -> (Option<&'static str>, Tells) {
    let (label, tells) = match &kind {
        b"free" | b"skip" | b"wide" | b"junk" => ("free space", Tells::Hidden),
        b"uuid" => ("private box", Tells::Unknown),
        b"udta" => ("user data", Tells::Text),
        b"meta" => ("metadata", Tells::Text),
        b"mpvd" => ("video of a motion photo", Tells::Hidden),
        b"sefd" => ("Samsung trailer", Tells::Hidden),
        b"pnot" | b"PICT" | b"pict" | b"thum" | b"thm " | b"_htc" => ("preview", Tells::Preview),
        b"prft" => ("time of recording of a fragment", Tells::When),
        b"emsg" => ("event message", Tells::Hidden),
        b"xml " | b"bxml" => ("XML metadata", Tells::Text),
        b"iods" => ("object descriptor", Tells::Software),
        b"gps0" | b"GPS " | b"gsen" => ("GPS and sensor data", Tells::Where),
        b"jumb" => ("content credentials", Tells::History),
        b"SEAL" => ("signature", Tells::Identifier),
        _ => return (None, Tells::Unknown),
    };
    (Some(label), tells)
}

/// The finding for a property of a picture that goes.
pub fn property(place: &'static str, atom: &Atom, _source: &dyn Source) -> Finding {
    let (label, tells) = match &atom.kind {
        b"udes" => ("description of a picture", Tells::Text),
        b"altt" => ("alternative text of a picture", Tells::Text),
        b"crtt" => ("creation time of a picture", Tells::When),
        b"mdft" => ("modification time of a picture", Tells::When),
        b"itai" | b"taic" => ("clock time of a picture", Tells::When),
        b"cmin" | b"cmex" => ("camera position", Tells::Where),
        b"free" | b"skip" => ("free space", Tells::Hidden),
        _ => {
            let label = format!("unknown property ({})", bmff::print(atom.kind));
            return Finding::removed(place, label, Tells::Unknown).bytes(atom.span.len());
        }
    };
    Finding::removed(place, label, tells).bytes(atom.span.len())
}

/// The finding for an auxiliary picture that goes, by its name.
pub fn auxiliary(place: &'static str, name: &str) -> Finding {
    let kind = match name {
        "urn:mpeg:hevc:2015:auxid:2" | "urn:mpeg:mpegB:cicp:systems:auxiliary:depth" => "depth map",
        "urn:com:apple:photo:2020:aux:hdrgainmap" => "HDR gain map",
        "urn:com:apple:photo:2018:aux:portraiteffectsmatte" => "portrait matte",
        _ if name.contains("matte") => "matte of a part of a body",
        _ if name.contains("depth") || name.contains("disparity") => "depth map",
        _ => "auxiliary picture",
    };
    Finding::removed(place, kind, Tells::Hidden).value(name)
}

/// The finding for an item that is no picture and goes.
pub fn item(place: &'static str, kind: [u8; 4], about: &str, name: &str) -> Finding {
    let (label, tells) = match &kind {
        b"jumb" => ("content credentials".to_owned(), Tells::History),
        b"mime" | b"uri " if !about.is_empty() => (format!("data item ({about})"), Tells::Hidden),
        _ => (format!("data item ({})", bmff::print(kind)), Tells::Hidden),
    };
    let found = Finding::removed(place, label, tells);
    if name.is_empty() { found } else { found.value(name) }
}

/// Seconds since 1904 as a date. [ISO/IEC 14496-12 8.2.2]
pub fn time(seconds: u64) -> String {
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Days of the proleptic Gregorian calendar, counted from 1 March of year 0.
    let z = days.saturating_sub(24_107).saturating_add(719_468);
    let era = z.div_euclid(146_097);
    let day = z.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02} {:02}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
}

/// What a person would call a track of this handler and these formats.
pub fn track(handler: [u8; 4], formats: &[[u8; 4]]) -> String {
    let known = formats.iter().find_map(|f| {
        Some(match f {
            b"gpmd" => "GoPro telemetry with positions",
            b"fdsc" => "GoPro file description",
            b"camm" => "camera motion and positions",
            b"mebx" => "Apple timed metadata",
            b"rtmd" => "Sony camera data",
            b"djmd" | b"dbgi" => "DJI telemetry",
            b"CTMD" => "Canon camera data",
            b"mett" | b"metx" | b"urim" => "timed metadata",
            _ => return None,
        })
    });
    known.map_or_else(|| format!("timed metadata track ({})", bmff::print(handler)), str::to_owned)
}
