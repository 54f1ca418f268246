//! What becomes of styles, addresses and the files written into them.

use std::ops::Range;

use super::address::{self, Kind};
use super::style::{self, Piece};
use super::walk::{Walk, text};
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::formats::tracking;
use crate::grammar::xml::{self, Attr};
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

impl Walk<'_> {
    pub(super) fn style(&mut self, span: Range<usize>) -> Result<()> {
        for piece in style::pieces(self.bytes, span) {
            match piece {
                Piece::Comment(span) => {
                    let found = Finding::removed("SVG", "comment in a style", Tells::Text).value(text(&self.bytes[span.clone()]));
                    // Between two words something must stay.
                    let word = |i: usize| self.bytes.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || b"-_%#.".contains(b));
                    let between = span.start > 0 && word(span.start - 1) && word(span.end);
                    self.put(span, "comment", if between { "/**/" } else { "" }, found);
                }
                Piece::Private(span) => {
                    let found = Finding::removed("SVG", "data of an editor", Tells::Software);
                    let found = found.value(text(&self.bytes[span.clone()]));
                    self.changes.remove(span, "style", found);
                }
                Piece::Address(span) => {
                    let value = xml::unescape(&self.bytes[span.clone()]).into_owned();
                    self.follow(span, &value, true)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn address(&mut self, n: usize, attr: &Attr) -> Result<()> {
        let value = self.doctype.expand(&attr.value());
        self.follow(attr.value_span.clone(), &value, self.doc.local(n) != "a")
    }

    /// What becomes of an address. `loads` is whether viewers follow it by themselves.
    fn follow(&mut self, span: Range<usize>, value: &str, loads: bool) -> Result<()> {
        let found = |label: &'static str, tells| Finding::removed("SVG", label, tells).value(text(value.as_bytes()));
        match address::kind(value) {
            Kind::Here => {
                if let Some(new) = self.ids.address(value) {
                    self.put(span, "address", new, Finding::rewritten("SVG", "name of an element", Tells::Text).value(value));
                }
            }
            Kind::Data => self.data(span, value)?,
            Kind::Script if self.job.keeps(Token::Macros) => {}
            Kind::Script => self.put(span, "script", "", found("script", Tells::Hidden)),
            Kind::Local => self.put(span, "path", "", found("path of a file", Tells::History)),
            Kind::Web if !loads && self.job.keeps(Token::Links) => {
                if tracking::is_marked(value) {
                    self.changes.note(Finding::kept("SVG", tracking::LABEL, Tells::Identifier, tracking::WHY));
                }
            }
            Kind::Web if self.job.keeps(Token::ExternalLinks) && !self.job.policy().is_strict() => {
                let why = "it is loaded from the web, which tells its owner who looks";
                self.changes.note(Finding::kept("SVG", "external link", Tells::Hidden, why).value(text(value.as_bytes())));
            }
            Kind::Web => self.put(span, "link", "", found("external link", Tells::Hidden)),
            Kind::Beside => {
                let why = "the file beside it belongs to the picture";
                self.changes
                    .note(Finding::kept("SVG", "name of a linked file", Tells::History, why).value(text(value.as_bytes())));
            }
        }
        Ok(())
    }

    /// A file in an address.
    fn data(&mut self, span: Range<usize>, value: &str) -> Result<()> {
        let Some(data) = address::data(value) else {
            let found = Finding::removed("SVG", "embedded data that cannot be read", Tells::Unknown);
            self.put(span, "data", "", found);
            return Ok(());
        };
        self.pictures += 1;
        let kind = data.mime.rsplit(['/', '-']).next().unwrap_or_default().split('+').next().unwrap_or_default();
        let name = format!("picture {}.{kind}", self.pictures);
        let shared = Memory::shared(data.bytes.clone());
        let cleaned = match data.bytes.is_empty() {
            true => return Ok(()),
            false => self.job.member(&name, &shared)?,
        };
        match cleaned {
            Member::Unknown(_) if is_font(&data.mime) && self.job.keeps(Token::Fonts) => {
                let why = "its letters are drawn; what the font says of itself stays";
                self.changes.note(Finding::kept("SVG", "embedded font", Tells::Software, why));
            }
            Member::Unknown(_) => {
                let found = Finding::removed("SVG", "embedded data of unknown kind", Tells::Unknown).value(data.mime);
                self.put(span, "data", "", found);
            }
            Member::Same(cleaned) if data.says_more => {
                self.changes.adopt(name, cleaned);
                let found = Finding::rewritten("SVG", "parameters of an embedded picture", Tells::Text);
                self.put(span, "data", address::of(&data.mime, &data.bytes), found);
            }
            Member::Same(cleaned) | Member::Changed(cleaned) => {
                let write = |clean: &[u8]| address::of(&data.mime, clean).into_bytes();
                self.changes.inside(span, "data", name, cleaned, u64::MAX, write)?;
            }
        }
        Ok(())
    }
}

fn is_font(mime: &str) -> bool {
    mime.starts_with("font/") || mime.contains("font") || mime == "application/vnd.ms-fontobject"
}
