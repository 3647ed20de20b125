//! Argon2id in a bounded pool: each hash takes 19 MiB and some 20 ms, so few run at once.

use crate::problem::Problem;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// How many hashes are computed at once.
const AT_ONCE: usize = 2;

/// Computes and compares password hashes.
#[derive(Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

fn argon() -> Result<Argon2<'static>, Problem> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| Problem::Internal(anyhow::anyhow!("{error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password, at once and on this thread: for commands.
///
/// # Errors
/// Only when the system gives no salt.
pub fn hash(password: &str) -> Result<String, Problem> {
    let hash = argon()?.hash_password(password.as_bytes()).map_err(|error| Problem::Internal(anyhow::anyhow!("{error}")))?;
    Ok(hash.to_string())
}

fn matches(password: &str, hash: &str) -> bool {
    let (Ok(argon), Ok(hash)) = (argon(), PasswordHash::new(hash)) else { return false };
    argon.verify_password(password.as_bytes(), &hash).is_ok()
}

/// A hash that no password has, so that unknown accounts take as long as known ones (I-4).
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password, and nobody ever will").unwrap_or_default());

impl Passwords {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let _permit = self.0.acquire().await.map_err(Problem::internal)?;
        actix_web::web::block(work).await.map_err(Problem::internal)
    }

    /// The hash of a password.
    ///
    /// # Errors
    /// As [`hash`].
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        self.run(move || hash(&password)).await?
    }

    /// Whether the password matches; without a hash it takes the same time and does not.
    ///
    /// # Errors
    /// Only when a thread is lost.
    pub async fn matches(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.run(move || match hash {
            Some(hash) => matches(&password, &hash),
            None => {
                matches(&password, &NOBODY);
                false
            }
        })
        .await
    }
}

/// Computes the hash that nobody has, so that the first unknown sign-in takes no longer than the next.
pub fn warm_up() {
    LazyLock::force(&NOBODY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_hash_and_no_other() {
        let made = hash("copper kettle sings").unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(matches("copper kettle sings", &made));
        assert!(!matches("copper kettle sang", &made) && !matches("", &made) && !matches("x", "not a hash"));
    }
}
