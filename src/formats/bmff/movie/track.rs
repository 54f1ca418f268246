//! A track: what it is, whether it stays, and its boxes written again if it does. [ISO/IEC 14496-12 8.3, 8.4]

use super::super::{Walk, codec, messages};
use super::{Movie, Parts, description, is_wide, tables, telemetry, user};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::{Atom, Atoms};
use crate::names::quicktime;
use crate::plan::Fate;
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// A track, read.
pub(super) struct Track {
    pub(super) trak: Atom,
    pub(super) id: u32,
    /// `vide`, `soun`, `text`, `meta`, …
    pub(super) handler: [u8; 4],
    /// Whether players show it without being asked.
    enabled: bool,
    /// In units of the movie, where it is known.
    pub(super) duration: Option<u64>,
    /// The types of its sample descriptions.
    pub(super) formats: Vec<[u8; 4]>,
    /// Which data references its sample descriptions use.
    data: Vec<u16>,
    /// Which tracks it refers to, and how.
    references: Vec<([u8; 4], Vec<u32>)>,
    boxes: Atoms,
    media: Atoms,
    info: Atoms,
    /// The sample tables.
    pub(super) tables: Atoms,
    /// Whether another track takes its samples for chapters.
    chapters: bool,
    /// Why it goes; `None` where it stays.
    gone: Option<Vec<Finding>>,
}

/// Reads a `trak` box.
pub(super) fn read(walk: &Walk, trak: &Atom) -> Result<Track> {
    let boxes = walk.children(trak.body())?;
    let tkhd = boxes.one(b"tkhd", trak)?;
    let (id, enabled, duration) = header(walk, &tkhd)?;
    let mdia = boxes.one(b"mdia", trak)?;
    let media = walk.children(mdia.body())?;
    let hdlr = media.one(b"hdlr", &mdia)?;
    let handler = Cursor::new(&**walk.source, Span::new(hdlr.body().start + 8, hdlr.span.end)).array()?;
    let minf = media.one(b"minf", &mdia)?;
    let info = walk.children(minf.body())?;
    let stbl = info.one(b"stbl", &minf)?;
    let tables = walk.children(stbl.body())?;
    for kind in [b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stz2", b"stco", b"co64"] {
        tables.only(kind)?;
    }
    media.one(b"mdhd", &mdia)?;
    let stsd = tables.one(b"stsd", &stbl)?;
    let (mut formats, mut data) = (Vec::new(), Vec::new());
    for entry in &description::entries(walk, &stsd)?.list {
        formats.push(entry.kind);
        data.push(Cursor::new(&**walk.source, Span::new(entry.body().start + 6, entry.span.end)).u16_be()?);
    }
    let references = match boxes.only(b"tref")? {
        Some(tref) => references(walk, &tref)?,
        None => Vec::new(),
    };
    let trak = *trak;
    Ok(Track {
        trak,
        id,
        handler,
        enabled,
        duration,
        formats,
        data,
        references,
        boxes,
        media,
        info,
        tables,
        chapters: false,
        gone: None,
    })
}

/// Number, enabled flag and duration out of `tkhd`. [8.3.2]
fn header(walk: &Walk, tkhd: &Atom) -> Result<(u32, bool, Option<u64>)> {
    let mut cursor = Cursor::new(&**walk.source, tkhd.body());
    let [version, _, _, flags] = cursor.array()?;
    cursor.skip(if version > 0 { 16 } else { 8 })?;
    let id = cursor.u32_be()?;
    cursor.skip(4)?;
    let duration = match version {
        0 => Some(cursor.u32_be()?).filter(|d| *d != u32::MAX).map(u64::from),
        _ => Some(cursor.u64_be()?).filter(|d| *d != u64::MAX),
    };
    Ok((id, flags & 1 != 0, duration))
}

fn references(walk: &Walk, tref: &Atom) -> Result<Vec<([u8; 4], Vec<u32>)>> {
    let mut out = Vec::new();
    for entry in walk.children(tref.body())?.list {
        let mut cursor = Cursor::new(&**walk.source, entry.body());
        let mut to = Vec::new();
        while cursor.left() >= 4 {
            to.push(cursor.u32_be()?);
            walk.job.limits().check_structures(to.len())?;
        }
        out.push((entry.kind, to));
    }
    Ok(out)
}

