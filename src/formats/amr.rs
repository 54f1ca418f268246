//! AMR, the sound of phones' voice notes: a line that says which kind, then frames. The frames stay byte for byte; what is
//! no frame goes. There is no place for metadata, so what is found is glued on or hidden. What frames decode to, and the
//! spare bits at their ends, are not looked at. [RFC 4867]

use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::formats::tagged;
use crate::grammar::audio_tags;
use crate::names::trailer;
use crate::plan::{Draft, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, BLOCK, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "AMR",
    extensions: &["amr", "awb"],
    container: false,
    keeps: "frames byte for byte",
    removes: "tags and other bytes behind the sound",
    sniff,
    plan,
    witness,
};

/// The first line, and how many bytes follow the first of a frame, by its type; -1 for types that files do not have.
/// [RFC 4867 5.1, 3GPP TS 26.101 and 26.201]
struct Kind {
    magic: &'static [u8],
    sizes: [i8; 16],
}

const NARROW: [i8; 16] = [12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0];
const WIDE: [i8; 16] = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0];

static KINDS: [Kind; 2] = [Kind { magic: b"#!AMR\n", sizes: NARROW }, Kind { magic: b"#!AMR-WB\n", sizes: WIDE }];

/// What is no frame may be this long; behind more than that there might be sound that we do not understand.
const JUNK: u64 = 64 << 10;

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"#!AMR").then_some(Match::Exact)
}

fn kind(source: &dyn Source) -> Result<&'static Kind> {
    let head = source::head(source, 0, 12)?;
    let kind = KINDS.iter().find(|k| head.starts_with(k.magic));
    kind.ok_or_else(|| Refusal::unsupported("AMR of several channels is not supported").hint("convert it to a common format"))
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let kind = kind(&**source)?;
    let start = kind.magic.len() as u64;
    let sound = frames(&**source, kind, Span::new(start, source.len()))?;
    let (end_tags, end) = audio_tags::at_end(&**source, Span::new(sound, source.len()))?;
    if sound == start {
        return Err(Refusal::malformed("there are no sound frames", start));
    }
    if end - sound > JUNK {
        return Err(Refusal::malformed("the chain of sound frames is broken", sound));
    }
    draft.frame(Span::new(0, start), "kind");
    draft.essence(Span::new(start, sound), "frames");
    if sound < end {
        let span = Span::new(sound, end);
        draft.remove_all(span, "trailer", trailer::describe("behind the sound", &**source, span));
    }
    tagged::drop_tags(job, &mut draft, source, &end_tags)?;
    draft.seal()
}

/// Where the frames end. A last frame that was cut short still plays in part.
fn frames(source: &dyn Source, kind: &Kind, span: Span) -> Result<u64> {
    let (mut at, mut base, mut block) = (span.start, 0, Vec::new());
    while at < span.end {
        if at < base || at >= base + block.len() as u64 {
            block = source::head(source, at, BLOCK.min((span.end - at) as usize))?;
            base = at;
        }
        let first = block[(at - base) as usize];
        // [RFC 4867 5.3] The first and the last two bits are nothing, and so is a byte that has them.
        let size = u64::try_from(kind.sizes[usize::from(first >> 3 & 15)]).ok().filter(|_| first & 0x83 == 0);
        let Some(size) = size else { break };
        at = (at + 1 + size).min(span.end);
    }
    Ok(at)
}

/// From the first line to the last byte there are frames and nothing else.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let kind = kind(after)?;
    if frames(after, kind, Span::new(kind.magic.len() as u64, after.len()))? != after.len() {
        return Err(Refusal::new(Code::Leftover, "something that is no frame is still there"));
    }
    Ok(vec!["second frame walk"])
}
