//! The people who have a part in the demo, with what they hold. Everybody else is crowd.

use super::{
    catalog::{NAMES, PARTNERS, SUPPLIERS, WORKSHOPS},
    dice::Calendar,
    places::path,
};
use crate::domain::{
    administrator_role::SUPER_ADMINISTRATOR,
    world::{Account, Grant, GrantScope, Membership, RoleAssignment},
};

/// A person with a name in the story.
pub(super) struct Person {
    /// The store; none: Administrators, where everybody is a member of root.
    pub(super) store: Option<usize>,
    name: &'static str,
    /// E-mail, or user name where there is no at sign.
    identifier: &'static str,
    /// Where they are a member; empty: nowhere.
    pub(super) at: &'static str,
    /// What they do.
    pub(super) job: &'static str,
    also: &'static str,
    username: &'static str,
    status: &'static str,
    blocked: bool,
    also_blocked: bool,
    locked: bool,
    /// Hours since the last sign-in; none: never.
    seen: Option<i64>,
}

const fn person(store: usize, name: &'static str, identifier: &'static str, at: &'static str, job: &'static str) -> Person {
    Person {
        store: Some(store),
        name,
        identifier,
        at,
        job,
        also: "",
        username: "",
        status: "active",
        blocked: false,
        also_blocked: false,
        locked: false,
        seen: Some(30),
    }
}

const fn root(name: &'static str, identifier: &'static str) -> Person {
    Person { store: None, ..person(0, name, identifier, "", "") }
}

impl Person {
    const fn also(self, also: &'static str) -> Self {
        Self { also, ..self }
    }
    const fn also_blocked(self, also: &'static str) -> Self {
        Self { also, also_blocked: true, ..self }
    }
    const fn username(self, username: &'static str) -> Self {
        Self { username, ..self }
    }
    const fn invited(self) -> Self {
        Self { status: "invited", seen: None, ..self }
    }
    const fn disabled(self) -> Self {
        Self { status: "disabled", ..self }
    }
    const fn blocked(self) -> Self {
        Self { blocked: true, ..self }
    }
    const fn locked(self) -> Self {
        Self { locked: true, ..self }
    }
    const fn seen(self, hours: i64) -> Self {
        Self { seen: Some(hours), ..self }
    }
    const fn never(self) -> Self {
        Self { seen: None, ..self }
    }
}

/// The brand's own people.
#[rustfmt::skip]
const ROOT: &[Person] = &[
    root("Inês Ferreira", "ines.ferreira@meridian.example").username("ines").seen(2),
    root("Jonas Weber", "jonas.weber@meridian.example").seen(5),
    root("Clara Nyström", "clara.nystrom@meridian.example").seen(3),
    root("Hiroshi Tanabe", "hiroshi.tanabe@meridian.example").seen(50),
    root("Amara Diallo", "amara.diallo@meridian.example").seen(20),
    root("Priya Raman", "priya.raman@meridian.example").username("priya").seen(1),
    root("Kwame Boateng-Lindström", "kwame.boateng@meridian.example").seen(70),
    root("Babajide Ogunleye", "babajide.ogunleye@meridian.example").seen(120),
    root("Mei-Ling Chua", "mei-ling.chua@meridian.example").seen(26),
    root("Tamar Gelashvili", "tamar.gelashvili@meridian.example").never(),
    root("Noor", "noor@meridian.example").locked().seen(9),
    root("Zoë van Dijk", "zoe.vandijk@meridian.example").invited(),
    root("Pádraig Ó Súilleabháin", "padraig.osuilleabhain@meridian.example").disabled().seen(2_900),
    root("Linh Phạm", "linh.pham@meridian.example").seen(400),
];

