//! How RTF lies in bytes: braces, control words with their numbers, symbols, escaped bytes, raw binary data and text. What
//! a word means is the business of the format. [Rich Text Format 1.9.1]

use std::ops::Range;

use crate::refusal::{Refusal, Result};

/// How deep groups may nest.
const DEEPEST: usize = 1000;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{`; the index of the token that closes it, one past the last where none does.
    Open(usize),
    /// `}`.
    Close,
    /// `\word-12` with the space that ends it.
    Word {
        /// Its letters.
        name: Range<usize>,
        /// Its number.
        number: Option<i64>,
    },
    /// `\` and one other character.
    Symbol(u8),
    /// `\'hh`.
    Hex,
    /// `\binN` and its N bytes, which lie here.
    Binary(Range<usize>),
    /// Anything else, line breaks included.
    Text,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub span: Range<usize>,
}

/// The tokens of what begins with a brace at `start`, up to the brace that ends it.
///
/// # Errors
/// `Malformed` where binary data passes the end, `Limit` where groups nest too deep.
pub fn tokens(bytes: &[u8], start: usize) -> Result<Vec<Token>> {
    let (mut tokens, mut around, mut at): (Vec<Token>, Vec<usize>, usize) = (Vec::new(), Vec::new(), start);
    while at < bytes.len() {
        let (kind, end) = match bytes[at] {
            b'{' => {
                if around.len() >= DEEPEST {
                    return Err(Refusal::limit("groups nest deeper than 1000").at(at as u64));
                }
                around.push(tokens.len());
                (Kind::Open(usize::MAX), at + 1)
            }
            b'}' => {
                if let Some(open) = around.pop() {
                    let here = tokens.len();
                    tokens[open].kind = Kind::Open(here);
                }
                (Kind::Close, at + 1)
            }
            b'\\' => control(bytes, at)?,
            _ => (Kind::Text, at + memchr::memchr3(b'{', b'}', b'\\', &bytes[at..]).unwrap_or(bytes.len() - at)),
        };
        tokens.push(Token { kind, span: at..end });
        at = end;
        if around.is_empty() {
            break;
        }
    }
    let last = tokens.len();
    for open in &around {
        tokens[*open].kind = Kind::Open(last);
    }
    Ok(tokens)
}

fn control(bytes: &[u8], at: usize) -> Result<(Kind, usize)> {
    let count = |from: usize, test: fn(&u8) -> bool| bytes[from..].iter().take_while(|b| test(b)).count();
    let letters = count(at + 1, u8::is_ascii_alphabetic);
    let name = at + 1..at + 1 + letters;
    if letters == 0 {
        let hex = bytes.get(at + 1) == Some(&b'\'') && count((at + 2).min(bytes.len()), u8::is_ascii_hexdigit) >= 2;
        return Ok(match bytes.get(at + 1) {
            Some(_) if hex => (Kind::Hex, at + 4),
            Some(b) => (Kind::Symbol(*b), at + 2),
            None => (Kind::Text, at + 1),
        });
    }
    let mut end = name.end;
    let minus = usize::from(bytes.get(end) == Some(&b'-'));
    let digits = count((end + minus).min(bytes.len()), u8::is_ascii_digit);
    let mut number = None;
    if digits > 0 {
        let written = &bytes[end..end + minus + digits];
        number = std::str::from_utf8(written).ok().and_then(|n| n.parse::<i64>().ok());
        end += minus + digits;
    }
    if bytes.get(end) == Some(&b' ') {
        end += 1;
    }
    if bytes[name.clone()] == *b"bin" {
        let len = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
        let stop = end.checked_add(len).filter(|stop| *stop <= bytes.len());
        let stop = stop.ok_or_else(|| Refusal::malformed("binary data passes the end of the file", at as u64))?;
        return Ok((Kind::Binary(end..stop), stop));
    }
    Ok((Kind::Word { name, number }, end))
}
