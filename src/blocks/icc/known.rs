//! Colour spaces that so many files share that their name tells nothing about anybody. A profile gets such a name only
//! where its numbers are that space's within the rounding of their encoding; the numbers themselves are never touched.

use super::{tag, u32_at};

/// A tone curve, as a function from what is stored to light, both 0 to 1.
type Curve = fn(f64) -> f64;

struct Space {
    name: &'static str,
    /// Red, green and blue in the D50 connection space.
    colorants: [[f64; 3]; 3],
    curve: Curve,
}

/// How far a colorant may be off: published matrices differ in the fourth decimal.
const NEAR: f64 = 0.0006;
/// How far a curve may be off: less than half a step of eight bits.
const CLOSE: f64 = 0.0015;

static SPACES: &[Space] = &[
    Space {
        name: "sRGB",
        colorants: [[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]],
        curve: srgb,
    },
    Space {
        name: "Display P3",
        colorants: [[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]],
        curve: srgb,
    },
    Space {
        name: "Adobe RGB",
        colorants: [[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]],
        curve: gamma22,
    },
    Space {
        name: "ProPhoto RGB",
        colorants: [[0.79767, 0.28804, 0.0], [0.13519, 0.71188, 0.0], [0.03134, 0.00009, 0.82491]],
        curve: gamma18,
    },
    Space {
        name: "ProPhoto RGB",
        colorants: [[0.79767, 0.28804, 0.0], [0.13519, 0.71188, 0.0], [0.03134, 0.00009, 0.82491]],
        curve: romm,
    },
    Space {
        name: "Rec. 2020",
        colorants: [[0.67349, 0.27904, -0.00194], [0.16566, 0.67534, 0.02998], [0.12505, 0.04561, 0.79686]],
        curve: bt2020,
    },
];

fn srgb(x: f64) -> f64 {
    if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

/// As it is encoded: 2 and 51/256.
fn gamma22(x: f64) -> f64 {
    x.powf(563.0 / 256.0)
}

/// As it is encoded: 1 and 205/256.
fn gamma18(x: f64) -> f64 {
    x.powf(461.0 / 256.0)
}

fn romm(x: f64) -> f64 {
    if x < 0.031_25 { x / 16.0 } else { x.powf(1.8) }
}

fn bt2020(x: f64) -> f64 {
    if x < 0.081_24 { x / 4.5 } else { ((x + 0.0993) / 1.0993).powf(1.0 / 0.45) }
}

/// The name of the space whose numbers these are.
pub(super) fn name(profile: &[u8]) -> Option<&'static str> {
    if [b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"cicp"].iter().any(|sig| tag(profile, sig).is_some()) {
        return None;
    }
    match profile.get(16..20)? {
        b"GRAY" => {
            let curve = tag(profile, b"kTRC")?;
            follows(curve, gamma22)?.then_some("Gray Gamma 2.2")
        }
        b"RGB " => {
            let colorants = [b"rXYZ", b"gXYZ", b"bXYZ"].map(|sig| tag(profile, sig).and_then(xyz));
            let curves = [b"rTRC", b"gTRC", b"bTRC"].map(|sig| tag(profile, sig));
            let space = SPACES.iter().find(|space| {
                let colors = space.colorants.iter().zip(&colorants).all(|(want, is)| is.is_some_and(|is| near(want, &is)));
                colors && curves.iter().all(|c| c.is_some_and(|c| follows(c, space.curve) == Some(true)))
            })?;
            Some(space.name)
        }
        _ => None,
    }
}

fn near(want: &[f64; 3], is: &[f64; 3]) -> bool {
    want.iter().zip(is).all(|(a, b)| (a - b).abs() <= NEAR)
}

fn xyz(data: &[u8]) -> Option<[f64; 3]> {
    (data.get(..4)? == b"XYZ ").then_some(())?;
    Some([fixed(data, 8)?, fixed(data, 12)?, fixed(data, 16)?])
}

fn fixed(data: &[u8], at: usize) -> Option<f64> {
    Some(f64::from(u32_at(data, at)? as i32) / 65536.0)
}

/// Whether a curve element is this function; `None` where it cannot be read.
fn follows(data: &[u8], want: Curve) -> Option<bool> {
    let close = |x: f64, y: f64| (want(x) - y).abs() <= CLOSE;
    if data.get(..4)? == b"curv" {
        let count = u32_at(data, 8)? as usize;
        let table = data.get(12..)?;
        return match count {
            0 => Some(false),
            1 => {
                let gamma = f64::from(u16::from_be_bytes([*table.first()?, *table.get(1)?])) / 256.0;
                Some((0..=64).all(|i| close(f64::from(i) / 64.0, (f64::from(i) / 64.0).powf(gamma))))
            }
            _ => {
                let table = table.get(..count.checked_mul(2)?)?.chunks_exact(2);
                let step = 1.0 / (count - 1) as f64;
                let mut values = table.enumerate();
                let all = values.all(|(i, v)| close(i as f64 * step, f64::from(u16::from_be_bytes([v[0], v[1]])) / 65535.0));
                Some(all && count >= 16)
            }
        };
    }
    (data.get(..4)? == b"para").then_some(())?;
    let p = |i: usize| fixed(data, 12 + 4 * i);
    let kind = u16::from_be_bytes([*data.get(8)?, *data.get(9)?]);
    let (g, a, b, c, d, e, f) = match kind {
        0 => (p(0)?, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        3 => (p(0)?, p(1)?, p(2)?, p(3)?, p(4)?, 0.0, 0.0),
        4 => (p(0)?, p(1)?, p(2)?, p(3)?, p(4)?, p(5)?, p(6)?),
        _ => return Some(false),
    };
    let at = |x: f64| if x >= d { (a * x + b).powf(g) + e } else { c * x + f };
    Some((0..=255).all(|i| close(f64::from(i) / 255.0, at(f64::from(i) / 255.0))))
}
