//! Human names for what blocks of metadata tell. They decide nothing, so nothing here is cleaned; but they must find what
//! is there, say it in words, and end well whatever they are given.

use metascrub::finding::{Finding, Tells};
use metascrub::names::{exif, icc, iptc, trailer, xmp};
use metascrub::source::{Memory, Source};
use proptest::prelude::*;

#[track_caller]
fn value<'a>(findings: &'a [Finding], label: &str) -> &'a str {
    let found = findings.iter().find(|f| f.label == label).unwrap_or_else(|| panic!("no '{label}' among {findings:#?}"));
    found.value.as_deref().unwrap_or_default()
}

#[track_caller]
fn tells(findings: &[Finding], label: &str) -> Tells {
    findings.iter().find(|f| f.label == label).unwrap_or_else(|| panic!("no '{label}' among {findings:#?}")).tells
}

/// One entry: tag, type, values as bytes.
type Entry = (u16, u16, Vec<u8>);

/// A TIFF structure of directories; an entry of type 0 points to the directory of that number.
struct Build {
    big: bool,
    directories: Vec<Vec<Entry>>,
}

impl Build {
    fn n(&self, n: u64, width: usize) -> Vec<u8> {
        if self.big { n.to_be_bytes()[8 - width..].to_vec() } else { n.to_le_bytes()[..width].to_vec() }
    }

    fn finish(&self) -> Vec<u8> {
        let mut out = if self.big { b"MM\0*\0\0\0\x08".to_vec() } else { b"II*\0\x08\0\0\0".to_vec() };
        let mut starts = Vec::new();
        let mut at = 8;
        for directory in &self.directories {
            starts.push(at);
            at += 2 + 12 * directory.len() + 4;
            at += directory.iter().filter(|e| e.2.len() > 4).map(|e| e.2.len().next_multiple_of(2)).sum::<usize>();
        }
        for (i, directory) in self.directories.iter().enumerate() {
            let mut outside = Vec::new();
            let base = starts[i] + 2 + 12 * directory.len() + 4;
            out.extend(self.n(directory.len() as u64, 2));
            for (tag, kind, bytes) in directory {
                let (kind, bytes) = match kind {
                    0 => (4, self.n(starts[usize::from(bytes[0])] as u64, 4)),
                    _ => (*kind, bytes.clone()),
                };
                let width = [1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8][usize::from(kind)];
                out.extend(self.n(u64::from(*tag), 2));
                out.extend(self.n(u64::from(kind), 2));
                out.extend(self.n((bytes.len() / width) as u64, 4));
                if bytes.len() <= 4 {
                    out.extend(bytes.iter().copied().chain([0; 4]).take(4));
                } else {
                    out.extend(self.n((base + outside.len()) as u64, 4));
                    outside.extend_from_slice(&bytes);
                    outside.resize(outside.len().next_multiple_of(2), 0);
                }
            }
            out.extend([0; 4]);
            out.extend(outside);
        }
        out
    }

    fn rationals(&self, parts: &[(u32, u32)]) -> Vec<u8> {
        parts.iter().flat_map(|(a, b)| [self.n(u64::from(*a), 4), self.n(u64::from(*b), 4)].concat()).collect()
    }
}

