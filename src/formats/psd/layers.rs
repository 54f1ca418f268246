//! Layers and masks: records with their channels, and blocks with keys, each kept, dropped or declined by its key.

use super::length;
use super::smart::{self, Identifiers};
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::plan::{Draft, Fate};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Span};

/// Blocks that say how a layer looks and is edited.
const KEPT: &[&[u8; 4]] = &[
    b"Alph", b"CgEd", b"FEid", b"FMsk", b"FXid", b"GdFl", b"LMsk", b"Mt16", b"Mt32", b"Mtrn", b"Pat2", b"Pat3", b"Patt", b"PtFl",
    b"PxSD", b"PxSc", b"SoCo", b"Txt2", b"TySh", b"abdd", b"artb", b"artd", b"blnc", b"blwh", b"brit", b"brst", b"clbl", b"clrL",
    b"curv", b"expA", b"feid", b"fxrp", b"grdm", b"hue ", b"hue2", b"iOpa", b"infx", b"knko", b"lclr", b"levl", b"lfx2", b"lmfx",
    b"lmgm", b"lnsr", b"lrFX", b"lsct", b"lsdk", b"lspf", b"luni", b"lyid", b"lyvr", b"mixr", b"nvrt", b"phfl", b"post", b"selc",
    b"sn2P", b"thrs", b"tsly", b"tySh", b"vibA", b"vmgm", b"vmsk", b"vogk", b"vscg", b"vsms", b"vstk",
];

/// Blocks whose length takes eight bytes in large documents.
const WIDE: &[&[u8; 4]] =
    &[b"LMsk", b"Lr16", b"Lr32", b"Layr", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk", b"lnk2", b"FEid", b"FXid", b"PxSD"];

/// How many layers there may be.
const MOST: usize = 8_000;

struct Walk<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: &'a mut Draft,
    wide: bool,
    layers: usize,
    ids: Identifiers,
}

/// Decides on the section of layers and masks.
pub(super) fn section(job: &Job, source: &Shared, draft: &mut Draft, span: Span, wide: bool) -> Result<()> {
    if span.is_empty() {
        return Ok(());
    }
    let mut cursor = Cursor::new(&**source, span);
    let mut walk = Walk { job, source, draft, wide, layers: 0, ids: Identifiers::default() };
    let field = cursor.at();
    let len = if wide { cursor.u64_be()? } else { cursor.u32_be()?.into() };
    let info = cursor.skip(len)?;
    length(walk.draft, Span::new(field, info.start), info);
    walk.info(info)?;
    if cursor.left() >= 4 {
        let mask = cursor.at();
        let len = u64::from(cursor.u32_be()?);
        let end = cursor.skip(len)?.end;
        walk.draft.frame(Span::new(mask, end), "global mask");
    }
    walk.blocks(Span::new(cursor.at(), span.end), 0)?;
    if walk.layers > 0 && !job.policy().is_strict() {
        let why = "editing needs them; --policy strict numbers the layers instead";
        walk.draft.note(Finding::kept("PSD", "names of layers", Tells::Text, why));
    }
    Ok(())
}

