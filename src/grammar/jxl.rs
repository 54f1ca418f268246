//! The codestream of JPEG XL, as far as it lies open: the header of the image, the header of every frame with its name, and
//! the table from which the length of a frame follows, so that the end of the last is known. An embedded colour profile and a
//! table in another order are coded with entropy codes that are not decoded here; behind them the stream is opaque, and that
//! is said. [ISO/IEC 18181-1 D, F, G]

mod bits;

use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};
use bits::Bits;

/// What the codestream says besides pixels.
#[derive(Clone, Debug, Default)]
pub struct Codestream {
    /// Names of extra channels and of frames.
    pub names: Vec<String>,
    /// Whether a small picture stands in front.
    pub preview: bool,
    /// Whether frames carry time codes.
    pub timecodes: bool,
    /// Whether a colour profile lies inside.
    pub profile: bool,
    /// Whether there is data of a later standard.
    pub extensions: bool,
    /// Where the last frame ends, counted through all parts.
    pub end: u64,
    /// Why it could not be followed to its end.
    pub opaque: Option<&'static str>,
}

/// More frames than that have no honest film.
const MOST: u32 = 1 << 20;

/// Reads the codestream that lies in these parts of a source.
///
/// # Errors
/// `Malformed` where it breaks its rules or off.
pub fn read(source: &dyn Source, parts: &[Span]) -> Result<Codestream> {
    let mut out = Codestream::default();
    let mut bits = Bits { source, parts, at: 0, block: Vec::new(), first: 0 };
    if bits.u(16)? != 0x0aff {
        return Err(bits.wrong("a codestream does not begin as one"));
    }
    let image = Image::read(&mut bits, &mut out)?;
    if out.profile {
        out.opaque = Some("a colour profile lies in it, packed");
        return Ok(out);
    }
    bits.align()?;
    if let Some(size) = image.preview
        && frame(&mut bits, &image, size, true, &mut out)?.is_none()
    {
        return Ok(out);
    }
    for _ in 0..MOST {
        match frame(&mut bits, &image, image.size, false, &mut out)? {
            Some(true) => {
                out.end = bits.at / 8;
                return Ok(out);
            }
            Some(false) => {}
            None => return Ok(out),
        }
    }
    Err(Refusal::limit("more frames than any film has"))
}

type Size = (u64, u64);

/// What of the header of the image the headers of frames depend on. [D]
struct Image {
    size: Size,
    preview: Option<Size>,
    animated: bool,
    timecodes: bool,
    extra: u64,
    xyb: bool,
}

impl Image {
    fn read(bits: &mut Bits, out: &mut Codestream) -> Result<Image> {
        let size = size(bits)?;
        let mut image = Image { size, preview: None, animated: false, timecodes: false, extra: 0, xyb: true };
        if !bits.bool()? {
            let more = bits.bool()?;
            if more {
                image.more(bits, out)?;
            }
            depth(bits)?;
            bits.u(1)?;
            image.extra = bits.u32([(0, 0), (0, 1), (4, 2), (12, 1)])?;
            for _ in 0..image.extra {
                channel(bits, out)?;
            }
            image.xyb = bits.bool()?;
            colour(bits, out)?;
            if more && !bits.bool()? {
                bits.floats(2)?;
                bits.u(1)?;
                bits.floats(1)?;
            }
            bits.extensions(out)?;
        }
        if !bits.bool()? {
            if image.xyb && !bits.bool()? {
                bits.floats(16)?;
            }
            let weights = bits.u(3)?;
            for (bit, floats) in [(1, 15), (2, 55), (4, 210)] {
                if weights & bit != 0 {
                    bits.floats(floats)?;
                }
            }
        }
        Ok(image)
    }

    fn more(&mut self, bits: &mut Bits, out: &mut Codestream) -> Result<()> {
        bits.u(3)?;
        if bits.bool()? {
            size(bits)?;
        }
        out.preview = bits.bool()?;
        if out.preview {
            self.preview = Some(preview(bits)?);
        }
        self.animated = bits.bool()?;
        if self.animated {
            bits.u32([(0, 100), (0, 1000), (10, 1), (30, 1)])?;
            bits.u32([(0, 1), (0, 1001), (8, 1), (10, 1)])?;
            bits.u32([(0, 0), (3, 0), (16, 0), (32, 0)])?;
            self.timecodes = bits.bool()?;
            out.timecodes = self.timecodes;
        }
        Ok(())
    }
}

fn ratio(height: u64, ratio: u64) -> u64 {
    let (times, by) = [(1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)][ratio as usize % 8];
    height * times / by
}

