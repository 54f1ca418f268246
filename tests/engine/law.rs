//! The law that `seal` keeps: the steps tile the source, content is only ever kept, nothing goes without a finding.

use metascrub::finding::{Finding, Tells};
use metascrub::plan::{Draft, Fate, Plan};
use metascrub::refusal::{Code, Result};
use metascrub::source::{Memory, Shared, Span};

fn source() -> Shared {
    Memory::shared(*b"0123456789")
}

fn gone() -> Finding {
    Finding::removed("test", "thing", Tells::Unknown)
}

fn code(plan: Result<Plan>) -> Code {
    match plan {
        Ok(_) => panic!("sealed"),
        Err(r) => r.code(),
    }
}

#[test]
fn a_byte_without_a_fate_does_not_seal() {
    let mut draft = Draft::new(&source());
    draft.frame(Span::new(0, 4), "a");
    draft.frame(Span::new(5, 10), "b");
    assert_eq!(code(draft.seal()), Code::Internal);
}

#[test]
fn bytes_without_a_fate_at_the_end_do_not_seal() {
    let mut draft = Draft::new(&source());
    draft.frame(Span::new(0, 9), "a");
    assert_eq!(code(draft.seal()), Code::Internal);
}

#[test]
fn bytes_past_the_end_do_not_seal() {
    let mut draft = Draft::new(&source());
    draft.frame(Span::new(0, 11), "a");
    assert_eq!(code(draft.seal()), Code::Internal);
}

#[test]
fn a_byte_with_two_fates_does_not_seal() {
    let mut draft = Draft::new(&source());
    draft.frame(Span::new(0, 6), "a");
    draft.remove(Span::new(5, 10), "b", gone());
    assert_eq!(code(draft.seal()), Code::Malformed);
}

#[test]
fn the_same_bytes_kept_and_removed_do_not_seal() {
    let mut draft = Draft::new(&source());
    draft.essence(Span::new(0, 10), "a");
    draft.remove(Span::new(0, 10), "b", gone());
    assert_eq!(code(draft.seal()), Code::Malformed);
}

#[test]
fn equal_claims_on_content_are_one() {
    let mut draft = Draft::new(&source());
    draft.essence(Span::new(0, 10), "a");
    draft.essence(Span::new(0, 10), "a");
    assert_eq!(draft.seal().unwrap().essence(), 10);
}

#[test]
fn gaps_are_found_and_can_be_removed() {
    let mut draft = Draft::new(&source());
    draft.essence(Span::new(6, 8), "a");
    draft.frame(Span::new(2, 4), "b");
    assert_eq!(draft.gaps(), [Span::new(0, 2), Span::new(4, 6), Span::new(8, 10)]);
    draft.remove_gaps("gap", |_| gone());
    let plan = draft.seal().unwrap();
    assert_eq!(plan.findings().iter().map(|f| f.bytes).sum::<u64>(), 6);
}

#[test]
fn a_put_of_what_stands_there_is_a_keep_without_a_finding() {
    let mut draft = Draft::new(&source());
    assert!(!draft.replace(Span::new(0, 4), "a", Fate::put(*b"0123"), vec![gone()]));
    assert!(draft.replace(Span::new(4, 10), "b", Fate::put(*b"x"), vec![gone()]));
    let plan = draft.seal().unwrap();
    assert_eq!(plan.findings().len(), 1);
}

#[test]
fn blanking_zeros_is_no_finding() {
    let mut draft = Draft::new(&Memory::shared(*b"\0\0\0ab"));
    draft.blank(Span::new(0, 3), "a", gone());
    draft.blank(Span::new(3, 5), "b", gone());
    assert_eq!(draft.seal().unwrap().findings().len(), 1);
}
