//! Actions: going somewhere inside the document or to a web address stays; scripts, programs, other files and whatever
//! sends data go. [ISO 32000-2 12.6]

use super::schema::K;
use super::walk::Walk;
use crate::finding::{Finding, Tells};
use crate::formats::tracking;
use crate::grammar::pdf::Dict;
use crate::policy::Token;
use crate::refusal::{Refusal, Result};

/// Actions that stay inside the document or name a web address. [12.6.4]
const KEPT: [&str; 8] = ["GoTo", "URI", "Named", "ResetForm", "Hide", "SetOCGState", "Trans", "Thread"];

/// Whether an action stays; tells of it where it does not.
///
/// # Errors
/// `Unsupported` for a script that the policy keeps.
pub(super) fn admits<'b>(walk: &mut Walk<'b>, dict: &Dict<'b>, k: K) -> Result<bool> {
    let kind = walk.get(dict, "S");
    let Some(kind) = kind.as_name() else {
        // A destination where an action may stand.
        return Ok(k == K::OpenAction || dict.0.is_empty());
    };
    let kind = String::from_utf8_lossy(&kind).into_owned();
    if k == K::OpenAction && kind != "GoTo" && !(kind == "JavaScript" && walk.job.keeps(Token::Macros)) {
        walk.tell(with(walk, dict, Finding::removed("document", format!("action on opening ({kind})"), Tells::Hidden)));
        return Ok(false);
    }
    if !KEPT.contains(&kind.as_str()) {
        if kind == "JavaScript" && walk.job.keeps(Token::Macros) {
            return Err(scripts());
        }
        let tells = if kind == "JavaScript" { Tells::Hidden } else { Tells::History };
        let label = match kind.as_str() {
            "JavaScript" => "script".to_owned(),
            "Launch" => "action that starts a program".to_owned(),
            "GoToR" | "GoToE" => "link to another file".to_owned(),
            "SubmitForm" => "action that sends form data".to_owned(),
            other => format!("action ({other})"),
        };
        walk.tell(with(walk, dict, Finding::removed("action", label, tells)));
        return Ok(false);
    }
    if kind == "URI" {
        let address = walk.get(dict, "URI").as_text().unwrap_or_default();
        if !walk.job.keeps(Token::Links) || !is_public(&address) {
            walk.tell(Finding::removed("link", "address on this computer or network", Tells::History).value(address));
            return Ok(false);
        }
        if tracking::is_marked(&address) {
            walk.tell(Finding::kept("link", tracking::LABEL, Tells::Identifier, tracking::WHY));
        }
    }
    Ok(true)
}

/// What to say where scripts are to be kept.
pub(super) fn scripts() -> Refusal {
    Refusal::unsupported("it has scripts, which cannot be kept in a cleaned PDF so far")
        .hint("let them go: leave out --keep macros")
}

/// Whether the address that relative ones start from stays. [7.7.2, 12.6.4.8]
pub(super) fn admits_base<'b>(walk: &mut Walk<'b>, dict: &Dict<'b>) -> bool {
    let base = walk.get(dict, "Base").as_text().unwrap_or_default();
    let public = ["http://", "https://"].iter().any(|s| base.to_ascii_lowercase().starts_with(s));
    if !public && !base.is_empty() {
        walk.tell(Finding::removed("document", "base address on this computer or network", Tells::History).value(base));
    }
    public
}

fn with<'b>(walk: &Walk<'b>, dict: &Dict<'b>, finding: Finding) -> Finding {
    for key in ["JS", "F", "URI"] {
        let value = walk.get(dict, key);
        let inner = value.as_dict().map(|d| walk.get(d, "F"));
        if let Some(text) = inner.unwrap_or(value).as_text() {
            return finding.value(text.chars().take(200).collect::<String>());
        }
    }
    finding
}

/// Whether an address leads out into the web rather than into the author's disk or network.
fn is_public(address: &str) -> bool {
    let address = address.trim();
    let scheme = address.split([':', '/', '?', '#']).next().unwrap_or_default();
    if address.len() > scheme.len() && address.as_bytes()[scheme.len()] == b':' {
        return matches!(
            scheme.to_ascii_lowercase().as_str(),
            "http" | "https" | "mailto" | "tel" | "ftp" | "sms" | "news" | "doi" | "urn" | "geo" | "sip"
        );
    }
    // Without a scheme it is relative to the document, or a host name that lacks one.
    !address.starts_with(['/', '\\'])
}
