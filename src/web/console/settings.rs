//! `/admin/settings`: the installation, a page a section, each saved on its own (screens.md 4.16).

use crate::{
    access::Permit,
    domain::{
        Refusal, account,
        letter::{self, Channel, Status},
        permissions::{SettingsEdit, SettingsView},
        settings::{Demanded, General, Registration, Section, SignIn},
    },
    problem::Problem,
    store::{
        Backend,
        mails::{self, Counts, Listed},
        settings::{self, Kept, Saved},
    },
    web::{
        form::{Faults, Form, Nothing, faults},
        frame::{Acted, Ask, Frame, crumb, here},
        mail::Route,
        me::first_store,
        note::Note,
        page::{page, view},
        sms::Sms,
    },
};
use actix_web::{HttpResponse, Responder, http::StatusCode, web::Path};
use askama::Template;
use serde::Deserialize;

const BASE: &str = "/admin/settings";

/// How many letters of each kind the page of mails shows.
const SHOWN: i64 = 50;

/// The pages: what leads there from [`BASE`], and what it is called.
pub(in crate::web) const TABS: &[(&str, &str)] =
    &[("", "General"), ("/sign-in", "Sign-in"), ("/registration", "Registration"), ("/mail", "Mail"), ("/about", "About")];

/// What was typed in a section, and the version of which it was seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    product: String,
    contact: String,
    idle_minutes: String,
    absolute_hours: String,
    factor: String,
    consent: String,
    rev: Option<i32>,
}

/// A section as its page has it.
trait Page: Section + Send + 'static {
    /// What leads there.
    const TAB: &'static str;
    fn typed(&self) -> Fields;
    fn read(fields: &Fields) -> Self;
}

impl Page for General {
    const TAB: &'static str = "";
    fn typed(&self) -> Fields {
        Fields { product: self.product.clone(), contact: self.contact.clone(), ..Fields::default() }
    }
    fn read(fields: &Fields) -> Self {
        Self { product: fields.product.clone(), contact: fields.contact.clone() }
    }
}

impl Page for SignIn {
    const TAB: &'static str = "/sign-in";
    fn typed(&self) -> Fields {
        Fields {
            idle_minutes: self.idle_minutes.to_string(),
            absolute_hours: self.absolute_hours.to_string(),
            factor: self.factor.word().to_owned(),
            ..Fields::default()
        }
    }
    fn read(fields: &Fields) -> Self {
        // What is no number is refused as one that is too small.
        let number = |typed: &str| typed.trim().parse().unwrap_or_default();
        Self {
            idle_minutes: number(&fields.idle_minutes),
            absolute_hours: number(&fields.absolute_hours),
            factor: Demanded::from_word(&fields.factor).unwrap_or_default(),
        }
    }
}

impl Page for Registration {
    const TAB: &'static str = "/registration";
    fn typed(&self) -> Fields {
        Fields { consent: self.consent.clone(), ..Fields::default() }
    }
    fn read(fields: &Fields) -> Self {
        Self { consent: fields.consent.clone() }
    }
}

#[derive(Template)]
#[template(path = "console/settings/section.html", blocks = ["content"])]
struct SectionPage {
    f: Frame,
    tab: &'static str,
    editable: bool,
    fields: Fields,
    public_url: String,
    faults: Faults,
    stale: bool,
}
view!(SectionPage, as_content);

impl SectionPage {
    fn action(&self) -> String {
        format!("{BASE}{}", self.tab)
    }

    fn title(&self) -> &'static str {
        title(self.tab)
    }
}

fn title(tab: &str) -> &'static str {
    TABS.iter().find(|(path, _)| *path == tab).map_or("Settings", |(_, title)| title)
}

async fn frame(ask: &Ask, tab: &str) -> Result<Frame, Problem> {
    let permit = ask.permit::<SettingsView>()?;
    let store = ask.house.work(move |db| db.read(&permit, first_store)).await?;
    Ok(ask.frame("settings", store.as_ref(), vec![crumb(BASE, "Settings"), here(title(tab))]))
}

