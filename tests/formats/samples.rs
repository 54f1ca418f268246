//! Every sample: its plan as a picture that a reviewer can read (`tests/plans`, rewritten with `UPDATE_PLANS=1`), cleaned,
//! proved, and without one of the secrets planted in it.

use crate::support::*;
use metascrub::clean::{self, Job};
use metascrub::policy::{Limits, Policy};
use metascrub::source::{Memory, Spool};

#[test]
fn every_sample_is_cleaned_and_tells_nothing() {
    let dir = root().join("samples");
    let files = files_below(&dir);
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let clean = scrub(name, &bytes).unwrap_or_else(|r| panic!("{}: {r}", path.display()));
        clean.tells_nothing();
        if name.contains("clean") {
            clean.unchanged();
        } else if !name.ends_with(".txt") {
            clean.changed();
        }
    }
}

#[test]
fn every_plan_is_as_it_was() {
    let update = std::env::var_os("UPDATE_PLANS").is_some();
    let (policy, limits) = (Policy::default(), Limits::default());
    for path in files_below(&root().join("samples")) {
        let name = path.strip_prefix(root().join("samples")).unwrap().to_str().unwrap().to_owned();
        let job = Job::new(&policy, &limits, &name, &Spool::default_dir());
        let cleaned = clean::inspect(&job, &Memory::shared(std::fs::read(&path).unwrap())).unwrap();
        let text = cleaned.plan().to_text();
        let file = root().join("tests/plans").join(format!("{name}.plan"));
        if update {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, expected, "{name}: the plan is another one; look at it, then UPDATE_PLANS=1");
    }
}
