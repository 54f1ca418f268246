//! The gain map of an HDR picture: a whole PNG in a chunk, cleaned like a file, and its parameters in another, written anew.
//! Both must be well-formed and stand in front of the rows, where decoders look; else they go. [PNG: gdAT and gmAP proposals;
//! ISO 21496-1 C.2]

use crate::blocks::gainmap;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::png::{self, Chunk};
use crate::plan::Fate;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::{Memory, Window};

use super::Walk;

impl Walk<'_> {
    /// Decides on a chunk of a gain map. Whether it stays.
    pub(super) fn gain_map(&mut self, i: usize, chunk: &Chunk) -> Result<bool> {
        let wanted = self.job.keeps(Token::GainMap) && i < self.first && !self.seen.contains(&chunk.kind);
        if !wanted || chunk.data.len() > self.job.limits().block || !self.is_intact(chunk)? {
            return Ok(false);
        }
        let stays = match &chunk.kind {
            b"gdAT" => self.map(chunk)?,
            _ => self.parameters(chunk)?,
        };
        if stays {
            self.seen.insert(chunk.kind);
        }
        Ok(stays)
    }

    fn map(&mut self, chunk: &Chunk) -> Result<bool> {
        const NAME: &str = "gain map.png";
        let Ok(Member::Same(cleaned) | Member::Changed(cleaned)) =
            self.job.member(NAME, &Window::shared(self.source, chunk.data))
        else {
            return Ok(false);
        };
        if cleaned.format().name != super::FORMAT.name {
            return Ok(false);
        }
        let bytes = cleaned.bytes();
        let new = match cleaned.is_identity() {
            true => None,
            false => Some(Memory::shared(png::chunk(b"gdAT", &bytes.bytes(bytes.span(), self.job.limits().block)?))),
        };
        self.draft.adopt(NAME, &cleaned);
        let why = "it is how bright the picture is shown";
        self.draft.note(Finding::kept("PNG", "gain map", Tells::Rendering, why).bytes(bytes.len()));
        self.draft.member(chunk.whole(), "gdAT", new);
        Ok(true)
    }

    /// All of them in the gain map, in the picture in front of it only that there is one.
    fn parameters(&mut self, chunk: &Chunk) -> Result<bool> {
        let bytes = self.bytes(chunk)?;
        let new = match bytes.len() == gainmap::VERSION.len() && bytes[..2] == [0, 0] {
            true => Some(gainmap::VERSION.to_vec()),
            false => gainmap::neutral(&bytes),
        };
        let Some(new) = new else { return Ok(false) };
        let found = Finding::rewritten("gmAP", "gain map parameters", Tells::Software);
        self.draft.replace(chunk.whole(), "gmAP", Fate::put(png::chunk(b"gmAP", &new)), vec![found]);
        Ok(true)
    }
}
