//! JSON as clients of the registry write it: keys match whatever their case, as they do in Go.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::ApiError;

/// A value whose objects keep their keys as they come, the repeated ones included.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The refusal of a body that cannot be read, with the reason.
pub(crate) fn unreadable(reason: impl fmt::Display) -> ApiError {
    ApiError::BadRequest(format!("parsing body body from \"\" failed, because {reason}"))
}

/// The refusal of a body that lacks a field.
pub(crate) fn required(field: &str) -> ApiError {
    ApiError::Unprocessable(format!("{field} in body is required"))
}

impl Json {
    /// Reads a body.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ApiError> {
        if bytes.is_empty() {
            return Err(unreadable("EOF"));
        }
        let text = std::str::from_utf8(bytes).map_err(unreadable)?;
        serde_json::from_str(text).map_err(unreadable)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The fields of an object, `at` being its place in the body. Null has none.
    pub(crate) fn fields(self, at: &str) -> Result<Fields, ApiError> {
        let entries = match self {
            Self::Null => Vec::new(),
            Self::Object(entries) => entries,
            other => return Err(mismatch(at, "an object", &other)),
        };
        Ok(Fields {
            at: at.to_owned(),
            entries,
        })
    }

    /// The same as everybody else reads it: of repeated keys the last one stays.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text),
            Self::Array(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(entries) => Value::Object(map(entries)),
        }
    }
}

fn map(entries: Vec<(String, Json)>) -> Map<String, Value> {
    entries
        .into_iter()
        .map(|(key, value)| (key, value.into_value()))
        .collect()
}

fn mismatch(at: &str, wanted: &str, found: &Json) -> ApiError {
    let found = found.kind();
    match at {
        "" => unreadable(format_args!("it should be {wanted} and is {found}")),
        at => unreadable(format_args!("{at} should be {wanted} and is {found}")),
    }
}

/// An object that is being read. What nobody takes is dropped.
#[derive(Debug)]
pub(crate) struct Fields {
    at: String,
    entries: Vec<(String, Json)>,
}

impl Fields {
    /// The place of a field in the body, for refusals.
    pub(crate) fn place(&self, name: &str) -> String {
        match self.at.as_str() {
            "" => name.to_owned(),
            at => format!("{at}.{name}"),
        }
    }

    /// A field. Null is absent; of several spellings the last one counts.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        let (own, others) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|(key, _): &(String, Json)| key.eq_ignore_ascii_case(name));
        self.entries = others;
        let mut values = own
            .into_iter()
            .map(|(_, value)| value)
            .filter(|value| *value != Json::Null);
        values.next_back()
    }

    /// A text; an empty one is absent.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(other) => Err(mismatch(&self.place(name), "a string", &other)),
        }
    }

    /// An object, read by its fields.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Fields>, ApiError> {
        let place = self.place(name);
        self.take(name).map(|value| value.fields(&place)).transpose()
    }

    /// An object that is kept as it is.
    pub(crate) fn map(&mut self, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Object(entries)) => Ok(Some(map(entries))),
            Some(other) => Err(mismatch(&self.place(name), "an object", &other)),
        }
    }

    /// The objects of an array; an absent one is empty, and null in it is left out.
    pub(crate) fn objects(&mut self, name: &str) -> Result<Vec<Fields>, ApiError> {
        let place = self.place(name);
        let items = match self.take(name) {
            None => Vec::new(),
            Some(Json::Array(items)) => items,
            Some(other) => return Err(mismatch(&place, "an array", &other)),
        };
        let items = items
            .into_iter()
            .enumerate()
            .filter(|(_, item)| *item != Json::Null);
        items
            .map(|(at, item)| item.fields(&format!("{place}.{at}")))
            .collect()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Json::read(text.as_bytes()).unwrap().fields("").unwrap()
    }

    #[test]
    fn keys_match_whatever_their_case_and_the_last_one_counts() {
        for (body, id) in [
            (r#"{"ID": "a"}"#, Some("a")),
            (r#"{"id": "a", "ID": "b"}"#, Some("b")),
            (r#"{"Id": "a", "id": "b", "id": null}"#, Some("b")),
            (r#"{"id": ""}"#, None),
            (r#"{"identity": "a"}"#, None),
            ("null", None),
        ] {
            assert_eq!(fields(body).text("id").unwrap().as_deref(), id, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        let refused = |error: ApiError| error.sentence().to_owned();
        for (body, part) in [
            ("", "because EOF"),
            ("{", "EOF while parsing"),
            ("{} x", "trailing characters"),
            ("[]", "because it should be an object and is an array"),
        ] {
            let error = Json::read(body.as_bytes())
                .and_then(|json| json.fields(""))
                .unwrap_err();
            assert!(refused(error).contains(part), "{body}");
        }
        let mut body = fields(r#"{"A": {"b": 1, "c": [null, 1]}}"#);
        let mut a = body.object("a").unwrap().unwrap();
        let error = refused(a.text("b").unwrap_err());
        assert_eq!(
            error,
            "parsing body body from \"\" failed, because a.b should be a string and is a number"
        );
        assert!(refused(a.objects("c").unwrap_err()).contains("a.c.1 should be an object"));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(Json::read(deep.as_bytes()).is_err());
    }

    #[test]
    fn what_is_kept_as_it_is_keeps_the_last_of_repeated_keys() {
        let mut body = fields(r#"{"data": {"a": 1, "a": [true, 0.5, -1, null], "A": "x"}}"#);
        let data = body.map("data").unwrap().unwrap();
        assert_eq!(
            Value::Object(data),
            serde_json::json!({"a": [true, 0.5, -1, null], "A": "x"})
        );
    }
}
