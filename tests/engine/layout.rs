//! Where things come to lie: any tiling of any bytes with any fates against a model so simple that it cannot be wrong.

use std::io;
use std::sync::Arc;

use metascrub::finding::{Finding, Tells};
use metascrub::plan::{Draft, Fate, Number};
use metascrub::prove::{prove, write};
use metascrub::refusal::Code;
use metascrub::sink::Sink;
use metascrub::source::{Memory, Shared, Source, Span, Spool, Window, each_block};
use metascrub::view::View;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Keep(Vec<u8>),
    Drop(Vec<u8>),
    Blank(Vec<u8>),
    Put(Vec<u8>, Vec<u8>),
    Splice(Vec<u8>, Vec<u8>),
    Insert(Vec<u8>),
    /// The length of this many of the first steps.
    Length(usize),
    /// The position of this step.
    Position(usize),
    Pad(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..20);
    prop_oneof![
        bytes().prop_map(Step::Keep),
        bytes().prop_map(Step::Drop),
        bytes().prop_map(Step::Blank),
        (bytes(), bytes()).prop_map(|(a, b)| Step::Put(a, b)),
        (bytes(), bytes()).prop_map(|(a, b)| Step::Splice(a, b)),
        bytes().prop_map(Step::Insert),
        (0usize..30).prop_map(Step::Length),
        (0usize..30).prop_map(Step::Position),
        (1u64..9).prop_map(Step::Pad),
    ]
}

/// The source, the draft over it, and the result that a person would write down by hand.
fn build(steps: &[Step]) -> (Shared, Draft, Vec<u8>) {
    let width = |s: &Step| match s {
        Step::Keep(b) | Step::Drop(b) | Step::Blank(b) | Step::Put(b, _) | Step::Splice(b, _) => b.len() as u64,
        Step::Length(_) | Step::Position(_) => 4,
        Step::Insert(_) | Step::Pad(_) => 0,
    };
    let mut starts = vec![0];
    for s in steps {
        starts.push(starts.last().unwrap() + width(s));
    }
    let mut input = Vec::new();
    for s in steps {
        match s {
            Step::Keep(b) | Step::Drop(b) | Step::Blank(b) | Step::Put(b, _) | Step::Splice(b, _) => input.extend(b),
            Step::Length(_) | Step::Position(_) => input.extend(b"????"),
            Step::Insert(_) | Step::Pad(_) => {}
        }
    }
    let source = Memory::shared(input);
    let mut draft = Draft::new(&source);
    let gone = || Finding::removed("test", "thing", Tells::Unknown);
    let (mut places, mut at) = (Vec::new(), 0u64);
    for (i, s) in steps.iter().enumerate() {
        places.push(at);
        let span = Span::new(starts[i], starts[i + 1]);
        at += match s {
            Step::Keep(b) | Step::Blank(b) => b.len() as u64,
            Step::Drop(_) => 0,
            Step::Put(_, b) | Step::Splice(_, b) | Step::Insert(b) => b.len() as u64,
            Step::Length(_) | Step::Position(_) => 4,
            Step::Pad(n) => at.next_multiple_of(*n) - at,
        };
        match s {
            Step::Keep(_) => draft.essence(span, "keep"),
            Step::Drop(_) => draft.remove(span, "drop", gone()),
            Step::Blank(_) => draft.blank(span, "blank", gone()),
            Step::Put(_, b) => _ = draft.replace(span, "put", Fate::put(b.clone()), vec![gone()]),
            Step::Splice(_, b) => draft.member(span, "splice", Some(Memory::shared(b.clone()))),
            Step::Insert(b) => draft.insert(span.start, "insert", Fate::put(b.clone())),
            Step::Pad(n) => draft.insert(span.start, "pad", Fate::Pad(*n)),
            Step::Length(n) => {
                let of = Span::new(0, starts[(*n).min(steps.len())]);
                draft.reframe(span, "length", Fate::Length { of, plus: 7, code: Number::U32Be });
            }
            Step::Position(n) => {
                let of = starts[(*n).min(steps.len())];
                draft.reframe(span, "position", Fate::Position { of, origin: 0, code: Number::U32Le });
            }
        }
    }
    places.push(at);
    // Insertions belong to what follows them, so a boundary lies in front of them.
    let boundary = |n: usize| {
        let n = n.min(steps.len());
        let first = (0..=n).find(|i| starts[*i] == starts[n]).unwrap();
        places[first]
    };
    let mut out = Vec::new();
    for s in steps {
        match s {
            Step::Keep(b) | Step::Put(_, b) | Step::Splice(_, b) | Step::Insert(b) => out.extend(b),
            Step::Drop(_) => {}
            Step::Blank(b) => out.extend(vec![0; b.len()]),
            Step::Pad(n) => out.resize(out.len().next_multiple_of(*n as usize), 0),
            Step::Length(n) => out.extend((boundary(*n) as u32 + 7).to_be_bytes()),
            Step::Position(n) => {
                let n = (*n).min(steps.len());
                let byte = (n..steps.len()).find(|i| width(&steps[*i]) > 0);
                let place = byte.map_or(at, |i| places[i]);
                out.extend((place as u32).to_le_bytes());
            }
        }
    }
    (source, draft, out)
}

