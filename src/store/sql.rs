//! Statements put together from parts: for lists, whose filters, order and reach vary. Every value goes in as a
//! bind; the numbers of the binds rise with their first appearance, as SQLite needs it. What comes again with other
//! values is prepared once on each connection: preparing these costs more than running them.

use super::conn::Conn;
use crate::{
    access::{Area, Reach},
    domain::{key::*, time::Time},
    problem::Problem,
};
use diesel::{
    QueryResult, RunQueryDsl,
    deserialize::QueryableByName,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Bool, Text, Untyped},
};
use std::fmt::Write;

type Backend = <Conn as diesel::Connection>::Backend;

/// Lists up to here go in as binds.
const SHORT: usize = 128;

/// A bound value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bind {
    Int(i64),
    Text(String),
    Bool(bool),
}

macro_rules! binds {
    ($($type:ty, $value:ident => $bind:expr;)+) => { $(
        impl From<$type> for Bind {
            fn from($value: $type) -> Self { $bind }
        }
    )+ };
}
binds! {
    i64, value => Self::Int(value);
    Time, value => Self::Int(value.micros());
    StoreKey, value => Self::Int(value.0);
    OrganizationKey, value => Self::Int(value.0);
    AccountKey, value => Self::Int(value.0);
    RoleKey, value => Self::Int(value.0);
    ScopeKey, value => Self::Int(value.0);
    &str, value => Self::Text(value.to_owned());
    String, value => Self::Text(value);
    bool, value => Self::Bool(value);
}

/// A statement in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sql {
    text: String,
    binds: Vec<Bind>,
    /// Whether its text or its plan hangs on its values, so that it is prepared anew each time.
    single: bool,
}

impl Sql {
    /// Starts with a piece of text of ours.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Whether nothing has been added.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many bytes it takes, about.
    pub fn size(&self) -> usize {
        self.text.len() + self.binds.len() * size_of::<Bind>()
    }

