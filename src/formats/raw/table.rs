//! Which tags of a camera raw stay, and why: the allow-lists, one for pictures, one for Exif, one for each maker's notes.
//! What is not named here goes. A tag stays where decoders read it to turn the sensor's values into the same picture:
//! geometry, colour filter, black and white levels, white balance, matrices, curves, crop, lens correction. [DNG 1.7,
//! TIFF/EP, the tag tables of ExifTool, what LibRaw reads]

use super::Kind;
use crate::clean::Job;
use crate::policy::Token;

/// What becomes of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Its values stay.
    Keep,
    /// Its text stays up to its end.
    Text,
    /// Its values are positions of picture data.
    Offsets,
    /// Its values are lengths of picture data.
    Counts,
    /// Positions of further pictures.
    Pictures,
    /// The position of the Exif directory.
    Exif,
    /// The maker's notes.
    Notes,
    /// A directory inside the maker's notes, with the list of this number.
    Inner(u16),
    /// Sony's private directory, with an enciphered one behind it.
    Private,
    /// A TIFF structure of its own. [Panasonic 0x0120]
    Camera,
    /// Its value is a JPEG file.
    File,
    /// The position of a table with a position for each row. [Samsung 0xa010]
    Rows,
    /// A list of DNG opcodes.
    Opcodes,
    /// A colour profile.
    Profile,
    /// A block of which a part stays, or what is enciphered, under another key.
    Renewed,
    /// It goes.
    Gone,
}

/// Where a directory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A picture, in the chain or below it.
    Picture,
    /// The Exif directory.
    Exif,
    /// The maker's notes; 0, or the tag of the directory inside them.
    Notes(u16),
    /// Panasonic's directory of camera data.
    Camera,
    /// Sony's private directory.
    Private,
}

/// The rule for a tag.
pub(super) fn rule(job: &Job, kind: Kind, role: Role, tag: u16) -> Rule {
    match role {
        Role::Picture => picture(job, kind, tag),
        Role::Exif => exif(kind, tag),
        Role::Notes(inner) => notes(kind, inner, tag),
        // Black levels and white balance of the newer models. [LibRaw: 0x2009, 0x3420, 0x3421]
        Role::Camera if matches!(tag, 0x2009 | 0x3420 | 0x3421) => Rule::Keep,
        Role::Private if matches!(tag, 0x7200 | 0x7201 | 0x7221) => Rule::Keep,
        Role::Camera | Role::Private => Rule::Gone,
    }
}

fn picture(job: &Job, kind: Kind, tag: u16) -> Rule {
    match tag {
        0x0111 | 0x0144 | 0x0201 => Rule::Offsets,
        0x0117 | 0x0145 | 0x0202 => Rule::Counts,
        0x014a => Rule::Pictures,
        0x8769 => Rule::Exif,
        0x0112 if job.keeps(Token::Orientation) => Rule::Keep,
        0x0112 => Rule::Gone,
        // Decoders choose their matrices, levels and crops by make and model.
        0x010f | 0x0110 => Rule::Text,
        // Geometry and layout of the samples.
        0x00fe | 0x0100..=0x0103 | 0x0106 | 0x010a | 0x0115 | 0x0116 | 0x011c => Rule::Keep,
        0x013d | 0x0142 | 0x0143 | 0x0152 | 0x0153 | 0x015b => Rule::Keep,
        // Linear response unit and curve; reference black and white; sub-sampling.
        0x0122 | 0x0123 | 0x012d | 0x0211..=0x0214 => Rule::Keep,
        0x011a | 0x011b | 0x0128 if job.keeps(Token::Dpi) => Rule::Keep,
        // The colour filter. [TIFF/EP]
        0x828d | 0x828e => Rule::Keep,
        _ => match kind {
            Kind::Dng => dng(tag),
            Kind::Arw if tag == 0xc634 => Rule::Private,
            Kind::Arw => keep(sony(tag)),
            // Canon: slices, sensor size, raw type. [LibRaw; ExifTool Exif 0xc5d8, 0xc640, 0xc6c5]
            Kind::Cr2 => keep(matches!(tag, 0xc5d8 | 0xc5d9 | 0xc5e0 | 0xc640 | 0xc6c5 | 0xc6dc | 0xc6dd)),
            Kind::Srw if tag == 0xa010 => Rule::Rows,
            Kind::Rw2 => panasonic(tag),
            Kind::Pef => keep((0xc61a..=0xc61d).contains(&tag)),
            _ => Rule::Gone,
        },
    }
}

fn keep(stays: bool) -> Rule {
    if stays { Rule::Keep } else { Rule::Gone }
}

/// What the DNG specification calls part of the picture or of its rendering.
fn dng(tag: u16) -> Rule {
    match tag {
        0xc614 => Rule::Text,
        0xc740 | 0xc741 | 0xc74e => Rule::Opcodes,
        0x8773 | 0xc68f | 0xc691 => Rule::Profile,
        _ => keep(matches!(tag,
            // Versions; planes, layout, linearisation, levels, scale and crop.
            0xc612 | 0xc613 | 0xc616..=0xc620
            // Matrices, calibration, balance, as-shot white, baselines, green split, response limit.
            | 0xc621..=0xc62e | 0xc631..=0xc633 | 0xc65a..=0xc65c
            // Active and masked areas; profile matrices; reference; the noise of the profile and its tables.
            | 0xc68d | 0xc68e | 0xc690 | 0xc692 | 0xc6bf | 0xc6f4 | 0xc6f7 | 0xc6f9..=0xc6fd | 0xc714 | 0xc715
            | 0xc71a | 0xc71e | 0xc71f | 0xc725 | 0xc726 | 0xc761
            // Default sizes, black render, third calibration, forward matrices, gain table, interleaving.
            | 0xc791..=0xc793 | 0xc7a3..=0xc7a6 | 0xc7a8 | 0xc7b5 | 0xc6f3 | 0xcd2d | 0xcd31..=0xcd3a | 0xcd3f | 0xcd40
            | 0xcd43 | 0xcd47)),
    }
}

