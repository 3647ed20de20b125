//! What an event says, as a sentence without its subject: "gave Customer support in Nordhavn Freight to 4 accounts".

use crate::{
    domain::{event::Outcome, permissions, rights::Cell, text},
    store::event_log::Recorded,
};
use serde_json::Value;

/// The acts of the log, by their codes, grouped for the filter.
pub(super) const ACTS: &[(&str, &str)] = &[
    ("role_assignment", "Role assignments"),
    ("role", "Roles"),
    ("organization", "Organizations"),
    ("account", "Accounts"),
    ("membership", "Memberships"),
    ("invitation", "Invitations"),
    ("registration", "Registrations"),
    ("identity_store", "Identity stores"),
    ("attribute", "Attributes"),
    ("group", "Groups"),
    ("administrator_role", "Administrator roles"),
    ("scope", "Scopes"),
    ("grant", "Administrator roles given"),
    ("authenticator", "Second factors"),
    ("session", "Signing in and out"),
    ("list", "Exports"),
    ("world", "Imports"),
    ("act", "Refused acts"),
    ("settings", "Settings"),
    ("mail", "Mail"),
    ("installation", "Installation"),
];

/// The sentence of an event.
pub(super) fn sentence(event: &Recorded) -> String {
    let name = |key: &str| event.detail.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let inner =
        |outer: &str, key: &str| event.detail.get(outer).and_then(|value| value.get(key)).and_then(Value::as_str).unwrap_or("?").to_owned();
    // Of a long list a list of events knows only how many.
    let many = |key: &str| match event.detail.get(key) {
        Some(Value::Array(names)) => names.len() as i64,
        number => number.and_then(Value::as_i64).unwrap_or_default(),
    };
    let people = |key: &str| match event.detail.get(key).and_then(Value::as_array) {
        Some(names) if (1..=3).contains(&names.len()) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        _ => match many(key) {
            0 => "nobody".to_owned(),
            many => text::count(many, "account", "accounts"),
        },
    };
    let number = |key: &str| event.detail.get(key).and_then(Value::as_i64).unwrap_or_default();
    let switched = || match many("names") {
        0 => format!("the organization {}", name("organization")),
        many => text::count(many, "organization", "organizations"),
    };
    let refused = event.outcome == Outcome::Refused;
    match event.action.as_str() {
        "role_assignment.add" => format!("gave {} in {} to {}", name("role"), name("organization"), people("accounts")),
        "role_assignment.remove" => {
            let from = text::count(many("before"), "account", "accounts");
            format!("took {} in {} from {from}", name("role"), name("organization"))
        }
        "role.add" => format!("made the role {}", inner("after", "name")),
        "role.edit" => format!("changed the role {}", inner("after", "name")),
        "role.remap" => {
            format!("gave {} {} in the place of {}", text::count(number("accounts"), "account", "accounts"), name("to"), name("role"))
        }
        "role.delete" => format!("deleted the role {}", inner("before", "name")),
        "organization.add" => format!("added the organization {} to {}", name("organization"), name("parent")),
        "organization.edit" => format!("changed the organization {}", name("organization")),
        "organization.activate" => format!("activated {}", switched()),
        "organization.deactivate" => format!("deactivated {}", switched()),
        "organization.move" => {
            let to = name("after");
            let to = if to.is_empty() { "the top level".to_owned() } else { to };
            format!("moved the organization {} to {to}", name("organization"))
        }
        "organization.delete" => format!("deleted the organization {}", name("organization")),
        "account.add" => format!("added the account {}", name("account")),
        "account.profile" => format!("changed the profile of {}", name("account")),
        "account.identifiers" => format!("changed the sign-in names of {}", name("account")),
        "account.groups" => format!("changed the groups of {}", name("account")),
        "account.disable" => format!("disabled {}", people("accounts")),
        "account.enable" => format!("enabled {}", people("accounts")),
        "account.sessions" => {
            let whose = if event.detail.contains_key("account") { name("account") } else { people("accounts") };
            format!("ended {} of {whose}", text::count(number("ended"), "session", "sessions"))
        }
        "account.delete" => format!("deleted the account {}", name("account")),
        "account.import" => format!("imported {} from a list", text::count(number("added") + number("changed"), "account", "accounts")),
        "account.own_password" => "changed their own password".into(),
        "account.first_password" => "chose their first password, by the link that was sent to them".into(),
        "account.password_reset" if refused => "asked for a password reset that was not sent".into(),
        "account.password_reset" if event.detail.contains_key("account") => format!("sent a password reset to {}", name("account")),
        "account.password_reset" => "asked for a password reset".into(),
        "account.password" => format!("set the password of {}", name("account")),
        "account.own_identifiers" => "changed their own sign-in names".into(),
        "account.confirm" => format!("confirmed {}", name("after")),
        "account.cancel" => format!("cancelled the change to {}", name("after")),
        "account.verify" => format!("verified {}: {}", name("account"), name("reason")),
        "account.unverify" => format!("revoked the verification of {}: {}", name("account"), name("reason")),
        "account.data" => format!("downloaded the data of {}", name("account")),
        "invitation.add" => format!("invited {} to {}", people("emails"), name("organization")),
        "invitation.resend" => format!("sent the invitation of {} to {} again", name("email"), name("organization")),
        "invitation.withdraw" => format!("withdrew the invitation of {} to {}", name("email"), name("organization")),
        "invitation.accept" => format!("accepted the invitation to {}", name("organization")),
        "invitation.decline" => format!("declined the invitation to {}", name("organization")),
        "registration.add" => format!("kept the registration of {} for {}", name("email"), name("organization")),
        "registration.resend" => format!("sent the mail of the registration of {} again", name("email")),
        "registration.confirm" if event.detail.get("founded").and_then(Value::as_bool) == Some(true) => {
            format!("registered the organization {}", name("organization"))
        }
        "registration.confirm" => format!("joined {} by registration", name("organization")),
        "organization.join_code" => format!("made a new join code for {}", name("organization")),
        "account.own_profile" => "changed their own name".into(),
        "account.reset" => "reset a password from the command line".into(),
        "membership.add" => format!("made {} a member of {}", name("account"), name("organization")),
        "membership.remove" => format!("removed {} from {}", name("account"), name("organization")),
        "membership.block" => format!("blocked {} in {}", name("account"), name("organization")),
        "membership.unblock" => format!("unblocked {} in {}", name("account"), name("organization")),
        "identity_store.add" => format!("created the identity store {}", name("name")),
        "identity_store.edit" => format!("changed the identity store {}", name("name")),
        "identity_store.delete" => format!("deleted the identity store {}", name("name")),
        "attribute.add" => format!("added the attribute {}", name("attribute")),
        "attribute.edit" => "changed attributes".into(),
        "attribute.delete" => format!("deleted the attribute {}", name("attribute")),
        "group.add" => format!("added the group {}", name("group")),
        "group.edit" => format!("renamed the group {} to {}", name("before"), name("group")),
        "group.delete" => format!("deleted the group {}", name("group")),
        "administrator_role.add" => format!("made the administrator role {}", inner("after", "name")),
        "administrator_role.edit" => format!("changed the administrator role {}", inner("after", "name")),
        "administrator_role.delete" => format!("deleted the administrator role {}", inner("before", "name")),
        "grant.add" if many("accounts") == 0 => format!("gave {} to {}", name("role"), name("account")),
        "grant.add" => format!("gave {} to {}", name("role"), people("accounts")),
        "grant.edit" => format!("changed the {} of {}", name("role"), name("account")),
        "grant.revoke" => format!("took {} from {}", name("role"), name("account")),
        "scope.add" => format!("made the scope {} of {}", name("scope"), name("organization")),
        "scope.edit" => format!("changed the scope {} of {}", name("scope"), name("organization")),
        "scope.delete" => format!("deleted the scope {} of {}", name("scope"), name("organization")),
        "session.start" if refused => "failed to sign in".into(),
        "session.start" => "signed in".into(),
        "session.end" => "signed out, or ended sessions of their own".into(),
        "list.export" => format!("exported {} as {}", name("list"), name("format")),
        "authenticator.add" => format!("added the second factor {} to {}", name("value"), name("account")),
        "authenticator.confirm" if refused => "entered a wrong code for a second factor of their own".into(),
        "authenticator.confirm" => format!("confirmed the second factor {} of their own", name("value")),
        "authenticator.code" => format!("had a code sent to {}", name("value")),
        "authenticator.delete" => format!("removed the second factor {} of {}", name("value"), name("account")),
        "session.code" => "showed the password and was sent a code".into(),
        "settings.edit" => format!("changed the settings: {}", name("section").replace('-', " ")),
        "mail.test" => format!("sent a test to {}", name("to")),
        "mail.again" => format!("sent what waited or failed to {} again", name("to")),
        "world.import" => "imported a world file".into(),
        "act.refuse" => format!("was refused: {}", name("needed")),
        "installation.start" => "laid the ground of the installation".into(),
        "set_up.code" => "printed a new set-up link".into(),
        other => other.replace(['.', '_'], " "),
    }
}

