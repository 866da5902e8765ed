//! Who wrote a document: reading the contacts, and printing them as authors.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::place::Place;
use super::reader::{Object, Reader};
use super::text::one_line;
use crate::manuscript::{Author, Corresponding, Front};

const CORRESPONDING: &str = "Corresponding Author";
const REVIEWER: &str = "Document Reviewer";
/// The most characters of a role or of a kind of address: the longest ones that are in use have 30.
const MAX_LABEL: usize = 200;

/// A person who has to do with a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Contact {
    given: Vec<String>,
    family: String,
    email: Option<String>,
    roles: Vec<String>,
    affiliations: Vec<String>,
}

impl Contact {
    /// Such as `Jane Q. Doe`.
    fn name(&self) -> String {
        let words = self.given.iter().chain([&self.family]);
        words
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Such as `J.-L. Q.`.
    fn initials(&self) -> String {
        let words = self.given.iter().flat_map(|name| name.split_whitespace());
        let short = |word: &str| {
            let parts = word.split('-').filter_map(|part| part.chars().next());
            parts
                .map(|one| format!("{}.", one.to_uppercase()))
                .collect::<Vec<_>>()
                .join("-")
        };
        words
            .map(short)
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn is_author(&self) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|role| role != REVIEWER)
    }

    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    fn sort_key(&self) -> (String, String) {
        (self.family.to_lowercase(), self.given.join(" ").to_lowercase())
    }
}

/// Prints the contacts: authors by family name, their affiliations in the order of the authors, and to whom one writes.
pub(super) fn print(contacts: &[Contact], front: &mut Front) {
    let mut authors: Vec<&Contact> = contacts.iter().filter(|contact| contact.is_author()).collect();
    let corresponding = authors
        .iter()
        .find(|contact| contact.has_role(CORRESPONDING))
        .or_else(|| authors.iter().find(|contact| contact.email.is_some()))
        .copied();
    authors.sort_by_cached_key(|contact| contact.sort_key());
    let corresponding = corresponding.or_else(|| authors.first().copied());
    front.corresponding = corresponding.map(|contact| Corresponding {
        name: contact.name(),
        email: contact.email.clone(),
    });
    let mut known: HashMap<&str, usize> = HashMap::new();
    for contact in authors {
        let mut numbers = Vec::with_capacity(contact.affiliations.len());
        for affiliation in &contact.affiliations {
            let number = *known.entry(affiliation.as_str()).or_insert_with(|| {
                front.affiliations.push(affiliation.clone());
                front.affiliations.len() - 1
            });
            numbers.push(number);
        }
        let mut seen = HashSet::new();
        numbers.retain(|number| seen.insert(*number));
        front.authors.push(Author {
            name: contact.name(),
            initials: contact.initials(),
            family: contact.family.clone(),
            affiliations: numbers,
        });
    }
}

impl Reader {
    /// The contacts of a content.
    pub(super) fn contacts(&mut self, content: Object<'_>) -> Vec<Contact> {
        let place = content.place.key("contacts");
        let values = self.array(content, "contacts");
        let one = |(index, value)| self.contact(&place.index(index), value);
        values.iter().enumerate().filter_map(one).collect()
    }

    fn contact(&mut self, place: &Place<'_>, value: &Value) -> Option<Contact> {
        let contact = self.object(place, value, "a contact")?;
        let mut name = |key| one_line(&self.text(contact, key).unwrap_or_default());
        let mut given: Vec<String> = [name("first_name"), name("middle_name")].into();
        let mut family = name("last_name");
        given.retain(|name| !name.is_empty());
        if family.is_empty() {
            family = given.join(" ");
            given.clear();
        }
        if family.is_empty() {
            self.wrong(place, value, "a contact has a `last_name` or a `first_name`");
            return None;
        }
        for key in ["uuid", "url"] {
            self.text(contact, key);
        }
        let email = self.email(contact);
        let roles = self.labels(contact, "roles", Some(MAX_LABEL));
        let affiliations = self.labels(contact, "affiliations", None);
        Some(Contact {
            given,
            family,
            email,
            roles,
            affiliations,
        })
    }

    /// The address of the first mechanism that is an e-mail.
    fn email(&mut self, contact: Object<'_>) -> Option<String> {
        let list = contact.place.key("mechanisms");
        let mut email = None;
        for (index, value) in self.array(contact, "mechanisms").iter().enumerate() {
            let place = list.index(index);
            let Some(mechanism) = self.object(&place, value, "a mechanism") else {
                continue;
            };
            let is = self.text(mechanism, "mechanism_type");
            let address = self.text(mechanism, "mechanism_value");
            let Some(is) = is else {
                self.wrong(
                    &place,
                    value,
                    "a mechanism has a `mechanism_type`, such as `Email`",
                );
                continue;
            };
            self.short(&place.key("mechanism_type"), &is, MAX_LABEL);
            let is = is.to_lowercase();
            if email.is_none() && matches!(is.as_str(), "email" | "e-mail") {
                email = address.map(|address| one_line(&address));
            }
        }
        email
    }

    /// A list of labels, without those that are empty.
    fn labels(&mut self, object: Object<'_>, key: &str, most: Option<usize>) -> Vec<String> {
        let list = object.place.key(key);
        let mut labels = Vec::new();
        for (index, value) in self.array(object, key).iter().enumerate() {
            let place = list.index(index);
            let Value::String(label) = value else {
                self.wrong(&place, value, format!("`{key}` has strings"));
                continue;
            };
            if let Some(most) = most {
                self.short(&place, label, most);
            }
            labels.push(one_line(label));
        }
        labels.retain(|label| !label.is_empty());
        labels
    }

    fn short(&mut self, place: &Place<'_>, label: &str, most: usize) {
        let length = label.chars().count();
        if length > most {
            let message = format!("this has at most {most} characters; it has {length}");
            self.too_much(place, &Value::String(label.to_owned()), message);
        }
    }
}
