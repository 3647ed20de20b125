//! Mails and texts to phones: posted in the transaction of the act that wants them, sent by a worker that the act does
//! not wait for. However many processes there are, a letter is with one of them at a time.

use super::{
    conn::{Backend, Conn, Db},
    schema::mails,
    sql::Sql,
    transaction::{Reader, Tx},
};
use crate::{
    access::Ground,
    domain::{
        event::{Event, Subject},
        key::AccountKey,
        letter::{Channel, Letter, Says, Status},
        permissions::{SettingsEdit, SettingsView},
        time::Time,
    },
    problem::Problem,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Integer, Nullable, Text},
};

/// Seconds for which a letter belongs to the worker that took it. Sending one takes less (`web::mail`).
pub const LEASE: i64 = 300;

/// Tries until a letter is given up: with the waits between them, a day.
const TRIES: i32 = 29;

/// Seconds for which it is kept who was written to: when it was sent, and when it failed.
const KEPT: (i64, i64) = (7 * 24 * 3600, 30 * 24 * 3600);

/// The longest answer of a mail server that is kept.
const LONGEST_ERROR: usize = 500;

/// Seconds until the next try, after this many: a minute, twice as long each time, at most an hour.
const fn wait(tries: i32) -> i64 {
    match tries {
        ..=1 => 60,
        2..=6 => 60 << (tries - 1),
        _ => 3600,
    }
}

/// Posts a mail: it is sent once this transaction has committed. `account` is whose it is, where there is one; with the
/// account it goes.
pub(super) fn post<G: Ground>(tx: &mut Tx<G>, account: Option<AccountKey>, letter: &Letter) -> Result<(), Problem> {
    put(tx, account, Channel::Mail, letter)
}

/// Posts a text to a phone, in the same way.
pub(super) fn text<G: Ground>(tx: &mut Tx<G>, account: Option<AccountKey>, letter: &Letter) -> Result<(), Problem> {
    put(tx, account, Channel::Sms, letter)
}

fn put<G: Ground>(tx: &mut Tx<G>, account: Option<AccountKey>, channel: Channel, letter: &Letter) -> Result<(), Problem> {
    use mails as m;
    let now = tx.now();
    let id = tx.chance().id("mail");
    let plain = serde_json::to_string(letter).map_err(Problem::internal)?;
    let sealed = tx.seal().close(tx.chance(), &id, &plain)?;
    diesel::insert_into(m::table)
        .values((
            (m::id.eq(&id), m::account.eq(account), m::channel.eq(channel), m::recipient.eq(&letter.to)),
            (m::subject.eq(letter.says.subject()), m::body.eq(Some(sealed)), m::status.eq(Status::Waiting), m::tries.eq(0)),
            (m::due_at.eq(now), m::claimed_until.eq(None::<i64>), m::useful_until.eq(letter.says.useful_until(now))),
            (m::error.eq(None::<String>), m::created_at.eq(now), m::ended_at.eq(None::<i64>)),
        ))
        .execute(tx.conn())?;
    tx.has_posted();
    Ok(())
}

/// A letter that a worker has taken.
#[derive(Clone, Debug)]
pub struct Claimed {
    key: i64,
    /// Public id: the same at every try.
    pub id: String,
    /// Whose it is.
    pub account: Option<AccountKey>,
    /// How often it has been taken, this time included.
    pub tries: i32,
    /// When it was posted.
    pub posted_at: Time,
    /// What it says.
    pub letter: Letter,
    until: Time,
}

#[cfg(test)]
impl Claimed {
    /// As if it had been posted, for tests of what is made of it.
    pub(crate) fn by_hand(letter: Letter) -> Self {
        let posted_at = Time::from_micros(1_764_000_000_000_000);
        Self { key: 1, id: "mail_x".into(), account: None, tries: 1, posted_at, letter, until: posted_at }
    }
}

/// How sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was taken.
    Sent,
    /// Not now: it is tried again.
    Later(String),
    /// Never: it was refused for good.
    Never(String),
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    account: Option<AccountKey>,
    #[diesel(sql_type = Integer)]
    tries: i32,
    #[diesel(sql_type = BigInt)]
    created_at: Time,
    #[diesel(sql_type = BigInt)]
    useful_until: Time,
    #[diesel(sql_type = Nullable<Text>)]
    body: Option<String>,
}

