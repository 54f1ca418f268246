//! What an XMP packet tells. It is read as a stream of properties, wherever they stand and however they are nested; names
//! are compared without their prefixes, which writers choose freely. What cannot be read as XML is told as far as it went.
//! [XMP part 1; ISO 16684-1]

mod table;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::Event;

use crate::finding::{Finding, Tells};
use crate::names::values::{found, list, text, utf16};
use table::{PROPERTIES, SETTINGS};

/// More findings than this help nobody.
const MOST: usize = 60;
/// More events than a packet of 64 MiB that means well has.
const EVENTS: usize = 1_000_000;
/// How deep elements are followed.
const DEPTH: usize = 64;
/// How many values of one property are remembered.
const VALUES: usize = 100;

/// Findings for all that it tells, each as removed; at least one. `place` is the name of the block: "XMP".
pub fn describe(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let body = bytes.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0").unwrap_or(bytes);
    let mut seen = Seen::default();
    if let Some(packet) = decode(body) {
        seen.read(&packet);
    }
    let mut out = seen.tell(place);
    if out.is_empty() {
        let label = if seen.elements > 0 { format!("{place} packet") } else { format!("{place} (unreadable)") };
        out.push(Finding::removed(place, label, Tells::Unknown));
    }
    out.truncate(MOST);
    out[0].bytes = bytes.len() as u64;
    out
}

/// The packet as text: UTF-8, or UTF-16 by its mark or its zeros.
fn decode(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.get(bytes.iter().position(|b| *b == b'<' || *b >= 0xfe || *b == 0 || *b == 0xef)?..)?;
    Some(match bytes {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => wide(bytes, false),
        [0, b'<', ..] => wide(bytes, true),
        [b'<', 0, ..] => wide(bytes, false),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    })
}

