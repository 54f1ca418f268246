//! AVI and OpenDML.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/avi").join(name)).unwrap()
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    memchr::memmem::find_iter(bytes, what).count()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn u64_at(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&id[..], &(data.len() as u32).to_le_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn list(kind: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[&kind[..], &chunks.concat()].concat())
}

fn film(codec: &[u8; 4], media: &[Vec<u8>], more: &[Vec<u8>]) -> Vec<u8> {
    let mut avih = vec![0; 56];
    avih[24] = 1;
    let strh = [&b"vids"[..], codec, &[0; 48]].concat();
    let mut strf = vec![0; 40];
    strf[0] = 40;
    strf[12] = 1;
    strf[14] = 24;
    strf[16..20].copy_from_slice(codec);
    let strl = list(b"strl", &[chunk(b"strh", &strh), chunk(b"strf", &strf)]);
    let parts = [list(b"hdrl", &[chunk(b"avih", &avih), strl]), list(b"movi", media)].concat();
    chunk(b"RIFF", &[&b"AVI "[..], &parts, &more.concat()].concat())
}

#[test]
fn truncated() {
    for name in ["everything.avi", "opendml.avi", "absolute.avi", "cut.avi"] {
        truncate_everywhere("a.avi", &sample(name), 1);
    }
}

