//! The header: what players need of the file and of its streams. [Advanced Systems Format Specification 01.20.06, 3 and 4]

use super::{Film, hex};
use crate::finding::{Finding, Tells};
use crate::grammar::asf::{self, Guid, Object, Rest, guid};
use crate::plan::{Fate, Number};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Span;

pub(super) const FILE_PROPERTIES: Guid = guid(0x8cabdca1_a947_11cf_8ee4_00c00c205365);
const STREAM_PROPERTIES: Guid = guid(0xb7dc0791_a9b7_11cf_8ee6_00c00c205365);
const EXTENSION: Guid = guid(0x5fbf03b5_a92e_11cf_8ee3_00c00c205365);
/// What the header extension says of itself. [3.4]
const EXTENSION_IS: Guid = guid(0xabd3d211_a9ba_11cf_8ee6_00c00c205365);
const EXTENDED_STREAM: Guid = guid(0x14e6a5cb_c672_4332_8399_a96952065b5a);
const LANGUAGES: Guid = guid(0x7c4346a9_efe0_4bfc_b229_393ede415c85);
const BITRATES: Guid = guid(0x7bf875ce_468d_11d1_8d82_006097c9a2b2);
const EXTENDED_CONTENT: Guid = guid(0xd2d0a440_e307_11d2_97f0_00a0c95ea850);
const METADATA: Guid = guid(0xc5f8cbea_5baf_4877_8467_aa8c44fa4cca);
const METADATA_LIBRARY: Guid = guid(0x44231c94_9498_49d1_a141_1d134e457054);
const MARKERS: Guid = guid(0xf487cd01_a951_11cf_8ee6_00c00c205365);
const COMPATIBILITY: Guid = guid(0x26f18b5d_4584_47ec_9f5f_0e651f0452c9);

/// Numbers that say which streams exclude each other, share bandwidth, matter more, or are indexed how.
const NUMBERS: &[Guid] = &[
    guid(0xd6e229dc_35da_11d1_9034_00a0c90349be),
    guid(0xa08649cf_4775_4670_8a16_6e35357566cd),
    guid(0xd1465a40_5a79_4338_b71b_e36b8fd6c249),
    guid(0xd4fed15b_88d3_454f_81f0_ed5c45999e24),
    guid(0xa69609e6_517b_11d2_b6af_00c04fd908e9),
    guid(0xd6e229df_35da_11d1_9034_00a0c90349be),
    guid(0x6b203bad_3f11_48e4_aca8_d7613de2cfa7),
    guid(0x75b22635_668e_11cf_a6d9_00aa0062ce6c),
];

/// Copy protection.
const ENCRYPTED: &[Guid] = &[
    guid(0x2211b3fb_bd23_11d2_b4b7_00a0c955fc6e),
    guid(0x298ae614_2622_4c17_b935_dae07ee9289c),
    guid(0x43058533_6981_49e6_9b74_ad12cb86d58c),
];

const AUDIO: Guid = guid(0xf8699e40_5b4d_11cf_a8fd_00805f5c442b);
const VIDEO: Guid = guid(0xbc19efc0_5b4d_11cf_a8fd_00805f5c442b);

/// What payloads have besides: a time code, the name of a file. [4.1]
const TIME_CODE: Guid = guid(0x399595ec_8667_4e2d_8fdb_98814ce76c1e);
const FILE_NAME: Guid = guid(0xe165ec0e_19ed_45d7_b4a7_25cbd1e28e9b);

/// The first of January 1970: what programs that keep no date write, and readers take for none.
const NO_DATE: u64 = 116_444_736_000_000_000;

/// The most that an object of the header may hold.
const LONGEST: u64 = 16 << 20;

