//! Pages, forms and routes. actix-web and askama are named here and nowhere below.

/// What is done with an account, on either side.
pub mod accounts;
/// Choosing several accounts of a list.
pub mod choosing;
/// Screens of administrators.
pub mod console;
/// The token that every form carries.
pub mod csrf;
/// Lists as files.
pub mod export;
/// Static files, addressed by their hash.
pub mod files;
/// Bodies of forms.
pub mod form;
/// What stands around every page.
pub mod frame;
/// Headers on every answer, and the refusal of other sites' posts.
pub mod guard;
/// Queries of lists: search, order, pages.
pub mod list;
/// Sending mails.
pub mod mail;
/// `/me`.
pub mod me;
/// The note at the top of the page after an act.
pub mod note;
/// One view, two sizes: the whole page or a block of it.
pub mod page;
/// Hashing passwords without stopping anything else.
pub mod passwords;
/// Screens of org admins.
pub mod portal;
/// The one door at which problems are shown.
pub mod problem;
/// A fresh proof of the password before dangerous acts.
pub mod proof;
/// Pages for people who are not signed in.
pub mod public;
/// Every route, once.
pub mod routes;
/// Building and running the server.
pub mod server;
/// From a request to who asks.
pub mod session;
/// Texts to phones.
pub mod sms;
/// Files that people send.
pub mod upload;
/// Instants as people read them.
pub mod when;

use crate::{problem::Problem, store::Db};
use actix_web::cookie::Key;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

/// What every handler can reach.
#[derive(Clone)]
pub struct House {
    /// The database.
    pub db: Db,
    /// How the outside sees us.
    pub outside: Arc<Outside>,
    /// Password hashing.
    pub passwords: passwords::Passwords,
}

/// How the outside sees us.
#[derive(Debug)]
pub struct Outside {
    /// Where people find us, without a slash at the end.
    pub public_url: String,
    /// Whether they come over TLS.
    pub secure: bool,
    /// Proxies whose `Forwarded` headers count.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// How mails leave the house.
    pub post: mail::Post,
    /// The master key; others are derived from it.
    pub key: [u8; 64],
}

impl Outside {
    /// The name of the session cookie.
    pub fn cookie(&self) -> &'static str {
        if self.secure { "__Host-bailiwick" } else { "bailiwick" }
    }

    /// A key for one purpose.
    pub fn key_for(&self, purpose: &str) -> Key {
        use sha2::{Digest, Sha512};
        Key::from(&Sha512::new().chain_update(self.key).chain_update(purpose).finalize())
    }
}

impl House {
    /// Runs work on the database off the event loop.
    ///
    /// # Errors
    /// Whatever the work says; a panic in it is [`Problem::Internal`].
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce(&Db) -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
        let db = self.db.clone();
        off_the_loop(move || work(&db)).await?
    }
}

/// What is done elsewhere and waited for.
type Elsewhere<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

/// Runs work that blocks off the event loop. There are hundreds of kinds of it, and what the runtime makes for each kind
/// was a tenth of the program: so it sees one kind only, and the answer comes back beside it.
///
/// # Errors
/// When the work panics.
pub(crate) fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Elsewhere<T> {
    let answer = Answer::default();
    let there = Answer::clone(&answer);
    Box::pin(answered(Box::new(move || there.fill(work())), answer))
}

/// Where the answer of work that is done elsewhere is laid down.
struct Answer<T>(Arc<Mutex<Option<T>>>);

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Answer<T> {
    fn fill(&self, made: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

async fn answered<T>(work: Box<dyn FnOnce() + Send>, answer: Answer<T>) -> Result<T, Problem> {
    actix_web::web::block(work).await.map_err(Problem::internal)?;
    answer.take().ok_or_else(|| Problem::Internal(anyhow::anyhow!("work ended without an answer")))
}

/// What somebody may not see is absent from a page, not a problem of the page (D-12).
///
/// # Errors
/// Every other problem.
pub fn optional<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Problem::NotFound | Problem::Forbidden(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}
