//! What may survive in a PDF: for every kind of dictionary the keys that are kept, and the kind of what they lead to. What
//! is not listed goes. Nothing here does anything; [`super::walk`] does. [ISO 32000-2]

use std::collections::HashMap;
use std::sync::LazyLock;

/// A kind of object: where it was met decides what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[rustfmt::skip]
pub(super) enum K {
    /// Numbers, names, strings, and arrays of them.
    Leaf,
    /// Numbers and names, and arrays of them; no free text.
    Plain,
    /// A page, from somewhere that does not make it part of the document.
    PageRef,
    /// Anything that is kept only if something else keeps it.
    Weak,
    Catalog, Node, Resources, Extensions, Extension, PageLabels, PageLabel, Names, Dests, Dest, DestTree, ViewerPreferences,
    Outlines, OutlineItem, Thread, Bead, OpenAction, BaseUri, Form, Appearances, Appearance, AppearanceStates, AppearanceTree,
    AcroForm, Field, FieldValue, StructRoot, StructKid, StructElem, MarkedRef, ObjectRef, IdTree, ParentTree, ParentEntry,
    RoleMap, ClassMap, Attributes, Namespace, MarkInfo, OutputIntent, OcProperties, OcGroup, OcConfig, OcUsage, OcUsageEvent,
    OcUsageApp, OcOrder, OcMembership, OcExpression, Property, Collection, CollectionSchema, CollectionField, CollectionSort,
    Contents, Group, BoxColors, BoxStyle, Transition, Separation, Action,
    ExtGStates, ExtGState, FontPair, Halftone, SoftMask, ColorSpaces, ColorSpace, CalibratedSpace, NColors, NProcess, MixingHints,
    Functions, Function, Patterns, Pattern, Shadings, Shading, XObjects, XObject, Image, Mask, Properties, Fonts, Font, Encoding,
    CMap, CidSystem, GlyphMap, CharProcs, FontDescriptor, FontDescriptors, FontStyle, FontProgram, Icc, Lookup, Params,
    BorderStyle, BorderEffect, Look, IconFit, FixedPrint, Filespec, FilespecTree, EmbeddedFiles, EmbeddedFile, Data, FaxGlobals, LeafMap, Claims, Viewport, Measure, Reference, NumberFormat,
}

/// How a kind is built.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// No dictionary may stand here.
    Atom,
    /// A dictionary with the keys of [`kept`].
    Table,
    /// A dictionary with any keys, all leading to one kind.
    Map(K),
    /// A name tree or number tree of one kind. [7.9.6, 7.9.7]
    Tree(K),
}

impl K {
    pub(super) fn shape(self) -> Shape {
        match self {
            K::Leaf | K::Plain | K::PageRef | K::Weak | K::FieldValue | K::ParentEntry | K::OcOrder | K::OcExpression => {
                Shape::Atom
            }
            K::ColorSpace | K::FontPair | K::Lookup => Shape::Atom,
            K::Extensions => Shape::Map(K::Extension),
            K::Dests => Shape::Map(K::Dest),
            K::AppearanceStates => Shape::Map(K::Form),
            K::RoleMap | K::LeafMap => Shape::Map(K::Plain),
            K::ClassMap => Shape::Map(K::Attributes),
            K::CollectionSchema => Shape::Map(K::CollectionField),
            K::ExtGStates => Shape::Map(K::ExtGState),
            K::ColorSpaces => Shape::Map(K::ColorSpace),
            K::Functions => Shape::Map(K::Function),
            K::Patterns => Shape::Map(K::Pattern),
            K::Shadings => Shape::Map(K::Shading),
            K::XObjects => Shape::Map(K::XObject),
            K::Properties => Shape::Map(K::Property),
            K::Fonts => Shape::Map(K::Font),
            K::CharProcs => Shape::Map(K::Contents),
            K::FontDescriptors => Shape::Map(K::FontDescriptor),
            K::PageLabels => Shape::Tree(K::PageLabel),
            K::DestTree => Shape::Tree(K::Dest),
            K::AppearanceTree => Shape::Tree(K::Form),
            K::FilespecTree => Shape::Tree(K::Filespec),
            K::IdTree => Shape::Tree(K::Weak),
            K::ParentTree => Shape::Tree(K::ParentEntry),
            _ => Shape::Table,
        }
    }

    /// Whether a reference of this kind keeps nothing alive.
    pub(super) fn is_weak(self) -> bool {
        matches!(self, K::PageRef | K::Weak)
    }

