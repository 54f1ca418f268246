//! Which destinations, words and fields of RTF may survive.

use crate::formats::office::TELLING_FIELDS;

/// Destinations that go, marked as ignorable or not.
const GO: &[&str] = &[
    "info",
    "userprops",
    "generator",
    "company",
    "rsidtbl",
    "template",
    "filetbl",
    "docvar",
    "mailmerge",
    "xmlnstbl",
    "xmlopen",
    "xmlclose",
    "xmlattr",
    "xmlattrname",
    "xmlattrvalue",
    "factoidname",
    "datastore",
    "themedata",
    "colorschememapping",
    "passwordhash",
    "protusertbl",
    "writereservhash",
    "wgrffmtfilter",
    "pgptbl",
    "nextfile",
    "blipuid",
    "oldcprops",
    "oldpprops",
    "oldtprops",
    "oldsprops",
    "datafield",
    "title",
    "subject",
    "author",
    "operator",
    "manager",
    "category",
    "keywords",
    "comment",
    "doccomm",
    "hlinkbase",
    "creatim",
    "revtim",
    "printim",
    "buptim",
    "private",
];
/// Destinations of comments.
const COMMENTS: &[&str] =
    &["annotation", "atnid", "atnauthor", "atntime", "atndate", "atnref", "atnicn", "atnparent", "atrfstart", "atrfend"];
/// Ignorable destinations that shape what is seen; all others go.
const STAY: &[&str] = &[
    "aftncn",
    "aftnsep",
    "aftnsepc",
    "background",
    "bkmkend",
    "bkmkstart",
    "blipcrop",
    "cchs",
    "colortbl",
    "cs",
    "defchp",
    "defpap",
    "do",
    "docfmt",
    "ds",
    "expandedcolortbl",
    "falt",
    "fchars",
    "ffdeftext",
    "ffentrymcr",
    "ffexitmcr",
    "ffformat",
    "ffhelptext",
    "ffl",
    "ffname",
    "ffstattext",
    "fldinst",
    "flymaincnt",
    "fontemb",
    "fontfile",
    "fonttbl",
    "pntxta",
    "pntxtb",
    "footnote",
    "formfield",
    "ftncn",
    "ftnsep",
    "ftnsepc",
    "headeryb",
    "hyphen",
    "keycode",
    "latentstyles",
    "lchars",
    "levelmarker",
    "list",
    "listname",
    "listoverride",
    "listoverridetable",
    "listpicture",
    "liststylename",
    "listtable",
    "lsdlockedexcept",
    "nesttableprops",
    "nonesttables",
    "objdata",
    "panose",
    "pgdsc",
    "pgdscno",
    "pgdsctbl",
    "picprop",
    "pn",
    "pnseclvl",
    "pntext",
    "shpinst",
    "shppict",
    "shprslt",
    "shptxt",
    "sn",
    "sp",
    "stylesheet",
    "sv",
    "tblstyle",
    "ts",
    "ud",
    "updnprop",
    "upr",
    "wbitmap",
];
/// Words that link one document to another, or name a person or a time.
const WORDS: &[&str] = &[
    "rsid",
    "insrsid",
    "charrsid",
    "pararsid",
    "sectrsid",
    "tblrsid",
    "delrsid",
    "styrsid",
    "rsidroot",
    "revauth",
    "revdttm",
    "revauthdel",
    "revdttmdel",
    "crauth",
    "crdate",
    "prauth",
    "prdate",
    "srauth",
    "srdate",
    "trauth",
    "trdate",
    "mvauth",
    "mvdate",
    "bliptag",
    "edmins",
    "vern",
    "version",
];
/// Properties of shapes that name or link.
const SHAPE: &[&str] = &["wzName", "metroBlob", "pihlShape", "pibName"];
/// Words that are characters.
const CHARACTERS: &[&str] = &[
    "par",
    "line",
    "tab",
    "page",
    "column",
    "sect",
    "softline",
    "lquote",
    "rquote",
    "ldblquote",
    "rdblquote",
    "bullet",
    "endash",
    "emdash",
    "enspace",
    "emspace",
    "qmspace",
    "u",
    "chdate",
    "chtime",
    "chpgn",
    "chftn",
    "chatn",
    "sectnum",
    "zwj",
    "zwnj",
    "zwbo",
    "zwnbo",
    "ltrmark",
    "rtlmark",
    "lbr",
];

/// Whether a destination goes whatever the policy.
pub(super) fn goes(name: &str, ignorable: bool, html: bool) -> bool {
    let html = html && matches!(name, "htmltag" | "mhtmltag");
    // Equations are made of many destinations that all begin alike.
    let mathematics = name.starts_with('m') && name.chars().nth(1).is_some_and(|c| c.is_ascii_uppercase())
        || matches!(name, "mmath" | "mmathPr");
    GO.contains(&name)
        || ignorable && !STAY.contains(&name) && !COMMENTS.contains(&name) && !html && !mathematics && name != "revtbl"
}

/// Whether a destination belongs to comments.
pub(super) fn comment(name: &str) -> bool {
    COMMENTS.contains(&name)
}

/// Whether a word goes.
pub(super) fn word(name: &str) -> bool {
    WORDS.contains(&name)
}

/// Whether a field of this kind goes.
pub(super) fn field(name: &str) -> bool {
    TELLING_FIELDS.contains(&name)
}

/// Whether a property of a shape goes.
pub(super) fn shape(name: &str) -> bool {
    SHAPE.contains(&name)
}

/// Whether a word stands for a character.
pub(super) fn character(name: &str) -> bool {
    CHARACTERS.contains(&name)
}
