//! Fonts in books that are obfuscated with the book's identifier: since that goes, they are written plain.
//! [EPUB 3.3 Open Container Format 4.4; Adobe, Font obfuscation]

/// How a font is obfuscated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// The first 1040 bytes, with the SHA-1 of the identifier.
    Idpf,
    /// The first 1024 bytes, with the bytes of the UUID.
    Adobe,
}

impl Method {
    /// The method that an address names.
    pub(super) fn named(uri: &str) -> Option<Method> {
        match uri {
            "http://www.idpf.org/2008/embedding" => Some(Method::Idpf),
            "http://ns.adobe.com/pdf/enc#RC" => Some(Method::Adobe),
            _ => None,
        }
    }
}

/// The plain font; `None` where none of the identifiers is the key.
pub(super) fn plain(font: &[u8], method: Method, identifiers: &[String]) -> Option<Vec<u8>> {
    if is_font(font) {
        return Some(font.to_vec());
    }
    identifiers.iter().find_map(|identifier| {
        let (key, len) = match method {
            Method::Idpf => {
                let squeezed: String = identifier.chars().filter(|c| !c.is_whitespace()).collect();
                (sha1(squeezed.as_bytes()).to_vec(), 1040)
            }
            Method::Adobe => (uuid(identifier)?, 1024),
        };
        let mut out = font.to_vec();
        out.iter_mut().take(len).zip(key.iter().cycle()).for_each(|(b, k)| *b ^= k);
        is_font(&out).then_some(out)
    })
}

fn is_font(bytes: &[u8]) -> bool {
    [&b"\0\x01\0\0"[..], b"OTTO", b"true", b"ttcf", b"wOFF", b"wOF2"].iter().any(|m| bytes.starts_with(m))
}

fn uuid(identifier: &str) -> Option<Vec<u8>> {
    let hex: Vec<u32> =
        identifier.rsplit(':').next()?.chars().filter(|c| *c != '-').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    (hex.len() == 32).then(|| hex.chunks(2).map(|c| (c[0] << 4 | c[1]) as u8).collect())
}

/// SHA-1, which the container format asks for. [FIPS 180-4 6.1]
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut h: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut w = [0u32; 80];
        for (i, word) in block.chunks_exact(4).enumerate() {
            w[i] = u32::from_be_bytes([word[0], word[1], word[2], word[3]]);
        }
        for i in 16..80 {
            w[i] = (w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = h;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i {
                0..20 => ((b & c) | (!b & d), 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc_u32),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let t = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, t);
        }
        for (x, y) in h.iter_mut().zip([a, b, c, d, e]) {
            *x = x.wrapping_add(y);
        }
    }
    let mut out = [0; 20];
    out.chunks_exact_mut(4).zip(h).for_each(|(o, x)| o.copy_from_slice(&x.to_be_bytes()));
    out
}
