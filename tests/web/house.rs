//! The house that the tests visit: a database of its own (`tests/house/database.rs`), the application as the server
//! runs it, and people who sign in for real.
//!
//! [`House::each`] gives one on SQLite and, where `BAILIWICK_TEST_POSTGRES` names a maintenance database whose role
//! may create others, one on PostgreSQL. When a house goes, its whole database is checked (`bailiwick check`).

use crate::{
    database::Database,
    person::Person,
    place::Content,
    sink::{Mail, Sink, Texted},
};
use actix_web::{
    body::to_bytes,
    dev::Service,
    http::header::HeaderMap,
    test::{TestRequest, init_service},
};
use bailiwick::{
    domain::letter::Channel,
    store::Db,
    web::{House as Inside, Outside, mail, passwords::Passwords, server},
};
use std::{
    net::{IpAddr, Ipv4Addr},
    ops::Deref,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

pub use crate::place::PASSWORD;

/// What the application answered, whole.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

type Application = Rc<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// A running application over a database of its own.
pub struct House {
    /// The first process, and others.
    applications: Vec<Application>,
    /// Whose turn it is.
    turn: AtomicU8,
    addresses: AtomicU8,
    /// What it was built of, for work beside its pages.
    pub inside: Inside,
    /// Where its mails go.
    pub sink: Sink,
    database: Database,
}

impl Deref for House {
    type Target = Database;
    fn deref(&self) -> &Database {
        &self.database
    }
}

impl House {
    /// A house with the small world, on every database there is.
    pub async fn each() -> Vec<Self> {
        Self::on_each(Content::World, "http://localhost:8080").await
    }

    /// A house with the grown world, on every database there is.
    pub async fn each_crowded() -> Vec<Self> {
        Self::on_each(Content::Crowd, "http://localhost:8080").await
    }

    /// A house in which nobody has been yet, on every database there is.
    pub async fn each_empty() -> Vec<Self> {
        Self::on_each(Content::Ground, "http://localhost:8080").await
    }

    /// A house with the small world to which people come over TLS, on every database there is.
    pub async fn each_over_tls() -> Vec<Self> {
        Self::on_each(Content::World, "https://admin.brand.example").await
    }

    async fn on_each(content: Content, public_url: &str) -> Vec<Self> {
        let mut houses = Vec::new();
        for database in Database::on_each(content) {
            houses.push(Self::open(database, public_url).await);
        }
        houses
    }

    /// A house over this database.
    pub async fn over(database: Database) -> Self {
        Self::open(database, "http://localhost:8080").await
    }

    async fn open(database: Database, public_url: &str) -> Self {
        let sink = Sink::open();
        let inside = inside(database.db.clone(), public_url, &sink);
        let applications = vec![application(inside.clone()).await];
        Self { applications, turn: AtomicU8::new(0), addresses: AtomicU8::new(1), inside, sink, database }
    }

    /// Every mail to an address so far, the newest first, once all that is due has been sent.
    pub async fn mail_to(&self, address: &str) -> Vec<Mail> {
        mail::deliver(&self.inside, Channel::Mail).await.unwrap();
        self.sink.mail_to(address)
    }

    /// Starts a second process on the same database; whether people come to it, [`House::to_process`] says.
    pub async fn start_another(&mut self) {
        let inside = inside(self.database.another_door(), "http://localhost:8080", &self.sink);
        self.applications.push(application(inside).await);
    }

    /// From now on requests go to the first process (0) or to the second one (1).
    pub fn to_process(&self, number: u8) {
        self.turn.store(number, Ordering::SeqCst);
    }

    /// Every text to a phone so far, the newest first, once all that is due has been sent.
    pub async fn texts_to(&self, number: &str) -> Vec<Texted> {
        mail::deliver(&self.inside, Channel::Sms).await.unwrap();
        self.sink.texts_to(number)
    }

    /// Sends a request.
    pub async fn answer(&self, request: TestRequest) -> Answer {
        (self.applications[usize::from(self.turn.load(Ordering::SeqCst))])(request).await
    }

    /// Somebody with a browser who is not signed in.
    pub fn stranger(&self) -> Person<'_> {
        // Everybody comes from an address of their own, as waits are per address too.
        let number = self.addresses.fetch_add(1, Ordering::SeqCst);
        Person::new(self, IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)))
    }

    /// Somebody who has signed in, by e-mail or user name.
    pub async fn person(&self, identifier: &str) -> Person<'_> {
        let person = self.stranger();
        person.sign_in(identifier, PASSWORD).await.is(303);
        person
    }
}

/// What the application is built of, over one way into a database.
fn inside(db: Db, public_url: &str, sink: &Sink) -> Inside {
    let outside = Outside {
        public_url: public_url.to_owned(),
        secure: public_url.starts_with("https:"),
        trusted_proxies: Vec::new(),
        post: sink.post(),
        key: [7; 64],
    };
    Inside { db, outside: Arc::new(outside), passwords: Passwords::default() }
}

/// The application as the server runs it.
async fn application(inside: Inside) -> Application {
    let service = Rc::new(init_service(server::app(inside)).await);
    Rc::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            match service.call(request.to_request()).await {
                Ok(answer) => {
                    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                    let Ok(body) = to_bytes(answer.into_body()).await else { panic!("the answer broke off") };
                    Answer { status, headers, body: body.to_vec() }
                }
                // The server would send this without our headers; the test of headers finds it.
                Err(error) => {
                    let answer = error.error_response();
                    Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body: Vec::new() }
                }
            }
        })
    })
}
