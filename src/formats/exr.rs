//! OpenEXR, of one part and of several, lines and tiles, flat and deep. Attributes live by an allow-list of those without which
//! the pixels are not what they were; owners, dates, cameras, places, programs, previews and everything a studio adds go. The
//! chunks stay as they are and the tables say where they lie then. Names of layers are part of the channels and stay;
//! strict policies decline them where they are more than the usual letters. [OpenEXR File Layout, Standard Attributes]

use std::collections::BTreeSet;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::exr::{self, Attribute, Headers, Part};
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "OpenEXR",
    extensions: &["exr"],
    container: false,
    keeps: "pixels, channels and layers, parts, windows, primaries, environment maps, resolution, frame rate",
    removes: "owner, dates, camera, lens, place, comments, programs, previews, unknown attributes, gaps",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &exr::MAGIC).then_some(Match::Exact)
}

/// Attributes that may stay: name, type, length (0 for text).
const KEPT: &[(&str, &str, u64)] = &[
    ("channels", "chlist", 0),
    ("compression", "compression", 1),
    ("dataWindow", "box2i", 16),
    ("displayWindow", "box2i", 16),
    ("lineOrder", "lineOrder", 1),
    ("pixelAspectRatio", "float", 4),
    ("screenWindowCenter", "v2f", 8),
    ("screenWindowWidth", "float", 4),
    ("tiles", "tiledesc", 9),
    ("type", "string", 0),
    ("name", "string", 0),
    ("view", "string", 0),
    ("multiView", "stringvector", 0),
    ("version", "int", 4),
    ("chunkCount", "int", 4),
    ("chromaticities", "chromaticities", 32),
    ("whiteLuminance", "float", 4),
    ("adoptedNeutral", "v2f", 8),
    ("envmap", "envmap", 1),
    ("xDensity", "float", 4),
    ("framesPerSecond", "rational", 8),
    ("deepImageState", "deepImageState", 1),
    ("dwaCompressionLevel", "float", 4),
    ("maxSamplesPerPixel", "int", 4),
];

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let headers = Headers::read(&**source, job.limits())?;
    let mut draft = Draft::new(source);
    draft.frame(Span::new(0, 8), "version");
    for (i, part) in headers.parts.iter().enumerate() {
        attributes(job, source, &mut draft, part, headers.multipart.then_some(i))?;
    }
    let (mut table, mut chunks) = (headers.end, Vec::new());
    for (i, part) in headers.parts.iter().enumerate() {
        let layout = part.layout(&**source, &headers)?;
        let end = layout.chunks.checked_mul(8).and_then(|n| n.checked_add(table)).filter(|end| *end <= source.len());
        let span =
            Span::new(table, end.ok_or_else(|| Refusal::malformed("the table of chunks does not lie in the file", table))?);
        job.limits().check_structures(chunks.len() + layout.chunks as usize)?;
        let part = headers.multipart.then_some(i as u64);
        for entry in 0..layout.chunks {
            let at = span.start + 8 * entry;
            let start = Number::U64Le.decode(&source.bytes(Span::new(at, at + 8), 8)?);
            if start < headers.end {
                return Err(Refusal::malformed("a chunk is missing: the picture was not written to its end", at));
            }
            chunks.push(exr::chunk(&**source, start, part, layout)?);
        }
        draft.reframe(span, "offsets", Fate::Offsets { origin: 0, code: Number::U64Le });
        table = span.end;
    }
    pixels(&mut draft, chunks, table)?;
    draft.remove_gaps("gap", |_| Finding::removed("OpenEXR", "data that no chunk claims", Tells::Hidden));
    draft.seal()
}

/// Claims the chunks, those that follow one another in one piece.
fn pixels(draft: &mut Draft, mut chunks: Vec<Span>, from: u64) -> Result<()> {
    chunks.sort_unstable();
    let mut run = Span::default();
    for chunk in chunks {
        if chunk.start < run.end.max(from) {
            return Err(Refusal::malformed("two chunks overlap", chunk.start));
        }
        match chunk.start == run.end {
            true => run.end = chunk.end,
            false => {
                draft.essence(run, "chunks");
                run = chunk;
            }
        }
    }
    draft.essence(run, "chunks");
    Ok(())
}

fn attributes(job: &Job, source: &Shared, draft: &mut Draft, part: &Part, number: Option<usize>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for attribute in &part.attributes {
        let (name, len) = (&attribute.name[..], attribute.value.len());
        let kept = KEPT.iter().find(|(n, k, _)| *n == name && *k == attribute.kind);
        let kept = kept.filter(|(.., size)| *size == len || (*size == 0 && len < 1 << 20));
        let kept = kept.filter(|_| seen.insert(name) && (name != "xDensity" || job.keeps(Token::Dpi)));
        let stays = match (kept.is_some(), name) {
            (true, "channels") => channels(job, source, draft, attribute)?,
            // Parts are told apart by their names; of a single one the name says nothing.
            (true, "name") => number.is_some_and(|i| part_name(job, draft, attribute, i)),
            (true, "type" | "view" | "multiView") => is_plain(source, attribute)?,
            (stays, _) => {
                if stays {
                    draft.frame(attribute.span, "attribute");
                }
                stays
            }
        };
        match stays {
            true if matches!(name, "type" | "view" | "multiView") => draft.frame(attribute.span, "attribute"),
            true => {}
            false => draft.remove(attribute.span, "attribute", describe(source, attribute)?),
        }
    }
    draft.frame(part.end, "end of the attributes");
    Ok(())
}

