//! Building and running the server.

use super::{House, form, guard, mail, problem, routes, session};
use crate::{domain::settings::LONGEST_SESSION, store::jobs};
use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
};
use actix_web::{
    App, HttpServer,
    body::MessageBody,
    cookie::{SameSite, time::Duration},
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Compress, from_fn},
    web::{self, Data, PayloadConfig},
};
use std::{net::TcpListener, path::PathBuf};

/// The application, as the server runs it and the tests call it.
pub fn app(
    house: House,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error, InitError = ()>,
> {
    let outside = house.outside.clone();
    let sessions = SessionMiddleware::builder(session::Sessions::new(house.db.clone()), outside.key_for("session"))
        .cookie_name(outside.cookie().into())
        .cookie_secure(outside.secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".into())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            PersistentSession::default()
                // The database says when it ends.
                .session_ttl(Duration::hours(LONGEST_SESSION))
                .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
        )
        .build();
    App::new()
        .app_data(Data::new(house))
        .app_data(PayloadConfig::new(form::LIMIT))
        // The last one is the outermost.
        .wrap(from_fn(guard::headers))
        .wrap(Compress::default())
        .configure(routes::configure_anybody)
        .service(
            web::scope("")
                .wrap(from_fn(problem::show))
                .wrap(from_fn(session::visitor))
                .wrap(from_fn(guard::same_origin))
                .wrap(sessions)
                .configure(routes::configure),
        )
}

/// Certificate and key, in PEM files.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Serves until it is told to stop, then lets requests end.
///
/// # Errors
/// When it cannot listen, or the certificate cannot be read.
pub async fn run(house: House, listener: TcpListener, tls: Option<Tls>) -> anyhow::Result<()> {
    super::passwords::warm_up();
    actix_web::rt::spawn(keep_clean(house.clone()));
    let workers = mail::Workers::start(&house);
    let server = HttpServer::new(move || app(house.clone()))
        .workers(std::thread::available_parallelism().map_or(2, usize::from))
        .shutdown_timeout(20);
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls_config(&tls)?)?,
        None => server.listen(listener)?,
    };
    server.run().await?;
    workers.stop().await;
    Ok(())
}

/// Takes away what has ended or expired, now and then, for as long as the server runs.
async fn keep_clean(house: House) {
    // Often enough that a process that is to do it finds it due soon.
    let mut tick = actix_web::rt::time::interval(std::time::Duration::from_secs(jobs::EVERY.unsigned_abs() / 3));
    loop {
        tick.tick().await;
        match house.work(jobs::clean_up).await {
            Ok(Some(cleaned)) => tracing::info!(?cleaned, "cleaned up"),
            Ok(None) => {}
            Err(problem) => tracing::warn!(%problem, "could not clean up"),
        }
    }
}

fn tls_config(tls: &Tls) -> anyhow::Result<rustls::ServerConfig> {
    use anyhow::Context;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let chain = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("The certificate {} cannot be read", tls.cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).with_context(|| format!("The key {} cannot be read", tls.key.display()))?;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?)
}
