//! The picture of a run for the README, in `tests/cli/run.txt`. It is compared with what the program says today; after a
//! change that is meant, `UPDATE_RUN=1 cargo test --test cli picture` draws it anew.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::{Dir, dirty};

type Entry = (u16, u16, Vec<u8>);

fn text(tag: u16, value: &str) -> Entry {
    (tag, 2, [value.as_bytes(), b"\0"].concat())
}

fn degrees(tag: u16, values: [u32; 3], last: u32) -> Entry {
    let pairs = [(values[0], 1), (values[1], 1), (values[2], last)];
    (tag, 5, pairs.iter().flat_map(|(n, d)| [n.to_le_bytes(), d.to_le_bytes()].concat()).collect())
}

/// A directory of a TIFF block that begins at `at`, with its values behind it. [TIFF 6.0 2]
fn directory(at: usize, entries: &[Entry]) -> Vec<u8> {
    let mut table = (entries.len() as u16).to_le_bytes().to_vec();
    let (mut values, behind) = (Vec::new(), at + 2 + 12 * entries.len() + 4);
    for (tag, kind, value) in entries {
        let size = match kind {
            2 => 1,
            4 => 4,
            _ => 8,
        };
        table.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &((value.len() / size) as u32).to_le_bytes()].concat());
        let mut place = value.clone();
        if value.len() > 4 {
            place = ((behind + values.len()) as u32).to_le_bytes().to_vec();
            values.extend(value);
            values.resize(values.len().next_multiple_of(2), 0);
        }
        place.resize(4, 0);
        table.extend(place);
    }
    [table, vec![0; 4], values].concat()
}

/// A photo as a telephone takes it.
fn photo() -> Vec<u8> {
    let exif = [
        text(0x9003, "2024:05:18 14:03:22"),
        text(0xa430, "Anna Example"),
        text(0xa431, "F2LXK0A1PW"),
        text(0xa434, "24mm f/1.8"),
    ];
    let gps = [text(1, "N"), degrees(2, [48, 12, 2952], 100), text(3, "E"), degrees(4, [16, 22, 2616], 100)];
    let main = |exif: u32, gps: u32| {
        directory(
            8,
            &[
                text(0x10f, "Example"),
                text(0x110, "Phone 12"),
                (0x8769, 4, exif.to_le_bytes().to_vec()),
                (0x8825, 4, gps.to_le_bytes().to_vec()),
            ],
        )
    };
    let exif_at = 8 + main(0, 0).len();
    let exif = directory(exif_at, &exif);
    let gps_at = exif_at + exif.len();
    let tiff = [&b"II*\0\x08\0\0\0"[..], &main(exif_at as u32, gps_at as u32), &exif, &directory(gps_at, &gps)].concat();
    let segment = [&b"\xff\xe1"[..], &(tiff.len() as u16 + 8).to_be_bytes(), b"Exif\0\0", &tiff].concat();
    let plain = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/jpeg/clean.jpg")).unwrap();
    // No decoder looks at it, so any bytes without markers do for coded data.
    let (head, end) = plain[2..].split_at(plain.len() - 4);
    let scan: Vec<u8> = (0..2_900_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7f).collect();
    [&plain[..2], &segment, head, &scan, end].concat()
}

/// How long it took differs from run to run.
fn timeless(picture: &str) -> String {
    let each = picture.lines().map(|line| match line.split_once(" became ") {
        Some((files, sizes)) => format!("{files} became {}", sizes.split(" in ").next().unwrap_or_default()),
        None => line.to_owned(),
    });
    each.collect::<Vec<_>>().join("\n")
}

#[test]
fn picture() {
    let dir = Dir::new();
    dir.write("beach.jpg", photo()).write("holiday/IMG_0815.jpg", photo()).write("holiday/map.png", dirty());
    dir.write("holiday/notes.txt", "Bring sunscreen.\n").write("holiday/backup.rar", "Rar!\x1a\x07\0");
    let mut picture = String::new();
    for line in ["metascrub beach.jpg", "metascrub holiday/", "metascrub --check holiday.clean/ && echo clean"] {
        let ran = dir.shell(&format!("{} 2>&1", line.replace("metascrub ", "$M ")));
        writeln!(picture, "$ {line}\n{}", ran.out).unwrap();
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/run.txt");
    if std::env::var_os("UPDATE_RUN").is_some() {
        std::fs::write(&kept, &picture).unwrap();
    }
    let kept = std::fs::read_to_string(&kept).unwrap_or_default();
    assert_eq!(timeless(&picture), timeless(&kept), "if this is meant: UPDATE_RUN=1 cargo test --test cli picture");
}
