//! TLS to a PostgreSQL server (quality.md). The client library inside speaks none, so that a C compiler is all that it
//! takes to build; a socket that nobody but us may open takes its connections, and what comes there goes on by rustls.

use super::conn::OpenError;
use crate::domain::host::is_this_machine;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use socket2::{SockRef, TcpKeepalive};
use std::{borrow::Cow, io, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpStream, UnixListener, UnixStream},
    sync::oneshot,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// For how long a server may make its first greeting wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a server that says nothing is asked whether it is still there.
const STILL_THERE: Duration = Duration::from_secs(60);
/// By which the client library names our socket; nothing listens on a port of that number.
const PORT: u16 = 5432;

/// What the certificate of the server must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// That somebody who is trusted signed it.
    Chain,
    /// And that it is for this host.
    ChainAndName,
}

/// A server that is spoken to over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    host: String,
    /// Where that is, if the URL says so.
    address: Option<String>,
    port: u16,
    proof: Proof,
    /// The file with those who are trusted; none: those whom the machine trusts.
    roots: Option<PathBuf>,
}

/// A URL whose server is spoken to over TLS, without where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rest {
    /// `user:password@`, or nothing.
    user: String,
    database: String,
    /// What else it asks for, as it stood there.
    options: Vec<String>,
}

/// The URL for the client library, and what it needs to stay open.
pub(super) fn reach(url: String) -> Result<(String, Option<Arc<Bridge>>), OpenError> {
    let Some((server, rest)) = wants_tls(&url)? else { return Ok((url, None)) };
    let bridge = Bridge::open(server)?;
    Ok((rest.through(&bridge), Some(Arc::new(bridge))))
}

/// Which server a URL wants spoken to over TLS: every one off this machine, unless it says that the network is safe.
fn wants_tls(url: &str) -> Result<Option<(Server, Rest)>, OpenError> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    // As the client library reads it: who comes first, and may hold a question mark.
    let (user, rest) = match rest.find(['@', '/']) {
        Some(end) if rest[end..].starts_with('@') => rest.split_at(end + 1),
        _ => ("", rest),
    };
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let (place, database) = place.split_once('/').unwrap_or((place, ""));
    let (mut host, mut port) = match place.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (decoded(host), decoded(port)),
        None => (decoded(place), Cow::default()),
    };
    let (mut mode, mut roots, mut address, mut kept) = (None, None, None, Vec::new());
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = decoded(value);
        match name {
            "host" => host = value,
            "port" => port = value,
            "hostaddr" => address = Some(value.into_owned()),
            "sslmode" => mode = Some(value),
            "sslrootcert" => roots = Some(PathBuf::from(value.into_owned())),
            "sslcert" | "sslkey" => {
                return Err(OpenError(format!("{name}: certificates of our own are not shown to the database. Use a password.")));
            }
            _ => kept.push(option.to_owned()),
        }
    }
    let socket = address.is_none() && (host.is_empty() || host.starts_with(['/', '@']));
    let here = socket || is_this_machine(address.as_deref().unwrap_or(&host));
    let proof = match mode.as_deref() {
        Some("disable") => return Ok(None),
        None | Some("prefer" | "allow") if here => return Ok(None),
        Some("require" | "verify-ca" | "verify-full") if socket => return Ok(None),
        Some("verify-ca") => Proof::Chain,
        None | Some("require" | "verify-full") => Proof::ChainAndName,
        Some("prefer" | "allow") => {
            return Err(OpenError(
                "Off this machine TLS to the database is not left to chance: use sslmode=verify-full, or sslmode=disable to say that \
                 the network is safe."
                    .into(),
            ));
        }
        Some(other) => return Err(OpenError(format!("sslmode={other} is none of verify-full, verify-ca and disable."))),
    };
    if host.contains(',') {
        return Err(OpenError("Over TLS the URL of the database names one host.".into()));
    }
    let port = match &*port {
        "" => PORT,
        port => port.parse().map_err(|_| OpenError(format!("“{port}” is no port of a database.")))?,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let server = Server { host, address, port, proof, roots };
    Ok(Some((server, Rest { user: user.to_owned(), database: database.to_owned(), options: kept })))
}

/// A part of a URL, read.
fn decoded(part: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy()
}

impl Rest {
    fn through(&self, bridge: &Bridge) -> String {
        let folder = bridge.folder.path().to_string_lossy();
        let folder = percent_encoding::utf8_percent_encode(&folder, percent_encoding::NON_ALPHANUMERIC);
        let mut options = self.options.clone();
        options.extend([format!("host={folder}"), format!("port={PORT}"), "sslmode=disable".into()]);
        format!("postgres://{}/{}?{}", self.user, self.database, options.join("&"))
    }
}

/// A way to a server; it ends with whoever holds it.
pub(super) struct Bridge {
    folder: TempDir,
    _until: oneshot::Sender<()>,
}

