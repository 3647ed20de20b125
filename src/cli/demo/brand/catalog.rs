//! What the brand has decided: its stores with attributes, groups and roles, its administrator roles and scopes.

use super::places::path;
use crate::domain::{
    rights::{Cell, Rights, templates},
    world::{AdministratorRole, Attribute, Group, Role, Scope, Store},
};
use serde_json::Value;

/// Index of the store of customers.
pub(super) const PARTNERS: usize = 0;
/// Index of the store of suppliers.
pub(super) const SUPPLIERS: usize = 1;
/// Index of the store of workshops.
pub(super) const WORKSHOPS: usize = 2;

/// The three stores' names, in order.
pub(super) const NAMES: [&str; 3] = ["Meridian partners", "Meridian suppliers", "Meridian workshops"];

/// How an attribute behaves in the portal (S-2).
#[derive(Clone, Copy, PartialEq)]
enum Portal {
    Hidden,
    Shown,
    Open,
}
use Portal::{Hidden, Open, Shown};

/// The languages that may be preferred.
pub(super) const LANGUAGES: &[&str] = &["English", "French", "German", "Japanese", "Polish", "Portuguese", "Spanish"];
/// The trades that a workshop's people may have: the store demands one.
pub(super) const TRADES: &[&str] = &["Mechanic", "Electrician", "Body shop", "Tyres", "Reception", "Owner"];

