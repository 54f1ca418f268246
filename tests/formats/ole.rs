//! Old office documents: compound files of Word, Excel and PowerPoint.

use std::io::{Cursor, Read};

use crate::support::*;
use metascrub::grammar::cfb::{self, Content, Entry};
use metascrub::policy::{Policy, Token, TrackedChanges};
use metascrub::refusal::Code;

/// A dirty and a clean sample of each.
const PAIRS: [(&str, &str); 3] = [("letter.doc", "clean.doc"), ("table.xls", "clean.xls"), ("show.ppt", "clean.ppt")];

fn sample(name: &str) -> Vec<u8> {
    let folder = name.rsplit_once('.').unwrap().1;
    std::fs::read(root().join("samples").join(folder).join(name)).unwrap()
}

/// The entries of a file or a storage.
fn entries(entry: &mut Entry) -> &mut Vec<Entry> {
    match &mut entry.content {
        Content::Storage(entries) => entries,
        Content::Stream(_) => panic!("a stream"),
    }
}

/// The stream with this name.
fn stream<'a>(entries: &'a mut [Entry], name: &str) -> &'a mut Vec<u8> {
    let entry = entries.iter_mut().find(|e| e.text() == name).unwrap_or_else(|| panic!("no {name}"));
    match &mut entry.content {
        Content::Stream(bytes) => bytes,
        Content::Storage(_) => panic!("{name} is a storage"),
    }
}

fn named(name: &str, content: Content) -> Entry {
    Entry { name: name.encode_utf16().collect(), class: [0; 16], state: 0, content }
}

/// A sample with its streams changed.
fn edit(name: &str, change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
    let mut file = cfb::read(&sample(name)).unwrap();
    change(entries(&mut file));
    cfb::write(&file).unwrap()
}

/// A sample with the bytes at a place of one stream overwritten.
fn patch(name: &str, of: &str, at: usize, bytes: &[u8]) -> Vec<u8> {
    edit(name, |e| stream(e, of)[at..at + bytes.len()].copy_from_slice(bytes))
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    memchr::memmem::find(bytes, needle).unwrap_or_else(|| panic!("{} is not there", needle.escape_ascii()))
}

/// A policy that keeps or drops one token on purpose.
fn policy(token: Token, keep: bool) -> Policy {
    Policy::default().with(token, keep)
}

#[test]
fn truncated() {
    for (dirty, _) in PAIRS {
        truncate_everywhere(dirty, &sample(dirty), 61);
    }
}

#[test]
fn nothing_to_remove() {
    for (_, clean) in PAIRS {
        scrub(clean, &sample(clean)).unwrap().unchanged();
    }
}

#[test]
fn everything_at_once() {
    let kept: [&[&str]; 3] = [
        &["KEEPME first", "KEEPME result", "KEEPME link", "KEEPME größer", "KEEPME hidden", "KEEPME in the packed file"],
        &["KEEPME label", "KEEPME größer", "KEEPME hidden", "KEEPME sheet", "KEEPME in the packed file"],
        &["KEEPME slide", "KEEPME outline", "KEEPME link", "KEEPME footer", "KEEPME in the packed file"],
    ];
    for ((dirty, _), kept) in PAIRS.into_iter().zip(kept) {
        let clean = scrub(dirty, &sample(dirty)).unwrap();
        clean.had_secrets().changed().tells_nothing();
        for text in kept.iter().chain(&["KEEPME description"]) {
            assert!(find_secret(&clean.bytes, text).is_some(), "{dirty}: {text} is gone");
        }
        for label in ["title", "author", "last author", "company", "custom data", "macros"] {
            clean.found(label);
        }
    }
}

