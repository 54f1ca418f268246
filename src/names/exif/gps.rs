//! The GPS directory: one position as a person would write it, and the rest beside it. [Exif 2.32 4.6.6]

use super::{Block, GPS};
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::Entry;
use crate::names::values::{degrees, found, fraction, text};

/// Findings for all that the directory tells.
pub(super) fn describe(block: &Block) -> Vec<Finding> {
    let entry = |tag: u16| block.entries().find(|(from, e)| *from == GPS && e.tag == tag).map(|(_, e)| e);
    let letters = |tag: u16| entry(tag).map(|e| text(&block.bytes_of(e))).unwrap_or_default();
    let number = |tag: u16| entry(tag).and_then(|e| fraction(*block.tiff.rationals(e, 1).first()?));
    let position = |latitude: u16, longitude: u16| {
        let part = |tag: u16, usual: &str| {
            let at = degrees(&block.tiff.rationals(entry(tag)?, 3))?;
            let side = letters(tag - 1);
            Some(format!("{at:.5}° {}", if side.is_empty() { usual } else { &side }))
        };
        match (part(latitude, "N?"), part(longitude, "E?")) {
            (None, None) => None,
            (a, b) => Some([a, b].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        }
    };
    let mut out = Vec::new();
    let mut tell = |label: &'static str, tells: Tells, value: Option<String>| {
        out.extend(value.filter(|v| !v.is_empty()).map(|v| found(block.place, label, tells, v)));
    };
    tell("GPS position", Tells::Where, position(2, 4));
    let below = entry(5).is_some_and(|e| block.tiff.numbers(e, 1) == [1]);
    tell(
        "GPS altitude",
        Tells::Where,
        number(6).map(|m| format!("{m:.1} m {} sea level", if below { "below" } else { "above" })),
    );
    tell("GPS date", Tells::When, Some(letters(29)));
    tell("GPS time", Tells::When, entry(7).and_then(|e| time(block, e)));
    tell("GPS direction of view", Tells::Where, number(17).map(|d| format!("{d:.1}°")));
    tell("GPS direction of movement", Tells::Where, number(15).map(|d| format!("{d:.1}°")));
    tell("GPS speed", Tells::Where, number(13).map(|v| format!("{v:.1} {}", letters(12)).trim_end().to_owned()));
    tell("GPS destination", Tells::Where, position(20, 22));
    tell("GPS bearing of destination", Tells::Where, number(24).map(|d| format!("{d:.1}°")));
    tell("GPS error", Tells::Where, number(31).map(|m| format!("{m:.1} m")));
    for (tag, label) in [(27, "GPS method"), (28, "GPS area")] {
        tell(label, Tells::Where, entry(tag).map(|e| block.comment(&block.bytes_of(e))));
    }
    for (tag, label) in [(8, "GPS satellites"), (18, "GPS map datum")] {
        tell(label, Tells::Where, Some(letters(tag)));
    }
    if out.is_empty() && block.entries().any(|(from, e)| from == GPS && e.tag != 0) {
        out.push(Finding::removed(block.place, "GPS data", Tells::Where));
    }
    out
}

/// Hours, minutes and seconds in UTC.
fn time(block: &Block, entry: &Entry) -> Option<String> {
    match block.tiff.rationals(entry, 3).into_iter().map(fraction).collect::<Option<Vec<_>>>()?[..] {
        [h, m, s] => Some(format!("{h:02}:{m:02}:{s:02} UTC")),
        _ => None,
    }
}
