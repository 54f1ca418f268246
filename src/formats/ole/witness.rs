//! The `cfb` crate looks at the result: every stream that our own reader sees is there with the same bytes, and none that
//! tells of people or times.

use std::io::{Cursor, Read};

use super::App;
use crate::clean::Job;
use crate::grammar::cfb::{self, Content, Entry};
use crate::refusal::{Code, Refusal, Result};
use crate::source::Source;

/// The names of what must not be there, wherever it lies.
const FORBIDDEN: &[&str] = &["Macros", "_VBA_PROJECT_CUR", "MsoDataStore", "Revision Log", "User Names"];

pub(super) fn look(_: &Job, before: &dyn Source, after: &dyn Source, app: &App) -> Result<Vec<&'static str>> {
    let bytes = after.bytes(after.span(), super::LARGEST)?;
    let broken = |e: std::io::Error| Refusal::new(Code::Damaged, format!("cfb cannot read the result ({e})"));
    let mut file = ::cfb::CompoundFile::open_strict(Cursor::new(&bytes[..])).map_err(broken)?;
    let mut seen = Vec::new();
    for entry in file.walk() {
        let name = entry.name();
        if name.starts_with('\u{5}') || FORBIDDEN.contains(&name) {
            let name: String = name.chars().filter(|c| !c.is_control()).collect();
            return Err(Refusal::new(Code::Leftover, format!("cfb still sees {name}")));
        }
        if u64::from(entry.state_bits()) != 0 && entry.path().components().count() <= 2 {
            return Err(Refusal::new(Code::Leftover, "cfb still sees what a program noted"));
        }
        if entry.is_stream() {
            seen.push(entry.path().to_path_buf());
        }
    }
    let mut ours = Vec::new();
    gather(&cfb::read(&bytes)?, &mut ours);
    let mut theirs = Vec::new();
    for path in seen {
        let mut data = Vec::new();
        file.open_stream(&path).and_then(|mut s| s.read_to_end(&mut data)).map_err(broken)?;
        theirs.push(data);
    }
    ours.sort();
    theirs.sort();
    if ours != theirs {
        return Err(Refusal::new(Code::Damaged, "two readers see different streams in the result"));
    }
    let names = |source: &dyn Source| {
        let mut names = cfb::top(source);
        names.retain(|n| (app.stream)(n));
        names
    };
    let (before, after) = (names(before), names(after));
    if !after.iter().any(|n| n == app.main) || after.iter().any(|n| !before.contains(n)) {
        return Err(Refusal::new(Code::Damaged, "the result has other streams than the document had"));
    }
    Ok(vec!["cfb"])
}

fn gather(entry: &Entry, out: &mut Vec<Vec<u8>>) {
    match &entry.content {
        Content::Stream(data) => out.push(data.clone()),
        Content::Storage(entries) => entries.iter().for_each(|e| gather(e, out)),
    }
}
