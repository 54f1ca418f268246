//! Help, mistakes, tables, completions, the manual page, policy files.

use crate::support::{Dir, dirty};

#[test]
fn help_helps() {
    let dir = Dir::new();
    let short = dir.ends(0, &["-h"]).out;
    assert!(short.contains("metascrub photo.jpg") && short.lines().all(|l| l.chars().count() <= 100), "{short}");
    let long = dir.ends(0, &["--help"]).out;
    assert!(long.contains("Exit status:") && long.contains("orientation") && long.contains("A policy file:"));
    assert!(dir.ends(0, &["--version"]).out.starts_with("metascrub "));
}

#[test]
fn mistakes_are_exit_status_two() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    for args in [
        &[][..],
        &["--no-such-option", "a.png"],
        &["--keep", "gps", "a.png"],
        &["--policy", "lax", "a.png"],
        &["--policy", "missing.toml", "a.png"],
        &["-i", "-o", "x", "a.png"],
        &["--inspect", "--check", "a.png"],
        &["--exit-code", "a.png"],
        &["-j", "0", "a.png"],
        &["-", "a.png"],
        &["-i", "-"],
    ] {
        let ran = dir.ends(2, args);
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{args:?}");
    }
    let ran = dir.ends(2, &["--keep", "gps", "a.png"]);
    assert!(ran.err.contains("unknown token 'gps'; known are: orientation, color"), "{}", ran.err);
    assert_eq!(dir.tree(), ["a.png"]);
}

#[test]
fn the_table_of_formats_is_the_one_that_cleans() {
    let dir = Dir::new();
    let list = dir.ends(0, &["--list-formats"]).out;
    for format in metascrub::formats::TABLE {
        assert!(list.contains(format.name) && list.contains(format.keeps) && list.contains(format.removes), "{}", format.name);
    }
}

#[test]
fn completions_and_manual() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(dir.ends(0, &["--completions", shell]).out.contains("--in-place"), "{shell}");
    }
    let man = dir.ends(0, &["--man"]).out;
    assert!(man.contains(".TH metascrub") && man.contains("in\\-place"));
}

#[test]
fn a_policy_file_is_a_policy() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("p.toml", "base = 'strict'\nkeep = ['name']\n[limits]\nmax-size = '1GB'\n");
    let report = dir.json(&["--format", "json", "--policy", "p.toml", "--drop", "color", "a.png"]);
    assert_eq!(report["policy"], "strict, keep name, drop color");
    assert!(dir.has("a.clean.png"));
    dir.write("q.toml", "keep = ['gps']");
    let ran = dir.ends(2, &["--policy", "q.toml", "a.png"]);
    assert!(ran.err.contains("known are: orientation"), "{}", ran.err);
}

#[test]
fn a_wish_that_changes_nothing_is_said() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    let ran = dir.ends(0, &["--keep", "thumbnails,dpi,timecode", "--drop", "geotiff", "a.png"]);
    assert!(ran.err.contains("--keep thumbnails made no difference") && ran.err.contains("--keep timecode made"), "{}", ran.err);
    assert!(!ran.err.contains("dpi") && !ran.err.contains("geotiff"), "{}", ran.err);
    let ran = dir.ends(0, &["--force", "--policy", "strict", "--keep", "name", "a.png"]);
    assert!(!ran.err.contains("no difference"), "{}", ran.err);
}
