//! What is said: text for people, JSON for programs, a page to show.

use crate::support::{Dir, SECRET, dirty, holds, telling};

#[test]
fn json_is_a_contract() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.bin", "\0\x01");
    let report = dir.json(&["--format", "json", "a.png", "b.bin"]);
    assert_eq!((&report["schema"], &report["tool"], &report["mode"]), (&1.into(), &"metascrub".into(), &"clean".into()));
    let (good, bad) = (&report["files"][0], &report["files"][1]);
    assert_eq!((&good["path"], &good["output"], &good["format"]), (&"a.png".into(), &"a.clean.png".into(), &"PNG".into()));
    assert_eq!((&good["status"], &good["bytes"]["in"]), (&"cleaned".into(), &dirty().len().into()));
    assert_eq!(good["bytes"]["out"], dir.read("a.clean.png").len());
    let finding = good["findings"].as_array().unwrap().iter().find(|f| f["tells"] == "who").unwrap();
    assert_eq!((&finding["action"], finding["place"].is_array()), (&"removed".into(), true));
    assert!(finding["label"].is_string() && finding["bytes"].is_u64());
    assert!(finding["value"].as_str().unwrap().contains(SECRET), "{finding}");
    let proof = &good["proof"];
    assert_eq!((&proof["essence"], &proof["again"], &proof["echo"]), (&"identical".into(), &"identity".into(), &0.into()));
    assert_eq!(proof["essence_sha256"].as_str().unwrap().len(), 64);
    assert!(proof["witnesses"].is_array() && good["warnings"].is_array() && good["seconds"].is_f64());
    assert!(bad["output"].is_null() && bad["proof"].is_null());
    assert_eq!((&bad["status"], &bad["reason"]["code"]), (&"refused".into(), &"unknown-type".into()));
    assert!(bad["reason"]["message"].is_string() && bad["reason"]["advice"].is_string());
    assert_eq!((&report["summary"]["cleaned"], &report["summary"]["refused"]), (&1.into(), &1.into()));
}

#[test]
fn a_line_for_each_file() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.bin", "\0\x01");
    let ran = dir.ends(1, &["--format", "jsonl", "a.png", "b.bin"]);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|l| l["schema"] == 1));
    assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&"cleaned".into(), &"refused".into()));
}

#[test]
fn reports_by_their_ending() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    for name in ["r.json", "r.jsonl", "r.html", "r.txt"] {
        dir.ends(0, &["--force", "-q", "--report", name, "a.png"]);
        assert!(holds(&dir.read(name), "a.png"), "{name}");
        assert!(holds(&dir.read(name), SECRET), "{name}");
        dir.ends(0, &["--force", "-q", "--values", "none", "--report", name, "a.png"]);
        assert!(!holds(&dir.read(name), SECRET), "{name}");
    }
    let html = String::from_utf8(dir.read("r.html")).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    let report: serde_json::Value = serde_json::from_slice(&dir.read("r.json")).unwrap();
    assert_eq!(report["schema"], 1);
    // Nothing is overwritten unasked, and nothing is cleaned before that is known.
    std::fs::remove_file(dir.path("a.clean.png")).unwrap();
    let ran = dir.ends(2, &["--report", "r.html", "a.png"]);
    assert!(ran.err.contains("already there"), "{}", ran.err);
    dir.ends(2, &["--report", "r.doc", "a.png"]);
    assert!(!dir.has("a.clean.png"));
}

#[test]
fn a_report_of_a_filter_goes_to_a_file() {
    let dir = Dir::new();
    let ran = dir.filter(&["--report", "r.json", "-"], &dirty());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_slice(&dir.read("r.json")).unwrap();
    assert_eq!((&report["files"][0]["path"], &report["files"][0]["output"]), (&"-".into(), &"-".into()));
}

#[test]
fn inspecting_writes_nothing() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.txt", "text");
    let ran = dir.ends(0, &["--inspect", "a.png"]);
    assert!(ran.out.contains("It tells:") && ran.out.contains(SECRET), "{}", ran.out);
    dir.ends(3, &["--inspect", "--exit-code", "a.png", "b.txt"]);
    dir.ends(0, &["--inspect", "--exit-code", "b.txt"]);
    let report = dir.json(&["--inspect", "--format", "json", "a.png"]);
    assert_eq!((&report["files"][0]["status"], &report["mode"]), (&"would-clean".into(), &"inspect".into()));
    assert!(report["files"][0]["output"].is_null() && report["files"][0]["proof"].is_null());
    assert_eq!(dir.tree(), ["a.png", "b.txt"]);
}

