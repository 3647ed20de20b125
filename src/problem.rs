//! The one error, named as a visitor meets it; `web::problem` shows it at one door.

use crate::domain::Refusal;

/// What stands between a visitor and an answer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Nobody is signed in.
    #[error("Sign in first.")]
    SignedOut,
    /// They may see the thing, but not do this (Z-5). The sentence says what is missing.
    #[error("{0}")]
    Forbidden(String),
    /// It does not exist, or they may not know that it does; both answer alike (Z-5).
    #[error("Nothing here, or nothing you may see.")]
    NotFound,
    /// The state forbids it, or changed since the page was loaded.
    #[error("{0}")]
    Conflict(String),
    /// A request that no form of ours sends: a missing token, an unreadable body.
    #[error("{0}")]
    Unreadable(String),
    /// Sound in form, refused by a rule; forms show it at the field.
    #[error("{0}")]
    Refused(Refusal),
    /// Too many tries; the number is how many seconds to wait.
    #[error("Too many tries. Wait {0} seconds.")]
    TooMany(i64),
    /// A body over the limit.
    #[error("This is too large.")]
    TooLarge,
    /// The database cannot be reached or is busy; nothing was saved.
    #[error("The database does not answer at the moment. Nothing was saved.")]
    Unavailable,
    /// Our fault.
    #[error("Something failed on our side. Nothing was saved.")]
    Internal(#[source] anyhow::Error),
}

impl Problem {
    /// A fault that only the log should describe.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