/// Decides which tracks stay.
pub(super) fn decide(walk: &Walk, tracks: &mut [Track]) -> Result<()> {
    let chapters: Vec<u32> = tracks
        .iter()
        .flat_map(|t| &t.references)
        .filter(|(kind, _)| kind == b"chap")
        .flat_map(|(_, to)| to.iter().copied())
        .collect();
    for track in tracks {
        if track.formats.iter().any(|f| is_locked(*f)) {
            return Err(codec::encrypted(track.trak.span.start));
        }
        track.chapters = chapters.contains(&track.id);
        track.gone = track.judge(walk, track.chapters)?;
    }
    Ok(())
}

/// Sample descriptions of encrypted media. [14496-12 8.12; Apple's own]
fn is_locked(format: [u8; 4]) -> bool {
    matches!(&format, b"encv" | b"enca" | b"enct" | b"encs" | b"encm" | b"drms" | b"drmi" | b"p608" | b"aavd")
}

impl Track {
    /// How long it plays, in seconds. [8.4.2]
    pub(super) fn seconds(&self, walk: &Walk) -> Result<Option<u64>> {
        let Some(mdhd) = self.media.first(b"mdhd") else { return Ok(None) };
        let mut cursor = Cursor::new(&**walk.source, mdhd.body());
        let [version, ..] = cursor.array::<4>()?;
        cursor.skip(if version > 0 { 16 } else { 8 })?;
        let scale = u64::from(cursor.u32_be()?);
        let duration = if version > 0 { cursor.u64_be()? } else { u64::from(cursor.u32_be()?) };
        Ok((duration != u64::MAX && duration != u64::from(u32::MAX)).then(|| duration.checked_div(scale)).flatten())
    }

    /// Whether it stays.
    pub(super) fn stays(&self) -> bool {
        self.gone.is_none()
    }

