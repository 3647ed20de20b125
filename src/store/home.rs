//! What a new installation still needs (screens.md 4.2).

use super::{set_up::lasting_super_administrators, sql::Sql, transaction::Reader};
use crate::{access::Console, problem::Problem};

/// Which steps of the set-up are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetUp {
    store: bool,
    organization: bool,
    role: bool,
    second_administrator: bool,
}

impl SetUp {
    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.store && self.organization && self.role && self.second_administrator
    }

    /// Each step: whether it is done, what it is, and where (nothing where no page of ours does it).
    pub fn steps(&self) -> [(bool, &'static str, &'static str); 4] {
        let stores = if self.store { "/admin/stores" } else { "/admin/stores/new" };
        [
            (self.store, "Create an identity store", stores),
            (self.organization, "Add an organization", if self.store { "/admin/stores?next=organizations" } else { "" }),
            (self.role, "Create a role for its org admins", if self.store { "/admin/stores?next=roles" } else { "" }),
            (self.second_administrator, "Make a second super administrator, with “bailiwick super-admin create”", ""),
        ]
    }
}

/// What is done of the set-up.
///
/// # Errors
/// What the database says.
pub fn set_up(reader: &mut impl Reader<Console>) -> Result<SetUp, Problem> {
    let conn = reader.conn();
    let there = Sql::new(
        "SELECT CAST((CASE WHEN EXISTS (SELECT 1 FROM identity_stores WHERE NOT built_in) THEN 1 ELSE 0 END) \
         + (CASE WHEN EXISTS (SELECT 1 FROM organizations WHERE parent IS NOT NULL) THEN 2 ELSE 0 END) \
         + (CASE WHEN EXISTS (SELECT 1 FROM roles) THEN 4 ELSE 0 END) AS bigint) AS n",
    )
    .number(conn)?;
    let second_administrator = lasting_super_administrators(conn)? > 1;
    Ok(SetUp { store: there & 1 != 0, organization: there & 2 != 0, role: there & 4 != 0, second_administrator })
}