fn attribute(key: &str, label: &str, kind: &str, portal: Portal) -> Attribute {
    Attribute {
        key: key.to_owned(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        required: false,
        choices: Vec::new(),
        portal_visible: portal != Hidden,
        portal_editable: portal == Open,
        personal: false,
    }
}

fn personal(attribute: Attribute) -> Attribute {
    Attribute { personal: true, ..attribute }
}

fn choice(choices: &[&str], attribute: Attribute) -> Attribute {
    Attribute { choices: choices.iter().map(|one| (*one).to_owned()).collect(), ..attribute }
}

/// The roles that a store has beside the recommended ones.
struct Own {
    name: &'static str,
    description: &'static str,
    auto_every: bool,
    auto_first: bool,
    rights: &'static [Cell],
}

const fn own(name: &'static str, description: &'static str, rights: &'static [Cell]) -> Own {
    Own { name, description, auto_every: false, auto_first: false, rights }
}

const VERIFICATION: Own = own(
    "Verification desk",
    "Checks identity papers by hand. Sees identifiers, but no accounts list.",
    &[Cell::IdentitiesRead, Cell::VerificationWrite],
);
const COLLEAGUES: Own =
    Own { auto_every: true, ..own("Colleague directory", "Lets everybody who registers find their colleagues.", &[Cell::ManagementRead]) };
const FOUNDER: Own = Own {
    auto_first: true,
    ..own(
        "Founder",
        "For the first person of an organization, until an admin is named.",
        &[Cell::IdentitiesRead, Cell::ManagementRead, Cell::ManagementWrite, Cell::OrganizationWrite],
    )
};
const PASSWORDS: Own = own(
    "Password desk",
    "Sends resets and sets passwords; nothing else.",
    &[Cell::AuthenticatorsRead, Cell::AuthenticatorsWrite, Cell::ManagementRead],
);
const PRIVACY: Own = own(
    "Data protection contact",
    "Answers requests for personal data. Nobody holds it yet.",
    &[Cell::ManagementRead, Cell::PersonalDataRead],
);
const FRONT_DESK: Own =
    Own { auto_every: true, ..own("Front desk", "Looks people up at the counter.", &[Cell::IdentitiesRead, Cell::ManagementRead]) };

fn roles(more: &[Own]) -> Vec<Role> {
    let role = |name: &str, description: &str, rights: Rights| Role {
        id: None,
        name: name.to_owned(),
        description: description.to_owned(),
        auto_every: false,
        auto_first: false,
        rights: rights.cells().map(Cell::code).collect(),
    };
    let recommended = templates().map(|template| role(template.name, template.description, template.rights));
    let own = more.iter().map(|own| Role {
        auto_every: own.auto_every,
        auto_first: own.auto_first,
        ..role(own.name, own.description, own.rights.iter().copied().collect())
    });
    recommended.into_iter().chain(own).collect()
}

fn groups(names: &[&str]) -> Vec<Group> {
    names.iter().map(|name| Group { name: (*name).to_owned() }).collect()
}

/// The stores, without organizations and people.
pub(super) fn stores() -> [Store; 3] {
    let [partners, suppliers, workshops] = NAMES.map(str::to_owned);
    [
        Store {
            name: partners,
            slug: "partners".to_owned(),
            self_registration: true,
            organization_registration: true,
            attributes: vec![
                attribute("department", "Department", "text", Open),
                attribute("job_title", "Job title", "text", Open),
                personal(attribute("phone", "Phone", "phone", Open)),
                attribute("employee_number", "Employee number", "text", Shown),
                choice(LANGUAGES, attribute("preferred_language", "Preferred language", "choice", Open)),
                attribute("newsletter", "Newsletter", "yes_no", Open),
                personal(attribute("birthday", "Birthday", "date", Hidden)),
                personal(attribute("notes", "Account notes", "multiline", Hidden)),
            ],
            groups: groups(&["Beta testers", "VIP", "Fleet managers", "Customs contacts", "Night dispatch", "Trainers"]),
            roles: roles(&[VERIFICATION, COLLEAGUES, FOUNDER, PASSWORDS, PRIVACY]),
            ..Store::default()
        },
        Store {
            name: suppliers,
            slug: "suppliers".to_owned(),
            attributes: vec![
                attribute("job_title", "Job title", "text", Shown),
                personal(attribute("phone", "Phone", "phone", Open)),
                personal(attribute("backup_contact", "Backup contact", "email", Open)),
                attribute("quality_contact", "Quality contact", "yes_no", Shown),
                attribute("certificate", "Certificate", "url", Shown),
                attribute("trained_on", "Portal training", "date", Hidden),
                attribute("order_limit", "Order limit (EUR)", "number", Hidden),
            ],
            groups: groups(&["Quality circle", "Price negotiators", "VIP"]),
            roles: roles(&[VERIFICATION, PASSWORDS]),
            ..Store::default()
        },
        Store {
            name: workshops,
            slug: "workshops".to_owned(),
            self_registration: true,
            attributes: vec![
                Attribute { required: true, ..choice(TRADES, attribute("trade", "Trade", "choice", Open)) },
                personal(attribute("phone", "Phone", "phone", Open)),
                attribute("licence_number", "Licence number", "text", Shown),
                attribute("on_call", "On call", "yes_no", Open),
                personal(attribute("birthday", "Birthday", "date", Hidden)),
            ],
            groups: groups(&["Certified repairers", "Beta testers", "Emergency line"]),
            roles: roles(&[FRONT_DESK, PASSWORDS]),
            ..Store::default()
        },
    ]
}

/// All permissions that the rights of organization roles need (rights.md C), and those to give the roles.
const PEOPLE: &str = "user.view user.edit user.block user.delete user.reset_password user.view_events user.view_authenticators \
    user.update_authenticators user.delete_authenticators user.add user.download_data \
    invitation.create invitation.view invitation.resend invitation.withdraw \
    organization.add organization.view organization.edit organization.activate role_assignment.view role_assignment.edit";

/// All administrator roles but the predefined one.
pub(super) fn administrator_roles() -> Vec<AdministratorRole> {
    let role = |name: &str, kind: &str, description: &str, permissions: &[&str]| AdministratorRole {
        id: None,
        name: name.to_owned(),
        kind: kind.to_owned(),
        description: description.to_owned(),
        permissions: permissions.iter().flat_map(|codes| codes.split_whitespace()).map(str::to_owned).collect(),
    };
    vec![
        role(
            "Partner operations",
            "root",
            "Runs the partner programme: organization roles, who holds them, organizations and people.",
            &[
                PEOPLE,
                "scope.add scope.view scope.edit administrator.view organization_role.add organization_role.view organization_role.edit \
                 organization_role.delete identity_store.view event.view",
            ],
        ),
        role("Log reader", "root", "Reads the event log and the list of administrators.", &["event.view administrator.view"]),
        role(
            "Partner manager",
            "other",
            "Everything about a partner: people, organizations below, roles and who else manages it.",
            &[PEOPLE, "organization.delete scope.add scope.view scope.edit scope.delete administrator.view event.view"],
        ),
        role(
            "Regional helpdesk",
            "other",
            "First line for people who cannot sign in.",
            &["user.view user.edit user.block user.reset_password user.view_events user.view_authenticators user.update_authenticators \
               invitation.view invitation.resend organization.view role_assignment.view"],
        ),
        role(
            "Assignment viewer",
            "other",
            "Sees who holds which role where, and changes nothing.",
            &["role_assignment.view user.view organization.view"],
        ),
        // Nobody holds it: for the autumn fair.
        role(
            "Event desk",
            "other",
            "Invites guests for trade fairs. Not handed out at the moment.",
            &["user.view invitation.create invitation.view invitation.resend invitation.withdraw organization.view"],
        ),
        role(
            "Auditor",
            "other",
            "Looks at people, roles, administrators and events of a partner for the yearly review.",
            &["user.view user.view_events user.view_authenticators user.download_data organization.view scope.view administrator.view \
               role_assignment.view event.view"],
        ),
    ]
}

/// Name, store (none: root owns it), path of the owner, reach, description.
#[rustfmt::skip]
const SCOPES: &[(&str, Option<usize>, &str, &str, &str)] = &[
    ("Every partner and supplier", None, "", "below", "All organizations of all stores, without root."),
    ("All of Nordhavn", Some(PARTNERS), "Nordhavn Freight", "this_and_below", "Head office, countries and terminals."),
    ("Nordhavn terminals", Some(PARTNERS), "Nordhavn Freight", "children", "The sites directly under Nordhavn Freight, without the head office."),
    ("Poland and below", Some(PARTNERS), "Nordhavn Freight/Poland", "this_and_below", ""),
    ("Halden head office and regions", Some(PARTNERS), "Halden Retail Group", "this_and_children", ""),
    ("Asante only", Some(PARTNERS), "Asante Foods", "this", "Not what may come below it later."),
    ("Karsten with its warehouse", Some(PARTNERS), "Karsten & Söhne Spedition", "this_and_below", "Sleeps while the owner is inactive."),
    ("Deccan and its plants", Some(SUPPLIERS), "Deccan Precision Works", "this_and_below", ""),
];

/// All scopes.
pub(super) fn scopes() -> Vec<Scope> {
    SCOPES
        .iter()
        .map(|(name, store, owner, reach, description)| Scope {
            id: None,
            name: (*name).to_owned(),
            store: store.map(|store| NAMES[store].to_owned()),
            organization: path(owner),
            description: (*description).to_owned(),
            reach: (*reach).to_owned(),
            access_roles: Value::from("all"),
        })
        .collect()
}