impl Film<'_, '_> {
    /// The header object.
    pub(super) fn header(&mut self, header: &Object) -> Result<()> {
        let start = header.span.start;
        self.draft.frame(Span::new(start, start + 16), "header");
        self.draft.reframe(header.size(), "size", Fate::Length { of: header.span, plus: 0, code: Number::U64Le });
        if header.body().len() < 6 {
            return Err(Refusal::malformed("the header is too short", start));
        }
        let (children, rest) = asf::objects(&**self.source, Span::new(start + 30, header.span.end), self.job.limits())?;
        let mut kept = 0u32;
        for child in &children {
            kept += u32::from(self.child(child, false)?);
        }
        // The count, and two reserved bytes. [3.1]
        self.draft.reframe(Span::new(start + 24, start + 28), "count", Fate::put(kept.to_le_bytes()));
        let found = Finding::rewritten("ASF", "reserved bytes", Tells::Hidden);
        self.draft.replace(Span::new(start + 28, start + 30), "reserved", Fate::put([1, 2]), vec![found]);
        self.slack(rest);
        self.draft.otherwise(Finding::rewritten("ASF", "wrong sizes or counts", Tells::Hidden));
        Ok(())
    }

    /// An object of the header; says whether it stays.
    fn child(&mut self, object: &Object, inside: bool) -> Result<bool> {
        if ENCRYPTED.contains(&object.id) {
            return Err(Refusal::new(Code::Drm, "it is protected against copying").at(object.span.start));
        }
        let body = if object.id == EXTENSION { Vec::new() } else { self.source.bytes(object.body(), LONGEST)? };
        let fresh = match object.id {
            FILE_PROPERTIES if !inside => return self.file_properties(object, &body),
            EXTENSION if !inside => return self.extension(object),
            STREAM_PROPERTIES => Some(stream_properties(&body, object.span.start)?),
            EXTENDED_STREAM => Some(self.extended_stream(&body, object.span.start)?),
            LANGUAGES => languages(&body),
            BITRATES => {
                body.get(..2).and_then(|b| body.get(..2 + 6 * usize::from(u16::from_le_bytes([b[0], b[1]])))).map(Vec::from)
            }
            COMPATIBILITY => body.get(..2).map(Vec::from),
            EXTENDED_CONTENT | METADATA | METADATA_LIBRARY => {
                let scoped = object.id != EXTENDED_CONTENT;
                let (fresh, found) = self.attributes(&body, scoped)?;
                return Ok(match fresh {
                    Some(fresh) => {
                        let whole = asf::object(&object.id, &fresh);
                        self.draft.replace(object.span, "tags", Fate::put(whole), found);
                        true
                    }
                    None => {
                        self.draft.remove_all(object.span, "tags", found);
                        false
                    }
                });
            }
            MARKERS if self.job.keeps(Token::Chapters) => markers(&body, self.job.policy().is_strict()),
            id if NUMBERS.contains(&id) => {
                self.draft.frame(object.span, "object");
                return Ok(true);
            }
            _ => None,
        };
        match fresh {
            Some(fresh) => {
                let whole = asf::object(&object.id, &fresh);
                let mut found = vec![Finding::removed("ASF", "names and unused bytes in a header object", Tells::Text)];
                if object.id == EXTENDED_STREAM {
                    found.extend(stream_names(&body));
                }
                self.draft.replace(object.span, "object", Fate::put(whole), found);
                Ok(true)
            }
            None => {
                self.gone(object)?;
                Ok(false)
            }
        }
    }

    /// The identifier of the file and its date go; the numbers stay. [3.2]
    fn file_properties(&mut self, object: &Object, body: &[u8]) -> Result<bool> {
        const LENGTH: u64 = 80;
        if (body.len() as u64) < LENGTH {
            return Err(Refusal::malformed("the properties of the file are too short", object.span.start));
        }
        let start = object.body().start;
        let at = |from: u64, to: u64| Span::new(start + from, start + to);
        self.draft.frame(Span::new(object.span.start, object.size().start), "file properties");
        self.draft.reframe(object.size(), "size", Fate::Length { of: object.span, plus: 0, code: Number::U64Le });
        let id = Finding::blanked("ASF", "identifier of the file", Tells::Identifier).value(hex(&body[..16]));
        self.draft.blank(at(0, 16), "file id", id);
        // Where it is a broadcast the size says nothing. [3.2]
        let broadcast = body[64] & 1 != 0;
        match broadcast {
            true => self.draft.blank(at(16, 24), "file size", Finding::blanked("ASF", "size of a broadcast", Tells::Hidden)),
            false => {
                let of = Span::new(0, self.source.len());
                self.draft.reframe(at(16, 24), "file size", Fate::Length { of, plus: 0, code: Number::U64Le });
                if Number::U64Le.decode(&body[16..24]) != self.source.len() {
                    self.draft.note(Finding::rewritten("ASF", "wrong size of the file", Tells::Rendering));
                }
            }
        }
        let created = Finding::rewritten("ASF", "date of making", Tells::When).value(date(Number::U64Le.decode(&body[24..32])));
        self.draft.replace(at(24, 32), "date", Fate::put(NO_DATE.to_le_bytes()), vec![created]);
        self.draft.frame(at(32, LENGTH), "file properties");
        self.slack(Span::new(start + LENGTH, object.span.end));
        let (least, most) = (Number::U32Le.decode(&body[68..72]), Number::U32Le.decode(&body[72..76]));
        self.packet = if least == most { least } else { 0 };
        Ok(true)
    }

