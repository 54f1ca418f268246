//! Subtitles that are none: drones and dash cameras write where they are, second by second, as text for viewers to show.

/// Whether a sample of a text track looks like that.
pub fn is_telemetry(sample: &[u8]) -> bool {
    const SIGNS: [&str; 14] = [
        "GPS",
        "HOME(",
        "[latitude",
        "[longitude",
        "BAROMETER",
        "$GPRMC",
        "$GNRMC",
        "$GPGGA",
        "$GNGGA",
        "SrtCnt",
        "PNDM",
        "FrameCnt",
        "latitude:",
        "longitude:",
    ];
    let text = String::from_utf8_lossy(sample);
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// Whether a text track is telemetry: most of its samples look like that.
pub fn is_telemetry_track<'a>(samples: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let (mut all, mut telling) = (0, 0);
    for sample in samples {
        all += 1;
        telling += usize::from(is_telemetry(sample));
    }
    telling * 2 > all
}
