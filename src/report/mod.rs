//! What came of a run, as plain data, and its renderings. A renderer knows nothing of files being cleaned, and the batch
//! knows nothing of how its outcomes are shown.

pub mod html;
pub mod json;
pub mod safe;
pub mod text;

use std::path::PathBuf;

use crate::finding::{Finding, Tells};
use crate::prove::Proof;
use crate::refusal::Refusal;
use crate::settings::Mode;

/// The place of findings about the name of the file itself.
pub const NAME: &str = "name";

/// A whole run.
#[derive(Debug, Default)]
pub struct Run {
    /// What was asked: to clean, to show, to check.
    pub mode: Mode,
    /// The policy in words.
    pub policy: String,
    /// One for each input file, in the order of the inputs. Empty where nobody wanted to keep them.
    pub files: Vec<Outcome>,
    /// What a person should know that belongs to no file: what was left out and why.
    pub notes: Vec<String>,
    /// The sums.
    pub tally: Tally,
    /// How long it took.
    pub seconds: f64,
}

/// What came of one file.
#[derive(Debug)]
pub struct Outcome {
    /// The input, as it was given; `-` for standard input.
    pub path: PathBuf,
    /// Its row of the table, where that is known.
    pub format: Option<&'static str>,
    /// How many bytes it has.
    pub bytes: u64,
    /// What became of it.
    pub result: Result<Receipt, Refusal>,
    /// How long it took.
    pub seconds: f64,
}

/// A file that was cleaned, or whose plan was made.
#[derive(Debug, Default)]
pub struct Receipt {
    /// What is to be said first.
    pub status: Status,
    /// The output, where there is one; `-` for standard output.
    pub output: Option<PathBuf>,
    /// How many bytes the result has.
    pub bytes: u64,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What was proved about the result; `None` where nothing was written.
    pub proof: Option<Proof>,
    /// The hash of the content, where somebody wanted it.
    pub essence_sha256: Option<String>,
    /// The parsers that looked at the result besides our own.
    pub witnesses: Vec<&'static str>,
    /// What a person should know although nothing was done about it.
    pub warnings: Vec<String>,
}

/// What is to be said of a file first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// Something went.
    #[default]
    Cleaned,
    /// There was nothing to remove.
    AlreadyClean,
    /// Something would go, and nothing was written: that was not asked for.
    WouldClean,
    /// A judgement on the bytes: nothing was written.
    Refused,
    /// Disk, permissions, ourselves: nothing was written.
    Failed,
}

impl Status {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Status::Cleaned => "cleaned",
            Status::AlreadyClean => "already-clean",
            Status::WouldClean => "would-clean",
            Status::Refused => "refused",
            Status::Failed => "failed",
        }
    }
}

impl Outcome {
    /// What is to be said first.
    pub fn status(&self) -> Status {
        match &self.result {
            Ok(receipt) => receipt.status,
            Err(refusal) if refusal.code().is_failure() => Status::Failed,
            Err(_) => Status::Refused,
        }
    }

    /// What went or would go, most telling first, with how many things of each kind.
    pub fn told(&self) -> Vec<(Tells, usize)> {
        let changed = self.result.iter().flat_map(|r| &r.findings).filter(|f| f.action.changes());
        let mut counts = [0; Tells::ALL.len()];
        for finding in changed {
            counts[finding.tells as usize] += 1;
        }
        Tells::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0).collect()
    }
}

/// The sums over a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files that something went from.
    pub cleaned: usize,
    /// Files with nothing to remove.
    pub already_clean: usize,
    /// Files that something would go from.
    pub would_clean: usize,
    /// Files that were refused.
    pub refused: usize,
    /// Files that failed.
    pub failed: usize,
    /// Outputs whose names tell something, and stay.
    pub names: usize,
    /// Bytes read, of files that came through.
    pub bytes_in: u64,
    /// Bytes of the results.
    pub bytes_out: u64,
    /// Things that went or would go, by what they tell.
    pub told: [usize; Tells::ALL.len()],
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome.status() {
            Status::Cleaned => self.cleaned += 1,
            Status::AlreadyClean => self.already_clean += 1,
            Status::WouldClean => self.would_clean += 1,
            Status::Refused => self.refused += 1,
            Status::Failed => self.failed += 1,
        }
        if let Ok(receipt) = &outcome.result {
            self.names += usize::from(receipt.findings.iter().any(|f| f.place.steps().first().is_some_and(|s| s == NAME)));
            self.bytes_in += outcome.bytes;
            self.bytes_out += receipt.bytes;
        }
        for (tells, n) in outcome.told() {
            self.told[tells as usize] += n;
        }
    }

    /// How many files there were.
    pub fn files(&self) -> usize {
        self.cleaned + self.already_clean + self.would_clean + self.refused + self.failed
    }

    /// How many did not come through.
    pub fn bad(&self) -> usize {
        self.refused + self.failed
    }
}

/// What a kind of finding tells, in a word for people.
pub fn word(tells: Tells) -> &'static str {
    match tells {
        Tells::Where => "place",
        Tells::Who => "person",
        Tells::Device => "device",
        Tells::Identifier => "identifier",
        Tells::When => "time",
        Tells::Preview => "preview",
        Tells::Hidden => "hidden",
        Tells::History => "history",
        Tells::Software => "software",
        Tells::Text => "text",
        Tells::Rendering => "display",
        Tells::Unknown => "unknown",
    }
}

/// A number of bytes as a person reads it.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let (mut value, mut unit) = (bytes as f64 / 1000.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A whole number with its thousands apart.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// One or several of something.
pub fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!((size(0), size(999), size(1000)), ("0 bytes".into(), "999 bytes".into(), "1.0 kB".into()));
        assert_eq!((size(12_345_678), size(999_999)), ("12 MB".into(), "1.0 MB".into()));
        assert_eq!((count(7), count(1000), count(1_234_567)), ("7".into(), "1,000".into(), "1,234,567".into()));
        assert_eq!((plural(1, "file", "files"), plural(2, "file", "files")), ("1 file".into(), "2 files".into()));
    }

    #[test]
    fn every_kind_of_finding_has_its_place_in_the_tally() {
        for (i, tells) in Tells::ALL.into_iter().enumerate() {
            assert_eq!(tells as usize, i, "{tells:?}: Tells::ALL is in the order of the enum");
        }
    }
}
