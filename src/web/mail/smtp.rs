//! Mails by SMTP.

use crate::{domain::host::is_this_machine, store::mails::Ended};
use anyhow::bail;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, transport::smtp};
use std::time::Duration;

/// Connections to a mail server.
pub(super) type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// A mail server.
#[derive(Clone)]
pub struct Server {
    url: String,
    /// Its host, for people.
    pub(super) name: String,
}

impl Server {
    /// Reads its URL.
    pub(super) fn from_url(url: &str) -> anyhow::Result<Self> {
        let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "smtp" | "smtps")) else {
            bail!("--smtp-url starts with smtp:// or smtps://");
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.split('/').next().unwrap_or_default();
        let name = place.rsplit_once('@').map_or(place, |(_, host)| host);
        if scheme == "smtp" && query.is_empty() && !is_this_machine(name) {
            bail!(
                "Plain SMTP off this machine lets others read links that open accounts. Use smtps://, add ?tls=required, or add ?tls=none to say that the network is safe"
            );
        }
        let server = Self { url: url.replace("?tls=none", ""), name: name.to_owned() };
        // Not the error itself: it may repeat the password.
        if Transport::from_url(&server.url).is_err() {
            bail!("--smtp-url is not right: smtps://user:password@host:port, with what is special in them as %XX");
        }
        Ok(server)
    }

    /// Connects when there is something to send. Only inside the runtime.
    pub(super) fn transport(&self, patience: Duration) -> Option<Transport> {
        // What was read once is read again.
        let builder = Transport::from_url(&self.url).ok()?;
        Some(builder.timeout(Some(patience / 2)).pool_config(smtp::PoolConfig::new().max_size(4)).build())
    }
}

/// Hands a mail over.
pub(super) async fn send(transport: &Transport, message: Message) -> Ended {
    match transport.send(message).await {
        Ok(_) => Ended::Sent,
        Err(error) => {
            let code = error.status().map(u16::from);
            let why = error.to_string();
            match code {
                // It is us whom the server does not know: that can be put right, and no mail is lost meanwhile.
                Some(530 | 534 | 535 | 538) => Ended::Later(why),
                _ if error.is_permanent() => Ended::Never(why),
                _ => Ended::Later(why),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Server;

    #[test]
    fn a_mail_server_off_this_machine_needs_a_word_about_tls() {
        let refused = |url: &str| Server::from_url(url).err().unwrap().to_string();
        assert!(refused("smtp://mail.brand.example").contains("?tls=required"));
        for url in [
            "smtps://bailiwick:s%3Fcret@mail.brand.example",
            "smtp://mail.brand.example?tls=required",
            "smtp://mail.brand.example:2525?tls=none",
            "smtp://127.0.0.1:2525/name",
        ] {
            assert!(!Server::from_url(url).unwrap().name.contains("cret"), "{url}");
        }
        for url in ["mail.brand.example", "http://mail.brand.example", "smtps://", "smtp://mail.brand.example?tls=maybe"] {
            assert!(refused(url).starts_with("--smtp-url"), "{url}");
        }
        assert!(!refused("smtps://bailiwick:secret@mail.brand.example:x").contains("secret"));
    }
}
