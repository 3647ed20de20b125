//! What the grants of an account do now, and why not (W-1).

use super::list::Listed;
use crate::{
    access::{
        Actor, Administration,
        standing::{self, Asleep},
    },
    domain::{
        key::*,
        permissions::{LEAVES, Leaf},
        time::Time,
    },
    problem::Problem,
    store::{actors, sql::Sql, transaction::Reader},
};
use std::collections::HashMap;

/// Of each of the grants of one account: none where it has effect now, else the first condition that fails.
///
/// # Errors
/// What the database says.
pub fn sleeping(reader: &mut impl Reader<Administration>, account: AccountKey) -> Result<HashMap<GrantKey, Option<Asleep>>, Problem> {
    let now = reader.now();
    let conn = reader.conn();
    let mut those = Sql::new("g.account = ");
    those.bind(account);
    let grants = actors::grants_where(conn, &those)?;
    let memberships = actors::memberships(conn, account)?;
    Ok(grants.into_iter().map(|(_, grant)| (grant.key, standing::awake(&grant, &memberships, now).err())).collect())
}

/// A permission that somebody can use now, and by which of the grants that the reader knows.
#[derive(Clone, Debug)]
pub struct Can {
    /// The permission.
    pub leaf: &'static Leaf,
    /// The grants that give it, by their places in the list that was asked about.
    pub by: Vec<usize>,
}

/// What an account can do by these grants now, in the order of the tree.
///
/// # Errors
/// What the database says.
pub fn can(reader: &mut impl Reader<Administration>, account: AccountKey, grants: &[Listed]) -> Result<Vec<Can>, Problem> {
    let now: Time = reader.now();
    let Some(Actor { super_grant, usable, .. }) = actors::load(reader.conn(), account, now)? else { return Ok(Vec::new()) };
    let gives = |grant: &Listed, leaf: &Leaf| {
        super_grant == Some(grant.key) || usable.iter().any(|usable| usable.grant == grant.key && usable.permissions.has(leaf))
    };
    Ok(LEAVES
        .iter()
        .map(|leaf| Can { leaf, by: (0..grants.len()).filter(|place| gives(&grants[*place], leaf)).collect() })
        .filter(|can| !can.by.is_empty())
        .collect())
}