/// Everybody else with a part.
#[rustfmt::skip]
const PEOPLE: &[Person] = &[
    // Nordhavn Freight: whom a search for "ana" finds.
    person(PARTNERS, "Ana Kovač", "ana.kovac@nordhavn.example", "Nordhavn Freight/Poland/Gdańsk terminal", "Shift lead").username("akovac").seen(8),
    person(PARTNERS, "Anaïs Bonnet", "a.bonnet@nordhavn.example", "Nordhavn Freight/Le Havre", "Customs agent").seen(28),
    person(PARTNERS, "Diana Petrescu", "diana.petrescu@nordhavn.example", "Nordhavn Freight/Constanța", "Compliance officer").seen(75),
    person(PARTNERS, "Joanna Wiśniewska", "joanna.w@nordhavn.example", "Nordhavn Freight/Poland/Gdańsk terminal", "Dispatcher").seen(130),
    person(PARTNERS, "Susana Prieto", "s.prieto@nordhavn.example", "Nordhavn Freight/Valencia", "Dispatcher").blocked().locked().seen(1_200),
    person(PARTNERS, "Nana Mensah", "nana.mensah@nordhavn.example", "Nordhavn Freight/Tema port", "Reefer technician").invited(),
    person(PARTNERS, "Rana Haddad", "rana@asantefoods.example", "Asante Foods", "Export clerk").seen(100),
    person(PARTNERS, "Kana Mori", "kana.mori@contractor.example", "", "Interpreter").seen(122),
    // Nordhavn Freight: its administrators and admins.
    person(PARTNERS, "Marta Silva", "marta.silva@nordhavn.example", "Nordhavn Freight", "Head of digital").username("marta").seen(4),
    person(PARTNERS, "Agnieszka Nowicka", "agnieszka.nowicka@nordhavn.example", "Nordhavn Freight", "Internal control").seen(11),
    person(PARTNERS, "Kacper Zieliński", "kacper.zielinski@nordhavn.example", "Nordhavn Freight/Poland", "Country manager").seen(6),
    person(PARTNERS, "Yusuf Demir", "yusuf.demir@nordhavn.example", "Nordhavn Freight/Rotterdam yard", "Yard manager").seen(31),
    person(PARTNERS, "Astrid Nørregaard", "astrid.norregaard@nordhavn.example", "Nordhavn Freight", "Office manager").seen(14),
    person(PARTNERS, "Mariana Duarte Pestana", "mariana.duarte@nordhavn.example", "Nordhavn Freight/Koper", "Trainer").also("Nordhavn Freight/Valencia").seen(40),
    person(PARTNERS, "Halina Brzęczyszczykiewicz", "halina.b@nordhavn.example", "Nordhavn Freight/Poland/Gdańsk terminal", "Terminal manager").seen(60),
    // Nordhavn Freight: its customer support.
    person(PARTNERS, "Marek Dąbrowski", "marek.dabrowski@nordhavn.example", "Nordhavn Freight", "Support lead").seen(7),
    person(PARTNERS, "Élodie Marchand", "elodie.marchand@nordhavn.example", "Nordhavn Freight/Le Havre", "Support agent").seen(22),
    person(PARTNERS, "Ștefan Munteanu", "stefan.munteanu@nordhavn.example", "Nordhavn Freight/Constanța", "Support agent").seen(16),
    person(PARTNERS, "Joaquín Ferrer Climent", "joaquin.ferrer@nordhavn.example", "Nordhavn Freight/Valencia", "Support agent").seen(90),
    person(PARTNERS, "Abena Owusu-Ansah", "abena.owusu@nordhavn.example", "Nordhavn Freight/Tema port", "Support agent").seen(45),
    person(PARTNERS, "Sanne de Vries", "sanne.devries@nordhavn.example", "Nordhavn Freight/Rotterdam yard", "Support agent").seen(52),
    person(PARTNERS, "Mads Østergaard", "mads.ostergaard@nordhavn.example", "Nordhavn Freight/Aarhus", "Support agent").seen(18),
    person(PARTNERS, "Rūta Kazlauskienė", "ruta.kazlauskiene@nordhavn.example", "Nordhavn Freight/Klaipėda", "Support agent").disabled().seen(2_100),
    person(PARTNERS, "Eleni Papadopoulou", "eleni.papadopoulou@nordhavn.example", "Nordhavn Freight/Piraeus", "Support agent").seen(33),
    person(PARTNERS, "Matjaž Hribar", "matjaz.hribar@nordhavn.example", "Nordhavn Freight/Koper", "Trainee").never(),
    person(PARTNERS, "Lovisa Ekström", "lovisa.ekstrom@nordhavn.example", "Nordhavn Freight/Trelleborg", "Support agent").locked().seen(10),
    person(PARTNERS, "Ifeoma Eze", "ifeoma.eze@asantefoods.example", "Asante Foods", "Cold chain manager").seen(66),
    person(PARTNERS, "Piotr Maj", "piotr.maj@nordhavn.example", "Nordhavn Freight/Poland/Gdynia depot", "Dispatcher").seen(300),
    // Nordhavn Freight: odd cases.
    person(PARTNERS, "Luc Delacroix", "luc.delacroix@nordhavn.example", "Nordhavn Freight/Le Havre", "Night dispatcher").blocked().seen(800),
    person(PARTNERS, "Tomasz Wójcicki", "tomasz.wojcicki@nordhavn.example", "Nordhavn Freight/Poland/Gdańsk terminal", "Fleet planner").also("Nordhavn Freight/Poland/Gdynia depot").seen(55),
    person(PARTNERS, "María Guadalupe Fernández de la Cruz y Villanueva Echeverría", "guadalupe.fernandez@nordhavn.example", "Nordhavn Freight/Valencia", "Customs agent").seen(210),
    person(PARTNERS, "Wahyuni", "wahyuni@nordhavn.example", "Nordhavn Freight/Rotterdam yard", "Crane operator").seen(500),
    person(PARTNERS, "Gate 2 shift desk", "gate2.desk", "Nordhavn Freight/Poland/Gdańsk terminal/Container yard", "Shared desk").seen(1),
    person(PARTNERS, "Weighbridge", "bascule-lehavre", "Nordhavn Freight/Le Havre", "Shared desk").seen(3),
    person(PARTNERS, "Kofi Acheampong", "kofi.acheampong@asantefoods.example", "Nordhavn Freight/Tema port", "Account manager").also_blocked("Asante Foods").seen(240),
    // Halden Retail Group.
    person(PARTNERS, "Henrik Solberg", "henrik.solberg@halden.example", "Halden Retail Group", "Head of IT").username("hsolberg").seen(5),
    person(PARTNERS, "Elin Lund", "elin.lund@halden.example", "Halden Retail Group", "Service desk lead").seen(12),
    person(PARTNERS, "Ingrid Haugen", "ingrid.haugen@halden.example", "Halden Retail Group/Nordics", "Regional manager").seen(36),
    person(PARTNERS, "Bjørn Østby", "bjorn.ostby@halden.example", "Halden Retail Group/Nordics/Norway/Oslo region", "Controller").seen(150),
    person(PARTNERS, "Sigrid Moe", "sigrid.moe@halden.example", "Halden Retail Group/Nordics/Norway/Oslo region/Grünerløkka store", "Store manager").seen(27),
    // Asante Foods.
    person(PARTNERS, "Efua Asante", "efua.asante@asantefoods.example", "Asante Foods", "Quality and audit").seen(13),
    person(PARTNERS, "Tunde Okafor", "tunde.okafor@asantefoods.example", "Asante Foods", "IT support").seen(19),
    person(PARTNERS, "Yaw Ofori", "yaw.ofori@asantefoods.example", "Asante Foods", "Operations director").seen(43),
    // The other partners.
    person(PARTNERS, "Luiza Cavalcanti", "luiza.cavalcanti@atlantica.example", "Companhia Atlântica de Logística", "Head of operations").seen(21),
    person(PARTNERS, "João Vítor Araújo", "joao.vitor@atlantica.example", "Companhia Atlântica de Logística/Terminal de Santos", "Terminal manager").seen(49),
    person(PARTNERS, "Kenji Hoshino", "kenji.hoshino@hoshino.example", "Hoshino Shōji", "Managing director").seen(260),
    person(PARTNERS, "Sakura Nishimura", "sakura.nishimura@hoshino.example", "Hoshino Shōji", "Buyer").also("Nordhavn Freight/Aarhus").seen(15),
    person(PARTNERS, "Venkatanarasimharajuvaripeta Lakshminarayana Subramaniam", "v.l.subramaniam@vindhya.example", "Vindhya Roadlines", "Fleet manager").seen(88),
    person(PARTNERS, "Madhuri", "madhuri@vindhya.example", "Vindhya Roadlines", "Founder").seen(47),
    person(PARTNERS, "Jürgen Karsten", "juergen@karsten-soehne.example", "Karsten & Söhne Spedition", "Managing director").seen(3_400),
    person(PARTNERS, "Silke Brandt", "silke.brandt@karsten-soehne.example", "Karsten & Söhne Spedition/Lager Duisburg", "Warehouse lead").seen(3_700),
    // Suppliers.
    person(SUPPLIERS, "Anjali Deshpande", "anjali.deshpande@deccan.example", "Deccan Precision Works", "IT manager").seen(17),
    person(SUPPLIERS, "Rohan Kulkarni", "rohan.kulkarni@deccan.example", "Deccan Precision Works/Hosur plant", "Plant manager").locked().seen(95),
    person(SUPPLIERS, "Haruto Sakamoto", "haruto@sakamoto.example", "Sakamoto Bearings", "Sales director").seen(33),
    person(SUPPLIERS, "Sofía Herrera", "sofia.herrera@aranda.example", "Fundición Aranda", "External auditor").also("Deccan Precision Works").seen(140),
    person(SUPPLIERS, "Kwabena Osei", "kwabena.osei@oseifasteners.example", "Osei Fasteners", "Owner").seen(2_000),
    person(SUPPLIERS, "Ottilie Freiin von Brückner-Hohenlohe", "ottilie@brueckner.example", "Brückner Hydraulik", "Owner").seen(700),
    // Workshops.
    person(WORKSHOPS, "Camille Lambert", "camille@atelier-lambert.example", "Atelier Lambert", "Owner").seen(24),
    person(WORKSHOPS, "Mariusz Kowalczyk", "mariusz@kowalczyk.example", "Warsztat Kowalczyk", "Owner").seen(38),
    person(WORKSHOPS, "Graça Boavista", "graca@boavista.example", "Garagem Boa Vista", "Reception").locked().seen(57),
    person(WORKSHOPS, "Sander van der Kade", "sander@dekade.example", "Werkplaats De Kade", "Owner").also("Atelier Lambert").seen(71),
    person(WORKSHOPS, "Night bay", "night-bay", "Werkplaats De Kade", "Mechanic").seen(6),
];

