//! Headers on every answer: errors, fragments and static files too (quality.md).

use crate::{house::House, page::Page};
use actix_web::http::Method;
use bailiwick::web::routes;

fn assert_headers(page: &Page, signed_in: bool) {
    let header = |name: &str| page.header(name).unwrap_or_else(|| panic!("{}: no {name} with {}", page.asked, page.status)).to_owned();
    let policy = header("content-security-policy");
    for part in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.split(';').any(|found| found.trim() == part), "{}: {part} is not in {policy}", page.asked);
    }
    for word in ["unsafe", "http:", "https:", "*"] {
        assert!(!policy.contains(word), "{}: {word} in {policy}", page.asked);
    }
    assert_eq!(header("x-content-type-options"), "nosniff", "{}", page.asked);
    assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy").as_str()), "{}", page.asked);
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{}", page.asked);
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{}", page.asked);
    if signed_in && !page.asked.contains("/static/") {
        assert!(header("cache-control").contains("no-store"), "{}", page.asked);
        assert!(header("vary").contains("HX-Request"), "{}", page.asked);
    }
    assert!(page.header("server").is_none() && page.header("x-powered-by").is_none());
    if page.status != 204 && page.status != 303 && !page.body.is_empty() {
        assert!(page.header("content-type").is_some(), "{}: what is it?", page.asked);
    }
}

#[actix_web::test]
async fn every_answer_has_every_header() {
    for house in House::each().await {
        let (su, vera, stranger) = (house.person("su@brand.example").await, house.person("vera@acme.example").await, house.stranger());
        let (north, auditor) = (house.org("Acme/North"), house.role("Org auditor"));
        let mut seen = std::collections::BTreeSet::new();
        for (person, signed_in) in [(&su, true), (&vera, true), (&stranger, false)] {
            for (method, route) in routes::TABLE {
                let path = route
                    .replace("{name:.*}", "bailiwick.css")
                    .replace("{hash}", "x")
                    .replace("{store}", "customers")
                    .replace("{organization}", &north)
                    .replace("{account}", &house.acc("paul@acme.example"))
                    .replace("{role}", &auditor);
                if *method == "get" {
                    let pages = [
                        person.get(&path).await,
                        person.fragment(&path).await,
                        person.send(Method::HEAD, &path, &[], None).await,
                        person.send(Method::GET, &path, &[("Accept", "application/json")], None).await,
                    ];
                    for page in pages {
                        seen.insert(page.status);
                        assert_headers(&page, signed_in);
                    }
                } else if *route != "/signout" {
                    // Without a token and with one.
                    let pages = [person.post_raw(&path, &[], &[]).await, person.post(&path, &[]).await];
                    for page in pages {
                        seen.insert(page.status);
                        assert_headers(&page, signed_in);
                    }
                }
            }
            let odd = [
                "/nothing/here",
                "/static/x/none.css",
                "/admin/stores/customers/roles/role_x",
                "/%ff%fe",
                "/admin/stores/%00",
                "/admin//stores",
                "/me/",
            ];
            for path in odd {
                let page = person.get(path).await;
                assert!(page.status == 404 || (!signed_in && page.status == 303), "{path}: {}", page.status);
                assert_headers(&page, signed_in);
            }
            let big = person.post("/me", &[("name", &"x".repeat(1_100_000))]).await;
            assert!([401, 413].contains(&big.status), "{}", big.status);
            assert_headers(&big, signed_in);
            let unreadable = [("Content-Type", "application/x-www-form-urlencoded")];
            assert_headers(&person.send(Method::POST, "/me", &unreadable, Some("%".into())).await, signed_in);
        }
        for status in [200, 303, 401, 403, 404, 413, 422] {
            assert!(seen.contains(&status) || status == 413, "no answer with {status} was looked at");
        }
    }
}

#[actix_web::test]
async fn over_tls_browsers_are_told_to_stay_there() {
    for house in House::each_over_tls().await {
        for path in ["/signin", "/static/x/bailiwick.css", "/nothing"] {
            let page = house.stranger().get(path).await;
            assert!(page.header("strict-transport-security").is_some_and(|value| value.starts_with("max-age=")), "{path}");
        }
    }
    for house in House::each().await {
        assert!(house.stranger().get("/signin").await.header("strict-transport-security").is_none());
    }
}

#[actix_web::test]
async fn pages_hold_no_script_or_style_of_their_own() {
    for house in House::each().await {
        let su = house.person("su@brand.example").await;
        for (_, route) in routes::TABLE.iter().filter(|(method, route)| *method == "get" && !route.starts_with("/static")) {
            let path = route
                .replace("{store}", "customers")
                .replace("{organization}", &house.org("Acme"))
                .replace("{account}", &house.acc("p05@acme.example"))
                .replace("{role}", &house.role("<b class=\"evil\">Bold</b> role"));
            let page = su.get(&path).await.stays_inert();
            for element in page.select("*") {
                for (name, value) in element.value().attrs() {
                    assert!(name != "style" && !name.starts_with("on") && name != "srcdoc", "{path}: {name}={value}");
                    assert!(!value.trim_start().to_lowercase().starts_with("javascript:"), "{path}: {name}={value}");
                }
            }
            assert!(page.select("script").iter().all(|script| script.attr("src").is_some_and(|src| src.starts_with("/static/"))), "{path}");
            assert!(!page.has("style") && !page.has("iframe") && !page.has("object") && !page.has("base"), "{path}");
        }
    }
}
