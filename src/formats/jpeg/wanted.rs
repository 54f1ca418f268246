//! What goes by default and stays where a person asks for it: the rights statement, as one Exif field, and the clipping paths
//! of page layout programs, as Photoshop resources with names of ours. Both are read and written anew. [Exif 2.32 4.6.4;
//! Adobe Photoshop File Formats: image resources]

use crate::blocks::{exif, xmp};
use crate::clean::Job;
use crate::finding::{Action, Finding, Tells};
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Shared;

use super::survey::{self, Block, Survey};

/// Longer statements are none.
const LONGEST: usize = 4096;

/// What a person asked for and this picture has.
#[derive(Default)]
pub(super) struct Wanted {
    /// The rights statement, from Exif, else from XMP, else from IPTC.
    pub(super) copyright: Option<String>,
    /// The payload of the segment with the paths.
    pub(super) paths: Option<Vec<u8>>,
}

impl Wanted {
    /// Looks for it.
    pub(super) fn of(job: &Job, source: &Shared, survey: &Survey, facts: &xmp::Facts) -> Result<Wanted> {
        let mut wanted = Wanted::default();
        let mut resources = Vec::new();
        if job.keeps(Token::Copyright) || job.keeps(Token::ClippingPath) {
            for segment in survey.segments.iter().filter(|s| s.block == Block::Photoshop && s.early) {
                resources.extend(segment.after(&**source, survey::PHOTOSHOP.len() as u64)?);
            }
        }
        if job.keeps(Token::Copyright) {
            let tiff = match survey.first(Block::Exif) {
                Some(segment) => segment.after(&**source, 6)?,
                None => Vec::new(),
            };
            let text = exif::copyright(&tiff).or_else(|| facts.rights.clone()).or_else(|| iptc(&resources));
            wanted.copyright = text.map(|t| t.trim().replace('\0', " ")).filter(|t| !t.is_empty() && t.len() <= LONGEST);
        }
        if job.keeps(Token::ClippingPath) {
            wanted.paths = paths(&resources).filter(|p| p.len() < 65_000);
        }
        Ok(wanted)
    }

    /// What was found in a block, but for what stays.
    pub(super) fn told(&self, found: Vec<Finding>) -> Vec<Finding> {
        let Some(kept) = &self.copyright else { return found };
        let mut found = found;
        for f in &mut found {
            if f.value.as_deref().is_some_and(|v| kept.contains(v.trim())) {
                f.action = Action::Kept("it stands in the rights statement, which the policy keeps".into());
            }
        }
        // The block itself is another one, or gone.
        if let Some(first) = found.first().filter(|_| !found.iter().any(|f| f.action.changes())) {
            let place = first.place.clone();
            found.push(Finding { place, ..Finding::rewritten("", "how the rights statement was written", Tells::Software) });
        }
        found
    }

    /// Says what stays.
    pub(super) fn note(&self, note: &mut dyn FnMut(Finding)) {
        if let Some(text) = &self.copyright {
            note(Finding::kept("JPEG", "rights statement", Tells::Who, "the policy keeps it").value(text));
        }
        if self.paths.is_some() {
            note(Finding::kept("JPEG", "clipping paths", Tells::Rendering, "the policy keeps them, with other names"));
        }
    }
}

struct Resource<'a> {
    id: u16,
    name: &'a [u8],
    data: &'a [u8],
}

/// The image resources: sign, number, name, length, data.
fn resources(mut bytes: &[u8]) -> Vec<Resource<'_>> {
    let mut out = Vec::new();
    while let Some(rest) = bytes.strip_prefix(b"8BIM") {
        let mut read = || {
            let (id, rest) = rest.split_first_chunk::<2>()?;
            let len = usize::from(*rest.first()?);
            let name = rest.get(1..1 + len)?;
            let rest = rest.get((1 + len).next_multiple_of(2)..)?;
            let (size, rest) = rest.split_first_chunk::<4>()?;
            let data = rest.get(..u32::from_be_bytes(*size) as usize)?;
            bytes = rest.get(data.len().next_multiple_of(2)..).unwrap_or_default();
            Some(Resource { id: u16::from_be_bytes(*id), name, data })
        };
        match read() {
            Some(resource) => out.push(resource),
            None => break,
        }
    }
    out
}

/// The copyright notice of IPTC. [IIM 4.2: 2:116]
fn iptc(bytes: &[u8]) -> Option<String> {
    let records = resources(bytes).into_iter().find(|r| r.id == 0x0404)?.data;
    let mut rest = records;
    while let [0x1c, record, dataset, a, b, after @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*a, *b]));
        let value = after.get(..len)?;
        if (*record, *dataset) == (2, 116) {
            return Some(String::from_utf8_lossy(value).into_owned());
        }
        rest = &after[len..];
    }
    None
}

/// Paths, called by their numbers, and which of them clips the picture.
fn paths(bytes: &[u8]) -> Option<Vec<u8>> {
    const RECORD: usize = 26;
    let resources = resources(bytes);
    let mut out = survey::PHOTOSHOP.to_vec();
    let mut write = |id: u16, name: &[u8], data: &[u8]| {
        out.extend([b"8BIM", &id.to_be_bytes()[..], &[name.len() as u8], name].concat());
        out.resize(out.len() + (name.len() + 1) % 2, 0);
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(data);
        out.resize(out.len() + data.len() % 2, 0);
    };
    let mut names = Vec::new();
    for path in resources.iter().filter(|r| (0x07d0..=0x0bb6).contains(&r.id)) {
        let exact = path.data.chunks(RECORD).all(|r| r.len() == RECORD && r[0] == 0 && r[1] <= 8);
        if exact && !path.data.is_empty() {
            let name = format!("Path {}", names.len() + 1);
            write(path.id, name.as_bytes(), path.data);
            names.push((path.name, name));
        }
    }
    if let Some(clipping) = resources.iter().find(|r| r.id == 0x0bb7)
        && let Some((len, rest)) = clipping.data.split_first()
        && let Some((_, name)) = names.iter().find(|(old, _)| rest.get(..usize::from(*len)) == Some(*old))
    {
        let text = [&[name.len() as u8], name.as_bytes()].concat();
        write(0x0bb7, b"", &text);
    }
    (!names.is_empty()).then_some(out)
}
