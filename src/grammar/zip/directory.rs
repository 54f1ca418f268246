//! The records of the directory, each with the local header it points to.

use super::{
    ENCRYPTED, Entry, Header, LOCAL, MASKED, RECORD, STREAMED, STRONG, X_AES, X_UNICODE_PATH, encrypted, extras, u16_at, u32_at,
    u64_at, widen,
};
use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Source, Span};

/// Method number that stands for WinZip's AES; the true one is in an extra field.
const AES: u16 = 99;

/// Reads `count` records in `span`, whose positions count from `base`, with their local headers.
pub(super) fn read(source: &dyn Source, span: Span, count: u64, base: u64) -> Result<Vec<Entry>> {
    let mut cursor = Cursor::new(source, span);
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(record(source, &mut cursor, base, span.start)?);
    }
    // What may follow is a digital signature of the directory [APPNOTE 4.3.13]; another record is a lie about the count.
    if cursor.left() >= 4 && &cursor.look::<4>()? == RECORD {
        return Err(Refusal::malformed("the directory lists more members than it says", cursor.at()));
    }
    Ok(entries)
}

fn record(source: &dyn Source, cursor: &mut Cursor, base: u64, directory: u64) -> Result<Entry> {
    let at = cursor.at();
    let record = cursor.array::<46>()?;
    if !record.starts_with(RECORD) {
        return Err(Refusal::malformed("a record of the directory is damaged", at));
    }
    let fixed = Span::new(at, cursor.at());
    let name_span = cursor.skip(u16_at(&record, 28).into())?;
    let extra_span = cursor.skip(u16_at(&record, 30).into())?;
    let comment = cursor.skip(u16_at(&record, 32).into())?;
    let name = source.bytes(name_span, u16::MAX.into())?;
    let extra = source.bytes(extra_span, u16::MAX.into())?;
    let (mut packed, mut unpacked, mut offset) =
        (u32_at(&record, 20).into(), u32_at(&record, 24).into(), u32_at(&record, 42).into());
    widen(&extra, &mut [&mut unpacked, &mut packed, &mut offset]).map_err(|what| Refusal::malformed(what, at))?;
    let mut entry = Entry {
        unicode: None,
        record,
        local: [0; 30],
        flags: u16_at(&record, 8),
        method: u16_at(&record, 10),
        crc: u32_at(&record, 16),
        packed,
        unpacked,
        central: Header { fixed, name: name_span, extra: extra_span },
        comment,
        header: Header::default(),
        data: Span::default(),
        descriptor: Span::default(),
        name,
    };
    is_open(&entry, &extra)?;
    let start = offset.checked_add(base).filter(|s| *s < directory);
    let start = start.ok_or_else(|| Refusal::malformed("a member lies outside of the archive", at))?;
    local(source, &mut entry, start, directory, &extra)?;
    Ok(entry)
}

/// Fails where the member is locked, by whichever of the four signs. [APPNOTE 4.4.4, 7]
fn is_open(entry: &Entry, extra: &[u8]) -> Result<()> {
    let flagged = entry.flags & (ENCRYPTED | STRONG | MASKED) != 0;
    if flagged || entry.method == AES || extras(extra).iter().any(|x| x.id == Some(X_AES)) {
        return Err(encrypted(&entry.name));
    }
    Ok(())
}

