//! The second reader: hayro-syntax opens the file as it was and as it is rebuilt, and both must show the same pages. It
//! shares no code with what planned the result, so what one reader overlooks the other does not.

mod data;

use std::collections::HashSet;
use std::sync::Arc;

use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Rect, Stream};
use hayro_syntax::page::Page;
use hayro_syntax::{LoadPdfError, Pdf, PdfData};

use crate::grammar::pdf::content;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Shared;

/// How far resources of resources are compared.
const DEEPEST: usize = 6;

/// Bytes that a reader may hold on to.
struct Held(Shared);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes().unwrap_or_default()
    }
}

/// Opens bytes that are in memory.
///
/// # Errors
/// `Malformed` where the second reader cannot read them.
pub(super) fn open(bytes: &Shared) -> Result<Pdf> {
    Pdf::new(PdfData::from(Arc::new(Held(bytes.clone())))).map_err(|e| match e {
        LoadPdfError::Decryption(_) => Refusal::new(Code::Encrypted, "it is locked with a password"),
        LoadPdfError::Invalid => Refusal::new(Code::Malformed, "a second reader could not read its structure"),
    })
}

/// Demands that both show the same pages.
///
/// # Errors
/// `Malformed` where they do not: the file is read differently by different readers, so nobody knows what it shows.
pub(super) fn agree(before: &Pdf, after: &Pdf) -> Result<usize> {
    let (old, new) = (before.pages(), after.pages());
    if old.len() != new.len() {
        return Err(differs(format!("two readers count its pages differently ({} and {})", old.len(), new.len())));
    }
    let mut compared = Seen::default();
    for (i, (old, new)) in old.iter().zip(new.iter()).enumerate() {
        if let Some(what) = difference(old, new, &mut compared) {
            return Err(differs(format!("two readers see page {} differently ({what})", i + 1)));
        }
    }
    Ok(new.len())
}

fn differs(what: String) -> Refusal {
    Refusal::new(Code::Malformed, what)
}

fn difference(old: &Page, new: &Page, seen: &mut Seen) -> Option<&'static str> {
    let edges = |r: Rect| [r.x0, r.y0, r.x1, r.y1];
    if edges(old.media_box()) != edges(new.media_box()) || edges(old.crop_box()) != edges(new.crop_box()) {
        return Some("its boxes");
    }
    if old.rotation() as u8 != new.rotation() as u8 {
        return Some("its rotation");
    }
    let text = |page: &Page| content::uncommented(page.page_stream().unwrap_or_default(), true).into_owned();
    if squeezed(&text(old)) != squeezed(&text(new)) {
        return Some("its content");
    }
    let (old, new) = (old.resources(), new.resources());
    let kinds = [
        (&old.ext_g_states, &new.ext_g_states),
        (&old.fonts, &new.fonts),
        (&old.color_spaces, &new.color_spaces),
        (&old.x_objects, &new.x_objects),
        (&old.patterns, &new.patterns),
        (&old.shadings, &new.shadings),
    ];
    kinds.iter().any(|(old, new)| !same_names(old, new, seen, DEEPEST)).then_some("its resources")
}

