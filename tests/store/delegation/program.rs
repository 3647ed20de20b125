//! The program beside the rules: the brand stored, acts done through the store's public functions under the permit that
//! the person really gets, and everything that can be asked compared.

use super::{
    acts::Act,
    rules::{ADMINISTRATORS, Brand, CELLS, Dates, LEAVES},
    world::{email, world},
};
use crate::{database::Database, people::SUPER};
use bailiwick::{
    access::{Actor, Administration, Ground, HandingOn, InConsole, Origin, Permit, system},
    domain::{
        administrator_role,
        identity_store::IdentityStore,
        key::{AccountKey, AdministratorRoleKey},
        organization::{Lineage, Organization},
        permissions::{
            AdministratorRoleEdit, OrganizationActivate, OrganizationEdit, OrganizationRoleEdit, OrganizationView, RoleAssignmentEdit,
            ScopeAdd, ScopeEdit, UserBlock, UserDelete, UserEdit,
        },
        rights::Rights,
        role, scope,
        time::{Period, Time},
    },
    problem::Problem,
    store::{
        Tx,
        accounts::{self, Changed},
        actors, administrator_roles, check, effective,
        grants::{self, Edited, Given, HandedOnThen, Terms},
        organizations::{self, Moved, Switched},
        paging::Paging,
        role_assignments::{self, Gave, Wanted},
        roles, scopes,
    },
};
use proptest::{prelude::*, test_runner::TestCaseError};
use std::{collections::BTreeMap, sync::Arc};

/// A brand in a database, with what the program knows its things by.
pub struct Program<'a> {
    at: &'a Database,
    /// Kept: super administrators come and go.
    su: Permit<OrganizationView>,
    start: Time,
    customers: IdentityStore,
    administrators: IdentityStore,
    organizations: Vec<Organization>,
    lineages: Vec<Lineage>,
    accounts: Vec<(AccountKey, String)>,
    roles: Vec<String>,
    administrator_roles: Vec<(AdministratorRoleKey, String)>,
    scopes: Vec<String>,
    /// In the order of the rules' list.
    grants: Vec<String>,
}

