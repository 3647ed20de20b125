//! A list of accounts taken in through the browser (I-7): upload, preview line by line, confirmation, result.

use super::base;
use crate::{
    access::Permit,
    domain::{
        account_list::{self, List},
        attribute::Attribute,
        identity_store::IdentityStore,
        permissions::UserAdd,
        text,
    },
    problem::Problem,
    store::{
        account_imports::{self, Counts, Does, Judged, Taken},
        identity_stores,
        paging::Slice,
    },
    web::{
        export,
        form::{Faults, Form},
        frame::{Acted, Ask, Frame, crumb, here},
        list::{Pager, Query, past_end, reading},
        note::Note,
        page::{page, see_other, view},
        upload::Upload,
    },
};
use actix_web::{
    HttpResponse, Responder,
    http::{StatusCode, header},
    web::Path,
};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

#[derive(Template)]
#[template(path = "console/accounts/import.html", blocks = ["content"])]
struct Start {
    f: Frame,
    base: String,
    attributes: Vec<Attribute>,
    faults: Faults,
}
view!(Start, as_content);

fn frame_of(ask: &Ask, store: &IdentityStore) -> Frame {
    ask.frame("accounts", Some(store), vec![crumb(format!("{}/accounts", base(store)), "Accounts"), here("Import a list")])
}

async fn show_start(ask: &Ask, slug: String, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<UserAdd>()?;
    let (store, attributes) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = store_of(view, &slug)?;
                let attributes = identity_stores::schema(view, &store)?;
                Ok((store, attributes))
            })
        })
        .await?;
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let f = frame_of(ask, &store);
    Ok(page(Start { f, base: base(&store), attributes, faults }).status(status).whole().respond_to(&ask.req))
}

/// A store whose accounts come by lists: not Administrators.
fn store_of(reader: &mut impl crate::store::Reader<UserAdd>, slug: &str) -> Result<IdentityStore, Problem> {
    let store = identity_stores::find(reader, slug)?;
    if store.built_in { Err(Problem::NotFound) } else { Ok(store) }
}

/// `GET /admin/stores/{store}/accounts/import`
pub async fn import_form(_: Permit<UserAdd>, ask: Ask, slug: Path<String>) -> Result<HttpResponse, Problem> {
    show_start(&ask, slug.into_inner(), Faults::default()).await
}

/// `POST /admin/stores/{store}/accounts/import`: keeps the file, and leads to its preview.
pub async fn upload(permit: Permit<UserAdd>, ask: Ask, slug: Path<String>, upload: Upload) -> Result<HttpResponse, Problem> {
    let slug = slug.into_inner();
    let owner = ask.actor()?.account;
    let slug_too = slug.clone();
    let kept = ask
        .house
        .work(move |db| {
            let (store, schema) = db.read(&permit, |view| {
                let store = store_of(view, &slug_too)?;
                let schema = identity_stores::schema(view, &store)?;
                Ok((store, schema))
            })?;
            if let Err(refusal) = account_list::read(&upload.text, &schema) {
                return Ok(Err(Faults::one(refusal)));
            }
            let id = db.note(|note| account_imports::keep(note, &db.chance, owner, store.key, &upload.name, &upload.text))?;
            Ok(Ok(format!("{}/accounts/import/{id}", base(&store))))
        })
        .await?;
    match kept {
        Ok(to) => Ok(see_other(&ask.req, &to)),
        Err(faults) => show_start(&ask, slug, faults).await,
    }
}

#[derive(Template)]
#[template(path = "console/accounts/import_preview.html", blocks = ["results"])]
struct Preview {
    f: Frame,
    base: String,
    query: Query,
    id: String,
    name: String,
    counts: Counts,
    lines: Slice<Judged>,
    pager: Pager,
    done: bool,
    faults: Faults,
}
view!(Preview, as_results, json);

impl Preview {
    fn json(&self) -> serde_json::Value {
        let mut found = reading(
            &self.lines,
            &self.pager,
            |line| json!({ "line": line.number, "who": line.who, "does": line.does.word(), "words": line.words }),
        );
        found["added"] = json!(self.counts.added);
        found["changed"] = json!(self.counts.changed);
        found["same"] = json!(self.counts.same);
        found["wrong"] = json!(self.counts.wrong);
        found
    }

    fn number(&self, count: usize) -> String {
        text::thousands(count as i64)
    }

    fn good(&self) -> usize {
        self.counts.added + self.counts.changed
    }

    fn is(&self, line: &Judged, word: &str) -> bool {
        match word {
            "add" => line.does == Does::Add,
            "change" => line.does == Does::Change,
            "wrong" => line.does == Does::Wrong,
            _ => line.does == Does::Nothing,
        }
    }
}

struct Seen {
    store: IdentityStore,
    upload: account_imports::Upload,
    judged: Vec<Judged>,
}

