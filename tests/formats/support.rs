//! One way to clean bytes and to ask questions about the outcome. Planted secrets contain `CANARY`, content that must stay
//! contains `KEEPME`; both conventions hold for samples and for bytes made in tests.

#![allow(dead_code)]

use std::io::Read;
use std::path::{Path, PathBuf};

use metascrub::clean::{self, Cleaned, Job};
use metascrub::finding::Finding;
use metascrub::policy::{Limits, Policy};
use metascrub::refusal::{Code, Refusal};
use metascrub::source::{Memory, Spool};

/// A cleaned file and all that is known about it.
pub struct Clean {
    pub bytes: Vec<u8>,
    pub cleaned: Cleaned,
    pub input: Vec<u8>,
}

/// Cleans `bytes` called `name` under `policy`, all four looks on, and demands that cleaning twice is cleaning once.
pub fn scrub_under(policy: &Policy, name: &str, bytes: &[u8]) -> Result<Clean, Refusal> {
    let limits = Limits::default();
    let job = Job::new(policy, &limits, name, &Spool::default_dir());
    let (cleaned, result, _) = clean::to_spool(&job, &Memory::shared(bytes))?;
    let out = result.bytes(result.span(), u64::MAX)?;
    let (twice, again, _) = clean::to_spool(&job, &Memory::shared(out.clone()))?;
    assert!(twice.is_identity(), "{name}: cleaning twice is not cleaning once");
    assert_eq!(again.bytes(again.span(), u64::MAX)?, out, "{name}: cleaning twice is not cleaning once");
    Ok(Clean { bytes: out, cleaned, input: bytes.to_vec() })
}

/// The same under the default policy.
pub fn scrub(name: &str, bytes: &[u8]) -> Result<Clean, Refusal> {
    scrub_under(&Policy::default(), name, bytes)
}

/// The refusal of bytes that must be refused.
pub fn refusal(name: &str, bytes: &[u8]) -> Refusal {
    match scrub(name, bytes) {
        Ok(_) => panic!("{name}: cleaned, but should have been refused"),
        Err(r) => r,
    }
}

/// Cuts `bytes` at every length (every `step`-th for long ones) and demands a refusal or a proved result, never a panic,
/// never an internal fault.
pub fn truncate_everywhere(name: &str, bytes: &[u8], step: usize) {
    for len in (0..bytes.len()).step_by(step.max(1)) {
        if let Err(r) = scrub(name, &bytes[..len]) {
            assert!(!matches!(r.code(), Code::Internal | Code::Damaged), "{name} cut at {len}: {r}");
        }
    }
}

impl Clean {
    /// No planted secret stands in the result, raw or unpacked, as UTF-8 or UTF-16.
    #[track_caller]
    pub fn tells_nothing(&self) -> &Clean {
        if let Some(what) = find_secret(&self.bytes, "CANARY") {
            panic!("a secret survived: {what}");
        }
        self
    }

    /// The input held at least this many planted secrets, so that their absence means something.
    #[track_caller]
    pub fn had_secrets(&self) -> &Clean {
        assert!(find_secret(&self.input, "CANARY").is_some(), "the input holds no secret; the test asserts nothing");
        self
    }

    /// Something changed.
    #[track_caller]
    pub fn changed(&self) -> &Clean {
        assert!(!self.cleaned.is_identity(), "nothing was removed");
        self
    }

    /// Nothing changed.
    #[track_caller]
    pub fn unchanged(&self) -> &Clean {
        assert!(self.cleaned.is_identity(), "something was removed: {:?}", self.cleaned.findings());
        self
    }

    /// A finding with this label is there.
    #[track_caller]
    pub fn found(&self, label: &str) -> &Finding {
        let all = self.cleaned.findings();
        all.iter().find(|f| f.label == label).unwrap_or_else(|| panic!("no finding '{label}' among {all:#?}"))
    }
}

/// Looks for `needle` as UTF-8 and UTF-16 in bytes and in every zlib stream and deflated ZIP member inside them, nested too.
pub fn find_secret(bytes: &[u8], needle: &str) -> Option<String> {
    let le: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = needle.encode_utf16().flat_map(u16::to_be_bytes).collect();
    search(bytes, &[needle.as_bytes(), &le, &be], 4)
}

fn search(bytes: &[u8], needles: &[&[u8]], depth: u8) -> Option<String> {
    for needle in needles {
        if let Some(at) = memchr::memmem::find(bytes, needle) {
            let end = (at + 48).min(bytes.len());
            return Some(format!("{} at {at}", bytes[at..end].escape_ascii()));
        }
    }
    if depth == 0 {
        return None;
    }
    let zlib = |i: usize| bytes[i] == 0x78 && matches!(bytes[i + 1], 0x01 | 0x5e | 0x9c | 0xda);
    for i in (0..bytes.len().saturating_sub(2)).filter(|i| zlib(*i)) {
        let mut out = Vec::new();
        let _ = flate2::read::ZlibDecoder::new(&bytes[i..]).take(16 << 20).read_to_end(&mut out);
        if out.len() > 8
            && let Some(found) = search(&out, needles, depth - 1)
        {
            return Some(format!("{found}, inflated from {i}"));
        }
    }
    for i in memchr::memmem::find_iter(bytes, b"PK\x03\x04") {
        let Some(h) = bytes.get(i..i + 30) else { continue };
        let data = i + 30 + usize::from(u16::from_le_bytes([h[26], h[27]])) + usize::from(u16::from_le_bytes([h[28], h[29]]));
        if h[8] == 8 && data < bytes.len() {
            let mut out = Vec::new();
            let _ = flate2::read::DeflateDecoder::new(&bytes[data..]).take(16 << 20).read_to_end(&mut out);
            if let Some(found) = search(&out, needles, depth - 1) {
                return Some(format!("{found}, in the member at {i}"));
            }
        }
    }
    None
}

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Every file below `dir`, sorted.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { todo.push(path) } else { out.push(path) }
        }
    }
    out.sort();
    out
}

/// A message unit of H.264 with a payload of a private kind, and what stands in its place in the result: filler as long.
pub fn message(payload: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let unit = |kind: u8, body: &[u8]| [&[6, kind, body.len() as u8], body, &[0x80]].concat();
    (unit(5, payload), unit(3, &vec![0xff; payload.len()]))
}
