//! HEIF and AVIF. The bytes are made here, box by box; coded pictures are words, which no one decodes.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

pub fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

pub fn full(kind: &[u8; 4], version: u8, flags: u32, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&(u32::from(version) << 24 | flags).to_be_bytes()[..], body].concat())
}

pub fn hdlr(kind: &[u8; 4], name: &str) -> Vec<u8> {
    full(b"hdlr", 0, 0, &[&[0; 4], &kind[..], &[0; 12], name.as_bytes(), &[0]].concat())
}

fn infe(number: u16, kind: &[u8; 4], name: &str, hidden: u32) -> Vec<u8> {
    full(b"infe", 2, hidden, &[&number.to_be_bytes(), &[0, 0], &kind[..], name.as_bytes(), &[0]].concat())
}

fn mime(number: u16, about: &str) -> Vec<u8> {
    full(b"infe", 2, 1, &[&number.to_be_bytes(), &[0, 0], &b"mime\0"[..], about.as_bytes(), &[0]].concat())
}

fn refer(kind: &[u8; 4], from: u16, to: &[u16]) -> Vec<u8> {
    let to: Vec<u8> = to.iter().flat_map(|n| n.to_be_bytes()).collect();
    boxed(kind, &[&from.to_be_bytes(), &((to.len() / 2) as u16).to_be_bytes(), &to[..]].concat())
}

fn exif(make: &str) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 0];
    out.extend(b"MM\0*\0\0\0\x08\0\x01\x01\x0f\0\x02");
    out.extend((make.len() as u32 + 1).to_be_bytes());
    out.extend([0, 0, 0, 26, 0, 0, 0, 0]);
    out.extend(make.bytes());
    out.push(0);
    out
}

/// A file in the making.
#[derive(Default)]
struct Heif {
    infe: Vec<Vec<u8>>,
    refs: Vec<Vec<u8>>,
    properties: Vec<Vec<u8>>,
    /// Item, and its associations as bytes.
    has: Vec<(u16, Vec<u8>)>,
    /// What lies in `mdat`: an item number, or 0 for bytes of nobody.
    data: Vec<(u16, Vec<u8>)>,
    more: Vec<u8>,
    after: Vec<u8>,
    brand: Option<[u8; 4]>,
}

impl Heif {
    /// One picture with a size and a configuration.
    fn picture() -> Heif {
        Heif {
            infe: vec![infe(1, b"hvc1", "", 0)],
            properties: vec![boxed(b"hvcC", &[0; 23]), full(b"ispe", 0, 0, &[0, 0, 0, 64, 0, 0, 0, 48])],
            has: vec![(1, vec![0x81, 2])],
            data: vec![(1, b"KEEPME picture".to_vec())],
            ..Heif::default()
        }
    }

    fn item(&mut self, infe: Vec<u8>, number: u16, data: &[u8]) -> &mut Heif {
        self.infe.push(infe);
        self.data.push((number, data.to_vec()));
        self
    }

    fn build_at(&self, mdat: u32) -> Vec<u8> {
        let brand = self.brand.unwrap_or(*b"heic");
        let ipma: Vec<u8> = self.has.iter().flat_map(|(n, h)| [&n.to_be_bytes()[..], &[h.len() as u8], h].concat()).collect();
        let iprp = [
            boxed(b"ipco", &self.properties.concat()),
            full(b"ipma", 0, 0, &[&(self.has.len() as u32).to_be_bytes()[..], &ipma].concat()),
        ];
        let (mut at, mut count, mut places) = (mdat, 0u16, Vec::new());
        for (number, data) in &self.data {
            if *number > 0 {
                count += 1;
                places.extend([&number.to_be_bytes()[..], &[0, 0, 0, 1]].concat());
                places.extend([at.to_be_bytes(), (data.len() as u32).to_be_bytes()].concat());
            }
            at += data.len() as u32;
        }
        let iref = if self.refs.is_empty() { Vec::new() } else { full(b"iref", 0, 0, &self.refs.concat()) };
        let meta = [
            hdlr(b"pict", ""),
            full(b"pitm", 0, 0, &[0, 1]),
            full(b"iinf", 0, 0, &[&(self.infe.len() as u16).to_be_bytes()[..], &self.infe.concat()].concat()),
            iref,
            boxed(b"iprp", &iprp.concat()),
            full(b"iloc", 0, 0, &[&[0x44, 0][..], &count.to_be_bytes(), &places].concat()),
            self.more.clone(),
        ];
        let ftyp = boxed(b"ftyp", &[&brand[..], &[0; 4], &brand, b"mif1"].concat());
        [ftyp, full(b"meta", 0, 0, &meta.concat())].concat()
    }

