//! Where copies go, and what they never overwrite.

use crate::support::{Dir, SECRET, clean, dirty, holds};

#[test]
fn beside_the_input() {
    let dir = Dir::new();
    dir.write("photo.png", dirty());
    let ran = dir.ends(0, &["photo.png"]);
    assert!(ran.out.contains("photo.png → photo.clean.png") && ran.out.contains("Proved:"), "{}", ran.out);
    assert_eq!(ran.err, "");
    assert_eq!(dir.read("photo.clean.png"), clean());
    assert_eq!(dir.read("photo.png"), dirty());
    assert_eq!(dir.tree(), ["photo.clean.png", "photo.png"]);
}

#[test]
fn to_a_file_of_that_name() {
    let dir = Dir::new();
    dir.write("photo.png", dirty());
    let ran = dir.ends(0, &["--quiet", "--output", "out/x.png", "photo.png"]);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    assert_eq!(dir.read("out/x.png"), clean());
}

#[test]
fn to_a_folder() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("in/b.png", dirty()).write("c.txt", "text");
    dir.ends(0, &["-o", "one/", "a.png"]);
    dir.ends(0, &["-o", "one", "in/b.png"]);
    dir.ends(0, &["-o", "many", "a.png", "in/b.png", "c.txt"]);
    for name in ["one/a.png", "one/b.png", "many/a.png", "many/b.png"] {
        assert_eq!(dir.read(name), clean(), "{name}");
    }
    assert_eq!(dir.read("many/c.txt"), b"text");
}

#[test]
fn with_nothing_to_remove_there_is_a_copy_all_the_same() {
    let dir = Dir::new();
    dir.write("a.png", clean());
    let report = dir.json(&["--format", "json", "a.png"]);
    assert_eq!(report["files"][0]["status"], "already-clean");
    assert_eq!(dir.read("a.clean.png"), clean());
}

#[test]
fn what_is_there_stays_there() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("a.clean.png", "mine").write("b.png", dirty());
    let ran = dir.ends(1, &["a.png", "b.png"]);
    assert!(ran.err.contains("a.png: failed: the output a.clean.png is already there [exists]"), "{}", ran.err);
    assert!(ran.err.contains("--force"), "{}", ran.err);
    assert_eq!(dir.read("a.clean.png"), b"mine");
    assert_eq!(dir.read("b.clean.png"), clean());
    dir.ends(0, &["--force", "a.png", "b.png"]);
    assert_eq!(dir.read("a.clean.png"), clean());
}

#[test]
fn the_input_is_never_the_output() {
    let dir = Dir::new();
    dir.write("in/a.png", dirty());
    for force in [&["-o", "in", "in/a.png"][..], &["--force", "-o", "in", "in/a.png"], &["--force", "-o", "in/a.png", "in/a.png"]]
    {
        let ran = dir.ends(1, force);
        assert!(ran.err.contains("the output would be the input itself") && ran.err.contains("--in-place"), "{}", ran.err);
        assert_eq!(dir.read("in/a.png"), dirty());
    }
    dir.write("b/a.png", dirty());
    let ran = dir.ends(1, &["--force", "-o", "b", "in/a.png", "b/a.png"]);
    assert!(ran.err.contains("replace another input"), "{}", ran.err);
    assert_eq!(dir.read("b/a.png"), dirty());
}

#[test]
fn one_output_for_two_inputs_is_one_too_few() {
    let dir = Dir::new();
    dir.write("a/x.png", dirty()).write("b/x.png", dirty());
    let ran = dir.ends(1, &["-o", "out", "a/x.png", "b/x.png"]);
    assert!(ran.err.contains("b/x.png: failed: its output would be that of"), "{}", ran.err);
    assert_eq!(dir.read("out/x.png"), clean());
    dir.ends(0, &["-o", "named", "--rename", "a/x.png", "b/x.png"]);
    assert!(dir.has("named/image-0001.png") && dir.has("named/image-0002.png"));
    // Naming the same file twice is no mistake.
    dir.ends(0, &["-o", "twice", "a/x.png", "a/x.png"]);
}

