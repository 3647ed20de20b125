//! Whoever is invited, and what waits to be confirmed or was verified by hand.

use super::{
    catalog::{NAMES, PARTNERS, SUPPLIERS, WORKSHOPS},
    dice::Calendar,
    places::path,
};
use crate::domain::world::{Account, Authenticator, IdentifierChange, Invitation, Verification};

/// An invitation, sent so many hours ago.
struct Invited {
    /// The store of the organization; none: root.
    store: Option<usize>,
    email: &'static str,
    at: &'static str,
    by: &'static str,
    hours: i64,
    /// What became of it, and after how many hours.
    then: (&'static str, i64),
    portal: bool,
    message: &'static str,
    roles: &'static [&'static str],
    groups: &'static [&'static str],
    department: &'static str,
}

const fn invited(store: usize, email: &'static str, at: &'static str, by: &'static str, hours: i64) -> Invited {
    Invited {
        store: Some(store),
        email,
        at,
        by,
        hours,
        then: ("pending", 0),
        portal: false,
        message: "",
        roles: &[],
        groups: &[],
        department: "",
    }
}

impl Invited {
    const fn in_portal(self) -> Self {
        Self { portal: true, ..self }
    }
    const fn at_root(self) -> Self {
        Self { store: None, ..self }
    }
    const fn then(self, status: &'static str, hours: i64) -> Self {
        Self { then: (status, hours), ..self }
    }
    const fn says(self, message: &'static str) -> Self {
        Self { message, ..self }
    }
    const fn promises(self, roles: &'static [&'static str]) -> Self {
        Self { roles, ..self }
    }
    const fn with(self, department: &'static str, groups: &'static [&'static str]) -> Self {
        Self { department, groups, ..self }
    }
}

const MARTA: &str = "marta.silva@nordhavn.example";
const HENRIK: &str = "henrik.solberg@halden.example";
const INES: &str = "ines.ferreira@meridian.example";
const CLARA: &str = "clara.nystrom@meridian.example";

/// Those of the brand, who invite from Administrators.
const OF_THE_BRAND: &[&str] = &[INES, CLARA];

#[rustfmt::skip]
const INVITED: &[Invited] = &[
    invited(PARTNERS, "lea.marchetti@nordhavn.example", "Nordhavn Freight/Le Havre", MARTA, 30).promises(&["Customer support"]).with("Support", &["Customs contacts"]).says("Your first shift is on Monday. Please accept before that."),
    invited(PARTNERS, "oskar.lindahl@nordhavn.example", "Nordhavn Freight/Trelleborg", MARTA, 150),
    invited(PARTNERS, "maja.novak@nordhavn.example", "Nordhavn Freight/Koper", "mariana.duarte@nordhavn.example", 70).in_portal().with("Training", &["Trainers"]),
    invited(PARTNERS, "thandi.mokoena@asantefoods.example", "Asante Foods", CLARA, 300).says("We spoke at the fair."),
    invited(PARTNERS, "ana.kovac@nordhavn.example", "Nordhavn Freight/Poland/Gdańsk terminal", MARTA, 4_100).then("accepted", 20),
    invited(PARTNERS, "filip.wrona@nordhavn.example", "Nordhavn Freight/Poland", MARTA, 500).then("withdrawn", 26).promises(&["Admin"]),
    invited(PARTNERS, "peder.holm@halden.example", "Halden Retail Group", HENRIK, 210).in_portal().then("declined", 3),
    invited(PARTNERS, "freja.dahl@halden.example", "Halden Retail Group/Nordics", HENRIK, 20).in_portal().with("Store planning", &[]).says("Welcome to the Nordics team!"),
    invited(PARTNERS, "even.lie@halden.example", "Halden Retail Group/Nordics/Norway", HENRIK, 400).in_portal(),
    invited(SUPPLIERS, "imani.otieno@deccan.example", "Deccan Precision Works/Hosur plant", "anjali.deshpande@deccan.example", 44).in_portal(),
    invited(WORKSHOPS, "lucas@atelier-lambert.example", "Atelier Lambert", "camille@atelier-lambert.example", 8).in_portal(),
    invited(PARTNERS, "nils.aldrin@meridian.example", "", INES, 52).at_root(),
];

/// How many days an invitation is valid.
const DAYS: i64 = 7;

/// All invitations.
pub(super) fn invitations(calendar: Calendar) -> Vec<Invitation> {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    INVITED
        .iter()
        .map(|one| {
            let (status, after) = one.then;
            let of_brand = OF_THE_BRAND.contains(&one.by);
            let sent = calendar.in_seconds(-one.hours * 3600);
            let department = (!one.department.is_empty()).then(|| ("department".to_owned(), one.department.into()));
            Invitation {
                email: one.email.to_owned(),
                store: one.store.map(|store| NAMES[store].to_owned()),
                organization: path(one.at),
                invited_by: Some(one.by.to_owned()),
                invited_by_store: one.store.filter(|_| !of_brand).map(|store| NAMES[store].to_owned()),
                portal: one.portal,
                status: status.to_owned(),
                message: one.message.to_owned(),
                roles: names(one.roles),
                attributes: department.into_iter().collect(),
                groups: names(one.groups),
                created: Some(sent.clone()),
                sent: Some(sent),
                valid_until: Some(calendar.in_seconds((DAYS * 24 - one.hours) * 3600)),
                settled: (status != "pending").then(|| calendar.in_seconds((after - one.hours) * 3600)),
                ..Invitation::default()
            }
        })
        .collect()
}

/// What hangs on few: a new address that waits, second factors, and who was verified.
pub(super) fn hang(account: &mut Account, calendar: Calendar) {
    let days = |days: i64| Some(calendar.in_seconds(days * 86_400));
    let by = |name: &str| Some(name.to_owned());
    let factor = |kind: &str, value: &str| Authenticator { kind: kind.to_owned(), value: value.to_owned(), ..Authenticator::default() };
    match account.email.as_deref() {
        Some("a.bonnet@nordhavn.example") => account.changes.push(IdentifierChange {
            kind: "email".to_owned(),
            value: "anais.bonnet@nordhavn.example".to_owned(),
            by: by("Marta Silva"),
            asked: days(-2),
            until: days(5),
        }),
        Some("diana.petrescu@nordhavn.example") => {
            account.verification = Some(Verification {
                status: "verified".to_owned(),
                by: by("Mariana Duarte Pestana"),
                how: "hand".to_owned(),
                reason: "Showed her passport in Valencia.".to_owned(),
                at: days(-60),
            })
        }
        Some("joanna.w@nordhavn.example") => {
            account.verification = Some(Verification {
                status: "revoked".to_owned(),
                by: by("Mariana Duarte Pestana"),
                how: "hand".to_owned(),
                reason: "The copy of her papers could not be read.".to_owned(),
                at: days(-12),
            })
        }
        Some("kwame.boateng@meridian.example") => {
            account.authenticators.push(Authenticator { confirmed: days(-90), added: days(-90), ..factor("phone", "+233302123456") });
        }
        Some("jonas.weber@meridian.example") => {
            account.authenticators.push(Authenticator {
                confirmed: days(-30),
                added: days(-30),
                ..factor("email", "jonas.weber@post.example")
            });
        }
        Some("yusuf.demir@nordhavn.example") => {
            account.authenticators.push(Authenticator { added_by: by("Marta Silva"), added: days(-1), ..factor("phone", "+31101234567") });
        }
        _ => {}
    }
}
