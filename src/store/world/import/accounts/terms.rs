//! What the file says of one account: its parts checked, what it leaves open as it was (S-3, S-4).

use crate::{
    domain::{
        account::{self, Status},
        password,
        time::Time,
        world,
    },
    problem::Problem,
    store::world::{
        At, Faults,
        import::{attributes, instant, stores::Store},
        rows::AccountRow,
    },
};

/// What the file says of an account, checked, with what it leaves open as it was.
#[derive(PartialEq)]
pub(super) struct Terms {
    pub name: String,
    pub email: Option<String>,
    pub username: Option<String>,
    pub status: Status,
    pub locked_until: Option<Time>,
    pub last_sign_in_at: Option<Time>,
    pub change_password: bool,
    pub attributes: String,
}

impl Terms {
    pub fn of(row: &AccountRow) -> Self {
        Self {
            name: row.name.clone(),
            email: row.email.clone(),
            username: row.username.clone(),
            status: row.status,
            locked_until: row.locked_until,
            last_sign_in_at: row.last_sign_in_at,
            change_password: row.change_password,
            attributes: row.attributes.clone(),
        }
    }

    pub fn check(
        faults: &mut Faults,
        at: At,
        store: &Store,
        account: &world::Account,
        old: Option<&AccountRow>,
    ) -> Result<Option<Self>, Problem> {
        let name = faults.sift(at.key("name"), account::person_name(&account.name));
        let email = match &account.email {
            Some(typed) => faults.sift(at.key("email"), account::email(typed)).map(Some),
            None => Some(old.and_then(|old| old.email.clone())),
        };
        let username = match &account.username {
            Some(typed) => faults.sift(at.key("username"), account::username(typed)).map(Some),
            None => Some(old.and_then(|old| old.username.clone())),
        };
        let status = status(faults, at, account, old);
        let locked_until = instant(faults, at.key("locked_until"), account.locked_until.as_deref());
        let last_sign_in_at = instant(faults, at.key("last_sign_in"), account.last_sign_in.as_deref());
        let attributes = attributes::values(faults, at, store, old.map(|old| old.attributes.as_str()), &account.attributes)?;
        let (Some(name), Some(email), Some(username), Some(status)) = (name, email, username, status) else { return Ok(None) };
        let (Some(locked_until), Some(last_sign_in_at), Some(attributes)) = (locked_until, last_sign_in_at, attributes) else {
            return Ok(None);
        };
        let new_password = account.password.is_some();
        Ok(Some(Self {
            name,
            email,
            username,
            status,
            locked_until: locked_until.or(old.and_then(|old| old.locked_until)),
            last_sign_in_at: last_sign_in_at.or(old.and_then(|old| old.last_sign_in_at)),
            change_password: account.change_password.unwrap_or(old.is_some_and(|old| old.change_password) && !new_password),
            attributes,
        }))
    }
}

/// S-4: the status of the file; else the one it had; else what fits.
fn status(faults: &mut Faults, at: At, account: &world::Account, old: Option<&AccountRow>) -> Option<Status> {
    let given = account.password.is_some() || account.password_hash.is_some();
    let status = match account.status.as_deref() {
        Some(word) => match Status::from_word(word) {
            Some(status) => status,
            None => {
                faults.add(at.key("status"), "The status of an account is invited, active or disabled.");
                return None;
            }
        },
        None => match old.map(|old| old.status) {
            None | Some(Status::Invited) if given => Status::Active,
            None => Status::Invited,
            Some(status) => status,
        },
    };
    if status == Status::Invited && (given || old.is_some_and(|old| old.password_hash.is_some())) {
        faults.add(at.key("status"), "An invited account has no password yet (S-4). Say active.");
        return None;
    }
    Some(status)
}

/// Whether it reads like the PHC string of an Argon2id hash.
fn is_hash(text: &str) -> bool {
    let parts: Vec<&str> = text.split('$').collect();
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=,".contains(&byte));
    matches!(parts.as_slice(), ["", "argon2id", version, cost, salt, hash]
        if version.starts_with("v=") && cost.starts_with("m=") && [version, cost, salt, hash].into_iter().all(|part| plain(part)))
        && text.len() <= 512
}

/// Checks the password or hash; whether a password is given.
pub(super) fn credentials(faults: &mut Faults, at: At, account: &world::Account) -> bool {
    match (&account.password, &account.password_hash) {
        (Some(_), Some(_)) => faults.add(at.key("password"), "Give a password or its hash, not both."),
        (Some(typed), None) => {
            let context: Vec<&str> =
                [Some(account.name.as_str()), account.email.as_deref(), account.username.as_deref()].into_iter().flatten().collect();
            faults.sift(at.key("password"), password::check(typed, &context));
        }
        (None, Some(hash)) if !is_hash(hash) => {
            faults.add(at.key("password_hash"), "This is no Argon2id hash as an export writes it ($argon2id$v=19$…).")
        }
        _ => {}
    }
    account.password.is_some()
}
