//! Camera raws: a DNG built here tag by tag, and the makers' layouts from the samples, changed in places.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// A little-endian file with directories whose values lie outside of them, in front.
struct Raw {
    bytes: Vec<u8>,
    entries: Vec<[u8; 12]>,
}

const SENSOR: &[u8] = b"KEEPME: sensor values of two rows of sixteen bytes..............";

impl Raw {
    fn new() -> Raw {
        Raw { bytes: b"II*\0\0\0\0\0".to_vec(), entries: Vec::new() }
    }

    fn put(&mut self, data: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
        let at = self.bytes.len() as u32;
        self.bytes.extend(data);
        at
    }

    fn raw(&mut self, tag: u16, kind: u16, count: u32, value: [u8; 4]) -> &mut Raw {
        let head = [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat();
        self.entries.push(head.try_into().unwrap());
        self
    }

    fn long(&mut self, tag: u16, n: u32) -> &mut Raw {
        self.raw(tag, 4, 1, n.to_le_bytes())
    }

    fn short(&mut self, tag: u16, n: u16) -> &mut Raw {
        self.raw(tag, 3, 1, [n as u8, (n >> 8) as u8, 0, 0])
    }

    fn bytes(&mut self, tag: u16, kind: u16, value: &[u8]) -> &mut Raw {
        if value.len() <= 4 {
            let mut field = [0; 4];
            field[..value.len()].copy_from_slice(value);
            return self.raw(tag, kind, value.len() as u32, field);
        }
        let at = self.put(value);
        self.raw(tag, kind, value.len() as u32, at.to_le_bytes())
    }

    fn text(&mut self, tag: u16, text: &str) -> &mut Raw {
        self.bytes(tag, 2, format!("{text}\0").as_bytes())
    }

    /// A colour filter array of 16 by 2 values of 16 bits.
    fn sensor(&mut self) -> &mut Raw {
        let at = self.put(SENSOR);
        self.short(0x0100, 16).short(0x0101, 2).short(0x0102, 16).short(0x0103, 1).short(0x0106, 32803).long(0x0111, at);
        self.short(0x0115, 1).short(0x0116, 2).long(0x0117, SENSOR.len() as u32);
        self.raw(0x828d, 3, 2, [2, 0, 2, 0]).raw(0x828e, 1, 4, [0, 1, 1, 2])
    }

    /// What makes it a DNG, and its balance.
    fn dng(&mut self) -> &mut Raw {
        self.raw(0xc612, 1, 4, [1, 4, 0, 0]).text(0xc614, "KEEPME model");
        let at = self.put(&[1u32, 2, 1, 1, 1, 2].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>());
        self.raw(0xc628, 5, 3, at.to_le_bytes())
    }

    /// Writes the entries so far as a directory, in the order of their tags.
    fn directory(&mut self) -> u32 {
        self.entries.sort_by_key(|e| u16::from_le_bytes([e[0], e[1]]));
        self.as_they_are()
    }

    fn as_they_are(&mut self) -> u32 {
        let at = self.put(&[]);
        self.bytes.extend((self.entries.len() as u16).to_le_bytes());
        self.entries.drain(..).for_each(|e| self.bytes.extend(e));
        self.bytes.extend([0; 4]);
        at
    }

    fn end(&mut self) -> Vec<u8> {
        let at = self.directory();
        self.bytes[4..8].copy_from_slice(&at.to_le_bytes());
        self.bytes.clone()
    }
}

fn dirty() -> Vec<u8> {
    let mut r = Raw::new();
    r.text(0x9003, "2026:06:01 12:00:00")
        .text(0xa431, "CANARY serial")
        .bytes(0x927c, 7, b"CANARY maker notes")
        .short(0x8827, 400);
    let exif = r.directory();
    r.sensor().dng().text(0x013b, "CANARY Jane Q. Public").text(0xc62f, "CANARY body").long(0x8769, exif).end()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/raw").join(name)).unwrap()
}

/// The makers' samples: their name as a file, and their bytes.
fn makers() -> impl Iterator<Item = (String, Vec<u8>)> {
    ["nef", "cr2", "arw", "orf", "rw2", "pef", "srw"].into_iter().map(|e| {
        let name = format!("everything.{e}");
        (name.clone(), sample(&name))
    })
}

/// The first place of `what`, which must be there.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    memchr::memmem::find(bytes, what).unwrap_or_else(|| panic!("{} is not there", what.escape_ascii()))
}

