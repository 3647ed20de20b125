//! The fields of a form with the attributes of a store (S-2).

use crate::{
    domain::{
        Refusal,
        attribute::{self, Attribute},
        identity_store::AttributeType,
    },
    store::accounts::Edited,
    web::form::Faults,
};
use serde_json::{Map, Value};

/// The fields of a form with attributes: names that the store's schema decides, so they come as pairs.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn rev(&self) -> Option<i32> {
        self.get("rev").parse().ok()
    }

    /// What was typed for an attribute; none when the form had no such field.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field.strip_prefix("attr.") == Some(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(field, _)| field != name);
        self.0.push((name.to_owned(), value.into()));
    }

    pub(crate) fn of(edited: &Edited, schema: &[Attribute]) -> Self {
        let mut fields = Self::default();
        fields.set("name", &edited.terms.name);
        fields.set("email", edited.terms.email.clone().unwrap_or_default());
        fields.set("username", edited.terms.username.clone().unwrap_or_default());
        fields.set("rev", edited.rev.to_string());
        for attribute in schema {
            fields.set(&format!("attr.{}", attribute.name), attribute::shown(edited.terms.attributes.get(&attribute.name)));
        }
        fields
    }

    /// The attributes over those that are there; faults at their fields.
    pub(crate) fn attributes(&self, schema: &[Attribute], old: &Map<String, Value>, all: bool) -> Result<Map<String, Value>, Faults> {
        let given = |name: &str| self.attribute(name).or(all.then_some(""));
        attribute::typed_over(schema, old, given).map_err(|wrong| {
            let place = |name: &str| schema.iter().position(|attribute| attribute.name == name).unwrap_or_default();
            Faults(wrong.into_iter().map(|(name, message)| Refusal::at(FIELDS[place(&name).min(FIELDS.len() - 1)], message)).collect())
        })
    }
}

/// The ids of the fields of attributes, by their place in the schema: a refusal names a field of ours.
static FIELDS: std::sync::LazyLock<Vec<&'static str>> =
    std::sync::LazyLock::new(|| (0..attribute::MOST).map(|place| &*Box::leak(format!("attr-{place}").into_boxed_str())).collect());

/// An attribute as a form shows it.
pub struct Field {
    /// The attribute.
    pub attribute: Attribute,
    /// The id of its control.
    pub id: &'static str,
    /// What stands in it.
    pub value: String,
}

impl Field {
    pub(crate) fn all(schema: &[Attribute], fields: &Fields) -> Vec<Self> {
        schema
            .iter()
            .zip(FIELDS.iter())
            .map(|(attribute, id)| Self {
                attribute: attribute.clone(),
                id,
                value: fields.attribute(&attribute.name).unwrap_or_default().to_owned(),
            })
            .collect()
    }

    pub(crate) fn name(&self) -> String {
        format!("attr.{}", self.attribute.name)
    }

    pub(crate) fn is_multiline(&self) -> bool {
        self.attribute.kind == AttributeType::Multiline
    }

    /// The values to choose from, where it is a choice or yes or no.
    pub(crate) fn options(&self) -> Vec<String> {
        match self.attribute.kind {
            AttributeType::Choice => self.attribute.choices.clone(),
            AttributeType::YesNo => vec!["Yes".into(), "No".into()],
            _ => Vec::new(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self.attribute.kind {
            AttributeType::Email => "email",
            AttributeType::Phone => "tel",
            AttributeType::Date => "date",
            AttributeType::Url => "url",
            _ => "text",
        }
    }
}