#[test]
fn checking_says_nothing_but_a_number() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.txt", "text").write("c.bin", "\0\x01");
    let ran = dir.ends(3, &["--check", "b.txt", "a.png"]);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    assert_eq!(dir.ends(0, &["--check", "b.txt"]).out, "");
    assert!(dir.ends(3, &["--check", "-v", "b.txt", "a.png"]).out.contains("a.png"));
    dir.ends(1, &["--check", "a.png", "c.bin"]);
    dir.ends(0, &["a.png"]);
    dir.ends(0, &["--check", "a.clean.png"]);
}

#[test]
fn values_are_shown_as_far_as_was_asked() {
    let dir = Dir::new();
    let long = format!("CANARY{}END", "x".repeat(200));
    dir.write("a.png", telling(&long));
    let says = |how: &str| dir.ends(0, &["--inspect", "--values", how, "a.png"]).out;
    assert!(!says("none").contains("CANARY"));
    assert!(says("short").contains("CANARY") && !says("short").contains("END"));
    assert!(says("full").contains("END"));
    let json = |how: &str| dir.ends(0, &["--inspect", "--format", "json", "--values", how, "a.png"]).out;
    assert!(!json("none").contains("CANARY") && !json("short").contains("END") && json("full").contains("END"));
}

#[test]
fn values_cannot_fool_anybody() {
    let dir = Dir::new();
    dir.write("a.png", telling("Anna\x1b]0;pwned\x07\u{202e}txt<script>alert(1)</script>"));
    let text = dir.ends(0, &["--inspect", "--values", "full", "a.png"]).out;
    assert!(text.contains("\\u{1b}]0;pwned\\u{7}\\u{202e}txt"), "{text}");
    let json = dir.ends(0, &["--inspect", "--format", "json", "--values", "full", "a.png"]).out;
    assert!(!json.contains('\x1b') && !json.contains('\u{202e}') && json.contains("\\u202e"), "{json}");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(report.to_string().contains('\u{202e}'), "it means the same");
    dir.ends(0, &["--inspect", "--values", "full", "--report", "r.html", "a.png"]);
    let html = String::from_utf8(dir.read("r.html")).unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
}

#[test]
fn names_that_speak_are_reported() {
    let dir = Dir::new();
    dir.write("IMG-20240131-WA0007.png", dirty()).write("boat.png", dirty());
    let ran = dir.ends(0, &["IMG-20240131-WA0007.png"]);
    assert!(ran.out.contains("the file name: it tells of WhatsApp") && ran.out.contains("--rename"), "{}", ran.out);
    let ran = dir.ends(0, &["-o", "out", "IMG-20240131-WA0007.png", "boat.png"]);
    assert!(ran.out.contains("note: 1 file name tells something too"), "{}", ran.out);
    let ran = dir.ends(0, &["-o", "new", "--rename", "IMG-20240131-WA0007.png", "boat.png"]);
    assert!(!ran.out.contains("file name"), "{}", ran.out);
    // A name is content: it alone makes no file dirty.
    dir.ends(0, &["-i", "IMG-20240131-WA0007.png"]);
    dir.ends(0, &["--check", "IMG-20240131-WA0007.png"]);
}

#[test]
fn colours_only_where_they_are_wanted() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    assert!(!dir.ends(0, &["--inspect", "a.png"]).out.contains('\x1b'));
    assert!(dir.ends(0, &["--inspect", "--color", "always", "a.png"]).out.contains('\x1b'));
    // On a terminal, unless NO_COLOR is set.
    if dir.shell("command -v script").code == 0 {
        let on = dir.shell("script -qec \"$M --inspect a.png\" /dev/null");
        assert!(on.out.contains('\x1b'), "{}", on.out);
        let off = dir.shell("NO_COLOR=1 script -qec \"$M --inspect a.png\" /dev/null");
        assert!(!off.out.contains("\x1b[3") && off.out.contains("It tells:"), "{}", off.out);
    }
}

#[test]
fn a_bar_on_standard_error_and_only_there() {
    let dir = Dir::new();
    for name in ["a.png", "b.png", "c.png", "d.png", "e.png"] {
        dir.write(name, dirty());
    }
    let quiet = dir.ends(
        0,
        &["--check", "--progress", "never", "a.png", "b.png", "c.png", "d.png", "e.png"]
            .map(|a| if a == "--check" { "--inspect" } else { a }),
    );
    assert_eq!(quiet.err, "");
    let bar = dir.ends(0, &["--progress", "always", "-q", "-o", "out", "a.png", "b.png", "c.png", "d.png", "e.png"]);
    assert!(bar.err.contains("of 5 files") && bar.out.is_empty(), "{}", bar.err);
}
