//! What a person likes (screens.md 4.16).

use super::{
    conn::{Conn, Db, on_each},
    schema::preferences,
    transaction::Note,
};
use crate::{domain::key::AccountKey, problem::Problem};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// A person's settings.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Serialize, Deserialize)]
pub struct Preferences {
    /// `device`, `light` or `dark`.
    pub appearance: String,
    /// `comfortable` or `compact`.
    pub density: String,
    /// An IANA name; none: what the browser says.
    pub time_zone: Option<String>,
    /// Rows a page: 25, 50 or 100.
    pub per_page: i32,
    /// Whether single keys are shortcuts.
    pub shortcuts: bool,
    /// What stands between the cells of exported lists: `comma` or `semicolon`.
    pub separator: String,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            appearance: "device".into(),
            density: "comfortable".into(),
            time_zone: None,
            per_page: 25,
            shortcuts: true,
            separator: "comma".into(),
        }
    }
}

/// The zone in which an account reads times, for what is sent to it.
///
/// # Errors
/// What the database says.
pub fn zone(db: &Db, account: AccountKey) -> Result<Option<String>, Problem> {
    db.note(|note| Ok(load(note.conn(), account)?.time_zone))
}

/// A person's settings, or what holds without.
fn load(conn: &mut Conn, account: AccountKey) -> Result<Preferences, Problem> {
    use preferences as p;
    Ok(p::table
        .find(account)
        .select((p::appearance, p::density, p::time_zone, p::per_page, p::shortcuts, p::separator))
        .first(conn)
        .optional()?
        .unwrap_or_default())
}

/// Saves a person's settings.
///
/// # Errors
/// What the database says.
pub fn save(note: &mut Note, account: AccountKey, wanted: &Preferences) -> Result<(), Problem> {
    use preferences as p;
    let values = (
        p::appearance.eq(&wanted.appearance),
        p::density.eq(&wanted.density),
        p::time_zone.eq(&wanted.time_zone),
        p::per_page.eq(wanted.per_page),
        p::shortcuts.eq(wanted.shortcuts),
        p::separator.eq(&wanted.separator),
    );
    on_each!(note.conn(), |conn| diesel::insert_into(p::table)
        .values((p::account.eq(account), values))
        .on_conflict(p::account)
        .do_update()
        .set(values)
        .execute(conn))?;
    Ok(())
}
