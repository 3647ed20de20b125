//! Random brands, and a deliberately naive second opinion about them: who may do what where (A-2, S-5, D-6, D-7,
//! D-10), who sees whom (P-3), and that what is said to be covered is covered for children that come later too.
//!
//! A failing case is printed in its smallest form, as Rust values; put it into `check` to see it again.

use crate::{database::Database, place::Content};
use bailiwick::{
    access::{Actor, InConsole, Origin, Place, Reach, system},
    domain::{
        administrator_role::ScopeReach,
        key::{AccountKey, OrganizationKey},
        organization::{Lineage, Organization},
        permissions::{self, Leaf, OrganizationView, Permission, RoleAssignmentEdit, UserView},
        rights::Rights,
        time::Time,
    },
    store::{
        accounts::{self, Filter, Sort},
        actors, effective, identity_stores, organizations,
        paging::Paging,
    },
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Minutes from now: `[starts, ends)`.
type Dates = (Option<i64>, Option<i64>);

/// A brand as it is drawn. Organization 0 is root; numbers that name something are taken modulo how many there are.
#[derive(Clone, Debug)]
struct Brand {
    /// Each further organization: its parent among those before it, and whether it is switched on.
    organizations: Vec<(usize, bool)>,
    accounts: Vec<Account>,
    /// Cells.
    roles: Vec<u16>,
    assignments: Vec<(usize, usize, usize, Dates)>,
    /// Whether of kind root, and which of [`LEAVES`].
    administrator_roles: Vec<(bool, u8)>,
    scopes: Vec<(usize, usize)>,
    grants: Vec<Grant>,
}

#[derive(Clone, Debug)]
struct Account {
    status: usize,
    /// Of root, in the store Administrators; else of Customers.
    of_root: bool,
    /// Where (of root: ignored, it is root), and whether blocked there.
    memberships: Vec<(usize, bool)>,
}

#[derive(Clone, Debug)]
struct Grant {
    account: usize,
    role: usize,
    scope: Option<usize>,
    dates: Dates,
    /// Made through one before it, whose role it has then.
    through: Option<usize>,
}

/// The permissions that the drawn administrator roles are made of; the last one exists in root roles alone.
const LEAVES: [&Leaf; 4] =
    [&UserView::LEAF, &OrganizationView::LEAF, &RoleAssignmentEdit::LEAF, &<permissions::OrganizationRoleView as Permission>::LEAF];

fn dates() -> impl Strategy<Value = Dates> {
    let starts = prop_oneof![3 => Just(None), 1 => Just(Some(-10)), 1 => Just(Some(0)), 1 => Just(Some(1))];
    let ends = prop_oneof![3 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(2)), 1 => Just(Some(50)), 1 => Just(Some(60))];
    // What ends before it starts is refused everywhere.
    (starts, ends).prop_map(
        |(starts, ends)| if ends.is_some() && starts.unwrap_or(-20) >= ends.unwrap() { (Some(-10), ends) } else { (starts, ends) },
    )
}

fn account() -> impl Strategy<Value = Account> {
    let status = prop_oneof![6 => Just(1), 1 => Just(0), 1 => Just(2)];
    (status, prop::bool::weighted(0.3), vec((any::<u8>().prop_map(usize::from), prop::bool::weighted(0.2)), 0..4))
        .prop_map(|(status, of_root, memberships)| Account { status, of_root, memberships })
}

fn grant() -> impl Strategy<Value = Grant> {
    let number = || any::<u8>().prop_map(usize::from);
    (number(), number(), option::weighted(0.85, number()), dates(), option::weighted(0.5, number()))
        .prop_map(|(account, role, scope, dates, through)| Grant { account, role, scope, dates, through })
}

