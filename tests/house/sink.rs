//! A mail server and a gateway for texts of the tests' own on loopback, which keep what they are given. They serve the
//! whole process; every house says its own name, so that each sees its own letters alone.

use bailiwick::web::{
    mail::{Post, Route},
    sms::Sms,
};
use mailparse::{MailHeaderMap, ParsedMail};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// What one house has sent.
pub struct Sink {
    name: String,
}

/// A mail as its reader sees it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The address it was handed over for.
    pub recipient: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub id: String,
    pub text: String,
    pub html: String,
    /// As it came over the wire.
    pub raw: String,
}

impl Mail {
    fn read(recipient: &str, raw: &str) -> Self {
        let mail = mailparse::parse_mail(raw.as_bytes()).unwrap();
        let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
        let part = |kind: &str| {
            let found = mail.subparts.iter().find(|part: &&ParsedMail| part.ctype.mimetype == kind);
            found.unwrap_or_else(|| panic!("no {kind} in {raw}")).get_body().unwrap().replace("\r\n", "\n")
        };
        assert_eq!(mail.subparts.len(), 2, "text and HTML: {raw}");
        Self {
            recipient: recipient.to_owned(),
            from: header("From"),
            to: header("To"),
            subject: header("Subject"),
            id: header("Message-ID"),
            text: part("text/plain"),
            html: part("text/html"),
            raw: raw.to_owned(),
        }
    }

    /// Where it leads, in the order of its text, without our own address at the end.
    pub fn links(&self) -> Vec<&str> {
        self.text.split_whitespace().filter(|word| word.starts_with("http://") || word.starts_with("https://")).collect()
    }

    /// The path of its one button.
    pub fn path(&self) -> String {
        let link = self.links()[0];
        assert!(self.html.contains(&format!("href=\"{link}\"")), "the button leads there too: {}", self.html);
        let (_, rest) = link.split_once("://").unwrap();
        rest[rest.find('/').unwrap()..].to_owned()
    }
}

/// How the server treats a house.
#[derive(Clone, Debug, Default)]
struct Manners {
    kept: Vec<(String, String)>,
    answers: HashMap<String, String>,
    hangs: bool,
    forgets: bool,
    /// What came for phones.
    texts: Vec<Texted>,
    /// How the gateway answers: status and words.
    gateway: Option<(u16, String)>,
}

/// A text to a phone.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Texted {
    pub id: String,
    pub to: String,
    pub text: String,
}

struct Server {
    port: u16,
    gateway: u16,
    houses: Houses,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let houses = Houses::default();
    Server { port: listen(&houses, talk), gateway: listen(&houses, take_text), houses }
});

type Houses = Arc<Mutex<HashMap<String, Manners>>>;

/// Talks to everybody who comes, on a free port.
fn listen(houses: &Houses, talk: fn(&TcpStream, &Houses) -> std::io::Result<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let houses = Arc::clone(houses);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let houses = Arc::clone(&houses);
            // A client that leaves is no fault.
            std::thread::spawn(move || _ = talk(&stream, &houses));
        }
    });
    port
}

/// The gateway: one request a connection.
fn take_text(stream: &TcpStream, all: &Houses) -> std::io::Result<()> {
    let (mut out, mut reader) = (stream, BufReader::new(stream));
    let (mut head, mut line) = (Vec::new(), String::new());
    while reader.read_line(&mut line)? > 2 {
        head.push(std::mem::take(&mut line));
    }
    let house = head[0].split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let header =
        |name: &str| head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(|value| value.trim().to_owned()));
    let mut body = vec![0; header("content-length:").unwrap().parse().unwrap()];
    reader.read_exact(&mut body)?;
    let text: Texted = serde_json::from_slice(&body).unwrap();
    assert_eq!(header("idempotency-key:").as_deref(), Some(text.id.as_str()));
    let (status, words) = {
        let mut all = all.lock().unwrap();
        let house = all.entry(house).or_default();
        let answer = house.gateway.clone().unwrap_or((202, "taken".into()));
        if answer.0 < 300 {
            house.texts.push(text);
        }
        answer
    };
    write!(out, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{words}", words.len())
}

