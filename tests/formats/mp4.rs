//! MP4 and QuickTime. The bytes are made here, box by box; samples are words, which no one decodes.

use crate::heif::{boxed, full, hdlr};
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn be32(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn tkhd(number: u32, duration: u32, flags: u32) -> Vec<u8> {
    full(b"tkhd", 0, flags, &[be32(&[0, 0, number, 0, duration]), vec![0; 60]].concat())
}

/// A sample description with nothing but what must be there.
fn entry(handler: &[u8; 4], format: &[u8; 4], inside: &[u8]) -> Vec<u8> {
    let fixed: usize = match handler {
        b"vide" => 78,
        b"soun" => 28,
        _ => 8,
    };
    let mut body = vec![0; fixed];
    body[7] = 1;
    if handler == b"vide" {
        body[75] = 24;
        body[76..78].fill(0xff);
    }
    boxed(format, &[&body[..], inside].concat())
}

#[derive(Clone)]
struct Track {
    number: u32,
    handler: [u8; 4],
    entry: Vec<u8>,
    samples: Vec<Vec<u8>>,
    flags: u32,
    duration: u32,
    more: Vec<u8>,
    wide: bool,
}

fn track(number: u32, handler: &[u8; 4], format: &[u8; 4], samples: &[&str]) -> Track {
    let samples = samples.iter().map(|s| s.as_bytes().to_vec()).collect();
    let entry = entry(handler, format, b"");
    Track { number, handler: *handler, entry, samples, flags: 7, duration: 1000, more: Vec::new(), wide: false }
}

impl Track {
    fn build(&self, places: &[u64]) -> Vec<u8> {
        let sizes: Vec<u32> = self.samples.iter().map(|s| s.len() as u32).collect();
        let count = sizes.len() as u32;
        let table = match self.wide {
            true => [be32(&[count]), places.iter().flat_map(|p| p.to_be_bytes()).collect()].concat(),
            false => [be32(&[count]), be32(&places.iter().map(|p| *p as u32).collect::<Vec<u32>>())].concat(),
        };
        let stbl = [
            full(b"stsd", 0, 0, &[be32(&[1]), self.entry.clone()].concat()),
            full(b"stts", 0, 0, &be32(&[1, count, 10])),
            full(b"stsc", 0, 0, &be32(&[1, 1, 1, 1])),
            full(b"stsz", 0, 0, &[be32(&[0, count]), be32(&sizes)].concat()),
            full(if self.wide { b"co64" } else { b"stco" }, 0, 0, &table),
        ];
        let dinf = boxed(b"dinf", &full(b"dref", 0, 0, &[be32(&[1]), full(b"url ", 0, 1, b"")].concat()));
        let minf = [full(b"nmhd", 0, 0, b""), dinf, boxed(b"stbl", &stbl.concat())].concat();
        let mdhd = full(b"mdhd", 0, 0, &be32(&[0, 0, 1000, 1000, 0x55c4_0000]));
        let mdia = [mdhd, hdlr(&self.handler, ""), boxed(b"minf", &minf)].concat();
        boxed(b"trak", &[tkhd(self.number, self.duration, self.flags), self.more.clone(), boxed(b"mdia", &mdia)].concat())
    }
}

/// A file in the making; samples lie in turn, one of each track.
#[derive(Default, Clone)]
struct Movie {
    tracks: Vec<Track>,
    /// Bytes of nobody, in front of the samples.
    orphan: Vec<u8>,
    more: Vec<u8>,
    after: Vec<u8>,
    media_first: bool,
    now: u32,
}

impl Movie {
    fn of(tracks: Vec<Track>) -> Movie {
        Movie { tracks, ..Movie::default() }
    }

    fn build_at(&self, at: u64) -> (Vec<u8>, Vec<u8>) {
        let mut data = self.orphan.clone();
        let mut places = vec![Vec::new(); self.tracks.len()];
        let most = self.tracks.iter().map(|t| t.samples.len()).max().unwrap_or(0);
        for i in 0..most {
            for (t, places) in self.tracks.iter().zip(&mut places) {
                if let Some(sample) = t.samples.get(i) {
                    places.push(at + data.len() as u64);
                    data.extend(sample);
                }
            }
        }
        let longest = self.tracks.iter().map(|t| t.duration).max().unwrap_or(0);
        let mut moov = full(
            b"mvhd",
            0,
            0,
            &[be32(&[self.now, self.now, 1000, longest, 0x10000]), vec![1, 0], vec![0; 70], be32(&[9])].concat(),
        );
        for (t, places) in self.tracks.iter().zip(&places) {
            moov.extend(t.build(places));
        }
        moov.extend(&self.more);
        (boxed(b"moov", &moov), data)
    }

    fn build(&self) -> Vec<u8> {
        let ftyp = boxed(b"ftyp", b"isom\0\0\0\0isomqt  ");
        let before = if self.media_first { 0 } else { self.build_at(0).0.len() };
        let (moov, data) = self.build_at((ftyp.len() + before + 8) as u64);
        let mdat = boxed(b"mdat", &data);
        let parts = if self.media_first { [ftyp, mdat, moov] } else { [ftyp, moov, mdat] };
        [parts.concat(), self.after.clone()].concat()
    }
}

fn film() -> Movie {
    Movie::of(vec![track(1, b"vide", b"avc1", &["KEEPME a", "KEEPME b"]), track(2, b"soun", b"mp4a", &["KEEPME c", "KEEPME d"])])
}

fn everything() -> Movie {
    let mut m = film();
    m.tracks.push(Track { duration: 9000, ..track(3, b"meta", b"gpmd", &["CANARY gps 1", "CANARY gps 2"]) });
    m.tracks.push(track(4, b"tmcd", b"tmcd", &["CANARY tc"]));
    m.tracks[0].more = boxed(b"tref", &boxed(b"tmcd", &be32(&[4])));
    m.tracks[0].entry = entry(b"vide", b"avc1", &boxed(b"CNRY", b"CANARY"));
    m.tracks[0].entry[50..56].copy_from_slice(b"CANARY");
    m.tracks[1].more = boxed(b"udta", &boxed(b"name", b"CANARY"));
    m.orphan = b"CANARY orphan".to_vec();
    m.now = 0x4341_4e41;
    m.more = [
        boxed(b"udta", &[boxed(b"\xa9xyz", b"CANARY+1-2/"), vec![0; 4]].concat()),
        full(b"meta", 0, 0, &[hdlr(b"mdta", "CANARY"), boxed(b"keys", b"CANARY")].concat()),
        boxed(b"uuid", b"CANARYCANARYCANARY"),
        boxed(b"iods", b"CANARY"),
    ]
    .concat();
    m.after = [boxed(b"free", b"CANARY"), boxed(b"skip", b"CANARY"), boxed(b"CNRY", b"CANARY"), b"CANARY".to_vec()].concat();
    m
}

fn has(clean: &Clean, needle: &[u8]) -> bool {
    memchr::memmem::find(&clean.bytes, needle).is_some()
}

/// The samples of a track as its tables find them in the result.
fn samples(file: &[u8], nth: usize) -> Vec<Vec<u8>> {
    let find = |kind: &[u8]| memchr::memmem::find_iter(file, kind).nth(nth).unwrap();
    let word = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let (stsz, stco) = (find(b"stsz"), find(b"stco"));
    (0..word(stco + 8)).map(|i| file[word(stco + 12 + 4 * i)..][..word(stsz + 16 + 4 * i)].to_vec()).collect()
}

#[test]
fn truncated() {
    truncate_everywhere("a.mp4", &everything().build(), 13);
}

#[test]
fn nothing_to_remove() {
    let mut m = film();
    scrub("a.mp4", &m.build()).unwrap().unchanged();
    m.media_first = true;
    m.tracks[0].wide = true;
    scrub("a.mp4", &m.build()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for media_first in [false, true] {
        let clean = scrub("a.mp4", &Movie { media_first, ..everything() }.build()).unwrap();
        clean.had_secrets().changed().tells_nothing();
        assert_eq!(samples(&clean.bytes, 0), [b"KEEPME a", b"KEEPME b"]);
        assert_eq!(samples(&clean.bytes, 1), [b"KEEPME c", b"KEEPME d"]);
        clean.found("GoPro telemetry with positions: 2 samples");
        clean.found("duration of a track that goes");
        clean.found("creation time");
    }
}

#[test]
fn hidden_at_the_end() {
    let odd = [&b"\x7f\0\0\0freeCANARY"[..], b"\0\0\0\x05CANARY padding", b"\0\0\0\0\0\0\0\0CANARY", b"\0\0\0\0skipCANARY"];
    let boxes = [b"CANARY".to_vec(), boxed(b"free", b"CANARY"), boxed(b"mdat", b"CANARY")];
    for after in odd.iter().map(|b| b.to_vec()).chain(boxes) {
        let clean = scrub("a.mp4", &Movie { after, ..film() }.build()).unwrap();
        clean.had_secrets().tells_nothing();
        assert_eq!(clean.bytes, film().build());
    }
}

#[test]
fn out_of_order() {
    // The tables stand in another order, and the second chunk in front of the first.
    let mut m = everything();
    m.tracks.reverse();
    let mut file = m.build();
    let stco = memchr::memmem::rfind(&file, b"stco").unwrap() + 12;
    let (a, b) = (file[stco..stco + 4].to_vec(), file[stco + 4..stco + 8].to_vec());
    file[stco..stco + 8].copy_from_slice(&[b, a].concat());
    let clean = scrub("a.mp4", &file).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(samples(&clean.bytes, 1), [b"KEEPME b", b"KEEPME a"]);
}

#[test]
fn shared_samples_stay_shared() {
    let mut file = film().build();
    let places: Vec<usize> = memchr::memmem::find_iter(&file, b"stco").map(|p| p + 12).collect();
    let first = file[places[0]..places[0] + 8].to_vec();
    file[places[1]..places[1] + 8].copy_from_slice(&first);
    let clean = scrub("a.mp4", &file).unwrap();
    assert_eq!(samples(&clean.bytes, 0), samples(&clean.bytes, 1));
    assert!(!has(&clean, b"KEEPME c"), "what no track refers to any more must go");
}

#[test]
fn subtitles_stay_and_telemetry_in_them_goes() {
    let words = ["\0\x0cKEEPME hello", "\0\x0cKEEPME world"];
    let telling = ["\0\x20GPS(12.3456,65.4321,18) CANARY 12", "\0\x20GPS(12.3457,65.4322,18) CANARY 13"];
    let mut m = film();
    m.tracks.push(track(3, b"sbtl", b"tx3g", &words));
    let clean = scrub("a.mp4", &m.build()).unwrap();
    assert!(has(&clean, b"KEEPME hello"));
    m.tracks[2] = track(3, b"sbtl", b"tx3g", &telling);
    let clean = scrub("a.mp4", &m.build()).unwrap();
    clean.had_secrets().tells_nothing().found("positions and camera data in subtitles");
}

#[test]
fn policies_are_obeyed() {
    let kept = |token| scrub_under(&Policy::default().with(token, true), "a.mp4", &everything().build()).unwrap();
    assert!(has(&kept(Token::TimedMetadata), b"CANARY gps 2"));
    assert!(has(&kept(Token::Timecode), b"CANARY tc"));
    let mut m = film();
    m.tracks.push(Track { flags: 0, ..track(3, b"text", b"text", &["\0\x08KEEPME 1"]) });
    m.tracks[0].more = boxed(b"tref", &boxed(b"chap", &be32(&[3])));
    assert!(has(&scrub("a.mp4", &m.build()).unwrap(), b"KEEPME 1"));
    let clean = scrub_under(&Policy::strict(), "a.mp4", &m.build()).unwrap();
    assert!(has(&clean, b"\0\x08Chapter ") && !has(&clean, b"KEEPME 1"));
    let clean = scrub_under(&Policy::default().with(Token::Chapters, false), "a.mp4", &m.build()).unwrap();
    assert!(!has(&clean, b"KEEPME 1") && !has(&clean, b"tref"));
}

#[test]
fn numbers_for_gapless_playback_stay_alone() {
    let item = |name: &[u8], text: &[u8]| {
        let parts = [
            full(b"mean", 0, 0, b"com.apple.iTunes"),
            full(b"name", 0, 0, name),
            boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text].concat()),
        ];
        boxed(b"----", &parts.concat())
    };
    let list = |items: Vec<Vec<u8>>| {
        let meta = full(b"meta", 0, 0, &[hdlr(b"mdir", "CANARY"), boxed(b"ilst", &items.concat())].concat());
        boxed(b"udta", &meta)
    };
    let mut m = film();
    m.more = list(vec![item(b"iTunNORM", b"CANARY"), item(b"iTunSMPB", b" 00000000 00000840")]);
    let clean = scrub("a.m4a", &m.build()).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(has(&clean, b" 00000000 00000840"));
    m.more = list(vec![item(b"iTunSMPB", b"CANARY")]);
    scrub("a.m4a", &m.build()).unwrap().had_secrets().tells_nothing();
}

