//! Exports of messengers and services: recognised, said, and cleaned like anything else; and JSON, which they are full of.

use std::io::{Cursor, Write};

use crate::support::*;
use metascrub::finding::Action;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

const CHAT: &str = "[31.01.24, 15:45:01] Anna: KEEPME hi\n\u{200e}[31.01.24, 15:46:01] Bob: \u{200e}image omitted\n";
const SIDECAR: &str = r#"{"title":"a.jpg","photoTakenTime":{"timestamp":"1706715901"},
    "geoData":{"latitude":52.5,"longitude":13.4},"people":[{"name":"KEEPME Anna"}]}"#;

fn photo() -> Vec<u8> {
    let all = files_below(&root().join("samples/jpeg"));
    std::fs::read(all.iter().find(|p| !p.to_string_lossy().contains("clean")).unwrap()).unwrap()
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in members {
        writer.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn says(clean: &Clean, words: &str) -> bool {
    clean.cleaned.warnings().iter().any(|w| w.contains(words))
}

#[test]
fn a_whatsapp_chat_says_who_wrote() {
    let bytes = archive(&[("_chat.txt", CHAT.as_bytes()), ("IMG-20240131-WA0001.jpg", &photo())]);
    let clean = scrub("WhatsApp Chat - Anna.zip", &bytes).unwrap();
    clean.had_secrets().tells_nothing().changed();
    assert!(says(&clean, "a WhatsApp chat export") && says(&clean, "people: Anna, Bob"), "{:?}", clean.cleaned.warnings());
    assert!(find_secret(&clean.bytes, "KEEPME hi").is_some());
    let times = clean.found("times of messages");
    assert_eq!(times.value.as_deref(), Some("31.01.24, 15:45:01 to 31.01.24, 15:46:01"));
    assert!(matches!(times.action, Action::Kept(_)));
}

#[test]
fn a_photo_library_keeps_its_sidecars_and_says_so() {
    let members: [(&str, &[u8]); 3] = [
        ("Takeout/Photos/a.jpg", &photo()),
        ("Takeout/Photos/a.jpg.supplemental-metad.json", SIDECAR.as_bytes()),
        ("Takeout/Photos/metadata.json", b"{\"title\": \"KEEPME summer\"}"),
    ];
    let clean = scrub("takeout.zip", &archive(&members)).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(says(&clean, "a Google Takeout archive") && says(&clean, "places in 1 file; times in 1 file"));
    assert_eq!(
        clean.found("side-cars of photos and films").value.as_deref(),
        Some("Takeout/Photos/a.jpg.supplemental-metad.json")
    );
    let policy = Policy::default().with(Token::Sidecars, false);
    let dropped = scrub_under(&policy, "takeout.zip", &archive(&members)).unwrap();
    dropped.found("a side-car of a photo");
    assert!(find_secret(&dropped.bytes, "KEEPME Anna").is_none() && find_secret(&dropped.bytes, "KEEPME summer").is_some());
}

#[test]
fn sidecars_are_known_by_their_names() {
    for name in
        ["A.JPG.json", "a.jpg(1).json", "a.heic.supplemental-metadata.json", "a.mp4.supplemental-me(2).json", "a.GPX", "a.xmp"]
    {
        assert!(metascrub::formats::archive::is_sidecar(name), "{name}");
    }
    for name in ["package.json", ".jpg.json", "a.jpg.notes.json", "result.json", "doc.kml", "a.jpg", "().json", ").json"] {
        assert!(!metascrub::formats::archive::is_sidecar(name), "{name}");
    }
}

#[test]
fn a_sidecar_of_unknown_type_is_refused_with_the_way_out() {
    let bytes = archive(&[("a.gpx", b"<gpx><trk/></gpx>")]);
    let refused = refusal("x.zip", &bytes);
    assert_eq!(refused.code(), Code::UnknownMember);
    assert!(refused.advice().contains("--drop sidecars"), "{}", refused.advice());
    scrub_under(&Policy::default().with(Token::Sidecars, false), "x.zip", &bytes).unwrap().changed();
}

#[test]
fn other_archives_are_not_called_exports() {
    let bytes = archive(&[("notes/chat.txt", CHAT.as_bytes()), ("data.json", b"{}"), ("takeout.txt", b"x")]);
    assert!(scrub("x.zip", &bytes).unwrap().cleaned.warnings().is_empty());
}

#[test]
fn nothing_to_remove() {
    let clean = scrub("data.json", SIDECAR.as_bytes()).unwrap();
    clean.unchanged();
    assert_eq!(clean.found("people in data").value.as_deref(), Some("KEEPME Anna"));
    clean.found("places in data");
    clean.found("times in data");
    scrub("lines.jsonl", b"{\"a\":1}\n{\"a\":2}\n").unwrap().unchanged();
    assert_eq!(scrub("null.json", b"{\"latitude\":0.0,\"from\":\"\"}").unwrap().cleaned.findings().len(), 1);
}

#[test]
fn truncated() {
    truncate_everywhere("data.json", SIDECAR.as_bytes(), 1);
}

#[test]
fn files_written_as_text_are_said() {
    let text = format!("{{\"picture\": \"data:image/jpeg;base64,{}\"}}", "A".repeat(5000));
    assert!(says(&scrub("x.json", text.as_bytes()).unwrap(), "not cleaned"));
}

#[test]
fn data_that_is_no_text_is_refused() {
    for bytes in [&b"\x00\x01\x02"[..], b"{\"a\": \"\xff\xfe\"}", b"just words", b""] {
        assert!(matches!(refusal("x.json", bytes).code(), Code::Unknown | Code::Unsupported), "{bytes:?}");
    }
    let mut late = b"{\"a\": \"".to_vec();
    late.extend([b'x'; 8192]);
    late.extend(b"\0\0\"}");
    assert_eq!(refusal("x.json", &late).code(), Code::Unsupported);
}
