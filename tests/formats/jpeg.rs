//! JPEG, with a secret in every place where one can hide, and everything that must stay.

use crate::support::*;
use metascrub::clean::{self, Job};
use metascrub::finding::Action;
use metascrub::policy::{Limits, Policy, Token};
use metascrub::refusal::Code;
use metascrub::source::{Memory, Shared, Source, Spool};

const SOI: &[u8] = b"\xff\xd8";
const EOI: &[u8] = b"\xff\xd9";
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0";

fn seg(marker: u8, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker], &len[..], payload].concat()
}

fn app(n: u8, sign: &[u8], rest: &[u8]) -> Vec<u8> {
    seg(0xe0 + n, &[sign, rest].concat())
}

fn com(text: &str) -> Vec<u8> {
    seg(0xfe, text.as_bytes())
}

fn jfif() -> Vec<u8> {
    app(0, b"JFIF\0", b"\x01\x02\x01\x00\x48\x00\x48\x00\x00")
}

fn dqt() -> Vec<u8> {
    seg(0xdb, &[&[0][..], &[1; 64]].concat())
}

fn dht() -> Vec<u8> {
    let table = |class: u8| [&[class, 1][..], &[0; 15], &[0]].concat();
    seg(0xc4, &[table(0), table(0x10)].concat())
}

fn sof(marker: u8) -> Vec<u8> {
    seg(marker, b"\x08\x00\x08\x00\x08\x01\x01\x11\x00")
}

fn sos(first: u8, last: u8) -> Vec<u8> {
    seg(0xda, &[1, 1, 0, first, last, 0])
}

/// A grey square; `parts` stand in front of its tables.
fn photo(parts: &[Vec<u8>]) -> Vec<u8> {
    [SOI, &parts.concat(), &tail()].concat()
}

/// From the tables to the end.
fn tail() -> Vec<u8> {
    [&dqt()[..], &sof(0xc0), &dht(), &sos(0, 63), b"\x3f", EOI].concat()
}

/// The same in two scans, with `parts` between them.
fn progressive(parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [&jfif()[..], &dqt(), &sof(0xc2), &dht(), &sos(0, 0), b"\x7f"].concat();
    [SOI, &head, &parts.concat(), &sos(1, 63), b"\x7f", EOI].concat()
}

