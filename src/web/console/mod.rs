//! Screens of administrators, one file each.

/// Accounts, to read.
pub mod accounts;
/// The first page.
pub mod home;
/// Identity stores, to read.
pub mod identity_stores;
/// Organizations, to read.
pub mod organizations;
/// Role assignments: pairs, holders, giving and taking.
pub mod role_assignments;
/// Organization roles.
pub mod roles;
/// The *Unassigned roles* tab: the picker and its confirmation.
pub mod unassigned;
