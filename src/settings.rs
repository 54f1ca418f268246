//! What a run was asked to do, as one value. The command line becomes it once; nothing below knows that there was a command
//! line. Policy files are read here too, since they are words of the same language.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::policy::{Base, Limits, Policy, Token, TrackedChanges, UnknownMembers};

/// Everything that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Files, folders, or `-` for standard input.
    pub inputs: Vec<PathBuf>,
    /// Whether anything is written.
    pub mode: Mode,
    /// Where outputs go.
    pub to: Destination,
    /// What may survive.
    pub policy: Policy,
    /// What is too much.
    pub limits: Limits,
    /// Whether existing files may be replaced.
    pub force: bool,
    /// Whether outputs get names that say nothing.
    pub rename: bool,
    /// The modification time of outputs.
    pub mtime: Mtime,
    /// What standard output gets.
    pub format: Rendering,
    /// How much of each value is shown.
    pub values: Values,
    /// How much is said.
    pub volume: Volume,
    /// Whether there is a progress bar.
    pub progress: When,
    /// Whether there are colours.
    pub color: When,
    /// A report besides the one on standard output.
    pub report: Option<PathBuf>,
    /// How many files are cleaned at the same time; 0 is as many as there are processors.
    pub jobs: usize,
}

/// What is done with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// It is applied, proved and published.
    #[default]
    Clean,
    /// It is shown; `findings_fail` makes findings an exit status of 3.
    Inspect {
        /// Whether the exit status tells that something was found.
        findings_fail: bool,
    },
    /// It is only asked whether anything would go.
    Check,
}

impl Mode {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Clean => "clean",
            Mode::Inspect { .. } => "inspect",
            Mode::Check => "check",
        }
    }
}

/// Where outputs go.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Destination {
    /// `photo.clean.jpg` beside `photo.jpg`, `holiday.clean/` beside `holiday/`.
    #[default]
    Beside,
    /// A file, if there is one input file and this is no folder; else a folder. `-` is standard output.
    Output(PathBuf),
    /// Each output takes the place of its input.
    InPlace {
        /// Whether the input stays as `NAME.orig`.
        backup: bool,
    },
}

/// The modification time of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mtime {
    /// When they were written.
    #[default]
    Now,
    /// 1980-01-01T00:00:00Z, the first day that every file system can hold.
    Epoch,
    /// That of the input.
    Keep,
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rendering {
    /// For people.
    #[default]
    Text,
    /// One object at the end.
    Json,
    /// One object a file, as soon as it is done.
    Jsonl,
}

/// How much of each value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Values {
    /// Nothing: only what kind of thing it was.
    None,
    /// The beginning.
    #[default]
    Short,
    /// All of it.
    Full,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Volume {
    /// Only what went wrong.
    Quiet,
    /// What a person wants to know.
    #[default]
    Normal,
    /// Every finding.
    Verbose,
}

/// When to do something that only makes sense on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Wherever the output goes.
    Always,
    /// Nowhere.
    Never,
}

/// A policy file. Every word is optional; unknown ones are mistakes.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct PolicyFile {
    base: Option<String>,
    keep: Vec<String>,
    drop: Vec<String>,
    unknown_members: Option<String>,
    tracked_changes: Option<String>,
    decrypt: bool,
    limits: LimitsFile,
}

#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct LimitsFile {
    max_size: Option<Number>,
    max_ratio: Option<u64>,
    max_members: Option<u64>,
    max_expanded: Option<Number>,
    depth: Option<u8>,
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Number {
    Plain(u64),
    Words(String),
}

impl Number {
    fn bytes(&self) -> Result<u64, String> {
        match self {
            Number::Plain(n) => Ok(*n),
            Number::Words(text) => size(text),
        }
    }
}

/// The policy called `name`: `default`, `strict`, or a TOML file. Limits that the file names go into `limits`.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn policy_named(name: &str, limits: &mut Limits) -> Result<Policy, String> {
    match name {
        "default" => Ok(Policy::default()),
        "strict" => Ok(Policy::strict()),
        _ => {
            let path = Path::new(name);
            if !name.ends_with(".toml") && !path.exists() {
                return Err(format!("unknown policy '{name}'; known are: default, strict, or a file that ends in .toml"));
            }
            let text = std::fs::read_to_string(path).map_err(|e| format!("the policy file cannot be read: {e}"))?;
            policy_from(&text, limits)
        }
    }
}

