//! Namespaces of editors, which nothing uses once their data are gone.

use super::page::Page;
use super::{found, names, text};
use crate::finding::Tells;

impl Page<'_> {
    /// Declarations of namespaces that nothing uses any more.
    pub(super) fn namespaces(&mut self) {
        const OFFICE: [&str; 14] =
            ["o", "w", "m", "v", "x", "p", "st1", "dt", "inkscape", "sodipodi", "rdf", "cc", "dc", "sketch"];
        let kept = |i: &usize| self.kept.get(*i).copied().unwrap_or(true);
        let mut used = Vec::new();
        for token in (0..self.tokens.len()).filter(kept).map(|i| &self.tokens[i]) {
            let named = token.attrs.iter().map(|a| &a.name).chain([&token.name]);
            for name in named {
                let prefix = self.bytes[name.clone()].split(|b| *b == b':').next().unwrap_or_default().to_ascii_lowercase();
                let short = self.bytes[name.clone()].contains(&b':') && prefix.len() < 9;
                if short && !used.contains(&prefix) && OFFICE.iter().any(|o| o.as_bytes() == prefix) {
                    let gone = token.foreign && names::editor(&format!("{}:", String::from_utf8_lossy(&prefix)));
                    if !gone {
                        used.push(prefix);
                    }
                }
            }
        }
        for token in (0..self.tokens.len()).filter(kept).map(|i| &self.tokens[i]) {
            for attr in &token.attrs {
                let name = String::from_utf8_lossy(&self.bytes[attr.name.clone()]).to_ascii_lowercase();
                let Some(prefix) = name.strip_prefix("xmlns:") else { continue };
                if OFFICE.contains(&prefix) && !used.iter().any(|u| u == prefix.as_bytes()) {
                    let value = text(&self.bytes[attr.value.clone()]);
                    self.changes.remove(
                        attr.span.clone(),
                        "namespace",
                        found("unused namespace of an editor", Tells::Software, value),
                    );
                }
            }
        }
    }
}