/// White space at the seams of parts means nothing.
fn squeezed(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Pairs of objects that were compared already, since pages share them.
#[derive(Default)]
struct Seen(HashSet<(ObjectIdentifier, ObjectIdentifier)>);

impl Seen {
    /// Whether the pair is new, and takes note of it.
    fn is_new(&mut self, old: Option<ObjectIdentifier>, new: Option<ObjectIdentifier>) -> bool {
        match old.zip(new) {
            Some(pair) => self.0.insert(pair),
            None => true,
        }
    }
}

/// Whether two dictionaries lead from the same names to the same things, as far as a reader can see.
fn same_names(old: &Dict, new: &Dict, seen: &mut Seen, depth: usize) -> bool {
    let alive = |dict: &Dict| {
        let mut names: Vec<Vec<u8>> = dict
            .keys()
            .filter(|k| dict.get::<Object>(k.as_ref()).is_some_and(|o| !nothing(&o)))
            .map(|k| k.as_ref().to_vec())
            .collect();
        names.sort();
        names
    };
    let names = alive(new);
    // What viewers do not show may go; nothing may come.
    let there = alive(old);
    names.iter().all(|n| there.binary_search(n).is_ok())
        && there.iter().all(|name| match (old.get::<Object>(&name[..]), new.get::<Object>(&name[..])) {
            (Some(old), Some(new)) => same_thing(&old, &new, seen, depth),
            (Some(Object::Stream(old)), _) => !shows(&old),
            (old, new) => old.is_none() && new.is_none(),
        })
}

fn nothing(object: &Object) -> bool {
    matches!(object, Object::Null(_))
}

/// Whether viewers show an external object. [8.8]
fn shows(stream: &Stream) -> bool {
    stream.dict().get::<Name>("Subtype").is_some_and(|n| matches!(n.as_ref(), b"Image" | b"Form"))
}

fn same_thing(old: &Object, new: &Object, seen: &mut Seen, depth: usize) -> bool {
    match (old, new) {
        (Object::Stream(old), Object::Stream(new)) => {
            if !seen.is_new(Some(old.obj_id()), Some(new.obj_id())) {
                return true;
            }
            let is = |kind: &[u8]| old.dict().get::<Name>("Subtype").is_some_and(|n| n.as_ref() == kind);
            if depth == 0 {
                return same_size(old, new);
            }
            if is(b"Form") || old.dict().contains_key("PatternType") {
                return data::same_code(old, new, true) && same_resources(old.dict(), new.dict(), seen, depth - 1);
            }
            if !is(b"Image") {
                return same_size(old, new);
            }
            let masks =
                ["SMask", "Mask"].iter().all(|key| match (old.dict().get::<Stream>(*key), new.dict().get::<Stream>(*key)) {
                    (Some(old), Some(new)) => same_size(&old, &new) && data::same_picture(&old, &new),
                    (old, new) => old.is_none() && new.is_none(),
                });
            masks && same_size(old, new) && data::same_picture(old, new)
        }
        (Object::Dict(old), Object::Dict(new)) => !seen.is_new(old.obj_id(), new.obj_id()) || same_font(old, new, depth),
        (Object::Array(old), Object::Array(new)) => old.raw_iter().count() == new.raw_iter().count(),
        (Object::Name(old), Object::Name(new)) => old == new,
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    }
}

/// The size of a picture.
fn same_size(old: &Stream, new: &Stream) -> bool {
    ["Width", "Height", "BitsPerComponent"].iter().all(|key| old.dict().get::<i32>(*key) == new.dict().get::<i32>(*key))
}

fn same_resources(old: &Dict, new: &Dict, seen: &mut Seen, depth: usize) -> bool {
    let (old, new) = (old.get::<Dict>("Resources").unwrap_or_default(), new.get::<Dict>("Resources").unwrap_or_default());
    ["Font", "XObject", "ExtGState", "ColorSpace", "Pattern", "Shading"].iter().all(|key| {
        let (old, new) = (old.get::<Dict>(*key).unwrap_or_default(), new.get::<Dict>(*key).unwrap_or_default());
        same_names(&old, &new, seen, depth)
    })
}

/// Fonts, and other dictionaries of resources: what they are called, and that their programs, maps and widths are the same.
fn same_font(old: &Dict, new: &Dict, depth: usize) -> bool {
    let named = ["BaseFont", "Subtype"].iter().all(|key| old.get::<Name>(*key) == new.get::<Name>(*key));
    let there = ["ToUnicode", "Encoding", "DescendantFonts", "CharProcs", "Widths"].iter().all(|key| {
        let there = |dict: &Dict| dict.get::<Object>(*key).is_some_and(|o| !nothing(&o));
        there(old) == there(new)
    });
    let widths = |dict: &Dict| dict.get::<Array>("Widths").map(|a| a.iter::<f32>().collect::<Vec<_>>());
    let maps = match (old.get::<Stream>("ToUnicode"), new.get::<Stream>("ToUnicode")) {
        (Some(old), Some(new)) => data::same_code(&old, &new, false),
        (old, new) => old.is_none() && new.is_none(),
    };
    let letters = match (old.get::<Dict>("CharProcs"), new.get::<Dict>("CharProcs")) {
        (Some(old), Some(new)) => {
            old.keys().all(|key| match (old.get::<Stream>(key.as_ref()), new.get::<Stream>(key.as_ref())) {
                (Some(old), Some(new)) => data::same_code(&old, &new, true),
                (old, new) => old.is_none() && new.is_none(),
            })
        }
        _ => true,
    };
    let descendants = |dict: &Dict| dict.get::<Array>("DescendantFonts").map(|a| a.iter::<Dict>().count()).unwrap_or_default();
    named
        && there
        && widths(old) == widths(new)
        && maps
        && letters
        && same_programs(old, new)
        && descendants(old) == descendants(new)
        && (depth == 0 || descendants(old) == 0 || {
            match (old.get::<Array>("DescendantFonts"), new.get::<Array>("DescendantFonts")) {
                (Some(a), Some(b)) => a.iter::<Dict>().zip(b.iter::<Dict>()).all(|(a, b)| same_font(&a, &b, depth - 1)),
                _ => false,
            }
        })
}

fn same_programs(old: &Dict, new: &Dict) -> bool {
    let (old, new) = (old.get::<Dict>("FontDescriptor"), new.get::<Dict>("FontDescriptor"));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    ["FontFile", "FontFile2", "FontFile3"].iter().all(|key| match (old.get::<Stream>(*key), new.get::<Stream>(*key)) {
        (Some(old), Some(new)) => data::same_program(&old, &new),
        (old, new) => old.is_none() && new.is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    /// A document of one page with these objects from 4 on; 4 is its content, 5 a font, 6 a picture.
    fn document(objects: [&str; 4]) -> Pdf {
        let page =
            "<</Contents 4 0 R/MediaBox[0 0 9 9]/Parent 2 0 R/Resources<</Font<</F 5 0 R>>/XObject<</I 6 0 R>>>>/Type/Page>>";
        let all = ["<</Pages 2 0 R/Type/Catalog>>", "<</Count 1/Kids[3 0 R]/Type/Pages>>", page];
        let (mut out, mut places) = ("%PDF-1.7\n".to_owned(), Vec::new());
        for (i, object) in all.into_iter().chain(objects).enumerate() {
            places.push(out.len());
            out += &format!("{} 0 obj\n{object}\nendobj\n", i + 1);
        }
        let at = out.len();
        out += &format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
        places.iter().for_each(|p| out += &format!("{p:010} 00000 n \n"));
        out += &format!("trailer\n<</Root 1 0 R/Size {}>>\nstartxref\n{at}\n%%EOF\n", places.len() + 1);
        open(&Memory::shared(out.into_bytes())).unwrap()
    }

    fn stream(entries: &str, data: &str) -> String {
        format!("<<{entries}/Length {}>>stream\n{data}\nendstream", data.len())
    }

    #[test]
    fn what_differs_is_seen() {
        let picture = |data: &str| stream("/BitsPerComponent 8/ColorSpace/DeviceGray/Height 2/Subtype/Image/Width 2", data);
        let font = "<</BaseFont/A/FontDescriptor<</FontFile2 7 0 R>>/Subtype/TrueType/Widths[1 2]>>";
        let (content, program) = (stream("", "/I Do"), stream("", "glyphs"));
        let old = || document([&content, font, &picture("abcd"), &program]);
        assert!(agree(&old(), &old()).is_ok());
        for other in [
            [&stream("", "/I Do q"), font, &picture("abcd"), &program],
            [&content, font, &picture("abce"), &program],
            [&content, font, &picture("abcd"), &stream("", "glyphz")],
            [&content, &font.replace("[1 2]", "[1 3]"), &picture("abcd"), &program],
            [&content, &font.replace("/A/", "/B/"), &picture("abcd"), &program],
        ] {
            assert!(agree(&old(), &document(other)).is_err(), "{other:?}");
        }
        let commented = [&stream("", "/I Do % said\n"), font, &picture("abcd"), &program];
        assert!(agree(&document(commented), &old()).is_ok());
    }
}