    fn build(&self) -> Vec<u8> {
        let head = self.build_at(0).len() as u32 + 8;
        let data: Vec<u8> = self.data.iter().flat_map(|(_, d)| d.clone()).collect();
        [self.build_at(head), boxed(b"mdat", &data), self.after.clone()].concat()
    }
}

/// A picture with everything around it.
fn everything() -> Heif {
    let mut f = Heif::picture();
    f.infe[0] = infe(1, b"hvc1", "CANARY name", 0);
    f.data.insert(0, (0, b"CANARY orphan".to_vec()));
    f.item(infe(2, b"Exif", "", 1), 2, &exif("CANARY Make"));
    f.item(mime(3, "application/rdf+xml"), 3, b"<x>CANARY xmp</x>");
    f.item(infe(4, b"hvc1", "", 1), 4, b"CANARY thumbnail");
    f.item(infe(5, b"hvc1", "", 1), 5, b"CANARY depth");
    f.item(infe(6, b"hvc1", "", 1), 6, b"KEEPME alpha");
    f.item(infe(7, b"jumb", "", 1), 7, b"CANARY claim");
    f.refs = vec![
        refer(b"cdsc", 2, &[1]),
        refer(b"cdsc", 3, &[1]),
        refer(b"thmb", 4, &[1]),
        refer(b"auxl", 5, &[1]),
        refer(b"auxl", 6, &[1]),
        refer(b"prem", 1, &[6]),
    ];
    f.properties.push(full(b"auxC", 0, 0, b"urn:mpeg:hevc:2015:auxid:2\0CANARY sub"));
    f.properties.push(full(b"auxC", 0, 0, b"urn:mpeg:hevc:2015:auxid:1\0"));
    f.properties.push(full(b"udes", 0, 0, b"en\0CANARY title\0CANARY\0\0"));
    f.properties.push(boxed(b"free", b"CANARY"));
    f.properties.push(boxed(b"irot", &[3]));
    f.has = vec![(1, vec![0x81, 2, 5, 0x87]), (4, vec![0x81, 2]), (5, vec![0x81, 2, 3]), (6, vec![0x81, 2, 4])];
    f.more = boxed(b"free", b"CANARY free");
    f.after = [boxed(b"free", b"CANARY"), boxed(b"uuid", b"CANARYCANARYCANARY"), b"CANARY end".to_vec()].concat();
    f
}

fn has(clean: &Clean, needle: &[u8]) -> bool {
    memchr::memmem::find(&clean.bytes, needle).is_some()
}

#[test]
fn truncated() {
    truncate_everywhere("a.heic", &everything().build(), 7);
}

#[test]
fn nothing_to_remove() {
    scrub("a.heic", &Heif::picture().build()).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.heic", &everything().build()).unwrap();
    clean.had_secrets().changed().tells_nothing();
    assert!(has(&clean, b"KEEPME picture") && has(&clean, b"KEEPME alpha") && has(&clean, b"irot"));
    clean.found("thumbnail");
    clean.found("depth map");
    clean.found("item name");
}

