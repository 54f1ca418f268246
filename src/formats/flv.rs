//! Flash video: tags of sound and pictures stay byte for byte; of the script in front only numbers that players need, written
//! anew, with the places of key pictures as they are now; all other scripts go. Private messages in H.264 and H.265 become filler;
//! what other codecs write is not looked at. [Adobe Flash Video File Format Specification 10.1, annex E]

use crate::blocks::messages::{self, Seen, Units};
use crate::blocks::telemetry;
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::flv::{self, Tag, Value};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "FLV",
    extensions: &["flv"],
    container: false,
    keeps: "pictures and sound tag by tag, duration, size, rates, the index of key pictures, captions",
    removes: "dates, programs, titles and all other values of scripts, cue points, XMP, bytes behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"FLV\x01").then_some(Match::Exact)
}

const SOUND: u8 = 8;
const PICTURES: u8 = 9;
const SCRIPT: u8 = 18;

/// Numbers and yes-or-no values that players go by. [E.5]
const PLAYING: &[&str] = &[
    "duration",
    "width",
    "height",
    "framerate",
    "videodatarate",
    "videocodecid",
    "audiodatarate",
    "audiocodecid",
    "audiosamplerate",
    "audiosamplesize",
    "audiochannels",
    "stereo",
    "canSeekToEnd",
    "hasAudio",
    "hasVideo",
    "hasMetadata",
    "hasKeyframes",
    "hasCuePoints",
    "lasttimestamp",
    "lastkeyframetimestamp",
    "datasize",
    "videosize",
    "audiosize",
    "displayWidth",
    "displayHeight",
    "AspectRatioX",
    "AspectRatioY",
    "rotation",
];

/// The longest script that is read.
const LONGEST: u64 = 8 << 20;

/// What is known of the film while its plan is made.
struct Film<'a, 'j> {
    job: &'a Job<'j>,
    source: &'a Shared,
    draft: Draft,
    described: bool,
    lengths: u64,
    streams: u64,
    /// How pictures are divided into units.
    units: Option<Units>,
    /// Messages in the pictures; those of the tag at hand are not written down yet.
    messages: Seen,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let head = source::head(&**source, 0, 9)?;
    let first = head.get(5..9).map_or(0, |b| Number::U32Be.decode(b));
    if first < 9 || first > source.len() {
        return Err(Refusal::malformed("the file ends in its head", 0));
    }
    let mut film = Film {
        job,
        source,
        draft: Draft::new(source),
        described: false,
        lengths: 0,
        streams: 0,
        units: None,
        messages: Seen::default(),
    };
    film.head(&head, first)?;
    let mut cursor = Cursor::new(&**source, Span::new((first + 4).min(source.len()), source.len()));
    let (mut run, mut media) = (cursor.at(), false);
    while let Some(tag) = flv::read(&mut cursor).map_err(|r| r.hint("repair the recording with a video program first"))? {
        if tag.filtered {
            return Err(Refusal::new(Code::Drm, "a tag is encrypted").at(tag.head.start));
        }
        media |= matches!(tag.kind, SOUND | PICTURES);
        film.listen(&tag)?;
        if matches!(tag.kind, SOUND | PICTURES) && film.is_plain(&tag)? && film.messages.blank.is_empty() {
            continue;
        }
        film.draft.essence(Span::new(run, tag.head.start), "tags");
        run = tag.back.end;
        film.tag(&tag)?;
        job.limits().check_structures(film.draft.count())?;
    }
    if !media {
        return Err(Refusal::malformed("there is neither sound nor a picture", cursor.at()));
    }
    film.draft.essence(Span::new(run, cursor.at()), "tags");
    if !cursor.is_done() {
        let span = Span::new(cursor.at(), source.len());
        film.draft.remove_all(span, "trailer", trailer::describe("behind the film", &**source, span));
    }
    film.messages.tell_kept(&mut film.draft, "FLV", !job.keeps(Token::EncoderStrings));
    for found in film.messages.settle(&mut film.draft, "FLV", job.policy().is_strict())? {
        film.draft.note(found);
    }
    if film.lengths + film.streams > 0 {
        film.draft.note(Finding::rewritten("FLV", "wrong lengths and streams of tags", Tells::Hidden));
    }
    film.draft.seal()
}