#[test]
fn nothing_to_remove() {
    scrub("a.avi", &sample("clean.avi")).unwrap().unchanged();
    scrub("a.avi", &film(b"XVID", &[chunk(b"00dc", b"KEEPME")], &[])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.avi", &sample("everything.avi")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(u32_at(&clean.bytes, 4) + 8, clean.bytes.len());
    assert_eq!(count(&clean.bytes, b"KEEPME scan"), 2);
    assert_eq!(count(&clean.bytes, b"KEEPME sound"), 1);
    // The index still says where the chunks are.
    let movi = memchr::memmem::find(&clean.bytes, b"movi").unwrap();
    let index = memchr::memmem::find(&clean.bytes, b"idx1").unwrap() + 8;
    for entry in 0..3 {
        let entry = index + entry * 16;
        let at = movi + u32_at(&clean.bytes, entry + 8);
        assert_eq!(clean.bytes[at..at + 4], clean.bytes[entry..entry + 4]);
        assert_eq!(u32_at(&clean.bytes, at + 4), u32_at(&clean.bytes, entry + 12));
    }
}

#[test]
fn hidden_at_the_end() {
    let whole = sample("clean.avi");
    let clean = scrub("a.avi", &[&whole[..], b"CANARY"].concat()).unwrap();
    assert_eq!(clean.changed().bytes, whole);
}

#[test]
fn out_of_order() {
    let whole = film(b"XVID", &[chunk(b"00dc", b"KEEPME")], &[list(b"INFO", &[chunk(b"ISFT", b"CANARY")])]);
    scrub("a.avi", &whole).unwrap().changed().tells_nothing();
}

#[test]
fn opendml_positions_follow() {
    let clean = scrub("a.avi", &sample("opendml.avi")).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(clean.bytes.len() < clean.input.len(), "things are dropped, not only zeroed");
    let bytes = &clean.bytes;
    let index = memchr::memmem::find(bytes, b"indx").unwrap() + 8;
    for (entry, frame) in [&b"KEEPME one"[..], b"KEEPME two"].iter().enumerate() {
        let standard = u64_at(bytes, index + 24 + entry * 16);
        assert_eq!(&bytes[standard..standard + 4], b"ix00");
        let base = u64_at(bytes, standard + 8 + 12);
        let data = base + u32_at(bytes, standard + 8 + 24);
        assert!(bytes[data..].starts_with(&[b"\0\0\x01\xb0", *frame].concat()), "{}", bytes[data..data + 20].escape_ascii());
    }
}

#[test]
fn an_index_that_counts_from_the_start_of_the_file_keeps_everything_in_place() {
    let clean = scrub("a.avi", &sample("absolute.avi")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes.len(), clean.input.len());
    let index = memchr::memmem::find(&clean.bytes, b"idx1").unwrap() + 8;
    let at = u32_at(&clean.bytes, index + 8);
    assert_eq!(&clean.bytes[at..at + 4], b"00dc");
}

#[test]
fn a_recording_that_was_cut_off_keeps_what_there_is_of_it() {
    let clean = scrub("a.avi", &sample("cut.avi")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(count(&clean.bytes, b"KEEPME one"), 1);
    assert!(clean.bytes.ends_with(&clean.input[clean.input.len() - 14..]));
}

#[test]
fn a_size_of_nothing_is_written_anew_and_the_index_stays() {
    let whole = sample("clean.avi");
    for size in [0u32, whole.len() as u32 - 60] {
        let mut bytes = whole.clone();
        bytes[4..8].copy_from_slice(&size.to_le_bytes());
        assert_eq!(scrub("a.avi", &bytes).unwrap().bytes, whole, "{size}");
    }
}

#[test]
fn track_names_stay_where_they_are_wanted() {
    let policy = Policy::default().with(Token::TrackNames, true);
    let clean = scrub_under(&policy, "a.avi", &sample("everything.avi")).unwrap();
    assert_eq!(count(&clean.bytes, b"CANARY track"), 1);
}

#[test]
fn positions_posing_as_subtitles_become_zeros() {
    let clean = scrub("a.avi", &sample("positions.avi")).unwrap();
    clean.had_secrets().tells_nothing();
    let policy = Policy::default().with(Token::TimedMetadata, true);
    scrub_under(&policy, "a.avi", &sample("positions.avi")).unwrap().unchanged();
}

#[test]
fn padding_between_chunks_becomes_zero() {
    let mut odd = chunk(b"00dc", b"KEEPME!");
    *odd.last_mut().unwrap() = b'X';
    let next = chunk(b"00dc", b"KEEPME");
    let clean = scrub("a.avi", &film(b"XVID", &[odd, next], &[])).unwrap();
    assert_eq!(count(&clean.changed().bytes, b"KEEPME!\0"), 1);
}

#[test]
fn what_an_encoder_signs_its_pictures_with_stays_by_default() {
    let comment = |text: &[u8]| [&b"\xff\xfe"[..], &(text.len() as u16 + 2).to_be_bytes(), text].concat();
    let picture = |text: &[u8]| [&b"\xff\xd8"[..], &comment(text), b"\xff\xda\0\x08\x01\x01\0\0\x3f\0KEEPME\xff\xd9"].concat();
    let signed = film(b"MJPG", &[chunk(b"00dc", &picture(b"Lavc59.37.100\0"))], &[]);
    scrub("a.avi", &signed).unwrap().unchanged().found("encoder name in the coded pictures");
    let clean = scrub_under(&Policy::strict(), "a.avi", &signed).unwrap();
    assert_eq!(count(&clean.changed().bytes, b"Lavc"), 0);
    scrub("a.avi", &film(b"MJPG", &[chunk(b"00dc", &picture(b"CANARY"))], &[])).unwrap().had_secrets().tells_nothing();
}

#[test]
fn dv_is_refused_since_every_frame_holds_a_date() {
    for codec in [b"dvsd", b"dv25"] {
        assert_eq!(refusal("a.avi", &film(codec, &[chunk(b"00dc", b"x")], &[])).code(), Code::NeedsResidual);
    }
}

#[test]
fn hostile_sizes_are_refused() {
    let whole = film(b"XVID", &[chunk(b"00dc", b"KEEPME")], &[chunk(b"JUNK", b"abcd")]);
    for at in (12..whole.len() - 4).step_by(2) {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&[0xff; 4]);
        if let Err(r) = scrub("a.avi", &bytes) {
            assert!(!matches!(r.code(), Code::Internal | Code::Damaged), "{at}: {r}");
        }
    }
}

#[test]
fn what_is_no_chunk_inside_a_form_goes_or_becomes_zeros() {
    for name in ["absolute.avi", "opendml.avi"] {
        let mut bytes = sample(name);
        let at = memchr::memmem::rfind(&bytes[..830.min(bytes.len())], b"idx1").unwrap();
        bytes[at..at + 8].copy_from_slice(b"\0CANARY\0");
        scrub("a.avi", &bytes).unwrap().tells_nothing();
    }
}

#[test]
fn messages_in_the_video_become_filler() {
    let (before, after) = message(b"0123456789abcdefCANARY");
    let marked = |unit: &[u8]| [b"\0\0\0\x01\x09\x10\0\0\0\x01", unit, b"\0\0\0\x01\x65KEEPME \0\0\x01\x06\x05\x01"].concat();
    for codec in [b"H264", b"avc1", b"X264"] {
        let clean = scrub("a.avi", &film(codec, &[chunk(b"00dc", &marked(&before))], &[])).unwrap();
        clean.had_secrets().tells_nothing().found("private messages in the coded picture");
        assert_eq!(clean.bytes, film(codec, &[chunk(b"00dc", &marked(&after))], &[]));
    }
}
