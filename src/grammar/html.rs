//! How HTML lies in bytes: tags with their attributes, text, comments, the rest, in the order of the file and without a
//! gap. It follows the tokenizer of browsers, sloppy pages included, builds no tree and resolves no entity. Of the tree
//! it knows only what tokens depend on: which elements hold raw text, and where SVG and MathML begin and end.
//! [HTML Living Standard 13.2.5]

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Characters between tags, raw text of scripts and styles included.
    Text,
    /// A start tag.
    Start,
    /// An end tag.
    End,
    /// `<!-- … -->`.
    Comment,
    /// What browsers take for a comment: `<!x>`, `</ x>`, `<?x>`.
    Bogus,
    /// `<!doctype …>`.
    Doctype,
    /// `<![CDATA[ … ]]>` where it is one.
    Cdata,
}

/// One token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub span: Range<usize>,
    /// The name of a tag, as it is written.
    pub name: Range<usize>,
    /// The attributes of a start tag.
    pub attrs: Vec<Attr>,
    /// Whether it is inside SVG or MathML, or begins it.
    pub foreign: bool,
    /// Whether a start tag ends with a slash.
    pub closed: bool,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attr {
    /// It and the white space before it.
    pub span: Range<usize>,
    /// Its name.
    pub name: Range<usize>,
    /// Its value, without quotes.
    pub value: Range<usize>,
}

/// Elements whose content is text, whatever stands in it.
const RAW: [&[u8]; 8] = [b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes"];
/// Elements of SVG and MathML inside which HTML goes on.
const INTEGRATION: [&[u8]; 4] = [b"foreignobject", b"desc", b"title", b"annotation-xml"];

/// How deep SVG and HTML may nest in each other before it is no longer followed.
const DEEPEST: usize = 256;

/// Takes a page apart. `xml` says that it was written as XML, where a slash ends an element and CDATA is text everywhere.
pub fn tokens(bytes: &[u8], xml: bool) -> Vec<Token> {
    let mut walk = Walk { bytes, at: 0, xml, out: Vec::new(), around: Vec::new() };
    while walk.at < bytes.len() {
        walk.step();
    }
    walk.out
}

/// Whether the bytes are `word`, in any case.
pub fn is(bytes: &[u8], word: &[u8]) -> bool {
    bytes.eq_ignore_ascii_case(word)
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    xml: bool,
    out: Vec<Token>,
    /// The elements that switch between HTML and foreign content, outermost first; `true` is foreign.
    around: Vec<(Vec<u8>, bool)>,
}

impl Walk<'_> {
    fn foreign(&self) -> bool {
        self.around.last().is_some_and(|(_, foreign)| *foreign)
    }

    fn push(&mut self, kind: Kind, end: usize) {
        let foreign = self.foreign();
        let span = self.at..end.min(self.bytes.len());
        self.at = span.end;
        self.out.push(Token { kind, span, name: 0..0, attrs: Vec::new(), foreign, closed: false });
    }

    fn step(&mut self) {
        let rest = &self.bytes[self.at..];
        let next = |i: usize| rest.get(i).copied().unwrap_or(0);
        let to = |needle: u8| memchr::memchr(needle, rest).map_or(rest.len(), |i| i + 1);
        if rest[0] != b'<' {
            return self.push(Kind::Text, self.at + memchr::memchr(b'<', rest).unwrap_or(rest.len()));
        }
        match next(1) {
            b'!' if rest.starts_with(b"<!--") => self.push(Kind::Comment, self.at + comment(rest)),
            b'!' if (self.xml || self.foreign()) && rest.starts_with(b"<![CDATA[") => {
                let end = memchr::memmem::find(rest, b"]]>").map_or(rest.len(), |i| i + 3);
                self.push(Kind::Cdata, self.at + end);
            }
            b'!' if rest.get(2..9).is_some_and(|w| is(w, b"doctype")) => self.push(Kind::Doctype, self.at + doctype(rest)),
            b'?' if self.xml => {
                let end = memchr::memmem::find(rest, b"?>").map_or(rest.len(), |i| i + 2);
                self.push(Kind::Bogus, self.at + end);
            }
            b'!' | b'?' => self.push(Kind::Bogus, self.at + to(b'>')),
            b'/' if next(2).is_ascii_alphabetic() => self.tag(Kind::End, self.at + 2),
            // At the very end the two characters are text.
            b'/' if rest.len() > 2 => self.push(Kind::Bogus, self.at + to(b'>')),
            b if b.is_ascii_alphabetic() => self.tag(Kind::Start, self.at + 1),
            _ => self.push(Kind::Text, self.at + 1 + memchr::memchr(b'<', &rest[1..]).unwrap_or(rest.len() - 1)),
        }
    }

    fn tag(&mut self, kind: Kind, name: usize) {
        let bytes = self.bytes;
        let skip = |from: usize, stop: &dyn Fn(u8) -> bool| {
            bytes[from..].iter().position(|b| stop(*b)).map_or(bytes.len(), |i| from + i)
        };
        let name_end = skip(name, &|b| space(b) || matches!(b, b'/' | b'>'));
        let (mut at, mut attrs, mut closed) = (name_end, Vec::new(), false);
        let end = loop {
            let from = at;
            at = skip(at, &|b| !space(b) && b != b'/');
            match bytes.get(at) {
                None => break None,
                Some(b'>') => {
                    closed = at > from && bytes[at - 1] == b'/';
                    break Some(at + 1);
                }
                Some(_) => {}
            }
            // An equals sign in front belongs to the name.
            let stop = skip(at + 1, &|b| space(b) || matches!(b, b'/' | b'>' | b'='));
            let called = at..stop;
            let equals = skip(stop, &|b| !space(b));
            let (mut value, mut last) = (stop..stop, stop);
            if bytes.get(equals) == Some(&b'=') {
                let open = skip(equals + 1, &|b| !space(b));
                match bytes.get(open) {
                    None => break None,
                    Some(q @ (b'"' | b'\'')) => {
                        let Some(len) = memchr::memchr(*q, &bytes[open + 1..]) else { break None };
                        value = open + 1..open + 1 + len;
                        last = value.end + 1;
                    }
                    Some(b'>') => (value, last) = (open..open, open),
                    Some(_) => {
                        let stop = skip(open, &|b| space(b) || b == b'>');
                        (value, last) = (open..stop, stop);
                    }
                }
            }
            attrs.push(Attr { span: from..last, name: called, value });
            at = last;
        };
        let Some(end) = end else {
            // A tag that the file ends in is dropped by browsers; nobody sees it.
            return self.push(Kind::Bogus, bytes.len());
        };
        let lower = bytes[name..name_end].to_ascii_lowercase();
        let was_foreign = self.foreign();
        let begins = matches!(&lower[..], b"svg" | b"math");
        match kind {
            Kind::Start if self.around.len() > DEEPEST => {}
            Kind::Start if begins && !closed => self.around.push((lower.clone(), true)),
            Kind::Start if was_foreign && !closed && INTEGRATION.contains(&&lower[..]) => {
                self.around.push((lower.clone(), false))
            }
            Kind::End => {
                if let Some(i) = self.around.iter().rposition(|(n, _)| *n == lower) {
                    self.around.truncate(i);
                }
            }
            _ => {}
        }
        let foreign = was_foreign || begins;
        let span = self.at..end;
        self.at = end;
        self.out.push(Token { kind, span, name: name..name_end, attrs, foreign, closed });
        if kind == Kind::Start && !was_foreign && !(closed && self.xml) {
            self.raw(&lower);
        }
    }

    /// The text of an element that holds nothing else.
    fn raw(&mut self, name: &[u8]) {
        let rest = &self.bytes[self.at..];
        let len = match name {
            b"plaintext" => rest.len(),
            b"script" => script(rest),
            _ if RAW.contains(&name) => end_tag(rest, name).unwrap_or(rest.len()),
            _ => return,
        };
        if len > 0 {
            self.push(Kind::Text, self.at + len);
        }
    }
}

