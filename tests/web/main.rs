//! The pages, as people use them. One file a screen; `house.rs`, `page.rs` and `person.rs` are what they share.

#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../house/database.rs"]
mod database;
#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../house/place.rs"]
mod place;
#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../house/sink.rs"]
mod sink;

mod house;
mod page;
mod person;
mod portal;

mod access;
mod accounts;
mod administrator_roles;
mod administrators;
mod bad_input;
mod chains;
mod credentials;
mod delegation;
mod events;
mod exports;
mod factors;
mod headers;
mod identity_stores;
mod invitations;
mod join;
mod links;
mod mails;
mod me;
mod moving;
mod organizations;
mod processes;
mod queries;
mod reach;
mod role_assignments;
mod role_deletion;
mod roles;
mod scopes;
mod set_up;
mod settings;
mod sign_in;
mod switching;
mod together;
mod unassigned;
mod why;
