//! Which items stay. From the picture that is shown, along what it is made of, to what belongs to it: alpha, gain map,
//! alternatives. Everything else is a thumbnail, a mask, metadata, or a leftover. [ISO/IEC 23008-12 6.4, 6.6]

use std::collections::{BTreeMap, BTreeSet};

use super::super::Walk;
use super::items::{Group, Item, Reference};
use super::property::Properties;
use crate::grammar::bmff::{self, Atom};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// What was decided.
pub(super) struct Graph {
    /// The items that stay.
    pub(super) kept: BTreeSet<u32>,
    /// XMP items that say how bright a gain map is, by number: they stay in a minimal form.
    pub(super) gain: BTreeSet<u32>,
    /// Groups that stay, by where their boxes start.
    pub(super) groups: BTreeMap<u64, Vec<u32>>,
    /// What the items that go are, by number.
    pub(super) roles: BTreeMap<u32, Role>,
}

/// What an item that goes was to the others.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// A smaller copy.
    Thumbnail,
    /// A mask, a depth map: its name.
    Auxiliary(String),
    /// A part of something else that goes.
    Part,
    /// Another picture.
    Other,
    /// Not a picture.
    Data,
}

/// Coded pictures. [23008-12 annexes, AV1-ISOBMFF, 23001-17]
const CODED: &[&[u8; 4]] =
    &[b"hvc1", b"hev1", b"hvt1", b"lhv1", b"av01", b"avc1", b"avc3", b"jpeg", b"j2k1", b"vvc1", b"vvt1", b"evc1", b"unci"];
/// Pictures made of others.
const DERIVED: &[&[u8; 4]] = &[b"grid", b"iovl", b"iden", b"tmap"];
/// References along which a picture needs another.
const NEEDS: &[&[u8; 4]] = &[b"dimg", b"base", b"exbl", b"pred", b"tbas"];
/// References that stay between items that stay.
pub(super) const REFERENCES: &[&[u8; 4]] = &[b"dimg", b"base", b"exbl", b"pred", b"tbas", b"auxl", b"prem", b"thmb", b"cdsc"];

/// Names of alpha planes. [23008-12 6.5.8, annex B; AV1-ISOBMFF 4]
const ALPHA: &[&str] =
    &["urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:avc:2015:auxid:1", "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"];
/// The name of Apple's gain map.
const GAIN_MAP: &str = "urn:com:apple:photo:2020:aux:hdrgainmap";

fn is_picture(kind: [u8; 4]) -> bool {
    CODED.contains(&&kind) || DERIVED.contains(&&kind)
}

/// Decides.
#[expect(clippy::too_many_arguments, reason = "the parts of one box, each read by its own function")]
pub(super) fn decide(
    walk: &Walk,
    meta: &Atom,
    primary: Option<u32>,
    items: &BTreeMap<u32, Item>,
    references: &[Reference],
    properties: &Properties,
    groups: &[Group],
    has_movie: bool,
) -> Result<Graph> {
    let keeps = |token| walk.job.keeps(token);
    let mut needs: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for r in references.iter().filter(|r| NEEDS.contains(&&r.entry.kind)) {
        needs.entry(r.from).or_default().extend(&r.to);
    }
    let mut hunt = Hunt { walk, items, references, properties, needs, kept: BTreeSet::new() };
    match primary.and_then(|p| items.get(&p).map(|item| (p, item))) {
        Some((p, _)) => hunt.reach(p, true)?,
        None if has_movie => {}
        None => return Err(Refusal::malformed("there is no primary picture", meta.span.start)),
    }
    let targets = |kind: &[u8; 4]| -> BTreeSet<u32> {
        references.iter().filter(|r| r.entry.is(kind)).flat_map(|r| r.to.iter().copied()).collect()
    };
    let sources = |kind: &[u8; 4]| -> BTreeSet<u32> { references.iter().filter(|r| r.entry.is(kind)).map(|r| r.from).collect() };
    let (parts, thumbnails, auxiliary) = (targets(b"dimg"), sources(b"thmb"), sources(b"auxl"));
    // Alternatives of what is shown: the same picture with more range or in another codec.
    for group in groups.iter().filter(|g| g.entry.is(b"altr")) {
        if group.members.iter().any(|m| hunt.kept.contains(m)) {
            for member in &group.members {
                let Some(item) = items.get(member) else { continue };
                let stays = keeps(Token::GainMap) || &item.kind != b"tmap";
                if stays && is_picture(item.kind) && !thumbnails.contains(member) {
                    hunt.reach(*member, false)?;
                }
            }
        }
    }
    // Other pictures that a gallery would show.
    if keeps(Token::OtherImages) {
        for (id, item) in items {
            let lone = !parts.contains(id) && !thumbnails.contains(id) && !auxiliary.contains(id);
            if lone && !item.is_hidden() && CODED.contains(&&item.kind) | matches!(&item.kind, b"grid" | b"iovl" | b"iden") {
                hunt.reach(*id, false)?;
            }
        }
    }
    hunt.attached(keeps(Token::GainMap), keeps(Token::Depth), keeps(Token::Thumbnails))?;
    let gain = gain_items(walk, &hunt)?;
    let kept = hunt.kept;
    let mut roles = BTreeMap::new();
    for (id, item) in items.iter().filter(|(id, _)| !kept.contains(id)) {
        let role = match properties.auxiliary(walk, *id)? {
            _ if !is_picture(item.kind) => Role::Data,
            name if !name.is_empty() => Role::Auxiliary(name),
            _ if thumbnails.contains(id) => Role::Thumbnail,
            _ if parts.contains(id) => Role::Part,
            _ => Role::Other,
        };
        roles.insert(*id, role);
    }
    let groups = groups
        .iter()
        .filter(|g| matches!(&g.entry.kind, b"altr" | b"ster"))
        .map(|g| {
            let stays = |m: &u32| kept.contains(m) || (!items.contains_key(m) && has_movie);
            (g.entry.span.start, g.members.iter().copied().filter(stays).collect::<Vec<u32>>())
        })
        .filter(|(_, members)| members.len() > 1)
        .collect();
    Ok(Graph { kept, gain, groups, roles })
}

