//! A second reader for pages that are well-formed XML.

use crate::clean::Job;
use crate::grammar::text::Text;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Source;

/// Where a page is well-formed XML, a parser of XML must still be able to read it, and must see no comment.
pub(super) fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (before, after) = (before.bytes(before.span(), u64::MAX)?, after.bytes(after.span(), u64::MAX)?);
    let (before, after) = (Text::read(&before)?, Text::read(&after)?);
    if read(before.bytes()).is_none() {
        return Ok(Vec::new());
    }
    match read(after.bytes()) {
        None => Err(Refusal::new(Code::Damaged, "the page is no longer well-formed")),
        Some(told) if told => Err(Refusal::new(Code::Leftover, "a comment or an author is still there")),
        Some(_) => Ok(vec!["quick-xml"]),
    }
}

/// Whether a parser of XML sees a comment or an author; `None` where it cannot read the page.
fn read(bytes: &[u8]) -> Option<bool> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let (mut told, mut raw, mut depth) = (false, false, 0i64);
    loop {
        match reader.read_event().ok()? {
            Event::Eof => return (depth == 0).then_some(told),
            // What looks like a comment in a script is one to XML only.
            Event::Comment(text) => told |= !raw && !text.is_empty(),
            Event::Start(tag) => {
                depth += 1;
                raw = matches!(tag.name().as_ref(), "script" | "style");
                told |= tag.name().as_ref() == "meta" && named_author(&tag);
            }
            Event::Empty(tag) => told |= tag.name().as_ref() == "meta" && named_author(&tag),
            Event::End(_) => (depth, raw) = (depth - 1, false),
            _ => {}
        }
    }
}

fn named_author(tag: &quick_xml::events::BytesStart) -> bool {
    tag.attributes().flatten().any(|a| a.key.as_ref() == "name" && matches!(&a.value[..], "author" | "generator"))
}
