//! Mails: sent once whoever sends them, tried again, sealed at rest, gone when they are of no use.

use crate::{database::Database, people::SUPER};
use bailiwick::{
    clock::Chance,
    domain::{
        letter::{Channel, Says, Status},
        permissions::{SettingsEdit, SettingsView},
    },
    problem::Problem,
    store::{
        Db, Seal, jobs,
        mails::{self, Claimed, Counts, Ended, LEASE, Listed},
    },
};
use std::time::Duration;

fn post(at: &Database, to: &str) {
    at.db.write(&at.permit::<SettingsEdit>(SUPER), |tx| mails::test(tx, Channel::Mail, to)).unwrap();
}

fn claim(db: &Db) -> Vec<Claimed> {
    mails::claim(db, Channel::Mail, 10).unwrap()
}

fn recipients(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|mail| mail.letter.to.as_str()).collect()
}

fn list(at: &Database, status: Status) -> Vec<Listed> {
    at.db.read(&at.permit::<SettingsView>(SUPER), |view| mails::list(view, status, 100)).unwrap()
}

fn counts(at: &Database) -> Counts {
    at.db.read(&at.permit::<SettingsView>(SUPER), |view| mails::counts(view)).unwrap()
}

fn again(at: &Database, id: &str) -> Result<String, Problem> {
    at.db.write(&at.permit::<SettingsEdit>(SUPER), |tx| mails::send_again(tx, id))
}

fn later(why: &str) -> Ended {
    Ended::Later(why.into())
}

#[test]
fn a_mail_is_sent_once_and_then_nothing_is_left_of_what_it_said() {
    for at in Database::each() {
        post(&at, "ann@acme.example");
        let mail = claim(&at.db).remove(0);
        assert_eq!((mail.letter.to.as_str(), mail.tries), ("ann@acme.example", 1));
        assert!(matches!(&mail.letter.says, Says::Test { by } if !by.is_empty()));
        assert!(claim(&at.db).is_empty(), "it is with its worker, on {}", at.name());
        let body = at.texts("SELECT body AS t FROM mails").remove(0);
        assert!(body.len() > 50 && !body.contains("ann@acme.example"));
        assert!(mails::settle(&at.db, &mail, &Ended::Sent).unwrap());
        assert_eq!(at.texts("SELECT body AS t FROM mails"), [""], "erased");
        at.wait_minutes(60 * 48);
        assert!(claim(&at.db).is_empty());
        assert_eq!(counts(&at), Counts { sent: 1, ..Counts::default() });
        assert_eq!(at.events("mail.test").len(), 1);
    }
}

#[test]
fn a_refused_act_posts_nothing() {
    for at in Database::each() {
        let refused = at.db.write(&at.permit::<SettingsEdit>(SUPER), |tx| {
            mails::test(tx, Channel::Mail, "ann@acme.example")?;
            Err::<(), _>(Problem::Conflict("Not now.".into()))
        });
        assert!(refused.is_err());
        assert_eq!(at.number("SELECT count(*) AS n FROM mails"), 0, "{}", at.name());
    }
}