#[test]
fn truncated() {
    truncate_everywhere("a.dng", &dirty(), 1);
    for (name, bytes) in makers() {
        truncate_everywhere(&name, &bytes, 797);
    }
}

#[test]
fn nothing_to_remove() {
    scrub("a.dng", &Raw::new().sensor().dng().end()).unwrap().unchanged();
    for (name, bytes) in makers() {
        let clean = scrub(&name, &bytes).unwrap();
        scrub(&name, &clean.bytes).unwrap().unchanged();
    }
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.dng", &dirty()).unwrap();
    clean.had_secrets().tells_nothing().changed();
    find(&clean.bytes, SENSOR);
    find(&clean.bytes, b"KEEPME model\0");
    clean.found("date taken");
    for (name, bytes) in makers() {
        let clean = scrub(&name, &bytes).unwrap();
        clean.had_secrets().tells_nothing().changed();
        clean.found("camera model");
    }
}

#[test]
fn hidden_at_the_end() {
    let behind = |bytes: &[u8]| [bytes, b"CANARY behind the end"].concat();
    scrub("a.dng", &behind(&Raw::new().sensor().dng().end())).unwrap().tells_nothing().changed();
    for (name, bytes) in makers().filter(|(name, _)| !name.ends_with("rw2")) {
        let clean = scrub(&name, &scrub(&name, &bytes).unwrap().bytes).unwrap();
        let again = scrub(&name, &behind(&clean.bytes)).unwrap();
        again.tells_nothing();
        assert_eq!(again.bytes, clean.bytes, "{name}");
    }
}

#[test]
fn out_of_order() {
    // Entries in any order, and twice: the first counts.
    let mut r = Raw::new();
    r.dng().sensor().text(0xc614, "CANARY second model");
    let at = r.as_they_are();
    r.bytes[4..8].copy_from_slice(&at.to_le_bytes());
    let clean = scrub("a.dng", &r.bytes).unwrap();
    clean.tells_nothing();
    find(&clean.bytes, SENSOR);
    find(&clean.bytes, b"KEEPME model\0");
}

#[test]
fn the_makers_files_keep_their_length_but_for_the_trailer() {
    for (name, bytes) in makers() {
        let clean = scrub(&name, &bytes).unwrap();
        let trailer = if bytes.ends_with(b"CANARY behind the end") { 21 } else { 0 };
        let kept = bytes.len() - trailer;
        // What lies before the trailer may end in a removed value, which goes with it.
        assert!(clean.bytes.len() <= kept && kept - clean.bytes.len() < 200, "{name}");
    }
}

#[test]
fn strict_refuses() {
    for (name, bytes) in makers().chain([("a.dng".to_owned(), dirty())]) {
        let Err(r) = scrub_under(&Policy::strict(), &name, &bytes) else { panic!("{name}") };
        assert_eq!(r.code(), Code::NeedsResidual, "{name}");
        scrub_under(&Policy::strict().with(Token::RawRender, true), &name, &bytes).unwrap().tells_nothing();
    }
}

#[test]
fn the_balance_of_a_d70_is_all_that_stays_of_its_block() {
    let clean = scrub("a.nef", &sample("everything.nef")).unwrap();
    let levels = [500u16, 256, 256, 300].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
    let at = find(&clean.bytes, b"0103");
    assert_eq!(clean.bytes[at + 4..at + 20], [0; 16]);
    assert_eq!(clean.bytes[at + 20..at + 28], levels);
}

