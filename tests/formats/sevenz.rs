//! 7z archives, composed here, and looked at with other people's programs where they are installed.

use std::io::{Cursor, Write};
use std::process::Command;

use crate::support::*;
use metascrub::grammar::sevenz::write::{self, File};
use metascrub::grammar::sevenz::{Archive, Coder, Folder, Part};
use metascrub::policy::{Policy, Token, UnknownMembers};
use metascrub::refusal::Code;
use metascrub::source::Memory;

const TEXT: &[u8] = b"KEEPME this text stays, this text stays, this text stays\n";
const PLAIN: u32 = 0o100_644 << 16 | 0x8020;

/// A way to pack: coders from the outside in, and the bytes of the block packed.
type Pack = fn(&[u8]) -> (Vec<Coder>, Vec<u8>);

fn coder(id: &[u8], properties: &[u8]) -> Coder {
    Coder { id: id.to_vec(), properties: properties.to_vec(), inputs: 1, outputs: 1 }
}

fn copy(data: &[u8]) -> (Vec<Coder>, Vec<u8>) {
    (vec![coder(&[0], b"")], data.to_vec())
}

fn lzma2(data: &[u8]) -> (Vec<Coder>, Vec<u8>) {
    let mut packer = lzma_rust2::Lzma2Writer::new(Vec::new(), lzma_rust2::Lzma2Options::with_preset(1));
    packer.write_all(data).unwrap();
    (vec![coder(&[0x21], &[20])], packer.finish().unwrap())
}

fn lzma(data: &[u8]) -> (Vec<Coder>, Vec<u8>) {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut packer = lzma_rust2::LzmaWriter::new_no_header(Vec::new(), &options, false).unwrap();
    packer.write_all(data).unwrap();
    let properties = [&[packer.props()][..], &options.dict_size.to_le_bytes()].concat();
    (vec![coder(&[3, 1, 1], &properties)], packer.finish().unwrap())
}

fn bzip2(data: &[u8]) -> (Vec<Coder>, Vec<u8>) {
    let mut packer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    packer.write_all(data).unwrap();
    (vec![coder(&[4, 2, 2], b"")], packer.finish().unwrap())
}

fn deflate(data: &[u8]) -> (Vec<Coder>, Vec<u8>) {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(data).unwrap();
    (vec![coder(&[4, 1, 8], b"")], packer.finish().unwrap())
}

/// A difference of each byte to the one before, and that packed with LZMA2.
fn delta(data: &[u8]) -> (Vec<Coder>, Vec<u8>) {
    let differences: Vec<u8> = data.iter().scan(0u8, |last, b| Some(b.wrapping_sub(std::mem::replace(last, *b)))).collect();
    let (inner, packed) = lzma2(&differences);
    (vec![coder(&[3], &[0]), inner[0].clone()], packed)
}

const PACKS: [(&str, Pack); 6] =
    [("copy", copy), ("LZMA2", lzma2), ("LZMA", lzma), ("bzip2", bzip2), ("deflate", deflate), ("delta", delta)];

/// A member: its name, its bytes, its attributes.
type M<'a> = (&'a str, &'a [u8], u32);

