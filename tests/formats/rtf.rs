//! RTF.

use crate::support::*;
use metascrub::policy::{Policy, Token, TrackedChanges};
use metascrub::refusal::Code;

#[track_caller]
fn becomes(before: &str, after: &str) {
    let clean = scrub("a.rtf", format!("{{\\rtf1 {before}}}").as_bytes()).unwrap();
    assert_eq!(String::from_utf8_lossy(&clean.bytes), format!("{{\\rtf1 {after}}}"));
}

fn everything() -> Vec<u8> {
    std::fs::read(root().join("samples/rtf/everything.rtf")).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("a.rtf", &everything(), 3);
}

#[test]
fn nothing_to_remove() {
    scrub("a.rtf", b"{\\rtf1\\ansi\\b KEEPME\\'e4\\u8364?\\{\\par{\\*\\bkmkstart x}{\\bin3 }}}}}\r\n").unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.rtf", &everything()).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(find_secret(&clean.bytes, "43414e415259").is_none());
    let text = String::from_utf8_lossy(&clean.bytes).into_owned();
    for kept in [
        "\\b KEEPME\\b0  text {KEEPME inserted}{}",
        "{KEEPME result}",
        "KEEPME page",
        "{KEEPME object}",
        "shapeType",
        "bkmkend KEEPME",
    ] {
        assert!(text.contains(kept), "{kept} is gone: {text}");
    }
    clean.found("author");
}

#[test]
fn hidden_at_the_end() {
    let clean = scrub("a.rtf", b"{\\rtf1 KEEPME}\n\0CANARY").unwrap();
    assert_eq!(clean.bytes, b"{\\rtf1 KEEPME}\n");
    let clean = scrub("a.rtf", b"\r\n{\\rtf1 KEEPME}{\\rtf1 CANARY}").unwrap();
    assert_eq!(clean.bytes, b"{\\rtf1 KEEPME}");
}

#[test]
fn out_of_order() {
    becomes("KEEPME{\\*\\generator CANARY}{\\info CANARY}KEEPME{\\author CANARY}", "KEEPMEKEEPME");
}

#[test]
fn words_do_not_run_together() {
    becomes("\\b\\insrsid12 KEEPME", "\\b KEEPME");
    becomes("\\b\\insrsid12\\charrsid7  KEEPME", "\\b  KEEPME");
    becomes("\\b{\\*\\unknown CANARY}-1", "\\b -1");
    becomes("\\b \\insrsid12 KEEPME\\insrsid1{x}", "\\b KEEPME{x}");
}

#[test]
fn tracked_changes_follow_the_policy() {
    let text = b"{\\rtf1 {\\*\\revtbl{CANARY;}}a{\\deleted\\revauthdel0 CANARY\\'41\\u67?{\\b CANARY}\\deleted0 b}\\deleted CANARY\\plain c}";
    assert_eq!(scrub("a.rtf", text).unwrap().bytes, b"{\\rtf1 a{{\\b }b}\\plain c}");
    let policy = |tracked_changes| Policy { tracked_changes, ..Policy::default() };
    assert_eq!(scrub_under(&policy(TrackedChanges::Refuse), "a.rtf", text).err().unwrap().code(), Code::Unsupported);
    let inserted = b"{\\rtf1 a{\\revised CANARY}{\\deleted b}}";
    assert_eq!(scrub_under(&policy(TrackedChanges::Reject), "a.rtf", inserted).unwrap().bytes, b"{\\rtf1 a{}{b}}");
    let named = b"{\\rtf1 a{\\revised\\revauth1\\revdttm12 b}}";
    assert_eq!(scrub_under(&policy(TrackedChanges::Anonymise), "a.rtf", named).unwrap().bytes, b"{\\rtf1 a{\\revised b}}");
}

#[test]
fn hidden_text_stays_and_is_told() {
    let text = b"{\\rtf1 a{\\v KEEPME}}";
    scrub("a.rtf", text).unwrap().unchanged().found("hidden text");
    let clean = scrub_under(&Policy::default().with(Token::Hidden, false), "a.rtf", text).unwrap();
    assert_eq!(clean.bytes, b"{\\rtf1 a{\\v }}");
}

#[test]
fn lists_are_numbered_anew() {
    becomes(
        "{\\list\\listtemplateid-77\\listid99}{\\listoverride\\listid99 }",
        "{\\list\\listtemplateid1\\listid2}{\\listoverride\\listid2 }",
    );
}

#[test]
fn braces_in_binary_data_are_none() {
    becomes("{\\pict\\wmetafile8\\bin6 {{{}}\\}KEEPME", "{\\pict\\wmetafile8\\bin6 {{{}}\\}KEEPME");
    assert_eq!(refusal("a.rtf", b"{\\rtf1\\bin999 x}").code(), Code::Malformed);
}

#[test]
fn a_missing_brace_is_added() {
    assert_eq!(scrub("a.rtf", b"{\\rtf1{\\b KEEPME").unwrap().bytes, b"{\\rtf1{\\b KEEPME}}");
    assert_eq!(scrub("a.rtf", b"{\\rtf1 KEEPME\\").unwrap().bytes, b"{\\rtf1 KEEPME}");
}

#[test]
fn a_group_that_goes_needs_no_brace() {
    assert_eq!(scrub("a.rtf", b"{\\rtf1 KEEPME{\\info{\\author CANARY").unwrap().bytes, b"{\\rtf1 KEEPME}");
}

#[test]
fn deep_groups_are_refused() {
    let deep = [&b"{\\rtf1"[..], &b"{".repeat(2000)].concat();
    assert_eq!(refusal("a.rtf", &deep).code(), Code::Limit);
}

#[test]
fn links_to_files_keep_their_text() {
    becomes("{\\field{\\*\\fldinst HYPERLINK \"file:///CANARY\"}{\\fldrslt KEEPME}}", "{KEEPME}");
    let web = "{\\field{\\*\\fldinst HYPERLINK \"https://example.com/KEEPME\"}{\\fldrslt KEEPME}}";
    becomes(web, web);
}

#[test]
fn an_unreadable_picture_is_refused() {
    refusal("a.rtf", b"{\\rtf1{\\pict\\pngblip 89504e470d0a1a0a43414e415259}}");
}

#[test]
fn what_only_looks_like_document_information_is_none() {
    becomes("{\\infole}\\{\\info{\\author CANARY}", "{\\infole}\\{\\info");
}
