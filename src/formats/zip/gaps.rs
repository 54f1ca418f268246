//! The bytes of an archive that belong to no member: what they are, and which of them must not go in silence.

use super::headers;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::zip::{Archive, DESCRIPTOR, END, LOCAL, walk_unlisted};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, BLOCK, Shared, Span};

/// What bytes that belong to no member are.
pub(super) fn left_over(job: &Job, source: &Shared, archive: &Archive, gap: Span) -> Result<Finding> {
    let head = source::head(&**source, gap.start, 64.min(gap.len()) as usize)?;
    let hidden = |label| Finding::removed("ZIP", label, Tells::Hidden);
    let tail = source.bytes(Span::new(gap.end.saturating_sub(16).max(gap.start), gap.end), 16)?;
    // [Android APK Signature Scheme v2]
    if tail == b"APK Sig Block 42" && !job.policy().drops_on_purpose(Token::Signatures) {
        return Err(Refusal::new(Code::Signed, "the archive is a signed Android program").at(gap.start));
    }
    if gap.start == 0 && is_program(&head) && !job.policy().drops_on_purpose(Token::SfxStub) {
        return Err(Refusal::unsupported("the archive is a program that unpacks itself")
            .hint("clean the archive without its program: --drop sfx-stub"));
    }
    if archive.directory.contains(gap) {
        return Ok(hidden("signature of the directory"));
    }
    if head.starts_with(LOCAL) {
        let (end, count) = walk_unlisted(&**source, gap);
        let older = end < gap.end && memchr::memmem::find(&source.bytes(gap, BLOCK as u64).unwrap_or_default(), END).is_some();
        if older {
            return Ok(hidden("an older archive"));
        }
        let names = crate::grammar::zip::u16_at(&head, 26);
        let name = source::head(&**source, gap.start + 30, usize::from(names).min(256))?;
        let found = hidden(if count > 1 {
            "members that the directory does not list"
        } else {
            "a member that the directory does not list"
        });
        return Ok(found.value(String::from_utf8_lossy(&name).into_owned()));
    }
    if headers::is_descriptor(&head) {
        return Ok(Finding::removed("ZIP", "a descriptor without use", Tells::Software));
    }
    Ok(hidden(match gap {
        _ if gap.start == 0 && head.starts_with(DESCRIPTOR) => "mark of a split archive",
        _ if gap.start == 0 => "data before the archive",
        _ if gap.end == source.len() => "data after the archive",
        _ => "data between the members",
    }))
}

/// Whether the bytes begin as a program or a script does.
pub(super) fn is_program(head: &[u8]) -> bool {
    [&b"MZ"[..], b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"].iter().any(|m| head.starts_with(m))
}
