//! The first run: the built-in store, the root organization, the predefined role, and the first super
//! administrator (D-5).

use super::{
    authenticators,
    conn::{Conn, Db, on_each},
    events,
    schema::{
        accounts, administrator_roles, grants, identifiers, identity_stores, memberships, organization_closure, organizations, settings,
    },
    sign_in::search_text,
    sql::Sql,
    transaction::{Reader, Tx},
    tree,
};
use crate::{
    access::{
        Origin,
        system::{self, SetUp},
    },
    domain::{
        account::{MembershipStatus, Status},
        administrator_role::{Kind, SUPER_ADMINISTRATOR},
        event::{Event, Subject},
        identity_store::ADMINISTRATORS,
        key::*,
        text,
        time::Time,
    },
    problem::Problem,
};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

const CODE: &str = "set_up_code_hash";

impl Db {
    /// Puts in place what every installation has: the store Administrators, the root organization and the role
    /// of super administrators. Does nothing where they are there.
    ///
    /// # Errors
    /// What the database says.
    pub fn ensure_ground(&self) -> Result<(), Problem> {
        let there: i64 = organizations::table.count().get_result(&mut **self.conn()?)?;
        if there > 0 {
            return Ok(());
        }
        self.write(&system::set_up(Origin::default()), |tx| {
            // Asked again under the lock: another process may have been first.
            let there: i64 = organizations::table.count().get_result(tx.conn())?;
            if there == 0 {
                lay_ground(tx)?;
            }
            tx.record(Event::done("installation.start").with("version", env!("CARGO_PKG_VERSION"))).map(|_| ())
        })
    }
}

fn lay_ground(tx: &mut Tx<SetUp>) -> Result<(), Problem> {
    let now = tx.now();
    let (name, slug) = ADMINISTRATORS;
    use identity_stores as s;
    let store: StoreKey = diesel::insert_into(s::table)
        .values((
            (s::name.eq(name), s::name_folded.eq(text::fold(name)), s::slug.eq(slug), s::built_in.eq(true)),
            (s::self_registration.eq(false), s::organization_registration.eq(false), s::accounts.eq(0_i64)),
            (s::rev.eq(1), s::created_at.eq(now), s::changed_at.eq(now)),
        ))
        .returning(s::key)
        .get_result(tx.conn())?;
    use organizations as o;
    let id = tx.chance().id("org");
    let root: OrganizationKey = diesel::insert_into(o::table)
        .values((
            (
                o::id.eq(id),
                o::store.eq(store),
                o::parent.eq(None::<i64>),
                o::name.eq("Root"),
                o::name_folded.eq("root"),
                o::name_sort.eq("root"),
            ),
            (o::description.eq(""), o::external_id.eq(None::<String>), o::metadata.eq("{}"), o::active.eq(true)),
            (o::self_registration.eq(false), o::organization_registration.eq(false), o::depth.eq(0)),
            (o::rev.eq(1), o::created_at.eq(now), o::changed_at.eq(now)),
        ))
        .returning(o::key)
        .get_result(tx.conn())?;
    use organization_closure as c;
    diesel::insert_into(c::table).values((c::ancestor.eq(root), c::descendant.eq(root), c::depth.eq(0))).execute(tx.conn())?;
    use administrator_roles as r;
    let id = tx.chance().id("arole");
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::name.eq(SUPER_ADMINISTRATOR)),
            (r::name_folded.eq(text::fold(SUPER_ADMINISTRATOR)), r::name_sort.eq(text::search(SUPER_ADMINISTRATOR))),
            (
                r::description.eq("Sees and changes everything, in every organization. Given by the product."),
                r::kind.eq(Kind::Super),
                r::permissions.eq(""),
            ),
            (r::rev.eq(1), r::created_at.eq(now), r::changed_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// How many super administrators keep D-5: their grant has neither start nor end, their account is active and can
/// sign in, their membership in root is active.
pub(super) fn lasting_super_administrators(conn: &mut Conn) -> Result<i64, Problem> {
    Sql::new(
        "SELECT count(*) AS n FROM grants g JOIN administrator_roles r ON r.key = g.role JOIN accounts a ON a.key = g.account \
         JOIN memberships m ON m.account = a.key JOIN organizations o ON o.key = m.organization \
         WHERE r.kind = 'super' AND g.starts IS NULL AND g.ends IS NULL AND a.status = 'active' AND a.password_hash IS NOT NULL \
         AND o.parent IS NULL AND m.status = 'active' \
         AND EXISTS (SELECT 1 FROM identifiers i WHERE i.account = a.key AND i.confirmed)",
    )
    .number(conn)
}

/// D-5: the last super administrator who can be relied on stays. Asked at the end of every change that could take one.
pub(super) fn keep_a_super_administrator(conn: &mut Conn) -> Result<(), Problem> {
    if lasting_super_administrators(conn)? > 0 {
        return Ok(());
    }
    Err(Problem::Conflict(
        "This would leave no super administrator who can sign in and whose role has no end. Make another one first (D-5).".into(),
    ))
}

/// Whether the first super administrator is still to be made.
///
/// # Errors
/// What the database says.
pub fn is_due(reader: &mut impl Reader<SetUp>) -> Result<bool, Problem> {
    Ok(lasting_super_administrators(reader.conn())? == 0)
}

fn code_hash(code: &str) -> String {
    events::hex(&Sha256::digest(code))
}

/// Makes the code of this start the one that counts (D-5); it is kept only as a hash.
///
/// # Errors
/// What the database says.
pub fn new_code(tx: &mut Tx<SetUp>) -> Result<String, Problem> {
    let code = tx.chance().token();
    let hash = code_hash(&code);
    on_each!(tx.conn(), |conn| diesel::insert_into(settings::table)
        .values((settings::name.eq(CODE), settings::value.eq(&hash)))
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(&hash))
        .execute(conn))?;
    tx.record(Event::done("set_up.code"))?;
    Ok(code)
}

