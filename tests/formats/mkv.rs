//! Matroska and WebM.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn el(id: u32, data: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let id = &id[id.iter().position(|b| *b != 0).unwrap()..];
    let size = match data.len() {
        n @ 0..127 if !matches!(id, [0x63, 0xa2] | [0x46, 0x5c]) => vec![0x80 | n as u8],
        n => (0x1000_0000 | n as u32).to_be_bytes().to_vec(),
    };
    [id, &size, data].concat()
}

/// An element of elements, its size in four bytes, so that it stays as wide when something goes.
fn parts(id: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    let whole = el(id, &parts.concat());
    let (id_len, data) = (4 - id.leading_zeros() as usize / 8, parts.concat());
    [&whole[..id_len], &(0x1000_0000 | data.len() as u32).to_be_bytes(), &data].concat()
}

fn num(id: u32, n: u64) -> Vec<u8> {
    let skip = (n.leading_zeros() / 8).min(7) as usize;
    el(id, &n.to_be_bytes()[skip..])
}

fn head() -> Vec<u8> {
    parts(0x1a45_dfa3, &[num(0x4286, 1), el(0x4282, b"matroska"), num(0x4287, 4), num(0x4285, 2)])
}

fn film(tops: &[Vec<u8>]) -> Vec<u8> {
    let body = tops.concat();
    [&head()[..], b"\x18\x53\x80\x67", &(0x0100_0000_0000_0000 | body.len() as u64).to_be_bytes(), &body].concat()
}

fn info(more: &[Vec<u8>]) -> Vec<u8> {
    let bare = [num(0x2a_d7b1, 1_000_000), el(0x4d80, b""), el(0x5741, b"")].concat();
    parts(0x1549_a966, &[bare, more.concat()])
}

fn track(number: u64, kind: u64, codec: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let bare = [num(0xd7, number), num(0x73c5, number), num(0x83, kind), el(0x86, codec.as_bytes())].concat();
    parts(0xae, &[bare, more.concat()])
}

fn tracks(all: &[Vec<u8>]) -> Vec<u8> {
    parts(0x1654_ae6b, all)
}

fn video(more: &[Vec<u8>]) -> Vec<u8> {
    tracks(&[track(1, 1, "V_VP8", &[vec![parts(0xe0, &[num(0xb0, 16), num(0xba, 16)])], more.to_vec()].concat())])
}

fn block(track: u8, data: &[u8]) -> Vec<u8> {
    [&[0x80 | track, 0, 0, 0][..], data].concat()
}

fn simple(track: u8, data: &[u8]) -> Vec<u8> {
    el(0xa3, &block(track, data))
}

fn group(track: u8, data: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
    parts(0xa0, &[el(0xa1, &block(track, data)), more.concat()])
}

fn cluster(more: &[Vec<u8>]) -> Vec<u8> {
    parts(0x1f43_b675, &[num(0xe7, 0), more.concat()])
}

fn picture() -> Vec<u8> {
    cluster(&[simple(1, b"KEEPME")])
}

fn plain() -> Vec<u8> {
    film(&[info(&[]), video(&[]), picture()])
}

#[track_caller]
fn becomes(dirty: &[Vec<u8>], right: &[Vec<u8>]) {
    let clean = scrub("a.mkv", &film(dirty)).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(clean.bytes == film(right), "{}\nis not\n{}", clean.bytes.escape_ascii(), film(right).escape_ascii());
}

