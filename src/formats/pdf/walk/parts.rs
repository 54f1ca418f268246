//! Parts that the walk meets in a way of their own: pages are counted, filters stand in their dictionary, the claims of an
//! archive document are written anew.

use super::{K, Walk};
use crate::formats::pdf::claims;
use crate::grammar::pdf::book::Item;
use crate::grammar::pdf::{Dict, Obj};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};

impl<'b> Walk<'b> {
    /// Filters stand in the dictionary itself, so that rewriting the data leaves no stray object behind.
    pub(super) fn inline_filters(&self, dict: &mut Dict<'b>) {
        for key in ["Filter", "DecodeParms", "Length1"] {
            let mut value = self.get(dict, key);
            if let Obj::Array(items) = &mut value {
                for item in items {
                    *item = self.book.resolve(item);
                }
            }
            match value {
                Obj::Null => _ = dict.remove(key),
                value => dict.set(key, value),
            }
        }
        dict.sort();
    }

    /// The claims of an archive or accessible document, in a packet that says nothing else.
    pub(super) fn claims(&mut self, new: u32, dict: &Dict<'b>, data: &[u8]) -> Result<()> {
        if !self.is_writing() {
            return Ok(());
        }
        let packet = self.book.decoded(dict, data)?.unwrap_or_default();
        let fresh = claims::packet(&packet).unwrap_or_default();
        if fresh != packet {
            for finding in crate::names::xmp::describe("XMP", &packet) {
                self.tell(finding);
            }
        }
        let mut dict = Dict::default();
        dict.set("Subtype", Obj::name("XML"));
        dict.set("Type", Obj::name("Metadata"));
        match &mut self.writer {
            Some(writer) => writer.stream(new, &mut dict, &fresh).map_err(Refusal::write),
            None => Ok(()),
        }
    }

    /// Whether a metadata stream claims that the document is of a kind that must say so itself.
    pub(in crate::formats::pdf) fn is_claimed(&self, value: &Obj<'b>) -> bool {
        let Obj::Ref(number, generation) = value else { return false };
        match self.book.item(*number) {
            Ok(Item::Stream(dict, data)) if self.book.has(*number, *generation) => {
                let packet = self.book.decoded(&dict, &data).ok().flatten();
                packet.is_some_and(|packet| claims::packet(&packet).is_some())
            }
            _ => false,
        }
    }

    pub(super) fn nothing(&mut self, new: u32) -> Result<()> {
        match &mut self.writer {
            Some(writer) => writer.object(new, &Obj::Null).map_err(Refusal::write),
            None => Ok(()),
        }
    }

    /// Remembers which streams make up which page, so that what is heard in them can be placed.
    pub(super) fn count_page(&mut self, dict: &Dict<'b>) {
        if dict.has("Kids") {
            return;
        }
        self.pages += 1;
        if dict.has("CropBox") && dict.has("MediaBox") && self.get(dict, "CropBox") != self.get(dict, "MediaBox") {
            self.warn("pages are cropped; what lies outside the visible part was kept");
        }
        let contents = dict.at("Contents");
        if let Obj::Ref(number, _) = contents {
            self.page_of.insert(*number, self.pages);
        }
        if let Obj::Array(parts) = self.book.resolve(contents) {
            for part in parts {
                if let Obj::Ref(number, _) = part {
                    self.page_of.insert(number, self.pages);
                }
            }
        }
    }

    pub(super) fn is_unwanted(&self, key: &[u8], of: K) -> bool {
        let token = match (key, of) {
            (_, K::Filespec | K::FilespecTree) => Token::Attachments,
            (_, K::Outlines) => Token::Bookmarks,
            (_, K::StructRoot) => Token::Structure,
            (_, K::AcroForm) => Token::Forms,
            (_, K::Viewport) => Token::Geotiff,
            (b"Lang", K::Leaf) => Token::Language,
            (b"Alt", K::Leaf) => Token::AltText,
            _ => return false,
        };
        !self.job.keeps(token)
    }

    /// The dictionary that something is or leads to.
    pub(in crate::formats::pdf) fn get_node(&self, obj: &Obj<'b>) -> Option<Dict<'b>> {
        match self.book.resolve(obj) {
            Obj::Dict(dict) => Some(dict),
            _ => None,
        }
    }
}
