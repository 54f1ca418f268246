//! The properties of XMP that tell something, in the order in which a person should hear of them. [XMP part 2; IPTC photo
//! metadata; MWG 2.0; and what makers write]

use crate::finding::Tells;

/// One thing that is told, under whatever names it is written.
pub(super) struct Property {
    /// Local names, without prefix.
    pub(super) names: &'static [&'static str],
    pub(super) label: &'static str,
    pub(super) tells: Tells,
}

const fn property(names: &'static [&'static str], label: &'static str, tells: Tells) -> Property {
    Property { names, label, tells }
}

pub(super) static PROPERTIES: &[Property] = &[
    property(&["GPSLatitude", "Latitude", "GpsLatitude"], "GPS latitude", Tells::Where),
    property(&["GPSLongitude", "Longitude", "GpsLongitude", "GpsLongtitude"], "GPS longitude", Tells::Where),
    property(&["GPSAltitude", "AbsoluteAltitude", "RelativeAltitude"], "GPS altitude", Tells::Where),
    property(&["GPSTimeStamp", "GPSDateStamp"], "GPS time", Tells::When),
    property(&["GPSProcessingMethod", "GPSAreaInformation", "GPSMapDatum"], "GPS method", Tells::Where),
    property(&["GPSImgDirection", "PoseHeadingDegrees", "GimbalYawDegree", "FlightYawDegree"], "direction of view", Tells::Where),
    property(&["City", "LocationShownCity", "city"], "city", Tells::Where),
    property(&["Location", "Sublocation", "LocationName"], "location", Tells::Where),
    property(&["State", "ProvinceState"], "state", Tells::Where),
    property(&["Country", "CountryName"], "country", Tells::Where),
    property(&["CountryCode", "WorldRegion"], "country code", Tells::Where),
    property(&["creator", "Author", "author"], "creator", Tells::Who),
    property(&["Artist"], "artist", Tells::Who),
    property(&["OwnerName", "CameraOwnerName", "Owner"], "owner", Tells::Who),
    property(&["PersonDisplayName", "PersonInImage", "PersonName"], "person in the picture", Tells::Who),
    property(&["rights", "Copyright", "UsageTerms"], "copyright", Tells::Who),
    property(&["Credit", "Source", "publisher", "contributor", "CopyrightOwnerName", "LicensorName"], "credit", Tells::Who),
    property(&["CaptionWriter", "AuthorsPosition", "creatorTool"], "caption writer", Tells::Who),
    property(&["CiEmailWork", "CiTelWork", "CiUrlWork", "LicensorEmail"], "contact", Tells::Who),
    property(&["CiAdrExtadr", "CiAdrCity", "CiAdrPcode", "CiAdrRegion", "CiAdrCtry"], "contact address", Tells::Where),
    property(&["WebStatement", "provenance", "LicensorURL"], "rights address", Tells::Who),
    property(
        &["SerialNumber", "BodySerialNumber", "CameraSerialNumber", "DroneSerialNumber"],
        "serial number",
        Tells::Identifier,
    ),
    property(&["LensSerialNumber"], "lens serial number", Tells::Identifier),
    property(&["ImageUniqueID", "DigitalImageGUID", "ImageUniqueId"], "image unique identifier", Tells::Identifier),
    property(&["DocumentID", "documentID", "docId"], "document identifier", Tells::Identifier),
    property(&["InstanceID", "instanceID"], "instance identifier", Tells::Identifier),
    property(&["OriginalDocumentID", "originalDocumentID"], "original document identifier", Tells::Identifier),
    property(&["DocumentAncestors", "AncestorID"], "documents it was made from", Tells::Identifier),
    property(&["VersionID", "versionID", "identifier", "BurstID", "CaptureRequestID"], "identifier", Tells::Identifier),
    property(&["Make"], "camera maker", Tells::Device),
    property(&["Model"], "camera model", Tells::Device),
    property(&["Lens", "LensModel", "LensInfo", "LensID", "LensMake"], "lens", Tells::Device),
    property(&["DateTimeOriginal", "DateCreated"], "date taken", Tells::When),
    property(&["CreateDate", "CreationDate"], "date created", Tells::When),
    property(&["ModifyDate", "ModDate", "DateTime"], "date modified", Tells::When),
    property(&["MetadataDate", "DateTimeDigitized", "date"], "other dates", Tells::When),
    property(&["CreatorTool", "Software", "Producer", "Firmware", "HistorySoftwareAgent"], "software", Tells::Software),
    property(&["xmptk"], "XMP toolkit", Tells::Software),
    property(&["DigitalSourceType", "digitalsourcetype"], "source of the picture", Tells::Software),
    property(
        &["AIPromptInformation", "AIPromptWriterName", "AISystemUsed", "prompt", "Prompt", "parameters"],
        "prompt",
        Tells::Text,
    ),
    property(&["title", "Title", "Headline", "ObjectName"], "title", Tells::Text),
    property(&["description", "Description", "ImageDescription", "caption", "AltTextAccessibility"], "description", Tells::Text),
    property(
        &["subject", "Keywords", "hierarchicalSubject", "TagsList", "LastKeywordXMP", "CatalogSets"],
        "keywords",
        Tells::Text,
    ),
    property(&["UserComment", "Notes", "Instructions", "TransmissionReference", "Event", "Label"], "notes", Tells::Text),
    property(
        &["filePath", "FilePath", "fileName", "RawFileName", "PreservedFileName", "AutoSaveFilePath"],
        "file name",
        Tells::History,
    ),
    property(&["TextLayers", "LayerName", "LayerText"], "text of layers", Tells::Hidden),
    property(&["HasExtendedXMP"], "more XMP elsewhere in the file", Tells::Hidden),
];

/// Structures whose properties are settings of a program, however many there are.
pub(super) static SETTINGS: &[&str] =
    &["Look", "ToneCurve", "ToneCurvePV2012", "CircularGradientBasedCorrections", "Swatches", "swatchGroups"];