    /// More objects. [3.4]
    fn extension(&mut self, object: &Object) -> Result<bool> {
        let start = object.body().start;
        if object.body().len() < 22 {
            return Err(Refusal::malformed("the header extension is too short", object.span.start));
        }
        self.draft.frame(Span::new(object.span.start, object.size().start), "extension");
        self.draft.reframe(object.size(), "size", Fate::Length { of: object.span, plus: 0, code: Number::U64Le });
        let constant = [&EXTENSION_IS[..], &6u16.to_le_bytes()].concat();
        let found = Finding::rewritten("ASF", "reserved bytes", Tells::Hidden);
        self.draft.replace(Span::new(start, start + 18), "extension", Fate::put(constant), vec![found]);
        let inner = Span::new(start + 22, object.span.end);
        let length = Fate::Length { of: inner, plus: 0, code: Number::U32Le };
        self.draft.reframe(Span::new(start + 18, start + 22), "size", length);
        let (children, rest) = asf::objects(&**self.source, inner, self.job.limits())?;
        for child in &children {
            self.child(child, true)?;
        }
        self.slack(rest);
        Ok(true)
    }

    /// The fixed fields, what payloads have besides, and the properties of a stream that has them only here; not the names.
    /// [4.1]
    fn extended_stream(&mut self, body: &[u8], at: u64) -> Result<Vec<u8>> {
        let cannot = || Refusal::malformed("the properties of a stream cannot be read", at);
        let mut rest = Rest(body);
        let fixed = rest.take(60).ok_or_else(cannot)?;
        let names = rest.u16().ok_or_else(cannot)?;
        let extensions = rest.u16().ok_or_else(cannot)?;
        let mut out = [fixed, &[0, 0], &extensions.to_le_bytes()].concat();
        for _ in 0..names {
            rest.u16().and_then(|_| rest.u16()).and_then(|n| rest.take(usize::from(n))).ok_or_else(cannot)?;
        }
        for _ in 0..extensions {
            let head = rest.take(22).ok_or_else(cannot)?;
            let info = rest.take(Number::U32Le.decode(&head[18..]) as usize).ok_or_else(cannot)?;
            self.payloads(head, at)?;
            out.extend(head);
            out.extend(info);
        }
        if !rest.0.is_empty() {
            let head = rest.take(24).ok_or_else(cannot)?;
            let size = Number::U64Le.decode(&head[16..]).checked_sub(24).and_then(|n| usize::try_from(n).ok());
            let inner = size.and_then(|n| rest.take(n)).filter(|_| head.starts_with(&STREAM_PROPERTIES)).ok_or_else(cannot)?;
            out.extend(asf::object(&STREAM_PROPERTIES, &stream_properties(inner, at)?));
        }
        Ok(out)
    }

    /// What every payload of a stream has besides cannot be taken out of the packets.
    fn payloads(&mut self, head: &[u8], at: u64) -> Result<()> {
        let what = if head.starts_with(&TIME_CODE) {
            "time codes in the packets"
        } else if head.starts_with(&FILE_NAME) {
            "names of files in the packets"
        } else {
            return Ok(());
        };
        if self.job.policy().is_strict() {
            return Err(Refusal::new(Code::NeedsResidual, what).at(at));
        }
        self.draft.note(Finding::kept("ASF", what, Tells::When, "taking them out would change the packets"));
        Ok(())
    }
}

