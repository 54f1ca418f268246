//! What tracks of positions tell: how many points, and where. Read only to be told; whatever cannot be read is not counted.

/// Points on the earth that were come across.
#[derive(Default)]
pub struct Points {
    count: u64,
    first: Option<(f64, f64)>,
    /// The name of the camera, which it writes in front of everything else.
    device: Option<String>,
    serial: Option<String>,
    /// When the first point was taken, by the satellites.
    when: Option<String>,
}

impl Points {
    /// Adds a point, unless it is no place: cameras without reception write zeros.
    fn add(&mut self, latitude: f64, longitude: f64) {
        let real = latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && (latitude != 0.0 || longitude != 0.0);
        if real {
            self.count += 1;
            self.first.get_or_insert((latitude, longitude));
        }
    }

    /// In words: how many, over how many seconds, and where; `None` where there were none.
    pub fn say(&self, more: bool, seconds: Option<u64>) -> Option<String> {
        let (latitude, longitude) = self.first?;
        let mut count = thousands(self.count);
        if more {
            count.insert_str(0, "at least ");
        }
        let long = seconds.filter(|s| *s > 0).map(|s| format!("{}, ", duration(s))).unwrap_or_default();
        Some(format!("{count} points, {long}around {latitude:.2}, {longitude:.2}"))
    }

    /// What recorded them.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// The serial number of what recorded them.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// When they begin.
    pub fn when(&self) -> Option<&str> {
        self.when.as_deref()
    }

    /// Reads a sample of GoPro's. [GPMF introduction]
    pub fn gopro(&mut self, bytes: &[u8]) {
        self.stream(bytes, &mut Vec::new(), 0);
    }

    /// Keys, types and values; those of type 0 hold more of the same.
    fn stream(&mut self, bytes: &[u8], scale: &mut Vec<f64>, depth: u8) {
        let mut rest = bytes;
        while let Some((head, body)) = rest.split_at_checked(8) {
            let (size, repeat) = (usize::from(head[5]), usize::from(u16::from_be_bytes([head[6], head[7]])));
            let Some(value) = body.get(..size * repeat) else { return };
            match (&head[..4], head[4]) {
                (_, 0) if depth < 4 => self.stream(value, &mut Vec::new(), depth + 1),
                (b"SCAL", kind) => {
                    let width = if kind == b'l' { 4 } else { 2 };
                    *scale = value.chunks_exact(width).map(signed).collect();
                }
                // "Global settings" is the name of a section, not of a camera.
                (b"DVNM" | b"MINF", b'c') => {
                    let name = text(value);
                    if !name.is_empty() && !name.contains("Settings") && self.device.is_none() {
                        self.device = Some(format!("GoPro {name}"));
                    }
                }
                (b"CASN", b'c') => self.serial = Some(text(value)).filter(|s| !s.is_empty()),
                (b"GPSU", _) if self.when.is_none() => self.when = moment(value),
                (b"GPS5" | b"GPS9", _) if size >= 8 => {
                    let (a, b) = (scale.first().copied().unwrap_or(1e7), scale.get(1).copied().unwrap_or(1e7));
                    for point in value.chunks_exact(size) {
                        self.add(signed(&point[..4]) / a, signed(&point[4..8]) / b);
                    }
                }
                _ => {}
            }
            rest = body.get((size * repeat).next_multiple_of(4)..).unwrap_or_default();
        }
    }

    /// Reads a sample of Google's camera motion metadata. [CAMM specification, types 5 and 6]
    pub fn camera_motion(&mut self, bytes: &[u8]) {
        let at = match bytes.get(2..4) {
            Some([5, 0]) => 4,
            Some([6, 0]) => 16,
            _ => return,
        };
        let double = |at: usize| bytes.get(at..)?.first_chunk().map(|b| f64::from_le_bytes(*b));
        if let (Some(latitude), Some(longitude)) = (double(at), double(at + 8)) {
            self.add(latitude, longitude);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]);
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

/// `yymmddhhmmss.sss` as a date.
fn moment(bytes: &[u8]) -> Option<String> {
    let digits = bytes.get(..12).filter(|d| d.iter().all(u8::is_ascii_digit))?;
    let two = |at: usize| format!("{}{}", char::from(digits[at]), char::from(digits[at + 1]));
    Some(format!("20{}-{}-{} {}:{}:{}", two(0), two(2), two(4), two(6), two(8), two(10)))
}

/// A count with its thousands apart.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Seconds as a person would say them.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7200 => format!("{} min", seconds.saturating_add(30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn signed(bytes: &[u8]) -> f64 {
    match bytes {
        [a, b, c, d] => f64::from(i32::from_be_bytes([*a, *b, *c, *d])),
        [a, b] => f64::from(i16::from_be_bytes([*a, *b])),
        _ => 0.0,
    }
}
