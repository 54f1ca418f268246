//! Names for types that are not supported, so that a refusal can say what a file is and what to do instead. Nothing here
//! decides a fate: it is only asked when every row of the table has declined.

use crate::format::Head;
use crate::grammar::cfb;
use crate::refusal::{Code, Refusal};

/// Why a file cannot be cleaned, and what to do with it, where its type is known by name.
pub fn refusal(head: &Head) -> Option<Refusal> {
    let (code, what, hint) = if head.has(0, cfb::MAGIC) {
        compound(head)
    } else if let Some(name) = transport_stream(head) {
        (Code::Unsupported, name, REMUX)
    } else {
        SIGNS.iter().find(|s| head.has(s.at, s.magic)).map(|s| (Code::Unsupported, s.name, s.hint))?
    };
    Some(
        match code {
            Code::Encrypted => Refusal::new(code, format!("{what} cannot be looked into, so it could not be cleaned")),
            _ => Refusal::unsupported(format!("{what} is not supported, so it could not be cleaned")),
        }
        .hint(hint),
    )
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

/// What a compound file holds, by the names of its streams, the most telling first.
static STREAMS: &[(&str, Code, &str, &str)] = &[
    (
        "EncryptedPackage",
        Code::Encrypted,
        "an encrypted Office document",
        "open it, remove the password or the restriction, save it, and clean that",
    ),
    ("__properties_version1.0", Code::Unsupported, "an Outlook message", "share its text and its attachments by themselves"),
    ("VisioDocument", Code::Unsupported, "an old Visio drawing", "export it as PDF or SVG and clean that"),
    ("Quill", Code::Unsupported, "a Publisher document", "export it as PDF and clean that"),
    ("MatOST", Code::Unsupported, "a Works document", "save it as RTF or DOCX and clean that"),
    ("BodyText", Code::Unsupported, "a Hangul document", "export it as PDF and clean that"),
    ("StarWriterDocument", Code::Unsupported, "an old StarOffice document", "save it as ODT and clean that"),
    ("StarCalcDocument", Code::Unsupported, "an old StarOffice document", "save it as ODS and clean that"),
    ("Catalog", Code::Unsupported, "a store of previews of pictures", "do not share it: it shows pictures of a whole folder"),
];

/// What a compound file is that no row takes.
fn compound(head: &Head) -> (Code, &'static str, &'static str) {
    let names = cfb::top(&**head.source);
    let known = STREAMS.iter().find(|(stream, ..)| names.iter().any(|n| n == stream));
    let other = "remove its password, or save it in a newer format, and clean that";
    known.map_or((Code::Unsupported, "a compound file of an unknown program", other), |(_, code, what, hint)| (*code, what, hint))
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
const PRINT: &str = "open it, print it to a PDF, and clean that: whom it came from and when is all over it";
const DIGITAL_NEGATIVE: &str = "convert it to DNG, or export it as JPEG or TIFF, and clean that";
const REMUX: &str =
    "put its pictures and sound into an MP4 without loss (ffmpeg -i IN -map 0:v -map 0:a -c copy OUT.mp4) and clean that";
const PROGRAM: &str = "programs cannot be cleaned; share it only if you meant to";

static SIGNS: &[Sign] = &[
    sign(0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    sign(0, b"MSCF", "a CAB archive", UNPACK),
    sign(0, b"\x60\xea", "an ARJ archive", UNPACK),
    sign(2, b"-lh", "an LHA archive", UNPACK),
    sign(0x8001, b"CD001", "a disc image", UNPACK),
    sign(0, b"!<arch>\ndebian-binary", "a Debian package", "its checksums would no longer hold; share what is in it instead"),
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
    sign(0, b"FUJIFILMCCD-RAW", "a Fujifilm raw picture", DIGITAL_NEGATIVE),
    sign(0, b"FOVb", "a Sigma raw picture", DIGITAL_NEGATIVE),
    sign(0, b"\0MRM", "a Minolta raw picture", DIGITAL_NEGATIVE),
    sign(0, b"\0MRI", "a Minolta raw picture", DIGITAL_NEGATIVE),
    sign(6, b"HEAPCCDR", "a Canon CRW raw picture", DIGITAL_NEGATIVE),
    sign(4, b"ftypcrx ", "a Canon CR3 raw picture", DIGITAL_NEGATIVE),
    sign(8, b"IIII", "a Phase One raw picture", DIGITAL_NEGATIVE),
    sign(8, b"MMMM", "a Phase One raw picture", DIGITAL_NEGATIVE),
    sign(0, b"\x8aMNG\r\n\x1a\n", "an MNG animation", EXPORT),
    sign(0, b"\x8bJNG\r\n\x1a\n", "a JNG picture", EXPORT),
    sign(0, b"gimp xcf", "a GIMP document", "export a PNG or JPEG and clean that"),
    sign(0, b"II*\0", "a TIFF or raw picture of an unknown kind", DIGITAL_NEGATIVE),
    sign(0, b"MM\0*", "a TIFF or raw picture of an unknown kind", DIGITAL_NEGATIVE),
    sign(4, b"ftyp", "a video or HEIF picture", EXPORT),
    sign(0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video", EXPORT),
    sign(0, b"RIFF", "a RIFF media file", EXPORT),
    sign(
        0,
        b"MP+",
        "an old Musepack sound file",
        "convert it to stream version 8 (mpc2sv8), which loses nothing, and clean that",
    ),
    sign(0, b"tBaK", "a TAK sound file", EXPORT),
    sign(0, b"OFR ", "an OptimFROG sound file", EXPORT),
    sign(0, b"\x0b\x77", "a Dolby Digital sound file", EXPORT),
    sign(0, b"\x7f\xfe\x80\x01", "a DTS sound file", EXPORT),
    sign(0, b"ID3", "a file with a tag in front and no sound that is known in it", EXPORT),
    sign(0, b"\0\0\x01\xba", "an MPEG program stream (DVD, a camcorder's film)", REMUX),
    sign(0, b"\0\0\x01\xb3", "a bare MPEG video stream", REMUX),
    sign(0, b"FORM", "an IFF media file", EXPORT),
    sign(0, b"%!PS", "a PostScript document", "convert it to PDF and clean that"),
    sign(0, b"d8:announce", "a torrent", "torrents cannot be cleaned"),
    sign(0, b"From: ", "an e-mail or a page saved with its pictures (MHTML)", PRINT),
    sign(0, b"MIME-Version:", "an e-mail or a page saved with its pictures (MHTML)", PRINT),
    sign(0, b"Content-Type: multipart/related", "a page saved with its pictures (MHTML)", PRINT),
    sign(0, b"Return-Path:", "an e-mail", PRINT),
    sign(0, b"Received:", "an e-mail", PRINT),
    sign(0, b"Message-ID:", "an e-mail", PRINT),
    sign(0, b"bplist00", "a property list or saved web page of Apple", PRINT),
    sign(0, b"-----BEGIN PGP", "a PGP message", "decrypt it first, or share it as it is if you meant to"),
    sign(0, b"-----BEGIN", "a key or certificate", "keys and certificates cannot be cleaned"),
];
