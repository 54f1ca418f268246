//! The report for people: grouped by what a thing tells, since that is what somebody who is about to share a file wants to
//! know; short, and in words. Every value passes the sanitiser.

use std::fmt::Write as _;

use super::{Outcome, Receipt, Run, Status, Tally, count, plural, safe, size, word};
use crate::finding::{Action, Finding, Tells};
use crate::settings::{Mode, Values};

/// How a report looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether there are colours.
    pub color: bool,
    /// How much of each value is shown.
    pub values: Values,
    /// How much is said.
    pub detail: Detail,
}

/// How much is said of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// One line.
    Line,
    /// What it told, the first few things of each kind.
    Full,
    /// Every finding.
    Everything,
}

/// Of each kind, so many things are shown before "and … more".
const FEW: usize = 4;
/// Of each value, so many characters.
const SHORT: usize = 60;

#[derive(Clone, Copy)]
enum Ink {
    Good,
    Bad,
    Warn,
    Dim,
    Bold,
}

impl Style {
    fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Warn => "33",
            Ink::Dim => "2",
            Ink::Bold => "1",
        };
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What came of one file.
pub fn outcome(outcome: &Outcome, style: &Style) -> String {
    match &outcome.result {
        Ok(receipt) if style.detail == Detail::Line => line(outcome, receipt, style),
        Ok(receipt) => full(outcome, receipt, style),
        Err(refusal) => {
            let mut out = String::new();
            let mark = style.ink(Ink::Bad, "✗");
            let path = style.ink(Ink::Bold, &safe::path(&outcome.path));
            let code = style.ink(Ink::Dim, &format!("[{}]", refusal.code().name()));
            let _ = writeln!(out, "{mark} {path}: {}: {} {code}", outcome.status().name(), safe::text(&refusal.to_string()));
            let advice = refusal.advice().trim_start_matches("nothing was written; ");
            let _ = writeln!(out, "  nothing was written; {}", safe::text(advice));
            out
        }
    }
}

/// The file, and where its output is.
fn title(outcome: &Outcome, receipt: &Receipt, style: &Style) -> String {
    let mark = match receipt.status {
        Status::AlreadyClean => style.ink(Ink::Dim, "·"),
        Status::WouldClean => style.ink(Ink::Warn, "!"),
        _ => style.ink(Ink::Good, "✓"),
    };
    let path = style.ink(Ink::Bold, &safe::path(&outcome.path));
    match &receipt.output {
        Some(output) if *output != outcome.path => format!("{mark} {path} → {}", safe::path(output)),
        _ => format!("{mark} {path}"),
    }
}

fn line(outcome: &Outcome, receipt: &Receipt, style: &Style) -> String {
    let told = outcome.told();
    let what = if receipt.status == Status::AlreadyClean {
        style.ink(Ink::Dim, "nothing to remove")
    } else {
        let words: Vec<&str> = told.iter().map(|(t, _)| word(*t)).collect();
        let n: usize = told.iter().map(|(_, n)| n).sum();
        format!("{} {}", words.join(", "), style.ink(Ink::Dim, &format!("({})", plural(n, "thing", "things"))))
    };
    let mut out = format!("{}  {what}\n", title(outcome, receipt, style));
    warnings(&mut out, receipt, style);
    out
}

fn full(outcome: &Outcome, receipt: &Receipt, style: &Style) -> String {
    let mut out = title(outcome, receipt, style);
    let format = outcome.format.unwrap_or("unknown");
    let sizes = match receipt.status {
        Status::AlreadyClean => size(outcome.bytes),
        Status::WouldClean => format!("{}, would be {}", size(outcome.bytes), size(receipt.bytes)),
        _ => format!("{}, now {}", size(outcome.bytes), size(receipt.bytes)),
    };
    let _ = writeln!(out, "\n  {}", style.ink(Ink::Dim, &format!("{format}, {sizes}")));
    let heading = match receipt.status {
        Status::AlreadyClean => "Nothing to remove.",
        Status::WouldClean => "It tells:",
        _ => "It told, and tells no longer:",
    };
    let _ = writeln!(out, "\n  {heading}");
    for tells in Tells::ALL {
        group(&mut out, receipt, tells, style);
    }
    kept(&mut out, receipt, style);
    proof(&mut out, receipt, style);
    warnings(&mut out, receipt, style);
    out
}

