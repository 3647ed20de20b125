//! Mails: what they look like when they arrive, and a mail server that is slow, strict or away.

use crate::{house::House, sink::Mail};
use bailiwick::{
    access::{Origin, Permit, system},
    domain::{
        letter::{Channel, Status},
        permissions::{SettingsEdit, SettingsView},
    },
    store::{
        actors,
        mails::{self, LEASE, Listed},
    },
    web::{
        House as Inside, Outside,
        mail::{self, Post, Route},
        sms::Sms,
    },
};
use std::{sync::Arc, time::Duration};

const ANN: &str = "ann@acme.example";

/// The super administrator's proof that they may.
fn permit<G: bailiwick::access::Ground>(house: &House) -> Permit<G> {
    let key = bailiwick::domain::key::AccountKey(house.number("SELECT min(key) AS n FROM accounts WHERE email = 'su@brand.example'"));
    let found = house.db.read(&system::signing_in(Origin::default()), |view| actors::find(view, key)).unwrap().unwrap();
    Arc::new(found).permit(Origin::default()).ok().unwrap()
}

fn post(house: &House, to: &str) {
    house.db.write(&permit::<SettingsEdit>(house), |tx| mails::test(tx, Channel::Mail, to)).unwrap();
}

fn list(house: &House, status: Status) -> Vec<Listed> {
    house.db.read(&permit::<SettingsView>(house), |view| mails::list(view, status, 100)).unwrap()
}

/// The same house with another way out for its mails.
fn sending(house: &House, post: Post) -> Inside {
    let old = &house.inside.outside;
    let outside = Outside { public_url: old.public_url.clone(), secure: old.secure, trusted_proxies: Vec::new(), post, key: old.key };
    Inside { outside: Arc::new(outside), ..house.inside.clone() }
}

async fn deliver(inside: &Inside) -> usize {
    mail::deliver(inside, Channel::Mail).await.unwrap()
}

#[actix_web::test]
async fn a_mail_says_the_same_in_text_and_html_and_loads_nothing() {
    for house in House::each().await {
        post(&house, ANN);
        let mails = house.mail_to(ANN).await;
        let [Mail { subject, from, text, html, raw, id, .. }] = mails.as_slice() else { panic!("one mail, not {mails:#?}") };
        assert_eq!((subject.as_str(), from.as_str()), ("Test", "Bailiwick <no-reply@localhost>"));
        for part in [text, html] {
            assert!(part.contains("sent this to see whether mails arrive. They do."), "{part}");
            assert!(part.contains("http://localhost:8080"), "{part}");
        }
        assert!(id.starts_with("<mail_") && id.ends_with("@localhost>"), "{id}");
        assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
        for word in ["<img", "<link", "<script", "url(", "src="] {
            assert!(!html.contains(word), "{html}");
        }
    }
}

#[actix_web::test]
async fn a_hanging_mail_server_delays_nobody_and_loses_nothing() {
    for house in House::each().await {
        house.sink.hangs(true);
        let impatient = sending(&house, Post { patience: Duration::from_millis(300), ..house.sink.post() });
        for number in 0..6 {
            post(&house, &format!("p{number}@acme.example"));
        }
        let worker = actix_web::rt::spawn(async move { deliver(&impatient).await });
        let person = house.person("su@brand.example").await;
        let page = actix_web::rt::time::timeout(Duration::from_secs(5), person.get("/admin")).await;
        assert_eq!(page.expect("pages do not wait for mails").status, 200, "{}", house.name());
        assert_eq!(worker.await.unwrap(), 0);
        let waiting = list(&house, Status::Waiting);
        assert_eq!(waiting.len(), 6, "{}", house.name());
        assert!(waiting.iter().all(|mail| mail.tries == 1 && mail.error.is_some()), "{waiting:#?}");
        house.sink.hangs(false);
        house.wait_seconds(60);
        assert_eq!(deliver(&house.inside).await, 6);
        assert_eq!(house.sink.recipients().len(), 6);
    }
}

