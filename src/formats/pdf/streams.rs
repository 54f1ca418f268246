//! What becomes of the data of streams. Most is copied as it lies, filters and all; behind the end of coded data nothing
//! stays, pictures are cleaned by the row of their own format, colour profiles are neutralised, and content loses its
//! comments. [ISO 32000-2 7.3.8, 8.9.5]

use std::borrow::Cow;

use super::attachments::Outcome;
use super::jpx;
use super::schema::K;
use super::walk::Walk;
use crate::blocks;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::jbig2;
use crate::grammar::pdf::book::LARGEST;
use crate::grammar::pdf::filters::{self, Filter, Name};
use crate::grammar::pdf::{Dict, Obj, content, is_space, writer};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Memory;

/// The data as it is written, and `kept` with the filters that it is written with.
pub(super) fn settle<'b>(
    walk: &mut Walk<'b>,
    number: u32,
    page: Option<usize>,
    k: K,
    kept: &mut Dict<'b>,
    data: Cow<'b, [u8]>,
) -> Result<Cow<'b, [u8]>> {
    let all = walk.book.filters(kept)?;
    let plain = all.iter().take_while(|f| f.is_plain()).count();
    let picture = match &all[plain..] {
        [] => None,
        [one] if !matches!(one.name, Name::Crypt | Name::Unknown) => Some(one.name),
        _ => return Err(Refusal::new(Code::UnknownCritical, format!("object {number} is packed in a way that is not known"))),
    };
    let looked_into = k.is_content()
        || matches!(k, K::FaxGlobals | K::CMap | K::Encoding | K::Icc | K::Function | K::EmbeddedFile | K::FontProgram)
        || matches!(picture, Some(Name::Dct | Name::Jpx | Name::Jbig2))
        || plain > 1
        || walk.job.is_heard();
    if !looked_into {
        return Ok(cut(walk, k, all.first(), data));
    }
    let unwound = unwind(walk, number, &all[..plain], &data)?;
    let Some(unwound) = unwound else {
        if picture.is_none() && plain < 2 && !k.is_content() {
            return Ok(cut(walk, k, all.first(), data));
        }
        return Err(Refusal::limit(format!("object {number} unpacks to more than any honest one")));
    };
    let bytes = &unwound.bytes;
    let changed = match (k, picture) {
        (_, Some(Name::Dct)) => jpeg(walk, number, bytes)?,
        (_, Some(Name::Jpx)) => jpeg_2000(walk, bytes)?,
        (_, Some(Name::Jbig2)) => fax(walk, bytes),
        (K::EmbeddedFile, _) => match walk.attachments.get(&number) {
            Some(Outcome::Changed(bytes)) => Some(bytes.to_vec()),
            Some(Outcome::Same) => None,
            _ => Some(Vec::new()),
        },
        (K::FontProgram, None) => font(walk, kept, bytes),
        (K::FaxGlobals, None) => fax(walk, bytes),
        (K::Icc, None) => profile(walk, bytes)?,
        (K::CMap | K::Encoding, None) => code(walk, k, bytes, false),
        (K::Function, None) if kept.at("FunctionType").as_int() == Some(4) => code(walk, k, bytes, false),
        (_, None) if k.is_content() => content_stream(walk, number, k, bytes)?,
        _ => None,
    };
    if walk.job.is_heard() {
        let place = page.map_or_else(|| format!("object {number}"), |page| format!("page {page}"));
        let visible = k.is_content() || matches!(k, K::Image | K::FontProgram | K::Data | K::EmbeddedFile);
        walk.job.hear(&place, changed.as_deref().unwrap_or(bytes), visible)?;
    }
    if changed.is_none() && !unwound.inner_tail {
        return Ok(cut(walk, k, all.first(), data));
    }
    if changed.is_none() {
        walk.tell(Finding::removed(k.place(), "bytes behind the end of packed data", Tells::Hidden));
    }
    let fresh = changed.unwrap_or_else(|| unwound.bytes.to_vec());
    if picture.is_some() {
        only_filter(walk, kept, plain);
        return Ok(Cow::Owned(fresh));
    }
    if all.is_empty() {
        return Ok(Cow::Owned(fresh));
    }
    kept.set("Filter", Obj::name("FlateDecode"));
    kept.remove("DecodeParms");
    Ok(Cow::Owned(writer::deflate(&fresh).map_err(Refusal::write)?))
}

