//! Annotations and form fields. Links, widgets and mark-up stay with what they show; who wrote them, when, and in answer to
//! what state goes. [ISO 32000-2 12.5, 12.7]

use super::walk::Walk;
use crate::finding::{Finding, Tells};
use crate::grammar::pdf::{Dict, Obj};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// Kinds that people draw on a page. [12.5.6.2]
const MARKUP: [&str; 15] = [
    "Text",
    "FreeText",
    "Line",
    "Square",
    "Circle",
    "Polygon",
    "PolyLine",
    "Highlight",
    "Underline",
    "Squiggly",
    "StrikeOut",
    "Stamp",
    "Caret",
    "Ink",
    "Popup",
];

/// Whether it is an annotation of its own rather than a form field, so that `T` names its author and not the field.
pub(super) fn is_annotation<'b>(walk: &Walk<'b>, dict: &Dict<'b>) -> bool {
    let kind = walk.get(dict, "Subtype");
    kind.as_name().is_some() && !kind.is_name("Widget")
}

/// Keys that mean a person or a field, of which an annotation has the person.
pub(super) fn is_personal(key: &[u8]) -> bool {
    matches!(key, b"T" | b"TU" | b"V" | b"DV")
}

/// Whether an annotation or field stays; tells of it where it does not.
///
/// # Errors
/// `NeedsResidual` for a redaction that was never applied, `Signed` for a signature.
pub(super) fn admits<'b>(walk: &mut Walk<'b>, dict: &Dict<'b>) -> Result<bool> {
    let kind = walk.get(dict, "Subtype");
    let is = |name: &str| kind.is_name(name);
    if is("Redact") {
        return Err(Refusal::new(
            Code::NeedsResidual,
            "a redaction was marked but never applied, so what it should hide is still there",
        )
        .hint("apply the redactions in the program that marked them, then clean the result"));
    }
    let signature = walk.get(dict, "FT").is_name("Sig") && walk.get(dict, "V").as_dict().is_some();
    let value = walk.get(dict, "V");
    if signature || value.as_dict().is_some_and(|v| v.has("ByteRange")) {
        signed(walk, &value)?;
    }
    if MARKUP.iter().any(|m| is(m)) {
        if !walk.job.keeps(Token::Annotations) {
            let text = walk.get(dict, "Contents").as_text().unwrap_or_default();
            walk.tell(Finding::removed("annotation", "mark-up", Tells::Text).value(text));
            return Ok(false);
        }
        if is_state(walk, dict) {
            walk.tell(Finding::removed("annotation", "review state", Tells::History));
            return Ok(false);
        }
        if is("Popup")
            && let Obj::Dict(parent) = walk.get(dict, "Parent")
            && is_state(walk, &parent)
        {
            return Ok(false);
        }
    }
    if is("FileAttachment") {
        let kept = match walk.get(dict, "FS") {
            Obj::Dict(spec) => super::attachments::admits(walk, &spec)?,
            _ => false,
        };
        if !kept {
            walk.tell(Finding::removed("annotation", "attachment mark", Tells::Hidden));
        }
        return Ok(kept);
    }
    if is("Link") && !walk.job.keeps(Token::Links) {
        walk.tell(Finding::removed("page", "link", Tells::Text));
        return Ok(false);
    }
    Ok(true)
}

/// Marks that only say what somebody thought of another mark. [12.5.6.3]
fn is_state<'b>(walk: &Walk<'b>, dict: &Dict<'b>) -> bool {
    !matches!(walk.get(dict, "State"), Obj::Null) && !matches!(walk.get(dict, "StateModel"), Obj::Null)
}

/// What becomes of a digital signature.
///
/// # Errors
/// `Signed` unless signatures are dropped on purpose.
pub(super) fn signed<'b>(walk: &mut Walk<'b>, value: &Obj<'b>) -> Result<()> {
    if !walk.job.policy().drops_on_purpose(Token::Signatures) {
        return Err(Refusal::new(Code::Signed, "it carries a digital signature, which cleaning would break"));
    }
    for (key, label, tells) in [
        ("Name", "signer", Tells::Who),
        ("M", "signing time", Tells::When),
        ("Location", "place of signing", Tells::Where),
        ("Reason", "reason of signing", Tells::Text),
        ("ContactInfo", "contact of the signer", Tells::Who),
    ] {
        if let Some(text) = value.as_dict().and_then(|d| walk.get(d, key).as_text()) {
            walk.tell(Finding::removed("signature", label, tells).value(text));
        }
    }
    walk.tell(Finding::removed("signature", "digital signature", Tells::Who));
    Ok(())
}