impl Walk<'_> {
    /// How many layers, their records, their channels.
    fn info(&mut self, span: Span) -> Result<()> {
        if span.is_empty() {
            return Ok(());
        }
        let source = self.source.clone();
        let mut cursor = Cursor::new(&*source, span);
        // Below zero: the first alpha channel is the transparency of all.
        let count = usize::from(cursor.u16_be()?.cast_signed().unsigned_abs());
        self.draft.frame(Span::new(span.start, span.start + 2), "layer count");
        self.layers += count;
        if self.layers > MOST {
            return Err(Refusal::limit(format!("more than {MOST} layers")));
        }
        let mut pixels = 0u64;
        for i in 0..count {
            let len = self.record(&mut cursor, i)?;
            pixels = pixels.checked_add(len).ok_or_else(|| Refusal::malformed("a layer is too large", cursor.at()))?;
        }
        let data = cursor.skip(pixels)?;
        self.draft.essence(data, "layer channels");
        let pad = Span::new(data.end, span.end);
        self.draft.blank(pad, "padding", Finding::blanked("PSD", "data behind the layers", Tells::Hidden));
        Ok(())
    }

    /// One layer; returns how long its channels are.
    fn record(&mut self, cursor: &mut Cursor, i: usize) -> Result<u64> {
        let start = cursor.at();
        cursor.skip(16)?;
        let (channels, mut pixels) = (cursor.u16_be()?, 0u64);
        if channels > 56 {
            return Err(Refusal::malformed("a layer has more than 56 channels", start));
        }
        for _ in 0..channels {
            cursor.skip(2)?;
            let len = if self.wide { cursor.u64_be()? } else { cursor.u32_be()?.into() };
            pixels = pixels.checked_add(len).ok_or_else(|| Refusal::malformed("a channel is too large", start))?;
        }
        if &cursor.array::<4>()? != b"8BIM" {
            return Err(Refusal::malformed("a layer does not begin as one", start));
        }
        let filler = cursor.skip(7)?.end;
        self.draft.frame(Span::new(start, filler), "layer");
        let field = Span::new(cursor.skip(1)?.end, cursor.skip(4)?.end);
        self.draft.blank(Span::new(filler, field.start), "filler", Finding::blanked("PSD", "filler", Tells::Hidden));
        cursor.seek(field.start)?;
        let len = u64::from(cursor.u32_be()?);
        let extra = cursor.skip(len)?;
        length(self.draft, field, extra);
        let source = self.source.clone();
        let mut inner = Cursor::new(&*source, extra);
        for _ in 0..2 {
            let len = u64::from(inner.u32_be()?);
            inner.skip(len)?;
        }
        self.draft.frame(Span::new(extra.start, inner.at()), "mask and blending");
        let len = u64::from(inner.u8()?);
        let name = Span::new(inner.at() - 1, inner.skip((len + 1).next_multiple_of(4) - 1)?.end);
        let text = Span::new(name.start, name.start + 1 + len);
        if self.job.policy().is_strict() {
            let label = format!("Layer {}", i + 1);
            let mut new = [&[label.len() as u8], label.as_bytes()].concat();
            new.resize(new.len().next_multiple_of(4), 0);
            let found = Finding::rewritten("PSD", "name of a layer", Tells::Text);
            self.draft.replace(name, "layer name", Fate::put(new), vec![found]);
        } else {
            self.draft.frame(text, "layer name");
            let pad = Span::new(text.end, name.end);
            self.draft.blank(pad, "padding", Finding::blanked("PSD", "padding", Tells::Hidden));
        }
        self.blocks(Span::new(name.end, extra.end), i + 1)?;
        Ok(pixels)
    }

    /// The blocks of a layer, or (`layer` 0) of the document.
    fn blocks(&mut self, span: Span, layer: usize) -> Result<()> {
        let source = self.source.clone();
        let mut cursor = Cursor::new(&*source, span);
        let mut count = 0;
        while cursor.left() >= 12 && matches!(&cursor.look::<4>()?, b"8BIM" | b"8B64") {
            let start = cursor.at();
            let large = &cursor.array::<4>()? == b"8B64";
            let key = cursor.array::<4>()?;
            let field = cursor.at();
            let long = large || (self.wide && WIDE.contains(&&key));
            let len = if long { cursor.u64_be()? } else { cursor.u32_be()?.into() };
            let data = cursor.skip(len)?;
            // Some writers count the padding, some do not.
            while cursor.left() > 0 && cursor.at() - data.end < 3 && !self.begins(&cursor)? {
                cursor.skip(1)?;
            }
            if cursor.left() >= 4 && !self.begins(&cursor)? {
                cursor.seek(data.end)?;
            }
            let pad = Span::new(data.end, cursor.at());
            self.block(Block { key, start, field: Span::new(field, data.start), data, pad }, layer)?;
            count += 1;
            self.job.limits().check_structures(count)?;
        }
        let rest = Span::new(cursor.at(), span.end);
        self.draft.blank(rest, "rest", Finding::blanked("PSD", "data between the blocks", Tells::Hidden));
        Ok(())
    }

    fn begins(&self, cursor: &Cursor) -> Result<bool> {
        let head = crate::source::head(&**self.source, cursor.at(), cursor.left().min(4) as usize)?;
        Ok(matches!(&head[..], b"8BIM" | b"8B64"))
    }

    fn block(&mut self, block: Block, layer: usize) -> Result<()> {
        let span = Span::new(block.start, block.pad.end);
        let label = String::from_utf8_lossy(&block.key).into_owned();
        let found = match &block.key {
            b"luni" if self.job.policy().is_strict() && layer > 0 => {
                let name = format!("Layer {layer}");
                let letters = name.encode_utf16().flat_map(u16::to_be_bytes);
                let mut body = (name.len() as u32).to_be_bytes().into_iter().chain(letters).collect::<Vec<_>>();
                body.resize(body.len().next_multiple_of(4), 0);
                let new = [b"8BIMluni", &(body.len() as u32).to_be_bytes()[..], &body].concat();
                let found = Finding::rewritten("PSD", "name of a layer", Tells::Text);
                self.draft.replace(span, "layer name", Fate::put(new), vec![found]);
                return Ok(());
            }
            b"Lr16" | b"Lr32" | b"Layr" if layer == 0 => {
                self.draft.frame(Span::new(block.start, block.field.start), "layers");
                length(self.draft, block.field, block.data);
                self.info(block.data)?;
                self.pad(block.pad);
                return Ok(());
            }
            key if KEPT.contains(&key) || block.data.is_empty() => {
                self.draft.frame(Span::new(block.start, block.data.end), "layer block");
                self.pad(block.pad);
                return Ok(());
            }
            b"shmd" => Finding::removed("PSD", "times of a layer", Tells::When),
            b"cinf" => Finding::removed("PSD", "programs that wrote it", Tells::Software),
            b"Anno" => Finding::removed("PSD", "notes with authors and dates", Tells::Who),
            b"CAI " => Finding::removed("PSD", "content credentials (C2PA)", Tells::History),
            b"GenI" => Finding::removed("PSD", "how a picture was generated", Tells::History),
            b"SoLd" | b"SoLE" | b"PlLd" | b"plLd" => {
                self.draft.frame(Span::new(block.start, block.data.start), "placed layer");
                smart::placed(self.job, self.source, self.draft, &mut self.ids, block.data)?;
                self.pad(block.pad);
                return Ok(());
            }
            b"lnkD" | b"lnk2" | b"lnk3" | b"lnkE" => {
                self.draft.frame(Span::new(block.start, block.field.start), "linked files");
                length(self.draft, block.field, block.data);
                smart::files(self.job, self.source, self.draft, &mut self.ids, block.data)?;
                self.pad(block.pad);
                return Ok(());
            }
            _ => {
                let what = format!("a layer has a block {label:?} that is not known");
                return Err(Refusal::new(Code::UnknownCritical, what)
                    .at(block.start)
                    .hint("export a PNG or TIFF and clean that"));
            }
        };
        // What follows stays at an even place.
        if span.len() % 2 == 1 {
            return Err(Refusal::malformed("a block of odd length cannot be taken out", block.start));
        }
        self.draft.remove(span, "layer block", found);
        Ok(())
    }

    fn pad(&mut self, span: Span) {
        self.draft.blank(span, "padding", Finding::blanked("PSD", "padding", Tells::Hidden));
    }
}

struct Block {
    key: [u8; 4],
    start: u64,
    field: Span,
    data: Span,
    pad: Span,
}
