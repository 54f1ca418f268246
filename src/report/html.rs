//! The report as one page: no script, no font, no picture, no address from elsewhere, so it can be opened from a stick and
//! sent along. Whatever comes from a file is escaped, after it has passed the sanitiser.

use std::fmt::Write as _;

use super::text::proof_in_words;
use super::{Outcome, Receipt, Run, Status, count, plural, safe, size, word};
use crate::finding::{Action, Finding, Tells};
use crate::refusal::Refusal;
use crate::settings::{Mode, Values};

/// How the page looks, in light and in dark.
const STYLE: &str = include_str!("report.css");
/// Of each value, so many characters in short reports.
const SHORT: usize = 120;
/// A page with more files than this shows them folded.
const UNFOLDED: usize = 3;

/// A whole run as a page.
pub fn page(run: &Run, values: Values) -> String {
    let mut out = String::with_capacity(16 << 10);
    let title = headline(run);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    put(&mut out, &format!("<title>metascrub: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n", escape(&title)));
    header(&mut out, run, &title);
    let open = run.files.len() <= UNFOLDED;
    out.push_str("<section class=\"files\">\n");
    for file in &run.files {
        article(&mut out, file, values, open);
    }
    out.push_str("</section>\n");
    notes(&mut out, run);
    put(
        &mut out,
        &format!(
            "<footer>metascrub {} · policy: {} · {}</footer>\n</main>\n</body>\n</html>\n",
            env!("CARGO_PKG_VERSION"),
            escape(&run.policy),
            if values == Values::None {
                "values are not shown"
            } else {
                "this report shows what was removed: keep it to yourself"
            }
        ),
    );
    out
}

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

/// The outcome in one sentence.
fn headline(run: &Run) -> String {
    let t = &run.tally;
    let files = plural(t.files(), "file", "files");
    match (run.mode, t.bad()) {
        (Mode::Clean, 0) if t.cleaned == 0 => format!("{files}, nothing to remove"),
        (Mode::Clean, 0) if t.already_clean == 0 => format!("{files} cleaned and proved"),
        (Mode::Clean, 0) => {
            format!("{} cleaned and proved, {} had nothing to remove", count_of(t.cleaned), count_of(t.already_clean))
        }
        (Mode::Clean, bad) => format!("{} of {files} could not be cleaned", count_of(bad)),
        (_, 0) if t.would_clean == 0 => format!("{files}, nothing to remove"),
        (_, 0) if t.would_clean == 1 => format!("1 of {files} has something to remove"),
        (_, 0) => format!("{} of {files} have something to remove", count_of(t.would_clean)),
        (_, bad) => format!("{} of {files} could not be understood", count_of(bad)),
    }
}

fn count_of(n: usize) -> String {
    count(n as u64)
}

