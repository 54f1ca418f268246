//! What may survive of the attributes of a tag, and of `meta` elements, which are nothing but attributes.

use std::ops::Range;

use super::address::{self, Data};
use super::page::Page;
use super::style::{self, Where};
use super::{found, names, text};
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::formats::tracking;
use crate::grammar::html::{Attr, Token};
use crate::refusal::Result;
use crate::source::Memory;

/// Whether an address is a script: browsers pass over white space in the name of the scheme. [URL 4.4]
fn is_script(address: &[u8]) -> bool {
    let letters = address.iter().filter(|b| !b.is_ascii_whitespace() && !b.is_ascii_control());
    let start: Vec<u8> = letters.take(11).map(u8::to_ascii_lowercase).collect();
    start.starts_with(b"javascript:") || start.starts_with(b"vbscript:")
}

/// Bytes as the value of an attribute, in quotation marks where it does not stand in any.
fn quote(bytes: &[u8], quoted: bool) -> Vec<u8> {
    let mark: &[u8] = if quoted { b"" } else { b"\"" };
    let mut out = mark.to_vec();
    for b in bytes {
        match b {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            _ => out.push(*b),
        }
    }
    out.extend_from_slice(mark);
    out
}

impl Page<'_> {
    /// Why a `meta` element goes; where it stays, what does not belong to it is cut out.
    pub(super) fn meta(&mut self, token: &Token) -> Option<Finding> {
        let content = self.value(token, "content");
        let lower = |p: &Self, n: &str| p.value(token, n).to_ascii_lowercase();
        let equiv = lower(self, "http-equiv");
        let said: Vec<String> =
            ["name", "property", "itemprop"].iter().map(|n| lower(self, n)).filter(|v| !v.is_empty()).collect();
        let charset = !self.value(token, "charset").is_empty();
        let refresh = equiv == "refresh" && {
            let target = content.split_once(['=']).map_or("", |(_, to)| to.trim_matches(['\'', '"', ' ']));
            !address::is_local(target.as_bytes())
        };
        let stays = said.iter().all(|n| names::meta(n)) && (equiv.is_empty() || names::equivalent(&equiv) || refresh);
        if stays && (charset || !equiv.is_empty() || !said.is_empty()) {
            for attr in &token.attrs {
                let name = String::from_utf8_lossy(&self.bytes[attr.name.clone()]).to_ascii_lowercase();
                if !matches!(
                    &name[..],
                    "name" | "http-equiv" | "charset" | "content" | "media" | "property" | "itemprop" | "scheme"
                ) {
                    let value = text(&self.bytes[attr.value.clone()]);
                    self.changes.remove(
                        attr.span.clone(),
                        "attribute",
                        found(format!("meta attribute {name}"), Tells::Unknown, value),
                    );
                }
            }
            return None;
        }
        let name = said.first().cloned().or((!equiv.is_empty()).then_some(equiv)).unwrap_or_else(|| "without a name".to_owned());
        Some(found(format!("meta {name}"), names::tells(&name), content))
    }

    pub(super) fn attribute(&mut self, element: &str, token: &Token, attr: &Attr) -> Result<()> {
        let name = String::from_utf8_lossy(&self.bytes[attr.name.clone()]).to_ascii_lowercase();
        let raw = &self.bytes[attr.value.clone()];
        let handler = name.starts_with("on") && !self.macros;
        let unused = self.strip
            && (name.starts_with("data-")
                || matches!(
                    &name[..],
                    "itemprop"
                        | "itemid"
                        | "itemtype"
                        | "itemscope"
                        | "itemref"
                        | "typeof"
                        | "vocab"
                        | "resource"
                        | "about"
                        | "property"
                ));
        let editor = token.foreign && names::editor(&name);
        let change = matches!(element, "ins" | "del")
            && (name == "datetime" || name == "cite" && raw.get(..7).is_some_and(|m| m.eq_ignore_ascii_case(b"mailto:")));
        if change {
            let value = text(raw);
            self.changes.remove(
                attr.span.clone(),
                "attribute",
                found("who changed a page, and when".to_owned(), Tells::Who, value),
            );
        } else if names::traces(&name) || handler || unused || editor {
            let value = text(raw);
            self.changes.remove(attr.span.clone(), "attribute", found(format!("attribute {name}"), Tells::Software, value));
        } else if name == "style" {
            let (job, span) = (self.job, attr.value.clone());
            style::clean(job, &mut self.changes, self.bytes, span, Where::Attribute)?;
        } else if name == "srcdoc" && element == "iframe" {
            self.page_inside(attr.value.clone())?;
        } else if name == "srcset" || name == "imagesrcset" {
            self.candidates(attr)?;
        } else if names::address(&name) {
            self.address(attr.value.clone(), attr.span.clone())?;
        } else if element == "input"
            && name == "value"
            && self.value(token, "type").eq_ignore_ascii_case("hidden")
            && !raw.is_empty()
        {
            if names::csrf(&self.value(token, "name").to_ascii_lowercase()) {
                self.changes.remove(attr.value.clone(), "value", found("token of a session", Tells::Identifier, text(raw)));
            } else {
                let why = "a form needs its hidden fields";
                self.changes.note(Finding::kept("HTML", "hidden form fields", Tells::Identifier, why));
            }
        }
        Ok(())
    }

    /// One address; `all` is what goes with it.
    fn address(&mut self, value: Range<usize>, all: Range<usize>) -> Result<()> {
        let raw = &self.bytes[value.clone()];
        let plain = address::unescape(raw);
        if address::is_local(&plain) {
            let said = text(&plain);
            self.changes.remove(all, "address", found("path on a computer", Tells::History, said));
            return Ok(());
        }
        if is_script(&plain) {
            if !self.macros {
                let said = text(&plain);
                self.changes.remove(all, "address", found("script in a link", Tells::Unknown, said));
                return Ok(());
            }
            let why = "pages need their scripts, and what they say is not understood; --drop macros removes them";
            self.changes.note(Finding::kept("HTML", "scripts in links", Tells::Unknown, why));
        }
        if !plain.starts_with(b"data:") && tracking::is_marked(&String::from_utf8_lossy(&plain)) {
            self.changes.note(Finding::kept("HTML", tracking::LABEL, Tells::Identifier, tracking::WHY));
        }
        match address::data(self.job, &mut self.changes, raw, true)? {
            Data::Other => {}
            Data::Same => self.changes.member(value, "data: address", None),
            Data::Changed(new) => self.changes.member(value, "data: address", Some(new)),
            Data::Omit => {
                self.changes.remove(all, "address", found("file that cannot be cleaned", Tells::Unknown, String::new()))
            }
        }
        Ok(())
    }

    /// A whole page in an attribute, cleaned like one in a file.
    fn page_inside(&mut self, value: Range<usize>) -> Result<()> {
        let page = address::unescape(&self.bytes[value.clone()]).into_owned();
        if page.trim_ascii().is_empty() {
            return Ok(());
        }
        let name = "srcdoc.html".to_owned();
        match self.job.member(&name, &Memory::shared(page))? {
            Member::Same(cleaned) | Member::Changed(cleaned) => {
                let quoted = value.start > 0 && matches!(self.bytes[value.start - 1], b'"' | b'\'');
                let most = self.job.limits().block;
                self.changes.inside(value, "page in an attribute", name, cleaned, most, |clean| quote(clean, quoted))
            }
            // Text without a tag, in which nothing hides.
            Member::Unknown(_) => Ok(()),
        }
    }

    /// The addresses of a set of pictures: each ends at white space, or at a comma that ends it. [4.8.4.2.1]
    fn candidates(&mut self, attr: &Attr) -> Result<()> {
        let (mut at, end) = (attr.value.start, attr.value.end);
        while at < end {
            let skip = |from: usize, stop: &dyn Fn(u8) -> bool| {
                self.bytes[from..end].iter().position(|b| stop(*b)).map_or(end, |i| from + i)
            };
            let start = skip(at, &|b| !b.is_ascii_whitespace() && b != b',');
            let stop = skip(start, &|b| b.is_ascii_whitespace());
            let commas = self.bytes[start..stop].iter().rev().take_while(|b| **b == b',').count();
            at = if commas > 0 { stop } else { skip(stop, &|b| b == b',') };
            if start < stop {
                self.address(start..stop - commas, attr.span.clone())?;
            }
        }
        Ok(())
    }
}
