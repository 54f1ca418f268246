//! What was found in one part, gathered so that a thousand revision marks are one line of the report.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Tells};

/// The most values of one kind that are told one by one.
const MOST: usize = 50;

/// Findings in the making.
#[derive(Default)]
pub(crate) struct Tally {
    counts: BTreeMap<(&'static str, Tells), (u64, u64, bool)>,
    values: BTreeSet<(&'static str, Tells, String)>,
    kept: BTreeMap<(&'static str, Tells, &'static str), u64>,
}

impl Tally {
    /// One more of something that goes, so many bytes long.
    pub(crate) fn gone(&mut self, label: &'static str, tells: Tells, bytes: usize) {
        let seen = self.counts.entry((label, tells)).or_default();
        seen.0 += 1;
        seen.1 += bytes as u64;
    }

    /// One more of something that is written in a neutral form.
    pub(crate) fn rewritten(&mut self, label: &'static str, tells: Tells) {
        let seen = self.counts.entry((label, tells)).or_default();
        seen.0 += 1;
        seen.2 = true;
    }

    /// A value that goes.
    pub(crate) fn value(&mut self, label: &'static str, tells: Tells, value: impl Into<String>) {
        let value = value.into();
        let value = value.trim();
        if !value.is_empty() {
            self.values.insert((label, tells, value.chars().take(200).collect()));
        }
    }

    /// One more of something that stays on purpose.
    pub(crate) fn kept(&mut self, label: &'static str, tells: Tells, why: &'static str) {
        *self.kept.entry((label, tells, why)).or_default() += 1;
    }

    /// Everything, as findings at `place`.
    pub(crate) fn findings(self, place: &str) -> Vec<Finding> {
        let place = || place.to_owned();
        let mut out = Vec::new();
        for ((label, tells), (count, bytes, rewritten)) in self.counts {
            let found = match rewritten {
                true => Finding::rewritten(place(), label, tells),
                false => Finding::removed(place(), label, tells),
            };
            let found = found.bytes(bytes);
            out.push(if count > 1 { found.value(format!("{count} times")) } else { found });
        }
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for (label, tells, value) in self.values {
            let n = told.entry(label).or_default();
            *n += 1;
            if *n <= MOST {
                out.push(Finding::removed(place(), label, tells).value(value));
            }
        }
        for ((label, tells, why), count) in self.kept {
            let found = Finding::kept(place(), label, tells, why);
            out.push(if count > 1 { found.value(format!("{count} times")) } else { found });
        }
        out
    }
}
