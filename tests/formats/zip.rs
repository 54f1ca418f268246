//! ZIP archives: built here byte by byte, so that every field can lie.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::clean::{self, Job};
use metascrub::policy::{Limits, Policy, Token, UnknownMembers};
use metascrub::refusal::Code;
use metascrub::source::{Memory, Spool};

/// A member, dirty in every field unless made otherwise.
#[derive(Clone)]
struct M {
    name: Vec<u8>,
    data: Vec<u8>,
    deflate: bool,
    slack: Vec<u8>,
    local_extra: Vec<u8>,
    extra: Vec<u8>,
    comment: Vec<u8>,
    flags: u16,
    system: u8,
    attributes: u32,
    descriptor: bool,
    time: [u8; 4],
    local_name: Option<Vec<u8>>,
    unlisted: bool,
}

fn m(name: &str, data: &[u8]) -> M {
    M {
        name: name.as_bytes().to_vec(),
        data: data.to_vec(),
        deflate: false,
        slack: vec![],
        local_extra: vec![],
        extra: vec![],
        comment: vec![],
        flags: 0,
        system: 3,
        attributes: 0o100_644 << 16,
        descriptor: false,
        time: [0, 0, 0x21, 0],
        local_name: None,
        unlisted: false,
    }
}

impl M {
    fn with(mut self, f: impl FnOnce(&mut M)) -> M {
        f(&mut self);
        self
    }

    fn deflated(self) -> M {
        self.with(|m| m.deflate = true)
    }

    fn dirty(self) -> M {
        self.with(|m| {
            m.time = [0x21, 0x7d, 0x3f, 0x58];
            m.local_extra = extra(0x5455, b"\x03aaaabbbb");
            m.local_extra.extend(extra(0x7875, b"\x01\x04\xe8\x03\0\0\x04\xe8\x03\0\0"));
            m.extra = extra(0x5455, b"\x03aaaa");
            m.extra.extend(extra(0x4242, b"CANARY extra"));
            m.comment = b"CANARY comment".to_vec();
            m.attributes = 0o100_600 << 16 | 0x20;
        })
    }
}

fn extra(id: u16, data: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}

fn crc(data: &[u8]) -> u32 {
    let mut c = flate2::Crc::new();
    c.update(data);
    c.sum()
}

/// The archive, and where each record of the directory begins.
fn build(members: &[M], comment: &[u8]) -> Vec<u8> {
    build_after(b"", members, comment)
}

fn build_after(front: &[u8], members: &[M], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory, mut listed) = (front.to_vec(), Vec::new(), 0u16);
    for m in members {
        let mut packed = if m.deflate { deflate(&m.data) } else { m.data.clone() };
        packed.extend(&m.slack);
        let method = if m.deflate { 8u16 } else { 0 };
        let flags = m.flags | if m.descriptor { 8 } else { 0 };
        let sizes =
            [crc(&m.data).to_le_bytes(), (packed.len() as u32).to_le_bytes(), (m.data.len() as u32).to_le_bytes()].concat();
        let at = out.len() as u32 - front.len() as u32;
        let name = m.local_name.as_ref().unwrap_or(&m.name);
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(flags.to_le_bytes());
        out.extend(method.to_le_bytes());
        out.extend(m.time);
        out.extend(if m.descriptor { vec![0; 12] } else { sizes.clone() });
        out.extend((name.len() as u16).to_le_bytes());
        out.extend((m.local_extra.len() as u16).to_le_bytes());
        out.extend(name);
        out.extend(&m.local_extra);
        out.extend(&packed);
        if m.descriptor {
            out.extend(b"PK\x07\x08");
            out.extend(&sizes);
        }
        if m.unlisted {
            continue;
        }
        listed = listed.wrapping_add(1);
        directory.extend(b"PK\x01\x02\x14");
        directory.push(m.system);
        directory.extend(b"\x14\0");
        directory.extend(flags.to_le_bytes());
        directory.extend(method.to_le_bytes());
        directory.extend(m.time);
        directory.extend(&sizes);
        directory.extend((m.name.len() as u16).to_le_bytes());
        directory.extend((m.extra.len() as u16).to_le_bytes());
        directory.extend((m.comment.len() as u16).to_le_bytes());
        directory.extend([0; 4]);
        directory.extend(m.attributes.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(&m.name);
        directory.extend(&m.extra);
        directory.extend(&m.comment);
    }
    let at = out.len() as u32 - front.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([listed.to_le_bytes(), listed.to_le_bytes()].concat());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}