#[test]
fn hidden_at_the_end() {
    for (_, clean) in PAIRS {
        let scrubbed = scrub(clean, &[sample(clean), b"CANARY".to_vec()].concat()).unwrap();
        scrubbed.had_secrets().tells_nothing();
        assert_eq!(scrubbed.bytes, sample(clean));
    }
    for (name, of) in [
        ("clean.doc", "WordDocument"),
        ("clean.doc", "1Table"),
        ("clean.doc", "Data"),
        ("clean.xls", "Workbook"),
        ("clean.ppt", "PowerPoint Document"),
        ("clean.ppt", "Pictures"),
        ("clean.ppt", "Current User"),
    ] {
        let bytes = edit(name, |e| stream(e, of).extend_from_slice(b"\0\0\0\0\0\0\0\0CANARY"));
        let scrubbed = scrub(name, &bytes).unwrap_or_else(|r| panic!("{of}: {r}"));
        scrubbed.had_secrets().changed().tells_nothing();
    }
}

#[test]
fn out_of_order() {
    for (_, clean) in PAIRS {
        let backwards = backwards(&sample(clean));
        let scrubbed = scrub(clean, &backwards).unwrap();
        scrubbed.changed();
        assert_eq!(scrubbed.bytes, sample(clean), "{clean}");
    }
}

/// The same compound file with its sectors in the opposite order.
fn backwards(bytes: &[u8]) -> Vec<u8> {
    let number = |b: &[u8], at: usize| u32::from_le_bytes(b[at..at + 4].try_into().unwrap());
    let sectors: Vec<&[u8]> = bytes[512..].chunks(512).collect();
    let last = sectors.len() as u32 - 1;
    let new = |n: u32| if n <= last { last - n } else { n };
    let mut header = bytes[..512].to_vec();
    let move_at = |b: &mut [u8], at: usize| {
        let n = new(number(b, at));
        b[at..at + 4].copy_from_slice(&n.to_le_bytes());
    };
    let table = number(&header, 76);
    let directory = number(&header, 48);
    assert_eq!(number(&header, 44), 1, "one sector of the table is what this understands");
    [48, 60, 76].into_iter().for_each(|at| move_at(&mut header, at));
    let mut in_directory = vec![directory];
    while number(sectors[table as usize], 4 * in_directory[in_directory.len() - 1] as usize) <= last {
        in_directory.push(number(sectors[table as usize], 4 * in_directory[in_directory.len() - 1] as usize));
    }
    let mut out: Vec<Vec<u8>> = sectors.iter().map(|s| s.to_vec()).collect();
    for n in in_directory {
        for entry in out[n as usize].chunks_mut(128) {
            if entry[66] == 5 || entry[66] == 2 && number(entry, 120) >= 4096 {
                move_at(entry, 116);
            }
        }
    }
    let old = sectors[table as usize];
    for n in 0..=last {
        let next = new(number(old, 4 * n as usize));
        let at = 4 * new(n) as usize;
        out[table as usize][at..at + 4].copy_from_slice(&next.to_le_bytes());
    }
    out.reverse();
    [header, out.concat()].concat()
}

#[test]
fn locked_files_are_refused_as_encrypted() {
    let package = named("EncryptedPackage", Content::Stream(vec![7; 64]));
    let info = named("EncryptionInfo", Content::Stream(vec![7; 64]));
    let file = named("Root Entry", Content::Storage(vec![info, package]));
    assert_eq!(refusal("a.docx", &cfb::write(&file).unwrap()).code(), Code::Encrypted);
    for (_, clean) in PAIRS {
        let bytes = edit(clean, |e| e.push(named("EncryptedPackage", Content::Stream(vec![7; 64]))));
        assert_eq!(refusal(clean, &bytes).code(), Code::Encrypted, "{clean}");
        let rights = named("\u{6}DataSpaces", Content::Storage(vec![]));
        assert_eq!(refusal(clean, &edit(clean, |e| e.push(rights))).code(), Code::Encrypted, "{clean}");
    }
    let mut flags = u16::from_le_bytes([0, 0x12]);
    flags |= 0x100;
    assert_eq!(refusal("a.doc", &patch("clean.doc", "WordDocument", 10, &flags.to_le_bytes())).code(), Code::Encrypted);
    let pass = [0x2f, 0, 6, 0, 1, 2, 3, 4, 5, 6];
    let bytes = edit("clean.xls", |e| drop(stream(e, "Workbook").splice(20..20, pass)));
    assert_eq!(refusal("a.xls", &bytes).code(), Code::Encrypted);
    let token = 0xf3d1_c4dfu32.to_le_bytes();
    assert_eq!(refusal("a.ppt", &patch("clean.ppt", "Current User", 12, &token)).code(), Code::Encrypted);
}

