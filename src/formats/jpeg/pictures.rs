//! Pictures behind the first one: where they are, which of them stay, and the index that finds them again. A gain map stays
//! with its parameters, a stereo pair stays a pair; previews, originals and frames go. [CIPA DC-007, ISO 21496-1]

use crate::blocks::{gainmap, xmp};
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::mpf::{self, Entry, Index};
use crate::plan::{Draft, Fate, Number};
use crate::policy::Token;
use crate::refusal::{Code, Result};
use crate::source::{self, Shared, Span, Window};

use super::survey::{self, Block, Survey};

/// What makes a picture a gain map: parameters inside it, in one or more of three forms.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    /// In the words of Adobe and Google.
    pub(super) hdrgm: bool,
    /// In those of ISO 21496-1.
    pub(super) iso: bool,
    /// In those of Apple.
    pub(super) apple: Option<xmp::Apple>,
}

impl Parameters {
    /// Those of the picture that `survey` has walked.
    fn of(source: &Shared, survey: &Survey) -> Result<Option<Parameters>> {
        let mut found = Parameters::default();
        if let Some(segment) = survey.first(Block::Xmp) {
            let facts = xmp::read(&segment.after(&**source, survey::XMP.len() as u64)?);
            found.hdrgm = facts.gain_map().is_some();
            found.apple = facts.apple().cloned();
        }
        if let Some(segment) = survey.first(Block::Iso) {
            found.iso = gainmap::neutral(&segment.after(&**source, survey::ISO.len() as u64)?).is_some();
        }
        Ok((found.hdrgm || found.iso || found.apple.is_some()).then_some(found))
    }

    /// Whether how bright it gets is only told by the maker note of the picture in front of it.
    pub(super) fn needs_maker_note(&self) -> bool {
        !self.hdrgm && !self.iso && self.apple.as_ref().is_some_and(|a| a.headroom.is_none())
    }
}

enum Role {
    GainMap(Parameters),
    Stereo,
    Goes(&'static str),
}

struct Second {
    span: Span,
    kind: u32,
    role: Role,
}

/// A picture that stayed.
pub(super) struct Kept {
    /// Where it stands in the input.
    pub(super) span: Span,
    /// How long it is now.
    pub(super) len: u64,
    /// Its kind in the index.
    kind: u32,
    /// Its parameters, where it is a gain map.
    pub(super) gain_map: Option<Parameters>,
}

/// All that stayed, in the order in which they lie.
#[derive(Default)]
pub(super) struct Pictures {
    kept: Vec<Kept>,
    /// The kind of the first picture, as the index says.
    first: u32,
}

impl Pictures {
    /// Finds the pictures behind the first, cleans those that stay and removes the others.
    pub(super) fn settle(job: &Job, draft: &mut Draft, source: &Shared, survey: &Survey, facts: &xmp::Facts) -> Result<Pictures> {
        let (index, tiff) = match survey.first(Block::Mpf) {
            Some(s) => (mpf::read(&s.after(&**source, 4)?).unwrap_or_default(), s.payload.start + 4),
            None => (Index::default(), 0),
        };
        let first = index.entries.first().map_or(mpf::PRIMARY, |e| e.attributes & mpf::KIND);
        let mut pictures = Pictures { kept: Vec::new(), first };
        let mut seconds = Vec::new();
        for entry in index.entries.iter().skip(1).filter(|e| e.offset != 0) {
            let at = tiff + u64::from(entry.offset);
            seconds.extend(second(job, source, survey.end, at, entry.attributes & mpf::KIND)?);
        }
        if !seconds.iter().any(|s| matches!(s.role, Role::GainMap(_)))
            && let Some(at) = listed(survey.end, &facts.items)
        {
            seconds.extend(second(job, source, survey.end, at, 0x05_0000)?);
        }
        seconds.sort_by_key(|s| s.span.start);
        let mut end = survey.end;
        for second in seconds {
            if second.span.start < end {
                continue;
            }
            end = second.span.end;
            pictures.settle_one(job, draft, source, second)?;
        }
        Ok(pictures)
    }

    fn settle_one(&mut self, job: &Job, draft: &mut Draft, source: &Shared, second: Second) -> Result<()> {
        let (name, gain_map) = match second.role {
            Role::GainMap(_) if self.gain_map().is_some() => return goes(draft, source, second.span, "second gain map"),
            Role::GainMap(parameters) => ("gain map", Some(parameters)),
            Role::Stereo => ("second picture", None),
            Role::Goes(label) => return goes(draft, source, second.span, label),
        };
        let cleaned = match job.member(name, &Window::shared(source, second.span)) {
            Ok(Member::Same(cleaned) | Member::Changed(cleaned)) => cleaned,
            Ok(Member::Unknown(_)) => return goes(draft, source, second.span, name),
            Err(r) if matches!(r.code(), Code::Malformed | Code::UnknownCritical | Code::Unsupported) => {
                draft.warn(format!("the {name} is damaged and was removed: {r}"));
                return goes(draft, source, second.span, name);
            }
            Err(r) => return Err(r),
        };
        draft.adopt(name, &cleaned);
        let why = if gain_map.is_some() { "it is how bright the picture is shown" } else { "it is half of a stereo pair" };
        draft.note(Finding::kept("JPEG", name, Tells::Rendering, why).bytes(cleaned.bytes().len()));
        let bytes = (!cleaned.is_identity()).then(|| cleaned.bytes());
        draft.member(second.span, name, bytes);
        self.kept.push(Kept { span: second.span, len: cleaned.bytes().len(), kind: second.kind, gain_map });
        Ok(())
    }