#[test]
fn truncated() {
    truncate_everywhere("a.mkv", &sample("mkv/everything.mkv"), 1);
    truncate_everywhere("a.webm", &sample("mkv/live.webm"), 1);
    truncate_everywhere("a.mkv", &sample("mkv/clean.mkv"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.mkv", &plain()).unwrap().unchanged();
    let grouped = cluster(&[simple(1, b"KEEPME"), group(1, b"KEEPME", &[num(0x9b, 40), num(0xfb, 1)])]);
    scrub("a.mkv", &film(&[info(&[]), video(&[el(0x22_b59c, b"eng")]), grouped])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.mkv", &sample("mkv/everything.mkv")).unwrap();
    clean.had_secrets().tells_nothing();
    for (kept, times) in [(&b"KEEPME"[..], 7), (b"cover.png", 1), (&png(false), 1), (b"ger", 1), (b"GPS", 0), (b"PlayResX", 1)] {
        assert_eq!(count(&clean.bytes, kept), times, "{}", kept.escape_ascii());
    }
    // The index points to the cluster.
    let cues = memchr::memmem::find(&clean.bytes, b"\x1c\x53\xbb\x6b").unwrap();
    let at = cues + memchr::memmem::find(&clean.bytes[cues..], b"\xf1\x84").unwrap() + 2;
    let segment = memchr::memmem::find(&clean.bytes, b"\x18\x53\x80\x67").unwrap() + 12;
    let place = segment + u32::from_be_bytes(clean.bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(&clean.bytes[place..place + 4], b"\x1f\x43\xb6\x75");
}

#[test]
fn hidden_at_the_end() {
    let clean = scrub("a.mkv", &[plain(), b"CANARY".to_vec()].concat()).unwrap();
    assert_eq!(clean.bytes, plain());
    becomes(&[info(&[]), video(&[]), picture(), el(0xec, b"CANARY"), el(0x4d4d, b"CANARY")], &[info(&[]), video(&[]), picture()]);
}

#[test]
fn out_of_order() {
    // Parts behind the film, a part twice, an element that belongs elsewhere.
    becomes(
        &[picture(), el(0x1254_c367, b"\x73\x73\x86CANARY"), video(&[el(0x85, b"CANARY"), el(0x7ba9, b"CANARY")]), info(&[])],
        &[picture(), video(&[]), info(&[])],
    );
    let twice = film(&[info(&[]), video(&[]), video(&[]), picture()]);
    assert_eq!(refusal("a.mkv", &twice).code(), Code::Malformed);
    assert_eq!(refusal("a.mkv", &film(&[info(&[]), picture()])).code(), Code::Malformed);
}

#[test]
fn elements_stay_only_where_they_belong() {
    // A chapter title is a title anywhere else.
    becomes(
        &[info(&[el(0x85, b"CANARY"), el(0x86, b"CANARY"), el(0xb3, b"CANARY")]), video(&[el(0x4255, b"CANARY")]), picture()],
        &[info(&[]), video(&[]), picture()],
    );
}

#[test]
fn numbers_and_codes_are_no_longer_than_they_can_be() {
    for bad in [num(0x88, 1), el(0x88, b"CANARY as a flag"), el(0x86, b"CANARY as a codec; with words")].into_iter().skip(1) {
        assert_eq!(refusal("a.mkv", &film(&[info(&[]), video(&[bad]), picture()])).code(), Code::Malformed);
    }
    becomes(&[info(&[]), video(&[el(0x22_b59c, b"CANARY, spoken")]), picture()], &[info(&[]), video(&[]), picture()]);
    becomes(
        &[info(&[]), video(&[]), cluster(&[group(1, b"KEEPME", &[el(0x9b, b"CANARY duration")])])],
        &[info(&[]), video(&[]), cluster(&[group(1, b"KEEPME", &[])])],
    );
}

#[test]
fn blocks_of_tracks_that_are_not_there_go() {
    becomes(
        &[info(&[]), video(&[]), cluster(&[simple(7, b"CANARY"), simple(1, b"KEEPME"), group(8, b"CANARY", &[])])],
        &[info(&[]), video(&[]), picture()],
    );
}

#[test]
fn what_blocks_have_besides_is_explained_by_their_track() {
    let mapping = |id: u64, kind: u64| parts(0x41e4, &[num(0x41f0, id), num(0x41e7, kind)]);
    let more = |id: u64, data: &[u8]| parts(0xa6, &[num(0xee, id), el(0xa5, data)]);
    let with = |additions: &[Vec<u8>]| cluster(&[group(1, b"KEEPME", &[parts(0x75a1, additions)])]);
    // Alpha and HDR10+ stay, a time code and what nobody explains go.
    let dirty = [more(1, b"KEEPME"), more(4, b"KEEPME"), more(121, b"CANARY"), more(9, b"CANARY")];
    becomes(
        &[info(&[]), video(&[mapping(4, 4), mapping(121, 121)]), with(&dirty)],
        &[info(&[]), video(&[mapping(4, 4)]), with(&dirty[..2])],
    );
    becomes(
        &[info(&[]), video(&[mapping(121, 121)]), with(&dirty[2..])],
        &[info(&[]), video(&[]), cluster(&[group(1, b"KEEPME", &[])])],
    );
}

#[test]
fn telemetry_posing_as_subtitles_goes_and_real_ones_stay() {
    let subtitle = |n, more: &[Vec<u8>]| track(n, 17, "S_TEXT/UTF8", more);
    let picture = track(1, 1, "V_VP8", &[parts(0xe0, &[num(0xb0, 16), num(0xba, 16)])]);
    let line = |n, text: &[u8]| group(n, text, &[num(0x9b, 1000)]);
    let dirty = cluster(&[simple(1, b"KEEPME"), line(2, b"KEEPME"), line(3, b"GPS(13.4,52.5) CANARY"), line(2, b"KEEPME")]);
    let right = cluster(&[simple(1, b"KEEPME"), line(2, b"KEEPME"), line(2, b"KEEPME")]);
    becomes(
        &[info(&[]), tracks(&[picture.clone(), subtitle(2, &[]), subtitle(3, &[el(0x536e, b"CANARY")])]), dirty],
        &[info(&[]), tracks(&[picture, subtitle(2, &[])]), right],
    );
}

#[test]
fn codecs_keep_only_what_they_need() {
    let sound = |codec: &str, private: &[u8]| tracks(&[track(1, 2, codec, &[el(0x63a2, private)])]);
    let bare = |codec: &str| tracks(&[track(1, 2, codec, &[])]);
    becomes(&[info(&[]), sound("A_PCM/INT/LIT", b"CANARY"), picture()], &[info(&[]), bare("A_PCM/INT/LIT"), picture()]);
    let opus = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0";
    becomes(
        &[info(&[]), sound("A_OPUS", &[opus, &b"CANARY"[..]].concat()), picture()],
        &[info(&[]), sound("A_OPUS", opus), picture()],
    );
    let stream = [b"fLaC\x80\0\0\x22", &[7; 34][..]].concat();
    let more = [b"fLaC\0\0\0\x22", &[7; 34][..], b"\x84\0\0\x06CANARY"].concat();
    becomes(&[info(&[]), sound("A_FLAC", &more), picture()], &[info(&[]), sound("A_FLAC", &stream), picture()]);
    let idx = b"# CANARY\nsize: 720x576\nid: en, index: 0\ntimestamp: 00:00:01:000, CANARY\npalette: 000000\n";
    becomes(
        &[info(&[]), sound("S_VOBSUB", idx), picture()],
        &[info(&[]), sound("S_VOBSUB", b"size: 720x576\npalette: 000000\n"), picture()],
    );
    let ass = b"[Script Info]\nTitle: CANARY\nPlayResX: 640\n[V4+ Styles]\nStyle: KEEPME\nCANARY: x\n[Events]\nFormat: Text\n\
        Comment: CANARY\n[Fonts]\nfontname: CANARY\n";
    let right = b"[Script Info]\nPlayResX: 640\n[V4+ Styles]\nStyle: KEEPME\n[Events]\nFormat: Text\n";
    becomes(&[info(&[]), sound("S_TEXT/ASS", ass), picture()], &[info(&[]), sound("S_TEXT/ASS", right), picture()]);
}

#[test]
fn attachments_are_what_their_bytes_are() {
    let attached = |name: &str, mime: &str, data: &[u8], more: &[Vec<u8>]| {
        let bare = [el(0x466e, name.as_bytes()), el(0x4660, mime.as_bytes()), el(0x465c, data)].concat();
        parts(0x61a7, &[bare, more.concat(), num(0x46ae, 1)])
    };
    let files = |all: &[Vec<u8>]| parts(0x1941_a469, all);
    let font = b"OTTOKEEPME";
    let described = [el(0x467e, b"CANARY")];
    becomes(
        &[info(&[]), video(&[]), files(&[attached("CANARY/dir/a.otf", "font/otf", font, &described)]), picture()],
        &[info(&[]), video(&[]), files(&[attached("a.otf", "font/otf", font, &[])]), picture()],
    );
    becomes(
        &[info(&[]), video(&[]), files(&[attached("cover of CANARY.png", "image/x-CANARY", &png(true), &[])]), picture()],
        &[info(&[]), video(&[]), files(&[attached("cover.png", "image/png", &png(false), &[])]), picture()],
    );
    // A picture that calls itself a font is cleaned as the picture it is; what is nothing goes.
    let clean = scrub(
        "a.mkv",
        &film(&[
            info(&[]),
            video(&[]),
            files(&[attached("a.ttf", "font/ttf", &png(true), &[]), attached("b.ttf", "font/ttf", b"\0CANARY\xff", &[])]),
            picture(),
        ]),
    );
    clean.unwrap().had_secrets().tells_nothing();
    let policy = Policy::default().with(Token::Attachments, false).with(Token::CoverArt, false).with(Token::Fonts, false);
    let all = film(&[info(&[]), video(&[]), files(&[attached("a.otf", "font/otf", font, &[])]), picture()]);
    assert_eq!(scrub_under(&policy, "a.mkv", &all).unwrap().bytes, plain());
}

#[test]
fn chapters_are_numbered_and_strict_names_them_by_number() {
    let chapters = |edition: u64, uid: u64, title: &[u8], more: &[Vec<u8>]| {
        let display = parts(0x80, &[el(0x85, title), el(0x437c, b"eng")]);
        let atom = parts(0xb6, &[num(0x73c4, uid), num(0x91, 0), display, more.concat()]);
        parts(0x1043_a770, &[parts(0x45b9, &[num(0x45bc, edition), atom])])
    };
    let dirty = [el(0x5654, b"CANARY"), parts(0x6944, &[el(0x6911, b"CANARY")])];
    let edition = 0x4341_4e41_5259_3031;
    becomes(
        &[info(&[]), video(&[]), chapters(edition, edition, b"KEEPME", &dirty), picture()],
        &[info(&[]), video(&[]), chapters(1, 1, b"KEEPME", &[]), picture()],
    );
    let file = film(&[info(&[]), video(&[]), chapters(1, 1, b"KEEPME title", &[]), picture()]);
    let strict = scrub_under(&Policy::strict(), "a.mkv", &file).unwrap();
    assert_eq!((count(&strict.bytes, b"title"), count(&strict.bytes, b"Chapter 1")), (0, 1));
    let linked = chapters(1, 1, b"KEEPME", &[el(0x6e67, b"CANARY identifie")]);
    assert_eq!(refusal("a.mkv", &film(&[info(&[]), video(&[]), linked, picture()])).code(), Code::NeedsResidual);
}

#[test]
fn both_eyes_of_a_film_find_their_tracks() {
    let operation = |uid: u64| parts(0xe2, &[parts(0xe3, &[parts(0xe4, &[num(0xe5, uid), num(0xe6, 0)])])]);
    let tracks = |uid: u64, more: &[Vec<u8>]| {
        let first = [num(0xd7, 1), num(0x73c5, uid), num(0x83, 1), el(0x86, b"V_VP8")].concat();
        tracks(&[el(0xae, &first), track(2, 1, "V_VP8", &[vec![operation(uid)], more.to_vec()].concat())])
    };
    becomes(&[info(&[]), tracks(0x4341_4e41_5259, &[el(0x536e, b"CANARY")]), picture()], &[info(&[]), tracks(1, &[]), picture()]);
}

#[test]
fn live_recordings_of_unknown_size_end_where_the_next_part_begins() {
    let clean = scrub("a.webm", &sample("mkv/live.webm")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!((count(&clean.bytes, b"KEEPME"), count(&clean.bytes, b"\x1f\x43\xb6\x75\x01\xff")), (2, 2));
}

#[test]
fn recordings_that_were_cut_off_keep_their_whole_blocks() {
    // At the border of a block only sizes change, and that is said.
    let whole = film(&[info(&[]), video(&[]), cluster(&[simple(1, b"KEEPME 1"), simple(1, b"KEEPME 2")])]);
    let right = film(&[info(&[]), video(&[]), cluster(&[simple(1, b"KEEPME 1")])]);
    let second = simple(1, b"KEEPME 2").len();
    for back in 1..=second {
        let clean = scrub("a.mkv", &whole[..whole.len() - back]).unwrap();
        assert_eq!(clean.bytes, right, "{back}");
        clean.found("sizes of a recording that was cut off");
    }
    // An index that was cut off is not needed.
    let cues = parts(0x1c53_bb6b, &[parts(0xbb, &[num(0xb3, 0), parts(0xb7, &[num(0xf7, 1), num(0xf1, 80)])])]);
    let whole = film(&[info(&[]), video(&[]), picture(), cues]);
    let clean = scrub("a.mkv", &whole[..whole.len() - 2]).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn an_index_that_points_nowhere_goes() {
    let cues = |at: u64| parts(0x1c53_bb6b, &[parts(0xbb, &[num(0xb3, 0), parts(0xb7, &[num(0xf7, 1), num(0xf1, at)])])]);
    for at in [1, 0x4341_4e41, u64::MAX] {
        let clean = scrub("a.mkv", &film(&[info(&[]), video(&[]), picture(), cues(at)])).unwrap();
        assert_eq!(clean.bytes, plain(), "{at}");
    }
}

#[test]
fn lies_are_refused() {
    let keys = parts(0x6d80, &[parts(0x6240, &[parts(0x5035, &[num(0x47e1, 5)])])]);
    assert_eq!(refusal("a.mkv", &film(&[info(&[]), video(&[keys]), picture()])).code(), Code::Drm);
    let encrypted = cluster(&[el(0xaf, b"CANARY")]);
    assert_eq!(refusal("a.mkv", &film(&[info(&[]), video(&[]), encrypted])).code(), Code::Drm);
    let nameless = tracks(&[parts(0xae, &[num(0x83, 1), el(0x86, b"V_VP8")])]);
    assert_eq!(refusal("a.mkv", &film(&[info(&[]), nameless, picture()])).code(), Code::Malformed);
    // Deeper than any honest chapter.
    let deep = (0..100).fold(Vec::new(), |inner, _| parts(0xb6, &[inner]));
    let deep = parts(0x1043_a770, &[parts(0x45b9, &[deep])]);
    assert_eq!(refusal("a.mkv", &film(&[info(&[]), video(&[]), deep, picture()])).code(), Code::Limit);
}

#[test]
fn messages_in_the_video_become_filler() {
    const AVC: [u8; 7] = [1, 66, 0, 10, 0xff, 0xe0, 0];
    let unit = |u: &[u8]| [&(u.len() as u32).to_be_bytes()[..], u].concat();
    let (before, after) = message(b"\x17\xee\x8c\x60\xf8\x4d\x11\xd9\x8c\xd6\x08\x00\x20\x0c\x9a\x66MDPM CANARY");
    let picture = unit(b"\x65KEEPME a");
    let film_of = |message: &[u8], more: &[Vec<u8>]| {
        let sample = [unit(message), picture.clone()].concat();
        let head = tracks(&[track(1, 1, "V_MPEG4/ISO/AVC", &[el(0x63a2, &AVC), parts(0xe0, &[num(0xb0, 16), num(0xba, 16)])])]);
        let early = cluster(&[simple(1, &picture)]);
        let late = cluster(&[simple(1, &sample), group(1, &sample, more), simple(1, &sample)]);
        film(&[info(&[]), head, early, late])
    };
    let clean = scrub("a.mkv", &film_of(&before, &[])).unwrap();
    clean.had_secrets().tells_nothing().found("camera data in the coded picture (date, place, settings)");
    assert_eq!(clean.bytes, film_of(&after, &[]));
    // Also in a group of which something else goes.
    let clean = scrub("a.mkv", &film_of(&before, &[el(0xbf, b"crc4")])).unwrap();
    assert_eq!(clean.bytes, film_of(&after, &[]));

    let banner = message(b"\xdc\x45\xe9\xbd\xe6\xd9\x48\xb7\x96\x2c\xd8\x20\xd9\x23\xee\xefx264 - CANARY").0;
    scrub("a.mkv", &film_of(&banner, &[])).unwrap().unchanged().found("encoder settings in the coded picture");
    scrub_under(&Policy::strict(), "a.mkv", &film_of(&banner, &[])).unwrap().changed().tells_nothing();
}

#[test]
fn messages_leave_the_configuration_of_hevc() {
    let config = |arrays: &[Vec<u8>]| [&[1; 22][..], &[arrays.len() as u8], &arrays.concat()].concat();
    let array = |kind: u8, unit: &[u8]| [&[kind, 0, 1, 0, unit.len() as u8], unit].concat();
    let sets = array(33, b"\x42\x01KEEPME");
    let film_of =
        |private: &[u8]| film(&[info(&[]), tracks(&[track(1, 1, "V_MPEGH/ISO/HEVC", &[el(0x63a2, private)])]), picture()]);
    let clean = scrub("a.mkv", &film_of(&config(&[sets.clone(), array(39, b"\x4e\x01\x05CANARY")]))).unwrap();
    clean.had_secrets().tells_nothing();
    scrub("a.mkv", &film_of(&config(&[sets]))).unwrap().unchanged();
}

#[test]
fn film_with_dates_in_every_frame_is_refused() {
    for (codec, private) in
        [("V_MS/VFW/FOURCC", [&[0; 16][..], b"dvsd", &[0; 20]]), ("V_QUICKTIME", [&[0; 4], b"dvcp", &[0; 78]])]
    {
        let head = tracks(&[track(1, 1, codec, &[el(0x63a2, &private.concat()), parts(0xe0, &[num(0xb0, 16), num(0xba, 16)])])]);
        assert_eq!(refusal("a.mkv", &film(&[info(&[]), head, picture()])).code(), Code::NeedsResidual);
    }
}
