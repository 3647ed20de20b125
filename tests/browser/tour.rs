//! Everything there is to see, at a desk and on a phone, in light and in dark: every page that the table of routes
//! knows, and every state a page can be in. At each stop one looks closely (screens.md 9: checks 1, 14, 18 to 23).

use crate::{
    house::{AGNIESZKA, House, INES, MARTA, STORE},
    visit::{Visit, With},
};
use bailiwick::web::routes;
use serde_json::{Value, json};
use std::cell::RefCell;

const AXE: &str = include_str!("axe.min.js");

/// A walk from stop to stop; what is wrong is told at its end, all of it.
struct Tour<'v, 'h> {
    visit: &'v Visit<'h>,
    wrong: RefCell<Vec<String>>,
}

impl<'v, 'h> Tour<'v, 'h> {
    async fn begin(visit: &'v Visit<'h>) -> Self {
        // So that no colour is on its way to another one, and nothing may run.
        visit.prefers("prefers-reduced-motion", "reduce").await;
        // Once for every page: it is half a million letters to send.
        visit.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": AXE })).await;
        Self { visit, wrong: RefCell::default() }
    }

    fn end(self) {
        let wrong = self.wrong.into_inner();
        assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    fn finds(&self, stop: &str, what: &str, found: Value) {
        for one in found.as_array().unwrap() {
            let one = one.as_str().unwrap();
            self.wrong.borrow_mut().push(format!("{stop} ({}): {what}: {one}", self.visit.with()));
        }
    }

    async fn page(&self, path: &str) {
        self.visit.opens(path).await;
        self.stop(path).await;
    }

    /// Looks closely.
    async fn stop(&self, name: &str) {
        let visit = self.visit;
        visit.settles().await;
        visit.picture(&format!("{} light {name}", visit.with())).await;
        // All of axe's rules that are not experimental; the size of targets is off by default.
        self.finds(name, "axe", self.axe(json!({ "rules": { "target-size": { "enabled": true } } })).await);
        self.finds(name, "moves", visit.js(MOVES, vec![]).await);
        self.finds(name, "sideways", visit.js(SIDEWAYS, vec![]).await);
        self.finds(name, "words", visit.js(WORDS, vec![]).await);
        if visit.phone {
            self.finds(name, "small target", visit.js(TARGETS, vec![json!(44)]).await);
            visit.width(320).await;
            visit.paints().await;
            self.finds(name, "sideways at 320 px", visit.js(SIDEWAYS, vec![]).await);
            visit.width(390).await;
        } else {
            self.finds(name, "small target", visit.js(TARGETS, vec![json!(24)]).await);
            visit.media("print").await;
            visit.paints().await;
            self.finds(name, "on paper", visit.js(PAPER, vec![]).await);
        }
        visit.prefers("prefers-color-scheme", "dark").await;
        visit.paints().await;
        self.finds(name, "axe in dark", self.axe(json!({ "runOnly": ["color-contrast", "link-in-text-block"] })).await);
        visit.picture(&format!("{} dark {name}", visit.with())).await;
        visit.prefers("prefers-color-scheme", "light").await;
        visit.paints().await;
    }

    async fn axe(&self, options: Value) -> Value {
        let script = "const [options, done] = arguments; \
            const one = rule => node => `${rule.id}: ${rule.help}: ${node.target.join(' ')}: ${(node.failureSummary || '').replace(/\\s+/g, ' ').slice(0, 240)}`; \
            /* What a bar covers can be scrolled to. */ \
            const bars = document.querySelectorAll('.bar, .top'); bars.forEach(bar => bar.style.position = 'static'); \
            axe.run(document, { resultTypes: ['violations'], preload: false, iframes: false, ...options }) \
                .finally(() => bars.forEach(bar => bar.style.position = '')).then(found => done(found.violations.flatMap(rule => rule.nodes.slice(0, 3).map(one(rule)))), \
                    error => done(['axe failed: ' + error]))";
        self.visit.js_later(script, vec![options]).await
    }
}

/// Animations that run.
const MOVES: &str = "return document.getAnimations().filter(a => a.playState === 'running' && a.effect.getTiming().duration > 20) \
    .map(a => a.animationName || a.transitionProperty || 'an animation')";

/// What makes the page wider than its window.
const SIDEWAYS: &str = "const wide = document.documentElement.clientWidth; \
    if (document.documentElement.scrollWidth <= wide) return []; \
    const out = [...document.querySelectorAll('body *')].filter(el => el.checkVisibility() && el.getBoundingClientRect().right > wide + 1); \
    return [`${document.documentElement.scrollWidth} px: ` + out.slice(-4).map(el => el.tagName + '.' + el.className + ' ' + (el.innerText || '').slice(0, 30)).join('; ')]";

/// Controls too small to hit. Links in sentences are as large as their text; links of one word are as wide as it.
const TARGETS: &str = "const [least] = arguments, within = document.querySelector('dialog[open]') || document; \
    const found = [...within.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [role=link]')]; \
    return found.filter(el => el.checkVisibility({ visibilityProperty: true }) && el.tabIndex >= 0 && !el.matches('.skip')).flatMap(el => { \
        const inline = el.matches('a') && getComputedStyle(el).display === 'inline'; \
        if (inline && el.parentElement.closest('p, .facts, .sub, .note, .t3, .hint')) return []; \
        const box = el.matches('[type=checkbox], [type=radio]') && el.closest('label') || el, r = box.getBoundingClientRect(); \
        return (inline || el.matches('.link') || r.width + .5 >= least) && r.height + .5 >= least ? [] : \
            [`${Math.round(r.width)}×${Math.round(r.height)} ${el.tagName}.${el.className} ${(el.innerText || el.name || '').slice(0, 40)} (in ${el.parentElement.tagName}.${el.parentElement.className})`]; \
    }).slice(0, 6)";

/// Times without a zone; controls that are off without a reason; lists without a total.
const WORDS: &str = "const wrong = []; \
    for (const time of document.querySelectorAll('time')) if (!/ (UTC|[A-Z]{2,5}|[+-]\\d\\d(:?\\d\\d)?)$/.test(time.textContent)) wrong.push('no zone: ' + time.textContent); \
    for (const off of document.querySelectorAll('[aria-disabled=true]')) { \
        const why = (off.getAttribute('aria-describedby') || '').split(' ').map(id => document.getElementById(id)?.textContent || '').join('') || off.querySelector('span span')?.textContent; \
        if (!why) wrong.push('off without a reason: ' + off.textContent); \
    } \
    return wrong";

/// What has no place on paper, and what must be there.
const PAPER: &str = "const wrong = []; \
    for (const el of document.querySelectorAll('.side, .top, .bar, .tools, .btn, .txt, .toasts, .tabs, .per, .chip-menu, .menu')) \
        if (el.checkVisibility()) wrong.push('shown: ' + el.tagName + '.' + el.className + ' ' + (el.innerText || '').slice(0, 40)); \
    if (getComputedStyle(document.documentElement).colorScheme !== 'light') wrong.push('not light'); \
    const line = document.querySelector('.print-line'); \
    if (line && !(line.checkVisibility() && /^Printed .+ \\d\\d:\\d\\d .+ by .+ from \\//.test(line.innerText))) wrong.push('no line that says who printed it: ' + line.innerText); \
    for (const tick of document.querySelectorAll('.check:checked')) \
        if (getComputedStyle(tick).printColorAdjust !== 'exact') wrong.push('a tick would vanish'); \
    for (const group of document.querySelectorAll('details:not(.menu, .chip-menu, [open]) > :not(summary)')) \
        if (!group.getBoundingClientRect().height) wrong.push('folded: ' + group.innerText.slice(0, 40)); \
    return wrong";

/// Every page that answers GET, filled in; what is no page is left out by name.
fn pages(house: &House, draft: &str) -> Vec<String> {
    let (organization, role) = (house.organization("Nordhavn Freight"), house.role("Customer support"));
    let account = house.text("SELECT id AS t FROM accounts WHERE email = 'ana.kovac@nordhavn.example'");
    let holder = house.text(&format!(
        "SELECT min(a.id) AS t FROM accounts a JOIN role_assignments ra ON ra.account = a.key JOIN roles r ON r.key = ra.role \
         JOIN organizations o ON o.key = ra.organization WHERE r.id = '{role}' AND o.id = '{organization}'"
    ));
    let event = house.text("SELECT id AS t FROM events WHERE action = 'role.edit' LIMIT 1");
    let scope = house.text("SELECT min(id) AS t FROM scopes");
    // Marta's grant: it may be handed on.
    let marta = house.text("SELECT id AS t FROM accounts WHERE email = 'marta.silva@nordhavn.example'");
    let grant = house.text(&format!("SELECT min(g.id) AS t FROM grants g JOIN accounts a ON a.key = g.account WHERE a.id = '{marta}'"));
    let helper = house.text("SELECT id AS t FROM administrator_roles WHERE name = 'Regional helpdesk'");
    let mut pages = Vec::new();
    for (method, path) in routes::TABLE {
        // What belongs to a list is seen where one is uploaded.
        // So is the portal, by who is at home there.
        // What is done to several is seen where they are chosen.
        let together = ["/disable", "/enable", "/end-sessions", "/assign"].iter().any(|act| path.ends_with(&format!("/accounts{act}")));
        let elsewhere = path.contains("/import/{list}") || path.contains("{authenticator}") || path.starts_with("/portal/o/") || together;
        if *method != "get" || ["/healthz", "/readyz", "/static/{hash}/{name:.*}"].contains(path) || elsewhere {
            continue;
        }
        let filled = path
            .replace("/admin/administrator-roles/{role}", &house.administrator_role("Regional helpdesk"))
            .replace("/admin/administrators/{account}", &format!("/admin/administrators/{marta}"))
            .replace("{grant}", &grant)
            .replace("{kind}", "root")
            .replace("{store}", "partners")
            .replace("{organization}", &organization)
            .replace("{account}", &account)
            .replace("{role}", &role)
            .replace("{scope}", &scope)
            .replace("{event}", &event)
            .replace("{token}", "never");
        assert!(!filled.contains('{'), "{path} has a part that nobody fills here");
        let query = match path.rsplit('/').next().unwrap() {
            "unassigned" => format!("?org={organization}&role={role}"),
            "confirm" if path.starts_with("/admin/administrators") => {
                format!("?account={account}&role={helper}&scope={scope}&cascading=on")
            }
            "confirm" => format!("?d={draft}"),
            "preview" => format!("?org={organization}&reach=this_and_below"),
            "activate" | "deactivate" if path.ends_with("/organizations/activate") || path.ends_with("/organizations/deactivate") => {
                format!("?organization={organization}")
            }
            "why" => format!("?account={holder}&org={organization}&right=account_authenticators:READ"),
            "remove" => format!("?org={organization}&role={role}&account={holder}"),
            _ => String::new(),
        };
        pages.push(format!("{filled}{query}"));
    }
    pages.push(format!("{STORE}/accounts/{holder}?tab=roles"));
    pages.push(format!("/admin/why?account={holder}&org={organization}&right=organization_management:WRITE"));
    pages.push(format!("/admin/why?account={marta}&perm=user.view"));
    pages
}

/// One line that adds an account, and one that is wrong.
const LIST: &str = "email,name,organizations\nnew.hand@nordhavn.example,New Hand,Nordhavn Freight\nnobody,,\n";

/// Chooses three of a list over two pages, and looks at what may be done to them.
async fn chooses_several(tour: &Tour<'_, '_>, list: &str, acts: &[&str]) {
    let visit = tour.visit;
    visit.opens(&format!("{list}/choose?per=25")).await;
    for _ in 0..2 {
        visit.clicks("tbody .check:not(:checked)").await;
    }
    visit.presses("Next").await;
    visit.arrives("page=2").await;
    visit.clicks("tbody .check:not(:checked)").await;
    visit.says("3 accounts selected").await;
    tour.stop(&format!("{list}, three chosen")).await;
    for act in acts {
        visit.presses(act).await;
        visit.waits("dialog[open]").await;
        tour.stop(&format!("{list}, {act}")).await;
        visit.presses("Cancel").await;
        visit.says("3 accounts selected").await;
    }
}

/// Before anybody is signed in.
async fn walks_outside(tour: &Tour<'_, '_>) {
    let visit = tour.visit;
    tour.page("/signin").await;
    visit.presses("Continue").await;
    visit.waits(".errsum").await;
    tour.stop("sign-in without a name").await;
    visit.types("#identifier", INES).await;
    visit.presses("Continue").await;
    visit.waits("#password").await;
    tour.stop("sign-in, password").await;
    visit.types("#password", "not this one, surely").await;
    visit.presses("Sign in").await;
    visit.says("E-mail or password is wrong.").await;
    tour.stop("sign-in, wrong password").await;
    tour.page("/signin/partners").await;
    tour.page("/signin?out=1").await;
    for page in ["/signin/reset", "/signin/reset?sent=1", "/signin/reset/never", "/confirm/never", "/cancel/never", "/invite/never"] {
        tour.page(page).await;
    }
    tour.page("/no-such-page").await;
}

/// Pages and lists, as somebody who may see everything.
async fn walks_the_pages(tour: &Tour<'_, '_>) {
    let (visit, house) = (tour.visit, tour.visit.house);
    visit.signs_in(INES).await;
    let picker = house.pair("role-assignments/unassigned", "Nordhavn Freight", "Customer support");
    visit.opens(&picker).await;
    for _ in 0..3 {
        visit.clicks("tbody .check:not(:checked)").await;
    }
    visit.says("3 accounts selected").await;
    visit.presses("Show only selected").await;
    visit.arrives("show=selected").await;
    tour.stop("picker, only selected").await;
    let here = visit.here().await;
    let draft = here.split(['?', '&']).find_map(|part| part.strip_prefix("d=")).unwrap().to_owned();
    for page in pages(house, &draft) {
        tour.page(&page).await;
    }
    let organization = format!("{STORE}/organizations/{}", house.organization("Nordhavn Freight"));
    let account = format!("{STORE}/accounts/{}", house.text("SELECT id AS t FROM accounts WHERE email = 'ana.kovac@nordhavn.example'"));
    for more in [
        format!("{STORE}/organizations?view=list"),
        format!("{STORE}/organizations?view=list&admins=none&status=inactive"),
        format!("{STORE}/organizations?view=list&q=zzqx"),
        format!("{organization}?tab=accounts&below=1"),
        format!("{organization}?tab=admins"),
        format!("{account}?tab=roles"),
        format!("{account}?tab=memberships"),
        format!("{account}?tab=sign-in"),
        format!("{account}?tab=events"),
        format!("{organization}?tab=events"),
        "/admin/search?q=ana".into(),
        "/admin/administrator-roles/new/other".into(),
        "/admin/administrator-roles?q=zzqx".into(),
        house.administrator_role("Super administrator"),
        house.administrator_role("Partner operations"),
        "/admin/events?type=role".into(),
        format!("{STORE}/accounts?q=zzqx"),
        format!("{STORE}/accounts/choose?q=zzqx"),
        format!("{STORE}/accounts?sort=-last&authn=locked&status=foo"),
        format!("{STORE}/roles?q=zzqx"),
        format!("{STORE}/roles?unused=1"),
        format!("{STORE}/roles/{}", house.role("Verification desk")),
        format!("{STORE}/roles/{}/delete", house.role("Data protection contact")),
        format!("{STORE}/roles/{}/delete?to={}", house.role("Customer support"), house.role("Verification desk")),
        house.pair("role-assignments", "Nordhavn Freight", "Customer support"),
        house.pair("role-assignments", "Nordhavn Freight", "Data protection contact"),
        house.pair("role-assignments", "Gdańsk terminal", "Customer support"),
        format!("{picker}&q=zzqx"),
        format!("{picker}&member=outside&authn=invited"),
        "/admin/scopes?unused=1".into(),
        "/admin/scopes?q=zzqx".into(),
        format!("/admin/scopes/new?org={}&reach=children&org_q=no", house.organization("Nordhavn Freight")),
        "/admin/stores/fresh/accounts".into(),
        "/admin/stores/fresh/roles".into(),
        "/admin/stores/fresh/role-assignments".into(),
        "/admin/stores?q=zzqx".into(),
        "/admin/stores?next=roles".into(),
        "/admin/no-such-page".into(),
    ] {
        tour.page(&more).await;
    }
}

/// What comes up while people work.
async fn walks_the_states(tour: &Tour<'_, '_>) {
    let (visit, house) = (tour.visit, tour.visit.house);
    visit.signs_in(INES).await;
    // Menus.
    visit.opens(&format!("{STORE}/roles")).await;
    visit.clicks("tbody tr:nth-child(2) .menu summary").await;
    tour.stop("menu of a role").await;
    visit.keys(thirtyfour::Key::Escape + "").await;
    visit.clicks(".chip-menu summary").await;
    tour.stop("filter of roles").await;
    if visit.phone {
        visit.presses("Open menu").await;
        tour.stop("drawer").await;
    }
    // Forms that come back.
    visit.opens(&format!("{STORE}/roles/new")).await;
    visit.presses("Save role").await;
    visit.waits(".errsum").await;
    tour.stop("role without a name").await;
    visit.opens(&format!("{STORE}/roles/new")).await;
    visit.presses("Org auditor").await;
    visit.clicks("#right-account_management-READ").await;
    tour.stop("role without the minimum").await;
    visit.clicks("#right-account_management-READ").await;
    visit.types("#name", "Weekend desk").await;
    visit.presses("Save role").await;
    visit.says("Weekend desk is ready.").await;
    tour.stop("role is ready").await;
    visit.opens(&format!("{STORE}/roles/{}", house.role("Customer support"))).await;
    visit.clicks("#right-account_management-DELETE").await;
    visit.presses("Save role").await;
    visit.says("Check the effect. Nothing changes until you save.").await;
    tour.stop("effect of a changed role").await;
    visit.opens(&format!("{STORE}/roles/{}", house.role("Weekend desk"))).await;
    visit.types("#description", "Mine").await;
    house.run("UPDATE roles SET rev = rev + 1, description = 'Theirs' WHERE name = 'Weekend desk'");
    visit.presses("Save role").await;
    visit.says("Somebody changed this while you were editing").await;
    tour.stop("role that somebody changed").await;
    visit.opens("/admin/scopes/new").await;
    visit.presses("Save scope").await;
    visit.waits(".errsum").await;
    tour.stop("scope without anything").await;
    visit
        .opens(&format!(
            "/admin/scopes/{}",
            house.text("SELECT min(s.id) AS t FROM scopes s JOIN grants g ON g.scope = s.key WHERE s.reach = 'this_and_below'")
        ))
        .await;
    visit.clicks("[name=reach][value=this]").await;
    visit.says("Reaches 1 organization").await;
    tour.stop("scope with another reach").await;
    visit.presses("Save scope").await;
    visit.says("Check the effect. Nothing changes until you save.").await;
    tour.stop("effect of another reach").await;
    // An administrator role.
    let helpdesk = house.administrator_role("Regional helpdesk");
    visit.opens("/admin/administrator-roles").await;
    visit.presses("Add administrator role").await;
    tour.stop("menu: which kind of administrator role").await;
    visit.opens(&helpdesk).await;
    visit.presses("Open all").await;
    visit.clicks("input[value='user.delete']").await;
    visit.clicks("input[value='organization.view']").await;
    visit.clicks("input[value='scope.edit']").await;
    tour.stop("administrator role with unsaved changes").await;
    visit.types("#filter", "event").await;
    tour.stop("permissions, filtered").await;
    visit.presses("Save role").await;
    visit.says("Check the effect. Nothing changes until you save.").await;
    tour.stop("effect of a changed administrator role").await;
    visit.opens("/admin/administrator-roles/new/other").await;
    visit.presses("Save role").await;
    visit.waits(".errsum").await;
    tour.stop("administrator role without anything").await;
    visit.opens(&helpdesk).await;
    visit.presses("More actions for Regional helpdesk").await;
    tour.stop("menu of an administrator role").await;
    visit.opens("/me").await;
    visit.presses("Change password").await;
    visit.waits(".errsum").await;
    tour.stop("password not changed").await;
    // Dialogs.
    visit.opens(&format!("{STORE}/roles/{}", house.role("Weekend desk"))).await;
    visit.presses("More actions for Weekend desk").await;
    visit.presses("Delete role").await;
    visit.waits("dialog[open]").await;
    tour.stop("dialog: delete a role").await;
    let pair = house.pair("role-assignments", "Nordhavn Freight", "Customer support");
    visit.opens(&pair).await;
    visit.clicks("td.act .btn").await;
    visit.waits("dialog[open]").await;
    tour.stop("dialog: remove").await;
    visit.opens(&house.pair("role-assignments/unassigned", "Nordhavn Freight", "Customer support")).await;
    for _ in 0..3 {
        visit.clicks("tbody .check:not(:checked)").await;
    }
    visit.presses("Assign").await;
    visit.waits("dialog[open]").await;
    tour.stop("dialog: assign").await;
    visit.presses("Dates and reason").await;
    visit.sets("#ends", "2020-02-01").await;
    visit.presses("Assign to 3 accounts").await;
    visit.waits("dialog[open] .errsum").await;
    tour.stop("dialog: assign, dates are wrong").await;
    visit.sets("#ends", "").await;
    visit.presses("Assign to 3 accounts").await;
    visit.says("3 accounts now hold Customer support").await;
    tour.stop("assigned").await;
    // A list of accounts.
    visit.opens(&format!("{STORE}/accounts/import")).await;
    let _folder = visit.chooses_file("#file", "staff.csv", LIST).await;
    visit.presses("Upload and look").await;
    visit.says("Nothing has happened yet.").await;
    tour.stop("list of accounts, before").await;
    visit.clicks("#leave_out").await;
    visit.presses("Take in 1 account").await;
    visit.says("1 account added").await;
    tour.stop("list of accounts, after").await;
    // No network.
    visit.opens(&format!("{STORE}/accounts")).await;
    visit.offline(true).await;
    visit.types("#q", "ana").await;
    visit.waits(".toast").await;
    tour.stop("no connection").await;
    visit.offline(false).await;
    // The session ends amid a form.
    visit.opens(&format!("{STORE}/roles/new")).await;
    visit.types("#name", "Typed before the end").await;
    house.wait_minutes(31);
    visit.presses("Save role").await;
    visit.says("You were signed out.").await;
    tour.stop("signed out amid a form").await;
    visit.types("#identifier", INES).await;
    visit.presses("Continue").await;
    visit.types("#password", crate::house::password(INES)).await;
    visit.presses("Sign in").await;
    visit.says("Your entries are still here.").await;
    tour.stop("signed in again").await;
    visit.presses("Go on with your entries").await;
    visit.says("Your entries are still here; check and save.").await;
    assert_eq!(visit.value("#name").await, "Typed before the end");
    visit.opens("/me").await;
}

/// The same pages, smaller.
async fn walks_as_others(tour: &Tour<'_, '_>) {
    let (visit, house) = (tour.visit, tour.visit.house);
    visit.signs_in(MARTA).await;
    for page in ["/admin".to_owned(), format!("{STORE}/organizations"), format!("{STORE}/accounts"), format!("{STORE}/role-assignments")] {
        tour.page(&page).await;
    }
    tour.page(&house.administrator_role("Partner manager")).await;
    visit.signs_out().await;
    tour.stop("signed out").await;
    visit.signs_in(AGNIESZKA).await;
    tour.page(&house.pair("role-assignments", "Nordhavn Freight", "Customer support")).await;
    tour.page(&house.pair("role-assignments/unassigned", "Nordhavn Freight", "Customer support")).await;
    visit.opens("/me").await;
    visit.signs_out().await;
    visit.signs_in("efua.asante@asantefoods.example").await;
    tour.page("/me").await;
    tour.page("/admin").await;
}

/// The portal, as its org admin and as an auditor.
async fn walks_the_portal(tour: &Tour<'_, '_>) {
    let (visit, house) = (tour.visit, tour.visit.house);
    visit.signs_in(crate::portal::HENRIK).await;
    let base = format!("/portal/o/{}", house.organization("Halden Retail Group"));
    let bjorn = format!("{base}/accounts/{}", house.text("SELECT id AS t FROM accounts WHERE email = 'bjorn.ostby@halden.example'"));
    let own = format!("{base}/accounts/{}", house.text("SELECT id AS t FROM accounts WHERE email = 'henrik.solberg@halden.example'"));
    for (_, path) in routes::TABLE.iter().filter(|(method, path)| *method == "get" && path.starts_with("/portal/o/")) {
        if path.contains("{authenticator}")
            || ["disable", "enable", "end-sessions"].iter().any(|act| path.ends_with(&format!("/accounts/{act}")))
        {
            continue;
        }
        let query =
            if path.ends_with("/memberships/remove") { format!("?org={}", house.organization("Oslo region")) } else { String::new() };
        let filled = path.replace("/portal/o/{organization}/accounts/{account}", &bjorn).replace("/portal/o/{organization}", &base);
        tour.page(&format!("{filled}{query}")).await;
    }
    for more in [
        "/portal?choose=1".to_owned(),
        "/portal?choose=1&q=oslo".to_owned(),
        format!("{base}/accounts?q=zzqx"),
        format!("{base}/accounts?below=0&authn=active"),
        format!("{base}/organizations?q=zzqx"),
        own,
        "/me".to_owned(),
    ] {
        tour.page(&more).await;
    }
    visit.opens(&format!("{base}/invitations/new")).await;
    visit.types("#emails", "ann@new.example, nobody\nbjorn.ostby@halden.example").await;
    visit.presses("Send invitations").await;
    visit.says("sent").await;
    tour.stop("invitations, each with its answer").await;
    tour.page(&format!("{base}/invitations")).await;
    let mail = house.mail_to("ann@new.example", 0).text;
    let invite = mail.split_whitespace().find(|word| word.contains("/invite/")).unwrap().replace(&house.address, "");
    visit.opens(&format!("{base}/organizations/new")).await;
    visit.presses("Set up organization").await;
    visit.waits(".errsum").await;
    tour.stop("organization without a name").await;
    visit.opens("/me").await;
    visit.signs_out().await;
    tour.page(&invite).await;
    visit.presses("Accept").await;
    visit.waits(".errsum").await;
    tour.stop("invitation accepted without anything").await;
    visit.signs_in("efua.asante@asantefoods.example").await;
    visit.opens("/portal").await;
    tour.stop("accounts as an auditor sees them").await;
}

/// What is done to several accounts, on either side.
async fn acts_on_several(with: With) {
    let house = House::demo();
    house
        .visit(with, async |visit| {
            let tour = Tour::begin(visit).await;
            visit.signs_in(INES).await;
            chooses_several(&tour, &format!("{STORE}/accounts"), &["Disable", "Enable", "End sessions", "Assign a role"]).await;
            let role = house.role("Customer support");
            let role = role.rsplit('/').next().unwrap();
            visit.opens(&format!("{STORE}/accounts?authn=active&role={role}&verified=no&factor=none&from=2026-01-01")).await;
            visit.clicks(".chip-menu:last-child summary").await;
            tour.stop("accounts, every filter and the one by day open").await;
            visit.opens("/me").await;
            visit.signs_out().await;
            visit.signs_in(crate::portal::HENRIK).await;
            let portal = format!("/portal/o/{}/accounts", house.organization("Halden Retail Group"));
            tour.page(&portal).await;
            chooses_several(&tour, &portal, &["Disable", "End sessions"]).await;
            tour.end();
        })
        .await;
}

#[tokio::test]
async fn choosing_several_is_fit_to_use_at_a_desk() {
    acts_on_several(With::Desk).await;
}

#[tokio::test]
async fn choosing_several_is_fit_to_use_on_a_phone() {
    acts_on_several(With::Phone).await;
}

async fn takes_the_tour(with: With) {
    let house = House::demo();
    house
        .visit(with, async |visit| {
            let tour = Tour::begin(visit).await;
            walks_outside(&tour).await;
            walks_the_pages(&tour).await;
            tour.end();
        })
        .await;
}

async fn meets_the_states(with: With) {
    let house = House::demo();
    house
        .visit(with, async |visit| {
            let tour = Tour::begin(visit).await;
            walks_the_states(&tour).await;
            tour.visit.signs_out().await;
            walks_as_others(&tour).await;
            visit.opens("/me").await;
            visit.signs_out().await;
            walks_the_portal(&tour).await;
            tour.end();
        })
        .await;
}

#[tokio::test]
async fn every_page_is_fit_to_use_at_a_desk() {
    takes_the_tour(With::Desk).await;
}

#[tokio::test]
async fn every_page_is_fit_to_use_on_a_phone() {
    takes_the_tour(With::Phone).await;
}

#[tokio::test]
async fn every_state_is_fit_to_use_at_a_desk() {
    meets_the_states(With::Desk).await;
}

#[tokio::test]
async fn every_state_is_fit_to_use_on_a_phone() {
    meets_the_states(With::Phone).await;
}

#[tokio::test]
async fn the_first_run_is_fit_to_use() {
    for with in [With::Desk, With::Phone] {
        let house = House::empty();
        house
            .visit(with, async |visit| {
                let tour = Tour::begin(visit).await;
                tour.page("/setup?code=wrong").await;
                tour.page(&house.set_up_page()).await;
                visit.presses("Set up and sign in").await;
                visit.waits(".errsum").await;
                tour.stop("set-up without anything").await;
                for (field, words) in [
                    ("#root", "Meridian"),
                    ("#name", "Inês Ferreira"),
                    ("#email", "ines@meridian.example"),
                    ("#password", "lantern cobalt walnut"),
                ] {
                    visit.types(field, words).await;
                }
                visit.presses("Set up and sign in").await;
                visit.says("Bailiwick is set up, and you are signed in.").await;
                tour.stop("set up").await;
                tour.end();
            })
            .await;
    }
}
