//! Any bytes, through the whole pipeline: no panic, no hang; refused, or sealed, proved and clean; a source that gives one
//! byte a read changes nothing. The bytes begin like the samples, since pure noise would be declined at the door.

use std::io;
use std::path::Path;
use std::sync::Arc;

use metascrub::clean::{self, Job};
use metascrub::policy::{Limits, Policy};
use metascrub::refusal::{Code, Refusal};
use metascrub::source::{Memory, Shared, Source, Spool};
use proptest::prelude::*;

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

/// Every sample small enough to be mutated often, with its name; `SEEDS=jpeg` takes those with that in their path.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let wanted = std::env::var("SEEDS").unwrap_or_default();
    let mut todo = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")];
    while let Some(dir) = todo.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&dir).unwrap().flatten().map(|e| e.path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                todo.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && bytes.len() < 100_000
                && path.to_string_lossy().contains(&wanted)
            {
                out.push((path.file_name().unwrap().to_str().unwrap().to_owned(), bytes));
            }
        }
    }
    assert!(!out.is_empty(), "no samples to mutate");
    out
}

fn run(name: &str, source: &Shared) -> Result<Vec<u8>, Refusal> {
    let (policy, limits) = (Policy::default(), Limits::default());
    let job = Job::new(&policy, &limits, name, &Spool::default_dir());
    let (_, result, _) = clean::to_spool(&job, source)?;
    Ok(result.bytes(result.span(), u64::MAX)?)
}

/// What may never happen, whatever the bytes.
fn check(name: &str, bytes: &[u8]) {
    let limit = std::time::Instant::now();
    match run(name, &Memory::shared(bytes)) {
        Ok(out) => {
            let twice = run(name, &Memory::shared(out.clone())).unwrap_or_else(|r| panic!("{name}: its result is refused: {r}"));
            assert!(twice == out, "{name}: cleaning twice is not cleaning once");
        }
        // A fault of ours, or a result that had to be thrown away: the file is safe, but the format has a hole.
        Err(r) => {
            assert!(!matches!(r.code(), Code::Internal | Code::Damaged | Code::Leftover), "{name}: {}: {r}", r.code().name())
        }
    }
    assert!(limit.elapsed().as_secs() < 20, "{name}: slow");
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, u8),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use prop::sample::Index;
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(a, b)| Mutation::Flip(a, b)),
        1 => any::<Index>().prop_map(Mutation::Cut),
        2 => (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..12)).prop_map(|(a, b)| Mutation::Insert(a, b)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(a, b)| Mutation::Remove(a, b)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Mutation::Repeat(a, b)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for m in mutations {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match m {
            Mutation::Flip(at, with) => bytes[at.index(len)] ^= with,
            Mutation::Cut(at) => bytes.truncate(at.index(len)),
            Mutation::Insert(at, new) => _ = bytes.splice(at.index(len)..at.index(len), new.iter().copied()),
            Mutation::Remove(at, n) => {
                let at = at.index(len);
                bytes.drain(at..(at + usize::from(*n)).min(len));
            }
            Mutation::Repeat(a, b) => {
                let (a, b) = (a.index(len).min(b.index(len)), a.index(len).max(b.index(len)));
                let part = bytes[a..b].to_vec();
                bytes.splice(b..b, part);
            }
        }
    }
}

/// How often each sample is mutated; `MUTATIONS=2000` for a long look.
fn rounds() -> u32 {
    std::env::var("MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(24)
}

#[test]
fn mutated_samples_are_refused_or_proved() {
    for (name, seed) in seeds() {
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(
            proptest::test_runner::Config { cases: rounds(), failure_persistence: None, ..Default::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let strategy = proptest::collection::vec(mutation(), 1..6);
        runner
            .run(&strategy, |mutations| {
                let mut bytes = seed.clone();
                mutate(&mut bytes, &mutations);
                check(&name, &bytes);
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn a_source_that_gives_one_byte_a_read_changes_nothing() {
    for (name, seed) in seeds().into_iter().filter(|(_, b)| b.len() < 30_000) {
        let whole = run(&name, &Memory::shared(seed.clone())).unwrap_or_else(|r| panic!("{name}: {r}"));
        let miser: Shared = Arc::new(Miser(Memory::shared(seed)));
        assert!(run(&name, &miser).unwrap() == whole, "{name}");
    }
}

proptest! {
    #[test]
    fn noise_is_declined(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check("noise.bin", &bytes);
        check("noise.txt", &bytes);
    }
}
