//! Accounts. Only what lies in the reader's reach of `user.view` is found (P-3).

mod change;
mod detail;
mod filter;
mod find;
mod list;
mod memberships;
mod search;
mod status;
mod together;

pub use change::{Act, Acts, Edited, MemberActs, Saved, acts, add, edit_profile, member_acts, set_groups};
pub(super) use change::{Born, create, edited as edited_of, enroll, free};
pub use detail::{Detail, Held, detail};
pub use filter::Filter;
pub(super) use filter::{Sight, Way};
pub(super) use find::{by_ids, by_ids_anywhere, by_keys, in_reach};
pub use find::{edited, find, some, these, visible};
pub use list::{Listed, count, list, locked, sees_identifiers};
pub(super) use list::{all_of, listed};
pub use memberships::{EndsToo, Switched, block, held_below, join, leave, membership_status};
pub use status::{Changed, GoesToo, delete, end_sessions, goes_too, may_delete, set_enabled};
pub use together::{Together, end_sessions_of, together};

use super::{
    conn::Conn,
    kept::{Fresh, Path},
    paging::{Cursor, Order, Placed, Sorted},
    sql::Sql,
    tree,
};
use crate::{
    access::Reach,
    domain::{
        account::{MembershipStatus, Status},
        key::*,
        organization::path_text,
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use std::collections::{HashMap, HashSet};

/// An account as lists show it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Account {
    /// Key inside.
    #[diesel(sql_type = BigInt)]
    pub key: AccountKey,
    /// Public id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its folded form.
    #[diesel(sql_type = Text)]
    name_sort: String,
    /// E-mail identifier.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// User name identifier.
    #[diesel(sql_type = Nullable<Text>)]
    pub username: Option<String>,
    /// Authentication status.
    #[diesel(sql_type = Text)]
    pub status: Status,
    /// Password sign-ins are refused until then.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub locked_until: Option<Time>,
    /// Last sign-in.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_sign_in_at: Option<Time>,
}

impl Account {
    /// Name, or the main identifier without one.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { self.identifier() } else { &self.name }
    }

    /// The same, for who may not see what it signs in by.
    fn without_identifiers(self) -> Self {
        let name = if self.name.is_empty() { "Account without a name".to_owned() } else { self.name };
        Self { name, email: None, username: None, ..self }
    }

    /// The main identifier.
    pub fn identifier(&self) -> &str {
        self.email.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }

    /// Until when password sign-ins are refused, while they are.
    pub fn locked(&self, now: Time) -> Option<Time> {
        self.locked_until.filter(|until| *until > now)
    }
}

pub(super) const COLUMNS: &str =
    "SELECT a.key, a.id, a.name, a.name_sort, a.email, a.username, a.status, a.locked_until, a.last_sign_in_at";

impl Placed for Account {
    fn cursor(&self, order: &Order) -> Cursor {
        let sorted = match order.column {
            LAST => Sorted::Int(self.last_sign_in_at.map_or(0, Time::micros)),
            "a.key" | "s.rowid" => Sorted::Int(self.key.0),
            _ => Sorted::Text(self.name_sort.clone()),
        };
        Cursor(sorted, self.key.0)
    }
}

const LAST: &str = "coalesce(a.last_sign_in_at, 0)";

/// How lists of accounts are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// By name, reversed.
    NameDown,
    /// Longest away first.
    Last,
    /// Latest first.
    LastDown,
}

impl Sort {
    /// From the word in the address.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "name" => Self::Name,
            "-name" => Self::NameDown,
            "last" => Self::Last,
            "-last" => Self::LastDown,
            _ => return None,
        })
    }

    /// The word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameDown => "-name",
            Self::Last => "last",
            Self::LastDown => "-last",
        }
    }

    pub(super) const fn order(self) -> Order {
        let column = match self {
            Self::Name | Self::NameDown => "a.name_sort",
            Self::Last | Self::LastDown => LAST,
        };
        Order { column, key: "a.key", descending: matches!(self, Self::NameDown | Self::LastDown) }
    }
}

/// A membership as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization's id; none where the reader may not open it.
    pub organization_id: String,
    /// From the top to the organization.
    pub path: Path,
    /// Authorization status.
    pub status: MembershipStatus,
    /// Whether the organization and all above it are active.
    pub effectively_active: bool,
    /// Since when.
    pub since: Time,
}

impl Membership {
    /// The organization's name.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", |step| &step.name)
    }

    /// Whether it is blocked (S-4).
    pub fn is_blocked(&self) -> bool {
        self.status == MembershipStatus::Blocked
    }

    /// The path above it.
    pub fn above(&self) -> String {
        path_text(self.path.split_last().map_or(&[], |(_, above)| above))
    }
}

#[derive(QueryableByName)]
struct MembershipRow {
    #[diesel(sql_type = BigInt)]
    account: AccountKey,
    #[diesel(sql_type = BigInt)]
    organization: OrganizationKey,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    status: MembershipStatus,
    #[diesel(sql_type = Bool)]
    inactive: bool,
    #[diesel(sql_type = BigInt)]
    created_at: Time,
}

/// The memberships of these accounts in reach, each list by path: two queries, or one where the paths are kept.
pub(super) fn memberships_of(
    conn: &mut Conn,
    fresh: &Fresh,
    reach: &Reach,
    of: &[AccountKey],
) -> Result<HashMap<AccountKey, Vec<Membership>>, Problem> {
    let mut sql = Sql::new(
        "SELECT m.account, m.organization, o.id, m.status, m.created_at, \
         EXISTS (SELECT 1 FROM organization_closure x JOIN organizations xo ON xo.key = x.ancestor WHERE x.descendant = o.key AND NOT xo.active) AS inactive \
         FROM memberships m JOIN organizations o ON o.key = m.organization WHERE m.account IN ",
    );
    sql.list(of.iter().map(|key| key.0)).push(" AND ").in_reach(reach, "m.organization");
    let rows: Vec<MembershipRow> = sql.load(conn)?;
    let paths = tree::kept_paths(conn, fresh, rows.iter().map(|row| row.organization).collect::<HashSet<_>>())?;
    let mut found: HashMap<AccountKey, Vec<Membership>> = HashMap::new();
    for row in rows {
        found.entry(row.account).or_default().push(Membership {
            organization_id: row.id,
            path: paths.get(&row.organization).cloned().unwrap_or_default(),
            status: row.status,
            effectively_active: !row.inactive,
            since: row.created_at,
        });
    }
    for list in found.values_mut() {
        list.sort_by_cached_key(|membership| text::search(&path_text(&membership.path)));
    }
    Ok(found)
}