fn talk(stream: &TcpStream, all: &Houses) -> std::io::Result<()> {
    let mut out = stream;
    let mut say = |line: &str| write!(out, "{line}\r\n");
    let mut lines = BufReader::new(stream).lines();
    let (mut house, mut recipient) = (String::new(), String::new());
    say("220 sink.example")?;
    while let Some(line) = lines.next() {
        let line = line?;
        let (word, rest) = line.split_at(line.len().min(4));
        let manners = all.lock().unwrap().get(&house).cloned().unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => {
                house = rest.trim().to_owned();
                if all.lock().unwrap().get(&house).is_some_and(|house| house.hangs) {
                    std::thread::sleep(Duration::from_secs(30));
                }
                say("250-sink.example")?;
                say("250 8BITMIME")?;
            }
            "RCPT" => {
                recipient = rest.trim_start_matches([' ', 'T', 'O', ':', '<']).trim_end_matches('>').to_owned();
                say(manners.answers.get(&recipient).map_or("250 ok", String::as_str))?;
            }
            "DATA" => {
                say("354 go on")?;
                let mut raw = String::new();
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                all.lock().unwrap().entry(house.clone()).or_default().kept.push((recipient.clone(), raw));
                if manners.forgets {
                    std::thread::sleep(Duration::from_secs(30));
                }
                say("250 kept")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
    Ok(())
}

impl Sink {
    /// For a house of its own.
    pub fn open() -> Self {
        static OPENED: AtomicU32 = AtomicU32::new(0);
        Self { name: format!("house{}.example", OPENED.fetch_add(1, Ordering::SeqCst)) }
    }

    /// How mails leave such a house.
    pub fn post(&self) -> Post {
        let route = Route::smtp(&format!("smtp://127.0.0.1:{}/{}", SERVER.port, self.name)).unwrap();
        let gateway = Sms::webhook(&format!("http://127.0.0.1:{}/{}", SERVER.gateway, self.name)).unwrap();
        Post { patience: Duration::from_secs(10), ..Post::by(route, gateway) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Manners) -> T) -> T {
        work(SERVER.houses.lock().unwrap().entry(self.name.clone()).or_default())
    }

    /// Every mail to an address, the newest first.
    pub fn mail_to(&self, address: &str) -> Vec<Mail> {
        let kept = self.with(|house| house.kept.clone());
        kept.iter().rev().filter(|(recipient, _)| recipient == address).map(|(recipient, raw)| Mail::read(recipient, raw)).collect()
    }

    /// To whom mails came, in their order.
    pub fn recipients(&self) -> Vec<String> {
        self.with(|house| house.kept.iter().map(|(recipient, _)| recipient.clone()).collect())
    }

    /// Every text to a phone, the newest first.
    pub fn texts_to(&self, number: &str) -> Vec<Texted> {
        self.with(|house| house.texts.iter().rev().filter(|text| text.to == number).cloned().collect())
    }

    /// From now on the gateway for texts answers this.
    pub fn gateway_answers(&self, status: u16, words: &str) {
        self.with(|house| house.gateway = Some((status, words.to_owned())));
    }

    /// From now on this is the answer to a recipient: `550 no such user`.
    pub fn answers(&self, recipient: &str, answer: &str) {
        self.with(|house| house.answers.insert(recipient.to_owned(), answer.to_owned()));
    }

    /// Whether it stops answering once greeted.
    pub fn hangs(&self, hangs: bool) {
        self.with(|house| house.hangs = hangs);
    }

    /// Whether it takes mails and does not say so.
    pub fn forgets(&self, forgets: bool) {
        self.with(|house| house.forgets = forgets);
    }
}
