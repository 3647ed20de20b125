//! Forms that arrive twice (screens.md 3.2).

use crate::{
    database::Database,
    people::{INSIDE, SUPER},
};
use bailiwick::{
    access::Ground,
    domain::{event::Event, permissions::UserView},
    problem::Problem,
    store::{Once, Tx},
};

/// An act that leaves one event and leads to an address of its own.
fn act<G: Ground>(tx: &mut Tx<'_, G>, to: &str) -> Result<((), String), Problem> {
    tx.record(Event::done("test.act"))?;
    Ok(((), to.to_owned()))
}

fn send(at: &Database, who: &str, sent: Option<&str>, to: &str) -> Once<()> {
    at.db.write_once(&at.permit::<UserView>(who), sent, |tx| act(tx, to)).unwrap()
}

#[track_caller]
fn led(once: Once<()>) -> Option<String> {
    match once {
        Once::Now(()) => None,
        Once::Before(to) => Some(to),
    }
}

#[test]
fn the_second_post_gets_the_first_ones_answer_for_a_day() {
    for at in Database::each() {
        assert_eq!(led(send(&at, SUPER, Some("form-1"), "/first")), None);
        assert_eq!(led(send(&at, SUPER, Some("form-1"), "/second")), Some("/first".into()), "{}", at.name());
        assert_eq!(at.db.led_before(at.account_key(SUPER), "form-1").unwrap(), Some("/first".into()));
        assert_eq!(led(send(&at, SUPER, Some("form-2"), "/other")), None, "another form");
        assert_eq!(led(send(&at, INSIDE, Some("form-1"), "/hers")), None, "another person's form of the same id");
        assert_eq!(led(send(&at, SUPER, None, "/without")), None);
        assert_eq!(led(send(&at, SUPER, None, "/without")), None, "without an id each counts");
        assert_eq!(at.events("test.act").len(), 5);
        at.wait_minutes(24 * 60);
        assert_eq!(led(send(&at, SUPER, Some("form-1"), "/later")), None);
    }
}

#[test]
fn what_was_stopped_or_failed_leaves_the_form_unsent() {
    for at in Database::each() {
        let permit = at.permit::<UserView>(SUPER);
        let stopped = at.db.write_once(&permit, Some("form"), |_| Ok(("asks first", "/nowhere".to_owned()))).unwrap();
        assert!(matches!(stopped, Once::Now("asks first")));
        let failed = at.db.write_once(&permit, Some("form"), |tx| {
            act(tx, "/nowhere")?;
            Err::<((), String), _>(Problem::Conflict("no".into()))
        });
        assert!(matches!(failed, Err(Problem::Conflict(_))));
        assert_eq!(at.db.led_before(at.account_key(SUPER), "form").unwrap(), None, "{}", at.name());
        assert_eq!(led(send(&at, SUPER, Some("form"), "/there")), None);
        assert_eq!(at.events("test.act").len(), 1);
    }
}

#[test]
fn two_posts_of_the_same_moment_are_one_act() {
    for at in Database::each() {
        let actor = at.actor(SUPER);
        let answers: Vec<Once<()>> = std::thread::scope(|scope| {
            let posts: Vec<_> = (0..4)
                .map(|number| {
                    let (db, permit) = (at.db.clone(), actor.permit::<UserView>(Default::default()).unwrap());
                    scope.spawn(move || db.write_once(&permit, Some("form"), |tx| act(tx, &format!("/{number}"))).unwrap())
                })
                .collect();
            posts.into_iter().map(|post| post.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Once::Now(()))).count(), 1, "{}", at.name());
        assert_eq!(at.events("test.act").len(), 1);
    }
}