#[test]
fn bytes_behind_tables_go() {
    let file = film().build();
    // The table of times is made longer than its one entry: the rest is nobody's.
    let at = memchr::memmem::find(&file, b"stts").unwrap() - 4;
    let mut m = film();
    m.tracks[0].more = Vec::new();
    let mut long = file[..at].to_vec();
    long.extend(full(b"stts", 0, 0, &[be32(&[1, 2, 10]), b"CANARY..".to_vec()].concat()));
    long.extend(&file[at + 24..]);
    for around in [&b"moov"[..], b"trak", b"mdia", b"minf", b"stbl"] {
        let p = memchr::memmem::find(&long, around).unwrap() - 4;
        let size = u32::from_be_bytes(long[p..p + 4].try_into().unwrap()) + 8;
        long[p..p + 4].copy_from_slice(&size.to_be_bytes());
    }
    for p in memchr::memmem::find_iter(&long.clone(), b"stco").map(|p| p + 12) {
        for cell in [p, p + 4] {
            let place = u32::from_be_bytes(long[cell..cell + 4].try_into().unwrap()) + 8;
            long[cell..cell + 4].copy_from_slice(&place.to_be_bytes());
        }
    }
    let clean = scrub("a.mp4", &long).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, file);
}

/// Two fragments; the first track's data comes before the second's.
fn fragments(flags: u32) -> Vec<u8> {
    let mut m = Movie::of(vec![track(1, b"meta", b"mebx", &[]), track(2, b"vide", b"avc1", &[])]);
    let trex = |n: u32| full(b"trex", 0, 0, &be32(&[n, 1, 10, 8, 0]));
    m.more = boxed(b"mvex", &[trex(1), trex(2)].concat());
    let mut file = m.build();
    file.truncate(file.len() - 8);
    for _ in 0..2 {
        let start = file.len() as u64;
        let moof = |a: u32, b: u32| {
            let base = |n: u32| match flags {
                1 => full(b"tfhd", 0, 1, &[be32(&[n]), start.to_be_bytes().to_vec()].concat()),
                f => full(b"tfhd", 0, f, &be32(&[n])),
            };
            let first = [base(1), full(b"trun", 0, 1, &be32(&[2, a]))].concat();
            let second = [base(2), full(b"trun", 0, 0x201, &be32(&[2, b, 8, 7]))].concat();
            boxed(b"moof", &[full(b"mfhd", 0, 0, &be32(&[1])), boxed(b"traf", &first), boxed(b"traf", &second)].concat())
        };
        let at = moof(0, 0).len() as u32 + 8;
        file.extend(moof(at, at + 16));
        file.extend(boxed(b"mdat", b"CANARY 1CANARY 2KEEPME 1KEEPME2"));
    }
    file
}

