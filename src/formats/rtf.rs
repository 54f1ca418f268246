//! RTF: the text stays byte for byte, and so does what shapes it. What tells of its making goes, group by group and word
//! by word; tracked changes are accepted, fields that name somebody keep only their result, pictures are cleaned by their
//! own rows, embedded objects keep the picture that stands for them.

mod groups;
mod names;
mod picture;
mod walk;

use super::changes;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::rtf::{Kind, Token};
use crate::plan::Plan;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "RTF",
    extensions: &["rtf"],
    container: false,
    keeps: "text, formatting, lists, footnotes, links, bookmarks; pictures, cleaned",
    removes: "document information, generator, revision identifiers, tracked changes (accepted), comments, template and file \
              names, embedded objects but for their picture, custom data, bytes outside the document",
    sniff,
    plan,
    witness,
};

const START: &[u8] = b"{\\rtf";

fn sniff(head: &Head) -> Option<Match> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    bytes.trim_ascii_start().starts_with(START).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    changes::plan(source, job.limits().block, |bytes| {
        let start = memchr::memmem::find(bytes, START).ok_or_else(|| Refusal::malformed("it does not begin as RTF", 0))?;
        walk::look(job, bytes, start)
    })
}

/// The name of a control word.
fn word<'a>(bytes: &'a [u8], token: &Token) -> Option<&'a str> {
    match &token.kind {
        Kind::Word { name, .. } => std::str::from_utf8(&bytes[name.clone()]).ok(),
        _ => None,
    }
}

fn found(label: impl Into<std::borrow::Cow<'static, str>>, tells: Tells, value: impl Into<String>) -> Finding {
    let value = value.into();
    let found = Finding::removed("RTF", label, tells);
    if value.is_empty() { found } else { found.value(value) }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).trim().chars().take(500).collect()
}

/// Looks for the best known places as bare bytes, and counts braces, which no text can hold unescaped.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let bytes = after.bytes(after.span(), u64::MAX)?;
    let signs = [&b"{\\info"[..], b"{\\*\\generator", b"{\\*\\rsidtbl", b"{\\*\\userprops", b"{\\*\\revtbl", b"{\\*\\datastore"];
    // The brace is one, and the word ends where the sign does.
    let said = |sign: &[u8]| {
        let is = |i: usize| !bytes[..i].ends_with(b"\\") && !bytes.get(i + sign.len()).is_some_and(u8::is_ascii_alphabetic);
        memchr::memmem::find_iter(&bytes, sign).any(is)
    };
    match signs.iter().find(|s| said(s)) {
        Some(_) if memchr::memmem::find(&bytes, b"\\bin").is_none() => {
            Err(Refusal::new(Code::Leftover, "document information is still there"))
        }
        _ => Ok(vec!["memchr"]),
    }
}
