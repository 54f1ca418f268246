//! GIF. Frames, tables, timing, transparency, the number of repetitions and the colour profile stay; comments, texts, every
//! other application's block and all bytes that no viewer reads go: between blocks, behind the packed pixels of a frame,
//! behind the end. Colours in unused table entries are content and stay. [GIF89a]

mod pixels;

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::gif::{self, Block, Chain};
use crate::names;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

use super::colour;

/// The row.
pub static FORMAT: Format = Format {
    name: "GIF",
    extensions: &["gif"],
    container: false,
    keeps: "frames, palettes, timing, transparency, repetitions, colour profile (texts neutralised)",
    removes: "comments, plain-text blocks, XMP, application blocks, data behind frames and the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"GIF87a") || head.has(0, b"GIF89a")).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let screen = gif::screen(&**source)?;
    let mut walk =
        Walk { job, source, draft: Draft::new(source), control: None, looped: false, profiled: false, frames: 0, over: false };
    walk.draft.frame(screen, "screen");
    let end = gif::blocks(&**source, screen.end, job.limits(), |block| walk.block(block))?;
    walk.end(end)?;
    walk.draft.seal()
}

struct Walk<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    /// A graphic control extension that waits for what it controls.
    control: Option<(Span, Chain)>,
    looped: bool,
    profiled: bool,
    frames: usize,
    /// Whether the trailer was met.
    over: bool,
}

