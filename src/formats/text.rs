//! Plain text: UTF-8 without markup. Everything in it is content, so everything stays, and the report says so. Text in
//! other encodings, markup and program source in their own formats are not plain text; bytes that are no text at all are
//! declined.

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "Text",
    extensions: &["txt", "text", "md", "csv", "tsv", "log", "srt", "vtt", "nfo", "asc"],
    container: false,
    keeps: "every byte: plain text is all content",
    removes: "nothing",
    sniff,
    plan,
    witness,
};

/// A file is text if its name says so, or its head is text and no other row knows better.
fn sniff(head: &Head) -> Option<Match> {
    let named = FORMAT.extensions.contains(&head.extension);
    (named && is_text(head.bytes)).then_some(Match::Guess)
}

/// Valid UTF-8 (but for a character cut off at the end) without control characters other than white space.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    valid && !bytes.iter().any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127))
}

fn plan(_: &Job, source: &Shared) -> Result<Plan> {
    let (mut at, mut odd, mut carry) = (0u64, None, Vec::new());
    source::each_block(&**source, source.span(), |block| {
        let text = [&carry[..], block].concat();
        let cut = match std::str::from_utf8(&text) {
            Err(e) if e.error_len().is_none() => e.valid_up_to(),
            _ => text.len(),
        };
        if odd.is_none() && !is_text(&text[..cut]) {
            odd = Some(at);
        }
        at += cut as u64;
        carry = text[cut..].to_vec();
    })?;
    if let Some(at) = odd.or((!carry.is_empty()).then_some(at)) {
        return Err(Refusal::new(Code::Unsupported, "it is called text but holds other bytes").at(at));
    }
    let mut draft = Draft::new(source);
    draft.essence(source.span(), "text");
    draft.note(Finding::kept("Text", "the text itself", Tells::Text, "plain text is content: what it says, it still says"));
    draft.seal()
}

fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    if before.len() != after.len() {
        return Err(Refusal::new(Code::Damaged, "text changed its length"));
    }
    Ok(vec!["std::str"])
}