fn space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// How long a comment is: `-->`, `--!>`, or at once `>` or `->`. [13.2.5.43]
fn comment(rest: &[u8]) -> usize {
    if rest[4..].starts_with(b">") {
        return 5;
    }
    if rest[4..].starts_with(b"->") {
        return 6;
    }
    let ends = |i: &usize| *i >= 6 && (rest[..*i].ends_with(b"--") || *i >= 7 && rest[..*i].ends_with(b"--!"));
    memchr::memchr_iter(b'>', rest).find(ends).map_or(rest.len(), |i| i + 1)
}

/// How long a document type is; an internal subset of XML counts.
fn doctype(rest: &[u8]) -> usize {
    let end = memchr::memchr(b'>', rest).map_or(rest.len(), |i| i + 1);
    match memchr::memchr(b'[', &rest[..end]) {
        Some(_) => memchr::memmem::find(rest, b"]>").map_or(end, |i| i + 2),
        None => end,
    }
}

/// Where the end tag of `name` begins.
fn end_tag(rest: &[u8], name: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(rest, b"</").find(|i| is_tag(&rest[i + 2..], name))
}

fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    rest.get(..name.len()).is_some_and(|n| is(n, name))
        && rest.get(name.len()).is_some_and(|b| space(*b) || matches!(b, b'/' | b'>'))
}

/// How long the text of a script is: between `<!--` and `-->` a script may hold another with its end tag. [13.2.5.17]
fn script(rest: &[u8]) -> usize {
    let (mut escaped, mut double) = (false, false);
    let mut at = 0;
    while let Some(i) = memchr::memchr2(b'<', b'-', &rest[at..]) {
        at += i;
        let here = &rest[at..];
        if here.starts_with(b"</") && is_tag(&here[2..], b"script") {
            if !double {
                return at;
            }
            double = false;
        } else if here.starts_with(b"<!--") && !escaped {
            escaped = true;
            // `<!-->` ends where it begins.
            at += 2;
            continue;
        } else if here.starts_with(b"-->") {
            (escaped, double) = (false, false);
        } else if escaped && here.starts_with(b"<") && is_tag(&here[1..], b"script") {
            double = true;
        }
        at += 1;
    }
    // A script that never ends takes all; where that is for an escape that never ends either, its first end tag counts.
    end_tag(rest, b"script").filter(|_| double).unwrap_or(rest.len())
}