#[test]
fn fragments_are_found_again() {
    for flags in [1, 0x2_0000] {
        let clean = scrub("a.mp4", &fragments(flags)).unwrap();
        clean.had_secrets().tells_nothing();
        let word = |at: usize| u32::from_be_bytes(clean.bytes[at..at + 4].try_into().unwrap()) as usize;
        for (moof, trun) in memchr::memmem::find_iter(&clean.bytes, b"moof").zip(memchr::memmem::find_iter(&clean.bytes, b"trun"))
        {
            let place = moof - 4 + word(trun + 12);
            assert_eq!(&clean.bytes[place..place + 15], b"KEEPME 1KEEPME2");
        }
    }
}

#[test]
fn lies_are_refused() {
    let file = film().build();
    let refuse = |from: &[u8], skip: usize, to: &[u8]| {
        let at = memchr::memmem::find(&file, from).unwrap() + skip;
        let mut bad = file.clone();
        bad[at..at + to.len()].copy_from_slice(to);
        refusal("a.mp4", &bad).code()
    };
    assert_eq!(refuse(b"stco", 12, &[0xff; 4]), Code::Malformed);
    assert_eq!(refuse(b"stco", 8, &[0xff; 4]), Code::Malformed);
    assert_eq!(refuse(b"stsz", 12, &[0xff; 4]), Code::Malformed);
    assert_eq!(refuse(b"stsz", 16, &[0xff; 4]), Code::Malformed);
    assert_eq!(refuse(b"stsz", 8, &[0xff; 4]), Code::Malformed);
    // Media that lies in the index.
    assert_eq!(refuse(b"stco", 12, &[0, 0, 0, 40]), Code::Malformed);
    assert_eq!(refuse(b"url \0\0\0", 7, &[0]), Code::Unsupported);
    assert_eq!(refuse(b"avc1", 0, b"encv"), Code::Drm);
    assert_eq!(refuse(b"mvhd", 0, b"cmov"), Code::Unsupported);
    assert_eq!(refusal("a.mp4", &[film().build(), boxed(b"pssh", b"x")].concat()).code(), Code::Drm);
    assert_eq!(refusal("a.mp4", &[film().build(), film().build()].concat()).code(), Code::Malformed);
}

