//! A plan laid over its input: the result as a source, before a byte of it is written. Here every step gets its place in
//! the result, and the fates that speak of places (`Length`, `Position`, `Offsets`, `Pad`) get their values; formats do no
//! such arithmetic. Because the result can be read before it exists, a member stored in an archive is proved, hashed and
//! planned again without a copy, writing is sending the view to a file, and proving is comparing the view with the file.

use std::io;

use crate::plan::{Fate, Number, Plan, Step};
use crate::refusal::{Code, Refusal, Result};
use crate::sink::Sink;
use crate::source::{BLOCK, Shared, Source, Span};

/// A plan and the source it was made for.
pub struct View {
    plan: Plan,
    source: Shared,
    /// Where each step begins in the result; one more entry for the end.
    starts: Vec<u64>,
}

impl View {
    /// Lays `plan` over `source`, which must hold the bytes that the plan was made from.
    ///
    /// # Errors
    /// `Malformed` where a position points into bytes that do not survive or a number does not fit its field.
    pub fn new(plan: Plan, source: Shared) -> Result<View> {
        if source.len() != plan.of() {
            return Err(Refusal::new(Code::Internal, "a plan was laid over another file"));
        }
        let mut starts = Vec::with_capacity(plan.steps().len() + 1);
        let mut at = 0u64;
        for step in plan.steps() {
            starts.push(at);
            at = at
                .checked_add(length_of(step, at))
                .ok_or_else(|| Refusal::malformed("the result would be too long", step.span.start))?;
        }
        starts.push(at);
        let view = View { plan, source, starts };
        for step in view.plan.steps() {
            view.number(step)?;
        }
        Ok(view)
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, for what can only be told once its result is known.
    pub(crate) fn plan_mut(&mut self) -> &mut Plan {
        &mut self.plan
    }

    /// Reads the same bytes from another place from now on.
    pub(crate) fn rest_on(&mut self, source: &Shared) {
        debug_assert_eq!(source.len(), self.source.len(), "the same bytes elsewhere");
        self.source = source.clone();
    }

    /// The input.
    pub fn source(&self) -> &Shared {
        &self.source
    }

    /// Whether the result is the input, byte for byte.
    pub fn is_identity(&self) -> io::Result<bool> {
        if self.len() != self.source.len() {
            return Ok(false);
        }
        for (i, step) in self.plan.steps().iter().enumerate() {
            let place = Span::new(self.starts[i], self.starts[i + 1]);
            let stays = matches!(step.fate, Fate::Keep) && place.start == step.span.start;
            if !stays && !same(self, &*self.source, place)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether `span` of the result is one piece of the input or of a member.
    pub(crate) fn is_whole(&self, span: Span) -> bool {
        let i = self.starts.partition_point(|s| *s <= span.start) - 1;
        let step = self.plan.steps().get(i);
        step.is_some_and(|s| matches!(s.fate, Fate::Keep | Fate::Splice(_)) && span.end <= self.starts[i + 1])
    }

    /// Whether the result lies in memory in pieces that are worth looking at where they lie: few, and thus large.
    pub(crate) fn is_at_hand(&self) -> bool {
        const PIECE: u64 = 4 << 10;
        self.source.as_bytes().is_some() && (self.plan.steps().len() as u64).saturating_mul(PIECE) <= self.len()
    }

    /// Whether the result is these bytes. Where the input is in memory too, kept spans are compared where they lie.
    pub fn agrees(&self, result: &[u8]) -> io::Result<bool> {
        let source = self.source.as_bytes();
        for (i, step) in self.plan.steps().iter().enumerate() {
            let place = Span::new(self.starts[i], self.starts[i + 1]);
            let Some(there) = result.get(place.start as usize..place.end as usize) else { return Ok(false) };
            if let (Fate::Keep, Some(source)) = (&step.fate, source) {
                if source.get(step.span.start as usize..step.span.end as usize) != Some(there) {
                    return Ok(false);
                }
                continue;
            }
            let mut block = vec![0; (BLOCK as u64).min(place.len()) as usize];
            let mut done = 0;
            while done < there.len() {
                let n = self.read_step(i, done as u64, &mut block)?;
                if n == 0 || there.get(done..done + n) != Some(&block[..n]) {
                    return Ok(false);
                }
                done += n;
            }
        }
        Ok(result.len() as u64 == self.len())
    }

    /// Where the input's byte `at` lies in the result.
    ///
    /// # Errors
    /// `Malformed` where it does not survive: a position that points into removed bytes is a refusal, not a guess.
    pub fn moved(&self, at: u64) -> Result<u64> {
        let gone = || Refusal::malformed("a position points to bytes that do not survive", at);
        if at == self.plan.of() {
            return Ok(self.len());
        }
        let i = self.step_of_input(at).ok_or_else(gone)?;
        let (step, start) = (&self.plan.steps()[i], self.starts[i]);
        let inside = at - step.span.start;
        match step.fate {
            Fate::Keep | Fate::Blank | Fate::Offsets { .. } => Ok(start + inside),
            Fate::Drop => Err(gone()),
            _ if inside == 0 => Ok(start),
            _ => Err(gone()),
        }
    }

    /// Where the boundary in front of the input's byte `at` lies in the result, in front of all that is inserted there.
    ///
    /// # Errors
    /// `Malformed` where `at` lies inside a span that is replaced or removed.
    pub fn boundary(&self, at: u64) -> Result<u64> {
        let i = self.plan.steps().partition_point(|s| s.span.start < at);
        if let Some(step) = self.plan.steps().get(i)
            && step.span.start == at
        {
            return Ok(self.starts[i]);
        }
        if at == self.plan.of() {
            return Ok(self.len());
        }
        self.moved(at)
    }

    /// The span of the result in which the input's `span` ended up.
    pub fn placed(&self, span: Span) -> Result<Span> {
        Ok(Span::new(self.boundary(span.start)?, self.boundary(span.end)?))
    }

    fn step_of_input(&self, at: u64) -> Option<usize> {
        let steps = self.plan.steps();
        // Insertions sort before the bytes at their position, so the last step that starts at or before `at` holds it.
        let i = steps.partition_point(|s| s.span.start <= at).checked_sub(1)?;
        (at < steps[i].span.end).then_some(i)
    }

    /// The number that a step stands for, as it is written; `None` for steps that are no number. It is found again each
    /// time: a film has more positions than memory should hold twice.
    fn number(&self, step: &Step) -> Result<Option<Vec<u8>>> {
        let (number, code) = match step.fate {
            Fate::Length { of, plus, code } => {
                let n = self.placed(of)?.len().checked_add_signed(plus);
                (n.ok_or_else(|| Refusal::malformed("a length would be negative", step.span.start))?, code)
            }
            Fate::Position { of, origin, code } => (self.counted(of, origin)?, code),
            _ => return Ok(None),
        };
        code.encode(number).map(Some).ok_or_else(|| overflow(step))
    }

    fn counted(&self, of: u64, origin: u64) -> Result<u64> {
        let base = self.boundary(origin)?;
        self.moved(of)?.checked_sub(base).ok_or_else(|| Refusal::malformed("a position lies before its origin", of))
    }

    /// Reads inside step `i`, `inside` bytes after its start; at most to its end.
    fn read_step(&self, i: usize, inside: u64, buf: &mut [u8]) -> io::Result<usize> {
        let step = &self.plan.steps()[i];
        let there = self.starts[i + 1] - self.starts[i] - inside;
        let want = there.min(buf.len() as u64) as usize;
        let buf = &mut buf[..want];
        match &step.fate {
            Fate::Keep => self.source.fill(step.span.start + inside, buf)?,
            Fate::Put(bytes) => buf.copy_from_slice(&bytes[inside as usize..][..want]),
            Fate::Splice(source) => source.fill(inside, buf)?,
            Fate::Length { .. } | Fate::Position { .. } => {
                let bytes = self.number(step)?.ok_or(io::ErrorKind::InvalidData)?;
                buf.copy_from_slice(&bytes[inside as usize..][..want]);
            }
            Fate::Offsets { origin, code } => return self.read_offsets(step, *origin, *code, inside, buf),
            Fate::Drop | Fate::Blank | Fate::Pad(_) => buf.fill(0),
        }
        Ok(want)
    }

    fn read_offsets(&self, step: &Step, origin: u64, code: Number, inside: u64, buf: &mut [u8]) -> io::Result<usize> {
        let width = code.width() as u64;
        let first = inside / width * width;
        let last = (inside + buf.len() as u64).div_ceil(width) * width;
        let last = last.min(first + (BLOCK as u64 / width * width)).min(step.span.len());
        let mut table = self.source.bytes(Span::new(step.span.start + first, step.span.start + last), BLOCK as u64)?;
        let base = origin;
        for cell in table.chunks_mut(width as usize) {
            let there = code.decode(cell).checked_add(base).ok_or(io::ErrorKind::InvalidData)?;
            let number = self.counted(there, origin)?;
            cell.copy_from_slice(&code.encode(number).ok_or_else(|| overflow(step))?);
        }
        let from = &table[(inside - first) as usize..];
        let n = from.len().min(buf.len());
        buf[..n].copy_from_slice(&from[..n]);
        Ok(n)
    }
}

fn overflow(step: &Step) -> Refusal {
    Refusal::malformed(format!("a number does not fit its field ({})", step.name), step.span.start)
}

fn length_of(step: &Step, at: u64) -> u64 {
    match &step.fate {
        Fate::Keep | Fate::Blank | Fate::Offsets { .. } => step.span.len(),
        Fate::Drop => 0,
        Fate::Put(bytes) => bytes.len() as u64,
        Fate::Splice(source) => source.len(),
        Fate::Length { code, .. } | Fate::Position { code, .. } => code.width() as u64,
        Fate::Pad(align) => at.next_multiple_of((*align).max(1)) - at,
    }
}

impl Source for View {
    fn len(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        if at >= self.len() || buf.is_empty() {
            return Ok(0);
        }
        // The last step that begins at or before `at` is the one that holds it: steps of no length begin where the next does.
        let mut i = self.starts.partition_point(|s| *s <= at) - 1;
        let (mut done, mut inside) = (0, at - self.starts[i]);
        while done < buf.len() && i < self.plan.steps().len() {
            let n = self.read_step(i, inside, &mut buf[done..])?;
            done += n;
            inside += n as u64;
            if self.starts[i] + inside >= self.starts[i + 1] {
                (i, inside) = (i + 1, 0);
            }
        }
        Ok(done)
    }

    fn lend(&self, span: Span) -> Option<&[u8]> {
        let i = self.starts.partition_point(|s| *s <= span.start) - 1;
        let step = self.plan.steps().get(i)?;
        let inside = Span::new(span.start - self.starts[i], span.end.min(self.starts[i + 1]) - self.starts[i]);
        match &step.fate {
            Fate::Keep => self.source.lend(Span::new(step.span.start + inside.start, step.span.start + inside.end)),
            Fate::Splice(source) => source.lend(inside),
            Fate::Put(bytes) => bytes.get(inside.start as usize..inside.end as usize).filter(|piece| !piece.is_empty()),
            _ => None,
        }
    }

    fn send(&self, span: Span, to: &mut Sink) -> io::Result<()> {
        if span.end > self.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut i = self.starts.partition_point(|s| *s <= span.start).saturating_sub(1);
        let mut kept = Span::default();
        while i < self.plan.steps().len() && self.starts[i] < span.end {
            let step = &self.plan.steps()[i];
            let place = Span::new(self.starts[i], self.starts[i + 1]);
            let part = place.meet(span);
            i += 1;
            if part.is_empty() {
                continue;
            }
            let inside = Span::new(part.start - place.start, part.end - place.start);
            // Neighbours that stay neighbours travel together.
            if let Fate::Keep = step.fate {
                let from = Span::new(step.span.start + inside.start, step.span.start + inside.end);
                if kept.end == from.start && !kept.is_empty() {
                    kept.end = from.end;
                    continue;
                }
                self.source.send(kept, to)?;
                kept = from;
                continue;
            }
            self.source.send(std::mem::take(&mut kept), to)?;
            if let Fate::Splice(source) = &step.fate {
                source.send(inside, to)?;
            } else {
                self.send_made(i - 1, inside, to)?;
            }
        }
        self.source.send(kept, to)
    }
}

impl View {
    fn send_made(&self, i: usize, inside: Span, to: &mut Sink) -> io::Result<()> {
        use io::Write;
        let mut block = vec![0; (BLOCK as u64).min(inside.len()) as usize];
        let mut at = inside.start;
        while at < inside.end {
            let want = (block.len() as u64).min(inside.end - at) as usize;
            let n = self.read_step(i, at, &mut block[..want])?;
            to.write_all(&block[..n])?;
            at += n as u64;
        }
        Ok(())
    }
}

/// Whether both sources hold the same bytes in `span`.
pub fn same(a: &dyn Source, b: &dyn Source, span: Span) -> io::Result<bool> {
    if let (Some(a), Some(b)) = (a.as_bytes(), b.as_bytes()) {
        let part = span.start as usize..span.end as usize;
        return Ok(a.get(part.clone()).is_some_and(|a| b.get(part) == Some(a)));
    }
    let size = (BLOCK as u64).min(span.len()) as usize;
    let (mut left, mut right) = (vec![0; size], vec![0; size]);
    let mut at = span.start;
    while at < span.end {
        let want = (size as u64).min(span.end - at) as usize;
        a.fill(at, &mut left[..want])?;
        b.fill(at, &mut right[..want])?;
        if left[..want] != right[..want] {
            return Ok(false);
        }
        at += want as u64;
    }
    Ok(true)
}
