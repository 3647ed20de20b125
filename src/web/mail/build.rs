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

#[cfg(test)]
mod tests {
    use super::{super::words, *};
    use crate::{
        domain::{
            letter::{Letter, Says},
            time::Time,
        },
        web::{
            mail::{Post, Route},
            sms::Sms,
        },
    };
    use jiff::tz::TimeZone;

    fn outside() -> Outside {
        let folder = std::path::PathBuf::from("mails");
        Outside {
            public_url: "https://admin.brand.example".into(),
            secure: true,
            trusted_proxies: Vec::new(),
            post: Post::by(Route::Folder(folder.clone()), Sms::Folder(folder)),
            key: [7; 64],
        }
    }

    /// Every letter there is, with what people may have typed, and where its button leads.
    fn letters(typed: &str) -> Vec<(Says, Option<&'static str>)> {
        let (text, ends) = (typed.to_owned(), Time::parse("2026-11-30T10:00:00Z").unwrap());
        let token = "t0k-en_".to_owned();
        let by = Some(text.clone());
        vec![
            (
                Says::Invitation {
                    organization: text.clone(),
                    inviter: text.clone(),
                    message: format!("One\n{text}"),
                    token: token.clone(),
                    ends,
                },
                Some("/invite/t0k-en_"),
            ),
            (Says::PasswordReset { by: by.clone(), token: token.clone(), ends }, Some("/signin/reset/t0k-en_")),
            (Says::PasswordReset { by: None, token: token.clone(), ends }, Some("/signin/reset/t0k-en_")),
            (Says::ConfirmIdentifier { by, token: token.clone(), ends }, Some("/confirm/t0k-en_")),
            (Says::ConfirmIdentifier { by: None, token: token.clone(), ends }, Some("/confirm/t0k-en_")),
            (Says::IdentifierChanging { new: text.clone(), by: text.clone(), token: token.clone(), ends }, Some("/cancel/t0k-en_")),
            (Says::Notice { what: text.clone(), at: ends }, None),
            (Says::Code { code: "123456".into(), minutes: 10 }, None),
            (Says::ConfirmRegistration { organization: text.clone(), token: token.clone(), ends }, Some("/join/confirm/t0k-en_")),
            (Says::AlreadyRegistered { organization: text.clone(), token, ends }, Some("/join/confirm/t0k-en_")),
            (Says::Test { by: text }, None),
        ]
    }

    #[test]
    fn every_letter_can_be_sent_and_what_people_typed_is_inert_in_it() {
        let typed = "<img src=x onerror=alert(1)>\r\nBcc: all@brand.example \"A\" & Ærø";
        let outside = outside();
        let brand = Brand { product: "Brand <b>".into(), contact: "help@brand.example".into(), public_url: outside.public_url.clone() };
        for (says, leads) in letters(typed) {
            let words = words::of(&says, &brand, &TimeZone::UTC);
            let letter = Letter { to: "ana@acme.example".into(), name: typed.into(), says };
            let claimed = Claimed::by_hand(letter);
            let message = message(&claimed, &words, &brand, &outside).unwrap().unwrap();
            let formatted = String::from_utf8(message.formatted()).unwrap();
            let head = formatted.split("\r\n\r\n").next().unwrap();
            assert!(!head.contains("\nBcc:"), "{head}");
            assert_eq!(message.envelope().to().len(), 1, "{head}");
            let html = Html { words: &words, brand: &brand }.render().unwrap();
            let text = Text { words: &words, brand: &brand }.render().unwrap();
            assert!(!html.contains("<img") && html.contains("Brand &#60;b&#62;"), "{html}");
            assert!(html.contains("help@brand.example") && text.contains("help@brand.example"));
            match leads {
                Some(path) => {
                    let link = format!("https://admin.brand.example{path}");
                    assert!(html.contains(&format!("href=\"{link}\"")) && text.lines().any(|line| line == link), "{text}");
                }
                None => assert!(!html.contains("Or copy this address"), "{html}"),
            }
            assert!(!words::short(&claimed.letter.says, &brand).is_empty());
        }
    }

    #[test]
    fn mails_are_from_the_brand_at_its_own_address_or_at_the_one_it_names() {
        let mut outside = outside();
        let brand = Brand { product: "Brand".into(), contact: String::new(), public_url: outside.public_url.clone() };
        assert_eq!(from(&brand, &outside).unwrap().to_string(), "Brand <no-reply@admin.brand.example>");
        outside.public_url = "http://[::1]:8080".into();
        assert_eq!(from(&brand, &outside).unwrap().to_string(), "Brand <no-reply@localhost>");
        for (typed, shown) in
            [("post@brand.example", "Brand <post@brand.example>"), ("The Post <post@brand.example>", "The Post <post@brand.example>")]
        {
            outside.post.from = Some(super::super::sender(typed).unwrap());
            assert_eq!(from(&brand, &outside).unwrap().to_string(), shown);
        }
        assert!(super::super::sender("nobody").is_err());
    }
}
