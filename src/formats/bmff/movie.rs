//! Movies: the `moov` box of MP4 and QuickTime files, and the fragments that may follow. Pictures, sound, subtitles and
//! chapters stay, with the tables that say when and how to show them; tracks of positions, faces and sensors go with every
//! sample, and so does all that only describes. [ISO/IEC 14496-12 8, QuickTime File Format]

mod description;
mod fragment;
mod index;
mod tables;
mod telemetry;
mod track;
mod user;

use super::Walk;
use super::step_name;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::{Atom, Atoms};
use crate::names::quicktime;
use crate::plan::{Fate, Number};
use crate::refusal::{Code, Refusal, Result};
use crate::source::Span;

use track::Track;

/// A movie, read and decided.
pub(super) struct Movie {
    moov: Atom,
    boxes: Atoms,
    tracks: Vec<Track>,
    defaults: Vec<fragment::Defaults>,
}

/// Reads the `moov` box.
pub(super) fn read(walk: &Walk, moov: &Atom) -> Result<Movie> {
    let boxes = walk.children(moov.body())?;
    let at = moov.span.start;
    if boxes.first(b"cmov").is_some() {
        return Err(Refusal::unsupported("the index of the movie is compressed").at(at).hint("save it with a current program"));
    }
    if boxes.first(b"rmra").is_some() {
        return Err(Refusal::unsupported("a movie that only refers to other files").at(at));
    }
    if let Some(locked) = boxes.first(b"pssh") {
        return Err(Refusal::new(Code::Drm, "the media is encrypted").at(locked.span.start));
    }
    boxes.one(b"mvhd", moov)?;
    let mut tracks: Vec<Track> = Vec::new();
    for trak in boxes.list.iter().filter(|a| a.is(b"trak")) {
        let track = track::read(walk, trak)?;
        if tracks.iter().any(|t| t.id == track.id) {
            return Err(Refusal::malformed("two tracks have the same number", trak.span.start));
        }
        tracks.push(track);
        if tracks.len() > 1000 {
            return Err(Refusal::limit("more than 1000 tracks"));
        }
    }
    track::decide(walk, &mut tracks)?;
    if !tracks.iter().any(|t| t.stays()) {
        let what = "there is neither picture nor sound in it";
        return Err(Refusal::unsupported(what).at(at).hint("nothing would be left of it"));
    }
    let defaults = match boxes.only(b"mvex")? {
        Some(mvex) => fragment::defaults(walk, &mvex)?,
        None => Vec::new(),
    };
    Ok(Movie { moov: *moov, boxes, tracks, defaults })
}

impl Movie {
    /// Says what becomes of a box at the top of the file that belongs to the movie.
    pub(super) fn write(&self, walk: &mut Walk, atom: &Atom, top: &[Atom]) -> Result<()> {
        match &atom.kind {
            b"moov" => self.index(walk),
            b"moof" => fragment::write(walk, self, atom),
            b"sidx" => index::segments(walk, self, atom, top),
            b"mfra" => index::random_access(walk, self, atom, top),
            _ => Err(Refusal::new(Code::Internal, "a box that is no part of a movie").at(atom.span.start)),
        }
    }

    fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|t| t.id == id)
    }

    fn stays(&self, id: u32) -> bool {
        self.track(id).is_some_and(Track::stays)
    }

    /// Whether all tracks stay.
    fn is_whole(&self) -> bool {
        self.tracks.iter().all(Track::stays)
    }

    fn index(&self, walk: &mut Walk) -> Result<()> {
        walk.open(&self.moov);
        for atom in &self.boxes.list {
            match &atom.kind {
                b"mvhd" => self.header(walk, atom)?,
                b"trak" => {
                    if let Some(track) = self.tracks.iter().find(|t| t.trak == *atom) {
                        track.write(walk, self)?;
                    }
                }
                b"mvex" => self.extends(walk, atom)?,
                b"udta" => user::write(walk, atom)?,
                b"clip" | b"ctab" => walk.keep(atom),
                _ => walk.remove(atom),
            }
            walk.job.limits().check_structures(walk.draft.count())?;
        }
        walk.remove_tail(self.boxes.tail)
    }

    /// `mvhd` [8.2.2]; QuickTime has times of preview, poster and selection where ISO has zeros.
    fn header(&self, walk: &mut Walk, atom: &Atom) -> Result<()> {
        let wide = is_wide(walk, atom)?;
        let longest = self.tracks.iter().filter(|t| t.stays()).filter_map(|t| t.duration).max().unwrap_or(0);
        let mut parts = Parts::new(walk, atom, if wide { 120 } else { 108 })?;
        let more = if wide { 12 } else { 0 };
        parts.times(4, wide);
        let (at, code) = if wide { (24, Number::U64Be) } else { (16, Number::U32Be) };
        if !self.is_whole() && longest > 0 {
            parts.shorten(at, code, longest);
        }
        parts.blank(26 + more, 10, "reserved bytes", Tells::Hidden);
        parts.blank(72 + more, 24, "preview and selection times", Tells::History);
        parts.finish();
        Ok(())
    }

    fn extends(&self, walk: &mut Walk, mvex: &Atom) -> Result<()> {
        let boxes = walk.children(mvex.body())?;
        walk.open(mvex);
        for atom in &boxes.list {
            match &atom.kind {
                b"mehd" => walk.keep_exactly(atom, if is_wide(walk, atom)? { 20 } else { 16 })?,
                b"trex" => match self.defaults.iter().find(|d| d.atom == *atom) {
                    Some(d) if self.stays(d.track) => walk.keep_exactly(atom, 32)?,
                    Some(d) if self.track(d.track).is_some() => walk.draft.remove_told(atom.span, "trex"),
                    _ => walk.remove(atom),
                },
                b"leva" => walk.keep(atom),
                _ => walk.remove(atom),
            }
        }
        walk.remove_tail(boxes.tail)
    }
}

