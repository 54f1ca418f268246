//! `--in-place`: the only copy is not lost.

use crate::support::{Dir, clean, dirty, large};

#[test]
fn each_file_is_replaced() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.png", clean()).write("c.bin", "\0\x01");
    let ran = dir.ends(1, &["-i", "a.png", "b.png", "c.bin"]);
    assert!(ran.out.contains("✓ a.png  ") && ran.out.contains("· b.png  "), "{}", ran.out);
    assert_eq!((dir.read("a.png"), dir.read("b.png"), dir.read("c.bin")), (clean(), clean(), b"\0\x01".to_vec()));
    assert_eq!(dir.tree(), ["a.png", "b.png", "c.bin"]);
}

#[test]
fn the_original_is_kept_on_request() {
    let dir = Dir::new();
    dir.write("a.png", dirty()).write("b.png", clean());
    dir.ends(0, &["-i", "--backup", "a.png", "b.png"]);
    assert_eq!((dir.read("a.png"), dir.read("a.png.orig")), (clean(), dirty()));
    assert!(!dir.has("b.png.orig"));
    dir.write("a.png", dirty()).write("a.png.orig", "mine");
    dir.ends(1, &["-i", "--backup", "a.png"]);
    assert_eq!((dir.read("a.png"), dir.read("a.png.orig")), (dirty(), b"mine".to_vec()));
}

#[test]
fn a_folder_is_cleaned_where_it_stands() {
    let dir = Dir::new();
    dir.write("h/a.png", dirty()).write("h/sub/.b.png", dirty());
    dir.ends(0, &["-i", "h"]);
    assert_eq!((dir.read("h/a.png"), dir.read("h/sub/.b.png")), (clean(), clean()));
    assert_eq!(dir.tree(), ["h", "h/a.png", "h/sub", "h/sub/.b.png"]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let dir = Dir::new();
    dir.write("real/a.png", dirty());
    std::os::unix::fs::symlink("real/a.png", dir.path("link.png")).unwrap();
    dir.ends(0, &["-i", "link.png"]);
    assert!(dir.path("link.png").symlink_metadata().unwrap().is_symlink());
    assert_eq!(dir.read("real/a.png"), clean());
    assert_eq!(dir.tree(), ["link.png", "real", "real/a.png"]);
}

#[cfg(unix)]
#[test]
fn a_second_name_is_reported() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    std::fs::hard_link(dir.path("a.png"), dir.path("b.png")).unwrap();
    let ran = dir.ends(0, &["-i", "a.png"]);
    assert!(ran.out.contains("1 more name"), "{}", ran.out);
    assert_eq!(dir.read("b.png"), dirty());
}

#[cfg(unix)]
#[test]
fn attributes_do_not_come_along() {
    let dir = Dir::new();
    dir.write("a.png", dirty());
    let path = dir.path("a.png");
    let set = rustix::fs::setxattr(&path, "user.xdg.origin.url", b"CANARY", rustix::fs::XattrFlags::empty());
    if set.is_err() {
        eprintln!("skipped: no extended attributes here");
        return;
    }
    let ran = dir.ends(3, &["--inspect", "--exit-code", "a.png"]);
    assert!(ran.out.contains("where it was downloaded from: CANARY"), "{}", ran.out);
    dir.ends(0, &["a.png"]);
    for name in ["a.png", "a.clean.png"] {
        dir.ends(0, &["-i", name]);
        assert!(rustix::fs::getxattr(dir.path(name), "user.xdg.origin.url", &mut [0u8; 64][..]).is_err(), "{name}");
        dir.ends(0, &["--check", name]);
    }
    // Also where nothing else is to be removed.
    rustix::fs::setxattr(&path, "user.xdg.origin.url", b"CANARY", rustix::fs::XattrFlags::empty()).unwrap();
    dir.ends(3, &["--check", "a.png"]);
    dir.ends(0, &["-i", "a.png"]);
    dir.ends(0, &["--check", "a.png"]);
    assert_eq!(dir.read("a.png"), clean());
}

#[test]
fn named_twice_is_replaced_once() {
    let dir = Dir::new();
    dir.write("a.png", large(400));
    dir.ends(0, &["-i", "-j", "4", "a.png", "a.png", "./a.png"]);
    assert_eq!(dir.tree(), ["a.png"]);
}
