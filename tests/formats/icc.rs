//! ICC profiles in their neutral form.

use crate::support::find_secret;
use metascrub::blocks::icc::{is_personal, name, neutral, neutral_with_text, tag, tags, text};
use metascrub::refusal::Code;
use proptest::prelude::*;

type Tags = Vec<([u8; 4], Vec<u8>)>;

/// A profile as makers write them: the tags in this order, every free field of the header telling something.
fn profile(major: u8, class: &[u8; 4], space: &[u8; 4], tags: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut head = vec![0u8; 128];
    head[4..8].copy_from_slice(b"CANA");
    head[8..10].copy_from_slice(&[major, 0x10]);
    head[12..16].copy_from_slice(class);
    head[16..20].copy_from_slice(space);
    head[20..24].copy_from_slice(b"XYZ ");
    head[24..36].copy_from_slice(&[7, 0xe6, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9]);
    head[36..40].copy_from_slice(b"acsp");
    head[40..44].copy_from_slice(b"APPL");
    head[48..56].copy_from_slice(b"CANARYma");
    head[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    head[80..84].copy_from_slice(b"CANA");
    head[84..100].copy_from_slice(b"CANARYCANARYhash");
    head[100..128].copy_from_slice(b"CANARYCANARYCANARYCANARYrese");
    let mut table = (tags.len() as u32).to_be_bytes().to_vec();
    let (mut data, start) = (Vec::new(), 128 + 4 + 12 * tags.len());
    for (sig, bytes) in tags {
        table.extend_from_slice(sig);
        table.extend_from_slice(&((start + data.len()) as u32).to_be_bytes());
        table.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        data.extend_from_slice(bytes);
        data.extend_from_slice(b"CANARY gap");
        data.resize(data.len().next_multiple_of(4), 0);
    }
    let mut out = [head, table, data].concat();
    let size = (out.len() as u32).to_be_bytes();
    out[..4].copy_from_slice(&size);
    out
}

fn xyz(numbers: [f64; 3]) -> Vec<u8> {
    let words = numbers.iter().flat_map(|n| ((n * 65536.0).round() as i32).to_be_bytes());
    b"XYZ \0\0\0\0".iter().copied().chain(words).collect()
}

fn gamma(hundred_fifty_sixths: u16) -> Vec<u8> {
    [&b"curv\0\0\0\0\0\0\0\x01"[..], &hundred_fifty_sixths.to_be_bytes()].concat()
}

fn srgb_curve() -> Vec<u8> {
    let numbers: [f64; 5] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045];
    let words = numbers.iter().flat_map(|n| ((n * 65536.0).round() as i32).to_be_bytes());
    b"para\0\0\0\0\0\x03\0\0".iter().copied().chain(words).collect()
}

fn latin(kind: &[u8; 4], said: &str) -> Vec<u8> {
    match kind {
        b"desc" => {
            let mut out = [b"desc\0\0\0\0", &(said.len() as u32 + 1).to_be_bytes()[..], said.as_bytes(), b"\0"].concat();
            out.extend_from_slice(&[0; 8 + 3]);
            out.extend_from_slice(b"CANARY in the Macintosh text");
            out.resize(out.len() + 67 - 28, 0);
            out
        }
        _ => [b"text\0\0\0\0", said.as_bytes(), b"\0"].concat(),
    }
}

fn matrix(red: f64, curve: Vec<u8>) -> Tags {
    vec![
        (*b"desc", latin(b"desc", "CANARY's display")),
        (*b"cprt", latin(b"text", "CANARY Inc.")),
        (*b"dmnd", latin(b"desc", "CANARY maker")),
        (*b"rXYZ", xyz([red, 0.22249, 0.01392])),
        (*b"gXYZ", xyz([0.38515, 0.71687, 0.09708])),
        (*b"bXYZ", xyz([0.14307, 0.06061, 0.71410])),
        (*b"wtpt", xyz([0.9642, 1.0, 0.8249])),
        (*b"rTRC", curve.clone()),
        (*b"gTRC", curve.clone()),
        (*b"bTRC", curve),
        (*b"mmod", b"mmod\0\0\0\0CANARY serial".to_vec()),
        (*b"vcgt", b"vcgt\0\0\0\0CANARY".to_vec()),
        (*b"CNRY", b"CANARY private".to_vec()),
    ]
}