/// A length up to the very end means what is inserted there, or not: the model and the engine agree to leave that open.
fn is_clear(steps: &[Step]) -> bool {
    let sized = |s: &Step| !matches!(s, Step::Insert(_) | Step::Pad(_));
    let ends_sized = steps.last().is_some_and(sized);
    // A position of a dropped byte is a refusal, tested elsewhere.
    let drops = steps.iter().filter_map(|s| if let Step::Position(n) = s { Some(*n) } else { None }).any(|n| {
        let n = n.min(steps.len());
        (n..steps.len()).find(|i| sized(&steps[*i])).is_some_and(|i| matches!(steps[i], Step::Drop(_)))
    });
    ends_sized && !drops
}

fn spooled(view: &View, span: Span) -> Vec<u8> {
    let mut sink = Sink::Spool(Spool::new(&Spool::default_dir()));
    view.send(span, &mut sink).unwrap();
    let Sink::Spool(spool) = sink else { unreachable!() };
    let out = spool.finish().unwrap();
    out.bytes(out.span(), u64::MAX).unwrap()
}

/// Returns one byte a read.
struct Miser(Shared);

impl Source for Miser {
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(1);
        self.0.read_at(at, &mut buf[..n])
    }
}

proptest! {
    #[test]
    fn the_view_is_what_a_person_would_write(steps in proptest::collection::vec(step(), 1..30).prop_filter("clear", |s| is_clear(s))) {
        let (source, draft, expected) = build(&steps);
        let Ok(plan) = draft.seal() else { panic!("did not seal") };
        let view = View::new(plan, source.clone()).unwrap();
        prop_assert_eq!(view.bytes(view.span(), u64::MAX).unwrap(), &expected[..]);
        prop_assert_eq!(spooled(&view, view.span()), &expected[..]);
        prop_assert_eq!(view.is_identity().unwrap(), expected == source.bytes(source.span(), u64::MAX).unwrap());
        // Any part of it, read or sent, is that part.
        let (a, b) = (expected.len() / 3, expected.len() * 2 / 3);
        let part = Span::new(a as u64, b as u64);
        prop_assert_eq!(view.bytes(part, u64::MAX).unwrap(), &expected[a..b]);
        prop_assert_eq!(spooled(&view, part), &expected[a..b]);
        let proof = prove(&view, &Memory::new(expected.clone())).unwrap();
        prop_assert_eq!(proof.of, expected.len() as u64);
        // Written and read back in one go, it is the same.
        let mut sink = Sink::Spool(Spool::new(&Spool::default_dir()));
        prop_assert_eq!(write(&view, &mut sink, &Memory::new(expected.clone())).unwrap(), proof);
        let Sink::Spool(spool) = sink else { unreachable!() };
        let spool = spool.finish().unwrap();
        prop_assert_eq!(spool.bytes(spool.span(), u64::MAX).unwrap(), &expected[..]);
        // What lies in memory is lent as it is.
        let mut lent = Vec::new();
        each_block(&view, view.span(), |block| lent.extend_from_slice(block)).unwrap();
        prop_assert_eq!(lent, expected);
    }

    #[test]
    fn reading_byte_by_byte_changes_nothing(steps in proptest::collection::vec(step(), 1..20).prop_filter("clear", |s| is_clear(s))) {
        let (source, draft, expected) = build(&steps);
        let view = View::new(draft.seal().unwrap(), Arc::new(Miser(source))).unwrap();
        let miser: Shared = Arc::new(Miser(Arc::new(view)));
        prop_assert_eq!(miser.bytes(miser.span(), u64::MAX).unwrap(), expected);
    }

    #[test]
    fn any_flipped_byte_is_damage(steps in proptest::collection::vec(step(), 1..20).prop_filter("clear", |s| is_clear(s)), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (source, draft, mut result) = build(&steps);
        prop_assume!(!result.is_empty());
        let view = View::new(draft.seal().unwrap(), source).unwrap();
        let at = at.index(result.len());
        result[at] ^= 1 << bit;
        let refusal = prove(&view, &Memory::new(result.clone())).unwrap_err();
        prop_assert_eq!(refusal.code(), Code::Damaged);
        let refusal = prove(&view, &Miser(Memory::shared(result.clone()))).unwrap_err();
        prop_assert_eq!(refusal.code(), Code::Damaged);
        let sink = || Sink::Spool(Spool::new(&Spool::default_dir()));
        prop_assert_eq!(write(&view, &mut sink(), &Memory::new(result.clone())).unwrap_err().code(), Code::Damaged);
        result[at] ^= 1 << bit;
        result.push(0);
        prop_assert_eq!(write(&view, &mut sink(), &Memory::new(result)).unwrap_err().code(), Code::Damaged);
    }

    #[test]
    fn numbers_come_back(n in any::<u64>(), w in 1u8..9) {
        use Number::*;
        for code in [U8, U16Be, U16Le, U24Be, U24Le, U32Be, U32Le, U64Be, U64Le, Be(w), Vint(w), Syncsafe] {
            let n = n & code.max().checked_next_power_of_two().map_or(u64::MAX, |p| p / 2 - 1);
            let bytes = code.encode(n).unwrap();
            prop_assert_eq!(bytes.len(), code.width());
            prop_assert_eq!(code.decode(&bytes), n);
        }
    }

    #[test]
    fn a_window_is_a_part(bytes in proptest::collection::vec(any::<u8>(), 0..100), a in 0u64..120, b in 0u64..120) {
        let source = Memory::shared(bytes.clone());
        let window = Window::new(source, Span::new(a, b));
        let (a, b) = (a.min(bytes.len() as u64) as usize, b.min(bytes.len() as u64) as usize);
        prop_assert_eq!(window.bytes(window.span(), u64::MAX).unwrap(), bytes.get(a..b).unwrap_or_default());
    }
}

