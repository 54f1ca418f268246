//! Names for types that are not supported, so that a refusal can say what a file is and what to do instead. Nothing here
//! decides a fate: it is only asked when every row of the table has declined.

use crate::format::Head;
use crate::source;

/// What the file is, and what to do with it.
pub fn name_of(head: &Head) -> Option<(&'static str, &'static str)> {
    if head.has(0, COMPOUND) {
        return Some(compound(head));
    }
    if let Some(name) = transport_stream(head) {
        return Some((name, REMUX));
    }
    SIGNS.iter().find(|s| head.has(s.at, s.magic)).map(|s| (s.name, s.hint))
}

/// Packets of 188 bytes with a sign in front, or of 192 where a clock comes first. Times of broadcast and of recording,
/// names of stations, places and camera data stand in so many of their layers that leaving some would only look clean.
/// [ISO/IEC 13818-1 2.4.3.2]
fn transport_stream(head: &Head) -> Option<&'static str> {
    let repeats = |at: usize, every: usize| (0..4).all(|i| head.bytes.get(at + i * every) == Some(&0x47));
    if repeats(4, 192) {
        return Some("an AVCHD or Blu-ray film (MPEG transport stream)");
    }
    (repeats(0, 188) || repeats(0, 204)).then_some("an MPEG transport stream (a broadcast or a camcorder's film)")
}

/// The sign of a compound file. [MS-CFB 2.2]
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What a compound file holds, by the names of its streams, the most telling first.
static STREAMS: &[(&str, &str, &str)] = &[
    ("EncryptedPackage", "an encrypted Office document", "remove its password and clean it then"),
    ("WordDocument", "an old Word document", "save it as DOCX or PDF first, and clean that"),
    ("Workbook", "an old Excel workbook", "save it as XLSX first, and clean that"),
    ("Book", "an old Excel workbook", "save it as XLSX first, and clean that"),
    ("PowerPoint Document", "an old PowerPoint presentation", "save it as PPTX or PDF first, and clean that"),
    ("__properties_version1.0", "an Outlook message", "share its text and its attachments by themselves"),
    ("VisioDocument", "an old Visio drawing", "export it as PDF or SVG and clean that"),
    ("Quill", "a Publisher document", "export it as PDF and clean that"),
];

/// Old documents keep names, deleted text and earlier versions all over their streams: emptying some of them would only
/// look clean. So they are told apart, but refused.
fn compound(head: &Head) -> (&'static str, &'static str) {
    let number = |at: usize, len: usize| {
        head.bytes.get(at..at + len).map_or(0, |b| b.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b)))
    };
    let sector = 1u64 << number(30, 2).min(12);
    let directory = number(48, 4).saturating_add(1).saturating_mul(sector);
    // Nearly always the directory lies in one piece; where it does not, the general name must do.
    let entries = source::head(&**head.source, directory, 64 * 128).unwrap_or_default();
    let names: Vec<String> = entries
        .chunks_exact(128)
        .map(|entry| {
            entry[..64].chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]])).take_while(|u| *u != 0).collect::<Vec<u16>>()
        })
        .map(|name| String::from_utf16_lossy(&name))
        .collect();
    let known = STREAMS.iter().find(|(stream, ..)| names.iter().any(|n| n == stream));
    known.map_or(
        ("an old or encrypted Office document", "remove its password, or save it as docx, xlsx or pptx, and clean that"),
        |(_, what, hint)| (what, hint),
    )
}

struct Sign {
    at: usize,
    magic: &'static [u8],
    name: &'static str,
    hint: &'static str,
}

const fn sign(at: usize, magic: &'static [u8], name: &'static str, hint: &'static str) -> Sign {
    Sign { at, magic, name, hint }
}

const UNPACK: &str = "unpack it and clean the folder; share a zip of that";
const EXPORT: &str = "export it to a common format and clean that";
const REMUX: &str =
    "put its pictures and sound into an MP4 without loss (ffmpeg -i IN -map 0:v -map 0:a -c copy OUT.mp4) and clean that";
const PROGRAM: &str = "programs cannot be cleaned; share it only if you meant to";

static SIGNS: &[Sign] = &[
    sign(0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    sign(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    sign(0, b"MSCF", "a CAB archive", UNPACK),
    sign(0, b"\x60\xea", "an ARJ archive", UNPACK),
    sign(2, b"-lh", "an LHA archive", UNPACK),
    sign(0x8001, b"CD001", "a disc image", UNPACK),
    sign(0, b"!<arch>\n", "an ar archive", UNPACK),
    sign(0, b"\xed\xab\xee\xdb", "an RPM package", UNPACK),
    sign(0, b"LZIP", "an lzip file", UNPACK),
    sign(0, b"\x89LZO", "an lzop file", UNPACK),
    sign(0, b"\x1f\x9d", "a compress file", UNPACK),
    sign(0, b"\x7fELF", "a program", PROGRAM),
    sign(0, b"MZ", "a program", PROGRAM),
    sign(0, b"\xcf\xfa\xed\xfe", "a program", PROGRAM),
    sign(0, b"\xca\xfe\xba\xbe", "a program", PROGRAM),
    sign(0, b"SQLite format 3\0", "an SQLite database", "export what you want to share as text or a table"),
    sign(0, b"FUJIFILMCCD-RAW", "a Fujifilm raw picture", "export a JPEG or convert it to DNG"),
    sign(0, b"FOVb", "a Sigma raw picture", "export a JPEG or convert it to DNG"),
    sign(0, b"\x8aMNG\r\n\x1a\n", "an MNG animation", EXPORT),
    sign(0, b"\x8bJNG\r\n\x1a\n", "a JNG picture", EXPORT),
    sign(0, b"gimp xcf", "a GIMP document", "export a PNG or JPEG and clean that"),
    sign(0, b"II*\0", "a TIFF or raw picture", EXPORT),
    sign(0, b"MM\0*", "a TIFF or raw picture", EXPORT),
    sign(4, b"ftyp", "a video or HEIF picture", EXPORT),
    sign(0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video", EXPORT),
    sign(0, b"RIFF", "a RIFF media file", EXPORT),
    sign(0, b"OggS", "an Ogg media file", EXPORT),
    sign(0, b"fLaC", "a FLAC sound file", EXPORT),
    sign(0, b"ID3", "a file with a tag in front and no MP3, AAC or FLAC sound in it", EXPORT),
    sign(0, b"\0\0\x01\xba", "an MPEG program stream (DVD, a camcorder's film)", REMUX),
    sign(0, b"\0\0\x01\xb3", "a bare MPEG video stream", REMUX),
    sign(0, b"FORM", "an IFF media file", EXPORT),
    sign(0, b"%!PS", "a PostScript document", "convert it to PDF and clean that"),
    sign(0, b"d8:announce", "a torrent", "torrents cannot be cleaned"),
    sign(0, b"-----BEGIN PGP", "a PGP message", "decrypt it first, or share it as it is if you meant to"),
    sign(0, b"-----BEGIN", "a key or certificate", "keys and certificates cannot be cleaned"),
];
