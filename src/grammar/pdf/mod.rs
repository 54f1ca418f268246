//! How a PDF lies: tokens, objects, cross-references, filters, content streams. Numbers, names and strings keep the text
//! they have in the file, so that writing them again changes none of them. Nothing here knows what may survive.
//! [ISO 32000-2 7]

pub mod book;
pub mod content;
pub mod filters;
pub mod lexer;
pub mod writer;

use std::borrow::Cow;

/// An object, its tokens as they stand in the file. [7.3]
#[derive(Clone, Debug, PartialEq)]
pub enum Obj<'a> {
    /// `null`, and whatever is not there.
    Null,
    /// A number, `true` or `false`, verbatim.
    Word(Cow<'a, [u8]>),
    /// A name, verbatim but for its slash: `#20` is still `#20`.
    Name(Cow<'a, [u8]>),
    /// A string, verbatim with its delimiters.
    Text(Cow<'a, [u8]>),
    /// An array.
    Array(Vec<Obj<'a>>),
    /// A dictionary.
    Dict(Dict<'a>),
    /// A reference: object number and generation.
    Ref(u32, u16),
}

impl<'a> Obj<'a> {
    /// A name that needs no escape.
    pub fn name(name: &'static str) -> Obj<'a> {
        Obj::Name(Cow::Borrowed(name.as_bytes()))
    }

    /// A number.
    pub fn int(n: u64) -> Obj<'a> {
        Obj::Word(Cow::Owned(n.to_string().into_bytes()))
    }

    /// The dictionary, where it is one.
    pub fn as_dict(&self) -> Option<&Dict<'a>> {
        match self {
            Obj::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The elements, where it is an array.
    pub fn as_array(&self) -> Option<&[Obj<'a>]> {
        match self {
            Obj::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The name with its escapes resolved, where it is one.
    pub fn as_name(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Obj::Name(name) => Some(unescape(name)),
            _ => None,
        }
    }

    /// Whether it is this name.
    pub fn is_name(&self, name: &str) -> bool {
        self.as_name().is_some_and(|n| *n == *name.as_bytes())
    }

    /// The integer, where it is one. Reals are cut, as readers do with lengths.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Obj::Word(word) => {
                let text = std::str::from_utf8(word).ok()?;
                text.split('.').next()?.trim_start_matches('+').parse().ok()
            }
            _ => None,
        }
    }

    /// The bytes that a string stands for.
    pub fn as_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Obj::Text(token) => Some(lexer::string_bytes(token)),
            _ => None,
        }
    }

    /// The text that a string stands for: UTF-16, UTF-8 by their marks, else as Latin-1, which is near enough for people.
    pub fn as_text(&self) -> Option<String> {
        self.as_bytes().map(|b| lexer::text(&b))
    }
}

/// A dictionary: keys (verbatim, without their slash) and values in the order of the file. [7.3.7]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dict<'a>(pub Vec<(Cow<'a, [u8]>, Obj<'a>)>);

impl<'a> Dict<'a> {
    /// The value of a key; of doubled ones the last counts.
    pub fn get(&self, key: &str) -> Option<&Obj<'a>> {
        self.0.iter().rev().find(|(k, _)| *unescape(k) == *key.as_bytes()).map(|(_, v)| v)
    }

    /// The value of a key, or `null`.
    pub fn at(&self, key: &str) -> &Obj<'a> {
        self.get(key).unwrap_or(&Obj::Null)
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets a key that needs no escape.
    pub fn set(&mut self, key: &'static str, value: Obj<'a>) {
        self.remove(key);
        self.0.push((Cow::Borrowed(key.as_bytes()), value));
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) -> Option<Obj<'a>> {
        let value = self.get(key).cloned();
        self.0.retain(|(k, _)| *unescape(k) != *key.as_bytes());
        value
    }

    /// Sorts the keys; of doubled ones the last stays.
    pub fn sort(&mut self) {
        let sorted = |pairs: &[(Cow<'a, [u8]>, Obj<'a>)]| pairs.windows(2).all(|w| w[0].0 < w[1].0);
        if sorted(&self.0) {
            return;
        }
        self.0.reverse();
        self.0.sort_by(|a, b| unescape(&a.0).cmp(&unescape(&b.0)));
        self.0.dedup_by(|b, a| unescape(&a.0) == unescape(&b.0));
    }
}

/// A name with its `#` escapes resolved. [7.3.5]
pub fn unescape(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'#') {
        return Cow::Borrowed(name);
    }
    let mut out = Vec::with_capacity(name.len());
    let mut i = 0;
    while i < name.len() {
        let digits = name.get(i + 1..i + 3).and_then(|d| Some((lexer::hex_digit(d[0])?, lexer::hex_digit(d[1])?)));
        match digits {
            Some((high, low)) if name[i] == b'#' => {
                out.push(high << 4 | low);
                i += 3;
            }
            _ => {
                out.push(name[i]);
                i += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// White space. [7.2.3 table 1]
pub fn is_space(b: u8) -> bool {
    matches!(b, 0 | 9 | 10 | 12 | 13 | 32)
}

/// What ends a token besides white space. [7.2.3 table 2]
pub fn is_delimiter(b: u8) -> bool {
    matches!(b, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// What tokens are made of.
pub fn is_regular(b: u8) -> bool {
    !is_space(b) && !is_delimiter(b)
}
