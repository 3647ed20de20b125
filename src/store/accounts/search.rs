//! Accounts sought by a part of a name, e-mail or user name (quality.md).

use super::{Filter, Sort};
use crate::{
    domain::{key::*, text},
    problem::Problem,
    store::{
        conn::Conn,
        identity_stores::like,
        paging::{self, EXACT, Order},
        sql::Sql,
    },
};

impl Filter {
    /// The accounts that a search finds by an index, some of them more than once: of up to two letters in this store; of
    /// more, on SQLite, in any store. PostgreSQL plans that by itself.
    pub(in crate::store) fn hits(&self, conn: &Conn, store: StoreKey) -> Option<Sql> {
        let q = text::search(&self.q);
        if q.is_empty() || self.names_only {
            return None;
        }
        if text::length(&q) < 3 {
            let end = format!("{q}\u{10FFFF}");
            let mut sql = Sql::new("SELECT key AS account FROM accounts WHERE store = ");
            sql.bind(store).push(" AND name_sort >= ").bind(q.as_str()).push(" AND name_sort < ").bind(end.as_str());
            sql.push(" UNION ALL SELECT account FROM identifiers WHERE store = ").bind(store);
            sql.push(" AND folded >= ").bind(q.as_str()).push(" AND folded < ").bind(end.as_str());
            return Some(sql);
        }
        matches!(conn, Conn::Sqlite(_)).then(|| {
            let mut sql = Sql::new("SELECT rowid AS account FROM account_search WHERE account_search MATCH ");
            sql.bind(phrase(&q));
            sql
        })
    }

    /// The same for more than can be sorted, in the order of finding: read as far as a page goes; conditions on `a` follow.
    pub(in crate::store) fn found(&self, conn: &mut Conn, store: StoreKey) -> Result<Option<(Sql, Order)>, Problem> {
        let q = text::search(&self.q);
        let mut sql = Sql::default();
        if text::length(&q) >= 3 {
            sql.push("FROM account_search s CROSS JOIN accounts a ON a.key = s.rowid WHERE s.search MATCH ").bind(phrase(&q));
            sql.push(" AND a.store = ").bind(store);
            let order = Order { column: "s.rowid", key: "s.rowid", descending: false };
            return Ok(matches!(conn, Conn::Sqlite(_)).then_some((sql, order)));
        }
        // By name, where the names alone are too many; otherwise names first and then identifiers, up to the limit.
        let named = |sql: &mut Sql| {
            sql.push("FROM accounts a WHERE a.store = ").bind(store).push(" AND a.name_sort >= ").bind(q.as_str());
            sql.push(" AND a.name_sort < ").bind(format!("{q}\u{10FFFF}"));
        };
        named(&mut sql);
        if paging::total(conn, &sql)?.exact
            && let Some(hits) = self.hits(conn, store)
        {
            sql = Sql::new("FROM (SELECT DISTINCT account FROM (");
            sql.append(&hits)
                .push(&format!(" LIMIT {EXACT}) found) reached CROSS JOIN accounts a WHERE a.key = reached.account AND a.store = "));
            sql.bind(store);
        }
        Ok(Some((sql, Sort::Name.order())))
    }

    /// One or two letters match starts of names and identifiers; more match anywhere (quality.md).
    pub(in crate::store) fn add_search(&self, conn: &Conn, from: &mut Sql) {
        let q = text::search(&self.q);
        if q.is_empty() {
            return;
        }
        if self.names_only {
            let part = format!("%{}%", like(&q));
            from.push(" AND a.name_sort LIKE ").bind(part).push(" ESCAPE '\\'");
            return;
        }
        if text::length(&q) < 3 {
            let end = format!("{q}\u{10FFFF}");
            from.push(" AND (a.name_sort >= ").bind(q.as_str()).push(" AND a.name_sort < ").bind(end.as_str());
            from.push(" OR EXISTS (SELECT 1 FROM identifiers i WHERE i.account = a.key AND i.folded >= ");
            from.bind(q.as_str()).push(" AND i.folded < ").bind(end.as_str()).push("))");
            return;
        }
        match conn {
            Conn::Sqlite(_) => from.push(" AND instr(a.search, ").bind(q).push(") > 0"),
            // How to go about it hangs on how often the letters occur.
            Conn::Postgres(_) => from.push(" AND a.search LIKE ").bind(format!("%{}%", like(&q))).single(),
        };
    }
}

/// A text as one phrase of the index of SQLite.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
