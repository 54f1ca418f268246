//! Tokens and objects, each kept as the slice of the file that spells it. [ISO 32000-2 7.2, 7.3]

use std::borrow::Cow;

use super::{Dict, Obj, is_regular, is_space};
use crate::refusal::{Code, Refusal, Result};

/// How deep arrays and dictionaries may nest.
const DEEPEST: usize = 200;

/// A place in bytes from which tokens are read.
#[derive(Clone)]
pub struct Lexer<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The next byte.
    pub at: usize,
    /// Whether a comment was passed over.
    pub comments: bool,
}

impl<'a> Lexer<'a> {
    /// Reads from `at`.
    pub fn new(bytes: &'a [u8], at: usize) -> Lexer<'a> {
        Lexer { bytes, at, comments: false }
    }

    /// The next byte, without passing over it.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over white space and comments.
    pub fn skip(&mut self) {
        while let Some(b) = self.peek() {
            if b == b'%' {
                self.comments = true;
                while self.peek().is_some_and(|b| b != b'\n' && b != b'\r') {
                    self.at += 1;
                }
            } else if is_space(b) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// Whether this keyword stands here; passes over it if so.
    pub fn keyword(&mut self, word: &str) -> bool {
        let there = self.bytes.get(self.at..).is_some_and(|b| b.starts_with(word.as_bytes()));
        if there {
            self.at += word.len();
        }
        there
    }

    /// A run of regular characters; empty at a delimiter.
    pub fn word(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|b| !is_regular(*b)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// A number without sign or point, after white space.
    pub fn natural(&mut self) -> Option<u64> {
        self.skip();
        let word = self.word();
        let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        digits.then(|| std::str::from_utf8(word).ok()?.parse().ok()).flatten()
    }

    /// One object.
    ///
    /// # Errors
    /// `Malformed` where the bytes are none, `Limit` where they nest too deep.
    pub fn object(&mut self) -> Result<Obj<'a>> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Obj<'a>> {
        if depth > DEEPEST {
            return Err(Refusal::limit("objects nest too deep").at(self.at as u64));
        }
        self.skip();
        match self.peek() {
            Some(b'/') => {
                self.at += 1;
                Ok(Obj::Name(Cow::Borrowed(self.word())))
            }
            Some(b'(') => self.literal(),
            Some(b'<') if self.bytes.get(self.at + 1) == Some(&b'<') => self.dict(depth).map(Obj::Dict),
            Some(b'<') => self.hex(),
            Some(b'[') => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.skip();
                    match self.peek() {
                        Some(b']') => {
                            self.at += 1;
                            return Ok(Obj::Array(items));
                        }
                        Some(_) => items.push(self.nested(depth + 1)?),
                        None => return Err(self.malformed("an array has no end")),
                    }
                }
            }
            Some(_) => self.plain(),
            None => Err(self.malformed("an object ends before it should")),
        }
    }

    /// A number, a reference, `true`, `false` or `null`.
    fn plain(&mut self) -> Result<Obj<'a>> {
        let start = self.at;
        let word = self.word();
        match word {
            b"true" | b"false" => return Ok(Obj::Word(Cow::Borrowed(word))),
            b"null" => return Ok(Obj::Null),
            _ => {}
        }
        if word.iter().all(u8::is_ascii_digit) && !word.is_empty() && word.len() <= 10 {
            let mut ahead = self.clone();
            if let Some(generation) = ahead.natural().and_then(|g| u16::try_from(g).ok()) {
                ahead.skip();
                if ahead.word() == b"R"
                    && let Some(number) = std::str::from_utf8(word).ok().and_then(|w| w.parse().ok())
                {
                    *self = ahead;
                    return Ok(Obj::Ref(number, generation));
                }
            }
        }
        let number = |b: &u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
        if word.is_empty() || !word.iter().all(number) {
            self.at = start;
            return Err(self.malformed("something that is no object stands where one should"));
        }
        Ok(Obj::Word(Cow::Borrowed(word)))
    }

    fn dict(&mut self, depth: usize) -> Result<Dict<'a>> {
        self.at += 2;
        let mut pairs = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                Some(b'>') if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    return Ok(Dict(pairs));
                }
                Some(b'/') => {
                    self.at += 1;
                    let key = Cow::Borrowed(self.word());
                    let value = self.nested(depth + 1)?;
                    pairs.push((key, value));
                }
                Some(_) => return Err(self.malformed("a dictionary holds something that is no key")),
                None => return Err(self.malformed("a dictionary has no end")),
            }
        }
    }

    fn literal(&mut self) -> Result<Obj<'a>> {
        let start = self.at;
        let mut open = 0usize;
        while let Some(b) = self.peek() {
            match b {
                b'\\' => self.at += 1,
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Ok(Obj::Text(Cow::Borrowed(&self.bytes[start..self.at.min(self.bytes.len())])));
            }
        }
        self.at = start;
        Err(self.malformed("a string has no end"))
    }

    fn hex(&mut self) -> Result<Obj<'a>> {
        let start = self.at;
        let len = memchr::memchr(b'>', &self.bytes[start..]);
        let len = len.ok_or_else(|| self.malformed("a string has no end"))? + 1;
        let token = &self.bytes[start..start + len];
        if !token[1..len - 1].iter().all(|b| is_space(*b) || hex_digit(*b).is_some()) {
            return Err(self.malformed("a hexadecimal string holds other characters"));
        }
        self.at += len;
        Ok(Obj::Text(Cow::Borrowed(token)))
    }

    fn malformed(&self, what: &'static str) -> Refusal {
        Refusal::new(Code::Malformed, what).at(self.at as u64)
    }
}

