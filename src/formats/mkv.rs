//! Matroska and WebM: a tree of elements. Blocks stay where they are; around them an allow-list ([`table`]) decides what
//! stays, random identifiers become 1, 2, 3, and positions follow. Tracks of telemetry that pose as subtitles go with their
//! blocks. What blocks decode to is not looked at. [RFC 9559]

mod private;
mod table;
mod walk;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::ebml::{self, Element};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span, Window};
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
    editions: u64,
    chapters: u64,
    files: u64,
    /// Bytes of stale positions and padding taken out of clusters, told by one finding.
    stale: u64,
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
        editions: 0,
        chapters: 0,
        files: 0,
        stale: 0,
    };
    let tops = walk::tops(job, &**source, segment.body)?;
    film.learn(&tops)?;
    film.master(&header, 0)?;
    film.head(&segment);
    for top in &tops {
        film.top(top)?;
    }
    film.rest(&segment)?;
    if film.stale > 0 {
        let found = Finding::removed("Matroska", "positions, sizes and unused space inside clusters", Tells::Hidden);
        film.draft.note(found.bytes(film.stale));
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
                        let number = track.get(&0xd7).map_or(0, |b| ebml::to_uint(b));
                        if let Some(uid) = track.get(&0x73c5) {
                            self.uids.insert(ebml::to_uint(uid), number);
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
        self.head(e);
        for child in &children {
            match table::rule(child.id) {
                Rule::Keep => self.draft.frame(child.span(), "element"),
                Rule::Master => self.master(child, depth + 1)?,
                Rule::Special => self.special(child, &children)?,
                Rule::Gone(..) => self.gone(child)?,
            }
        }
        Ok(())
    }

    fn is_dropped_track(&self, children: &[Element]) -> Result<bool> {
        let number = children.iter().find(|c| c.id == 0xd7);
        let Some(number) = number else { return Ok(false) };
        Ok(self.dropped.contains(&ebml::to_uint(&self.source.bytes(number.body, 8)?)))
    }

    /// Whether an entry of the index only speaks of tracks that go.
    fn indexes_dropped(&self, e: &Element, children: &[Element]) -> Result<bool> {
        let track = |body: Span| Ok::<_, Refusal>(self.fields(body)?.get(&0xf7).map(|b| ebml::to_uint(b)));
        let gone = |track: Option<u64>| track.is_some_and(|t| self.dropped.contains(&t));
        match e.id {
            _ if self.dropped.is_empty() => Ok(false),
            0xb7 => Ok(gone(track(e.body)?)),
            0xbb => {
                let mut all = children.iter().filter(|c| c.id == 0xb7).peekable();
                let any = all.peek().is_some();
                Ok(any && all.map(|c| track(c.body)).collect::<Result<Vec<_>>>()?.into_iter().all(gone))
            }
            _ => Ok(false),
        }
    }

    fn gone(&mut self, e: &Element) -> Result<()> {
        let (label, tells) = match table::rule(e.id) {
            Rule::Gone(label, tells) => (label, tells),
            _ if e.id == 0x1043_a770 => ("chapters", Tells::Text),
            _ if e.id == 0x1c53_bb6b => ("index that points nowhere", Tells::Unknown),
            _ => ("attachments", Tells::Hidden),
        };
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

    fn special(&mut self, e: &Element, siblings: &[Element]) -> Result<()> {
        let source = self.source;
        let uint = |id: u32| -> Result<Option<u64>> {
            let e = siblings.iter().find(|s| s.id == id);
            e.map(|e| Ok(ebml::to_uint(&source.bytes(e.body, 8)?))).transpose()
        };
        let limit = self.job.limits().block;
        match e.id {
            0x4d80 | 0x5741 => {
                let value = String::from_utf8_lossy(&source.bytes(e.body, limit)?).into_owned();
                let found = Finding::removed("Matroska", "program that wrote the file", Tells::Software).value(value);
                self.anew(e, b"", found);
            }
            0x4dbb => self.seek(e)?,
            0xf1 => {
                let target = self.segment.start + ebml::to_uint(&source.bytes(e.body, 8)?);
                self.position(e, target, self.segment.start);
            }
            0xf0 => {
                let cluster = uint(0xf1)?.and_then(|p| self.clusters.get(&(self.segment.start + p)).copied());
                let cluster = cluster.ok_or_else(|| Refusal::malformed("an index entry has no cluster", e.head.start))?;
                let target = cluster.start + ebml::to_uint(&source.bytes(e.body, 8)?);
                self.position(e, target, cluster.start);
            }
            0x22b59c | 0x22b59d if self.job.keeps(Token::Language) => self.draft.frame(e.span(), "language"),
            0x22b59c | 0x22b59d => self.draft.remove(e.span(), "language", Finding::removed("Matroska", "language", Tells::Text)),
            0x536e if self.job.keeps(Token::TrackNames) => self.draft.frame(e.span(), "track name"),
            0x536e => {
                let value = String::from_utf8_lossy(&source.bytes(e.body, limit)?).into_owned();
                self.draft.remove(e.span(), "track name", Finding::removed("Matroska", "track name", Tells::Text).value(value));
            }
            0x73c5 => {
                let number = uint(0xd7)?.unwrap_or(1);
                self.anew(e, &ebml::uint(number), Finding::rewritten("Matroska", "random track identifier", Tells::Identifier));
            }
            0x63a2 => self.codec_private(e, siblings)?,
            0x41e4 => self.addition(e)?,
            0x45bc => {
                self.editions += 1;
                let n = self.editions;
                self.anew(e, &ebml::uint(n), Finding::rewritten("Matroska", "random edition identifier", Tells::Identifier));
            }
            0x73c4 => {
                self.chapters += 1;
                let n = self.chapters;
                self.anew(e, &ebml::uint(n), Finding::rewritten("Matroska", "random chapter identifier", Tells::Identifier));
            }
            0x89 => {
                let uid = ebml::to_uint(&source.bytes(e.body, 8)?);
                // Cleaned files refer to tracks by their numbers already, which are their identifiers then.
                let number = self.uids.get(&uid).copied().unwrap_or(1);
                self.anew(e, &ebml::uint(number), Finding::rewritten("Matroska", "random track identifier", Tells::Identifier));
            }
            0x85 if self.job.policy().is_strict() => {
                let title = format!("Chapter {}", self.chapters);
                self.anew(e, title.as_bytes(), Finding::rewritten("Matroska", "chapter title", Tells::Text));
            }
            0x85 => self.draft.frame(e.span(), "chapter title"),
            0x61a7 => self.attachment(e)?,
            _ => return self.gone(e),
        }
        Ok(())
    }

    /// Replaces the data of a small element.
    fn anew(&mut self, e: &Element, data: &[u8], found: Finding) {
        let there = self.source.bytes(e.body, 1 << 20).unwrap_or_default();
        if there == data {
            self.draft.frame(e.span(), "element");
        } else {
            self.draft.replace(e.span(), "element", Fate::put(ebml::compose(e.id, data)), vec![found]);
        }
    }

    fn position(&mut self, e: &Element, of: u64, origin: u64) {
        self.draft.frame(e.head, "position");
        let code = Number::Be(e.body.len() as u8);
        self.draft.reframe(e.body, "position", Fate::Position { of, origin, code });
    }

    fn seek(&mut self, e: &Element) -> Result<()> {
        let children = ebml::children(&**self.source, e.body)?;
        let id = children.iter().find(|c| c.id == 0x53ab);
        let at = children.iter().find(|c| c.id == 0x53ac && (1..=8).contains(&c.body.len()));
        if let (Some(id), Some(at)) = (id, at) {
            let target = self.segment.start.saturating_add(ebml::to_uint(&self.source.bytes(at.body, 8)?));
            let wanted = ebml::to_uint(&self.source.bytes(id.body, 8)?);
            if self.tops.get(&target).is_some_and(|there| u64::from(*there) == wanted) && children.len() == 2 {
                self.head(e);
                self.draft.frame(id.span(), "SeekID");
                self.position(at, target, self.segment.start);
                return Ok(());
            }
        }
        let found = Finding::removed("Matroska", "reference to a part that goes", Tells::Unknown);
        self.draft.remove(e.span(), "Seek", found);
        Ok(())
    }

    /// Whether every entry of the index points to a cluster that is there.
    fn index_holds(&self, cues: &Element) -> Result<bool> {
        for point in ebml::children(&**self.source, cues.body)?.iter().filter(|c| c.id == 0xbb) {
            for track in ebml::children(&**self.source, point.body)?.iter().filter(|c| c.id == 0xb7) {
                let fields = self.fields(track.body)?;
                let number = |id: u32| fields.get(&id).map(|b| ebml::to_uint(b));
                let at = number(0xf1).and_then(|p| self.segment.start.checked_add(p));
                let Some(cluster) = at.and_then(|at| self.clusters.get(&at)) else { return Ok(false) };
                if number(0xf0).is_some_and(|r| r >= cluster.len()) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn codec_private(&mut self, e: &Element, siblings: &[Element]) -> Result<()> {
        let codec = siblings.iter().find(|s| s.id == 0x86);
        let codec = codec.map(|c| self.source.bytes(c.body, 256)).transpose()?.unwrap_or_default();
        let data = self.source.bytes(e.body, self.job.limits().block)?;
        let neutral = private::neutral(String::from_utf8_lossy(&codec).trim_end_matches('\0'), &data);
        let neutral = neutral.ok_or_else(|| Refusal::malformed("the codec's own data cannot be read", e.head.start))?;
        if neutral == data {
            self.draft.frame(e.span(), "CodecPrivate");
        } else {
            let found = Finding::rewritten("Matroska", "comments and paths in the codec's own data", Tells::Software);
            self.draft.frame(Span::new(e.head.start, e.size.start), "CodecPrivate");
            let code = Number::Vint(e.size.len() as u8);
            self.draft.reframe(e.size, "size", Fate::Length { of: e.body, plus: 0, code });
            self.draft.replace(e.body, "CodecPrivate", Fate::put(neutral), vec![found.bytes(e.body.len())]);
        }
        Ok(())
    }

    /// What blocks of a track have besides: alpha, HDR10+ and Dolby Vision stay, time codes and unknown things go.
    fn addition(&mut self, e: &Element) -> Result<()> {
        let children = ebml::children(&**self.source, e.body)?;
        let kind = children.iter().find(|c| c.id == 0x41e7);
        let kind = kind.map(|c| self.source.bytes(c.body, 8)).transpose()?.map_or(0, |b| ebml::to_uint(&b));
        let four = |name: &[u8; 4]| u64::from(u32::from_be_bytes(*name));
        let known = [0, 1, 4, four(b"dvcC"), four(b"dvvC"), four(b"dvwC"), four(b"hvcE"), four(b"avcE"), four(b"mvcC")];
        if !known.contains(&kind) {
            self.draft.remove(
                e.span(),
                "BlockAdditionMapping",
                Finding::removed("Matroska", "time code or unknown data beside blocks", Tells::When),
            );
            return Ok(());
        }
        self.head(e);
        for child in &children {
            match child.id {
                0x41f0 | 0x41e7 | 0x41ed => self.draft.frame(child.span(), "element"),
                _ => self.gone(child)?,
            }
        }
        Ok(())
    }

    /// A file inside: fonts stay, pictures and others are cleaned by themselves, what cannot be goes.
    fn attachment(&mut self, e: &Element) -> Result<()> {
        let children = ebml::children(&**self.source, e.body)?;
        let text = |id: u32| {
            let e = children.iter().find(|c| c.id == id);
            let bytes = e.and_then(|e| self.source.bytes(e.body, 4096).ok()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned()
        };
        let (name, mime) = (text(0x466e), text(0x4660));
        let data = children.iter().find(|c| c.id == 0x465c);
        let low = name.to_ascii_lowercase();
        let font = mime.starts_with("font/") || mime.contains("truetype") || mime.contains("opentype") || mime.contains("x-font");
        let cover = mime.starts_with("image/") && (low.starts_with("cover") || low.starts_with("small_cover"));
        let token = if font {
            Token::Fonts
        } else if cover {
            Token::CoverArt
        } else {
            Token::Attachments
        };
        let label = format!("attached file {name}");
        let mut bytes: Option<Shared> = None;
        let mut stays = self.job.keeps(token) && data.is_some();
        if let Some(data) = data.filter(|_| stays && !font) {
            match self.job.member(&name, &Window::shared(self.source, data.body))? {
                Member::Unknown(_) => stays = false,
                Member::Same(cleaned) => self.draft.adopt(&name, &cleaned),
                Member::Changed(cleaned) => {
                    self.draft.adopt(&name, &cleaned);
                    bytes = Some(cleaned.bytes());
                }
            }
        }
        let Some(data) = data.filter(|_| stays) else {
            self.draft.remove(e.span(), "AttachedFile", Finding::removed("Matroska", label, Tells::Hidden));
            return Ok(());
        };
        self.files += 1;
        self.head(e);
        for child in &children {
            match child.id {
                0x466e | 0x4660 => self.draft.frame(child.span(), "element"),
                0x46ae => {
                    let n = self.files;
                    self.anew(
                        child,
                        &ebml::uint(n),
                        Finding::rewritten("Matroska", "random attachment identifier", Tells::Identifier),
                    );
                }
                0x465c if child.head.start == data.head.start => {
                    self.head(child);
                    self.draft.member(child.body, "FileData", bytes.take());
                }
                _ => self.draft.remove(
                    child.span(),
                    "element",
                    Finding::removed("Matroska", "description of an attachment", Tells::Text),
                ),
            }
        }
        Ok(())
    }

    /// A cluster: blocks, and what little they need.
    fn cluster(&mut self, cluster: &Element) -> Result<()> {
        let mut gone = Vec::new();
        let mut groups = Vec::new();
        let mut last = cluster.body.start;
        walk::cluster(&**self.source, cluster, |child| {
            last = child.body.end;
            match child.id {
                0xa3 if child.cut => gone.push(child.span()),
                0xa3 if !self.dropped.is_empty() && self.dropped.contains(&walk::track_of(&**self.source, child.body)?) => {
                    gone.push(child.span())
                }
                0xa3 => {}
                0xa0 if child.cut => gone.push(child.span()),
                0xa0 => {
                    let children = ebml::children(&**self.source, child.body)?;
                    let block =
                        children.iter().find(|c| c.id == 0xa1).map(|b| walk::track_of(&**self.source, b.body)).transpose()?;
                    if block.is_none_or(|track| self.dropped.contains(&track)) {
                        gone.push(child.span());
                    } else if children.iter().any(|c| c.id != 0xa1 && !table::stays_in_cluster(c.id)) {
                        groups.push((*child, children));
                    }
                }
                0xaf => return Err(Refusal::new(Code::Drm, "a block is encrypted").at(child.head.start)),
                id if table::stays_in_cluster(id) && id == 0xe7 => {}
                _ => gone.push(child.span()),
            }
            Ok(())
        })?;
        if last < cluster.body.end {
            gone.push(Span::new(last, cluster.body.end));
        }
        if gone.is_empty() && groups.is_empty() && !cluster.cut {
            self.draft.essence(cluster.span(), "Cluster");
            return Ok(());
        }
        self.head(cluster);
        let mut at = cluster.body.start;
        let cut = |film: &mut Self, span: Span, at: &mut u64| {
            film.draft.essence(Span::new(*at, span.start), "blocks");
            *at = span.end;
        };
        let mut groups = groups.into_iter().peekable();
        for span in gone.into_iter().chain([Span::new(cluster.body.end, cluster.body.end)]) {
            while let Some((group, children)) = groups.next_if(|(g, _)| g.head.start < span.start) {
                cut(self, group.span(), &mut at);
                self.head(&group);
                for child in &children {
                    match child.id == 0xa1 || table::stays_in_cluster(child.id) {
                        true => self.draft.essence(child.span(), "block"),
                        false => self.stale(child.span()),
                    }
                }
            }
            cut(self, span, &mut at);
            self.stale(span);
        }
        Ok(())
    }

    fn stale(&mut self, span: Span) {
        self.draft.reframe(span, "stale", Fate::put([]));
        self.stale += span.len();
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
