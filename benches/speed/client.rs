//! A person's browser in its smallest form, and sixteen of them that load the same page again and again.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::Barrier,
    time::{Duration, Instant},
};

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;

/// An answer.
pub struct Answer {
    pub status: u16,
    pub cookies: Vec<String>,
    pub body: Vec<u8>,
}

/// A connection that stays open.
struct Wire(BufReader<TcpStream>);

impl Wire {
    fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::with_capacity(256 * 1024, stream)))
    }

    fn ask(&mut self, request: &[u8], answer: &mut Answer) -> std::io::Result<()> {
        self.0.get_mut().write_all(request)?;
        let (mut line, mut length) = (String::new(), 0);
        answer.cookies.clear();
        for number in 0.. {
            line.clear();
            self.0.read_line(&mut line)?;
            let text = line.trim_end();
            if number == 0 {
                answer.status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
            } else if text.is_empty() {
                break;
            } else if let Some((name, value)) = text.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().expect("a length"),
                    "set-cookie" => answer.cookies.push(value.split(';').next().unwrap_or_default().to_owned()),
                    "transfer-encoding" => panic!("the answer comes in chunks, which this client does not read"),
                    _ => {}
                }
            }
        }
        answer.body.resize(length, 0);
        self.0.read_exact(&mut answer.body)
    }
}

/// Somebody at a server.
pub struct Visitor {
    port: u16,
    jar: BTreeMap<String, String>,
}

impl Visitor {
    /// Somebody whom the server does not know.
    pub fn new(port: u16) -> Self {
        Self { port, jar: BTreeMap::new() }
    }

    /// Somebody signed in.
    pub fn signed_in(port: u16, identifier: &str, password: &str) -> Self {
        let mut visitor = Self::new(port);
        let page = String::from_utf8(visitor.get("/signin").body).expect("a page");
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
        let form =
            serde_html_form::to_string([("csrf", csrf.as_str()), ("identifier", identifier), ("password", password)]).expect("a form");
        let head = format!(
            "POST /signin HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n{}\r\n",
            form.len(),
            visitor.cookie()
        );
        assert_eq!(visitor.ask(&(head + &form)).status, 303, "{identifier} cannot sign in");
        visitor
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("cookie: {}\r\n", pairs.join("; ")) }
    }

    fn request(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n{}\r\n", self.cookie())
    }

    fn ask(&mut self, request: &str) -> Answer {
        let mut answer = Answer { status: 0, cookies: Vec::new(), body: Vec::new() };
        Wire::open(self.port).and_then(|mut wire| wire.ask(request.as_bytes(), &mut answer)).expect("an answer");
        for cookie in &answer.cookies {
            if let Some((name, value)) = cookie.split_once('=') {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Visits a page once.
    pub fn get(&mut self, path: &str) -> Answer {
        let request = self.request(path);
        self.ask(&request)
    }

    /// Loads a page over all connections for some time.
    pub fn load(&mut self, path: &str, time: Duration) -> Load {
        let first = self.get(path);
        assert_eq!(first.status, 200, "{path}");
        let request = self.request(path);
        let together = Barrier::new(CONNECTIONS);
        let one = || {
            let mut wire = Wire::open(self.port).expect("a connection");
            let mut answer = Answer { status: 0, cookies: Vec::new(), body: Vec::new() };
            let mut times = Vec::new();
            // The first round warms up.
            for round in [time / 4, time] {
                together.wait();
                times.clear();
                let begun = Instant::now();
                while begun.elapsed() < round {
                    let asked = Instant::now();
                    wire.ask(request.as_bytes(), &mut answer).expect("an answer");
                    times.push(asked.elapsed());
                    assert_eq!(answer.status, 200, "{path}");
                }
            }
            times
        };
        let mut times: Vec<Duration> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(one)).collect();
            all.into_iter().flat_map(|one| one.join().expect("a visitor")).collect()
        });
        times.sort();
        let at = |part: usize| times[(times.len() * part / 1000).min(times.len() - 1)];
        Load { a_second: times.len() as f64 / time.as_secs_f64(), p50: at(500), p95: at(950), p99: at(990), bytes: first.body.len() }
    }

    /// Loads a page over one connection, so and so often: the slowest of nineteen in twenty.
    pub fn alone(&mut self, path: &str, times: usize) -> Duration {
        let request = self.request(path);
        let mut wire = Wire::open(self.port).expect("a connection");
        let mut answer = Answer { status: 0, cookies: Vec::new(), body: Vec::new() };
        let mut taken: Vec<Duration> = (0..times)
            .map(|_| {
                let asked = Instant::now();
                wire.ask(request.as_bytes(), &mut answer).expect("an answer");
                asked.elapsed()
            })
            .collect();
        taken.sort();
        taken[times * 95 / 100]
    }
}

/// What a page bears.
#[derive(Clone, Copy)]
pub struct Load {
    pub a_second: f64,
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
    pub bytes: usize,
}
