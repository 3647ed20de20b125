//! The organizations: forty written by hand, and as many more as wanted.

use super::{
    catalog::{PARTNERS, SUPPLIERS, WORKSHOPS},
    dice::Dice,
    names::{self, HOMES, LANDS, Land},
};
use crate::domain::{organization, world::Organization};
use serde_json::{Map, Value};

/// The deepest that anything lies below root.
pub(super) const DEEPEST: usize = 5;

/// An organization written by hand.
struct Fixed {
    store: usize,
    path: &'static str,
    land: &'static str,
    people: usize,
    about: &'static str,
    /// The mail domain of everybody in it; for those directly below root.
    domain: &'static str,
    inactive: bool,
}

const fn top(store: usize, path: &'static str, land: &'static str, people: usize, domain: &'static str, about: &'static str) -> Fixed {
    Fixed { store, path, land, people, about, domain, inactive: false }
}

const fn below(store: usize, path: &'static str, land: &'static str, people: usize, about: &'static str) -> Fixed {
    top(store, path, land, people, "", about)
}

const fn inactive(fixed: Fixed) -> Fixed {
    Fixed { inactive: true, ..fixed }
}

/// One wide tree (Nordhavn Freight), one deep one (Halden Retail Group), small ones and single ones; two are
/// inactive, one of them with a child. Parents stand before their children.
#[rustfmt::skip]
const FIXED: &[Fixed] = &[
    top(PARTNERS, "Nordhavn Freight", "DK", 150, "nordhavn.example", "Short sea and road freight from Aarhus to Tema. Partner since the first day of the platform."),
    below(PARTNERS, "Nordhavn Freight/Poland", "PL", 35, "Country office in Gdynia; books for all Polish sites."),
    below(PARTNERS, "Nordhavn Freight/Poland/Gdańsk terminal", "PL", 90, "Container terminal with its own customs desk."),
    below(PARTNERS, "Nordhavn Freight/Poland/Gdańsk terminal/Container yard", "PL", 25, ""),
    below(PARTNERS, "Nordhavn Freight/Poland/Gdynia depot", "PL", 22, ""),
    below(PARTNERS, "Nordhavn Freight/Le Havre", "FR", 60, "Terminal on the Quai de l’Atlantique."),
    below(PARTNERS, "Nordhavn Freight/Constanța", "RO", 45, "Grain and containers on the Black Sea."),
    below(PARTNERS, "Nordhavn Freight/Valencia", "ES", 55, ""),
    below(PARTNERS, "Nordhavn Freight/Tema port", "GH", 40, "Reefer terminal; works closely with Asante Foods."),
    below(PARTNERS, "Nordhavn Freight/Rotterdam yard", "NL", 48, "Empties and repairs."),
    below(PARTNERS, "Nordhavn Freight/Aarhus", "DK", 30, ""),
    below(PARTNERS, "Nordhavn Freight/Klaipėda", "LT", 20, ""),
    below(PARTNERS, "Nordhavn Freight/Piraeus", "GR", 26, ""),
    below(PARTNERS, "Nordhavn Freight/Koper", "SI", 18, ""),
    below(PARTNERS, "Nordhavn Freight/Trelleborg", "SE", 14, "Ferry terminal."),
    top(PARTNERS, "Halden Retail Group", "NO", 120, "halden.example", "Furniture and hardware stores in the Nordic countries."),
    below(PARTNERS, "Halden Retail Group/Nordics", "NO", 40, ""),
    below(PARTNERS, "Halden Retail Group/Nordics/Norway", "NO", 60, "Sixty-one stores, most of them with a goods counter."),
    below(PARTNERS, "Halden Retail Group/Nordics/Norway/Oslo region", "NO", 45, ""),
    below(PARTNERS, "Halden Retail Group/Nordics/Norway/Oslo region/Grünerløkka store", "NO", 30, "Pilot store for self-service returns."),
    top(PARTNERS, "Asante Foods", "GH", 140, "asantefoods.example", "Cocoa, cashew and frozen fruit from Ghana."),
    top(PARTNERS, "Companhia Atlântica de Logística", "BR", 95, "atlantica.example", "Coastal shipping in Brazil."),
    below(PARTNERS, "Companhia Atlântica de Logística/Terminal de Santos", "BR", 70, ""),
    below(PARTNERS, "Companhia Atlântica de Logística/Filial Manaus", "BR", 24, ""),
    top(PARTNERS, "Hoshino Shōji", "JP", 85, "hoshino.example", "Trading house in Kōbe; machine parts and spare parts."),
    top(PARTNERS, "Vindhya Roadlines", "IN", 110, "vindhya.example", "Road freight between Nagpur and the western ports."),
    inactive(top(PARTNERS, "Karsten & Söhne Spedition", "DE", 28, "karsten-soehne.example", "Contract ended; kept until the last invoice is settled.")),
    below(PARTNERS, "Karsten & Söhne Spedition/Lager Duisburg", "DE", 12, "Closed together with its parent."),
    top(SUPPLIERS, "Deccan Precision Works", "IN", 90, "deccan.example", "Gears and shafts from Pune."),
    below(SUPPLIERS, "Deccan Precision Works/Hosur plant", "IN", 60, ""),
    top(SUPPLIERS, "Sakamoto Bearings", "JP", 70, "sakamoto.example", "Bearings for cold stores and conveyors."),
    top(SUPPLIERS, "Fundición Aranda", "ES", 45, "aranda.example", "Castings; ISO 9001 until next spring."),
    top(SUPPLIERS, "Łódzkie Zakłady Gumowe", "PL", 50, "gumowe.example", "Seals, belts and tyres."),
    top(SUPPLIERS, "Brückner Hydraulik", "DE", 38, "brueckner.example", ""),
    inactive(top(SUPPLIERS, "Osei Fasteners", "GH", 9, "oseifasteners.example", "On hold while the new owner is being checked.")),
    top(WORKSHOPS, "Garagem Boa Vista", "PT", 40, "boavista.example", "Trucks and trailers, Porto."),
    top(WORKSHOPS, "Warsztat Kowalczyk", "PL", 26, "kowalczyk.example", "Family workshop near the A1 motorway."),
    top(WORKSHOPS, "Atelier Lambert", "FR", 50, "atelier-lambert.example", "Refrigeration units, three sites planned."),
    below(WORKSHOPS, "Atelier Lambert/Lyon", "FR", 32, ""),
    top(WORKSHOPS, "Werkplaats De Kade", "NL", 30, "dekade.example", "Repairs on the quay, day and night."),
];