const TEXT: &[u8] = b"KEEPME this text stays, this text stays, this text stays\n";

fn read(zip: &[u8], name: &str) -> Vec<u8> {
    let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut out = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut out).unwrap();
    out
}

fn names(zip: &[u8]) -> Vec<String> {
    ::zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap().file_names().map(|n| n.unwrap().into_owned()).collect()
}

fn everything() -> Vec<u8> {
    let inner = build(&[m("in.txt", TEXT).deflated().dirty()], b"CANARY inner");
    build(
        &[
            m("a.txt", TEXT).dirty(),
            m("dir/", b"").dirty().with(|m| m.attributes = 0o040_700 << 16 | 0x10),
            m("dir/b.txt", TEXT).deflated().dirty().with(|m| m.descriptor = true),
            m("__MACOSX/._a.txt", b"CANARY download address").dirty(),
            m("dir/.DS_Store", b"CANARY layout").deflated(),
            m("secret.txt", b"CANARY orphan").with(|m| m.unlisted = true),
            m("stored.zip", &inner).dirty(),
            m("deflated.zip", &inner).deflated().dirty(),
            m("run.txt", b"KEEPME x").with(|m| m.attributes = 0o100_711 << 16),
            m("slack.txt", TEXT).deflated().with(|m| m.slack = b"CANARY slack".to_vec()),
        ],
        b"CANARY archive comment",
    )
}

#[test]
fn everything_at_once() {
    let dirty = everything();
    let clean = scrub("x.zip", &dirty).unwrap();
    clean.had_secrets().tells_nothing().changed();
    for label in [
        "times of members",
        "owners of members",
        "Unix times of members",
        "unknown extra fields",
        "comment of a member",
        "comment of the archive",
        "permissions and attributes of members",
        "system and settings of the packer",
        "bytes behind the packed data",
        "a member that the directory does not list",
        "resource forks and download addresses of macOS",
        "the layout and the other names of a macOS folder",
    ] {
        clean.found(label);
    }
    assert_eq!(clean.found("owners of members").value.as_deref(), Some("user 1000, group 1000"));
    let out = &clean.bytes;
    assert_eq!(names(out), ["a.txt", "dir/", "dir/b.txt", "stored.zip", "deflated.zip", "run.txt", "slack.txt"]);
    for name in ["a.txt", "dir/b.txt", "slack.txt"] {
        assert_eq!(read(out, name), TEXT);
    }
    for name in ["stored.zip", "deflated.zip"] {
        let alone = scrub("in.zip", &build(&[m("in.txt", TEXT).deflated().dirty()], b"CANARY inner")).unwrap();
        assert_eq!(read(out, name), alone.bytes, "a member is cleaned as it would be alone");
    }
    let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(&out[..])).unwrap();
    let mut mode = |name: &str| archive.by_name(name).unwrap().unix_mode().unwrap();
    assert_eq!([mode("a.txt"), mode("run.txt"), mode("dir/")], [0o100_644, 0o100_755, 0o040_755]);
}

#[test]
fn nothing_to_remove() {
    let clean = build(&[m("a.txt", TEXT), m("b.txt", TEXT).deflated()], b"");
    scrub("x.zip", &clean).unwrap().unchanged();
    scrub("empty.zip", &build(&[], b"")).unwrap().unchanged();
}

