//! What is written about every change and every sign-in (E-1).

use super::key::{OrganizationKey, StoreKey};
use serde_json::{Map, Value};

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Refused, nothing changed.
    Refused,
}
super::account::words!(Outcome { Done "done" Refused "refused" });

/// A thing that an act touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The noun: `account`, `role`, `organization`, …
    pub noun: &'static str,
    /// Its public id (a store's slug).
    pub id: String,
    /// The organization it belongs to, by which the log is read (E-3).
    pub organization: Option<OrganizationKey>,
    /// Its store.
    pub store: Option<StoreKey>,
}

impl Subject {
    /// A thing of the whole tenant.
    pub fn of(noun: &'static str, id: impl Into<String>) -> Self {
        Self { noun, id: id.into(), organization: None, store: None }
    }

    /// The same, in an organization.
    pub fn at(mut self, organization: OrganizationKey) -> Self {
        self.organization = Some(organization);
        self
    }

    /// The same, in a store.
    pub fn in_store(mut self, store: StoreKey) -> Self {
        self.store = Some(store);
        self
    }
}

/// One act, ready to be recorded.
#[derive(Clone, Debug)]
pub struct Event {
    /// The code of the act: `role.edit`, `role_assignment.add`, `session.start`, …
    pub action: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Everything it touched.
    pub subjects: Vec<Subject>,
    /// Names and before/after, never a secret; kept apart so that it can be erased (E-2).
    pub detail: Map<String, Value>,
}

/// A detail longer than this, as text, has a short form that lists read.
const LONG: usize = 4_096;
/// Of more names than these a list says how many.
const FEW: usize = 3;

/// The short form of a detail that is long: the number in the place of every list of more than three.
pub fn brief(body: &str, detail: &Map<String, Value>) -> Option<Map<String, Value>> {
    let short = |value: &Value| match value {
        Value::Array(items) if items.len() > FEW => items.len().into(),
        value => value.clone(),
    };
    (body.len() > LONG).then(|| detail.iter().map(|(name, value)| (name.clone(), short(value))).collect())
}

impl Event {
    /// Something that was done.
    pub fn done(action: &'static str) -> Self {
        Self { action, outcome: Outcome::Done, subjects: Vec::new(), detail: Map::new() }
    }

    /// Something that was refused.
    pub fn refused(action: &'static str) -> Self {
        Self { outcome: Outcome::Refused, ..Self::done(action) }
    }

    /// With one more thing it touched.
    pub fn on(mut self, subject: Subject) -> Self {
        self.subjects.push(subject);
        self
    }

    /// With a named detail.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}
