//! Addresses with rubbish in them: at every list, every word, never an error of ours.

use crate::house::House;
use std::{future::poll_fn, task::Poll};

#[actix_web::test]
async fn rubbish_in_an_address_does_no_harm() {
    let long = "x".repeat(3_000);
    let cursor = |json: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json)
    };
    let cursors =
        [cursor("[\"a\",1]"), cursor("[\"a\\u0000b\",1]"), cursor("[1,1]"), cursor("[\"\",9223372036854775807]"), cursor("[[[]]]")];
    let odd: Vec<&str> = [
        "",
        "\0",
        "a\0b",
        "%",
        "_",
        "\\",
        "'",
        "\"",
        "\"x",
        "a OR b",
        "*",
        "(",
        "ana\u{301}",
        "\u{202e}",
        "🦊",
        "<b class=\"evil\">x</b>",
        "-1",
        "0",
        "2",
        "9223372036854775808",
        &long,
    ]
    .into_iter()
    .chain(cursors.iter().map(String::as_str))
    .collect();
    for house in House::each().await {
        let (su, ina) = (house.person("su@brand.example").await, house.person("ina@acme.example").await);
        let (north, auditor) = (house.org("Acme/North"), house.role("Org auditor"));
        let base = "/admin/stores/customers";
        let lists = [
            "/admin/stores?".to_owned(),
            "/admin/administrator-roles?".to_owned(),
            format!("{base}/organizations?view=list&"),
            format!("{base}/organizations/{north}?tab=accounts&"),
            format!("{base}/accounts?"),
            format!("{base}/roles?"),
            format!("{base}/role-assignments?"),
            format!("{base}/role-assignments?org={north}&role={auditor}&"),
            format!("{base}/role-assignments/unassigned?org={north}&role={auditor}&"),
        ];
        let before = house.counts();
        // Words of which a list knows a few values each stand together in one address: each of them drops what it does not
        // know, whatever the others do. The rest may lead elsewhere, so that each goes alone.
        let choices = ["sort", "status", "authn", "authz", "member", "right", "auto", "type", "unused", "show", "below"];
        for list in &lists {
            for value in &odd {
                let together: Vec<(&str, &str)> = choices.iter().map(|word| (*word, *value)).collect();
                let alone = ["q", "page", "per", "after", "before", "tab", "view", "next", "d"].map(|word| vec![(word, *value)]);
                let asked = alone.into_iter().chain([together]).map(async |words| {
                    let path = format!("{list}{}", serde_html_form::to_string(&words).unwrap());
                    let person = if words[0].0 == "q" { &ina } else { &su };
                    let page = person.get(&path).await.stays_inert();
                    let hidden = person.session() == ina.session() && page.status == 404;
                    assert!([200, 303].contains(&page.status) || hidden, "{}: {} {}", page.asked, page.status, page.text());
                });
                at_once(asked).await;
            }
        }
        for word in ["org", "role", "account", "parent", "list"] {
            for value in &odd {
                let lists = [
                    format!("{base}/role-assignments?"),
                    format!("{base}/accounts?"),
                    format!("{base}/accounts/disable?d=x&"),
                    format!("{base}/accounts/choose?"),
                    format!("{base}/organizations?"),
                    format!("{base}/organizations/deactivate?organization=x&"),
                    format!("{base}/role-assignments/remove?account=x&"),
                    format!("{base}/role-assignments/unassigned?org={north}&role={auditor}&"),
                ];
                let asked = lists.iter().map(async |list| {
                    let path = format!("{list}{}", serde_html_form::to_string([(word, value)]).unwrap());
                    let page = su.get(&path).await.stays_inert();
                    assert!([200, 303, 404].contains(&page.status), "{}: {}", page.asked, page.status);
                });
                at_once(asked).await;
            }
        }
        for part in ["%00", "a%00b", "%ff", "..", "%2e%2e%2f", "'", "%3Cb%20class=%22evil%22%3E", "x/y", "%F0%9F%A6%8A", "-1"] {
            for path in [
                format!("/admin/stores/{part}/accounts"),
                format!("{base}/accounts/{part}"),
                format!("{base}/organizations/{part}"),
                format!("{base}/roles/{part}"),
                format!("{base}/roles/{part}/delete"),
                format!("/admin/administrator-roles/{part}"),
                format!("/admin/administrator-roles/new/{part}"),
                format!("/signin/{part}"),
                format!("/static/{part}/{part}"),
                format!("/{part}"),
            ] {
                let page = su.get(&path).await.stays_inert();
                assert!([303, 404].contains(&page.status), "{}: {}", page.asked, page.status);
            }
        }
        assert_eq!(before, house.counts());
    }
}

/// Waits for all of them while each goes on: one is drawn while others are read.
async fn at_once(asked: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut waiting: Vec<_> = asked.map(Box::pin).collect();
    poll_fn(|context| {
        waiting.retain_mut(|asked| asked.as_mut().poll(context).is_pending());
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[actix_web::test]
async fn bodies_that_no_form_sends_are_refused() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        let token = su.token().await;
        let before = house.state();
        let path = "/admin/stores/customers/roles";
        for (kind, body) in [
            ("application/json", format!("{{\"csrf\":\"{token}\",\"name\":\"From JSON\",\"right\":[\"account_management:READ\"]}}")),
            ("text/plain", format!("csrf={token}")),
            ("application/x-www-form-urlencoded", format!("csrf={token}&name=%ff%fe&right=account_management%3AREAD")),
            ("application/x-www-form-urlencoded", format!("csrf={token}&csrf={token}&name=Twice")),
            ("application/x-www-form-urlencoded", format!("csrf={token}&name=One&name=Two&right=account_management%3AREAD")),
            ("application/x-www-form-urlencoded", format!("csrf={token}&rev=99999999999999999999&name=Big")),
            ("multipart/form-data; boundary=x", format!("--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--x--")),
            ("", "%%%".into()),
        ] {
            let page = su.send(actix_web::http::Method::POST, path, &[("Content-Type", kind)], Some(body)).await;
            assert!([403, 415, 422].contains(&page.status), "{}: {} {}", page.asked, page.status, page.text());
        }
        su.post(path, &[("name", &"x".repeat(1_100_000))]).await.is(413).says("too large");
        before.assert_still(&house, "An odd body");
    }
}
