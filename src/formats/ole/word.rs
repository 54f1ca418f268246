//! Stub.
use super::App;
use crate::format::Format;
/// The row.
pub static FORMAT: Format = Format {
    name: "STUB",
    extensions: &["ppt"],
    container: false,
    keeps: "",
    removes: "",
    sniff: |head| super::sniff(head, &["STUB"]),
    plan: |job, source| super::plan(job, source, &APP, |_, _| Ok(())),
    witness: |job, before, after| super::look(job, before, after, &APP),
};
static APP: App = App { name: "STUB", class: [0; 16], kind: ["", "", ""], own: &[], hint: "" };