/// A block with something of everything, in one byte order or the other.
fn block(big: bool) -> Vec<u8> {
    let mut b = Build { big, directories: Vec::new() };
    let wide = |s: &str| s.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0]).collect::<Vec<u8>>();
    let order = |s: &str| {
        let units = s.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() });
        b"UNICODE\0".iter().copied().chain(units).collect::<Vec<u8>>()
    };
    let main = vec![
        (0x010f, 2, b"Canon\0".to_vec()),
        (0x0110, 2, b"Canon EOS 5D\0".to_vec()),
        (0x0112, 3, b.n(6, 2)),
        (0x0131, 2, b"Firmware 1.0\0".to_vec()),
        (0x0132, 2, b"2024:05:06 07:08:09\0".to_vec()),
        (0x013b, 2, b"Jane Artist\0".to_vec()),
        (0x8298, 2, b"J. Photographer\0E. Editor\0".to_vec()),
        (0x9c9d, 1, wide("Jane Author")),
        (0x8769, 0, vec![1]),
        (0x8825, 0, vec![2]),
        (0xbeef, 4, b.n(1, 4)),
    ];
    let camera = vec![
        (0x829a, 5, b.rationals(&[(1, 250)])),
        (0x829d, 5, b.rationals(&[(28, 10)])),
        (0x8827, 3, b.n(200, 2)),
        (0x9003, 2, b"2024:05:06 07:08:09\0".to_vec()),
        (0x9011, 2, b"+02:00\0".to_vec()),
        (0x9286, 7, order("a comment \u{263a}")),
        (0xa420, 2, b"0123456789abcdef0123456789abcdef\0".to_vec()),
        (0xa430, 2, b"Owner Name\0".to_vec()),
        (0xa431, 2, b"BODY-123456\0".to_vec()),
        (0xa435, 2, b"LENS-123456\0".to_vec()),
    ];
    let gps = vec![
        (1, 2, b"N\0".to_vec()),
        (2, 5, b.rationals(&[(37, 1), (46, 1), (2964, 100)])),
        (3, 2, b"W\0".to_vec()),
        (4, 5, b.rationals(&[(122, 1), (25, 1), (986, 100)])),
        (5, 1, vec![0]),
        (6, 5, b.rationals(&[(123, 10)])),
        (7, 5, b.rationals(&[(7, 1), (8, 1), (9, 1)])),
        (29, 2, b"2024:05:06\0".to_vec()),
        (27, 7, b"ASCII\0\0\0network".to_vec()),
    ];
    b.directories = vec![main, camera, gps];
    b.finish()
}

#[test]
fn exif_is_told_in_words_in_both_byte_orders() {
    for big in [false, true] {
        let found = exif::describe("Exif", &block(big));
        assert_eq!(value(&found, "GPS position"), "37.77490° N, 122.41941° W");
        assert_eq!(value(&found, "GPS altitude"), "12.3 m above sea level");
        assert_eq!(value(&found, "GPS time"), "07:08:09 UTC");
        assert_eq!(value(&found, "GPS method"), "network");
        assert_eq!(value(&found, "camera owner"), "Owner Name");
        assert_eq!(value(&found, "artist"), "Jane Artist");
        assert_eq!(value(&found, "copyright"), "J. Photographer / E. Editor");
        assert_eq!(value(&found, "author (Windows)"), "Jane Author");
        assert_eq!(value(&found, "camera body serial number"), "BODY-123456");
        assert_eq!(value(&found, "lens serial number"), "LENS-123456");
        assert_eq!(value(&found, "user comment"), "a comment \u{263a}");
        assert_eq!(value(&found, "camera settings"), "exposure 1/250 s, aperture f/2.8, ISO 200");
        assert_eq!(value(&found, "date taken"), "2024:05:06 07:08:09");
        assert_eq!(value(&found, "other fields"), "0xbeef");
        assert_eq!(tells(&found, "camera model"), Tells::Device);
        assert_eq!(tells(&found, "time zone when taken"), Tells::Where);
        assert_eq!(found, exif::describe("Exif", &block(big)), "the order is stable");
        assert_eq!(found.iter().map(|f| f.bytes).max(), Some(block(big).len() as u64));
    }
}

