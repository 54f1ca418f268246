//! The list of media: chunks of streams that are there, and lists of such chunks. Nothing moves in here.

use super::{Film, Stream};
use crate::blocks::{messages, telemetry};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::riff::{self, Chunk};
use crate::plan::{Fate, Number};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Span};

/// What was come across among the media and is told once.
#[derive(Default)]
pub(super) struct Seen {
    /// Findings of Motion JPEG pictures, by label, and how many pictures had them.
    pub(super) pictures: Vec<(Finding, u64)>,
    /// What an encoder signs its pictures with.
    pub(super) signature: Option<String>,
    /// Messages in H.264 and H.265; those of the chunk at hand are not written down yet.
    messages: messages::Seen,
    pads: u64,
    texts: u64,
    names: u64,
    cut: bool,
}

/// How many samples of a text stream are looked at.
const ENOUGH: usize = 50;

impl Film<'_, '_> {
    /// Judges streams of text: those that are positions, or not wanted, are overwritten.
    pub(super) fn learn_texts(&mut self) -> Result<()> {
        if !self.streams.iter().any(|s| s.kind == *b"txts") {
            return Ok(());
        }
        let mut samples: Vec<Vec<Vec<u8>>> = vec![Vec::new(); self.streams.len()];
        for media in self.media.clone() {
            let mut cursor = Cursor::new(&**self.source, Span::new(media.start + 4, media.end));
            while let Ok(Some(chunk)) = riff::read(&mut cursor) {
                if let Some(i) = self.stream_of(&chunk.id)
                    && self.streams[i].kind == *b"txts"
                    && samples[i].len() < ENOUGH
                    && !chunk.data.is_empty()
                {
                    samples[i].push(source::head(&**self.source, chunk.data.start, chunk.data.len().min(2048) as usize)?);
                }
            }
        }
        let (subtitles, positions) = (self.job.keeps(Token::Subtitles), self.job.keeps(Token::TimedMetadata));
        for (stream, samples) in self.streams.iter_mut().zip(samples).filter(|(s, _)| s.kind == *b"txts") {
            let telling = telemetry::is_telemetry_track(samples.iter().map(Vec::as_slice));
            stream.blank = if telling && !samples.is_empty() { !positions } else { !subtitles };
        }
        Ok(())
    }

