//! Loudness values as tags of many kinds hold them: a known key and a number. Whatever else stands there is not one.

/// The keys, without their common beginning. [ReplayGain 2.0]
const KEYS: [&str; 5] = ["TRACK_GAIN", "TRACK_PEAK", "ALBUM_GAIN", "ALBUM_PEAK", "REFERENCE_LOUDNESS"];

/// The key in capitals and the value in its usual form, where they are what they should be.
pub fn replaygain(key: &str, value: &str) -> Option<(String, String)> {
    let key = key.to_ascii_uppercase();
    let known = key.strip_prefix("REPLAYGAIN_").is_some_and(|rest| KEYS.contains(&rest));
    let number = value.trim().trim_end_matches('\0').trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim();
    let good = known && number.len() < 20 && number.parse::<f64>().is_ok_and(f64::is_finite);
    let unit = if key.ends_with("PEAK") { "" } else { " dB" };
    good.then(|| (key, format!("{number}{unit}")))
}

/// The relative volume of ID3 in its plain form: whose it is, then channels with an adjustment and a peak.
/// [id3v2.4.0-frames 4.11]
pub fn relative_volume(data: &[u8]) -> Option<Vec<u8>> {
    let end = data.iter().position(|b| *b == 0)?;
    let whose: &[u8] = match &data[..end] {
        name if name.eq_ignore_ascii_case(b"album") => b"album\0",
        name if name.eq_ignore_ascii_case(b"track") => b"track\0",
        _ => b"\0",
    };
    let (mut out, mut rest, mut seen) = (whose.to_vec(), &data[end + 1..], Vec::new());
    while let [channel, _, _, bits, ..] = rest {
        let len = 4 + usize::from(*bits).div_ceil(8);
        if *channel > 8 || seen.contains(channel) || len > 12 {
            break;
        }
        let Some(whole) = rest.get(..len) else { break };
        seen.push(*channel);
        out.extend(whole);
        rest = &rest[len..];
    }
    (!seen.is_empty()).then_some(out)
}
