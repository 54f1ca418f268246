//! Ogg, and Opus, Vorbis, Speex, FLAC and Theora in it.

use crate::mutations::ogg_checksum;
use crate::sound::*;
use crate::support::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn page(serial: u32, number: u32, flags: u8, granule: u64, packets: &[&[u8]]) -> Vec<u8> {
    let mut lacing = Vec::new();
    for packet in packets {
        lacing.extend(vec![255; packet.len() / 255]);
        lacing.push((packet.len() % 255) as u8);
    }
    laced(serial, number, flags, granule, &lacing, &packets.concat())
}

fn laced(serial: u32, number: u32, flags: u8, granule: u64, lacing: &[u8], body: &[u8]) -> Vec<u8> {
    let numbers = [&granule.to_le_bytes()[..], &serial.to_le_bytes(), &number.to_le_bytes(), &[0; 4]].concat();
    let mut out = [b"OggS\0", &[flags][..], &numbers, &[lacing.len() as u8], lacing, body].concat();
    let crc = ogg_checksum(&out);
    out[22..26].copy_from_slice(&crc.to_le_bytes());
    out
}

const HEAD: &[u8] = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0";

fn tags(vendor: &str, fields: &[&str]) -> Vec<u8> {
    [b"OpusTags".to_vec(), comments(vendor, fields)].concat()
}

fn opus(serial: u32, tags: &[u8]) -> Vec<u8> {
    let sound = [page(serial, 2, 0, 960, &[b"KEEPME", b"KEEPME too"]), page(serial, 3, 4, 1920, &[b"KEEPME last"])];
    [page(serial, 0, 2, 0, &[HEAD]), page(serial, 1, 0, 0, &[tags]), sound.concat()].concat()
}

/// Every page is whole and its checksum right; the serial and sequence numbers, in order.
fn numbers(mut bytes: &[u8]) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        assert!(bytes.starts_with(b"OggS"));
        let segments = usize::from(bytes[26]);
        let len = 27 + segments + bytes[27..27 + segments].iter().map(|n| usize::from(*n)).sum::<usize>();
        let mut page = bytes[..len].to_vec();
        page[22..26].fill(0);
        assert_eq!(ogg_checksum(&page).to_le_bytes(), bytes[22..26]);
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        out.push((number(14), number(18)));
        bytes = &bytes[len..];
    }
    out
}

#[test]
fn truncated() {
    for name in ["ogg/everything.opus", "ogg/film.ogv", "ogg/chained.ogg"] {
        truncate_everywhere("a.ogg", &sample(name), 1);
    }
}

#[test]
fn nothing_to_remove() {
    scrub("a.opus", &opus(1, &tags("", &[]))).unwrap().unchanged();
    scrub("a.opus", &opus(1, &tags("", &["R128_TRACK_GAIN=-512"]))).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.opus", &sample("ogg/everything.opus")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(numbers(&clean.bytes), [(1, 0), (1, 1), (1, 2), (1, 3)]);
    let cover = format!("METADATA_BLOCK_PICTURE={}", STANDARD.encode(picture("", &png(false))));
    assert_eq!(count(&clean.bytes, cover.as_bytes()), 1);
    assert_eq!((count(&clean.bytes, b"R128_TRACK_GAIN=-512"), count(&clean.bytes, b"KEEPME")), (1, 3));
}

#[test]
fn hidden_at_the_end() {
    let whole = opus(1, &tags("", &[]));
    assert_eq!(scrub("a.opus", &[&whole[..], b"CANARY"].concat()).unwrap().bytes, whole);
    let stray = page(77, 0, 0, 5, &[b"CANARY"]);
    assert_eq!(scrub("a.opus", &[whole.clone(), stray].concat()).unwrap().bytes, whole);
}

#[test]
fn out_of_order() {
    // Content before the headers are complete, and headers that share a page with content.
    let early = [page(1, 0, 2, 0, &[HEAD]), page(1, 2, 0, 960, &[b"KEEPME"]), page(1, 1, 0, 0, &[&tags("", &[])])].concat();
    assert_eq!(refusal("a.opus", &early).code(), Code::Malformed);
    let shared = [page(1, 0, 2, 0, &[HEAD]), page(1, 1, 0, 0, &[&tags("", &[]), b"KEEPME"])].concat();
    assert_eq!(refusal("a.opus", &shared).code(), Code::Malformed);
    let one = page(1, 0, 2, 0, &[HEAD, &tags("", &[])]);
    assert_eq!(refusal("a.opus", &one).code(), Code::Malformed);
}

