//! What a walk says on its way: findings and warnings, each once, and what removed things led to.

use std::collections::HashSet;

use super::{K, Walk};
use crate::finding::{Finding, Tells};
use crate::formats::pdf::tell;
use crate::grammar::pdf::Obj;
use crate::refusal::Result;

/// What the walk learned besides the objects it wrote.
#[derive(Default)]
pub(in crate::formats::pdf) struct Notes {
    pub(in crate::formats::pdf) findings: Vec<Finding>,
    pub(in crate::formats::pdf) warnings: Vec<String>,
    pub(super) told: HashSet<(String, String, Option<String>)>,
    /// Object numbers that removed things led to.
    pub(in crate::formats::pdf) dropped: Vec<u32>,
    /// Members that were cleaned: (name, outcome), for the draft to adopt.
    pub(in crate::formats::pdf) members: Vec<(String, crate::clean::Cleaned)>,
}

impl<'b> Walk<'b> {
    /// Lets the echo listen to a string that stays.
    pub(super) fn hear(&self, obj: &Obj) -> Result<()> {
        if self.job.is_heard()
            && let Some(text) = obj.as_text()
        {
            self.job.hear("the document", text.as_bytes(), true)?;
        }
        Ok(())
    }

    /// Says once that embedded fonts stay as they are.
    pub(in crate::formats::pdf) fn keep_fonts(&mut self) {
        let why = "fonts are needed to show the text; the names and notices inside them stay";
        self.tell(Finding::kept("font", "embedded font programs", Tells::Software, why));
    }

    /// Says something, once.
    pub(in crate::formats::pdf) fn tell(&mut self, finding: Finding) {
        let key = (finding.place.to_string(), finding.label.to_string(), finding.value.clone());
        if self.is_writing() && self.notes.told.insert(key) {
            self.notes.findings.push(finding);
        }
    }

    /// Says something without a finding, once.
    pub(in crate::formats::pdf) fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if self.is_writing() && !self.notes.warnings.contains(&warning) {
            self.notes.warnings.push(warning);
        }
    }

    pub(super) fn tell_unexpected(&mut self, k: K, obj: &Obj<'b>) {
        tell::unexpected(self, k, obj);
        self.drop_object(obj);
    }

    /// Remembers what removed things lead to, so that it is not taken for unreferenced.
    pub(in crate::formats::pdf) fn drop_object(&mut self, obj: &Obj) {
        if !self.is_writing() {
            return;
        }
        match obj {
            Obj::Ref(number, _) => self.notes.dropped.push(*number),
            Obj::Array(items) => items.iter().for_each(|item| self.drop_object(item)),
            Obj::Dict(dict) => dict.0.iter().for_each(|(_, value)| self.drop_object(value)),
            _ => {}
        }
    }
}
