//! The proof that the file as written is the result that was looked at: every byte that the file gives back is the one that
//! the plan lays there. Kept spans are thus compared with the input, made ones with what was composed, members with what
//! was proved before.

use std::io::Write;
use std::thread;

use sha2::{Digest, Sha256};

use crate::plan::{Fate, Part};
use crate::refusal::{Code, Refusal, Result};
use crate::sink::Sink;
use crate::source::{self, BLOCK, SMALL, Source, Span};
use crate::view::{self, View};

/// What was proved, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Of the result, all of which was compared.
    pub of: u64,
    /// Of the input, kept unchanged.
    pub kept: u64,
    /// Content, members included.
    pub essence: u64,
    /// Whether some content had to be written in another way, proved equal in meaning by its format.
    pub rebuilt: bool,
}

impl Proof {
    /// What is known of a result that is its view, byte for byte.
    fn of(view: &View) -> Proof {
        let plan = view.plan();
        let kept = plan.steps().iter().filter(|s| matches!(s.fate, Fate::Keep)).map(|s| s.span.len()).sum();
        Proof { of: view.len(), kept, essence: plan.essence(), rebuilt: plan.is_recoded() }
    }
}

/// Writes the result to `sink` and proves it on the way: every block is read back from `written` as soon as it is written,
/// while the system still has it at hand, and compared with the view.
///
/// # Errors
/// `Write`, and `Damaged` with the offset of a block where what comes back is not what was planned, or where more does.
pub fn write(view: &View, sink: &mut Sink, written: &dyn Source) -> Result<Proof> {
    let size = (BLOCK as u64).min(view.len()) as usize;
    let (mut ours, mut theirs) = (vec![0; size], vec![0; size]);
    let mut at = 0;
    while at < view.len() {
        let stretch = Span::new(at, (at + size as u64).min(view.len()));
        let len = stretch.len() as usize;
        let (ours, theirs) = (&mut ours[..len], &mut theirs[..len]);
        // One piece goes from file to file, or from where it lies in memory; many small ones are put together first.
        let planned = if view.is_whole(stretch) {
            view.send(stretch, sink).map_err(Refusal::write)?;
            match view.lend(stretch).filter(|piece| piece.len() == len) {
                Some(piece) => piece,
                None => {
                    view.fill(at, ours)?;
                    &*ours
                }
            }
        } else {
            view.fill(at, ours)?;
            sink.write_all(ours).map_err(Refusal::write)?;
            &*ours
        };
        written.fill(at, theirs).map_err(Refusal::write)?;
        if *planned != *theirs {
            return Err(Refusal::new(Code::Damaged, "the result is not what was planned").at(at));
        }
        at = stretch.end;
    }
    if written.read_at(view.len(), &mut [0]).map_err(Refusal::write)? != 0 {
        return Err(Refusal::new(Code::Damaged, "the result has another length than planned"));
    }
    Ok(Proof::of(view))
}

/// Compares the result with the view of it.
///
/// # Errors
/// `Damaged` with the first offset of a block that differs, or where the lengths do.
pub fn prove(view: &View, result: &dyn Source) -> Result<Proof> {
    if view.len() != result.len() {
        return Err(Refusal::new(Code::Damaged, "the result has another length than planned"));
    }
    if let Some(bytes) = result.as_bytes() {
        if !view.agrees(bytes)? {
            // Once more, for the place.
            compare(view, result, Span::new(0, view.len()))?;
            return Err(Refusal::new(Code::Damaged, "the result is not what was planned"));
        }
    } else if view.len() > SMALL {
        // Two readers keep up with a disk, or with a second processor.
        let middle = view.len() / 2;
        let (first, second) = (Span::new(0, middle), Span::new(middle, view.len()));
        thread::scope(|scope| {
            let other = scope.spawn(|| compare(view, result, second));
            compare(view, result, first)?;
            other.join().unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "comparing the result failed")))
        })?;
    } else {
        compare(view, result, Span::new(0, view.len()))?;
    }
    Ok(Proof::of(view))
}

fn compare(view: &View, result: &dyn Source, span: Span) -> Result<()> {
    const STRETCH: u64 = 64 << 20;
    let mut at = span.start;
    while at < span.end {
        let stretch = Span::new(at, (at + STRETCH).min(span.end));
        if !view::same(view, result, stretch)? {
            return Err(Refusal::new(Code::Damaged, "the result is not what was planned").at(at));
        }
        at = stretch.end;
    }
    Ok(())
}

/// The SHA-256 of the content of this file (not of its members'), in the order in which it lies there.
pub fn essence_sha256(view: &View) -> Result<String> {
    let mut hash = Sha256::new();
    for step in view.plan().steps().iter().filter(|s| s.part == Part::Essence) {
        source::each_block(&**view.source(), step.span, |block| hash.update(block))?;
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