/// Solid blocks of members, and members without bytes at the end; `change` sees the header's members before they are written.
fn build_with(blocks: &[(Pack, &[M])], empty: &[File], gap: &[u8], change: fn(&mut Vec<File>)) -> Vec<u8> {
    let (mut packed, mut sizes, mut folders, mut files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (pack, members) in blocks {
        let data: Vec<u8> = members.iter().flat_map(|m| m.1).copied().collect();
        let (coders, bytes) = pack(&data);
        let parts = members.iter().map(|m| Part { size: m.1.len() as u64, crc: Some(crc32fast::hash(m.1)) }).collect();
        let last = coders.len() as u64 - 1;
        folders.push(Folder {
            sizes: vec![data.len() as u64; coders.len()],
            binds: (0..last).map(|i| (i, i + 1)).collect(),
            packed: vec![last],
            crc: None,
            coders,
            parts,
        });
        sizes.push(bytes.len() as u64);
        packed.extend(bytes);
        files.extend(members.iter().map(|m| file(m.0, m.2, true, false)));
    }
    files.extend(empty.iter().map(|f| file(&f.name, f.attributes, false, f.is_folder)));
    change(&mut files);
    packed.extend(gap);
    let header = write::header(&sizes, &folders, &files);
    [&write::head(packed.len() as u64, &header)[..], &packed, &header].concat()
}

fn file(name: &str, attributes: u32, has_stream: bool, is_folder: bool) -> File {
    File { name: name.to_owned(), has_stream, is_folder, written: None, attributes }
}

fn build(blocks: &[(Pack, &[M])]) -> Vec<u8> {
    build_with(blocks, &[], b"", |_| {})
}

fn dated(files: &mut Vec<File>) {
    files.iter_mut().for_each(|f| f.written = Some(133_511_895_010_000_000));
}

fn names(bytes: &[u8]) -> Vec<String> {
    let archive = Archive::open(&Memory::shared(bytes), 100).unwrap();
    archive.files.iter().map(|f| f.name.clone()).collect()
}

fn read(bytes: &[u8], name: &str) -> Vec<u8> {
    let password = sevenz_rust2::Password::empty();
    let mut archive = sevenz_rust2::ArchiveReader::new(Cursor::new(bytes), password).unwrap();
    let mut out = None;
    archive
        .for_each_entries(|entry, bytes| {
            let mut all = Vec::new();
            bytes.read_to_end(&mut all)?;
            if entry.name() == name {
                out = Some(all);
            }
            Ok(true)
        })
        .unwrap();
    out.unwrap_or_else(|| panic!("no {name}"))
}

/// 7-Zip itself finds no fault, where it is installed.
fn is_fine_to_7zip(bytes: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.7z");
    std::fs::write(&path, bytes).unwrap();
    let Ok(ran) = Command::new("7z").args(["t", "-bb0"]).arg(&path).output() else { return };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert!(!String::from_utf8_lossy(&ran.stdout).contains("WARNING"), "{}", String::from_utf8_lossy(&ran.stdout));
}

fn everything() -> Vec<u8> {
    let inner = build_with(&[(copy, &[("in.txt", TEXT, 0x20)])], &[], b"CANARY gap", dated);
    let private = 0o100_600 << 16 | 0x8020;
    let mut bytes = build_with(
        &[
            (lzma, &[("a.txt", TEXT, private), ("b.txt", TEXT, private)]),
            (lzma2, &[("in.7z", &inner, private), ("d/.DS_Store", b"CANARY layout", private), ("c.txt", TEXT, private)]),
            (copy, &[("__MACOSX/._a.txt", b"CANARY apple", private)]),
            (copy, &[("run.txt", TEXT, 0o100_711 << 16 | 0x8020), ("d/link", b"../a.txt", 0o120_777 << 16 | 0x8020)]),
        ],
        &[file("d", 0x10, false, true), file("empty.txt", 0x20, false, false), file("Thumbs.db", 0x22, false, false)],
        b"CANARY gap",
        dated,
    );
    bytes.extend(b"CANARY behind");
    bytes
}

#[test]
fn everything_at_once() {
    let clean = scrub("x.7z", &everything()).unwrap();
    clean.had_secrets().tells_nothing().changed();
    for label in [
        "times of members",
        "permissions and attributes of members",
        "data that no member owns",
        "data after the archive",
        "the layout and the other names of a macOS folder",
        "resource forks and download addresses of macOS",
        "previews of a Windows folder",
    ] {
        clean.found(label);
    }
    let out = &clean.bytes;
    assert_eq!(names(out), ["a.txt", "b.txt", "in.7z", "c.txt", "run.txt", "d/link", "d", "empty.txt"]);
    for name in ["a.txt", "b.txt", "c.txt", "run.txt"] {
        assert_eq!(read(out, name), TEXT, "{name}");
    }
    assert_eq!(read(&read(out, "in.7z"), "in.txt"), TEXT);
    let archive = Archive::open(&Memory::shared(out.clone()), 100).unwrap();
    let modes: Vec<u32> = archive.files.iter().map(|f| f.attributes.unwrap() >> 16).collect();
    assert_eq!(modes, [0o100_644, 0o100_644, 0o100_644, 0o100_644, 0o100_755, 0o120_777, 0o040_755, 0o100_644]);
    is_fine_to_7zip(out);
}

#[test]
fn nothing_to_remove() {
    for (name, pack) in PACKS {
        let bytes = build(&[(pack, &[("a.txt", TEXT, PLAIN), ("b.txt", TEXT, PLAIN)])]);
        scrub("x.7z", &bytes).unwrap_or_else(|e| panic!("{name}: {e}")).unchanged();
        is_fine_to_7zip(&bytes);
    }
}

#[test]
fn blocks_that_change_are_packed_again_and_others_are_not() {
    let inner = build_with(&[(copy, &[("in.txt", TEXT, PLAIN)])], &[], b"CANARY gap", |_| {});
    for (name, pack) in PACKS {
        let bytes = build(&[(pack, &[("a.txt", TEXT, PLAIN)]), (pack, &[("b.txt", TEXT, PLAIN), ("in.7z", &inner, PLAIN)])]);
        let clean = scrub("x.7z", &bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        clean.tells_nothing().changed();
        assert_eq!((read(&clean.bytes, "a.txt"), read(&clean.bytes, "b.txt")), (TEXT.to_vec(), TEXT.to_vec()), "{name}");
        let (_, first) = pack(TEXT);
        assert_eq!(clean.bytes[32..32 + first.len()], first, "{name}");
        is_fine_to_7zip(&clean.bytes);
    }
}

#[test]
fn truncated() {
    let bytes = everything();
    truncate_everywhere("x.7z", &bytes, 13);
    assert_eq!(refusal("x.7z", &bytes[..100]).code(), Code::Malformed);
}

#[test]
fn hidden_at_the_end() {
    let mut bytes = build(&[(lzma2, &[("a.txt", TEXT, PLAIN)])]);
    bytes.extend(b"CANARY");
    scrub("x.7z", &bytes).unwrap().had_secrets().tells_nothing().found("data after the archive");
}

#[test]
fn bytes_behind_a_packed_stream_go() {
    for (name, pack) in PACKS {
        let (coders, packed) = pack(TEXT);
        let packed = [packed, b"CANARY behind the stream".to_vec()].concat();
        let last = coders.len() as u64 - 1;
        let folder = Folder {
            sizes: vec![TEXT.len() as u64; coders.len()],
            binds: (0..last).map(|i| (i, i + 1)).collect(),
            packed: vec![last],
            crc: None,
            coders,
            parts: vec![Part { size: TEXT.len() as u64, crc: Some(crc32fast::hash(TEXT)) }],
        };
        let header = write::header(&[packed.len() as u64], &[folder], &[file("a.txt", PLAIN, true, false)]);
        let bytes = [&write::head(packed.len() as u64, &header)[..], &packed, &header].concat();
        match scrub("x.7z", &bytes) {
            Ok(clean) => {
                clean.had_secrets().tells_nothing().found("bytes behind the packed data");
                assert_eq!(read(&clean.bytes, "a.txt"), TEXT, "{name}");
                is_fine_to_7zip(&clean.bytes);
            }
            // To these a stream with more in it is a damaged one.
            Err(why) => assert!(matches!(name, "copy" | "bzip2") && why.code() == Code::Malformed, "{name}: {why}"),
        }
    }
}

#[test]
fn out_of_order() {
    // A header that claims bytes of the streams in front of it.
    let bytes = build(&[(copy, &[("a.txt", TEXT, PLAIN)])]);
    let header = &bytes[32 + TEXT.len()..];
    let mut moved = [&write::head(0, header)[..], header].concat();
    moved.extend(TEXT);
    assert_eq!(refusal("x.7z", &moved).code(), Code::Malformed);
}

#[test]
fn every_bent_byte_is_refused_or_cleaned() {
    let bytes = everything();
    for i in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[i] ^= 0x41;
        if let Err(why) = scrub("x.7z", &bent) {
            assert!(!matches!(why.code(), Code::Internal | Code::Damaged | Code::Leftover), "bent at {i}: {why}");
        }
    }
}

/// The same with checksums that hold, so that the header is believed.
#[test]
fn every_lie_in_the_header_is_refused_or_cleaned() {
    let private = 0o100_600 << 16 | 0x8020;
    let blocks: [(Pack, &[M]); 2] =
        [(lzma, &[("a.txt", TEXT, private), ("b.txt", TEXT, private)]), (delta, &[("c.txt", TEXT, 0x20)])];
    let bytes = build_with(&blocks, &[file("d", 0x10, false, true)], b"", dated);
    let archive = Archive::open(&Memory::shared(bytes.clone()), 100).unwrap();
    let at = archive.header.start as usize;
    for i in at..bytes.len() {
        for bit in [0x01, 0x80, 0xff, 0x10] {
            let mut header = bytes[at..].to_vec();
            header[i - at] ^= bit;
            let bent = [&write::head(at as u64 - 32, &header)[..], &bytes[32..at], &header].concat();
            if let Err(why) = scrub("x.7z", &bent) {
                assert!(!matches!(why.code(), Code::Internal | Code::Damaged | Code::Leftover), "bent at {i}: {why}");
            }
        }
    }
}

#[test]
fn locked_archives_are_refused() {
    let locked: Pack = |data| (vec![coder(&[6, 0xf1, 7, 1], &[0x13, 0])], data.to_vec());
    assert_eq!(refusal("x.7z", &build(&[(locked, &[("a.txt", TEXT, PLAIN)])])).code(), Code::Encrypted);
}

#[test]
fn coders_that_are_not_known_are_refused_by_name() {
    let ppmd: Pack = |data| (vec![coder(&[3, 4, 1], &[6, 0, 0, 0, 1])], data.to_vec());
    let why = refusal("x.7z", &build(&[(ppmd, &[("a.txt", TEXT, PLAIN)])]));
    assert!(why.code() == Code::Unsupported && why.to_string().contains("PPMd"), "{why}");
    let greedy: Pack = |data| (vec![coder(&[0x21], &[39])], data.to_vec());
    assert_eq!(refusal("x.7z", &build(&[(greedy, &[("a.txt", TEXT, PLAIN)])])).code(), Code::Limit);
}

#[test]
fn bombs_are_refused() {
    let bytes = build(&[(lzma2, &[("a.txt", &vec![b'a'; 32 << 20], PLAIN)])]);
    assert_eq!(refusal("x.7z", &bytes).code(), Code::Limit);
}

#[test]
fn names_and_links_stay_inside() {
    for name in ["../a.txt", "a\u{7}.txt"] {
        assert_eq!(refusal("x.7z", &build(&[(copy, &[(name, TEXT, PLAIN)])])).code(), Code::Malformed, "{name}");
    }
    assert_eq!(refusal("x.7z", &build(&[(copy, &[("a.txt", TEXT, PLAIN), ("a.txt", TEXT, PLAIN)])])).code(), Code::Malformed);
    let clean = scrub("x.7z", &build(&[(copy, &[("/home/CANARY.txt", TEXT, PLAIN)])])).unwrap();
    assert_eq!(names(&clean.bytes), ["home/CANARY.txt"]);
    let link = |to: &'static [u8]| build(&[(copy, &[("d/l", to, 0o120_777 << 16 | 0x8020), ("a.txt", TEXT, PLAIN)])]);
    scrub("x.7z", &link(b"../a.txt")).unwrap().unchanged();
    scrub("x.7z", &link(b"/home/CANARY")).unwrap().tells_nothing().found("a link to a place outside of the archive");
    assert_eq!(refusal("x.7z", &link(b"../../a")).code(), Code::Malformed);
    let device = build(&[(copy, &[("dev", TEXT, 0o060_666 << 16 | 0x8020)])]);
    assert_eq!(refusal("x.7z", &device).code(), Code::Unsupported);
}

#[test]
fn unknown_members_follow_the_policy() {
    let bytes = build(&[(lzma2, &[("a.txt", TEXT, PLAIN), ("b.xyz", b"\x01\x02\x03", PLAIN)])]);
    assert_eq!(refusal("x.7z", &bytes).code(), Code::UnknownMember);
    let under = |unknown_members| Policy { unknown_members, ..Policy::default() };
    scrub_under(&under(UnknownMembers::Keep), "x.7z", &bytes).unwrap().unchanged();
    let omitted = scrub_under(&under(UnknownMembers::Omit), "x.7z", &bytes).unwrap();
    assert_eq!(names(&omitted.bytes), ["a.txt"]);
    is_fine_to_7zip(&omitted.bytes);
}

#[test]
fn times_and_modes_stay_where_they_are_wanted() {
    let bytes = build_with(&[(copy, &[("a.txt", TEXT, 0o100_600 << 16 | 0x8020)])], &[], b"", dated);
    let policy = Policy::default().with(Token::EntryTimes, true).with(Token::EntryMode, true);
    scrub_under(&policy, "x.7z", &bytes).unwrap().unchanged();
    scrub("x.7z", &bytes).unwrap().changed();
}

#[test]
fn archives_without_members_stay() {
    let empty = write::head(0, b"");
    scrub("x.7z", &empty).unwrap().unchanged();
    let gone = scrub("x.7z", &build(&[(copy, &[("Thumbs.db", b"CANARY", PLAIN)])])).unwrap();
    gone.tells_nothing();
    assert_eq!(gone.bytes, empty);
}

#[test]
fn packed_headers_of_7zip_are_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("d")).unwrap();
    for i in 0..40 {
        std::fs::write(dir.path().join(format!("d/text-{i}.txt")), TEXT).unwrap();
    }
    let made = Command::new("7z").args(["a", "-bb0", "x.7z", "d"]).current_dir(dir.path()).output();
    if !made.is_ok_and(|m| m.status.success()) {
        return;
    }
    let bytes = std::fs::read(dir.path().join("x.7z")).unwrap();
    let clean = scrub("x.7z", &bytes).unwrap();
    clean.changed().found("times of members");
    assert_eq!(names(&clean.bytes).len(), 41);
    assert_eq!(read(&clean.bytes, "d/text-7.txt"), TEXT);
    is_fine_to_7zip(&clean.bytes);
}
