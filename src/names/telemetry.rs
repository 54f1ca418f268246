//! What tracks of positions tell: how many points, and where. Read only to be told; whatever cannot be read is not counted.

/// Points on the earth that were come across.
#[derive(Default)]
pub struct Points {
    count: u64,
    first: Option<(f64, f64)>,
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

    /// In words; `None` where there were none.
    pub fn say(&self, more: bool) -> Option<String> {
        let (latitude, longitude) = self.first?;
        let count = if more { format!("at least {}", self.count) } else { self.count.to_string() };
        Some(format!("{count} points, around {latitude:.2}, {longitude:.2}"))
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

fn signed(bytes: &[u8]) -> f64 {
    match bytes {
        [a, b, c, d] => f64::from(i32::from_be_bytes([*a, *b, *c, *d])),
        [a, b] => f64::from(i16::from_be_bytes([*a, *b])),
        _ => 0.0,
    }
}