#[test]
fn a_preview_that_cannot_be_cleaned_becomes_zeros() {
    let mut bytes = sample("everything.nef");
    // Its first segment claims more than there is.
    let at = find(&bytes, b"\xff\xd8\xff\xe1");
    bytes[at + 4..at + 6].copy_from_slice(&[0xff, 0xff]);
    let clean = scrub("a.nef", &bytes).unwrap();
    clean.tells_nothing().found("preview that cannot be cleaned");
}

#[test]
fn a_preview_may_name_the_camera_whose_name_stays() {
    for (name, camera) in [("everything.rw2", &b"Panasonic\0DMC-GX7\0"[..]), ("everything.nef", b"NIKON CORPORATION\0")] {
        let mut bytes = sample(name);
        let at = find(&bytes, b"CANARY Cameras Ltd\0");
        bytes[at..at + camera.len()].copy_from_slice(camera);
        scrub(name, &bytes).unwrap().tells_nothing();
    }
}

#[test]
fn depth_and_masks_go_from_a_dng_and_previews_but_for_the_root() {
    for kind in [1u32, 8, 0x10001, 0x10004] {
        let mut r = Raw::new();
        let at = r.put(b"CANARY picture of something!");
        r.long(0x00fe, kind).short(0x0100, 4).short(0x0101, 7).short(0x0102, 8).short(0x0103, 1).short(0x0106, 1);
        r.long(0x0111, at).short(0x0115, 1).long(0x0117, 28);
        let below = r.directory();
        let clean = scrub("a.dng", &r.sensor().dng().long(0x014a, below).end()).unwrap();
        clean.tells_nothing();
        find(&clean.bytes, SENSOR);
        // The root itself stays, whatever it is.
        let mut r = Raw::new();
        r.sensor();
        let below = r.directory();
        let at = r.put(b"KEEPME: shown by every viewer");
        r.long(0x00fe, kind).short(0x0100, 4).short(0x0101, 7).short(0x0102, 8).short(0x0103, 1).short(0x0106, 1);
        r.long(0x0111, at).short(0x0115, 1).long(0x0117, 28);
        find(&scrub("a.dng", &r.dng().long(0x014a, below).end()).unwrap().bytes, b"KEEPME: shown");
    }
}

#[test]
fn calibration_signatures_stay_as_unequal_as_they_were() {
    let made = |profile: &str| Raw::new().sensor().dng().text(0xc6f3, "CANARY camera").text(0xc6f4, profile).end();
    let same = scrub("a.dng", &made("CANARY camera")).unwrap();
    same.tells_nothing();
    assert!(memchr::memmem::find(&same.bytes, &0xc6f3u16.to_le_bytes()).is_none());
    let other = scrub("a.dng", &made("CANARY profile")).unwrap();
    other.tells_nothing();
    let at = find(&other.bytes, &0xc6f3u16.to_le_bytes());
    assert_eq!(other.bytes[at + 2..at + 12], *b"\x02\0\x02\0\0\0a\0\0\0");
    assert!(memchr::memmem::find(&other.bytes, &0xc6f4u16.to_le_bytes()).is_none());
}

#[test]
fn texts_end_where_they_end() {
    let clean = scrub("a.dng", &Raw::new().sensor().dng().text(0x0110, "KEEPME\0CANARY").end()).unwrap();
    clean.tells_nothing();
    find(&clean.bytes, b"KEEPME\0");
    let mut nef = sample("everything.nef");
    let at = find(&nef, b"NIKON CORPORATION\0");
    nef[at..at + 18].copy_from_slice(b"NIKON\0CANARY text\0");
    scrub("a.nef", &nef).unwrap().tells_nothing();
}

#[test]
fn a_dng_whose_balance_is_in_its_maker_notes_is_refused() {
    let mut r = Raw::new();
    r.bytes(0x927c, 7, b"CANARY maker notes");
    let exif = r.directory();
    r.raw(0xc612, 1, 4, [1, 4, 0, 0]).text(0xc614, "KEEPME model");
    assert_eq!(refusal("a.dng", &r.sensor().long(0x8769, exif).end()).code(), Code::Unsupported);
}