#[test]
fn maker_notes_name_their_maker_and_its_serial_numbers() {
    let note = |start: &[u8], make: &str, inner: &[Entry], before: u64| {
        let mut b = Build { big: true, directories: Vec::new() };
        // Positions count from the start of the note, or from a header so many bytes further in.
        let at = start.len() as u64 - before;
        let mut table = b.n(inner.len() as u64, 2);
        let mut outside = Vec::new();
        for (tag, kind, bytes) in inner {
            table.extend(b.n(u64::from(*tag), 2));
            table.extend(b.n(u64::from(*kind), 2));
            table.extend(b.n(bytes.len() as u64, 4));
            table.extend(b.n(at + 2 + 12 * inner.len() as u64 + 4 + outside.len() as u64, 4));
            outside.extend_from_slice(bytes);
        }
        let bytes = [start, &table, &[0; 4], &outside].concat();
        b.directories =
            vec![vec![(0x010f, 2, [make.as_bytes(), b"\0"].concat()), (0x8769, 0, vec![1])], vec![(0x927c, 7, bytes)]];
        exif::describe("Exif", &b.finish())
    };
    let apple = note(b"Apple iOS\0\0\x01MM", "Apple", &[(0x11, 2, b"F8AE9027-A544-4000-CANARY\0".to_vec())], 0);
    assert_eq!(value(&apple, "Live Photo identifier"), "F8AE9027-A544-4000-CANARY");
    assert!(apple.iter().any(|f| f.label == "maker notes (Apple)"));
    let pentax = note(b"PENTAX \0MM", "PENTAX", &[(0x229, 2, b"PX-1234567\0".to_vec())], 0);
    assert_eq!(value(&pentax, "camera body serial number"), "PX-1234567");
    let nikon = note(b"Nikon\0\x02\x10\0\0MM\0*\0\0\0\x08", "NIKON", &[(0x1d, 2, b"NK-1234567\0".to_vec())], 10);
    assert_eq!(value(&nikon, "camera body serial number"), "NK-1234567");
    let other = note(b"whatever", "Acme", &[], 0);
    assert!(other.iter().any(|f| f.label == "maker notes (Acme)"));
}

#[test]
fn broken_exif_is_one_finding_or_what_can_be_read() {
    for bytes in [&b""[..], b"II", b"nothing of the kind", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"] {
        let found = exif::describe("Exif", bytes);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].label, "Exif (unreadable)");
    }
    // A directory that links to itself is told once.
    let mut circle = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0Abc\0\x08\0\0\0".to_vec();
    assert_eq!(value(&exif::describe("Exif", &circle), "camera maker"), "Abc");
    // So is one whose link is cut off.
    circle.truncate(22);
    assert_eq!(value(&exif::describe("Exif", &circle), "camera maker"), "Abc");
    let whole = block(true);
    for len in 0..whole.len() {
        assert!(!exif::describe("Exif", &whole[..len]).is_empty());
    }
}

const PACKET: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Toolkit 1"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmp:CreatorTool="Tool &amp; Co" exif:GPSLatitude="37,46.494N" exif:GPSLongitude="122,25.1644W"
 xmpMM:DocumentID="xmp.did:DOC" xmpMM:InstanceID="xmp.iid:INST" aux:SerialNumber="SER-1234" crs:Exposure2012="+0.5">
<dc:creator><rdf:Seq><rdf:li>Jane &#67;reator</rdf:li><rdf:li>John Creator</rdf:li></rdf:Seq></dc:creator>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A <![CDATA[title]]></rdf:li></rdf:Alt></dc:title>
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="Jim Face"/></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:instanceID="xmp.iid:OLD" stEvt:softwareAgent="Agent 1"/><rdf:li stEvt:action="saved"/></rdf:Seq></xmpMM:History>
<xmp:Thumbnails><rdf:Alt><rdf:li><xmpGImg:image>AAAABBBBCCCC</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"#;

