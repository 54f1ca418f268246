//! The command as a whole, driven as a person or a script drives it: the real program, in a fresh folder.

#![allow(missing_docs, unreachable_pub, clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod faults;
mod folders;
mod inputs;
mod outputs;
mod picture;
mod place;
mod reports;
mod support;
mod words;
