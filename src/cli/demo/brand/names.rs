//! Words from many countries: people, towns and firms. Spaces inside a word are written as `_`.

use crate::domain::text;

/// The words of a country. Family names and firms occur in one country only, also without their accents:
/// that is what makes generated e-mail addresses and organizations unique by construction.
struct Words {
    code: &'static str,
    dial: &'static str,
    language: &'static str,
    given: &'static str,
    family: &'static str,
    towns: &'static str,
    firms: &'static str,
    trades: &'static str,
}

#[rustfmt::skip]
const COUNTRIES: &[Words] = &[
    Words {
        code: "PL", dial: "48", language: "Polish",
        given: "Agnieszka Bartosz Dorota Filip Grażyna Hubert Iwona Jakub Katarzyna Łukasz Małgorzata Michał Paweł Renata Sławomir Urszula Wojciech Zofia",
        family: "Nowak Wójcik Kowalczyk Mazur Krawczyk Zając Król Wróbel Dudek Stępień Pająk Sikora Baran Duda Szewczyk Pietrzak Wilk Gołąb",
        towns: "Gdynia Szczecin Poznań Wrocław Łódź Katowice Lublin Białystok Bydgoszcz Rzeszów",
        firms: "Wisła Bursztyn Żubrówek Tatrzańska Kujawa Mewa Orlik Sokół", trades: "Cargo Spedycja Logistyka Części Transport",
    },
    Words {
        code: "NO", dial: "47", language: "English",
        given: "Anders Astrid Eirik Gro Håkon Ida Jorunn Kåre Liv Magnus Nils Oddvar Ragnhild Sindre Solveig Tor Unni Øyvind",
        family: "Aasen Bakken Berge Dahl Eide Fjeld Gundersen Haugland Iversen Knutsen Lie Myhre Nygård Ødegård Sæther Tveit Vik Strand",
        towns: "Bergen Stavanger Tromsø Ålesund Drammen Bodø Kristiansand Molde",
        firms: "Fjordlys Nordvind Havørn Skarv Tinden Ulvøya", trades: "Frakt Logistikk Deler Shipping",
    },
    Words {
        code: "SE", dial: "46", language: "English",
        given: "Alva Björn Cecilia Elsa Fredrik Göran Hedda Ingmar Johanna Kerstin Linnéa Mattias Niklas Pernilla Rasmus Saga Torbjörn Åsa",
        family: "Andersson Bergqvist Dahlgren Ek Forsberg Grönlund Holmström Isaksson Jönsson Källström Lindqvist Månsson Nordin Sandberg Sjögren Wallin Åkerlund Öberg",
        towns: "Göteborg Malmö Uppsala Västerås Gävle Norrköping Luleå Helsingborg",
        firms: "Älvkraft Björkdal Granitö Mälarvik Sjöstjärnan Tallbacken", trades: "Åkeri Frakt Reservdelar Lager",
    },
    Words {
        code: "DK", dial: "45", language: "English",
        given: "Anne Birgitte Christian Ditte Emil Freja Gitte Henning Jeppe Karen Lærke Mikkel Nanna Palle Rikke Søren Troels Zenia",
        family: "Andreasen Bøgh Christensen Damgaard Frandsen Graversen Hjorth Jepsen Kjær Laursen Mortensen Nørgaard Olesen Poulsen Rasmussen Skov Thomsen Vestergaard",
        towns: "Esbjerg Odense Aalborg Horsens Kolding Vejle Svendborg",
        firms: "Bølgen Klinten Ravnen Strandby Vadehav", trades: "Fragt Spedition Dele",
    },
    Words {
        code: "DE", dial: "49", language: "German",
        given: "Anke Bernd Christoph Dörte Elke Florian Gisela Heike Ingo Jörg Katrin Lutz Manuela Norbert Petra Rüdiger Sabine Uwe",
        family: "Albrecht Böhm Dietrich Engel Fuchs Großmann Hartmann Jäger Krüger Lehmann Müller Neumann Pfeiffer Richter Schäfer Thiele Vogt Zimmermann",
        towns: "Hamburg Bremen Duisburg Leipzig Mannheim Nürnberg Köln Rostock Kassel",
        firms: "Elbtal Falkenhof Grünwald Isarau Rheinfels Silberbach Tannenhof", trades: "Spedition Fördertechnik Ersatzteile Großhandel",
    },
    Words {
        code: "FR", dial: "33", language: "French",
        given: "Aurélie Benoît Chloé Damien Éric Françoise Gaël Hélène Inès Jérôme Léa Mathieu Noémie Océane Pascal Raphaël Solène Théo",
        family: "Aubert Besson Chevalier Dufour Fournier Garnier Hénault Jacquet Lacroix Lefèvre Moreau Noël Perrin Renaud Roussel Tessier Vasseur Le_Goff",
        towns: "Marseille Nantes Bordeaux Dunkerque Lille Rouen Strasbourg Toulouse",
        firms: "Belvoie Cormoran Garrigue Mistralie Clairlieu Valbrune", trades: "Fret Transports Pièces Distribution",
    },
    Words {
        code: "ES", dial: "34", language: "Spanish",
        given: "Álvaro Begoña Carmen Diego Esperanza Fermín Gonzalo Inmaculada Íñigo Jimena Lucía Martín Nuria Óscar Pilar Rocío Santiago Verónica",
        family: "Aguilar Benítez Castaño Domínguez Esteban Fuentes Gallardo Hidalgo Ibáñez Jiménez Lozano Molina Navarro Ortega Peña Quintana Rubio Zamora",
        towns: "Algeciras Bilbao Sevilla Zaragoza Vigo Málaga Tarragona",
        firms: "Almenara Cierzo Olivar Peñalta Sierranova", trades: "Carga Repuestos Transportes",
    },
    Words {
        code: "PT", dial: "351", language: "Portuguese",
        given: "Afonso Beatriz Catarina Duarte Filipa Gonçalo Helena Inácio Joana Leonor Miguel Nuno Otília Rui Sónia Teresa Vasco Xavier",
        family: "Almeida Barbosa Carvalho Duarte Figueiredo Gouveia Henriques Lourenço Marques Neves Oliveira Pacheco Queirós Ramos Sequeira Teixeira Valente Simões",
        towns: "Lisboa Porto Setúbal Aveiro Braga Sines",
        firms: "Atlântida Cabo_Alto Sobreiro Tejo_Azul", trades: "Cargas Armazéns Peças",
    },
    Words {
        code: "BR", dial: "55", language: "Portuguese",
        given: "Adriana Bruno Camila Débora Everton Flávia Gabriel Heloísa Ítalo Juliana Kauã Larissa Murilo Natália Otávio Raíssa Thiago Yara",
        family: "Araújo Bezerra Cardoso Dantas Farias Guimarães Lacerda Macedo Nascimento Pinheiro Queiroz Rezende Sampaio Tavares Uchôa Vasconcelos Moura da_Conceição",
        towns: "Santos Recife Manaus Curitiba Salvador Fortaleza Belém Itajaí",
        firms: "Araçá Igarapé Jacarandá Sabiá Tucumã", trades: "Logística Transportadora Autopeças",
    },
    Words {
        code: "RO", dial: "40", language: "English",
        given: "Adrian Bogdan Cristina Dragoș Elena Florin Gheorghe Ileana Ionuț Larisa Mihaela Nicoleta Octavian Răzvan Simona Traian Vasile Anca",
        family: "Albu Barbu Ciobanu Dumitrescu Enache Florea Georgescu Ilie Lupu Manole Niță Oprea Popa Rusu Stoica Țurcanu Ungureanu Văcărescu",
        towns: "București Cluj-Napoca Timișoara Galați Brașov Iași",
        firms: "Carpatica Dunărea Stejarul Zorile", trades: "Marfă Transporturi Piese",
    },
    Words {
        code: "LT", dial: "370", language: "English",
        given: "Aistė Dainius Eglė Gintaras Indrė Jonas Kristina Linas Mantas Neringa Ona Povilas Rasa Saulius Tomas Ugnė Vilma Žygimantas",
        family: "Adomaitis Balčiūnas Dambrauskas Grigas Jankauskas Kairys Lukošius Mažeika Norkus Petrauskas Rimkus Sabonis Stankus Urbonas Valaitis Žukas Butkus Vaitkus",
        towns: "Vilnius Kaunas Šiauliai Panevėžys Alytus",
        firms: "Audrinė Nemunėlis Vėtrungė", trades: "Kroviniai Dalys Logistika",
    },
    Words {
        code: "GR", dial: "30", language: "English",
        given: "Andreas Chrysoula Dimitris Evangelia Fotis Giorgos Ioanna Katerina Lefteris Maria Nikos Olga Panagiotis Sofia Thanasis Vasiliki Xenia Zoi",
        family: "Alexiou Dimopoulos Economou Fotiadis Galanis Ioannidis Karagiannis Lambrou Makris Nikolaidis Pappas Samaras Theodorou Vlachos Xenakis Zervas Kontos Tsakiris",
        towns: "Thessaloniki Patras Volos Heraklion Kavala",
        firms: "Aigli Meltemi Pelagos", trades: "Cargo Freight Parts",
    },
    Words {
        code: "NL", dial: "31", language: "English",
        given: "Bram Carlijn Daan Eline Floris Geert Hanneke Ilse Jeroen Koen Lotte Maarten Noortje Pim Roos Sjoerd Tessa Wouter",
        family: "Bakker de_Boer Dekker van_den_Berg Hoekstra Jansen Kuipers van_Leeuwen Meijer Postma Smit Timmermans Verhoeven Visser de_Wit van_der_Zee Brouwer Veenstra",
        towns: "Rotterdam Eindhoven Utrecht Groningen Vlissingen Venlo",
        firms: "Duinrand Kwelder Polderzicht Waterlinie", trades: "Vracht Onderdelen Overslag",
    },
    Words {
        code: "SI", dial: "386", language: "English",
        given: "Andreja Boštjan Damjan Franc Goran Irena Janez Klavdija Luka Mojca Nejc Polona Rok Špela Tadej Urška Vesna Žiga",
        family: "Bizjak Cerar Erjavec Golob Horvat Jereb Kos Lešnik Mlakar Oblak Perić Rožman Šuštar Turk Vidmar Zupančič Žagar Petek",
        towns: "Ljubljana Maribor Celje Rijeka Split",
        firms: "Jadranka Kraševka Triglavec", trades: "Tovor Deli Prevoz",
    },
    Words {
        code: "GB", dial: "44", language: "English",
        given: "Alistair Bethan Callum Deirdre Eleanor Fergus Gareth Harriet Imogen Jack Keira Lewis Morag Niamh Oliver Rhys Siobhán Tamsin",
        family: "Ainsworth Barlow Campbell Davies Ellison Fairfax Griffiths Hughes Jones MacLeod Nicholls O'Brien Pritchard Robertson Sinclair Thornton Whitaker O'Sullivan",
        towns: "Felixstowe Hull Leeds Bristol Cardiff Glasgow Belfast",
        firms: "Ashdown Blackfell Fernhill Harrowgate Larkspur Stonebridge", trades: "Haulage Parts Freight Distribution",
    },
    Words {
        code: "GH", dial: "233", language: "English",
        given: "Adjoa Akosua Ama Ebo Esi Fiifi Kojo Kwaku Kwesi Maame Naa Nii Paa Selorm Yaa Yaw Afia Dela",
        family: "Adjei Agyeman Amoako Antwi Baidoo Boateng Darko Frimpong Gyasi Kuffour Lamptey Mensah Nkrumah Opoku Quaye Sarpong Tetteh Yeboah",
        towns: "Accra Kumasi Takoradi Tamale",
        firms: "Adom Sankofa Volta_Star", trades: "Haulage Foods Spares",
    },
    Words {
        code: "NG", dial: "234", language: "English",
        given: "Adaeze Bolanle Chidi Damilola Efe Folake Gbenga Halima Ikenna Jumoke Kelechi Lateef Musa Ngozi Obinna Sade Uche Zainab",
        family: "Abubakar Adeyemi Balogun Chukwu Danjuma Ekwueme Fashola Ibrahim Igwe Lawal Nwosu Obi Ogunbanjo Okafor Onyeka Sanusi Umeh Yakubu",
        towns: "Lagos Port_Harcourt Kano Ibadan",
        firms: "Harmattan Iroko Zumarock", trades: "Haulage Motors Spares",
    },
    Words {
        code: "JP", dial: "81", language: "Japanese",
        given: "Akira Chiyo Daichi Emi Fumiko Haruka Ichirō Jun Kaori Makoto Natsuki Ren Satoshi Takumi Yōko Yūta Shin'ichi Miho",
        family: "Abe Endō Fujimoto Hayashi Inoue Itō Kimura Matsuda Nakagawa Ōno Saitō Sasaki Shimizu Takahashi Ueda Watanabe Yamashita Mori",
        towns: "Yokohama Kōbe Nagoya Fukuoka Sendai Ōsaka",
        firms: "Akatsuki Kaede Mikazuki", trades: "Unyu Buhin Soko",
    },
    Words {
        code: "IN", dial: "91", language: "English",
        given: "Aditi Arjun Bhavana Chandrasekhar Deepika Farhan Gopal Harpreet Ishita Jayanthi Karthik Lakshmi Manish Nandini Rajesh Sunita Tanvi Vikram",
        family: "Agarwal Bhattacharya Chatterjee D'Souza Gupta Iyer Joshi Krishnamurthy Mehta Nair Patel Rao Sharma Singh Srinivasan Trivedi Varma Reddy",
        towns: "Pune Chennai Mumbai Kochi Ahmedabad Nagpur Hyderabad",
        firms: "Chandan Konark Malhar Neelam", trades: "Roadways Components Engineering Carriers",
    },
    Words {
        code: "TR", dial: "90", language: "English",
        given: "Ayşe Burak Cem Defne Emre Fatma Gülşen Hakan İpek Kemal Leyla Mehmet Nesrin Onur Pınar Selin Tuğba Ümit",
        family: "Acar Bulut Çelik Doğan Ertürk Güneş Işık Kılıç Öztürk Polat Şahin Tekin Uçar Yıldız Aydın Korkmaz Aksoy Toprak",
        towns: "İzmir Mersin Bursa Kocaeli Trabzon",
        firms: "Anka Boğaz_Yolu Lale", trades: "Nakliyat Lojistik Yedek_Parça",
    },
    Words {
        code: "VN", dial: "84", language: "English",
        given: "An Bình Chi Đức Giang Hạnh Khánh Lan Minh Ngọc Phúc Quân Sơn Thảo Tuấn Uyên Vy Xuân",
        family: "Bùi Đặng Đỗ Hoàng Huỳnh Lê Lý Mai Ngô Nguyễn Phan Phạm Trần Trương Võ Vũ Dương Hồ",
        towns: "Hải_Phòng Đà_Nẵng Cần_Thơ",
        firms: "Sao_Biển Tre_Xanh", trades: "Vận_Tải Phụ_Tùng",
    },
    Words {
        code: "UA", dial: "380", language: "English",
        given: "Andriy Bohdana Dmytro Halyna Iryna Kateryna Lesia Mykola Nadiia Oksana Pavlo Roman Solomiia Taras Uliana Vasyl Yaroslav Zoriana",
        family: "Bondarenko Doroshenko Franko Hrytsenko Ivanenko Koval Lysenko Marchenko Onyshchenko Petrenko Rudenko Savchenko Shevchenko Tkachenko Yurchenko Zhuk Kravets Moroz",
        towns: "Odesa Lviv Dnipro Kyiv",
        firms: "Kalynivka Stepova", trades: "Vantazh Detali",
    },
    Words {
        code: "MA", dial: "212", language: "French",
        given: "Amina Bilal Dounia Fatima-Zahra Ghita Hamza Imane Jamal Khadija Mehdi Nadia Omar Rachid Salma Tarik Widad Yassine Zineb",
        family: "Alaoui Benali Chraibi El_Fassi Haddad Idrissi Kabbaj Lahlou Mansouri Naciri Ouazzani Rahmani Saidi Tazi Wahbi Zerouali Bennani El_Amrani",
        towns: "Casablanca Tangier Agadir",
        firms: "Rif_Bleu Zellij", trades: "Fret Pièces Transit",
    },
    Words {
        code: "CN", dial: "86", language: "English",
        given: "Bo Chen Dan Fang Guang Hui Jiahao Kai Li Mei Na Ping Qiang Rui Shan Tao Wei Xiaoyan",
        family: "Cai Deng Feng Gao Huang Jiang Kong Liang Ma Peng Qin Shen Tang Wang Xu Yang Zhang Zhou",
        towns: "Ningbo Qingdao Xiamen Shenzhen",
        firms: "Jinhe Lantian Yunfan", trades: "Logistics Parts",
    },
    // People with one name; no organization is at home here.
    Words {
        code: "ID", dial: "62", language: "English",
        given: "Wahyuni Sutrisno Suharti Kusumawati Suryadi Nachiappan Thangavelu Madhuri Baharudin Prawoto Sulastri Yanti",
        family: "", towns: "Surabaya", firms: "Melati", trades: "Angkutan",
    },
];