struct Hunt<'a> {
    walk: &'a Walk<'a>,
    items: &'a BTreeMap<u32, Item>,
    references: &'a [Reference],
    properties: &'a Properties,
    /// What each picture is made of.
    needs: BTreeMap<u32, Vec<u32>>,
    kept: BTreeSet<u32>,
}

impl Hunt<'_> {
    /// Keeps a picture and all that it is made of.
    fn reach(&mut self, first: u32, must: bool) -> Result<()> {
        let mut todo = vec![first];
        while let Some(id) = todo.pop() {
            if self.kept.contains(&id) {
                continue;
            }
            let Some(item) = self.items.get(&id) else {
                return Err(Refusal::malformed(format!("a picture is made of item {id}, which is not there"), 0));
            };
            let at = item.entry.span.start;
            if !is_picture(item.kind) {
                if !must && id == first {
                    return Ok(());
                }
                let what = format!("a picture of a kind that is not known ({})", bmff::print(item.kind));
                return Err(Refusal::unsupported(what).at(at));
            }
            if item.protected {
                return Err(Refusal::new(Code::Drm, "the picture is protected").at(at));
            }
            self.kept.insert(id);
            todo.extend(self.needs.get(&id).into_iter().flatten().copied());
        }
        Ok(())
    }

    /// Keeps what hangs on pictures that stay: alpha always, the rest as the policy says.
    fn attached(&mut self, gain_map: bool, depth: bool, thumbnails: bool) -> Result<()> {
        /// An alpha plane of a depth map of a thumbnail is deep enough.
        const DEEPEST: usize = 8;
        for _ in 0..DEEPEST {
            let before = self.kept.len();
            for r in self.references {
                if !r.to.iter().any(|to| self.kept.contains(to)) || self.kept.contains(&r.from) {
                    continue;
                }
                let stays = match &r.entry.kind {
                    b"thmb" => thumbnails,
                    b"auxl" => match self.properties.auxiliary(self.walk, r.from)?.as_str() {
                        name if ALPHA.contains(&name) => true,
                        GAIN_MAP => gain_map,
                        _ => depth,
                    },
                    _ => false,
                };
                if stays {
                    self.reach(r.from, false)?;
                }
            }
            if self.kept.len() == before {
                return Ok(());
            }
        }
        Err(Refusal::limit("pictures that hang on pictures too deeply"))
    }
}

/// XMP items that describe Apple's gain map.
fn gain_items(walk: &Walk, hunt: &Hunt) -> Result<BTreeSet<u32>> {
    let mut out = BTreeSet::new();
    for r in hunt.references.iter().filter(|r| r.entry.is(b"cdsc")) {
        let is_xmp = hunt.items.get(&r.from).is_some_and(|i| &i.kind == b"mime" && i.about == "application/rdf+xml");
        if let [of] = r.to[..]
            && is_xmp
            && hunt.kept.contains(&of)
            && hunt.properties.auxiliary(walk, of)? == GAIN_MAP
        {
            out.insert(r.from);
        }
    }
    Ok(out)
}
