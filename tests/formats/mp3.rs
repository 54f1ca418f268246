//! MP3.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// MPEG 2.5, layer III, 8 kbit/s, 8 kHz, one channel: 72 bytes.
fn frame() -> Vec<u8> {
    let mut out = b"\xff\xe3\x18\xc0\0\0\0\0\0\0\0\0\0KEEPME".to_vec();
    out.resize(72, 0x55);
    out
}

/// MPEG 1, layer III, 32 kbit/s, 48 kHz, one channel: 96 bytes.
fn other_frame() -> Vec<u8> {
    let mut out = b"\xff\xfb\x14\xc0".to_vec();
    out.resize(96, 0x33);
    out
}

fn sound() -> Vec<u8> {
    frame().repeat(4)
}

/// The information frame, with the encoder's name.
fn info(name: &[u8; 9]) -> Vec<u8> {
    let mut out = b"\xff\xe3\x18\xc0\0\0\0\0\0\0\0\0\0Xing\0\0\0\x03\0\0\0\x04\0\0\x01\x68".to_vec();
    out.extend(name);
    out.extend([&[1, 60][..], &[0; 8], &[0, 8, 0x24, 4, 0x50], &[0; 10]].concat());
    let crc = out
        .iter()
        .fold(0u16, |crc, b| (0..8).fold(crc ^ u16::from(*b), |c, _| if c & 1 != 0 { c >> 1 ^ 0xa001 } else { c >> 1 }));
    out.extend(crc.to_be_bytes());
    out.resize(72, 0);
    out
}

fn cover(description: &[u8], kind: u8, picture: &[u8]) -> Vec<u8> {
    [b"\0image/png\0", &[kind][..], description, &[0], picture].concat()
}