fn entry(tag: u16, kind: u16, count: u32, value: [u8; 4]) -> Vec<u8> {
    [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
}

fn be(n: usize) -> [u8; 4] {
    (n as u32).to_be_bytes()
}

fn ifd(entries: &[Vec<u8>]) -> Vec<u8> {
    [&(entries.len() as u16).to_be_bytes()[..], &entries.concat(), &[0; 4]].concat()
}

fn exif(orientation: u8) -> Vec<u8> {
    let dir = ifd(&[entry(0x010f, 2, 12, be(38)), entry(0x0112, 3, 1, [0, orientation, 0, 0])]);
    app(1, EXIF, &[b"MM\0*\0\0\0\x08", &dir[..], b"CANARY make\0CANARY in free space"].concat())
}

/// The minimal block, to the byte. [common-blocks 1]
fn minimal_exif(orientation: u8) -> Vec<u8> {
    app(1, EXIF, &[b"MM\0*\0\0\0\x08", &ifd(&[entry(0x0112, 3, 1, [0, orientation, 0, 0])])[..]].concat())
}

fn xmp(attributes: &str, inside: &str) -> Vec<u8> {
    let packet = format!(
        "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='CANARY'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='CANARY' \
         xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/' \
         xmlns:C='http://ns.google.com/photos/1.0/container/' xmlns:I='http://ns.google.com/photos/1.0/container/item/' \
         xmlns:P='http://ns.google.com/photos/1.0/panorama/' xmlns:HDRGainMap='http://ns.apple.com/HDRGainMap/1.0/' \
         xmlns:apdi='http://ns.apple.com/pixeldatainfo/1.0/' dc:source='CANARY' {attributes}>\
         <dc:title>CANARY</dc:title>{inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>   "
    );
    app(1, XMP, packet.as_bytes())
}

fn mpf(entries: &[(u32, usize, usize)]) -> Vec<u8> {
    let count = entries.len();
    let dir = ifd(&[entry(0xb000, 7, 4, *b"0100"), entry(0xb001, 4, 1, be(count)), entry(0xb002, 7, 16 * count as u32, be(50))]);
    let list: Vec<u8> = entries.iter().flat_map(|(a, s, o)| [&a.to_be_bytes()[..], &be(*s), &be(*o), &[0; 4]].concat()).collect();
    app(2, b"MPF\0", &[b"MM\0*\0\0\0\x08", &dir[..], &list, b"CANARY unique id"].concat())
}

/// Two pictures and an index; `gap` stands between them.
fn two(kinds: (u32, u32), parts: &[Vec<u8>], gap: &[u8], second: &[u8]) -> Vec<u8> {
    let with = |index: Vec<u8>| photo(&[parts.concat(), index]);
    let probe = with(mpf(&[(0, 0, 0), (0, 0, 0)]));
    let tiff = memchr::memmem::find(&probe, b"MPF\0").unwrap() + 4;
    let index = mpf(&[(kinds.0, probe.len(), 0), (kinds.1, second.len(), probe.len() + gap.len() - tiff)]);
    [&with(index)[..], gap, second].concat()
}

const HDRGM: &str = "h:Version='1.0' h:GainMapMin='0.0' h:GainMapMax='2.5' h:Gamma='1.0'";

fn gain_map() -> Vec<u8> {
    photo(&[exif(3), xmp(HDRGM, ""), app(2, ISO, &iso_numbers()), com("CANARY")])
}

fn iso_numbers() -> Vec<u8> {
    let numbers = [0u32, 1, 5, 2, 0, 1, 5, 2, 1, 1, 1, 64, 1, 64];
    [&[0, 0, 0, 9, 0x40][..], &numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>()].concat()
}

fn directory(length: usize) -> String {
    format!(
        "<C:Directory><rdf:Seq><rdf:li rdf:parseType='Resource'><C:Item I:Semantic='Primary' I:Mime='image/jpeg'/></rdf:li>\
         <rdf:li rdf:parseType='Resource'><C:Item I:Semantic='GainMap' I:Mime='image/jpeg' I:Length='{length}'/></rdf:li>\
         </rdf:Seq></C:Directory>"
    )
}

fn ultra_hdr() -> Vec<u8> {
    let second = gain_map();
    let packet = xmp("h:Version='1.0'", &directory(second.len()));
    let parts = [exif(6), packet, app(2, ISO, &[0, 0, 0, 9])];
    [two((0x2003_0000, 0x05_0000), &parts, b"\0\0\0", &second), b"CANARY behind".to_vec()].concat()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Where the index of a cleaned file says that the second picture begins and how long both are.
fn indexed(bytes: &[u8]) -> (usize, usize, usize) {
    let tiff = memchr::memmem::find(bytes, b"MPF\0MM").unwrap() + 4;
    (u32_at(bytes, tiff + 54), tiff + u32_at(bytes, tiff + 74), u32_at(bytes, tiff + 70))
}

#[track_caller]
fn has(bytes: &[u8], what: &[u8]) {
    assert!(memchr::memmem::find(bytes, what).is_some(), "{} is gone", what.escape_ascii());
}

#[track_caller]
fn lacks(bytes: &[u8], what: &[u8]) {
    assert!(memchr::memmem::find(bytes, what).is_none(), "{} is still there", what.escape_ascii());
}

fn dirty() -> Vec<u8> {
    let thumb = app(0, b"JFIF\0", b"\x01\x02\x01\x00\x48\x00\x48\x04\x01CANARYCANARY");
    let parts = [
        thumb,
        app(0, b"JFXX\0\x10", b"CANARY"),
        exif(6),
        exif(3),
        xmp("", ""),
        app(1, b"http://ns.adobe.com/xmp/extension/\0", &[&[b'0'; 40][..], b"CANARY"].concat()),
        app(1, b"FLIR\0", b"CANARY"),
        app(2, b"FPXR\0", b"CANARY"),
        app(2, b"ICC_PROFILE\0\x01\x02", b"CANARY of a profile that lacks its second half"),
        app(3, b"Exif\0\0", b"CANARY"),
        app(4, b"SCALADO", b"CANARY"),
        app(5, b"ssuniqueid", b"CANARY"),
        app(6, b"GoPro", b"CANARY"),
        app(7, b"CANARY", b""),
        app(8, b"SPIFF\0", b"CANARY"),
        app(9, b"CANARY", b""),
        app(10, b"UNICODE", b"CANARY"),
        app(11, b"JP\0\x01\0\0\0\x01\0\0\0\x20jumb", b"CANARY content credentials"),
        app(11, b"HDR_RI ", b"CANARY"),
        app(12, b"Ducky", b"CANARY"),
        app(13, b"Photoshop 3.0\0", b"8BIM\x04\x04\0\0\0\0\0\x0c\x1c\x02\x50\0\x06CANARY\0"),
        app(14, b"Adobe\0\x64\0\0\0\0\x01", b"CANARY"),
        app(15, b"CANARY", b""),
        com("CANARY comment"),
        b"CANARY between segments".to_vec(),
        b"\xff\xff\xff\xff".to_vec(),
        b"\xff\xd0\xff\x01".to_vec(),
    ];
    [photo(&parts), b"CANARY behind".to_vec()].concat()
}

#[test]
fn truncated() {
    truncate_everywhere("a.jpg", &dirty(), 1);
    truncate_everywhere("a.jpg", &ultra_hdr(), 3);
    truncate_everywhere("a.jpg", &progressive(&[com("CANARY")]), 1);
}

#[test]
fn nothing_to_remove() {
    let clean = photo(&[jfif(), minimal_exif(6), app(14, b"Adobe\0\x64\0\0\0\0\x01", b"")]);
    assert_eq!(scrub("a.jpg", &clean).unwrap().unchanged().bytes, clean);
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.jpg", &dirty()).unwrap();
    clean.had_secrets().tells_nothing();
    clean.found("thumbnail");
    clean.found("comment");
    clean.found("content credentials (C2PA)");
    clean.found("Samsung unique identifier");
    clean.found("stray bytes between segments");
    clean.found("incomplete colour profile");
    let kept = [jfif(), minimal_exif(6), app(14, b"Adobe\0\x64\0\0\0\0\x01", b"")];
    assert_eq!(clean.bytes, photo(&kept));
}

#[test]
fn hidden_at_the_end() {
    for end in [&b"CANARY"[..], b"\0\0CANARY", b"PK\x03\x04CANARY", b"\xff\xd8\xff\xe1\0\x08CANARY", b"\0\0\0\x18ftypmp42CANARY"]
    {
        let clean = scrub("a.jpg", &[&photo(&[jfif()])[..], end].concat()).unwrap();
        assert_eq!(clean.had_secrets().tells_nothing().bytes, photo(&[jfif()]));
    }
}

#[test]
fn out_of_order() {
    // Between scans and after the frame header the same rules hold.
    let late = [com("CANARY"), exif(6), app(13, b"Photoshop 3.0\0", b"CANARY"), b"\xff\xff".to_vec(), jfif(), dht()];
    let clean = scrub("a.jpg", &progressive(&late)).unwrap();
    assert_eq!(clean.had_secrets().tells_nothing().bytes, progressive(&[dht()]));
    // Exif in front of JFIF stays in front.
    let clean = scrub("a.jpg", &photo(&[exif(8), jfif()])).unwrap();
    assert_eq!(clean.bytes, photo(&[minimal_exif(8), jfif()]));
}

#[test]
fn orientation_is_the_first_blocks_and_only_where_it_says_something() {
    for o in [1, 0, 9] {
        assert_eq!(scrub("a.jpg", &photo(&[exif(o), exif(6)])).unwrap().bytes, photo(&[]));
    }
    assert_eq!(scrub("a.jpg", &photo(&[exif(6), exif(3)])).unwrap().bytes, photo(&[minimal_exif(6)]));
    let policy = Policy::default().with(Token::Orientation, false);
    assert_eq!(scrub_under(&policy, "a.jpg", &photo(&[exif(6)])).unwrap().bytes, photo(&[]));
}

#[test]
fn an_orientation_that_only_xmp_knows_is_said_by_exif() {
    let turned = xmp("xmlns:t='http://ns.adobe.com/tiff/1.0/' t:Orientation='6'", "");
    assert_eq!(scrub("a.jpg", &photo(std::slice::from_ref(&turned))).unwrap().tells_nothing().bytes, photo(&[minimal_exif(6)]));
    // Exif has the first word, even where that is "upright".
    assert_eq!(scrub("a.jpg", &photo(&[exif(1), turned.clone()])).unwrap().bytes, photo(&[]));
    assert_eq!(scrub("a.jpg", &photo(&[exif(9), turned])).unwrap().bytes, photo(&[minimal_exif(6)]));
}

#[test]
fn junk_without_end_is_refused_in_time() {
    let junk = [SOI, &jfif(), &b"xxxxxxxx\xff\x00".repeat(2_000_000), EOI].concat();
    assert_eq!(refusal("a.jpg", &junk).code(), Code::Limit);
}

#[test]
fn adobe_rgb_without_a_profile_stays_adobe_rgb() {
    let block = |interop: &[u8; 4]| {
        let dir = ifd(&[entry(0x8769, 4, 1, be(26))]);
        let below = ifd(&[entry(0xa001, 3, 1, [0xff, 0xff, 0, 0]), entry(0xa005, 4, 1, be(56))]);
        [b"MM\0*\0\0\0\x08", &dir[..], &below, &ifd(&[entry(1, 2, 4, *interop)])].concat()
    };
    let minimal = photo(&[app(1, EXIF, &block(b"R03\0"))]);
    scrub("a.jpg", &minimal).unwrap().unchanged();
    let dirty = photo(&[app(1, EXIF, &[&block(b"R03\0")[..], b"CANARY"].concat())]);
    assert_eq!(scrub("a.jpg", &dirty).unwrap().had_secrets().bytes, minimal);
    assert_eq!(scrub("a.jpg", &photo(&[app(1, EXIF, &block(b"R98\0"))])).unwrap().bytes, photo(&[]));
}

#[test]
fn density_goes_in_strict_but_the_shape_of_a_pixel_stays() {
    let header = |minor, unit, x: u8, y: u8| app(0, b"JFIF\0", &[1, minor, unit, 0, x, 0, y, 0, 0]);
    let density = |unit, x, y| header(2, unit, x, y);
    let strict = Policy::strict();
    let clean = |d| scrub_under(&strict, "a.jpg", &photo(&[d])).unwrap().bytes;
    assert_eq!(clean(density(1, 72, 72)), photo(&[header(1, 0, 1, 1)]));
    assert_eq!(clean(density(1, 72, 36)), photo(&[density(0, 72, 36)]));
    assert_eq!(clean(density(0, 4, 3)), photo(&[density(0, 4, 3)]));
}

#[test]
fn a_gain_map_stays_with_its_linkage_and_nothing_else() {
    let clean = scrub("a.jpg", &ultra_hdr()).unwrap();
    clean.had_secrets().tells_nothing().changed();
    let (first, at, second) = indexed(&clean.bytes);
    assert_eq!((first, at, first + second), (at, first, clean.bytes.len()));
    assert!(clean.bytes[at..].starts_with(b"\xff\xd8\xff"));
    has(&clean.bytes[..at], format!("Item:Length=\"{second}\"").as_bytes());
    has(&clean.bytes[..at], b"hdrgm:Version=\"1.0\"");
    has(&clean.bytes[..at], &app(2, ISO, &[0; 4]));
    has(&clean.bytes[at..], b"hdrgm:GainMapMax=\"2.5\"");
    has(&clean.bytes[at..], &iso_numbers()[4..]);
    has(&clean.bytes[at..], &minimal_exif(3));
    assert!(clean.bytes[at..].ends_with(&tail()));
    assert!(matches!(clean.found("gain map").action, Action::Kept(_)));
}

#[test]
fn a_dropped_gain_map_leaves_no_linkage() {
    let policy = Policy::default().with(Token::GainMap, false);
    let clean = scrub_under(&policy, "a.jpg", &ultra_hdr()).unwrap();
    clean.found("HDR gain map");
    assert_eq!(clean.bytes, photo(&[minimal_exif(6)]));
}

#[test]
fn a_gain_map_known_only_from_xmp_gets_an_index() {
    let second = gain_map();
    let first = photo(&[xmp("h:Version='1.0'", &directory(second.len()))]);
    let clean = scrub("a.jpg", &[first, second].concat()).unwrap();
    clean.tells_nothing();
    let (first, at, second) = indexed(&clean.bytes);
    assert_eq!((first, first + second), (at, clean.bytes.len()));
}

#[test]
fn a_gain_map_without_parameters_is_a_preview() {
    let parts = [app(2, ISO, &[0; 4])];
    let clean = scrub("a.jpg", &two((0x2003_0000, 0x05_0000), &parts, b"", &photo(&[exif(1)]))).unwrap();
    clean.found("second picture");
    assert_eq!(clean.had_secrets().bytes, photo(&[]));
}

#[test]
fn a_damaged_gain_map_goes_and_the_picture_stays() {
    let mut damaged = gain_map();
    let at = memchr::memmem::find(&damaged, b"\xff\xdb").unwrap();
    damaged[at + 3] = 9;
    let clean = scrub("a.jpg", &two((0x2003_0000, 0x05_0000), &[app(2, ISO, &[0; 4])], b"", &damaged)).unwrap();
    assert_eq!(clean.tells_nothing().bytes, photo(&[]));
}

#[test]
fn gain_map_numbers_of_three_channels_stay_three() {
    let three = "<h:GainMapMax><rdf:Seq><rdf:li>1.5</rdf:li><rdf:li>2</rdf:li><rdf:li>2.25</rdf:li></rdf:Seq></h:GainMapMax>";
    let clean = scrub("a.jpg", &photo(&[xmp("h:Version='1.0'", three)])).unwrap();
    has(&clean.bytes, b"<rdf:li>1.5</rdf:li><rdf:li>2</rdf:li><rdf:li>2.25</rdf:li>");
    let same = three.replace("1.5", "2").replace("2.25", "2.0");
    has(&scrub("a.jpg", &photo(&[xmp("h:Version='1.0'", &same)])).unwrap().bytes, b"hdrgm:GainMapMax=\"2\"");
}

#[test]
fn an_apple_gain_map_keeps_two_fractions_of_the_maker_note() {
    let fractions = [be(1), be(2), be(3), be(4)].concat();
    let dir = ifd(&[entry(0x21, 10, 1, be(56)), entry(0x30, 10, 1, be(64)), entry(0x11, 2, 4, *b"SECR")]);
    let note = [b"Apple iOS\0\0\x01MM", &dir[..], &fractions, b"CANARY"].concat();
    let below = ifd(&[entry(0x927c, 7, note.len() as u32, be(44))]);
    let exif = app(1, EXIF, &[b"MM\0*\0\0\0\x08", &ifd(&[entry(0x8769, 4, 1, be(26))])[..], &below, &note].concat());
    let words = "HDRGainMap:HDRGainMapVersion='65536' apdi:AuxiliaryImageType='urn:com:apple:photo:2020:aux:hdrgainmap'";
    let input = two((0x2003_0000, 0), &[exif], b"", &photo(&[xmp(words, "")]));
    let clean = scrub("a.jpg", &input).unwrap();
    clean.had_secrets().tells_nothing();
    has(&clean.bytes, &fractions);
    has(&clean.bytes, b"HDRGainMap:HDRGainMapVersion=\"65536\"");
    lacks(&clean.bytes, b"SECR");
    // In strict, neither the note nor the map that needs it.
    let strict = scrub_under(&Policy::strict(), "a.jpg", &input).unwrap();
    assert_eq!(strict.bytes, photo(&[]));
}

#[test]
fn a_stereo_pair_stays_a_pair() {
    let number = |extra: Vec<u8>| {
        let dir = ifd(&[entry(0xb000, 7, 4, *b"0100"), entry(0xb101, 4, 1, be(2)), extra]);
        app(2, b"MPF\0", &[b"MM\0*\0\0\0\x08", &dir[..], b"CANARY"].concat())
    };
    let second = photo(&[exif(1), number(entry(0xb204, 10, 1, be(2)))]);
    let input = two((0x2002_0002, 0x02_0002), &[exif(1)], b"\0", &second);
    let clean = scrub("a.mpo", &input).unwrap();
    clean.had_secrets().tells_nothing();
    let (first, at, len) = indexed(&clean.bytes);
    assert_eq!((first, first + len), (at, clean.bytes.len()));
    let dir = [&[0, 2][..], &entry(0xb000, 7, 4, *b"0100"), &entry(0xb101, 4, 1, be(2)), &[0; 4]].concat();
    has(&clean.bytes[at..], &app(2, b"MPF\0", &[b"MM\0*\0\0\0\x08", &dir[..]].concat()));
    let policy = Policy::default().with(Token::Stereo, false);
    assert_eq!(scrub_under(&policy, "a.mpo", &input).unwrap().bytes, photo(&[]));
}

#[test]
fn previews_and_originals_go() {
    for (kind, label) in [
        (0x01_0001, "large preview picture"),
        (0x04_0000, "unedited original picture"),
        (0x02_0001, "panorama frame"),
        (0, "second picture"),
    ] {
        let clean = scrub("a.jpg", &two((0x2003_0000, kind), &[], b"\0", &photo(&[exif(6)]))).unwrap();
        clean.found(label);
        assert_eq!(clean.had_secrets().bytes, photo(&[]));
    }
}

#[test]
fn an_index_that_points_anywhere_is_no_harm() {
    for at in [1, 20, 200, 0x7fff_ffff, 0xffff_ffff] {
        let clean = scrub("a.jpg", &photo(&[mpf(&[(0x2003_0000, 9, 0), (0x05_0000, 9, at), (0x02_0002, 9, at)])])).unwrap();
        assert_eq!(clean.bytes, photo(&[]));
    }
}

#[test]
fn a_panorama_stays_one_without_its_compass() {
    let words =
        "P:ProjectionType='equirectangular' P:PoseHeadingDegrees='77' P:FullPanoWidthPixels='8000' P:UsePanoramaViewer='True'";
    let clean = scrub("a.jpg", &photo(&[xmp(words, "")])).unwrap();
    has(clean.had_secrets().tells_nothing().bytes.as_slice(), b"GPano:ProjectionType=\"equirectangular\"");
    has(&clean.bytes, b"GPano:FullPanoWidthPixels=\"8000\"");
    lacks(&clean.bytes, b"77");
    lacks(&scrub("a.jpg", &photo(&[xmp("P:ProjectionType='CANARY'", "")])).unwrap().bytes, b"GPano");
}

#[test]
fn jpeg_xt_boxes_stay_and_content_credentials_go() {
    let boxed = |kind: &[u8; 4], what: &[u8]| app(11, &[b"JP\0\x01\0\0\0\x01\0\0\0\x20", &kind[..]].concat(), what);
    let clean =
        scrub("a.jpg", &photo(&[boxed(b"RESI", b"KEEPME"), boxed(b"jumb", b"CANARY"), boxed(b"what", b"CANARY")])).unwrap();
    assert_eq!(clean.tells_nothing().bytes, photo(&[boxed(b"RESI", b"KEEPME")]));
}

#[test]
fn the_layout_of_a_stereo_pair_in_one_picture_stays_without_its_comment() {
    let clean = scrub("a.jps", &photo(&[app(3, b"_JPSJPS_", b"\0\x04\x01\x02\x03\x04\0\x06CANARY")])).unwrap();
    assert_eq!(clean.had_secrets().bytes, photo(&[app(3, b"_JPSJPS_", b"\0\x04\x01\x02\x03\x04")]));
}

#[test]
fn of_several_adobe_markers_the_last_rules() {
    let adobe = |transform| app(14, b"Adobe\0\x64\0\0\0\0", &[transform]);
    assert_eq!(scrub("a.jpg", &photo(&[adobe(0), adobe(2)])).unwrap().bytes, photo(&[adobe(2)]));
    // Too short for decoders to look at.
    assert_eq!(scrub("a.jpg", &photo(&[app(14, b"Adobe\0\x64", b"")])).unwrap().bytes, photo(&[]));
}

#[test]
fn a_missing_end_is_put_there_and_said() {
    let whole = photo(&[exif(1)]);
    for cut in [1, 2] {
        let clean = scrub("a.jpg", &whole[..whole.len() - cut]).unwrap();
        clean.found("missing end of the picture");
        assert_eq!(clean.bytes, photo(&[]));
        assert_eq!(clean.cleaned.warnings().len(), 1);
    }
    // Another picture begins where the end should be.
    let clean = scrub("a.jpg", &[&whole[..whole.len() - 2], &photo(&[com("CANARY")])].concat()).unwrap();
    assert_eq!(clean.bytes, photo(&[]));
}

#[test]
fn scans_end_where_they_end() {
    let scan = |head: Vec<u8>, data: &[u8]| [SOI, &dqt(), &head, &dht(), &sos(0, 63), data, EOI].concat();
    // Stuffed bytes, restarts, fill bytes in front of both.
    for data in [&b"\x11\xff\x00\x22"[..], b"\x11\xff\xd0\x22\xff\xd7\x33", b"\xff\xff\xd1\x22\xff\xff\x00"] {
        let input = scan(sof(0xc0), data);
        scrub("a.jpg", &input).unwrap().unchanged();
    }
    // JPEG-LS stuffs bits, not bytes. [T.87 A.1]
    scrub("a.jpg", &scan(sof(0xf7), b"\x11\xff\x7f\x22\xff\x10")).unwrap().unchanged();
    // The number of lines after the first scan. [T.81 B.2.5]
    let dnl = [&photo(&[])[..photo(&[]).len() - 2], &seg(0xdc, &[0, 8]), EOI].concat();
    scrub("a.jpg", &dnl).unwrap().unchanged();
}

#[test]
fn abbreviated_streams_pass() {
    let tables = [SOI, &dqt(), &dht(), EOI].concat();
    scrub("tables.jpg", &tables).unwrap().unchanged();
    let image = [SOI, &sof(0xc0), &sos(0, 63), b"\x3f", EOI].concat();
    scrub("image.jpg", &image).unwrap().unchanged();
}

#[test]
fn arithmetic_lossless_and_twelve_bit_pass() {
    for marker in [0xc1, 0xc2, 0xc3, 0xc5, 0xc9, 0xca, 0xcb] {
        let twelve = seg(marker, b"\x0c\x00\x08\x00\x08\x01\x01\x11\x00");
        let input = [SOI, &dqt(), &twelve, &seg(0xcc, &[0, 0x10]), &sos(0, 63), b"\x3f", EOI].concat();
        scrub("a.jpg", &input).unwrap().unchanged();
    }
}

#[test]
fn what_decoders_must_understand_and_we_do_not_is_refused() {
    for marker in [0x02, 0xbf, 0xc8, 0xf0, 0xf6, 0xf9, 0xfd] {
        let r = refusal("a.jpg", &photo(&[seg(marker, b"CANARY")]));
        assert_eq!((r.code(), r.offset()), (Code::UnknownCritical, Some(2)));
    }
}

#[test]
fn tables_with_something_behind_them_are_refused() {
    let longer = |marker, payload: &[u8]| seg(marker, &[payload, b"CANARY"].concat());
    for part in [
        longer(0xdb, &dqt()[4..]),
        longer(0xc4, &dht()[4..]),
        longer(0xc0, &sof(0xc0)[4..]),
        longer(0xdd, &[0, 1]),
        seg(0xda, &[1, 1, 0, 0, 63, 0, 9]),
    ] {
        assert_eq!(refusal("a.jpg", &photo(&[part])).code(), Code::Malformed);
    }
}

#[test]
fn lengths_that_lie_are_refused_in_the_header_and_cut_off_behind_it() {
    let r = refusal("a.jpg", &[SOI, &jfif(), b"\xff\xe1\xff\xff", b"Exif\0\0CANARY"].concat());
    assert_eq!((r.code(), r.offset()), (Code::Malformed, Some(20)));
    let late = progressive(&[]);
    let cut = [&late[..late.len() - 13], b"\xff\xfe\xff\xffCANARY"].concat();
    scrub("a.jpg", &cut).unwrap().had_secrets().tells_nothing();
    // No length at all.
    assert_eq!(scrub("a.jpg", &photo(&[b"\xff\xe5\0\x01".to_vec(), b"\xff\xfe\0\0".to_vec()])).unwrap().bytes, photo(&[]));
    assert_eq!(refusal("a.jpg", &photo(&[b"\xff\xdb\0\x01".to_vec()])).code(), Code::Malformed);
}

#[test]
fn too_many_segments_are_refused() {
    let many: Vec<Vec<u8>> = (0..10_001).map(|_| com("")).collect();
    assert_eq!(refusal("a.jpg", &photo(&many)).code(), Code::Limit);
}

#[test]
fn a_gain_map_in_a_gain_map_in_a_gain_map_ends() {
    let mut file = gain_map();
    for _ in 0..12 {
        file = two((0x2003_0000, 0x05_0000), &[xmp(HDRGM, "")], b"", &file);
    }
    let clean = scrub("a.jpg", &file).unwrap();
    clean.tells_nothing();
    let (first, at, second) = indexed(&clean.bytes);
    assert_eq!((first, first + second), (at, clean.bytes.len()));
}

#[test]
fn no_byte_is_trusted() {
    for file in [dirty(), ultra_hdr(), progressive(&[com("CANARY"), exif(6)])] {
        for at in 0..file.len() {
            let flip = [0x01, 0x80, 0xff][at % 3];
            let mut bytes = file.clone();
            bytes[at] ^= flip;
            match scrub("a.jpg", &bytes) {
                // Part of a secret may have become part of a table or of a scan; all of it never does.
                Ok(clean) => lacks(&clean.bytes, b"Exif\0\0CANARY"),
                Err(r) => assert!(!matches!(r.code(), Code::Internal | Code::Damaged | Code::Leftover), "{at} ^ {flip}: {r}"),
            }
        }
    }
}

/// A source that is not in memory, so that scans are walked block by block.
struct Elsewhere(Memory);

impl Source for Elsewhere {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(at, buf)
    }
}

#[test]
fn blocks_have_no_borders() {
    let block = 256 << 10;
    let head = photo(&[]).len() - 3;
    for at in [block - 3, block - 2, block - 1, block, block + 1] {
        for what in [&b"\xff\x00"[..], b"\xff\xff\xd3", b"\xff\xff\xff\xfe\0\x08CANARY\xff\xda\0\x08\x01\x01\0\0\x3f\0"] {
            let scan = [&vec![0x55; at][..], what, &vec![0x55; block][..]].concat();
            let file = [&photo(&[])[..head], &scan, EOI, b"CANARY"].concat();
            let near: Shared = Memory::shared(file.clone());
            let far: Shared = std::sync::Arc::new(Elsewhere(Memory::new(file)));
            let (policy, limits) = (Policy::default(), Limits::default());
            let job = Job::new(&policy, &limits, "a.jpg", &Spool::default_dir());
            let plan = |source| (metascrub::formats::jpeg::FORMAT.plan)(&job, source).unwrap().to_text();
            assert_eq!(plan(&near), plan(&far));
            let (_, result, _) = clean::to_spool(&job, &near).unwrap();
            assert_eq!(find_secret(&result.bytes(result.span(), u64::MAX).unwrap(), "CANARY"), None);
        }
    }
}

/// Resources of Photoshop: number, name, data.
fn photoshop(resources: &[(u16, &[u8], &[u8])]) -> Vec<u8> {
    let mut out = b"Photoshop 3.0\0".to_vec();
    for (id, name, data) in resources {
        out.extend([b"8BIM", &id.to_be_bytes()[..], &[name.len() as u8], name].concat());
        out.resize(out.len() + (name.len() + 1) % 2, 0);
        out.extend((data.len() as u32).to_be_bytes());
        out.extend_from_slice(data);
        out.resize(out.len() + data.len() % 2, 0);
    }
    seg(0xed, &out)
}

#[test]
fn clipping_paths_stay_where_they_are_wanted() {
    let record = [&[0, 6][..], &[7; 24]].concat();
    let resources: &[(u16, &[u8], &[u8])] =
        &[(0x0404, b"", b"\x1c\x02\x50\0\x06CANARY"), (0x07d0, b"CANARY path", &record), (0x0bb7, b"", b"\x0bCANARY path")];
    let dirty = photo(&[photoshop(resources)]);
    let policy = Policy::default().with(Token::ClippingPath, true);
    let clean = scrub_under(&policy, "a.jpg", &dirty).unwrap();
    clean.had_secrets().tells_nothing();
    let kept: &[(u16, &[u8], &[u8])] = &[(0x07d0, b"Path 1", &record), (0x0bb7, b"", b"\x06Path 1")];
    assert_eq!(clean.bytes, photo(&[photoshop(kept)]));
    assert_eq!(scrub("a.jpg", &dirty).unwrap().bytes, photo(&[]));
    // What is no path goes.
    let odd = photo(&[photoshop(&[(0x07d0, b"", b"CANARY is no path, but as long as one")])]);
    assert_eq!(scrub_under(&policy, "a.jpg", &odd).unwrap().bytes, photo(&[]));
}

#[test]
fn the_rights_statement_stays_where_it_is_wanted() {
    let policy = Policy::default().with(Token::Copyright, true);
    let text = b"(c) Kim KEEPME\0\0";
    let tiff = |more: bool| {
        let mut out = b"MM\0*\0\0\0\x08".to_vec();
        out.extend([0, 1 + u8::from(more)]);
        let at = 8 + 2 + 12 * (1 + u8::from(more)) + 4;
        if more {
            out.extend([0x01, 0x0f, 0, 2, 0, 0, 0, 14, 0, 0, 0, at + 16]);
        }
        out.extend([0x82, 0x98, 0, 2, 0, 0, 0, 16, 0, 0, 0, at, 0, 0, 0, 0]);
        out.extend(text);
        out.extend(if more { &b"CANARY camera\0"[..] } else { b"" });
        out
    };
    let kept = photo(&[app(1, EXIF, &tiff(false))]);
    let clean = scrub_under(&policy, "a.jpg", &photo(&[app(1, EXIF, &tiff(true))])).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, kept);
    // From XMP, and from IPTC.
    let packet = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='http://purl.org/dc/elements/1.1/'>\
                  <rdf:Description><dc:rights><rdf:Alt><rdf:li>(c) Kim KEEPME</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF>";
    assert_eq!(scrub_under(&policy, "a.jpg", &photo(&[app(1, XMP, packet.as_bytes())])).unwrap().bytes, kept);
    let records = b"\x1c\x02\x74\0\x0e(c) Kim KEEPME\x1c\x02\x50\0\x0aKim KEEPME";
    let iptc = photo(&[jfif(), photoshop(&[(0x0404, b"", records)])]);
    let clean = scrub_under(&policy, "a.jpg", &iptc).unwrap();
    assert_eq!(clean.bytes, photo(&[jfif(), app(1, EXIF, &tiff(false))]));
    assert!(find_secret(&scrub("a.jpg", &iptc).unwrap().bytes, "KEEPME").is_none());
}

