//! WAV and RF64.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&id[..], &(data.len() as u32).to_le_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [&b"RIFF"[..], &(body.len() as u32 + 4).to_le_bytes(), b"WAVE", &body].concat()
}

fn fmt() -> Vec<u8> {
    chunk(b"fmt ", b"\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0")
}

fn data() -> Vec<u8> {
    chunk(b"data", b"KEEPME samples")
}

fn cue(numbers: &[u32]) -> Vec<u8> {
    let points = numbers.iter().flat_map(|n| [&n.to_le_bytes()[..], &[0; 4], b"data", &[0; 12]].concat());
    chunk(b"cue ", &(numbers.len() as u32).to_le_bytes().into_iter().chain(points).collect::<Vec<u8>>())
}

#[test]
fn truncated() {
    for name in ["wav/everything.wav", "wav/long.wav", "wav/cut.wav"] {
        truncate_everywhere("a.wav", &sample(name), 1);
    }
}

#[test]
fn nothing_to_remove() {
    scrub("a.wav", &wav(&[fmt(), data()])).unwrap().unchanged();
    scrub("a.wav", &wav(&[fmt(), chunk(b"fact", &[14, 0, 0, 0]), data(), cue(&[1, 2])])).unwrap().unchanged();
    let eighteen = chunk(b"fmt ", b"\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0");
    scrub("a.wav", &wav(&[eighteen, data()])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.wav", &sample("wav/everything.wav")).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(u32::from_le_bytes(clean.bytes[4..8].try_into().unwrap()) as usize + 8, clean.bytes.len());
    for kept in [&b"KEEPME samples of sound"[..], b"First\0", b"smpl", b"inst", b"cue "] {
        assert_eq!(count(&clean.bytes, kept), 1, "{}", kept.escape_ascii());
    }
}

#[test]
fn hidden_at_the_end() {
    let whole = wav(&[fmt(), data()]);
    let clean = scrub("a.wav", &[&whole[..], b"CANARY"].concat()).unwrap();
    assert_eq!(clean.bytes, whole);
    let clean = scrub("a.wav", &[whole.clone(), chunk(b"LIST", b"INFOCANARY")].concat()).unwrap();
    assert_eq!(clean.bytes, whole);
}

#[test]
fn out_of_order() {
    let clean = scrub("a.wav", &wav(&[chunk(b"id3 ", &id3(3, &[(b"TPE1", b"\0CANARY")])), data(), fmt(), fmt()])).unwrap();
    assert_eq!(clean.bytes, wav(&[data(), fmt()]));
    let clean = scrub("a.wav", &wav(&[fmt(), data(), chunk(b"data", b"CANARY in a second one")])).unwrap();
    assert_eq!(clean.bytes, wav(&[fmt(), data()]));
}

#[test]
fn samples_of_a_recorder_that_never_came_back_are_all_kept() {
    let sound = b"\x80\x81\x80\x7f\x80 KEEPME samples!";
    let right = wav(&[fmt(), [&b"data"[..], &(sound.len() as u32).to_le_bytes(), sound].concat()]);
    // Sizes of nothing, of the head alone, of everything there could be, of less than there is.
    for (whole, part) in [(0, 0), (36, 0), (36, 22), (u32::MAX, u32::MAX), (u32::MAX, 0), (36, u32::MAX), (40, 22)] {
        let mut bytes = right.clone();
        bytes[4..8].copy_from_slice(&u32::to_le_bytes(whole));
        bytes[40..44].copy_from_slice(&u32::to_le_bytes(part));
        let clean = scrub("a.wav", &bytes).unwrap();
        assert_eq!(clean.bytes, right, "{whole} {part}");
    }
}

#[test]
fn long_sizes_follow() {
    let clean = scrub("a.wav", &sample("wav/long.wav")).unwrap();
    clean.had_secrets().tells_nothing();
    let size = u64::from_le_bytes(clean.bytes[20..28].try_into().unwrap());
    assert_eq!(size as usize + 8, clean.bytes.len());
    assert_eq!(&clean.bytes[16..20], [28, 0, 0, 0]);
    // Without the chunk there is no size.
    let mut bytes = wav(&[fmt(), data()]);
    bytes[..4].copy_from_slice(b"RF64");
    assert_eq!(refusal("a.wav", &bytes).code(), Code::Malformed);
}

#[test]
fn nothing_hides_behind_fields() {
    let more = |id: &[u8; 4], fields: &[u8]| chunk(id, &[fields, b"CANARY"].concat());
    let dirty = wav(&[
        more(b"fmt ", &fmt()[8..]),
        more(b"fact", &[14, 0, 0, 0]),
        data(),
        more(b"cue ", &cue(&[1])[8..]),
        chunk(b"plst", b"\x09\0\0\0CANARY of nine entries"),
        chunk(b"inst", b"CANARY too long"),
        chunk(b"slnt", b"CANARY"),
        chunk(b"LIST", b"wavlCANARY"),
    ]);
    let clean = scrub("a.wav", &dirty).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, wav(&[fmt(), chunk(b"fact", &[14, 0, 0, 0]), data(), cue(&[1])]));
    // A format that says how many bytes it has besides.
    let extensible = [b"\xfe\xff\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\x16\0\x08\0\x04\0\0\0", &[1; 16][..]].concat();
    let clean = scrub("a.wav", &wav(&[more(b"fmt ", &extensible), data()])).unwrap();
    assert_eq!(clean.bytes, wav(&[chunk(b"fmt ", &extensible), data()]));
}

#[test]
fn labels_belong_to_markers() {
    let label = |n: u32, text: &[u8]| chunk(b"labl", &[&n.to_le_bytes()[..], text].concat());
    let list = |labels: &[Vec<u8>]| chunk(b"LIST", &[b"adtl".to_vec(), labels.concat()].concat());
    let dirty = wav(&[fmt(), data(), cue(&[7]), list(&[label(7, b"KEEPME\0CANARY"), label(8, b"CANARY\0")])]);
    let clean = scrub("a.wav", &dirty).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, wav(&[fmt(), data(), cue(&[7]), list(&[label(7, b"KEEPME\0")])]));
    // A label whose list of markers cannot be read.
    let mut broken = cue(&[7]);
    broken[8] = 99;
    let clean = scrub("a.wav", &wav(&[fmt(), data(), broken, list(&[label(7, b"CANARY\0")])])).unwrap();
    assert_eq!(clean.bytes, wav(&[fmt(), data()]));
    assert_eq!(scrub_under(&Policy::strict(), "a.wav", &dirty).unwrap().bytes, wav(&[fmt(), data(), cue(&[7])]));
    let policy = Policy::default().with(Token::Chapters, false);
    assert_eq!(scrub_under(&policy, "a.wav", &dirty).unwrap().bytes, wav(&[fmt(), data()]));
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.wav", &wav(&[fmt()])).code(), Code::Malformed);
    assert_eq!(refusal("a.wav", &wav(&[data()])).code(), Code::Malformed);
    let mut long = wav(&[chunk(b"bext", b"CANARY"), fmt(), data()]);
    long[18] = 200;
    assert_eq!(refusal("a.wav", &long).code(), Code::Malformed);
    let objects = wav(&[fmt(), data(), chunk(b"chna", b"CANARY")]);
    assert_eq!(refusal("a.wav", &objects).code(), Code::NeedsResidual);
}
