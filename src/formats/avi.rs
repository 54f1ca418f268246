//! AVI: streams stay chunk by chunk, with their formats and indexes; tags, dates, and what cameras and editors keep for
//! themselves goes. Inside the media nothing moves, so indexes stay true: what has to go there becomes zeros. Around it
//! things are dropped and positions follow; only where a file counts from its first byte are they zeroed too. Pictures of
//! Motion JPEG are looked into; what other codecs write is not. [Multimedia Programming Interface and Data Specifications
//! 1.0, chapter 2; OpenDML AVI File Format Extensions 1.02]

mod header;
mod index;
mod media;
mod picture;

use crate::blocks::messages::Units;
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Action, Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::riff::{self, Chunk};
use crate::names::{riff as names, trailer};
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "AVI",
    extensions: &["avi", "divx"],
    container: false,
    keeps: "pictures, sound and subtitles chunk by chunk, formats, timing, indexes (OpenDML too)",
    removes: "tags, dates, track names, data of cameras and editors, Exif inside Motion JPEG, unused space, bytes behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"RIFF") && head.has(8, b"AVI ")).then_some(Match::Exact)
}

/// One `RIFF` form: the first is `AVI `, further ones are `AVIX`.
struct Form {
    span: Span,
    /// Whether its size cannot be trusted to end it: the recording was cut off.
    cut: bool,
    /// Whether the size says something else than where it ends.
    wrong: bool,
    parts: Vec<Chunk>,
    /// What is left behind the parts.
    rest: Span,
}

/// What is known of a stream.
#[derive(Clone, Default)]
struct Stream {
    /// `vids`, `auds`, `txts`, `mids`.
    kind: [u8; 4],
    /// Whether its chunks are overwritten.
    blank: bool,
    /// Whether its pictures are H.265 rather than H.264, where they are one of them.
    hevc: Option<bool>,
    /// How those are divided into units, where not by start codes.
    units: Option<Units>,
}

/// What is known of the film while its plan is made.
struct Film<'a, 'j> {
    job: &'a Job<'j>,
    source: &'a Shared,
    draft: Draft,
    streams: Vec<Stream>,
    /// The data of the lists of media.
    media: Vec<Span>,
    /// Whether what goes is overwritten rather than dropped, since positions count from something that would move.
    in_place: bool,
    /// The kind of the stream whose header is being written.
    kind: [u8; 4],
    seen: media::Seen,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let forms = forms(job, source)?;
    let mut film = Film {
        job,
        source,
        draft: Draft::new(source),
        streams: Vec::new(),
        media: Vec::new(),
        in_place: false,
        kind: [0; 4],
        seen: media::Seen::default(),
    };
    film.learn(&forms)?;
    let mut end = 0;
    for (i, form) in forms.iter().enumerate() {
        film.form(form, i == 0)?;
        end = form.span.end;
    }
    if end < source.len() {
        let span = Span::new(end, source.len());
        film.draft.remove_all(span, "trailer", trailer::describe("behind the film", &**source, span));
    }
    film.tell()?;
    film.draft.seal()
}

/// The forms, as far as one follows the other.
fn forms(job: &Job, source: &Shared) -> Result<Vec<Form>> {
    let mut out: Vec<Form> = Vec::new();
    let mut at = 0;
    loop {
        let head = source::head(&**source, at, 12)?;
        let kind: &[u8; 4] = if out.is_empty() { b"AVI " } else { b"AVIX" };
        if head.len() < 12 || !head.starts_with(b"RIFF") || head[8..] != kind[..] {
            break;
        }
        let stated = at + 8 + u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let mut form = Form {
            span: Span::new(at, stated.min(source.len())),
            cut: stated > source.len(),
            wrong: false,
            parts: Vec::new(),
            rest: Span::default(),
        };
        let mut cursor = Cursor::new(&**source, Span::new(at + 12, source.len()));
        // A form ends where it says, unless a part of it passes that: then the size is the one that is wrong.
        // Recorders that were cut off may have left a size of nothing, or one that forgets the index.
        let mut media = false;
        loop {
            let passed = form.parts.last().is_some_and(|p| p.pad.end > form.span.end);
            if !starts_chunk(&mut cursor)? || cursor.at() >= form.span.end && (media && !passed || !is_known(&mut cursor)?) {
                break;
            }
            match riff::read(&mut cursor) {
                Ok(Some(part)) => {
                    media |= part.id == *b"LIST" && source::head(&**source, part.data.start, 4)? == b"movi";
                    form.parts.push(part);
                }
                Ok(None) => break,
                Err(_) => {
                    // The media of a recording that was cut off goes on to the end of the file.
                    let (start, end) = (cursor.at(), source.len());
                    let list = source::head(&**source, start, 12)?;
                    if list.starts_with(b"LIST") && list.get(8..) == Some(b"movi") {
                        form.parts.push(Chunk { id: *b"LIST", data: Span::new(start + 8, end), pad: Span::new(end, end) });
                        form.cut = true;
                        cursor.seek(end)?;
                    }
                    break;
                }
            }
            job.limits().check_structures(form.parts.len())?;
        }
        let end = form.parts.last().map_or(at + 12, |p| p.pad.end);
        if end > form.span.end || form.cut {
            form.wrong = !form.cut;
            form.span.end = end;
        }
        form.rest = Span::new(end, form.span.end);
        at = form.span.end;
        out.push(form);
        job.limits().check_structures(out.len())?;
    }
    if out.is_empty() {
        return Err(Refusal::malformed("the file ends in its head", 0));
    }
    Ok(out)
}

