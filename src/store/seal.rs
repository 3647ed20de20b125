//! Sealing what the database must not hold readable: nobody who only has the database can open it or change it.

use crate::{clock::Chance, problem::Problem};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

/// Bytes of a nonce. It is drawn: 2^32 letters under one key are safe, more than any house writes.
const NONCE: usize = 12;

/// Seals and opens with AES-256-GCM.
#[derive(Clone)]
pub struct Seal(Aes256Gcm);

impl Seal {
    /// The seal of an installation, from its key file.
    pub fn from_key(key: &[u8; 64]) -> Self {
        Self(Aes256Gcm::new(&Sha256::new().chain_update("bailiwick letters").chain_update(key).finalize().0.into()))
    }

    /// A seal that nobody else has: for commands that send nothing.
    pub fn of_chance(chance: &Chance) -> Self {
        Self(Aes256Gcm::new(&chance.bytes::<32>().into()))
    }

    /// Seals a text to a name: under another name it does not open.
    ///
    /// # Errors
    /// [`Problem::Internal`] for a text of more than 64 GiB.
    pub(super) fn close(&self, chance: &Chance, name: &str, text: &str) -> Result<String, Problem> {
        let nonce = chance.bytes::<NONCE>();
        let payload = Payload { msg: text.as_bytes(), aad: name.as_bytes() };
        let sealed = self.0.encrypt(&nonce.into(), payload).map_err(|_| Problem::Internal(anyhow::anyhow!("{name} cannot be sealed")))?;
        Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed to a name; nothing where it was sealed with another key, or changed since.
    pub(super) fn open(&self, name: &str, sealed: &str) -> Option<String> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>()?;
        let text = self.0.decrypt(nonce.into(), Payload { msg, aad: name.as_bytes() }).ok()?;
        String::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_with_its_own_key_and_name_alone() {
        let chance = Chance::system();
        let (ours, theirs) = (Seal::from_key(&[1; 64]), Seal::from_key(&[2; 64]));
        let sealed = ours.close(&chance, "mail_a", "a link").unwrap();
        assert!(!sealed.contains("link"));
        assert_ne!(sealed, ours.close(&chance, "mail_a", "a link").unwrap(), "twice the same does not look the same");
        assert_eq!(Seal::from_key(&[1; 64]).open("mail_a", &sealed).as_deref(), Some("a link"));
        assert_eq!(theirs.open("mail_a", &sealed), None);
        assert_eq!(ours.open("mail_b", &sealed), None);
        assert_eq!(Seal::of_chance(&chance).open("mail_a", &sealed), None);
        let mut changed = STANDARD_NO_PAD.decode(&sealed).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(ours.open("mail_a", &STANDARD_NO_PAD.encode(changed)), None);
        for broken in ["", "AAAA", "no base64!"] {
            assert_eq!(ours.open("mail_a", broken), None);
        }
    }
}
