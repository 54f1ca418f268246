//! MIDI: notes, controllers, tempo, key and settings of instruments stay; texts, names, lyrics, and what sequencers keep for
//! themselves go, by policy. Where an event goes, its time is added to the one behind it, so nothing plays earlier. What
//! instruments are told in their makers' own words stays, but for texts on their displays. [Standard MIDI Files 1.0, RP-001]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::midi::{self, Event, Kind};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "MIDI",
    extensions: &["mid", "midi", "kar", "smf"],
    container: false,
    keeps: "notes, controllers, tempo, time and key, settings of instruments, marks of loops",
    removes: "texts, copyright, names of tracks and devices, lyrics, markers, data of the sequencer, bytes between and behind the tracks",
    sniff,
    plan,
    witness,
};

/// The end of a track, at the time of the event before it.
const END: [u8; 3] = [0xff, 0x2f, 0];
/// At most so many removed events of one file are told one by one.
const TOLD: usize = 200;

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"MThd\0\0\0").then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut cursor = Cursor::over(&**source);
    cursor.skip(4)?;
    let len = u64::from(cursor.u32_be()?);
    if len < 6 {
        return Err(Refusal::malformed("the header is too short", 4));
    }
    let fields = cursor.skip(6)?;
    draft.frame(Span::new(0, 4), "MThd");
    draft.reframe(Span::new(4, 8), "size", Fate::put(6u32.to_be_bytes()));
    draft.frame(fields, "header");
    let more = cursor.skip((len - 6).min(cursor.left()))?;
    if len > 6 {
        draft.remove(more, "header", Finding::removed("MIDI", "bytes behind the header", Tells::Hidden));
        if more.is_empty() {
            draft.note(Finding::rewritten("MIDI", "wrong size of the header", Tells::Hidden));
        }
    }
    let (mut tracks, mut told) = (0u32, 0);
    while cursor.left() >= 8 {
        let start = cursor.at();
        let id = cursor.array::<4>()?;
        let len = u64::from(cursor.u32_be()?);
        let known = &id == b"MTrk" || is_name(&id) && len <= cursor.left();
        if !known || len > cursor.left() && tracks == 0 {
            cursor.seek(start)?;
            break;
        }
        let data = cursor.skip(len.min(cursor.left()))?;
        if &id == b"MTrk" {
            tracks += 1;
            track(job, &mut draft, source, start, data, &mut told)?;
            if data.len() != len {
                draft.note(Finding::rewritten("MIDI", "wrong size of a track", Tells::Rendering));
            }
        } else {
            let span = Span::new(start, data.end);
            let found = Finding::removed("MIDI", format!("chunk {}", String::from_utf8_lossy(&id).trim()), Tells::Unknown);
            draft.remove(span, "chunk", found);
        }
        job.limits().check_structures(draft.count())?;
    }
    if tracks == 0 {
        return Err(Refusal::malformed("there are no tracks", cursor.at()));
    }
    let rest = Span::new(cursor.at(), source.len());
    if !rest.is_empty() {
        draft.remove_all(rest, "trailer", trailer::describe("behind the tracks", &**source, rest));
    }
    draft.seal()
}

/// Whether these can be the letters of a chunk.
fn is_name(id: &[u8; 4]) -> bool {
    id.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
}

fn track(job: &Job, draft: &mut Draft, source: &Shared, start: u64, data: Span, told: &mut usize) -> Result<()> {
    draft.frame(Span::new(start, start + 4), "MTrk");
    // Events that stay without a change lie in `run`; the time of those that went since is `late`.
    let (mut run, mut late, mut ended) = (Span::new(data.start, data.start), 0u32, false);
    let end = midi::events(&**source, data, |event| {
        job.limits().check_structures(draft.count())?;
        if let Some(found) = judge(job, source, &event)? {
            draft.essence(std::mem::replace(&mut run, Span::new(event.body.end, event.body.end)), "events");
            let span = Span::new(event.time.start, event.body.end);
            *told += 1;
            if *told > TOLD {
                draft.remove_told(span, "event")
            } else {
                draft.remove(span, "event", found)
            }
            let sum = late.checked_add(event.delta).filter(|t| *t <= midi::LONGEST);
            late = sum.ok_or_else(|| Refusal::limit("an event would come later than can be written").at(event.time.start))?;
            return Ok(());
        }
        if late > 0 {
            draft.essence(std::mem::take(&mut run), "events");
            let sum = late.checked_add(event.delta).filter(|t| *t <= midi::LONGEST);
            let sum = sum.ok_or_else(|| Refusal::limit("an event would come later than can be written").at(event.time.start))?;
            draft.reframe(event.time, "time", Fate::put(midi::encode(sum)));
            (run, late) = (Span::new(event.body.start, event.body.start), 0);
        }
        run.end = event.body.end;
        ended = event.kind == Kind::Meta(0x2f);
        Ok(())
    })?;
    draft.essence(run, "events");
    if end < data.end {
        let span = Span::new(end, data.end);
        draft.remove_all(span, "events", trailer::describe("behind the end of a track", &**source, span));
    }
    let mut plus = 0;
    if !ended {
        let last = [&midi::encode(late)[..], &END].concat();
        plus = last.len() as i64;
        draft.insert(data.end, "end of track", Fate::put(last));
        draft.note(Finding::rewritten("MIDI", "missing end of a track", Tells::Rendering));
    }
    draft.reframe(Span::new(start + 4, start + 8), "size", Fate::Length { of: data, plus, code: Number::U32Be });
    Ok(())
}

