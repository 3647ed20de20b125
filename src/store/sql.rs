//! Statements put together from parts: for lists, whose filters, order and reach vary. Every value goes in as a
//! bind; the numbers of the binds rise with their first appearance, as SQLite needs it.

use super::conn::Conn;
use crate::{
    access::{Area, Reach},
    domain::{key::*, time::Time},
    problem::Problem,
};
use diesel::{
    RunQueryDsl,
    deserialize::QueryableByName,
    sql_types::{BigInt, Bool, Text},
};
use std::fmt::Write;

/// A bound value.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: String,
    binds: Vec<Bind>,
}

impl Sql {
    /// Starts with a piece of text of ours.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), binds: Vec::new() }
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
        let mut rest = other.text.as_str();
        let mut binds = other.binds.iter();
        while let Some(at) = rest.find('$') {
            self.text.push_str(&rest[..at]);
            rest = rest[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
            if let Some(bind) = binds.next() {
                self.binds.push(bind.clone());
                let number = self.binds.len();
                let _ = write!(self.text, "${number}");
            }
        }
        self.text.push_str(rest);
        self
    }

    /// Adds a list of integers in brackets; integers of ours need no bind. An empty list matches nothing.
    pub fn list(&mut self, keys: impl IntoIterator<Item = i64>) -> &mut Self {
        self.text.push('(');
        let mut first = true;
        for key in keys {
            if !first {
                self.text.push(',');
            }
            first = false;
            let _ = write!(self.text, "{key}");
        }
        if first {
            self.text.push_str("NULL");
        }
        self.text.push(')');
        self
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
        R: QueryableByName<<Conn as diesel::Connection>::Backend> + 'static,
    {
        Ok(self.query().load(conn)?)
    }

    /// Runs it for its effect; the number of rows touched.
    pub fn execute(self, conn: &mut Conn) -> Result<usize, Problem> {
        Ok(self.query().execute(conn)?)
    }

    /// Runs it and reads the one number that it selects as `n`.
    pub fn number(self, conn: &mut Conn) -> Result<i64, Problem> {
        Ok(self.load::<Number>(conn)?.first().map_or(0, |row| row.n))
    }

    fn query(
        self,
    ) -> diesel::query_builder::BoxedSqlQuery<'static, <Conn as diesel::Connection>::Backend, diesel::query_builder::SqlQuery> {
        let mut query = diesel::sql_query(self.text).into_boxed();
        for bind in self.binds {
            query = match bind {
                Bind::Int(value) => query.bind::<BigInt, _>(value),
                Bind::Text(value) => query.bind::<Text, _>(value),
                Bind::Bool(value) => query.bind::<Bool, _>(value),
            };
        }
        query
    }
}

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
        assert_eq!(outer.text, "SELECT 1 WHERE z = $1 AND x = $2 AND y = $3 AND k IN (3,4)");
        assert_eq!(outer.binds.len(), 3);
    }
}