#[test]
fn workers_in_two_processes_share_the_mails_without_a_double() {
    for at in Database::each() {
        for number in 0..60 {
            post(&at, &format!("p{number}@acme.example"));
        }
        let mut got: Vec<String> = std::thread::scope(|scope| {
            let worker = || {
                let mut got = Vec::new();
                loop {
                    let mails = mails::claim(&at.db, Channel::Mail, 7).unwrap();
                    if mails.is_empty() {
                        return got;
                    }
                    for mail in mails {
                        got.push(mail.letter.to.clone());
                        assert!(mails::settle(&at.db, &mail, &Ended::Sent).unwrap());
                    }
                }
            };
            let workers = [scope.spawn(worker), scope.spawn(worker), scope.spawn(worker)];
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        got.sort();
        got.dedup();
        assert_eq!((got.len(), counts(&at).sent), (60, 60), "{}", at.name());
    }
}

#[test]
fn a_mail_whose_worker_died_goes_to_another_and_the_dead_ones_answer_counts_no_more() {
    for at in Database::each() {
        post(&at, "ann@acme.example");
        let lost = claim(&at.db).remove(0);
        at.wait_seconds(LEASE - 1);
        assert!(claim(&at.db).is_empty());
        at.wait_seconds(1);
        let found = claim(&at.db).remove(0);
        assert_eq!((found.id.as_str(), found.tries), (lost.id.as_str(), 2), "the same mail on {}", at.name());
        assert!(!mails::settle(&at.db, &lost, &Ended::Never("too late".into())).unwrap());
        assert!(mails::settle(&at.db, &found, &Ended::Sent).unwrap());
        assert_eq!(counts(&at), Counts { sent: 1, ..Counts::default() });
    }
}

#[test]
fn what_is_refused_for_now_is_tried_for_a_day_and_what_is_refused_for_good_is_not() {
    for at in Database::each() {
        post(&at, "busy@acme.example");
        post(&at, "wrong@acme.example");
        let mails = claim(&at.db);
        assert_eq!(recipients(&mails), ["busy@acme.example", "wrong@acme.example"], "in the order of their posting");
        mails::settle(&at.db, &mails[0], &later("451 greylisted\r\nfor now")).unwrap();
        mails::settle(&at.db, &mails[1], &Ended::Never("550 no such user".into())).unwrap();
        let failed = list(&at, Status::Failed).remove(0);
        assert_eq!((failed.recipient.as_str(), failed.error.as_deref()), ("wrong@acme.example", Some("550 no such user")));
        at.wait_seconds(59);
        assert!(claim(&at.db).is_empty());
        let waiting = list(&at, Status::Waiting).remove(0);
        assert_eq!((waiting.error.as_deref(), waiting.tries), (Some("451 greylisted  for now"), 1));
        assert_eq!(waiting.due_at.seconds_since(at.now()), 1);
        let posted = waiting.created_at;
        let mut tries = 1;
        loop {
            at.wait_seconds(60);
            for mail in claim(&at.db) {
                tries += 1;
                mails::settle(&at.db, &mail, &later("451 busy")).unwrap();
            }
            if counts(&at).waiting == 0 {
                break;
            }
        }
        let hours = at.now().seconds_since(posted) / 3600;
        assert!((22..=25).contains(&hours) && tries == 29, "{tries} tries in {hours} hours on {}", at.name());
        assert_eq!(counts(&at).failed, 2);
    }
}

#[test]
fn a_failed_mail_can_be_sent_again_while_it_is_of_use() {
    for at in Database::each() {
        post(&at, "ann@acme.example");
        let mail = claim(&at.db).remove(0);
        assert!(matches!(again(&at, &mail.id), Err(Problem::Conflict(_))), "it is being sent");
        mails::settle(&at.db, &mail, &Ended::Never("550 relay denied".into())).unwrap();
        assert_eq!(again(&at, &mail.id).unwrap(), "ann@acme.example");
        let mail = claim(&at.db).remove(0);
        assert_eq!((recipients(std::slice::from_ref(&mail)), mail.tries), (vec!["ann@acme.example"], 1));
        mails::settle(&at.db, &mail, &later("451 busy")).unwrap();
        again(&at, &mail.id).unwrap();
        let mail = claim(&at.db).remove(0);
        mails::settle(&at.db, &mail, &Ended::Never("550 no".into())).unwrap();
        assert!(matches!(again(&at, "mail_nowhere"), Err(Problem::NotFound)));
        at.wait_minutes(7 * 24 * 60);
        assert!(matches!(again(&at, &mail.id), Err(Problem::Conflict(_))), "of no use any more, on {}", at.name());
        jobs::clean_up(&at.db).unwrap();
        assert_eq!(at.texts("SELECT body AS t FROM mails"), [""], "and erased");
        assert_eq!(at.events("mail.again").len(), 2);
        at.wait_minutes(30 * 24 * 60);
        let cleaned = jobs::clean_up(&at.db).unwrap().unwrap();
        assert_eq!((cleaned.mails, at.number("SELECT count(*) AS n FROM mails")), (1, 0));
    }
}

#[test]
fn a_mail_that_waited_too_long_is_not_sent_any_more() {
    for at in Database::each() {
        post(&at, "ann@acme.example");
        at.wait_minutes(7 * 24 * 60);
        assert!(claim(&at.db).is_empty());
        let failed = list(&at, Status::Failed).remove(0);
        assert_eq!(failed.error.as_deref(), Some("It could not be sent while it was of use."), "{}", at.name());
        assert_eq!(at.texts("SELECT body AS t FROM mails"), [""]);
    }
}

#[test]
fn a_mail_opens_with_the_key_of_the_installation_alone() {
    for at in Database::each() {
        let ours = at.db.clone().sealing_with(Seal::from_key(&[1; 64]));
        let theirs = at.db.clone().sealing_with(Seal::of_chance(&Chance::system()));
        for to in ["ann@acme.example", "ben@acme.example"] {
            ours.write(&at.permit::<SettingsEdit>(SUPER), |tx| mails::test(tx, Channel::Mail, to)).unwrap();
        }
        let first = mails::claim(&ours, Channel::Mail, 1).unwrap();
        assert_eq!(recipients(&first), ["ann@acme.example"]);
        assert!(claim(&theirs).is_empty());
        let failed = list(&at, Status::Failed).remove(0);
        assert_eq!((failed.recipient.as_str(), failed.error.as_deref()), ("ben@acme.example", Some("It was sealed with another key.")));
    }
}

#[test]
fn posting_wakes_who_waits_once_it_is_committed() {
    for at in Database::each() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut postings = at.db.postings();
        let mut soon = || runtime.block_on(async { tokio::time::timeout(Duration::from_millis(50), postings.next()).await.is_ok() });
        assert!(!soon(), "nothing was posted on {}", at.name());
        post(&at, "ann@acme.example");
        assert!(soon());
        assert!(!soon(), "once");
    }
}
