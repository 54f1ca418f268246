//! How bytes lie in containers that more than one format uses. Nothing here knows what may survive.

pub mod tar;
pub mod zip;
