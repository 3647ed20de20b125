//! Lists of accounts as people keep them: comma-separated values with a heading line.

use super::{
    Refusal, account,
    attribute::{self, Attribute},
    text,
};
use serde_json::{Map, Value};

/// Most lines of a list.
pub const MOST: usize = 100_000;

/// A line of a list, checked by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file; the heading is 1.
    pub number: usize,
    /// As it came, for the result.
    pub cells: Vec<String>,
    /// What it says, as far as it can be read.
    pub terms: account::Terms,
    /// Paths of organizations, each a list of names.
    pub organizations: Vec<Vec<String>>,
    /// Names of groups.
    pub groups: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// A list that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its heading.
    pub heading: Vec<String>,
    /// Whether it has a column of names.
    pub names: bool,
    /// Its lines.
    pub lines: Vec<Line>,
}

enum Column {
    Email,
    Username,
    Name,
    Organizations,
    Groups,
    Attribute(usize),
}

/// The columns that every list may have, for the page that explains them.
pub const COLUMNS: [(&str, &str); 5] = [
    ("email", "The e-mail, by which people sign in and by which a line finds its account"),
    ("username", "The user name; one of the two is needed"),
    ("name", "The person’s name; needed for a new account"),
    ("organizations", "Where it becomes a member: paths like Acme › North (or Acme > North), separated by semicolons"),
    ("groups", "Groups of the store, separated by semicolons"),
];

/// Reads a list: separated by commas, semicolons or tabs, whichever the heading uses.
///
/// # Errors
/// A refusal at `file` when it cannot be read at all: no heading, an unknown or doubled column, too many lines.
pub fn read(file: &str, schema: &[Attribute]) -> Result<List, Refusal> {
    let refuse = |words: String| Refusal::at("file", words);
    // The reader of lines counts a line when it meets its end, and of “\r\n” it meets the half.
    let file = file.trim_start_matches('\u{FEFF}').replace("\r\n", "\n");
    let first = file.lines().find(|line| !line.trim().is_empty()).ok_or_else(|| refuse("The file is empty.".into()))?;
    let separator = [',', ';', '\t'].into_iter().max_by_key(|letter| first.matches(*letter).count()).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new().delimiter(separator as u8).flexible(true).trim(csv::Trim::All).from_reader(file.as_bytes());
    let unreadable = |error: csv::Error| refuse(format!("The file cannot be read as comma-separated values: {error}."));
    let heading: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(str::to_owned).collect();
    let columns = heading.iter().map(|name| column(name, schema)).collect::<Result<Vec<Column>, Refusal>>()?;
    for (index, name) in heading.iter().enumerate() {
        if heading[..index].iter().any(|other| text::fold(other) == text::fold(name)) {
            return Err(refuse(format!("The column “{name}” stands there twice.")));
        }
    }
    if !columns.iter().any(|column| matches!(column, Column::Email | Column::Username)) {
        return Err(refuse("The list needs a column “email” or “username”.".into()));
    }
    let names = columns.iter().any(|column| matches!(column, Column::Name));
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let number = record.position().map_or(lines.len() + 2, |position| position.line() as usize);
        if lines.len() == MOST {
            return Err(refuse(format!("A list has at most {} lines. Upload it in parts.", text::thousands(MOST as i64))));
        }
        lines.push(line(number, record.iter().map(undefused).collect(), &columns, schema));
    }
    if lines.is_empty() {
        return Err(refuse("The list has a heading but no line.".into()));
    }
    Ok(List { heading, names, lines })
}

