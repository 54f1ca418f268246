//! Tracks that record where a camera was, how it moved, whom it saw: positions second by second. Some hide as subtitles.

use super::super::Walk;
use super::tables;
use super::track::Track;
use crate::finding::{Finding, Tells};
use crate::names::telemetry::Points;
use crate::refusal::Result;

/// How many samples are looked at.
const LOOK: usize = 12;
/// The longest subtitle that is read.
const LONGEST: u64 = 4096;

/// Words with which cameras and drones begin their subtitles.
const SIGNS: &[&str] = &[
    "GPS",
    "HOME(",
    "[latitude",
    "[lat",
    "BAROMETER",
    "$GPRMC",
    "$GNRMC",
    "$GPGGA",
    "SrtCnt",
    "PNDM",
    "FrameCnt",
    "[iso",
    "GPSW",
    "abs_alt",
    "F/",
    "rel_alt",
    "Lat:",
    "LAT:",
];

/// What subtitles tell where most of them are telemetry; `None` where they are what they seem.
pub(super) fn in_subtitles(walk: &Walk, track: &Track) -> Result<Option<Vec<Finding>>> {
    let (mut read, mut telling, mut example) = (0, 0, String::new());
    for span in tables::first_samples(walk, track, LOOK)? {
        if span.len() <= 2 || span.len() > LONGEST || span.end > walk.source.len() {
            continue;
        }
        let text = String::from_utf8_lossy(&walk.bytes(span)?[2..]).into_owned();
        read += 1;
        if SIGNS.iter().any(|s| text.contains(s)) && text.chars().filter(char::is_ascii_digit).count() > 3 {
            telling += 1;
            example = text.trim().to_owned();
        }
    }
    if telling * 2 <= read {
        return Ok(None);
    }
    let found = Finding::removed(walk.place, "positions and camera data in subtitles", Tells::Where).value(example);
    Ok(Some(vec![found]))
}

/// The most samples that are read to be told of.
const MOST: usize = 4096;

/// What a track of timed metadata tells.
pub(super) fn describe(walk: &Walk, track: &Track) -> Result<Vec<Finding>> {
    let samples = tables::count(walk, track)?;
    let mut points = Points::default();
    if track.formats.iter().any(|f| matches!(f, b"gpmd" | b"camm")) {
        for span in tables::first_samples(walk, track, MOST)? {
            let bytes = if span.end <= walk.source.len() { walk.bytes(span).unwrap_or_default() } else { Vec::new() };
            match track.formats.first() {
                Some(b"gpmd") => points.gopro(&bytes),
                _ => points.camera_motion(&bytes),
            }
        }
    }
    let label = if samples > 0 { format!("{}: {samples} samples", track.name()) } else { track.name() };
    let keys = keys(walk, track)?;
    // Which moment of a Live Photo its still picture shows: it ties the film to the picture.
    let live = keys.iter().any(|k| k.starts_with("still-image-time"));
    let (label, tells) = if live { ("Live Photo still image time".to_owned(), Tells::Identifier) } else { (label, Tells::Where) };
    let mut found = Finding::removed(walk.place, label, tells);
    if !keys.is_empty() {
        found = found.value(keys.join(", "));
    }
    let seconds = track.seconds(walk)?;
    let mut all = vec![found];
    let mut tell = |label: &'static str, tells, value: Option<&str>| {
        all.extend(value.map(|value| Finding::removed(walk.place, label, tells).value(value)));
    };
    tell("GPS track", Tells::Where, points.say(samples > MOST as u64, seconds).as_deref());
    tell("recorded on", Tells::Device, points.device());
    tell("camera serial number", Tells::Device, points.serial());
    tell("time of the first position", Tells::When, points.when());
    Ok(all)
}

/// The keys that Apple's timed metadata declares, without what they have in common.
fn keys(walk: &Walk, track: &Track) -> Result<Vec<String>> {
    const SIGN: &[u8] = b"com.apple.quicktime.";
    let Some(stsd) = track.tables.first(b"stsd").filter(|a| a.span.len() < 1 << 16) else { return Ok(Vec::new()) };
    let body = walk.bytes(stsd.body())?;
    let name = |at: usize| {
        let rest = body[at + SIGN.len()..].iter();
        rest.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')).map(|b| char::from(*b)).collect()
    };
    Ok(memchr::memmem::find_iter(&body, SIGN).map(name).collect())
}
