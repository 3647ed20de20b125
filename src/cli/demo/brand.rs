//! The demo brand: Meridian, a platform for freight and spare parts, with its partners, suppliers and workshops,
//! as a world file. The same size and the same instant always give the same world.

/// The people who have a part, and what they hold.
mod cast;
/// What the brand has decided: stores, roles, administrator roles, scopes.
mod catalog;
/// Everybody else.
mod crowd;
/// Chance and dates.
mod dice;
/// Whoever is invited, and what waits.
mod invited;
/// Words from many countries.
mod names;
/// The organizations.
mod places;

use crate::domain::{
    time::Time,
    world::{Root, World},
};

/// How big a demo is: totals over the three stores and root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Accounts, those of root included.
    pub accounts: usize,
    /// Organizations below root.
    pub organizations: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { accounts: 2_000, organizations: 40 }
    }
}

impl Size {
    /// The smallest demo: the organizations and people who have a part are always there, so whatever is smaller
    /// becomes this.
    pub const LEAST: Self = Self { accounts: 200, organizations: places::FEWEST };

    /// This size, or the smallest where it is below that.
    pub fn or_least(self) -> Self {
        Self { accounts: self.accounts.max(Self::LEAST.accounts), organizations: self.organizations.max(Self::LEAST.organizations) }
    }
}

/// Somebody who can sign in to the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// What to type: an e-mail address that is unique over all stores.
    pub identifier: &'static str,
    /// The password.
    pub password: &'static str,
    /// Their part, in a few words.
    pub who: &'static str,
}

/// Everybody who has a password, the mightiest first.
pub const SIGN_INS: &[SignIn] = &[
    SignIn { identifier: "ines.ferreira@meridian.example", password: "lantern cobalt walnut sleigh", who: "Super administrator" },
    SignIn {
        identifier: "clara.nystrom@meridian.example",
        password: "velvet anchor pumpkin drizzle",
        who: "Root administrator: Partner operations, every organization",
    },
    SignIn {
        identifier: "marta.silva@nordhavn.example",
        password: "copper kettle tundra waltz",
        who: "Partner manager of all of Nordhavn, may pass it on",
    },
    SignIn {
        identifier: "priya.raman@meridian.example",
        password: "orbit mustard canyon flute",
        who: "Regional helpdesk for all of Nordhavn",
    },
    SignIn {
        identifier: "agnieszka.nowicka@nordhavn.example",
        password: "saddle quartz ribbon thunder",
        who: "Assignment viewer for all of Nordhavn",
    },
    SignIn {
        identifier: "henrik.solberg@halden.example",
        password: "glacier tomato whistle barn",
        who: "Org admin of Halden Retail Group (portal)",
    },
    SignIn {
        identifier: "efua.asante@asantefoods.example",
        password: "meadow pencil harvest igloo",
        who: "Org auditor of Asante Foods (portal)",
    },
];

const SEED: u64 = 0x004D_6572_6964_6961;

