//! `bailiwick serve`.

use crate::{
    access::{Origin, system},
    config::Options,
    store::{Db, Seal, set_up},
    web::{House, mail::Route, passwords::Passwords, server, sms::Sms},
};
use anyhow::Context;
use std::{net::TcpListener, sync::Arc};

/// Serves until it is told to stop.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let db = super::open(options)?;
    serve(options, db, |_| ())
}

/// Listens, says where, and serves.
pub(super) fn serve(options: &Options, db: Db, say: impl FnOnce(&str)) -> anyhow::Result<()> {
    let address = options.address()?;
    let listener = TcpListener::bind(address).with_context(|| format!("{address} cannot be listened on"))?;
    db.learn_general()?;
    let key = options.key()?;
    let db = db.sealing_with(Seal::from_key(&key));
    let outside = options.outside(listener.local_addr()?, key)?;
    println!("Bailiwick is at {}", outside.public_url);
    match &outside.post.mails {
        Route::Smtp(_) => println!("Mails go to {}", outside.post.mails.place()),
        Route::Folder(folder) => println!("Mails are written to {}", folder.display()),
    }
    if let Sms::Webhook(_) = &outside.post.texts {
        println!("Texts to phones go to {}", outside.post.texts.place());
    }
    let permit = system::set_up(Origin::default());
    if db.read(&permit, |view| set_up::is_due(view))? {
        let code = db.write(&permit, set_up::new_code)?;
        println!("No super administrator yet. Set up here, once: {}/setup?code={code}", outside.public_url);
    }
    say(&outside.public_url);
    let house = House { db, outside: Arc::new(outside), passwords: Passwords::default() };
    actix_web::rt::System::new().block_on(server::run(house, listener, options.tls()?))
}
