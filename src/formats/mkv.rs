//! Matroska and WebM: a tree of elements. Blocks stay where they are; around them an allow-list ([`table`]) decides what
//! stays, random identifiers become 1, 2, 3, and positions follow. Tracks of telemetry that pose as subtitles go with their
//! blocks; private messages in H.264 and H.265 become filler. What other blocks decode to is not looked at. [RFC 9559]

mod attachment;
mod cluster;
mod private;
mod special;
mod table;
mod walk;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::blocks::dv;
use crate::blocks::messages::{Seen, Units};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::ebml::{self, Element};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};
use table::Rule;

/// The row.
pub static FORMAT: Format = Format {
    name: "Matroska",
    extensions: &["mkv", "webm", "mka", "mks", "mk3d", "weba"],
    container: false,
    keeps: "pictures, sound and subtitles block by block, timing, index, colour, chapters, fonts, cover art (cleaned)",
    removes: "titles, dates, programs, tags, random identifiers, track names, telemetry posing as subtitles, unused space",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &[0x1a, 0x45, 0xdf, 0xa3]).then_some(Match::Exact)
}

/// What is known of the film while its plan is made.
struct Film<'a, 'j> {
    job: &'a Job<'j>,
    source: &'a Shared,
    draft: Draft,
    /// The data of the Segment: what positions count from.
    segment: Span,
    /// Elements directly in the Segment that stay, by where they begin.
    tops: BTreeMap<u64, u32>,
    /// Where the data of each cluster begins, by where the cluster begins.
    clusters: HashMap<u64, Span>,
    /// Track numbers by their random identifiers.
    uids: HashMap<u64, u64>,
    /// Numbers of tracks that go.
    dropped: HashSet<u64>,
    /// Numbers of all tracks.
    numbers: HashSet<u64>,
    /// What blocks may have besides: the identifiers that tracks explain.
    additions: HashSet<u64>,
    editions: u64,
    chapters: u64,
    files: u64,
    /// How the samples of tracks of video are divided into units.
    units: HashMap<u64, Units>,
    /// Messages in the samples; those of the cluster at hand are not written down yet.
    messages: Seen,
    /// Bytes of stale positions and padding taken out of clusters, told by one finding.
    stale: u64,
    /// Blocks of tracks that are not there.
    strangers: u64,
    /// Whether the recording was cut off, so that sizes change.
    cut: bool,
    /// Clusters beside each other that stay as they are and were not written down yet.
    run: Span,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let header = ebml::element(&**source, 0, source.len())?;
    let segment = ebml::element(&**source, header.body.end, source.len())?;
    if header.unknown || header.cut || segment.id != 0x1853_8067 {
        return Err(Refusal::malformed("there is no segment behind the header", header.body.end));
    }
    let mut film = Film {
        job,
        source,
        draft: Draft::new(source),
        segment: segment.body,
        tops: BTreeMap::new(),
        clusters: HashMap::new(),
        uids: HashMap::new(),
        dropped: HashSet::new(),
        numbers: HashSet::new(),
        additions: HashSet::new(),
        editions: 0,
        chapters: 0,
        files: 0,
        units: HashMap::new(),
        messages: Seen::default(),
        stale: 0,
        strangers: 0,
        cut: segment.cut,
        run: Span::default(),
    };
    let tops = walk::tops(job, &**source, segment.body)?;
    film.learn(&tops)?;
    film.master(&header, 0)?;
    film.head(&segment);
    for top in &tops {
        film.top(top)?;
    }
    film.whole(Span::default());
    film.rest(&segment)?;
    film.messages.tell_kept(&mut film.draft, "Matroska", !job.keeps(Token::EncoderStrings));
    for found in film.messages.settle(&mut film.draft, "Matroska", job.policy().is_strict())? {
        film.draft.note(found);
    }
    if film.stale > 0 {
        let found = Finding::removed("Matroska", "positions, sizes and unused space inside clusters", Tells::Hidden);
        film.draft.note(found.bytes(film.stale));
    }
    if film.strangers > 0 {
        let found = Finding::removed("Matroska", "blocks of tracks that are not there", Tells::Hidden);
        film.draft.note(found.value(film.strangers.to_string()));
    }
    if film.cut {
        film.draft.note(Finding::rewritten("Matroska", "sizes of a recording that was cut off", Tells::Rendering));
    }
    film.draft.seal()
}