/// Takes letters of a channel that are due, at most `most`, longest due first. Nobody else gets them until they are settled or
/// [`LEASE`] is over, so that one whose worker died is sent all the same.
///
/// # Errors
/// What the database says.
pub fn claim(db: &Db, channel: Channel, most: i64) -> Result<Vec<Claimed>, Problem> {
    let postgres = db.backend() == Backend::Postgres;
    db.note(|note| {
        let now = note.now();
        let until = now.plus_seconds(LEASE);
        let mut sql = Sql::new("UPDATE mails SET tries = tries + 1, claimed_until = ");
        sql.bind(until).push(" WHERE key IN (SELECT key FROM mails WHERE status = 'waiting' AND due_at <= ").bind(now);
        sql.push(" AND channel = ").bind(channel.word());
        sql.push(" AND (claimed_until IS NULL OR claimed_until <= ").bind(now).push(") ORDER BY due_at, key LIMIT ").bind(most);
        sql.push(if postgres { " FOR UPDATE SKIP LOCKED)" } else { ")" });
        sql.push(" RETURNING key, id, account, tries, created_at, useful_until, body");
        let mut due: Vec<Due> = sql.load(note.conn())?;
        due.sort_by_key(|row| row.key);
        let mut claimed = Vec::with_capacity(due.len());
        for row in due {
            let opened = row.body.as_deref().and_then(|body| db.seal.open(&row.id, body)).and_then(|text| serde_json::from_str(&text).ok());
            let hopeless = match &opened {
                _ if row.useful_until <= now => Some("It could not be sent while it was of use."),
                None => Some("It was sealed with another key."),
                Some(_) => None,
            };
            match (hopeless, opened) {
                (None, Some(letter)) => {
                    let Due { key, id, account, tries, created_at: posted_at, .. } = row;
                    claimed.push(Claimed { key, id, account, tries, posted_at, letter, until });
                }
                (why, _) => give_up(note.conn(), row.key, until, why.unwrap_or_default(), now)?,
            }
        }
        Ok(claimed)
    })
}

/// Writes down how sending a claimed letter ended. Whether it still was ours: the answer of a worker that took longer
/// than [`LEASE`] counts no more.
///
/// # Errors
/// What the database says.
pub fn settle(db: &Db, claimed: &Claimed, ended: &Ended) -> Result<bool, Problem> {
    use mails as m;
    db.note(|note| {
        let now = note.now();
        let conn = note.conn();
        let ours = m::table.find(claimed.key).filter(m::status.eq(Status::Waiting)).filter(m::claimed_until.eq(claimed.until));
        let changed = match ended {
            Ended::Sent => diesel::update(ours)
                .set((
                    (m::status.eq(Status::Sent), m::body.eq(None::<String>), m::error.eq(None::<String>)),
                    (m::claimed_until.eq(None::<i64>), m::ended_at.eq(Some(now))),
                ))
                .execute(conn)?,
            Ended::Later(why) if claimed.tries < TRIES => diesel::update(ours)
                .set((m::due_at.eq(now.plus_seconds(wait(claimed.tries))), m::claimed_until.eq(None::<i64>), m::error.eq(Some(short(why)))))
                .execute(conn)?,
            Ended::Later(why) | Ended::Never(why) => diesel::update(ours)
                .set((
                    (m::status.eq(Status::Failed), m::error.eq(Some(short(why)))),
                    (m::claimed_until.eq(None::<i64>), m::ended_at.eq(Some(now))),
                ))
                .execute(conn)?,
        };
        Ok(changed == 1)
    })
}

/// The beginning of an answer, on one line.
fn short(answer: &str) -> String {
    answer.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_ERROR).collect()
}

/// Ends a letter that cannot be sent again either.
fn give_up(conn: &mut Conn, key: i64, until: Time, why: &str, now: Time) -> Result<(), Problem> {
    use mails as m;
    diesel::update(m::table.find(key).filter(m::claimed_until.eq(until)))
        .set((
            (m::status.eq(Status::Failed), m::body.eq(None::<String>), m::error.eq(Some(why))),
            (m::claimed_until.eq(None::<i64>), m::ended_at.eq(Some(now))),
        ))
        .execute(conn)?;
    Ok(())
}

/// What a database that was put back would send, its old self has sent meanwhile.
pub(super) fn withhold(conn: &mut Conn, now: Time) -> Result<(), Problem> {
    use mails as m;
    diesel::update(m::table.filter(m::status.eq(Status::Waiting)))
        .set((
            (m::status.eq(Status::Failed), m::error.eq(Some("It waited when the database was put back from a backup."))),
            (m::claimed_until.eq(None::<i64>), m::ended_at.eq(Some(now))),
        ))
        .execute(conn)?;
    Ok(())
}

/// Erases what is of no use any more and deletes what is old; for the job that cleans up. How many were deleted.
pub(super) fn clean(conn: &mut Conn, now: Time) -> Result<usize, Problem> {
    use mails as m;
    diesel::update(m::table.filter(m::status.eq(Status::Failed)).filter(m::useful_until.le(now)).filter(m::body.is_not_null()))
        .set(m::body.eq(None::<String>))
        .execute(conn)?;
    let (sent, failed) = (now.plus_seconds(-KEPT.0), now.plus_seconds(-KEPT.1));
    let old = (m::status.eq(Status::Sent).and(m::ended_at.le(sent))).or(m::status.eq(Status::Failed).and(m::ended_at.le(failed)));
    Ok(diesel::delete(m::table.filter(old)).execute(conn)?)
}

