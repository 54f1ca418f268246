//! ZIP members that are packed in rare ways: looked into, kept as they are where nothing changes, else written deflated.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::refusal::Code;

const TEXT: &[u8] = b"KEEPME this text stays, this text stays, this text stays\n";

/// One clean header, one member.
fn archive(name: &str, method: u16, flags: u16, data: &[u8], packed: &[u8]) -> Vec<u8> {
    let version: u16 = [(9, 21), (12, 46), (14, 63), (93, 63), (95, 63)].into_iter().find(|v| v.0 == method).map_or(20, |v| v.1);
    let crc = crc32fast::hash(data);
    let common = [
        &version.to_le_bytes()[..],
        &flags.to_le_bytes(),
        &method.to_le_bytes(),
        &[0, 0, 0x21, 0],
        &crc.to_le_bytes(),
        &(packed.len() as u32).to_le_bytes(),
        &(data.len() as u32).to_le_bytes(),
        &(name.len() as u16).to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    let mut out = [b"PK\x03\x04", &common[..], name.as_bytes(), packed].concat();
    let at = out.len() as u32;
    out.extend([b"PK\x01\x02", &[version as u8, 3][..], &common, &[0; 6]].concat());
    out.extend((0o100_644u32 << 16).to_le_bytes());
    out.extend([0; 4]);
    out.extend(name.as_bytes());
    let size = out.len() as u32 - at;
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend([size.to_le_bytes(), at.to_le_bytes()].concat());
    out.extend([0, 0]);
    out
}

/// What a method is called, its number, its flags, and how it packs.
type Method = (&'static str, u16, u16, fn(&[u8]) -> Vec<u8>);

const METHODS: [Method; 6] = [
    ("deflate64", 9, 0, deflate),
    ("bzip2", 12, 0, bzip2),
    ("LZMA with a mark", 14, 2, |data| lzma(data, true)),
    ("LZMA without", 14, 0, |data| lzma(data, false)),
    ("Zstandard", 93, 0, zstd),
    ("XZ", 95, 0, xz),
];

/// What has neither length 258 nor far matches means the same to both deflates.
fn deflate(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(data).unwrap();
    packer.finish().unwrap()
}

fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut packer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    packer.write_all(data).unwrap();
    packer.finish().unwrap()
}

fn lzma(data: &[u8], marked: bool) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut packer = lzma_rust2::LzmaWriter::new_no_header(Vec::new(), &options, marked).unwrap();
    packer.write_all(data).unwrap();
    let header = [&[9, 20, 5, 0, packer.props()][..], &options.dict_size.to_le_bytes()].concat();
    [header, packer.finish().unwrap()].concat()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    packer.write_all(data).unwrap();
    packer.finish().unwrap()
}

/// An archive with a secret in it.
fn dirty() -> Vec<u8> {
    let mut bytes = archive("inner.txt", 0, 0, TEXT, TEXT);
    bytes.extend(b"CANARY behind the end");
    bytes
}

fn only(zip: &[u8], name: &str) -> (::zip::CompressionMethod, Vec<u8>) {
    let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut member = archive.by_name(name).unwrap();
    let mut out = Vec::new();
    member.read_to_end(&mut out).unwrap();
    (member.compression(), out)
}

#[test]
fn what_does_not_change_stays_packed_as_it_is() {
    for (name, method, flags, pack) in METHODS {
        let clean = scrub("x.zip", &archive("a.txt", method, flags, TEXT, &pack(TEXT)));
        clean.unwrap_or_else(|e| panic!("{name}: {e}")).unchanged();
    }
}

#[test]
fn what_changes_is_written_deflated() {
    for (name, method, flags, pack) in METHODS {
        let clean = scrub("x.zip", &archive("in.zip", method, flags, &dirty(), &pack(&dirty())));
        let clean = clean.unwrap_or_else(|e| panic!("{name}: {e}"));
        clean.tells_nothing().changed().found("data after the archive");
        let (method, inner) = only(&clean.bytes, "in.zip");
        assert_eq!(method, ::zip::CompressionMethod::Deflated, "{name}");
        assert_eq!(only(&inner, "inner.txt").1, TEXT, "{name}");
    }
}

#[test]
fn hidden_at_the_end() {
    for (name, method, flags, pack) in METHODS {
        let packed = [pack(TEXT), b"CANARY behind the stream".to_vec()].concat();
        let bytes = archive("a.txt", method, flags, TEXT, &packed);
        match scrub("x.zip", &bytes) {
            Ok(clean) => {
                clean.had_secrets().tells_nothing().found("bytes behind the packed data");
                assert_eq!(only(&clean.bytes, "a.txt").1, TEXT, "{name}");
            }
            // What stands behind such a stream makes it a damaged one.
            Err(why) => assert!(name == "XZ" && why.code() == Code::Malformed, "{name}: {why}"),
        }
    }
}

#[test]
fn damaged_members_are_refused() {
    for (name, method, flags, pack) in METHODS {
        let packed = pack(TEXT);
        for i in 0..packed.len() {
            let mut bent = packed.clone();
            bent[i] ^= 0x55;
            if let Err(why) = scrub("x.zip", &archive("a.txt", method, flags, TEXT, &bent)) {
                assert!(matches!(why.code(), Code::Malformed | Code::Limit | Code::Unsupported), "{name} bent at {i}: {why}");
            }
            let cut = scrub("x.zip", &archive("a.txt", method, flags, TEXT, &packed[..i]));
            if let Err(why) = cut {
                assert!(matches!(why.code(), Code::Malformed | Code::Unsupported), "{name} cut at {i}: {why}");
            }
        }
        assert_eq!(refusal("x.zip", &archive("a.txt", method, flags, b"KEEPME another text", &packed)).code(), Code::Malformed);
    }
}

#[test]
fn a_window_larger_than_memory_is_refused() {
    let mut packed = lzma(TEXT, true);
    packed[5..9].copy_from_slice(&0x4000_0000u32.to_le_bytes());
    assert_eq!(refusal("x.zip", &archive("a.txt", 14, 2, TEXT, &packed)).code(), Code::Limit);
}

#[test]
fn other_methods_are_refused_by_name() {
    let why = refusal("x.zip", &archive("a.txt", 98, 0, TEXT, TEXT));
    assert!(why.to_string().contains("PPMd"), "{why}");
    assert_eq!(why.code(), Code::Unsupported);
}
