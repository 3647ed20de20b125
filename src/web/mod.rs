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
use std::sync::Arc;

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
        match actix_web::web::block(move || work(&db)).await {
            Ok(done) => done,
            Err(stopped) => Err(Problem::internal(stopped)),
        }
    }
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
