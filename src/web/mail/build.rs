//! A letter as a message: headers, and the same words as text and as HTML.

use super::words::{Brand, Words};
use crate::{problem::Problem, store::mails::Claimed, web::Outside};
use askama::Template;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
};
use std::time::{Duration, UNIX_EPOCH};

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'w> {
    words: &'w Words,
    brand: &'w Brand,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'w> {
    words: &'w Words,
    brand: &'w Brand,
}

/// Keeps machines from answering a machine (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;
impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// Whom it is from.
fn from(brand: &Brand, outside: &Outside) -> Result<Mailbox, Problem> {
    if let Some(from) = &outside.post.from {
        return Ok(Mailbox::new(Some(from.name.clone().unwrap_or_else(|| brand.product.clone())), from.email.clone()));
    }
    let host = outside.public_url.split("://").nth(1).unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    let address = Address::new("no-reply", host).or_else(|_| Address::new("no-reply", "localhost")).map_err(Problem::internal)?;
    Ok(Mailbox::new(Some(brand.product.clone()), address))
}

/// The message; or why there can be none.
pub(super) fn message(claimed: &Claimed, words: &Words, brand: &Brand, outside: &Outside) -> Result<Result<Message, String>, Problem> {
    let letter = &claimed.letter;
    let Ok(address) = letter.to.parse::<Address>() else { return Ok(Err(format!("“{}” is no e-mail address.", letter.to))) };
    let name: String = letter.name.chars().filter(|letter| !letter.is_control()).collect();
    let from = from(brand, outside)?;
    let greeting = if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") };
    let words = &Words { greeting, ..words.clone() };
    let html = Html { words, brand }.render().map_err(Problem::internal)?;
    let text = Text { words, brand }.render().map_err(Problem::internal)?;
    let posted = UNIX_EPOCH + Duration::from_micros(claimed.posted_at.micros().unsigned_abs());
    let built = Message::builder()
        // The same at every try, so that a mail that arrives twice can be told to be one.
        .message_id(Some(format!("<{}@{}>", claimed.id, from.email.domain())))
        .date(posted)
        .header(AutoSubmitted)
        .to(Mailbox::new(Some(name).filter(|name| !name.is_empty()), address))
        .from(from)
        .subject(letter.says.subject())
        .multipart(MultiPart::alternative_plain_html(text, html));
    Ok(built.map_err(|error| error.to_string()))
}