fn load(view: &mut crate::store::View<'_, UserAdd>, slug: &str, id: &str) -> Result<Seen, Problem> {
    let store = store_of(view, slug)?;
    let upload = account_imports::find(view, &store, id)?;
    let list = list_of(view, &store, &upload)?;
    let judged = account_imports::judge(view, &store, &list)?;
    Ok(Seen { store, upload, judged })
}

/// The list once more: the schema may have changed since it was uploaded.
fn list_of(
    reader: &mut impl crate::store::Reader<UserAdd>,
    store: &IdentityStore,
    upload: &account_imports::Upload,
) -> Result<List, Problem> {
    let schema = identity_stores::schema(reader, store)?;
    Ok(account_list::read(&upload.body, &schema)?)
}

fn show(ask: &Ask, seen: Seen, faults: Faults, status: StatusCode) -> Result<HttpResponse, Problem> {
    let mut query = ask.query();
    let wrong_only = query.one_of("show", &["wrong"]) == "wrong";
    let paging = query.paging(ask.rows());
    let counts = Counts::of(&seen.judged);
    let lines = account_imports::slice(seen.judged, &paging, wrong_only);
    if let Some(last) = past_end(&query, &lines) {
        return Ok(see_other(&ask.req, &last));
    }
    let pager = Pager::new(&query, &lines);
    let f = frame_of(ask, &seen.store);
    let (base, address) = (base(&seen.store), query.address());
    let done = seen.upload.result.is_some();
    let view = Preview { f, base, query, id: seen.upload.id, name: seen.upload.name, counts, lines, pager, done, faults };
    Ok(page(view).status(status).replaces(address).respond_to(&ask.req))
}

/// `GET /admin/stores/{store}/accounts/import/{list}`
pub async fn preview(permit: Permit<UserAdd>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let seen = ask.house.work(move |db| db.read(&permit, |view| load(view, &slug, &id))).await?;
    show(&ask, seen, Faults::default(), StatusCode::OK)
}

/// The fields of the confirmation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Confirmed {
    confirmed: String,
    leave_out: Option<String>,
}

/// `POST /admin/stores/{store}/accounts/import/{list}`: does what the preview showed.
pub async fn import(
    permit: Permit<UserAdd>,
    ask: Ask,
    path: Path<(String, String)>,
    form: Form<Confirmed>,
) -> Result<HttpResponse, Problem> {
    let ((slug, id), fields) = (path.into_inner(), form.fields);
    let leave_out = fields.leave_out.as_deref() == Some("on");
    let (slug_too, id_too) = (slug.clone(), id.clone());
    let done = ask
        .act(permit, form.once, move |tx| {
            let store = store_of(tx, &slug_too)?;
            let upload = account_imports::find(tx, &store, &id_too)?;
            if upload.result.is_some() {
                return Err(Problem::Conflict("This list was taken in already.".into()));
            }
            let list = list_of(tx, &store, &upload)?;
            let taken = account_imports::take_in(tx, &store, &upload, &list, &fields.confirmed, leave_out)?;
            Ok(((store.clone(), upload, taken), format!("{}/accounts/import/{id_too}", base(&store))))
        })
        .await?;
    match done {
        Acted::Before(answer) => Ok(answer),
        Acted::Now((store, _, Taken::Done(counts))) => {
            let number = |count: usize, one: &str, many: &str| text::count(count as i64, one, many);
            let mut note = Note::new(format!(
                "{} added, {} changed.",
                number(counts.added, "account", "accounts"),
                number(counts.changed, "account", "accounts")
            ));
            if counts.wrong > 0 {
                note = note.more(format!("{} left out; the result says why.", number(counts.wrong, "line was", "lines were")));
            }
            ask.led_to(&format!("{}/accounts/import/{id}", base(&store)), note)
        }
        Acted::Now((store, upload, Taken::Other(judged))) => {
            let counts = Counts::of(&judged);
            let words = if counts.added + counts.changed == 0 {
                "No line of this list does anything."
            } else if counts.wrong > 0 && !leave_out {
                "Say that the lines that are wrong are left out, or mend the list and upload it again."
            } else {
                "What the list does changed since you looked. This is what it does now."
            };
            let faults = Faults::one(crate::domain::Refusal::at("leave_out", words));
            show(&ask, Seen { store, upload, judged }, faults, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

/// `GET /admin/stores/{store}/accounts/import/{list}/result`: the list with what became of each line.
pub async fn result(permit: Permit<UserAdd>, ask: Ask, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (slug, id) = path.into_inner();
    let result = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                let store = store_of(view, &slug)?;
                account_imports::find(view, &store, &id)?.result.ok_or(Problem::NotFound)
            })
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"import-result.csv\""))
        .body(export::separated(&ask, &result)?))
}