    fn judge(&self, walk: &Walk, is_chapter: bool) -> Result<Option<Vec<Finding>>> {
        let keeps = |token| walk.job.keeps(token);
        let gone = |label: &'static str, tells| {
            let label = format!(
                "{label} ({})",
                self.formats.iter().map(|f| crate::grammar::bmff::print(*f)).collect::<Vec<_>>().join(", ")
            );
            Ok(Some(vec![Finding::removed(walk.place, label, tells)]))
        };
        let picture = |f: &[u8; 4]| matches!(f, b"jpeg" | b"mjpa" | b"mjpb" | b"png ");
        match &self.handler {
            b"vide" | b"pict" if is_chapter && !keeps(Token::Chapters) => gone("chapter pictures", Tells::Preview),
            b"vide" | b"pict" => {
                let lone = !self.enabled && !is_chapter && self.formats.iter().all(picture) && tables::count(walk, self)? <= 1;
                if lone { gone("thumbnail track", Tells::Preview) } else { Ok(None) }
            }
            b"soun" => Ok(None),
            b"auxv" => match description::auxiliary(walk, self)? {
                name if name.contains("alpha") || name.ends_with("auxid:1") || name.is_empty() => Ok(None),
                _ if keeps(Token::Depth) => Ok(None),
                _ => gone("depth or mask track", Tells::Hidden),
            },
            b"text" | b"sbtl" | b"subt" | b"clcp" | b"subp" => {
                let shown = self.enabled || &self.handler != b"text";
                if is_chapter {
                    return if keeps(Token::Chapters) { Ok(None) } else { gone("chapters", Tells::Text) };
                }
                if let Some(found) = telemetry::in_subtitles(walk, self)? {
                    return Ok((!keeps(Token::TimedMetadata)).then_some(found));
                }
                match () {
                    () if !shown => gone("text track that is not shown", Tells::Hidden),
                    () if !keeps(Token::Subtitles) => gone("subtitles", Tells::Text),
                    () => Ok(None),
                }
            }
            b"tmcd" => {
                if keeps(Token::Timecode) {
                    Ok(None)
                } else {
                    gone("time code track", Tells::When)
                }
            }
            b"hint" | b"odsm" | b"sdsm" | b"ocsm" | b"ipsm" | b"mjsm" | b"m7sm" => gone("streaming hints", Tells::History),
            b"meta" | b"camm" | b"gpmd" | b"data" | b"priv" | b"nrtm" | b"ctbx" | b"marl" | b"CTMD" => {
                if keeps(Token::TimedMetadata) { Ok(None) } else { Ok(Some(telemetry::describe(walk, self)?)) }
            }
            _ => gone("track of an unknown kind", Tells::Unknown),
        }
    }

    /// Says what becomes of every byte of the box, and claims the samples.
    pub(super) fn write(&self, walk: &mut Walk, movie: &Movie) -> Result<()> {
        if let Some(found) = &self.gone {
            let bytes = tables::lose(walk, self);
            let mut found = found.clone();
            found[0].bytes = bytes;
            walk.draft.remove_all(self.trak.span, "trak", found);
            return Ok(());
        }
        walk.open(&self.trak);
        for atom in &self.boxes.list {
            match &atom.kind {
                b"tkhd" => track_header(walk, atom)?,
                b"tref" => self.refer(walk, atom, movie)?,
                b"edts" => edits(walk, atom)?,
                b"mdia" => self.media(walk, atom)?,
                b"tapt" | b"clip" | b"trgr" => walk.keep(atom),
                b"udta" => user::write(walk, atom)?,
                b"uuid" => user::spherical(walk, atom)?,
                _ => walk.remove(atom),
            }
        }
        walk.remove_tail(self.boxes.tail)
    }

    /// `tref`, without the tracks that go. [8.3.3]
    fn refer(&self, walk: &mut Walk, tref: &Atom, movie: &Movie) -> Result<()> {
        let boxes = walk.children(tref.body())?;
        let streaming = |kind: &[u8; 4]| matches!(kind, b"hint" | b"mpod" | b"ipir" | b"dpnd");
        let kept = |(kind, to): &([u8; 4], Vec<u32>)| -> Vec<u32> {
            to.iter().copied().filter(|id| !streaming(kind) && (*id == 0 || movie.stays(*id))).collect()
        };
        let kept: Vec<Vec<u32>> = self.references.iter().map(kept).collect();
        if kept.iter().all(Vec::is_empty) {
            let found = Finding::removed(walk.place, "references to tracks that go", Tells::Unknown);
            walk.draft.remove(tref.span, "tref", found);
            return Ok(());
        }
        walk.open(tref);
        for ((entry, old), to) in boxes.list.iter().zip(&self.references).zip(&kept) {
            let slack = entry.body().len() != old.1.len() as u64 * 4;
            if to.is_empty() || to.len() != old.1.len() || slack {
                walk.draft.note(Finding::removed(walk.place, "references to tracks that go", Tells::Unknown));
            }
            if to.is_empty() {
                walk.draft.remove_told(entry.span, "tref");
                continue;
            }
            walk.open(entry);
            let body: Vec<u8> = to.iter().flat_map(|id| id.to_be_bytes()).collect();
            walk.draft.reframe(entry.body(), "tref", Fate::put(body));
        }
        walk.remove_tail(boxes.tail)
    }

    fn media(&self, walk: &mut Walk, mdia: &Atom) -> Result<()> {
        walk.open(mdia);
        for atom in &self.media.list {
            match &atom.kind {
                b"mdhd" => {
                    let wide = is_wide(walk, atom)?;
                    let mut parts = Parts::new(walk, atom, if wide { 44 } else { 32 })?;
                    parts.times(4, wide);
                    parts.finish();
                }
                b"hdlr" => walk.handler(atom)?,
                b"elng" => walk.keep(atom),
                b"minf" => self.information(walk, atom)?,
                _ => walk.remove(atom),
            }
        }
        walk.remove_tail(self.media.tail)
    }

    /// What cameras and encoders write into the coded pictures themselves.
    fn look_inside(&self, walk: &mut Walk) -> Result<()> {
        if let Some(units) = description::units(walk, self)? {
            let samples = tables::first_samples(walk, self, usize::MAX)?;
            messages::look_into(walk, samples.into_iter().map(|sample| (sample, units)))?;
        }
        if self.chapters && &self.handler == b"text" && walk.job.policy().is_strict() {
            self.number_chapters(walk)?;
        }
        if self.formats.iter().any(|f| matches!(f, b"jpeg" | b"mjpa" | b"mjpb" | b"mjpg")) {
            for span in tables::first_samples(walk, self, 1)?.into_iter().filter(|s| s.end <= walk.source.len()) {
                let head = walk.bytes(Span::new(span.start, span.end.min(span.start + 65_536)))?;
                if [&b"Exif\0\0"[..], b"ns.adobe.com/xap"].iter().any(|sign| memchr::memmem::find(&head, sign).is_some()) {
                    let what = "a motion JPEG video with Exif or XMP in its pictures";
                    return Err(Refusal::unsupported(what).at(span.start).hint("convert it to another codec and clean that"));
                }
            }
        }
        Ok(())
    }

    /// Under a strict policy the titles of chapters only count, in as many bytes as before.
    fn number_chapters(&self, walk: &mut Walk) -> Result<()> {
        for (i, sample) in tables::first_samples(walk, self, usize::MAX)?.into_iter().enumerate() {
            if sample.len() <= 2 || sample.end > walk.source.len() {
                continue;
            }
            let bytes = walk.bytes(sample)?;
            let length = u64::from(u16::from_be_bytes([bytes[0], bytes[1]])).min(sample.len() - 2);
            let text = Span::new(sample.start + 2, sample.start + 2 + length);
            if !text.is_empty() && walk.claims.make(text) {
                let mut title = format!("Chapter {}", i + 1).into_bytes();
                title.resize(length as usize, b' ');
                let found = Finding::rewritten(walk.place, "chapter title", Tells::Text);
                walk.draft.replace(text, "chapter title", Fate::put(title), vec![found]);
            }
        }
        Ok(())
    }

    fn information(&self, walk: &mut Walk, minf: &Atom) -> Result<()> {
        walk.open(minf);
        for atom in &self.info.list {
            match &atom.kind {
                b"vmhd" => walk.keep_exactly(atom, 20)?,
                b"smhd" => walk.keep_exactly(atom, 16)?,
                b"nmhd" | b"sthd" => walk.keep_exactly(atom, 12)?,
                b"hmhd" => walk.keep_exactly(atom, 28)?,
                b"gmhd" => base_header(walk, atom)?,
                b"hdlr" => walk.handler(atom)?,
                b"dinf" => walk.data_information(atom, &self.data)?,
                b"stbl" => {
                    walk.open(atom);
                    tables::write(walk, self)?;
                    self.look_inside(walk)?;
                    walk.remove_tail(self.tables.tail)?;
                }
                _ => walk.remove(atom),
            }
        }
        walk.remove_tail(self.info.tail)
    }
}