/// A letter in the list of the settings page.
#[derive(Clone, Debug, Queryable)]
pub struct Listed {
    /// Public id.
    pub id: String,
    /// How it is sent.
    pub channel: Channel,
    /// To whom.
    pub recipient: String,
    /// What it is about.
    pub subject: String,
    /// How often it was tried.
    pub tries: i32,
    /// When it is tried next, while it waits.
    pub due_at: Time,
    /// What the other side answered last.
    pub error: Option<String>,
    /// When it was posted.
    pub created_at: Time,
    /// When it was sent or given up.
    pub ended_at: Option<Time>,
    /// Until when it is of use.
    pub useful_until: Time,
    /// Whether it can still be sent: what it says is there.
    pub sendable: bool,
}

/// How many letters there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting.
    pub waiting: i64,
    /// Sent in the last week.
    pub sent: i64,
    /// Failed in the last month.
    pub failed: i64,
}

/// How many letters there are.
///
/// # Errors
/// What the database says.
pub fn counts(reader: &mut impl Reader<SettingsView>) -> Result<Counts, Problem> {
    use mails as m;
    let mut counts = Counts::default();
    let found: Vec<(Status, i64)> = m::table.group_by(m::status).select((m::status, diesel::dsl::count_star())).load(reader.conn())?;
    for (status, count) in found {
        match status {
            Status::Waiting => counts.waiting = count,
            Status::Sent => counts.sent = count,
            Status::Failed => counts.failed = count,
        }
    }
    Ok(counts)
}

/// Letters of one status: those that wait as they are due, the others latest first.
///
/// # Errors
/// What the database says.
pub fn list(reader: &mut impl Reader<SettingsView>, status: Status, most: i64) -> Result<Vec<Listed>, Problem> {
    use mails as m;
    let sendable = m::body.is_not_null();
    let shown =
        (m::id, m::channel, m::recipient, m::subject, m::tries, m::due_at, m::error, m::created_at, m::ended_at, m::useful_until, sendable);
    let of = m::table.filter(m::status.eq(status));
    Ok(match status {
        Status::Waiting => of.order((m::due_at, m::key)).limit(most).select(shown).load(reader.conn())?,
        Status::Sent | Status::Failed => of.order(m::key.desc()).limit(most).select(shown).load(reader.conn())?,
    })
}

/// Sends a letter at once that waits for its next try, or that failed and is still of use. Its recipient.
///
/// # Errors
/// [`Problem::NotFound`] where there is none; [`Problem::Conflict`] where there is nothing left to send, or it is being
/// sent at this moment.
pub fn send_again(tx: &mut Tx<SettingsEdit>, id: &str) -> Result<String, Problem> {
    use mails as m;
    let now = tx.now();
    let (recipient, subject, status): (String, String, Status) =
        m::table.filter(m::id.eq(id)).select((m::recipient, m::subject, m::status)).first(tx.conn())?;
    let free = m::claimed_until.is_null().or(m::claimed_until.le(now));
    let changed = diesel::update(m::table.filter(m::id.eq(id)))
        .filter(m::status.ne(Status::Sent))
        .filter(m::body.is_not_null())
        .filter(m::useful_until.gt(now))
        .filter(free)
        .set((
            (m::status.eq(Status::Waiting), m::tries.eq(0), m::due_at.eq(now)),
            (m::claimed_until.eq(None::<i64>), m::ended_at.eq(None::<i64>)),
        ))
        .execute(tx.conn())?;
    if changed == 0 {
        return Err(Problem::Conflict(match status {
            Status::Sent => "It has been sent meanwhile.".into(),
            Status::Waiting => "It is being sent at this moment, or is of no use any more.".into(),
            Status::Failed => "It is of no use any more. What it was about has to be asked for again.".into(),
        }));
    }
    tx.has_posted();
    tx.record(Event::done("mail.again").on(Subject::of("mail", id)).with("to", recipient.as_str()).with("subject", subject))?;
    Ok(recipient)
}

/// Posts a letter that only says that letters arrive: to an e-mail address, or to a phone number.
///
/// # Errors
/// What the database says.
pub fn test(tx: &mut Tx<SettingsEdit>, channel: Channel, to: &str) -> Result<(), Problem> {
    let by = tx.permit().person()?.name.clone();
    let letter = Letter { to: to.to_owned(), name: String::new(), says: Says::Test { by } };
    match channel {
        Channel::Mail => post(tx, None, &letter)?,
        Channel::Sms => text(tx, None, &letter)?,
    }
    tx.record(Event::done("mail.test").with("to", to)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::{TRIES, wait};

    #[test]
    fn the_wait_grows_from_a_minute_to_an_hour_and_ends_after_a_day() {
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 8, 28].map(wait), [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        let hours = (1..TRIES).map(wait).sum::<i64>() / 3600;
        assert!((22..=25).contains(&hours), "{hours}");
    }
}
