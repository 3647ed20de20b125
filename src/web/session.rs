//! From a request to who asks: our store behind actix-session, the visitor, and permits as extractors.

use super::{
    House,
    console::events,
    csrf::Secret,
    form::Carried,
    guard::RequestId,
    off_the_loop,
    page::{is_fragment, see_other},
    problem, when,
};
use crate::{
    access::{Actor, Ground, Origin, Permit, system},
    domain::{key::AccountKey, time::Time},
    problem::Problem,
    store::{
        Db, actors,
        preferences::Preferences,
        sessions::{self, Begin},
    },
};
use actix_session::{
    Session, SessionExt,
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, HttpResponse,
    body::{EitherBody, MessageBody},
    cookie::time::Duration,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web::Data,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    future::{Ready, ready},
    net::IpAddr,
    rc::Rc,
    sync::Arc,
};

/// What a session holds: who, since when proven, and the secret of its forms. Rights are never in it (S-6).
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ticket {
    account: i64,
    session: String,
    csrf: String,
    proven_at: i64,
    address: Option<String>,
    agent: Option<String>,
}

const TICKET: &str = "ticket";
const BESIDE: &str = "beside";
const UNAVAILABLE: &str = "unavailable";

/// What was read with a session and is not in it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Beside {
    preferences: Preferences,
    mark: i64,
    seen_at: i64,
}

/// Our store for actix-session: in the database, the key only as a hash.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
}

type State = HashMap<String, String>;

impl Sessions {
    /// Over this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Db) -> Result<T, Problem> + Send + 'static) -> anyhow::Result<T> {
        let db = self.db.clone();
        Ok(off_the_loop(move || work(&db)).await??)
    }
}

/// A session's state as it is stored.
fn text(mut state: State) -> serde_json::Result<String> {
    state.remove(BESIDE);
    serde_json::to_string(&state)
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let secret = key.as_ref().to_owned();
        let found = self.run(move |db| db.read(&system::signing_in(Origin::default()), |view| sessions::state(view, &secret))).await;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                // An error from here would become an answer without page and headers; the visitor's middleware
                // sees the mark and answers 503. It is never "signed out", and never "allowed".
                tracing::error!(error = format!("{error:#}"), "a session could not be read");
                return Ok(Some(State::from([(UNAVAILABLE.to_owned(), "true".to_owned())])));
            }
        };
        let Some(found) = found else { return Ok(None) };
        let beside = Beside { preferences: found.preferences, mark: found.mark, seen_at: found.seen_at.micros() };
        let read = || -> serde_json::Result<State> {
            let mut state: State = serde_json::from_str(&found.state)?;
            state.insert(BESIDE.to_owned(), serde_json::to_string(&beside)?);
            Ok(state)
        };
        read().map(Some).map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let ticket: Ticket = state
            .get(TICKET)
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| SaveError::Other(anyhow::anyhow!("a session begins at sign-in only")))?;
        let text = text(state).map_err(|error| SaveError::Serialization(error.into()))?;
        let secret = self.db.chance.token();
        let begin = Begin {
            secret: secret.clone(),
            id: ticket.session,
            account: AccountKey(ticket.account),
            state: text,
            address: ticket.address,
            agent: ticket.agent,
        };
        self.run(move |db| db.note(|note| sessions::begin(note, begin))).await.map_err(SaveError::Other)?;
        secret.try_into().map_err(|_| SaveError::Other(anyhow::anyhow!("the session's key is too long")))
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let text = text(state).map_err(|error| UpdateError::Serialization(error.into()))?;
        let secret = key.as_ref().to_owned();
        self.run(move |db| db.note(|note| sessions::update(note, &secret, &text))).await.map_err(UpdateError::Other)?;
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        // The visitor's middleware notes the use.
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let secret = key.as_ref().to_owned();
        self.run(move |db| db.note(|note| sessions::end(note, &secret))).await
    }
}

/// Begins a session for an account that has just proven who it is. The old one, if any, ends: a new id at every
/// sign-in (I-5). The secret of its forms.
pub fn begin(session: &Session, house: &House, account: AccountKey, origin: &Origin) -> Result<Secret, Problem> {
    session.renew();
    let secret = Secret::new(&house.db.chance);
    let ticket = Ticket {
        account: account.0,
        session: house.db.chance.id("ses"),
        csrf: secret.encode(),
        proven_at: house.db.clock.now().micros(),
        address: origin.address.clone(),
        agent: origin.agent.clone(),
    };
    session.insert(TICKET, ticket).map_err(Problem::internal)?;
    Ok(secret)
}

/// Gives the same session a new id, after a proof (I-5).
pub fn renew(session: &Session, house: &House) -> Result<(), Problem> {
    if let Some(mut ticket) = session.get::<Ticket>(TICKET).ok().flatten() {
        session.renew();
        ticket.proven_at = house.db.clock.now().micros();
        session.insert(TICKET, ticket).map_err(Problem::internal)?;
    }
    Ok(())
}

/// Who made the request, read once for all of its extractors.
#[derive(Debug)]
pub struct Visitor {
    /// The person, when somebody is signed in and still may be.
    pub actor: Option<Arc<Actor>>,
    /// The public id of their session.
    pub session: Option<String>,
    /// The secret of its forms.
    pub csrf: Option<Secret>,
    /// Last proof of password.
    pub proven_at: Option<Time>,
    /// What they like.
    pub preferences: Preferences,
    /// The zone in which they read times.
    pub zone: TimeZone,
    /// Whether the zone is still to be learned from the browser.
    pub learn_zone: bool,
    /// Whence they came.
    pub origin: Origin,
}

