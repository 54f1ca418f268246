//! ASF, that is WMA and WMV: the packets stay as they are; of the header an allow-list of objects stays, each written
//! anew field by field. Packets do not say where they lie in the file, so nothing has to follow when the header shrinks. The
//! unused end of a packet becomes zeros; what the codecs write into the rest is not looked at. [Advanced Systems Format
//! Specification 01.20.06]

mod header;
mod packets;
mod tags;

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::asf::{self, Guid, Object, guid};
use crate::names::trailer;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "ASF",
    extensions: &["wmv", "wma", "asf", "wm"],
    container: false,
    keeps: "packets byte for byte, stream formats, indexes, languages, markers, cover art (cleaned), loudness values",
    removes: "titles, authors, dates, the file's identifier, stream and codec names, script commands, tags, unused space",
    sniff,
    plan,
    witness,
};

const HEADER: Guid = guid(0x75b22630_668e_11cf_a6d9_00aa0062ce6c);
const DATA: Guid = guid(0x75b22636_668e_11cf_a6d9_00aa0062ce6c);
const SIMPLE_INDEX: Guid = guid(0x33000890_e5b1_11cf_89f4_00a0c90349cb);
const INDEX: Guid = guid(0xd6e229d3_35da_11d1_9034_00a0c90349be);
const MEDIA_OBJECT_INDEX: Guid = guid(0xfeb103f8_12ad_4c64_840f_2a1d2f7ad48c);

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &HEADER).then_some(Match::Exact)
}

/// What is known of the file while its plan is made.
struct Film<'a, 'j> {
    job: &'a Job<'j>,
    source: &'a Shared,
    draft: Draft,
    /// How long a packet is; 0 where they differ.
    packet: u64,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut cursor = Cursor::over(&**source);
    let header = asf::read(&mut cursor)?.filter(|h| !h.cut && h.id == HEADER);
    let header = header.ok_or_else(|| Refusal::malformed("the header runs past the end of the file", 0))?;
    let mut film = Film { job, source, draft: Draft::new(source), packet: 0 };
    film.header(&header)?;
    let (mut media, mut end) = (false, cursor.at());
    while let Ok(Some(object)) = asf::read(&mut cursor) {
        match object.id {
            DATA if !media => {
                media = true;
                film.data(&object)?;
            }
            SIMPLE_INDEX if media && !object.cut => film.simple_index(&object)?,
            INDEX | MEDIA_OBJECT_INDEX if media && !object.cut => film.draft.frame(object.span, "index"),
            // Behind the media, what is no object ends the walk.
            _ if object.cut && media => break,
            _ if object.cut => return Err(Refusal::malformed("an object runs past the end of the file", object.span.start)),
            _ => film.gone(&object)?,
        }
        end = cursor.at();
    }
    if !media {
        return Err(Refusal::malformed("there is no media", end));
    }
    if end < source.len() {
        let span = Span::new(end, source.len());
        film.draft.remove_all(span, "trailer", trailer::describe("behind the film", &**source, span));
    }
    film.draft.seal()
}

impl Film<'_, '_> {
    /// An object that goes.
    fn gone(&mut self, object: &Object) -> Result<()> {
        let body = source::head(&**self.source, object.body().start, object.body().len().min(4 << 20) as usize)?;
        self.draft.remove_all(object.span, "object", tags::describe(&object.id, &body));
        Ok(())
    }

    /// The identifier of the file, which stands in several places.
    fn file_id(&mut self, at: u64) {
        let span = Span::new(at, at + 16);
        let found = Finding::blanked("ASF", "identifier of the file", Tells::Identifier);
        self.draft.blank(span, "file id", found.value(hex(&self.source.bytes(span, 16).unwrap_or_default())));
    }

    /// Times and the packets they are in. [6.1]
    fn simple_index(&mut self, object: &Object) -> Result<()> {
        let body = object.body();
        let head = source::head(&**self.source, body.start, 32)?;
        let count = head.get(28..32).map(|b| Number::U32Le.decode(b));
        let end = count.and_then(|n| body.start.checked_add(32 + n * 6)).filter(|end| *end <= body.end);
        let Some(end) = end else { return self.gone(object) };
        self.draft.frame(Span::new(object.span.start, object.span.start + 16), "index");
        self.draft.reframe(object.size(), "size", Fate::Length { of: object.span, plus: 0, code: Number::U64Le });
        self.file_id(body.start);
        self.draft.frame(Span::new(body.start + 16, end), "index");
        self.slack(Span::new(end, body.end));
        Ok(())
    }

    fn slack(&mut self, span: Span) {
        if !span.is_empty() {
            self.draft.remove(span, "slack", Finding::removed("ASF", "bytes behind the fields of an object", Tells::Hidden));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Another walk over the header: no object but those allowed, and no identifier of the file.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let leftover = |at: u64| Err(Refusal::new(Code::Leftover, "an object that should be gone is still there").at(at));
    let size = source::head(after, 16, 8)?;
    let end = Number::U64Le.decode(&size);
    let mut at = 30;
    while at + 24 <= end {
        let head = source::head(after, at, 40)?;
        if tags::tells(&head[..16]) {
            return leftover(at);
        }
        if head.starts_with(&header::FILE_PROPERTIES) && head.get(24..40) != Some(&[0; 16]) {
            return leftover(at);
        }
        at = at.saturating_add(Number::U64Le.decode(&head[16..24]).max(24));
    }
    if at != end {
        return Err(Refusal::new(Code::Damaged, "the header does not end with its last object").at(at));
    }
    Ok(vec!["second object walk"])
}
