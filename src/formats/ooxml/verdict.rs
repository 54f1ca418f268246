//! What becomes of each member of the archive, now that the walk is over.

use super::package;
use super::walk::{Stays, Walk};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::formats::office::{metafile, object};
use crate::formats::zip::headers::Kind;
use crate::formats::zip::rewrite::{Part, Verdict};
use crate::refusal::Result;
use crate::source::Memory;

impl Walk {
    /// What the properties told, as findings of the whole.
    pub(super) fn notes(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.notes)
    }

    /// What becomes of a member of the archive.
    ///
    /// # Errors
    /// Those of members.
    pub(super) fn verdict(&mut self, job: &Job, part: &Part) -> Result<Verdict> {
        let i = part.index;
        let findings = self.findings.remove(&i).unwrap_or_default();
        let verdict = match self.stays.remove(&i) {
            Some(Stays::Xml(Some(bytes))) => Verdict::bytes(bytes, findings),
            Some(Stays::Xml(None)) => findings.into_iter().fold(Verdict::same(), Verdict::and),
            Some(Stays::Same) => Verdict::same(),
            Some(Stays::File) if part.entry.unpacked == 0 => Verdict::same(),
            Some(Stays::File) => file(job, part)?,
            None if part.kind == Kind::Folder => {
                Verdict::gone(vec![Finding::removed("ZIP", "folders in the archive", Tells::Software).within(part.name())])
            }
            None => {
                let (label, tells) = self.gone.get(&i).copied().unwrap_or(("a part that nothing refers to", Tells::Hidden));
                Verdict::gone(vec![Finding::removed(part.name().to_owned(), label, tells)])
            }
        };
        let verdict = match self.renamed.remove(&i) {
            Some(new) => {
                let file = part.name().rsplit('/').next().unwrap_or_default().to_owned();
                let found = Finding::rewritten(part.name().to_owned(), "name of a file inside the document", Tells::History);
                verdict.named(new.into_bytes()).and(found.value(file))
            }
            None => verdict,
        };
        Ok(if self.unseen.contains(&i) { verdict.unseen() } else { verdict })
    }
}

/// A file inside the document.
fn file(job: &Job, part: &Part) -> Result<Verdict> {
    let bytes = part.bytes()?;
    let head = crate::source::head(&*bytes, 0, 64)?;
    if metafile::is_metafile(&head) {
        let bytes = bytes.bytes(bytes.span(), package::LARGEST)?;
        let (cleaned, found) = metafile::clean(&bytes, part.name());
        return Ok(Verdict::bytes(Memory::shared(cleaned), found));
    }
    if object::is_compound(&head) {
        let bytes = bytes.bytes(bytes.span(), package::LARGEST)?;
        if let Some((cleaned, found)) = object::clean(job, &bytes, part.name()).map_err(|r| r.within(part.name()))? {
            return Ok(Verdict::bytes(Memory::shared(cleaned), found));
        }
    }
    part.clean(job)
}