#[test]
fn a_movie_of_nothing_but_telemetry_is_refused() {
    assert_eq!(refusal("a.mp4", &Movie::of(vec![track(1, b"meta", b"gpmd", &["x"])]).build()).code(), Code::Unsupported);
}

#[test]
fn flipped_bytes_are_no_surprise() {
    crate::heif::surprise("a.mp4", &everything().build(), 500);
    crate::heif::surprise("a.mp4", &fragments(1), 4000);
    crate::heif::surprise("a.mp4", &film().build(), 500);
    for name in ["mp4/film.mp4", "mp4/fragments.mp4", "mp4/clean.mp4"] {
        crate::heif::surprise("a.mp4", &std::fs::read(root().join("samples").join(name)).unwrap(), 500);
    }
}

/// A film whose first sample has an H.264 message unit with this payload, and a picture unit.
fn film_with_message(payload: &[u8]) -> Movie {
    let mut m = film();
    let mut unit = vec![6, 5, payload.len() as u8];
    unit.extend(payload);
    unit.push(0x80);
    let picture = b"\x65KEEPME a";
    let mut sample = (unit.len() as u32).to_be_bytes().to_vec();
    sample.extend(&unit);
    sample.extend((picture.len() as u32).to_be_bytes());
    sample.extend(picture);
    m.tracks[0].samples[0] = sample;
    m.tracks[0].entry = entry(b"vide", b"avc1", &boxed(b"avcC", &[1, 66, 0, 10, 0xff, 0xe0, 0]));
    m
}

