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

#[test]
fn text_without_a_name_is_text() {
    for kept in ["KEEPME: grüße\r\n", "\u{feff}KEEPME", "a", "x = 1\n- [ ] KEEPME"] {
        for name in ["", "README", ".notes"] {
            scrub(name, kept.as_bytes()).unwrap().unchanged().found("the text itself");
        }
    }
}

#[test]
fn data_without_a_name_is_not_text() {
    for said in [
        "{\"lat\": 48.1}",
        " [1, 2]",
        "<gpx/>",
        "\u{feff}<?xml version='1.0'?><kml/>",
        "#!/bin/sh\n",
        "BEGIN:VCARD\n",
        "From a@b.c Mon",
        "MIME-Version: 1.0\n",
        "%!PS-Adobe-3.0",
        "-----BEGIN RSA PRIVATE KEY-----",
        "d8:announce3:abce",
    ] {
        let code = refusal("", said.as_bytes()).code();
        assert!(matches!(code, Code::Unknown | Code::Unsupported), "{said}: {code:?}");
    }
    assert_eq!(refusal("", b"gr\xfc\xdfe").code(), Code::Unknown);
    assert_eq!(refusal("", b"abc\0").code(), Code::Unknown);
}

#[test]
fn text_may_be_written_in_other_ways() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    scrub("a.txt", &[&b"\xff\xfe"[..], &wide("KEEPME \u{1f600}")].concat()).unwrap().unchanged();
    scrub("a.txt", b"KEEPME gr\xfc\xdfe").unwrap().unchanged();
    assert_eq!(refusal("a.txt", b"\xff\xfea").code(), Code::Unsupported);
    assert_eq!(refusal("a.txt", b"\xff\xfe\0\xd8").code(), Code::Unsupported);
    assert_eq!(refusal("a.txt", &[&b"\xff\xfe"[..], &wide("a\0")].concat()).code(), Code::Unsupported);
    let long = [&b"a".repeat(70_000)[..], b"\xfc"].concat();
    assert_eq!(refusal("a.txt", &long).code(), Code::Unsupported);
    let split = [&b"a".repeat(65_535)[..], "\u{20ac}".repeat(40_000).as_bytes()].concat();
    scrub("a.txt", &split).unwrap().unchanged();
}

#[test]
fn invisible_characters_are_told() {
    let clean = scrub("a.txt", "\u{feff}KEEP\u{200b}ME\u{e0041}".as_bytes()).unwrap();
    assert_eq!(clean.unchanged().found("invisible characters").value.as_deref(), Some("2"));
}