/// Leaves of a chain of filters only the one at `i`, with its parameters.
fn only_filter<'b>(walk: &Walk<'b>, kept: &mut Dict<'b>, i: usize) {
    if let Obj::Array(names) = walk.book.resolve(kept.at("Filter"))
        && let Some(name) = names.get(i)
    {
        kept.set("Filter", name.clone());
    }
    if let Obj::Array(params) = kept.at("DecodeParms").clone() {
        match params.get(i) {
            Some(Obj::Null) | None => _ = kept.remove("DecodeParms"),
            Some(own) => kept.set("DecodeParms", own.clone()),
        }
    }
}

struct Unwound<'d> {
    bytes: Cow<'d, [u8]>,
    /// Whether bytes lie behind the end of data that is packed once more.
    inner_tail: bool,
}

/// Undoes the plain filters; `None` where too much comes out.
fn unwind<'d>(walk: &mut Walk, number: u32, filters: &[Filter], data: &'d [u8]) -> Result<Option<Unwound<'d>>> {
    let mut bytes = Cow::Borrowed(data);
    let mut inner_tail = false;
    for (i, filter) in filters.iter().enumerate() {
        let Some(decoded) = filters::decode(filter, &bytes, LARGEST) else { return Ok(None) };
        if !decoded.whole && decoded.used < bytes.len() {
            // Whoever shows the file stops here as well, unless it was damaged in more places than this one.
            if walk.lenient || walk.job.policy().is_strict() {
                return Err(Refusal::malformed(format!("the packed data of object {number} is damaged"), 0));
            }
            walk.warn(format!("the packed data of object {number} is damaged; it was kept as it is"));
        }
        inner_tail |= i > 0 && bytes[decoded.used.min(bytes.len())..].iter().any(|b| !is_space(*b));
        walk.job.expanded(bytes.len() as u64, decoded.bytes.len() as u64)?;
        bytes = Cow::Owned(decoded.bytes);
    }
    Ok(Some(Unwound { bytes, inner_tail }))
}

/// Cuts the data where what it codes ends.
fn cut<'b>(walk: &mut Walk<'b>, k: K, first: Option<&Filter>, data: Cow<'b, [u8]>) -> Cow<'b, [u8]> {
    let end = match first.map(|f| f.name) {
        Some(Name::Flate) => filters::flate_end(&data).map(|(end, _)| end),
        Some(Name::Lzw | Name::Ascii85 | Name::AsciiHex | Name::RunLength) => {
            let bare = first.map(|f| Filter { params: [1, 1, 8, 1, f.params[4]], ..f.clone() });
            bare.and_then(|f| filters::decode(&f, &data, LARGEST)).filter(|d| d.whole).map(|d| d.used)
        }
        _ => None,
    };
    let Some(end) = end.filter(|end| *end < data.len()) else { return data };
    if data[end..].iter().any(|b| !is_space(*b)) {
        let hidden = (data.len() - end) as u64;
        walk.tell(Finding::removed(k.place(), "bytes behind the end of packed data", Tells::Hidden).bytes(hidden));
    }
    match data {
        Cow::Borrowed(data) => Cow::Borrowed(&data[..end]),
        Cow::Owned(mut data) => {
            data.truncate(end);
            Cow::Owned(data)
        }
    }
}

/// A JPEG, cleaned by its own row. Readers of PDF ignore its orientation, so it must not begin to mean something.
fn jpeg(walk: &mut Walk, number: u32, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let name = format!("image {number}.jpg");
    let policy = walk.job.policy().with(Token::Orientation, false);
    match walk.job.member_under(&policy, &name, &Memory::shared(bytes))? {
        Member::Same(cleaned) => {
            walk.notes.members.push((name, cleaned));
            Ok(None)
        }
        Member::Changed(cleaned) => {
            let result = cleaned.bytes();
            let bytes = result.bytes(result.span(), u64::MAX)?;
            walk.notes.members.push((name, cleaned));
            Ok(Some(bytes))
        }
        Member::Unknown(why) => {
            if walk.job.unknown_member(&name, &why)? {
                return Ok(None);
            }
            Ok(Some(Vec::new()))
        }
    }
}

fn jpeg_2000(walk: &mut Walk, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let clean = jpx::cleaned(bytes)?;
    if clean.is_some() {
        walk.tell(Finding::removed("image", "metadata boxes and comments of a JPEG 2000 picture", Tells::Unknown));
    }
    Ok(clean)
}

