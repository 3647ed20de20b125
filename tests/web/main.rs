//! The pages, as people use them. One file a screen; `house.rs`, `page.rs` and `person.rs` are what they share.

mod access;
mod house;
mod page;
mod person;
