//! The one thing that metadata of a PDF may have to say: that it is an archive document (PDF/A) or an accessible one
//! (PDF/UA). The packet is made anew and says only that. [ISO 19005-1 6.7.11, ISO 14289-1 5]

/// What may be claimed: prefix, namespace, and the properties with what their values are made of.
const CLAIMS: [(&str, &str, &[&str]); 2] = [
    ("pdfaid", "http://www.aiim.org/pdfa/ns/id/", &["part", "rev", "conformance", "amd"]),
    ("pdfuaid", "http://www.aiim.org/pdfua/ns/id/", &["part", "rev"]),
];

/// The packet that makes the same claims and says nothing else; `None` where nothing is claimed.
pub(super) fn packet(xmp: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(xmp);
    let mut out = String::new();
    for (prefix, namespace, properties) in CLAIMS {
        let found: Vec<String> = properties
            .iter()
            .filter_map(|p| value(&text, prefix, p).map(|v| format!("<{prefix}:{p}>{v}</{prefix}:{p}>")))
            .collect();
        if !found.is_empty() && found[0].contains(":part>") {
            out +=
                &format!("<rdf:Description rdf:about=\"\" xmlns:{prefix}=\"{namespace}\">{}</rdf:Description>", found.concat());
        }
    }
    (!out.is_empty()).then(|| {
        format!(
            "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
             xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{out}</rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
        )
        .into_bytes()
    })
}

/// A short value of letters and digits, as an attribute or as an element.
fn value(text: &str, prefix: &str, property: &str) -> Option<String> {
    let name = format!("{prefix}:{property}");
    text.match_indices(&name).find_map(|(at, _)| {
        let rest = text[at + name.len()..].trim_start();
        let rest = match rest.strip_prefix('=') {
            Some(quoted) => quoted.trim_start().strip_prefix(['"', '\''])?,
            None => rest.strip_prefix('>')?.trim_start(),
        };
        let value: String = rest.chars().take_while(char::is_ascii_alphanumeric).take(5).collect();
        (!value.is_empty() && value.len() <= 4).then_some(value)
    })
}