/// Whether a full box is of version 1 or later: its times take eight bytes.
fn is_wide(walk: &Walk, atom: &Atom) -> Result<bool> {
    Ok(walk.bytes(Span::new(atom.body().start, atom.full_body().start))?.first().is_some_and(|v| *v > 0))
}

/// A box of a fixed layout, part of which is overwritten.
struct Parts<'w, 'a> {
    walk: &'w mut Walk<'a>,
    atom: Atom,
    at: u64,
    end: u64,
}

impl<'w, 'a> Parts<'w, 'a> {
    /// Keeps the header; `length` is that of the whole box with a header of eight bytes.
    fn new(walk: &'w mut Walk<'a>, atom: &Atom, length: u64) -> Result<Parts<'w, 'a>> {
        let end = atom.body().start + length - 8;
        if end > atom.span.end {
            return Err(Refusal::malformed(format!("the box {} is too short", atom.label()), atom.span.start));
        }
        walk.open(atom);
        Ok(Parts { at: atom.body().start, end, atom: *atom, walk })
    }

    /// Keeps everything up to `offset` in the body.
    fn up_to(&mut self, offset: u64) {
        let to = self.atom.body().start + offset;
        self.walk.draft.frame(Span::new(self.at, to), step_name(self.atom.kind));
        self.at = to;
    }

    fn blank(&mut self, offset: u64, length: u64, label: &'static str, tells: Tells) {
        self.up_to(offset);
        let span = Span::new(self.at, self.at + length);
        self.walk.draft.blank(span, label, Finding::blanked(self.walk.place, label, tells));
        self.at = span.end;
    }

    /// Creation and modification time, in seconds since 1904.
    fn times(&mut self, offset: u64, wide: bool) {
        let width = if wide { 8 } else { 4 };
        for (i, label) in ["creation time", "modification time"].into_iter().enumerate() {
            self.up_to(offset + width * i as u64);
            let span = Span::new(self.at, self.at + width);
            let seconds = self.walk.bytes(span).unwrap_or_default().iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
            let found = Finding::blanked(self.walk.place, label, Tells::When).value(quicktime::time(seconds));
            self.walk.draft.blank(span, "time", found);
            self.at = span.end;
        }
    }

    /// A duration that a track had which is gone.
    fn shorten(&mut self, offset: u64, code: Number, longest: u64) {
        self.up_to(offset);
        let span = Span::new(self.at, self.at + code.width() as u64);
        let there = code.decode(&self.walk.bytes(span).unwrap_or_default());
        match code.encode(longest) {
            Some(bytes) if there > longest => {
                let found = Finding::rewritten(self.walk.place, "duration of a track that goes", Tells::Hidden);
                self.walk.draft.replace(span, "duration", Fate::put(bytes), vec![found]);
            }
            _ => self.walk.draft.frame(span, "duration"),
        }
        self.at = span.end;
    }

    /// Keeps the rest of the layout; what stands behind it goes.
    fn finish(self) {
        self.walk.draft.frame(Span::new(self.at, self.end), step_name(self.atom.kind));
        let slack = Span::new(self.end, self.atom.span.end);
        if !slack.is_empty() {
            let label = format!("bytes behind the end of a header ({})", self.atom.label());
            self.walk.draft.remove(slack, "slack", Finding::removed(self.walk.place, label, Tells::Hidden));
        }
    }
}
