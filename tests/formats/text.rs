//! Plain text.

use crate::support::*;
use metascrub::refusal::Code;

#[test]
fn nothing_to_remove() {
    scrub("a.txt", "KEEPME: grüße\r\n".as_bytes()).unwrap().unchanged().found("the text itself");
}

#[test]
fn other_bytes_under_a_text_name_are_refused() {
    assert_eq!(refusal("a.txt", b"abc\0\x01\x02").code(), Code::Unknown);
}

#[test]
fn text_without_a_text_name_is_unknown() {
    assert_eq!(refusal("a.weird", b"hello").code(), Code::Unknown);
}
