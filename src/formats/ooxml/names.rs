//! Names of the files inside a document. Most programs count them; some take over the names that pictures had on somebody's
//! disk, and those become counted ones.

use std::collections::{HashMap, HashSet};

use super::package::{Leads, Package};

/// What programs call the files that they put into a document, in front of a number.
const GIVEN: &[&str] = &[
    "image",
    "media",
    "picture",
    "pic",
    "audio",
    "video",
    "movie",
    "sound",
    "font",
    "oleobject",
    "object",
    "package",
    "document",
    "chunk",
    "afchunk",
    "rid",
    "slide",
    "hdphoto",
    "graphic",
    "embedding",
    "chart",
    "ink",
];

/// The new names.
#[derive(Default)]
pub(super) struct Names {
    new: HashMap<usize, String>,
    taken: HashSet<String>,
}

/// Whether a program gave this name to a file.
fn is_given(file: &str) -> bool {
    let stem = file.rsplit_once('.').map_or(file, |(s, _)| s).to_ascii_lowercase();
    let word = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    GIVEN.contains(&word) || word.starts_with("microsoft_") || word.is_empty()
}

impl Names {
    /// The name, in its folder, that a part has to have instead of its own.
    pub(super) fn of(&mut self, package: &Package, part: usize, leads: Leads) -> Option<String> {
        let base = match leads {
            Leads::Media => "image",
            Leads::Package => "document",
            Leads::Object => "object",
            Leads::Chunk => "chunk",
            _ => return None,
        };
        if let Some(known) = self.new.get(&part) {
            return Some(known.clone());
        }
        let name = package.name(part);
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
        if is_given(file) {
            return None;
        }
        let extension = file.rsplit_once('.').map_or(String::new(), |(_, e)| format!(".{e}"));
        let free = (1..).map(|n| format!("{base}{n}{extension}")).find(|new| {
            let whole = format!("{folder}/{new}").to_lowercase();
            package.find(&whole).is_none() && self.taken.insert(whole)
        })?;
        self.new.insert(part, free.clone());
        Some(free)
    }

    /// The whole name that a part has to have, where that is not its own.
    pub(super) fn whole(&self, package: &Package, part: usize) -> Option<String> {
        let file = self.new.get(&part)?;
        let name = package.name(part);
        Some(name.rsplit_once('/').map_or_else(|| file.clone(), |(folder, _)| format!("{folder}/{file}")))
    }
}