#[test]
fn signed_files_are_refused_or_lose_their_signature() {
    for (_, clean) in PAIRS {
        let bytes = edit(clean, |e| e.push(named("_signatures", Content::Stream(b"CANARY".to_vec()))));
        assert_eq!(refusal(clean, &bytes).code(), Code::Signed);
        scrub_under(&policy(Token::Signatures, false), clean, &bytes).unwrap().tells_nothing().changed();
    }
}

#[test]
fn other_compound_files_are_refused_by_name() {
    for (name, what) in [
        ("__properties_version1.0", "Outlook message"),
        ("VisioDocument", "Visio drawing"),
        ("Quill", "Publisher document"),
        ("MatOST", "Works document"),
        ("anything", "unknown program"),
    ] {
        let file = named("Root Entry", Content::Storage(vec![named(name, Content::Stream(vec![1; 8]))]));
        let refusal = refusal("a.bin", &cfb::write(&file).unwrap());
        assert_eq!(refusal.code(), Code::Unsupported);
        assert!(refusal.to_string().contains(what), "{refusal}");
    }
    let book = named("Root Entry", Content::Storage(vec![named("Book", Content::Stream(vec![9; 64]))]));
    assert!(refusal("a.xls", &cfb::write(&book).unwrap()).to_string().contains("older than Excel 97"));
}

#[test]
fn names_of_streams_do_not_hide_storages() {
    for (name, of) in [("clean.doc", "Data"), ("clean.doc", "0Table"), ("clean.xls", "Book"), ("clean.ppt", "Pictures2")] {
        let secret = named("x", Content::Stream(b"CANARY".to_vec()));
        let bytes = edit(name, |e| {
            e.retain(|e| e.text() != of);
            e.push(named(of, Content::Storage(vec![secret])));
        });
        scrub(name, &bytes).unwrap().had_secrets().tells_nothing();
    }
}

#[test]
fn streams_that_share_their_sectors_are_refused() {
    let mut bytes = sample("clean.doc");
    let at = |bytes: &[u8], name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        find(bytes, &wide)
    };
    let (from, to) = (at(&bytes, "1Table"), at(&bytes, "Data"));
    let place: Vec<u8> = bytes[from + 116..from + 124].to_vec();
    bytes[to + 116..to + 124].copy_from_slice(&place);
    // A short one shared is only strange; a long one many times would fill the memory.
    let _ = scrub("a.doc", &bytes);
    let big = named("Big", Content::Stream(vec![1; 1 << 20]));
    let many: Vec<Entry> = (0..40).map(|i| named(&format!("Small{i}"), Content::Stream(vec![2; 5000]))).collect();
    let file = named("Root Entry", Content::Storage(many.into_iter().chain([big]).collect()));
    let mut bytes = cfb::write(&file).unwrap();
    let place: Vec<u8> = bytes[at(&bytes, "Big") + 116..at(&bytes, "Big") + 124].to_vec();
    for i in 0..40 {
        let to = at(&bytes, &format!("Small{i}"));
        bytes[to + 116..to + 124].copy_from_slice(&place);
    }
    assert!(cfb::read(&bytes).unwrap_err().to_string().contains("longer than it is"));
}

