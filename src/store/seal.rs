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
pub struct Seal {
    cipher: Aes256Gcm,
    /// For marks.
    key: [u8; 32],
}

impl Seal {
    fn new(key: [u8; 32]) -> Self {
        let derived = |purpose: &str| Sha256::new().chain_update(purpose).chain_update(key).finalize().0;
        Self { cipher: Aes256Gcm::new(&derived("seal").into()), key: derived("mark") }
    }

    /// The seal of an installation, from its key file.
    pub fn from_key(key: &[u8; 64]) -> Self {
        Self::new(Sha256::new().chain_update("bailiwick letters").chain_update(key).finalize().0)
    }

    /// A seal that nobody else has: for commands that send nothing.
    pub fn of_chance(chance: &Chance) -> Self {
        Self::new(chance.bytes())
    }

    /// Seals a text to a name: under another name it does not open.
    ///
    /// # Errors
    /// [`Problem::Internal`] for a text of more than 64 GiB.
    pub(super) fn close(&self, chance: &Chance, name: &str, text: &str) -> Result<String, Problem> {
        let nonce = chance.bytes::<NONCE>();
        let payload = Payload { msg: text.as_bytes(), aad: name.as_bytes() };
        let sealed =
            self.cipher.encrypt(&nonce.into(), payload).map_err(|_| Problem::Internal(anyhow::anyhow!("{name} cannot be sealed")))?;
        Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// A mark of a short secret, by which it is known again: without the key nobody can try all there are. Under another
    /// name it is another mark.
    pub(super) fn mark(&self, name: &str, secret: &str) -> String {
        let inner = Sha256::new().chain_update(self.key).chain_update(name).chain_update([0]).chain_update(secret).finalize();
        STANDARD_NO_PAD.encode(Sha256::new().chain_update(self.key).chain_update(inner).finalize())
    }

    /// What was sealed to a name; nothing where it was sealed with another key, or changed since.
    pub(super) fn open(&self, name: &str, sealed: &str) -> Option<String> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>()?;
        let text = self.cipher.decrypt(nonce.into(), Payload { msg, aad: name.as_bytes() }).ok()?;
        String::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_known_again_with_the_same_key_and_name_alone() {
        let ours = Seal::from_key(&[1; 64]);
        let mark = ours.mark("code 1", "123456");
        assert_eq!(mark, Seal::from_key(&[1; 64]).mark("code 1", "123456"));
        for other in [ours.mark("code 2", "123456"), ours.mark("code 1", "123457"), Seal::from_key(&[2; 64]).mark("code 1", "123456")] {
            assert_ne!(mark, other);
        }
        assert!(!mark.contains("123456"));
    }

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
