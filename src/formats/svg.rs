//! SVG: XML in which every byte outside the removed spans stays. What draws, moves, links and speaks to readers stays; the
//! data of editors, descriptions of the file, comments, instructions, programs and paths go, and pictures written into it
//! are cleaned as files of their own. It does not know what a style or a shape looks like. [SVG 1.1, SVG 2]

mod address;
mod allowed;
mod doctype;
mod ids;
mod links;
mod style;
mod walk;

use quick_xml::events::Event;

use super::changes;
use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::grammar::text::{self, Text};
use crate::plan::Plan;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "SVG",
    extensions: &["svg"],
    container: false,
    keeps: "everything that is drawn, animated, linked or read aloud, byte for byte; pictures inside, cleaned",
    removes: "metadata, comments, instructions, document type, editor data, scripts, file paths",
    sniff,
    plan,
    witness,
};

/// The largest that is read, in bytes.
const LARGEST: u64 = 256 << 20;
/// How far in front of the root is looked.
const PROLOGUE: usize = 256 << 10;

fn sniff(head: &Head) -> Option<Match> {
    let bytes = text::head(head.bytes);
    let first = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let begins = first.iter().find(|b| !b.is_ascii_whitespace());
    if begins != Some(&b'<') {
        return None;
    }
    let root = root(&bytes).or_else(|| root(&text::head(&source::head(&**head.source, 0, PROLOGUE).ok()?)));
    root.filter(|is| *is).map(|_| Match::Exact)
}

/// Whether the root is called `svg`; `None` where there is none so far.
fn root(bytes: &[u8]) -> Option<bool> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'<', bytes.get(at..)?)?;
        let rest = &bytes[at..];
        at += match rest {
            [_, b'?', ..] => memchr::memmem::find(rest, b"?>")?,
            [_, b'!', b'-', b'-', ..] => memchr::memmem::find(rest, b"-->")?,
            [_, b'!', ..] => {
                let close = memchr::memchr(b'>', rest)?;
                match memchr::memchr(b'[', &rest[..close]) {
                    Some(_) => memchr::memchr(b']', rest)?,
                    None => close,
                }
            }
            _ => {
                let len = rest[1..].iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))?;
                let name = &rest[1..=len];
                return Some(name == b"svg" || name.ends_with(b":svg"));
            }
        };
    }
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    if source.len() > LARGEST {
        return Err(Refusal::limit("an SVG picture of more than 256 MiB"));
    }
    changes::plan(source, LARGEST, |bytes| walk::look(job, bytes))
}

/// `quick-xml` reads the result to its end and sees nothing but elements and text.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let bytes = after.bytes(after.span(), LARGEST)?;
    let text = Text::read(&bytes)?;
    let bytes = text.bytes();
    // It reads UTF-8 only.
    if std::str::from_utf8(bytes).is_err() {
        return Ok(Vec::new());
    }
    let mut reader = quick_xml::Reader::from_reader(bytes);
    loop {
        let event = reader.read_event();
        let left = match event.map_err(|e| Refusal::new(Code::Damaged, format!("quick-xml cannot read the result: {e}")))? {
            Event::Comment(_) => "a comment",
            Event::DocType(_) => "a document type",
            Event::PI(p) if p.target() != "xml-stylesheet" => "an instruction",
            Event::Start(e) | Event::Empty(e) if e.local_name().as_ref() == "RDF" => "a description of the file",
            Event::Eof => return Ok(vec!["quick-xml"]),
            _ => continue,
        };
        return Err(Refusal::new(Code::Leftover, format!("quick-xml still sees {left}")).at(reader.buffer_position()));
    }
}
