//! The properties of a resource, taken one by one: what nobody took is an error that names it.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::TemplateError;
use super::text::Text;

/// A value of the template after its intrinsic functions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Text),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

/// A mapping of the template that is being read.
#[derive(Debug)]
pub(super) struct Fields {
    place: String,
    map: BTreeMap<String, Resolved>,
}

impl Fields {
    pub(super) fn new(place: impl Into<String>, value: Resolved) -> Result<Self, TemplateError> {
        let place = place.into();
        match value {
            Resolved::Map(map) => Ok(Self { place, map }),
            Resolved::Null => Ok(Self {
                place,
                map: BTreeMap::new(),
            }),
            _ => Err(TemplateError::new(place, "must be a mapping")),
        }
    }

    /// An error about one of these fields.
    pub(super) fn error(&self, name: &str, problem: impl Into<String>) -> TemplateError {
        TemplateError::new(self.inside(name), problem)
    }

    fn inside(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// Says that nothing which happens locally depends on these.
    pub(super) fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.map.remove(*name);
        }
    }

    /// Ends the reading.
    pub(super) fn finish(self) -> Result<(), TemplateError> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.error(name, "this property is not understood locally")),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.map.keys().cloned().collect()
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<Text>, TemplateError> {
        let place = self.inside(name);
        self.map
            .remove(name)
            .map(|value| text_of(&place, value))
            .transpose()
    }

    /// Text in which no reference is open.
    pub(super) fn literal(&mut self, name: &str) -> Result<Option<String>, TemplateError> {
        let place = self.inside(name);
        self.text(name)?
            .map(|text| {
                text.literal().ok_or_else(|| {
                    TemplateError::new(
                        &place,
                        format!("{text} is not known before the resources are made"),
                    )
                })
            })
            .transpose()
    }

    pub(super) fn required(&mut self, name: &str) -> Result<String, TemplateError> {
        self.literal(name)?.ok_or_else(|| self.error(name, "is missing"))
    }

    pub(super) fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, TemplateError> {
        let place = self.inside(name);
        self.literal(name)?
            .map(|text| {
                text.parse().map_err(|_| {
                    TemplateError::new(&place, format!("{text:?} is not a number that fits here"))
                })
            })
            .transpose()
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, TemplateError> {
        let place = self.inside(name);
        self.literal(name)?
            .map(|text| {
                text.parse()
                    .map_err(|_| TemplateError::new(&place, format!("{text:?} is neither true nor false")))
            })
            .transpose()
    }

    pub(super) fn fields(&mut self, name: &str) -> Result<Option<Self>, TemplateError> {
        let place = self.inside(name);
        self.map
            .remove(name)
            .map(|value| Self::new(place, value))
            .transpose()
    }

    pub(super) fn each(&mut self, name: &str) -> Result<Vec<Self>, TemplateError> {
        let place = self.inside(name);
        self.list(name)?
            .into_iter()
            .enumerate()
            .map(|(index, item)| Self::new(format!("{place}[{index}]"), item))
            .collect()
    }

    /// A list of texts in which references may be open; one text stands for a list of one.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<Text>, TemplateError> {
        let place = self.inside(name);
        let items = self.list(name)?.into_iter();
        items.map(|item| text_of(&place, item)).collect()
    }

    /// A list of texts; one text stands for a list of one, as SAM allows.
    pub(super) fn literals(&mut self, name: &str) -> Result<Vec<String>, TemplateError> {
        let place = self.inside(name);
        self.list(name)?
            .into_iter()
            .map(|item| {
                text_of(&place, item)?
                    .literal()
                    .ok_or_else(|| TemplateError::new(&place, "plain text is expected"))
            })
            .collect()
    }

    fn list(&mut self, name: &str) -> Result<Vec<Resolved>, TemplateError> {
        Ok(match self.map.remove(name) {
            None => Vec::new(),
            Some(Resolved::List(items)) => items,
            Some(Resolved::Text(text)) => vec![Resolved::Text(text)],
            Some(_) => return Err(self.error(name, "must be a list")),
        })
    }
}

fn text_of(place: &str, value: Resolved) -> Result<Text, TemplateError> {
    match value {
        Resolved::Text(text) => Ok(text),
        Resolved::Number(number) => Ok(number.to_string().into()),
        Resolved::Bool(flag) => Ok(flag.to_string().into()),
        Resolved::Null | Resolved::List(_) | Resolved::Map(_) => {
            Err(TemplateError::new(place, "a plain value is expected here"))
        }
    }
}
