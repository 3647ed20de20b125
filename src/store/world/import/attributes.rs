//! Values of attributes, by the type in the store's schema (S-2).

use super::stores::Store;
use crate::{
    domain::{account, identity_store::AttributeType, text},
    problem::Problem,
    store::world::{At, Faults},
};
use serde_json::{Map, Value};

/// What is there with the file's values over it; none after a fault.
pub(super) fn values(
    faults: &mut Faults,
    at: At,
    store: &Store,
    old: Option<&str>,
    wanted: &Map<String, Value>,
) -> Result<Option<String>, Problem> {
    if wanted.is_empty() {
        return Ok(Some(old.unwrap_or("{}").to_owned()));
    }
    let at = at.key("attributes");
    let mut values: Map<String, Value> = match old {
        Some(old) => serde_json::from_str(old).map_err(Problem::internal)?,
        None => Map::new(),
    };
    let mut good = true;
    for (key, value) in wanted {
        let Some((entry, choices)) = store.attributes.get(key) else {
            faults.missing(at.key(key), "attribute", store.entry.row.key, key, format!("The store has no attribute “{key}”."));
            good = false;
            continue;
        };
        match one(entry.row.kind, choices, value) {
            Ok(value) => {
                values.insert(key.clone(), value);
            }
            Err(message) => {
                faults.add(at.key(key), message);
                good = false;
            }
        }
    }
    if good { serde_json::to_string(&values).map(Some).map_err(Problem::internal) } else { Ok(None) }
}

fn one(kind: AttributeType, choices: &[String], value: &Value) -> Result<Value, String> {
    let typed = || match value.as_str() {
        Some(typed) if text::has_unprintable(&text::paragraph(typed)) => {
            Err("The value holds characters that cannot be printed.".to_owned())
        }
        Some(typed) => Ok(typed),
        None => Err("The value of this attribute is text.".to_owned()),
    };
    let line = |most: usize| {
        let line = text::line(typed()?);
        if text::length(&line) > most { Err(format!("The value has at most {most} characters.")) } else { Ok(line) }
    };
    match kind {
        AttributeType::Text => line(1024).map(Value::from),
        AttributeType::Multiline => {
            let value = text::paragraph(typed()?);
            if text::length(&value) > 4096 { Err("The value has at most 4096 characters.".into()) } else { Ok(value.into()) }
        }
        AttributeType::Email => account::email(typed()?).map(Value::from).map_err(|refusal| refusal.message),
        AttributeType::Phone => {
            let phone = line(32)?;
            let digits = phone.chars().filter(char::is_ascii_digit).count();
            let plain = phone.chars().enumerate().all(|(place, c)| c.is_ascii_digit() || " -./()".contains(c) || (c == '+' && place == 0));
            if plain && (3..=20).contains(&digits) { Ok(phone.into()) } else { Err("Write a phone number like +45 33 12 34 56.".into()) }
        }
        AttributeType::Date => {
            let date = line(10)?;
            if date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok() {
                Ok(date.into())
            } else {
                Err("Write a date like 2026-03-31.".into())
            }
        }
        AttributeType::Number if value.is_number() => Ok(value.clone()),
        AttributeType::Number => Err("The value of this attribute is a number.".into()),
        AttributeType::YesNo if value.is_boolean() => Ok(value.clone()),
        AttributeType::YesNo => Err("The value of this attribute is true or false.".into()),
        AttributeType::Choice => {
            let choice = line(64)?;
            if choices.contains(&choice) {
                Ok(choice.into())
            } else {
                Err(format!("“{choice}” is not one of the choices: {}.", choices.join(", ")))
            }
        }
        AttributeType::Url => {
            let url = line(2048)?;
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            match rest {
                Some(rest) if !rest.is_empty() && !url.contains(char::is_whitespace) => Ok(url.into()),
                _ => Err("Write a web address that starts with https:// or http://.".into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_type_takes_its_values_and_no_others() {
        use AttributeType::*;
        let choices = ["Red".to_owned()];
        for (kind, value) in [
            (Text, json!("IT")),
            (Multiline, json!("a\nb")),
            (Email, json!("a@b.example")),
            (Phone, json!("+45 33 12 34 56")),
            (Date, json!("2026-03-31")),
            (Number, json!(7.5)),
            (Choice, json!("Red")),
            (YesNo, json!(true)),
            (Url, json!("https://a.example/b")),
        ] {
            assert_eq!(one(kind, &choices, &value), Ok(value.clone()));
        }
        for (kind, value) in [
            (Text, json!(7)),
            (Text, json!(null)),
            (Multiline, json!("a\u{0}")),
            (Email, json!("a")),
            (Phone, json!("call me")),
            (Date, json!("31.3.2026")),
            (Number, json!("7")),
            (Choice, json!("Blue")),
            (YesNo, json!("yes")),
            (Url, json!("javascript:alert(1)")),
        ] {
            assert!(one(kind, &choices, &value).is_err(), "{kind:?} {value}");
        }
    }
}
