//! The report for programs. The shape is a contract: `"schema": 1` stays as long as no field changes its meaning or goes.
//! Characters that hide or turn text around are written as escapes, which says the same to a program and cannot fool a
//! terminal.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::{Outcome, Receipt, Run, safe};
use crate::finding::Finding;
use crate::settings::Values;

const SCHEMA: u32 = 1;
/// Of each value, so many characters in short reports.
const SHORT: usize = 60;

#[derive(Serialize)]
struct RunJson<'a> {
    schema: u32,
    tool: &'static str,
    version: &'static str,
    mode: &'static str,
    policy: &'a str,
    files: Vec<FileJson<'a>>,
    notes: &'a [String],
    summary: SummaryJson,
    seconds: f64,
}

#[derive(Serialize)]
struct SummaryJson {
    files: usize,
    cleaned: usize,
    already_clean: usize,
    would_clean: usize,
    refused: usize,
    failed: usize,
    bytes: BytesJson,
}

#[derive(Serialize)]
struct LineJson<'a> {
    schema: u32,
    #[serde(flatten)]
    file: FileJson<'a>,
}

#[derive(Serialize)]
struct FileJson<'a> {
    path: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    path_is_lossy: bool,
    output: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    output_is_lossy: bool,
    format: Option<&'static str>,
    status: &'static str,
    reason: Option<ReasonJson<'a>>,
    bytes: BytesJson,
    findings: Vec<FindingJson<'a>>,
    proof: Option<ProofJson<'a>>,
    warnings: &'a [String],
    seconds: f64,
}

#[derive(Serialize)]
struct ReasonJson<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    place: Vec<&'a str>,
    advice: &'a str,
}

#[derive(Serialize)]
struct BytesJson {
    r#in: u64,
    out: Option<u64>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    place: Vec<&'a str>,
    label: &'a str,
    tells: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    bytes: u64,
}

#[derive(Serialize)]
struct ProofJson<'a> {
    essence: &'static str,
    essence_bytes: u64,
    essence_sha256: Option<&'a str>,
    again: &'static str,
    echo: u32,
    witnesses: &'a [&'static str],
}

/// A whole run as one object.
pub fn run(run: &Run, values: Values) -> String {
    let tally = &run.tally;
    let summary = SummaryJson {
        files: tally.files(),
        cleaned: tally.cleaned,
        already_clean: tally.already_clean,
        would_clean: tally.would_clean,
        refused: tally.refused,
        failed: tally.failed,
        bytes: BytesJson { r#in: tally.bytes_in, out: Some(tally.bytes_out) },
    };
    let object = RunJson {
        schema: SCHEMA,
        tool: "metascrub",
        version: env!("CARGO_PKG_VERSION"),
        mode: run.mode.name(),
        policy: &run.policy,
        files: run.files.iter().map(|f| file(f, values)).collect(),
        notes: &run.notes,
        summary,
        seconds: round(run.seconds),
    };
    text(&object, Plain(PrettyFormatter::new()))
}

/// One file as one line.
pub fn line(outcome: &Outcome, values: Values) -> String {
    text(&LineJson { schema: SCHEMA, file: file(outcome, values) }, Plain(CompactFormatter))
}

fn file(outcome: &Outcome, values: Values) -> FileJson<'_> {
    let receipt = outcome.result.as_ref().ok();
    let output = receipt.and_then(|r| r.output.as_deref());
    FileJson {
        path: outcome.path.to_string_lossy().into_owned(),
        path_is_lossy: outcome.path.to_str().is_none(),
        output: output.map(|o| o.to_string_lossy().into_owned()),
        output_is_lossy: output.is_some_and(|o| o.to_str().is_none()),
        format: outcome.format,
        status: outcome.status().name(),
        reason: outcome.result.as_ref().err().map(|r| ReasonJson {
            code: r.code().name(),
            message: r.to_string(),
            offset: r.offset(),
            place: r.place().steps().iter().map(AsRef::as_ref).collect(),
            advice: r.advice(),
        }),
        bytes: BytesJson { r#in: outcome.bytes, out: receipt.map(|r| r.bytes) },
        findings: receipt.map(|r| r.findings.iter().map(|f| finding(f, values)).collect()).unwrap_or_default(),
        proof: receipt.and_then(proof),
        warnings: receipt.map(|r| r.warnings.as_slice()).unwrap_or_default(),
        seconds: round(outcome.seconds),
    }
}

fn finding(finding: &Finding, values: Values) -> FindingJson<'_> {
    FindingJson {
        place: finding.place.steps().iter().map(AsRef::as_ref).collect(),
        label: &finding.label,
        tells: finding.tells.name(),
        action: finding.action.name(),
        why: match &finding.action {
            crate::finding::Action::Kept(why) => Some(why),
            _ => None,
        },
        value: finding.value.as_deref().and_then(|value| match values {
            Values::None => None,
            Values::Short => Some(cut(value)),
            Values::Full => Some(value.to_owned()),
        }),
        bytes: finding.bytes,
    }
}

fn proof(receipt: &Receipt) -> Option<ProofJson<'_>> {
    let proof = receipt.proof.as_ref()?;
    Some(ProofJson {
        essence: if proof.rebuilt { "rebuilt" } else { "identical" },
        essence_bytes: proof.essence,
        essence_sha256: receipt.essence_sha256.as_deref(),
        again: "identity",
        echo: 0,
        witnesses: &receipt.witnesses,
    })
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(SHORT) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}

fn round(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

fn text(value: &impl Serialize, formatter: Plain<impl Formatter>) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Plain data into memory: there is nothing here that could fail.
    let _ = value.serialize(&mut serializer);
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

/// A formatter that writes characters that hide as escapes.
struct Plain<F>(F);

impl<F: Formatter> Formatter for Plain<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| safe::hides(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
