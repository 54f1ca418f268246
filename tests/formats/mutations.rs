//! Samples with a few bytes changed, cut out, moved or added: refused in plain words, or cleaned and proved; never a fault
//! of ours. The changes are the same in every run.

use crate::support::*;
use metascrub::grammar::cfb::{self, Content};
use metascrub::policy::Policy;
use metascrub::refusal::Code;

/// A small generator of numbers that look random. [Marsaglia, Xorshift RNGs]
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = if self.below(3) == 0 { self.below(bytes.len().min(80)) } else { self.below(bytes.len()) };
        let end = (at + self.below(40)).min(bytes.len());
        match self.below(6) {
            0 => bytes[at] = self.below(256) as u8,
            1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at..end].fill(if self.below(2) == 0 { 0 } else { 255 }),
            3 => bytes.truncate(at.max(1)),
            4 => drop(bytes.drain(at..end)),
            _ => {
                let (part, to) = (bytes[at..end].to_vec(), self.below(bytes.len()));
                bytes.splice(to..to, part);
            }
        }
    }
}

/// Gives every chunk of a PNG a right checksum, so that changes are not refused for that alone.
fn right_checksums(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let end = at + 8 + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        if bytes.len() < end + 4 {
            return;
        }
        let crc = crc32fast::hash(&bytes[at + 4..end]).to_be_bytes();
        bytes[end..end + 4].copy_from_slice(&crc);
        at = end + 4;
    }
}

/// The same for the pages of an Ogg file.
fn right_page_checksums(bytes: &mut [u8]) {
    let starts: Vec<usize> = memchr::memmem::find_iter(bytes, b"OggS").collect();
    for at in starts {
        let Some(lacing) = bytes.get(at + 26).and_then(|n| bytes.get(at + 27..at + 27 + usize::from(*n))) else { continue };
        let end = at + 27 + lacing.len() + lacing.iter().map(|n| usize::from(*n)).sum::<usize>();
        let Some(page) = bytes.get_mut(at..end) else { continue };
        page[22..26].fill(0);
        let crc = ogg_checksum(page);
        page[22..26].copy_from_slice(&crc.to_le_bytes());
    }
}

/// The checksum of Ogg, bit by bit. [RFC 3533 6]
pub fn ogg_checksum(page: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc >> 31 != 0 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
    page.iter().fold(0, |crc: u32, b| (0..8).fold(crc ^ u32::from(*b) << 24, step))
}

/// The same compound file with a few bytes of one of its streams changed, which stay where they can be read.
fn change_inside(dice: &mut Dice, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = cfb::read(bytes).ok()?;
    let mut entry = &mut file;
    loop {
        match &mut entry.content {
            Content::Storage(entries) if !entries.is_empty() => {
                let n = dice.below(entries.len());
                entry = &mut entries[n];
            }
            Content::Stream(data) if !data.is_empty() => {
                for _ in 0..1 + dice.below(4) {
                    if !data.is_empty() {
                        dice.change(data);
                    }
                }
                break;
            }
            _ => return None,
        }
    }
    cfb::write(&file).ok()
}

/// How often each sample is changed; `MUTATIONS=10` is ten times as often.
fn often(rounds: usize) -> usize {
    rounds * std::env::var("MUTATIONS").ok().and_then(|n| n.parse::<usize>().ok()).unwrap_or(1)
}

fn mutate(format: &str, rounds: usize) {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for path in files_below(&root().join("samples").join(format)) {
        let (name, whole) = (path.file_name().unwrap().to_str().unwrap(), std::fs::read(&path).unwrap());
        for _ in 0..often(rounds) {
            let mut bytes = whole.clone();
            for _ in 0..1 + dice.below(4) {
                if !bytes.is_empty() {
                    dice.change(&mut bytes);
                }
            }
            if format == "png" && dice.below(2) == 0 {
                right_checksums(&mut bytes);
            }
            if format == "ogg" && dice.below(2) == 0 {
                right_page_checksums(&mut bytes);
            }
            if matches!(format, "doc" | "xls" | "ppt")
                && dice.below(4) > 0
                && let Some(changed) = change_inside(&mut dice, &whole)
            {
                bytes = changed;
            }
            let policy = if dice.below(2) == 0 { Policy::default() } else { Policy::strict() };
            if let Err(r) = scrub_under(&policy, name, &bytes) {
                let ours = matches!(r.code(), Code::Internal | Code::Damaged | Code::Leftover);
                assert!(!ours, "{name}: {r}: {}", bytes.escape_ascii());
            }
        }
    }
}

#[test]
fn png() {
    mutate("png", 500);
}

#[test]
fn gif() {
    mutate("gif", 500);
}

#[test]
fn webp() {
    mutate("webp", 500);
}

#[test]
fn bmp() {
    mutate("bmp", 500);
}

#[test]
fn ico() {
    mutate("ico", 500);
}

#[test]
fn mp3() {
    mutate("mp3", 500);
}

#[test]
fn flac() {
    mutate("flac", 500);
}

#[test]
fn ogg() {
    mutate("ogg", 500);
}

#[test]
fn wav() {
    mutate("wav", 500);
}

#[test]
fn aiff() {
    mutate("aiff", 500);
}

#[test]
fn mkv() {
    mutate("mkv", 500);
}

#[test]
fn aac() {
    mutate("aac", 500);
}

#[test]
fn html() {
    mutate("html", 300);
}

#[test]
fn css() {
    mutate("css", 300);
}

#[test]
fn svg() {
    mutate("svg", 300);
}

#[test]
fn rtf() {
    mutate("rtf", 300);
}

#[test]
fn amr() {
    mutate("amr", 500);
}

#[test]
fn ape() {
    mutate("ape", 500);
}

#[test]
fn caf() {
    mutate("caf", 500);
}

#[test]
fn dff() {
    mutate("dff", 500);
}

#[test]
fn dsf() {
    mutate("dsf", 500);
}

#[test]
fn midi() {
    mutate("midi", 500);
}

#[test]
fn musepack() {
    mutate("musepack", 500);
}

#[test]
fn tta() {
    mutate("tta", 500);
}

#[test]
fn w64() {
    mutate("w64", 500);
}

#[test]
fn wavpack() {
    mutate("wavpack", 500);
}

#[test]
fn doc() {
    mutate("doc", 300);
}

#[test]
fn xls() {
    mutate("xls", 300);
}

#[test]
fn ppt() {
    mutate("ppt", 300);
}
