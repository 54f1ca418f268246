//! The headers of portable pixmaps: words between white space, and comments from a number sign to the end of the line, even
//! in the middle of a word. A comment right behind the last word belongs to the header; what follows one white space does
//! not. [netpbm: pbm(5), pgm(5), ppm(5), pam(5), pfm(5)]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// No honest header is longer.
const LONGEST: u64 = 64 << 10;

/// What a header says.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// The second letter of the sign: `1` to `7`, `f`, `F`.
    pub kind: u8,
    /// Pixels in a row.
    pub width: u64,
    /// Rows.
    pub height: u64,
    /// Samples in a pixel.
    pub depth: u64,
    /// The largest sample; 1 for bits and floats.
    pub max: u64,
    /// The scale of floats, as it is written.
    pub scale: String,
    /// What the samples are, where that is one of the known words. [pam(5)]
    pub tuple: Option<&'static str>,
    /// The comments, and other text that is no part of a picture.
    pub comments: Vec<String>,
    /// All of it.
    pub span: Span,
}

/// [pam(5): TUPLTYPE]
const TUPLES: [&str; 8] =
    ["BLACKANDWHITE_ALPHA", "BLACKANDWHITE", "GRAYSCALE_ALPHA", "GRAYSCALE", "RGB_ALPHA", "RGB", "CMYK_ALPHA", "CMYK"];

impl Header {
    /// Reads the header that begins at `at`.
    ///
    /// # Errors
    /// `Malformed` where there is none.
    pub fn read(source: &dyn Source, at: u64) -> Result<Header> {
        let mut cursor = Cursor::new(source, Span::new(at, at.saturating_add(LONGEST)));
        let [sign, kind] = cursor.array::<2>()?;
        let mut header = Header { kind, depth: 1, max: 1, ..Header::default() };
        match (sign, kind) {
            (b'P', b'7') => header.lines(&mut cursor)?,
            (b'P', b'1'..=b'6' | b'f' | b'F') => header.words(&mut cursor)?,
            _ => return Err(Refusal::malformed("this is no portable pixmap", at)),
        }
        header.span = Span::new(at, cursor.at());
        let samples = header.width.checked_mul(header.depth).and_then(|n| n.checked_mul(header.height));
        if samples.is_none_or(|n| n == 0 || n > u64::MAX / 64) || !(1..=0xffff).contains(&header.max) {
            return Err(Refusal::malformed("the size of the picture is not possible", at));
        }
        Ok(header)
    }

    /// How many bytes the samples take; `None` where they are written as text.
    pub fn bytes(&self) -> Option<u64> {
        let wide = if self.max > 255 { 2 } else { 1 };
        match self.kind {
            b'4' => Some(self.width.div_ceil(8) * self.height),
            b'5'..=b'7' => Some(self.samples() * wide),
            b'f' | b'F' => Some(self.samples() * 4),
            _ => None,
        }
    }

    /// How many samples there are.
    pub fn samples(&self) -> u64 {
        self.width * self.height * self.depth
    }

    /// The header as programs usually write it.
    pub fn canonical(&self) -> Vec<u8> {
        let (kind, w, h, max) = (char::from(self.kind), self.width, self.height, self.max);
        match self.kind {
            b'1' | b'4' => format!("P{kind}\n{w} {h}\n"),
            b'f' | b'F' => format!("P{kind}\n{w} {h}\n{}\n", self.scale),
            b'7' => {
                let tuple = self.tuple.map(|t| format!("TUPLTYPE {t}\n")).unwrap_or_default();
                format!("P7\nWIDTH {w}\nHEIGHT {h}\nDEPTH {}\nMAXVAL {max}\n{tuple}ENDHDR\n", self.depth)
            }
            _ => format!("P{kind}\n{w} {h}\n{max}\n"),
        }
        .into_bytes()
    }

    fn words(&mut self, cursor: &mut Cursor) -> Result<()> {
        if !cursor.look::<1>()?[0].is_ascii_whitespace() && cursor.look::<1>()? != *b"#" {
            return Err(Refusal::malformed("this is no portable pixmap", cursor.at()));
        }
        self.width = number(&self.word(cursor)?, cursor)?;
        self.height = number(&self.word(cursor)?, cursor)?;
        match self.kind {
            b'1' | b'4' => {}
            b'f' | b'F' => {
                self.scale = self.word(cursor)?;
                if self.scale.parse::<f32>().is_err() {
                    return Err(Refusal::malformed("the scale is no number", cursor.at()));
                }
            }
            _ => self.max = number(&self.word(cursor)?, cursor)?,
        }
        if matches!(self.kind, b'3' | b'6' | b'F') {
            self.depth = 3;
        }
        Ok(())
    }

    fn word(&mut self, cursor: &mut Cursor) -> Result<String> {
        let mut word = String::new();
        loop {
            match cursor.u8()? {
                b'#' => {
                    self.comments.push(line(cursor)?);
                    if !word.is_empty() {
                        return Ok(word);
                    }
                }
                b if b.is_ascii_whitespace() && word.is_empty() => {}
                b if b.is_ascii_whitespace() => return Ok(word),
                b if word.len() < 24 && b.is_ascii_graphic() => word.push(char::from(b)),
                _ => return Err(Refusal::malformed("the header is not one of a portable pixmap", cursor.at())),
            }
        }
    }

    fn lines(&mut self, cursor: &mut Cursor) -> Result<()> {
        if cursor.u8()? != b'\n' {
            return Err(Refusal::malformed("this is no portable arbitrary map", cursor.at()));
        }
        loop {
            let line = line(cursor)?;
            let (key, value) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
            match key {
                "ENDHDR" => return Ok(()),
                "WIDTH" => self.width = number(value.trim(), cursor)?,
                "HEIGHT" => self.height = number(value.trim(), cursor)?,
                "DEPTH" => self.depth = number(value.trim(), cursor)?,
                "MAXVAL" => self.max = number(value.trim(), cursor)?,
                "TUPLTYPE" => {
                    self.tuple = TUPLES.into_iter().find(|t| *t == value.trim());
                    if self.tuple.is_none() {
                        self.comments.push(value.to_owned());
                    }
                }
                "" => {}
                _ if key.starts_with('#') => self.comments.push(line.trim_start_matches(['#', ' ']).to_owned()),
                _ => return Err(Refusal::malformed("a line of the header is not known", cursor.at())),
            }
        }
    }
}

/// The rest of a line, without its end.
fn line(cursor: &mut Cursor) -> Result<String> {
    let mut out = Vec::new();
    loop {
        match cursor.u8()? {
            b'\n' | b'\r' => return Ok(String::from_utf8_lossy(&out).trim().to_owned()),
            b => out.push(b),
        }
    }
}

fn number(word: &str, cursor: &Cursor) -> Result<u64> {
    let digits = word.bytes().all(|b| b.is_ascii_digit());
    word.parse::<u32>()
        .ok()
        .filter(|_| digits)
        .map(u64::from)
        .ok_or_else(|| Refusal::malformed("a size is no number", cursor.at()))
}
