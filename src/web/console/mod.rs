//! Screens of administrators, one file each.

/// Accounts.
pub mod accounts;
/// Administrator roles.
pub mod administrator_roles;
/// Administrators and the roles that they are given.
pub mod administrators;
/// The event log.
pub mod events;
/// One grant: its chain, changing and revoking it.
pub mod grants;
/// The first page.
pub mod home;
/// Identity stores.
pub mod identity_stores;
/// Organizations.
pub mod organizations;
/// Role assignments: pairs, holders, giving and taking.
pub mod role_assignments;
/// Organization roles.
pub mod roles;
/// Scopes.
pub mod scopes;
/// One search over everything.
pub mod search;
/// The installation.
pub mod settings;
/// The *Unassigned roles* tab: the picker and its confirmation.
pub mod unassigned;
/// Whence somebody has a right, and why not.
pub mod why;