    /// Whether only the first picture is left.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The gain map and its parameters.
    pub(super) fn gain_map(&self) -> Option<(&Kept, &Parameters)> {
        self.kept.iter().find_map(|k| Some((k, k.gain_map.as_ref()?)))
    }

    /// How long the gain map is, where it follows the first picture at once, as a directory in XMP wants it.
    pub(super) fn linked(&self) -> Option<u64> {
        self.kept.first().filter(|k| k.gain_map.is_some()).map(|k| k.len)
    }

    /// The bytes of the index segment if nothing else changed: `tiff` is where its TIFF header stands, `end` how long the
    /// first picture is. None where a size does not fit.
    pub(super) fn index_now(&self, tiff: u64, end: u64) -> Option<Vec<u8>> {
        let mut entries = vec![self.first_entry(u32::try_from(end).ok()?)];
        for kept in &self.kept {
            let (size, offset) = (u32::try_from(kept.span.len()).ok()?, u32::try_from(kept.span.start - tiff).ok()?);
            entries.push(Entry { attributes: kept.kind, size, offset });
        }
        Some(segment(&entries))
    }

    /// The pieces of the index segment. The first goes into a place of its own, so that the second, at `origin`, is the one
    /// from which offsets count. `end` and `cut` are where the first picture ends and what is missing there.
    pub(super) fn index(&self, origin: u64, end: u64, cut: i64) -> Vec<Fate> {
        const BE: Number = Number::U32Be;
        let mut entries = vec![self.first_entry(0)];
        entries.extend(self.kept.iter().map(|k| Entry { attributes: k.kind, size: 0, offset: 0 }));
        let bytes = segment(&entries);
        let (sign, tiff) = bytes.split_at(8);
        let (head, list) = tiff.split_at(mpf::ENTRIES);
        let mut pieces = vec![Fate::put(sign), Fate::put(head)];
        for (i, entry) in list.chunks(16).enumerate() {
            pieces.push(Fate::put(&entry[..4]));
            match i.checked_sub(1).and_then(|k| self.kept.get(k)) {
                None => {
                    pieces.push(Fate::Length { of: Span::new(0, end), plus: cut, code: BE });
                    pieces.push(Fate::put(&entry[8..]));
                }
                Some(kept) => {
                    pieces.push(Fate::put((kept.len as u32).to_be_bytes()));
                    pieces.push(Fate::Position { of: kept.span.start, origin, code: BE });
                    pieces.push(Fate::put(&entry[12..]));
                }
            }
        }
        pieces
    }

    fn first_entry(&self, size: u32) -> Entry {
        let kind = if mpf::STEREO.contains(&self.first) { self.first } else { mpf::PRIMARY };
        Entry { attributes: mpf::REPRESENTATIVE | kind, size, offset: 0 }
    }
}

/// An index segment with its marker and length.
fn segment(entries: &[Entry]) -> Vec<u8> {
    super::segment(0xe2, &[mpf::SIGN, &mpf::write(entries)])
}

/// Where the directory says that the gain map begins.
fn listed(end: u64, items: &[xmp::Item]) -> Option<u64> {
    let mut at = end.checked_add(items.first()?.padding)?;
    for item in items.iter().skip(1) {
        if item.semantic == "GainMap" {
            return Some(at);
        }
        at = at.checked_add(item.length)?.checked_add(item.padding)?;
    }
    None
}

/// The picture at `at`, if there is one behind the first, and what is to become of it.
fn second(job: &Job, source: &Shared, end: u64, at: u64, kind: u32) -> Result<Option<Second>> {
    if at < end || source::head(&**source, at, 3)? != [0xff, 0xd8, 0xff] {
        return Ok(None);
    }
    let survey = match Survey::of(source, at) {
        Ok(survey) => survey,
        Err(r) if r.code() == Code::Read => return Err(r),
        Err(_) => return Ok(None),
    };
    if u32::try_from(survey.end - at).is_err() {
        return Ok(None);
    }
    let role = match kind {
        0x01_0000..=0x01_ffff => Role::Goes("large preview picture"),
        0x02_0001 => Role::Goes("panorama frame"),
        0x04_0000 => Role::Goes("unedited original picture"),
        kind if mpf::STEREO.contains(&kind) && job.keeps(Token::Stereo) => Role::Stereo,
        _ => match Parameters::of(source, &survey)? {
            Some(p) if !job.keeps(Token::GainMap) => {
                Role::Goes(if p.hdrgm || p.iso { "HDR gain map" } else { "Apple HDR gain map" })
            }
            // The maker note would tell the maker.
            Some(p) if p.needs_maker_note() && job.policy().is_strict() => Role::Goes("Apple HDR gain map"),
            Some(p) => Role::GainMap(p),
            None => Role::Goes("second picture"),
        },
    };
    Ok(Some(Second { span: Span::new(at, survey.end), kind, role }))
}

/// Removes a picture, with what its own Exif block tells.
fn goes(draft: &mut Draft, source: &Shared, span: Span, label: &'static str) -> Result<()> {
    let mut found = vec![Finding::removed("JPEG", label, Tells::Preview).bytes(span.len())];
    if let Some(segment) = Survey::of(source, span.start)?.first(Block::Exif) {
        let told = crate::names::exif::describe("Exif", &segment.after(&**source, 6)?);
        found.extend(told.into_iter().map(|f| f.within(label)));
    }
    draft.remove_all(span, "second picture", found);
    Ok(())
}