/// Whether this is the code that counts.
///
/// # Errors
/// What the database says.
pub fn code_counts(reader: &mut impl Reader<SetUp>, code: &str) -> Result<bool, Problem> {
    use subtle::ConstantTimeEq;
    let stored: Option<String> = settings::table.find(CODE).select(settings::value).first(reader.conn()).optional()?;
    Ok(stored.is_some_and(|stored| stored.as_bytes().ct_eq(code_hash(code).as_bytes()).into()))
}

/// A new super administrator, checked.
#[derive(Clone, Debug)]
pub struct Founder {
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// The Argon2id hash.
    pub password_hash: String,
}

/// Makes a super administrator, from the command line or the set-up page; with `root`, names the root organization.
/// An account of Administrators that has the e-mail already is taken (and gets the password).
///
/// # Errors
/// What the database says.
pub fn found(tx: &mut Tx<SetUp>, founder: &Founder, root_name: Option<&str>) -> Result<AccountKey, Problem> {
    let now = tx.now();
    let store = super::identity_stores::administrators(tx.conn())?;
    let root = tree::root(tx.conn())?;
    if let Some(name) = root_name {
        use organizations as o;
        diesel::update(o::table.find(root))
            .set((o::name.eq(name), o::name_folded.eq(text::fold(name)), o::name_sort.eq(text::search(name)), o::changed_at.eq(now)))
            .execute(tx.conn())?;
    }
    let existing: Option<AccountKey> =
        identifiers::table.find((store, text::fold(&founder.email))).select(identifiers::account).first(tx.conn()).optional()?;
    let account = match existing {
        Some(account) => account,
        None => insert_account(tx, store, founder, now)?,
    };
    set_password(tx, account, &founder.password_hash)?;
    use memberships as m;
    on_each!(tx.conn(), |conn| diesel::insert_into(m::table)
        .values((m::account.eq(account), m::organization.eq(root), m::status.eq(MembershipStatus::Active), m::created_at.eq(now)))
        .on_conflict((m::account, m::organization))
        .do_update()
        .set(m::status.eq(MembershipStatus::Active))
        .execute(conn))?;
    let role: AdministratorRoleKey =
        administrator_roles::table.filter(administrator_roles::kind.eq(Kind::Super)).select(administrator_roles::key).first(tx.conn())?;
    let held: Option<GrantKey> =
        grants::table.filter(grants::account.eq(account)).filter(grants::role.eq(role)).select(grants::key).first(tx.conn()).optional()?;
    let grant = tx.chance().id("grant");
    match held {
        Some(held) => {
            diesel::update(grants::table.find(held))
                .set((grants::starts.eq(None::<i64>), grants::ends.eq(None::<i64>)))
                .execute(tx.conn())?;
        }
        None => {
            diesel::insert_into(grants::table)
                .values((
                    (grants::id.eq(&grant), grants::role.eq(role), grants::account.eq(account), grants::scope.eq(None::<i64>)),
                    (
                        grants::cascading.eq(false),
                        grants::through.eq(None::<i64>),
                        grants::starts.eq(None::<i64>),
                        grants::ends.eq(None::<i64>),
                    ),
                    (grants::reason.eq("First run"), grants::given_by.eq(None::<String>), grants::given_at.eq(now)),
                ))
                .execute(tx.conn())?;
        }
    }
    diesel::delete(settings::table.find(CODE)).execute(tx.conn())?;
    let id: String = accounts::table.find(account).select(accounts::id).first(tx.conn())?;
    tx.record(
        Event::done("grant.add")
            .on(Subject::of("account", &id).at(root).in_store(store))
            .on(Subject::of("grant", grant).at(root).in_store(store))
            .with("role", SUPER_ADMINISTRATOR)
            .with("account", founder.name.as_str()),
    )?;
    Ok(account)
}

