//! Content controls of Word that show a value of custom XML data. Word shows that value and not the text that stands in the
//! document, so where they differ the value is written into the text before the data goes. Controls that are more than
//! text, and addresses that are more than a path of names, keep the text that they have. [ISO 29500-1 17.5.2.6]

use super::ns::*;
use super::package::{self, Package};
use super::sift::Sift;
use crate::finding::Tells;
use crate::grammar::xml::{Document, NONE, escape};

/// Custom XML data, by the identifier that bindings name.
pub(super) type Stores = Vec<(String, Vec<u8>)>;

/// The data that a part leads to. What cannot be read is nothing that a control could show.
pub(super) fn stores(package: &Package, part: usize) -> Stores {
    let targets = |of: usize, kind: &str| -> Vec<usize> {
        let Some(Ok(bytes)) = package.relations_of(Some(of)).map(|list| package.read(list)) else { return Vec::new() };
        let Ok(doc) = package::parse(&bytes) else { return Vec::new() };
        let inside = package::relations(&doc).into_iter().filter(|r| r.kind == kind && !r.external);
        inside.filter_map(|r| package.find(&package.resolve(Some(of), &r.target).ok()?)).collect()
    };
    let store = |item: usize| {
        let properties = package.read(*targets(item, "customXmlProps").first()?).ok()?;
        let doc = package::parse(&properties).ok()?;
        let id = doc.attrs(0).into_iter().find(|a| a.local == "itemID")?.value().to_lowercase();
        Some((id, package.read(item).ok()?))
    };
    targets(part, "customXml").into_iter().filter_map(store).collect()
}

/// The value that a path of names leads to.
fn value(bytes: &[u8], path: &str) -> Option<String> {
    let doc = package::parse(bytes).ok()?;
    let mut steps = path.strip_prefix('/')?.split('/');
    let (root, first) = step(steps.next()?)?;
    let mut at = 0;
    if doc.local(at) != root || first != 1 {
        return None;
    }
    for text in steps {
        if let Some(name) = text.strip_prefix('@') {
            let name = name.rsplit(':').next().unwrap_or(name);
            return doc
                .attrs(at)
                .into_iter()
                .find(|a| a.local == name && a.ns != crate::grammar::xml::XMLNS)
                .map(|a| a.value().into_owned());
        }
        if text == "text()" {
            break;
        }
        let (name, number) = step(text)?;
        at = doc.children(at).filter(|c| doc.local(*c) == name).nth(number.checked_sub(1)?)?;
    }
    Some(doc.text(at))
}

/// The name and the number of one step, as in `ns0:name[2]`.
fn step(text: &str) -> Option<(&str, usize)> {
    let (name, number) = match text.split_once('[') {
        Some((name, rest)) => (name, rest.strip_suffix(']')?.parse().ok()?),
        None => (text, 1),
    };
    let name = name.rsplit(':').next()?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    plain.then_some((name, number))
}

/// Whether a control shows plain text.
fn is_text(doc: &Document, properties: usize) -> bool {
    const MORE: [&str; 13] = [
        "picture",
        "date",
        "dropDownList",
        "comboBox",
        "docPartObj",
        "docPartList",
        "checkbox",
        "repeatingSection",
        "repeatingSectionItem",
        "group",
        "citation",
        "bibliography",
        "equation",
    ];
    doc.children(properties).all(|c| !MORE.contains(&doc.local(c)))
}

/// Writes the value of a control into its text, where that is another one.
pub(super) fn control(sift: &mut Sift, n: usize) {
    let doc = sift.doc;
    let Some(properties) = doc.child(n, W, "sdtPr").filter(|p| is_text(doc, *p)) else { return };
    let Some(binding) = doc.children(properties).find(|c| doc.local(*c) == "dataBinding") else { return };
    let get = |name: &str| doc.attr(binding, doc.ns(binding), name).or_else(|| doc.attr(binding, NONE, name));
    let (Some(path), Some(id)) = (get("xpath"), get("storeItemID")) else { return };
    let id = id.value().to_lowercase();
    let Some(bytes) = sift.common.stores.iter().find(|(store, _)| *store == id).map(|(_, bytes)| bytes) else { return };
    let Some(value) = value(bytes, path.value().trim()).filter(|v| !v.trim().is_empty()) else { return };
    let Some(content) = doc.child(n, W, "sdtContent") else { return };
    let texts: Vec<usize> = (content..doc.past(content)).filter(|i| doc.ns(*i) == W && doc.local(*i) == "t").collect();
    let shown: String = texts.iter().map(|t| doc.text(*t)).collect();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words(&shown) == words(&value) {
        return;
    }
    let Some(first) = texts.first().filter(|t| !doc.close(**t).is_empty()) else {
        return sift.tally.kept("content control whose data its text does not show", Tells::Text, "only the text stays");
    };
    sift.tally.rewritten("text of content controls, as the data says that goes", Tells::Text);
    sift.edits.put(doc.inside(*first), escape(&words(&value)));
    texts[1..].iter().for_each(|t| sift.edits.cut(doc.inside(*t)));
    if let Some(mark) = doc.child(properties, W, "showingPlcHdr") {
        sift.edits.cut(doc.span(mark));
    }
}