#[test]
fn messages_in_the_video_become_filler() {
    // A camera's own message, with bytes that had to be escaped.
    let mut camera = b"\x17\xee\x8c\x60\xf8\x4d\x11\xd9\x8c\xd6\x08\x00\x20\x0c\x9a\x66MDPM CANARY".to_vec();
    camera.extend([0, 0, 3, 1, 0, 0, 3, 0, 9]);
    let mut m = film_with_message(&camera);
    // Two of the bytes are escapes and do not count.
    m.tracks[0].samples[0][6] -= 2;
    let clean = scrub("a.mp4", &m.build()).unwrap();
    clean.had_secrets().tells_nothing().found("camera data in the coded picture (date, place, settings)");
    let (before, after) = (&m.tracks[0].samples[0], &samples(&clean.bytes, 0)[0]);
    assert_eq!(before.len(), after.len());
    assert_eq!(after[4..7], [6, 3, camera.len() as u8]);
    assert!(after.ends_with(b"\x65KEEPME a") && after[7..7 + camera.len()].iter().all(|b| *b == 0xff));

    // One that only comes later is found as well.
    let picture = [&9u32.to_be_bytes()[..], b"\x65KEEPME a"].concat();
    let late = m.tracks[0].samples[0].clone();
    m.tracks[0].samples = vec![picture; 20];
    m.tracks[0].samples[17] = late;
    let clean = scrub("a.mp4", &m.build()).unwrap();
    clean.had_secrets().tells_nothing().found("camera data in the coded picture (date, place, settings)");

    // An encoder's signature stays unless the policy is strict.
    let banner = b"\xdc\x45\xe9\xbd\xe6\xd9\x48\xb7\x96\x2c\xd8\x20\xd9\x23\xee\xefx264 - CANARY";
    let m = film_with_message(banner);
    let clean = scrub("a.mp4", &m.build()).unwrap();
    clean.unchanged().found("encoder settings in the coded picture");
    scrub_under(&Policy::strict(), "a.mp4", &m.build()).unwrap().changed().tells_nothing();
}

