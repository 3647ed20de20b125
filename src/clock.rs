//! Time and chance, handed in (house rule 13): no other module asks the system for either.

use crate::domain::time::Time;
use std::sync::Arc;

/// Tells the time. One transaction asks it once (domain.md Z-1).
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// The system's clock, cut to microseconds.
    #[expect(clippy::disallowed_methods, reason = "this is where it is handed in")]
    pub fn system() -> Self {
        Self::from_fn(|| Time::from_micros(jiff::Timestamp::now().as_microsecond()))
    }

    /// A clock of one's own, for tests and for the demo's story.
    pub fn from_fn(now: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        (self.0)()
    }
}

/// The source of everything random: ids, tokens, salts.
#[derive(Clone)]
pub struct Chance(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Chance {
    /// The operating system's generator. Without it nothing can be made safely, so its failure ends the process.
    #[expect(clippy::disallowed_methods, reason = "this is where it is handed in")]
    pub fn system() -> Self {
        Self::from_fn(|bytes| {
            if let Err(error) = getrandom::fill(bytes) {
                tracing::error!(%error, "the operating system gives no random bytes");
                std::process::abort();
            }
        })
    }

    /// A generator of one's own.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// A secret of 256 bits in the alphabet of addresses.
    pub fn token(&self) -> String {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A public id: the prefix, an underscore and 16 letters of base32 (http.md).
    pub fn id(&self, prefix: &str) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let letters = self.bytes::<16>().map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
        format!("{prefix}_{}", String::from_iter(letters))
    }
}
