//! Second factors: a code counts once, whoever sends it at the same moment, and the way in is as narrow as its tries.

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    access::{InConsole, Myself, Origin, system},
    domain::{
        authenticator::{Kind, PAUSE},
        key::AccountKey,
        letter::{Channel, Says},
        permissions::{SettingsEdit, UserDeleteAuthenticators, UserUpdateAuthenticators},
        settings::{Demanded, Section, SignIn},
    },
    problem::Problem,
    store::{
        Db,
        authenticators::{self, Needs, Redeemed, Target},
        mails, settings, sign_in,
    },
};

const PAUL: &str = "paul@acme.example";
const HOME: &str = "paul@home.example";

/// The code that was posted last, read as the worker reads it.
fn posted(at: &Database, channel: Channel) -> String {
    let mut last = None;
    for claimed in mails::claim(&at.db, channel, 100).unwrap() {
        if let Says::Code { code, .. } = &claimed.letter.says {
            last = Some(code.clone());
        }
        mails::settle(&at.db, &claimed, &mails::Ended::Sent).unwrap();
    }
    last.expect("a code was posted")
}

fn enrol(at: &Database, kind: Kind, value: &str) -> String {
    let permit = at.permit::<Myself>(PAUL);
    let id = at.db.write(&permit, |tx| authenticators::add_own(tx, kind, value)).unwrap();
    let code = posted(at, kind.channel());
    assert!(at.db.write(&permit, |tx| authenticators::confirm_own(tx, &id, &code)).unwrap());
    at.wait_seconds(PAUSE);
    id
}

fn needs(at: &Database, who: &str) -> Needs {
    let account = at.account_key(who);
    at.db.read(&system::signing_in(Origin::default()), |view| authenticators::needed(view, account)).unwrap()
}

fn send(at: &Database, target: &str) -> Result<(), Problem> {
    let account = at.account_key(PAUL);
    at.db.write(&system::signing_in(Origin::default()), |tx| authenticators::send_code(tx, account, target))
}

fn redeem(at: &Database, target: &str, code: &str) -> Redeemed {
    redeem_of(&at.db, at.account_key(PAUL), target, code)
}

fn redeem_of(db: &Db, account: AccountKey, target: &str, code: &str) -> Redeemed {
    let permit = system::signing_in(Origin::default());
    let candidate = db.read(&permit, |view| sign_in::candidate_of(view, account)).unwrap().unwrap();
    db.write(&permit, |tx| authenticators::redeem_code(tx, &candidate, target, code)).unwrap()
}