    /// Adds a piece of text of ours.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value.
    pub fn bind(&mut self, value: impl Into<Bind>) -> &mut Self {
        // PostgreSQL has no NUL in text; nothing that is stored holds one, so nothing is found by it either.
        self.binds.push(match value.into() {
            Bind::Text(text) if text.contains('\0') => Bind::Text(text.replace('\0', "\u{FFFD}")),
            value => value,
        });
        let number = self.binds.len();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "${number}");
        self
    }

    /// Adds another statement's text and values behind its own.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        for (piece, bind) in other.pieces() {
            self.text.push_str(piece);
            if let Some(bind) = bind {
                self.binds.push(bind.clone());
                let number = self.binds.len();
                let _ = write!(self.text, "${number}");
            }
        }
        self.single |= other.single;
        self
    }

    /// Its text between the binds, each piece with the bind behind it.
    fn pieces(&self) -> Vec<(&str, Option<&Bind>)> {
        let mut rest = self.text.as_str();
        let mut pieces = Vec::with_capacity(self.binds.len() + 1);
        for bind in &self.binds {
            let (piece, behind) = rest.split_once('$').unwrap_or((rest, ""));
            rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
            pieces.push((piece, Some(bind)));
        }
        pieces.push((rest, None));
        pieces
    }

    /// Says that the database has to look at the values before it chooses how to go about it.
    pub fn single(&mut self) -> &mut Self {
        self.single = true;
        self
    }

    /// Adds a list of integers in brackets. An empty list matches nothing.
    pub fn list(&mut self, keys: impl IntoIterator<Item = i64>) -> &mut Self {
        let keys: Vec<i64> = keys.into_iter().collect();
        if keys.len() <= SHORT {
            return self.values(keys);
        }
        // Integers of ours need no bind, and there are more than a statement may have.
        self.single();
        for (place, key) in keys.iter().enumerate() {
            let _ = write!(self.text, "{}{key}", if place == 0 { '(' } else { ',' });
        }
        self.push(")")
    }

    /// Adds a list of values in brackets. An empty list matches nothing. A short one repeats its last value up to the
    /// next power of two, so that lists of any length make few different statements.
    pub fn values<T: Into<Bind> + Clone>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        let mut values: Vec<T> = values.into_iter().collect();
        let Some(last) = values.last().cloned() else { return self.push("(NULL)") };
        if values.len() <= SHORT {
            values.resize(values.len().next_power_of_two(), last);
        } else {
            self.single();
        }
        for (place, value) in values.into_iter().enumerate() {
            self.push(if place == 0 { "(" } else { "," }).bind(value);
        }
        self.push(")")
    }

    /// Adds the condition that the organization in `column` lies inside the reach.
    pub fn in_reach(&mut self, reach: &Reach, column: &str) -> &mut Self {
        let Reach::In(areas) = reach else { return self.push("TRUE") };
        self.push("(FALSE");
        for (area, _) in areas {
            self.push(" OR ");
            match area {
                Area::Root => {
                    self.push(column).push(" = (SELECT key FROM organizations WHERE parent IS NULL)");
                }
                Area::Tree(top) => {
                    self.push("(EXISTS (SELECT 1 FROM organization_closure r WHERE r.descendant = ").push(column);
                    self.push(" AND r.ancestor = ").bind(*top).push(") AND NOT EXISTS (SELECT 1 FROM organization_closure r");
                    self.push(" JOIN organizations ro ON ro.key = r.ancestor WHERE r.descendant = ")
                        .push(column)
                        .push(" AND NOT ro.active))");
                }
                Area::Within { bounds, root_too } => {
                    self.push("(TRUE");
                    for bound in bounds {
                        self.push(" AND EXISTS (SELECT 1 FROM organization_closure r WHERE r.descendant = ").push(column);
                        self.push(" AND r.ancestor = ").bind(bound.organization);
                        if bound.min > 0 {
                            self.push(" AND r.depth >= ").bind(i64::from(bound.min));
                        }
                        if let Some(max) = bound.max {
                            self.push(" AND r.depth <= ").bind(i64::from(max));
                        }
                        self.push(")");
                    }
                    if !root_too {
                        self.push(" AND ").push(column).push(" <> (SELECT key FROM organizations WHERE parent IS NULL)");
                    }
                    self.push(")");
                }
            }
        }
        self.push(")")
    }

    /// Adds the condition that the account in `column` lies inside the reach of `user.view` (P-3): it has a
    /// membership, in any status, in an organization inside; accounts without membership are for whoever reaches
    /// everything.
    pub fn account_in_reach(&mut self, reach: &Reach, column: &str) -> &mut Self {
        if *reach == Reach::Everywhere {
            return self.push("TRUE");
        }
        self.push("(EXISTS (SELECT 1 FROM memberships rm WHERE rm.account = ").push(column).push(" AND ");
        self.in_reach(reach, "rm.organization").push(")");
        // P-3: a scope owned by root that reaches all below has them too.
        if let Reach::In(areas) = reach {
            for (area, _) in areas {
                if let Area::Within { bounds, .. } = area {
                    self.push(" OR (NOT EXISTS (SELECT 1 FROM memberships rm WHERE rm.account = ").push(column).push(")");
                    for bound in bounds {
                        if bound.max.is_some() || bound.min > 1 {
                            self.push(" AND FALSE");
                        }
                        self.push(" AND (SELECT parent FROM organizations WHERE key = ").bind(bound.organization).push(") IS NULL");
                    }
                    self.push(")");
                }
            }
        }
        self.push(")")
    }

    /// Runs it and reads the rows.
    pub fn load<R>(self, conn: &mut Conn) -> Result<Vec<R>, Problem>
    where
        R: QueryableByName<Backend> + 'static,
    {
        Ok(RunQueryDsl::load(self, conn)?)
    }

    /// Runs it for its effect; the number of rows touched.
    pub fn execute(self, conn: &mut Conn) -> Result<usize, Problem> {
        Ok(RunQueryDsl::execute(self, conn)?)
    }

    /// Runs it and reads the one number that it selects as `n`.
    pub fn number(self, conn: &mut Conn) -> Result<i64, Problem> {
        Ok(self.load::<Number>(conn)?.first().map_or(0, |row| row.n))
    }
}

impl QueryFragment<Backend> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if self.single {
            out.unsafe_to_cache_prepared();
        }
        for (piece, bind) in self.pieces() {
            out.push_sql(piece);
            match bind {
                Some(Bind::Int(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Some(Bind::Text(value)) => out.push_bind_param::<Text, _>(value)?,
                Some(Bind::Bool(value)) => out.push_bind_param::<Bool, _>(value)?,
                None => {}
            }
        }
        Ok(())
    }
}
impl QueryId for Sql {
    type QueryId = ();
    // Its text tells it from others.
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Query for Sql {
    type SqlType = Untyped;
}
impl RunQueryDsl<Conn> for Sql {}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_binds_are_numbered_on() {
        let mut inner = Sql::new("x = ");
        inner.bind(7_i64).push(" AND y = ").bind("b");
        let mut outer = Sql::new("SELECT 1 WHERE z = ");
        outer.bind(true).push(" AND ").append(&inner).push(" AND k IN ").list([3, 4]);
        assert_eq!(outer.text, "SELECT 1 WHERE z = $1 AND x = $2 AND y = $3 AND k IN ($4,$5)");
        assert_eq!(outer.binds.len(), 5);
    }

    #[test]
    fn lists_of_many_lengths_make_few_statements() {
        let text = |length: i64| {
            let mut sql = Sql::new("k IN ");
            sql.list(0..length);
            (sql.text, sql.single)
        };
        assert_eq!(text(0), ("k IN (NULL)".to_owned(), false));
        assert_eq!(text(5), text(8));
        assert_eq!(text(65), text(128));
        assert!(text(129).1, "it is prepared for once");
    }
}
