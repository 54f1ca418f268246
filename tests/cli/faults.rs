//! Things that go wrong around us: a full disk, a killed process, a folder that cannot be written, an input that changes, a
//! reader that goes away. The original stays, and nothing half-written has a final name.

#![cfg(unix)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Dir, SECRET, clean, dirty, holds, is_root, large};

fn leavings(dir: &Dir) -> Vec<String> {
    dir.tree().into_iter().filter(|n| n.contains(".metascrub-")).collect()
}

#[test]
fn a_full_disk() {
    let dir = Dir::new();
    dir.write("a.png", large(600)).write("b.png", dirty());
    // A limit on the size of files fails the write as a full disk does.
    let ran = dir.shell("trap '' XFSZ; ulimit -f 64; $M -j 1 -o out a.png b.png");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("a.png: failed: the output could not be written") && ran.err.contains("[write]"), "{}", ran.err);
    assert!(ran.err.contains("check the free space"), "{}", ran.err);
    assert_eq!((dir.has("out/a.png"), dir.read("out/b.png")), (false, clean()));
    let before = dir.read("a.png");
    let ran = dir.shell("trap '' XFSZ; ulimit -f 64; $M -i a.png");
    assert_eq!((ran.code, dir.read("a.png") == before), (1, true));
    assert_eq!(leavings(&dir), [""; 0]);
}

#[test]
fn a_full_standard_output() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    let ran = dir.shell("$M -o - a.png > /dev/full");
    assert_eq!(ran.code, 1, "{}", ran.err);
    let ran = dir.shell("$M a.png > /dev/full");
    assert_eq!((ran.code, dir.has("a.clean.png")), (1, true));
    assert!(ran.err.contains("standard output could not be written"), "{}", ran.err);
}

#[test]
fn a_reader_that_had_enough() {
    let dir = Dir::new();
    for i in 0..30 {
        dir.write(format!("{i}.png"), dirty());
    }
    dir.write("large.png", large(1000));
    let ran = dir.shell("$M *.png | head -1 > /dev/null; exit ${PIPESTATUS[0]}");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!((0..30).all(|i| dir.has(format!("{i}.clean.png"))));
    let ran = dir.shell("$M -o - large.png | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = dir.shell("$M --help | head -1 > /dev/null; exit ${PIPESTATUS[0]}");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = dir.shell("$M --man | head -1 > /dev/null; exit ${PIPESTATUS[0]}");
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// Starts a run, waits until its unpublished file is there, and sends the signal. `false` where it was too quick.
fn stopped_by(dir: &Dir, signal: &str, args: &[&str]) -> Option<i32> {
    let mut child = dir.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while leavings(dir).is_empty() && start.elapsed() < Duration::from_secs(20) {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
    }
    dir.shell(&format!("kill -{signal} {}", child.id()));
    Some(child.wait().unwrap().code().unwrap_or(-1))
}

#[test]
fn a_killed_run_leaves_the_original_and_no_final_name() {
    let dir = Dir::new();
    let original = large(3000);
    dir.write("a.png", &original);
    let mut killed = 0;
    for _ in 0..5 {
        let Some(code) = stopped_by(&dir, "KILL", &["-i", "a.png"]) else { break };
        // Whole, whichever side of the renaming it stopped on.
        let now = dir.read("a.png");
        assert!(now == original || !holds(&now, SECRET));
        if code == -1 && now == original {
            killed += 1;
            break;
        }
        dir.write("a.png", &original);
    }
    if killed == 0 {
        eprintln!("skipped: the run was always quicker than the signal");
        return;
    }
    // The next run removes what the killed one left.
    dir.ends(0, &["-i", "a.png"]);
    assert_eq!(leavings(&dir), [""; 0]);
    assert!(!holds(&dir.read("a.png"), SECRET));
}

#[test]
fn an_interrupted_run_cleans_up_behind_itself() {
    for signal in ["INT", "TERM"] {
        let dir = Dir::new();
        dir.write("a.png", large(3000));
        dir.ends(0, &["-o", "whole.png", "a.png"]);
        match stopped_by(&dir, signal, &["a.png"]) {
            Some(130) => {
                assert_eq!(leavings(&dir), [""; 0]);
                // Whoever publishes in the moment before the signal is heard publishes the whole file.
                assert!(!dir.has("a.clean.png") || dir.read("a.clean.png") == dir.read("whole.png"));
            }
            Some(0) | None => eprintln!("skipped: the run was quicker than the signal"),
            Some(other) => panic!("SIG{signal}: exit status {other}"),
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("file", "in the way");
    let ran = dir.ends(1, &["-o", "file/out.png", "a.png"]);
    assert!(ran.err.contains("[write]") && ran.err.contains("file"), "{}", ran.err);
    let ran = dir.ends(1, &["-o", "/proc/no/such/place/", "a.png"]);
    assert!(ran.err.contains("[write]"), "{}", ran.err);
    dir.write("d/a.png", dirty());
    std::fs::create_dir_all(dir.path("e/a.png/x")).unwrap();
    let ran = dir.ends(1, &["--force", "-o", "e", "d/a.png"]);
    assert!(ran.err.contains("a folder stands where the output would go"), "{}", ran.err);
}

#[test]
fn a_device_is_never_replaced() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    assert_eq!(dir.shell("mkfifo pipe").code, 0);
    let ran = dir.ends(1, &["--force", "-o", "pipe", "a.png"]);
    assert!(ran.err.contains("something that is no file stands where the output would go"), "{}", ran.err);
    assert_eq!(dir.tree(), ["a.png", "pipe"]);
}

#[test]
fn an_input_that_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt;
    if is_root() {
        eprintln!("skipped: the superuser reads everything");
        return;
    }
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.png", dirty()).write("locked/c.png", dirty());
    std::fs::set_permissions(dir.path("a.png"), std::fs::Permissions::from_mode(0o000)).unwrap();
    std::fs::set_permissions(dir.path("locked"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let ran = dir.ends(1, &["a.png", "b.png", "locked"]);
    std::fs::set_permissions(dir.path("locked"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(ran.err.contains("a.png: failed: the file could not be read"), "{}", ran.err);
    assert!(ran.err.contains("locked: failed: the folder could not be read"), "{}", ran.err);
    assert!(dir.has("b.clean.png"));
    // Nor one that cannot be written.
    std::fs::create_dir(dir.path("shut")).unwrap();
    std::fs::set_permissions(dir.path("shut"), std::fs::Permissions::from_mode(0o555)).unwrap();
    let ran = dir.ends(1, &["-o", "shut", "b.png"]);
    assert!(
        ran.err.contains("b.png: failed: the output folder cannot be written to") && ran.err.contains("[write]"),
        "{}",
        ran.err
    );
    std::fs::set_permissions(dir.path("shut"), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_input_that_changes_while_it_is_read() {
    let dir = Dir::new();
    dir.write("a.png", large(1200));
    // Appends until the run is over: whichever moment it looks, the file is not the one it opened.
    let ran = dir.shell("(while [ ! -e done ]; do printf x >> a.png; done) & $M a.png; s=$?; touch done; wait; exit $s");
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("the file changed while it was read") || ran.err.contains("refused"), "{}", ran.err);
    assert!(!dir.has("a.clean.png"));
    assert_eq!(leavings(&dir), [""; 0]);
}