impl Bridge {
    /// Greets the server once, so that whoever starts the program reads what is wrong, and listens from then on.
    fn open(server: Server) -> Result<Self, OpenError> {
        let place = server.host.clone();
        let failed = |error: &dyn std::fmt::Display| OpenError(format!("There is no TLS to the database at {place}: {error}"));
        let connector = server.connector().map_err(|error| failed(&error))?;
        let folder = tempfile::Builder::new().prefix("bailiwick-").tempdir().map_err(|error| failed(&error))?;
        let socket = folder.path().join(format!(".s.PGSQL.{PORT}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
        let (until, ended) = oneshot::channel();
        let (greeted, greeting) = std::sync::mpsc::channel();
        let way = Arc::new((server, connector));
        // A thread of its own: whoever opens the database may be inside another runtime.
        let serve = async move {
            let listener = match greet(&way.0, &way.1).await {
                Ok(_) => UnixListener::bind(socket),
                Err(error) => Err(error),
            };
            let listener = match listener {
                Ok(listener) => listener,
                Err(error) => {
                    _ = greeted.send(Err(error));
                    return;
                }
            };
            _ = greeted.send(Ok(()));
            tokio::select! { () = listen(&listener, &way) => {}, _ = ended => {} }
        };
        std::thread::Builder::new().name("postgres-tls".into()).spawn(move || runtime.block_on(serve)).map_err(|error| failed(&error))?;
        match greeting.recv() {
            Ok(Ok(())) => Ok(Self { folder, _until: until }),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Takes connections for ever.
async fn listen(listener: &UnixListener, way: &Arc<(Server, TlsConnector)>) {
    loop {
        match listener.accept().await {
            Ok((local, _)) => {
                let way = Arc::clone(way);
                tokio::spawn(async move {
                    if let Err(error) = carry(local, &way.0, &way.1).await {
                        tracing::warn!(%error, "the TLS connection to the database failed");
                    }
                });
            }
            Err(error) => {
                tracing::error!(%error, "no connection to the database can be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn carry(mut local: UnixStream, server: &Server, connector: &TlsConnector) -> io::Result<()> {
    let mut remote = greet(server, connector).await?;
    match copy_bidirectional(&mut local, &mut remote).await {
        // Servers hang up without a word of TLS.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        done => done.map(|_| ()),
    }
}

/// Connects and agrees on TLS.
async fn greet(server: &Server, connector: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    tokio::time::timeout(PATIENCE, async {
        let mut stream = TcpStream::connect((server.address.as_deref().unwrap_or(&server.host), server.port)).await?;
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(STILL_THERE))?;
        // The request for TLS: its length and its code (PostgreSQL's protocol, SSLRequest). One byte is the answer, and
        // nothing is read beyond it that was not said over TLS.
        stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        match stream.read_u8().await? {
            b'S' => {}
            _ => return Err(io::Error::other("the server does not speak TLS")),
        }
        let name = ServerName::try_from(server.host.clone()).map_err(io::Error::other)?;
        connector.connect(name, stream).await
    })
    .await
    .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer")))
}

impl Server {
    fn connector(&self) -> io::Result<TlsConnector> {
        let mut roots = RootCertStore::empty();
        match &self.roots {
            Some(file) => {
                let unreadable = |error: &dyn std::fmt::Display| io::Error::other(format!("{} cannot be read: {error}", file.display()));
                for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
                    roots.add(certificate.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))?;
                }
            }
            None => _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().map_err(io::Error::other)?;
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let config = match self.proof {
            Proof::ChainAndName => config.with_webpki_verifier(verifier),
            Proof::Chain => config.dangerous().with_custom_certificate_verifier(Arc::new(AnyName(verifier))),
        };
        Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
    }
}

/// Believes whom somebody trusted vouches for, whatever their name: `sslmode=verify-ca`.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The name is looked at last.
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_off_this_machine_is_spoken_to_over_tls() {
        let plain = [
            "postgres://u:p@localhost:5432/b",
            "postgres://u@127.0.0.1/b?sslmode=prefer",
            "postgres:///b",
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/b?sslmode=require",
            "postgres:///b?host=/var/run/postgresql",
            "postgres://u@db.example/b?sslmode=disable",
            "postgres://u@db.example,other.example/b?sslmode=disable",
            "postgres://u@db.example/b?hostaddr=127.0.0.1",
        ];
        for url in plain {
            assert_eq!(wants_tls(url).unwrap(), None, "{url}");
        }
        let server = |url: &str| wants_tls(url).unwrap().unwrap_or_else(|| panic!("{url} goes over the network in the clear")).0;
        let secure = [
            "postgres://u@db.example/b",
            "postgresql://u:sslmode=disable@db.example/b",
            "postgres://u:p?sslmode=disable@db.example:5432/b?application_name=sslmode%3Ddisable",
            "postgres://u@localhost/b?host=db.example",
            "postgres://db.example",
            "postgres:///b?hostaddr=10.0.0.7&host=db.example&sslmode=verify-full",
            "postgres://u@127.0.0.1/b?host=db%2Eexample&sslmode=require",
        ];
        for url in secure {
            let server = server(url);
            assert_eq!((&*server.host, server.port, server.proof), ("db.example", 5432, Proof::ChainAndName), "{url}");
        }
        assert_eq!(server("postgres://localhost.example/b").host, "localhost.example");
        let here = server("postgres://u@[::1]:5433/b?sslmode=verify-ca&sslrootcert=%2Fetc%2Fca%20one.pem");
        assert_eq!((&*here.host, here.port, here.proof), ("::1", 5433, Proof::Chain));
        assert_eq!(here.roots, Some("/etc/ca one.pem".into()));
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (url, word) in [
            ("postgres://u@db.example/b?sslmode=prefer", "not left to chance"),
            ("postgres://u@db.example/b?sslmode=on", "sslmode=on"),
            ("postgres://a.example,b.example/b", "one host"),
            ("postgres://db.example:fast/b", "no port"),
            ("postgres://db.example/b?sslcert=me.pem", "password"),
        ] {
            let error = wants_tls(url).unwrap_err().to_string();
            assert!(error.contains(word), "{url}: {error}");
        }
    }
}