/// Everything of one kind that went or would go.
fn group(out: &mut String, receipt: &Receipt, tells: Tells, style: &Style) {
    let found = receipt.findings.iter().filter(|f| f.tells == tells && f.action.changes());
    let lines = folded(found.map(|f| finding(f, style)));
    let most = if style.detail == Detail::Everything { usize::MAX } else { FEW };
    // One more takes no more room than saying so.
    let most = if lines.len() == most.saturating_add(1) { lines.len() } else { most };
    for (i, (text, times)) in lines.iter().take(most).enumerate() {
        let head = if i == 0 { word(tells) } else { "" };
        let times = if *times > 1 { style.ink(Ink::Dim, &format!(" ({times} times)")) } else { String::new() };
        let head = if head.is_empty() { " ".repeat(12) } else { style.ink(Ink::Warn, &format!("{head:<12}")) };
        let _ = writeln!(out, "    {head}{text}{times}");
    }
    if lines.len() > most {
        let _ =
            writeln!(out, "    {:<12}{}", "", style.ink(Ink::Dim, &format!("and {} more", count((lines.len() - most) as u64))));
    }
}

/// The same line once, and how often it came.
fn folded(lines: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut out: Vec<(String, usize)> = Vec::new();
    let mut seen = std::collections::HashMap::new();
    for line in lines {
        match seen.get(&line) {
            Some(i) => {
                let entry: &mut (String, usize) = &mut out[*i];
                entry.1 += 1;
            }
            None => {
                seen.insert(line.clone(), out.len());
                out.push((line, 1));
            }
        }
    }
    out
}

fn finding(finding: &Finding, style: &Style) -> String {
    let mut out = safe::text(&finding.label).into_owned();
    match (&finding.value, style.values) {
        (None, _) | (_, Values::None) => {}
        (Some(value), Values::Short) => {
            let _ = write!(out, ": {}", safe::short(value, SHORT));
        }
        (Some(value), Values::Full) => {
            let _ = write!(out, ": {}", safe::text(value));
        }
    }
    if matches!(finding.action, Action::Blanked | Action::Rewritten) {
        let _ = write!(out, " {}", style.ink(Ink::Dim, &format!("[{}]", finding.action.name())));
    }
    let place = finding.place.to_string();
    // The last step is the block it stood in; only members before it are worth a word, unless every word is.
    let steps = finding.place.steps();
    if style.detail == Detail::Everything && place != finding.label {
        let _ = write!(out, " {}", style.ink(Ink::Dim, &format!("({})", safe::text(&place))));
    } else if steps.len() > 1 {
        let members = steps[..steps.len() - 1].join(" › ");
        let _ = write!(out, " {}", style.ink(Ink::Dim, &format!("(in {})", safe::text(&members))));
    }
    out
}

fn kept(out: &mut String, receipt: &Receipt, style: &Style) {
    let kept = receipt.findings.iter().filter_map(|f| match &f.action {
        Action::Kept(why) => Some(format!("{}: {}", safe::text(&f.label), safe::text(why))),
        _ => None,
    });
    let lines = folded(kept);
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}:", if receipt.status == Status::WouldClean { "Would be kept" } else { "Kept" });
    let most = if style.detail == Detail::Everything { usize::MAX } else { 2 * FEW };
    for (line, times) in lines.iter().take(most) {
        let times = if *times > 1 { style.ink(Ink::Dim, &format!(" ({times} times)")) } else { String::new() };
        let _ = writeln!(out, "    {line}{times}");
    }
    if lines.len() > most {
        let _ = writeln!(out, "    {}", style.ink(Ink::Dim, &format!("and {} more", count((lines.len() - most) as u64))));
    }
}

