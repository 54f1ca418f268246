//! PNM, TGA, PCX, DDS, Radiance, OpenEXR, ICNS and QOI: the five named tests for each, on the samples, and what is particular.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples").join(name)).unwrap()
}

/// The same picture with something behind it: what comes out, to compare.
fn with_tail(name: &str) -> Vec<u8> {
    let bytes = [&sample(name)[..], b"CANARY hidden"].concat();
    let clean = scrub(name, &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    clean.bytes
}

macro_rules! five {
    ($module:ident, $dirty:literal, $clean:literal, $out_of_order:expr) => {
        mod $module {
            use super::*;

            #[test]
            fn truncated() {
                truncate_everywhere($dirty, &sample($dirty), 1);
                truncate_everywhere($clean, &sample($clean), 1);
            }

            #[test]
            fn nothing_to_remove() {
                scrub($clean, &sample($clean)).unwrap().unchanged();
            }

            #[test]
            fn everything_at_once() {
                scrub($dirty, &sample($dirty)).unwrap().had_secrets().tells_nothing().changed();
            }

            #[test]
            fn hidden_at_the_end() {
                let clean = sample($clean);
                let kept = with_tail($clean);
                assert!(clean.starts_with(&kept) && clean.len() - kept.len() <= 26, "something else changed");
            }

            #[test]
            fn out_of_order() {
                let test: fn() = $out_of_order;
                test();
            }
        }
    };
}

five!(pnm, "pnm/everything.ppm", "pnm/clean.ppm", || {
    // Numbers in the wrong place are no header, and comments behind the last word belong to it.
    assert_eq!(refusal("a.ppm", b"P6\n4 3\nx\n").code(), Code::Unknown);
    let clean = scrub("a.pgm", b"P5\n2 1\n255#CANARY\nKE").unwrap();
    assert_eq!(clean.bytes, b"P5\n2 1\n255\nKE");
    // But what follows one white space is a sample.
    scrub("a.pgm", b"P5\n2 1\n255\n#\n").unwrap().unchanged();
});
five!(tga, "tga/everything.tga", "tga/clean.tga", || {
    // An extension area that does not lie behind the pixels is none.
    let mut bytes = sample("tga/everything.tga");
    let at = bytes.len() - 26;
    bytes[at..at + 4].copy_from_slice(&20u32.to_le_bytes());
    let clean = scrub("a.tga", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(clean.bytes.len(), 18 + 72 + 26);
});
five!(pcx, "pcx/everything.pcx", "pcx/clean.pcx", || {
    // A size that ends before it begins.
    let mut bytes = sample("pcx/clean.pcx");
    bytes[4] = 9;
    assert_eq!(refusal("a.pcx", &bytes).code(), Code::Malformed);
});
five!(dds, "dds/everything.dds", "dds/clean.dds", || {
    let mut bytes = sample("dds/clean.dds");
    bytes[84..88].copy_from_slice(b"XYZW");
    assert_eq!(refusal("a.dds", &bytes).code(), Code::Unsupported);
});
five!(hdr, "hdr/everything.hdr", "hdr/clean.hdr", || {
    let clean = scrub("a.hdr", b"#?RADIANCE\nEXPOSURE=2\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\nKEEP").unwrap();
    clean.unchanged();
    assert_eq!(refusal("a.hdr", b"#?RADIANCE\n\n-Y 1 -Y 1\nKEEP").code(), Code::Malformed);
    assert_eq!(refusal("a.hdr", b"#?RADIANCE\n\n-Y 1 +X 2\n\x01\x01\x01\x05").code(), Code::Malformed);
});
five!(exr, "exr/everything.exr", "exr/clean.exr", || {
    // Chunks in another order than the table.
    let mut bytes = sample("exr/clean.exr");
    let table = 277;
    let (first, second) = (bytes[table..table + 8].to_vec(), bytes[table + 8..table + 16].to_vec());
    bytes[table..table + 8].copy_from_slice(&second);
    bytes[table + 8..table + 16].copy_from_slice(&first);
    scrub("a.exr", &bytes).unwrap().unchanged();
    // Two entries for one chunk.
    bytes[table + 8..table + 16].copy_from_slice(&second);
    assert_eq!(refusal("a.exr", &bytes).code(), Code::Malformed);
    // A picture that was not written to its end.
    bytes[table..table + 8].fill(0);
    assert_eq!(refusal("a.exr", &bytes).code(), Code::Malformed);
});
five!(icns, "icns/everything.icns", "icns/clean.icns", || {
    let mut bytes = sample("icns/clean.icns");
    bytes[44..48].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(refusal("a.icns", &bytes).code(), Code::Malformed);
});
five!(qoi, "qoi/trailer.qoi", "qoi/clean.qoi", || {
    let mut bytes = sample("qoi/clean.qoi");
    bytes[36] = 9;
    assert_eq!(refusal("a.qoi", &bytes).code(), Code::Malformed);
});

#[test]
fn every_sample_can_be_cut_anywhere() {
    for name in
        ["pnm/text.pgm", "pnm/arbitrary.pam", "tga/runs.tga", "pcx/colour.pcx", "dds/modern.dds", "hdr/flat.hdr", "exr/parts.exr"]
    {
        truncate_everywhere(name, &sample(name), 1);
    }
}

#[test]
fn several_pixmaps_in_a_row_stay() {
    let two = [b"P4\n8 1\nK".as_slice(), b"P5\n2 1\n255\nEE"].concat();
    scrub("a.pnm", &two).unwrap().unchanged();
    let dirty = [b"P4\n8 1\nK".as_slice(), b"P5\n#CANARY\n2 1\n255\nEE", b"CANARY"].concat();
    assert_eq!(scrub("a.pnm", &dirty).unwrap().bytes, two);
}

#[test]
fn bits_in_text_need_no_space() {
    scrub("a.pbm", b"P1\n4 2\n0110\n1001\n").unwrap().unchanged();
    assert_eq!(scrub("a.pbm", b"P1\n4 2\n01#CANARY\n10 1001\n\nCANARY").unwrap().bytes, b"P1\n4 2\n01\n10 1001\n");
    assert_eq!(refusal("a.pbm", b"P1\n4 2\n01x0 1001\n").code(), Code::Malformed);
}

#[test]
fn what_shows_a_tga_right_stays() {
    let clean = scrub("a.tga", &sample("tga/everything.tga")).unwrap();
    let area = &clean.bytes[90..];
    assert_eq!(area[..2], 495u16.to_le_bytes());
    assert_eq!(area[470..474], 0xff10_2030u32.to_le_bytes());
    assert_eq!(area[478..482], [22, 0, 10, 0]);
    assert_eq!(area[494], 3);
    assert_eq!(area[495..499], 90u32.to_le_bytes());
    assert_eq!(clean.found("author").value.as_deref(), Some("CANARY author"));
}

#[test]
fn a_tga_without_a_sign_goes_by_its_name() {
    let mut bytes = sample("tga/clean.tga");
    bytes.truncate(90);
    scrub("a.tga", &bytes).unwrap().unchanged();
    assert_eq!(refusal("a.bin", &bytes).code(), Code::Unknown);
}

#[test]
fn resolution_is_a_matter_of_policy() {
    let policy = Policy::default().with(Token::Dpi, false);
    let clean = scrub_under(&policy, "a.pcx", &sample("pcx/clean.pcx")).unwrap();
    assert_eq!(clean.bytes[12..16], [0; 4]);
}

#[test]
fn names_of_parts_and_channels_are_a_matter_of_policy() {
    let clean = scrub("a.exr", &sample("exr/parts.exr")).unwrap();
    clean.found("names of parts");
    let clean = scrub_under(&Policy::strict(), "a.exr", &sample("exr/parts.exr")).unwrap();
    assert!(find_secret(&clean.bytes, "part 2").is_some() && find_secret(&clean.bytes, "layer").is_none());
    let mut named = sample("exr/clean.exr");
    let at = memchr::memmem::find(&named, b"Y\0\x01\0\0\0").unwrap();
    named[at] = b'J';
    scrub("a.exr", &named).unwrap().found("names of channels");
    let strict = scrub_under(&Policy::strict(), "a.exr", &named).err().unwrap();
    assert_eq!(strict.code(), Code::NeedsResidual);
}

#[test]
fn lengths_that_no_file_has_are_refused() {
    let mut huge = sample("exr/clean.exr");
    let at = memchr::memmem::find(&huge, b"dataWindow\0box2i\0").unwrap() + 21;
    huge[at + 12..at + 16].copy_from_slice(&i32::MAX.to_le_bytes());
    assert_eq!(refusal("a.exr", &huge).code(), Code::Malformed);
    let mut huge = sample("dds/clean.dds");
    huge[12..20].fill(0xff);
    assert_eq!(refusal("a.dds", &huge).code(), Code::Malformed);
    assert_eq!(refusal("a.ppm", b"P6\n4294967296 1\n255\n").code(), Code::Unknown);
}

#[test]
fn palettes_that_break_off_are_refused() {
    let mut tga = vec![0, 1, 1, 0, 0, 16, 0, 24, 0, 0, 0, 0, 2, 0, 2, 0, 8, 0];
    tga.extend([7; 48 + 4]);
    scrub("a.tga", &tga).unwrap().unchanged();
    truncate_everywhere("a.tga", &tga, 1);
    assert_eq!(refusal("a.tga", &tga[..40]).code(), Code::Malformed);
    let mut dds = sample("dds/clean.dds");
    dds[80] = 0x20;
    dds[88] = 8;
    dds.resize(128 + 1024 + 100, 7);
    scrub("a.dds", &dds).unwrap();
    assert_eq!(refusal("a.dds", &dds[..600]).code(), Code::Malformed);
    // A window and tiles of a size that multiplied is none.
    let mut exr = sample("exr/clean.exr");
    exr[5] |= 2;
    let tiles = [&b"tiles\0tiledesc\0\x09\0\0\0"[..], &1u32.to_le_bytes(), &1u32.to_le_bytes(), &[0]].concat();
    let at = memchr::memmem::find(&exr, b"dataWindow\0box2i\0").unwrap();
    let value = at + 21;
    exr[value..value + 8].copy_from_slice(&[0, 0, 0, 0x80, 0, 0, 0, 0x80]);
    exr[value + 8..value + 16].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f]);
    exr.splice(at..at, tiles);
    assert_eq!(refusal("a.exr", &exr).code(), Code::Malformed);
}

#[test]
fn pixels_that_run_into_the_footer_are_refused() {
    let mut bytes = sample("tga/everything.tga");
    bytes[14..16].copy_from_slice(&200u16.to_le_bytes());
    assert_eq!(refusal("a.tga", &bytes).code(), Code::Malformed);
}