/// A JBIG2 picture without its comments; so too what several of them share.
fn fax(walk: &mut Walk, bytes: &[u8]) -> Option<Vec<u8>> {
    let comments = jbig2::comments(bytes);
    let first = comments.first()?;
    let shown = bytes[first.clone()].iter().filter(|b| b.is_ascii_graphic() || **b == b' ').take(200);
    let text: String = shown.map(|b| char::from(*b)).collect();
    walk.tell(Finding::removed("image", "comments of a JBIG2 picture", Tells::Text).value(text));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    for comment in comments {
        out.extend_from_slice(&bytes[at..comment.start]);
        at = comment.end;
    }
    out.extend_from_slice(&bytes[at..]);
    Some(out)
}

fn profile(walk: &mut Walk, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let neutral = blocks::icc::neutral(bytes)?.unwrap_or_default();
    if neutral == bytes {
        return Ok(None);
    }
    walk.tell(Finding::rewritten("color profile", "texts, dates and devices of a color profile", Tells::Software));
    Ok(Some(neutral))
}

/// A font program. What a Type 1 font says about its making stands in comments in front of its encrypted part; the first
/// line, which readers look for, stays. [Adobe Type 1 Font Format 2.2]
fn font<'b>(walk: &mut Walk<'b>, kept: &mut Dict<'b>, bytes: &[u8]) -> Option<Vec<u8>> {
    walk.keep_fonts();
    if !bytes.starts_with(b"%!") {
        return None;
    }
    let clear = memchr::memmem::find(bytes, b"eexec")?;
    let line = bytes[..clear].iter().position(|b| matches!(b, b'\n' | b'\r'))?;
    let comments = content::comments(&bytes[line..clear], false);
    if comments.is_empty() {
        return None;
    }
    let length = kept.at("Length1").as_int().and_then(|n| u64::try_from(n).ok())?;
    let gone: usize = comments.iter().map(|(start, end)| end - start).sum();
    kept.set("Length1", Obj::int(length.checked_sub(gone as u64)?));
    let text = comments.iter().map(|(start, end)| String::from_utf8_lossy(&bytes[line + start..line + end]).into_owned());
    let text: String = text.collect::<Vec<_>>().join(" ").chars().take(200).collect();
    walk.tell(Finding::removed("font", "comments in an embedded font", Tells::Software).value(text));
    let mut out = bytes[..line].to_vec();
    out.extend_from_slice(&content::uncommented(&bytes[line..clear], false));
    out.extend_from_slice(&bytes[clear..]);
    Some(out)
}

/// Operators: without comments, the pictures among them cleaned.
fn content_stream(walk: &mut Walk, number: u32, k: K, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    if content::has_invisible_text(bytes) {
        walk.warn("there is text that is not shown (as behind scanned pages); it was kept");
    }
    let pictured = inline_jpegs(walk, number, bytes)?;
    let clean = code(walk, k, pictured.as_deref().unwrap_or(bytes), true);
    Ok(clean.or(pictured))
}

/// Cleans the JPEGs that lie inline among the operators; `None` where none changes.
fn inline_jpegs(walk: &mut Walk, number: u32, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    if memchr::memmem::find(bytes, b"DCT").is_none() {
        return Ok(None);
    }
    let (mut out, mut done, mut changed) = (Vec::new(), 0, false);
    for picture in content::inline_pictures(bytes) {
        let head = &bytes[picture.head.0..picture.head.1];
        if memchr::memmem::find(head, b"DCT").is_none() {
            continue;
        }
        let (start, end) = picture.data;
        let data = &bytes[start..end];
        if !data.starts_with(&[0xFF, 0xD8]) {
            return Err(Refusal::unsupported(format!("an inline JPEG in object {number} is packed once more")));
        }
        if let Some(clean) = jpeg(walk, number, data)? {
            out.extend_from_slice(&bytes[done..start]);
            out.extend(clean);
            (done, changed) = (end, true);
        }
    }
    out.extend_from_slice(&bytes[done..]);
    Ok(changed.then_some(out))
}

fn code(walk: &mut Walk, k: K, bytes: &[u8], pictures: bool) -> Option<Vec<u8>> {
    let clean = match content::uncommented(bytes, pictures) {
        Cow::Borrowed(_) => return None,
        Cow::Owned(clean) => clean,
    };
    let comments = content::comments(bytes, pictures);
    let first = comments.first().map(|(start, end)| String::from_utf8_lossy(&bytes[start + 1..*end]).trim().to_owned());
    let finding = Finding::removed(k.place(), "comments in content", Tells::Software);
    walk.tell(match first {
        Some(text) if !text.is_empty() => finding.value(text.chars().take(200).collect::<String>()),
        _ => finding,
    });
    Some(clean)
}