    /// The stream that a chunk of media belongs to: two digits and two letters.
    fn stream_of(&self, id: &[u8; 4]) -> Option<usize> {
        let digit = |b: u8| b.is_ascii_digit().then(|| usize::from(b - b'0'));
        let number = digit(id[0])? * 10 + digit(id[1])?;
        let named = id[2..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        (named && number < self.streams.len()).then_some(number)
    }

    /// `movi`.
    pub(super) fn movi(&mut self, list: &Chunk) -> Result<()> {
        let cut = list.data.end == self.source.len() && list.pad.is_empty();
        self.draft.frame(list.letters(), "LIST");
        self.draft.frame(list.size(), "size");
        self.draft.frame(Span::new(list.data.start, list.data.start + 4), "movi");
        let span = Span::new(list.data.start + 4, list.data.end);
        self.chunks(span, cut, 0)?;
        self.draft.blank(list.pad, "padding", Finding::blanked("AVI", "padding", Tells::Hidden));
        Ok(())
    }

    fn chunks(&mut self, span: Span, cut: bool, depth: u8) -> Result<()> {
        let source = self.source.clone();
        let mut cursor = Cursor::new(&*source, span);
        // From here on nothing was written down yet.
        let mut run = span.start;
        loop {
            let at = cursor.at();
            let chunk = match riff::read(&mut cursor) {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                // The last chunk of a recording that was cut off: what there is of it stays.
                Err(_) if cut && self.stream_of(&cursor.look()?).is_some() => {
                    self.seen.cut = true;
                    cursor.seek(span.end)?;
                    break;
                }
                Err(r) => return Err(r.hint("repair the recording with a video program first")),
            };
            if let Some(stream) = self.stream_of(&chunk.id) {
                self.listen(stream, &chunk)?;
                for (message, fresh) in std::mem::take(&mut self.seen.messages.blank) {
                    self.draft.essence(Span::new(run, message.start), "media");
                    self.draft.replace(message, "message", Fate::put(fresh), Vec::new());
                    run = message.end;
                }
                for gone in self.goes(stream, &chunk)? {
                    self.draft.essence(Span::new(run, gone.start), "media");
                    self.draft.replace(gone, "zeros", Fate::Blank, Vec::new());
                    run = gone.end;
                }
                self.job.limits().check_structures(self.draft.count())?;
                continue;
            }
            let kind = self.kind(&chunk)?;
            self.draft.essence(Span::new(run, at), "media");
            run = cursor.at();
            match &kind {
                b"rec " if depth == 0 => {
                    self.draft.frame(Span::new(at, chunk.data.start + 4), "LIST rec");
                    self.chunks(Span::new(chunk.data.start + 4, chunk.data.end), false, depth + 1)?;
                    self.draft.blank(chunk.pad, "padding", Finding::blanked("AVI", "padding", Tells::Hidden));
                }
                _ if chunk.id.starts_with(b"ix") || chunk.id.ends_with(b"ix") => self.index(&chunk)?,
                _ => self.hollow(&chunk)?,
            }
            self.job.limits().check_structures(self.draft.count())?;
        }
        self.draft.essence(Span::new(run, cursor.at()), "media");
        let rest = Span::new(cursor.at(), span.end);
        if !rest.is_empty() {
            self.draft.blank(rest, "rest", Finding::blanked("AVI", "bytes behind the last chunk", Tells::Hidden));
        }
        Ok(())
    }

    /// Looks for messages in a picture of H.264 or H.265.
    fn listen(&mut self, stream: usize, chunk: &Chunk) -> Result<()> {
        let Stream { blank: false, hevc: Some(hevc), units, .. } = self.streams[stream] else { return Ok(()) };
        let strip = !self.job.keeps(Token::EncoderStrings);
        match units {
            Some(units) => messages::look(&**self.source, units, chunk.data, strip, &mut self.seen.messages),
            None => messages::look_marked(&**self.source, hevc, chunk.data, strip, &mut self.seen.messages),
        }
    }

    /// The spans of a chunk of media that become zeros and are none yet.
    fn goes(&mut self, stream: usize, chunk: &Chunk) -> Result<Vec<Span>> {
        let mut gone = match &self.streams[stream].kind {
            _ if self.streams[stream].blank => self.unless_zero(chunk.data)?,
            b"vids" if chunk.data.len() > 4 => self.in_picture(chunk.data)?,
            b"txts" => self.name_of_subtitles(chunk)?,
            _ => Vec::new(),
        };
        self.seen.texts += u64::from(self.streams[stream].blank && !gone.is_empty());
        if !chunk.pad.is_empty() && self.source.bytes(chunk.pad, 1)? != [0] {
            self.seen.pads += 1;
            gone.push(chunk.pad);
        }
        Ok(gone)
    }

    /// The span, unless it is empty or zeros already.
    pub(super) fn unless_zero(&self, span: Span) -> Result<Vec<Span>> {
        let mut zero = true;
        source::each_block(&**self.source, span, |block| zero &= block.iter().all(|b| *b == 0))?;
        Ok(if zero { Vec::new() } else { vec![span] })
    }

    /// Subtitles of the DivX kind have a name in front: `GAB2`, 2, the length of the name, the name, 4, the length, a file.
    fn name_of_subtitles(&mut self, chunk: &Chunk) -> Result<Vec<Span>> {
        let head = source::head(&**self.source, chunk.data.start, chunk.data.len().min(64 << 10) as usize)?;
        if !head.starts_with(b"GAB2\0") {
            return Ok(Vec::new());
        }
        if memchr::memmem::find(&head, b"[Script Info]").is_some() {
            let what = "its subtitles hold the paths and names of the project they were made in";
            return Err(Refusal::new(Code::NeedsResidual, what).at(chunk.data.start).hint("use --drop subtitles"));
        }
        let length = head.get(7..11).map_or(0, |b| Number::U32Le.decode(b));
        let name = Span::new(chunk.data.start + 11, (chunk.data.start + 11).saturating_add(length)).meet(chunk.data);
        if self.job.keeps(Token::TrackNames) {
            return Ok(Vec::new());
        }
        let gone = self.unless_zero(name)?;
        self.seen.names += gone.len() as u64;
        Ok(gone)
    }

    /// Tells once what was come across many times.
    pub(super) fn tell(&mut self) -> Result<()> {
        let mut seen = std::mem::take(&mut self.seen);
        seen.messages.tell_kept(&mut self.draft, "AVI", !self.job.keeps(Token::EncoderStrings));
        for found in seen.messages.settle(&mut self.draft, "AVI", self.job.policy().is_strict())? {
            self.draft.note(found);
        }
        let many = |n: u64, what: &str| if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") };
        for (found, count) in seen.pictures {
            let value = match found.value {
                Some(value) => format!("{value} (in {})", many(count, "picture")),
                None => many(count, "picture"),
            };
            self.draft.note(Finding { value: None, ..found }.value(value));
        }
        if let Some(name) = seen.signature {
            let why = "it is part of the coded pictures; --drop encoder-strings removes it";
            self.draft.note(Finding::kept("AVI", "encoder name in the coded pictures", Tells::Software, why).value(name));
        }
        if seen.texts > 0 {
            let found = Finding::blanked("AVI", "texts: positions and camera data, or unwanted subtitles", Tells::Where);
            self.draft.note(found.value(many(seen.texts, "sample")));
        }
        if seen.names > 0 {
            self.draft.note(Finding::blanked("AVI", "names of subtitles", Tells::Text));
        }
        if seen.pads > 0 {
            self.draft.note(Finding::blanked("AVI", "padding between chunks of media", Tells::Hidden).bytes(seen.pads));
        }
        if seen.cut {
            self.draft.warn("the recording was cut off in the middle of a chunk; it stays as it is");
        }
        Ok(())
    }
}