#[test]
fn outputs_of_a_run_are_not_its_inputs() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    dir.ends(0, &["a.png"]);
    let ran = dir.ends(0, &["--force", "a.png", "a.clean.png"]);
    assert!(ran.err.contains("left out: a.clean.png (it is an output of this run)"), "{}", ran.err);
    assert!(!dir.has("a.clean.clean.png"));
    dir.write("h/a.png", dirty());
    dir.ends(0, &["h"]);
    let ran = dir.ends(0, &["--force", "h", "h.clean"]);
    assert!(ran.err.contains("left out: h.clean (outputs of this run go there)"), "{}", ran.err);
    assert!(!dir.has("h.clean.clean"));
}

#[test]
fn a_filter_from_standard_input_to_standard_output() {
    let dir = Dir::new();
    let ran = dir.filter(&["-"], &dirty());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.raw, clean());
    let ran = dir.filter(&["-"], b"\0\x01\x02 no such type");
    assert_eq!((ran.code, ran.raw.len()), (1, 0));
    assert!(ran.err.contains("-: refused: ") && ran.err.contains("[unknown-type]"), "{}", ran.err);
    let ran = dir.filter(&["-q", "-o", "x.png", "-"], &dirty());
    assert_eq!((ran.code, dir.read("x.png")), (0, clean()));
    dir.write("a.png", dirty());
    assert_eq!(dir.ends(0, &["-o", "-", "a.png"]).raw, clean());
    let ran = dir.filter(&["--inspect", "-"], &dirty());
    assert!(ran.code == 0 && ran.out.contains("It tells:"), "{}", ran.out);
    assert_eq!(dir.tree(), ["a.png", "x.png"]);
}

#[test]
fn neutral_names_count_in_the_order_of_the_inputs() {
    let dir = Dir::new();
    dir.write("Anna 2024-05-18.PNG", dirty()).write("b.txt", "text").write("wrong.jpg", dirty()).write("z.bin", "\0\x01");
    let ran = dir.ends(1, &["--rename", "-j", "8", "-o", "out", "wrong.jpg", "b.txt", "z.bin", "Anna 2024-05-18.PNG"]);
    assert!(ran.err.contains("z.bin"), "{}", ran.err);
    let names = dir.tree();
    let names: Vec<&str> = names.iter().filter_map(|n| n.strip_prefix("out/")).collect();
    assert_eq!(names, ["image-0001.png", "image-0002.png", "text-0001.txt"]);
    // A second run counts on, and nothing is overwritten.
    dir.ends(0, &["--rename", "-o", "out", "Anna 2024-05-18.PNG"]);
    assert!(dir.has("out/image-0003.png"));
    // A name that was chosen is left alone.
    dir.ends(0, &["--rename", "-o", "chosen.png", "wrong.jpg"]);
    assert!(dir.has("chosen.png"));
}

#[cfg(unix)]
#[test]
fn times_and_modes_are_those_that_were_asked_for() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = Dir::new();
    dir.write("a.png", dirty());
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(dir.path("a.png")).unwrap().set_modified(old).unwrap();
    std::fs::set_permissions(dir.path("a.png"), std::fs::Permissions::from_mode(0o4750)).unwrap();
    let about = |name: &str| std::fs::metadata(dir.path(name)).unwrap();
    dir.ends(0, &["-o", "now.png", "a.png"]);
    assert!(about("now.png").mtime() > 1_700_000_000);
    assert_eq!(about("now.png").mode() & 0o7777, 0o750);
    dir.ends(0, &["--mtime", "keep", "-o", "keep.png", "a.png"]);
    assert_eq!(about("keep.png").mtime(), 1_000_000_000);
    dir.ends(0, &["--mtime", "epoch", "-o", "epoch.png", "a.png"]);
    assert_eq!(about("epoch.png").mtime(), 315_532_800);
    dir.ends(0, &["--policy", "strict", "-o", "strict/", "a.png"]);
    let strict = about("strict/image-0001.png");
    assert_eq!((strict.mtime(), strict.mode() & 0o7777), (315_532_800, 0o644));
    assert_eq!(about("a.png").mtime(), 1_000_000_000);
}

#[test]
fn the_secret_is_gone() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    dir.ends(0, &["a.png"]);
    assert!(holds(&dir.read("a.png"), SECRET) && !holds(&dir.read("a.clean.png"), SECRET));
}