impl Film<'_, '_> {
    /// A first look at what later parts refer to.
    fn learn(&mut self, tops: &[Element]) -> Result<()> {
        let mut texts = HashSet::new();
        for top in tops {
            match top.id {
                0x1f43_b675 => _ = self.clusters.insert(top.head.start, top.body),
                0x1654_ae6b => {
                    for entry in ebml::children(&**self.source, top.body)?.iter().filter(|e| e.id == 0xae) {
                        let track = self.fields(entry.body)?;
                        let number = track.get(&0xd7).map(|b| ebml::to_uint(b)).filter(|n| *n > 0);
                        let number = number.ok_or_else(|| Refusal::malformed("a track has no number", entry.head.start))?;
                        self.numbers.insert(number);
                        for mapping in ebml::children(&**self.source, entry.body)?.iter().filter(|e| e.id == 0x41e4) {
                            let fields = self.fields(mapping.body)?;
                            let id = fields.get(&0x41f0).filter(|_| special::is_known_addition(&fields));
                            self.additions.extend(id.map(|b| ebml::to_uint(b)));
                        }
                        if let Some(uid) = track.get(&0x73c5) {
                            self.uids.insert(ebml::to_uint(uid), number);
                        }
                        if let Some(units) = self.units_of(entry.body)? {
                            self.units.insert(number, units);
                        }
                        if track.get(&0x86).is_some_and(|c| c.starts_with(b"S_TEXT")) {
                            texts.insert(number);
                        }
                    }
                }
                _ => {}
            }
        }
        for top in tops {
            let gone = match top.id {
                0x1c53_bb6b => !self.index_holds(top)?,
                0x1043_a770 => !self.job.keeps(Token::Chapters),
                0x1941_a469 => {
                    !self.job.keeps(Token::Attachments) && !self.job.keeps(Token::Fonts) && !self.job.keeps(Token::CoverArt)
                }
                id => !table::is_top(id) || id == 0x1254_c367,
            };
            if !gone {
                self.tops.insert(top.head.start, top.id);
            }
        }
        if !texts.is_empty() && !self.job.keeps(Token::TimedMetadata) {
            self.dropped = walk::telemetry(&**self.source, tops, &texts)?;
        }
        Ok(())
    }

    /// How the samples of a track are divided into units, where they can be looked at: not where blocks are packed.
    fn units_of(&self, entry: Span) -> Result<Option<Units>> {
        let children = ebml::children(&**self.source, entry)?;
        let child = |id| {
            children
                .iter()
                .find(|c| c.id == id)
                .map(|c| source::head(&**self.source, c.body.start, c.body.len().min(64) as usize))
        };
        let (Some(codec), Some(private)) = (child(0x86).transpose()?, child(0x63a2).transpose()?) else { return Ok(None) };
        // The head of a bitmap, or of a description of QuickTime's, names the codec.
        let code = match &codec[..] {
            b"V_MS/VFW/FOURCC" => private.get(16..20),
            b"V_QUICKTIME" => private.get(4..8),
            _ => None,
        };
        if code.is_some_and(dv::is_dv) {
            return Err(dv::refusal(entry.start));
        }
        let kind = match &codec[..] {
            b"V_MPEG4/ISO/AVC" => *b"avcC",
            b"V_MPEGH/ISO/HEVC" => *b"hvcC",
            _ => return Ok(None),
        };
        Ok(Units::of(kind, &private).filter(|_| children.iter().all(|c| c.id != 0x6d80)))
    }

    /// The small children of an element, by identifier.
    fn fields(&self, body: Span) -> Result<HashMap<u32, Vec<u8>>> {
        let small = |e: &Element| e.body.len() <= 4096;
        let children = ebml::children(&**self.source, body)?;
        children.iter().filter(|e| small(e)).map(|e| Ok((e.id, self.source.bytes(e.body, 4096)?))).collect()
    }

    fn top(&mut self, top: &Element) -> Result<()> {
        if !self.tops.contains_key(&top.head.start) {
            return self.gone(top);
        }
        match top.id {
            0x1f43_b675 => self.cluster(top),
            _ => self.master(top, 0),
        }
    }

    /// Identifier and size of an element whose content may change.
    fn head(&mut self, e: &Element) {
        self.draft.frame(Span::new(e.head.start, e.size.start), "element");
        let code = Number::Vint(e.size.len() as u8);
        match e.unknown {
            true => self.draft.frame(e.size, "unknown size"),
            false => self.draft.reframe(e.size, "size", Fate::Length { of: e.body, plus: 0, code }),
        }
    }