#[test]
fn the_video_of_a_motion_photo_stays_where_it_is_wanted() {
    let policy = Policy::default().with(Token::MotionPhoto, true);
    let video = std::fs::read(root().join("samples/mp4/film.mp4")).unwrap();
    let packet = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
                  xmlns:Camera='http://ns.google.com/photos/1.0/camera/' Camera:MotionPhotoPresentationTimestampUs='1234' \
                  xmlns:dc='http://purl.org/dc/elements/1.1/' dc:source='CANARY'/></rdf:RDF>";
    let google = [photo(&[jfif(), app(1, XMP, packet.as_bytes())]), video.clone()].concat();
    let clean = scrub_under(&policy, "a.jpg", &google).unwrap();
    clean.had_secrets().tells_nothing().found("motion video");
    let start = memchr::memmem::find(&clean.bytes, b"ftyp").unwrap() - 4;
    let alone = scrub("a.mp4", &video).unwrap().bytes;
    assert_eq!(clean.bytes[start..], alone);
    assert!(find_secret(&clean.bytes, &format!("Item:Length=\"{}\"", alone.len())).is_some());
    assert!(find_secret(&clean.bytes, "TimestampUs=\"1234\"").is_some());
    // Samsung's stands in a trailer of its own, and nothing in front tells of it.
    let samsung = [photo(&[jfif()]), b"CANARY\x10MotionPhoto_Data".to_vec(), video.clone(), b"SEFHCANARYSEFT".to_vec()].concat();
    let clean = scrub_under(&policy, "a.jpg", &samsung).unwrap();
    clean.tells_nothing().found("that there is a motion video");
    assert!(clean.bytes.ends_with(&alone));
    // By default it goes.
    assert_eq!(scrub("a.jpg", &samsung).unwrap().bytes, photo(&[jfif()]));
    // What cannot be cleaned goes as well.
    let broken = [photo(&[jfif()]), b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x10moovCANARYAB".to_vec()].concat();
    assert_eq!(scrub_under(&policy, "a.jpg", &broken).unwrap().bytes, photo(&[jfif()]));
}