#[test]
fn the_skeleton_goes_and_leaves_no_gap_in_the_numbers() {
    let clean = scrub("a.ogv", &sample("ogg/film.ogv")).unwrap();
    clean.had_secrets().tells_nothing();
    let all = numbers(&clean.bytes);
    assert_eq!(all, [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)]);
    assert_eq!(count(&clean.bytes, b"KEEPME"), 6);
}

#[test]
fn chained_links_are_each_cleaned() {
    let clean = scrub("a.ogg", &sample("ogg/chained.ogg")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(numbers(&clean.bytes), [(1, 0), (1, 1), (1, 2), (1, 0), (1, 1), (1, 2)]);
    // FLAC says how many metadata packets follow.
    assert_eq!(count(&clean.bytes, b"\x7fFLAC\x01\0\0\x01fLaC\0\0\0\x22"), 1);
}

#[test]
fn links_of_several_streams_keep_the_numbers_they_share() {
    // Players that follow a chain of several streams do so only where the numbers come back.
    let link = |a: u32, b: u32, secret: &str| {
        let heads = [page(a, 0, 2, 0, &[HEAD]), page(b, 0, 2, 0, &[HEAD])].concat();
        let comments = [page(a, 1, 0, 0, &[&tags(secret, &[])]), page(b, 1, 0, 0, &[&tags(secret, &[])])].concat();
        let sound = [page(a, 2, 0, 960, &[b"KEEPME"]), page(b, 2, 4, 960, &[b"KEEPME"]), page(a, 3, 4, 1920, &[b"KEEPME"])];
        [heads, comments, sound.concat()].concat()
    };
    let clean = scrub("a.ogg", &[link(7, 9, "CANARY"), link(9, 7, "CANARY"), link(7, 8, "CANARY")].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, [link(1, 2, ""), link(2, 1, ""), link(1, 3, "")].concat());
}

#[test]
fn a_removed_name_in_the_title_of_a_chapter_is_said_and_not_refused() {
    let fields = ["ARTIST=Jane Q. KEEPME", "CHAPTER001=00:00:00.000", "CHAPTER001NAME=Talk with Jane Q. KEEPME"];
    let clean = scrub("a.opus", &opus(4, &tags("CANARY", &fields))).unwrap();
    assert_eq!(clean.bytes, opus(1, &tags("", &fields[1..])));
    assert!(clean.cleaned.warnings().iter().any(|w| w.contains("artist")), "{:?}", clean.cleaned.warnings());
}

#[test]
fn flac_that_does_not_count_its_headers_hides_nothing_in_them() {
    let info = [&[0, 16, 0, 16][..], &[0; 6], &(8000u64 << 44 | 15 << 36 | 16).to_be_bytes(), &[7; 16]].concat();
    let first = |count: u8| [b"\x7fFLAC\x01\0\0", &[count][..], b"fLaC\0\0\0\x22", &info].concat();
    let block = |kind: u8, body: &[u8]| [&[kind], &(body.len() as u32).to_be_bytes()[1..], body].concat();
    let file = |first: &[u8], blocks: &[Vec<u8>]| {
        let mut out = page(1, 0, 2, 0, &[first]);
        for (i, block) in blocks.iter().enumerate() {
            out.extend(page(1, 1 + i as u32, 0, 0, &[block]));
        }
        out.extend(page(1, 1 + blocks.len() as u32, 4, 16, &[b"\xff\xf8KEEPME"]));
        out
    };
    let dirty = [
        block(4, &comments("CANARY", &[])),
        block(6, &picture("CANARY", &png(true))),
        block(1, b"CANARY"),
        block(0x82, b"CANARY"),
    ];
    let clean = scrub("a.oga", &file(&first(0), &dirty)).unwrap();
    clean.had_secrets().tells_nothing();
    // The picture stays, and one page holds both blocks.
    let kept = [block(4, &comments("", &[])), block(0x86, &picture("", &png(false)))];
    let expected =
        [page(1, 0, 2, 0, &[&first(2)]), page(1, 1, 0, 0, &[&kept[0], &kept[1]]), page(1, 2, 4, 16, &[b"\xff\xf8KEEPME"])];
    assert_eq!(clean.bytes, expected.concat());
    let endless = [block(4, &comments("", &[])), block(1, b"CANARY")];
    assert_eq!(refusal("a.oga", &file(&first(0), &endless)).code(), Code::Malformed);
}

#[test]
fn headers_of_many_pages_come_out_as_many() {
    // A clean header that spans pages was once called changed and was not.
    let title = format!("CHAPTER001NAME={}", "KEEPME ".repeat(20_000));
    let long = tags("CANARY", &["CHAPTER001=00:00:00.000", &title]);
    let mut file = page(9, 0, 2, 0, &[HEAD]);
    let (mut rest, mut number) = (&long[..], 1);
    while !rest.is_empty() {
        let n = rest.len().min(255 * 100);
        let mut lacing = vec![255; n / 255];
        if n < 255 * 100 {
            lacing.push((n % 255) as u8);
        }
        file.extend(laced(9, number, u8::from(number > 1), if n < 255 * 100 { 0 } else { u64::MAX }, &lacing, &rest[..n]));
        (rest, number) = (&rest[n..], number + 1);
    }
    file.extend(page(9, number, 4, 960, &[b"KEEPME"]));
    let clean = scrub("a.opus", &file).unwrap();
    clean.had_secrets().tells_nothing();
    let all = numbers(&clean.bytes);
    assert_eq!(all, (0..all.len() as u32).map(|n| (1, n)).collect::<Vec<_>>());
    assert!(all.len() > 3);
}

#[test]
fn nothing_hides_behind_the_first_header_or_the_comments() {
    let long = [HEAD, b"CANARY"].concat();
    let rest = opus(1, &[tags("", &[]), b"\0CANARY".to_vec()].concat());
    let first = page(1, 0, 2, 0, &[HEAD]).len();
    let clean = scrub("a.opus", &[&page(1, 0, 2, 0, &[&long])[..], &rest[first..]].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, opus(1, &tags("", &[])));
}

#[test]
fn a_gap_of_any_length_loses_no_page_behind_it() {
    // What follows more than 64 KiB of junk was once thrown away with it.
    let whole = opus(1, &tags("", &[]));
    let at = whole.len() - page(1, 3, 4, 1920, &[b"KEEPME last"]).len();
    let junk = [&b"CANARY OggS\0"[..], &[3; 300_000], b"OggS\0 pretends"].concat();
    let clean = scrub("a.opus", &[&whole[..at], &junk, &whole[at..]].concat()).unwrap();
    assert_eq!(clean.bytes, whole);
}

#[test]
fn a_hole_in_the_numbers_stays_a_hole() {
    let bytes = [
        page(5, 0, 2, 0, &[HEAD]),
        page(5, 1, 0, 0, &[&tags("CANARY", &[])]),
        page(5, 2, 0, 960, &[b"KEEPME"]),
        page(5, 7, 4, 4800, &[b"KEEPME"]),
    ];
    let clean = scrub("a.opus", &bytes.concat()).unwrap();
    assert_eq!(numbers(&clean.bytes), [(1, 0), (1, 1), (1, 2), (1, 7)]);
}

#[test]
fn damage_is_not_made_to_look_whole() {
    let whole = opus(1, &tags("CANARY", &[]));
    for back in [3, 60, whole.len() - 40] {
        let mut bytes = whole.clone();
        let at = bytes.len() - back;
        bytes[at] ^= 1;
        assert_eq!(refusal("a.opus", &bytes).code(), Code::Malformed, "{back}");
    }
}

#[test]
fn covers_and_loudness_obey_the_policy() {
    let cover = format!("METADATA_BLOCK_PICTURE={}", STANDARD.encode(picture("CANARY", &png(true))));
    let dirty = opus(1, &tags("", &["R128_TRACK_GAIN=-512", &cover, "COVERART=Q0FOQVJZ"]));
    let clean = scrub("a.opus", &dirty).unwrap();
    assert_eq!(count(&clean.bytes, b"METADATA_BLOCK_PICTURE"), 1);
    let policy = Policy::default().with(Token::CoverArt, false);
    assert_eq!(scrub_under(&policy, "a.opus", &dirty).unwrap().bytes, opus(1, &tags("", &["R128_TRACK_GAIN=-512"])));
    assert_eq!(scrub_under(&Policy::strict(), "a.opus", &dirty).unwrap().bytes, opus(1, &tags("", &[])));
}

#[test]
fn kinds_that_are_not_known_are_refused() {
    let kate = page(3, 0, 2, 0, &[b"\x80kate\0\0\0CANARY"]);
    assert_eq!(refusal("a.ogg", &kate).code(), Code::Unsupported);
    assert_eq!(refusal("a.ogg", &page(3, 0, 0, 0, &[b"CANARY"])).code(), Code::Malformed);
}