/// Everybody with a part, with their entries in the world file.
pub(super) fn people(calendar: Calendar) -> impl Iterator<Item = (&'static Person, Account)> {
    ROOT.iter().chain(PEOPLE).map(move |person| (person, person.account(calendar)))
}

impl Person {
    fn account(&self, calendar: Calendar) -> Account {
        let (email, username) =
            if self.identifier.contains('@') { (Some(self.identifier), self.username) } else { (None, self.identifier) };
        let membership =
            |at: &str, blocked| Membership { organization: path(at), status: if blocked { "blocked" } else { "active" }.to_owned() };
        let first = (!self.at.is_empty()).then(|| membership(self.at, self.blocked));
        let second = (!self.also.is_empty()).then(|| membership(self.also, self.also_blocked));
        Account {
            email: email.map(str::to_owned),
            username: (!username.is_empty()).then(|| username.to_owned()),
            name: self.name.to_owned(),
            status: Some(self.status.to_owned()),
            locked_until: self.locked.then(|| calendar.in_seconds(14 * 60)),
            last_sign_in: self.seen.map(|hours| calendar.in_seconds(-hours * 3600 - 17 * (self.name.len() as i64))),
            memberships: first.into_iter().chain(second).collect(),
            ..Account::default()
        }
    }
}

