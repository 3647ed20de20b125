//! What letters say, once for every form in which they are sent.

use crate::{
    domain::{letter::Says, time::Time},
    web::when::when,
};
use jiff::tz::TimeZone;

/// Who writes.
#[derive(Clone, Debug)]
pub(in crate::web) struct Brand {
    /// What the product is called here.
    pub product: String,
    /// Whom people may ask; may be empty.
    pub contact: String,
    /// Where it is.
    pub public_url: String,
}

/// A letter in words.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// "Hello Ana,"
    pub greeting: String,
    /// What it is about.
    pub lines: Vec<String>,
    /// What a person wrote, line by line.
    pub quoted: Vec<String>,
    /// A code to copy.
    pub code: Option<String>,
    /// What to press, and where it leads.
    pub action: Option<(&'static str, String)>,
    /// How long, and what if not.
    pub after: Vec<String>,
}

/// Puts a letter into words.
pub(super) fn of(says: &Says, brand: &Brand, zone: &TimeZone) -> Words {
    let product = &brand.product;
    let link = |path: &str, token: &str| format!("{}/{path}/{token}", brand.public_url);
    let time = |time: &Time| when(*time, zone).text;
    let once = |ends: &Time| format!("The link works once, until {}.", time(ends));
    let ignore = "If you did not expect this, ignore this mail: nothing happens.".to_owned();
    match says {
        Says::Invitation { organization, inviter, message, token, ends } => Words {
            lines: vec![format!("{inviter} invites you to join {organization} on {product}.")],
            quoted: message.lines().map(str::to_owned).collect(),
            action: Some(("Accept the invitation", link("invite", token))),
            after: vec![once(ends), ignore],
            ..Words::default()
        },
        Says::PasswordReset { by, token, ends } => Words {
            lines: vec![match by {
                Some(by) => format!("{by} asked us to send you a link with which you set a new password."),
                None => "You asked for a link with which you set a new password.".into(),
            }],
            action: Some(("Set a new password", link("signin/reset", token))),
            after: vec![
                format!("{} Your password works as before until you set a new one.", once(ends)),
                "If you did not ask for this, ignore this mail: nothing changes.".into(),
            ],
            ..Words::default()
        },
        Says::ConfirmIdentifier { by, token, ends } => Words {
            lines: vec![
                match by {
                    Some(by) => format!("{by} entered this e-mail address for your account."),
                    None => "You entered this e-mail address for your account.".into(),
                },
                "Please confirm that it is yours. Until then nobody can sign in with it.".into(),
            ],
            action: Some(("Confirm this address", link("confirm", token))),
            after: vec![once(ends), "If you have no account here, ignore this mail: nothing happens.".into()],
            ..Words::default()
        },
        Says::IdentifierChanging { new, by, token, ends } => Words {
            lines: vec![format!("{by} asked to replace the e-mail address of your account by {new}.")],
            action: Some(("Cancel the change", link("cancel", token))),
            after: vec![format!("You can cancel it until {}.", time(ends)), "If you know about it, there is nothing to do.".into()],
            ..Words::default()
        },
        Says::Notice { what, at } => Words {
            lines: vec![what.clone(), format!("That was on {}.", time(at))],
            after: vec!["If you did not expect this, tell your administrator.".into()],
            ..Words::default()
        },
        Says::Code { code, minutes } => Words {
            lines: vec!["Your code:".into()],
            code: Some(code.clone()),
            after: vec![
                format!("It works for {minutes} minutes. Nobody of {product} will ask you for it."),
                "If you did not ask for it, somebody may know your password: change it.".into(),
            ],
            ..Words::default()
        },
        Says::ConfirmRegistration { organization, token, ends } => Words {
            lines: vec![format!("You asked to join {organization} on {product}. Please confirm that this e-mail address is yours.")],
            action: Some(("Confirm and join", link("join/confirm", token))),
            after: vec![once(ends), ignore],
            ..Words::default()
        },
        Says::AlreadyRegistered { organization, token, ends } => Words {
            lines: vec![
                format!(
                    "Somebody asked to join {organization} with your e-mail address. You have an account already, and nothing was changed."
                ),
                "If it was you, sign in with the password that you have, and join.".into(),
            ],
            action: Some(("Sign in and join", link("join/confirm", token))),
            after: vec![once(ends), "If it was not you, there is nothing to do.".into()],
            ..Words::default()
        },
        Says::Test { by } => Words { lines: vec![format!("{by} sent this to see whether mails arrive. They do.")], ..Words::default() },
    }
}

/// The same as a short text to a phone: what it says on one line.
pub(in crate::web) fn short(says: &Says, brand: &Brand) -> String {
    let product = &brand.product;
    match says {
        Says::Code { code, minutes } => format!("{code} is your code for {product}. It works for {minutes} minutes."),
        Says::Notice { what, .. } => format!("{product}: {what}"),
        Says::Test { by } => format!("{by} sent this to see whether texts of {product} arrive. They do."),
        other => format!("{product}: {}", other.subject()),
    }
}
