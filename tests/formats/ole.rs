//! Old office documents.

use crate::support::*;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/xls").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("table.xls", &sample("table.xls"), 61);
}

#[test]
fn nothing_to_remove() {
    scrub("clean.xls", &sample("clean.xls")).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("table.xls", &sample("table.xls")).unwrap();
    clean.had_secrets().changed().tells_nothing();
    assert!(find_secret(&clean.bytes, "KEEPME").is_some());
    assert!(find_secret(&clean.bytes, "KEEPME größer").is_some());
}

#[test]
fn hidden_at_the_end() {
    let bytes = [sample("clean.xls"), b"CANARY".to_vec()].concat();
    let clean = scrub("clean.xls", &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, sample("clean.xls"));
}