/// Whether the text consists of words that a program could have chosen: `left`, `tiledimage`.
fn is_plain(source: &Shared, attribute: &Attribute) -> Result<bool> {
    let bytes = source.bytes(attribute.value, 1 << 20)?;
    let text: Vec<String> = match attribute.name == "multiView" {
        false => vec![String::from_utf8_lossy(&bytes).into_owned()],
        true => {
            let (mut words, mut rest) = (Vec::new(), &bytes[..]);
            while let Some((len, after)) = rest.split_first_chunk::<4>() {
                let Some((word, after)) = after.split_at_checked(u32::from_le_bytes(*len) as usize) else { return Ok(false) };
                words.push(String::from_utf8_lossy(word).into_owned());
                rest = after;
            }
            words
        }
    };
    const KNOWN: [&str; 8] = ["left", "right", "center", "mono", "scanlineimage", "tiledimage", "deepscanline", "deeptile"];
    Ok(text.iter().all(|word| KNOWN.contains(&&word[..])))
}

/// The name of one of several parts. Whether it stays.
fn part_name(job: &Job, draft: &mut Draft, attribute: &Attribute, i: usize) -> bool {
    if job.policy().is_strict() {
        let name = format!("part {}", i + 1);
        let new = [b"name\0string\0", &(name.len() as u32).to_le_bytes()[..], name.as_bytes()].concat();
        let found = Finding::rewritten("OpenEXR", "name of a part", Tells::Text);
        draft.replace(attribute.span, "name", Fate::put(new), vec![found]);
        return true;
    }
    draft.frame(attribute.span, "name");
    let why = "parts are found by their names; --policy strict numbers them";
    draft.note(Finding::kept("OpenEXR", "names of parts", Tells::Text, why));
    true
}

/// The list of channels: name, type, four bytes of which three mean nothing, sampling. Whether it stays.
fn channels(job: &Job, source: &Shared, draft: &mut Draft, attribute: &Attribute) -> Result<bool> {
    const USUAL: [&str; 11] = ["R", "G", "B", "A", "Y", "RY", "BY", "Z", "ZBack", "AR", "AG"];
    let wrong = || Refusal::malformed("the list of channels is not one", attribute.value.start);
    let bytes = source.bytes(attribute.value, 1 << 20)?;
    let (mut at, mut blank, mut named) = (0, attribute.span.start, false);
    while let Some(0x01..) = bytes.get(at) {
        let len = memchr::memchr(0, &bytes[at..]).ok_or_else(wrong)?;
        named |= !USUAL.contains(&&*String::from_utf8_lossy(&bytes[at..at + len]));
        let reserved = attribute.value.start + (at + len + 6) as u64;
        let span = Span::new(reserved, reserved + 3);
        if span.end + 8 >= attribute.value.end {
            return Err(wrong());
        }
        draft.frame(Span::new(blank, span.start), "channels");
        draft.blank(span, "channels", Finding::blanked("OpenEXR", "reserved bytes", Tells::Hidden));
        (at, blank) = (at + len + 17, span.end);
    }
    if bytes.len() != at + 1 {
        return Err(wrong());
    }
    draft.frame(Span::new(blank, attribute.span.end), "channels");
    if named && job.policy().is_strict() {
        return Err(Refusal::new(Code::NeedsResidual, "its channels have names of their own").at(attribute.span.start));
    }
    if named {
        let why = "they are how layers are found";
        draft.note(Finding::kept("OpenEXR", "names of channels", Tells::Text, why));
    }
    Ok(true)
}

fn describe(source: &Shared, attribute: &Attribute) -> Result<Finding> {
    let name = &attribute.name[..];
    let (label, tells) = match name {
        "owner" | "author" | "artist" => ("owner", Tells::Who),
        "capDate" | "utcOffset" | "DateTime" | "timeCode" => ("time", Tells::When),
        "longitude" | "latitude" | "altitude" => ("place", Tells::Where),
        "preview" => ("preview", Tells::Preview),
        "comments" | "ImageDescription" => ("comment", Tells::Text),
        "writer" | "Software" | "software" | "history" | "rendererName" | "renderTime" | "hostname" => {
            ("program", Tells::Software)
        }
        _ if name.starts_with("camera") || name.starts_with("lens") || name.starts_with("imagerSerial") => {
            ("camera", Tells::Device)
        }
        _ => ("attribute", Tells::Unknown),
    };
    let found = Finding::removed("OpenEXR", if label == name { label.to_owned() } else { format!("{label} ({name})") }, tells);
    if attribute.kind != "string" {
        return Ok(found);
    }
    let text = source::head(&**source, attribute.value.start, attribute.value.len().min(4096) as usize)?;
    Ok(found.value(String::from_utf8_lossy(&text).trim_end_matches('\0')))
}

/// Looks for the names of attributes in front of the first table, wherever they may stand.
fn witness(job: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const GONE: [&[u8]; 8] = [
        b"\0owner\0string",
        b"\0capDate\0",
        b"\0comments\0string",
        b"\0longitude\0float",
        b"\0latitude\0float",
        b"\0preview\0preview",
        b"\0cameraSerialNumber\0",
        b"\0history\0",
    ];
    let (was, now) = (Headers::read(before, job.limits())?, Headers::read(after, job.limits())?);
    let head = source::head(after, 0, now.end.min(1 << 20) as usize)?;
    if was.parts.len() != now.parts.len() {
        return Err(Refusal::new(Code::Damaged, "the result has another number of parts"));
    }
    match GONE.iter().any(|g| memchr::memmem::find(&head, g).is_some()) {
        true => Err(Refusal::new(Code::Leftover, "an attribute is still there that should be gone")),
        false => Ok(vec!["exr-names"]),
    }
}
