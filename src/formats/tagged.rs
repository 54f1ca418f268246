//! What sound files made of bare frames have in common: tags at both ends, of which at most a small one is written anew,
//! and junk between the frames.

use std::collections::HashMap;

use crate::blocks::id3 as keep;
use crate::clean::Job;
use crate::grammar::audio_tags::{self, Tag};
use crate::grammar::{frames, id3};
use crate::names::{audio, trailer};
use crate::plan::{Draft, Fate};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source};

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
    for tag in tags.iter().chain(end_tags.iter().rev()).filter(|t| t.kind == audio_tags::Kind::Id3v2) {
        read.insert(tag.span.start, keep::Tag::read(&source.bytes(tag.span, job.limits().block)?));
    }
    // The version of the first tag, if there is one; older players know only the third.
    let major = read.get(&0).map_or(4, |tag| tag.major.clamp(3, 4));
    let mut all: Vec<(u64, keep::Tag)> = read.into_iter().collect();
    all.sort_by_key(|(at, _)| *at);
    let (places, read): (Vec<u64>, Vec<keep::Tag>) = all.into_iter().unzip();
    let kept = keep::sift(job, draft, &read, major, gapless)?;
    let mut anew = id3::tag(major, &kept.frames);
    for tag in tags.iter().chain(end_tags) {
        let found = match places.binary_search(&tag.span.start) {
            Ok(i) => kept.findings(&read[i]),
            Err(_) => audio::tag(tag.kind, &source.bytes(tag.span, job.limits().block)?),
        };
        match anew.take_if(|_| tag.kind == audio_tags::Kind::Id3v2 && tag.span.start == 0) {
            Some(bytes) => _ = draft.replace(tag.span, "ID3v2", Fate::put(bytes), found),
            None => draft.remove_all(tag.span, "tag", found),
        }
    }
    if let Some(bytes) = anew {
        draft.insert(0, "ID3v2", Fate::put(bytes));
    }
    Ok(())
}

/// What lies between the frames goes.
pub(super) fn gaps(draft: &mut Draft, source: &Shared, chain: &frames::Chain) {
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
