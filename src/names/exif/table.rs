//! The fields of TIFF and Exif that tell something, in the order in which a person should hear of them; the ones that make
//! up the camera's settings; and the ones that only say how pixels lie. [Exif 2.32 4.6; Exif 3.0; TIFF 6.0; DNG 1.7]

use crate::finding::Tells;

/// How a value is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Text in one byte a character, or whatever the type says.
    Text,
    /// Text in UTF-16, little-endian.
    Wide,
    /// Text with its encoding in front.
    Comment,
    /// Bytes that mean something as a whole.
    Hex,
    /// Numbers.
    Plain,
    /// Too large to show.
    Size,
}

/// One field.
pub(super) struct Field {
    pub(super) tag: u16,
    pub(super) label: &'static str,
    pub(super) tells: Tells,
    pub(super) form: Form,
}

const fn field(tag: u16, label: &'static str, tells: Tells, form: Form) -> Field {
    Field { tag, label, tells, form }
}

pub(super) static FIELDS: &[Field] = &[
    field(0xa430, "camera owner", Tells::Who, Form::Text),
    field(0x013b, "artist", Tells::Who, Form::Text),
    field(0xa437, "photographer", Tells::Who, Form::Text),
    field(0xa438, "image editor", Tells::Who, Form::Text),
    field(0x8298, "copyright", Tells::Who, Form::Text),
    field(0x9c9d, "author (Windows)", Tells::Who, Form::Wide),
    field(0xa431, "camera body serial number", Tells::Identifier, Form::Text),
    field(0xa435, "lens serial number", Tells::Identifier, Form::Text),
    field(0xc62f, "camera serial number", Tells::Identifier, Form::Text),
    field(0xfde9, "serial number", Tells::Identifier, Form::Text),
    field(0xfde8, "owner name", Tells::Who, Form::Text),
    field(0xa420, "image unique identifier", Tells::Identifier, Form::Text),
    field(0xc65d, "raw data identifier", Tells::Identifier, Form::Hex),
    field(0xc7a1, "camera label", Tells::Identifier, Form::Text),
    field(0x010f, "camera maker", Tells::Device, Form::Text),
    field(0x0110, "camera model", Tells::Device, Form::Text),
    field(0xc614, "unique camera model", Tells::Device, Form::Text),
    field(0xc615, "localised camera model", Tells::Device, Form::Text),
    field(0xa433, "lens maker", Tells::Device, Form::Text),
    field(0xa434, "lens model", Tells::Device, Form::Text),
    field(0xa432, "lens specification", Tells::Device, Form::Plain),
    field(0x9003, "date taken", Tells::When, Form::Text),
    field(0x9004, "date digitised", Tells::When, Form::Text),
    field(0x0132, "date modified", Tells::When, Form::Text),
    field(0xc71b, "preview date", Tells::When, Form::Text),
    field(0x9011, "time zone when taken", Tells::Where, Form::Text),
    field(0x9012, "time zone when digitised", Tells::Where, Form::Text),
    field(0x9010, "time zone when modified", Tells::Where, Form::Text),
    field(0x882a, "time zone offset", Tells::Where, Form::Plain),
    field(0x9291, "fraction of a second when taken", Tells::When, Form::Text),
    field(0x9292, "fraction of a second when digitised", Tells::When, Form::Text),
    field(0x9290, "fraction of a second when modified", Tells::When, Form::Text),
    field(0x0131, "software", Tells::Software, Form::Text),
    field(0x000b, "processing software", Tells::Software, Form::Text),
    field(0xa439, "camera firmware", Tells::Software, Form::Text),
    field(0xa43a, "raw developing software", Tells::Software, Form::Text),
    field(0xa43b, "image editing software", Tells::Software, Form::Text),
    field(0xa43c, "metadata editing software", Tells::Software, Form::Text),
    field(0x013c, "host computer", Tells::Device, Form::Text),
    field(0x010e, "description", Tells::Text, Form::Text),
    field(0xa436, "title", Tells::Text, Form::Text),
    field(0x010d, "document name", Tells::Text, Form::Text),
    field(0x011d, "page name", Tells::Text, Form::Text),
    field(0x9286, "user comment", Tells::Text, Form::Comment),
    field(0x9c9b, "title (Windows)", Tells::Text, Form::Wide),
    field(0x9c9c, "comment (Windows)", Tells::Text, Form::Wide),
    field(0x9c9e, "keywords (Windows)", Tells::Text, Form::Wide),
    field(0x9c9f, "subject (Windows)", Tells::Text, Form::Wide),
    field(0x9213, "image history", Tells::History, Form::Text),
    field(0x9211, "image number", Tells::Identifier, Form::Plain),
    field(0x9216, "TIFF/EP standard", Tells::Software, Form::Plain),
    field(0xa004, "related sound file", Tells::Hidden, Form::Text),
    field(0x9400, "temperature", Tells::Where, Form::Plain),
    field(0x9401, "humidity", Tells::Where, Form::Plain),
    field(0x9402, "air pressure", Tells::Where, Form::Plain),
    field(0x9403, "water depth", Tells::Where, Form::Plain),
    field(0x9404, "acceleration", Tells::Where, Form::Plain),
    field(0x9405, "camera elevation angle", Tells::Where, Form::Plain),
    field(0x9214, "subject position", Tells::Text, Form::Plain),
    field(0xc68b, "original raw file name", Tells::History, Form::Text),
    field(0xc634, "private camera data", Tells::Unknown, Form::Size),
    field(0xc68c, "original raw file", Tells::Preview, Form::Size),
    field(0x83bb, "IPTC block", Tells::Text, Form::Size),
    field(0x02bc, "XMP packet", Tells::Text, Form::Size),
    field(0x8649, "Photoshop block", Tells::Text, Form::Size),
    field(0x935c, "Photoshop layers", Tells::Hidden, Form::Size),
    field(0x8773, "colour profile", Tells::Rendering, Form::Size),
    field(0xcd41, "content credentials", Tells::History, Form::Size),
    field(0xcea1, "SEAL signature", Tells::Identifier, Form::Text),
    field(0xc4a5, "print settings", Tells::Software, Form::Size),
    field(0xea1d, "offset schema", Tells::Software, Form::Plain),
    field(0x8482, "map position", Tells::Where, Form::Size),
    field(0x87b1, "map names", Tells::Where, Form::Text),
];

