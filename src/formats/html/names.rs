//! Which elements and attributes of HTML may survive.

use crate::finding::Tells;

/// Names of `meta` elements that say how a page is shown and nothing else.
const META: [&str; 5] = ["viewport", "color-scheme", "theme-color", "format-detection", "referrer"];
/// What `http-equiv` may say. A refresh is looked at by itself.
const EQUIVALENT: [&str; 5] = ["content-type", "content-language", "default-style", "x-ua-compatible", "content-security-policy"];
/// Links without which a page looks or works another way.
const LINKS: [&str; 9] =
    ["stylesheet", "icon", "apple-touch-icon", "preload", "modulepreload", "manifest", "preconnect", "next", "prev"];

/// Whether a `meta` element of that `name` stays.
pub(super) fn meta(name: &str) -> bool {
    META.contains(&name)
}

/// Whether a `meta` element of that `http-equiv` stays.
pub(super) fn equivalent(name: &str) -> bool {
    EQUIVALENT.contains(&name)
}

/// Whether a `link` of that `rel` stays.
pub(super) fn link(rel: &str) -> bool {
    rel.split_ascii_whitespace().any(|word| LINKS.contains(&word))
}

/// What a `meta` element of that name tells.
pub(super) fn tells(name: &str) -> Tells {
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    match name {
        _ if has(&["geo.", "icbm", "place:", "locality", "latitude"]) => Tells::Where,
        _ if has(&["verification", "csrf", "admins", "app_id", "page_id", "revision", "identifier"]) => Tells::Identifier,
        _ if has(&["author", "creator", "publisher", "owner", "reply-to", "contributor", "profile:"]) => Tells::Who,
        _ if has(&["date", "time", "modified", "created", "published", "expires"]) => Tells::When,
        _ if has(&["generator", "progid", "originator", "application-name"]) => Tells::Software,
        _ => Tells::Text,
    }
}

/// Attributes that only tell that a program or a tracker has been at work.
pub(super) fn traces(attribute: &str) -> bool {
    const EXACT: [&str; 13] = [
        "ping",
        "data-reactroot",
        "data-gramm",
        "data-gramm_editor",
        "data-enable-grammarly",
        "data-gr-ext-installed",
        "data-gr-ext-disabled",
        "data-new-gr-c-s-check-loaded",
        "data-lt-installed",
        "cz-shortcut-listen",
        "data-ved",
        "data-hveid",
        "data-ft",
    ];
    const BEGIN: [&str; 12] = [
        "data-savepage-",
        "data-single-file-",
        "data-sf-",
        "data-mce-",
        "data-cke-",
        "data-ga-",
        "data-gtm-",
        "data-analytics",
        "data-tracking",
        "data-dashlane-",
        "data-lastpass-",
        "data-olk-",
    ];
    EXACT.contains(&attribute) || BEGIN.iter().any(|b| attribute.starts_with(b))
}

/// Attributes that hold one address.
pub(super) fn address(attribute: &str) -> bool {
    const NAMES: [&str; 16] = [
        "src",
        "href",
        "xlink:href",
        "poster",
        "data",
        "background",
        "action",
        "formaction",
        "cite",
        "longdesc",
        "usemap",
        "codebase",
        "classid",
        "icon",
        "lowsrc",
        "data-src",
    ];
    NAMES.contains(&attribute)
}

/// Prefixes of editors and metadata inside SVG.
pub(super) fn editor(name: &str) -> bool {
    ["inkscape:", "sodipodi:", "rdf:", "cc:", "dc:", "sketch:"].iter().any(|p| name.starts_with(p))
}

/// Whether a hidden field guards a session.
pub(super) fn csrf(name: &str) -> bool {
    ["csrf", "xsrf", "authenticity_token", "requestverificationtoken", "_token", "form_build_id"].iter().any(|w| name.contains(w))
}
