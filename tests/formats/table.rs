//! The table as a table: no row without a sample, a line in the README and a file; no two rows that claim the same head.

use std::collections::BTreeSet;

use crate::support::*;
use metascrub::detect::{detect, extension_of};
use metascrub::format::Head;
use metascrub::formats::TABLE;
use metascrub::source::{self, Memory};

#[test]
fn every_row_has_a_sample_of_its_own() {
    let mut seen = BTreeSet::new();
    for path in files_below(&root().join("samples")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        seen.insert(detect(&Memory::shared(std::fs::read(&path).unwrap()), &name).unwrap().name);
    }
    let missing: Vec<_> = TABLE.iter().map(|f| f.name).filter(|n| !seen.contains(n)).collect();
    assert!(missing.is_empty(), "no sample for {missing:?}");
}

#[test]
fn every_row_stands_in_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for format in TABLE {
        let line = format!("| {} | ", format.name);
        assert!(readme.contains(&line), "{} is not in the README; run scripts/readme.sh", format.name);
    }
}

#[test]
fn every_row_in_a_file_stands_in_the_table() {
    let rows = files_below(&root().join("src/formats"));
    let declared: usize = rows.iter().map(|p| std::fs::read_to_string(p).unwrap().matches(": Format = Format {").count()).sum();
    assert_eq!(declared, TABLE.len(), "a row is declared but not in the table, or twice");
    let names: BTreeSet<_> = TABLE.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), TABLE.len(), "two rows have the same name");
}

#[test]
fn no_two_rows_are_equally_sure_of_a_sample() {
    for path in files_below(&root().join("samples")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let shared = Memory::shared(std::fs::read(&path).unwrap());
        let bytes = source::head(&*shared, 0, Head::SIZE).unwrap();
        let extension = extension_of(&name);
        let head = Head { bytes: &bytes, source: &shared, extension: &extension };
        let mut claims: Vec<_> = TABLE.iter().filter_map(|f| (f.sniff)(&head).map(|m| (m, f.name))).collect();
        claims.sort_by_key(|c| std::cmp::Reverse(c.0));
        if let [first, second, ..] = &claims[..] {
            assert!(first.0 > second.0, "{name}: {} and {} are equally sure", first.1, second.1);
        }
    }
}

#[test]
fn extensions_are_lower_case_and_without_dots() {
    for format in TABLE {
        assert!(!format.extensions.is_empty(), "{}", format.name);
        assert!(format.extensions.iter().all(|e| !e.contains('.') && *e == e.to_lowercase()), "{}", format.name);
    }
}
