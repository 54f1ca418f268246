//! What an ICC profile tells besides its colours: the description, the copyright, the device it was made for and by which
//! program, when; and what makers add for themselves. Only what [`crate::blocks::icc::neutral`] takes away is named.

use crate::blocks::icc;
use crate::finding::{Finding, Tells};
use crate::names::values::{found, hex, list, text};

/// Findings for all that it tells, each as removed; at least one. `place` is the name of the block: "ICC profile".
pub fn describe(place: &'static str, profile: &[u8]) -> Vec<Finding> {
    let mut out = if icc::is_profile(profile) { read(place, profile) } else { Vec::new() };
    if out.is_empty() {
        let label = if icc::is_profile(profile) { "layout of the colour profile" } else { "colour profile (unreadable)" };
        out.push(Finding::removed(place, label, Tells::Unknown));
    }
    out.truncate(40);
    out[0].bytes = profile.len() as u64;
    out
}

fn read(place: &'static str, profile: &[u8]) -> Vec<Finding> {
    let personal = icc::is_personal(profile);
    // A name that many profiles share is no clue; the name of somebody's display is.
    let named = if personal { Tells::Device } else { Tells::Text };
    let after = icc::neutral(profile).ok().flatten().unwrap_or_default();
    let tag_text = |sig: &[u8; 4]| icc::tag(profile, sig).and_then(icc::text).map(|t| t.trim().to_owned());
    let mut out = Vec::new();
    let mut tell = |label: &'static str, tells: Tells, value: Option<String>| {
        out.extend(value.filter(|v| !v.is_empty()).map(|v| found(place, label, tells, v)));
    };
    let kept = |sig: &[u8; 4]| icc::tag(&after, sig).and_then(icc::text);
    tell("profile description", named, tag_text(b"desc").filter(|t| Some(t) != kept(b"desc").as_ref()));
    tell("profile copyright", Tells::Text, tag_text(b"cprt").filter(|t| Some(t) != kept(b"cprt").as_ref()));
    tell("device maker", named, tag_text(b"dmnd"));
    tell("device model", named, tag_text(b"dmdd"));
    tell("viewing conditions", Tells::Text, tag_text(b"vued"));
    tell("profile date", Tells::When, date(&profile[24..36]));
    for (from, label, tells) in [
        (4, "colour management module", Tells::Software),
        (40, "platform", Tells::Software),
        (48, "device maker code", Tells::Device),
        (52, "device model code", Tells::Device),
        (80, "profile creator", Tells::Software),
    ] {
        tell(label, tells, signature(&profile[from..from + 4]));
    }
    tell("profile identifier", Tells::Identifier, Some(hex(&profile[84..100])));
    for (sig, label, tells) in [
        (b"mmod", "display model and serial number", Tells::Identifier),
        (b"vcgt", "display calibration", Tells::Device),
        (b"ndin", "display details", Tells::Device),
        (b"dscm", "profile description in other languages", Tells::Text),
        (b"meta", "key and value notes", Tells::Text),
        (b"targ", "measurements", Tells::Device),
        (b"calt", "calibration time", Tells::When),
        (b"pseq", "profiles it was made from", Tells::History),
        (b"psid", "profiles it was made from", Tells::History),
    ] {
        out.extend(icc::tag(profile, sig).map(|data| found(place, label, tells, "").bytes(data.len() as u64)));
    }
    let told = [b"desc", b"cprt", b"dmnd", b"dmdd", b"vued", b"mmod", b"vcgt", b"ndin", b"dscm", b"meta", b"targ", b"calt"];
    let gone = icc::tags(profile).map(|(sig, _)| sig).filter(|sig| icc::tag(&after, sig).is_none());
    let gone = gone.filter(|sig| !told.contains(&sig) && sig != b"pseq" && sig != b"psid");
    let names: Vec<String> = gone.map(|sig| sig.escape_ascii().to_string()).collect();
    if !names.is_empty() {
        out.push(found(place, "private tags", Tells::Unknown, list(&names)));
    }
    out
}

/// Year to second, as they stand; `None` where nothing does.
fn date(bytes: &[u8]) -> Option<String> {
    let n: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
    let [y, mo, d, h, mi, s] = n[..] else { return None };
    (n != [0; 6]).then(|| format!("{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}"))
}

/// Four letters; `None` where they are zero.
fn signature(bytes: &[u8]) -> Option<String> {
    let said = text(bytes);
    (!said.is_empty() && said != "none").then_some(said)
}