/// What goes, told; `None` for what stays.
fn judge(job: &Job, source: &Shared, event: &Event) -> Result<Option<Finding>> {
    let kind = match event.kind {
        Kind::Channel => return Ok(None),
        Kind::Exclusive => {
            let head = source::head(&**source, event.data.start, event.data.len().min(8) as usize)?;
            let display = shows_text(&head);
            return Ok(display.then(|| Finding::removed("MIDI", "text on the display of an instrument", Tells::Text)));
        }
        Kind::Meta(kind) => kind,
    };
    let len = event.data.len();
    let text = || -> Result<String> {
        let bytes = source::head(&**source, event.data.start, len.min(300) as usize)?;
        Ok(bytes.iter().map(|b| char::from(*b)).collect())
    };
    // [Standard MIDI Files 1.0, "Meta-Event Definitions"]
    let stays = match (kind, len) {
        (0x00, 2) | (0x20 | 0x21, 1) | (0x2f, 0) | (0x51, 3) | (0x58, 4) | (0x59, 2) => true,
        (0x54, 5) => job.keeps(Token::Timecode),
        (0x02, _) => job.keeps(Token::Copyright),
        (0x03, _) => job.keeps(Token::TrackNames),
        (0x05, _) => job.keeps(Token::Lyrics),
        (0x06, _) => matches!(text()?.to_ascii_lowercase().as_str(), "loopstart" | "loopend" | "loop" | "start" | "end"),
        _ => false,
    };
    let (label, tells) = match kind {
        _ if stays => return Ok(None),
        0x01 => ("text", Tells::Text),
        0x02 => ("copyright", Tells::Who),
        0x03 => ("name of a track", Tells::Text),
        0x04 => ("name of an instrument", Tells::Text),
        0x05 => ("lyrics", Tells::Text),
        0x06 => ("marker", Tells::Text),
        0x07 => ("cue point", Tells::Text),
        0x08 => ("name of a program", Tells::Text),
        0x09 => ("name of a device", Tells::Device),
        0x54 => ("time code", Tells::When),
        0x7f => ("private data of a sequencer", Tells::Software),
        _ => ("unknown event", Tells::Unknown),
    };
    let found = Finding::removed("MIDI", label, tells).bytes(len);
    Ok(Some(if (0x01..=0x09).contains(&kind) { found.value(text()?) } else { found }))
}

/// Whether these are the first bytes of a message that an instrument shows as letters. [Roland SC-55, Yamaha XG]
fn shows_text(data: &[u8]) -> bool {
    matches!(data, [0x41, _, 0x45, 0x12, 0x10, 0x00, ..] | [0x43, 0x10..=0x1f, 0x4c, 0x06, ..])
}

/// Another walk over the result: tracks and nothing else, and the time of each as it was.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (was, is) = (lengths(before)?, lengths(after)?);
    if was != is {
        return Err(Refusal::new(Code::Damaged, "a track is longer or shorter than it was"));
    }
    Ok(vec!["length of every track"])
}

/// How long each track is, in ticks.
fn lengths(source: &dyn Source) -> Result<Vec<u64>> {
    let mut cursor = Cursor::over(source);
    let mut out = Vec::new();
    while cursor.left() >= 8 {
        let id = cursor.array::<4>()?;
        let len = u64::from(cursor.u32_be()?);
        if &id != b"MTrk" && (len > cursor.left() || !is_name(&id)) {
            break;
        }
        let data = cursor.skip(len.min(cursor.left()))?;
        if &id == b"MTrk" {
            let mut ticks = 0;
            midi::events(source, data, |event| {
                ticks += u64::from(event.delta);
                Ok(())
            })?;
            out.push(ticks);
        }
    }
    Ok(out)
}
