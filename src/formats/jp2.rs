//! JPEG 2000: JP2 and JPX files, and the bare codestream. The coded tiles stay as they are, and what says how to show them;
//! descriptions, identifiers, comments and everything behind the end go. Packets are not looked into; compound documents,
//! films and pictures in several files are declined. [T.800, T.801]

use crate::blocks::exif;
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::bmff::{self, Atom};
use crate::grammar::j2k::{self, Segment};
use crate::names;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span, Window};

use super::colour;

/// The row.
pub static FORMAT: Format = Format {
    name: "JPEG 2000",
    extensions: &["jp2", "j2k", "jpf", "jpx", "j2c", "jpc", "jph", "jhc"],
    container: false,
    keeps: "coded tiles, colour (profile texts neutralised), channels, palette, resolution",
    removes: "XML, Exif, XMP, IPTC, georeference, labels, comments, unknown boxes, data behind the end",
    sniff,
    plan,
    witness,
};

/// [GeoJP2]
const GEO: [u8; 16] = [0xb1, 0x4b, 0xf8, 0xbd, 0x08, 0x3d, 0x4b, 0x43, 0xa5, 0xae, 0x8c, 0xd7, 0xd5, 0xa6, 0xce, 0x03];
/// [T.800 I.5.1]
const SIGNATURE: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n";

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, SIGNATURE) || head.has(0, &[0xff, j2k::SOC, 0xff, j2k::SIZ])).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut walk = Walk { job, source, draft: Draft::new(source), streams: 0 };
    if source::head(&**source, 0, 2)?[0] == 0xff {
        walk.codestream(source.span())?;
    } else {
        walk.boxes()?;
    }
    walk.draft.seal()
}

struct Walk<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    streams: usize,
}

