//! Photoshop documents, small (PSD) and large (PSB). Layers, channels, colour and what they need stay; image resources live
//! by an allow-list, so that previews, Exif, XMP, IPTC, paths of files, printers and slices go. Files inside smart objects are
//! cleaned like files of their kind, links to files elsewhere are cut. Layer blocks that are not known are declined. [Adobe
//! Photoshop File Formats Specification, November 2019]

mod layers;
mod smart;

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::names;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::colour;

/// The row.
pub static FORMAT: Format = Format {
    name: "PSD",
    extensions: &["psd", "psb", "pdd"],
    container: false,
    keeps: "layers, masks, channels, text, effects, paths, guides, smart objects (cleaned), colour profile (texts neutralised), resolution",
    removes: "Exif, XMP, IPTC, previews, slices, printer data, paths and names of files, identifiers, times of layers, notes, unknown resources",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"8BPS\0\x01") || head.has(0, b"8BPS\0\x02")).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut cursor = Cursor::over(&**source);
    let head = cursor.array::<26>()?;
    let wide = head[5] == 2;
    draft.frame(Span::new(0, 6), "header");
    draft.blank(Span::new(6, 12), "header", Finding::blanked("PSD", "reserved bytes", Tells::Hidden));
    draft.frame(Span::new(12, 26), "header");
    let colours = u64::from(cursor.u32_be()?);
    let end = cursor.skip(colours)?.end;
    draft.frame(Span::new(26, end), "colour mode data");
    resources(job, source, &mut draft, &mut cursor)?;
    let field = cursor.at();
    let len = if wide { cursor.u64_be()? } else { cursor.u32_be()?.into() };
    let section = Span::new(cursor.at(), cursor.skip(len)?.end);
    length(&mut draft, Span::new(field, section.start), section);
    layers::section(job, source, &mut draft, section, wide)?;
    composite(source, &mut draft, &head, Span::new(section.end, source.len()))?;
    draft.seal()
}

/// A length that follows what it measures.
fn length(draft: &mut Draft, field: Span, of: Span) {
    let code = if field.len() == 8 { Number::U64Be } else { Number::U32Be };
    draft.reframe(field, "length", Fate::Length { of, plus: 0, code });
}

/// The picture of all layers together, up to where its rows end.
fn composite(source: &Shared, draft: &mut Draft, head: &[u8; 26], span: Span) -> Result<()> {
    let number = |at: usize, n: usize| head[at..at + n].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let (channels, height, width, depth) = (number(12, 2), number(14, 4), number(18, 4), number(22, 2));
    let too_large = || Refusal::malformed("the picture is larger than any file", 12);
    let rows = channels.checked_mul(height).ok_or_else(too_large)?;
    let row = width.checked_mul(depth).map(|bits| bits.div_ceil(8)).ok_or_else(too_large)?;
    let mut cursor = Cursor::new(&**source, span);
    let end = match cursor.u16_be()? {
        0 => span.start + 2 + rows.checked_mul(row).filter(|n| *n < u64::MAX / 2).ok_or_else(too_large)?,
        1 => {
            let mut packed = 0u64;
            let entry = if head[5] == 2 { 4 } else { 2 };
            if rows.saturating_mul(entry) > cursor.left() {
                return Err(Refusal::malformed("the picture ends before its last row: the file is cut off", span.end));
            }
            for _ in 0..rows {
                packed += if entry == 4 { u64::from(cursor.u32_be()?) } else { u64::from(cursor.u16_be()?) };
            }
            cursor.at().saturating_add(packed)
        }
        2 | 3 => span.end,
        _ => return Err(Refusal::malformed("the picture is packed in an unknown way", span.start)),
    };
    if end > span.end {
        let refusal = Refusal::malformed("the picture ends before its last row: the file is cut off", span.end);
        return Err(refusal.hint("get it again, completely"));
    }
    draft.essence(Span::new(span.start, end), "composite");
    let rest = Span::new(end, span.end);
    if !rest.is_empty() {
        draft.remove_all(rest, "after the end", names::trailer::describe("after the end", &**source, rest));
    }
    Ok(())
}

