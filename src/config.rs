//! What the command line, the environment and `bailiwick.toml` say. Parsed once; the command line wins over the
//! environment, which wins over the file.

use crate::{
    domain::host::is_this_machine,
    web::{
        Outside,
        mail::{self, Post, Route},
        server::Tls,
        sms::Sms,
    },
};
use anyhow::{Context, bail};
use clap::Args;
use ipnet::IpNet;
use serde::Deserialize;
use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Where the database is.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// sqlite:FILE or postgres://… [default: sqlite:bailiwick.db]
    #[arg(long, env = "BAILIWICK_DATABASE_URL", global = true)]
    pub database_url: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "BAILIWICK_LISTEN", global = true)]
    pub listen: Option<String>,
    /// The address at which people find us; needed off this machine
    #[arg(long, env = "BAILIWICK_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,
    /// Allow plain http off this machine
    #[arg(long, env = "BAILIWICK_INSECURE_HTTP", global = true)]
    pub insecure_http: bool,
    /// A proxy whose X-Forwarded-For counts, as a network (repeatable)
    #[arg(long, env = "BAILIWICK_TRUSTED_PROXY", value_delimiter = ',', global = true)]
    pub trusted_proxy: Vec<IpNet>,
    /// The file with the secret key; made beside a SQLite database
    #[arg(long, env = "BAILIWICK_KEY_FILE", global = true)]
    pub key_file: Option<PathBuf>,
    /// Certificate chain, PEM
    #[arg(long, env = "BAILIWICK_TLS_CERT", global = true)]
    pub tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, env = "BAILIWICK_TLS_KEY", global = true)]
    pub tls_key: Option<PathBuf>,
    /// The mail server: smtps://user:password@host, or smtp://host?tls=required
    #[arg(long, env = "BAILIWICK_SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,
    /// The folder for what no server takes, a file each [default: beside the database]
    #[arg(long, env = "BAILIWICK_MAIL_DIR", global = true)]
    pub mail_dir: Option<PathBuf>,
    /// Whom mails are from: "Brand <no-reply@brand.example>" [default: no-reply at the public URL]
    #[arg(long, env = "BAILIWICK_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// Where texts to phones are posted as JSON [default: files in the folder for mails]
    #[arg(long, env = "BAILIWICK_SMS_WEBHOOK_URL", hide_env_values = true, global = true)]
    pub sms_webhook_url: Option<String>,
}

impl Options {
    /// With what `bailiwick.toml` in this folder adds.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn with_file(self, file: &Path) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(self),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
        };
        let below: Self = toml::from_str(&text).with_context(|| format!("{} is not right", file.display()))?;
        Ok(Self {
            database_url: self.database_url.or(below.database_url),
            listen: self.listen.or(below.listen),
            public_url: self.public_url.or(below.public_url),
            insecure_http: self.insecure_http || below.insecure_http,
            trusted_proxy: if self.trusted_proxy.is_empty() { below.trusted_proxy } else { self.trusted_proxy },
            key_file: self.key_file.or(below.key_file),
            tls_cert: self.tls_cert.or(below.tls_cert),
            tls_key: self.tls_key.or(below.tls_key),
            smtp_url: self.smtp_url.or(below.smtp_url),
            mail_dir: self.mail_dir.or(below.mail_dir),
            mail_from: self.mail_from.or(below.mail_from),
            sms_webhook_url: self.sms_webhook_url.or(below.sms_webhook_url),
        })
    }

    /// The database.
    pub fn database(&self) -> &str {
        self.database_url.as_deref().unwrap_or("sqlite:bailiwick.db")
    }

    /// Where to listen.
    ///
    /// # Errors
    /// When it is no address with a port.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        let text = self.listen.as_deref().unwrap_or("127.0.0.1:8080");
        text.parse().with_context(|| format!("“{text}” is no address with a port, like 127.0.0.1:8080"))
    }

    /// Certificate and key, both or neither.
    ///
    /// # Errors
    /// When one is missing.
    pub fn tls(&self) -> anyhow::Result<Option<Tls>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Ok(Some(Tls { cert: cert.clone(), key: key.clone() })),
            (None, None) => Ok(None),
            _ => bail!("--tls-cert and --tls-key go together"),
        }
    }

    /// How the outside sees us, when we listen at this address.
    ///
    /// # Errors
    /// When something is missing or not safe.
    pub fn outside(&self, listening: SocketAddr, key: [u8; 64]) -> anyhow::Result<Outside> {
        let tls = self.tls()?.is_some();
        let loopback = listening.ip().is_loopback();
        let public_url = match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if loopback => format!("{}://localhost:{}", if tls { "https" } else { "http" }, listening.port()),
            None => bail!("Off this machine --public-url says how people find us, e.g. https://admin.brand.example"),
        };
        let secure = public_url.starts_with("https://");
        if !secure && !public_url.starts_with("http://") {
            bail!("--public-url starts with https:// (or http:// on this machine)");
        }
        let host = public_url.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if !secure && !is_this_machine(host) && !self.insecure_http {
            bail!("Plain http off this machine lets others read passwords. Use https, or --insecure-http to say that the network is safe");
        }
        Ok(Outside { public_url, secure, trusted_proxies: self.trusted_proxy.clone(), post: self.post()?, key })
    }

    /// How mails leave the house.
    ///
    /// # Errors
    /// When a URL or an address is not right.
    pub fn post(&self) -> anyhow::Result<Post> {
        let folder = match &self.mail_dir {
            Some(folder) => folder.clone(),
            None => self.beside("mail")?,
        };
        let mails = match &self.smtp_url {
            Some(url) => Route::smtp(url)?,
            None => Route::Folder(folder.clone()),
        };
        let texts = match &self.sms_webhook_url {
            Some(url) => Sms::webhook(url)?,
            None => Sms::Folder(folder),
        };
        let from = self.mail_from.as_deref().map(mail::sender).transpose()?;
        Ok(Post { from, ..Post::by(mails, texts) })
    }

    /// A file or folder beside an SQLite database, or beside the key.
    fn beside(&self, ending: &str) -> anyhow::Result<PathBuf> {
        let file = match (self.database().strip_prefix("sqlite:"), &self.key_file) {
            (Some(database), _) => database.trim_start_matches("//").to_owned(),
            (None, Some(key)) => key.display().to_string(),
            (None, None) => bail!("On PostgreSQL --key-file names the file with the secret key; all processes use the same"),
        };
        Ok(PathBuf::from(format!("{file}.{ending}")))
    }

    /// The secret key: read, or made beside a SQLite database.
    ///
    /// # Errors
    /// When it is missing on PostgreSQL, or cannot be read or made.
    pub fn key(&self) -> anyhow::Result<[u8; 64]> {
        let file = match &self.key_file {
            Some(file) => file.clone(),
            None => self.beside("key")?,
        };
        match std::fs::read(&file) {
            Ok(bytes) => bytes.try_into().map_err(|_| anyhow::anyhow!("{} is no key of ours: it has 64 bytes", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&file),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
        }
    }
}

fn make_key(file: &Path) -> anyhow::Result<[u8; 64]> {
    use std::os::unix::fs::OpenOptionsExt;
    let key: [u8; 64] = crate::clock::Chance::system().bytes();
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("The key {} cannot be made", file.display()))?;
    out.write_all(&key)?;
    Ok(key)
}