impl Film<'_, '_> {
    /// `FLV`, the version, what there is, where the tags begin, a length of zero.
    fn head(&mut self, head: &[u8], first: u64) -> Result<()> {
        let found = || Finding::rewritten("FLV", "reserved bytes in the head", Tells::Hidden);
        self.draft.frame(Span::new(0, 4), "head");
        self.draft.replace(Span::new(4, 5), "flags", Fate::put([head[4] & 5]), vec![found()]);
        let mut more = Vec::new();
        if first > 9 {
            more.push(Finding::removed("FLV", "bytes behind the head", Tells::Hidden));
        }
        self.draft.replace(Span::new(5, first), "offset", Fate::put(9u32.to_be_bytes()), more);
        let zero = Span::new(first, (first + 4).min(self.source.len()));
        self.draft.blank(zero, "length", Finding::blanked("FLV", "reserved bytes in the head", Tells::Hidden));
        Ok(())
    }

    /// Looks for messages in a tag of H.264 or H.265, after the tag that says how they are divided into units. [E.4.3.1;
    /// Enhanced RTMP, video]
    fn listen(&mut self, tag: &Tag) -> Result<()> {
        let head = source::head(&**self.source, tag.body.start, tag.body.len().min(64) as usize)?;
        let (packet, codec, data) = match (tag.kind, &head[..]) {
            (PICTURES, [first, packet, _, _, _, ..]) if first & 0x8f == 7 => (*packet, *b"avcC", 5),
            (PICTURES, [first, b'a', b'v', b'c', b'1', ..]) if first & 0x80 != 0 => (first & 15, *b"avcC", 5),
            (PICTURES, [first, b'h', b'v', b'c', b'1', ..]) if first & 0x80 != 0 => (first & 15, *b"hvcC", 5),
            _ => return Ok(()),
        };
        let enhanced = head[0] & 0x80 != 0;
        match packet {
            0 => self.units = Units::of(codec, head.get(data..).unwrap_or_default()),
            1 | 3 => {
                // Coded frames of the enhanced kind have a time of their own in front, those of packet 3 have not.
                let data = if enhanced && packet == 1 { data + 3 } else { data };
                let sample = Span::new((tag.body.start + data as u64).min(tag.body.end), tag.body.end);
                if let Some(units) = self.units {
                    let strip = !self.job.keeps(Token::EncoderStrings);
                    messages::look(&**self.source, units, sample, strip, &mut self.messages)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether nothing about a tag of media has to change.
    fn is_plain(&self, tag: &Tag) -> Result<bool> {
        let behind = self.source.bytes(tag.back, 4)?;
        let stream = self.source.bytes(tag.stream(), 3)?;
        Ok(stream == [0; 3] && (tag.cut || behind.len() < 4 || behind == length(tag)))
    }

    fn tag(&mut self, tag: &Tag) -> Result<()> {
        match tag.kind {
            SOUND | PICTURES => self.repair(tag),
            SCRIPT if !tag.cut && tag.body.len() <= LONGEST => self.script(tag),
            _ => {
                self.draft.remove(tag.span(), "tag", Finding::removed("FLV", "tag of an unknown kind", Tells::Unknown));
                Ok(())
            }
        }
    }

    /// A tag of media whose length or stream says something else than it should.
    fn repair(&mut self, tag: &Tag) -> Result<()> {
        let zeros = self.source.bytes(tag.stream(), 3)? == [0; 3];
        self.draft.frame(Span::new(tag.head.start, tag.stream().start), "tag");
        self.streams += u64::from(!zeros);
        self.draft.reframe(tag.stream(), "stream", Fate::put([0; 3]));
        let mut at = tag.body.start;
        for (message, fresh) in std::mem::take(&mut self.messages.blank) {
            self.draft.essence(Span::new(at, message.start), "media");
            self.draft.replace(message, "message", Fate::put(fresh), Vec::new());
            at = message.end;
        }
        self.draft.essence(Span::new(at, tag.body.end), "media");
        if tag.back.len() == 4 {
            self.lengths += u64::from(self.source.bytes(tag.back, 4)? != length(tag));
            self.draft.reframe(tag.back, "length", Fate::put(length(tag)));
        } else {
            self.draft.frame(tag.back, "length");
        }
        Ok(())
    }

    fn script(&mut self, tag: &Tag) -> Result<()> {
        let bytes = self.source.bytes(tag.body, LONGEST)?;
        let values = flv::values(&bytes);
        let name = match values.first() {
            Some(Value::Text(name)) => name.as_str(),
            _ => "",
        };
        if name == "onMetaData" && !self.described {
            self.described = true;
            let fields = values.iter().find_map(|v| if let Value::Object(fields) = v { Some(fields.as_slice()) } else { None });
            return self.describe(tag, &bytes, fields.unwrap_or_default());
        }
        let captions = matches!(name, "onTextData" | "onCaption" | "onCaptionInfo");
        if captions && self.job.keeps(Token::Subtitles) && !telemetry::is_telemetry(&bytes) && self.is_plain(tag)? {
            self.draft.essence(tag.span(), "captions");
            return Ok(());
        }
        let label = match name {
            "onXMP" | "onXMPData" => "XMP of a script",
            "onCuePoint" => "cue point",
            "onFI" => "time code and date of a broadcast",
            _ => "script",
        };
        let mut found = vec![Finding::removed("FLV", label, Tells::Text).value(name).bytes(tag.span().len())];
        for value in &values {
            if let Value::Object(fields) = value {
                found.extend(fields.iter().map(|(name, value)| tell(name, value)));
            }
        }
        found.truncate(200);
        self.draft.remove_all(tag.span(), "script", found);
        Ok(())
    }

    /// The script that says how to play: the numbers that players need, and the places of key pictures. [E.5]
    fn describe(&mut self, tag: &Tag, bytes: &[u8], fields: &[(String, Value)]) -> Result<()> {
        let mut body = Pieces::default();
        let mut found = Vec::new();
        let mut kept: Vec<&str> = Vec::new();
        for (name, value) in fields {
            let before = body.len();
            let again = kept.contains(&name.as_str());
            match value {
                _ if again => {}
                Value::Number(n) if name == "filesize" && n.is_finite() => {
                    body.name(name);
                    body.put(&[0]);
                    body.fate(Fate::Length { of: self.source.span(), plus: 0, code: Number::F64Be }, 8);
                }
                Value::Number(n) if PLAYING.contains(&name.as_str()) => {
                    body.name(name);
                    body.number(*n);
                }
                Value::Boolean(yes) if PLAYING.contains(&name.as_str()) => {
                    body.name(name);
                    body.put(&[1, u8::from(*yes)]);
                }
                Value::Object(inner) if name == "keyframes" => self.keyframes(&mut body, inner)?,
                _ => {}
            }
            if body.len() == before {
                found.push(tell(name, value));
            } else {
                kept.push(name);
            }
        }
        let mut all = Pieces::default();
        all.put(&[SCRIPT]);
        all.fate(Fate::Length { of: tag.body, plus: 0, code: Number::U24Be }, 3);
        let times = source::head(&**self.source, tag.head.start + 4, 4)?;
        all.put(&times);
        all.put(&[0, 0, 0]);
        let mut script = Pieces::default();
        script.put(b"\x02\0\x0aonMetaData\x08");
        script.put(&(kept.len() as u32).to_be_bytes());
        script.list.extend(body.list);
        script.put(b"\0\0\x09");
        let length = script.len();
        let changed = !found.is_empty() || length != bytes.len() as u64 || !script.agrees(bytes);
        self.draft.compose(tag.head, "tag", all.list.into_iter().map(|(fate, _)| fate).collect());
        if script.list.len() as u64 > tag.body.len() {
            return Err(Refusal::malformed("a script cannot be read", tag.body.start));
        }
        self.draft.compose(tag.body, "script", script.list.into_iter().map(|(fate, _)| fate).collect());
        self.draft.reframe(tag.back, "length", Fate::put(((Tag::HEAD + length) as u32).to_be_bytes()));
        if changed && found.is_empty() {
            found.push(Finding::rewritten("FLV", "unused or unreadable bytes of a script", Tells::Hidden));
        }
        found.into_iter().for_each(|f| self.draft.note(f));
        self.draft.otherwise(Finding::rewritten("FLV", "wrong numbers in the description", Tells::Hidden));
        Ok(())
    }

    /// Times and places of key pictures, as long as every place is that of a tag of pictures.
    fn keyframes(&self, body: &mut Pieces, fields: &[(String, Value)]) -> Result<()> {
        let numbers = |name: &str| {
            let list = fields.iter().find(|(n, _)| n == name);
            list.and_then(|(_, v)| if let Value::Array(all) = v { Some(all) } else { None })
        };
        let (Some(places), Some(times)) = (numbers("filepositions"), numbers("times")) else { return Ok(()) };
        let mut list = Pieces::default();
        list.name("filepositions");
        list.put(&[10]);
        list.put(&(places.len() as u32).to_be_bytes());
        for place in places {
            let Value::Number(n) = place else { return Ok(()) };
            let at = *n as u64;
            let there = source::head(&**self.source, at, 1)?;
            if at < 13 || *n != at as f64 || there != [PICTURES] {
                return Ok(());
            }
            list.put(&[0]);
            list.fate(Fate::Position { of: at, origin: 0, code: Number::F64Be }, 8);
        }
        list.name("times");
        list.put(&[10]);
        list.put(&(times.len() as u32).to_be_bytes());
        for time in times {
            let Value::Number(n) = time else { return Ok(()) };
            list.number(*n);
        }
        body.name("keyframes");
        body.put(&[3]);
        body.list.extend(list.list);
        body.put(b"\0\0\x09");
        Ok(())
    }
}

/// The length behind a tag.
fn length(tag: &Tag) -> [u8; 4] {
    ((Tag::HEAD + tag.body.len()) as u32).to_be_bytes()
}

/// Pieces of a script, each with its length.
#[derive(Default)]
struct Pieces {
    list: Vec<(Fate, u64)>,
}

impl Pieces {
    fn len(&self) -> u64 {
        self.list.iter().map(|(_, n)| n).sum()
    }

    /// Adds bytes, to the piece in front where that is bytes too.
    fn put(&mut self, bytes: &[u8]) {
        if let Some((Fate::Put(last), n)) = self.list.last_mut() {
            *last = [&last[..], bytes].concat().into();
            *n += bytes.len() as u64;
            return;
        }
        self.list.push((Fate::put(bytes), bytes.len() as u64));
    }

    fn fate(&mut self, fate: Fate, n: u64) {
        self.list.push((fate, n));
    }

    fn name(&mut self, name: &str) {
        self.put(&(name.len() as u16).to_be_bytes());
        self.put(name.as_bytes());
    }

    fn number(&mut self, n: f64) {
        self.put(&[0]);
        self.put(&n.to_be_bytes());
    }

    /// Whether the bytes among the pieces stand in `there` already.
    fn agrees(&self, there: &[u8]) -> bool {
        let mut at = 0usize;
        self.list.iter().all(|(fate, n)| {
            let place = there.get(at..at.saturating_add(*n as usize));
            at += *n as usize;
            !matches!(fate, Fate::Put(bytes) if place != Some(bytes))
        })
    }
}

/// What a value that goes tells.
fn tell(name: &str, value: &Value) -> Finding {
    let lower = name.to_ascii_lowercase();
    let (label, tells) = match lower.as_str() {
        "creationdate" | "metadatadate" | "creationtime" | "creation_time" | "date" => ("date", Tells::When),
        "encoder" | "metadatacreator" | "creator" | "presetname" | "software" => ("software", Tells::Software),
        "author" | "artist" | "copyright" => ("person", Tells::Who),
        "title" => ("title", Tells::Text),
        "location" | "gps" => ("place", Tells::Where),
        _ => ("value of a script", Tells::Text),
    };
    let shown = match value {
        Value::Text(text) => text.chars().take(200).collect(),
        Value::Number(n) => n.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Date(ms) => crate::names::quicktime::time((*ms / 1000.0).max(0.0) as u64 + 2_082_844_800),
        Value::Object(_) | Value::Array(_) | Value::Nothing => String::new(),
    };
    let shown = if label == "value of a script" { format!("{name}: {shown}") } else { shown };
    Finding::removed("FLV", label, tells).value(shown)
}

/// Another walk over the result: one script at most, and it holds no text but names.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let head = source::head(after, 13, Tag::HEAD as usize)?;
    if head.first() == Some(&SCRIPT) && head.len() == 11 {
        let size = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        let script = source::head(after, 24, size)?;
        for word in [&b"creationdate"[..], b"metadatacreator", b"encoder", b"onXMP"] {
            if memchr::memmem::find(&script, word).is_some() {
                return Err(Refusal::new(Code::Leftover, "a value of the script that should be gone is still there").at(13));
            }
        }
    }
    Ok(vec!["second look at the script"])
}
