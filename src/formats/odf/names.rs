//! Names of pictures and media inside a document. Office programs count them or make them of checksums; some take over the
//! names that they had on somebody's disk, and those become counted ones.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::ns::XLINK;
use super::parse;
use crate::grammar::xml::Edits;
use crate::refusal::Result;

/// The folders in which they lie, and what they are called anew.
const FOLDERS: [(&str, &str); 2] = [("Pictures/", "image"), ("Media/", "media")];

/// Whether a program gave this name to a file.
fn is_given(file: &str) -> bool {
    let stem = file.rsplit_once('.').map_or(file, |(s, _)| s).to_ascii_lowercase();
    let word = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let counted = matches!(word, "" | "image" | "img_" | "picture" | "media" | "graphic" | "figure" | "pic" | "rid");
    counted || stem.len() >= 16 && stem.chars().all(|c| c.is_ascii_hexdigit())
}

/// New names for members that stay and whose names tell.
pub(super) fn telling(stays: &HashSet<String>) -> HashMap<String, String> {
    // Names that differ in capitals only are the same on some disks.
    let (mut out, mut taken) = (HashMap::new(), stays.iter().map(|s| s.to_lowercase()).collect::<HashSet<_>>());
    let sorted: BTreeSet<&String> = stays.iter().collect();
    for name in sorted {
        let Some((folder, base)) = FOLDERS.into_iter().find(|(f, _)| name.starts_with(f)) else { continue };
        let file = &name[folder.len()..];
        if file.is_empty() || file.contains('/') || is_given(file) {
            continue;
        }
        let extension = file.rsplit_once('.').map_or(String::new(), |(_, e)| format!(".{e}"));
        let new = (1..).map(|n| format!("{folder}{base}{n}{extension}")).find(|new| taken.insert(new.to_lowercase()));
        out.extend(new.map(|new| (name.clone(), new)));
    }
    out
}

/// The member that an address inside the document leads to, without what addresses are written with.
pub(super) fn target(href: &str) -> String {
    let href = href.strip_prefix("./").unwrap_or(href).trim_end_matches('/');
    let (mut out, bytes, mut i) = (Vec::with_capacity(href.len()), href.as_bytes(), 0);
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| href.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(hex.unwrap_or(bytes[i]));
        i += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A part that leads to the new names; `None` where it leads to none of the old ones.
pub(super) fn renamed(bytes: &[u8], names: &HashMap<String, String>) -> Result<Option<Vec<u8>>> {
    let doc = parse(bytes)?;
    let mut edits = Edits::default();
    for n in 0..doc.len() {
        for attr in doc.attrs(n).into_iter().filter(|a| a.ns == XLINK && a.local == "href") {
            if let Some(new) = names.get(&target(&attr.value())) {
                edits.put(attr.value_span, new.as_str());
            }
        }
    }
    Ok(edits.apply(bytes))
}