fn insert_account(tx: &mut Tx<SetUp>, store: StoreKey, founder: &Founder, now: Time) -> Result<AccountKey, Problem> {
    use accounts as a;
    let id = tx.chance().id("acc");
    let account: AccountKey = diesel::insert_into(a::table)
        .values((
            (a::id.eq(id), a::store.eq(store), a::name.eq(&founder.name), a::name_sort.eq(text::search(&founder.name))),
            (
                a::email.eq(Some(&founder.email)),
                a::username.eq(None::<String>),
                a::search.eq(search_text(&founder.name, Some(&founder.email), None)),
            ),
            (
                a::status.eq(Status::Active),
                a::locked_until.eq(None::<i64>),
                a::password_hash.eq(None::<String>),
                a::change_password.eq(false),
            ),
            (a::attributes.eq("{}"), a::last_sign_in_at.eq(None::<i64>), a::rev.eq(1), a::created_at.eq(now), a::changed_at.eq(now)),
        ))
        .returning(a::key)
        .get_result(tx.conn())?;
    diesel::insert_into(identifiers::table)
        .values((
            identifiers::store.eq(store),
            identifiers::folded.eq(text::fold(&founder.email)),
            identifiers::account.eq(account),
            identifiers::kind.eq("email"),
            identifiers::confirmed.eq(true),
        ))
        .execute(tx.conn())?;
    diesel::update(identity_stores::table.find(store))
        .set(identity_stores::accounts.eq(identity_stores::accounts + 1))
        .execute(tx.conn())?;
    Ok(account)
}

fn set_password(tx: &mut Tx<SetUp>, account: AccountKey, hash: &str) -> Result<(), Problem> {
    let now = tx.now();
    diesel::update(accounts::table.find(account))
        .set((
            accounts::password_hash.eq(hash),
            accounts::status.eq(Status::Active),
            accounts::locked_until.eq(None::<i64>),
            accounts::change_password.eq(false),
            accounts::changed_at.eq(now),
        ))
        .execute(tx.conn())?;
    super::sessions::end_all(tx.conn(), account, None).map(|_| ())
}

/// Sets the password of a super administrator who is locked out, and takes their second factors away (`super-admin reset`).
///
/// # Errors
/// [`Problem::NotFound`] when no super administrator has the e-mail.
pub fn reset(tx: &mut Tx<SetUp>, email: &str, hash: &str) -> Result<(), Problem> {
    let store = super::identity_stores::administrators(tx.conn())?;
    let account: AccountKey = identifiers::table.find((store, text::fold(email))).select(identifiers::account).first(tx.conn())?;
    let mut sql =
        Sql::new("SELECT count(*) AS n FROM grants g JOIN administrator_roles r ON r.key = g.role WHERE r.kind = 'super' AND g.account = ");
    sql.bind(account);
    if sql.number(tx.conn())? == 0 {
        return Err(Problem::NotFound);
    }
    set_password(tx, account, hash)?;
    authenticators::forget(tx.conn(), account)?;
    let id: String = accounts::table.find(account).select(accounts::id).first(tx.conn())?;
    tx.record(Event::done("account.reset").on(Subject::of("account", id).in_store(store))).map(|_| ())
}
