//! Everybody without a part: as many people as wanted, in the organizations by weight, and what they hold.

use super::{
    cast::{self, SUPPORT_AT_NORDHAVN},
    catalog::{LANGUAGES, PARTNERS, SUPPLIERS, TRADES, WORKSHOPS},
    dice::{Calendar, Dice},
    names::{HOMES, LANDS, Land},
    places::{Ground, path},
};
use crate::domain::world::{Account, Membership, RoleAssignment, Store};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Above this many people only every fourth has a filled-in profile, so that a million fits into memory.
const MANY: usize = 100_000;

/// What people are made from.
pub(super) struct Crowd<'a> {
    lands: &'a [Land],
    ground: &'a mut Ground,
    dice: &'a mut Dice,
    calendar: Calendar,
    /// Addresses that are taken by people with a part.
    taken: HashSet<String>,
    /// How many were made so far: numbers user names and badges.
    made: usize,
    sparse: bool,
}

impl<'a> Crowd<'a> {
    /// Nobody yet.
    pub(super) fn new(lands: &'a [Land], ground: &'a mut Ground, dice: &'a mut Dice, calendar: Calendar) -> Self {
        Self { lands, ground, dice, calendar, taken: HashSet::new(), made: 0, sparse: false }
    }

    /// Puts the people with a part into their stores or into root, each with a profile.
    pub(super) fn seat(&mut self, stores: &mut [Store; 3], root: &mut Vec<Account>) {
        for (person, account) in cast::people(self.calendar) {
            let Some(store) = person.store else {
                root.push(account);
                continue;
            };
            self.made += 1;
            self.taken.extend(account.email.clone());
            let at = path(person.at);
            let land = self.ground.places.iter().find(|place| place.path == at).map_or(0, |place| place.land);
            let attributes = self.attributes(store, land, person.job);
            let groups = self.groups(&stores[store]);
            stores[store].accounts.push(Account { attributes, groups, ..account });
        }
    }

    /// Adds `count` people, `loose` of them without any membership, and the assignments of some of them.
    pub(super) fn fill(&mut self, stores: &mut [Store; 3], count: usize, loose: usize) {
        self.sparse = count > MANY;
        let weights: usize = self.ground.places.iter().map(|place| place.people).sum();
        let members = count.saturating_sub(loose);
        for (index, store) in stores.iter_mut().enumerate() {
            let weight: usize = self.ground.places.iter().filter(|place| place.store == index).map(|place| place.people).sum();
            store.accounts.reserve((count as u128 * weight as u128 / weights as u128) as usize + loose);
        }
        let (mut weight, mut done) = (0, 0);
        for index in 0..self.ground.places.len() {
            let place = &self.ground.places[index];
            let (store, tree, land) = (place.store, place.tree, place.land);
            weight += place.people;
            let upto = (members as u128 * weight as u128 / weights as u128) as usize;
            let first = stores[store].accounts.len();
            for _ in done..upto {
                let memberships = self.memberships(index);
                let account = self.account(&stores[store], store, tree, land, memberships);
                stores[store].accounts.push(account);
            }
            done = upto;
            self.assign(&mut stores[store], index, first);
        }
        let domains = ["contractor.example", "agency.example", "mobile-mechanics.example"];
        let trees = domains.map(|domain| self.ground.domain(domain.to_owned(), '.', self.dice));
        for number in 0..loose {
            let store = [PARTNERS, PARTNERS, SUPPLIERS, PARTNERS, WORKSHOPS][number % 5];
            let land = self.dice.below(HOMES);
            let account = self.account(&stores[store], store, trees[store], land, Vec::new());
            stores[store].accounts.push(account);
        }
    }

    /// One in the place; sometimes blocked, sometimes a second one elsewhere in the store.
    fn memberships(&mut self, index: usize) -> Vec<Membership> {
        let at = |ground: &Ground, place: usize, blocked: bool| Membership {
            organization: ground.places[place].path.clone(),
            status: if blocked { "blocked" } else { "active" }.to_owned(),
        };
        let blocked = self.dice.of_thousand(22);
        let mut memberships = vec![at(self.ground, index, blocked)];
        if self.dice.of_thousand(50) {
            let here = &self.ground.places[index];
            let family = &self.ground.trees[here.tree].places;
            let other =
                if self.dice.of_thousand(750) { family[self.dice.below(family.len())] } else { self.dice.below(self.ground.places.len()) };
            if other != index && self.ground.places[other].store == here.store {
                let blocked = self.dice.of_thousand(60);
                memberships.push(at(self.ground, other, blocked));
            }
        }
        memberships
    }

