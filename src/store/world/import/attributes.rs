//! Values of attributes, by the type in the store's schema (S-2).

use super::stores::Store;
use crate::{
    domain::attribute,
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
        match attribute::value(entry.row.kind, choices, value) {
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