#[test]
fn truncated() {
    truncate_everywhere("a.mp3", &sample("mp3/everything.mp3"), 1);
    truncate_everywhere("a.mp3", &sample("mp3/between.mp3"), 1);
    truncate_everywhere("a.mp3", &sample("mp3/chapters.mp3"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.mp3", &sound()).unwrap().unchanged();
    scrub("noname", &sound()).unwrap().unchanged();
    scrub("a.mp3", &[info(b"LAME3.100"), sound()].concat()).unwrap().unchanged();
    let tag = id3(4, &[(b"APIC", &cover(b"", 3, &png(false))), (b"TXXX", b"\0replaygain_track_gain\0-3.20 dB")]);
    scrub("a.mp3", &[tag, sound()].concat()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.mp3", &sample("mp3/everything.mp3")).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(clean.bytes.ends_with(&sound()[..19]) || count(&clean.bytes, b"KEEPME") == 4);
    // Cover art and loudness are there, the picture without its text.
    assert_eq!((count(&clean.bytes, b"APIC"), count(&clean.bytes, b"replaygain_track_gain")), (1, 1));
    assert_eq!(count(&clean.bytes, &png(false)), 1);
    assert_eq!(&clean.bytes[3..6], [3, 0, 0]);
}

#[test]
fn hidden_at_the_end() {
    for tail in [&b"CANARY"[..], &id3v1(), &[&[0; 100_000][..], b"CANARY"].concat(), &[0; 100_000]] {
        let clean = scrub("a.mp3", &[&sound()[..], tail].concat()).unwrap();
        assert_eq!(clean.bytes, sound());
        clean.changed();
    }
}

#[test]
fn out_of_order() {
    // Tags of the end in front of tags of the front, tags twice, a tag where a frame should be.
    let tag = id3(3, &[(b"TPE1", b"\0CANARY")]);
    let bytes = [tag.clone(), tag.clone(), sound(), id3v1(), tag.clone(), id3v1(), id3v1()].concat();
    let clean = scrub("a.mp3", &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, sound());
    let clean = scrub("a.mp3", &[sound(), tag, sound(), b"CANARY".to_vec(), sound()].concat()).unwrap();
    assert_eq!(clean.bytes, sound().repeat(3));
}

#[test]
fn gapless_data_of_itunes_stays_where_nothing_else_has_it() {
    let data = b"\0eng\0iTunSMPB\0 00000000 00000210 00000A2C 000000000003F4F4"; // with an empty description first: not it
    let right = b"\0engiTunSMPB\0 00000000 00000210 00000A2C 000000000003F4F4";
    let with = |data: &[u8], front: Vec<u8>| scrub("a.mp3", &[id3(3, &[(b"COMM", data)]), front, sound()].concat()).unwrap();
    assert_eq!(count(&with(right, Vec::new()).bytes, b"iTunSMPB"), 1);
    assert_eq!(count(&with(data, Vec::new()).bytes, b"iTunSMPB"), 0);
    assert_eq!(count(&with(right, info(b"LAME3.100")).bytes, b"iTunSMPB"), 0);
    let text = b"\0engiTunSMPB\0 00000000 00000210 CANARY-1 000000000003F4F4";
    with(text, Vec::new()).tells_nothing();
}

#[test]
fn chapters_keep_their_titles_whatever_the_version_of_the_tag() {
    let title = format!("\0{}", "KEEPME ".repeat(30));
    for major in [3, 4] {
        let size = if major == 4 { syncsafe(title.len()) } else { (title.len() as u32).to_be_bytes() };
        let long = [b"TPE1", &size[..], &[0, 0], "\0CANARY ".repeat(30).as_bytes()].concat();
        let long = [&long[..4], &if major == 4 { syncsafe(240) } else { 240u32.to_be_bytes() }, &long[8..]].concat();
        let title = [b"TIT2", &size[..], &[0, 0], title.as_bytes()].concat();
        let chapter = [b"ch1\0", &[0; 8][..], &[255; 8], &long, &title].concat();
        let clean = scrub("a.mp3", &[id3(major, &[(b"CHAP", &chapter)]), sound()].concat()).unwrap();
        clean.had_secrets().tells_nothing();
        assert_eq!(count(&clean.bytes, b"KEEPME "), 30, "{major}");
        let strict = scrub_under(&Policy::strict(), "a.mp3", &clean.bytes).unwrap();
        assert_eq!((count(&strict.bytes, b"KEEPME "), count(&strict.bytes, b"CHAP")), (0, 1));
    }
}

#[test]
fn chapters_are_counted_whatever_they_are_called() {
    let title = |t: &[u8]| [b"TIT2", &syncsafe(t.len() + 1)[..], b"\0\0\0", t].concat();
    let chapter = |id: &[u8], at: u8, t: &[u8]| [id, b"\0\0\0\0", &[at], &[0, 0, 0, 9], &[0xff; 8], &title(t)].concat();
    let table = [&b"CANARYtoc\0\x43\x03"[..], b"CANARY-2\0CANARY.1\0CANARY-gone\0", &title(b"KEEPME all")].concat();
    let frames: [(&[u8; 4], &[u8]); 4] = [
        (b"CTOC", &table),
        (b"CHAP", b"CANARYcut\0\0\0"),
        (b"CHAP", &chapter(b"CANARY-2", 1, b"KEEPME two")),
        (b"CHAP", &chapter(b"CANARY.1", 2, b"KEEPME one")),
    ];
    let clean = scrub("a.mp3", &[id3(4, &frames), sound()].concat()).unwrap();
    clean.had_secrets().tells_nothing().changed();
    let table = [&b"toc1\0\x03\x02ch1\0ch2\0"[..], &title(b"KEEPME all")].concat();
    let chapters = [chapter(b"ch1", 1, b"KEEPME two"), chapter(b"ch2", 2, b"KEEPME one")];
    let kept = id3(4, &[(b"CTOC", &table), (b"CHAP", &chapters[0]), (b"CHAP", &chapters[1])]);
    assert_eq!(clean.bytes, [kept, sound()].concat());
}

#[test]
fn a_cover_with_sizes_as_version_three_has_them_is_found_in_version_four() {
    let body = cover(&b"CANARY ".repeat(30), 3, &png(true));
    let frames = [b"APIC", &(body.len() as u32).to_be_bytes()[..], &[0, 0], &body, b"TPE1\0\0\0\x07\0\0\0CANARY"].concat();
    let tag = [b"ID3\x04\0\0", &syncsafe(frames.len())[..], &frames].concat();
    let clean = scrub("a.mp3", &[tag, sound()].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(count(&clean.bytes, &png(false)), 1);
}

#[test]
fn covers_obey_the_policy_and_have_one_of_the_known_kinds() {
    let bytes = [id3(3, &[(b"APIC", &cover(b"CANARY", 0xca, &png(true)))]), sound()].concat();
    let clean = scrub("a.mp3", &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(count(&clean.bytes, b"image/png\0\0\0\x89PNG"), 1);
    let policy = Policy::default().with(Token::CoverArt, false);
    assert_eq!(scrub_under(&policy, "a.mp3", &bytes).unwrap().bytes, sound());
    // A picture that is none goes.
    let bytes = [id3(3, &[(b"APIC", &cover(b"", 3, b"CANARY"))]), sound()].concat();
    assert_eq!(scrub("a.mp3", &bytes).unwrap().bytes, sound());
}

#[test]
fn what_stays_is_not_called_removed() {
    let tag = id3(3, &[(b"TXXX", b"\0replaygain_track_gain\0-3.20 dB"), (b"TPE1", b"\0CANARY artist")]);
    let clean = scrub("a.mp3", &[tag, sound()].concat()).unwrap();
    clean.found("artist (TPE1)");
    assert!(!clean.cleaned.findings().iter().any(|f| f.label.contains("TXXX")), "{:?}", clean.cleaned.findings());
}

#[test]
fn strict_gives_all_encoders_one_name_and_keeps_the_gapless_data() {
    let bytes = [info(b"LAME3.100"), sound()].concat();
    let strict = scrub_under(&Policy::strict(), "a.mp3", &bytes).unwrap();
    // Players trust the data behind the name only where they know it.
    assert_eq!(strict.bytes, [info(b"LAME\0\0\0\0\0"), sound()].concat());
    let other = [info(b"Lavc60.31"), sound()].concat();
    assert_eq!(scrub_under(&Policy::strict(), "a.mp3", &other).unwrap().bytes, strict.bytes);
}

#[test]
fn joined_recordings_of_two_kinds_are_both_kept() {
    let both = [sound(), other_frame().repeat(5)].concat();
    scrub("a.mp3", &both).unwrap().unchanged();
    let tagged = [sound(), id3v1(), id3(3, &[(b"TPE1", b"\0CANARY")]), other_frame().repeat(5)].concat();
    assert_eq!(scrub("a.mp3", &tagged).unwrap().bytes, both);
}

#[test]
fn letters_in_the_last_frame_are_no_tag() {
    // The witness once took any TAG near the end for one.
    let mut bytes = sound();
    let at = bytes.len() - 40;
    bytes[at..at + 3].copy_from_slice(b"TAG");
    let tagged = [id3(3, &[(b"TPE1", b"\0CANARY")]), bytes.clone()].concat();
    assert_eq!(scrub("a.mp3", &tagged).unwrap().bytes, bytes);
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.mp3", &[frame(), vec![1; 300_000]].concat()).code(), Code::Unknown);
    assert_eq!(refusal("a.mp3", &[sound(), vec![1; 300_000]].concat()).code(), Code::Malformed);
    // Tags without end.
    assert_eq!(refusal("a.mp3", &[id3(3, &[]).repeat(100), sound()].concat()).code(), Code::Unsupported);
}

#[test]
fn loudness_in_other_tags_moves_to_the_one_that_stays() {
    let items: [(&str, &[u8]); 4] = [
        ("Artist", b"CANARY"),
        ("replaygain_track_gain", b"-3.2 DB"),
        ("MP3GAIN_UNDO", b"CANARY"),
        ("REPLAYGAIN_ALBUM_GAIN", b"CANARY"),
    ];
    let clean = scrub("a.mp3", &[sound(), ape(&items), id3v1()].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    let tag = id3(4, &[(b"TXXX", b"\0replaygain_track_gain\0-3.2 dB")]);
    assert_eq!(clean.bytes, [tag.clone(), sound()].concat());
    // What a frame says already is not said twice; a tag in front is one as well.
    let both = [ape(&items), tag.clone(), sound(), ape(&items)].concat();
    assert_eq!(scrub("a.mp3", &both).unwrap().bytes, [tag, sound()].concat());
    assert_eq!(scrub_under(&Policy::strict(), "a.mp3", &both).unwrap().bytes, sound());
    let keep = Policy::strict().with(Token::Replaygain, true);
    assert_ne!(scrub_under(&keep, "a.mp3", &both).unwrap().bytes, sound());
}

#[test]
fn relative_volume_stays_without_its_words() {
    let volume = |whose: &[u8], more: &[u8]| [whose, b"\0\x01\xfb\x9c\x10\x12\x34", more].concat();
    let dirty = id3(4, &[(b"RVA2", &volume(b"CANARY", b"\x01CANARY"))]);
    let clean = scrub("a.mp3", &[dirty, sound()].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, [id3(4, &[(b"RVA2", &volume(b"", b""))]), sound()].concat());
    let album = [id3(4, &[(b"RVA2", &volume(b"album", b""))]), sound()].concat();
    scrub("a.mp3", &album).unwrap().unchanged();
    assert_eq!(scrub_under(&Policy::strict(), "a.mp3", &album).unwrap().bytes, sound());
}

#[test]
fn a_picture_in_an_ape_tag_moves_too() {
    let cover_item = [b"CANARY.png\0", &png(true)[..]].concat();
    let clean = scrub("a.mp3", &[sound(), ape(&[("Cover Art (Front)", &cover_item)])].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, [id3(4, &[(b"APIC", &cover(b"", 3, &png(false)))]), sound()].concat());
}

#[test]
fn a_removed_name_in_the_title_of_a_chapter_is_said_and_not_refused() {
    let title = |t: &[u8]| [b"TIT2", &syncsafe(t.len() + 1)[..], b"\0\0\0", t].concat();
    let chapter = [&b"ch1\0\0\0\0\0\0\0\x03\xe8"[..], &[0xff; 8], &title(b"Talk with Jane Q. KEEPME")].concat();
    let kept = id3(4, &[(b"CHAP", &chapter)]);
    let file = [id3(4, &[(b"TPE1", b"\0Jane Q. KEEPME"), (b"CHAP", &chapter)]), sound()].concat();
    let clean = scrub("a.mp3", &file).unwrap();
    assert_eq!(clean.bytes, [kept, sound()].concat());
    assert!(clean.cleaned.warnings().iter().any(|w| w.contains("artist")), "{:?}", clean.cleaned.warnings());
}

#[test]
fn a_tag_in_a_frame_that_was_cut_short_is_a_tag() {
    // Sound that breaks off in the middle of a frame swallowed what stood behind it, and a second run found it there.
    let mut tag = id3v1();
    tag[33..46].copy_from_slice(b"CANARY artist");
    tag[97..111].copy_from_slice(b"CANARY comment");
    for cut in 1..72 {
        for len in [46, 60, 100, 111, 120, 124, 127, 128] {
            for behind in [&b""[..], b"\0", b"\0\0\0", b"junk"] {
                let bytes = [&sound()[..], &frame()[..cut], &tag[..len], behind].concat();
                let clean = scrub("a.mp3", &bytes).unwrap_or_else(|r| panic!("{cut} {len} {behind:?}: {r}"));
                assert!(clean.bytes.starts_with(&sound()), "{cut} {len}");
                // A tag that fills up the frame cannot be told from sound, nor one with junk behind what is left of it.
                if cut + len + behind.len() != 72 && behind != b"junk" {
                    assert!(find_secret(&clean.bytes, "CANARY").is_none(), "{cut} {len} {behind:?}");
                }
            }
        }
    }
}