fn brand() -> impl Strategy<Value = Brand> {
    let number = || any::<u8>().prop_map(usize::from);
    (
        // Small trees, where things meet, as often as large ones.
        prop_oneof![vec((number(), prop::bool::weighted(0.85)), 1..5), vec((number(), prop::bool::weighted(0.85)), 1..30)],
        vec(account(), 1..8),
        vec(1_u16..=0x7FF, 1..4),
        vec((number(), number(), number(), dates()), 0..16),
        vec((prop::bool::weighted(0.35), 1_u8..16), 1..4),
        vec((prop_oneof![1 => Just(0), 2 => number()], 0_usize..5), 1..6),
        vec(grant(), 0..12),
    )
        .prop_map(|(organizations, accounts, roles, assignments, administrator_roles, scopes, grants)| Brand {
            organizations,
            accounts,
            roles,
            assignments,
            administrator_roles,
            scopes,
            grants,
        })
}

/// The second opinion: everything worked out anew from parents and lists, by walking.
struct Model {
    /// Of each organization.
    parent: Vec<Option<usize>>,
    on: Vec<bool>,
    accounts: Vec<Account>,
    roles: Vec<u16>,
    assignments: Vec<(usize, usize, usize, Dates)>,
    administrator_roles: Vec<(bool, u8)>,
    scopes: Vec<(usize, usize)>,
    grants: Vec<Grant>,
}

const DISABLED: usize = 2;
const ACTIVE: usize = 1;

fn now_in((starts, ends): Dates) -> bool {
    starts.is_none_or(|starts| starts <= 0) && ends.is_none_or(|ends| ends > 0)
}

impl Model {
    /// Settles what the numbers of a drawing mean, and leaves out what could not be stored.
    fn new(brand: &Brand) -> Self {
        let mut parent = vec![None];
        parent.extend(brand.organizations.iter().enumerate().map(|(before, (drawn, _))| Some(drawn % (before + 1))));
        let count = parent.len();
        let mut on = vec![true];
        on.extend(brand.organizations.iter().map(|(_, on)| *on));
        let accounts = brand.accounts.iter().cloned().map(|mut account| {
            for (place, _) in &mut account.memberships {
                *place = if account.of_root { 0 } else { 1 + *place % (count - 1) };
            }
            let mut seen = BTreeSet::new();
            account.memberships.retain(|(place, _)| seen.insert(*place));
            // People of root are members of it, always.
            if account.of_root && account.memberships.is_empty() {
                account.memberships.push((0, false));
            }
            account
        });
        let accounts: Vec<Account> = accounts.collect();
        let mut seen = BTreeSet::new();
        let assignments = brand
            .assignments
            .iter()
            .map(|&(account, place, role, dates)| (account % accounts.len(), 1 + place % (count - 1), role % brand.roles.len(), dates))
            .filter(|&(account, place, role, _)| !accounts[account].of_root && seen.insert((account, place, role)))
            .collect();
        // A leaf of root roles stays in root roles.
        let administrator_roles: Vec<(bool, u8)> = brand
            .administrator_roles
            .iter()
            .map(|&(root, leaves)| if root || leaves & 7 != 0 { (root, if root { leaves } else { leaves & 7 }) } else { (root, 1) })
            .collect();
        let scopes: Vec<(usize, usize)> = brand.scopes.iter().map(|&(owner, reach)| (owner % count, reach)).collect();
        let mut grants: Vec<Grant> = Vec::new();
        let mut seen = BTreeSet::new();
        for drawn in &brand.grants {
            let mut grant = drawn.clone();
            grant.account %= accounts.len();
            grant.through = grant.through.filter(|_| !grants.is_empty()).map(|through| through % grants.len());
            grant.role = grant.through.map_or(grant.role % administrator_roles.len(), |through| grants[through].role);
            let root = administrator_roles[grant.role].0;
            grant.scope = grant.scope.or(if root { None } else { Some(0) }).map(|scope| scope % scopes.len());
            if seen.insert((grant.account, grant.role, grant.scope)) {
                grants.push(grant);
            }
        }
        Self { parent, on, accounts, roles: brand.roles.clone(), assignments, administrator_roles, scopes, grants }
    }