/// The image resources: signature, number, name, length, data.
fn resources(job: &Job, source: &Shared, draft: &mut Draft, cursor: &mut Cursor) -> Result<()> {
    let field = cursor.at();
    let len = u64::from(cursor.u32_be()?);
    let section = cursor.skip(len)?;
    length(draft, Span::new(field, section.start), section);
    let mut inner = Cursor::new(&**source, section);
    let mut count = 0;
    while inner.left() >= 12 && matches!(&inner.look::<4>()?, b"8BIM" | b"MeSa" | b"PHUT" | b"AgHg" | b"DCSR") {
        let start = inner.at();
        let ours = &inner.array::<4>()? == b"8BIM";
        let id = inner.u16_be()?;
        let name_len = u64::from(inner.u8()?);
        let name = inner.skip(name_len + (name_len + 1) % 2)?;
        let len = u64::from(inner.u32_be()?);
        let data = inner.skip(len)?;
        let pad = inner.skip((len % 2).min(inner.left()))?;
        let resource = Resource {
            id,
            name: Span::new(name.start - 1, name.end),
            named: name_len > 0,
            data,
            span: Span::new(start, pad.end),
        };
        match ours {
            true => resource.decide(job, source, draft)?,
            false => {
                draft.remove(resource.span, "resource", Finding::removed("PSD", "resource of another program", Tells::Unknown))
            }
        }
        count += 1;
        job.limits().check_structures(count)?;
    }
    let rest = Span::new(inner.at(), section.end);
    if !rest.is_empty() {
        draft.remove(rest, "rest", Finding::removed("PSD", "data between the resources", Tells::Hidden));
    }
    Ok(())
}

struct Resource {
    id: u16,
    name: Span,
    named: bool,
    data: Span,
    span: Span,
}

impl Resource {
    fn decide(&self, job: &Job, source: &Shared, draft: &mut Draft) -> Result<()> {
        let strict = job.policy().is_strict();
        let len = self.data.len();
        match self.id {
            0x03ed if len == 16 && job.keeps(Token::Dpi) => self.keep(source, draft),
            // Screens, transfer functions and flags for a press.
            0x03ef | 0x03f5..=0x03fa | 0x2710 if !strict && len <= 1024 => self.keep(source, draft),
            0x0400 | 0x0416 | 0x0417 if len == 2 => self.keep(source, draft),
            0x0411 | 0x0412 if len == 1 => self.keep(source, draft),
            0x040d | 0x0414 | 0x0419 if len == 4 => self.keep(source, draft),
            0x0428 if len == 12 => self.keep(source, draft),
            0x0402 | 0x0408 | 0x041d | 0x042d | 0x0430 | 0x0435 => self.keep(source, draft),
            // Names a person gave, which editing needs.
            0x03ee | 0x0415 | 0x0429 | 0x07d0..=0x0bb7 if !strict => {
                let why = "editing needs it; --policy strict takes it out";
                draft.note(Finding::kept("PSD", "names of channels, paths and layer comps", Tells::Text, why));
                self.keep(source, draft)
            }
            0x040f if len <= colour::LARGEST => self.profile(job, source, draft),
            0x0421 if len >= 5 => {
                let merged = source.bytes(self.data, len)?[4].min(1);
                let body = [&[0, 0, 0, 1, merged][..], &[0; 8], &[0, 0, 0, 1]].concat();
                let found = Finding::rewritten("PSD", "programs that wrote it", Tells::Software);
                draft.replace(self.span, "version", Fate::put(resource(0x0421, &body)), vec![found]);
                Ok(())
            }
            _ => {
                let found = self.describe(job, source)?;
                draft.remove_all(self.span, "resource", found);
                Ok(())
            }
        }
    }

