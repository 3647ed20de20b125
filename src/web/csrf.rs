//! The token that every form carries. It is bound to the session; before sign-in, to a short-lived signed cookie.
//! On a page it stands masked anew each time, so that a compressed answer tells nothing about it (BREACH).

use crate::clock::Chance;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

/// The secret behind the tokens of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new one.
    pub fn new(chance: &Chance) -> Self {
        Self(chance.bytes())
    }

    /// As it is kept.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// From how it is kept.
    pub fn decode(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// A token for a page: a mask, and the secret under it.
    pub fn token(&self, chance: &Chance) -> String {
        let mask = chance.bytes::<32>();
        let mut both = mask.to_vec();
        both.extend(self.0.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        URL_SAFE_NO_PAD.encode(both)
    }

    /// Whether the token is one of this secret's.
    pub fn accepts(&self, token: &str) -> bool {
        let Ok(both) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((mask, masked)) = both.split_first_chunk::<32>() else { return false };
        let found: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        found.ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_only_their_own_secret_accepts_them() {
        let chance = Chance::system();
        let (ours, theirs) = (Secret::new(&chance), Secret::new(&chance));
        let (one, two) = (ours.token(&chance), ours.token(&chance));
        assert_ne!(one, two);
        assert!(ours.accepts(&one) && ours.accepts(&two) && !theirs.accepts(&one));
        assert!(!ours.accepts("") && !ours.accepts("x") && !ours.accepts(&ours.encode()));
        assert_eq!(Secret::decode(&ours.encode()), Some(ours));
    }
}
