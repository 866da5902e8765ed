//! Taking documents over that NASA-APT stored: the model of 2018 to 2020 (Slate 0.4x, `nodes` and `leaves`) and that of
//! 2021 to 2023 (`children`), as one content of ours.
//!
//! Both are told apart field by field, because documents were moved from the one to the other piece by piece.

use serde_json::{Map, Value, json};

use crate::content::document::{KEY_POINTS, REFERENCES, WORK, known};
use crate::content::front::CITATION;
use crate::content::place::Place;
use crate::content::reader::{Object, Reader};
use crate::content::text::shown;
use crate::content::tree::{Entries, Text, Variables};
use crate::content::{Content, Problem, limits};

mod slate;

/// Makes a content of an old one: a version of a document with its `document`, `keywords`, `contacts`, `doi` and
/// `citation`; or a document of the oldest model alone, whose text becomes the introduction.
///
/// # Errors
/// What cannot be taken over, with pointers into the old JSON; or else what is wrong with the content that was made, with
/// pointers into that.
pub fn import(old: &Value) -> Result<Value, Vec<Problem>> {
    if let Some(problem) = limits::check(old) {
        return Err(vec![problem]);
    }
    let mut reader = Reader::default();
    let content = reader.import(old);
    let problems = reader.into_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    Content::read(&content).map(|_| content)
}

impl Reader {
    fn import(&mut self, old: &Value) -> Value {
        let Some(version) = self.object(&Place::ROOT, old, "a document") else {
            return Value::Null;
        };
        let place = Place::ROOT.key("document");
        let mut content = Map::new();
        let document = match version.get("document").and_then(Value::as_object) {
            // The whole is one text.
            Some(document) if document.contains_key("nodes") => {
                let text = self.slate(&Place::ROOT, old);
                Map::from_iter([("introduction".to_owned(), text)])
            }
            Some(fields) => {
                self.only_known(Object {
                    place: &place,
                    fields,
                });
                self.parts(Object {
                    place: &place,
                    fields,
                })
            }
            None => self.parts(version),
        };
        content.insert("document".to_owned(), Value::Object(document));
        if let Some(Value::Array(keywords)) = version.get("keywords") {
            content.insert("keywords".to_owned(), keywords.iter().map(keyword).collect());
        }
        if let Some(Value::Array(contacts)) = version.get("contacts") {
            content.insert("contacts".to_owned(), contacts.iter().map(contact).collect());
        }
        // The oldest model has a list of citations, of which the first is the document's.
        let citation = version
            .get("citation")
            .or_else(|| version.get("citations")?.get(0));
        if let Some(Value::Object(citation)) = citation {
            content.insert("citation".to_owned(), Value::Object(picked(citation, &CITATION)));
        }
        for key in ["doi", "language"] {
            if let Some(value) = version.get(key).filter(|value| !is_empty(value)) {
                content.insert(key.to_owned(), value.clone());
            }
        }
        Value::Object(content)
    }

    /// Only what is empty may be unknown: nothing that somebody wrote is lost without a word.
    fn only_known(&mut self, document: Object<'_>) {
        let known = known();
        for (key, value) in document.fields {
            if !known.contains(&key.as_str()) && !is_empty(value) {
                let message = format!("nobody knows what {} means", shown(key));
                self.wrong(&document.place.key(key), value, message);
            }
        }
    }

    fn parts(&mut self, old: Object<'_>) -> Map<String, Value> {
        let mut parts = Map::new();
        for key in Text::ALL.map(Text::key) {
            if let Some(text) = old.get(key).filter(|value| !is_empty(value)) {
                parts.insert(key.to_owned(), self.rich_text(&old.place.key(key), text));
            }
        }
        for key in [KEY_POINTS]
            .into_iter()
            .chain(Variables::ALL.map(Variables::caption_key))
        {
            if let Some(text) = old.get(key) {
                parts.insert(key.to_owned(), text.clone());
            }
        }
        let variable = [("name", "name"), ("long_name", "long_name"), ("unit", "unit")];
        let entry = [
            ("url", "url"),
            ("access_url", "url"),
            ("description", "description"),
            ("execution_description", "description"),
        ];
        for key in Variables::ALL.map(Variables::key) {
            self.import_list(old, key, &variable, &mut parts);
        }
        for key in Entries::ALL.map(Entries::key) {
            self.import_list(old, key, &entry, &mut parts);
        }
        if let Some(Value::Array(works)) = old.get(REFERENCES) {
            parts.insert(REFERENCES.to_owned(), works.iter().map(work).collect());
        }
        parts
    }

    /// A list of objects, of which only the named fields are taken.
    fn import_list(
        &mut self,
        old: Object<'_>,
        key: &str,
        names: &[(&str, &str)],
        parts: &mut Map<String, Value>,
    ) {
        let list = old.place.key(key);
        let mut made = Vec::new();
        for (index, value) in self.array(old, key).iter().enumerate() {
            let place = list.index(index);
            let Some(one) = self.object(&place, value, "an entry") else {
                continue;
            };
            let mut fields = Map::new();
            for (name, ours) in names {
                if let Some(value) = one.get(name).filter(|value| !is_empty(value)) {
                    fields.insert((*ours).to_owned(), self.rich_text(&place.key(name), value));
                }
            }
            made.push(Value::Object(fields));
        }
        if !made.is_empty() {
            parts.insert(key.to_owned(), Value::Array(made));
        }
    }

    /// Rich text of the oldest model becomes one of ours; everything else is left as it is.
    fn rich_text(&mut self, place: &Place<'_>, text: &Value) -> Value {
        if text.pointer("/document/nodes").is_some() || text.get("nodes").is_some() {
            self.slate(place, text)
        } else {
            text.clone()
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn picked(old: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let field = |name: &&str| Some(((*name).to_owned(), old.get(*name)?.clone()));
    names.iter().filter_map(field).collect()
}

fn keyword(old: &Value) -> Value {
    let Some(fields) = old.as_object() else {
        return old.clone();
    };
    let mut keyword = picked(fields, &["label", "path", "value", "id"]);
    if keyword.get("label").is_none_or(is_empty)
        && let Some(value) = fields.get("value")
    {
        keyword.insert("label".to_owned(), value.clone());
    }
    Value::Object(keyword)
}

/// The newer model has the person inside, the older one beside the roles.
fn contact(old: &Value) -> Value {
    let Some(fields) = old.as_object() else {
        return old.clone();
    };
    let person = fields.get("contact").and_then(Value::as_object).unwrap_or(fields);
    let mut contact = picked(
        person,
        &[
            "first_name",
            "middle_name",
            "last_name",
            "uuid",
            "url",
            "mechanisms",
        ],
    );
    contact.extend(picked(fields, &["roles", "affiliations"]));
    Value::Object(contact)
}

fn work(old: &Value) -> Value {
    let Some(fields) = old.as_object() else {
        return old.clone();
    };
    let mut work = picked(fields, &WORK);
    if let Some(id) = fields
        .get("id")
        .or_else(|| fields.get("publication_reference_id"))
    {
        work.insert("id".to_owned(), json!(slate::identifier(id)));
    }
    Value::Object(work)
}