    /// How many steps up from one to the other, if it stands above.
    fn steps(&self, from: usize, up_to: usize) -> Option<usize> {
        let (mut place, mut steps) = (from, 0);
        while place != up_to {
            place = self.parent[place]?;
            steps += 1;
        }
        Some(steps)
    }

    fn all_on(&self, place: usize) -> bool {
        self.on[place] && self.parent[place].is_none_or(|parent| self.all_on(parent))
    }

    /// Whether a scope says that it reaches the organization (D-6).
    fn says(&self, scope: usize, place: usize) -> bool {
        let (owner, reach) = self.scopes[scope];
        let Some(steps) = self.steps(place, owner) else { return false };
        match ScopeReach::ALL[reach] {
            ScopeReach::This => steps == 0,
            ScopeReach::ThisAndChildren => steps <= 1,
            ScopeReach::ThisAndBelow => true,
            ScopeReach::Children => steps == 1,
            ScopeReach::Below => steps >= 1,
        }
    }

    fn member(&self, account: usize, place: usize) -> bool {
        self.accounts[account].memberships.iter().any(|&(there, blocked)| there == place && !blocked)
    }

    fn blocked(&self, account: usize, place: usize) -> bool {
        self.accounts[account].memberships.iter().any(|&(there, blocked)| there == place && blocked)
    }

    /// The grant, and those it hangs on, upwards.
    fn chain(&self, grant: usize) -> Vec<&Grant> {
        let mut chain = vec![&self.grants[grant]];
        while let Some(through) = chain[chain.len() - 1].through {
            chain.push(&self.grants[through]);
        }
        chain
    }

    /// Whether a grant has any effect now; where is asked apart.
    fn awake(&self, grant: usize) -> bool {
        let chain = self.chain(grant);
        let own = chain[0];
        let root_role = self.administrator_roles[own.role].0;
        self.accounts[own.account].status == ACTIVE
            && chain.iter().all(|one| now_in(one.dates))
            && (!root_role || self.member(own.account, 0))
            && own.scope.is_none_or(|scope| {
                let owner = self.scopes[scope].0;
                self.all_on(owner) && !self.blocked(own.account, owner)
            })
            && chain.get(1).is_none_or(|upper| {
                (0..self.parent.len()).any(|place| {
                    self.member(own.account, place)
                        && match upper.scope {
                            // A root role reaches root besides its scope (D-7).
                            Some(scope) => {
                                if place == 0 {
                                    root_role
                                } else {
                                    self.says(scope, place)
                                }
                            }
                            None => place == 0,
                        }
                })
            })
    }

    /// Whether the grant, awake, reaches the organization.
    fn reaches(&self, grant: usize, place: usize) -> bool {
        let chain = self.chain(grant);
        if place == 0 {
            // A root role reaches root, whatever its scope; one of kind other never does (D-7).
            return self.administrator_roles[chain[0].role].0;
        }
        chain.iter().all(|one| one.scope.is_some_and(|scope| self.says(scope, place)))
    }

