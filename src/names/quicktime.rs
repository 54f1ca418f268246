//! What boxes of ISO base media and QuickTime files tell.

use crate::finding::{Finding, Tells};
use crate::grammar::bmff::{self, Atom};
use crate::source::Source;

/// Findings for a box that goes; at least one.
pub fn describe(place: &'static str, atom: &Atom, _source: &dyn Source) -> Vec<Finding> {
    let (label, tells) = known(atom.kind);
    let label = label.map_or_else(|| format!("unknown box ({})", atom.label()), str::to_owned);
    vec![Finding::removed(place, label, tells).bytes(atom.span.len())]
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