fn wide(bytes: &[u8], big: bool) -> String {
    // Block by block, because values are cut off where nobody reads on.
    let mark = matches!(bytes, [0xfe, 0xff, ..]);
    bytes.chunks(32 << 10).map(|block| utf16(block, big || mark)).collect()
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    elements: usize,
    /// For every row of the table the values, in the order of the packet.
    values: Vec<(usize, Vec<String>)>,
    /// Embedded media: the property and the length of its text.
    media: Vec<(&'static str, Tells, u64)>,
    steps: usize,
    agents: Vec<String>,
    settings: usize,
    others: Vec<String>,
}

impl Seen {
    fn read(&mut self, packet: &str) {
        let mut reader = Reader::from_str(packet);
        reader.config_mut().check_end_names = false;
        let mut path: Vec<String> = Vec::new();
        let mut said = String::new();
        for _ in 0..EVENTS {
            match reader.read_event() {
                Err(_) | Ok(Event::Eof) => break,
                Ok(Event::Start(e)) => {
                    self.elements += 1;
                    said.clear();
                    path.push(e.local_name().as_ref().to_owned());
                    self.attributes(&path, &e);
                    if path.len() > DEPTH {
                        break;
                    }
                }
                Ok(Event::Empty(e)) => {
                    self.elements += 1;
                    path.push(e.local_name().as_ref().to_owned());
                    self.attributes(&path, &e);
                    path.pop();
                }
                Ok(Event::End(_)) => {
                    if !said.trim().is_empty() {
                        self.property(&path, said.trim());
                    }
                    said.clear();
                    path.pop();
                }
                Ok(Event::Text(t)) => said.push_str(&t),
                Ok(Event::CData(t)) => said.push_str(&t),
                Ok(Event::GeneralRef(r)) => match r.resolve_char_ref() {
                    Ok(Some(c)) => said.push(c),
                    _ => said.push_str(quick_xml::escape::resolve_xml_entity(&r).unwrap_or("?")),
                },
                Ok(_) => {}
            }
        }
    }

    fn attributes(&mut self, path: &[String], element: &quick_xml::events::BytesStart) {
        if path.len() > 1 && path[path.len() - 2..] == ["Seq", "li"] && path.iter().any(|p| p == "History") {
            self.steps += 1;
        }
        for attribute in element.attributes().with_checks(false).flatten().take(1000) {
            let name = attribute.key;
            let prefix = name.prefix().map(|p| p.as_ref().to_owned());
            if matches!(prefix.as_deref(), Some("xmlns" | "xml" | "rdf" | "x")) && name.local_name().as_ref() != "resource" {
                if name.local_name().as_ref() == "xmptk" {
                    self.value("xmptk", &attribute.value);
                }
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or(attribute.value.clone());
            let inner: Vec<String> = path.iter().cloned().chain([name.local_name().as_ref().to_owned()]).collect();
            self.property(&inner, value.trim());
        }
    }

    /// One property with its value: the innermost name on the path that is not the list around it.
    fn property(&mut self, path: &[String], value: &str) {
        const LISTS: [&str; 9] = ["li", "Seq", "Bag", "Alt", "Description", "RDF", "xmpmeta", "value", "resource"];
        let Some(name) = path.iter().rev().find(|p| !LISTS.contains(&p.as_str())) else { return };
        let under = |outer: &str| path.iter().any(|p| p == outer);
        if value.is_empty() {
            return;
        }
        if under("History") && name != "parameters" {
            if path.iter().filter(|p| *p == "li").count() > 0
                && name == "softwareAgent"
                && !self.agents.iter().any(|a| a == value)
            {
                self.agents.push(text(value.as_bytes()));
            }
            if !matches!(name.as_str(), "instanceID" | "documentID" | "originalDocumentID") {
                return;
            }
        }
        let media = match name.as_str() {
            "image" if under("Thumbnails") => Some(("thumbnail picture", Tells::Preview)),
            "Data" | "data" if value.len() > 200 => Some(("embedded media", Tells::Hidden)),
            _ if value.len() > 4096 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=\r\n ".contains(&b)) => {
                Some(("embedded data", Tells::Hidden))
            }
            _ => None,
        };
        if let Some((label, tells)) = media {
            if self.media.len() < VALUES {
                self.media.push((label, tells, value.len() as u64 * 3 / 4));
            }
        } else if name == "Name" && (under("RegionList") || under("Regions")) {
            self.value("PersonDisplayName", value);
        } else if SETTINGS.iter().any(|s| under(s)) || PROPERTIES.iter().all(|p| p.names.iter().all(|n| n != name)) {
            self.settings += 1;
            if self.others.len() < VALUES && !self.others.contains(name) {
                self.others.push(name.clone());
            }
        } else {
            self.value(name, value);
        }
    }

    fn value(&mut self, name: &str, value: &str) {
        let Some(row) = PROPERTIES.iter().position(|p| p.names.contains(&name)) else { return };
        let value = text(value.as_bytes());
        match self.values.iter_mut().find(|(r, _)| *r == row) {
            Some((_, values)) if values.len() < VALUES && !values.contains(&value) => values.push(value),
            Some(_) => {}
            None => self.values.push((row, vec![value])),
        }
    }

    fn tell(&self, place: &'static str) -> Vec<Finding> {
        let mut out = Vec::new();
        let position = self.position();
        let whole = position.is_some();
        out.extend(position.map(|p| found(place, "GPS position", Tells::Where, p)));
        for (row, property) in PROPERTIES.iter().enumerate() {
            let values = self.values.iter().find(|(r, _)| *r == row).map(|(_, v)| v.as_slice()).unwrap_or_default();
            if values.is_empty() || whole && matches!(property.label, "GPS latitude" | "GPS longitude") {
                continue;
            }
            // The echo listens for each identifier and name by itself.
            if matches!(property.tells, Tells::Identifier | Tells::Who) && values.len() <= 8 {
                out.extend(values.iter().map(|v| found(place, property.label, property.tells, v.clone())));
            } else {
                out.push(found(place, property.label, property.tells, list(values)));
            }
        }
        if self.steps > 0 || !self.agents.is_empty() {
            let by = if self.agents.is_empty() { String::new() } else { format!(" by {}", list(&self.agents)) };
            out.push(found(place, "edit history", Tells::History, format!("{} steps{by}", self.steps)));
        }
        for (label, tells, bytes) in self.media.iter().take(12) {
            out.push(found(place, *label, *tells, format!("{bytes} bytes")).bytes(*bytes));
        }
        if self.settings > 0 {
            let value = format!("{}: {}", self.settings, list(&self.others));
            out.push(found(place, "other properties", Tells::Software, value));
        }
        out
    }

    /// Latitude and longitude as the packet writes them: "37,46.494N" is degrees, minutes, side.
    fn position(&self) -> Option<String> {
        let of = |name: &str| {
            let row = PROPERTIES.iter().position(|p| p.names.contains(&name))?;
            let value = self.values.iter().find(|(r, _)| *r == row)?.1.first()?;
            let (number, side) = value.split_at(value.len() - value.chars().last().filter(char::is_ascii_alphabetic)?.len_utf8());
            let mut sum = 0.0;
            for (part, unit) in number.split(',').zip([1.0, 60.0, 3600.0]) {
                sum += part.trim().parse::<f64>().ok()? / unit;
            }
            Some(format!("{sum:.5}° {side}"))
        };
        match (of("GPSLatitude"), of("GPSLongitude")) {
            (Some(a), Some(b)) => Some(format!("{a}, {b}")),
            _ => None,
        }
    }
}