    fn account(&mut self, within: &Store, store: usize, tree: usize, land: usize, memberships: Vec<Membership>) -> Account {
        self.made += 1;
        let (name, email, short) = self.name(tree, land);
        let with_username = self.dice.of_thousand(180);
        let username_only = !memberships.is_empty() && self.dice.of_thousand(12);
        let username = (with_username || username_only).then(|| format!("{short}{}", 1000 + self.made));
        let now = self.calendar;
        let (mut status, mut locked_until) = ("active", None);
        match self.dice.below(1000) {
            0..50 => status = "invited",
            50..105 => status = "disabled",
            105..112 => locked_until = Some(now.in_seconds(120 + self.dice.below(780) as i64)),
            _ => {}
        }
        let mut seen = None;
        if status != "invited" && !self.dice.of_thousand(60) {
            const DAY: usize = 86_400;
            let ago = if status == "disabled" { 30 * DAY + self.dice.below(170 * DAY) } else { 180 + self.dice.low(200 * DAY) };
            seen = Some(now.in_seconds(-(ago as i64)));
        }
        Account {
            email: (!username_only).then_some(email),
            username,
            name,
            status: Some(status.to_owned()),
            locked_until,
            last_sign_in: seen,
            attributes: self.attributes(store, land, ""),
            groups: self.groups(within),
            memberships,
            ..Account::default()
        }
    }

    /// A name of the country, or now and then of another one, with an address that nobody else has.
    fn name(&mut self, tree: usize, home: usize) -> (String, String, String) {
        let land = match self.dice.below(1000) {
            0..7 => LANDS - 1,
            7..180 => self.dice.below(HOMES),
            _ => home,
        };
        let long = self.dice.of_thousand(8);
        loop {
            let tree = &mut self.ground.trees[tree];
            let number = tree.met[land] as usize;
            tree.met[land] += 1;
            let person = self.lands[land].person(number, tree.offset, tree.separator, long);
            let email = format!("{}@{}", person.local, tree.domain);
            if !self.taken.contains(&email) {
                return (person.name, email, person.short);
            }
        }
    }

    fn groups(&mut self, store: &Store) -> Vec<String> {
        if store.groups.is_empty() || !self.dice.of_thousand(140) {
            return Vec::new();
        }
        let first = self.dice.low(store.groups.len());
        let second = self.dice.below(store.groups.len() * 4);
        let second = store.groups.get(second).filter(|_| second != first);
        [Some(&store.groups[first]), second].into_iter().flatten().map(|group| group.name.clone()).collect()
    }

    /// A profile: most values for three out of four people, for the others only what their store demands. With a
    /// job it is always filled in.
    fn attributes(&mut self, store: usize, land: usize, job: &str) -> Map<String, Value> {
        let mut values = Map::new();
        let mut put = |key: &str, value: Value| values.insert(key.to_owned(), value);
        let dice = &mut *self.dice;
        let person = &self.lands[land];
        if store == WORKSHOPS {
            let trade = TRADES.iter().find(|trade| **trade == job).copied().unwrap_or_else(|| dice.pick(TRADES));
            put("trade", Value::from(trade));
        }
        if job.is_empty() && (dice.of_thousand(250) || (self.sparse && !dice.of_thousand(250))) {
            return values;
        }
        if dice.of_thousand(600) {
            put("phone", Value::from(format!("+{} 555 {:03} {:03}", person.dial, dice.below(1000), dice.below(1000))));
        }
        let (department, usual) = dice.pick(WORK);
        let job = if job.is_empty() { usual } else { job };
        match store {
            PARTNERS => {
                put("department", Value::from(department));
                put("job_title", Value::from(job));
                put("employee_number", Value::from(format!("E-{:05}", 10_000 + self.made)));
                let language = if dice.of_thousand(120) { dice.pick(LANGUAGES) } else { person.language };
                put("preferred_language", Value::from(language));
                if dice.of_thousand(700) {
                    put("newsletter", Value::from(dice.of_thousand(450)));
                }
                if dice.of_thousand(350) {
                    put("birthday", Value::from(self.calendar.date(7_000 + dice.below(16_500))));
                }
                if dice.of_thousand(30) {
                    put("notes", Value::from(dice.pick(NOTES)));
                }
            }
            SUPPLIERS => {
                put("job_title", Value::from(job));
                put("quality_contact", Value::from(dice.of_thousand(120)));
                if dice.of_thousand(250) {
                    put("backup_contact", Value::from(format!("desk{}@agency.example", dice.below(90) + 10)));
                }
                if dice.of_thousand(150) {
                    put("certificate", Value::from(format!("https://certificates.example/iso-9001/{}", 20_000 + dice.below(9_999))));
                }
                if dice.of_thousand(500) {
                    put("trained_on", Value::from(self.calendar.date(dice.below(900))));
                }
                if dice.of_thousand(300) {
                    put("order_limit", Value::from(500 * (1 + dice.low(100))));
                }
            }
            _ => {
                put("on_call", Value::from(dice.of_thousand(200)));
                if dice.of_thousand(600) {
                    put("licence_number", Value::from(format!("W-{:06}", 100_000 + self.made)));
                }
                if dice.of_thousand(250) {
                    put("birthday", Value::from(self.calendar.date(7_000 + dice.below(16_500))));
                }
            }
        }
        values
    }