#[test]
fn a_code_opens_once_also_when_it_comes_twice_at_the_same_moment() {
    for at in Database::each() {
        let id = enrol(&at, Kind::Email, HOME);
        send(&at, &id).unwrap();
        let code = posted(&at, Channel::Mail);
        let (db, account) = (&at.db, at.account_key(PAUL));
        let opened: usize = std::thread::scope(|scope| {
            let one = || usize::from(redeem_of(db, account, &id, &code) == Redeemed::Right);
            let tries: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            tries.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(opened, 1, "{}", at.name());
        assert_eq!(redeem(&at, &id, &code), Redeemed::Wrong);
    }
}

#[test]
fn five_wrong_tries_end_a_code_and_half_a_minute_lies_between_two() {
    for at in Database::each() {
        let id = enrol(&at, Kind::Phone, "+4533123456");
        send(&at, &id).unwrap();
        let code = posted(&at, Channel::Sms);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..4 {
            assert_eq!(redeem(&at, &id, wrong), Redeemed::Wrong);
        }
        assert_eq!(redeem(&at, &id, wrong), Redeemed::UsedUp);
        assert_eq!(redeem(&at, &id, &code), Redeemed::UsedUp, "too late, on {}", at.name());
        assert!(matches!(send(&at, &id), Err(Problem::TooMany(PAUSE))));
        at.wait_seconds(PAUSE - 1);
        assert!(matches!(send(&at, &id), Err(Problem::TooMany(1))));
        at.wait_seconds(1);
        send(&at, &id).unwrap();
        let code = posted(&at, Channel::Sms);
        at.wait_minutes(10);
        assert_eq!(redeem(&at, &id, &code), Redeemed::Wrong, "ten minutes are over");
        assert!(matches!(send(&at, "factor_of_nobody"), Err(Problem::NotFound)));
    }
}

#[test]
fn a_code_for_one_factor_or_purpose_opens_no_other() {
    for at in Database::each() {
        let (home, phone) = (enrol(&at, Kind::Email, HOME), enrol(&at, Kind::Phone, "+4533123456"));
        send(&at, &home).unwrap();
        let code = posted(&at, Channel::Mail);
        assert_eq!(redeem(&at, &phone, &code), Redeemed::Wrong, "{}", at.name());
        let permit = at.permit::<Myself>(PAUL);
        at.wait_seconds(PAUSE);
        let other = at.db.write(&permit, |tx| authenticators::add_own(tx, Kind::Email, "paul@office.example")).unwrap();
        assert!(!at.db.write(&permit, |tx| authenticators::confirm_own(tx, &other, &code)).unwrap());
        let confirming = posted(&at, Channel::Mail);
        assert_eq!(redeem(&at, &other, &confirming), Redeemed::UsedUp, "it is no factor yet");
        assert_eq!(redeem(&at, &home, &code), Redeemed::Right);
    }
}

#[test]
fn what_somebody_else_adds_is_asked_for_only_once_its_owner_has_confirmed_it() {
    for at in Database::each() {
        let (store, id) = (at.customers(), at.acc(PAUL));
        let add = at.permit::<UserUpdateAuthenticators>(SUPER);
        at.db.write(&add, |tx| authenticators::add::<InConsole>(tx, &store, &id, Kind::Email, "su@evil.example")).unwrap();
        assert_eq!(needs(&at, PAUL), Needs::Nothing, "{}", at.name());
        let factor = at.texts("SELECT id AS t FROM authenticators").remove(0);
        assert!(matches!(send(&at, &factor), Err(Problem::NotFound)));
        enrol(&at, Kind::Email, HOME);
        let Needs::Code(targets) = needs(&at, PAUL) else { panic!("a code is needed") };
        assert_eq!(targets.iter().map(|target| target.value.as_str()).collect::<Vec<_>>(), [HOME]);
        let delete = at.permit::<UserDeleteAuthenticators>(SUPER);
        at.db.write(&delete, |tx| authenticators::delete::<InConsole>(tx, &store, &id, &factor)).unwrap();
        let foreign = at.db.write(&delete, |tx| authenticators::delete::<InConsole>(tx, &store, &id, &factor));
        assert!(matches!(foreign, Err(Problem::NotFound)));
    }
}

#[test]
fn a_demanded_factor_is_the_confirmed_address_of_who_has_none() {
    for at in Database::each() {
        let demand = |rev: i32, factor: Demanded| {
            let wanted = SignIn { factor, ..SignIn::default() }.check().unwrap();
            let saved = at.db.write(&at.permit::<SettingsEdit>(SUPER), |tx| settings::save(tx, rev, wanted)).unwrap();
            assert_eq!(saved, settings::Saved::Done);
        };
        let address = |value: &str| Needs::Code(vec![Target { id: Target::ADDRESS.into(), kind: Kind::Email, value: value.into() }]);
        assert_eq!((needs(&at, PAUL), needs(&at, INSIDE)), (Needs::Nothing, Needs::Nothing));
        demand(0, Demanded::Administrators);
        assert_eq!((needs(&at, PAUL), needs(&at, INSIDE), needs(&at, SUPER)), (Needs::Nothing, address(INSIDE), address(SUPER)));
        demand(1, Demanded::All);
        assert_eq!(needs(&at, PAUL), address(PAUL), "{}", at.name());
        at.run("UPDATE identifiers SET confirmed = FALSE WHERE folded = 'paul@acme.example'");
        assert_eq!(needs(&at, PAUL), Needs::Unreachable, "no code goes where nobody has confirmed to be");
        at.run("UPDATE identifiers SET confirmed = TRUE WHERE folded = 'paul@acme.example'");
        let stale = at.db.write_or_stop(&at.permit::<SettingsEdit>(SUPER), |tx| settings::save(tx, 1, SignIn::default())).unwrap();
        assert_eq!(stale, settings::Saved::Stale(2));
    }
}
