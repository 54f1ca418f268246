//! Names of elements, for policies under which nothing stays that a person wrote for nobody to read: drawing programs make
//! them of the names of layers. They become numbers where everything that refers to them is seen: addresses and `url()`.
//! What style sheets, animations or readers' attributes refer to keeps its name, and that is said.

use std::collections::{BTreeMap, BTreeSet};

use super::doctype::Doctype;
use crate::grammar::xml::{Document, NONE};

/// The new names by the old ones.
#[derive(Default)]
pub(super) struct Ids {
    new: BTreeMap<String, String>,
    /// Whether some keep their names.
    pub(super) some_stay: bool,
}

impl Ids {
    /// Looks which names can be changed. `styles` is the text of all style sheets.
    pub(super) fn of(doc: &Document, doctype: &Doctype, styles: &str) -> Ids {
        let (mut names, mut order, mut said) = (BTreeSet::new(), Vec::new(), styles.to_owned());
        let mut opaque = !doctype.is_plain();
        for n in 0..doc.len() {
            opaque |= matches!(doc.local(n), "script" | "foreignObject" | "handler");
            for attr in doc.attrs(n) {
                let value = attr.value();
                match attr.local {
                    "id" if attr.ns == NONE && attr.prefix.is_empty() => {
                        if names.insert(value.to_string()) {
                            order.push(value.to_string());
                        }
                    }
                    // Here names stand among other words.
                    "begin" | "end" | "values" | "to" | "from" | "by" | "id" => said = said + " " + &value,
                    local if local.starts_with("aria-") => said = said + " " + &value,
                    "href" => opaque |= value.trim().starts_with("#xpointer") || value.trim().starts_with("#svgView"),
                    _ => {}
                }
            }
        }
        let stays = |name: &str| opaque || name.is_empty() || said.contains(name);
        let kept: BTreeSet<&String> = order.iter().filter(|name| stays(name)).collect();
        let mut numbers = (1..).map(|n: u32| format!("i{n}")).filter(|name| !kept.contains(name));
        let mut ids = Ids { some_stay: !kept.is_empty(), ..Ids::default() };
        for name in order.iter().filter(|name| !kept.contains(name)) {
            if let Some(new) = numbers.next() {
                ids.new.insert(name.clone(), new);
            }
        }
        ids
    }

    /// The new name of an element.
    pub(super) fn name(&self, old: &str) -> Option<&str> {
        self.new.get(old).map(String::as_str)
    }

    /// The new address of a place in this file.
    pub(super) fn address(&self, old: &str) -> Option<String> {
        let name = old.trim().strip_prefix('#')?;
        let new = self.name(name).map(str::to_owned).or_else(|| self.name(&decoded(name)?).map(str::to_owned))?;
        Some(format!("#{new}"))
    }
}

/// An address without percent signs.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        out.push(match (first, after) {
            (b'%', [a, b, after @ ..]) => {
                rest = after;
                u8::from_str_radix(std::str::from_utf8(&[*a, *b]).ok()?, 16).ok()?
            }
            _ => *first,
        });
    }
    String::from_utf8(out).ok()
}