#[test]
fn truncated() {
    let dirty = everything();
    truncate_everywhere("x.zip", &dirty, 3);
    for len in [dirty.len() - 23, dirty.len() / 2, 40] {
        assert_eq!(refusal("x.zip", &dirty[..len]).code(), Code::Malformed, "cut at {len}");
    }
}

#[test]
fn hidden_at_the_end() {
    let mut dirty = build(&[m("a.txt", TEXT)], b"");
    dirty.extend(b"CANARY after the end");
    scrub("x.zip", &dirty).unwrap().had_secrets().tells_nothing().found("data after the archive");
    let fronted = build_after(b"CANARY in front", &[m("a.txt", TEXT)], b"");
    let clean = scrub("x.zip", &fronted).unwrap();
    clean.had_secrets().tells_nothing().found("data before the archive");
    assert_eq!(read(&clean.bytes, "a.txt"), TEXT);
}

#[test]
fn out_of_order() {
    // The directory lists the members in another order than they lie in.
    let mut bytes = build(&[m("a.txt", TEXT), m("b.txt", b"KEEPME b").dirty()], b"");
    let at = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    let second = at + 1 + memchr::memmem::find(&bytes[at + 1..], b"PK\x01\x02").unwrap();
    let end = memchr::memmem::find(&bytes, b"PK\x05\x06").unwrap();
    let swapped = [&bytes[second..end], &bytes[at..second]].concat();
    bytes[at..end].copy_from_slice(&swapped);
    let clean = scrub("x.zip", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(names(&clean.bytes), ["b.txt", "a.txt"]);
    assert_eq!(read(&clean.bytes, "a.txt"), TEXT);
    assert_eq!(read(&clean.bytes, "b.txt"), b"KEEPME b");
}

#[test]
fn an_older_archive_in_front_goes() {
    let older = build(&[m("old.txt", b"CANARY old")], b"");
    let newer = build_after(&older, &[m("a.txt", TEXT)], b"");
    let clean = scrub("x.zip", &newer).unwrap();
    clean.had_secrets().tells_nothing().found("an older archive");
    assert_eq!(names(&clean.bytes), ["a.txt"]);
}

#[test]
fn an_archive_stored_in_an_archive_is_a_member_and_not_the_end() {
    let inner = build(&[m("in.txt", TEXT)], b"");
    let outer = build(&[m("in.zip", &inner)], b"");
    scrub("x.zip", &outer).unwrap().unchanged();
    // Cut off behind the inner archive, its end is not the end of the outer one.
    let cut = 30 + "in.zip".len() + inner.len();
    assert_eq!(refusal("x.zip", &outer[..cut]).code(), Code::Malformed);
    assert_eq!(refusal("x.zip", &outer[..cut + 20]).code(), Code::Malformed);
}

#[test]
fn two_archives_in_one_are_refused() {
    // The comment of one is another, whole.
    let second = build(&[m("b.txt", b"KEEPME b")], b"");
    let first = build(&[m("a.txt", TEXT)], &second);
    assert_eq!(refusal("x.zip", &first).code(), Code::Polyglot);
}

#[test]
fn a_lying_directory_is_refused() {
    let lie = |change: &dyn Fn(&mut Vec<u8>, usize)| {
        let mut bytes = build(&[m("a.txt", TEXT).deflated()], b"");
        let at = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
        change(&mut bytes, at);
        refusal("x.zip", &bytes)
    };
    assert_eq!(lie(&|b, at| b[at + 10] = 0).code(), Code::Malformed, "method");
    assert_eq!(lie(&|b, at| b[at + 16] ^= 1).code(), Code::Malformed, "checksum");
    assert_eq!(lie(&|b, at| b[at + 20] ^= 1).code(), Code::Malformed, "packed size");
    assert_eq!(lie(&|b, at| b[at + 24] ^= 1).code(), Code::Malformed, "unpacked size");
    assert_eq!(lie(&|b, at| b[at + 42] = 1).code(), Code::Malformed, "position");
    assert_eq!(lie(&|b, at| b[at + 46] = b'b').code(), Code::Malformed, "name");
    assert_eq!(lie(&|b, at| b[at + 42..at + 46].fill(0xfe)).code(), Code::Malformed, "far position");
    let renamed = build(&[m("a.txt", TEXT).with(|m| m.local_name = Some(b"b.txt".to_vec()))], b"");
    let why = refusal("x.zip", &renamed);
    assert!(why.to_string().contains("a.txt"), "{why}");
}

#[test]
fn a_wrong_checksum_is_refused_and_names_the_member() {
    for deflated in [false, true] {
        let mut bytes = build(&[m("a.txt", TEXT).with(|m| m.deflate = deflated)], b"");
        let central = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
        bytes[14] ^= 1;
        bytes[central + 16] ^= 1;
        let why = refusal("x.zip", &bytes);
        assert_eq!(why.code(), Code::Malformed);
        assert!(why.to_string().contains("a.txt"), "{why}");
    }
}

#[test]
fn overlapping_members_are_refused() {
    let mut bytes = build(&[m("a.txt", TEXT), m("a.txu", TEXT)], b"");
    let at = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
    bytes[at + 42..at + 46].fill(0);
    bytes[at + 50] = b't';
    assert_eq!(refusal("x.zip", &bytes).code(), Code::Malformed);
}

#[test]
fn duplicate_names_are_refused() {
    for twice in [["a.txt", "a.txt"], ["d/a.txt", "d//a.txt"], ["a.txt", "./a.txt"]] {
        let bytes = build(&[m(twice[0], TEXT), m(twice[1], b"KEEPME other")], b"");
        let why = refusal("x.zip", &bytes);
        assert!(why.to_string().contains("same name"), "{why}");
    }
    let clash = scrub("x.zip", &build(&[m("a.txt", TEXT), m("A.txt", TEXT)], b"")).unwrap();
    assert!(clash.cleaned.warnings().iter().any(|w| w.contains("upper and lower case")));
}

#[test]
fn names_that_lead_out_are_refused_and_absolute_ones_made_relative() {
    for name in ["../a.txt", "x/../../a.txt", "x\\..\\a.txt", "..", "a\nb.txt", "a\0.txt", "a\u{85}.txt"] {
        assert_eq!(refusal("x.zip", &build(&[m(name, TEXT)], b"")).code(), Code::Malformed, "{name:?}");
    }
    assert_eq!(refusal("x.zip", &build(&[m(&"a".repeat(300), TEXT)], b"")).code(), Code::Limit);
    for name in ["/x/a.txt", "C:\\x/a.txt", "./x/a.txt", "//x/a.txt", "C:/./x/a.txt"] {
        let clean = scrub("x.zip", &build(&[m(name, TEXT)], b"")).unwrap();
        assert_eq!(names(&clean.bytes), ["x/a.txt"]);
        clean.found("names that are not relative");
    }
    let windows = scrub("x.zip", &build(&[m("d\\a.txt", TEXT).with(|m| m.system = 0)], b"")).unwrap();
    assert_eq!(names(&windows.bytes), ["d/a.txt"]);
}

#[test]
fn names_are_numbered_where_they_are_not_to_be_kept() {
    let bytes = build(&[m("d/", b""), m("d/IMG_20240131_CANARY.TXT", TEXT), m("e.txt", TEXT).deflated()], b"");
    let policy = Policy::default().with(Token::Name, false);
    let clean = scrub_under(&policy, "x.zip", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(names(&clean.bytes), ["d/", "d/file-0001.txt", "file-0002.txt"]);
}

#[test]
fn names_that_speak_are_told() {
    let bytes = build(&[m("IMG_20240131_154501.txt", TEXT), m("mail to jane@example.org.txt", TEXT)], b"");
    let clean = scrub("x.zip", &bytes).unwrap();
    clean.unchanged().found("names that tell a date");
    clean.found("names that tell an e-mail address or handle");
}

#[test]
fn the_unicode_name_counts_where_it_belongs_to_the_name() {
    let name = "gr\u{fc}n.txt";
    let field = |of: &[u8]| extra(0x7075, &[&[1][..], &crc(of).to_le_bytes(), name.as_bytes()].concat());
    let old = b"gr_n.txt";
    let with = |of: &[u8]| build(&[m("gr_n.txt", TEXT).with(|m| (m.extra, m.local_extra) = (field(of), field(of)))], b"");
    let clean = scrub("x.zip", &with(old)).unwrap();
    assert_eq!(names(&clean.bytes), [name]);
    assert_eq!(clean.bytes[7] & 8, 8, "bit 11 says that it is UTF-8");
    let stale = scrub("x.zip", &with(b"older.txt")).unwrap();
    assert_eq!(names(&stale.bytes), ["gr_n.txt"]);
    stale.found("second names of members");
}

#[test]
fn locked_archives_are_refused() {
    for flags in [1, 1 << 6, 1 << 13] {
        let bytes = build(&[m("a.txt", TEXT).with(|m| m.flags = flags)], b"");
        assert_eq!(refusal("x.zip", &bytes).code(), Code::Encrypted);
    }
    let aes = build(&[m("a.txt", TEXT).with(|m| m.extra = extra(0x9901, b"\x02\0AE\x03\0\0"))], b"");
    assert_eq!(refusal("x.zip", &aes).code(), Code::Encrypted);
}

#[test]
fn parts_of_split_archives_are_refused() {
    let mut bytes = build(&[m("a.txt", TEXT)], b"");
    let end = bytes.len() - 22;
    bytes[end + 4] = 1;
    assert_eq!(refusal("x.zip", &bytes).code(), Code::MultiVolume);
    let first = [b"PK\x07\x08", &build(&[m("a.txt", TEXT)], b"")[..50]].concat();
    assert_eq!(refusal("x.zip", &first).code(), Code::MultiVolume);
}

#[test]
fn programs_that_unpack_themselves_are_refused_unless_the_program_may_go() {
    let bytes = build_after(b"MZ CANARY stub", &[m("a.txt", TEXT)], b"");
    assert_eq!(refusal("x.exe", &bytes).code(), Code::Unsupported);
    let policy = Policy::default().with(Token::SfxStub, false);
    scrub_under(&policy, "x.exe", &bytes).unwrap().had_secrets().tells_nothing();
}

#[test]
fn signed_archives_and_documents_are_refused() {
    let jar = build(&[m("META-INF/MANIFEST.MF", b"x"), m("META-INF/CERT.SF", b"x")], b"");
    assert_eq!(refusal("x.jar", &jar).code(), Code::Signed);
    let mut apk = build(&[m("a.txt", TEXT)], b"");
    let at = memchr::memmem::find(&apk, b"PK\x01\x02").unwrap();
    apk.splice(at..at, *b"\x20\0\0\0\0\0\0\0APK Sig Block 42");
    let end = apk.len() - 22;
    apk[end + 16] += 24;
    assert_eq!(refusal("x.apk", &apk).code(), Code::Signed);
    for name in ["[Content_Types].xml", "mimetype", "Index/Document.iwa", "scene.usdc"] {
        assert_eq!(refusal("x.zip", &build(&[m(name, b"x")], b"")).code(), Code::Unsupported, "{name}");
    }
}

#[test]
fn unknown_members_follow_the_policy() {
    let bytes = build(&[m("a.txt", TEXT), m("x.weird", b"\x01CANARY"), m("y.weird", b"\x02CANARY").deflated()], b"");
    let why = refusal("x.zip", &bytes);
    assert_eq!(why.code(), Code::UnknownMember);
    assert!(why.to_string().contains("x.weird, y.weird"), "{why}");
    let policy = |unknown_members| Policy { unknown_members, ..Policy::default() };
    let omitted = scrub_under(&policy(UnknownMembers::Omit), "x.zip", &bytes).unwrap();
    omitted.tells_nothing().found("a member of unknown type");
    assert_eq!(names(&omitted.bytes), ["a.txt"]);
    let kept = scrub_under(&policy(UnknownMembers::Keep), "x.zip", &bytes).unwrap();
    kept.unchanged().found("a member of unknown type");
}

#[test]
fn a_document_of_an_unsupported_kind_is_an_unknown_member() {
    let document = build(&[m("mimetype", b"x")], b"");
    let bytes = build(&[m("a.txt", TEXT), m("x.kra", &document)], b"");
    assert_eq!(refusal("x.zip", &bytes).code(), Code::UnknownMember);
    let policy = Policy { unknown_members: UnknownMembers::Omit, ..Policy::default() };
    assert_eq!(names(&scrub_under(&policy, "x.zip", &bytes).unwrap().bytes), ["a.txt"]);
}

#[test]
fn a_member_that_fails_is_named() {
    let bad = build(&[m("../x.txt", TEXT)], b"");
    let why = refusal("x.zip", &build(&[m("d/in.zip", &bad).deflated()], b""));
    assert_eq!(why.code(), Code::Malformed);
    assert_eq!(why.place().steps()[0], "d/in.zip");
}

#[test]
fn bombs_are_limited() {
    let mut deep = build(&[m("a.txt", TEXT)], b"");
    for _ in 0..9 {
        deep = build(&[m("in.zip", &deep)], b"");
    }
    assert_eq!(refusal("x.zip", &deep).code(), Code::Limit, "depth");
    let limited = |limits: Limits, bytes: Vec<u8>| {
        let policy = Policy::default();
        let job = Job::new(&policy, &limits, "x.zip", &Spool::default_dir());
        clean::to_spool(&job, &Memory::shared(bytes)).err().unwrap().code()
    };
    let bomb = || build(&[m("a.txt", &vec![b'a'; 4 << 20]).deflated()], b"");
    assert_eq!(limited(Limits { ratio: 100, ..Limits::default() }, bomb()), Code::Limit, "ratio");
    assert_eq!(limited(Limits { expanded: 1 << 20, ..Limits::default() }, bomb()), Code::Limit, "total");
    let many = build(&["a.txt", "b.txt", "c.txt", "d.txt"].map(|n| m(n, TEXT)), b"");
    assert_eq!(limited(Limits { members: 3, ..Limits::default() }, many), Code::Limit, "count");
}

#[test]
fn a_size_that_lies_does_not_unpack_more() {
    let mut bytes = build(&[m("a.txt", &vec![b'a'; 100_000]).deflated()], b"");
    let central = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    bytes[22..26].copy_from_slice(&10u32.to_le_bytes());
    bytes[central + 24..central + 28].copy_from_slice(&10u32.to_le_bytes());
    assert_eq!(refusal("x.zip", &bytes).code(), Code::Malformed);
}

#[test]
fn wheels_stay_whole_or_are_refused() {
    let inner = build(&[m("in.txt", TEXT).dirty()], b"CANARY");
    let wheel = |data: &[u8]| {
        let listed = [m("x-1.dist-info/WHEEL", TEXT), m("x-1.dist-info/RECORD", TEXT), m("x/data.zip", data)];
        build(&listed.map(M::dirty), b"")
    };
    scrub("x.whl", &wheel(&build(&[m("in.txt", TEXT)], b""))).unwrap().tells_nothing().changed();
    let why = refusal("x.whl", &wheel(&inner));
    assert!(why.code() == Code::Unsupported && why.to_string().contains("RECORD"), "{why}");
    let junk = build(&[m("x-1.dist-info/WHEEL", TEXT), m("x-1.dist-info/RECORD", TEXT), m("x/.DS_Store", b"CANARY")], b"");
    assert!(refusal("x.whl", &junk).to_string().contains("RECORD"));
}

#[test]
fn links_stay_inside() {
    let link =
        |target: &str| build(&[m("d/l", target.as_bytes()).with(|m| m.attributes = 0o120_777 << 16), m("a.txt", TEXT)], b"");
    scrub("x.zip", &link("../a.txt")).unwrap().unchanged();
    let clean = scrub("x.zip", &link("/home/CANARY/a.txt")).unwrap();
    clean.tells_nothing().found("a link to a place outside of the archive");
    assert_eq!(refusal("x.zip", &link("../../a.txt")).code(), Code::Malformed);
    let device = build(&[m("d", b"").with(|m| m.attributes = 0o020_666 << 16)], b"");
    assert_eq!(refusal("x.zip", &device).code(), Code::Unsupported);
    let pipe = build(&[m("p", b"").with(|m| m.attributes = 0o010_600 << 16)], b"");
    assert_eq!(refusal("x.zip", &pipe).code(), Code::Unsupported);
    // `zip` marks what it was given on standard input as a pipe.
    let given = build(&[m("-", TEXT).with(|m| m.attributes = 0o010_600 << 16), m("a.txt", b"CANARY".as_slice())], b"");
    assert!(find_secret(&scrub("x.zip", &given).unwrap().bytes, "KEEPME").is_some());
}

#[test]
fn times_and_modes_stay_where_they_are_wanted() {
    let bytes = build(&[m("a.txt", TEXT).with(|m| (m.time, m.attributes) = ([0x21, 0x7d, 0x3f, 0x58], 0o100_600 << 16))], b"");
    let policy = Policy::default().with(Token::EntryTimes, true).with(Token::EntryMode, true);
    scrub_under(&policy, "x.zip", &bytes).unwrap().unchanged();
    scrub("x.zip", &bytes).unwrap().changed();
}

/// A member with ZIP64 sizes that are not needed, and ZIP64 records at the end.
fn zip64(members: u64) -> Vec<u8> {
    let mut bytes = build(
        &[m("a.txt", TEXT).with(|m| {
            let size = (TEXT.len() as u64).to_le_bytes();
            m.local_extra = extra(1, &[size, size].concat());
            m.extra = m.local_extra.clone();
        })],
        b"",
    );
    let central = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    bytes[18..26].fill(0xff);
    bytes[central + 20..central + 28].fill(0xff);
    let end = bytes.len() - 22;
    let size = (end - central) as u64;
    let mut records = [&b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\x03\x2d\0\0\0\0\0\0\0\0\0"[..]].concat();
    records.extend([members, members, size, central as u64].map(u64::to_le_bytes).concat());
    records.extend(b"PK\x06\x07\0\0\0\0");
    records.extend((end as u64).to_le_bytes());
    records.extend([1, 0, 0, 0]);
    bytes[end + 8..end + 20].fill(0xff);
    bytes.splice(end..end, records);
    bytes
}

#[test]
fn zip64_goes_where_it_is_not_needed() {
    let clean = scrub("x.zip", &zip64(1)).unwrap();
    clean.found("ZIP64 records that are not needed");
    clean.found("sizes in a form that is not needed");
    assert_eq!(clean.bytes, scrub("x.zip", &build(&[m("a.txt", TEXT)], b"")).unwrap().bytes);
    assert_eq!(refusal("x.zip", &zip64(2)).code(), Code::Malformed);
    assert_eq!(refusal("x.zip", &zip64(u64::MAX)).code(), Code::Limit);
}

#[test]
fn zip64_stays_where_it_is_needed() {
    let many: Vec<M> = (0..65_600).map(|i| m(&format!("{i}.txt"), b"")).collect();
    let mut bytes = build(&many, b"");
    let central = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    let end = bytes.len() - 22;
    let size = (end - central) as u64;
    let mut records = [&b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\x03\x2d\0\0\0\0\0\0\0\0\0"[..]].concat();
    records.extend([65_600, 65_600, size, central as u64].map(u64::to_le_bytes).concat());
    records.extend(b"PK\x06\x07\0\0\0\0");
    records.extend((end as u64).to_le_bytes());
    records.extend([1, 0, 0, 0]);
    bytes[end + 8..end + 20].fill(0xff);
    bytes.splice(end..end, records);
    bytes.extend(b"CANARY");
    scrub("x.zip", &bytes).unwrap().tells_nothing();
}
