//! JPEG in all its dresses: JFIF, Exif, MPO, Ultra HDR, motion photos. Tables, frame headers and scans stay byte for byte;
//! of all application segments only a few stay, in a minimal form written anew: density, which way up, colour, the gain map
//! with its parameters, panorama and stereo layout. Everything else goes, wherever it stands: in front of the picture,
//! between its scans, behind its end. It decodes no samples, so bytes hidden inside entropy-coded data are not seen.
//! The rights statement, clipping paths and the video of a motion photo stay where a person asks for them, written anew or
//! cleaned like a file of their own.

mod exif;
mod motion;
mod pictures;
mod profile;
mod survey;
mod wanted;
mod witness;

use crate::blocks::{self, gainmap, xmp};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::{jpeg, mpf};
use crate::names;
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Shared;

use pictures::Pictures;
use profile::Profile;
use survey::{Block, Segment, Survey};
use wanted::Wanted;

/// The row.
pub static FORMAT: Format = Format {
    name: "JPEG",
    extensions: &["jpg", "jpeg", "jpe", "jfif", "jif", "mpo", "jps"],
    container: false,
    keeps: "pixels, which way up, colour, print resolution, HDR gain map, panorama and stereo layout",
    removes: "Exif, XMP, IPTC, comments, previews, further pictures, motion-photo video, content credentials, all that is unknown",
    sniff,
    plan,
    witness: witness::witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &[0xff, jpeg::SOI, 0xff]).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let survey = Survey::of(source, 0)?;
    let mut draft = Draft::new(source);
    let facts = match survey.first(Block::Xmp) {
        Some(segment) => xmp::read(&segment.after(&**source, survey::XMP.len() as u64)?),
        None => xmp::Facts::default(),
    };
    let pictures = Pictures::settle(job, &mut draft, source, &survey, &facts)?;
    let motion = motion::settle(job, &mut draft, source, survey.end, &facts)?;
    let wanted = Wanted::of(job, source, &survey, &facts)?;
    wanted.note(&mut |found| draft.note(found));
    let profile = Profile::of(job, source, &survey)?;
    if let Some(why) = profile.is_odd().filter(|_| survey.first(Block::Icc).is_some()) {
        draft.warn(format!("removed: {why}; colours may look different in viewers that used it"));
    }
    let mut cleaner = Cleaner { job, source, survey: &survey, draft, facts, pictures, profile, motion, wanted };
    cleaner.fresh();
    for segment in &survey.segments {
        cleaner.settle(segment)?;
    }
    cleaner.end();
    cleaner.trailer();
    cleaner.draft.seal()
}

/// A segment with its marker and length.
fn segment(marker: u8, payload: &[&[u8]]) -> Vec<u8> {
    let payload = payload.concat();
    let [a, b] = (payload.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker, a, b], &payload[..]].concat()
}

/// The plan in the making: what was found out about the whole picture, for the decision on each of its segments.
struct Cleaner<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    survey: &'a Survey,
    draft: Draft,
    facts: xmp::Facts,
    pictures: Pictures,
    profile: Profile,
    motion: Option<xmp::Motion>,
    wanted: Wanted,
}