/// `tkhd` [8.3.2]
fn track_header(walk: &mut Walk, atom: &Atom) -> Result<()> {
    let wide = is_wide(walk, atom)?;
    let mut parts = Parts::new(walk, atom, if wide { 104 } else { 92 })?;
    parts.times(4, wide);
    let (first, second) = if wide { (24, 36) } else { (16, 24) };
    parts.blank(first, 4, "reserved bytes", Tells::Hidden);
    parts.blank(second, 8, "reserved bytes", Tells::Hidden);
    parts.finish();
    Ok(())
}

/// `gmhd`, in which QuickTime says how other media is drawn. [QTFF, base media information]
fn base_header(walk: &mut Walk, gmhd: &Atom) -> Result<()> {
    let boxes = walk.children(gmhd.body())?;
    walk.open(gmhd);
    for atom in &boxes.list {
        match &atom.kind {
            b"gmin" => walk.keep_exactly(atom, 24)?,
            b"text" | b"gmdi" | b"tmcd" => walk.keep(atom),
            _ => walk.remove(atom),
        }
    }
    walk.remove_tail(boxes.tail)
}

/// `edts`: the edit list says what of the media is shown, and when. [8.6.5]
fn edits(walk: &mut Walk, edts: &Atom) -> Result<()> {
    let boxes = walk.children(edts.body())?;
    let Some(elst) = boxes.only(b"elst")? else {
        walk.remove(edts);
        return Ok(());
    };
    walk.open(edts);
    for atom in &boxes.list {
        if atom == &elst {
            tables::keep_table(walk, atom, if is_wide(walk, atom)? { 20 } else { 12 })?;
        } else {
            walk.remove(atom);
        }
    }
    walk.remove_tail(boxes.tail)
}

impl Track {
    /// What a person would call it.
    pub(super) fn name(&self) -> String {
        quicktime::track(self.handler, &self.formats)
    }

    /// A refusal that points to it.
    pub(super) fn refuse(&self, what: &'static str) -> Refusal {
        Refusal::malformed(what, self.trak.span.start)
    }
}
