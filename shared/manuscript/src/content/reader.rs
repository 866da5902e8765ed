//! How a stored JSON is read: everything that is wrong is noted with its place, and reading goes on with the rest.

use serde_json::{Map, Value};

use super::place::Place;
use super::text::{clean, flatten_start, shown, snippet};
use super::{Problem, ProblemCode};
use crate::manuscript::{Warning, WarningCode};

/// The most problems that are told at once.
pub(crate) const MAX_PROBLEMS: usize = 100;

/// Notes what is wrong while the parts of a content are read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    findings: Vec<Finding>,
    /// How many nodes were read.
    pub(super) nodes: usize,
    /// How many images were read.
    pub(super) images: usize,
}

#[derive(Debug)]
struct Finding {
    problem: Problem,
    node_id: Option<String>,
    snippet: String,
}

/// An object of the JSON, with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) place: &'a Place<'a>,
    pub(crate) fields: &'a Map<String, Value>,
}

impl Object<'_> {
    /// A field. `null` is what is not there.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }
}

impl Reader {
    /// Notes that a value has not the shape that it must have.
    pub(crate) fn wrong(&mut self, place: &Place<'_>, value: &Value, message: impl Into<String>) {
        self.note(place, value, ProblemCode::Schema, message.into());
    }

    /// Notes that a value is too much of something.
    pub(crate) fn too_much(&mut self, place: &Place<'_>, value: &Value, message: impl Into<String>) {
        self.note(place, value, ProblemCode::Limit, message.into());
    }

    /// Notes, before everything that was noted, that the whole below a place is too much of something.
    pub(super) fn too_much_in_all(&mut self, place: &Place<'_>, message: String) {
        let problem = Problem {
            path: place.to_string(),
            code: ProblemCode::Limit,
            message,
        };
        self.findings.insert(
            0,
            Finding {
                problem,
                node_id: None,
                snippet: String::new(),
            },
        );
        self.findings.truncate(MAX_PROBLEMS);
    }

    fn note(&mut self, place: &Place<'_>, value: &Value, code: ProblemCode, message: String) {
        /// More than a snippet needs, in bytes: a whole document is not copied for each of a hundred problems.
        const ENOUGH: usize = 4 * 1024;
        if self.findings.len() >= MAX_PROBLEMS {
            return;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => flatten_start(value, ENOUGH).join(" "),
        };
        self.findings.push(Finding {
            problem: Problem {
                path: place.to_string(),
                code,
                message,
            },
            node_id: value.get("id").and_then(Value::as_str).map(snippet),
            snippet: snippet(&text),
        });
    }

    /// What was noted, for who writes.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.findings.into_iter().map(|finding| finding.problem).collect()
    }

    /// What was noted, for who prints what is stored already.
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let warning = |finding: Finding| Warning {
            code: WarningCode::Node,
            path: finding.problem.path,
            node_id: finding.node_id,
            message: finding.problem.message,
            snippet: finding.snippet,
        };
        self.findings.into_iter().map(warning).collect()
    }

    /// An object. `what` says what it stands for: `a contact`.
    pub(crate) fn object<'a>(
        &mut self,
        place: &'a Place<'a>,
        value: &'a Value,
        what: &str,
    ) -> Option<Object<'a>> {
        let fields = value.as_object();
        if fields.is_none() {
            self.wrong(place, value, format!("{what} is an object, not {}", kind(value)));
        }
        fields.map(|fields| Object { place, fields })
    }

    /// The elements of an array that may be absent.
    pub(crate) fn array<'a>(&mut self, object: Object<'a>, key: &str) -> &'a [Value] {
        match object.fields.get(key) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(values)) => values,
            Some(other) => {
                let message = format!("`{key}` is an array, not {}", kind(other));
                self.wrong(&object.place.key(key), other, message);
                &[]
            }
        }
    }

    /// The children of a node. Only an empty object may have none: a misspelt key would lose everything below it.
    pub(super) fn children<'a>(&mut self, node: Object<'a>, what: &str) -> &'a [Value] {
        if node.get("children").is_none() && !node.fields.is_empty() {
            self.wrong(
                node.place,
                &Value::Null,
                format!("{what} has `children`, an array"),
            );
        }
        self.array(node, "children")
    }

    /// A text that may be absent; also where it is only white space.
    pub(crate) fn text(&mut self, object: Object<'_>, key: &str) -> Option<String> {
        let text = match object.get(key)? {
            Value::String(text) => clean(text),
            other => {
                let message = format!("`{key}` is a string, not {}", kind(other));
                self.wrong(&object.place.key(key), other, message);
                return None;
            }
        };
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A text that may be absent, or a number in its place, which is taken as it is written.
    pub(crate) fn text_or_number(&mut self, object: Object<'_>, key: &str) -> Option<String> {
        match object.get(key) {
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) | None => self.text(object, key),
        }
    }

    /// Notes every field that nobody knows.
    pub(crate) fn only(&mut self, object: Object<'_>, what: &str, known: &[&str]) {
        for (key, value) in object.fields {
            if !known.contains(&key.as_str()) {
                let message = format!("{what} has no `{}`; it may have {}", shown(key), known.join(", "));
                self.wrong(&object.place.key(key), value, message);
            }
        }
    }
}

/// What a value is, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
