//! The second reader: hayro-syntax opens the file as it was and as it is rebuilt, and both must show the same pages. It
//! shares no code with what planned the result, so what one reader overlooks the other does not.

use std::sync::Arc;

use hayro_syntax::object::{Dict, Name, Object, Rect, Stream};
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
    for (i, (old, new)) in old.iter().zip(new.iter()).enumerate() {
        if let Some(what) = difference(old, new) {
            return Err(differs(format!("two readers see page {} differently ({what})", i + 1)));
        }
    }
    Ok(new.len())
}

fn differs(what: String) -> Refusal {
    Refusal::new(Code::Malformed, what)
}

fn difference(old: &Page, new: &Page) -> Option<&'static str> {
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
    kinds.iter().any(|(old, new)| !same_names(old, new, DEEPEST)).then_some("its resources")
}

/// White space at the seams of parts means nothing.
fn squeezed(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Whether two dictionaries lead from the same names to the same things, as far as a reader can see.
fn same_names(old: &Dict, new: &Dict, depth: usize) -> bool {
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
    names.iter().all(|n| there.contains(n))
        && there.iter().all(|name| match (old.get::<Object>(&name[..]), new.get::<Object>(&name[..])) {
            (Some(old), Some(new)) => same_thing(&old, &new, depth),
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

fn same_thing(old: &Object, new: &Object, depth: usize) -> bool {
    match (old, new) {
        (Object::Stream(old), Object::Stream(new)) => {
            let code = old.dict().get::<Name>("Subtype").is_some_and(|n| n.as_ref() == b"Form")
                || old.dict().contains_key("PatternType");
            if !code || depth == 0 {
                return same_size(old, new);
            }
            let text = |s: &Stream| s.decoded_data().map(|d| content::uncommented(&d, true).trim_ascii().to_vec()).ok();
            text(old) == text(new) && same_resources(old.dict(), new.dict(), depth - 1)
        }
        (Object::Dict(old), Object::Dict(new)) => same_font(old, new),
        (Object::Array(old), Object::Array(new)) => old.raw_iter().count() == new.raw_iter().count(),
        (Object::Name(old), Object::Name(new)) => old == new,
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    }
}

/// Pictures: their size; what is in them was copied or proved by their own row.
fn same_size(old: &Stream, new: &Stream) -> bool {
    ["Width", "Height", "BitsPerComponent"].iter().all(|key| old.dict().get::<i32>(*key) == new.dict().get::<i32>(*key))
}

fn same_resources(old: &Dict, new: &Dict, depth: usize) -> bool {
    let (old, new) = (old.get::<Dict>("Resources").unwrap_or_default(), new.get::<Dict>("Resources").unwrap_or_default());
    ["Font", "XObject", "ExtGState", "ColorSpace", "Pattern", "Shading"].iter().all(|key| {
        let (old, new) = (old.get::<Dict>(*key).unwrap_or_default(), new.get::<Dict>(*key).unwrap_or_default());
        same_names(&old, &new, depth)
    })
}

/// Fonts: what they are called, and that their programs and maps are still there.
fn same_font(old: &Dict, new: &Dict) -> bool {
    let programs = ["FontFile", "FontFile2", "FontFile3"];
    let program = |dict: &Dict| {
        let descriptor = dict.get::<Dict>("FontDescriptor");
        descriptor.and_then(|d| programs.iter().find_map(|key| d.get::<Stream>(*key))).map(|s| s.raw_data().len())
    };
    let kept = |old: Option<usize>, new: Option<usize>| old.is_some() == new.is_some();
    ["BaseFont", "Subtype"].iter().all(|key| old.get::<Name>(*key) == new.get::<Name>(*key))
        && kept(program(old), program(new))
        && ["ToUnicode", "Encoding", "DescendantFonts", "CharProcs", "Widths"].iter().all(|key| {
            let there = |dict: &Dict| dict.get::<Object>(*key).is_some_and(|o| !nothing(&o));
            there(old) == there(new)
        })
}
