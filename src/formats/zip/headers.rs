//! The headers of a member as we write them: one time, one system, a mode that tells no more than whether it can be run, no
//! extra fields but the sizes that do not fit. And what the headers that stood there told.

use std::collections::BTreeMap;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::zip::{
    DESCRIPTOR, Entry, LOCAL, LZMA, MARKED_END, RECORD, UTF8, X_UNICODE_PATH, X_ZIP64, extras, u16_at, u32_at,
};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// 1980-01-01 00:00:00, the first moment there is in a ZIP: time, then date. [APPNOTE 4.4.6]
const FIRST_MOMENT: [u8; 4] = [0, 0, 0x21, 0];
/// Unix. [APPNOTE 4.4.2]
const UNIX: u8 = 3;
/// The version of the specification that is needed: 2.0, and 4.5 for ZIP64. [APPNOTE 4.4.3]
const PLAIN: u16 = 20;
const WIDE: u16 = 45;
/// What a size or a position says when the true one is in the ZIP64 field.
const SATURATED: u32 = u32::MAX;

/// File types in a Unix mode.
const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFIFO: u32 = 0o010_000;
const S_IFLNK: u32 = 0o120_000;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A file that can be run.
    Program,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
}

/// What a member is, by its name and its attributes.
///
/// # Errors
/// `Unsupported` for devices, pipes and sockets; `Malformed` for a folder with content.
pub fn kind(entry: &Entry) -> Result<Kind> {
    let mode = match entry.system() {
        UNIX | 19 => entry.attributes() >> 16,
        _ => 0,
    };
    let named_folder = entry.name.ends_with(b"/") || (entry.system() != UNIX && entry.name.ends_with(b"\\"));
    let marked = mode & S_IFMT == S_IFDIR || (mode & S_IFMT == 0 && entry.attributes() & 0x10 != 0);
    let kind = match mode & S_IFMT {
        _ if named_folder || (marked && entry.unpacked == 0) => Kind::Folder,
        S_IFLNK => Kind::Link,
        0 | S_IFREG | S_IFDIR if mode & 0o111 != 0 && !marked => Kind::Program,
        0 | S_IFREG | S_IFDIR => Kind::File,
        // What a program was given through a pipe, Info-ZIP marks as one; it is a file by its content.
        S_IFIFO if entry.unpacked != 0 => Kind::File,
        _ => return Err(Refusal::unsupported("a device, a pipe or a socket in an archive")),
    };
    if kind == Kind::Folder && entry.unpacked != 0 {
        return Err(Refusal::malformed("a folder with content of its own", entry.header.fixed.start));
    }
    Ok(kind)
}

fn attributes(kind: Kind) -> u32 {
    match kind {
        Kind::File => (S_IFREG | 0o644) << 16,
        Kind::Program => (S_IFREG | 0o755) << 16,
        Kind::Folder => (S_IFDIR | 0o755) << 16 | 0x10,
        Kind::Link => (S_IFLNK | 0o777) << 16,
    }
}

/// What the headers of a member have to say.
pub struct Facts {
    /// The name.
    pub name: Vec<u8>,
    /// The compression method.
    pub method: u16,
    /// CRC-32 of the unpacked data.
    pub crc: u32,
    /// Packed size.
    pub packed: u64,
    /// Unpacked size.
    pub unpacked: u64,
}

impl Facts {
    /// The sizes that do not fit into four bytes, in the order of the ZIP64 field.
    fn large(&self) -> impl Iterator<Item = u64> {
        [self.unpacked, self.packed].into_iter().filter(|n| *n >= SATURATED.into())
    }

    /// Whether the sizes need the ZIP64 field.
    pub fn is_large(&self) -> bool {
        self.large().next().is_some()
    }

    /// The extra field of the local header, which has both sizes or does not exist. [APPNOTE 4.5.3]
    pub fn local_extra(&self) -> Vec<u8> {
        let sizes: Vec<u64> = if self.is_large() { vec![self.unpacked, self.packed] } else { Vec::new() };
        zip64(&sizes, 0)
    }

    /// The extra field of the record, but for the position at its end, which is only made room for.
    pub fn record_extra(&self, far: bool) -> Vec<u8> {
        let sizes: Vec<u64> = self.large().collect();
        zip64(&sizes, if far { 8 } else { 0 })
    }

    fn flags(&self, entry: &Entry) -> u16 {
        let name = if !self.name.is_ascii() && std::str::from_utf8(&self.name).is_ok() { UTF8 } else { 0 };
        // Without it readers of LZMA would not look for the mark at the end. [APPNOTE 5.8.9]
        name | if self.method == LZMA { entry.flags & MARKED_END } else { 0 }
    }