impl<'a> Program<'a> {
    /// Stores a brand whose only grants are those of its super administrators.
    pub fn new(at: &'a Database, brand: &Brand) -> Self {
        at.import(world(brand, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"));
        let (customers, administrators) = (at.customers(), at.store("administrators"));
        let su = at.permit::<OrganizationView>(SUPER);
        let ids: BTreeMap<String, String> =
            at.pairs("SELECT CASE WHEN parent IS NULL THEN 'O0' ELSE name END AS t, id AS u FROM organizations").into_iter().collect();
        let found = brand.places().map(|place| {
            let store = if place == 0 { &administrators } else { &customers };
            at.db
                .read(&su, |view| {
                    let organization = organizations::find(view, store.key, &ids[&format!("O{place}")])?;
                    let lineage = organizations::lineage_of(view, &organization)?;
                    Ok((organization, lineage))
                })
                .unwrap()
        });
        let (organizations, lineages): (Vec<Organization>, Vec<Lineage>) = found.unzip();
        let named = |sql: &str| at.texts(&format!("SELECT id AS t FROM {sql}"));
        let accounts = (0..brand.people.len())
            .map(|who| (at.account_key(&email(who)), named(&format!("accounts WHERE email = '{}'", email(who))).remove(0)));
        let administrator_roles = named("administrator_roles ORDER BY CASE WHEN kind = 'super' THEN '' ELSE name END")
            .into_iter()
            .map(|id| (AdministratorRoleKey(at.number(&format!("SELECT key AS n FROM administrator_roles WHERE id = '{id}'"))), id));
        Self {
            at,
            start: at.now(),
            su,
            organizations,
            lineages,
            accounts: accounts.collect(),
            roles: named("roles WHERE name LIKE 'Role %' ORDER BY name"),
            administrator_roles: administrator_roles.collect(),
            scopes: named("scopes ORDER BY name"),
            grants: named("grants ORDER BY account"),
            customers,
            administrators,
        }
    }

    fn instant(&self, minutes: i64) -> Time {
        self.start.plus_seconds(minutes * 60)
    }

    fn period(&self, (starts, ends): Dates) -> Period {
        Period { starts: starts.map(|starts| self.instant(starts)), ends: ends.map(|ends| self.instant(ends)) }
    }

    fn store_of(&self, brand: &Brand, who: usize) -> &IdentityStore {
        if brand.people[who].of_root { &self.administrators } else { &self.customers }
    }

    fn find(&self, who: usize) -> Option<Actor> {
        self.at.db.read(&system::signing_in(Origin::default()), |view| actors::find(view, self.accounts[who].0)).unwrap()
    }

    /// What somebody gets done; none: refused, whatever the words.
    fn as_<G: Ground, T>(&self, by: usize, work: impl FnOnce(&mut Tx<'_, G>) -> Result<T, Problem>) -> Option<T> {
        let permit = Arc::new(self.find(by)?).permit::<G>(Origin::default()).ok()?;
        match self.at.db.write_or_stop(&permit, work) {
            Ok(answer) => Some(answer),
            Err(problem @ (Problem::Internal(_) | Problem::Unavailable)) => panic!("{problem:?}"),
            Err(_) => None,
        }
    }

    /// Whether the act was done.
    pub fn does(&mut self, brand: &Brand, by: usize, act: Act) -> bool {
        let account = |who: usize| self.accounts[who].1.clone();
        let place = |place: usize| self.organizations[place].id.as_str();
        let then = |keep: bool| if keep { HandedOnThen::Keep } else { HandedOnThen::Revoke };
        match act {
            Act::Give { to, role, scope, cascading, dates } => {
                let terms = Terms { cascading, period: self.period(dates), reason: String::new() };
                let (role, scope) = (&self.administrator_roles[role].1, scope.map_or("", |scope| self.scopes[scope].as_str()));
                let given = self.as_::<HandingOn, _>(by, |tx| grants::give(tx, &[account(to)], role, scope, &terms));
                matches!(given, Some(Given::Done(..)))
            }
            Act::Revoke { grant, keep } => {
                self.as_::<HandingOn, _>(by, |tx| grants::revoke(tx, &self.grants[grant], then(keep), None)).is_some()
            }
            Act::Edit { grant, cascading, dates, keep } => {
                let id = &self.grants[grant];
                let terms = Terms { cascading, period: self.period(dates), reason: String::new() };
                let rev = self.at.number(&format!("SELECT coalesce(max(rev), 0) AS n FROM grants WHERE id = '{id}'")) as i32;
                let edited = self.as_::<HandingOn, _>(by, |tx| grants::edit(tx, id, rev, &terms, keep.map(then)));
                matches!(edited, Some(Edited::Done(_)))
            }
            Act::Assign { to, role, at, dates } => {
                let gave = self.as_::<RoleAssignmentEdit, _>(by, |tx| {
                    let wanted = self.wanted(tx, role, at)?;
                    role_assignments::add(tx, &wanted, &[account(to)], 1, self.period(dates), "")
                });
                matches!(gave, Some(Gave::Done { .. }))
            }
            Act::Unassign { from, role, at } => self
                .as_::<RoleAssignmentEdit, _>(by, |tx| {
                    let wanted = self.wanted(tx, role, at)?;
                    role_assignments::remove(tx, &wanted, &[account(from)])
                })
                .is_some(),
            Act::Block { who, place: at, on } => self
                .as_::<UserBlock, _>(by, |tx| accounts::block::<InConsole>(tx, self.store_of(brand, who), &account(who), place(at), on))
                .is_some(),
            Act::Enable { who, on } => {
                let changed = self.as_::<UserBlock, _>(by, |tx| {
                    accounts::set_enabled::<InConsole>(tx, self.store_of(brand, who), &[account(who)], on, &[])
                });
                matches!(changed, Some(Changed::Done { .. }))
            }
            Act::Switch { place: at, on } => {
                let store = if at == 0 { &self.administrators } else { &self.customers };
                let switched = self.as_::<OrganizationActivate, _>(by, |tx| match organizations::switch(tx, store, place(at), on, None)? {
                    Switched::Confirm(_, effect) => organizations::switch(tx, store, place(at), on, Some(&effect.mark())),
                    other => Ok(other),
                });
                matches!(switched, Some(Switched::Done(..)))
            }
            Act::Delete { who, keep } => self
                .as_::<UserDelete, _>(by, |tx| accounts::delete::<InConsole>(tx, self.store_of(brand, who), &account(who), then(keep)))
                .is_some(),
            Act::Join { who, place: at } => self
                .as_::<UserEdit, _>(by, |tx| accounts::join::<InConsole>(tx, self.store_of(brand, who), &account(who), place(at)))
                .is_some(),
            Act::Leave { who, place: at, keep } => self
                .as_::<UserEdit, _>(by, |tx| accounts::leave::<InConsole>(tx, self.store_of(brand, who), &account(who), place(at), keep))
                .is_some(),
            Act::Reshape { scope, reach, keep } => {
                let (id, owner) = (self.scopes[scope].as_str(), self.organizations[brand.scopes[scope].0].id.clone());
                let terms = scope::Terms { name: format!("Scope {scope}"), description: String::new(), reach };
                let wanted = scopes::Wanted { org: owner, terms, handed_on: then(keep) };
                let rev = self.at.number(&format!("SELECT rev AS n FROM scopes WHERE id = '{id}'")) as i32;
                let saved = self.as_::<ScopeEdit, _>(by, |tx| match scopes::edit(tx, id, rev, &wanted, None)? {
                    scopes::Saved::Confirm(_, effect) => scopes::edit(tx, id, rev, &wanted, Some(&effect.mark())),
                    other => Ok(other),
                });
                matches!(saved, Some(scopes::Saved::Done(..)))
            }
            Act::KeepScope { owner, reach } => {
                let terms = scope::Terms { name: format!("Scope {}", self.scopes.len()), description: String::new(), reach };
                self.as_::<ScopeAdd, _>(by, |tx| scopes::add(tx, place(owner), &terms)).is_some()
            }
            Act::Rewrite { role, leaves } => {
                let id = self.administrator_roles[role].1.as_str();
                let permissions = (0..LEAVES.len()).filter(|leaf| leaves & (1 << leaf) != 0).map(|leaf| &LEAVES[leaf]).collect();
                let terms = administrator_role::Terms { name: format!("Administrator {role}"), description: String::new(), permissions };
                let rev = self.at.number(&format!("SELECT rev AS n FROM administrator_roles WHERE id = '{id}'")) as i32;
                let saved = self.as_::<AdministratorRoleEdit, _>(by, |tx| {
                    use administrator_roles::Saved;
                    match administrator_roles::edit(tx, id, rev, &terms, None)? {
                        Saved::Confirm(effect) => administrator_roles::edit(tx, id, rev, &terms, Some(&effect.mark())),
                        other => Ok(other),
                    }
                });
                matches!(saved, Some(administrator_roles::Saved::Done(..)))
            }
            Act::Redraw { role, cells } => {
                let (store, id) = (&self.customers, self.roles[role].as_str());
                let rights = Rights::from_iter((0..CELLS.len()).filter(|cell| cells & (1 << cell) != 0).map(|cell| CELLS[cell].0));
                let terms = role::Terms { name: format!("Role {role}"), rights, ..role::Terms::default() };
                let rev = self.at.number(&format!("SELECT rev AS n FROM roles WHERE id = '{id}'")) as i32;
                let saved = self.as_::<OrganizationRoleEdit, _>(by, |tx| match roles::edit(tx, store, id, rev, &terms, None)? {
                    roles::Saved::Confirm(effect) => roles::edit(tx, store, id, rev, &terms, Some(&effect.mark())),
                    other => Ok(other),
                });
                matches!(saved, Some(roles::Saved::Done(..)))
            }
            Act::Move { place: at, under } => {
                let store = &self.customers;
                let moved =
                    self.as_::<OrganizationEdit, _>(by, |tx| match organizations::relocate(tx, store, place(at), place(under), None)? {
                        Moved::Confirm(_, effect) => organizations::relocate(tx, store, place(at), place(under), Some(&effect.mark())),
                        other => Ok(other),
                    });
                matches!(moved, Some(Moved::Done(_)))
            }
        }
    }

    fn wanted(&self, tx: &mut Tx<'_, RoleAssignmentEdit>, role: usize, at: usize) -> Result<Wanted, Problem> {
        Ok(Wanted {
            organization: organizations::find(tx, self.customers.key, &self.organizations[at].id)?,
            role: roles::find(tx, &self.customers, &self.roles[role])?,
        })
    }

    /// Learns the ids of what was made, and where the organizations stand.
    pub fn learn(&mut self, brand: &Brand, act: Act) {
        if matches!(act, Act::Move { .. }) {
            self.lineages = self.organizations.iter().map(|organization| self.lineage(organization)).collect();
        }
        for number in self.scopes.len()..brand.scopes.len() {
            self.scopes.push(self.at.texts(&format!("SELECT id AS t FROM scopes WHERE name = 'Scope {number}'")).remove(0));
        }
        for grant in brand.grants.iter().skip(self.grants.len()) {
            let scope =
                grant.scope.map_or("IS NULL".to_owned(), |scope| format!("= (SELECT key FROM scopes WHERE id = '{}')", self.scopes[scope]));
            self.grants.push(
                self.at
                    .texts(&format!(
                        "SELECT id AS t FROM grants WHERE account = {} AND role = {} AND scope {scope}",
                        self.accounts[grant.who].0.0, self.administrator_roles[grant.role].0.0,
                    ))
                    .remove(0),
            );
        }
    }

    fn lineage(&self, organization: &Organization) -> Lineage {
        self.at.db.read(&self.su, |view| organizations::lineage_of(view, organization)).unwrap()
    }

    pub fn wait(&self, minutes: i64) {
        self.at.wait_minutes(minutes);
    }

    /// Compares what people may do, and which grants they see.
    pub fn compare(&self, brand: &Brand) -> Result<(), TestCaseError> {
        for who in 0..brand.people.len() {
            let actor = self.find(who);
            prop_assert_eq!(actor.is_some(), brand.is_active(who), "A{} can act", who);
            let Some(actor) = actor else { continue };
            prop_assert_eq!(actor.is_super(), brand.is_super(who), "A{} is a super administrator", who);
            for (leaf, asked) in LEAVES.iter().enumerate() {
                let reach = actor.reach_of(asked);
                prop_assert_eq!(reach.is_some(), brand.holds(who, leaf), "A{} holds {}", who, asked.code);
                for place in brand.places() {
                    let may = reach.as_ref().is_some_and(|reach| reach.contains(&self.lineages[place]));
                    prop_assert_eq!(may, brand.may(who, leaf, place), "A{} may {} at O{}: {:?}", who, asked.code, place, actor.usable);
                    prop_assert!(!may || brand.descends(who, leaf, place), "A{} got {} at O{} from nobody", who, asked.code, place);
                }
            }
            for (role, (key, _)) in self.administrator_roles.iter().enumerate() {
                let hands_on = actor.usable.iter().any(|usable| usable.role == *key && usable.cascading);
                let expected = brand.to_hand_on(who).into_iter().any(|grant| brand.grants[grant].role == role);
                prop_assert_eq!(hands_on, expected, "A{} hands on role {}", who, role);
            }
            self.compare_list(brand, who, actor)?;
        }
        Ok(())
    }

    fn compare_list(&self, brand: &Brand, who: usize, actor: Actor) -> Result<(), TestCaseError> {
        let mut listed: Vec<String> = match Arc::new(actor).permit::<Administration>(Origin::default()) {
            Ok(permit) => {
                let list = self.at.db.read(&permit, |view| grants::list(view, &grants::Filter::default(), &Paging::first(100))).unwrap();
                list.rows.into_iter().map(|grant| grant.id).collect()
            }
            Err(_) => Vec::new(),
        };
        let enters = brand.hands_on(who) || brand.holds(who, ADMINISTRATORS);
        let seen = brand.stored().filter(|grant| enters && brand.sees_grant(who, *grant) && !brand.over(brand.grants[*grant].dates));
        let mut expected: Vec<String> = seen.map(|grant| self.grants[grant].clone()).collect();
        listed.sort();
        expected.sort();
        prop_assert_eq!(listed, expected, "the grants that A{} sees", who);
        Ok(())
    }

    /// Compares the access rights of some at some organizations.
    pub fn compare_rights(&self, brand: &Brand, of: impl IntoIterator<Item = (usize, usize)>) -> Result<(), TestCaseError> {
        for (who, place) in of.into_iter().filter(|(who, place)| brand.exists(*who) && *place > 0) {
            let hold = self.at.db.read(&self.su, |view| effective::at(view, self.accounts[who].0, &self.organizations[place])).unwrap();
            let cells = brand.rights(who, place);
            let expected = Rights::from_iter((0..CELLS.len()).filter(|cell| cells & (1 << cell) != 0).map(|cell| CELLS[cell].0));
            prop_assert_eq!(hold.rights(self.at.now()), expected, "A{}'s rights at O{}: {:?}", who, place, hold);
        }
        Ok(())
    }

    /// `bailiwick check`.
    pub fn check(&self) -> Result<(), TestCaseError> {
        let wrong = self.at.db.read(&system::checking(Origin::default()), check::check).unwrap();
        prop_assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}