impl Walk<'_> {
    fn boxes(&mut self) -> Result<()> {
        let atoms = bmff::top(&**self.source, self.job.limits())?;
        let headed = atoms.list.iter().position(|a| a.is(b"jp2h"));
        for (i, atom) in atoms.list.iter().enumerate() {
            match &atom.kind {
                b"jP  " if i == 0 => self.draft.frame(atom.span, "jP"),
                b"ftyp" if i == 1 => self.brands(atom)?,
                b"jp2h" if headed == Some(i) => self.header(atom, "jp2h")?,
                b"jpch" | b"jplh" => self.header(atom, "layer header")?,
                b"rreq" | b"comp" => self.whole(atom, "reader requirements")?,
                b"jp2c" if headed.is_some_and(|h| h < i) => {
                    self.cut(atom)?;
                    bmff::open(&mut self.draft, atom, "jp2c");
                    self.codestream(atom.body())?;
                }
                b"uuid" if self.job.keeps(Token::Geotiff) && self.georeference(atom)? => {}
                b"ftbl" | b"dtbl" | b"flst" | b"cref" => {
                    return Err(Refusal::unsupported("the picture lies in pieces or in other files").at(atom.span.start));
                }
                b"moov" | b"mdat" | b"moof" => return Err(Refusal::unsupported("Motion JPEG 2000").at(atom.span.start)),
                _ => self.other(atom)?,
            }
        }
        if self.streams == 0 {
            return Err(Refusal::malformed("there is no picture", self.source.len()));
        }
        if !atoms.tail.is_empty() {
            let found = names::trailer::describe("after the end", &**self.source, atoms.tail);
            self.draft.remove_all(atoms.tail, "after the end", found);
        }
        Ok(())
    }

    fn cut(&self, atom: &Atom) -> Result<()> {
        match atom.cut {
            true => Err(Refusal::malformed("the file is cut off", self.source.len()).hint("get it again, completely")),
            false => Ok(()),
        }
    }

    fn whole(&mut self, atom: &Atom, name: &'static str) -> Result<()> {
        self.cut(atom)?;
        self.draft.frame(atom.span, name);
        Ok(())
    }

    fn brands(&mut self, atom: &Atom) -> Result<()> {
        let head = source::head(&**self.source, atom.body().start, 4)?;
        if matches!(&head[..], b"jpm " | b"mjp2") {
            return Err(Refusal::unsupported("a JPEG 2000 document of several pages or a film"));
        }
        self.whole(atom, "ftyp")
    }

    /// A header in which every box is known.
    fn header(&mut self, atom: &Atom, name: &'static str) -> Result<()> {
        self.cut(atom)?;
        bmff::open(&mut self.draft, atom, name);
        let children = bmff::children(&**self.source, atom.body(), self.job.limits())?;
        for child in &children.list {
            match &child.kind {
                b"ihdr" if child.body().len() == 14 => self.draft.frame(child.span, "ihdr"),
                b"bpcc" | b"pclr" | b"cmap" | b"cdef" | b"opct" | b"creg" => self.draft.frame(child.span, "channels"),
                b"colr" => self.colour(child)?,
                b"cgrp" if name == "layer header" => self.header(child, "cgrp")?,
                b"res " if self.job.keeps(Token::Dpi) && name != "res" => self.header(child, "res")?,
                b"resc" | b"resd" if name == "res" && child.body().len() == 10 => self.draft.frame(child.span, "resolution"),
                b"res " => {
                    let found = Finding::removed("res", "resolution", Tells::Software);
                    self.draft.remove(child.span, "res", found);
                }
                _ => self.other(child)?,
            }
        }
        if !children.tail.is_empty() {
            self.draft.remove(children.tail, "rest", Finding::removed("JPEG 2000", "piece of a box", Tells::Unknown));
        }
        Ok(())
    }

    /// [T.800 I.5.3.3]
    fn colour(&mut self, atom: &Atom) -> Result<()> {
        let body = atom.body();
        let method = source::head(&**self.source, body.start, 1.min(body.len() as usize))?;
        match (method.first(), body.len()) {
            // CIELab has parameters.
            (Some(1), 7 | 35 | 39) | (Some(5), 7..=10) => self.draft.frame(atom.span, "colr"),
            (Some(1), 8..) => {
                self.draft.reframe(Span::new(atom.span.start, atom.span.start + 4), "colr", Fate::put(15u32.to_be_bytes()));
                let rest = Span::new(body.start + 7, body.end);
                self.draft.frame(Span::new(atom.span.start + 4, rest.start), "colr");
                self.draft.remove(rest, "colr", Finding::removed("colr", "data behind the colour space", Tells::Hidden));
            }
            (Some(2 | 3), 4..) if body.len() <= colour::LARGEST => {
                let bytes = self.source.bytes(body, colour::LARGEST)?;
                let found = names::icc::describe("colr", &bytes[3..]);
                match colour::profile(self.job, &bytes[3..])? {
                    Some(neutral) => {
                        let new = bmff::boxed(b"colr", &[&bytes[..3], &neutral].concat());
                        self.draft.replace(atom.span, "colr", Fate::put(new), found);
                    }
                    None => self.draft.remove_all(atom.span, "colr", found),
                }
            }
            _ => {
                let found = Finding::removed("colr", "colour specification of one maker", Tells::Software);
                self.draft.remove(atom.span, "colr", found);
            }
        }
        Ok(())
    }

    fn other(&mut self, atom: &Atom) -> Result<()> {
        let limit = self.job.limits().block;
        let body = if atom.body().len() <= limit { self.source.bytes(atom.body(), limit)? } else { Vec::new() };
        let one = |label: &'static str, tells| vec![Finding::removed("JPEG 2000", label, tells)];
        let found = match &atom.kind {
            b"xml " => names::xmp::describe("XML", &body),
            b"uuid" => self.uuid(&body),
            b"jumb" => one("content credentials (C2PA)", Tells::History),
            b"uinf" | b"url " | b"ulst" => one("addresses of further information", Tells::Identifier),
            b"jp2i" => one("rights", Tells::Who),
            b"lbl " => vec![Finding::removed("JPEG 2000", "label", Tells::Text).value(String::from_utf8_lossy(&body))],
            b"asoc" | b"nlst" => one("labels and associations", Tells::Text),
            b"free" | b"skip" => one("free space", Tells::Hidden),
            b"jp2c" => one("picture that viewers do not show", Tells::Hidden),
            _ => vec![Finding::removed("JPEG 2000", format!("{:?} box", atom.label()), Tells::Unknown)],
        };
        self.draft.remove_all(atom.span, "box", found);
        Ok(())
    }

    /// A georeference that a person wants to keep: a TIFF without a picture worth the name, cleaned like one. Whether it
    /// stays. [GeoJP2]
    fn georeference(&mut self, atom: &Atom) -> Result<bool> {
        const NAME: &str = "georeference.tif";
        let (id, tiff) = (Span::new(atom.span.start, atom.body().start + 16), Span::new(atom.body().start + 16, atom.span.end));
        if atom.cut || atom.open || source::head(&**self.source, atom.body().start, 16)? != GEO {
            return Ok(false);
        }
        match self.job.member(NAME, &Window::shared(self.source, tiff)) {
            Ok(Member::Same(cleaned) | Member::Changed(cleaned)) => {
                bmff::open(&mut self.draft, atom, "uuid");
                self.draft.frame(Span::new(atom.body().start, id.end), "GeoJP2");
                self.draft.adopt(NAME, &cleaned);
                self.draft.member(tiff, "georeference", (!cleaned.is_identity()).then(|| cleaned.bytes()));
                self.draft.note(Finding::kept("GeoJP2", "georeference", Tells::Where, "the policy keeps it"));
                Ok(true)
            }
            Ok(Member::Unknown(why)) | Err(why) => {
                self.draft.warn(format!("the georeference could not be cleaned and was removed: {why}"));
                Ok(false)
            }
        }
    }

    fn uuid(&mut self, body: &[u8]) -> Vec<Finding> {
        let (id, data) = body.split_at(body.len().min(16));
        match id {
            b"JpgTiffExif->JP2" => {
                let tiff = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
                if exif::orientation(tiff).is_some_and(|o| o != 1) {
                    self.draft.warn("it said which way up in a place where viewers do not look; that is gone");
                }
                names::exif::describe("Exif", tiff)
            }
            [0xbe, 0x7a, 0xcf, 0xcb, ..] => names::xmp::describe("XMP", data),
            [0x33, 0xc7, 0xa4, 0xd2, ..] | [0x2c, 0x4c, 0x01, 0x00, ..] => names::iptc::describe("IPTC", data),
            [0xb1, 0x4b, 0xf8, 0xbd, ..] => vec![Finding::removed("GeoJP2", "georeference", Tells::Where)],
            _ => vec![Finding::removed("JPEG 2000", "private data (uuid box)", Tells::Unknown)],
        }
    }

    fn codestream(&mut self, span: Span) -> Result<()> {
        self.streams += 1;
        let stream = j2k::read(&**self.source, span, self.job.limits())?;
        if stream.tiles.is_empty() {
            return Err(Refusal::malformed("there is no picture", span.start));
        }
        self.draft.frame(Span::new(span.start, span.start + 2), "SOC");
        let shrinks = |s: &Segment| s.marker == j2k::COM;
        let lengths = stream.tiles.iter().map(|t| (t.span, t.header.iter().any(shrinks))).collect::<Vec<_>>();
        let mut told = 0;
        for segment in &stream.main {
            match segment.marker {
                j2k::TLM if lengths.iter().any(|(_, shrinks)| *shrinks) => self.table(segment, &lengths, &mut told)?,
                _ => self.segment(segment)?,
            }
        }
        for tile in &stream.tiles {
            match tile.length.filter(|_| tile.header.iter().any(shrinks)) {
                Some(length) => {
                    self.draft.frame(Span::new(tile.sot.start, length.start), "SOT");
                    let fate = Fate::Length { of: tile.span, plus: 0, code: Number::U32Be };
                    self.draft.reframe(length, "SOT", fate);
                    self.draft.frame(Span::new(length.end, tile.sot.end), "SOT");
                }
                None => self.draft.frame(tile.sot, "SOT"),
            }
            for segment in &tile.header {
                self.segment(segment)?;
            }
            self.draft.essence(tile.data, "tile-part");
        }
        self.draft.frame(stream.end, "EOC");
        let rest = Span::new(stream.end.end, span.end);
        if !rest.is_empty() {
            let found = names::trailer::describe("after the end", &**self.source, rest);
            self.draft.remove_all(rest, "after the end", found);
        }
        Ok(())
    }

    fn segment(&mut self, segment: &Segment) -> Result<()> {
        match segment.marker {
            j2k::COM => {
                let bytes = self.source.bytes(segment.span, 2 + u64::from(u16::MAX))?;
                let text = String::from_utf8_lossy(bytes.get(6..).unwrap_or_default()).into_owned();
                self.draft.remove(segment.span, "COM", Finding::removed("COM", "comment", Tells::Software).value(text));
            }
            // [T.800 A.5 to A.9; T.801 A.3; T.814 A]
            0x50..=0x53 | 0x55 | 0x57..=0x59 | 0x5c..=0x61 | 0x63 | 0x70..=0x79 => self.draft.frame(segment.span, "header"),
            other => {
                let what = format!("the codestream has a segment FF{other:02X} that is not known");
                return Err(Refusal::new(Code::UnknownCritical, what).at(segment.span.start));
            }
        }
        Ok(())
    }

    /// A table of the lengths of tile-parts, some of which change. [T.800 A.7.1]
    fn table(&mut self, segment: &Segment, lengths: &[(Span, bool)], told: &mut usize) -> Result<()> {
        let bytes = self.source.bytes(segment.span, 2 + u64::from(u16::MAX))?;
        let wrong = || Refusal::malformed("the table of tile-parts does not fit them", segment.span.start);
        let style = *bytes.get(5).ok_or_else(wrong)?;
        let (number, code) = (u64::from(style >> 4 & 3), if style & 0x40 == 0 { Number::U16Be } else { Number::U32Be });
        let entry = number + code.width() as u64;
        self.draft.frame(Span::new(segment.span.start, segment.span.start + 6), "TLM");
        if !(segment.span.len() - 6).is_multiple_of(entry) {
            return Err(wrong());
        }
        let mut at = segment.span.start + 6;
        while at < segment.span.end {
            let (tile, shrinks) = *lengths.get(*told).ok_or_else(wrong)?;
            let field = Span::new(at + number, at + entry);
            self.draft.frame(Span::new(at, field.start), "TLM");
            match shrinks {
                true if code.decode(&self.source.bytes(field, 4)?) != tile.len() => return Err(wrong()),
                true => self.draft.reframe(field, "TLM", Fate::Length { of: tile, plus: 0, code }),
                false => self.draft.frame(field, "TLM"),
            }
            (at, *told) = (at + entry, *told + 1);
        }
        Ok(())
    }
}

