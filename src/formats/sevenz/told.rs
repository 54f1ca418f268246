//! What the header of a 7z archive told, said once for the archive.

use crate::finding::{Finding, Tells};
use crate::formats::tar;
use crate::grammar::sevenz::{Archive, File};

#[derive(Default)]
pub(super) struct Told {
    times: Option<(u64, u64)>,
    more_times: bool,
    attributes: bool,
}

impl Told {
    /// Notes what goes of a member that stays, with these attributes and perhaps its time.
    pub(super) fn member(&mut self, file: &File, attributes: u32, dated: bool) {
        if let Some(time) = file.written.filter(|_| !dated) {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        self.more_times |= file.has_more_times;
        self.attributes |= file.attributes != Some(attributes);
    }

    pub(super) fn findings(self, archive: &Archive) -> Vec<Finding> {
        let mut out = Vec::new();
        if let Some((first, last)) = self.times {
            let (first, last) = (day(first), day(last));
            let span = if first == last { first } else { format!("{first} to {last}") };
            out.push(Finding::removed("7z", "times of members", Tells::When).value(span));
        }
        if self.more_times {
            out.push(Finding::removed("7z", "times of creation and access", Tells::When));
        }
        if self.attributes {
            out.push(Finding::rewritten("7z", "permissions and attributes of members", Tells::Software));
        }
        if archive.says_more {
            out.push(Finding::removed("7z", "other properties in the header", Tells::Unknown));
        }
        out
    }
}

/// Steps of 100 ns since 1601 as people write a day.
fn day(time: u64) -> String {
    tar::date((time / 10_000_000).saturating_sub(11_644_473_600))
}
