//! The first walk over a picture: what pieces it has, and which block each application segment holds. A block is known by
//! its marker and the first bytes of its payload together, never by the marker alone. [Exif, XMP part 3, ICC.1 B.4, …]

use crate::finding::Tells;
use crate::grammar::jpeg::{self, APP0, COM, Kind, Walk};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// No honest picture has so many segments.
const MOST: usize = 10_000;
/// So much of a payload is looked at to tell what it is.
const SIGN: usize = 36;

/// What a segment or another piece is, for the decision what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Start, tables, frame and scan headers, end.
    Frame,
    /// Entropy-coded data.
    Scan,
    /// `FF` bytes in front of a marker.
    Fill,
    /// Bytes that decoders pass over.
    Junk,
    /// JFIF header: density, perhaps a thumbnail.
    Jfif,
    /// Exif.
    Exif,
    /// XMP packet.
    Xmp,
    /// A part of a colour profile.
    Icc,
    /// The index of the pictures in this file.
    Mpf,
    /// Gain map parameters of ISO 21496-1.
    Iso,
    /// How colours are coded.
    Adobe,
    /// A box of JPEG XT: more precision, alpha.
    Xt,
    /// How a stereo pair lies in one picture.
    Jps,
    /// Photoshop resources, IPTC inside.
    Photoshop,
    /// A comment.
    Comment,
    /// Anything else, with its name.
    Other(&'static str, Tells),
}

/// One piece with what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// All its bytes.
    pub(super) span: Span,
    /// What stands after the length; empty for pieces that are no segments.
    pub(super) payload: Span,
    /// The second byte of the marker; 0 for pieces that are no segments.
    pub(super) marker: u8,
    /// What it is.
    pub(super) block: Block,
    /// Whether it stands in front of the first scan, where decoders read what applies to the picture.
    pub(super) early: bool,
}

impl Segment {
    /// The payload behind the first `skip` bytes.
    pub(super) fn after(&self, source: &dyn Source, skip: u64) -> Result<Vec<u8>> {
        let from = (self.payload.start + skip).min(self.payload.end);
        Ok(source.bytes(Span::new(from, self.payload.end), 1 << 16)?)
    }
}

/// A picture from its first to its last marker.
pub(super) struct Survey {
    /// The pieces, in order; they tile the picture.
    pub(super) segments: Vec<Segment>,
    /// Where the picture ends.
    pub(super) end: u64,
    /// Whether it ended with an end-of-image marker.
    pub(super) ended: bool,
}

impl Survey {
    /// Walks the picture that begins at `from`.
    ///
    /// # Errors
    /// `Malformed` where its header breaks off or a table lies about its length, `UnknownCritical` where there is a marker
    /// that decoders must understand and we do not.
    pub(super) fn of(source: &Shared, from: u64) -> Result<Survey> {
        let mut walk = Walk::new(&**source, from);
        let mut segments: Vec<Segment> = Vec::new();
        let mut pieces = 0;
        while let Some(piece) = walk.next()? {
            pieces += 1;
            if pieces > MOST {
                return Err(Refusal::limit(format!("more than {MOST} segments in one picture")).at(piece.span.start));
            }
            let early = walk.scans() == 0;
            let (block, marker, payload) = match piece.kind {
                Kind::Start | Kind::End => (Block::Frame, 0, Span::default()),
                Kind::Scan => (Block::Scan, 0, Span::default()),
                Kind::Fill => (Block::Fill, 0, Span::default()),
                Kind::Junk => (Block::Junk, 0, Span::default()),
                Kind::Segment { marker, payload } => (block_of(&**source, marker, payload, piece.span)?, marker, payload),
            };
            // Junk in many pieces is one piece of junk.
            if let Some(last) = segments.last_mut()
                && block == Block::Junk
                && last.block == Block::Junk
            {
                last.span.end = piece.span.end;
                continue;
            }
            segments.push(Segment { span: piece.span, payload, marker, block, early });
        }
        if walk.scans() == 0 && !walk.is_ended() {
            return Err(Refusal::malformed("the file ends before the picture begins", walk.at())
                .hint("the file is cut off; download or copy it again"));
        }
        Ok(Survey { segments, end: walk.at(), ended: walk.is_ended() })
    }

    /// The first block of this kind that decoders read.
    pub(super) fn first(&self, block: Block) -> Option<&Segment> {
        self.segments.iter().find(|s| s.block == block && s.early)
    }

    /// The last block of this kind that decoders read.
    pub(super) fn last(&self, block: Block) -> Option<&Segment> {
        self.segments.iter().rfind(|s| s.block == block && s.early)
    }
}

fn block_of(source: &dyn Source, marker: u8, payload: Span, span: Span) -> Result<Block> {
    if marker == COM {
        return Ok(Block::Comment);
    }
    if (APP0..=jpeg::APP15).contains(&marker) {
        let head = source::head(source, payload.start, payload.len().min(SIGN as u64) as usize)?;
        return Ok(application(marker - APP0, &head, payload.len()));
    }
    let name = jpeg::name(marker);
    if !jpeg::is_structural(marker) {
        let what = format!("a marker that no common decoder knows (FF {marker:02X})");
        return Err(Refusal::new(Code::UnknownCritical, what).at(span.start));
    }
    if !jpeg::is_exact(marker, &source.bytes(payload, 1 << 16)?) {
        return Err(Refusal::malformed(format!("the {name} segment is not as long as its contents say"), span.start));
    }
    Ok(Block::Frame)
}