#[actix_web::test]
async fn a_refused_recipient_is_shown_with_the_servers_answer_and_one_that_is_busy_is_tried_again() {
    for house in House::each().await {
        house.sink.answers("gone@acme.example", "550 5.1.1 No such user here");
        house.sink.answers("grey@acme.example", "451 4.7.1 Greylisted, come back");
        for to in ["gone@acme.example", "grey@acme.example", "no address", ANN] {
            post(&house, to);
        }
        assert_eq!(deliver(&house.inside).await, 1, "the others do not hold it up");
        assert_eq!(house.sink.recipients(), [ANN]);
        let failed = list(&house, Status::Failed);
        let why = |to: &str| failed.iter().find(|mail| mail.recipient == to).and_then(|mail| mail.error.clone()).unwrap_or_default();
        assert!(why("gone@acme.example").contains("5.1.1 No such user here"), "{failed:#?}");
        assert_eq!(why("no address"), "“no address” is no e-mail address.");
        assert!(list(&house, Status::Waiting)[0].error.as_deref().unwrap().contains("Greylisted"));
        house.sink.answers("grey@acme.example", "250 ok");
        assert_eq!(deliver(&house.inside).await, 0, "not at once");
        house.wait_seconds(60);
        assert_eq!(deliver(&house.inside).await, 1, "{}", house.name());
        assert_eq!(house.sink.recipients(), [ANN, "grey@acme.example"]);
    }
}

#[actix_web::test]
async fn a_mail_whose_worker_was_killed_is_sent_by_the_next_one() {
    for house in House::each().await {
        post(&house, ANN);
        assert_eq!(mails::claim(&house.db, Channel::Mail, 4).unwrap().len(), 1, "and there it ends");
        assert_eq!(house.mail_to(ANN).await.len(), 0);
        house.wait_seconds(LEASE);
        assert_eq!(house.mail_to(ANN).await.len(), 1, "{}", house.name());
        house.wait_minutes(60);
        assert_eq!(house.mail_to(ANN).await.len(), 1);
    }
}

#[actix_web::test]
async fn a_mail_of_which_the_server_did_not_say_that_it_was_taken_comes_again_as_the_same() {
    for house in House::each().await {
        house.sink.forgets(true);
        post(&house, ANN);
        let impatient = sending(&house, Post { patience: Duration::from_millis(300), ..house.sink.post() });
        assert_eq!(deliver(&impatient).await, 0);
        house.sink.forgets(false);
        house.wait_seconds(60);
        let ids: Vec<String> = house.mail_to(ANN).await.into_iter().map(|mail| mail.id).collect();
        assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}: a reader's program tells that they are one");
    }
}

#[actix_web::test]
async fn two_workers_on_one_database_send_each_mail_once() {
    for house in House::each().await {
        for number in 0..24 {
            post(&house, &format!("p{number}@acme.example"));
        }
        let (one, other) = (house.inside.clone(), house.inside.clone());
        let workers =
            [actix_web::rt::spawn(async move { deliver(&one).await }), actix_web::rt::spawn(async move { deliver(&other).await })];
        let mut sent = 0;
        for worker in workers {
            sent += worker.await.unwrap();
        }
        let mut came = house.sink.recipients();
        came.sort();
        came.dedup();
        assert_eq!((sent, came.len(), house.sink.recipients().len()), (24, 24, 24), "{}", house.name());
    }
}

#[actix_web::test]
async fn the_worker_sends_what_is_posted_at_once_and_stops_when_it_is_told_to() {
    for house in House::each().await {
        let workers = mail::Workers::start(&house.inside);
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        post(&house, ANN);
        let mut tries = 0;
        while house.sink.mail_to(ANN).is_empty() {
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
            tries += 1;
            assert!(tries < 100, "long before it looks by itself, on {}", house.name());
        }
        workers.stop().await;
        post(&house, ANN);
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(house.sink.mail_to(ANN).len(), 1);
    }
}