#[test]
fn a_gps_track_is_told_in_plain_words() {
    let klv = |key: &[u8; 4], kind: u8, size: u8, body: &[u8]| {
        let repeat = (body.len() / usize::from(size.max(1))) as u16;
        let mut out = [&key[..], &[kind, size], &repeat.to_be_bytes(), body].concat();
        out.resize(out.len().next_multiple_of(4), 0);
        out
    };
    let point = |lat: i32, lon: i32| [lat, lon, 0, 0, 0].iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let scale: Vec<u8> = [10_000_000i32, 10_000_000, 1000, 1000, 100].iter().flat_map(|n| n.to_be_bytes()).collect();
    let gps = [point(377_700_000, -1_224_100_000), point(377_710_000, -1_224_110_000)].concat();
    let stream = [klv(b"SCAL", b'l', 4, &scale), klv(b"GPS5", b'l', 20, &gps)].concat();
    let stream = [klv(b"GPSU", b'U', 16, b"180131093412.500"), stream].concat();
    let device = [klv(b"DVNM", b'c', 1, b"HERO7 Black"), klv(b"STRM", 0, 1, &stream)].concat();
    let sample = klv(b"DEVC", 0, 1, &device);
    let mut m = film();
    let settings = [klv(b"DVNM", b'c', 1, b"Global Settings"), klv(b"CASN", b'c', 1, b"C3221324500000")].concat();
    m.more = boxed(b"udta", &boxed(b"GPMF", &klv(b"DEVC", 0, 1, &settings)));
    m.tracks.push(Track { samples: vec![sample.clone(), sample], ..track(3, b"meta", b"gpmd", &[]) });
    let clean = scrub("a.mp4", &m.build()).unwrap();
    assert_eq!(clean.found("GPS track").value.as_deref(), Some("4 points, 1 s, around 37.77, -122.41"));
    assert_eq!(clean.found("recorded on").value.as_deref(), Some("GoPro HERO7 Black"));
    assert_eq!(clean.found("camera serial number").value.as_deref(), Some("C3221324500000"));
    assert_eq!(clean.found("time of the first position").value.as_deref(), Some("2018-01-31 09:34:12"));
}

