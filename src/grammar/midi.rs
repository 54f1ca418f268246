//! Standard MIDI files: a header, tracks, and in them events with the time between them. [Standard MIDI Files 1.0, RP-001]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A note, a controller, a program: for an instrument.
    Channel,
    /// System exclusive: settings of an instrument, as its maker defines them.
    Exclusive,
    /// For the program that reads the file; its type.
    Meta(u8),
}

/// An event of a track.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What it is.
    pub kind: Kind,
    /// How long after the event before it, in ticks.
    pub delta: u32,
    /// The field of that time.
    pub time: Span,
    /// The event itself, without the time.
    pub body: Span,
    /// The data of an exclusive or meta event.
    pub data: Span,
}

/// A number in groups of seven bits, at most four of them. [Standard MIDI Files 1.0, "Variable Length Quantities"]
fn number(cursor: &mut Cursor) -> Result<u32> {
    let mut n = 0;
    for _ in 0..4 {
        let byte = cursor.u8()?;
        n = n << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(n);
        }
    }
    Err(Refusal::malformed("a number has more bytes than there may be", cursor.at()))
}

/// The largest time between two events.
pub const LONGEST: u32 = 0x0fff_ffff;

/// The same number, written with as few bytes as it takes.
pub fn encode(n: u32) -> Vec<u8> {
    let groups = (1..4).rev().filter(|i| n >> (7 * i) != 0).map(|i| (n >> (7 * i)) as u8 & 0x7f | 0x80);
    groups.chain([n as u8 & 0x7f]).collect()
}

/// Reads the events of a track up to its end, or up to the end of `span` where none is marked. Calls `each` for every one and
/// returns the position behind the last.
///
/// # Errors
/// `Malformed` where an event is none, and what `each` returns.
pub fn events(source: &dyn Source, span: Span, mut each: impl FnMut(Event) -> Result<()>) -> Result<u64> {
    let mut cursor = Cursor::new(source, span);
    let mut running = None;
    while !cursor.is_done() {
        let start = cursor.at();
        let delta = number(&mut cursor)?;
        let time = Span::new(start, cursor.at());
        let first = cursor.look::<1>()?[0];
        let at = cursor.at();
        // [Standard MIDI Files 1.0, "Running status"] the same status as before is left out
        let status = match first {
            0x80.. => cursor.u8()?,
            _ => running.ok_or_else(|| Refusal::malformed("an event does not say what it is", at))?,
        };
        let (kind, data) = match status {
            0x80..=0xef => {
                running = Some(status);
                let len = if matches!(status >> 4, 0xc | 0xd) { 1 } else { 2 };
                for _ in 0..len {
                    if cursor.u8()? >= 0x80 {
                        return Err(Refusal::malformed("an event has a value that there is not", at));
                    }
                }
                (Kind::Channel, Span::new(at, cursor.at()))
            }
            0xf0 | 0xf7 => {
                let len = number(&mut cursor)?;
                (Kind::Exclusive, cursor.skip(u64::from(len))?)
            }
            0xff => {
                let meta = cursor.u8()?;
                let len = number(&mut cursor)?;
                (Kind::Meta(meta), cursor.skip(u64::from(len))?)
            }
            _ => return Err(Refusal::malformed("an event is of a kind that files do not have", at)),
        };
        each(Event { kind, delta, time, body: Span::new(at, cursor.at()), data })?;
        if kind == Kind::Meta(0x2f) {
            break;
        }
    }
    Ok(cursor.at())
}
