//! The types of ICC tag data: which of their bytes have a meaning. A tag is written anew as zeros into which only those
//! bytes are copied, cut off behind the last of them; so offsets inside keep their sense, and reserved words, gaps and tails
//! carry nothing. Types that are not listed are not understood, and their tag does not stay. [ICC.1:2022 10]

use std::ops::Range;

/// The same element with only its meaningful bytes; `None` where its type is unknown or its structure broken.
pub(super) fn neutral(data: &[u8]) -> Option<Vec<u8>> {
    let mut owned = Owned { data, ranges: Vec::new(), pieces: 0, bytes: 0 };
    owned.element()?;
    let end = owned.ranges.iter().map(|r| r.end).max()?;
    let mut out = vec![0; end];
    for range in owned.ranges {
        out[range.clone()].copy_from_slice(&data[range]);
    }
    Some(out)
}

/// Which bytes of an element have a meaning, as they are found.
struct Owned<'a> {
    data: &'a [u8],
    ranges: Vec<Range<usize>>,
    pieces: usize,
    bytes: usize,
}

/// An element that needs more pieces than this is broken: the most that real ones have are a few hundred.
const MOST_PIECES: usize = 20_000;

impl Owned<'_> {
    fn own(&mut self, at: usize, len: usize) -> Option<()> {
        self.pieces += 1;
        self.bytes = self.bytes.checked_add(len)?;
        // Parts may be shared, but not so often that copying them becomes work.
        let bounded = self.pieces < MOST_PIECES && self.bytes <= self.data.len().saturating_mul(4);
        let end = at.checked_add(len).filter(|end| *end <= self.data.len() && bounded)?;
        self.ranges.push(at..end);
        Some(())
    }

    /// A text of at most `len` bytes, up to its zero.
    fn own_text(&mut self, at: usize, len: usize) -> Option<()> {
        let text = self.data.get(at..at.checked_add(len)?)?;
        let used = text.iter().position(|b| *b == 0).unwrap_or(len);
        self.own(at, used)?;
        // The field itself is there, zero or not.
        self.own(at + len, 0)
    }

    fn u8(&self, at: usize) -> Option<usize> {
        Some(usize::from(*self.data.get(at)?))
    }

    fn u16(&self, at: usize) -> Option<usize> {
        Some(self.u8(at)? << 8 | self.u8(at.checked_add(1)?)?)
    }

    fn u32(&self, at: usize) -> Option<usize> {
        Some(self.u16(at)? << 16 | self.u16(at.checked_add(2)?)?)
    }

    fn element(&mut self) -> Option<()> {
        let kind: [u8; 4] = self.data.get(..4)?.try_into().ok()?;
        self.own(0, 4)?;
        match &kind {
            b"curv" | b"para" => self.curve(0).map(|_| ()),
            b"XYZ " => self.own(8, 12),
            b"sf32" => self.own(8, 36),
            b"sig " | b"cicp" => self.own(8, 4),
            b"meas" | b"view" => self.own(8, 28),
            b"chrm" => {
                let channels = self.u16(8)?;
                self.own(8, 4 + 8 * channels)
            }
            b"clro" => {
                let count = self.u32(8)?;
                self.own(8, count.checked_add(4)?)
            }
            b"clrt" => self.colorants(),
            b"ncl2" => self.named_colors(),
            b"mft1" => self.table(48, 1, 256, 256),
            b"mft2" => {
                self.own(48, 4)?;
                let (inputs, outputs) = (self.u16(48)?, self.u16(50)?);
                self.table(52, 2, inputs, outputs)
            }
            b"mAB " => self.stages(true),
            b"mBA " => self.stages(false),
            b"mpet" => self.processing(),
            _ => None,
        }
    }

    /// A curve at `at`; where it ends. [10.6, 10.18]
    fn curve(&mut self, at: usize) -> Option<usize> {
        self.own(at, 4)?;
        let (from, len) = match self.data.get(at..at.checked_add(4)?)? {
            b"curv" => (at + 8, 4 + self.u32(at + 8)?.checked_mul(2)?),
            b"para" => {
                let numbers = *[1, 3, 4, 5, 7].get(self.u16(at + 8)?)?;
                self.own(at + 8, 2)?;
                (at + 12, 4 * numbers)
            }
            _ => return None,
        };
        self.own(from, len)?;
        from.checked_add(len)
    }

    fn curves(&mut self, at: usize, count: usize) -> Option<()> {
        let mut at = at;
        for _ in 0..count {
            at = self.curve(at)?.next_multiple_of(4);
        }
        Some(())
    }

    /// The names of colorants ("Cyan") and their colours. [10.5]
    fn colorants(&mut self) -> Option<()> {
        let count = self.u32(8)?;
        self.own(8, 4)?;
        for i in 0..count {
            let at = i.checked_mul(38)?.checked_add(12)?;
            self.own_text(at, 32)?;
            self.own(at + 32, 6)?;
        }
        Some(())
    }

    /// Named colours: their names are what they are for. [10.17]
    fn named_colors(&mut self) -> Option<()> {
        let (count, device) = (self.u32(12)?, self.u32(16)?);
        self.own(12, 8)?;
        self.own_text(20, 32)?;
        self.own_text(52, 32)?;
        if device > 15 {
            return None;
        }
        for i in 0..count {
            let at = i.checked_mul(38 + 2 * device)?.checked_add(84)?;
            self.own_text(at, 32)?;
            self.own(at + 32, 6 + 2 * device)?;
        }
        Some(())
    }

    /// A matrix, curves, a grid, curves: the older tables. [10.10, 10.11]
    fn table(&mut self, at: usize, width: usize, inputs: usize, outputs: usize) -> Option<()> {
        let (from, to, grid) = (self.u8(8)?, self.u8(9)?, self.u8(10)?);
        self.own(8, 3)?;
        self.own(12, 36)?;
        let grid = power(grid, from)?.checked_mul(to)?;
        let numbers = inputs.checked_mul(from)?.checked_add(grid)?.checked_add(outputs.checked_mul(to)?)?;
        self.own(at, numbers.checked_mul(width)?)
    }

    /// Curves, matrix, curves, grid, curves, each where its offset says: the newer tables. [10.12, 10.13]
    fn stages(&mut self, to_connection: bool) -> Option<()> {
        let (from, to) = (self.u8(8)?, self.u8(9)?);
        if from > 16 || to > 16 {
            return None;
        }
        self.own(8, 2)?;
        self.own(12, 20)?;
        let (device, connection) = if to_connection { (from, to) } else { (to, from) };
        let [b, matrix, m, grid, a] = [12, 16, 20, 24, 28].map(|at| self.u32(at));
        if let Some(at @ 1..) = b {
            self.curves(at, connection)?;
        }
        if let Some(at @ 1..) = matrix {
            self.own(at, 48)?;
        }
        if let Some(at @ 1..) = m {
            self.curves(at, connection)?;
        }
        if let Some(at @ 1..) = grid {
            let mut points = self.data.get(at..at.checked_add(from)?)?.iter();
            let points = points.try_fold(1usize, |n, p| n.checked_mul(usize::from(*p)))?;
            let width = self.u8(at + 16).filter(|w| matches!(w, 1 | 2))?;
            self.own(at, from)?;
            self.own(at + 16, 1)?;
            self.own(at + 20, points.checked_mul(to)?.checked_mul(width)?)?;
        }
        if let Some(at @ 1..) = a {
            self.curves(at, device)?;
        }
        Some(())
    }

    /// A chain of floating-point elements. [10.16]
    fn processing(&mut self) -> Option<()> {
        let count = self.u32(12)?;
        self.own(8, 8)?;
        for i in 0..count {
            let entry = i.checked_mul(8)?.checked_add(16)?;
            self.own(entry, 8)?;
            let at = self.u32(entry)?;
            let (from, to) = (self.u16(at.checked_add(8)?)?, self.u16(at.checked_add(10)?)?);
            self.own(at, 4)?;
            self.own(at + 8, 4)?;
            match self.data.get(at..at + 4)? {
                b"cvst" => self.curve_set(at, from)?,
                b"matf" => self.own(at + 12, from.checked_add(1)?.checked_mul(to)?.checked_mul(4)?)?,
                b"clut" => {
                    let mut points = self.data.get(at + 12..at + 28)?.get(..from)?.iter();
                    let points = points.try_fold(1usize, |n, p| n.checked_mul(usize::from(*p)))?;
                    self.own(at + 12, from)?;
                    self.own(at + 28, points.checked_mul(to)?.checked_mul(4)?)?;
                }
                b"bACS" | b"eACS" => self.own(at + 12, 4)?,
                _ => return None,
            }
        }
        Some(())
    }

    /// One curve of segments a channel. [10.16.2]
    fn curve_set(&mut self, set: usize, channels: usize) -> Option<()> {
        for i in 0..channels {
            let entry = set + 12 + 8 * i;
            self.own(entry, 8)?;
            let curve = set.checked_add(self.u32(entry)?)?;
            let segments = self.u16(curve.checked_add(8)?).filter(|n| *n > 0)?;
            (self.data.get(curve..curve + 4)? == b"curf").then_some(())?;
            self.own(curve, 4)?;
            self.own(curve + 8, 2)?;
            let breaks = 4 * (segments - 1);
            self.own(curve + 12, breaks)?;
            let mut at = curve + 12 + breaks;
            for _ in 0..segments {
                self.own(at, 4)?;
                let len = match self.data.get(at..at + 4)? {
                    b"parf" => {
                        self.own(at + 8, 2)?;
                        4 * *[4, 5, 5].get(self.u16(at + 8)?)?
                    }
                    b"samf" => {
                        self.own(at + 8, 4)?;
                        self.u32(at + 8)?.checked_mul(4)?
                    }
                    _ => return None,
                };
                self.own(at + 12, len)?;
                at += 12 + len;
            }
        }
        Some(())
    }
}

fn power(base: usize, exponent: usize) -> Option<usize> {
    base.checked_pow(u32::try_from(exponent).ok()?)
}
