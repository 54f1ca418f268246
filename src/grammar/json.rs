//! How JSON lies in its bytes [RFC 8259], read as a stream: names, and the strings and numbers that stand under them. Deeply
//! nested data costs no more than flat data, since nothing is built; whether brackets match is not asked.

/// So much of a string is held; what is longer is cut off.
const LONGEST: usize = 512;

/// A scalar on its way by.
pub struct Value<'a> {
    /// The name that the object or list around it stands under; empty at the top.
    pub within: &'a str,
    /// The name that it stands under itself.
    pub key: &'a str,
    /// The string without its quotes, or the number; cut off where it is long.
    pub text: &'a str,
}

/// A reader that is fed block by block.
#[derive(Default)]
pub struct Scan {
    state: State,
    text: Vec<u8>,
    /// A string that has ended: a name if a colon follows, else a value.
    pending: bool,
    within: String,
    key: String,
}

#[derive(Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    Text,
    Escaped,
    Bare,
}

impl Scan {
    /// Reads on; `see` is shown every scalar.
    pub fn block(&mut self, bytes: &[u8], see: &mut dyn FnMut(Value)) {
        for b in bytes {
            self.byte(*b, see);
        }
    }

    fn byte(&mut self, b: u8, see: &mut dyn FnMut(Value)) {
        match (&self.state, b) {
            (State::Text, b'"') => (self.state, self.pending) = (State::Between, true),
            (State::Text | State::Escaped, _) => {
                self.state = if self.state == State::Text && b == b'\\' { State::Escaped } else { State::Text };
                self.hold(b);
            }
            (_, b'"') => {
                self.text.clear();
                (self.state, self.pending) = (State::Text, false);
            }
            (_, b':') => {
                self.key = self.taken();
                (self.state, self.pending) = (State::Between, false);
            }
            (_, b'{' | b'[') => {
                self.within.clone_from(&self.key);
                self.state = State::Between;
            }
            (_, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n') => {
                if self.state == State::Bare || (self.pending && !b.is_ascii_whitespace()) {
                    let text = self.taken();
                    see(Value { within: &self.within, key: &self.key, text: &text });
                    self.pending = false;
                }
                self.state = State::Between;
            }
            (_, _) => {
                if self.state == State::Between {
                    self.text.clear();
                    self.state = State::Bare;
                }
                self.hold(b);
            }
        }
    }

    fn hold(&mut self, b: u8) {
        if self.text.len() < LONGEST {
            self.text.push(b);
        }
    }

    /// The string that has ended, its escapes resolved where it has any that can be.
    fn taken(&self) -> String {
        let raw = String::from_utf8_lossy(&self.text);
        if !raw.contains('\\') {
            return raw.into_owned();
        }
        serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, step: usize) -> Vec<String> {
        let (mut scan, mut out) = (Scan::default(), Vec::new());
        for block in text.as_bytes().chunks(step) {
            scan.block(block, &mut |v| out.push(format!("{}.{}={}", v.within, v.key, v.text)));
        }
        out
    }

    #[test]
    fn scalars_come_with_their_names() {
        let text = r#"{"a": 1.5, "people": [{"name": "J\u00f6rg \"x\""}], "l":["p", "q" ], "t":true}"#;
        let all = [".a=1.5", "people.name=Jörg \"x\"", "l.l=p", "l.l=q", "l.t=true"];
        assert_eq!(read(text, 1), all);
        assert_eq!(read(text, 1000), all);
    }

    #[test]
    fn nesting_costs_nothing() {
        assert!(read(&"[".repeat(1 << 20), 4096).is_empty());
    }
}