/// The value of a hexadecimal digit.
pub fn hex_digit(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).map(|d| d as u8)
}

/// The bytes that a string token stands for. [7.3.4]
pub fn string_bytes(token: &[u8]) -> Vec<u8> {
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    if token.first() == Some(&b'<') {
        let digits: Vec<u8> = inner.iter().filter_map(|b| hex_digit(*b)).collect();
        return digits.chunks(2).map(|d| d[0] << 4 | d.get(1).copied().unwrap_or(0)).collect();
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut i = 0;
    while i < inner.len() {
        let b = inner[i];
        i += 1;
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let Some(escape) = inner.get(i).copied() else { break };
        i += 1;
        match escape {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'\r' => i += usize::from(inner.get(i) == Some(&b'\n')),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(escape - b'0');
                for _ in 0..2 {
                    match inner.get(i) {
                        Some(d @ b'0'..=b'7') => {
                            code = code * 8 + u32::from(d - b'0');
                            i += 1;
                        }
                        _ => break,
                    }
                }
                out.push(code as u8);
            }
            other => out.push(other),
        }
    }
    out
}

/// A literal or hexadecimal token for these bytes, for strings that had to be decrypted.
pub fn string_token(bytes: &[u8]) -> Vec<u8> {
    if bytes.iter().any(|b| !(32..127).contains(b)) {
        let mut out = vec![b'<'];
        for b in bytes {
            out.extend_from_slice(format!("{b:02X}").as_bytes());
        }
        out.push(b'>');
        return out;
    }
    let mut out = vec![b'('];
    for b in bytes {
        if matches!(b, b'(' | b')' | b'\\') {
            out.push(b'\\');
        }
        out.push(*b);
    }
    out.push(b')');
    out
}

/// Bytes of a text string as text. [7.9.2]
pub fn text(bytes: &[u8]) -> String {
    let wide = |rest: &[u8], little: bool| {
        let units = rest
            .chunks_exact(2)
            .map(|c| if little { u16::from_le_bytes([c[0], c[1]]) } else { u16::from_be_bytes([c[0], c[1]]) });
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    match bytes {
        [0xFE, 0xFF, rest @ ..] => wide(rest, false),
        [0xFF, 0xFE, rest @ ..] => wide(rest, true),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        },
    }
}
