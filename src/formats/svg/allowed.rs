//! The attributes without namespace that may stay on an element of SVG: what the specifications give a meaning to. Handlers
//! of events, `data-` attributes and whatever an editor made up are not among them. [SVG 1.1 Appendix M, SVG 2 Appendix F]

/// Whether an attribute of this name says how something is drawn, moved, linked or read aloud.
pub(super) fn attribute(name: &str) -> bool {
    KEPT.binary_search(&name).is_ok()
}

/// Whether it is for people who do not see the picture.
pub(super) fn is_for_readers(name: &str) -> bool {
    name.starts_with("aria-") || matches!(name, "role" | "alt" | "title")
}

#[rustfmt::skip]
static KEPT: &[&str] = &[
    "accent-height", "accumulate", "additive", "alignment-baseline", "alphabetic", "amplitude", "arabic-form", "ascent",
    "attributeName", "attributeType", "autofocus", "azimuth", "baseFrequency", "baseProfile", "baseline-shift", "bbox",
    "begin", "bias", "by", "calcMode", "cap-height", "class", "clip", "clip-path", "clip-rule", "clipPathUnits", "color",
    "color-interpolation", "color-interpolation-filters", "color-profile", "color-rendering", "contentScriptType",
    "contentStyleType", "crossorigin", "cursor", "cx", "cy", "d", "decoding", "descent", "diffuseConstant", "direction",
    "display", "divisor", "dominant-baseline", "download", "dur", "dx", "dy", "edgeMode", "editable", "elevation",
    "enable-background", "end", "exponent", "externalResourcesRequired", "fill", "fill-opacity", "fill-rule", "filter",
    "filterRes", "filterUnits", "flood-color", "flood-opacity", "focusable", "font", "font-family", "font-feature-settings",
    "font-kerning", "font-size", "font-size-adjust", "font-stretch", "font-style", "font-variant", "font-variant-ligatures",
    "font-variation-settings", "font-weight", "format", "fr", "from", "fx", "fy", "g1", "g2", "glyph-name",
    "glyph-orientation-horizontal", "glyph-orientation-vertical", "glyphRef", "gradientTransform", "gradientUnits", "hanging",
    "height", "horiz-adv-x", "horiz-origin-x", "horiz-origin-y", "href", "hreflang", "id", "ideographic", "image-rendering",
    "image-resolution", "in", "in2", "initialVisibility", "inline-size", "intercept", "isolation", "k", "k1", "k2", "k3",
    "k4", "kernelMatrix", "kernelUnitLength", "kerning", "keyPoints", "keySplines", "keyTimes", "lang", "lengthAdjust",
    "letter-spacing", "lighting-color", "limitingConeAngle", "line-height", "local", "marker", "marker-end", "marker-mid",
    "marker-start", "markerHeight", "markerUnits", "markerWidth", "mask", "mask-type", "maskContentUnits", "maskUnits",
    "mathematical", "max", "media", "method", "min", "mix-blend-mode", "mode", "name", "numOctaves", "object-fit",
    "object-position", "offset", "opacity", "operator", "order", "orient", "orientation", "origin", "overflow",
    "overline-position", "overline-thickness", "paint-order", "panose-1", "path", "pathLength", "patternContentUnits",
    "patternTransform", "patternUnits", "playbackOrder", "pointer-events", "points", "pointsAtX", "pointsAtY", "pointsAtZ",
    "preserveAlpha", "preserveAspectRatio", "primitiveUnits", "r", "radius", "refX", "refY", "referrerpolicy", "rel",
    "rendering-intent", "repeatCount", "repeatDur", "requiredExtensions", "requiredFeatures", "requiredFonts",
    "requiredFormats", "restart", "result", "rotate", "rx", "ry", "scale", "seed", "shape-inside", "shape-padding",
    "shape-rendering", "shape-subtract", "side", "slope", "solid-color", "solid-opacity", "spacing", "specularConstant",
    "specularExponent", "spreadMethod", "startOffset", "stdDeviation", "stemh", "stemv", "stitchTiles", "stop-color",
    "stop-opacity", "strikethrough-position", "strikethrough-thickness", "string", "stroke", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width", "style",
    "surfaceScale", "syncBehavior", "syncMaster", "syncTolerance", "systemLanguage", "tabindex", "tableValues", "target",
    "targetX", "targetY", "text-align", "text-anchor", "text-decoration", "text-decoration-color", "text-decoration-line",
    "text-decoration-style", "text-indent", "text-orientation", "text-overflow", "text-rendering", "textLength",
    "timelineBegin", "to", "transform", "transform-box", "transform-origin", "transformBehavior", "translate", "type", "u1",
    "u2", "underline-position", "underline-thickness", "unicode", "unicode-bidi", "unicode-range", "units-per-em",
    "v-alphabetic", "v-hanging", "v-ideographic", "v-mathematical", "values", "vector-effect", "version", "vert-adv-y",
    "vert-origin-x", "vert-origin-y", "viewBox", "viewTarget", "viewport-fill", "viewport-fill-opacity", "visibility",
    "white-space", "width", "widths", "word-spacing", "writing-mode", "x", "x-height", "x1", "x2", "xChannelSelector", "y",
    "y1", "y2", "yChannelSelector", "z", "zoomAndPan",
];
