//! THE place of authorization: who may do what, where. No HTTP, no SQL.
//!
//! Three questions stay apart. *May this person try?* is answered here, by a [`Permit`] that only an
//! [`Actor`] can make. *Does the change make sense?* is answered by `domain`. *Which rows exist for them?*
//! is answered by `store`, whose loaders take the permit and return only what its [`Reach`] covers.
//!
//! Everything that confers or withdraws a right asks [`confer`]; everything that acts on an account asks [`rank`].

mod actor;
/// `may_confer` and `may_withdraw`: the question of every path that gives or takes a right.
pub mod confer;
/// What role assignments let an account do at an organization now.
pub mod effective;
#[cfg(test)]
mod people;
mod permit;
/// `may_act_on`: nobody acts on an account that holds more than they do.
pub mod rank;
mod reach;
mod side;
/// From the facts of grants to what they allow now.
pub mod standing;
/// `may_act`: the right in every organization an account belongs to, and rank.
pub mod target;
/// The reason of a decision, in words.
pub mod why;

pub use actor::{Actor, Usable, UsableRole};
pub use permit::{Administration, Console, Denied, Ground, HandingOn, Myself, OrgAdmin, Origin, Permit, Portal, System, system};
pub use reach::{Area, Bound, Place, Reach};
pub use side::{InConsole, InPortal, Side};
