//! What codecs keep beside the tracks, where it holds more than decoding needs: comments of Vorbis and Theora, the
//! metadata blocks of FLAC, messages of H.265, the head of ASS subtitles with the paths of the files it was made from.

use crate::blocks::vorbis;
use crate::formats::bmff::codec;

/// The data as it should be; the same bytes where nothing is wrong with them.
pub(crate) fn neutral(codec: &str, data: &[u8]) -> Option<Vec<u8>> {
    match codec {
        "A_VORBIS" | "V_THEORA" => xiph(data),
        "A_FLAC" => flac(data),
        "S_TEXT/ASS" | "S_TEXT/SSA" | "S_ASS" | "S_SSA" => ass(data),
        "V_MPEGH/ISO/HEVC" => codec::without_messages(b"hvcC", data).or_else(|| Some(data.to_vec())),
        "S_VOBSUB" => Some(lines(data, vobsub)),
        "A_OPUS" => Some(data[..data.len().min(opus(data))].to_vec()),
        "V_VP8" | "S_TEXT/UTF8" | "S_TEXT/ASCII" | "A_AC3" | "A_EAC3" | "A_DTS" | "A_TRUEHD" | "A_MPEG/L1" | "A_MPEG/L2"
        | "A_MPEG/L3" | "A_PCM/INT/LIT" | "A_PCM/INT/BIG" | "A_PCM/FLOAT/IEEE" => Some(Vec::new()),
        _ => Some(data.to_vec()),
    }
}

/// Three packets with Xiph lacing; the second is the comments. [RFC 9559 12.4]
fn xiph(data: &[u8]) -> Option<Vec<u8>> {
    if data.first() != Some(&2) {
        return None;
    }
    let (mut at, mut sizes) = (1, Vec::new());
    for _ in 0..2 {
        let mut size = 0;
        loop {
            let n = usize::from(*data.get(at)?);
            (at, size) = (at + 1, size + n);
            if n < 255 {
                break;
            }
        }
        sizes.push(size);
    }
    let first = data.get(at..at.checked_add(sizes[0])?)?;
    let second = data.get(at + sizes[0]..(at + sizes[0]).checked_add(sizes[1])?)?;
    let third = data.get(at + sizes[0] + sizes[1]..)?;
    let mut comments = second.get(..7)?.to_vec();
    comments.extend(vorbis::write(&[]));
    if comments.starts_with(b"\x03vorbis") {
        comments.push(1);
    }
    let mut out = vec![2];
    for size in [first.len(), comments.len()] {
        out.extend(vec![255; size / 255]);
        out.push((size % 255) as u8);
    }
    Some([&out, first, &comments, third].concat())
}

/// `fLaC` and the stream info, flagged as the last block.
fn flac(data: &[u8]) -> Option<Vec<u8>> {
    let info = data.strip_prefix(b"fLaC").unwrap_or(data);
    if info.first()? & 0x7f != 0 {
        return None;
    }
    Some([b"fLaC\x80\0\0\x22", info.get(4..38)?].concat())
}

/// The head of ASS: of the script info only what places the text, then the styles and the header of the events.
fn ass(data: &[u8]) -> Option<Vec<u8>> {
    const INFO: [&str; 8] =
        ["scripttype", "playresx", "playresy", "layoutresx", "layoutresy", "wrapstyle", "scaledborderandshadow", "collisions"];
    std::str::from_utf8(data.strip_suffix(b"\0").unwrap_or(data)).ok()?;
    let mut section = String::new();
    Some(lines(data, |line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.starts_with('[') {
            section = line.to_ascii_lowercase();
        }
        let known = matches!(section.as_str(), "[script info]" | "[v4+ styles]" | "[v4 styles]" | "[v4 styles+]" | "[events]");
        let key = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        let stays = match section.as_str() {
            _ if line.starts_with('[') || line.is_empty() => true,
            "[script info]" => INFO.contains(&key.as_str()) || key == "ycbcr matrix" || key == "timer",
            "[events]" => key == "format",
            _ => key == "format" || key == "style",
        };
        known && stays
    }))
}

/// How long the head of Opus is. [RFC 7845 5.1.1]
fn opus(data: &[u8]) -> usize {
    match (data.get(18), data.get(9)) {
        (Some(1..), Some(channels)) => 21 + usize::from(*channels),
        _ => 19,
    }
}

/// What places and colours subtitles that are pictures; not the times and the names of the languages.
fn vobsub(line: &str) -> bool {
    const KEYS: [&str; 11] = [
        "size",
        "org",
        "scale",
        "alpha",
        "smooth",
        "fadein/out",
        "align",
        "time offset",
        "forced subs",
        "palette",
        "custom colors",
    ];
    line.split_once(':').is_some_and(|(key, _)| KEYS.contains(&key.trim().to_ascii_lowercase().as_str()))
}

/// The lines for which `stays` holds, with their endings as they were.
fn lines(data: &[u8], mut stays: impl FnMut(&str) -> bool) -> Vec<u8> {
    let keep = |line: &&[u8]| stays(&String::from_utf8_lossy(line));
    data.split_inclusive(|b| *b == b'\n').filter(keep).collect::<Vec<_>>().concat()
}
