//! Radiance pictures (HDR, RGBE, XYZE). The header is lines of text: those that say how to read the colours stay, as numbers
//! written anew; the commands that made it, views, dates, owners and comments go. Scanlines stay as they are, up to the last.
//! [Radiance: filefmts.pdf, Picture File Format]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "Radiance HDR",
    extensions: &["hdr", "rgbe", "xyze", "pic"],
    container: false,
    keeps: "pixels, which way up, exposure, primaries, gamma, shape of a pixel",
    removes: "commands, views, dates, programs, comments, data behind the pixels",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"#?RADIANCE") || head.has(0, b"#?RGBE")).then_some(Match::Exact)
}

/// No honest header is longer.
const LONGEST: u64 = 1 << 20;
const FIRST: &str = "#?RADIANCE\n";

fn plan(_: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut cursor = Cursor::new(&**source, Span::new(0, LONGEST));
    line(&mut cursor)?;
    let (mut kept, mut found) = (FIRST.to_owned(), Vec::new());
    loop {
        let line = line(&mut cursor)?;
        if line.is_empty() {
            break;
        }
        match shown(&line) {
            Some(line) => kept.push_str(&line),
            None => found.push(described(&line)),
        }
    }
    kept.push('\n');
    let header = Span::new(0, cursor.at());
    if found.is_empty() {
        found.push(Finding::rewritten("Radiance", "spelling of the header", Tells::Software));
    }
    draft.replace(header, "header", Fate::put(kept.into_bytes()), found);
    let (rows, width) = resolution(&mut cursor)?;
    draft.frame(Span::new(header.end, cursor.at()), "resolution");
    let pixels = Span::new(cursor.at(), scanlines(source, cursor.at(), rows, width)?);
    draft.essence(pixels, "scanlines");
    behind::remove(&mut draft, source, pixels.end);
    draft.seal()
}

fn line(cursor: &mut Cursor) -> Result<String> {
    let mut out = Vec::new();
    loop {
        match cursor.u8()? {
            b'\n' => return Ok(String::from_utf8_lossy(out.strip_suffix(b"\r").unwrap_or(&out)).into_owned()),
            b => out.push(b),
        }
    }
}

/// A line that says how to read the colours, written anew.
fn shown(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let count = match key {
        "FORMAT" => {
            let known = ["32-bit_rle_rgbe", "32-bit_rle_xyze"].into_iter().find(|f| *f == value.trim())?;
            return Some(format!("FORMAT={known}\n"));
        }
        "EXPOSURE" | "GAMMA" | "PIXASPECT" => 1,
        "COLORCORR" => 3,
        "PRIMARIES" => 8,
        _ => return None,
    };
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let numbers = words.iter().all(|w| w.len() <= 16 && w.parse::<f64>().is_ok_and(f64::is_finite));
    (words.len() == count && numbers).then(|| format!("{key}={}\n", words.join(" ")))
}

fn described(line: &str) -> Finding {
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let (label, tells) = match key {
        "SOFTWARE" => ("program", Tells::Software),
        "CAPDATE" | "GMT" | "DATE" => ("time it was taken", Tells::When),
        "OWNER" | "AUTHOR" | "ARTIST" => ("owner", Tells::Who),
        "LATLONG" => ("place", Tells::Where),
        "VIEW" => ("view", Tells::History),
        _ if line.starts_with('#') => ("comment", Tells::Text),
        _ if key.is_empty() => ("command that made it", Tells::History),
        _ => ("line of the header", Tells::Text),
    };
    Finding::removed("Radiance", label, tells).value(line.trim())
}

/// How many scanlines, and how long each is: `-Y 480 +X 640` in eight turns.
fn resolution(cursor: &mut Cursor) -> Result<(u64, u64)> {
    let at = cursor.at();
    let line = line(cursor)?;
    let words: Vec<&str> = line.split(' ').collect();
    let axis = |i: usize| words.get(i).copied().unwrap_or_default();
    let number = |i: usize| axis(i).parse::<u32>().ok().filter(|n| *n > 0).map(u64::from);
    let turned = matches!((axis(0), axis(2)), ("-Y" | "+Y", "-X" | "+X") | ("-X" | "+X", "-Y" | "+Y"));
    match (number(1), number(3)) {
        (Some(rows), Some(width)) if turned && words.len() == 4 => Ok((rows, width)),
        _ => Err(Refusal::malformed("the line with the size of the picture is not one", at)),
    }
}

/// Where the scanlines end.
fn scanlines(source: &Shared, start: u64, rows: u64, width: u64) -> Result<u64> {
    let mut cursor = Cursor::new(&**source, Span::new(start, source.len()));
    for _ in 0..rows {
        let head = cursor.look::<4>()?;
        let packed = matches!(head, [2, 2, 0..0x80, _]) && u64::from(u16::from_be_bytes([head[2], head[3]])) == width;
        match packed && (8..0x8000).contains(&width) {
            true => components(&mut cursor, width)?,
            false => pixels(&mut cursor, width)?,
        }
    }
    Ok(cursor.at())
}

/// A scanline whose four components are packed one after the other.
fn components(cursor: &mut Cursor, width: u64) -> Result<()> {
    cursor.skip(4)?;
    for _ in 0..4 {
        let mut left = width;
        while left > 0 {
            let count = cursor.u8()?;
            let (count, bytes) = if count > 128 { (count - 128, 1) } else { (count, count) };
            cursor.skip(bytes.into())?;
            left = left.checked_sub(count.into()).filter(|_| count > 0).ok_or_else(|| too_long(cursor))?;
        }
    }
    Ok(())
}

/// A scanline of pixels, of which some say how often the one before is meant.
fn pixels(cursor: &mut Cursor, width: u64) -> Result<()> {
    let (mut left, mut shift) = (width, 0);
    while left > 0 {
        let [r, g, b, e] = cursor.array::<4>()?;
        let count = match [r, g, b] == [1, 1, 1] {
            true => u64::from(e).checked_shl(shift).ok_or_else(|| too_long(cursor))?,
            false => 1,
        };
        shift = if [r, g, b] == [1, 1, 1] { (shift + 8).min(32) } else { 0 };
        left = left.checked_sub(count).ok_or_else(|| too_long(cursor))?;
    }
    Ok(())
}

fn too_long(cursor: &Cursor) -> Refusal {
    Refusal::malformed("a scanline is longer than the picture is wide", cursor.at())
}

/// Reads the lines of the result: every one begins with a word that may stand there.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const MAY: [&[u8]; 6] = [b"FORMAT=", b"EXPOSURE=", b"GAMMA=", b"PIXASPECT=", b"COLORCORR=", b"PRIMARIES="];
    let head = source::head(after, 0, 1 << 16)?;
    let lines = head.split(|b| *b == b'\n').skip(1).take_while(|l| !l.is_empty());
    match lines.into_iter().all(|l| MAY.iter().any(|m| l.starts_with(m))) {
        true => Ok(vec!["radiance-lines"]),
        false => Err(Refusal::new(Code::Leftover, "a line of the header is still there that should be gone")),
    }
}