impl Cleaner<'_> {
    fn settle(&mut self, segment: &Segment) -> Result<()> {
        let s = segment;
        match s.block {
            // Tables are half of what the scans say: a removed name that they spell is in the picture, not in its structure.
            Block::Frame if matches!(s.marker, 0xc4 | 0xcc | 0xdb | 0xf8) => self.draft.essence(s.span, jpeg::name(s.marker)),
            Block::Frame => self.draft.frame(s.span, if s.marker == 0 { "marker" } else { jpeg::name(s.marker) }),
            Block::Scan => self.draft.essence(s.span, "scan"),
            Block::Fill => {
                let found = Finding::removed("JPEG", "padding in front of a marker", Tells::Hidden);
                self.draft.remove(s.span, "fill bytes", found);
            }
            Block::Junk => {
                let found = Finding::removed("JPEG", "stray bytes between segments", Tells::Hidden);
                self.draft.remove(s.span, "junk", found);
            }
            Block::Jfif if self.is_first(s) => self.jfif(s)?,
            Block::Exif if self.is_first(s) => self.exif(s)?,
            Block::Xmp if self.is_first(s) => self.xmp(s)?,
            Block::Mpf if self.is_first(s) => self.index(s)?,
            Block::Iso if self.is_first(s) => self.iso(s)?,
            Block::Jps if self.is_first(s) && self.job.keeps(Token::Stereo) => self.jps(s)?,
            Block::Adobe if self.survey.last(Block::Adobe).is_some_and(|last| last.span == s.span) => self.adobe(s)?,
            Block::Icc if s.early && self.profile.stays() => self.icc(s),
            Block::Xt if s.early => self.draft.frame(s.span, "APP11 JPEG XT"),
            Block::Photoshop if self.is_first(s) && self.wanted.paths.is_some() => self.paths(s)?,
            _ => self.remove(s)?,
        }
        Ok(())
    }

    /// Whether it is the one of its kind that decoders look at.
    fn is_first(&self, segment: &Segment) -> bool {
        self.survey.first(segment.block).is_some_and(|first| first.span == segment.span)
    }

    /// The density and no thumbnail. The marker itself stays: with it, colours are YCbCr. [T.871 10]
    fn jfif(&mut self, s: &Segment) -> Result<()> {
        let old = s.after(&**self.source, 0)?;
        let mut minor = if old[5] == 1 { old[6].min(2) } else { 2 };
        let mut unit = if old[7] <= 2 { old[7] } else { 0 };
        let mut density = [old[8], old[9], old[10], old[11]];
        let mut found = Vec::new();
        if !self.job.keeps(Token::Dpi) && (unit != 0 || density != [0, 1, 0, 1]) {
            let square = density[..2] == density[2..];
            if square {
                minor = 1;
                density = [0, 1, 0, 1];
            }
            // What is left of an oblong density is the shape of a pixel.
            unit = 0;
            found.push(Finding::rewritten("JFIF", "print resolution", Tells::Device));
        }
        if old[12] != 0 || old[13] != 0 {
            found.push(Finding::removed("JFIF", "thumbnail", Tells::Preview).bytes(old.len() as u64 - survey::JFIF_LEN));
        }
        if found.is_empty() {
            found.push(Finding::rewritten("JFIF", "odd bytes in the header", Tells::Hidden));
        }
        let new = segment(0xe0, &[b"JFIF\0", &[1, minor, unit], &density, &[0, 0]]);
        self.draft.replace(s.span, "APP0 JFIF", Fate::put(new), found);
        Ok(())
    }

    fn exif(&mut self, s: &Segment) -> Result<()> {
        let tiff = s.after(&**self.source, 6)?;
        let mut kept = exif::Kept::default();
        if self.job.keeps(Token::Orientation) {
            kept.orientation = blocks::exif::orientation(&tiff).or(self.facts.orientation);
        }
        if self.job.keeps(Token::Color) && !self.profile.stays() {
            kept.colour = exif::colour(&tiff);
        }
        if self.pictures.gain_map().is_some_and(|(_, p)| p.needs_maker_note()) {
            kept.headroom = exif::headroom(&tiff);
        }
        if kept.headroom.is_some() {
            let why = "an Apple HDR picture needs it to be shown as bright as it was; it tells the maker";
            self.draft.note(Finding::kept("Exif", "HDR headroom in Apple's maker note", Tells::Device, why));
        }
        kept.copyright = self.wanted.copyright.clone();
        let found = || self.wanted.told(names::exif::describe("Exif", &tiff));
        match exif::write(&kept) {
            Some(new) => {
                let (new, found) = (Fate::put(segment(0xe1, &[exif::SIGN, &new])), found());
                self.draft.replace(s.span, "APP1 Exif", new, found);
            }
            None => {
                let found = found();
                self.draft.remove_all(s.span, "APP1 Exif", found);
            }
        }
        Ok(())
    }

    /// Blocks that were not there and are needed now: the rights statement, what tells of the video. They stand where those
    /// of their kind stand in other files: behind the header of JFIF.
    fn fresh(&mut self) {
        let start = self.survey.segments.iter().skip(1).find(|s| s.block != Block::Jfif).map_or(2, |s| s.span.start);
        let (exif, xmp) = (self.survey.first(Block::Exif), self.survey.first(Block::Xmp));
        if exif.is_none() && self.wanted.copyright.is_some() {
            let orientation = self.facts.orientation.filter(|_| self.job.keeps(Token::Orientation));
            let kept = exif::Kept { orientation, copyright: self.wanted.copyright.clone(), ..exif::Kept::default() };
            if let Some(tiff) = exif::write(&kept) {
                self.draft.insert(start, "APP1 Exif", Fate::put(segment(0xe1, &[exif::SIGN, &tiff])));
            }
        }
        if xmp.is_none() && self.motion.is_some() {
            let at = exif.map_or(start, |e| e.span.end);
            let fresh = xmp::Fresh { motion: self.motion.as_ref(), ..xmp::Fresh::default() };
            let packet = xmp::write(&fresh).unwrap_or_default();
            self.draft.insert(at, "APP1 XMP", Fate::put(segment(0xe1, &[survey::XMP, &packet])));
            self.draft.note(Finding::rewritten("XMP", "that there is a motion video", Tells::Rendering));
        }
    }

    fn paths(&mut self, s: &Segment) -> Result<()> {
        let found = names::iptc::describe("Photoshop", &s.after(&**self.source, survey::PHOTOSHOP.len() as u64)?);
        let new = segment(0xed, &[self.wanted.paths.as_deref().unwrap_or_default()]);
        self.draft.replace(s.span, "APP13 paths", Fate::put(new), self.wanted.told(found));
        Ok(())
    }

    fn xmp(&mut self, s: &Segment) -> Result<()> {
        let (hdr, panorama) = (self.job.keeps(Token::GainMap), self.job.keeps(Token::Panorama));
        let listed = self.facts.items.iter().any(|i| i.semantic == "GainMap");
        let beside = self.pictures.gain_map().map(|(_, p)| p);
        let fresh = xmp::Fresh {
            linked: self.pictures.linked().filter(|_| listed),
            version: self.facts.gain_map_version && beside.is_some_and(|p| p.hdrgm),
            gain_map: self.facts.gain_map().filter(|_| hdr),
            apple: self.facts.apple().filter(|_| hdr),
            panorama: self.facts.panorama().filter(|_| panorama),
            motion: self.motion.as_ref(),
        };
        let packet = xmp::write(&fresh).map(|packet| segment(0xe1, &[survey::XMP, &packet]));
        let packet = match self.turned() {
            Some(exif) => Some([exif, packet.unwrap_or_default()].concat()),
            None => packet,
        };
        let old = s.after(&**self.source, survey::XMP.len() as u64)?;
        if fresh.panorama.is_some() {
            let why = "viewers need it to show the picture all around";
            self.draft.note(Finding::kept("XMP", "panorama projection", Tells::Rendering, why));
        }
        let indexed = self.pictures.is_empty() || self.survey.first(Block::Mpf).is_some();
        match packet {
            Some(packet) if indexed => {
                self.draft.replace(s.span, "APP1 XMP", Fate::put(packet), self.wanted.told(names::xmp::describe("XMP", &old)));
            }
            // A gain map that only the packet knew of is put into an index as well: today's readers look there.
            _ if !indexed => {
                let mut pieces = self.pictures.index(s.span.start + 1, self.survey.end, self.cut());
                if let (Some(packet), Some(Fate::Put(sign))) = (packet, pieces.first_mut()) {
                    *sign = [&packet[..], sign].concat().into();
                }
                self.draft.compose(s.span, "APP1 XMP, APP2 MPF", pieces);
                for found in self.wanted.told(names::xmp::describe("XMP", &old)) {
                    self.draft.note(found);
                }
            }
            _ => self.draft.remove_all(s.span, "APP1 XMP", self.wanted.told(names::xmp::describe("XMP", &old))),
        }
        Ok(())
    }

    /// An Exif segment for a picture of which only the packet says which way up it is.
    fn turned(&self) -> Option<Vec<u8>> {
        let alone = self.survey.first(Block::Exif).is_none() && self.job.keeps(Token::Orientation);
        let alone = alone && self.wanted.copyright.is_none();
        let tiff = blocks::exif::minimal(self.facts.orientation.filter(|_| alone))?;
        Some(segment(0xe1, &[exif::SIGN, &tiff]))
    }

    /// The index of the pictures, of which some may be gone.
    fn index(&mut self, s: &Segment) -> Result<()> {
        let old = s.after(&**self.source, 0)?;
        if !self.pictures.is_empty() {
            let tiff = s.payload.start + 4;
            let now = self.pictures.index_now(tiff, self.survey.end);
            let there = self.source.bytes(s.span, 1 << 17)?;
            if self.cut() != 0 || now != Some(there) {
                let found = Finding::rewritten("MPF", "index of the pictures", Tells::Identifier).bytes(s.span.len());
                self.draft.note(found);
            }
            let pieces = self.pictures.index(s.span.start + 1, self.survey.end, self.cut());
            self.draft.compose(s.span, "APP2 MPF", pieces);
            return Ok(());
        }
        let index = mpf::read(&old[mpf::SIGN.len()..]).unwrap_or_default();
        let found = Finding::removed("MPF", "index of further pictures", Tells::Hidden);
        match index.number {
            // Half of a pair, inside the file that holds both.
            Some(number) if index.entries.is_empty() && self.job.depth() > 0 && self.job.keeps(Token::Stereo) => {
                let new = segment(0xe2, &[mpf::SIGN, &mpf::write_number(number)]);
                let found = Finding::rewritten("MPF", "attributes of the picture", Tells::Device);
                self.draft.replace(s.span, "APP2 MPF", Fate::put(new), vec![found]);
            }
            _ => self.draft.remove(s.span, "APP2 MPF", found),
        }
        Ok(())
    }

    /// Gain map parameters; of a picture that has a gain map beside it only that it has.
    fn iso(&mut self, s: &Segment) -> Result<()> {
        let old = s.after(&**self.source, survey::ISO.len() as u64)?;
        let beside = self.pictures.gain_map().is_some_and(|(_, p)| p.iso);
        let new = if beside { Some(gainmap::VERSION.to_vec()) } else { gainmap::neutral(&old) };
        let found = Finding::removed("ISO 21496-1", "gain map parameters", Tells::Software);
        match new.filter(|_| self.job.keeps(Token::GainMap)) {
            Some(new) => {
                let new = segment(0xe2, &[survey::ISO, &new]);
                let found = Finding::rewritten("ISO 21496-1", "gain map parameters", Tells::Software);
                self.draft.replace(s.span, "APP2 ISO 21496-1", Fate::put(new), vec![found]);
            }
            None => self.draft.remove(s.span, "APP2 ISO 21496-1", found),
        }
        Ok(())
    }

    /// How the two halves lie in one picture, without the comment behind it.
    fn jps(&mut self, s: &Segment) -> Result<()> {
        let old = s.after(&**self.source, 0)?;
        let new = segment(0xe3, &[&old[..14]]);
        let found = Finding::removed("APP3", "stereo comment", Tells::Text);
        self.draft.replace(s.span, "APP3 JPS", Fate::put(new), vec![found]);
        Ok(())
    }

    /// How colours are coded: without it, CMYK pictures come out inverted. [Adobe TN 5116 18]
    fn adobe(&mut self, s: &Segment) -> Result<()> {
        let old = s.after(&**self.source, 0)?;
        let new = segment(0xee, &[&old[..survey::ADOBE_LEN as usize]]);
        let found = Finding::removed("APP14", "bytes behind the Adobe marker", Tells::Hidden);
        self.draft.replace(s.span, "APP14 Adobe", Fate::put(new), vec![found]);
        Ok(())
    }

    fn icc(&mut self, s: &Segment) {
        match &mut self.profile {
            Profile::New { bytes, told } if self.survey.first(Block::Icc).is_some_and(|first| first.span == s.span) => {
                let new = Fate::put(profile::chunked(bytes));
                self.draft.replace(s.span, "APP2 ICC", new, std::mem::take(told));
            }
            // Told with the first.
            Profile::New { .. } => _ = self.draft.replace(s.span, "APP2 ICC", Fate::Drop, Vec::new()),
            _ => self.draft.frame(s.span, "APP2 ICC"),
        }
    }

    fn remove(&mut self, s: &Segment) -> Result<()> {
        let name = jpeg::name(s.marker);
        let simple = |label, tells| Finding::removed(name, label, tells);
        match s.block {
            Block::Exif => {
                let found = names::exif::describe("Exif", &s.after(&**self.source, 6)?);
                self.draft.remove_all(s.span, name, self.wanted.told(found));
            }
            Block::Xmp => {
                let packet = s.after(&**self.source, survey::XMP.len() as u64)?;
                self.draft.remove_all(s.span, name, self.wanted.told(names::xmp::describe("XMP", &packet)));
            }
            Block::Photoshop => {
                let resources = s.after(&**self.source, survey::PHOTOSHOP.len() as u64)?;
                let found = names::iptc::describe("Photoshop", &resources);
                self.draft.remove_all(s.span, name, self.wanted.told(found));
            }
            Block::Comment => {
                let text = String::from_utf8_lossy(&s.after(&**self.source, 0)?).trim_matches(['\0', ' ', '\n', '\r']).to_owned();
                let found = Finding::removed("JPEG", "comment", Tells::Text);
                self.draft.remove(s.span, name, if text.is_empty() { found } else { found.value(text) });
            }
            Block::Icc => {
                let why = match self.profile {
                    Profile::Goes(why) if s.early => why,
                    _ => "colour profile where decoders do not look",
                };
                self.draft.remove(s.span, name, simple(why, Tells::Device));
            }
            Block::Jfif => self.draft.remove(s.span, name, simple("further JFIF header", Tells::Hidden)),
            Block::Adobe => self.draft.remove(s.span, name, simple("further Adobe marker", Tells::Hidden)),
            Block::Mpf => self.draft.remove(s.span, name, simple("further index of pictures", Tells::Hidden)),
            Block::Iso => self.draft.remove(s.span, name, simple("further gain map parameters", Tells::Hidden)),
            Block::Xt => self.draft.remove(s.span, name, simple("JPEG XT data where decoders do not look", Tells::Hidden)),
            Block::Jps => self.draft.remove(s.span, name, simple("stereo layout", Tells::Device)),
            Block::Other(label, tells) => {
                if label == "JPEG-HDR ratio picture" {
                    self.draft.warn("the HDR half of this JPEG-HDR picture was removed; the ordinary picture stays");
                }
                self.draft.remove(s.span, name, simple(label, tells));
            }
            Block::Frame | Block::Scan | Block::Fill | Block::Junk => {}
        }
        Ok(())
    }

    /// How many bytes the end marker adds that is missing.
    fn cut(&self) -> i64 {
        if self.survey.ended { 0 } else { jpeg::END.len() as i64 }
    }

    fn end(&mut self) {
        if self.survey.ended {
            return;
        }
        self.draft.insert(self.survey.end, "EOI", Fate::put(jpeg::END));
        self.draft.note(Finding::rewritten("JPEG", "missing end of the picture", Tells::Rendering));
        self.draft.warn("the picture is cut off; what is there was cleaned, and an end was put to it");
    }

    /// Everything behind the pictures that stay.
    fn trailer(&mut self) {
        for gap in self.draft.gaps() {
            self.draft.remove_all(gap, "trailer", names::trailer::describe("trailer", &**self.source, gap));
        }
    }
}
