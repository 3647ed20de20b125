//! The whole database against the rules and the event chain (`bailiwick check`). Every table is read once, the big
//! ones piece by piece; what a constraint of the database keeps is not asked again.

mod accounts;
mod administrators;
mod chain;
mod invitations;
mod organizations;
#[cfg(test)]
mod tests;

use super::{
    conn::Conn,
    sql::Sql,
    transaction::{Reader, View},
    world::snapshot,
};
use crate::{access::system, domain::text, problem::Problem};
use diesel::{QueryableByName, sql_types::Text};

/// Everything that is wrong, as sentences; none: the database is sound.
///
/// # Errors
/// What the database says.
pub fn check(view: &mut View<system::Checking>) -> Result<Vec<String>, Problem> {
    read(view)
}

fn read(reader: &mut impl Reader<system::Checking>) -> Result<Vec<String>, Problem> {
    snapshot(reader.conn(), |conn| {
        let mut wrong = Wrong::default();
        all(conn, &mut wrong)?;
        Ok(wrong.sentences())
    })
}

fn all(conn: &mut Conn, wrong: &mut Wrong) -> Result<(), Problem> {
    let stores = organizations::stores(conn, wrong)?;
    let tree = organizations::check(conn, wrong, &stores)?;
    accounts::check(conn, wrong, &stores)?;
    invitations::check(conn, wrong)?;
    administrators::check(conn, wrong, &tree)?;
    chain::check(conn, wrong)
}

/// What was found; of each kind only the first, so that one fault does not hide the others.
#[derive(Default)]
struct Wrong(Vec<(&'static str, Vec<String>, i64)>);

impl Wrong {
    const MOST: usize = 20;

    fn say(&mut self, kind: &'static str, sentence: impl FnOnce() -> String) {
        let index = self.0.iter().position(|(there, ..)| *there == kind).unwrap_or_else(|| {
            self.0.push((kind, Vec::new(), 0));
            self.0.len() - 1
        });
        let (_, sentences, more) = &mut self.0[index];
        if sentences.len() < Self::MOST { sentences.push(sentence()) } else { *more += 1 }
    }

    /// Says it when the two differ.
    fn same<T: PartialEq>(&mut self, kind: &'static str, stored: T, right: T, sentence: impl FnOnce() -> String) {
        if stored != right {
            self.say(kind, sentence);
        }
    }

    fn sentences(self) -> Vec<String> {
        self.0
            .into_iter()
            .flat_map(|(kind, mut sentences, more)| {
                if more > 0 {
                    sentences.push(format!("… and {} more about {kind}.", text::thousands(more)));
                }
                sentences
            })
            .collect()
    }
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    other: String,
}

/// Runs a statement that selects what is wrong as two texts, `one` and `other`.
fn pairs(
    conn: &mut Conn,
    wrong: &mut Wrong,
    kind: &'static str,
    sql: &str,
    sentence: impl Fn(&str, &str) -> String,
) -> Result<(), Problem> {
    for Pair { one, other } in Sql::new(sql).load(conn)? {
        wrong.say(kind, || sentence(&one, &other));
    }
    Ok(())
}