    /// Whether free text may stand here.
    pub(super) fn takes_text(self) -> bool {
        matches!(self, K::Leaf | K::Dest | K::FieldValue | K::Lookup | K::OcOrder)
    }

    /// Whether an array of these is a list, from which single elements may go.
    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            K::Node
                | K::Field
                | K::Contents
                | K::StructKid
                | K::OcOrder
                | K::OcGroup
                | K::OcConfig
                | K::OcUsageApp
                | K::Filespec
                | K::Action
                | K::Thread
                | K::OutputIntent
                | K::Namespace
                | K::Viewport
                | K::NumberFormat
                | K::Weak
        )
    }

    /// Whether a stream of this kind holds operators.
    pub(super) fn is_content(self) -> bool {
        matches!(self, K::Contents | K::Form | K::Pattern)
    }

    /// What a person would call it.
    pub(super) fn place(self) -> &'static str {
        match self {
            K::Catalog | K::Names => "document",
            K::Node => "page",
            K::Field => "annotation",
            K::Image | K::XObject | K::Mask => "image",
            K::Form => "form",
            K::Font | K::FontDescriptor => "font",
            K::Icc => "color profile",
            K::Filespec | K::EmbeddedFile => "attachment",
            K::StructElem | K::StructRoot => "structure",
            K::OutlineItem => "bookmark",
            K::AcroForm => "form fields",
            K::OcGroup | K::OcConfig | K::OcProperties => "layers",
            K::Action => "action",
            K::OutputIntent => "output intent",
            _ => "PDF",
        }
    }
}

/// Keys that every stream has.
const STREAM: &str = "Length Filter";

