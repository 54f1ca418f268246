//! MP3 and its older layers: tags, frames, tags. The frames stay byte for byte, the information frame with them, since it
//! is what makes a track start and end on time; every tag goes and at most a small one is written anew. What frames sound
//! like, and what encoders hide inside them, is not looked at.

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::formats::tagged::{self, Parts};
use crate::grammar::{audio_tags, frames, mpeg_audio};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "MP3",
    extensions: &["mp3", "mp2", "mp1", "mpga"],
    container: false,
    keeps: "frames byte for byte, gapless data, cover art (cleaned), loudness values, chapters",
    removes: "ID3, APE and Lyrics3 tags of every version, purchase records, private data, bytes between and behind the frames",
    sniff,
    plan,
    witness: tagged::witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let (tags, start) = audio_tags::at_start(&**head.source, 0).ok()?;
    let (_, end) = audio_tags::at_end(&**head.source, Span::new(start, head.source.len())).ok()?;
    let named = FORMAT.extensions.contains(&head.extension);
    let at_once = <[u8; 4]>::try_from(source::head(&**head.source, start, 4).ok()?).ok().and_then(mpeg_audio::header);
    // A chain right at the start is a good sign; behind junk only the name says that it is worth a search.
    if !(named || !tags.is_empty() || at_once.is_some()) {
        return None;
    }
    frames::first(&**head.source, Span::new(start, end), mpeg_audio::read).ok()?.filter(|at| named || *at == start)?;
    Some(if tags.is_empty() && !named { Match::Guess } else { Match::Family })
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let Parts { tags, end_tags, chain } = tagged::parts(&**source, mpeg_audio::read)?;
    let first = chain.frames.first().map_or(0, |s| s.start);
    let info = info_frame(&**source, first)?;
    tagged::ends(job, &mut draft, source, (&tags, &end_tags), info.is_none())?;
    for span in &chain.frames {
        match info.as_ref().filter(|i| span.contains(i.lame) && !job.keeps(Token::EncoderStrings)) {
            Some(info) => quiet(&mut draft, source, info, *span)?,
            None => draft.essence(*span, "frames"),
        }
    }
    tagged::gaps(&mut draft, source, &chain);
    draft.seal()
}

/// The information frame in front of the sound. [LAME tag revision 1]
struct Info {
    /// The encoder's name: nine bytes.
    lame: Span,
    /// The frame up to its own checksum, and that checksum.
    covered: Span,
}

fn info_frame(source: &dyn Source, at: u64) -> Result<Option<Info>> {
    let head = source::head(source, at, 4)?;
    let Some(header) = <[u8; 4]>::try_from(head).ok().and_then(mpeg_audio::header) else { return Ok(None) };
    let mark = source::head(source, at + header.xing, 8)?;
    if !(mark.starts_with(b"Xing") || mark.starts_with(b"Info")) || mark.len() < 8 {
        return Ok(None);
    }
    let fields = [4, 4, 100, 4].iter().enumerate().filter(|(i, _)| mark[7] >> i & 1 != 0).map(|(_, n)| n).sum::<u64>();
    let lame = at + header.xing + 8 + fields;
    let name = source::head(source, lame, 4)?;
    let known = [&b"LAME"[..], b"Lavf", b"Lavc", b"GOGO", b"L3.9"].iter().any(|n| name == **n);
    let fits = lame + 36 <= at + header.len;
    Ok((known && fits).then(|| Info { lame: Span::new(lame, lame + 9), covered: Span::new(at, lame + 34) }))
}

/// The name that all encoders get: players trust the gapless data behind it only where they know the name.
const NAMELESS: &[u8; 9] = b"LAME\0\0\0\0\0";

/// Strict: the encoder's name becomes the one that all get, and the checksum of the frame follows. Gapless data stays.
fn quiet(draft: &mut Draft, source: &Shared, info: &Info, span: Span) -> Result<()> {
    let mut bytes = source.bytes(info.covered, 4096)?;
    let name = (info.lame.start - info.covered.start) as usize;
    bytes[name..name + 9].copy_from_slice(NAMELESS);
    let crc = bytes
        .iter()
        .fold(0u16, |crc, b| (0..8).fold(crc ^ u16::from(*b), |c, _| if c & 1 != 0 { c >> 1 ^ 0xa001 } else { c >> 1 }));
    draft.essence(Span::new(span.start, info.lame.start), "frames");
    let found = Finding::removed("MP3", "encoder name in the information frame", Tells::Software);
    let changed = draft.replace(info.lame, "LAME", Fate::put(*NAMELESS), vec![found]);
    let crc_at = Span::new(info.covered.end, info.covered.end + 2);
    draft.essence(Span::new(info.lame.end, crc_at.start), "frames");
    if changed {
        draft.reframe(crc_at, "LAME checksum", Fate::put(crc.to_be_bytes()));
    } else {
        draft.frame(crc_at, "LAME checksum");
    }
    draft.essence(Span::new(crc_at.end, span.end), "frames");
    Ok(())
}