/// How many countries there are.
pub(super) const LANDS: usize = COUNTRIES.len();
/// How many of them organizations are at home in: all but the last.
pub(super) const HOMES: usize = LANDS - 1;

/// A word as it is written and as an address spells it.
pub(super) struct Word {
    /// With its accents.
    pub(super) text: String,
    /// Small letters and dashes.
    pub(super) plain: String,
}

/// A country with its words taken apart.
pub(super) struct Land {
    /// Of its phone numbers.
    pub(super) dial: &'static str,
    /// The language most people there prefer, of those that are offered.
    pub(super) language: &'static str,
    given: Vec<Word>,
    family: Vec<Word>,
    /// Towns.
    pub(super) towns: Vec<Word>,
    /// Invented names of firms.
    pub(super) firms: Vec<Word>,
    /// What firms do.
    pub(super) trades: Vec<Word>,
}

/// A person as the names say.
pub(super) struct Person {
    /// The whole name.
    pub(super) name: String,
    /// The part of the e-mail address before the at sign; unique per country, offset and number.
    pub(super) local: String,
    /// The beginning of a user name: small letters only.
    pub(super) short: String,
}

/// Small ASCII letters and digits, with dashes for what separates words.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text::search(text).chars() {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            ' ' | '-' => out.push('-'),
            _ => {}
        }
    }
    out
}