#[test]
fn large_files_are_written_with_lists_of_their_table() {
    let data: Vec<u8> = (0..17_000_000u32).map(|i| (i / 7) as u8).collect();
    let file = named("Root Entry", Content::Storage(vec![named("Big", Content::Stream(data.clone()))]));
    let bytes = cfb::write(&file).unwrap();
    assert_eq!(bytes[30], 9);
    assert_eq!(cfb::read(&bytes).unwrap(), file);
    let mut other = ::cfb::CompoundFile::open_strict(Cursor::new(&bytes)).unwrap();
    let mut read = Vec::new();
    other.open_stream("Big").unwrap().read_to_end(&mut read).unwrap();
    assert!(read == data);
}

#[test]
fn a_removed_name_is_heard() {
    let user = |name: &str| {
        edit("clean.xls", |e| {
            let book = stream(e, "Workbook");
            let at = find(book, &[0x5c, 0, 112, 0]) + 4;
            book[at..at + 2].copy_from_slice(&(name.len() as u16).to_le_bytes());
            book[at + 3..at + 3 + name.len()].copy_from_slice(name.as_bytes());
            e.push(named("\u{1}CompObj", Content::Stream(vec![])));
        })
    };
    let clean = scrub("a.xls", &user("KEEPME label")).unwrap();
    clean.found("user name");
    let heard = clean.cleaned.warnings();
    assert!(heard.iter().any(|w| w.contains("user name") && w.contains("content")), "{heard:?}");
    // In the description of the program nobody reads it: there it was overlooked.
    assert_eq!(refusal("a.xls", &user("Excel.Sheet.8")).code(), Code::Leftover);
}

#[test]
fn hidden_parts_are_told_or_refused() {
    for ((_, clean), label) in PAIRS.into_iter().zip(["hidden text", "hidden sheet", "hidden slide"]) {
        scrub(clean, &sample(clean)).unwrap().found(label);
        let refused = scrub_under(&policy(Token::Hidden, false), clean, &sample(clean));
        assert_eq!(refused.err().map(|r| r.code()), Some(Code::NeedsResidual), "{clean}");
    }
}

#[test]
fn comments_may_stay_without_their_authors() {
    for name in ["letter.doc", "table.xls"] {
        let clean = scrub_under(&policy(Token::Comments, true), name, &sample(name)).unwrap();
        let said = find_secret(&clean.bytes, "CANARY").unwrap();
        assert!(said.contains("CANARY comment"), "{said}");
        assert!(find_secret(&clean.bytes, "CANARY reviewer").is_none());
    }
    let refused = scrub_under(&policy(Token::Comments, true), "show.ppt", &sample("show.ppt"));
    assert_eq!(refused.err().map(|r| r.code()), Some(Code::Unsupported));
}

#[test]
fn macros_are_never_kept_unclean() {
    for (dirty, _) in PAIRS {
        let refused = scrub_under(&policy(Token::Macros, true), dirty, &sample(dirty));
        assert_eq!(refused.err().map(|r| r.code()), Some(Code::Unsupported), "{dirty}");
    }
}

/// The clean document with a property of its hidden text made another one.
fn with_property(kind: u16) -> Vec<u8> {
    edit("clean.doc", |e| {
        let text = stream(e, "WordDocument");
        let at = find(text, &[0x3c, 0x08, 1]);
        text[at..at + 2].copy_from_slice(&kind.to_le_bytes());
    })
}

#[test]
fn tracked_changes_of_a_document() {
    let (inserted, deleted) = (with_property(0x0801), with_property(0x0800));
    scrub("a.doc", &inserted).unwrap().changed().found("marks of tracked changes");
    assert_eq!(refusal("a.doc", &deleted).code(), Code::Unsupported);
    let mut policy = Policy { tracked_changes: TrackedChanges::Reject, ..Policy::default() };
    scrub_under(&policy, "a.doc", &deleted).unwrap().changed();
    assert!(scrub_under(&policy, "a.doc", &inserted).is_err());
    policy.tracked_changes = TrackedChanges::Anonymise;
    scrub_under(&policy, "a.doc", &deleted).unwrap().unchanged().found("tracked changes");
}