#[test]
fn hidden_at_the_end() {
    let mut f = Heif::picture();
    for after in
        [b"CANARY".to_vec(), boxed(b"CNRY", b"CANARY"), b"\0\0\0\x01mdatCANARY".to_vec(), b"\xff\0\0\0mdatCANARY".to_vec()]
    {
        f.after = after;
        let clean = scrub("a.heic", &f.build()).unwrap();
        clean.tells_nothing().changed();
        assert_eq!(clean.bytes, Heif::picture().build());
    }
}

#[test]
fn out_of_order() {
    // Media in front of the index, and items in another order than their bytes.
    let mut f = everything();
    f.data.reverse();
    let data: Vec<u8> = f.data.iter().flat_map(|(_, d)| d.clone()).collect();
    let file = f.build_at(24 + 8);
    let file = [&file[..24], &boxed(b"mdat", &data)[..], &file[24..]].concat();
    let clean = scrub("a.heic", &file).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(has(&clean, b"KEEPME picture") && has(&clean, b"KEEPME alpha"));
}

#[test]
fn a_grid_keeps_its_tiles_in_order() {
    let mut f = Heif::picture();
    f.infe = vec![infe(1, b"grid", "", 0), infe(2, b"hvc1", "", 1), infe(3, b"hvc1", "", 1)];
    f.refs = vec![refer(b"dimg", 1, &[3, 2])];
    f.data = vec![(2, b"KEEPME two".to_vec()), (3, b"KEEPME three".to_vec()), (1, vec![0, 0, 0, 1, 0, 128, 0, 48])];
    f.has = vec![(1, vec![2]), (2, vec![0x81, 2]), (3, vec![0x81, 2])];
    scrub("a.heic", &f.build()).unwrap().unchanged();
    f.refs = vec![refer(b"dimg", 1, &[3, 9])];
    assert_eq!(refusal("a.heic", &f.build()).code(), Code::Malformed);
}

#[test]
fn shared_bytes_stay_shared() {
    let mut f = Heif::picture();
    f.item(infe(2, b"Exif", "", 1), 2, b"");
    let mut file = f.build();
    // The Exif item claims the bytes of the picture: they are the picture's.
    let at = memchr::memmem::find(&file, b"KEEPME").unwrap() as u32;
    let iloc = memchr::memmem::rfind(&file, &[0, 2, 0, 0, 0, 1]).unwrap();
    file[iloc + 6..iloc + 10].copy_from_slice(&at.to_be_bytes());
    file[iloc + 10..iloc + 14].copy_from_slice(&14u32.to_be_bytes());
    let clean = scrub("a.heic", &file).unwrap();
    assert!(has(&clean, b"KEEPME picture"));
}

#[test]
fn policies_are_obeyed() {
    let with = |token, keep| scrub_under(&Policy::default().with(token, keep), "a.heic", &everything().build()).unwrap();
    assert!(has(&with(Token::Thumbnails, true), b"CANARY thumbnail"));
    assert!(has(&with(Token::Depth, true), b"CANARY depth"));
    let mut f = Heif::picture();
    f.item(infe(2, b"hvc1", "", 0), 2, b"KEEPME burst");
    f.has.push((2, vec![0x81, 2]));
    scrub("a.heic", &f.build()).unwrap().unchanged();
    let clean = scrub_under(&Policy::strict(), "a.heic", &f.build()).unwrap();
    assert!(!has(&clean, b"KEEPME burst"));
}

#[test]
fn apples_gain_map_keeps_two_numbers() {
    let mut f = Heif::picture();
    f.item(infe(2, b"hvc1", "", 1), 2, b"KEEPME gain");
    let xmp = "<rdf:Description HDRGainMap:HDRGainMapVersion=\"131072\" HDRGainMap:HDRGainMapHeadroom=\"3.5\" x:who=\"CANARY\"/>";
    f.item(mime(3, "application/rdf+xml"), 3, xmp.as_bytes());
    f.refs = vec![refer(b"auxl", 2, &[1]), refer(b"cdsc", 3, &[2])];
    f.properties.push(full(b"auxC", 0, 0, b"urn:com:apple:photo:2020:aux:hdrgainmap\0"));
    f.has.push((2, vec![0x81, 2, 3]));
    let clean = scrub("a.heic", &f.build()).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(has(&clean, b"KEEPME gain") && has(&clean, b"HDRGainMapHeadroom=\"3.5\"") && has(&clean, b"=\"131072\""));
    let clean = scrub_under(&Policy::default().with(Token::GainMap, false), "a.heic", &f.build()).unwrap();
    assert!(!has(&clean, b"gain") && !has(&clean, b"HDRGainMap"));
}