/// Middleware: reads who asks, fresh for every request (S-6).
pub async fn visitor<B: MessageBody + 'static>(mut req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match read_visitor(&req).await {
        Ok(visitor) => {
            if visitor.actor.is_none() {
                if req.path() == events::NEWER && is_fragment(req.request()) {
                    // The page asks by itself: it stays as it is until somebody does something.
                    let (req, _) = req.into_parts();
                    return Ok(ServiceResponse::new(req, HttpResponse::NoContent().finish()).map_into_right_body());
                }
                Carried::keep(&mut req).await;
            }
            let due = visitor.actor.as_ref().is_some_and(|actor| actor.change_password);
            req.extensions_mut().insert(Rc::new(visitor));
            if due && !["/me", "/me/password", "/signout"].contains(&req.path()) {
                let (req, _) = req.into_parts();
                let response = new_password_first(&req);
                return Ok(ServiceResponse::new(req, response).map_into_right_body());
            }
            next.call(req).await.map(ServiceResponse::map_into_left_body)
        }
        Err(problem) => {
            let (req, _) = req.into_parts();
            let response = problem::answer(&req, &problem);
            Ok(ServiceResponse::new(req, response).map_into_right_body())
        }
    }
}

/// I-6: whoever was given a password by somebody else chooses a new one before anything else.
fn new_password_first(req: &HttpRequest) -> HttpResponse {
    if *req.method() == Method::GET && !is_fragment(req) {
        return see_other(req, "/me");
    }
    problem::answer(req, &Problem::Forbidden("Choose a new password first: somebody set yours for you.".into()))
}

async fn read_visitor(req: &ServiceRequest) -> Result<Visitor, Problem> {
    let house = req.app_data::<Data<House>>().cloned().ok_or_else(|| Problem::Internal(anyhow::anyhow!("no house")))?;
    if req.get_session().get::<bool>(UNAVAILABLE).ok().flatten() == Some(true) {
        return Err(Problem::Unavailable);
    }
    let ticket: Option<Ticket> = req.get_session().get(TICKET).ok().flatten();
    let Beside { preferences, mark, seen_at } = req.get_session().get(BESIDE).ok().flatten().unwrap_or_default();
    let origin = origin(req.request(), &house);
    let account = ticket.as_ref().map(|ticket| AccountKey(ticket.account));
    let actor = match account.map(|account| (account, actors::kept(&house.db, account, mark))) {
        Some((account, None)) => {
            house.work(move |db| db.read(&system::signing_in(Origin::default()), |view| actors::find(view, account))).await?
        }
        Some((_, kept)) => kept,
        None => None,
    };
    let by_itself = req.path() == events::NEWER;
    if let Some(ticket) = ticket.as_ref().filter(|_| !by_itself && Time::from_micros(seen_at).plus_seconds(60) < house.db.clock.now()) {
        let id = ticket.session.clone();
        // Losing this note costs a minute of the idle limit; it must not cost the page.
        if let Err(problem) = house.work(move |db| db.note(|note| sessions::touch(note, &id))).await {
            tracing::warn!(%problem, "the last use of a session could not be noted");
        }
    }
    let preferences = if actor.is_some() { preferences } else { Preferences::default() };
    let actor = actor.map(Arc::new);
    let ticket = ticket.filter(|_| actor.is_some());
    let learned = req.cookie("tz").and_then(|cookie| when::zone(&cookie.value().replace("%2F", "/")));
    let chosen = preferences.time_zone.as_deref().and_then(when::zone);
    Ok(Visitor {
        session: ticket.as_ref().map(|ticket| ticket.session.clone()),
        csrf: ticket.as_ref().and_then(|ticket| Secret::decode(&ticket.csrf)),
        proven_at: ticket.as_ref().map(|ticket| Time::from_micros(ticket.proven_at)),
        learn_zone: learned.is_none() && chosen.is_none(),
        zone: chosen.or(learned).unwrap_or(TimeZone::UTC),
        actor,
        preferences,
        origin,
    })
}

fn origin(req: &HttpRequest, house: &House) -> Origin {
    let header = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    let peer = req.peer_addr().map(|address| address.ip());
    let trusted = |address: &IpAddr| house.outside.trusted_proxies.iter().any(|net| net.contains(address));
    // From the right, over all such headers: the first address that is not a proxy of ours is the visitor's. What
    // stands left of it anybody may have written.
    let forwarded: Vec<&str> = req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
    let address = match peer {
        Some(peer) if trusted(&peer) => forwarded
            .iter()
            .rev()
            .flat_map(|list| list.rsplit(','))
            .map_while(|one| one.trim().parse::<IpAddr>().ok())
            .find(|address| !trusted(address))
            .or(Some(peer)),
        peer => peer,
    };
    Origin {
        address: address.map(|address| address.to_string()),
        agent: header("user-agent").map(|agent| agent.chars().filter(|c| !c.is_control()).take(256).collect()),
        request: req.extensions().get::<RequestId>().map(|id| id.0.clone()),
    }
}

/// The visitor of a request; somebody unknown where the middleware did not run.
pub fn of(req: &HttpRequest) -> Rc<Visitor> {
    req.extensions().get::<Rc<Visitor>>().cloned().unwrap_or_else(|| {
        Rc::new(Visitor {
            actor: None,
            session: None,
            csrf: None,
            proven_at: None,
            preferences: Preferences::default(),
            zone: TimeZone::UTC,
            learn_zone: false,
            origin: Origin::default(),
        })
    })
}

impl<G: Ground> FromRequest for Permit<G> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visitor = of(req);
        ready(match &visitor.actor {
            Some(actor) => actor.permit::<G>(visitor.origin.clone()).map_err(Problem::from),
            None => Err(Problem::SignedOut),
        })
    }
}