/// What the camera was set to, with the word in front of each value.
pub(super) static SETTINGS: &[(u16, &str)] = &[
    (0x829a, "exposure"),
    (0x829d, "aperture"),
    (0x8827, "ISO"),
    (0x920a, "focal length"),
    (0xa405, "equivalent focal length"),
    (0x9209, "flash:"),
    (0x8822, "program:"),
    (0x9207, "metering:"),
    (0x9204, "exposure compensation"),
    (0x9206, "subject distance"),
    (0xa403, "white balance:"),
    (0xa404, "zoom"),
    (0xa406, "scene:"),
    (0x9201, "shutter speed"),
    (0x9202, "aperture value"),
    (0x9203, "brightness"),
    (0x9205, "largest aperture"),
    (0x9208, "light:"),
    (0xa402, "exposure mode:"),
    (0xa407, "gain:"),
    (0xa408, "contrast:"),
    (0xa409, "saturation:"),
    (0xa40a, "sharpness:"),
    (0xa40c, "distance range:"),
    (0xa217, "sensor:"),
    (0xa300, "source:"),
    (0xa301, "scene type:"),
    (0xa302, "colour filter"),
    (0xa401, "rendering:"),
    (0x8830, "sensitivity type:"),
    (0x8832, "recommended index"),
    (0xa460, "composite:"),
];

/// Fields that say how pixels lie and are shown: nothing to report.
pub(super) static LAYOUT: &[u16] = &[
    0x00fe, 0x00ff, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x010a, 0x0111, 0x0112, 0x0115, 0x0116, 0x0117, 0x0118, 0x0119,
    0x011a, 0x011b, 0x011c, 0x0120, 0x0121, 0x0124, 0x0125, 0x0128, 0x0129, 0x012d, 0x013d, 0x013e, 0x013f, 0x0140, 0x0141,
    0x0142, 0x0143, 0x0144, 0x0145, 0x0152, 0x0153, 0x0154, 0x0155, 0x015b, 0x0201, 0x0202, 0x0211, 0x0212, 0x0213, 0x0214,
    0x9000, 0x9101, 0x9102, 0xa000, 0xa001, 0xa002, 0xa003, 0xa20b, 0xa20e, 0xa20f, 0xa210, 0xa500, 0xea1c,
];
