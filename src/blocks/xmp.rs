//! The few things in an XMP packet that say how a picture is shown: HDR gain maps, 360 degree panoramas, which way up. They are read
//! as numbers and written into a fresh packet of a fixed form; nothing of the old packet is copied. What else a packet
//! tells is read by `names/xmp.rs`, for the report only.

use std::fmt::Write as _;

use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const GAIN_MAP: &str = "http://ns.adobe.com/hdr-gain-map/1.0/";
const CONTAINER: &str = "http://ns.google.com/photos/1.0/container/";
const ITEM: &str = "http://ns.google.com/photos/1.0/container/item/";
const PANORAMA: &str = "http://ns.google.com/photos/1.0/panorama/";
const CAMERA: &str = "http://ns.google.com/photos/1.0/camera/";
const DUBLIN_CORE: &str = "http://purl.org/dc/elements/1.1/";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const APPLE_GAIN_MAP: &str = "http://ns.apple.com/HDRGainMap/1.0/";
const APPLE_PIXELS: &str = "http://ns.apple.com/pixeldatainfo/1.0/";

/// Apple's name for the kind of picture that a gain map is.
pub const APPLE_URN: &str = "urn:com:apple:photo:2020:aux:hdrgainmap";

/// Packets nest no deeper than this.
const DEPTH: usize = 64;
/// No more listed items, and no more numbers a property, than this.
const MOST: usize = 64;

/// The numeric properties of a gain map, in the order in which they are written.
const GAIN_MAP_NUMBERS: [&str; 7] =
    ["GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR", "HDRCapacityMin", "HDRCapacityMax"];

/// The numeric properties of a panorama: sizes, and where a viewer looks first. The compass heading is not among them.
const PANORAMA_NUMBERS: [&str; 10] = [
    "CroppedAreaImageWidthPixels",
    "CroppedAreaImageHeightPixels",
    "FullPanoWidthPixels",
    "FullPanoHeightPixels",
    "CroppedAreaLeftPixels",
    "CroppedAreaTopPixels",
    "InitialViewHeadingDegrees",
    "InitialViewPitchDegrees",
    "InitialViewRollDegrees",
    "InitialHorizontalFOVDegrees",
];

/// The parameters of a gain map in its own picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GainMap {
    /// By the order of [`GAIN_MAP_NUMBERS`]; one number, or one a channel.
    numbers: [Vec<f64>; 7],
    base_is_hdr: Option<bool>,
}

/// Apple's form of the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Apple {
    /// The version of the map; from 0x20000 on the headroom stands beside it.
    pub version: Option<u32>,
    /// How much brighter than white the picture gets.
    pub headroom: Option<f64>,
    urn: bool,
}

/// A 360 degree panorama.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panorama {
    projection: Option<&'static str>,
    viewer: Option<bool>,
    numbers: [Option<f64>; 10],
}

/// The video of a motion photo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    /// How many bytes it takes, at the end of the file.
    pub length: u64,
    /// The moment in it that the picture shows, in microseconds.
    pub moment: Option<u64>,
}

/// One picture, video or map that a directory lists as appended to the first picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// "Primary", "GainMap", "MotionPhoto" …
    pub semantic: String,
    /// How many bytes it takes; 0 for the first.
    pub length: u64,
    /// How many bytes stand behind it.
    pub padding: u64,
}

/// What of a packet can matter for showing a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The version word that a picture with a gain map beside it carries, and a gain map as well.
    pub gain_map_version: bool,
    /// Which way up, 1 to 8; Exif has the first word on that.
    pub orientation: Option<u8>,
    /// The rights statement.
    pub rights: Option<String>,
    /// The moment of the video that the picture shows, in microseconds.
    pub moment: Option<u64>,
    /// The directory of what is appended.
    pub items: Vec<Item>,
    gain_map: GainMap,
    apple: Apple,
    panorama: Panorama,
}