/// The dates of an assignment or grant, in days from today.
#[derive(Clone, Copy)]
struct Days {
    from: Option<i32>,
    until: Option<i32>,
}

const ALWAYS: Days = Days { from: None, until: None };

const fn from(days: i32) -> Days {
    Days { from: Some(days), ..ALWAYS }
}

const fn until(days: i32) -> Days {
    Days { until: Some(days), ..ALWAYS }
}

/// A pair that the crowd leaves alone, so that the number of its holders stays.
pub(super) const SUPPORT_AT_NORDHAVN: (&str, &str) = ("Customer support", "Nordhavn Freight");

/// Store, role, where, who, when, why.
#[rustfmt::skip]
const ASSIGNMENTS: &[(usize, &str, &str, &str, Days, &str)] = &[
    // Twelve hold Customer support in Nordhavn Freight; the thirteenth did.
    (PARTNERS, "Customer support", "Nordhavn Freight", "marek.dabrowski@nordhavn.example", ALWAYS, "Leads the support team in Aarhus."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "elodie.marchand@nordhavn.example", ALWAYS, "Support rota."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "stefan.munteanu@nordhavn.example", ALWAYS, "Support rota."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "joaquin.ferrer@nordhavn.example", ALWAYS, "Support rota."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "abena.owusu@nordhavn.example", ALWAYS, ""),
    (PARTNERS, "Customer support", "Nordhavn Freight", "sanne.devries@nordhavn.example", ALWAYS, "Support rota, weekends."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "mads.ostergaard@nordhavn.example", ALWAYS, ""),
    (PARTNERS, "Customer support", "Nordhavn Freight", "ruta.kazlauskiene@nordhavn.example", ALWAYS, "On parental leave; account disabled meanwhile."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "eleni.papadopoulou@nordhavn.example", until(6), "Stands in until the new colleague has settled in."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "matjaz.hribar@nordhavn.example", from(14), "Starts after the training week."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "lovisa.ekstrom@nordhavn.example", ALWAYS, ""),
    (PARTNERS, "Customer support", "Nordhavn Freight", "ifeoma.eze@asantefoods.example", ALWAYS, "Helps with reefer customers; works for Asante Foods."),
    (PARTNERS, "Customer support", "Nordhavn Freight", "piotr.maj@nordhavn.example", until(-10), "Stood in over the summer."),
    (PARTNERS, "Admin", "Nordhavn Freight", "astrid.norregaard@nordhavn.example", ALWAYS, "Named in the partner contract."),
    (PARTNERS, "Admin", "Nordhavn Freight/Poland", "kacper.zielinski@nordhavn.example", ALWAYS, "Country manager."),
    (PARTNERS, "Admin", "Nordhavn Freight/Poland/Gdańsk terminal", "halina.b@nordhavn.example", ALWAYS, ""),
    (PARTNERS, "Password desk", "Nordhavn Freight/Poland/Gdańsk terminal/Container yard", "halina.b@nordhavn.example", ALWAYS, ""),
    (PARTNERS, "Org auditor", "Nordhavn Freight/Constanța", "diana.petrescu@nordhavn.example", ALWAYS, "Yearly review."),
    (PARTNERS, "Customer support", "Nordhavn Freight/Le Havre", "luc.delacroix@nordhavn.example", ALWAYS, "Suspended while blocked."),
    (PARTNERS, "Admin", "Nordhavn Freight/Koper", "mariana.duarte@nordhavn.example", ALWAYS, "Sets up the new site."),
    (PARTNERS, "Org auditor", "Nordhavn Freight", "mariana.duarte@nordhavn.example", until(80), "Checks that everybody was trained."),
    (PARTNERS, "Verification desk", "Nordhavn Freight/Valencia", "mariana.duarte@nordhavn.example", ALWAYS, ""),
    (PARTNERS, "Customer support", "Nordhavn Freight/Aarhus", "mariana.duarte@nordhavn.example", from(21), "Stands in over the holidays."),
    (PARTNERS, "Password desk", "Nordhavn Freight/Poland/Gdańsk terminal", "gate2.desk", ALWAYS, "Resets for drivers at the gate."),
    (PARTNERS, "Admin", "Halden Retail Group", "henrik.solberg@halden.example", ALWAYS, "Named in the partner contract."),
    (PARTNERS, "Admin", "Halden Retail Group/Nordics", "ingrid.haugen@halden.example", ALWAYS, ""),
    (PARTNERS, "Org auditor", "Halden Retail Group/Nordics/Norway", "bjorn.ostby@halden.example", until(5), "Until the audit is over."),
    (PARTNERS, "Customer support", "Halden Retail Group/Nordics/Norway/Oslo region/Grünerløkka store", "sigrid.moe@halden.example", ALWAYS, "Pilot store."),
    (PARTNERS, "Org auditor", "Asante Foods", "efua.asante@asantefoods.example", ALWAYS, "Quality and audit."),
    (PARTNERS, "Admin", "Asante Foods", "yaw.ofori@asantefoods.example", ALWAYS, ""),
    (PARTNERS, "Admin", "Companhia Atlântica de Logística", "luiza.cavalcanti@atlantica.example", ALWAYS, ""),
    (PARTNERS, "Verification desk", "Companhia Atlântica de Logística/Terminal de Santos", "joao.vitor@atlantica.example", ALWAYS, "Checks drivers’ papers."),
    (PARTNERS, "Founder", "Hoshino Shōji", "kenji.hoshino@hoshino.example", ALWAYS, ""),
    (PARTNERS, "Founder", "Vindhya Roadlines", "madhuri@vindhya.example", ALWAYS, ""),
    (PARTNERS, "Customer support", "Vindhya Roadlines", "v.l.subramaniam@vindhya.example", from(3), "After the handover."),
    (PARTNERS, "Admin", "Karsten & Söhne Spedition", "juergen@karsten-soehne.example", ALWAYS, "Sleeps while the organization is inactive."),
    (PARTNERS, "Admin", "Karsten & Söhne Spedition/Lager Duisburg", "silke.brandt@karsten-soehne.example", ALWAYS, ""),
    (SUPPLIERS, "Admin", "Deccan Precision Works", "anjali.deshpande@deccan.example", ALWAYS, ""),
    (SUPPLIERS, "Admin", "Deccan Precision Works/Hosur plant", "rohan.kulkarni@deccan.example", ALWAYS, "Plant manager."),
    (SUPPLIERS, "Admin", "Sakamoto Bearings", "haruto@sakamoto.example", ALWAYS, ""),
    (SUPPLIERS, "Org auditor", "Fundición Aranda", "sofia.herrera@aranda.example", until(40), "ISO 9001 audit."),
    (SUPPLIERS, "Admin", "Osei Fasteners", "kwabena.osei@oseifasteners.example", ALWAYS, ""),
    (WORKSHOPS, "Admin", "Atelier Lambert", "camille@atelier-lambert.example", ALWAYS, ""),
    (WORKSHOPS, "Admin", "Warsztat Kowalczyk", "mariusz@kowalczyk.example", ALWAYS, ""),
    (WORKSHOPS, "Password desk", "Garagem Boa Vista", "graca@boavista.example", ALWAYS, ""),
    (WORKSHOPS, "Customer support", "Atelier Lambert", "sander@dekade.example", until(30), "Covers for Lyon while it is being rebuilt."),
];