impl Walk<'_> {
    fn block(&mut self, block: Block) -> Result<()> {
        match block {
            Block::Image { head, pixels, code_size, chain } => {
                self.controlled();
                self.frames += 1;
                self.draft.frame(head, "image");
                pixels::frame(self.source, &mut self.draft, code_size, pixels, &chain)
            }
            Block::Extension { label: 0xf9, whole, chain } => {
                self.uncontrolled("graphic control without a frame");
                self.control = Some((whole, chain));
                Ok(())
            }
            Block::Extension { label, whole, chain } => self.extension(label, whole, &chain),
            Block::Padding(span) => {
                self.remove(span, Finding::removed("GIF", "zeros between blocks", Tells::Unknown));
                Ok(())
            }
            Block::Trailer(span) => {
                self.uncontrolled("graphic control without a frame");
                self.draft.frame(span, "trailer");
                self.over = true;
                Ok(())
            }
            Block::Cut(span) => {
                self.remove(span, Finding::removed("GIF", "piece of a block at the end", Tells::Unknown));
                Ok(())
            }
        }
    }

    /// What a frame's graphic control says: its four bytes, and no more. [GIF89a 23]
    fn controlled(&mut self) {
        let Some((whole, chain)) = self.control.take() else { return };
        let Some(part) = chain.parts.first().filter(|p| p.len() >= 4) else {
            self.remove(whole, Finding::removed("GIF", "broken graphic control", Tells::Unknown));
            return;
        };
        let mut bytes = [0x21, 0xf9, 4, 0, 0, 0, 0, 0];
        if self.source.fill(part.start, &mut bytes[3..7]).is_ok() {
            let found = Finding::rewritten("GIF", "data behind a graphic control", Tells::Hidden);
            self.draft.replace(whole, "graphic control", Fate::put(bytes), vec![found]);
        }
    }

    /// A graphic control whose frame does not come.
    fn uncontrolled(&mut self, what: &'static str) {
        if let Some((whole, _)) = self.control.take() {
            self.remove(whole, Finding::removed("GIF", what, Tells::Unknown));
        }
    }

    fn extension(&mut self, label: u8, whole: Span, chain: &Chain) -> Result<()> {
        match label {
            0xff => self.application(whole, chain),
            0xfe => {
                let text = self.shown(chain)?;
                self.remove(whole, Finding::removed("comment", "comment", Tells::Text).value(text));
                Ok(())
            }
            0x01 => {
                // The graphic control in front belongs to the text.
                self.uncontrolled("graphic control of a text");
                let text = self.shown(chain)?;
                let text = text.chars().skip(12).collect::<String>();
                self.remove(whole, Finding::removed("plain text", "text that viewers do not draw", Tells::Text).value(text));
                Ok(())
            }
            _ => {
                self.remove(whole, Finding::removed("GIF", format!("extension {label:02x}"), Tells::Unknown));
                Ok(())
            }
        }
    }

    /// The beginning of a chain as text, for the report.
    fn shown(&self, chain: &Chain) -> Result<String> {
        let few = Chain { parts: chain.parts.iter().take(16).copied().collect(), ..chain.clone() };
        Ok(String::from_utf8_lossy(&few.bytes(&**self.source, 1 << 16)?).into_owned())
    }

    fn application(&mut self, whole: Span, chain: &Chain) -> Result<()> {
        let head = chain.parts.first().copied().unwrap_or_default();
        let name = self.source.bytes(head, 255)?;
        match &name[..] {
            b"NETSCAPE2.0" | b"ANIMEXTS1.0" => self.repetitions(whole, chain, &name),
            b"ICCRGBG1012" => self.profile(whole, chain),
            b"XMP DataXMP" => {
                // Not sub-blocks but the packet as it is, which readers hop through; 258 bytes at the end catch them.
                let packet = Span::new(head.end, whole.end.saturating_sub(258).max(head.end));
                let packet = self.source.bytes(packet, self.job.limits().block)?;
                self.draft.remove_all(whole, "application", names::xmp::describe("XMP", &packet));
                Ok(())
            }
            _ => {
                let shown = String::from_utf8_lossy(&name).into_owned();
                let (label, tells) = match &name[..] {
                    b"C2PA_GIF\x01\0\0" => ("content credentials (C2PA)", Tells::History),
                    b"MGK8BIM0000" | b"MGKIPTC0000" => ("Photoshop or IPTC block", Tells::Who),
                    _ => ("data of an application", Tells::Unknown),
                };
                self.remove(whole, Finding::removed("application", label, tells).value(shown));
                Ok(())
            }
        }
    }

    /// How often the animation plays, in the one form that every viewer reads.
    fn repetitions(&mut self, whole: Span, chain: &Chain, name: &[u8]) -> Result<()> {
        let mut count = None;
        for part in chain.parts.iter().skip(1).filter(|p| p.len() >= 3) {
            let mut bytes = [0; 3];
            self.source.fill(part.start, &mut bytes)?;
            if bytes[0] & 7 == 1 && count.is_none() {
                count = Some([bytes[1], bytes[2]]);
            }
        }
        let Some([low, high]) = count.filter(|_| !self.looped) else {
            self.remove(whole, Finding::removed("application", "buffering hint or second loop count", Tells::Unknown));
            return Ok(());
        };
        self.looped = true;
        let bytes = [&[0x21, 0xff, 0x0b], name, &[3, 1, low, high, 0]].concat();
        let found = Finding::rewritten("application", "data beside the loop count", Tells::Hidden);
        self.draft.replace(whole, "loop count", Fate::put(bytes), vec![found]);
        Ok(())
    }

    fn profile(&mut self, whole: Span, chain: &Chain) -> Result<()> {
        let rest = Chain { parts: chain.parts[1..].to_vec(), ..chain.clone() };
        let short = rest.parts.iter().map(|p| p.len()).sum::<u64>() <= colour::LARGEST;
        let profile = if short && !self.profiled { rest.bytes(&**self.source, colour::LARGEST)? } else { Vec::new() };
        let neutral = colour::profile(self.job, &profile)?;
        let Some(neutral) = neutral else {
            self.remove(whole, Finding::removed("application", "colour profile that is not used", Tells::Unknown));
            return Ok(());
        };
        self.profiled = true;
        let mut bytes = b"\x21\xff\x0bICCRGBG1012".to_vec();
        for part in neutral.chunks(255) {
            bytes.push(part.len() as u8);
            bytes.extend_from_slice(part);
        }
        bytes.push(0);
        self.draft.replace(whole, "colour profile", Fate::put(bytes), names::icc::describe("ICC", &profile));
        Ok(())
    }

    fn end(&mut self, at: u64) -> Result<()> {
        if self.frames == 0 {
            return Err(Refusal::malformed("there is no picture", at));
        }
        self.uncontrolled("graphic control without a frame");
        if !self.over {
            self.draft.note(Finding::rewritten("GIF", "missing end mark, added", Tells::Rendering));
            self.draft.warn("the file ended before its end mark; what was there is kept");
            self.draft.insert(self.source.len(), "trailer", Fate::put([0x3b]));
        }
        let rest = Span::new(at, self.source.len());
        if !rest.is_empty() {
            let found = names::trailer::describe("after the end", &**self.source, rest);
            self.draft.remove_all(rest, "after the end", found);
        }
        Ok(())
    }

    fn remove(&mut self, span: Span, found: Finding) {
        self.draft.remove(span, "block", found);
    }
}

/// A reader that knows only how to hop: every block of the result is one of the few that may be there.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const ALLOWED: [&[u8; 13]; 3] = [b"\xff\x0bNETSCAPE2.0", b"\xff\x0bANIMEXTS1.0", b"\xff\x0bICCRGBG1012"];
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 6u64 << (flags & 7) };
    let mut hop = Cursor::over(after);
    hop.seek(10)?;
    let flags = hop.u8()?;
    hop.skip(2 + table(flags))?;
    loop {
        let at = hop.at();
        match hop.u8()? {
            0x2c => {
                hop.skip(8)?;
                let flags = hop.u8()?;
                hop.skip(table(flags) + 1)?;
            }
            0x21 => {
                if hop.look::<2>()? != [0xf9, 4] && !ALLOWED.contains(&&hop.look()?) {
                    return Err(Refusal::new(Code::Leftover, "an extension still stands in the result").at(at));
                }
                hop.skip(1)?;
            }
            0x3b if hop.is_done() => return Ok(vec!["gif-hop"]),
            _ => return Err(Refusal::new(Code::Leftover, "something other than a block stands in the result").at(at)),
        }
        while let n @ 1.. = hop.u8()? {
            hop.skip(n.into())?;
        }
    }
}