    /// Whether every grant of the chain lasts until then.
    fn lasts(&self, grant: usize, until: Option<i64>) -> bool {
        self.chain(grant).iter().all(|one| match (one.dates.1, until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ends), Some(until)) => ends >= until,
        })
    }

    fn holds(&self, grant: usize, account: usize, leaf: usize) -> bool {
        let one = &self.grants[grant];
        one.account == account && self.administrator_roles[one.role].1 & (1 << leaf) != 0 && self.awake(grant)
    }

    fn may(&self, account: usize, leaf: usize, place: usize) -> bool {
        (0..self.grants.len()).any(|grant| self.holds(grant, account, leaf) && self.reaches(grant, place))
    }

    fn may_until(&self, account: usize, leaf: usize, place: usize, until: Option<i64>) -> bool {
        (0..self.grants.len()).any(|grant| self.holds(grant, account, leaf) && self.reaches(grant, place) && self.lasts(grant, until))
    }

    /// The effective rights of an account at an organization (A-2, S-5).
    fn rights(&self, account: usize, place: usize) -> u16 {
        let held = self.assignments.iter().filter(|&&(who, at, _, dates)| {
            who == account
                && self.steps(place, at).is_some()
                && now_in(dates)
                && self.all_on(at)
                && self.all_on(place)
                && !self.blocked(who, at)
        });
        let all = held.fold(0, |all, (_, _, role, _)| all | self.roles[*role]);
        if self.accounts[account].status == ACTIVE { all } else { 0 }
    }

    /// Whether the administrator sees the account (P-3).
    fn sees(&self, who: usize, account: usize) -> bool {
        let places = &self.accounts[account].memberships;
        if places.is_empty() {
            let whole = |grant: usize| {
                self.chain(grant).iter().all(|one| {
                    one.scope.is_some_and(|scope| {
                        let (owner, reach) = self.scopes[scope];
                        owner == 0 && matches!(ScopeReach::ALL[reach], ScopeReach::ThisAndBelow | ScopeReach::Below)
                    })
                })
            };
            return (0..self.grants.len()).any(|grant| self.holds(grant, who, 0) && whole(grant));
        }
        places.iter().any(|(place, _)| self.may(who, 0, *place))
    }

    /// The same brand with one more organization.
    fn grow(&mut self, under: usize) -> usize {
        self.parent.push(Some(under));
        self.on.push(true);
        self.parent.len() - 1
    }

    fn path(&self, place: usize) -> Vec<String> {
        let mut path = match self.parent[place] {
            Some(parent) => self.path(parent),
            None => return Vec::new(),
        };
        path.push(format!("O{place}"));
        path
    }
}

fn instant(now: Time, minutes: i64) -> Time {
    now.plus_seconds(minutes * 60)
}