/// The demo brand of this size (at least [`Size::LEAST`]), with dates around `now`.
pub fn world(size: Size, now: Time) -> World {
    let size = size.or_least();
    let calendar = dice::Calendar::new(now);
    let mut dice = dice::Dice::new(SEED);
    let lands = names::lands();
    let (mut ground, organizations) = places::grow(size.organizations, &lands, &mut dice);
    let mut stores = catalog::stores();
    for (store, organizations) in stores.iter_mut().zip(organizations) {
        store.organizations = organizations;
    }
    for (store, given) in cast::assignments(calendar) {
        stores[store].role_assignments.push(given);
    }

    let mut root = Vec::new();
    let mut crowd = crowd::Crowd::new(&lands, &mut ground, &mut dice, calendar);
    crowd.seat(&mut stores, &mut root);
    let seated = stores.iter().map(|store| store.accounts.len()).sum::<usize>() + root.len();
    crowd.fill(&mut stores, size.accounts.saturating_sub(seated), size.accounts * 3 / 100);

    for account in stores.iter_mut().flat_map(|store| &mut store.accounts).chain(&mut root) {
        let sign_in = SIGN_INS.iter().find(|sign_in| account.email.as_deref() == Some(sign_in.identifier));
        account.password = sign_in.map(|sign_in| sign_in.password.to_owned());
        invited::hang(account, calendar);
    }
    World {
        bailiwick: 1,
        identity_stores: stores.into(),
        root: Root { name: Some("Meridian".to_owned()), accounts: root },
        administrator_roles: catalog::administrator_roles(),
        scopes: catalog::scopes(),
        grants: cast::grants(calendar),
        invitations: invited::invitations(calendar),
        ..World::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        account, organization, password, permissions,
        rights::Cell,
        role, role_assignment, text,
        world::{self, Account, Store},
    };
    use std::collections::{HashMap, HashSet};

    const NOW: Time = Time::from_micros(1_795_600_000_123_456);
    const BIGGER: Size = Size { accounts: 5_000, organizations: 700 };

    fn demo() -> World {
        world(Size::default(), NOW)
    }

    fn people(world: &World) -> impl Iterator<Item = &Account> {
        world.identity_stores.iter().flat_map(|store| &store.accounts).chain(&world.root.accounts)
    }

    fn key(account: &Account) -> &str {
        account.email.as_deref().or(account.username.as_deref()).unwrap()
    }

    fn by_key(accounts: &[Account]) -> HashMap<&str, &Account> {
        accounts.iter().map(|account| (key(account), account)).collect()
    }

    fn time(text: &Option<String>) -> Option<Time> {
        text.as_deref().map(|text| Time::parse(text).unwrap())
    }

    #[test]
    fn the_counts_are_exact_and_nothing_is_smaller_than_the_least() {
        for size in [Size::default(), BIGGER, Size { accounts: 3, organizations: 1 }] {
            let world = world(size, NOW);
            assert_eq!(people(&world).count(), size.or_least().accounts);
            assert_eq!(world.identity_stores.iter().map(|store| store.organizations.len()).sum::<usize>(), size.or_least().organizations);
        }
    }

    #[test]
    fn the_same_size_and_instant_give_the_same_world_which_reads_back() {
        let once = serde_json::to_string(&demo()).unwrap();
        assert_eq!(once, serde_json::to_string(&demo()).unwrap());
        serde_json::from_str::<World>(&once).unwrap();
    }

    #[test]
    fn organizations_have_parents_and_siblings_with_other_names_and_reach_depth_five() {
        for size in [Size::default(), BIGGER] {
            let world = world(size, NOW);
            for store in &world.identity_stores {
                let paths: HashSet<&[String]> = store.organizations.iter().map(|one| one.path.as_slice()).collect();
                let mut siblings = HashSet::new();
                for one in &store.organizations {
                    let (name, parent) = one.path.split_last().unwrap();
                    assert!(parent.is_empty() || paths.contains(parent), "{:?}", one.path);
                    assert_eq!(organization::name(name).as_ref(), Ok(name));
                    assert!(siblings.insert((parent, text::fold(name))), "{:?}", one.path);
                    organization::description(&one.description).unwrap();
                }
            }
            let deepest = world.identity_stores.iter().flat_map(|store| &store.organizations).map(|one| one.path.len()).max();
            assert_eq!(deepest, Some(5));
        }
    }

    #[test]
    fn identifiers_are_good_and_unique_in_their_store() {
        let world = world(BIGGER, NOW);
        for accounts in world.identity_stores.iter().map(|store| &store.accounts).chain([&world.root.accounts]) {
            let mut taken = HashSet::new();
            for one in accounts {
                key(one);
                assert_eq!(account::person_name(&one.name).as_ref(), Ok(&one.name));
                for identifier in one.email.iter().chain(&one.username) {
                    assert!(taken.insert(text::fold(identifier)), "{identifier}");
                }
                if let Some(email) = &one.email {
                    assert!(account::email(email).is_ok() && email.ends_with(".example"), "{email}");
                }
                if let Some(username) = &one.username {
                    account::username(username).unwrap();
                }
            }
        }
    }

    #[test]
    fn what_an_account_names_exists_in_its_store() {
        for store in &demo().identity_stores {
            let paths: HashSet<&[String]> = store.organizations.iter().map(|one| one.path.as_slice()).collect();
            for one in &store.accounts {
                let places: HashSet<_> = one.memberships.iter().map(|membership| membership.organization.as_slice()).collect();
                assert_eq!(places.len(), one.memberships.len());
                assert!(places.is_subset(&paths));
                assert!(one.groups.iter().all(|name| store.groups.iter().any(|group| group.name == *name)));
                for key in one.attributes.keys() {
                    assert!(store.attributes.iter().any(|attribute| attribute.key == *key), "{key}");
                }
                for attribute in &store.attributes {
                    let value = one.attributes.get(&attribute.key);
                    assert!(value.is_some() || !attribute.required, "{}", one.name);
                    let chosen = value.and_then(|value| value.as_str());
                    assert!(
                        attribute.choices.is_empty() || value.is_none() || attribute.choices.iter().any(|one| Some(one.as_str()) == chosen)
                    );
                }
            }
        }
    }

    fn of_every_kind(store: &Store) -> usize {
        let of = |status: &str| store.accounts.iter().filter(|one| one.status.as_deref() == Some(status)).count();
        assert!(of("invited") > 0 && of("disabled") > 0);
        assert!(store.accounts.iter().any(|one| one.locked_until.is_some()));
        assert!(store.accounts.iter().any(|one| one.memberships.is_empty()));
        assert!(store.accounts.iter().any(|one| one.memberships.len() == 2));
        assert!(store.accounts.iter().any(|one| one.email.is_none()));
        assert!(store.accounts.iter().flat_map(|one| &one.memberships).any(|membership| membership.status == "blocked"));
        of("active")
    }

    #[test]
    fn there_are_people_of_every_kind_and_most_are_active() {
        let world = demo();
        let active: usize = world.identity_stores.iter().map(of_every_kind).sum();
        let all: usize = world.identity_stores.iter().map(|store| store.accounts.len()).sum();
        assert!((860..905).contains(&(active * 1000 / all)), "{active} of {all}");
        let loose = people(&world).filter(|one| one.memberships.is_empty()).count() - world.root.accounts.len();
        assert!((55..70).contains(&loose), "{loose}");
        for one in people(&world) {
            assert!(time(&one.last_sign_in).is_none_or(|seen| seen < NOW && NOW.seconds_since(seen) < 201 * 86_400));
            assert!(time(&one.locked_until).is_none_or(|until| until > NOW && until.seconds_since(NOW) < 901));
        }
    }

    #[test]
    fn roles_and_assignments_keep_the_rules() {
        let world = demo();
        for store in &world.identity_stores {
            for one in &store.roles {
                let rights = one.rights.iter().map(|code| Cell::from_code(code).unwrap()).collect();
                let terms = role::Terms { name: one.name.clone(), description: one.description.clone(), rights, ..role::Terms::default() };
                terms.check().unwrap();
            }
            let paths: HashSet<&[String]> = store.organizations.iter().map(|one| one.path.as_slice()).collect();
            let accounts = by_key(&store.accounts);
            let mut seen = HashSet::new();
            for given in &store.role_assignments {
                assert!(seen.insert((&given.role, &given.organization, &given.account)), "{given:?}");
                assert!(store.roles.iter().any(|role| role.name == given.role), "{given:?}");
                assert!(paths.contains(given.organization.as_slice()) && accounts.contains_key(given.account.as_str()), "{given:?}");
                role_assignment::reason(&given.reason).unwrap();
                let (starts, ends) = (time(&given.starts), time(&given.ends));
                assert!(starts.is_none() || ends.is_none() || starts < ends);
            }
        }
        let partners = &world.identity_stores[0];
        assert!(!partners.role_assignments.iter().any(|given| given.role == "Data protection contact"));
        let pair =
            partners.role_assignments.iter().filter(|given| given.role == "Customer support" && given.organization == ["Nordhavn Freight"]);
        assert_eq!(pair.filter(|given| time(&given.ends).is_none_or(|ends| ends > NOW)).count(), 12);
    }

    #[test]
    fn invitations_of_every_status_and_a_change_that_waits_are_there_to_look_at() {
        let world = demo();
        for status in ["pending", "accepted", "declined", "withdrawn"] {
            assert!(world.invitations.iter().any(|one| one.status == status), "{status}");
        }
        let ended = |one: &&world::Invitation| one.status == "pending" && time(&one.valid_until).unwrap() < NOW;
        assert!(world.invitations.iter().any(|one| ended(&one)));
        assert!(people(&world).any(|one| !one.changes.is_empty()));
        assert!(SIGN_INS.iter().all(|one| people(&world).all(|person| key(person) != one.identifier || person.authenticators.is_empty())));
    }

    #[test]
    fn grants_keep_the_rules() {
        let world = demo();
        let kinds: HashMap<&str, &str> = world.administrator_roles.iter().map(|role| (role.name.as_str(), role.kind.as_str())).collect();
        for role in &world.administrator_roles {
            let leaves: Vec<_> = role.permissions.iter().map(|code| permissions::leaf(code).unwrap()).collect();
            assert!(role.kind == "root" || leaves.iter().all(|leaf| !leaf.root_only), "{}", role.name);
            assert_eq!(role.permissions.iter().collect::<HashSet<_>>().len(), role.permissions.len(), "{}", role.name);
        }
        for manager in world.administrator_roles.iter().filter(|role| role.name.starts_with("Partner")) {
            for leaf in Cell::ALL.iter().flat_map(|cell| permissions::covering(*cell)) {
                assert!(manager.permissions.iter().any(|code| code == leaf.code), "{} lacks {}", manager.name, leaf.code);
            }
        }
        let reaches: HashSet<&str> = world.scopes.iter().map(|scope| scope.reach.as_str()).collect();
        assert_eq!(reaches.len(), 5);
        for scope in &world.scopes {
            let store = world.identity_stores.iter().find(|store| scope.store.as_ref() == Some(&store.name));
            assert!(
                store.map_or(scope.organization.is_empty(), |store| store.organizations.iter().any(|one| one.path == scope.organization))
            );
        }
        for grant in &world.grants {
            let store = world.identity_stores.iter().find(|store| grant.store.as_ref() == Some(&store.name));
            let accounts = by_key(store.map_or(&world.root.accounts, |store| &store.accounts));
            let holder = accounts[grant.account.as_str()];
            let kind = kinds.get(grant.role.as_str()).copied().unwrap_or("super");
            assert!(kind == "other" || store.is_none(), "{} is not of root", grant.account);
            assert!(grant.scope.is_some() || kind != "other");
            assert!(grant.scope.iter().all(|used| {
                world
                    .scopes
                    .iter()
                    .any(|scope| (&scope.name, &scope.store, &scope.organization) == (&used.name, &used.store, &used.organization))
            }));
            if let Some(through) = &grant.through {
                let upper = world.grants.iter().find(|upper| upper.key.as_ref() == Some(through)).unwrap();
                assert!(upper.cascading && !grant.cascading && upper.role == grant.role && upper.account != grant.account);
                let area = upper.scope.as_ref().unwrap();
                assert!(grant.scope.as_ref().unwrap().organization.starts_with(&area.organization));
                assert!(holder.memberships.iter().any(|at| at.status == "active" && at.organization.starts_with(&area.organization)));
            }
        }
    }

    #[test]
    fn those_who_can_sign_in_are_active_and_have_good_passwords() {
        let world = demo();
        assert_eq!(people(&world).filter(|one| one.password.is_some()).count(), SIGN_INS.len());
        for sign_in in SIGN_INS {
            let [one] = people(&world).filter(|one| key(one) == sign_in.identifier).collect::<Vec<_>>()[..] else { panic!("{sign_in:?}") };
            assert_eq!((one.status.as_deref(), one.password.as_deref()), (Some("active"), Some(sign_in.password)));
            assert!(one.memberships.iter().all(|at| at.status == "active") && one.locked_until.is_none());
            password::check(sign_in.password, &[&one.name, sign_in.identifier, "Meridian"]).unwrap();
        }
    }
}