#[test]
fn cover_art_is_cleaned_like_a_file() {
    let sample = |name: &str| std::fs::read(root().join("samples").join(name)).unwrap();
    let with = |picture: &[u8]| {
        let data = boxed(b"data", &[&[0, 0, 0, 13, 0, 0, 0, 0], picture].concat());
        let items = [boxed(b"covr", &data), boxed(b"\xa9nam", b"CANARY")].concat();
        let meta = full(b"meta", 0, 0, &[hdlr(b"mdir", ""), boxed(b"ilst", &items)].concat());
        Movie { more: boxed(b"udta", &meta), ..film() }.build()
    };
    let clean = scrub("a.m4a", &with(&sample("avif/dirty.avif"))).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(has(&clean, b"KEEPME picture") && has(&clean, b"covr"));
    let clean = scrub_under(&Policy::strict(), "a.m4a", &with(&sample("avif/dirty.avif"))).unwrap();
    assert!(!has(&clean, b"covr"));
    // What nobody can clean goes.
    let clean = scrub("a.m4a", &with(b"\x01CANARY")).unwrap();
    clean.tells_nothing();
    assert!(!has(&clean, b"covr"));
}

#[test]
fn sizes_of_media_data_may_be_long_or_open() {
    // 64 bits, and "up to the end of the file".
    let media: Vec<u8> = b"KEEPME aKEEPME cKEEPME bKEEPME d".to_vec();
    let file = film().build();
    let at = memchr::memmem::find(&file, b"mdat").unwrap() - 4;
    let mut open = file[..at].to_vec();
    open.extend([&[0, 0, 0, 0], &b"mdat"[..], &media].concat());
    scrub("a.mp4", &open).unwrap().unchanged();
    let m = Movie { orphan: b"CANARY..".to_vec(), ..film() };
    let mut long = m.build();
    let at = memchr::memmem::find(&long, b"mdat").unwrap() - 4;
    // The eight bytes in front of the samples become the long size.
    long[at..at + 4].copy_from_slice(&[0, 0, 0, 1]);
    long[at + 8..at + 16].copy_from_slice(&(16 + media.len() as u64).to_be_bytes());
    scrub("a.mp4", &long).unwrap().unchanged();
}

#[test]
fn old_files_without_brands_are_known() {
    let file = film().build();
    let at = memchr::memmem::find(&file, b"moov").unwrap() - 4;
    let ftyp = at as u32;
    let mut old = file[at..].to_vec();
    for p in memchr::memmem::find_iter(&old.clone(), b"stco").map(|p| p + 12) {
        for cell in [p, p + 4] {
            let place = u32::from_be_bytes(old[cell..cell + 4].try_into().unwrap()) - ftyp;
            old[cell..cell + 4].copy_from_slice(&place.to_be_bytes());
        }
    }
    scrub("a.mov", &old).unwrap().unchanged();
}

#[test]
fn the_track_that_ties_a_live_photo_to_its_picture_is_named() {
    let mut still = track(1, b"meta", b"mebx", &["CANARY"]);
    still.entry = entry(b"meta", b"mebx", &boxed(b"keyd", b"mdtacom.apple.quicktime.still-image-time"));
    let film = Movie::of(vec![still, track(2, b"vide", b"avc1", &["KEEPME"])]).build();
    let clean = scrub("a.mov", &film).unwrap();
    clean.had_secrets().tells_nothing().found("Live Photo still image time");
}

#[test]
fn film_with_dates_in_every_frame_is_refused() {
    let mut m = film();
    m.tracks[0].entry = entry(b"vide", b"dvcp", &[]);
    assert_eq!(refusal("a.mov", &m.build()).code(), Code::NeedsResidual);
}