/// The neutral form, which tells nothing and is its own neutral form.
#[track_caller]
fn clean(profile: &[u8]) -> Vec<u8> {
    let out = neutral(profile).unwrap().expect("it is a profile");
    assert_eq!(find_secret(&out, "CANA"), None);
    assert_eq!(neutral(&out).unwrap().as_ref(), Some(&out), "neutral twice is not neutral once");
    assert_eq!(u32::from_be_bytes(out[..4].try_into().unwrap()) as usize, out.len());
    for (sig, data) in tags(&out) {
        assert!(data.is_some(), "{} lies outside", sig.escape_ascii());
    }
    out
}

#[test]
fn everything_at_once() {
    let dirty = profile(2, b"mntr", b"RGB ", &matrix(0.43607, srgb_curve()));
    assert!(find_secret(&dirty, "CANARY").is_some());
    let out = clean(&dirty);
    for sig in [b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"rTRC", b"gTRC", b"bTRC"] {
        assert_eq!(tag(&out, sig), tag(&dirty, sig), "{} changed", sig.escape_ascii());
    }
    assert_eq!(tags(&out).count(), 9);
    assert_eq!((&out[8..24], &out[36..40], &out[64..80]), (&dirty[8..24], &dirty[36..40], &dirty[64..80]));
}

#[test]
fn nothing_to_remove() {
    let out = clean(&profile(4, b"mntr", b"RGB ", &matrix(0.43607, srgb_curve())));
    assert_eq!(neutral(&out).unwrap().unwrap(), out);
}

#[test]
fn texts_are_of_the_type_that_the_version_wants() {
    let two = clean(&profile(2, b"mntr", b"RGB ", &matrix(0.4, gamma(563))));
    assert_eq!(&tag(&two, b"desc").unwrap()[..4], b"desc");
    assert_eq!(tag(&two, b"desc").unwrap().len(), 12 + "Generic RGB".len() + 1 + 8 + 3 + 67);
    assert_eq!(tag(&two, b"cprt").unwrap(), b"text\0\0\0\0-\0");
    let four = clean(&profile(4, b"mntr", b"RGB ", &matrix(0.4, gamma(563))));
    assert_eq!(&tag(&four, b"desc").unwrap()[..4], b"mluc");
    assert_eq!(text(tag(&four, b"desc").unwrap()).unwrap(), "Generic RGB");
    assert_eq!(text(tag(&four, b"cprt").unwrap()).unwrap(), "-");
}

#[test]
fn a_well_known_space_is_named_only_for_its_numbers() {
    let known = profile(2, b"mntr", b"RGB ", &matrix(0.43607, srgb_curve()));
    assert_eq!(text(tag(&clean(&known), b"desc").unwrap()).unwrap(), "sRGB");
    assert!(!is_personal(&known), "the numbers of sRGB are nobody's");
    let other = profile(2, b"mntr", b"RGB ", &matrix(0.44007, srgb_curve()));
    assert_eq!(name(&other), None);
    assert!(is_personal(&other));
    let curve = profile(2, b"mntr", b"RGB ", &matrix(0.43607, gamma(563)));
    assert_eq!(name(&curve), None, "the colorants of sRGB with another curve are not sRGB");
    let gray = profile(2, b"mntr", b"GRAY", &[(*b"kTRC", gamma(563))]);
    assert_eq!(name(&gray), Some("Gray Gamma 2.2"));
}

#[test]
fn equal_curves_stay_shared() {
    let long: Vec<u8> = (0..1024u16).flat_map(|i| (i * 64).to_be_bytes()).collect();
    let curve = [&b"curv\0\0\0\0\0\0\x04\0"[..], &long].concat();
    let out = clean(&profile(2, b"mntr", b"RGB ", &matrix(0.4, curve.clone())));
    let place = |sig: &[u8; 4]| tag(&out, sig).unwrap().as_ptr();
    assert_eq!((place(b"rTRC"), place(b"rTRC")), (place(b"gTRC"), place(b"bTRC")));
    assert_eq!(tag(&out, b"gTRC").unwrap(), curve);
}

#[test]
fn hidden_at_the_end() {
    let mut tags = matrix(0.4, [&gamma(563)[..], b"CANARY after the curve"].concat());
    tags[3].1.extend_from_slice(b"CANARY after the colorant");
    let mut dirty = profile(2, b"mntr", b"RGB ", &tags);
    dirty.extend_from_slice(b"CANARY after the profile");
    clean(&dirty);
}

