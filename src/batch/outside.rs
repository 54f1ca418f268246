//! What a file system remembers of a file besides its bytes: extended attributes say where it was downloaded from, who
//! tagged it and how. Outputs are new files and get none of them; here they are read, so that they can be reported.
//! Attributes that belong to the system (access lists, security labels) are its own business and stay out of the report.

use std::fs::File;

use crate::finding::Finding;
#[cfg(any(target_os = "linux", target_os = "macos"))]
use crate::finding::Tells;

/// The attributes that an output will not have.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) fn attributes(file: &File) -> Vec<Finding> {
    names(file).iter().filter(|name| !is_of_the_system(name)).map(|name| finding(file, name)).collect()
}

/// The attributes that an output will not have.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn attributes(_: &File) -> Vec<Finding> {
    Vec::new()
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn names(file: &File) -> Vec<String> {
    // Almost no file has any, so asking must be cheap; Linux lists at most 64 KiB.
    for size in [1 << 10, 64 << 10, 1 << 20] {
        let mut list = vec![0u8; size];
        match rustix::fs::flistxattr(file, &mut list[..]) {
            Ok(n) => {
                let list = list.get(..n).unwrap_or_default();
                let each = list.split(|b| *b == 0).filter(|name| !name.is_empty());
                return each.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            }
            Err(rustix::io::Errno::RANGE) => {}
            Err(_) => break,
        }
    }
    Vec::new()
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn is_of_the_system(name: &str) -> bool {
    ["security.", "system.", "trusted."].iter().any(|space| name.starts_with(space)) || name == "com.apple.provenance"
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn finding(file: &File, name: &str) -> Finding {
    let (label, tells) = match name {
        "user.xdg.origin.url" | "user.xdg.referrer.url" | "com.apple.metadata:kMDItemWhereFroms" => {
            ("where it was downloaded from".to_owned(), Tells::History)
        }
        "user.xdg.tags" | "user.xdg.comment" | "com.apple.metadata:_kMDItemUserTags" => {
            ("tags and comments".to_owned(), Tells::Text)
        }
        "user.DOSATTRIB" => ("time of creation".to_owned(), Tells::When),
        _ => (format!("extended attribute {name}"), Tells::Unknown),
    };
    let mut value = vec![0u8; 64 << 10];
    let n = rustix::fs::fgetxattr(file, name, &mut value[..]).unwrap_or(0);
    let value = value.get(..n).unwrap_or_default();
    let found = Finding::removed("extended attributes", label, tells).bytes(n as u64);
    // Binary values (property lists, times) would only be noise.
    match std::str::from_utf8(value) {
        Ok(text) if !text.is_empty() && !text.contains('\0') => found.value(text),
        _ => found,
    }
}
