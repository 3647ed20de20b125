//! What belongs to registration: join codes, and organizations that people found themselves (I-3, O-1).

use super::{
    change::{fresh_terms, insert, top},
    find,
};
use crate::{
    access::Ground,
    clock::Chance,
    domain::{
        event::{Event, Subject},
        identity_store::IdentityStore,
        key::StoreKey,
        organization::{JOIN_LENGTH, JOIN_LETTERS, Organization, Terms},
        permissions::OrganizationEdit,
    },
    problem::Problem,
    store::{schema::organizations, transaction::Tx, tree},
};
use diesel::prelude::*;

/// A new join code.
fn code(chance: &Chance) -> String {
    let letters = chance.bytes::<JOIN_LENGTH>();
    letters.map(|byte| char::from(JOIN_LETTERS[usize::from(byte & 31)])).into_iter().collect()
}

/// Gives an organization a new join code; the old one works no more.
///
/// # Errors
/// [`Problem::Conflict`] for root, which nobody joins by themselves; as [`find`].
pub fn renew_code(tx: &mut Tx<OrganizationEdit>, store: &IdentityStore, id: &str) -> Result<Organization, Problem> {
    let organization = find(tx, store.key, id)?;
    if tree::lineage(tx.conn(), organization.key)?.is_root {
        return Err(Problem::Conflict("Nobody registers into the root organization.".into()));
    }
    let now = tx.now();
    let code = code(tx.chance());
    use organizations as o;
    diesel::update(o::table.find(organization.key)).set((o::join_code.eq(Some(code)), o::changed_at.eq(now))).execute(tx.conn())?;
    tx.record(
        Event::done("organization.join_code")
            .on(Subject::of("organization", &organization.id).at(organization.key).in_store(store.key))
            .with("organization", organization.name.as_str()),
    )?;
    Ok(organization)
}

/// Makes an organization at the top level for somebody who registers it (P-10); whoever calls records it.
///
/// # Errors
/// A refusal at `name` when the name is taken.
pub(in crate::store) fn found<G: Ground>(tx: &mut Tx<G>, store: StoreKey, name: &str) -> Result<Organization, Problem> {
    let parent = top(tx.conn())?;
    let terms = Terms { name: name.to_owned(), ..Terms::default() };
    let slug = fresh_terms(tx.conn(), store, &parent, &terms, None)?;
    let (key, id) = insert(tx, store, &parent, &terms, &slug)?;
    Ok(Organization { key, id, store, name: terms.name, active: true, depth: 1 })
}
