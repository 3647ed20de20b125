//! Settings of the installation. Each section is kept whole, with the number of its version.

use super::{
    conn::{Conn, Db, on_each},
    schema::settings,
    sessions::Limits,
    transaction::{Reader, Tx},
};
use crate::{
    domain::{
        event::Event,
        permissions::{SettingsEdit, SettingsView},
        settings::{General, Registration, Section, SignIn},
    },
    problem::Problem,
};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A section with its version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kept<S> {
    /// Which version it is: 0 before anybody saved one.
    pub rev: i32,
    /// What it says.
    pub is: S,
}

/// Reads what is stored; what was never saved, or cannot be read any more, is as in the beginning.
pub(super) fn read<S: Section>(stored: Option<&str>) -> Kept<S> {
    stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| Kept { rev: 0, is: S::default() })
}

fn load<S: Section>(conn: &mut Conn) -> Result<Kept<S>, Problem> {
    let stored: Option<String> = settings::table.find(S::NAME).select(settings::value).first(conn).optional()?;
    Ok(read(stored.as_deref()))
}

/// A section.
///
/// # Errors
/// What the database says.
pub fn find<S: Section>(reader: &mut impl Reader<SettingsView>) -> Result<Kept<S>, Problem> {
    load(reader.conn())
}

/// How people sign in, for what the house does by itself.
pub(super) fn sign_in(conn: &mut Conn) -> Result<SignIn, Problem> {
    Ok(load(conn)?.is)
}

/// What people agree to who register (I-3); empty: nothing is asked.
pub(super) fn consent(conn: &mut Conn) -> Result<String, Problem> {
    Ok(load::<Registration>(conn)?.is.consent)
}

/// The limits of sessions (I-5).
pub(super) fn limits(conn: &mut Conn) -> Result<Limits, Problem> {
    Ok(Limits::of(&sign_in(conn)?))
}

/// How saving went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Done.
    Done,
    /// It was like that already.
    Same,
    /// Somebody saved another version meanwhile: its number.
    Stale(i32),
}

/// Saves a section that was checked. `rev` is the version that the person saw.
///
/// # Errors
/// What the database says.
pub fn save<S: Section>(tx: &mut Tx<SettingsEdit>, rev: i32, wanted: S) -> Result<Saved, Problem> {
    let old = load::<S>(tx.conn())?;
    if old.rev != rev {
        return Ok(Saved::Stale(old.rev));
    }
    if old.is == wanted {
        return Ok(Saved::Same);
    }
    let json = |section: &S| serde_json::to_value(section).map_err(Problem::internal);
    let (before, after) = (json(&old.is)?, json(&wanted)?);
    let text = serde_json::to_string(&Kept { rev: rev + 1, is: wanted }).map_err(Problem::internal)?;
    on_each!(tx.conn(), |conn| diesel::insert_into(settings::table)
        .values((settings::name.eq(S::NAME), settings::value.eq(&text)))
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(&text))
        .execute(conn))?;
    tx.record(Event::done("settings.edit").with("section", S::NAME.replace('_', "-")).with("before", before).with("after", after))?;
    Ok(Saved::Done)
}

impl Db {
    /// What pages and mails say of the house, as this process knows it.
    pub fn general(&self) -> Arc<General> {
        // Nothing panics while it holds the lock; and what is inside is whole in any case.
        let known = self.general.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&known)
    }

    /// Looks what pages and mails are to say of the house: at the start, after saving, and now and then, as another
    /// process may have saved.
    ///
    /// # Errors
    /// What the database says.
    pub fn learn_general(&self) -> Result<(), Problem> {
        let found = load::<General>(&mut *self.conn()?)?.is;
        *self.general.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(found);
        Ok(())
    }
}