    fn narrow(&self, size: u64, both: bool) -> [u8; 4] {
        let wide = if both { self.is_large() } else { size >= SATURATED.into() };
        if wide { SATURATED.to_le_bytes() } else { (size as u32).to_le_bytes() }
    }

    /// The fixed part of the local header.
    pub fn local(&self, job: &Job, entry: &Entry) -> [u8; 30] {
        let mut h = [0; 30];
        put(&mut h, 0, LOCAL);
        put(&mut h, 4, &version(self.is_large(), self.method).to_le_bytes());
        put(&mut h, 6, &self.flags(entry).to_le_bytes());
        put(&mut h, 8, &self.method.to_le_bytes());
        put(&mut h, 10, &moment(job, &entry.record));
        put(&mut h, 14, &self.crc.to_le_bytes());
        put(&mut h, 18, &self.narrow(self.packed, true));
        put(&mut h, 22, &self.narrow(self.unpacked, true));
        put(&mut h, 26, &(self.name.len() as u16).to_le_bytes());
        put(&mut h, 28, &(self.local_extra().len() as u16).to_le_bytes());
        h
    }

    /// The fixed part of the record, but for the position at its end.
    pub fn record(&self, job: &Job, entry: &Entry, kind: Kind, far: bool) -> [u8; 42] {
        let mut h = [0; 42];
        let version = version(self.is_large() || far, self.method);
        put(&mut h, 0, RECORD);
        put(&mut h, 4, &[version as u8, UNIX]);
        put(&mut h, 6, &version.to_le_bytes());
        put(&mut h, 8, &self.flags(entry).to_le_bytes());
        put(&mut h, 10, &self.method.to_le_bytes());
        put(&mut h, 12, &moment(job, &entry.record));
        put(&mut h, 16, &self.crc.to_le_bytes());
        put(&mut h, 20, &self.narrow(self.packed, false));
        put(&mut h, 24, &self.narrow(self.unpacked, false));
        put(&mut h, 28, &(self.name.len() as u16).to_le_bytes());
        put(&mut h, 30, &(self.record_extra(far).len() as u16).to_le_bytes());
        let attributes = match job.keeps(Token::EntryMode) && entry.system() == UNIX {
            true => entry.attributes(),
            false => attributes(kind),
        };
        put(&mut h, 38, &attributes.to_le_bytes());
        h
    }
}

fn moment(job: &Job, record: &[u8; 46]) -> [u8; 4] {
    match job.keeps(Token::EntryTimes) {
        true => [record[12], record[13], record[14], record[15]],
        false => FIRST_MOMENT,
    }
}

fn version(wide: bool, method: u16) -> u16 {
    let method = match method {
        9 => 21,
        12 => 46,
        14 | 93 | 95 | 98 => 63,
        _ => PLAIN,
    };
    method.max(if wide { WIDE } else { PLAIN })
}

/// A ZIP64 field with these numbers and room for `more` bytes; nothing where there are neither.
fn zip64(numbers: &[u64], more: usize) -> Vec<u8> {
    let len = numbers.len() * 8 + more;
    if len == 0 {
        return Vec::new();
    }
    let mut out = [X_ZIP64.to_le_bytes(), (len as u16).to_le_bytes()].concat();
    out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
    out.resize(4 + len, 0);
    out
}

fn put(to: &mut [u8], at: usize, bytes: &[u8]) {
    to[at..at + bytes.len()].copy_from_slice(bytes);
}

/// What the headers of all members told, said once for the archive.
#[derive(Default)]
pub struct Told {
    times: Vec<[u8; 4]>,
    packer: bool,
    modes: bool,
    extras: BTreeMap<u16, (u64, Option<String>)>,
    slack: u64,
}

impl Told {
    /// Notes what differs between the headers of a member as they stand and as they will.
    pub fn compare(&mut self, entry: &Entry, local: &[u8; 30], record: &[u8; 42]) {
        for (old, new) in [(&entry.local[10..14], &local[10..14]), (&entry.record[12..16], &record[12..16])] {
            if old != new {
                self.times.push([old[0], old[1], old[2], old[3]]);
            }
        }
        let old =
            [&entry.local[4..8], &entry.record[4..10], &entry.record[34..38], &entry.descriptor.len().to_le_bytes()].concat();
        let new = [&local[4..8], &record[4..10], &record[34..38], &[0; 8]].concat();
        self.packer |= old != new;
        self.modes |= entry.record[38..42] != record[38..42];
        // The record is written with the sizes of the local header, which a streaming packer may have left open.
        self.packer |= entry.local[14..26] != local[14..26] && entry.local[14..26] == [0; 12];
    }