#[rustfmt::skip]
static TABLES: &[(K, &[(&str, K)])] = &[
    (K::Catalog, &[("Type Version PageLayout PageMode", K::Plain), ("Lang", K::Leaf), ("Extensions", K::Extensions),
        ("Pages", K::Node), ("PageLabels", K::PageLabels), ("Names", K::Names), ("Dests", K::Dests),
        ("ViewerPreferences", K::ViewerPreferences), ("Outlines", K::Outlines), ("Threads", K::Thread),
        ("OpenAction", K::OpenAction), ("URI", K::BaseUri), ("AcroForm", K::AcroForm), ("StructTreeRoot", K::StructRoot),
        ("MarkInfo", K::MarkInfo), ("OutputIntents", K::OutputIntent), ("OCProperties", K::OcProperties),
        ("Collection", K::Collection), ("AF", K::Filespec)]),
    (K::Extension, &[("Type BaseVersion ExtensionLevel", K::Plain)]),
    (K::Node, &[("Type Count MediaBox CropBox BleedBox TrimBox ArtBox Rotate Dur StructParents Tabs UserUnit", K::Plain),
        ("Kids", K::Node), ("Parent", K::Weak), ("Resources", K::Resources), ("Contents", K::Contents), ("Group", K::Group),
        ("B", K::Weak), ("Trans", K::Transition), ("Annots", K::Field), ("BoxColorInfo", K::BoxColors), ("VP", K::Viewport),
        ("SeparationInfo", K::Separation), ("OutputIntents", K::OutputIntent)]),
    (K::PageLabel, &[("Type S St", K::Plain), ("P", K::Leaf)]),
    (K::Names, &[("Dests", K::DestTree), ("AP", K::AppearanceTree), ("EmbeddedFiles", K::FilespecTree)]),
    (K::Dest, &[("D", K::Dest), ("SD", K::Dest)]),
    (K::ViewerPreferences, &[("HideToolbar HideMenubar HideWindowUI FitWindow CenterWindow DisplayDocTitle NonFullScreenPageMode \
        Direction ViewArea ViewClip PrintArea PrintClip PrintScaling Duplex PickTrayByPDFSize PrintPageRange NumCopies Enforce", K::Plain)]),
    (K::Outlines, &[("Type Count", K::Plain), ("First", K::OutlineItem), ("Last", K::Weak)]),
    (K::OutlineItem, &[("Count C F", K::Plain), ("Title", K::Leaf), ("Parent Prev Last SE", K::Weak), ("First Next", K::OutlineItem),
        ("Dest", K::Dest), ("A", K::Action)]),
    (K::Thread, &[("Type", K::Plain), ("F", K::Bead)]),
    (K::Bead, &[("Type R", K::Plain), ("T V", K::Weak), ("N", K::Bead), ("P", K::PageRef)]),
    (K::BaseUri, &[("Base", K::Leaf)]),
    (K::AcroForm, &[("NeedAppearances Q", K::Plain), ("DA", K::Leaf), ("Fields", K::Field), ("DR", K::Resources)]),
    // Annotations, widgets and fields are one kind, since one dictionary may be all three. [12.5.2, 12.7.4]
    (K::Field, &[("Type Subtype Rect AS Border C F StructParent BM ca CA H QuadPoints L LE LL LLE LLO IC Cap IT CP CO Vertices \
        InkList CL RD Q Name Sy Open RT FT Ff TI I MaxLen Rotate Repeat ROI", K::Plain),
        ("Contents Lang DA DS RC T TU DV Opt RV", K::Leaf), ("V", K::FieldValue),
        ("P", K::PageRef), ("Parent Popup IRT", K::Weak), ("AP", K::Appearances), ("OC", K::Property), ("BE", K::BorderEffect),
        ("BS", K::BorderStyle), ("Dest", K::Dest), ("A", K::Action), ("Path", K::Plain), ("MK", K::Look), ("Kids", K::Field),
        ("FS", K::Filespec), ("FixedPrint", K::FixedPrint), ("DR", K::Resources)]),
    (K::Appearances, &[("N R D", K::Appearance)]),
    (K::BorderStyle, &[("Type W S D", K::Plain)]),
    (K::BorderEffect, &[("S I", K::Plain)]),
    (K::Look, &[("R BC BG TP", K::Plain), ("CA RC AC", K::Leaf), ("I RI IX", K::Form), ("IF", K::IconFit)]),
    (K::IconFit, &[("SW S A FB", K::Plain)]),
    (K::FixedPrint, &[("Type Matrix H V", K::Plain)]),
    (K::Action, &[("S N NewWindow IsMap PreserveRB Flags", K::Plain), ("D", K::Dest), ("SD", K::Dest), ("URI", K::Leaf),
        ("Fields", K::Leaf), ("H", K::Plain), ("T", K::Leaf), ("State", K::OcOrder), ("Trans", K::Transition), ("B", K::Weak),
        ("Next", K::Action), ("Type", K::Plain)]),
    (K::StructRoot, &[("Type ParentTreeNextKey", K::Plain), ("K", K::StructKid), ("IDTree", K::IdTree), ("ParentTree", K::ParentTree),
        ("RoleMap", K::RoleMap), ("ClassMap", K::ClassMap), ("Namespaces", K::Namespace), ("AF", K::Filespec)]),
    (K::StructElem, &[("Type S C", K::Plain), ("ID T Lang Alt E ActualText PhoneticAlphabet Phoneme", K::Leaf), ("P Ref", K::Weak),
        ("Pg", K::PageRef), ("K", K::StructKid), ("A", K::Attributes), ("NS", K::Namespace), ("AF", K::Filespec)]),
    (K::Attributes, &[("O Placement WritingMode BackgroundColor BorderColor BorderStyle BorderThickness Padding Color SpaceBefore \
        SpaceAfter StartIndent EndIndent TextIndent TextAlign BBox Width Height BlockAlign InlineAlign TBorderStyle TPadding BaselineShift \
        LineHeight TextDecorationColor TextDecorationThickness TextDecorationType RubyAlign RubyPosition GlyphOrientationVertical \
        TextPosition ColumnCount ColumnGap ColumnWidths ListNumbering ContinuedList Role rv checked Checked RowSpan ColSpan Scope Type \
        Subtype Attached", K::Plain), ("Desc Headers Summary Short Contents ContinuedFrom", K::Leaf), ("NS", K::Namespace)]),
    (K::MarkedRef, &[("Type MCID", K::Plain), ("Pg", K::PageRef), ("Stm", K::Weak)]),
    (K::ObjectRef, &[("Type", K::Plain), ("Pg", K::PageRef), ("Obj", K::Weak)]),
    (K::Namespace, &[("Type", K::Plain), ("NS", K::Leaf), ("RoleMapNS", K::RoleMap)]),
    (K::MarkInfo, &[("Marked Suspects", K::Plain)]),
    (K::OutputIntent, &[("Type S", K::Plain), ("OutputCondition OutputConditionIdentifier RegistryName", K::Leaf),
        ("DestOutputProfile", K::Icc)]),
    (K::OcProperties, &[("OCGs", K::OcGroup), ("D Configs", K::OcConfig)]),
    (K::OcGroup, &[("Type Intent", K::Plain), ("Name", K::Leaf), ("Usage", K::OcUsage)]),
    (K::OcUsage, &[("Language Export Zoom Print View PageElement", K::OcUsageEvent)]),
    (K::OcUsageEvent, &[("Preferred ExportState PrintState ViewState Subtype min max", K::Plain), ("Lang", K::Leaf)]),
    (K::OcConfig, &[("BaseState Intent ListMode", K::Plain), ("Name", K::Leaf), ("ON OFF Locked Order RBGroups", K::OcOrder),
        ("AS", K::OcUsageApp)]),
    (K::OcUsageApp, &[("Event Category", K::Plain), ("OCGs", K::OcOrder)]),
    (K::OcMembership, &[("Type P", K::Plain), ("OCGs", K::OcGroup), ("VE", K::OcExpression)]),
    (K::Property, &[("Type MCID", K::Plain), ("ActualText Alt E Lang", K::Leaf)]),
    (K::Collection, &[("Type View", K::Plain), ("D", K::Leaf), ("Schema", K::CollectionSchema), ("Sort", K::CollectionSort)]),
    (K::CollectionField, &[("Type Subtype O V E", K::Plain), ("N", K::Leaf)]),
    (K::CollectionSort, &[("Type S A", K::Plain)]),
    (K::Resources, &[("ProcSet", K::Plain), ("ExtGState", K::ExtGStates), ("ColorSpace", K::ColorSpaces), ("Pattern", K::Patterns),
        ("Shading", K::Shadings), ("XObject", K::XObjects), ("Font", K::Fonts), ("Properties", K::Properties)]),
    (K::Contents, &[(STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::Group, &[("Type S I K", K::Plain), ("CS", K::ColorSpace)]),
    (K::BoxColors, &[("CropBox BleedBox TrimBox ArtBox", K::BoxStyle)]),
    (K::BoxStyle, &[("C W S D", K::Plain)]),
    (K::Transition, &[("Type S D Dm M Di SS B", K::Plain)]),
    (K::Separation, &[("Pages", K::PageRef), ("DeviceColorant", K::Leaf), ("ColorSpace", K::ColorSpace)]),
    (K::ExtGState, &[("Type LW LC LJ ML D RI OP op OPM FL SM SA BM CA ca AIS TK UseBlackPtComp HTO", K::Plain), ("Font", K::FontPair),
        ("BG BG2 UCR UCR2 TR TR2", K::Function), ("HT", K::Halftone), ("SMask", K::SoftMask)]),
    (K::Halftone, &[("Type HalftoneType Frequency Angle AccurateScreens Width Height Xsquare Ysquare Width2 Height2", K::Plain),
        ("SpotFunction TransferFunction", K::Function), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::SoftMask, &[("Type S BC", K::Plain), ("G", K::Form), ("TR", K::Function)]),
    (K::CalibratedSpace, &[("WhitePoint BlackPoint Gamma Matrix Range", K::Plain)]),
    (K::NColors, &[("Subtype", K::Plain), ("Colorants", K::ColorSpaces), ("Process", K::NProcess), ("MixingHints", K::MixingHints)]),
    (K::NProcess, &[("ColorSpace", K::ColorSpace), ("Components", K::Plain)]),
    (K::MixingHints, &[("Solidities", K::LeafMap), ("PrintingOrder", K::Plain), ("DotGain", K::Functions)]),
    (K::Function, &[("FunctionType Domain Range Size BitsPerSample Order Encode Decode C0 C1 N Bounds", K::Plain),
        ("Functions", K::Function), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::Pattern, &[("Type PatternType PaintType TilingType BBox XStep YStep Matrix", K::Plain), ("Resources", K::Resources),
        ("Shading", K::Shading), ("ExtGState", K::ExtGState), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::Shading, &[("ShadingType Background BBox AntiAlias Coords Domain Extend Matrix BitsPerCoordinate BitsPerComponent BitsPerFlag \
        Decode VerticesPerRow", K::Plain), ("ColorSpace", K::ColorSpace), ("Function", K::Function), (STREAM, K::Plain),
        ("DecodeParms", K::Params)]),
    (K::Image, &[("Type Subtype Width Height BitsPerComponent Intent ImageMask Decode Interpolate SMaskInData StructParent Matte",
        K::Plain), ("ColorSpace", K::ColorSpace), ("Mask", K::Mask), ("SMask", K::Image), ("OC", K::Property), (STREAM, K::Plain),
        ("DecodeParms", K::Params)]),
    (K::Form, &[("Type Subtype FormType BBox Matrix StructParent StructParents", K::Plain), ("Resources", K::Resources),
        ("Group", K::Group), ("OC", K::Property), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::Font, &[("Type Subtype BaseFont FirstChar LastChar Widths DW W DW2 W2 FontBBox FontMatrix Name", K::Plain),
        ("FontDescriptor", K::FontDescriptor), ("Encoding", K::Encoding), ("ToUnicode", K::CMap), ("DescendantFonts", K::Font),
        ("CIDSystemInfo", K::CidSystem), ("CIDToGIDMap", K::GlyphMap), ("CharProcs", K::CharProcs), ("Resources", K::Resources)]),
    (K::Encoding, &[("Type BaseEncoding Differences", K::Plain), ("CMapName WMode", K::Plain), ("CIDSystemInfo", K::CidSystem),
        ("UseCMap", K::CMap), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::CMap, &[("Type CMapName WMode", K::Plain), ("CIDSystemInfo", K::CidSystem), ("UseCMap", K::CMap), (STREAM, K::Plain),
        ("DecodeParms", K::Params)]),
    (K::CidSystem, &[("Registry Ordering", K::Leaf), ("Supplement", K::Plain)]),
    (K::GlyphMap, &[(STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::FontDescriptor, &[("Type FontName FontStretch FontWeight Flags FontBBox ItalicAngle Ascent Descent Leading CapHeight XHeight \
        StemV StemH AvgWidth MaxWidth MissingWidth Lang", K::Plain), ("FontFamily CharSet", K::Leaf),
        ("FontFile FontFile2 FontFile3", K::FontProgram), ("CIDSet", K::GlyphMap), ("Style", K::FontStyle), ("FD", K::FontDescriptors)]),
    (K::FontStyle, &[("Panose", K::Leaf)]),
    (K::FontProgram, &[("Length1 Length2 Length3 Subtype", K::Plain), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::Icc, &[("N Range", K::Plain), ("Alternate", K::ColorSpace), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::FaxGlobals, &[(STREAM, K::Plain), ("DecodeParms", K::Params)]),
    // Maps, where the policy keeps where they are. [12.9, 12.10]
    (K::Viewport, &[("Type BBox", K::Plain), ("Name", K::Leaf), ("Measure", K::Measure)]),
    (K::Measure, &[("Type Subtype Bounds PDU GPTS LPTS O CYX", K::Plain), ("R", K::Leaf), ("GCS DCS", K::Reference),
        ("X Y D A T S", K::NumberFormat)]),
    (K::Reference, &[("Type EPSG", K::Plain), ("WKT", K::Leaf)]),
    (K::NumberFormat, &[("Type C F D FD O", K::Plain), ("U RT RD PS SS", K::Leaf)]),
    (K::Data, &[(STREAM, K::Plain), ("DecodeParms", K::Params)]),
    (K::Params, &[("Type Predictor Colors BitsPerComponent Columns EarlyChange K EndOfLine EncodedByteAlign Rows EndOfBlock BlackIs1 \
        DamagedRowsBeforeError ColorTransform", K::Plain), ("JBIG2Globals", K::FaxGlobals)]),
    (K::Filespec, &[("Type AFRelationship", K::Plain), ("F UF", K::Leaf), ("EF", K::EmbeddedFiles)]),
    (K::EmbeddedFiles, &[("F UF DOS Mac Unix", K::EmbeddedFile)]),
    (K::EmbeddedFile, &[("Type Subtype", K::Plain), (STREAM, K::Plain), ("DecodeParms", K::Params)]),
];

static KEPT: LazyLock<HashMap<(K, &'static [u8]), K>> = LazyLock::new(|| {
    let rows = TABLES.iter().flat_map(|(k, rows)| rows.iter().map(move |(keys, of)| (*k, *keys, *of)));
    rows.flat_map(|(k, keys, of)| keys.split_whitespace().map(move |key| ((k, key.as_bytes()), of))).collect()
});

/// The kind of what this key leads to, where a dictionary of kind `k` keeps it.
pub(super) fn kept(k: K, key: &[u8]) -> Option<K> {
    // A halftone for separate inks has one more halftone for each, under the ink's name. [10.6.5.6]
    match KEPT.get(&(k, key)) {
        None if k == K::Halftone && !matches!(key, b"HalftoneName" | b"Comments" | b"Metadata" | b"PieceInfo") => {
            Some(K::Halftone)
        }
        found => found.copied(),
    }
}