/// The assignments of these people, each with its store.
pub(super) fn assignments(calendar: Calendar) -> impl Iterator<Item = (usize, RoleAssignment)> {
    ASSIGNMENTS.iter().map(move |(store, role, at, who, days, why)| {
        let given = RoleAssignment {
            role: (*role).to_owned(),
            organization: path(at),
            account: (*who).to_owned(),
            starts: days.from.map(|day| calendar.day(day)),
            ends: days.until.map(|day| calendar.day(day)),
            reason: (*why).to_owned(),
        };
        (*store, given)
    })
}

/// A scope: the owner's store (none: root) and path, the scope's name. None: a grant without a scope.
type Over = Option<(Option<usize>, &'static str, &'static str)>;

struct Given {
    role: &'static str,
    /// The account's store; none: Administrators.
    store: Option<usize>,
    who: &'static str,
    over: Over,
    days: Days,
    why: &'static str,
    /// The name of a cascading one.
    key: &'static str,
    /// The name of the one it was made through.
    through: &'static str,
}

const EVERYTHING: Over = None;
const EVERY_PARTNER: Over = Some((None, "", "Every partner and supplier"));
const NORDHAVN: Over = Some((Some(PARTNERS), "Nordhavn Freight", "All of Nordhavn"));
const TERMINALS: Over = Some((Some(PARTNERS), "Nordhavn Freight", "Nordhavn terminals"));
const POLAND: Over = Some((Some(PARTNERS), "Nordhavn Freight/Poland", "Poland and below"));
const HALDEN: Over = Some((Some(PARTNERS), "Halden Retail Group", "Halden head office and regions"));
const ASANTE: Over = Some((Some(PARTNERS), "Asante Foods", "Asante only"));
const KARSTEN: Over = Some((Some(PARTNERS), "Karsten & Söhne Spedition", "Karsten with its warehouse"));
const DECCAN: Over = Some((Some(SUPPLIERS), "Deccan Precision Works", "Deccan and its plants"));

