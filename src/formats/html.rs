//! HTML and XHTML: every byte of the page stays but for what it tells about its making. Tags are never written anew; what
//! goes is cut out of them. What scripts say is not understood and stays; files in `data:` addresses are cleaned by their
//! own rows. When all is cut, the result is taken apart again, and must hold the same tags and the same text in the same
//! order: nothing may become markup by what was next to it going.

mod address;
mod attributes;
mod names;
mod namespaces;
mod page;
pub(super) mod style;
mod witness;

use std::borrow::Cow;

use super::changes;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::html::is;
use crate::grammar::text;
use crate::plan::Plan;
use crate::refusal::{Refusal, Result};
use crate::source::Shared;

/// The row.
pub static FORMAT: Format = Format {
    name: "HTML",
    extensions: &["html", "htm", "xhtml", "xht"],
    container: false,
    keeps: "text, tags, links, scripts, styles, title, alt texts, language; files in data: addresses, cleaned",
    removes: "comments, author, generator, description and other meta elements, previews for networks, saved-from marks, \
              JSON-LD, source maps, islands and properties of Microsoft Office, pings, paths on a computer",
    sniff,
    plan,
    witness: witness::witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let bytes = text::head(head.bytes);
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let named = FORMAT.extensions.contains(&head.extension);
    loop {
        rest = rest.trim_ascii_start();
        let skip = match rest {
            _ if rest.starts_with(b"<!--") => memchr::memmem::find(rest, b"-->").map(|i| i + 3),
            _ if rest.starts_with(b"<?") => memchr::memchr(b'>', rest).map(|i| i + 1),
            _ => None,
        };
        match skip {
            Some(len) => rest = &rest[len..],
            None => break,
        }
    }
    let begins = |word: &[u8]| {
        rest.get(..word.len()).is_some_and(|w| is(w, word))
            && rest.get(word.len()).is_none_or(|b| b.is_ascii_whitespace() || *b == b'>')
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(Match::Exact);
    }
    (named && !bytes.contains(&0) && !head.has(0, b"%PDF") && !head.has(0, b"{\\rtf")).then_some(Match::Guess)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let named = matches!(&crate::detect::extension_of(job.name())[..], "xhtml" | "xht");
    changes::plan(source, job.limits().block, |bytes| {
        encoding(bytes)?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        page::look(job, bytes, named || text.trim_ascii_start().starts_with(b"<?xml"))
    })
}

/// Only encodings in which the bytes of ASCII mean ASCII can be cut without being read.
fn encoding(bytes: &[u8]) -> Result<()> {
    let head = &bytes[..bytes.len().min(1024)];
    if head.contains(&0) {
        return Err(Refusal::unsupported("the page holds bytes that are no text").hint("save it as UTF-8 and clean that"));
    }
    let lower = head.to_ascii_lowercase();
    if [&b"charset=\"iso-2022"[..], b"charset=iso-2022", b"charset=utf-7", b"charset=\"utf-7"]
        .iter()
        .any(|c| memchr::memmem::find(&lower, c).is_some())
    {
        return Err(
            Refusal::unsupported("the page is written in an encoding that hides markup").hint("save it as UTF-8 and clean that")
        );
    }
    if let Some(at) = memchr::memmem::find(bytes, b"<?php").or_else(|| memchr::memmem::find(bytes, b"<?=")) {
        return Err(Refusal::unsupported("the page is the source of a PHP program")
            .at(at as u64)
            .hint("save the page as a browser shows it and clean that"));
    }
    Ok(())
}

fn found(label: impl Into<Cow<'static, str>>, tells: Tells, value: impl Into<String>) -> Finding {
    let value = value.into();
    let found = Finding::removed("HTML", label, tells);
    if value.is_empty() { found } else { found.value(value) }
}

/// The beginning of some text, for people.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).trim().chars().take(500).collect()
}