/// Before and after, field by field, where the event has both or one of them.
pub(super) fn differences(event: &Recorded) -> Vec<(String, String, String)> {
    let (before, after) = (event.detail.get("before"), event.detail.get("after"));
    let (Some(before), Some(after)) = (before.or(Some(&Value::Null)), after.or(Some(&Value::Null))) else { return Vec::new() };
    if !before.is_object() && !after.is_object() {
        return if before.is_array() || (before.is_null() && after.is_null()) {
            Vec::new()
        } else {
            vec![(String::new(), shown(before), shown(after))]
        };
    }
    let empty = serde_json::Map::new();
    let (old, new) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let value = |side: &serde_json::Map<String, Value>| side.get(name).map(shown).unwrap_or_default();
            (text::heading(name), value(old), value(new))
        })
        .filter(|(_, before, after)| before != after)
        .collect()
}

/// What else the event says: names with values that are not before or after.
pub(super) fn facts(event: &Recorded) -> Vec<(String, String)> {
    event
        .detail
        .iter()
        .filter(|(name, _)| !["before", "after", "undoes", "changed", "were_active"].contains(&name.as_str()))
        .map(|(name, value)| (text::heading(name), shown(value)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// What people call the rights or permissions, where the text is a list of their codes.
fn labels(codes: &str) -> Option<String> {
    let label = |code: &str| Cell::from_code(code).map(Cell::label).or_else(|| Some(permissions::leaf(code)?.label.to_owned()));
    let labels: Vec<String> = codes.split_whitespace().map(label).collect::<Option<_>>()?;
    (!labels.is_empty()).then(|| labels.join(", "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::String(text) => labels(text).unwrap_or_else(|| text.clone()),
        Value::Array(items) => {
            let words: Vec<String> = items.iter().map(shown).filter(|word| !word.is_empty()).collect();
            text::first_few(&words, 50)
        }
        Value::Object(pairs) => pairs
            .iter()
            .map(|(name, value)| (name, shown(value)))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}