/// The policy that the text of a policy file describes.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn policy_from(text: &str, limits: &mut Limits) -> Result<Policy, String> {
    let file: PolicyFile = toml::from_str(text).map_err(|e| format!("the policy file is not understood: {e}"))?;
    let mut policy = Policy { decrypt: file.decrypt, ..Policy::default() };
    policy.base = match file.base.as_deref() {
        None | Some("default") => Base::Default,
        Some("strict") => Base::Strict,
        Some(other) => return Err(format!("unknown base '{other}'; known are: default, strict")),
    };
    if let Some(both) = file.keep.iter().find(|k| file.drop.contains(k)) {
        return Err(format!("'{both}' cannot be both kept and dropped in one policy file"));
    }
    for (names, keep) in [(&file.keep, true), (&file.drop, false)] {
        for name in names {
            policy.changes.push((Token::named(name)?, keep));
        }
    }
    if let Some(word) = &file.unknown_members {
        policy.unknown_members = unknown_members(word)?;
    }
    if let Some(word) = &file.tracked_changes {
        policy.tracked_changes = tracked_changes(word)?;
    }
    let named = file.limits;
    limits.size = named.max_size.map_or(Ok(limits.size), |n| n.bytes())?;
    limits.expanded = named.max_expanded.map_or(Ok(limits.expanded), |n| n.bytes())?;
    limits.ratio = named.max_ratio.unwrap_or(limits.ratio);
    limits.members = named.max_members.unwrap_or(limits.members);
    limits.depth = named.depth.unwrap_or(limits.depth);
    Ok(policy)
}

fn unknown_members(word: &str) -> Result<UnknownMembers, String> {
    match word {
        "refuse" => Ok(UnknownMembers::Refuse),
        "omit" => Ok(UnknownMembers::Omit),
        "keep" => Ok(UnknownMembers::Keep),
        _ => Err(format!("unknown word '{word}' for unknown-members; known are: refuse, omit, keep")),
    }
}

fn tracked_changes(word: &str) -> Result<TrackedChanges, String> {
    match word {
        "accept" => Ok(TrackedChanges::Accept),
        "reject" => Ok(TrackedChanges::Reject),
        "anonymise" => Ok(TrackedChanges::Anonymise),
        "refuse" => Ok(TrackedChanges::Refuse),
        _ => Err(format!("unknown word '{word}' for tracked-changes; known are: accept, reject, anonymise, refuse")),
    }
}

/// A number of bytes as a person writes it: `500`, `64k`, `10M`, `2GB`, `1.5 GiB`. A kilobyte is 1024 bytes.
///
/// # Errors
/// A sentence with an example.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is not a size; write 500, 64k, 10M, 2GB");
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let shift = match unit.trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(wrong()),
    };
    Ok((number * (1u64 << shift) as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(size("500"), Ok(500));
        assert_eq!(size("64k"), Ok(64 << 10));
        assert_eq!(size("2GB"), Ok(2 << 30));
        assert_eq!(size("1.5 GiB"), Ok(3 << 29));
        for wrong in ["", "k", "ten", "10X", "-1", "1..2"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_policy_file_says_everything_the_command_line_can() {
        let mut limits = Limits::default();
        let text = "base = 'strict'\nkeep = ['dpi']\ndrop = ['color']\nunknown-members = 'omit'\n\
                    tracked-changes = 'reject'\ndecrypt = true\n[limits]\nmax-size = '2GB'\nmax-ratio = 10\ndepth = 3\n";
        let policy = policy_from(text, &mut limits).unwrap();
        assert!(policy.is_strict() && policy.decrypt);
        assert!(policy.keeps(Token::Dpi) && !policy.keeps(Token::Color));
        assert_eq!(policy.unknown_members, UnknownMembers::Omit);
        assert_eq!(policy.tracked_changes, TrackedChanges::Reject);
        assert_eq!((limits.size, limits.ratio, limits.depth), (2 << 30, 10, 3));
    }

    #[test]
    fn mistakes_in_a_policy_file_are_said() {
        let says = |text: &str| policy_from(text, &mut Limits::default()).unwrap_err();
        assert!(says("bsae = 'strict'").contains("bsae"));
        assert!(says("base = 'lax'").contains("known are: default, strict"));
        assert!(says("keep = ['gps']").contains("orientation"));
        assert!(says("keep = ['dpi']\ndrop = ['dpi']").contains("both"));
        assert!(says("unknown-members = 'eat'").contains("omit"));
        assert!(policy_named("lax", &mut Limits::default()).unwrap_err().contains("strict"));
    }
}