fn words(list: &str) -> Vec<Word> {
    list.split_whitespace()
        .map(|word| {
            let text = word.replace('_', " ");
            Word { plain: plain(&text), text }
        })
        .collect()
}

/// All countries.
pub(super) fn lands() -> Vec<Land> {
    COUNTRIES
        .iter()
        .map(|one| Land {
            dial: one.dial,
            language: one.language,
            given: words(one.given),
            family: words(one.family),
            towns: words(one.towns),
            firms: words(one.firms),
            trades: words(one.trades),
        })
        .collect()
}

/// The country with this code; the first when there is none.
pub(super) fn land(code: &str) -> usize {
    COUNTRIES.iter().position(|one| one.code == code).unwrap_or(0)
}

/// A walk through all of `0..size` that looks like chance: the place of the `number`th step.
pub(super) const fn stride(number: usize, offset: usize, size: usize) -> usize {
    // A prime above every size, so no place is met twice in one round.
    (number % size * 1_000_003 + offset) % size
}

impl Land {
    /// The `number`th person of this country where `offset` says whom to start with. When all pairs of names are
    /// used up, a middle initial tells the next ones apart, and after those a number in the address.
    pub(super) fn person(&self, number: usize, offset: usize, separator: char, long: bool) -> Person {
        let pairs = self.given.len() * self.family.len().max(1);
        let place = stride(number, offset, pairs);
        let round = number / pairs;
        let given = &self.given[place % self.given.len()];
        let Some(family) = self.family.get(place / self.given.len()) else {
            let local = if round == 0 { given.plain.clone() } else { format!("{}{}", given.plain, round + 1) };
            return Person { name: given.text.clone(), local, short: letters(&given.plain, 8) };
        };
        let initial = u8::try_from(round).ok().filter(|round| (1..=26).contains(round)).map(|round| char::from(b'a' + round - 1));
        let second = &self.given[(place + 5) % self.given.len()].text;
        let other = &self.family[(place / self.given.len() + 7) % self.family.len()].text;
        let name = match initial {
            _ if long => format!("{} {second} {} {other}", given.text, family.text),
            Some(letter) => format!("{} {}. {}", given.text, letter.to_ascii_uppercase(), family.text),
            None => format!("{} {}", given.text, family.text),
        };
        let local = match initial {
            Some(letter) => format!("{}{separator}{letter}{separator}{}", given.plain, family.plain),
            None if round == 0 => format!("{}{separator}{}", given.plain, family.plain),
            None => format!("{}{separator}{}{round}", given.plain, family.plain),
        };
        Person { name, local, short: format!("{}{}", letters(&given.plain, 1), letters(&family.plain, 7)) }
    }
}

fn letters(plain: &str, most: usize) -> String {
    plain.chars().filter(char::is_ascii_lowercase).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn family_names_and_firms_are_told_apart_without_accents_and_given_names_within_their_country() {
        let lands = lands();
        let mut seen = HashSet::new();
        for word in lands.iter().flat_map(|land| &land.family) {
            assert!(seen.insert(&word.plain), "family {}", word.text);
        }
        let mut seen = HashSet::new();
        for word in lands.iter().flat_map(|land| &land.firms) {
            assert!(seen.insert(&word.plain), "firm {}", word.text);
        }
        for land in &lands {
            for list in [&land.given, &land.towns, &land.trades] {
                assert_eq!(list.iter().map(|word| &word.plain).collect::<HashSet<_>>().len(), list.len(), "{}", land.dial);
            }
        }
    }

    #[test]
    fn nobody_is_met_twice_in_one_domain() {
        let mut seen = HashSet::new();
        for land in &lands() {
            for number in 0..15_000 {
                let local = land.person(number, 77, '.', number % 9 == 0).local;
                assert!(local.is_ascii() && seen.insert(local.clone()), "{local}");
            }
        }
    }
}