#[test]
fn text_of_an_earlier_saving_goes_with_its_pictures() {
    let clean = scrub("letter.doc", &sample("letter.doc")).unwrap();
    let said = clean.found("text that no part of the document refers to").value.clone().unwrap();
    assert!(said.contains("CANARY deleted text"), "{said}");
    clean.found("data that no part of the document refers to");
    clean.found("embedded object that the text does not show");
}

#[test]
fn numbers_of_embedded_objects_are_times_and_go() {
    let mut file = cfb::read(&scrub("letter.doc", &sample("letter.doc")).unwrap().bytes).unwrap();
    let pool = entries(&mut file).iter_mut().find(|e| e.text() == "ObjectPool").unwrap();
    assert_eq!(entries(pool).iter().map(Entry::text).collect::<Vec<_>>(), ["_1"]);
}

#[test]
fn documents_without_data_may_point_into_it() {
    // As one office suite does for every special letter.
    let bytes = edit("clean.doc", |e| e.retain(|e| e.text() != "Data"));
    scrub("a.doc", &bytes).unwrap().unchanged();
}

#[test]
fn deleted_slides_and_earlier_savings_go() {
    let clean = scrub("show.ppt", &sample("show.ppt")).unwrap();
    clean.found("earlier savings");
    clean.found("objects that the presentation does not use any more");
    clean.found("picture that no slide shows");
}

#[test]
fn savings_that_go_in_a_circle_are_refused() {
    let bytes = edit("clean.ppt", |e| {
        let user = stream(e, "Current User");
        let at = u32::from_le_bytes(user[16..20].try_into().unwrap());
        let show = stream(e, "PowerPoint Document");
        show[at as usize + 16..at as usize + 20].copy_from_slice(&at.to_le_bytes());
    });
    assert_eq!(refusal("a.ppt", &bytes).code(), Code::Malformed);
}

#[test]
fn lists_and_heads_that_lead_out_are_refused() {
    // A head that is longer than the document, lists of structures that lead out of the table, loops in the directory.
    for (at, value) in [(152, [0xff, 0xff]), (32, [15, 0]), (62, [0, 0])] {
        assert_eq!(refusal("a.doc", &patch("clean.doc", "WordDocument", at, &value)).code(), Code::Malformed);
    }
    for index in [1usize, 6, 12, 13, 33, 73] {
        let bytes = patch("clean.doc", "WordDocument", 154 + 8 * index, &[0xff; 4]);
        assert_eq!(refusal("a.doc", &bytes).code(), Code::Malformed, "{index}");
    }
}

#[test]
fn workbooks_that_are_add_ins_are_cleaned() {
    // The mark of an add-in stands right after the first record and has no bytes; one that has some goes.
    for (bytes, stays) in [(&b""[..], true), (&b"CANARY"[..], false)] {
        let given = edit("clean.xls", |e| {
            let book = stream(e, "Workbook");
            let at = 4 + usize::from(u16::from_le_bytes([book[2], book[3]]));
            let mark = [&[0x87, 0, bytes.len() as u8, 0][..], bytes].concat();
            let mut next = at;
            while let Some(&[kind, page, low, high]) = book.get(next..next + 4) {
                if (kind, page) == (0x85, 0) {
                    let place = book[next + 4..next + 8].try_into().unwrap();
                    let moved = u32::from_le_bytes(place) + mark.len() as u32;
                    book[next + 4..next + 8].copy_from_slice(&moved.to_le_bytes());
                }
                next += 4 + usize::from(u16::from_le_bytes([low, high]));
                if (kind, page) == (0x0a, 0) {
                    break;
                }
            }
            book.splice(at..at, mark);
        });
        let clean = scrub("a.xla", &given).unwrap();
        clean.tells_nothing();
        assert_eq!(memchr::memmem::find(&clean.bytes, &[0x87, 0, 0, 0]).is_some(), stays);
    }
}