/// Walks the boxes by their lengths and the main header by its markers, without the parsers of the plan, and looks for what
/// common writers say, wherever it may stand.
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const WITNESSED: u64 = 64 << 20;
    const SAID: [&[u8]; 4] = [b"Kakadu", b"OpenJPEG", b"<?xpacket", b"JpgTiffExif->JP2"];
    const KEPT: [&[u8]; 8] = [b"jP  ", b"ftyp", b"jp2h", b"jpch", b"jplh", b"rreq", b"comp", b"jp2c"];
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let left = |what: &str, at: u64| Refusal::new(Code::Leftover, format!("the result still has {what}")).at(at);
    let (mut at, mut streams) = (0, Vec::new());
    if source::head(after, 0, 1)? == [0xff] {
        streams.push(0);
        at = after.len();
    }
    while at < after.len() {
        let head = source::head(after, at, 16)?;
        let kind = head.get(4..8).unwrap_or_default();
        if !KEPT.contains(&kind) && !(kind == b"uuid" && job.keeps(Token::Geotiff)) {
            return Err(left("a box that should be gone", at));
        }
        let (header, size) = match number(head.get(..4).unwrap_or_default()) {
            0 => (8, after.len() - at),
            1 => (16, number(head.get(8..16).unwrap_or_default()).max(16)),
            n => (8, n.max(8)),
        };
        if kind == b"jp2c" {
            streams.push(at + header);
        }
        at = at.saturating_add(size);
    }
    for start in streams {
        let mut at = start + 2;
        while let [0xff, marker @ 0x4f..=0x8f, a, b] = source::head(after, at, 4)?[..] {
            if marker == j2k::COM {
                return Err(left("a comment", at));
            }
            at += 2 + number(&[a, b]).max(2);
        }
    }
    if after.len() <= WITNESSED {
        let bytes = after.bytes(after.span(), WITNESSED)?;
        if let Some(said) = SAID.iter().find(|s| memchr::memmem::find(&bytes, s).is_some()) {
            return Err(Refusal::new(Code::Leftover, format!("the result still says {:?}", String::from_utf8_lossy(said))));
        }
    }
    Ok(vec!["box and marker walk"])
}