    fn master(&mut self, e: &Element, depth: u8) -> Result<()> {
        if depth > 16 {
            return Err(Refusal::limit("elements nest deeper than any honest ones").at(e.head.start));
        }
        let children = ebml::children(&**self.source, e.body)?;
        if e.id == 0xae && self.is_dropped_track(&children)? {
            let found = Finding::removed("Matroska", "telemetry posing as subtitles: track", Tells::Where);
            self.draft.remove(e.span(), "TrackEntry", found);
            return Ok(());
        }
        if self.indexes_dropped(e, &children)? {
            // The track itself has its finding.
            self.draft.reframe(e.span(), "index of a dropped track", Fate::put([]));
            return Ok(());
        }
        if e.id == 0x6240 && children.iter().any(|c| c.id == 0x5035) {
            return Err(Refusal::new(Code::Drm, "a track is encrypted").at(e.head.start));
        }
        self.job.limits().check_structures(self.draft.count())?;
        if e.id == 0xbb && !e.unknown && self.dropped.is_empty() && self.cue_point(e, &children)? {
            return Ok(());
        }
        self.head(e);
        for child in &children {
            match table::rule(e.id, child.id) {
                Rule::Number if child.body.len() <= 8 => self.draft.frame(child.span(), "element"),
                Rule::Bytes => self.draft.frame(child.span(), "element"),
                Rule::Code if child.body.len() <= 64 && table::is_code(&self.source.bytes(child.body, 64)?) => {
                    self.draft.frame(child.span(), "element");
                }
                Rule::Number | Rule::Code => {
                    return Err(Refusal::malformed("a number or a code is longer than it can be", child.head.start));
                }
                Rule::Master => self.master(child, depth + 1)?,
                Rule::Special => self.special(child, &children)?,
                Rule::Gone => self.gone(child)?,
            }
        }
        Ok(())
    }

    fn is_dropped_track(&self, children: &[Element]) -> Result<bool> {
        let number = children.iter().find(|c| c.id == 0xd7);
        let Some(number) = number else { return Ok(false) };
        Ok(self.dropped.contains(&ebml::to_uint(&self.source.bytes(number.body, 8)?)))
    }

    fn gone(&mut self, e: &Element) -> Result<()> {
        let (label, tells) = table::meaning(e.id);
        if e.id == 0x6e67 {
            let what = "its chapters continue in another file, which they name by a random identifier";
            return Err(Refusal::new(Code::NeedsResidual, what)
                .at(e.head.start)
                .hint("join the files first, or use --drop chapters"));
        }
        let mut found = vec![Finding::removed("Matroska", label, tells).bytes(e.span().len())];
        if matches!(e.id, 0x7ba9 | 0x7384 | 0x536e | 0x258688 | 0x3c83ab | 0x3e83bb) {
            let text = self.source.bytes(e.body, 1 << 16).unwrap_or_default();
            found = vec![Finding::removed("Matroska", label, tells).value(String::from_utf8_lossy(&text).into_owned())];
        }
        if e.id == 0x1254_c367 {
            found.extend(walk::tags(&**self.source, e.body));
        }
        self.draft.remove_all(e.span(), "element", found);
        Ok(())
    }

    /// What no element of the segment covers, and what stands behind it.
    fn rest(&mut self, segment: &Element) -> Result<()> {
        for gap in self.draft.gaps() {
            let place = if gap.start >= segment.body.end { "behind the film" } else { "between the parts" };
            self.draft.remove_all(gap, "gap", trailer::describe(place, &**self.source, gap));
        }
        Ok(())
    }
}

/// A look with a reader that knows one thing: identifiers that must not be there, at the places where they would be.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let header = ebml::element(after, 0, after.len())?;
    let segment = ebml::element(after, header.body.end, after.len())?;
    let mut at = segment.body.start;
    while at < segment.body.end {
        let top = ebml::element(after, at, segment.body.end)?;
        if matches!(top.id, 0x1254_c367 | 0xec | 0x1b53_8667) {
            return Err(Refusal::new(Code::Leftover, "tags or unused space are still there").at(at));
        }
        if top.id == 0x1549_a966 {
            let info = after.bytes(top.body, 1 << 20)?;
            for id in [&[0x7b, 0xa9][..], &[0x44, 0x61], &[0x73, 0xa4]] {
                if info.len() > 2 && info.starts_with(id) {
                    return Err(Refusal::new(Code::Leftover, "title, date or identifier is still there").at(at));
                }
            }
        }
        if top.unknown {
            break;
        }
        at = top.body.end;
    }
    Ok(vec!["second element walk"])
}