/// Whether what stands at the cursor looks like a chunk; what does not ends the form.
fn starts_chunk(cursor: &mut Cursor) -> Result<bool> {
    Ok(cursor.left() >= 8 && cursor.look::<4>()?.iter().all(|b| (0x20..0x7f).contains(b)))
}

/// Whether what stands at the cursor is a chunk that a film is made of.
fn is_known(cursor: &mut Cursor) -> Result<bool> {
    Ok(matches!(&cursor.look::<4>()?, b"LIST" | b"idx1" | b"JUNK"))
}

impl Film<'_, '_> {
    /// A first look: which streams there are, where the media is, and whether positions let things move.
    fn learn(&mut self, forms: &[Form]) -> Result<()> {
        for part in forms.iter().flat_map(|f| &f.parts) {
            match &self.kind(part)? {
                b"hdrl" if self.streams.is_empty() => self.streams(part)?,
                b"movi" => self.media.push(part.data),
                _ => {}
            }
        }
        if self.streams.is_empty() || self.media.is_empty() {
            let what = "there are no streams, or no media";
            return Err(Refusal::malformed(what, 12).hint("repair the recording with a video program first"));
        }
        self.learn_texts()?;
        self.in_place = !self.may_move(forms)?;
        Ok(())
    }

    /// The kind of a list; the letters of any other chunk.
    fn kind(&self, chunk: &Chunk) -> Result<[u8; 4]> {
        if chunk.id != *b"LIST" || chunk.data.len() < 4 {
            return Ok(chunk.id);
        }
        Cursor::new(&**self.source, chunk.data).array()
    }

    fn form(&mut self, form: &Form, first: bool) -> Result<()> {
        let start = form.span.start;
        self.draft.frame(Span::new(start, start + 4), "RIFF");
        let (size, of) = (Span::new(start + 4, start + 8), Span::new(start + 8, form.span.end));
        match form.cut {
            true => self.draft.frame(size, "size of a recording that was cut off"),
            false => self.draft.reframe(size, "size", Fate::Length { of, plus: 0, code: Number::U32Le }),
        }
        if form.wrong {
            self.draft.note(Finding::rewritten("AVI", "wrong size of the whole", Tells::Rendering));
        }
        self.draft.frame(Span::new(start + 8, start + 12), "AVI");
        let (mut headers, mut indexes) = (0, 0);
        for part in &form.parts {
            match &self.kind(part)? {
                b"hdrl" if first && headers == 0 => {
                    headers += 1;
                    self.header(part)?;
                }
                b"movi" => self.movi(part)?,
                b"idx1" if first && indexes == 0 => {
                    indexes += 1;
                    let whole = part.data.len() / 16 * 16;
                    self.trimmed(part, whole, "idx1")?;
                }
                _ => self.gone(part)?,
            }
        }
        if !form.rest.is_empty() {
            let found = Finding::removed("AVI", "bytes between the parts", Tells::Hidden);
            self.lose(form.rest, "rest", vec![found]);
        }
        Ok(())
    }

    /// A chunk that goes.
    fn gone(&mut self, chunk: &Chunk) -> Result<()> {
        if self.in_place {
            return self.hollow(chunk);
        }
        let bytes = source::head(&**self.source, chunk.data.start, chunk.data.len().min(1 << 20) as usize)?;
        self.draft.remove_all(chunk.whole(), "chunk", names::describe("AVI", &chunk.id, &bytes));
        Ok(())
    }