async fn show<S: Page>(ask: &Ask, typed: Option<Fields>, faults: Faults, stale: bool) -> Result<HttpResponse, Problem> {
    let fields = match typed {
        Some(typed) => typed,
        None => {
            let permit = ask.permit::<SettingsView>()?;
            let kept: Kept<S> = ask.house.work(move |db| db.read(&permit, |view| settings::find(view))).await?;
            Fields { rev: Some(kept.rev), ..kept.is.typed() }
        }
    };
    let status = match (stale, faults.any()) {
        (true, _) => StatusCode::CONFLICT,
        (_, true) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let view = SectionPage {
        f: frame(ask, S::TAB).await?,
        tab: S::TAB,
        editable: ask.permit::<SettingsEdit>().is_ok(),
        fields,
        public_url: ask.house.outside.public_url.clone(),
        faults,
        stale,
    };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

async fn save<S: Page>(permit: Permit<SettingsEdit>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    let (fields, once) = (form.fields, form.once);
    let to = format!("{BASE}{}", S::TAB);
    let wrong = match (S::read(&fields).check(), fields.rev) {
        (Err(refusals), _) => Faults(refusals),
        (Ok(_), None) => Faults::one(Refusal::at("", "The page was incomplete. Load it again.")),
        (Ok(section), Some(rev)) => {
            let to_too = to.clone();
            let done = ask.act(permit, once, move |tx| Ok((settings::save(tx, rev, section)?, to_too))).await;
            match faults(done)? {
                Ok(Acted::Before(answer)) => return Ok(answer),
                Ok(Acted::Now(Saved::Same)) => return ask.led_to(&to, Note::new("Nothing was changed.")),
                Ok(Acted::Now(Saved::Done)) => {
                    ask.house.work(|db| db.learn_general()).await?;
                    return ask.led_to(&to, Note::new("The settings are saved."));
                }
                Ok(Acted::Now(Saved::Stale(rev))) => {
                    return show::<S>(&ask, Some(Fields { rev: Some(rev), ..fields }), Faults::default(), true).await;
                }
                Err(faults) => faults,
            }
        }
    };
    show::<S>(&ask, Some(fields), wrong, false).await
}

/// `GET /admin/settings`
pub async fn general_form(_: Permit<SettingsView>, ask: Ask) -> Result<HttpResponse, Problem> {
    show::<General>(&ask, None, Faults::default(), false).await
}

/// `POST /admin/settings`
pub async fn general(permit: Permit<SettingsEdit>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    save::<General>(permit, ask, form).await
}

/// `GET /admin/settings/sign-in`
pub async fn sign_in_form(_: Permit<SettingsView>, ask: Ask) -> Result<HttpResponse, Problem> {
    show::<SignIn>(&ask, None, Faults::default(), false).await
}

/// `POST /admin/settings/sign-in`
pub async fn sign_in(permit: Permit<SettingsEdit>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    save::<SignIn>(permit, ask, form).await
}

/// `GET /admin/settings/registration`
pub async fn registration_form(_: Permit<SettingsView>, ask: Ask) -> Result<HttpResponse, Problem> {
    show::<Registration>(&ask, None, Faults::default(), false).await
}

/// `POST /admin/settings/registration`
pub async fn registration(permit: Permit<SettingsEdit>, ask: Ask, form: Form<Fields>) -> Result<HttpResponse, Problem> {
    save::<Registration>(permit, ask, form).await
}

#[derive(Template)]
#[template(path = "console/settings/mail.html", blocks = ["content"])]
struct MailPage {
    f: Frame,
    tab: &'static str,
    editable: bool,
    mails: Route,
    texts: Sms,
    counts: Counts,
    waiting: Vec<Listed>,
    failed: Vec<Listed>,
    email: String,
    phone: String,
    faults: Faults,
}
view!(MailPage, as_content);

impl MailPage {
    fn may_be_sent(&self, mail: &Listed) -> bool {
        self.editable && mail.sendable && self.f.is_ahead(&mail.useful_until)
    }
}

async fn show_mail(ask: &Ask, typed: Option<(Channel, String)>, faults: Faults) -> Result<HttpResponse, Problem> {
    let permit = ask.permit::<SettingsView>()?;
    let (counts, waiting, failed) = ask
        .house
        .work(move |db| {
            db.read(&permit, |view| {
                Ok((mails::counts(view)?, mails::list(view, Status::Waiting, SHOWN)?, mails::list(view, Status::Failed, SHOWN)?))
            })
        })
        .await?;
    let (mut email, mut phone) = (ask.actor()?.identifier.clone(), String::new());
    match typed {
        Some((Channel::Mail, to)) => email = to,
        Some((Channel::Sms, to)) => phone = to,
        None => {}
    }
    let status = if faults.any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let post = &ask.house.outside.post;
    let view = MailPage {
        f: frame(ask, "/mail").await?,
        tab: "/mail",
        editable: ask.permit::<SettingsEdit>().is_ok(),
        mails: post.mails.clone(),
        texts: post.texts.clone(),
        counts,
        waiting,
        failed,
        email,
        phone,
        faults,
    };
    Ok(page(view).status(status).whole().respond_to(&ask.req))
}

/// `GET /admin/settings/mail`
pub async fn mail(_: Permit<SettingsView>, ask: Ask) -> Result<HttpResponse, Problem> {
    show_mail(&ask, None, Faults::default()).await
}

/// The fields of a test: an address, or a number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Test {
    email: Option<String>,
    phone: Option<String>,
}

/// `POST /admin/settings/mail/test`
pub async fn test(permit: Permit<SettingsEdit>, ask: Ask, form: Form<Test>) -> Result<HttpResponse, Problem> {
    let (channel, typed) = match (form.fields.phone, form.fields.email) {
        (Some(phone), _) => (Channel::Sms, phone),
        (None, email) => (Channel::Mail, email.unwrap_or_default()),
    };
    let checked = match channel {
        Channel::Mail => account::email(&typed),
        Channel::Sms => letter::phone(&typed),
    };
    let to = match checked {
        Ok(to) => to,
        Err(refusal) => return show_mail(&ask, Some((channel, typed)), Faults::one(refusal)).await,
    };
    let back = format!("{BASE}/mail");
    let (to_too, back_too) = (to.clone(), back.clone());
    match ask.act(permit, form.once, move |tx| Ok((mails::test(tx, channel, &to_too)?, back_too))).await? {
        Acted::Before(answer) => Ok(answer),
        Acted::Now(()) => {
            ask.led_to(&back, Note::new(format!("A test is on its way to {to}.")).more("If it does not arrive, this page says why."))
        }
    }
}

/// `POST /admin/settings/mail/{mail}/again`
pub async fn again(permit: Permit<SettingsEdit>, ask: Ask, id: Path<String>, form: Form<Nothing>) -> Result<HttpResponse, Problem> {
    let back = format!("{BASE}/mail");
    let back_too = back.clone();
    match ask.act(permit, form.once, move |tx| Ok((mails::send_again(tx, &id)?, back_too))).await? {
        Acted::Before(answer) => Ok(answer),
        Acted::Now(to) => ask.led_to(&back, Note::new(format!("It is sent to {to} again."))),
    }
}

#[derive(Template)]
#[template(path = "console/settings/about.html", blocks = ["content"])]
struct AboutPage {
    f: Frame,
    tab: &'static str,
    database: &'static str,
    version: &'static str,
}
view!(AboutPage, as_content);

/// `GET /admin/settings/about`
pub async fn about(_: Permit<SettingsView>, ask: Ask) -> Result<HttpResponse, Problem> {
    let database = match ask.house.db.backend() {
        Backend::Sqlite => "SQLite",
        Backend::Postgres => "PostgreSQL",
    };
    let view = AboutPage { f: frame(&ask, "/about").await?, tab: "/about", database, version: env!("CARGO_PKG_VERSION") };
    Ok(page(view).whole().respond_to(&ask.req))
}