/// Our own exports put an apostrophe before what looks like a formula.
fn undefused(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

fn column(name: &str, schema: &[Attribute]) -> Result<Column, Refusal> {
    let folded = text::fold(name);
    Ok(match folded.as_str() {
        "email" | "e-mail" => Column::Email,
        "username" | "user name" => Column::Username,
        "name" => Column::Name,
        "organizations" | "organization" => Column::Organizations,
        "groups" | "group" => Column::Groups,
        _ => {
            let found = schema.iter().position(|attribute| attribute.name == folded || text::fold(&attribute.label) == folded);
            let shown: String = name.chars().take(60).collect();
            let unknown =
                || Refusal::at("file", format!("There is no column “{shown}”: it is neither one of ours nor an attribute of this store."));
            Column::Attribute(found.ok_or_else(unknown)?)
        }
    })
}

fn line(number: usize, cells: Vec<String>, columns: &[Column], schema: &[Attribute]) -> Line {
    let (mut email, mut username, mut name) = ("", "", "");
    let mut found = Line {
        number,
        cells: Vec::new(),
        terms: account::Terms::default(),
        organizations: Vec::new(),
        groups: Vec::new(),
        faults: Vec::new(),
    };
    if cells.len() > columns.len() {
        found.faults.push(format!("It has {} cells, the heading {}.", cells.len(), columns.len()));
    }
    let mut attributes = Map::new();
    for (cell, column) in cells.iter().zip(columns) {
        match column {
            Column::Email => email = cell,
            Column::Username => username = cell,
            Column::Name => name = cell,
            Column::Organizations => {
                let parts = cell.split(';').map(str::trim).filter(|path| !path.is_empty());
                found.organizations = parts.map(|path| path.split(['›', '>']).map(|step| step.trim().to_owned()).collect()).collect();
            }
            Column::Groups => found.groups = cell.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            Column::Attribute(place) => match attribute_value(&schema[*place], cell) {
                Ok(Some(value)) => {
                    attributes.insert(schema[*place].name.clone(), value);
                }
                Ok(None) => {}
                Err(message) => found.faults.push(format!("{}: {message}", schema[*place].label)),
            },
        }
    }
    match account::identifiers(email, username) {
        Ok((email, username)) => (found.terms.email, found.terms.username) = (email, username),
        Err(refusals) => found.faults.extend(refusals.into_iter().map(|refusal| refusal.message)),
    }
    if !name.is_empty() {
        match account::person_name(name) {
            Ok(name) => found.terms.name = name,
            Err(refusal) => found.faults.push(refusal.message),
        }
    }
    found.terms.attributes = attributes;
    found.cells = cells;
    found
}

/// An empty cell leaves the attribute as it is.
fn attribute_value(attribute: &Attribute, cell: &str) -> Result<Option<Value>, String> {
    if cell.is_empty() { Ok(None) } else { attribute::typed(attribute, cell) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity_store::AttributeType;

    fn schema() -> Vec<Attribute> {
        vec![Attribute {
            name: "shift".into(),
            label: "Night shift".into(),
            kind: AttributeType::YesNo,
            required: false,
            choices: Vec::new(),
            portal_visible: false,
            portal_editable: false,
            personal: false,
        }]
    }

    #[test]
    fn a_list_is_read_whatever_separates_it_and_each_bad_line_says_why() {
        let file = "\u{FEFF}E-mail;Name;Organizations;Night shift\r\nann@acme.example;Ann;Acme › North; yes\r\nbob;Bob;;maybe\r\n;'=1;Acme > South; \"Globex\";no;x\r\n";
        let list = read(file, &schema()).unwrap();
        assert_eq!(list.heading.len(), 4);
        assert!(list.lines[0].faults.is_empty());
        assert_eq!(list.lines[0].organizations, [["Acme", "North"]]);
        assert_eq!(list.lines[0].terms.attributes["shift"], Value::from(true));
        assert_eq!(list.lines[1].number, 3);
        assert_eq!(list.lines[1].faults.len(), 2, "{:?}", list.lines[1].faults);
        assert!(list.lines[2].faults.iter().any(|fault| fault.contains("one of the two is needed")));
        assert_eq!(list.lines[2].terms.name, "=1");
    }

    #[test]
    fn a_file_that_is_no_list_is_refused_whole() {
        for (file, words) in [
            ("", "empty"),
            ("email,name\n", "no line"),
            ("name\nAnn\n", "needs a column"),
            ("email,king\na@b.example,1\n", "no column “king”"),
            ("email,EMAIL\na@b.example,c@d.example\n", "twice"),
        ] {
            let refusal = read(file, &schema()).unwrap_err();
            assert!(refusal.message.contains(words), "{file}: {}", refusal.message);
        }
    }
}