/// What was proved, in one sentence.
pub fn proof_in_words(receipt: &Receipt) -> Option<String> {
    let proof = receipt.proof.as_ref()?;
    let content = match (receipt.status, proof.rebuilt) {
        (Status::AlreadyClean, _) => format!("the copy is identical ({})", bytes(proof.of)),
        (_, true) => "the content was rebuilt and compared equal".to_owned(),
        (_, false) => format!("the content is identical ({})", bytes(proof.essence)),
    };
    let mut out = content;
    if receipt.status != Status::AlreadyClean {
        out.push_str("; cleaning again changes nothing");
    }
    if !receipt.witnesses.is_empty() {
        let _ = write!(out, "; confirmed by {}", receipt.witnesses.join(" and "));
    }
    Some(out)
}

fn proof(out: &mut String, receipt: &Receipt, style: &Style) {
    if let Some(words) = proof_in_words(receipt) {
        let _ = writeln!(out, "\n  {} {words}", style.ink(Ink::Good, "Proved:"));
    }
}

fn warnings(out: &mut String, receipt: &Receipt, style: &Style) {
    for warning in &receipt.warnings {
        let _ = writeln!(out, "  {} {}", style.ink(Ink::Warn, "note:"), safe::text(warning));
    }
}

/// The sums of several files.
pub fn summary(run: &Run, style: &Style) -> String {
    let tally = &run.tally;
    let mut parts = Vec::new();
    for (n, what, ink) in [
        (tally.cleaned, "cleaned", Ink::Good),
        (tally.already_clean, if run.mode == Mode::Clean { "already clean" } else { "clean" }, Ink::Dim),
        (tally.would_clean, "to clean", Ink::Warn),
        (tally.refused, "refused", Ink::Bad),
        (tally.failed, "failed", Ink::Bad),
    ] {
        if n > 0 {
            parts.push(style.ink(ink, &format!("{} {what}", count(n as u64))));
        }
    }
    let mut out = format!("\n{}: {}", style.ink(Ink::Bold, &plural(tally.files(), "file", "files")), parts.join(", "));
    if run.mode == Mode::Clean && tally.cleaned + tally.already_clean > 0 {
        let _ = write!(out, "; {} became {} in {}", size(tally.bytes_in), size(tally.bytes_out), duration(run.seconds));
    }
    out.push('\n');
    let told = told(tally);
    if !told.is_empty() {
        let heading = if run.mode == Mode::Clean { "gone" } else { "found" };
        let _ = writeln!(out, "{heading}: {told}");
    }
    if tally.names > 0 {
        let names = plural(tally.names, "file name tells", "file names tell");
        let _ = writeln!(out, "{} {names} something too; --rename gives names that do not", style.ink(Ink::Warn, "note:"));
    }
    out
}

fn told(tally: &Tally) -> String {
    let each = Tells::ALL.into_iter().zip(tally.told).filter(|(_, n)| *n > 0);
    each.map(|(t, n)| format!("{} × {}", count(n as u64), word(t))).collect::<Vec<_>>().join(", ")
}

fn bytes(n: u64) -> String {
    format!("{} {}", count(n), if n == 1 { "byte" } else { "bytes" })
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.0095 => format!("{:.1} ms", s * 1000.0),
        s if s < 0.95 => format!("{:.0} ms", s * 1000.0),
        s if s < 99.0 => format!("{s:.1} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

/// A whole run as a plain page.
pub fn page(run: &Run, values: Values) -> String {
    let style = Style { color: false, values, detail: Detail::Full };
    let mut out = format!("metascrub {}, policy: {}\n\n", env!("CARGO_PKG_VERSION"), run.policy);
    for file in &run.files {
        out.push_str(&outcome(file, &style));
        out.push('\n');
    }
    for note in &run.notes {
        out.push_str(note);
        out.push('\n');
    }
    out.push_str(summary(run, &style).trim_start());
    out
}