const fn given(role: &'static str, store: Option<usize>, who: &'static str, over: Over, days: Days, why: &'static str) -> Given {
    Given { role, store, who, over, days, why, key: "", through: "" }
}

const fn cascading(key: &'static str, given: Given) -> Given {
    Given { key, ..given }
}

const fn through(through: &'static str, given: Given) -> Given {
    Given { through, ..given }
}

const BRAND: Option<usize> = None;
const PARTNER: Option<usize> = Some(PARTNERS);
const SUPPLIER: Option<usize> = Some(SUPPLIERS);

#[rustfmt::skip]
const GRANTS: &[Given] = &[
    given(SUPER_ADMINISTRATOR, BRAND, "ines.ferreira@meridian.example", EVERYTHING, ALWAYS, "Runs the platform."),
    given(SUPER_ADMINISTRATOR, BRAND, "jonas.weber@meridian.example", EVERYTHING, ALWAYS, "Stands in for Inês."),
    given("Partner operations", BRAND, "clara.nystrom@meridian.example", EVERY_PARTNER, ALWAYS, "Runs the partner programme."),
    given("Partner operations", BRAND, "hiroshi.tanabe@meridian.example", EVERYTHING, ALWAYS, "Keeps the organization roles; no partner’s people."),
    given("Log reader", BRAND, "amara.diallo@meridian.example", EVERY_PARTNER, ALWAYS, "Security team."),
    given("Log reader", BRAND, "noor@meridian.example", EVERYTHING, ALWAYS, "Security team."),
    given("Log reader", BRAND, "tamar.gelashvili@meridian.example", EVERYTHING, from(9), "Joins the security team."),
    given("Log reader", BRAND, "padraig.osuilleabhain@meridian.example", EVERYTHING, until(-120), "Left the security team."),
    given("Regional helpdesk", BRAND, "priya.raman@meridian.example", NORDHAVN, ALWAYS, "First line for Nordhavn."),
    given("Regional helpdesk", BRAND, "kwame.boateng@meridian.example", EVERY_PARTNER, ALWAYS, "Second line."),
    given("Auditor", BRAND, "babajide.ogunleye@meridian.example", EVERY_PARTNER, Days { from: Some(-30), until: Some(20) }, "Yearly review."),
    given("Assignment viewer", BRAND, "mei-ling.chua@meridian.example", EVERY_PARTNER, ALWAYS, "Licence counting."),
    cascading("marta-nordhavn", given("Partner manager", PARTNER, "marta.silva@nordhavn.example", NORDHAVN, ALWAYS, "Nordhavn manages itself.")),
    through("marta-nordhavn", given("Partner manager", PARTNER, "kacper.zielinski@nordhavn.example", POLAND, ALWAYS, "Poland manages itself.")),
    through("marta-nordhavn", given("Partner manager", PARTNER, "yusuf.demir@nordhavn.example", TERMINALS, until(45), "Rolls out the new yard software.")),
    given("Assignment viewer", PARTNER, "agnieszka.nowicka@nordhavn.example", NORDHAVN, ALWAYS, "Internal control."),
    given("Auditor", PARTNER, "agnieszka.nowicka@nordhavn.example", TERMINALS, until(-25), "Review of the terminals."),
    given("Regional helpdesk", PARTNER, "elin.lund@halden.example", HALDEN, ALWAYS, "Halden has its own service desk."),
    given("Regional helpdesk", PARTNER, "tunde.okafor@asantefoods.example", ASANTE, ALWAYS, ""),
    given("Regional helpdesk", PARTNER, "kofi.acheampong@asantefoods.example", ASANTE, ALWAYS, "Suspended: moved to Tema port."),
    given("Partner manager", PARTNER, "juergen@karsten-soehne.example", KARSTEN, ALWAYS, "Until the contract ended."),
    given("Regional helpdesk", SUPPLIER, "anjali.deshpande@deccan.example", DECCAN, ALWAYS, ""),
    given("Auditor", SUPPLIER, "sofia.herrera@aranda.example", DECCAN, from(10), "External audit of the plants."),
];

/// All grants.
pub(super) fn grants(calendar: Calendar) -> Vec<Grant> {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    GRANTS
        .iter()
        .map(|given| Grant {
            id: None,
            role: given.role.to_owned(),
            account: given.who.to_owned(),
            store: given.store.map(|store| NAMES[store].to_owned()),
            cascading: !given.key.is_empty(),
            key: filled(given.key),
            through: filled(given.through),
            scope: given.over.map(|(store, owner, name)| GrantScope {
                store: store.map(|store| NAMES[store].to_owned()),
                organization: path(owner),
                name: name.to_owned(),
            }),
            starts: given.days.from.map(|day| calendar.day(day)),
            ends: given.days.until.map(|day| calendar.day(day)),
            reason: given.why.to_owned(),
        })
        .collect()
}
