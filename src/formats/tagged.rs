//! What sound files made of bare frames have in common: tags at both ends, of which at most a small one is written anew,
//! and junk between the frames.

use std::collections::HashMap;

use crate::blocks::{ape, id3 as keep};
use crate::clean::Job;
use crate::grammar::audio_tags::{self, Kind, Tag};
use crate::grammar::frames::{self, Chain};
use crate::grammar::id3;
use crate::names::{audio, trailer};
use crate::plan::{Draft, Fate};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The tags in front and behind go; what stays of them stands in one tag in front. `gapless` is whether the gapless data
/// of iTunes is needed.
pub(super) fn ends(
    job: &Job,
    draft: &mut Draft,
    source: &Shared,
    (tags, end_tags): (&[Tag], &[Tag]),
    gapless: bool,
) -> Result<()> {
    let mut read = HashMap::new();
    for tag in tags.iter().chain(end_tags.iter().rev()).filter(|t| t.kind == Kind::Id3v2) {
        read.insert(tag.span.start, keep::Tag::read(&source.bytes(tag.span, job.limits().block)?));
    }
    // The version of the first tag, if there is one; older players know only the third.
    let major = read.get(&0).map_or(4, |tag| tag.major.clamp(3, 4));
    let mut all: Vec<(u64, keep::Tag)> = read.into_iter().collect();
    all.sort_by_key(|(at, _)| *at);
    let (places, read): (Vec<u64>, Vec<keep::Tag>) = all.into_iter().unzip();
    let mut kept = keep::sift(job, draft, &read, major, gapless)?;
    let ape = ape_tags(job, draft, source, tags.iter().chain(end_tags.iter().rev()))?;
    kept.take_over(&ape);
    let mut anew = id3::tag(major, &kept.frames);
    for tag in tags.iter().chain(end_tags) {
        let found = match places.binary_search(&tag.span.start) {
            Ok(i) => kept.findings(&read[i]),
            Err(_) if tag.kind == Kind::Ape => ape.findings(&source.bytes(tag.span, job.limits().block)?),
            Err(_) => audio::tag(tag.kind, &source.bytes(tag.span, job.limits().block)?),
        };
        match anew.take_if(|_| tag.kind == Kind::Id3v2 && tag.span.start == 0) {
            Some(bytes) => _ = draft.replace_seen(tag.span, "ID3v2", Fate::put(bytes), found),
            None => draft.remove_all(tag.span, "tag", found),
        }
    }
    if let Some(bytes) = anew {
        draft.insert(0, "ID3v2", Fate::put(bytes));
    }
    Ok(())
}

/// What stays of the APE tags among `tags`.
fn ape_tags<'a>(job: &Job, draft: &mut Draft, source: &Shared, tags: impl Iterator<Item = &'a Tag>) -> Result<ape::Kept> {
    let mut kept = ape::Kept::default();
    for tag in tags.filter(|t| t.kind == Kind::Ape) {
        kept.sift(job, draft, &source.bytes(tag.span, job.limits().block)?)?;
    }
    Ok(kept)
}

/// All of these tags go.
pub(super) fn drop_tags(job: &Job, draft: &mut Draft, source: &Shared, tags: &[Tag]) -> Result<()> {
    for tag in tags {
        draft.remove_all(tag.span, "tag", audio::tag(tag.kind, &source.bytes(tag.span, job.limits().block)?));
    }
    Ok(())
}

/// The same for formats whose own tag is an APE tag behind the sound, which ends at `end`: at most a small one stays there.
pub(super) fn ape_ends(
    job: &Job,
    draft: &mut Draft,
    source: &Shared,
    (tags, end_tags): (&[Tag], &[Tag]),
    end: u64,
) -> Result<()> {
    let ape = ape_tags(job, draft, source, tags.iter().chain(end_tags.iter().rev()))?;
    let mut anew = Some(ape.tag()).filter(|t| !t.is_empty());
    for tag in tags.iter().chain(end_tags.iter().rev()) {
        let bytes = source.bytes(tag.span, job.limits().block)?;
        let found = if tag.kind == Kind::Ape { ape.findings(&bytes) } else { audio::tag(tag.kind, &bytes) };
        match anew.take_if(|_| tag.kind == Kind::Ape && tag.span.start >= end) {
            Some(bytes) => _ = draft.replace(tag.span, "APE tag", Fate::put(bytes), found),
            None => draft.remove_all(tag.span, "tag", found),
        }
    }
    if let Some(bytes) = anew {
        draft.insert(end, "APE tag", Fate::put(bytes));
    }
    Ok(())
}

/// A sound file taken apart.
pub(super) struct Parts {
    /// In front of the sound.
    pub tags: Vec<Tag>,
    /// Behind the sound, last one first.
    pub end_tags: Vec<Tag>,
    /// The sound, and what lies between and behind it.
    pub chain: Chain,
}

/// Tags, frames, tags. Where junk stands behind the last frame, tags may stand in front of it, in what would be taken for a
/// frame; so the end is looked at again until it is one.
pub(super) fn parts(source: &dyn Source, read: frames::Read) -> Result<Parts> {
    let (tags, start) = audio_tags::at_start(source, 0)?;
    let (mut end_tags, mut gaps, mut end) = (Vec::new(), Vec::new(), source.len());
    loop {
        let (more, until) = audio_tags::at_end(source, Span::new(start, end))?;
        end_tags.extend(more);
        let mut chain = frames::chain(source, Span::new(start, until), read)?;
        let last = chain.frames.last().map_or(until, |s| s.end);
        // A frame that is whole and the last thing there is sound, whatever it spells.
        let mut hidden = None;
        if chain.cut || last < until {
            hidden = audio_tags::cut_id3v1(source, Span::new(start, until))?.filter(|t| t.span.start < last);
        }
        if hidden.is_none() && last < until {
            hidden = audio_tags::at_end(source, Span::new(start, last))?.0.first().copied();
        }
        let Some(tag) = hidden else {
            chain.gaps.extend(gaps);
            return Ok(Parts { tags, end_tags, chain });
        };
        if tag.span.end < until {
            gaps.push(Span::new(tag.span.end, until));
        }
        end_tags.push(tag);
        end = tag.span.start;
        if end_tags.len() + gaps.len() > 64 {
            return Err(Refusal::limit("more tags behind the sound than any honest file has").at(end));
        }
    }
}

/// What lies between the frames goes.
pub(super) fn gaps(draft: &mut Draft, source: &Shared, chain: &Chain) {
    for gap in &chain.gaps {
        draft.remove_all(*gap, "junk", trailer::describe("between the frames", &**source, *gap));
    }
}

/// No tag at either end but the small one.
pub(super) fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let leftover = |what: &'static str| Err(Refusal::new(Code::Leftover, what));
    let head = source::head(after, 0, 4096)?;
    if head.starts_with(b"ID3") && head.get(5) != Some(&0) {
        return leftover("the tag in front is not the one that was written");
    }
    for (back, magic) in
        [(128, &b"TAG"[..]), (227, b"TAG+"), (32, b"APETAGEX"), (9, b"LYRICS200"), (9, b"LYRICSEND"), (10, b"3DI")]
    {
        let Some(at) = after.len().checked_sub(back) else { continue };
        if source::head(after, at, magic.len())? == magic {
            return leftover("a tag still stands behind the sound");
        }
    }
    Ok(vec!["second look at both ends"])
}
