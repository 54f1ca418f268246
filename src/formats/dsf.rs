//! DSF, sound of one bit a sample: three chunks, and a tag that the first of them points to. The chunks stay, the tag goes or
//! is written anew with what may stay. What the samples hold is not looked at. [DSF File Format Specification 1.01]

use crate::blocks::id3 as keep;
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::{audio_tags, id3};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "DSF",
    extensions: &["dsf"],
    container: false,
    keeps: "samples byte for byte, sample format, cover art (cleaned), loudness values, chapters",
    removes: "the ID3 tag, bytes between and behind the chunks",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"DSD \x1c\0\0\0\0\0\0\0") && head.has(28, b"fmt ")).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut cursor = Cursor::over(&**source);
    cursor.skip(12)?;
    let (total, pointer) = (cursor.u64_le()?, cursor.u64_le()?);
    let form = cursor.at();
    cursor.skip(4)?;
    let len = cursor.u64_le()?;
    if len < 52 {
        return Err(Refusal::malformed("the sample format is too short", form));
    }
    cursor.seek(form)?;
    let form = cursor.skip(len)?;
    let data = cursor.at();
    if &cursor.array::<4>()? != b"data" {
        return Err(Refusal::malformed("there are no samples", data));
    }
    let len = cursor.u64_le()?;
    cursor.seek(data)?;
    let data = cursor.skip(len.max(12)).map_err(|_| Refusal::malformed("the samples are cut off", data))?;

    // The tag, wherever it lies behind the samples; the rest is nobody's.
    let there = audio_tags::id3v2_at(&**source, pointer.max(data.end))?.filter(|_| pointer >= data.end);
    let read: Vec<keep::Tag> = match there {
        Some(span) => vec![keep::Tag::read(&source.bytes(span, job.limits().block)?)],
        None => Vec::new(),
    };
    let major = read.first().map_or(4, |tag| tag.major.clamp(3, 4));
    let kept = keep::sift(job, &mut draft, &read, major, false)?;
    let anew = id3::tag(major, &kept.frames);

    let tag = Span::new(data.end, source.len());
    draft.frame(Span::new(0, 12), "DSD");
    let size = anew.as_ref().map_or(0, |t| t.len() as i64);
    let whole = Fate::Length { of: Span::new(0, data.end), plus: size, code: Number::U64Le };
    draft.reframe(Span::new(12, 20), "size", whole);
    match &anew {
        None => draft.reframe(Span::new(20, 28), "place of the tag", Fate::put([0; 8])),
        Some(_) => {
            let place = Fate::Length { of: Span::new(0, data.end), plus: 0, code: Number::U64Le };
            draft.reframe(Span::new(20, 28), "place of the tag", place);
        }
    }
    draft.frame(Span::new(form.start, form.start + 4), "fmt");
    draft.reframe(Span::new(form.start + 4, form.start + 12), "size", Fate::put(52u64.to_le_bytes()));
    draft.frame(Span::new(form.start + 12, form.start + 48), "fmt");
    let reserved = Span::new(form.start + 48, form.start + 52);
    draft.blank(reserved, "reserved", Finding::blanked("DSF", "reserved bytes", Tells::Hidden));
    let behind = Span::new(form.start + 52, form.end);
    if !behind.is_empty() {
        draft.remove_all(behind, "fmt", trailer::describe("behind the sample format", &**source, behind));
    }
    draft.frame(Span::new(data.start, data.start + 12), "data");
    draft.essence(Span::new(data.start + 12, data.end), "samples");
    let mut found: Vec<Finding> = read.iter().flat_map(|t| kept.findings(t)).collect();
    if there.is_none_or(|s| s.start != tag.start || s.end != tag.end) && !tag.is_empty() {
        let rest = Span::new(there.map_or(tag.start, |s| s.end), tag.end);
        found.extend(trailer::describe("behind the samples", &**source, rest));
    }
    match anew {
        Some(bytes) if !tag.is_empty() => _ = draft.replace_seen(tag, "ID3v2", Fate::put(bytes), found),
        _ if !tag.is_empty() => draft.remove_all(tag, "tag", found),
        _ => {}
    }
    draft.otherwise(Finding::rewritten("DSF", "wrong size or place of a tag that is not there", Tells::Hidden));
    _ = total;
    draft.seal()
}

/// The first chunk once more: the file ends where it says, and only a small tag stands behind the samples.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut cursor = Cursor::new(after, Span::new(12, 28));
    let (total, pointer) = (cursor.u64_le()?, cursor.u64_le()?);
    let tag = source::head(after, pointer, 6)?;
    let sound = pointer == 0 || tag.starts_with(b"ID3") && tag.get(5) == Some(&0);
    if total != after.len() || !sound {
        return Err(Refusal::new(Code::Leftover, "the tag behind the samples is not the one that was written"));
    }
    Ok(vec!["second look at the tag"])
}