fn size(bits: &mut Bits) -> Result<Size> {
    let small = bits.bool()?;
    let side = |bits: &mut Bits| match small {
        true => Ok((bits.u(5)? + 1) * 8),
        false => bits.u32([(9, 1), (13, 1), (18, 1), (30, 1)]),
    };
    let height = side(bits)?;
    let width = match bits.u(3)? {
        0 => side(bits)?,
        n => ratio(height, n),
    };
    Ok((width, height))
}

fn preview(bits: &mut Bits) -> Result<Size> {
    let eights = bits.bool()?;
    let side = |bits: &mut Bits| match eights {
        true => Ok(8 * bits.u32([(0, 16), (0, 32), (5, 1), (9, 33)])?),
        false => bits.u32([(6, 1), (8, 65), (10, 321), (12, 1345)]),
    };
    let height = side(bits)?;
    let width = match bits.u(3)? {
        0 => side(bits)?,
        n => ratio(height, n),
    };
    Ok((width, height))
}

fn depth(bits: &mut Bits) -> Result<()> {
    if bits.bool()? {
        bits.u32([(0, 32), (0, 16), (0, 24), (6, 1)])?;
        bits.u(4)?;
    } else {
        bits.u32([(0, 8), (0, 10), (0, 12), (6, 1)])?;
    }
    Ok(())
}

fn channel(bits: &mut Bits, out: &mut Codestream) -> Result<()> {
    if bits.bool()? {
        return Ok(());
    }
    let kind = bits.enumeration()?;
    depth(bits)?;
    bits.u32([(0, 0), (0, 3), (0, 4), (3, 1)])?;
    bits.name(out)?;
    match kind {
        0 => bits.u(1).map(drop),
        2 => bits.floats(4),
        5 => bits.u32([(0, 1), (2, 0), (4, 3), (8, 19)]).map(drop),
        _ => Ok(()),
    }
}

fn colour(bits: &mut Bits, out: &mut Codestream) -> Result<()> {
    const GREY: u64 = 1;
    const XYB: u64 = 2;
    const CUSTOM: u64 = 2;
    if bits.bool()? {
        return Ok(());
    }
    out.profile = bits.bool()?;
    let space = bits.enumeration()?;
    if out.profile {
        return Ok(());
    }
    let point = |bits: &mut Bits| -> Result<()> {
        for _ in 0..2 {
            bits.u32([(19, 0), (19, 524_288), (20, 1_048_576), (21, 2_097_152)])?;
        }
        Ok(())
    };
    if space != XYB && bits.enumeration()? == CUSTOM {
        point(bits)?;
    }
    if space != XYB && space != GREY && bits.enumeration()? == CUSTOM {
        (0..3).try_for_each(|_| point(bits))?;
    }
    if space != XYB {
        match bits.bool()? {
            true => bits.u(24)?,
            false => bits.enumeration()?,
        };
    }
    bits.enumeration()?;
    Ok(())
}

/// What of the header of a frame says how long it is. [F.2]
struct Frame {
    modular: bool,
    group: u32,
    passes: u64,
    size: Size,
    /// How chroma is subsampled, as powers of two.
    shifts: (u32, u32),
    last: bool,
}

/// Passes over one frame: whether it was the last. `None` where its length could not be told; why is noted.
fn frame(bits: &mut Bits, image: &Image, size: Size, preview: bool, out: &mut Codestream) -> Result<Option<bool>> {
    let frame = Frame::read(bits, image, size, out)?;
    let side = if frame.modular { 128 << frame.group } else { 256 };
    let across = |n: u64| n.div_ceil(side);
    let down = |n: u64, shift: u32| (n.div_ceil(8 << shift) << shift).div_ceil(side);
    let groups = across(frame.size.0) * across(frame.size.1);
    let coarse = down(frame.size.0, frame.shifts.0) * down(frame.size.1, frame.shifts.1);
    let sections = match groups * frame.passes {
        1 => 1,
        n => 2 + coarse + n,
    };
    if bits.bool()? {
        out.opaque = Some("its sections are in an order of their own");
        return Ok(None);
    }
    bits.align()?;
    let mut bytes = 0u64;
    for _ in 0..sections {
        bytes += bits.u32([(10, 0), (14, 1024), (22, 17_408), (30, 4_211_712)])?;
    }
    bits.align()?;
    bits.skip(bytes * 8)?;
    Ok(Some(frame.last || preview))
}

