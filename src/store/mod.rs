//! The database, behind typed doors: [`Db::read`] and [`Db::write`] take a permit, [`Db::note`] reaches only
//! what no right depends on. diesel is named here and nowhere else.

mod columns;
mod conn;
mod kept;
/// Page by page through long lists.
pub mod paging;
mod reached;
mod schema;
mod seal;
mod sql;
mod targets;
mod tls;
mod transaction;

/// Lists of accounts taken in.
pub mod account_imports;
/// Accounts.
pub mod accounts;
/// Who asks: an account with everything it can use now.
pub mod actors;
/// Administrator roles.
pub mod administrator_roles;
/// Second factors.
pub mod authenticators;
/// A copy of the database, and putting one back.
pub mod backup;
/// The whole database against the rules.
pub mod check;
/// What role assignments let an account do at an organization now.
pub mod effective;
/// Reading the event log.
pub mod event_log;
/// Writing the event log.
pub mod events;
/// Grants of administrator roles.
pub mod grants;
/// What accounts hold, for rank.
pub mod holdings;
/// What a new installation still needs.
pub mod home;
/// What accounts sign in by.
pub mod identifiers;
/// Identity stores.
pub mod identity_stores;
/// Invitations.
pub mod invitations;
/// Work that the house does by itself.
pub mod jobs;
/// Links in mails.
pub mod links;
/// Mails and texts to phones that wait to be sent.
pub mod mails;
mod once;
/// Organizations.
pub mod organizations;
/// Passwords that are forgotten, or set by somebody else.
pub mod passwords;
/// Everything that is held about an account.
pub mod personal_data;
/// Where an org admin works.
pub mod portal;
/// What a person likes.
pub mod preferences;
/// People who register by themselves.
pub mod registrations;
/// Role assignments.
pub mod role_assignments;
/// Organization roles.
pub mod roles;
/// Scopes.
pub mod scopes;
/// One search over everything.
pub mod search;
/// Selections that survive everything.
pub mod selections;
/// Sessions.
pub mod sessions;
/// The first run.
pub mod set_up;
/// Settings of the installation.
pub mod settings;
/// Signing in.
pub mod sign_in;
/// Failures that make the next try wait.
pub mod throttles;
/// Ancestors, descendants and paths.
pub mod tree;
/// Taking an act back.
pub mod undo;
/// Verification by hand.
pub mod verifications;
/// Whence somebody has a right, and why not.
pub mod why;
/// The world file: import and export.
pub mod world;

pub use conn::{Backend, Db, OpenError, Postings};
pub use seal::Seal;
pub use transaction::{Note, Once, Reader, Tx, View};
