//! Organizations. Only what lies in the reader's reach is found.

mod change;
mod choices;
mod detail;
mod find;
mod forest;
mod joining;
mod list;
mod moving;
mod switching;

pub(super) use change::registers_organizations;
pub use change::{Bound, Edited, Saved, add, bound, delete, edit, edited, may_add_top};
pub use choices::{Choice, choices, choices_for, nearest};
pub(super) use choices::{choices_anywhere, choices_below};
pub use detail::{Detail, detail};
pub(super) use find::{by_paths, in_reach};
pub use find::{find, find_by_key, within};
pub use forest::{Node, forest};
pub(super) use joining::found;
pub use joining::renew_code;
pub use list::{By, Filter, Listed, count, list, without_admins};
pub use moving::{MoveEffect, Moved, Shift, may_reach_top, move_effect, relocate};
pub use switching::{Effect, Switched, SwitchedTogether, Together, effect, switch, switch_together, together};

use super::{conn::Conn, identity_stores::like, kept::Fresh, sql::Sql, transaction::Reader, tree};
use crate::{
    access::{Ground, Reach},
    domain::{
        key::*,
        organization::{Lineage, Organization, Step},
        text,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Text},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    key: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    store: StoreKey,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Integer)]
    depth: i32,
}

impl From<Row> for Organization {
    fn from(Row { key, id, store, name, active, depth }: Row) -> Self {
        Self { key, id, store, name, active, depth }
    }
}

const ROW: &str = "SELECT o.key, o.id, o.store, o.name, o.active, o.depth FROM organizations o WHERE ";

/// Adds the condition that a name or an external id holds what is sought.
fn add_search(from: &mut Sql, sought: &str) {
    if sought.is_empty() {
        return;
    }
    let part = format!("%{}%", like(&text::search(sought)));
    from.push(" AND (o.name_sort LIKE ").bind(part.clone()).push(" ESCAPE '\\' OR o.external_id LIKE ").bind(part).push(" ESCAPE '\\')");
}

/// So many are gathered and sorted for a list; where there are more, the names are walked.
const FEW: i64 = 500;

/// The organizations of a store in reach, the cheaper way; conditions on `o` follow.
pub(super) fn reached(conn: &mut Conn, fresh: &Fresh, store: StoreKey, reach: &Reach) -> Result<Sql, Problem> {
    let mut walk = Sql::new("FROM organizations o WHERE o.store = ");
    walk.bind(store).push(" AND ").in_reach(reach, "o.key");
    let Reach::In(areas) = reach else { return Ok(walk) };
    let mut inside = Sql::default();
    for (area, _) in areas {
        // Root is alone, and in no list of a store's organizations but its own.
        let Some(top) = area.top() else { return Ok(walk) };
        inside.push(if inside.is_empty() { "SELECT" } else { " UNION SELECT" });
        inside.push(" ic.descendant AS key FROM organization_closure ic WHERE ic.ancestor = ").bind(top);
    }
    if inside.is_empty() {
        return Ok(walk);
    }
    let mut counted = Sql::new("SELECT count(*) AS n FROM (SELECT 1 FROM (");
    counted.append(&inside).push(&format!(") inside LIMIT {}) counted", FEW + 1));
    if fresh.ask(counted, |sql| sql.number(conn))? > FEW {
        return Ok(walk);
    }
    let mut gather = Sql::new("FROM (");
    gather.append(&inside).push(") inside CROSS JOIN organizations o WHERE o.key = inside.key AND o.store = ").bind(store);
    gather.push(" AND ").in_reach(reach, "o.key");
    Ok(gather)
}

/// Where an organization that was found stands, with its ancestors up to root.
///
/// # Errors
/// What the database says.
pub fn lineage_of<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<Lineage, Problem> {
    lineage(reader.conn(), organization)
}

pub(super) fn lineage(conn: &mut Conn, organization: &Organization) -> Result<Lineage, Problem> {
    tree::lineage(conn, organization.key)
}

/// The names of the organizations below one, up to a number of them, by name; and how many there are.
///
/// # Errors
/// What the database says.
pub fn below<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization, most: i64) -> Result<(Vec<String>, i64), Problem> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let conn = reader.conn();
    let count = tree::below(conn, organization.key)?;
    let mut sql = Sql::new(
        "SELECT o.name FROM organization_closure c JOIN organizations o ON o.key = c.descendant WHERE c.depth > 0 AND c.ancestor = ",
    );
    sql.bind(organization.key).push(" ORDER BY o.name_sort, o.key LIMIT ").bind(most);
    Ok((sql.load::<Name>(conn)?.into_iter().map(|row| row.name).collect(), count))
}

/// The path of an organization, from the top to itself.
///
/// # Errors
/// What the database says.
pub fn path<G: Ground>(reader: &mut impl Reader<G>, organization: &Organization) -> Result<Vec<Step>, Problem> {
    Ok(tree::paths(reader.conn(), [organization.key])?.remove(&organization.key).unwrap_or_default())
}