/// Signs in front of what the blocks hold.
pub(super) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// In front of a part of a colour profile; its number and how many there are follow.
pub(super) const ICC: &[u8] = b"ICC_PROFILE\0";
/// In front of gain map parameters.
pub(super) const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1\0";
/// In front of Photoshop resources.
pub(super) const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// In front of the layout of a stereo pair.
pub(super) const JPS: &[u8] = b"_JPSJPS_";
/// The fewest payload bytes of a JFIF header and of an Adobe marker; decoders pass over shorter ones.
pub(super) const JFIF_LEN: u64 = 14;
/// See [`JFIF_LEN`].
pub(super) const ADOBE_LEN: u64 = 12;

/// Boxes of JPEG XT that carry or describe samples. [ISO 18477-3 annex B]
const XT_BOXES: [&[u8; 4]; 18] = [
    b"SPEC", b"RESI", b"FINE", b"RFIN", b"ALFA", b"AFIN", b"ARES", b"ARRF", b"TONE", b"CURV", b"FTON", b"MTRX", b"FTRX", b"OCON",
    b"LCHK", b"LDCT", b"RDCT", b"ftyp",
];

fn application(n: u8, head: &[u8], len: u64) -> Block {
    match n {
        0 if head.starts_with(b"JFIF\0") && len >= JFIF_LEN => Block::Jfif,
        1 if head.starts_with(b"Exif\0") && head.len() >= 6 => Block::Exif,
        1 if head.starts_with(XMP) => Block::Xmp,
        2 if head.starts_with(ICC) && head.len() >= 14 => Block::Icc,
        2 if head.starts_with(crate::grammar::mpf::SIGN) => Block::Mpf,
        2 if head.starts_with(ISO) => Block::Iso,
        3 if head.starts_with(JPS) && head.get(8..10) == Some(&[0, 4]) && len >= 14 => Block::Jps,
        11 if head.starts_with(b"JP") && head.get(12..16).is_some_and(|t| XT_BOXES.iter().any(|b| *b == t)) => Block::Xt,
        13 if head.starts_with(PHOTOSHOP) => Block::Photoshop,
        14 if head.starts_with(b"Adobe") && len >= ADOBE_LEN => Block::Adobe,
        _ => other(n, head),
    }
}

/// Names for blocks that always go. [ExifTool JPEG tags]
fn other(n: u8, head: &[u8]) -> Block {
    use Tells::*;
    static KNOWN: &[(u8, &[u8], &str, Tells)] = &[
        (0, b"JFXX\0", "thumbnail", Preview),
        (0, b"AVI1", "video frame header", Unknown),
        (1, b"http://ns.adobe.com/xmp/extension/\0", "extended XMP (may hold depth maps, sound, whole pictures)", Hidden),
        (1, b"FLIR\0", "thermal camera data", Device),
        (1, b"PARROT\0", "drone data", Device),
        (1, b"QVCI", "Casio camera data", Device),
        (2, b"FPXR\0", "FlashPix streams", Hidden),
        (3, b"Exif", "second Exif block", Device),
        (3, b"Meta", "Kodak camera data", Device),
        (3, b"META", "Kodak camera data", Device),
        (3, b"Stim", "stereo camera data", Device),
        (4, b"FPXR\0", "FlashPix streams", Hidden),
        (4, b"SCALADO", "phone camera data", Device),
        (4, b"Qualcomm", "phone camera data", Device),
        (5, b"RMETA", "Ricoh camera data", Device),
        (5, b"ssuniqueid", "Samsung unique identifier", Identifier),
        (6, b"GoPro", "GoPro camera data", Device),
        (6, b"NITF", "NITF data", Where),
        (6, b"EPPIM", "Toshiba camera data", Device),
        (6, b"TDHD", "HP camera data", Device),
        (7, b"PENTAX", "Pentax camera data", Device),
        (7, b"RICOH", "Ricoh camera data", Device),
        (7, b"HUAWEI", "Huawei camera data", Device),
        (7, b"Qualcomm", "Qualcomm camera data", Device),
        (7, b"DJI-DBG", "DJI drone data", Device),
        (8, b"SPIFF\0", "SPIFF header", Software),
        (8, b"SEAL", "SEAL signature", Who),
        (9, b"SEAL", "SEAL signature", Who),
        (9, b"Media Jukebox", "Media Jukebox data", Software),
        (10, b"UNICODE", "comment", Text),
        (10, b"AROT", "HDR helper data", Software),
        (11, b"HDR_RI", "JPEG-HDR ratio picture", Hidden),
        (12, b"Ducky", "Save for Web settings", Software),
        (12, b"[picture info]", "camera data", Device),
        (13, b"Adobe_Photoshop2.5", "old Photoshop resources", Text),
        (13, b"Adobe_CM", "Adobe colour settings", Software),
        (15, b"Q ", "save quality", Software),
    ];
    if n == 11 && head.starts_with(b"JP") && head.get(12..16) == Some(b"jumb") {
        return Block::Other("content credentials (C2PA)", History);
    }
    match KNOWN.iter().find(|(m, sign, ..)| *m == n && head.starts_with(sign)) {
        Some((.., label, tells)) => Block::Other(label, *tells),
        None => Block::Other("application data", Unknown),
    }
}
