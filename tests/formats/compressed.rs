//! BZIP2, XZ, Zstandard and LZ4: one file each, cleaned inside and packed again only where it changes.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::clean::{self, Job};
use metascrub::policy::{Limits, Policy};
use metascrub::refusal::Code;
use metascrub::source::{Memory, Spool};

const TEXT: &[u8] = b"KEEPME this text stays, this text stays\n";

/// A file that changes when it is cleaned: gzip with something behind it.
fn dirty() -> Vec<u8> {
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    e.write_all(TEXT).unwrap();
    [e.finish().unwrap(), b"CANARY behind".to_vec()].concat()
}

struct Kind {
    ending: &'static str,
    pack: fn(&[u8]) -> Vec<u8>,
    unpack: fn(&[u8]) -> Vec<u8>,
}

fn kinds() -> [Kind; 4] {
    [
        Kind {
            ending: "bz2",
            pack: |b| {
                let mut e = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                e.write_all(b).unwrap();
                e.finish().unwrap()
            },
            unpack: |b| all(bzip2::read::MultiBzDecoder::new(b)),
        },
        Kind {
            ending: "xz",
            pack: |b| {
                let mut e = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
                e.write_all(b).unwrap();
                e.finish().unwrap()
            },
            unpack: |b| all(lzma_rust2::XzReader::new(b, true)),
        },
        Kind {
            ending: "zst",
            pack: |b| ruzstd::encoding::compress_to_vec(b, ruzstd::encoding::CompressionLevel::Fastest),
            unpack: |b| all(ruzstd::decoding::StreamingDecoder::new(b).unwrap()),
        },
        Kind {
            ending: "lz4",
            pack: |b| {
                let mut e = lz4_flex::frame::FrameEncoder::with_frame_info(
                    lz4_flex::frame::FrameInfo::new().content_checksum(true),
                    Vec::new(),
                );
                e.write_all(b).unwrap();
                e.finish().unwrap()
            },
            unpack: |b| all(lz4_flex::frame::FrameDecoder::new(b)),
        },
    ]
}

fn all(mut from: impl Read) -> Vec<u8> {
    let mut out = Vec::new();
    from.read_to_end(&mut out).unwrap();
    out
}

fn skippable(number: u8, data: &[u8]) -> Vec<u8> {
    [&[number, 0x2a, 0x4d, 0x18][..], &(data.len() as u32).to_le_bytes(), data].concat()
}

#[test]
fn nothing_to_remove() {
    for kind in kinds() {
        let once = (kind.pack)(TEXT);
        scrub(&format!("a.txt.{}", kind.ending), &once).unwrap().unchanged();
        scrub(&format!("a.txt.{}", kind.ending), &[once.clone(), once].concat()).unwrap().unchanged();
        scrub(&format!("a.txt.{}", kind.ending), &(kind.pack)(b"")).unwrap().unchanged();
    }
}

#[test]
fn everything_at_once() {
    for kind in kinds() {
        let bytes = dirty();
        let (left, right) = bytes.split_at(bytes.len() / 2);
        let whole = (kind.pack)(&bytes);
        let parts = [(kind.pack)(left), (kind.pack)(right)].concat();
        for packed in [whole, parts] {
            let clean = scrub(&format!("a.txt.gz.{}", kind.ending), &packed).unwrap();
            let inner = (kind.unpack)(&clean.bytes);
            assert!(find_secret(&inner, "CANARY").is_none(), "{}", kind.ending);
            assert_eq!(all(flate2::read::GzDecoder::new(&inner[..])), TEXT, "{}", kind.ending);
        }
    }
}

#[test]
fn truncated() {
    for kind in kinds() {
        let name = format!("a.txt.{}", kind.ending);
        let bytes = (kind.pack)(TEXT);
        truncate_everywhere(&name, &bytes, 1);
        assert_eq!(refusal(&name, &bytes[..bytes.len() - 2]).code(), Code::Malformed, "{name}");
    }
}

#[test]
fn out_of_order() {
    for ending in ["zst", "lz4"] {
        let kind = kinds().into_iter().find(|k| k.ending == ending).unwrap();
        let bytes =
            [(kind.pack)(TEXT), skippable(0x53, b"CANARY between"), (kind.pack)(TEXT), skippable(0x50, b"CANARY last")].concat();
        let clean = scrub(&format!("a.txt.{ending}"), &bytes).unwrap();
        clean.had_secrets().tells_nothing().found("skippable frame");
        assert_eq!(clean.bytes, [(kind.pack)(TEXT), (kind.pack)(TEXT)].concat());
    }
}

#[test]
fn hidden_at_the_end() {
    for kind in kinds() {
        let name = format!("a.txt.{}", kind.ending);
        let bytes = [(kind.pack)(TEXT), b"CANARY behind the end".to_vec()].concat();
        match kind.ending {
            "bz2" => assert_eq!(scrub(&name, &bytes).unwrap().tells_nothing().bytes, (kind.pack)(TEXT)),
            _ => assert_eq!(refusal(&name, &bytes).code(), Code::Malformed, "{name}"),
        }
    }
    let xz = &kinds()[1];
    let padded = [(xz.pack)(TEXT), vec![0; 8]].concat();
    assert_eq!(scrub("a.txt.xz", &padded).unwrap().bytes, (xz.pack)(TEXT));
}

#[test]
fn damaged_content_is_refused() {
    for kind in kinds() {
        let name = format!("a.txt.{}", kind.ending);
        let mut bytes = (kind.pack)(TEXT);
        let at = bytes.len() / 2;
        bytes[at] ^= 0x10;
        assert!(scrub(&name, &bytes).is_err(), "{name}");
    }
}

#[test]
fn bombs_are_limited() {
    let limits = Limits { ratio: 50, ..Limits::default() };
    let policy = Policy::default();
    for kind in kinds() {
        let name = format!("a.txt.{}", kind.ending);
        let job = Job::new(&policy, &limits, &name, &Spool::default_dir());
        let bomb = (kind.pack)(&vec![b'a'; 4 << 20]);
        assert_eq!(clean::to_spool(&job, &Memory::shared(bomb)).err().unwrap().code(), Code::Limit, "{name}");
    }
}

/// What is packed anew is fine to the programs of the formats' makers, where they are installed.
#[test]
fn other_programs_unpack_what_we_pack() {
    let programs = [("bz2", "bzip2"), ("xz", "xz"), ("zst", "zstd"), ("lz4", "lz4")];
    for kind in kinds() {
        let clean = scrub(&format!("a.txt.gz.{}", kind.ending), &(kind.pack)(&dirty())).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(format!("a.{}", kind.ending));
        std::fs::write(&path, &clean.bytes).unwrap();
        let (_, program) = programs.into_iter().find(|(ending, _)| *ending == kind.ending).unwrap();
        let Ok(ran) = std::process::Command::new(program).arg("-dc").arg(&path).output() else { continue };
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.stdout, (kind.unpack)(&clean.bytes), "{program}");
    }
}

#[test]
fn legacy_frames_of_lz4_are_refused_by_name() {
    let block = lz4_flex::block::compress(TEXT);
    let bytes = [&[0x02, 0x21, 0x4c, 0x18][..], &(block.len() as u32).to_le_bytes(), &block].concat();
    let why = refusal("a.txt.lz4", &bytes);
    assert!(why.code() == Code::Unsupported && why.to_string().contains("legacy"), "{why}");
}