#[test]
fn messages_of_the_encoder_leave_the_configuration() {
    let mut f = Heif::picture();
    let mut body = vec![0; 22];
    body.extend([2, 0x20, 0, 1, 0, 4, 0x40, 1, 12, 1]);
    body.extend([0x27, 0, 1, 0, 16, 0x4e, 1, 5, 12]);
    body.extend(b"CANARY x265 ");
    f.properties[0] = boxed(b"hvcC", &body);
    scrub("a.heic", &f.build()).unwrap().had_secrets().tells_nothing();
}

#[test]
fn lies_are_refused() {
    let file = everything().build();
    let refuse = |from: &[u8], to: &[u8]| {
        let at = memchr::memmem::find(&file, from).unwrap();
        let mut bad = file.clone();
        bad[at..at + to.len()].copy_from_slice(to);
        refusal("a.heic", &bad).code()
    };
    // A primary picture that is not there, a picture that is metadata, a codec that nobody knows.
    assert_eq!(refuse(b"pitm\0\0\0\0\0\x01", b"pitm\0\0\0\0\0\x63"), Code::Malformed);
    assert_eq!(refuse(b"pitm\0\0\0\0\0\x01", b"pitm\0\0\0\0\0\x02"), Code::Unsupported);
    assert_eq!(refuse(b"hvc1", b"zzz1"), Code::Unsupported);
    // A picture past the end, one whose property is not there, two primary pictures.
    assert_eq!(refuse(b"\0\x01\0\0\0\x01\0\0", b"\0\x01\0\0\0\x01\x7f\xff"), Code::Malformed);
    assert_eq!(refuse(b"\0\x01\x04\x81\x02", b"\0\x01\x04\xff\x02"), Code::Malformed);
}

#[test]
fn an_essential_property_that_nobody_knows_is_refused() {
    let mut f = Heif::picture();
    f.properties.push(boxed(b"zzzz", b"?"));
    f.has[0].1.push(0x83);
    assert_eq!(refusal("a.heic", &f.build()).code(), Code::UnknownCritical);
    f.has[0].1[2] = 3;
    scrub("a.heic", &f.build()).unwrap().changed();
}

/// Changes bytes here and there, by a fixed sequence, and demands a refusal or a proved result.
pub fn surprise(name: &str, file: &[u8], rounds: u32) {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..rounds {
        let mut bad = file.to_vec();
        for _ in 0..=next(3) {
            let at = next(bad.len());
            bad[at] = match next(4) {
                0 => 0,
                1 => 0xff,
                2 => bad[at] ^ 1 << next(8),
                _ => next(256) as u8,
            };
        }
        if let Err(r) = scrub(name, &bad) {
            assert!(!matches!(r.code(), Code::Internal | Code::Damaged | Code::Leftover), "{name}, round {round}: {r}");
        }
    }
}

#[test]
fn flipped_bytes_are_no_surprise() {
    surprise("a.heic", &everything().build(), 500);
    surprise("a.heic", &Heif::picture().build(), 500);
    let sample = |name: &str| std::fs::read(root().join("samples").join(name)).unwrap();
    surprise("a.heic", &sample("heif/dirty.heic"), 500);
    surprise("a.avif", &sample("avif/dirty.avif"), 500);
}

#[test]
fn other_eyes_look_at_the_result() {
    let clean = scrub("a.heic", &everything().build()).unwrap();
    assert_eq!(clean.cleaned.witnesses(), ["second box reader", "kamadak-exif"]);
}