#[test]
fn opcodes_that_a_dng_needs_must_be_known() {
    let list =
        |id: u32, flags: u32| [1, id, 0x0103_0000, flags, 8].iter().flat_map(|n: &u32| n.to_be_bytes()).collect::<Vec<u8>>();
    let made = |id, flags| {
        let list = [list(id, flags), b"CANARY99".to_vec()].concat();
        Raw::new().sensor().dng().bytes(0xc74e, 7, &list).end()
    };
    assert_eq!(refusal("a.dng", &made(99, 0)).code(), Code::UnknownCritical);
    scrub("a.dng", &made(99, 1)).unwrap().tells_nothing().changed();
    scrub("a.dng", &made(3, 0)).unwrap().unchanged();
}

#[test]
fn notes_of_an_unknown_shape_are_refused() {
    for (file, sign) in [("nef", &b"Nikon\0\x02"[..]), ("orf", b"OLYMPUS\0"), ("pef", b"AOC\0")] {
        let name = format!("everything.{file}");
        let mut bytes = sample(&name);
        let at = find(&bytes, sign);
        bytes[at] = b'x';
        assert_eq!(refusal(&name, &bytes).code(), Code::Unsupported, "{name}");
    }
    let mut bytes = sample("everything.arw");
    let at = find(&bytes, b"ILCE-7M2\0");
    bytes[at..at + 9].copy_from_slice(b"DSC-V3\0\0\0");
    assert_eq!(refusal("a.arw", &bytes).code(), Code::Unsupported);
}

#[test]
fn lies_are_refused() {
    let strip = |at: u32, len: u32| {
        let mut bytes = Raw::new().sensor().dng().end();
        let row = |bytes: &[u8], tag: u16| find(bytes, &[&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0]].concat()) + 8;
        let (from, to) = (row(&bytes, 0x0111), row(&bytes, 0x0117));
        bytes[from..from + 4].copy_from_slice(&at.to_le_bytes());
        bytes[to..to + 4].copy_from_slice(&len.to_le_bytes());
        bytes
    };
    for (at, len) in [(8, u32::MAX), (u32::MAX, 1), (0x7fff_ffff, 64)] {
        assert_eq!(refusal("a.dng", &strip(at, len)).code(), Code::Malformed);
    }
    // A directory that is its own: a picture below itself, and its own Exif.
    for tag in [0x014au16, 0x8769] {
        let mut bytes = Raw::new().sensor().dng().long(tag, 1).end();
        let own = bytes[4..8].to_vec();
        let at = find(&bytes, &[&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0, 1, 0, 0, 0]].concat()) + 8;
        bytes[at..at + 4].copy_from_slice(&own);
        match scrub("a.dng", &bytes) {
            Err(r) => assert_eq!(r.code(), Code::Malformed),
            // Without anything of Exif in it, it is not needed as Exif.
            Ok(clean) => assert!(tag == 0x8769 && memchr::memmem::find(&clean.bytes, &tag.to_le_bytes()).is_none()),
        }
    }
}

#[test]
fn any_byte_may_be_wrong() {
    for (name, bytes) in makers().chain([("a.dng".to_owned(), sample("everything.dng"))]) {
        // Directories and notes, not the sensor's values.
        for at in (0..bytes.len()).step_by(97) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0xff;
            if let Err(r) = scrub(&name, &bytes) {
                assert!(!matches!(r.code(), Code::Internal | Code::Damaged), "{name} with {at} changed: {r}");
            }
        }
    }
}

#[test]
fn a_directory_that_got_shorter_may_be_the_last_thing() {
    let mut bytes = sample("everything.orf");
    bytes.drain(8..103);
    // Cleaned twice is cleaned once: what is left of it are zeros that stay.
    scrub("a.orf", &bytes).unwrap().tells_nothing();
}