#[test]
fn hidden_inside_a_table() {
    // Two channels in, three out; curves, grid and what lies between them.
    let mut table = b"mAB CNRY\x02\x03CN".to_vec();
    for offset in [64u32, 0, 0, 128, 200] {
        table.extend_from_slice(&offset.to_be_bytes());
    }
    table.resize(64, b'C');
    for _ in 0..3 {
        table.extend_from_slice(b"curvCNRY\0\0\0\0");
    }
    table.extend_from_slice(b"CANARY between the curves and");
    table.resize(128, b'!');
    table.extend_from_slice(b"\x02\x02CANARYCANARYCA\x01CNR");
    table.extend_from_slice(b"KEEPMEKEEPME");
    table.resize(200, b'!');
    for _ in 0..2 {
        table.extend_from_slice(b"para\0\0\0\0\0\0CN\0\x02\0\0");
    }
    table.extend_from_slice(b"CANARY");
    let out = clean(&profile(4, b"prtr", b"2CLR", &[(*b"A2B0", table)]));
    let kept = tag(&out, b"A2B0").unwrap();
    assert_eq!(&kept[148..160], b"KEEPMEKEEPME");
    assert_eq!(find_secret(&out, "CNRY"), None, "reserved words are zero");
    assert_eq!(kept.len(), 200 + 2 * 16);
}

#[test]
fn out_of_order() {
    let sorted = matrix(0.4, gamma(563));
    let mut shuffled = sorted.clone();
    shuffled.reverse();
    assert_eq!(
        clean(&profile(2, b"mntr", b"RGB ", &sorted)),
        clean(&profile(2, b"mntr", b"RGB ", &shuffled)),
        "the order of the tags would tell the program"
    );
}

#[test]
fn truncated() {
    let whole = profile(2, b"mntr", b"RGB ", &matrix(0.4, gamma(563)));
    for len in 0..whole.len() {
        if let Ok(Some(out)) = neutral(&whole[..len]) {
            assert_eq!(neutral(&out).unwrap().as_ref(), Some(&out), "cut at {len}");
        }
    }
    assert_eq!(neutral(&whole[..300]).unwrap(), None, "without its curves it is no profile to any decoder");
}

#[test]
fn what_decoders_ignore_goes_and_what_they_may_not_is_refused() {
    let good = profile(2, b"mntr", b"RGB ", &matrix(0.4, gamma(563)));
    let mut unsigned = good.clone();
    unsigned[36] = b'x';
    assert_eq!(neutral(&unsigned).unwrap(), None);
    let mut many = good.clone();
    many[128..132].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(neutral(&many).unwrap(), None);
    let mut both = matrix(0.4, gamma(563));
    both.push((*b"A2B0", b"mft2\0\0\0\0\x03\x03\xff\0".to_vec()));
    let refused = neutral(&profile(2, b"mntr", b"RGB ", &both)).unwrap_err();
    assert_eq!(refused.code(), Code::Malformed);
    let mut extra = matrix(0.4, gamma(563));
    extra.push((*b"view", b"view\0\0\0\0CANARY".to_vec()));
    assert_eq!(tag(&clean(&profile(2, b"mntr", b"RGB ", &extra)), b"view"), None);
    assert_eq!(neutral(&vec![0; (32 << 20) + 1]).unwrap_err().code(), Code::Limit);
}

#[test]
fn a_policy_may_keep_the_texts() {
    for major in [2, 4] {
        let dirty = profile(major, b"mntr", b"RGB ", &matrix(0.4, gamma(563)));
        let kept = neutral_with_text(&dirty).unwrap().unwrap();
        assert_eq!(text(tag(&kept, b"desc").unwrap()).unwrap(), "CANARY's display");
        assert_eq!(text(tag(&kept, b"cprt").unwrap()).unwrap(), "CANARY Inc.");
        assert_eq!(tag(&kept, b"dmnd"), None);
        assert_eq!(neutral_with_text(&kept).unwrap().unwrap(), kept);
    }
}

proptest! {
    #[test]
    fn any_bytes_end_well(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut bytes = bytes;
        neutral(&bytes).ok();
        if bytes.len() > 40 {
            bytes[36..40].copy_from_slice(b"acsp");
        }
        if let Ok(Some(out)) = neutral(&bytes) {
            prop_assert_eq!(neutral(&out).unwrap(), Some(out));
        }
        is_personal(&bytes);
    }

    #[test]
    fn a_profile_with_any_byte_changed_ends_well(at in 0usize..700, to in any::<u8>(), major in 2u8..6) {
        let mut bytes = profile(major, b"mntr", b"RGB ", &matrix(0.4, gamma(563)));
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(Some(out)) = neutral(&bytes) {
            prop_assert!(out.len() <= bytes.len() + 200);
            prop_assert_eq!(neutral(&out).unwrap(), Some(out));
        }
    }
}
