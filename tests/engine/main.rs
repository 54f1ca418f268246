//! The engine by itself, on plans that no format made.

#![allow(missing_docs, unreachable_pub, clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod bytes;
mod echo;
mod law;
mod layout;
