//! An organization's page.

use super::{
    Listed, change,
    list::{ListedRow, columns, listed},
};
use crate::{
    domain::{key::*, permissions::OrganizationView},
    problem::Problem,
    store::{kept::Fresh, transaction::Reader, tree},
};
use diesel::{
    QueryableByName,
    sql_types::{Bool, Nullable, Text},
};

/// What an organization's page shows beside its lists.
#[derive(Clone, Debug)]
pub struct Detail {
    /// As in the list.
    pub listed: Listed,
    /// O-1.
    pub description: String,
    /// O-1.
    pub external_id: Option<String>,
    /// O-1.
    pub metadata: Vec<(String, String)>,
    /// O-1.
    pub self_registration: bool,
    /// O-1.
    pub organization_registration: bool,
    /// O-1: its part of the registration link.
    pub slug: Option<String>,
    /// I-3: by which people find it who may join.
    pub join_code: Option<String>,
    /// O-1: its e-mail domains.
    pub domains: Vec<String>,
    /// Which steps of the path the reader may open.
    pub open: Vec<bool>,
}

/// An organization's page.
///
/// # Errors
/// [`Problem::NotFound`] out of reach.
pub fn detail(reader: &mut impl Reader<OrganizationView>, store: StoreKey, id: &str) -> Result<Detail, Problem> {
    #[derive(QueryableByName)]
    struct DetailRow {
        #[diesel(embed)]
        listed: ListedRow,
        #[diesel(sql_type = Text)]
        description: String,
        #[diesel(sql_type = Nullable<Text>)]
        external_id: Option<String>,
        #[diesel(sql_type = Text)]
        metadata: String,
        #[diesel(sql_type = Bool)]
        self_registration: bool,
        #[diesel(sql_type = Bool)]
        organization_registration: bool,
        #[diesel(sql_type = Nullable<Text>)]
        slug: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        join_code: Option<String>,
    }
    let now = reader.now();
    let (conn, permit) = reader.parts();
    let mut sql = columns(now);
    sql.push(
        ", o.description, o.external_id, o.metadata, o.self_registration, o.organization_registration, o.slug, o.join_code FROM organizations o \
         WHERE o.id = ",
    );
    sql.bind(id).push(" AND o.store = ").bind(store).push(" AND ").in_reach(permit.reach(), "o.key");
    let row = sql.load::<DetailRow>(conn)?.pop().ok_or(Problem::NotFound)?;
    let organization = row.listed.base.key;
    let mut paths = tree::kept_paths(conn, &Fresh::default(), [organization])?;
    let listed = listed(row.listed, &mut paths);
    let lineages = tree::lineages(conn, listed.path.iter().map(|step| step.key))?;
    let open = listed.path.iter().map(|step| lineages.get(&step.key).is_some_and(|place| permit.reach().contains(place))).collect();
    let metadata: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&row.metadata).map_err(Problem::internal)?;
    let metadata =
        metadata.into_iter().map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect();
    Ok(Detail {
        listed,
        description: row.description,
        external_id: row.external_id,
        metadata,
        self_registration: row.self_registration,
        organization_registration: row.organization_registration,
        slug: row.slug,
        join_code: row.join_code,
        domains: change::domains(conn, organization)?,
        open,
    })
}
