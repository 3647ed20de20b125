//! Argon2id in a bounded pool: each hash takes 19 MiB and some 20 ms, so few run at once.

use super::off_the_loop;
use crate::problem::Problem;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        phc::{Output, ParamsString, PasswordHash, Salt},
        try_generate_salt,
    },
};
use std::sync::{Arc, LazyLock};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// How many hashes are computed at once.
const AT_ONCE: usize = 2;

/// Blocks that are asked for at a time, 33 MiB, of which only what a hash needs is ever touched. What is larger than 32 MiB
/// the system's allocator takes from the system and gives back to it at once; what is smaller it keeps, for each thread.
const ASKED_FOR: usize = 33 * 1024 * 1024 / Block::SIZE;

/// Computes and compares password hashes.
#[derive(Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Computes a hash of so many bytes.
fn compute((algorithm, version, params): (Algorithm, Version, Params), password: &str, salt: &[u8], length: usize) -> Option<Output> {
    let needed = params.block_count();
    let mut blocks = Vec::with_capacity(needed.max(ASKED_FOR));
    blocks.resize(needed, Block::default());
    let mut buffer = [0; Output::MAX_LENGTH];
    let out = buffer.get_mut(..length)?;
    Argon2::new(algorithm, version, params).hash_password_into_with_memory(password.as_bytes(), salt, out, &mut blocks).ok()?;
    Output::new(out).ok()
}

/// The hash of a password, at once and on this thread: for commands.
///
/// # Errors
/// Only when the system gives no salt.
pub fn hash(password: &str) -> Result<String, Problem> {
    made(password).ok_or_else(|| Problem::Internal(anyhow::anyhow!("a password could not be hashed")))
}

fn made(password: &str) -> Option<String> {
    let (algorithm, version, params) = (Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).ok()?);
    let salt = try_generate_salt().ok()?;
    let made = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(compute((algorithm, version, params), password, &salt, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Some(made.to_string())
}

fn matches(password: &str, hash: &str) -> bool {
    again(password, hash).unwrap_or(false)
}

/// Computes a hash that is known once more, as it says itself that it was made.
fn again(password: &str, hash: &str) -> Option<bool> {
    let known = PasswordHash::new(hash).ok()?;
    let (salt, is) = (known.salt?, known.hash?);
    let algorithm = Algorithm::try_from(known.algorithm.as_str()).ok()?;
    let version = known.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let made = compute((algorithm, version, Params::try_from(&known).ok()?), password, &salt, is.len())?;
    Some(made.as_bytes().ct_eq(is.as_bytes()).into())
}

/// A hash that no password has, so that unknown accounts take as long as known ones (I-4).
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password, and nobody ever will").unwrap_or_default());

impl Passwords {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let _permit = self.0.acquire().await.map_err(Problem::internal)?;
        off_the_loop(work).await
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