#[test]
fn numbers_too_large_for_their_field_are_refused() {
    assert_eq!(Number::U16Be.encode(65536), None);
    assert_eq!(Number::Vint(1).encode(127), None);
    assert_eq!(Number::Vint(1).encode(126), Some(vec![0xfe]));
    assert_eq!(Number::Syncsafe.encode(257), Some(vec![0, 0, 2, 1]));
}

#[test]
fn a_position_of_removed_bytes_is_refused() {
    let source = Memory::shared(*b"....secretkept");
    let mut draft = Draft::new(&source);
    draft.reframe(Span::new(0, 4), "offset", Fate::Position { of: 6, origin: 0, code: Number::U32Be });
    draft.remove(Span::new(4, 10), "gone", Finding::removed("test", "thing", Tells::Unknown));
    draft.frame(Span::new(10, 14), "kept");
    assert_eq!(View::new(draft.seal().unwrap(), source).err().unwrap().code(), Code::Malformed);
}

#[test]
fn tables_of_offsets_follow_what_they_point_at() {
    // Two offsets, one dropped run of four bytes, two targets.
    let source = Memory::shared(*b"\0\0\0\x08\0\0\0\x0eAAxxxxBB");
    let mut draft = Draft::new(&source);
    draft.reframe(Span::new(0, 8), "table", Fate::Offsets { origin: 0, code: Number::U32Be });
    draft.essence(Span::new(8, 10), "a");
    draft.remove(Span::new(10, 14), "gone", Finding::removed("test", "thing", Tells::Unknown));
    draft.essence(Span::new(14, 16), "b");
    let view = View::new(draft.seal().unwrap(), source).unwrap();
    assert_eq!(view.bytes(view.span(), 100).unwrap(), b"\0\0\0\x08\0\0\0\x0aAABB");
    // Read from the middle of a number, too.
    assert_eq!(view.bytes(Span::new(6, 9), 100).unwrap(), b"\0\x0aA");
}

#[test]
fn offsets_count_from_their_origin() {
    let source = Memory::shared(*b"junk\0\0\0\x06..AA");
    let mut draft = Draft::new(&source);
    draft.remove(Span::new(0, 4), "junk", Finding::removed("test", "thing", Tells::Unknown));
    draft.reframe(Span::new(4, 8), "table", Fate::Offsets { origin: 4, code: Number::U32Be });
    draft.remove(Span::new(8, 10), "gone", Finding::removed("test", "thing", Tells::Unknown));
    draft.essence(Span::new(10, 12), "a");
    let view = View::new(draft.seal().unwrap(), source).unwrap();
    assert_eq!(view.bytes(view.span(), 100).unwrap(), b"\0\0\0\x04AA");
}

#[test]
fn a_spool_larger_than_its_memory_comes_back_whole() {
    use std::io::Write;
    let mut spool = Spool::new(&Spool::default_dir());
    let block: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    for _ in 0..5 {
        spool.write_all(&block).unwrap();
    }
    let source = spool.finish().unwrap();
    assert_eq!(source.len(), 3_500_000);
    assert_eq!(source.bytes(Span::new(700_000, 1_400_000), u64::MAX).unwrap(), block);
    assert_eq!(source.bytes(Span::new(2_800_000, 3_500_000), u64::MAX).unwrap(), block);
}