/// The kind of a stream and its decoder's configuration. [3.3]
fn stream_properties(body: &[u8], at: u64) -> Result<Vec<u8>> {
    let cannot = || Refusal::malformed("the properties of a stream cannot be read", at);
    let head = body.get(..54).ok_or_else(cannot)?;
    if head[49] & 0x80 != 0 {
        return Err(Refusal::new(Code::Drm, "a stream is encrypted").at(at));
    }
    if !head.starts_with(&AUDIO) && !head.starts_with(&VIDEO) {
        let what = "it has a stream of commands, addresses or files beside pictures and sound";
        return Err(Refusal::new(Code::NeedsResidual, what)
            .at(at)
            .hint("take it out first (ffmpeg -i IN -map 0:v -map 0:a -c copy OUT)"));
    }
    let more = Number::U32Le.decode(&head[40..44]).checked_add(Number::U32Le.decode(&head[44..48])).ok_or_else(cannot)?;
    let fields = body.get(..54 + more as usize).ok_or_else(cannot)?;
    let mut out = fields.to_vec();
    out[50..54].fill(0);
    Ok(out)
}

/// Names of languages: a count, and each with its length. [4.6]
fn languages(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(body);
    let mut out = rest.take(2)?.to_vec();
    for _ in 0..u16::from_le_bytes([out[0], out[1]]) {
        let length = rest.take(1)?[0];
        let name = asf::text(rest.take(usize::from(length))?);
        // [RFC 5646] Anything else is no language; it becomes none, since others count on its place.
        let code = name.len() < 36 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let name = asf::utf16(if code { &name } else { "und" });
        out.push(name.len() as u8);
        out.extend(name);
    }
    Some(out)
}

/// Times with titles, without the name of the list. [3.7]
fn markers(body: &[u8], strict: bool) -> Option<Vec<u8>> {
    let mut rest = Rest(body);
    rest.take(16)?;
    let count = rest.u32()?;
    rest.take(2)?;
    let name = rest.u16()?;
    rest.take(usize::from(name))?;
    let mut out = [&[0; 16][..], &count.to_le_bytes(), &[0; 4]].concat();
    for i in 0..count {
        let times = rest.take(16)?;
        let length = rest.u16()?;
        let mut entry = Rest(rest.take(usize::from(length)).or_else(|| rest.take(rest.0.len()))?);
        let fields = entry.take(8)?;
        let letters = entry.u32()?;
        let title = asf::text(entry.take((letters as usize).checked_mul(2)?)?);
        let title = asf::utf16(&if strict { format!("Chapter {}", i + 1) } else { title });
        out.extend(times);
        out.extend((12 + title.len() as u16).to_le_bytes());
        out.extend(fields);
        out.extend((title.len() as u32 / 2).to_le_bytes());
        out.extend(title);
    }
    Some(out)
}

/// The names of a stream, to be told.
fn stream_names(body: &[u8]) -> Vec<Finding> {
    let mut rest = Rest(body.get(60..).unwrap_or_default());
    let count = rest.u16().unwrap_or(0);
    rest.take(2);
    let name = |rest: &mut Rest| {
        rest.take(2)?;
        let length = rest.u16()?;
        Some(asf::text(rest.take(usize::from(length))?))
    };
    (0..count.min(16))
        .map_while(|_| name(&mut rest))
        .map(|n| Finding::removed("ASF", "stream name", Tells::Text).value(n))
        .collect()
}

/// A count of tenths of a microsecond since 1601, as a date.
fn date(ticks: u64) -> String {
    const BETWEEN: u64 = 11_644_473_600;
    const SINCE_1904: u64 = 2_082_844_800;
    match (ticks / 10_000_000).checked_sub(BETWEEN) {
        Some(unix) => crate::names::quicktime::time(unix + SINCE_1904),
        None => String::new(),
    }
}
