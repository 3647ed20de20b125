//! A server that is spoken to over TLS. In front of the tests' own PostgreSQL stands somebody who speaks it.

use crate::{database::Database, place::Content};
use bailiwick::{
    clock::{Chance, Clock},
    store::Db,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_rustls::TlsAcceptor;

/// Whoever signs certificates, and the file that says so.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &std::path::Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// Speaks TLS with a certificate for a host.
    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

/// Where a URL's server is, and the database on it.
async fn server(url: &str) -> Box<dyn Both> {
    let place = url.split_once("://").unwrap().1.split(['/', '?']).next().unwrap();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    match place.strip_prefix("%2F") {
        Some(folder) => Box::new(UnixStream::connect(format!("/{}/.s.PGSQL.5432", folder.replace("%2F", "/"))).await.unwrap()),
        None if place.contains(':') => Box::new(TcpStream::connect(place).await.unwrap()),
        None => Box::new(TcpStream::connect((place, 5432)).await.unwrap()),
    }
}

/// Stands in front of a server: its port, and how many it spoke TLS with. Without an acceptor it says that it speaks none.
fn front(url: String, acceptor: Option<TlsAcceptor>) -> (u16, Arc<AtomicUsize>) {
    let (told, port) = std::sync::mpsc::channel();
    let spoken = Arc::new(AtomicUsize::new(0));
    let spoken_too = Arc::clone(&spoken);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap().port()).unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (url, acceptor, spoken) = (url.clone(), acceptor.clone(), Arc::clone(&spoken_too));
                tokio::spawn(async move {
                    let mut request = [0; 8];
                    stream.read_exact(&mut request).await.unwrap();
                    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47], "it asks for TLS before anything else");
                    let Some(acceptor) = acceptor else { return stream.write_all(b"N").await.unwrap() };
                    stream.write_all(b"S").await.unwrap();
                    // Whoever does not believe us hangs up.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    spoken.fetch_add(1, Ordering::SeqCst);
                    _ = copy_bidirectional(&mut stream, &mut server(&url).await).await;
                });
            }
        });
    });
    (port.recv().unwrap(), spoken)
}

#[test]
fn a_database_is_spoken_to_over_tls_with_whoever_shows_that_it_is_the_one() {
    let Some(at) = Database::postgres(Content::World) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "others"));
    let url = at.url();
    let (user, database) =
        (url.split("://").nth(1).unwrap().split('@').next().unwrap(), url.split('?').next().unwrap().rsplit('/').next().unwrap());
    let open = |port: u16, mode: &str, roots: &Authority| {
        let url = format!("postgres://{user}@localhost:{port}/{database}?sslmode={mode}&sslrootcert={}", roots.file.display());
        Db::open(&url, 2, Clock::system(), Chance::system())
    };
    let refused = |port: u16, mode: &str, roots: &Authority| open(port, mode, roots).err().expect("it is refused").to_string();

    let (port, spoken) = front(url.clone(), Some(ours.acceptor("localhost")));
    let db = open(port, "verify-full", &ours).unwrap();
    assert!(db.ready(), "what came over TLS is the database");
    assert!(spoken.load(Ordering::SeqCst) >= 2, "a greeting, and a connection");
    assert!(open(port, "require", &ours).unwrap().ready());
    assert!(refused(port, "verify-full", &others).contains("UnknownIssuer"));
    assert!(refused(port, "verify-ca", &others).contains("UnknownIssuer"));

    let (elsewhere, _) = front(url.clone(), Some(ours.acceptor("db.example")));
    assert!(refused(elsewhere, "verify-full", &ours).contains("not valid for name"));
    assert!(open(elsewhere, "verify-ca", &ours).unwrap().ready(), "its name is not asked for");

    let (plain, _) = front(url.clone(), None);
    assert!(refused(plain, "verify-full", &ours).contains("does not speak TLS"));
}