    /// As it is, but without a name, unless it is a path or the name of one.
    fn keep(&self, source: &Shared, draft: &mut Draft) -> Result<()> {
        if !self.named || (0x07d0..=0x0bb6).contains(&self.id) {
            draft.frame(Span::new(self.span.start, self.name.end - u64::from(!self.named)), "resource");
            if !self.named {
                let pad = Span::new(self.name.end - 1, self.name.end);
                draft.blank(pad, "padding", Finding::blanked("PSD", "padding", Tells::Hidden));
            }
            draft.frame(Span::new(self.name.end, self.data.end), "resource");
        } else {
            let text = source.bytes(self.name, 257)?;
            let found = Finding::removed("PSD", "name of a resource", Tells::Text).value(String::from_utf8_lossy(&text[1..]));
            draft.frame(Span::new(self.span.start, self.name.start), "resource");
            draft.replace(self.name, "name", Fate::put([0, 0]), vec![found]);
            draft.frame(Span::new(self.name.end, self.data.end), "resource");
        }
        let pad = Span::new(self.data.end, self.span.end);
        draft.blank(pad, "padding", Finding::blanked("PSD", "padding", Tells::Hidden));
        Ok(())
    }

    fn profile(&self, job: &Job, source: &Shared, draft: &mut Draft) -> Result<()> {
        let profile = source.bytes(self.data, colour::LARGEST)?;
        let found = names::icc::describe("ICC profile", &profile);
        match colour::profile(job, &profile)? {
            Some(neutral) => _ = draft.replace(self.span, "ICC profile", Fate::put(resource(0x040f, &neutral)), found),
            None => draft.remove_all(self.span, "ICC profile", found),
        }
        Ok(())
    }

    fn describe(&self, job: &Job, source: &Shared) -> Result<Vec<Finding>> {
        let limit = job.limits().block;
        let data = if self.data.len() <= limit { source.bytes(self.data, limit)? } else { Vec::new() };
        let one = |label: &'static str, tells| vec![Finding::removed("PSD", label, tells)];
        Ok(match self.id {
            0x0404 => names::iptc::describe("IPTC", &data),
            0x0409 | 0x040c => one("preview", Tells::Preview),
            0x0422 | 0x0423 => names::exif::describe("Exif", &data),
            0x0424 => names::xmp::describe("XMP", &data),
            0x040a | 0x040b => one("copyright flag and address", Tells::Who),
            0x041a => one("slices", Tells::Text),
            0x043e => one("path where it was saved", Tells::History),
            0x0425 => one("digest of the caption", Tells::Identifier),
            0x03e9 | 0x03ea | 0x043a..=0x043d => one("printer", Tells::Device),
            0x03ed => one("resolution", Tells::Software),
            0x0fa0..=0x1387 | 0x1b58 | 0x1b59 | 0x1f40 => one("data of a plug-in", Tells::Software),
            other => vec![Finding::removed("PSD", format!("image resource {other:04X}"), Tells::Unknown)],
        })
    }
}

/// A resource without a name.
fn resource(id: u16, data: &[u8]) -> Vec<u8> {
    let mut out = [b"8BIM", &id.to_be_bytes()[..], &[0, 0], &(data.len() as u32).to_be_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// Looks through the resources of the result for those that tell about a person, by their signatures alone.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const GONE: [u16; 8] = [0x0404, 0x0409, 0x040c, 0x0422, 0x0423, 0x0424, 0x043e, 0x041a];
    let colours = source::head(after, 26, 4)?.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let len = source::head(after, 30 + colours, 4)?.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let bytes = source::head(after, 34 + colours, len.min(1 << 20) as usize)?;
    // Not inside a profile or a path: a resource begins where the one before it ends.
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 12) {
        let id = u16::from_be_bytes([head[4], head[5]]);
        if head[..4] != *b"8BIM" || GONE.contains(&id) {
            return Err(Refusal::new(Code::Leftover, format!("the result still has the image resource {id:04X}")));
        }
        let name = (usize::from(head[6]) + 2) / 2 * 2;
        let Some(len) = bytes.get(at + 6 + name..at + 10 + name) else { break };
        at += 10 + name + len.iter().fold(0, |n, b| n << 8 | usize::from(*b)).next_multiple_of(2);
    }
    Ok(vec!["resource-list"])
}