/// Sony's own tags of the picture: kind of file, curve, levels, balance, lens correction, size and crop.
fn sony(tag: u16) -> bool {
    matches!(tag, 0x7000 | 0x7001 | 0x7010 | 0x7020 | 0x7030..=0x7038 | 0x7300..=0x7313 | 0x74c7 | 0x74c8 | 0x787f
        | 0xc61a | 0xc61d | 0xc61f | 0xc620 | 0xc68d)
}

/// What stays of the directory that Sony enciphers. [ExifTool Sony SR2SubIFD]
pub(super) fn sony_private(tag: u16) -> bool {
    sony(tag) || matches!(tag, 0x7480..=0x7486 | 0x7800 | 0x7820..=0x782d | 0x797d | 0x7980 | 0x7982)
}

/// Panasonic's own tags, which take the place of TIFF's. [ExifTool PanasonicRaw; LibRaw]
fn panasonic(tag: u16) -> Rule {
    match tag {
        0x0118 => Rule::Keep,
        0x002e | 0x0127 => Rule::File,
        0x0120 => Rule::Camera,
        0x0001..=0x0013 | 0x0017..=0x001e | 0x0024..=0x0027 | 0x002d | 0x002f..=0x0032 | 0x0037 => Rule::Keep,
        // How newer models pack their values.
        0x0039..=0x0048 => Rule::Keep,
        // Distortion, and whether several exposures were made.
        0x0119 | 0x011c | 0x0121 => Rule::Keep,
        _ => Rule::Gone,
    }
}

fn exif(kind: Kind, tag: u16) -> Rule {
    match tag {
        // Sensitivity: noise models and some black levels depend on it. The colour filter once more.
        0x8827 | 0x8830..=0x8833 | 0xa302 => Rule::Keep,
        0x927c if !matches!(kind, Kind::Dng | Kind::Rw2) => Rule::Notes,
        _ => Rule::Gone,
    }
}

fn notes(kind: Kind, inner: u16, tag: u16) -> Rule {
    match (kind, inner) {
        // Which way the camera was held is in its block of information.
        (Kind::Cr2, 0) if tag == 0x000d => Rule::Renewed,
        // Model number, colour of older models, aspect, colour temperature, sensor borders, colour data, vignetting.
        (Kind::Cr2, 0) => keep(matches!(
            tag,
            0x0010 | 0x0029 | 0x009a | 0x00a4 | 0x00a9 | 0x00aa | 0x00ae | 0x00b4 | 0x00e0 | 0x4001 | 0x4015 | 0x4016
        )),
        (Kind::Nef, 0) => nikon(tag),
        // The model's number.
        (Kind::Arw, 0) => keep(tag == 0xb001),
        (Kind::Orf, _) => olympus(inner, tag),
        // Model number, quality, balance, colour space, crop, white level, aspect, black point, balance and
        // matrices, the code table, balance by temperature.
        (Kind::Pef, 0) => keep(matches!(tag, 0x0005 | 0x0008 | 0x001b | 0x001c | 0x0037..=0x0039 | 0x007e | 0x0080
            | 0x0200 | 0x0201 | 0x0203 | 0x020d..=0x0214 | 0x0220 | 0x0221 | 0x022d)),
        // Sizes, colour space, and what is enciphered with the key.
        (Kind::Srw, 0) => match tag {
            0xa010 | 0xa011 => Rule::Keep,
            0xa020..=0xa024 | 0xa028 | 0xa030..=0xa036 => Rule::Renewed,
            _ => Rule::Gone,
        },
        _ => Rule::Gone,
    }
}

fn nikon(tag: u16) -> Rule {
    match tag {
        // Balance, older colour blocks, crop, colour space, black level, active area, curve, compression,
        // linearisation, bit depth.
        0x000c | 0x0014 | 0x001b | 0x001e | 0x003d | 0x0045 | 0x008c | 0x0093 | 0x0096 | 0x0e22 => Rule::Keep,
        0x001d | 0x0097 | 0x00a7 | 0x0e01 => Rule::Renewed,
        _ => Rule::Gone,
    }
}

fn olympus(inner: u16, tag: u16) -> Rule {
    match (inner, tag) {
        (0, 0x2010 | 0x2020 | 0x2040 | 0x3000) => Rule::Inner(tag),
        // Older matrices, black level, balance, valid bits.
        (0, 0x1011 | 0x1012 | 0x1017 | 0x1018 | 0x102c) => Rule::Keep,
        // The code of the model, by which decoders choose.
        (0x2010, 0x0100) => Rule::Keep,
        (0x2020, 0x0100) => Rule::Keep,
        (0x2020, 0x0101) => Rule::Offsets,
        (0x2020, 0x0102) => Rule::Counts,
        // Balance, matrix, black level, valid bits, crop, calibration, aspect.
        (0x2040, 0x0100..=0x0106 | 0x0108..=0x0115 | 0x0200 | 0x0300 | 0x0600 | 0x0611..=0x0615 | 0x0805 | 0x1112 | 0x1113) => {
            Rule::Keep
        }
        (0x3000, 0x0110 | 0x0120..=0x0124 | 0x0130..=0x0133 | 0x0200 | 0x0600 | 0x0601 | 0x0611..=0x0615) => Rule::Keep,
        _ => Rule::Gone,
    }
}
