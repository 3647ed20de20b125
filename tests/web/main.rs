//! The pages, as people use them. One file a screen; `house.rs`, `page.rs` and `person.rs` are what they share.

mod house;
mod page;
mod person;

mod access;
mod accounts;
mod bad_input;
mod events;
mod headers;
mod identity_stores;
mod me;
mod organizations;
mod reach;
mod role_assignments;
mod roles;
mod set_up;
mod sign_in;
mod unassigned;