    /// A chunk that becomes unused space of the same size.
    fn hollow(&mut self, chunk: &Chunk) -> Result<()> {
        let filled = Span::new(chunk.data.start, chunk.pad.end);
        let mut zero = true;
        source::each_block(&**self.source, filled, |block| zero &= block.iter().all(|b| *b == 0))?;
        if chunk.id == *b"JUNK" && zero {
            self.draft.frame(chunk.whole(), "JUNK");
            return Ok(());
        }
        let bytes = source::head(&**self.source, chunk.data.start, chunk.data.len().min(1 << 16) as usize)?;
        let found = names::describe("AVI", &chunk.id, &bytes).into_iter();
        let found: Vec<Finding> = found.map(|f| Finding { action: Action::Blanked, ..f }).collect();
        self.draft.reframe(chunk.letters(), "JUNK", Fate::put(*b"JUNK"));
        self.draft.frame(chunk.size(), "size");
        match zero {
            true => found.into_iter().for_each(|f| self.draft.note(f)),
            false => _ = self.draft.replace(filled, "chunk", Fate::Blank, found),
        }
        if zero {
            self.draft.frame(filled, "zeros");
        }
        Ok(())
    }

    /// Bytes that go, or become zeros where nothing may move.
    fn lose(&mut self, span: Span, name: &'static str, found: Vec<Finding>) {
        match self.in_place {
            true => {
                let mut found = found.into_iter().map(|f| Finding { action: Action::Blanked, ..f });
                if let Some(first) = found.next() {
                    self.draft.blank(span, name, first);
                }
            }
            false => self.draft.remove_all(span, name, found),
        }
    }

    /// A chunk of which the first `n` bytes stay; what stands behind them goes.
    fn trimmed(&mut self, chunk: &Chunk, n: u64, name: &'static str) -> Result<()> {
        let n = n.min(chunk.data.len());
        let keep = Span::new(chunk.data.start, chunk.data.start + n);
        let rest = Span::new(keep.end, chunk.data.end);
        let found = Finding::removed("AVI", "bytes behind the fields of a chunk", Tells::Hidden);
        self.draft.frame(chunk.letters(), name);
        self.draft.reframe(chunk.size(), "size", Fate::Length { of: chunk.data, plus: 0, code: Number::U32Le });
        self.draft.frame(keep, name);
        if !rest.is_empty() {
            self.lose(rest, name, vec![found]);
        }
        let odd = (if self.in_place { chunk.data.len() } else { n }) % 2 == 1;
        match (odd, chunk.pad.is_empty()) {
            (true, true) => self.draft.insert(chunk.pad.end, "padding", Fate::put([0])),
            (false, false) => self.draft.reframe(chunk.pad, "padding", Fate::put([])),
            _ => self.draft.blank(chunk.pad, "padding", Finding::blanked("AVI", "padding", Tells::Hidden)),
        }
        if odd && chunk.pad.is_empty() {
            self.draft.note(Finding::rewritten("AVI", "missing padding", Tells::Rendering));
        }
        Ok(())
    }
}

/// Another walk over the result, by sizes alone: no chunk but those allowed around the media, and nothing behind them.
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const ALLOWED: [&[u8; 4]; 8] = [b"avih", b"strh", b"strf", b"vprp", b"indx", b"dmlh", b"idx1", b"JUNK"];
    let mut todo = vec![Span::new(0, after.len())];
    while let Some(span) = todo.pop() {
        let mut at = span.start;
        while at + 8 <= span.end {
            let head = source::head(after, at, 12)?;
            let size = Number::U32Le.decode(&head[4..8]);
            let end = (at + 8).saturating_add(size).min(span.end);
            let inside = Span::new(at + 12, end);
            match (&head[..4], head.get(8..)) {
                (b"RIFF", Some(b"AVI " | b"AVIX")) | (b"LIST", Some(b"hdrl" | b"strl" | b"odml")) => todo.push(inside),
                (b"LIST", Some(b"movi")) => {}
                (b"strn", _) if job.keeps(Token::TrackNames) => {}
                (id, _) if ALLOWED.iter().any(|a| a[..] == *id) => {}
                // What was no chunk and could not go.
                ([0, 0, 0, 0], _) if is_zero(after, Span::new(at, span.end))? => break,
                _ => return Err(Refusal::new(Code::Leftover, "a chunk that should be gone is still there").at(at)),
            }
            at = end.saturating_add(size % 2);
        }
    }
    Ok(vec!["second chunk walk"])
}

fn is_zero(source: &dyn Source, span: Span) -> Result<bool> {
    let mut zero = true;
    source::each_block(source, span, |block| zero &= block.iter().all(|b| *b == 0))?;
    Ok(zero)
}