fn header(out: &mut String, run: &Run, title: &str) {
    let mood = match () {
        () if run.tally.bad() > 0 => "bad",
        () if run.tally.would_clean > 0 => "warn",
        () => "good",
    };
    put(out, &format!("<header class=\"{mood}\">\n<p class=\"brand\">metascrub</p>\n<h1>{}</h1>\n", escape(title)));
    let t = &run.tally;
    if run.mode == Mode::Clean && t.cleaned + t.already_clean > 0 {
        let done = plural(t.cleaned + t.already_clean, "copy was", "copies were");
        put(out, &format!("<p class=\"lead\">{done} written and compared with the original before getting a name: "));
        put(out, &format!("{} became {}.</p>\n", size(t.bytes_in), size(t.bytes_out)));
    } else if run.mode != Mode::Clean {
        out.push_str("<p class=\"lead\">Nothing was written. This is what the files tell.</p>\n");
    }
    let told: Vec<_> = Tells::ALL.into_iter().zip(t.told).filter(|(_, n)| *n > 0).collect();
    if !told.is_empty() {
        let heading = if run.mode == Mode::Clean { "Gone" } else { "Found" };
        put(out, &format!("<ul class=\"told\" aria-label=\"{heading}\">\n<li class=\"first\">{heading}</li>\n"));
        for (tells, n) in told {
            let _ = writeln!(out, "<li class=\"{}\">{} <b>{}</b></li>", tells.name(), word(tells), count(n as u64));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</header>\n");
}

fn article(out: &mut String, file: &Outcome, values: Values, open: bool) {
    let status = file.status();
    let open = if open || file.result.is_err() { " open" } else { "" };
    put(out, &format!("<details class=\"{}\"{open}>\n<summary><span class=\"badge\">{}</span>", status.name(), badge(status)));
    put(out, &format!("<span class=\"name\">{}</span>", escape(&safe::path(&file.path))));
    put(out, &format!("<span class=\"what\">{}</span></summary>\n", escape(&gist(file))));
    match &file.result {
        Ok(receipt) => body(out, file, receipt, values),
        Err(refusal) => refused(out, refusal),
    }
    out.push_str("</details>\n");
}

fn badge(status: Status) -> &'static str {
    match status {
        Status::Cleaned => "cleaned",
        Status::AlreadyClean => "clean",
        Status::WouldClean => "tells",
        Status::Refused => "refused",
        Status::Failed => "failed",
    }
}

/// What stands beside the name while the rest is folded.
fn gist(file: &Outcome) -> String {
    let words: Vec<&str> = file.told().iter().map(|(t, _)| word(*t)).collect();
    match &file.result {
        Err(refusal) => refusal.code().name().replace('-', " "),
        Ok(_) if words.is_empty() => "nothing to remove".to_owned(),
        Ok(_) => words.join(", "),
    }
}

fn refused(out: &mut String, refusal: &Refusal) {
    put(out, &format!("<p class=\"why\">{}.</p>\n", escape(&sentence(&refusal.to_string()))));
    put(
        out,
        &format!(
            "<p class=\"next\">Nothing was written. {}.</p>\n",
            escape(&sentence(refusal.advice().trim_start_matches("nothing was written; ")))
        ),
    );
}

/// With a capital: messages are written without one, since they stand behind colons.
fn sentence(text: &str) -> String {
    let text = safe::text(text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn body(out: &mut String, file: &Outcome, receipt: &Receipt, values: Values) {
    let after = match receipt.status {
        Status::AlreadyClean => size(file.bytes),
        Status::WouldClean => format!("{}, would be {}", size(file.bytes), size(receipt.bytes)),
        _ => format!("{} → {}", size(file.bytes), size(receipt.bytes)),
    };
    put(out, &format!("<p class=\"meta\">{} · {}", file.format.unwrap_or("unknown"), after));
    if let Some(output) = &receipt.output {
        put(out, &format!(" · <span class=\"name\">{}</span>", escape(&safe::path(output))));
    }
    out.push_str("</p>\n");
    let gone: Vec<&Finding> = receipt.findings.iter().filter(|f| f.action.changes()).collect();
    if !gone.is_empty() {
        out.push_str("<table>\n");
        for tells in Tells::ALL {
            rows(out, &gone, tells, values);
        }
        out.push_str("</table>\n");
    }
    kept(out, receipt);
    for warning in &receipt.warnings {
        put(out, &format!("<p class=\"note\">{}.</p>\n", escape(&sentence(warning))));
    }
    if let Some(words) = proof_in_words(receipt) {
        put(out, &format!("<p class=\"proof\"><b>Proved</b> {}.", escape(&words)));
        if let Some(hash) = &receipt.essence_sha256 {
            put(out, &format!(" <span class=\"hash\">SHA-256 of the content {}</span>", escape(hash)));
        }
        out.push_str("</p>\n");
    }
}

fn rows(out: &mut String, gone: &[&Finding], tells: Tells, values: Values) {
    let found: Vec<_> = gone.iter().filter(|f| f.tells == tells).collect();
    for (i, finding) in found.iter().enumerate() {
        out.push_str("<tr>");
        if i == 0 {
            put(out, &format!("<th rowspan=\"{}\" class=\"{}\">{}</th>", found.len(), tells.name(), word(tells)));
        }
        let value = match (&finding.value, values) {
            (None, _) | (_, Values::None) => String::new(),
            (Some(value), Values::Short) => safe::short(value, SHORT),
            (Some(value), Values::Full) => safe::text(value).into_owned(),
        };
        let place = finding.place.to_string();
        let place = if place == finding.label { String::new() } else { place };
        let action = if finding.action == Action::Removed { "" } else { finding.action.name() };
        let (span, value) = match value.as_str() {
            "" => (" colspan=\"2\"", String::new()),
            value => ("", format!("<td class=\"value\">{}</td>", escape(value))),
        };
        put(out, &format!("<td{span}>{} <i>{action}</i></td>{value}", escape(&safe::text(&finding.label))));
        put(out, &format!("<td class=\"place\">{}</td></tr>\n", escape(&safe::text(&place))));
    }
}

fn kept(out: &mut String, receipt: &Receipt) {
    let mut lines: Vec<String> = Vec::new();
    for finding in &receipt.findings {
        if let Action::Kept(why) = &finding.action {
            let line = format!("<b>{}</b> {}", escape(&safe::text(&finding.label)), escape(&safe::text(why)));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if !lines.is_empty() {
        put(out, &format!("<p class=\"kept\">Kept: {}</p>\n", lines.join("; ")));
    }
}

fn notes(out: &mut String, run: &Run) {
    if run.notes.is_empty() {
        return;
    }
    out.push_str("<section class=\"notes\">\n<ul>\n");
    for note in &run.notes {
        put(out, &format!("<li>{}</li>\n", escape(&sentence(note))));
    }
    out.push_str("</ul>\n</section>\n");
}

/// Text as it may stand in a page, between tags and in attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Code;

    fn run() -> Run {
        let evil = "<script>alert(1)</script>\" onload='x' \u{202e}gpj";
        let finding = Finding::removed("Exif", evil, Tells::Who).value(evil).bytes(9);
        let receipt = Receipt { findings: vec![finding.within(evil)], warnings: vec![evil.to_owned()], ..Receipt::default() };
        let good = Outcome { path: evil.into(), format: Some("JPEG"), bytes: 10, result: Ok(receipt), seconds: 0.1 };
        let bad = Refusal::new(Code::Malformed, evil.to_owned()).hint(evil.to_owned()).within(evil);
        let bad = Outcome { path: "b".into(), format: None, bytes: 10, result: Err(bad), seconds: 0.1 };
        let mut run = Run { files: vec![good, bad], notes: vec![evil.to_owned()], ..Run::default() };
        for file in &run.files {
            run.tally.count(file);
        }
        run
    }

    #[test]
    fn nothing_from_a_file_is_markup() {
        let page = page(&run(), Values::Full);
        assert!(!page.contains("<script") && !page.contains("onload='x'") && !page.contains('\u{202e}'));
        assert!(page.contains("&lt;script&gt;") && page.contains("\\u{202e}gpj"));
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let page = page(&run(), Values::Full);
        for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<link", "<img"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn values_are_not_shown_unasked() {
        let mut run = run();
        run.files.truncate(1);
        if let Ok(receipt) = &mut run.files[0].result {
            receipt.findings = vec![Finding::removed("Exif", "artist", Tells::Who).value("CANARY")];
        }
        assert!(!page(&run, Values::None).contains("CANARY"));
        assert!(page(&run, Values::Short).contains("CANARY"));
    }
}
