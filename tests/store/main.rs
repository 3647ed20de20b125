//! The store's contract on both databases, through its public doors alone. One file a noun; `people.rs` says who asks.

#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../house/database.rs"]
mod database;
#[allow(dead_code, reason = "shared; the other binary uses the rest")]
#[path = "../house/place.rs"]
mod place;

mod people;

mod accounts;
mod administrator_roles;
mod authenticators;
mod backup;
mod delegation;
mod events;
mod kept;
mod mails;
mod model;
mod once;
mod paging;
mod plans;
mod preferences;
mod registrations;
mod role_assignments;
mod roles;
mod schema;
mod scopes;
mod selections;
mod sessions;
mod set_up;
mod throttles;
mod tls;
mod transaction;
mod tree;