impl Frame {
    fn read(bits: &mut Bits, image: &Image, size: Size, out: &mut Codestream) -> Result<Frame> {
        const REGULAR: u64 = 0;
        const COARSE: u64 = 1;
        const REFERENCE: u64 = 2;
        const USES_COARSE: u64 = 0x20;
        let mut frame = Frame { modular: false, group: 1, passes: 1, size, shifts: (0, 0), last: true };
        if bits.bool()? {
            return Ok(frame);
        }
        let kind = bits.u(2)?;
        let shown = kind == REGULAR || kind > REFERENCE;
        frame.modular = bits.bool()?;
        let flags = bits.u64()?;
        let luma = !image.xyb && bits.bool()?;
        if luma && flags & USES_COARSE == 0 {
            for _ in 0..3 {
                let (h, v) = [(0, 0), (1, 1), (1, 0), (0, 1)][bits.u(2)? as usize];
                frame.shifts = (frame.shifts.0.max(h), frame.shifts.1.max(v));
            }
        }
        let mut upsampling = 0;
        if flags & USES_COARSE == 0 {
            upsampling = bits.u(2)?;
            for _ in 0..image.extra {
                bits.u(2)?;
            }
        }
        if frame.modular {
            frame.group = bits.u(2)? as u32;
        } else if image.xyb {
            bits.u(6)?;
        }
        if kind != REFERENCE {
            frame.passes = passes(bits)?;
        }
        let level = if kind == COARSE { bits.u(2)? + 1 } else { 0 };
        let mut partial = false;
        if kind != COARSE && bits.bool()? {
            let number = |bits: &mut Bits| bits.u32([(8, 0), (11, 256), (14, 2304), (30, 18_688)]);
            let signed = |n: u64| if n & 1 == 1 { -((n / 2 + 1) as i64) } else { (n / 2) as i64 };
            let (x, y) = if shown { (signed(number(bits)?), signed(number(bits)?)) } else { (0, 0) };
            frame.size = (number(bits)?, number(bits)?);
            let short = |at: i64, len: u64, of: u64| at > 0 || at.saturating_add_unsigned(len) < of as i64;
            partial = shown && (short(x, frame.size.0, size.0) || short(y, frame.size.1, size.1));
        }
        let (mut duration, mut replaces) = (0, true);
        if shown {
            replaces = blending(bits, image, partial)?;
            for _ in 0..image.extra {
                blending(bits, image, partial)?;
            }
            if image.animated {
                duration = bits.u32([(0, 0), (0, 1), (8, 0), (32, 0)])?;
                if image.timecodes {
                    bits.u(32)?;
                }
            }
            frame.last = bits.bool()?;
        } else {
            frame.last = false;
        }
        let saved = if kind != COARSE && !frame.last { bits.u(2)? } else { 0 };
        let referred = !frame.last && kind != COARSE && (duration == 0 || saved != 0);
        if kind == REFERENCE || (shown && referred && replaces && !partial) {
            bits.u(1)?;
        }
        bits.name(out)?;
        filter(bits, frame.modular, out)?;
        bits.extensions(out)?;
        let scaled = |n: u64| n.div_ceil(1 << (3 * level)).div_ceil(1 << upsampling);
        frame.size = (scaled(frame.size.0), scaled(frame.size.1));
        Ok(frame)
    }
}

fn passes(bits: &mut Bits) -> Result<u64> {
    let passes = bits.u32([(0, 1), (0, 2), (0, 3), (3, 4)])?;
    if passes != 1 {
        let steps = bits.u32([(0, 0), (0, 1), (0, 2), (1, 3)])?;
        for _ in 1..passes {
            bits.u(2)?;
        }
        for _ in 0..steps {
            bits.u(2)?;
        }
        for _ in 0..steps {
            bits.u32([(0, 0), (0, 1), (0, 2), (3, 0)])?;
        }
    }
    Ok(passes)
}

/// Whether it takes the place of what was there.
fn blending(bits: &mut Bits, image: &Image, partial: bool) -> Result<bool> {
    let mode = bits.u32([(0, 0), (0, 1), (0, 2), (2, 3)])?;
    let alpha = image.extra > 0 && matches!(mode, 2 | 3);
    if alpha {
        bits.u32([(0, 0), (0, 1), (0, 2), (3, 3)])?;
    }
    if alpha || mode == 4 {
        bits.u(1)?;
    }
    if mode != 0 || partial {
        bits.u(2)?;
    }
    Ok(mode == 0)
}

/// Filters that smooth a frame. [J]
fn filter(bits: &mut Bits, modular: bool, out: &mut Codestream) -> Result<()> {
    if bits.bool()? {
        return Ok(());
    }
    if bits.bool()? && bits.bool()? {
        bits.floats(6)?;
    }
    if bits.u(2)? > 0 {
        if !modular && bits.bool()? {
            bits.floats(8)?;
        }
        if bits.bool()? {
            bits.floats(5)?;
        }
        if bits.bool()? {
            bits.floats(if modular { 3 } else { 4 })?;
        }
        if modular {
            bits.floats(1)?;
        }
    }
    bits.extensions(out)
}