/// How many are written by hand: no world has fewer.
pub(super) const FEWEST: usize = FIXED.len();

/// An organization with what is needed to fill it with people.
pub(super) struct Place {
    /// Its store, as an index.
    pub(super) store: usize,
    /// Names from the one below root down.
    pub(super) path: Vec<String>,
    /// The place above it, if that is not root.
    pub(super) parent: Option<usize>,
    /// Where it is at home.
    pub(super) land: usize,
    /// The tree it belongs to.
    pub(super) tree: usize,
    /// Its share of the people.
    pub(super) people: usize,
    /// How many children it has so far.
    children: usize,
}

/// What an organization below root shares with all below it.
pub(super) struct Tree {
    /// The mail domain.
    pub(super) domain: String,
    /// What stands between the names in an address.
    pub(super) separator: char,
    /// Whom the names start with.
    pub(super) offset: usize,
    /// How many people of each country have an address in it.
    pub(super) met: [u32; LANDS],
    /// All places in it.
    pub(super) places: Vec<usize>,
}

/// All organizations.
pub(super) struct Ground {
    /// Parents before children.
    pub(super) places: Vec<Place>,
    /// One per organization directly below root, and then those that are added for people who belong nowhere.
    pub(super) trees: Vec<Tree>,
}

/// A path from its written form.
pub(super) fn path(written: &str) -> Vec<String> {
    written.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

impl Ground {
    /// Another mail domain; its index.
    pub(super) fn domain(&mut self, domain: String, separator: char, dice: &mut Dice) -> usize {
        self.trees.push(Tree { domain, separator, offset: dice.below(1 << 20), met: [0; LANDS], places: Vec::new() });
        self.trees.len() - 1
    }

    fn add(&mut self, place: Place) -> usize {
        let index = self.places.len();
        self.trees[place.tree].places.push(index);
        if let Some(parent) = place.parent {
            self.places[parent].children += 1;
        }
        self.places.push(place);
        index
    }
}

/// As many organizations as asked for, at least [`FEWEST`], and their entries in the world file by store.
pub(super) fn grow(count: usize, lands: &[Land], dice: &mut Dice) -> (Ground, [Vec<Organization>; 3]) {
    let mut ground = Ground { places: Vec::with_capacity(count), trees: Vec::new() };
    let mut out: [Vec<Organization>; 3] = Default::default();
    for fixed in FIXED {
        let path = path(fixed.path);
        let above = path.len().checked_sub(2).map(|last| &path[..=last]);
        let parent = above.and_then(|above| ground.places.iter().position(|place| place.store == fixed.store && place.path == above));
        let tree = match parent {
            Some(parent) => ground.places[parent].tree,
            None => ground.domain(fixed.domain.to_owned(), '.', dice),
        };
        let land = names::land(fixed.land);
        out[fixed.store].push(entry(ground.places.len(), &path, fixed.about.to_owned(), fixed.inactive, dice));
        ground.add(Place { store: fixed.store, path, parent, land, tree, people: fixed.people, children: 0 });
    }
    // Places that may get children: generated ones only, so that the trees written by hand stay as they are.
    let mut open: [Vec<usize>; 3] = Default::default();
    let mut tops = [0; HOMES];
    // A country as often as it has names for firms.
    let homes: Vec<usize> = (0..HOMES).flat_map(|land| vec![land; lands[land].firms.len() * lands[land].trades.len()]).collect();
    while ground.places.len() < count {
        let store = match dice.below(10) {
            0..7 => PARTNERS,
            7..9 => SUPPLIERS,
            _ => WORKSHOPS,
        };
        let parent = match open[store].len() {
            candidates if candidates == 0 || dice.of_thousand(220) => None,
            // New ones make deep chains, old ones make wide trees.
            candidates if dice.of_thousand(500) => Some(open[store][candidates - 1 - dice.below(candidates.min(12))]),
            candidates => Some(open[store][dice.low(candidates)]),
        };
        let place = match parent {
            None => {
                let land = dice.pick(&homes);
                let (name, plain) = firm(&lands[land], tops[land]);
                tops[land] += 1;
                let separator = dice.pick(&['.', '.', '.', '_', '-']);
                let tree = ground.domain(format!("{plain}.example"), separator, dice);
                Place { store, path: vec![name], parent, land, tree, people: 0, children: 0 }
            }
            Some(above) => {
                let above = &ground.places[above];
                let name = if above.path.len() == 1 { site(&lands[above.land], above) } else { unit(above) };
                let path = above.path.iter().cloned().chain([name]).collect();
                Place { store, path, parent, land: above.land, tree: above.tree, people: 0, children: 0 }
            }
        };
        let place = Place { people: 1 + dice.low(30) + dice.low(20) / place.path.len(), ..place };
        let towns = &lands[place.land].towns;
        let about = if parent.is_none() { format!("Registered in {}.", towns[dice.below(towns.len())].text) } else { String::new() };
        let off = dice.of_thousand(12);
        out[store].push(entry(ground.places.len(), &place.path, about, off, dice));
        let deep = place.path.len();
        let index = ground.add(place);
        if deep < DEEPEST {
            open[store].push(index);
        }
    }
    (ground, out)
}

/// The `number`th firm of a country and its name in a domain: "Wisła Cargo", then "Wisła Cargo Gdynia", then with
/// numbers.
fn firm(land: &Land, number: usize) -> (String, String) {
    let pairs = land.firms.len() * land.trades.len();
    let place = names::stride(number, 3, pairs);
    let (firm, trade) = (&land.firms[place % land.firms.len()], &land.trades[place / land.firms.len()]);
    let round = number / pairs;
    let (mut text, mut plain) = (format!("{} {}", firm.text, trade.text), format!("{}-{}", firm.plain, trade.plain));
    if round > 0 {
        let town = &land.towns[(round - 1) % land.towns.len()];
        text = format!("{text} {}", town.text);
        plain = format!("{plain}-{}", town.plain);
    }
    if round > land.towns.len() {
        let again = (round - 1) / land.towns.len() + 1;
        text = format!("{text} {again}");
        plain = format!("{plain}-{again}");
    }
    (text, plain)
}

/// The next site of a firm: "Gdynia depot".
fn site(land: &Land, above: &Place) -> String {
    const KINDS: [&[&str]; 3] = [
        &["terminal", "depot", "warehouse", "branch", "yard", "hub", "office", "cold store"],
        &["plant", "works", "foundry", "warehouse", "office"],
        &["garage", "service point", "body shop", "tyre centre"],
    ];
    let (kinds, number) = (KINDS[above.store], above.children);
    let pairs = land.towns.len() * kinds.len();
    let place = names::stride(number, above.people * 5, pairs);
    let (town, kind) = (&land.towns[place % land.towns.len()].text, kinds[place / land.towns.len()]);
    if number < pairs { format!("{town} {kind}") } else { format!("{town} {kind} {}", number / pairs + 1) }
}

/// The next unit inside a site: "Container yard", below that "Customs desk", below that "Night shift".
fn unit(above: &Place) -> String {
    const UNITS: [&[&str]; 3] = [
        &[
            "Inbound",
            "Outbound",
            "Container yard",
            "Cross dock",
            "Rail siding",
            "Parts store",
            "Packing hall",
            "Repair shop",
            "Main building",
            "East hall",
            "West hall",
        ],
        &[
            "Customs desk",
            "Fleet desk",
            "Planning",
            "Returns",
            "Quality lab",
            "Tyre bay",
            "Goods counter",
            "Weighbridge",
            "Tool room",
            "Accounts",
        ],
        &["Early shift", "Late shift", "Night shift", "Weekend crew", "Trainees", "Stand-ins", "Agency staff"],
    ];
    let units = UNITS[above.path.len().clamp(2, 4) - 2];
    // Different below every parent, but never the same twice below one.
    let place = names::stride(above.children, above.people * 5, units.len());
    let round = above.children / units.len();
    if round == 0 { units[place].to_owned() } else { format!("{} {}", units[place], round + 1) }
}

/// The organization as the world file has it.
fn entry(index: usize, path: &[String], about: String, inactive: bool, dice: &mut Dice) -> Organization {
    let top = path.len() == 1;
    let mut metadata = Map::new();
    if top {
        metadata.insert("contract".into(), Value::from(format!("{}-{:04}", 2017 + dice.below(9), 100 + index)));
        metadata.insert("tier".into(), Value::from(dice.pick(&["gold", "silver", "silver", "standard", "standard"])));
    } else if dice.of_thousand(200) {
        metadata.insert("cost-centre".into(), Value::from(format!("{}", 40_000 + dice.below(9_000))));
    }
    Organization {
        id: None,
        path: path.to_vec(),
        description: about,
        status: if inactive { "inactive" } else { "active" }.to_owned(),
        external_id: (top || dice.of_thousand(300)).then(|| format!("MER-{:05}", 10_000 + index)),
        metadata,
        self_registration: !dice.of_thousand(150),
        organization_registration: !dice.of_thousand(150),
        slug: top.then(|| organization::slug_of(&path[0])),
        ..Organization::default()
    }
}
