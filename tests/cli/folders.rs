//! Folders: the same tree, every file, no circles, none of our own outputs.

use crate::support::{Dir, clean, dirty};

#[test]
fn a_mirrored_tree() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("h/sub/deep/b.png", dirty()).write("h/.hidden.png", dirty()).write("h/c.txt", "text");
    std::fs::create_dir(dir.path("h/empty")).unwrap();
    let ran = dir.ends(0, &["h/"]);
    let tree = dir.tree();
    let mirror: Vec<&str> = tree.iter().filter_map(|n| n.strip_prefix("h.clean/")).collect();
    assert_eq!(mirror, [".hidden.png", "a.png", "c.txt", "empty", "sub", "sub/deep", "sub/deep/b.png"]);
    assert_eq!(dir.read("h.clean/sub/deep/b.png"), clean());
    assert!(ran.out.contains("4 files: 3 cleaned, 1 already clean"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn private_folders_stay_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    dir.write("h/private/a.png", dirty());
    std::fs::set_permissions(dir.path("h/private"), std::fs::Permissions::from_mode(0o500)).unwrap();
    dir.ends(0, &["h"]);
    assert_eq!(dir.path("h.clean/private").metadata().unwrap().permissions().mode() & 0o7777, 0o700);
    assert!(dir.has("h.clean/private/a.png"));
    std::fs::set_permissions(dir.path("h/private"), std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn the_order_is_that_of_the_names_however_many_work() {
    let dir = Dir::new();
    for i in 0..40 {
        dir.write(format!("h/{i:02}.png"), dirty());
    }
    let ran = dir.ends(0, &["-j", "8", "h"]);
    let order: Vec<usize> = ran.out.lines().filter_map(|l| l.strip_prefix("✓ h/")?.get(..2)?.parse().ok()).collect();
    assert_eq!(order, (0..40).collect::<Vec<_>>());
    assert_eq!(dir.ends(0, &["--force", "-j", "1", "h"]).out.lines().count(), ran.out.lines().count());
}

#[test]
fn one_folder_into_a_folder_and_several() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("b.png", dirty());
    dir.ends(0, &["-o", "one", "h"]);
    assert!(dir.has("one/a.png"));
    dir.ends(0, &["-o", "many", "h", "b.png"]);
    assert!(dir.has("many/h/a.png") && dir.has("many/b.png"));
}

#[test]
fn the_folder_we_are_in() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty());
    let ran = dir.shell("cd h && $M .");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(dir.has("h.clean/a.png"), "{:?}", dir.tree());
}

#[test]
fn outputs_inside_the_input_are_not_cleaned_again() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty());
    for _ in 0..2 {
        dir.ends(0, &["--force", "-o", "h/out", "h"]);
    }
    let ran = dir.ends(0, &["--force", "-o", "h/out", "h"]);
    assert!(ran.err.contains("left out: h/out"), "{}", ran.err);
    assert_eq!(dir.tree(), ["h", "h/a.png", "h/out", "h/out/a.png"]);
}

#[test]
fn inputs_inside_the_output_are_fine() {
    let dir = Dir::new();
    dir.write("h/sub/a.png", dirty());
    dir.ends(0, &["-o", "h", "h/sub"]);
    assert_eq!((dir.read("h/a.png"), dir.read("h/sub/a.png")), (clean(), dirty()));
}

#[test]
fn leavings_of_systems_are_left_out_and_said() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("h/.DS_Store", "x").write("h/Thumbs.db", "x").write("h/__MACOSX/._a.png", "x");
    let ran = dir.ends(0, &["h"]);
    assert_eq!(ran.err.lines().filter(|l| l.contains("left out: h/")).count(), 3, "{}", ran.err);
    assert_eq!(dir.tree().iter().filter(|n| n.starts_with("h.clean/")).count(), 1);
    dir.ends(1, &["--keep", "junk-entries", "--force", "h"]);
}

#[test]
fn side_cars_are_left_out_on_request() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("h/a.thm", "\0").write("h/a.png.json", "\0").write("h/b.txt", "text");
    let ran = dir.ends(1, &["h"]);
    assert!(ran.err.contains("h/a.png.json and 1 more; --drop sidecars leaves them out"), "{}", ran.err);
    let ran = dir.ends(0, &["--drop", "sidecars", "-o", "out", "h"]);
    assert_eq!(ran.err.matches("(a side-car of another file)").count(), 2, "{}", ran.err);
    assert!(dir.has("out/a.png") && dir.has("out/b.txt") && !dir.has("out/a.thm"));
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_reported_and_nothing_waits() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("outside.png", dirty());
    std::os::unix::fs::symlink("../outside.png", dir.path("h/link.png")).unwrap();
    std::os::unix::fs::symlink(".", dir.path("h/circle")).unwrap();
    assert_eq!(dir.shell("mkfifo h/pipe").code, 0);
    let ran = dir.ends(1, &["h"]);
    for (name, what) in [("link.png", "a symbolic link"), ("circle", "a symbolic link"), ("pipe", "a named pipe")] {
        assert!(ran.err.contains(&format!("h/{name}: refused: it is {what}, not a file")), "{}", ran.err);
    }
    assert!(ran.out.contains("4 files: 1 cleaned, 3 refused"), "{}", ran.out);
    assert_eq!(dir.tree().iter().filter(|n| n.starts_with("h.clean/")).count(), 1);
    // A link that was named on purpose is followed.
    dir.ends(0, &["-o", "x.png", "h/link.png"]);
    assert_eq!(dir.read("x.png"), clean());
}

#[test]
fn unpublished_files_of_other_runs_are_no_inputs() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("h/.metascrub-abcdefgh.part", "half");
    dir.ends(0, &["h"]);
    assert_eq!(dir.tree(), ["h", "h.clean", "h.clean/a.png", "h/.metascrub-abcdefgh.part", "h/a.png"]);
}