    /// Gives roles to some of those who were just added to a place: here, or one step above. Everybody gets one at
    /// most, so nobody gets the same one twice.
    fn assign(&mut self, store: &mut Store, index: usize, first: usize) {
        let here = store.accounts.len() - first;
        if here == 0 {
            return;
        }
        let place = &self.ground.places[index];
        let top = place.parent.is_none();
        for number in 0..=here.isqrt() / 2 {
            let Some(account) = store.accounts.get(first + number * 3) else { break };
            let role = match self.dice.below(100) {
                _ if top && number == 0 => "Admin",
                0..22 => "Admin",
                22..52 => "Customer support",
                52..72 => "Org auditor",
                72..86 => "Password desk",
                _ => OTHERS[place.store][self.dice.below(OTHERS[place.store].len())],
            };
            let above = place.parent.filter(|_| self.dice.of_thousand(180));
            let organization = self.ground.places[above.unwrap_or(index)].path.clone();
            let (pair_role, pair_place) = SUPPORT_AT_NORDHAVN;
            if role == pair_role && organization.len() == 1 && organization[0] == pair_place {
                continue;
            }
            let Some(identifier) = account.email.clone().or_else(|| account.username.clone()) else { continue };
            let day = self.dice.below(40) as i32;
            let (starts, ends) = match self.dice.below(100) {
                0..5 => (Some(2 + day), None),
                5..11 => (None, Some(1 + day / 6)),
                11..16 => (None, Some(-2 - day)),
                16..26 => (Some(-200 + day), Some(60 + day * 5)),
                _ => (None, None),
            };
            let reason = if self.dice.of_thousand(450) { self.dice.pick(REASONS) } else { "" };
            store.role_assignments.push(RoleAssignment {
                role: role.to_owned(),
                organization,
                account: identifier,
                starts: starts.map(|day| self.calendar.day(day)),
                ends: ends.map(|day| self.calendar.day(day)),
                reason: reason.to_owned(),
            });
        }
    }
}

/// The roles that stores have beside those that all have; nobody holds "Data protection contact".
const OTHERS: [&[&str]; 3] =
    [&["Verification desk", "Colleague directory", "Colleague directory", "Founder"], &["Verification desk"], &["Front desk"]];

/// Department and job.
const WORK: &[(&str, &str)] = &[
    ("Dispatch", "Dispatcher"),
    ("Dispatch", "Shift lead"),
    ("Warehouse", "Forklift driver"),
    ("Warehouse", "Picker"),
    ("Warehouse", "Warehouse manager"),
    ("Fleet", "Driver"),
    ("Fleet", "Fleet planner"),
    ("Fleet", "Fleet manager"),
    ("Customs", "Customs agent"),
    ("Customs", "Declarant"),
    ("Finance", "Accountant"),
    ("Finance", "Invoice clerk"),
    ("IT", "System administrator"),
    ("IT", "Service desk agent"),
    ("Sales", "Account manager"),
    ("Sales", "Key account manager"),
    ("Purchasing", "Buyer"),
    ("Quality", "Quality engineer"),
    ("Quality", "Inspector"),
    ("Human resources", "Recruiter"),
    ("Production", "Machinist"),
    ("Production", "Line lead"),
    ("Maintenance", "Technician"),
    ("Management", "Site manager"),
];

const NOTES: &[&str] = &[
    "Asked for a second delivery window.\nCall before noon.",
    "Name is spelled differently on the contract.",
    "Speaks for the works council.",
    "Moved here from another site in spring.\nOld badge was returned.",
];

const REASONS: &[&str] = &[
    "Stands in for a colleague on leave.",
    "Named by the partner.",
    "Site opening.",
    "Support rota.",
    "Audit of this year.",
    "Asked for by the site manager.",
    "Night shift.",
    "Migration to the new portal.",
    "Training period.",
    "Ticket 48211.",
];
