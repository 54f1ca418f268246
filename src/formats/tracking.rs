//! Marks in addresses of the web by which a link is told from its copies: who was sent it, by which campaign, from which
//! click. Links are content, so the marks stay where nothing else is said, and are told.

/// Parameters that are nothing but marks.
const MARKS: [&str; 34] = [
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "gclsrc",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "mc_eid",
    "mc_cid",
    "_hsenc",
    "_hsmi",
    "mkt_tok",
    "vero_id",
    "vero_conv",
    "wickedid",
    "oly_enc_id",
    "oly_anon_id",
    "rb_clickid",
    "s_cid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "_openstat",
    "epik",
    "srsltid",
    "irclickid",
    "ndclid",
    "sfmc_id",
    "trk_contact",
];

/// What a report calls such a link.
pub(super) const LABEL: &str = "links with marks of advertising";
/// Why it stays.
pub(super) const WHY: &str = "links are content; look at them before you share the file";

/// Whether an address carries such a mark.
pub(super) fn is_marked(address: &str) -> bool {
    let Some((_, query)) = address.split_once('?') else { return false };
    let query = query.split('#').next().unwrap_or(query);
    query.split(['&', ';']).any(|part| {
        let name = part.split('=').next().unwrap_or(part).trim_start_matches("amp").to_ascii_lowercase();
        part.contains('=') && (name.starts_with("utm_") || MARKS.contains(&name.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::is_marked;

    #[test]
    fn marks_are_told_from_words() {
        for marked in ["https://a.org/?utm_source=x", "https://a.org/b?c=d&amp;fbclid=1", "?a=1&gclid=2#f"] {
            assert!(is_marked(marked), "{marked}");
        }
        for plain in ["https://a.org/utm_source=x", "https://a.org/?q=fbclid", "https://a.org/?myfbclid=1", ""] {
            assert!(!is_marked(plain), "{plain}");
        }
    }
}
