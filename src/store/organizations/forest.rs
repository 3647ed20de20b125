//! The organizations of a store as they are drawn as a tree.

use super::Row;
use crate::{
    domain::{key::*, organization::Organization, permissions::OrganizationView, text},
    problem::Problem,
    store::{sql::Sql, transaction::Reader, tree},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable},
};
use std::collections::{HashMap, HashSet};

/// A node of the tree as it is drawn: in the order of drawing, with how deep it stands on the page.
#[derive(Clone, Debug)]
pub struct Node {
    /// The organization.
    pub organization: Organization,
    /// How many steps below the top node that it hangs under.
    pub level: usize,
    /// The path above a top node, which the reader sees but cannot open.
    pub above: String,
    /// The nodes below it.
    pub children: Vec<Node>,
}

/// The organizations of a store in reach as a forest: what has no visible parent is a top node (screens.md 4.5).
///
/// # Errors
/// What the database says.
pub fn forest(reader: &mut impl Reader<OrganizationView>, store: StoreKey) -> Result<Vec<Node>, Problem> {
    #[derive(QueryableByName)]
    struct NodeRow {
        #[diesel(embed)]
        base: Row,
        #[diesel(sql_type = Nullable<BigInt>)]
        parent: Option<OrganizationKey>,
    }
    let (conn, permit) = reader.parts();
    let mut sql = Sql::new("SELECT o.key, o.id, o.store, o.name, o.active, o.depth, o.parent FROM organizations o WHERE o.store = ");
    sql.bind(store).push(" AND ").in_reach(permit.reach(), "o.key").push(" ORDER BY o.depth DESC, o.name_sort DESC, o.key DESC");
    let rows: Vec<NodeRow> = sql.load(conn)?;
    let visible: HashSet<OrganizationKey> = rows.iter().map(|row| row.base.key).collect();
    let is_top = |row: &NodeRow| row.parent.is_none_or(|parent| !visible.contains(&parent));
    let mut paths = tree::paths(conn, rows.iter().filter(|row| is_top(row)).map(|row| row.base.key))?;
    // Deepest first: when a node comes, its children are all there.
    let mut waiting: HashMap<OrganizationKey, Vec<Node>> = HashMap::new();
    let mut tops = Vec::new();
    for row in rows {
        let top = is_top(&row);
        let mut children = waiting.remove(&row.base.key).unwrap_or_default();
        children.reverse();
        let mut path = if top { paths.remove(&row.base.key).unwrap_or_default() } else { Vec::new() };
        path.pop();
        let node = Node { organization: row.base.into(), level: 0, above: crate::domain::organization::path_text(&path), children };
        match row.parent {
            Some(parent) if !top => waiting.entry(parent).or_default().push(node),
            _ => tops.push(node),
        }
    }
    tops.sort_by_cached_key(|node| text::search(&format!("{} {}", node.above, node.organization.name)));
    Ok(tops)
}
