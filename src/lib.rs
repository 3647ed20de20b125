//! Bailiwick: the console with which a brand hands out administration of its customers' organizations.
//!
//! Four layers, each of which names only those before it: `domain` ← `access` ← `store` ← `web`.

// A request must not be able to end the process; tests may.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// The one place where it is decided who may do what, where.
pub mod access;
/// One file per command.
pub mod cli;
/// Time and chance, handed in so that tests decide both.
pub mod clock;
/// What the command line and the configuration file say.
pub mod config;
/// The words and rules of the product in plain Rust: no HTTP, no SQL, no clock of its own.
pub mod domain;
/// Everything that can go wrong on the way to an answer, named as a visitor meets it.
pub mod problem;
/// The database, behind typed doors that ask for a permit.
pub mod store;
/// Pages, forms and routes.
pub mod web;