impl Facts {
    /// The parameters of the gain map that this picture is.
    pub fn gain_map(&self) -> Option<&GainMap> {
        let complete = !self.gain_map.numbers[1].is_empty();
        (self.gain_map_version && complete).then_some(&self.gain_map)
    }

    /// The parameters of the Apple gain map that this picture is.
    pub fn apple(&self) -> Option<&Apple> {
        (self.apple.urn && self.apple.version.is_some()).then_some(&self.apple)
    }

    /// The projection of the panorama that this picture is.
    pub fn panorama(&self) -> Option<&Panorama> {
        self.panorama.projection.map(|_| &self.panorama)
    }
}

/// Reads a packet. One that breaks the rules of XML says nothing.
pub fn read(packet: &[u8]) -> Facts {
    std::str::from_utf8(packet).ok().and_then(facts).unwrap_or_default()
}

/// A name as it is compared: its namespace and its local part.
type Name = (String, String);

fn facts(text: &str) -> Option<Facts> {
    let mut reader = NsReader::from_str(text.trim_end_matches('\0'));
    let mut facts = Facts::default();
    let mut open: Vec<Name> = Vec::new();
    loop {
        let (space, event) = reader.read_resolved_event().ok()?;
        let space = bound(&space);
        match event {
            Event::Start(tag) | Event::Empty(tag) if open.len() >= DEPTH => {
                drop(tag);
                return None;
            }
            Event::Start(tag) => {
                open.push((space, tag.local_name().as_ref().to_owned()));
                begin(&mut facts, &open);
                attributes(&mut facts, &reader, &tag)?;
            }
            Event::Empty(tag) => {
                open.push((space, tag.local_name().as_ref().to_owned()));
                begin(&mut facts, &open);
                attributes(&mut facts, &reader, &tag)?;
                open.pop();
            }
            Event::End(_) => {
                open.pop()?;
                if open.is_empty() {
                    return Some(facts);
                }
            }
            Event::Text(text) => {
                let value = text.xml10_content();
                // The text of a list item belongs to the property that the list is of.
                let owner = open.iter().rev().find(|(space, _)| space != RDF);
                if let Some((space, name)) = owner.filter(|_| !value.trim().is_empty()) {
                    tell(&mut facts, space, name, value.trim());
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn bound(space: &ResolveResult) -> String {
    match space {
        ResolveResult::Bound(Namespace(uri)) => (*uri).to_owned(),
        _ => String::new(),
    }
}

/// A list item in the directory begins an item.
fn begin(facts: &mut Facts, open: &[Name]) {
    let is_item = open.last().is_some_and(|(space, name)| space == RDF && name == "li")
        && open.iter().any(|(space, name)| space == CONTAINER && name == "Directory");
    if is_item && facts.items.len() < MOST {
        facts.items.push(Item::default());
    }
}

fn attributes(facts: &mut Facts, reader: &NsReader<&[u8]>, tag: &quick_xml::events::BytesStart) -> Option<()> {
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let (space, name) = reader.resolver().resolve_attribute(attribute.key);
        let (space, name) = (bound(&space), name.as_ref().to_owned());
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        tell(facts, &space, &name, value.trim());
    }
    Some(())
}

fn tell(facts: &mut Facts, space: &str, name: &str, value: &str) {
    match space {
        GAIN_MAP => match name {
            "Version" => facts.gain_map_version = true,
            "BaseRenditionIsHDR" => facts.gain_map.base_is_hdr = truth(value),
            _ => {
                if let (Some(i), Some(n)) = (GAIN_MAP_NUMBERS.iter().position(|n| *n == name), number(value))
                    && facts.gain_map.numbers[i].len() < 3
                {
                    facts.gain_map.numbers[i].push(n);
                }
            }
        },
        ITEM => {
            let Some(item) = facts.items.last_mut() else { return };
            match name {
                "Semantic" => value.clone_into(&mut item.semantic),
                "Length" => item.length = value.parse().unwrap_or(0),
                "Padding" => item.padding = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        PANORAMA => match name {
            "ProjectionType" => {
                facts.panorama.projection = ["equirectangular", "cylindrical"].into_iter().find(|p| *p == value);
            }
            "UsePanoramaViewer" => facts.panorama.viewer = truth(value),
            _ => {
                if let Some(i) = PANORAMA_NUMBERS.iter().position(|n| *n == name) {
                    facts.panorama.numbers[i] = number(value);
                }
            }
        },
        APPLE_GAIN_MAP => match name {
            "HDRGainMapVersion" => facts.apple.version = value.parse().ok(),
            "HDRGainMapHeadroom" => facts.apple.headroom = number(value),
            _ => {}
        },
        DUBLIN_CORE if name == "rights" && facts.rights.is_none() => facts.rights = Some(value.to_owned()),
        CAMERA if matches!(name, "MotionPhotoPresentationTimestampUs" | "MicroVideoPresentationTimestampUs") => {
            facts.moment = value.parse().ok();
        }
        TIFF if name == "Orientation" => facts.orientation = value.parse().ok().filter(|o| (1..=8).contains(o)),
        APPLE_PIXELS => facts.apple.urn |= name == "AuxiliaryImageType" && value == APPLE_URN,
        _ => {}
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|n: &f64| n.is_finite() && n.abs() < 1e12)
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "True" | "true" | "1" => Some(true),
        "False" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// What a fresh packet shall say.
#[derive(Default)]
pub struct Fresh<'a> {
    /// The length of the gain map that follows the picture at once.
    pub linked: Option<u64>,
    /// That there is one, in the words of its first standard.
    pub version: bool,
    /// The parameters of the gain map that this picture is.
    pub gain_map: Option<&'a GainMap>,
    /// The same in Apple's form.
    pub apple: Option<&'a Apple>,
    /// The projection of a panorama.
    pub panorama: Option<&'a Panorama>,
    /// The video at the end of the file.
    pub motion: Option<&'a Motion>,
}

/// Writes a packet; `None` where there is nothing to say.
pub fn write(fresh: &Fresh) -> Option<Vec<u8>> {
    let (mut spaces, mut values, mut inside) = (String::new(), String::new(), String::new());
    let mut space = |prefix: &str, uri: &str| _ = write!(spaces, " xmlns:{prefix}=\"{uri}\"");
    if let Some(pano) = fresh.panorama {
        space("GPano", PANORAMA);
        write_panorama(&mut values, pano);
    }
    if fresh.version || fresh.gain_map.is_some() {
        space("hdrgm", GAIN_MAP);
        values.push_str(" hdrgm:Version=\"1.0\"");
    }
    if let Some(map) = fresh.gain_map {
        write_gain_map(&mut values, &mut inside, map);
    }
    if let Some(apple) = fresh.apple {
        space("apdi", APPLE_PIXELS);
        space("HDRGainMap", APPLE_GAIN_MAP);
        _ = write!(values, " apdi:AuxiliaryImageType=\"{APPLE_URN}\"");
        if let Some(version) = apple.version {
            _ = write!(values, " HDRGainMap:HDRGainMapVersion=\"{version}\"");
        }
        if let Some(headroom) = apple.headroom {
            _ = write!(values, " HDRGainMap:HDRGainMapHeadroom=\"{headroom}\"");
        }
    }
    if let Some(motion) = fresh.motion {
        space("Camera", CAMERA);
        values.push_str(" Camera:MotionPhoto=\"1\" Camera:MotionPhotoVersion=\"1\"");
        if let Some(moment) = motion.moment {
            _ = write!(values, " Camera:MotionPhotoPresentationTimestampUs=\"{moment}\"");
        }
    }
    if fresh.linked.is_some() || fresh.motion.is_some() {
        space("Container", CONTAINER);
        space("Item", ITEM);
        directory(&mut inside, fresh);
    }
    if values.is_empty() && inside.is_empty() {
        return None;
    }
    let body = match inside.as_str() {
        "" => "/>".to_owned(),
        inside => format!(">{inside}</rdf:Description>"),
    };
    let packet = format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\">\
         <rdf:Description rdf:about=\"\"{spaces}{values}{body}</rdf:RDF></x:xmpmeta>"
    );
    Some(packet.into_bytes())
}

/// What is appended to the picture, in order.
fn directory(inside: &mut String, fresh: &Fresh) {
    let mut item = |semantic: &str, mime: &str, length: Option<u64>| {
        _ = write!(
            inside,
            "<rdf:li rdf:parseType=\"Resource\"><Container:Item Item:Semantic=\"{semantic}\" Item:Mime=\"{mime}\""
        );
        if let Some(length) = length {
            _ = write!(inside, " Item:Length=\"{length}\"");
        }
        inside.push_str("/></rdf:li>");
    };
    item("Primary", "image/jpeg", None);
    if let Some(length) = fresh.linked {
        item("GainMap", "image/jpeg", Some(length));
    }
    if let Some(motion) = fresh.motion {
        item("MotionPhoto", "video/mp4", Some(motion.length));
    }
    *inside = format!("<Container:Directory><rdf:Seq>{inside}</rdf:Seq></Container:Directory>");
}

/// Packets of every kind, for what they say but for numbers.
pub fn templates() -> Vec<String> {
    let map = GainMap { numbers: std::array::from_fn(|_| vec![0.0]), base_is_hdr: Some(false) };
    let apple = Apple { version: Some(0), headroom: Some(0.0), urn: true };
    let pano = Panorama { projection: Some("equirectangular"), viewer: Some(true), numbers: [Some(0.0); 10] };
    let fresh = [
        Fresh { linked: Some(0), version: true, ..Fresh::default() },
        Fresh { linked: Some(0), version: true, panorama: Some(&pano), ..Fresh::default() },
        Fresh { gain_map: Some(&map), ..Fresh::default() },
        Fresh { apple: Some(&apple), ..Fresh::default() },
        Fresh { panorama: Some(&pano), ..Fresh::default() },
        Fresh { motion: Some(&Motion::default()), ..Fresh::default() },
    ];
    fresh.iter().filter_map(write).map(|packet| String::from_utf8_lossy(&packet).into_owned()).collect()
}

fn write_panorama(values: &mut String, pano: &Panorama) {
    if let Some(projection) = pano.projection {
        _ = write!(values, " GPano:ProjectionType=\"{projection}\"");
    }
    if let Some(viewer) = pano.viewer {
        _ = write!(values, " GPano:UsePanoramaViewer=\"{}\"", word(viewer));
    }
    for (name, n) in PANORAMA_NUMBERS.iter().zip(pano.numbers) {
        if let Some(n) = n {
            _ = write!(values, " GPano:{name}=\"{n}\"");
        }
    }
}

fn write_gain_map(values: &mut String, inside: &mut String, map: &GainMap) {
    for (name, numbers) in GAIN_MAP_NUMBERS.iter().zip(&map.numbers) {
        match numbers[..] {
            [] => {}
            [first, ref rest @ ..] if rest.iter().all(|n| *n == first) => _ = write!(values, " hdrgm:{name}=\"{first}\""),
            _ => {
                _ = write!(inside, "<hdrgm:{name}><rdf:Seq>");
                for n in numbers {
                    _ = write!(inside, "<rdf:li>{n}</rdf:li>");
                }
                _ = write!(inside, "</rdf:Seq></hdrgm:{name}>");
            }
        }
    }
    if let Some(hdr) = map.base_is_hdr {
        _ = write!(values, " hdrgm:BaseRenditionIsHDR=\"{}\"", word(hdr));
    }
}

fn word(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}