/// Stores the brand: by import what an import makes, past it the grants, which need not be sensible under each other.
fn store(at: &Database, model: &Model) {
    let now = at.now();
    let rfc = |minutes: Option<i64>| minutes.map(|minutes| instant(now, minutes).rfc3339());
    let account = |number: usize, account: &Account| {
        let memberships: Vec<Value> = account
            .memberships
            .iter()
            .map(|&(place, blocked)| json!({ "organization": model.path(place), "status": if blocked { "blocked" } else { "active" } }))
            .collect();
        let status = ["invited", "active", "disabled"][account.status];
        json!({ "username": format!("a{number}"), "name": format!("Account {number}"), "status": status, "memberships": memberships })
    };
    let accounts = |of_root: bool| {
        let chosen = model.accounts.iter().enumerate().filter(|(_, account)| account.of_root == of_root);
        chosen.map(|(number, one)| account(number, one)).collect::<Vec<_>>()
    };
    let mut root = accounts(true);
    root.push(json!({ "email": "su@brand.example", "name": "Su", "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "memberships": [{ "organization": [] }] }));
    let roles: Vec<Value> = model
        .roles
        .iter()
        .enumerate()
        .map(|(number, bits)| {
            let codes = Rights::from_bits(*bits).codes();
            json!({ "name": format!("Role {number}"), "rights": codes.split(' ').collect::<Vec<_>>() })
        })
        .collect();
    let organizations: Vec<Value> = (1..model.parent.len())
        .map(|place| json!({ "path": model.path(place), "status": if model.on[place] { "active" } else { "inactive" } }))
        .collect();
    let assignments: Vec<Value> = model
        .assignments
        .iter()
        .map(|&(account, place, role, (starts, ends))| {
            json!({ "role": format!("Role {role}"), "organization": model.path(place), "account": format!("a{account}"),
                "starts": rfc(starts), "ends": rfc(ends) })
        })
        .collect();
    let administrator_roles: Vec<Value> = model
        .administrator_roles
        .iter()
        .enumerate()
        .map(|(number, (root, leaves))| {
            let codes: Vec<&str> = (0..4).filter(|leaf| leaves & (1 << leaf) != 0).map(|leaf| LEAVES[leaf].code).collect();
            json!({ "name": format!("Administrator {number}"), "kind": if *root { "root" } else { "other" }, "permissions": codes })
        })
        .collect();
    at.import(json!({ "bailiwick": 1,
        "identity_stores": [{ "name": "Customers", "slug": "customers", "roles": roles, "organizations": organizations,
            "accounts": accounts(false), "role_assignments": assignments }],
        "root": { "accounts": root },
        "administrator_roles": administrator_roles,
        "grants": [{ "role": "Super administrator", "account": "su@brand.example" }] }));

    let micros = |minutes: Option<i64>| minutes.map_or("NULL".to_owned(), |minutes| instant(now, minutes).micros().to_string());
    let mut sql = String::new();
    for (number, &(owner, reach)) in model.scopes.iter().enumerate() {
        let owner = if owner == 0 { "parent IS NULL".to_owned() } else { format!("name = 'O{owner}'") };
        sql += &format!(
            "INSERT INTO scopes (key, id, organization, name, name_folded, name_sort, description, reach, rev, created_at, changed_at) \
             SELECT {key}, 'scope_{number}', key, 'Scope {number}', 'scope {number}', 'scope {number}', '', '{reach}', 1, 1, 1 FROM organizations WHERE {owner};\n",
            key = number + 1,
            reach = ScopeReach::ALL[reach].word(),
        );
    }
    for (number, grant) in model.grants.iter().enumerate() {
        let through = grant.through.map_or("NULL".to_owned(), |through| (through + 1_000).to_string());
        let scope = grant.scope.map_or("NULL".to_owned(), |scope| (scope + 1).to_string());
        sql += &format!(
            "INSERT INTO grants (key, id, role, account, scope, cascading, through, starts, ends, reason, given_at) \
             SELECT {key}, 'grant_{number}', r.key, a.key, {scope}, TRUE, {through}, {starts}, {ends}, '', 1 \
             FROM administrator_roles r, accounts a WHERE r.name = 'Administrator {role}' AND a.username = 'a{account}';\n",
            key = number + 1_000,
            starts = micros(grant.dates.0),
            ends = micros(grant.dates.1),
            role = grant.role,
            account = grant.account,
        );
    }
    at.run(&sql);
}

/// What the product knows the brand's things by.
struct Known {
    organizations: Vec<Organization>,
    lineages: Vec<Lineage>,
    accounts: Vec<AccountKey>,
}

fn know(at: &Database, model: &Model) -> Known {
    let su = at.permit::<OrganizationView>("su@brand.example");
    let pairs: BTreeMap<String, String> =
        at.pairs("SELECT CASE WHEN parent IS NULL THEN 'O0' ELSE name END AS t, id AS u FROM organizations").into_iter().collect();
    let (organizations, lineages) = (0..model.parent.len())
        .map(|place| {
            let slug = if place == 0 { "administrators" } else { "customers" };
            at.db
                .read(&su, |view| {
                    let store = identity_stores::find(view, slug)?;
                    let organization = organizations::find(view, store.key, &pairs[&format!("O{place}")])?;
                    let lineage = organizations::lineage_of(view, &organization)?;
                    Ok((organization, lineage))
                })
                .unwrap()
        })
        .unzip();
    let accounts = (0..model.accounts.len()).map(|number| at.account_key(&format!("a{number}"))).collect();
    Known { organizations, lineages, accounts }
}

fn check(at: &Database, brand: &Brand) -> Result<(), TestCaseError> {
    let model = Model::new(brand);
    store(at, &model);
    let known = know(at, &model);
    let keys: Vec<OrganizationKey> = known.organizations.iter().map(|organization| organization.key).collect();
    for place in 0..model.parent.len() {
        let stored: BTreeMap<OrganizationKey, i32> = known.lineages[place].ancestors.iter().copied().collect();
        let walked = (0..model.parent.len()).filter_map(|above| Some((keys[above], model.steps(place, above)? as i32))).collect();
        prop_assert_eq!(stored, walked, "where O{} stands", place);
    }
    rights(at, &model, &known)?;
    for (number, account) in model.accounts.iter().enumerate() {
        let signing_in = system::signing_in(Origin::default());
        let actor = at.db.read(&signing_in, |view| actors::find(view, known.accounts[number])).unwrap();
        prop_assert_eq!(actor.is_some(), account.status == ACTIVE, "a{} can act", number);
        if let Some(actor) = actor {
            administrator(at, &model, &known, number, &actor)?;
        }
    }
    Ok(())
}

/// Effective rights of everybody everywhere.
fn rights(at: &Database, model: &Model, known: &Known) -> Result<(), TestCaseError> {
    let su = at.permit::<OrganizationView>("su@brand.example");
    for account in 0..model.accounts.len() {
        for place in 1..model.parent.len() {
            let hold = at.db.read(&su, |view| effective::at(view, known.accounts[account], &known.organizations[place])).unwrap();
            prop_assert_eq!(hold.rights(at.now()).bits(), model.rights(account, place), "a{}'s rights at O{}: {:?}", account, place, hold);
        }
    }
    Ok(())
}

/// What an administrator may do where, sees, and is said to cover.
fn administrator(at: &Database, model: &Model, known: &Known, who: usize, actor: &Actor) -> Result<(), TestCaseError> {
    for (leaf, asked) in LEAVES.iter().enumerate() {
        let reach = actor.reach_of(asked);
        prop_assert_eq!(actor.may(asked), (0..model.grants.len()).any(|grant| model.holds(grant, who, leaf)) && reach.is_some());
        for place in 0..model.parent.len() {
            let contains = reach.as_ref().is_some_and(|reach| reach.contains(&known.lineages[place]));
            prop_assert_eq!(contains, model.may(who, leaf, place), "a{} may {} at O{}: {:?}", who, asked.code, place, actor.usable);
        }
        if let Some(reach) = reach {
            covering(at.now(), model, known, who, leaf, &reach)?;
        }
    }
    let actor = std::sync::Arc::new(actor.clone());
    if let Ok(permit) = actor.permit::<UserView>(Origin::default()) {
        for (slug, of_root) in [("customers", false), ("administrators", true)] {
            let seen = at.db.read(&permit, |view| {
                // A store that they know nothing of has no list for them.
                let store = match identity_stores::find(view, slug) {
                    Ok(store) => store.key,
                    Err(_) => return Ok(BTreeSet::new()),
                };
                let list = accounts::list::<InConsole>(view, store, &Filter::default(), None, Sort::Name, &Paging::first(100))?;
                Ok(list.rows.into_iter().map(|listed| listed.account.key).filter(|key| known.accounts.contains(key)).collect())
            });
            let expected: BTreeSet<AccountKey> = (0..model.accounts.len())
                .filter(|account| model.accounts[*account].of_root == of_root && model.sees(who, *account))
                .map(|account| known.accounts[account])
                .collect();
            prop_assert_eq!(seen.unwrap(), expected, "whom a{} sees in {}: {:?}", who, slug, actor.usable);
        }
    }
    if let Ok(permit) = actor.permit::<OrganizationView>(Origin::default()) {
        let store = known.organizations.get(1).unwrap().store;
        let found =
            at.db.read(&permit, |view| organizations::list(view, store, &organizations::Filter::default(), &Paging::first(100))).unwrap();
        let listed: BTreeSet<OrganizationKey> = found.rows.iter().map(|row| row.organization.key).collect();
        let expected =
            (1..model.parent.len()).filter(|place| model.may(who, 1, *place)).map(|place| known.organizations[place].key).collect();
        prop_assert_eq!(listed, expected, "organizations that a{} sees", who);
    }
    Ok(())
}

/// Whatever a reach says it covers, it contains: at each descendant that exists and at any that is added later; and it
/// says so wherever that is so.
fn covering(now: Time, model: &Model, known: &Known, who: usize, leaf: usize, reach: &Reach) -> Result<(), TestCaseError> {
    for top in 0..model.parent.len() {
        // A fresh line of children below the top, deeper than any limit of a scope.
        let mut grown = Model { parent: model.parent.clone(), on: model.on.clone(), ..model.copy() };
        let mut bottom = top;
        for _ in 0..model.parent.len() + 3 {
            bottom = grown.grow(bottom);
        }
        // And a fresh child of everybody.
        for place in 0..model.parent.len() {
            grown.grow(place);
        }
        for (min, max) in [(0, None), (0, Some(0)), (0, Some(1)), (1, None), (1, Some(1)), (2, Some(3))] {
            for until in [Some(1), Some(50), Some(55), None] {
                let place = Place { top: &known.lineages[top], min, max, until: until.map(|minutes| instant(now, minutes)) };
                let inside = |place: usize| {
                    grown.steps(place, top).is_some_and(|steps| steps as i32 >= min && max.is_none_or(|max| steps as i32 <= max))
                };
                let held = (0..grown.parent.len()).filter(|place| inside(*place)).all(|place| grown.may_until(who, leaf, place, until));
                prop_assert_eq!(
                    reach.covers(&place),
                    held,
                    "a{} covers {} from {} to {:?} below O{} until {:?}: {:?}",
                    who,
                    LEAVES[leaf].code,
                    min,
                    max,
                    top,
                    until,
                    reach
                );
            }
        }
    }
    Ok(())
}

impl Model {
    fn copy(&self) -> Self {
        Self {
            parent: self.parent.clone(),
            on: self.on.clone(),
            accounts: self.accounts.clone(),
            roles: self.roles.clone(),
            assignments: self.assignments.clone(),
            administrator_roles: self.administrator_roles.clone(),
            scopes: self.scopes.clone(),
            grants: self.grants.clone(),
        }
    }
}

fn try_brands(cases: u32, database: impl Fn() -> Option<Database>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() });
    let tried = runner.run(&brand(), |brand| {
        let Some(mut at) = database() else { return Ok(()) };
        at.may_be_unsound();
        check(&at, &brand)
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn random_brands_are_judged_as_the_naive_model_judges_them() {
    try_brands(200, || Some(Database::sqlite(Content::Ground)));
}

#[test]
fn postgresql_judges_random_brands_alike() {
    try_brands(12, || Database::postgres(Content::Ground));
}

#[test]
fn the_model_tells_right_from_wrong() {
    // root – 1 – 2 – 3; an administrator of 1 and its children, who lives in 2.
    let brand = Brand {
        organizations: vec![(0, true), (1, true), (2, true)],
        accounts: vec![Account { status: ACTIVE, of_root: false, memberships: vec![(1, false)] }],
        roles: vec![1, 2],
        assignments: vec![(0, 0, 0, (None, None)), (0, 1, 1, (None, Some(0)))],
        administrator_roles: vec![(false, 1)],
        scopes: vec![(1, 1)],
        grants: vec![Grant { account: 0, role: 0, scope: Some(0), dates: (None, None), through: None }],
    };
    let mut model = Model::new(&brand);
    assert_eq!((0..4).map(|place| model.may(0, 0, place)).collect::<Vec<_>>(), [false, true, true, false]);
    assert_eq!((1..4).map(|place| model.rights(0, place)).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(model.sees(0, 0) && model.may_until(0, 0, 1, None));
    model.on[2] = false;
    assert_eq!((1..4).map(|place| model.rights(0, place)).collect::<Vec<_>>(), [1, 0, 0]);
    assert!(model.may(0, 0, 2), "the place acted at may be inactive (S-5)");
    model.accounts[0].status = DISABLED;
    assert!(!model.may(0, 0, 1) && model.rights(0, 1) == 0);
}
