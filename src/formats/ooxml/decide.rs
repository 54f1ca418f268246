//! What becomes of a relationship: by its type, by where it leads, and by what the policy says of that.

use super::drawing;
use super::package::{self, Leads, Relation, leads, may_link};
use super::walk::Walker;
use crate::detect::detect;
use crate::finding::Tells;
use crate::formats::office::{metafile, object};
use crate::grammar::xml::NONE;
use crate::policy::{Token, UnknownMembers};
use crate::refusal::{Code, Refusal, Result};
use crate::source::Memory;

/// What a slide is called that goes because it is hidden.
pub(super) const HIDDEN_SLIDE: &str = "hidden slide";

/// One relationship with what was decided about it.
pub(super) struct Decided {
    /// It.
    pub(super) relation: Relation,
    /// The part that it leads to.
    pub(super) target: Option<usize>,
    /// What that is.
    pub(super) leads: Leads,
}

impl Walker<'_> {
    /// Decides about one relationship of a part.
    ///
    /// # Errors
    /// Where it leads out of the package or to something that the policy can neither keep nor drop.
    pub(super) fn decide(&self, from: usize, relation: Relation) -> Result<Decided> {
        let gone = |label, tells| Leads::Gone(label, tells);
        if relation.external {
            let target = &relation.target;
            let web = target.starts_with("http://") || target.starts_with("https://");
            let keeps = self.job.keeps(Token::ExternalLinks);
            let leads = match relation.kind.as_str() {
                "hyperlink" if keeps && may_link(target) => Leads::Link,
                "audio" | "video" | "media" if keeps && web => Leads::Media,
                "hyperlink" => gone("link to a file", Tells::History),
                "attachedTemplate" => gone("path of the template", Tells::History),
                "image" => gone("link to a picture outside of the document", Tells::History),
                "oleObject" => gone("link to another document", Tells::History),
                _ => gone("path of another file", Tells::History),
            };
            return Ok(Decided { relation, target: None, leads });
        }
        if relation.kind == "hyperlink" && (relation.target.is_empty() || relation.target.starts_with('#')) {
            return Ok(Decided { relation, target: None, leads: Leads::Link });
        }
        let name = self.package.resolve(Some(from), &relation.target)?;
        let Some(target) = self.package.find(&name) else {
            let leads = gone("relationship to a part that is missing", Tells::History);
            return Ok(Decided { relation, target: None, leads });
        };
        let mut how = leads(&relation.kind, self.package.content_type(target));
        if how == Leads::Xml && self.package.is_empty(target) {
            how = gone("a part without content", Tells::History);
        }
        if let Some(said) = self.by_policy(&relation.kind, target)? {
            how = said;
        }
        if relation.kind == "vmlDrawing" && !self.job.keeps(Token::Comments) {
            let bytes = self.package.read(target)?;
            let doc = package::parse(&bytes).map_err(|r| r.within(&name))?;
            if drawing::is_only_notes(&doc) {
                how = gone("comments", Tells::Who);
            }
        }
        let is_file = matches!(how, Leads::Media | Leads::Package | Leads::Object | Leads::Chunk);
        if is_file && self.job.policy().unknown_members == UnknownMembers::Omit {
            let bytes = Memory::shared(self.package.raw(target)?);
            let own = match bytes.as_bytes() {
                Some(b) if metafile::is_metafile(b) => true,
                // What is packed into it may be unknown in its turn.
                Some(b) if object::is_object(b) => {
                    !object::clean(self.job, b, &name).is_err_and(|r| r.code() == Code::UnknownMember)
                }
                _ => detect(&bytes, &name).is_ok(),
            };
            if !own {
                how = gone("a member of unknown type", Tells::Unknown);
            }
        }
        if matches!(how, Leads::Package | Leads::Object) && !self.job.keeps(Token::Attachments) {
            how = gone("embedded documents", Tells::Hidden);
        }
        if how == Leads::Font && !self.job.keeps(Token::Fonts) {
            how = gone("embedded fonts", Tells::Software);
        }
        Ok(Decided { relation, target: Some(target), leads: how })
    }

    /// What the policy says of a part that would otherwise go or stay.
    fn by_policy(&self, kind: &str, target: usize) -> Result<Option<Leads>> {
        let keeps = |token| self.job.keeps(token);
        Ok(match kind {
            // Of the newer comments of PowerPoint and of threads, what is said is in other words elsewhere, or cannot stay.
            "comments" if keeps(Token::Comments) => {
                if self.package.content_type(target).contains("ms-powerpoint") {
                    let what = "this newer kind of comments cannot be kept in a cleaned presentation so far";
                    return Err(Refusal::unsupported(what).hint("let the comments go: leave out --keep comments"));
                }
                Some(Leads::Xml)
            }
            "commentAuthors" if keeps(Token::Comments) => Some(Leads::Xml),
            "xlMacrosheet" | "xlIntlMacrosheet" if keeps(Token::Macros) => Some(Leads::Xml),
            "xlMacrosheet" | "xlIntlMacrosheet" => {
                return Err(Refusal::new(Code::NeedsResidual, "the workbook has a sheet of Excel 4 macros")
                    .hint("delete the sheet in Excel first, or use --keep macros"));
            }
            "pivotCacheRecords" if !keeps(Token::Hidden) => Some(Leads::Gone("data behind pivot tables", Tells::Hidden)),
            "vbaProject" if keeps(Token::Macros) => Some(Leads::Macros),
            "notesSlide" if !keeps(Token::Notes) => Some(Leads::Gone("speaker notes", Tells::Text)),
            "slide" if !keeps(Token::Hidden) => {
                let bytes = self.package.read(target)?;
                let doc = package::parse(&bytes).map_err(|r| r.within(&self.package.name(target)))?;
                let hidden = doc.attr(0, NONE, "show").is_some_and(|a| matches!(&*a.value(), "0" | "false"));
                hidden.then_some(Leads::Gone(HIDDEN_SLIDE, Tells::Hidden))
            }
            _ => None,
        })
    }
}
