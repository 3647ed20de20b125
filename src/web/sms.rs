//! Texts to phones: handed to a gateway of the brand's choice as JSON, or written into a folder.

use super::mail::folder;
use crate::{domain::host::is_this_machine, store::mails::Ended};
use anyhow::bail;
use serde::Serialize;
use std::{path::PathBuf, sync::Arc, time::Duration};
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// Where texts go.
#[derive(Clone)]
pub enum Sms {
    /// They are posted to this address.
    Webhook(String),
    /// Into a folder, one `.txt` file each.
    Folder(PathBuf),
}

impl Sms {
    /// To a webhook.
    ///
    /// # Errors
    /// A sentence for the terminal.
    pub fn webhook(url: &str) -> anyhow::Result<Self> {
        let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, rest)| matches!(*scheme, "http" | "https") && !rest.is_empty())
        else {
            bail!("--sms-webhook-url starts with https:// (or http:// on this machine)");
        };
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
        if scheme == "http" && !is_this_machine(host) {
            bail!("--sms-webhook-url: plain http off this machine lets others read codes. Use https");
        }
        Ok(Self::Webhook(url.to_owned()))
    }

    /// Where that is, without what may be secret in the address.
    pub fn place(&self) -> String {
        match self {
            Self::Webhook(url) => url.split("://").nth(1).unwrap_or_default().split(['/', '?']).next().unwrap_or_default().to_owned(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }

    /// Hands one over, or waits in vain. Blocks.
    pub(super) fn send(&self, text: &Text, file: &str, patience: Duration) -> Ended {
        match self {
            Self::Webhook(url) => post(url, text, patience),
            Self::Folder(folder) => folder::keep(folder, &format!("{file}.txt"), format!("To: {}\n\n{}\n", text.to, text.text).as_bytes()),
        }
    }
}

impl std::fmt::Debug for Sms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.place())
    }
}

/// What a gateway gets.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Text {
    /// The same at every try, so that a gateway can tell that two are one.
    pub id: String,
    /// The phone number.
    pub to: String,
    /// What it says.
    pub text: String,
}

fn post(url: &str, text: &Text, patience: Duration) -> Ended {
    // Texts are few: the machine's certificates are read for each, so that new ones count at once.
    let roots = rustls_native_certs::load_native_certs().certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).unversioned_rustls_crypto_provider(provider).build();
    let agent: Agent = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(patience))
        // A code goes where it was told to go, and nowhere else.
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("Bailiwick/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let body = match serde_json::to_vec(text) {
        Ok(body) => body,
        Err(error) => return Ended::Never(error.to_string()),
    };
    let answer = agent.post(url).header("Content-Type", "application/json").header("Idempotency-Key", &text.id).send(&body[..]);
    match answer {
        Ok(mut answer) => {
            let status = answer.status();
            if status.is_success() {
                return Ended::Sent;
            }
            let said = answer.body_mut().with_config().limit(2_000).lossy_utf8(true).read_to_string().unwrap_or_default();
            let why = format!("{status}: {said}");
            match status.as_u16() {
                // Us it does not know, or not now; the text itself is not at fault.
                401 | 403 | 404 | 405 | 408 | 425 | 429 => Ended::Later(why),
                400..=499 => Ended::Never(why),
                _ => Ended::Later(why),
            }
        }
        Err(error) => Ended::Later(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::Sms;

    #[test]
    fn codes_go_over_tls_or_stay_on_this_machine() {
        for good in ["https://sms.brand.example/send?key=hush", "http://localhost:9000/", "http://127.0.0.1:9000"] {
            let sms = Sms::webhook(good).unwrap();
            assert!(!format!("{sms:?}").contains("hush"));
        }
        for bad in
            ["http://sms.brand.example/send", "http://localhost.example/", "sms.brand.example", "https://", "ftp://sms.brand.example"]
        {
            assert!(Sms::webhook(bad).unwrap_err().to_string().starts_with("--sms-webhook-url"), "{bad}");
        }
    }
}