#[actix_web::test]
async fn without_a_mail_server_mails_are_files_that_their_owner_alone_may_read() {
    use std::os::unix::fs::PermissionsExt;
    for house in House::each().await {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("mails");
        let inside = sending(&house, Post::by(Route::Folder(folder.clone()), Sms::Folder(folder.clone())));
        for to in [ANN, "ben@acme.example"] {
            post(&house, to);
            house.wait_seconds(1);
        }
        assert_eq!(deliver(&inside).await, 2);
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 2, "{files:?}");
        let names: Vec<String> = files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
        assert!(names[0].starts_with("20261123T100000Z-mail_") && names[0].ends_with(".eml"), "{names:?}");
        assert!(std::fs::read_to_string(&files[0]).unwrap().contains("To: ann@acme.example"));
        assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        // Where there is no room for it, it waits.
        let blocked = place.path().join("a file");
        std::fs::write(&blocked, "").unwrap();
        post(&house, ANN);
        assert_eq!(deliver(&sending(&house, Post::by(Route::Folder(blocked.clone()), Sms::Folder(blocked)))).await, 0);
        assert!(list(&house, Status::Waiting)[0].error.as_deref().unwrap().contains("cannot be written"));
    }
}

fn text(house: &House, to: &str) {
    house.db.write(&permit::<SettingsEdit>(house), |tx| mails::test(tx, Channel::Sms, to)).unwrap();
}

#[actix_web::test]
async fn a_text_goes_to_the_gateway_with_the_same_mark_at_every_try() {
    const PHONE: &str = "+4533123456";
    for house in House::each().await {
        house.sink.gateway_answers(503, "come back later");
        text(&house, PHONE);
        assert_eq!(mail::deliver(&house.inside, Channel::Sms).await.unwrap(), 0);
        let waiting = list(&house, Status::Waiting).remove(0);
        assert!(waiting.error.as_deref().unwrap().contains("503") && waiting.error.as_deref().unwrap().ends_with("come back later"));
        house.wait_seconds(60);
        house.sink.gateway_answers(202, "taken");
        let texts = house.texts_to(PHONE).await;
        assert_eq!(texts.len(), 1, "{}", house.name());
        assert_eq!(texts[0].id, waiting.id);
        assert!(texts[0].text.ends_with("sent this to see whether texts of Bailiwick arrive. They do."), "{texts:?}");
        house.sink.gateway_answers(422, "no such number");
        text(&house, "+45");
        assert_eq!(mail::deliver(&house.inside, Channel::Sms).await.unwrap(), 0);
        assert!(list(&house, Status::Failed)[0].error.as_deref().unwrap().ends_with("no such number"));
        assert_eq!(house.sink.recipients().len(), 0, "none of it is a mail");
    }
}

#[actix_web::test]
async fn a_hanging_mail_server_holds_up_no_code() {
    for house in House::each().await {
        house.sink.hangs(true);
        let workers = mail::Workers::start(&house.inside);
        post(&house, ANN);
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        text(&house, "+4533123456");
        let mut tries = 0;
        while house.sink.texts_to("+4533123456").is_empty() {
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
            tries += 1;
            assert!(tries < 60, "{}", house.name());
        }
        house.sink.hangs(false);
        drop(workers);
    }
}

#[actix_web::test]
async fn without_a_gateway_texts_are_files() {
    for house in House::each().await {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().to_owned();
        let inside = sending(&house, Post::by(Route::Folder(folder.clone()), Sms::Folder(folder.clone())));
        text(&house, "+4533123456");
        assert_eq!(mail::deliver(&inside, Channel::Sms).await.unwrap(), 1);
        let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        assert!(file.to_string_lossy().ends_with(".txt"));
        let written = std::fs::read_to_string(file).unwrap();
        assert!(written.starts_with("To: +4533123456\n\n") && written.contains("texts of Bailiwick"), "{written}");
    }
}
