//! AAC in bare ADTS frames: tags, frames, tags. The frames stay byte for byte; every tag goes, those between the frames too,
//! with which broadcasters stamp the time. What encoders write about themselves inside frames is not looked at.

use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::formats::tagged::{self, Parts};
use crate::grammar::{adts, audio_tags, frames};
use crate::plan::{Draft, Plan};
use crate::refusal::Result;
use crate::source::{Shared, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "AAC",
    extensions: &["aac", "adts"],
    container: false,
    keeps: "frames byte for byte, cover art (cleaned), loudness values, chapters",
    removes: "ID3 and APE tags of every version, at both ends and between the frames, other bytes between and behind them",
    sniff,
    plan,
    witness: tagged::witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let (tags, start) = audio_tags::at_start(&**head.source, 0).ok()?;
    let named = FORMAT.extensions.contains(&head.extension);
    let near = Span::new(start, head.source.len());
    let at_once = head.source.bytes(Span::at(start, 8)?, 8).ok().and_then(|b| adts::read(&b)).is_some();
    // A chain right at the start is a good sign; behind junk only the name says that it is worth a search.
    if !(named || at_once) {
        return None;
    }
    frames::first(&**head.source, near, adts::read).ok()?.filter(|at| named || *at == start)?;
    Some(if tags.is_empty() && !named { Match::Guess } else { Match::Family })
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let Parts { tags, end_tags, chain } = tagged::parts(&**source, adts::read)?;
    tagged::ends(job, &mut draft, source, (&tags, &end_tags), false)?;
    for span in &chain.frames {
        draft.essence(*span, "frames");
    }
    tagged::gaps(&mut draft, source, &chain);
    draft.seal()
}
