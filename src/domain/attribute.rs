//! Attributes of a store's schema and their values (S-2).

use super::{Refusal, Refusals, account, identity_store::AttributeType, organization::name_of, text};
use serde_json::{Map, Value};

/// An attribute of a store's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its key: 1 to 40 of `a-z 0-9 _`, fixed.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it holds; fixed.
    pub kind: AttributeType,
    /// Must be filled in.
    pub required: bool,
    /// Of a choice.
    pub choices: Vec<String>,
    /// Shown in the portal.
    pub portal_visible: bool,
    /// Accepted from the portal; implies visible.
    pub portal_editable: bool,
    /// Personal data.
    pub personal: bool,
}

/// Most attributes of one store.
pub const MOST: usize = 100;

impl Attribute {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every field that is wrong: `key`, `label`, `choices`.
    pub fn check(self) -> Result<Self, Refusals> {
        let mut refusals = Vec::new();
        if let Err(refusal) = key(&self.name) {
            refusals.push(refusal);
        }
        let label = name_of(&self.label, 1).map_err(|refusal| Refusal { field: "label", ..refusal });
        let choices = choices(self.kind, &self.choices);
        match (refusals.is_empty(), label, choices) {
            (true, Ok(label), Ok(choices)) => {
                Ok(Self { label, choices, portal_visible: self.portal_visible || self.portal_editable, ..self })
            }
            (_, label, choices) => {
                refusals.extend([label.err(), choices.err()].into_iter().flatten());
                Err(refusals)
            }
        }
    }
}

/// The checked key of an attribute.
///
/// # Errors
/// Says at the field `key` what is wrong.
pub fn key(typed: &str) -> Result<(), Refusal> {
    let plain = typed.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if (1..=40).contains(&typed.len()) && plain {
        Ok(())
    } else {
        Err(Refusal::at("key", "The key of an attribute has 1 to 40 small letters, digits and underscores."))
    }
}

/// The checked choices of an attribute: some for a choice, none for other types.
///
/// # Errors
/// Says at the field `choices` what is wrong.
pub fn choices(kind: AttributeType, typed: &[String]) -> Result<Vec<String>, Refusal> {
    let is_choice = kind == AttributeType::Choice;
    if is_choice == typed.is_empty() {
        let words = if is_choice { "A choice needs choices." } else { "Only an attribute of type choice has choices." };
        return Err(Refusal::at("choices", words));
    }
    let mut choices: Vec<String> = Vec::new();
    for choice in typed {
        let choice = name_of(choice, 1).map_err(|refusal| Refusal { field: "choices", ..refusal })?;
        if choices.contains(&choice) {
            return Err(Refusal::at("choices", format!("The choice “{choice}” stands here twice.")));
        }
        choices.push(choice);
    }
    Ok(choices)
}

/// A value as a person typed it in a form or a list: text for every type, `on`, `yes` or `true` for yes.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn typed(attribute: &Attribute, typed: &str) -> Result<Option<Value>, String> {
    let plain = typed.trim();
    if plain.is_empty() {
        return if attribute.required && attribute.kind != AttributeType::YesNo {
            Err(format!("“{}” is needed.", attribute.label))
        } else {
            Ok(None)
        };
    }
    let given = match attribute.kind {
        AttributeType::Number => plain.parse::<serde_json::Number>().map_or_else(|_| Value::from(plain), Value::Number),
        AttributeType::YesNo => match plain.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Value::from(true),
            "no" | "false" | "0" => Value::from(false),
            _ => return Err("Write yes or no.".into()),
        },
        _ => Value::from(typed),
    };
    value(attribute.kind, &attribute.choices, &given).map(Some)
}

/// A value as a person reads and edits it.
pub fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(yes)) => if *yes { "Yes" } else { "No" }.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Values as a person typed them, over those that are there; what was emptied goes.
///
/// # Errors
/// The key of each attribute that is wrong, with a sentence.
pub fn typed_over<'a>(
    schema: &[Attribute],
    old: &Map<String, Value>,
    given: impl Fn(&str) -> Option<&'a str>,
) -> Result<Map<String, Value>, Vec<(String, String)>> {
    let mut values = old.clone();
    let mut wrong = Vec::new();
    for attribute in schema {
        let Some(given) = given(&attribute.name) else { continue };
        match typed(attribute, given) {
            Ok(Some(value)) => {
                values.insert(attribute.name.clone(), value);
            }
            Ok(None) => {
                values.remove(&attribute.name);
            }
            Err(message) => wrong.push((attribute.name.clone(), message)),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}

/// A checked value of a type.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn value(kind: AttributeType, choices: &[String], value: &Value) -> Result<Value, String> {
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
    use super::{AttributeType::*, *};
    use serde_json::json;

    #[test]
    fn every_type_takes_its_values_and_no_others() {
        let choices = ["Red".to_owned()];
        for (kind, given) in [
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
            assert_eq!(value(kind, &choices, &given), Ok(given.clone()));
        }
        for (kind, given) in [
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
            assert!(value(kind, &choices, &given).is_err(), "{kind:?} {given}");
        }
    }
}
