//! Objects as bytes again, as short as their tokens allow, and the frame around them: header, objects, object streams,
//! cross-references, trailer. One body, one cross-reference section, always. [ISO 32000-2 7.5]

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};

use super::{Dict, Obj, is_regular};
use crate::source::{Shared, Spool};

/// How many objects share an object stream at most.
const PER_STREAM: usize = 100;

/// Appends an object. A space stands only where two tokens would run together.
pub fn put(out: &mut Vec<u8>, obj: &Obj) {
    match obj {
        Obj::Null => word(out, b"null"),
        Obj::Word(token) => word(out, token),
        Obj::Name(token) => {
            out.push(b'/');
            out.extend_from_slice(token);
        }
        Obj::Text(token) => out.extend_from_slice(token),
        Obj::Ref(number, generation) => word(out, format!("{number} {generation} R").as_bytes()),
        Obj::Array(items) => {
            out.push(b'[');
            items.iter().for_each(|item| put(out, item));
            out.push(b']');
        }
        Obj::Dict(dict) => put_dict(out, dict),
    }
}

/// Appends a dictionary.
pub fn put_dict(out: &mut Vec<u8>, dict: &Dict) {
    out.extend_from_slice(b"<<");
    for (key, value) in &dict.0 {
        out.push(b'/');
        out.extend_from_slice(key);
        put(out, value);
    }
    out.extend_from_slice(b">>");
}

fn word(out: &mut Vec<u8>, token: &[u8]) {
    if out.last().is_some_and(|b| is_regular(*b) || *b == b'/') {
        out.push(b' ');
    }
    out.extend_from_slice(token);
}

/// Deflates at the one level that everything here is deflated at.
pub fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// How the result is laid out, which is how the input was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Objects one by one and a cross-reference table.
    Table,
    /// Objects one by one and a cross-reference stream.
    Streamed,
    /// Objects in object streams and a cross-reference stream.
    Packed,
}

#[derive(Clone, Copy)]
enum Entry {
    Free,
    At(u64),
    In(u32, u32),
}

/// Writes a document into a spool.
pub struct Writer {
    spool: Spool,
    style: Style,
    entries: Vec<Entry>,
    hash: Sha256,
    /// The object stream being filled: numbers and offsets, then bodies.
    index: Vec<(u32, usize)>,
    bodies: Vec<u8>,
    packed: Vec<(Vec<u32>, Vec<u8>)>,
    scratch: Vec<u8>,
}

impl Writer {
    /// Begins with the header; the mark of binary content is always the same.
    pub fn new(spool: Spool, version: &str, style: Style) -> io::Result<Writer> {
        let mut writer = Writer {
            spool,
            style,
            entries: vec![Entry::Free],
            hash: Sha256::new(),
            index: Vec::new(),
            bodies: Vec::new(),
            packed: Vec::new(),
            scratch: Vec::new(),
        };
        writer.send(format!("%PDF-{version}\n%").as_bytes())?;
        writer.send(b"\xE2\xE3\xCF\xD3\n")?;
        Ok(writer)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.spool.write_all(bytes)
    }

    fn enter(&mut self, number: u32, entry: Entry) {
        let i = number as usize;
        if self.entries.len() <= i {
            self.entries.resize(i + 1, Entry::Free);
        }
        self.entries[i] = entry;
    }

    /// Writes an object that is no stream.
    pub fn object(&mut self, number: u32, obj: &Obj) -> io::Result<()> {
        if self.style == Style::Packed {
            self.enter(number, Entry::Free);
            self.index.push((number, self.bodies.len()));
            put(&mut self.bodies, obj);
            self.bodies.push(b'\n');
            if self.index.len() == PER_STREAM {
                self.pack()?;
            }
            return Ok(());
        }
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        put(&mut out, obj);
        out.extend_from_slice(b"\nendobj\n");
        self.enter(number, Entry::At(self.spool.len()));
        self.send(&out)?;
        self.scratch = out;
        Ok(())
    }

    /// Writes a stream; its `Length` is set here.
    pub fn stream(&mut self, number: u32, dict: &mut Dict, data: &[u8]) -> io::Result<()> {
        dict.set("Length", Obj::int(data.len() as u64));
        dict.sort();
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        put_dict(&mut out, dict);
        out.extend_from_slice(b"stream\n");
        self.enter(number, Entry::At(self.spool.len()));
        self.send(&out)?;
        self.send(data)?;
        self.send(b"\nendstream\nendobj\n")?;
        self.scratch = out;
        Ok(())
    }

