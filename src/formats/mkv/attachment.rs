//! Files inside: fonts stay, pictures and others are cleaned by themselves, what cannot be goes.

use super::Film;
use crate::blocks::flac_picture;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::ebml::{self, Element};
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::{self, Shared, Span, Window};

/// Names that players look for, the longer ones first. [RFC 9559 21.2]
const COVERS: [&str; 4] = ["small_cover_land", "small_cover", "cover_land", "cover"];

/// What stays of an attachment.
struct Attached {
    name: String,
    mime: String,
    /// The cleaned bytes, where they are other ones.
    bytes: Option<Shared>,
}

impl Film<'_, '_> {
    pub(super) fn attachment(&mut self, e: &Element) -> Result<()> {
        let children = ebml::children(&**self.source, e.body)?;
        let data = children.iter().find(|c| c.id == 0x465c);
        let attached = data.map(|data| self.attached(&children, data.body)).transpose()?.flatten();
        let (Some(data), Some(mut attached)) = (data, attached) else {
            let label = format!("attached file {}", self.text(&children, 0x466e));
            self.draft.remove(e.span(), "AttachedFile", Finding::removed("Matroska", label, Tells::Hidden));
            return Ok(());
        };
        self.files += 1;
        self.head(e);
        let rewritten = |label, tells| Finding::rewritten("Matroska", label, tells);
        let mut seen = Vec::new();
        for child in &children {
            let again = seen.contains(&child.id);
            seen.push(child.id);
            match child.id {
                0x466e if !again => self.anew(child, attached.name.as_bytes(), rewritten("name of an attachment", Tells::Text)),
                0x4660 if !again => self.anew(child, attached.mime.as_bytes(), rewritten("type of an attachment", Tells::Text)),
                0x46ae if !again => {
                    let n = self.files;
                    self.anew(child, &ebml::uint(n), rewritten("random attachment identifier", Tells::Identifier));
                }
                0x465c if child.head.start == data.head.start => {
                    self.head(child);
                    self.draft.member(child.body, "FileData", attached.bytes.take());
                }
                _ => {
                    let found = Finding::removed("Matroska", "description of an attachment", Tells::Text);
                    self.draft.remove(child.span(), "element", found);
                }
            }
        }
        Ok(())
    }

    fn text(&self, children: &[Element], id: u32) -> String {
        let e = children.iter().find(|c| c.id == id);
        let bytes = e.and_then(|e| self.source.bytes(e.body, 4096).ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned()
    }

    /// The attachment as it stays, if it does.
    fn attached(&mut self, children: &[Element], data: Span) -> Result<Option<Attached>> {
        let (name, mime) = (self.text(children, 0x466e), self.text(children, 0x4660));
        // A path tells where the file came from.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let low = name.to_ascii_lowercase();
        let cover = COVERS.iter().find(|c| mime.starts_with("image/") && low.starts_with(**c));
        if is_font(&source::head(&**self.source, data.start, data.len().min(4) as usize)?) {
            let mime = if super::table::is_code(mime.as_bytes()) { mime } else { "application/x-truetype-font".to_owned() };
            return Ok(self.job.keeps(Token::Fonts).then_some(Attached { name, mime, bytes: None }));
        }
        if !self.job.keeps(if cover.is_some() { Token::CoverArt } else { Token::Attachments }) {
            return Ok(None);
        }
        let cleaned = match self.job.member(&name, &Window::shared(self.source, data))? {
            Member::Unknown(_) => return Ok(None),
            Member::Same(cleaned) | Member::Changed(cleaned) => cleaned,
        };
        let format = cleaned.format();
        let (name, mime) = match (cover, flac_picture::mime(format.name)) {
            (Some(stem), Some(mime)) => (format!("{stem}.{}", format.extensions[0]), mime.to_owned()),
            _ if super::table::is_code(mime.as_bytes()) => (name, mime),
            _ => (name, "application/octet-stream".to_owned()),
        };
        self.draft.adopt(&name, &cleaned);
        let bytes = (!cleaned.is_identity()).then(|| cleaned.bytes());
        Ok(Some(Attached { name, mime, bytes }))
    }
}

/// Whether these are the first bytes of a font: what its type says is only a claim.
fn is_font(first: &[u8]) -> bool {
    [&[0, 1, 0, 0][..], b"OTTO", b"ttcf", b"true", b"wOFF", b"wOF2"].contains(&first)
}
