//! JavaScript. What a script does is not understood, so everything in it stays, and the report says so: comments too, since
//! only a full reading of the language tells them from code. The address of the source at the end goes.

use super::changes::{self, Changes};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::text;
use crate::plan::Plan;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "JavaScript",
    extensions: &["js", "mjs"],
    container: false,
    keeps: "the script, comments included",
    removes: "the address of its source map",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let bytes = text::head(head.bytes);
    let cut = match std::str::from_utf8(&bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    let text = cut && !bytes.contains(&0) && !bytes.trim_ascii_start().starts_with(b"<");
    (FORMAT.extensions.contains(&head.extension) && text).then_some(Match::Guess)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    changes::plan(source, job.limits().block, |bytes| {
        if bytes.contains(&0) || std::str::from_utf8(bytes).is_err() {
            return Err(Refusal::unsupported("it is called a script but holds other bytes"));
        }
        Ok(look(bytes))
    })
}

fn look(bytes: &[u8]) -> Changes {
    let mut changes = Changes::default();
    let why = "what a script does is content, and what its text says is not understood; look at its comments";
    changes.note(Finding::kept("JavaScript", "the script itself", Tells::Text, why));
    let commented = [&b"/*"[..], b"//"].iter().any(|c| memchr::memmem::find(bytes, c).is_some());
    if commented {
        let why = "only a full reading of the language tells them from code";
        changes.note(Finding::kept("JavaScript", "comments in the script", Tells::Text, why));
    }
    // Source maps are named in the last line. [Source Map Revision 3]
    let end = bytes.trim_ascii_end().len();
    let start = memchr::memrchr2(b'\n', b'\r', &bytes[..end]).map_or(0, |i| i + 1);
    let line = bytes[start..end].trim_ascii();
    let name = [&b"//# sourceMappingURL="[..], b"//@ sourceMappingURL=", b"//# sourceURL=", b"//@ sourceURL="]
        .iter()
        .find_map(|w| line.strip_prefix(*w));
    if let Some(name) = name.filter(|n| !n.iter().any(|b| matches!(b, b'`' | b'"' | b'\''))) {
        let value: String = String::from_utf8_lossy(name).chars().take(200).collect();
        let found = Finding::removed("JavaScript", "address of a source file", Tells::History).value(value);
        changes.remove(start..end, "source map", found);
    }
    changes
}

/// Nothing but the end may have gone.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (before, after) = (before.bytes(before.span(), u64::MAX)?, after.bytes(after.span(), u64::MAX)?);
    match before.starts_with(after.trim_ascii_end()) {
        true => Ok(vec!["std::str"]),
        false => Err(Refusal::new(Code::Damaged, "more than the end of the script is gone")),
    }
}