    fn pack(&mut self) -> io::Result<()> {
        if self.index.is_empty() {
            return Ok(());
        }
        let mut plain = Vec::with_capacity(self.bodies.len() + self.index.len() * 10);
        for (number, offset) in &self.index {
            plain.extend_from_slice(format!("{number} {offset} ").as_bytes());
        }
        let first = plain.len();
        plain.append(&mut self.bodies);
        let numbers = self.index.drain(..).map(|(number, _)| number).collect();
        let mut body = format!("/First {first}\n").into_bytes();
        body.extend(deflate(&plain)?);
        self.packed.push((numbers, body));
        Ok(())
    }

    /// Ends the document: what is still to be packed, the cross-references and the trailer. `identified` is whether this
    /// kind of PDF must have an identifier; it is made from the result alone.
    pub fn finish(mut self, root: u32, identified: bool) -> io::Result<Shared> {
        self.pack()?;
        for (numbers, body) in std::mem::take(&mut self.packed) {
            let container = self.entries.len() as u32;
            for (i, number) in numbers.iter().enumerate() {
                self.enter(*number, Entry::In(container, i as u32));
            }
            let line = body.iter().position(|b| *b == b'\n').unwrap_or(0);
            let head = String::from_utf8_lossy(&body[..line]).into_owned();
            let data = &body[line + 1..];
            let head = format!(
                "{container} 0 obj\n<</Filter/FlateDecode{head}/Length {}/N {}/Type/ObjStm>>stream\n",
                data.len(),
                numbers.len()
            );
            self.enter(container, Entry::At(self.spool.len()));
            self.send(head.as_bytes())?;
            self.send(data)?;
            self.send(b"\nendstream\nendobj\n")?;
        }
        let digest = self.hash.clone().finalize();
        let id: String = digest.iter().take(16).map(|b| format!("{b:02X}")).collect();
        let id = if identified { format!("/ID[<{id}><{id}>]") } else { String::new() };
        let at = self.spool.len();
        if self.style == Style::Table {
            self.table(root, &id)?;
        } else {
            self.cross_stream(root, &id)?;
        }
        self.send(format!("startxref\n{at}\n%%EOF\n").as_bytes())?;
        self.spool.finish()
    }

    fn table(&mut self, root: u32, id: &str) -> io::Result<()> {
        let mut out = format!("xref\n0 {}\n0000000000 65535 f \n", self.entries.len()).into_bytes();
        for entry in &self.entries[1..] {
            let line = match entry {
                Entry::At(at) => format!("{at:010} 00000 n \n"),
                _ => "0000000000 65535 f \n".to_owned(),
            };
            out.extend_from_slice(line.as_bytes());
        }
        out.extend_from_slice(format!("trailer\n<<{id}/Root {root} 0 R/Size {}>>\n", self.entries.len()).as_bytes());
        self.send(&out)
    }

    /// [7.5.8]
    fn cross_stream(&mut self, root: u32, id: &str) -> io::Result<()> {
        let number = self.entries.len() as u32;
        let at = self.spool.len();
        self.enter(number, Entry::At(at));
        let wide = |n: u64| (8 - n.leading_zeros() as usize / 8).max(1);
        let field2 = self.entries.iter().map(|e| match e {
            Entry::Free => 0,
            Entry::At(at) => *at,
            Entry::In(container, _) => u64::from(*container),
        });
        let width = wide(field2.max().unwrap_or(0));
        let row = width + 2;
        let mut rows = Vec::with_capacity(self.entries.len() * (row + 1));
        let mut above = vec![0u8; row];
        for (i, entry) in self.entries.iter().enumerate() {
            let (kind, second, third) = match entry {
                Entry::Free => (0u8, 0, if i == 0 { 255 } else { 0 }),
                Entry::At(at) => (1, *at, 0),
                Entry::In(container, index) => (2, u64::from(*container), *index as u8),
            };
            let mut this = vec![kind];
            this.extend_from_slice(&second.to_be_bytes()[8 - width..]);
            this.push(third);
            rows.push(2);
            rows.extend(this.iter().zip(&above).map(|(a, b)| a.wrapping_sub(*b)));
            above = this;
        }
        let data = deflate(&rows)?;
        let head = format!(
            "{number} 0 obj\n<</DecodeParms<</Columns {row}/Predictor 12>>/Filter/FlateDecode{id}/Length {}/Root {root} 0 R/Size {}/Type/XRef/W[1 {width} 1]>>stream\n",
            data.len(),
            self.entries.len()
        );
        self.send(head.as_bytes())?;
        self.send(&data)?;
        self.send(b"\nendstream\nendobj\n")
    }
}