#[test]
fn xmp_is_told_in_words_in_every_encoding() {
    let le: Vec<u8> = PACKET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = [0xfeff].into_iter().chain(PACKET.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for packet in [PACKET.as_bytes().to_vec(), le, be] {
        let found = xmp::describe("XMP", &packet);
        assert_eq!(value(&found, "GPS position"), "37.77490° N, 122.41941° W");
        let creators: Vec<_> = found.iter().filter(|f| f.label == "creator").filter_map(|f| f.value.as_deref()).collect();
        assert_eq!(creators, ["Jane Creator", "John Creator"]);
        assert_eq!(value(&found, "person in the picture"), "Jim Face");
        assert_eq!(value(&found, "document identifier"), "xmp.did:DOC");
        assert!(found.iter().any(|f| f.value.as_deref() == Some("xmp.iid:OLD")));
        assert_eq!(value(&found, "edit history"), "2 steps by Agent 1");
        assert_eq!(value(&found, "software"), "Tool & Co");
        assert_eq!(value(&found, "serial number"), "SER-1234");
        assert_eq!(value(&found, "title"), "A title");
        assert_eq!(tells(&found, "thumbnail picture"), Tells::Preview);
        assert!(value(&found, "other properties").contains("Exposure2012"));
    }
    let cut = xmp::describe("XMP", &PACKET.as_bytes()[..600]);
    assert_eq!(value(&cut, "document identifier"), "xmp.did:DOC", "what could be read is told");
    assert_eq!(xmp::describe("XMP", b"no markup")[0].label, "XMP (unreadable)");
    assert_eq!(xmp::describe("XMP", b"")[0].label, "XMP (unreadable)");
}

#[test]
fn iptc_is_told_in_words() {
    let dataset =
        |record: u8, number: u8, data: &[u8]| [&[0x1c, record, number][..], &(data.len() as u16).to_be_bytes(), data].concat();
    let iim = [
        dataset(1, 90, b"\x1b%G"),
        dataset(2, 80, "Jané By-Line".as_bytes()),
        dataset(2, 90, b"Berlin"),
        dataset(2, 25, b"one"),
        dataset(2, 25, b"two"),
        dataset(2, 120, b"A caption"),
        [&[0x1c, 2, 116, 0x80, 4, 0, 0, 0, 5][..], b"(c) J"].concat(),
    ]
    .concat();
    let resource = |id: u16, data: &[u8]| {
        let mut out = [&b"8BIM"[..], &id.to_be_bytes(), b"\0\0", &(data.len() as u32).to_be_bytes(), data].concat();
        out.resize(out.len().next_multiple_of(2), 0);
        out
    };
    let irb = [resource(0x03ed, &[0; 16]), resource(0x0404, &iim), resource(0x0425, &[7; 16])].concat();
    let prefixed = [&b"Photoshop 3.0\0"[..], &irb].concat();
    for bytes in [&iim, &irb, &prefixed] {
        let found = iptc::describe("Photoshop", bytes);
        assert_eq!(value(&found, "by-line"), "Jané By-Line");
        assert_eq!(tells(&found, "city"), Tells::Where);
        assert_eq!(value(&found, "keywords"), "one, two");
        assert_eq!(value(&found, "copyright"), "(c) J");
    }
    assert_eq!(value(&iptc::describe("Photoshop", &irb), "hash of the caption"), "07".repeat(16));
    assert_eq!(iptc::describe("Photoshop", b"nothing")[0].label, "Photoshop (unreadable)");
}

#[test]
fn what_follows_the_end_is_named() {
    let of = |bytes: &[u8]| {
        let source = Memory::new([b"before", bytes].concat());
        let span = metascrub::source::Span::new(6, source.len());
        let found = trailer::describe("JPEG", &source, span);
        assert_eq!(found[0].bytes, bytes.len() as u64);
        found
    };
    let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x78\0\xa0\x03\x01\x11\0\x02\x11\x01\x03\x11\x01\xff\xd9";
    assert_eq!(value(&of(jpeg), "further picture"), "160 × 120 pixels");
    let samsung = of(b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data\0\0\0\x18ftypmp42SEFH\0\0SEFT");
    assert_eq!(tells(&samsung, "motion video"), Tells::Hidden);
    assert_eq!(tells(&samsung, "Samsung trailer"), Tells::Device);
    for (bytes, label) in [
        (&b"\0\0\0\x18ftypmp42"[..], "motion video"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"Rar!\x1a\x07\0", "RAR archive"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"<html><body>", "web page"),
        (b"\0\0\0\0\0", "zeros after the end"),
        (b"\x01\x02\x03\xff\xfe", "data after the end"),
        (b"vivo{\"a\":1}", "Vivo trailer"),
    ] {
        assert_eq!(of(bytes)[0].label, label);
    }
    assert_eq!(value(&of(b"call me at home"), "text"), "call me at home");
}

#[test]
fn a_colour_profile_is_told_only_where_it_changes() {
    let mut profile = vec![0; 132];
    profile[8] = 4;
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[24..36].copy_from_slice(&[7, 0xe6, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9]);
    profile[36..40].copy_from_slice(b"acsp");
    profile[80..84].copy_from_slice(b"appl");
    let found = icc::describe("ICC profile", &profile);
    assert_eq!(value(&found, "profile date"), "2022-05-06 07:08:09");
    assert_eq!(value(&found, "profile creator"), "appl");
    let neutral = metascrub::blocks::icc::neutral(&profile).unwrap().unwrap();
    assert_eq!(icc::describe("ICC profile", &neutral).len(), 1, "nothing but its layout is left to tell");
    assert_eq!(icc::describe("ICC profile", b"x")[0].label, "colour profile (unreadable)");
}

type Describe = fn(&'static str, &[u8]) -> Vec<Finding>;

fn ends_well(bytes: &[u8]) {
    let all: [Describe; 4] = [exif::describe, xmp::describe, iptc::describe, icc::describe];
    for describe in all {
        let found = describe("block", bytes);
        assert!((1..=60).contains(&found.len()));
        assert!(found.iter().all(|f| f.value.as_ref().is_none_or(|v| v.len() < 40_000)));
        assert!(found.iter().all(|f| f.action.changes()));
    }
    let source = Memory::new(bytes);
    assert!((1..=60).contains(&trailer::describe("block", &source, source.span()).len()));
}

proptest! {
    #[test]
    fn orientation_is_read_from_any_bytes_and_written_in_one_way(bytes in proptest::collection::vec(any::<u8>(), 0..60), which: u8, big: bool) {
        use metascrub::blocks::exif::{minimal, orientation};
        let sign: &[u8] = if big { b"MM\0*\0\0\0\x08" } else { b"II*\0\x08\0\0\0" };
        let read = orientation(&[sign, &bytes].concat());
        prop_assert!(read.is_none_or(|o| (1..=8).contains(&o)));
        orientation(&bytes);
        match minimal(Some(which)) {
            Some(tiff) => prop_assert_eq!((tiff.len(), orientation(&tiff)), (26, Some(which))),
            None => prop_assert!(!(2..=8).contains(&which)),
        }
    }

    #[test]
    fn any_bytes_end_well(bytes in proptest::collection::vec(any::<u8>(), 0..400), start in 0usize..8) {
        let signs: [&[u8]; 8] = [b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"<a b='", b"8BIM\x04\x04\0\0", b"\x1c\x02", b"\xff\xd8\xff", b"II+\0\x08\0\0\0"];
        ends_well(&[signs[start], &bytes].concat());
    }

    #[test]
    fn blocks_with_bytes_changed_end_well(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8), big: bool) {
        let (mut bytes, mut packet) = (block(big), PACKET.as_bytes().to_vec());
        for (at, to) in changes {
            let (a, b) = (at % bytes.len(), at % packet.len());
            bytes[a] = to;
            packet[b] = to;
        }
        ends_well(&bytes);
        ends_well(&packet);
    }
}

#[test]
fn large_hostile_blocks_end_soon() {
    let mut nested = "<a>".repeat(1_000_000).into_bytes();
    ends_well(&nested);
    nested.splice(0..0, *b"\xff\xfe");
    ends_well(&nested);
    // Every entry of a full directory points to the same megabyte.
    let mut wide = b"II*\0\x08\0\0\0\xff\xff".to_vec();
    for _ in 0..0xffffu32 {
        wide.extend_from_slice(b"\x0f\x01\x02\0\0\0\x08\0\x0a\0\0\0");
    }
    ends_well(&wide);
    // Every entry points to a directory.
    let mut bush = b"II*\0\x08\0\0\0\xff\xff".to_vec();
    for i in 0..0xffffu32 {
        bush.extend_from_slice(b"\x69\x87\x04\0\x01\0\0\0");
        bush.extend_from_slice(&(8 + i).to_le_bytes());
    }
    ends_well(&bush);
    ends_well(&b"\xff\xd8\xff".repeat(1 << 20));
    ends_well(&b"\x1c\x02\x50\0\0".repeat(1 << 18));
    ends_well(&b"8BIM\x04\x04\0\0\0\0\0\0".repeat(1 << 18));
}