    /// Notes that a record at the end changes, which tells of the packer.
    pub fn packer(&mut self) {
        self.packer = true;
    }

    /// Notes extra fields that go.
    pub fn extras(&mut self, bytes: &[u8]) {
        for extra in extras(bytes) {
            let size = extra.data.len() as u64;
            match extra.id {
                None => self.slack += size,
                Some(id) => {
                    let seen = self.extras.entry(id).or_default();
                    seen.0 += size + 4;
                    seen.1 = seen.1.take().or_else(|| owner(id, extra.data));
                }
            }
        }
    }

    /// Everything noted, as findings.
    pub fn findings(mut self) -> Vec<Finding> {
        let mut out = Vec::new();
        self.times.sort_by_key(|t| (u16_at(t, 2), u16_at(t, 0)));
        if let (Some(first), Some(last)) = (self.times.first(), self.times.last()) {
            let span = if first == last { date(first) } else { format!("{} to {}", date(first), date(last)) };
            out.push(Finding::rewritten("ZIP", "times of members", Tells::When).value(span));
        }
        if self.modes {
            out.push(Finding::rewritten("ZIP", "permissions and attributes of members", Tells::Software));
        }
        if self.packer {
            out.push(Finding::rewritten("ZIP", "system and settings of the packer", Tells::Software));
        }
        for (id, (bytes, value)) in self.extras {
            let (label, tells) = field(id);
            let found = Finding::removed("ZIP", label, tells).bytes(bytes);
            out.push(if let Some(value) = value { found.value(value) } else { found });
        }
        if self.slack > 0 {
            out.push(Finding::removed("ZIP", "bytes after the extra fields", Tells::Hidden).bytes(self.slack));
        }
        out
    }
}

/// A DOS time and date as people write it.
fn date(raw: &[u8; 4]) -> String {
    let (t, d) = (u16_at(raw, 0), u16_at(raw, 2));
    let (year, month, day) = (1980 + (d >> 9), d >> 5 & 15, d & 31);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", t >> 11, t >> 5 & 63, (t & 31) * 2)
}

/// The owner that an Info-ZIP field names.
fn owner(id: u16, data: &[u8]) -> Option<String> {
    let number = |at: usize| -> Option<(u32, usize)> {
        let len = usize::from(*data.get(at)?);
        let digits = data.get(at + 1..at + 1 + len)?;
        Some((u32_at(&[digits, &[0; 4]].concat(), 0), at + 1 + len))
    };
    match id {
        0x7875 => {
            let (uid, next) = number(1)?;
            let (gid, _) = number(next)?;
            Some(format!("user {uid}, group {gid}"))
        }
        _ => None,
    }
}

/// What an extra field is. [APPNOTE 4.5.2, 4.6.1; Info-ZIP extrafld.txt]
fn field(id: u16) -> (&'static str, Tells) {
    match id {
        X_ZIP64 => ("sizes in a form that is not needed", Tells::Software),
        0x5455 => ("Unix times of members", Tells::When),
        0x000a => ("Windows times of members", Tells::When),
        0x7875 | 0x7855 | 0x5855 | 0x000d | 0x756e => ("owners of members", Tells::Who),
        0x4453 => ("Windows security descriptors", Tells::Who),
        0x0009 | 0x334d | 0x2605 | 0x2705 | 0x2805 | 0x07c8 | 0x4d49 | 0x7441 | 0x4690 => {
            ("attributes of the system that packed it", Tells::Software)
        }
        0x6375 => ("Unicode comments of members", Tells::Text),
        X_UNICODE_PATH => ("second names of members", Tells::Text),
        0x0014..=0x0019 => ("signatures and certificates", Tells::Who),
        0xa11e | 0xd935 => ("alignment of members", Tells::Software),
        0xcafe => ("Java marks", Tells::Software),
        _ => ("unknown extra fields", Tells::Unknown),
    }
}

/// Whether these bytes are a descriptor that stands where none is needed.
pub fn is_descriptor(bytes: &[u8]) -> bool {
    bytes.starts_with(DESCRIPTOR) && matches!(bytes.len(), 16 | 24)
}

/// A member that cannot be looked at for a reason of its archive.
pub fn within(entry: &Entry, refusal: Refusal) -> Refusal {
    match refusal.code() {
        Code::Write | Code::Read => refusal,
        _ => refusal.within(&String::from_utf8_lossy(&entry.name)),
    }
}