/// Reads the local header at `start` and holds it against the record.
fn local(source: &dyn Source, entry: &mut Entry, start: u64, directory: u64, central: &[u8]) -> Result<()> {
    let lies = |what: &'static str| Refusal::malformed(what, start).within(&String::from_utf8_lossy(&entry.name));
    // One read for nearly every header: the fixed part, the name and the usual extra fields.
    let head = source::head(source, start, 30 + entry.name.len() + 96)?;
    let fixed: [u8; 30] = head.get(..30).and_then(|h| h.try_into().ok()).ok_or_else(|| lies("a member is cut off"))?;
    if !fixed.starts_with(LOCAL) {
        return Err(lies("there is no member where the directory says"));
    }
    let (names, more) = (usize::from(u16_at(&fixed, 26)), usize::from(u16_at(&fixed, 28)));
    let bytes = match head.len() >= 30 + names + more {
        true => head,
        false => source::head(source, start, 30 + names + more)?,
    };
    let (Some(name), Some(extra)) = (bytes.get(30..30 + names), bytes.get(30 + names..30 + names + more)) else {
        return Err(lies("a member is cut off"));
    };
    let flags = u16_at(&fixed, 6);
    if name != entry.name {
        return Err(lies("a member has one name in the directory and another in front of its data"));
    }
    if u16_at(&fixed, 8) != entry.method {
        return Err(lies("a member and the directory disagree about its compression"));
    }
    let (mut packed, mut unpacked) = (u32_at(&fixed, 18).into(), u32_at(&fixed, 22).into());
    widen(extra, &mut [&mut unpacked, &mut packed]).map_err(lies)?;
    let streamed = flags & STREAMED != 0;
    let agree = |here: u64, there: u64| here == there || (streamed && here == 0);
    if !agree(packed, entry.packed) || !agree(unpacked, entry.unpacked) {
        // A streaming packer may have left the sizes open in eight-byte form without knowing them. [APPNOTE 4.3.9.2]
        let open = streamed && u32_at(&fixed, 18) == u32::MAX && u32_at(&fixed, 22) == u32::MAX;
        if !open {
            return Err(lies("a member and the directory disagree about its size"));
        }
    }
    if !agree(u32_at(&fixed, 14).into(), entry.crc.into()) {
        return Err(lies("a member and the directory disagree about its checksum"));
    }
    let unicode = unicode_path(central, name).or_else(|| unicode_path(extra, name));
    if let Some(here) = unicode_path(extra, name)
        && unicode.as_ref() != Some(&here)
    {
        return Err(lies("a member has two Unicode names"));
    }
    let name_at = start + 30;
    let extra_at = name_at + names as u64;
    let data_at = extra_at + more as u64;
    let data = Span::at(data_at, entry.packed).filter(|d| d.end <= directory);
    let data = data.ok_or_else(|| lies("a member runs into the directory"))?;
    let descriptor = match (flags | entry.flags) & STREAMED != 0 {
        true => descriptor(source, entry, data.end, directory)?,
        false => Span::new(data.end, data.end),
    };
    entry.unicode = unicode;
    entry.flags |= flags;
    is_open(entry, extra)?;
    entry.header =
        Header { fixed: Span::new(start, name_at), name: Span::new(name_at, extra_at), extra: Span::new(extra_at, data_at) };
    (entry.local, entry.data, entry.descriptor) = (fixed, data, descriptor);
    Ok(())
}

/// The name in UTF-8, unless it belongs to an earlier name: the member was renamed by a program that did not know it.
fn unicode_path(extra: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let field = extras(extra).into_iter().find(|x| x.id == Some(X_UNICODE_PATH))?;
    let (head, path) = field.data.split_at_checked(5)?;
    let applies = head[0] == 1 && u32_at(head, 1) == crc32fast::hash(name) && !path.is_empty();
    (applies && std::str::from_utf8(path).is_ok()).then(|| path.to_vec())
}

/// The descriptor at `at`: with its signature or without, with sizes of four bytes or of eight, whichever agrees with the
/// directory; none where nothing there does. [APPNOTE 4.3.9]
fn descriptor(source: &dyn Source, entry: &Entry, at: u64, directory: u64) -> Result<Span> {
    let bytes = source::head(source, at, 24.min(directory.saturating_sub(at)) as usize)?;
    let signed = bytes.starts_with(super::DESCRIPTOR);
    let body = if signed { &bytes[4..] } else { &bytes[..] };
    let narrow = body.len() >= 12 && u64::from(u32_at(body, 4)) == entry.packed && u64::from(u32_at(body, 8)) == entry.unpacked;
    let wide = body.len() >= 20 && u64_at(body, 4) == entry.packed && u64_at(body, 12) == entry.unpacked;
    let crc = u32_at(body, 0) == entry.crc;
    let head = if signed { 4 } else { 0 };
    match (crc && wide, crc && narrow) {
        (true, _) => Ok(Span::new(at, at + head + 20)),
        (_, true) => Ok(Span::new(at, at + head + 12)),
        _ if signed => {
            let lie = Refusal::malformed("a member's descriptor and the directory disagree", at);
            Err(lie.within(&String::from_utf8_lossy(&entry.name)))
        }
        _ => Ok(Span::new(at, at)),
    }
}
