//! Inputs as they come: odd names, wrong names, none at all.

use crate::support::{Dir, clean, dirty};

#[test]
fn one_bad_file_stops_nobody() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.png", &dirty()[..40]).write("c.png", dirty());
    let ran = dir.ends(1, &["a.png", "b.png", "missing.png", "c.png"]);
    assert!(ran.err.contains("b.png: refused: "), "{}", ran.err);
    assert!(ran.err.contains("missing.png: failed: the file could not be read"), "{}", ran.err);
    assert!(ran.out.contains("4 files: 2 cleaned, 1 refused, 1 failed"), "{}", ran.out);
    assert!(dir.has("a.clean.png") && dir.has("c.clean.png") && !dir.has("b.clean.png"));
}

#[test]
fn an_empty_file_is_not_clean() {
    let dir = Dir::new();
    dir.write("a.png", "");
    let ran = dir.ends(1, &["a.png"]);
    assert!(ran.err.contains("the file is empty") && ran.err.matches("nothing was written").count() == 1, "{}", ran.err);
    assert_eq!(dir.tree(), ["a.png"]);
}

#[test]
fn names_that_look_like_options() {
    let dir = Dir::new();
    dir.write("-i.png", dirty()).write("--", "x");
    dir.ends(0, &["--", "-i.png"]);
    assert_eq!(dir.read("-i.clean.png"), clean());
}

#[test]
fn names_that_would_fool_a_terminal_are_written_out() {
    let dir = Dir::new();
    let name = "a\x1b[31m\u{202e}gnp\n.png";
    dir.write(name, dirty());
    let ran = dir.ends(0, &[name]);
    assert!(ran.out.contains("a\\u{1b}[31m\\u{202e}gnp\\n.png →"), "{}", ran.out);
    assert!(!ran.out.contains('\x1b') && !ran.out.contains('\u{202e}'));
    let ran = dir.ends(1, &[name]);
    assert!(!ran.err.contains('\x1b') && !ran.err.contains('\u{202e}'), "{}", ran.err);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new();
    let name = OsStr::from_bytes(b"caf\xe9.png");
    dir.write(name, dirty());
    let ran = dir.run(&[OsStr::new("--format"), OsStr::new("json"), name]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(dir.read(OsStr::from_bytes(b"caf\xe9.clean.png")), clean());
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["files"][0]["path"], "caf\u{fffd}.png");
    assert_eq!((&report["files"][0]["path_is_lossy"], &report["files"][0]["output_is_lossy"]), (&true.into(), &true.into()));
}

#[test]
fn the_type_is_in_the_bytes_not_in_the_name() {
    let dir = Dir::new();
    dir.write("a.jpg", dirty()).write("a", dirty());
    dir.ends(0, &["a.jpg", "a"]);
    assert_eq!((dir.read("a.clean.jpg"), dir.read("a.clean")), (clean(), clean()));
}

#[test]
fn too_large_is_refused_with_the_way_out() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    let ran = dir.ends(1, &["--max-size", "20", "a.png"]);
    assert!(ran.err.contains("larger than 20 bytes") && ran.err.contains("--max-size"), "{}", ran.err);
    let ran = dir.filter(&["--max-size", "20", "-"], &dirty());
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("longer than 20 bytes"), "{}", ran.err);
}

#[test]
fn a_device_is_no_file() {
    let dir = Dir::new();
    if cfg!(unix) {
        let ran = dir.ends(1, &["/dev/zero"]);
        assert!(ran.err.contains("it is a device, not a file"), "{}", ran.err);
    }
}
