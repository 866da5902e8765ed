//! Who wrote a work, as people type it.

use super::fields::clean;

/// Somebody who wrote a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// A person.
    Person {
        /// Such as `van Doe`.
        family: String,
        /// Such as `Jane Q.` or `J. Q.`
        given: String,
        /// Such as `Jr.`; may be empty.
        suffix: String,
    },
    /// An organization, or what cannot be told apart.
    Literal(String),
}

impl Name {
    /// How one writes it in running text: the family name first.
    pub(crate) fn inverted(&self) -> String {
        match self {
            Self::Literal(name) => name.clone(),
            Self::Person {
                family,
                given,
                suffix,
            } => {
                let mut name = format!("{family}, {given}");
                if !suffix.is_empty() {
                    name = format!("{name}, {suffix}");
                }
                name
            }
        }
    }

    /// What a citation says.
    pub(crate) fn short(&self) -> &str {
        match self {
            Self::Literal(name) => name,
            Self::Person { family, .. } => family,
        }
    }
}

/// The most names that are told apart; who lists more has pasted something else.
const MAX_NAMES: usize = 200;

/// Words that only organizations have in their names.
const ORGANIZATIONS: [&str; 34] = [
    "administration",
    "agency",
    "association",
    "bureau",
    "center",
    "centre",
    "collaboration",
    "commission",
    "committee",
    "company",
    "consortium",
    "corporation",
    "council",
    "department",
    "directorate",
    "division",
    "foundation",
    "group",
    "inc.",
    "institute",
    "laboratory",
    "ministry",
    "office",
    "organisation",
    "organization",
    "panel",
    "program",
    "project",
    "service",
    "services",
    "society",
    "survey",
    "team",
    "university",
];

/// Words that belong to the family name after them.
const PARTICLES: [&str; 22] = [
    "af", "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "dos", "du", "ibn", "la", "le",
    "ten", "ter", "van", "von", "zu", "zur",
];

/// Reads names. What cannot be told apart stays one name.
pub(crate) fn names(text: &str) -> Vec<Name> {
    let mut names = Vec::new();
    for piece in text.split([';', '\n', '\r']) {
        let piece = clean(piece);
        if piece.is_empty() {
            continue;
        }
        if is_organization(&piece) || has_others(&piece) {
            names.push(Name::Literal(piece));
            continue;
        }
        for part in piece.replace(" and ", "&").split('&') {
            names.extend(people(part.trim().trim_start_matches("and ").trim()));
        }
    }
    if names.len() > MAX_NAMES {
        vec![Name::Literal(clean(text))]
    } else {
        names
    }
}

fn is_organization(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.split([' ', ',']).any(|word| ORGANIZATIONS.contains(&word))
}

/// `et al.` is nobody's name, and who they are is not known.
fn has_others(text: &str) -> bool {
    text.to_lowercase()
        .split([' ', ','])
        .any(|word| word == "al" || word == "al.")
}

/// The people of `Doe, J. Q., Roe, R.` or `Jane Doe, Richard Roe`.
fn people(text: &str) -> Vec<Name> {
    let parts: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        [] => Vec::new(),
        [one] => vec![full(one)],
        [family, given, suffix] if is_suffix(suffix) => vec![person(family, given, suffix)],
        [family, given] if !is_full(family) || !is_full(given) => {
            if is_suffix(given) {
                vec![Name::Literal(text.to_owned())]
            } else {
                vec![person(family, given, "")]
            }
        }
        many if many.iter().all(|part| is_full(part)) => many.iter().map(|part| full(part)).collect(),
        many if many.len() % 2 == 0 && many.chunks(2).all(|pair| is_initials(pair[1])) => {
            many.chunks(2).map(|pair| person(pair[0], pair[1], "")).collect()
        }
        _ => vec![Name::Literal(text.trim_end_matches(',').to_owned())],
    }
}

/// Whether it may be somebody's whole name: two words or more, and not only initials.
fn is_full(part: &str) -> bool {
    let words: Vec<&str> = part.split(' ').collect();
    words.len() >= 2
        && !is_initials(part)
        && !words
            .first()
            .is_some_and(|word| PARTICLES.contains(&word.to_lowercase().as_str()))
        && !words.last().is_some_and(|word| is_initials(word))
}

/// `J. Q.`, `J.-P.`, `JQ`.
fn is_initials(part: &str) -> bool {
    part.split([' ', '-', '.'])
        .all(|word| word.chars().count() <= 3 && word.chars().all(char::is_uppercase))
        && part.chars().any(char::is_alphabetic)
}

fn is_suffix(part: &str) -> bool {
    matches!(
        part.trim_end_matches('.').to_lowercase().as_str(),
        "jr" | "sr" | "ii" | "iii" | "iv"
    )
}

fn person(family: &str, given: &str, suffix: &str) -> Name {
    Name::Person {
        family: family.to_owned(),
        given: spaced(given),
        suffix: suffix.to_owned(),
    }
}

/// `Jane Q. van Doe`, `Doe JQ`, or one word that may be anything.
fn full(text: &str) -> Name {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let [first, .., last] = words.as_slice() else {
        return Name::Literal(text.to_owned());
    };
    // Where the family name comes first by custom, the order is not touched.
    let is_east_asian = |c: char| matches!(c, '\u{3040}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}');
    if words.len() > 5 || text.contains(is_east_asian) {
        return Name::Literal(text.to_owned());
    }
    if is_initials(last) && !is_initials(first) {
        return person(&words[..words.len() - 1].join(" "), last, "");
    }
    let mut start = words.len() - 1;
    while start > 1 && PARTICLES.contains(&words[start - 1]) {
        start -= 1;
    }
    person(&words[start..].join(" "), &words[..start].join(" "), "")
}

/// Initials that stand close together are set apart, or only the first of them would be seen: `J.Q.` and `JQ` are `J. Q.`
fn spaced(given: &str) -> String {
    let mut words = Vec::new();
    for word in given
        .replace('.', ". ")
        .replace(". -", ".-")
        .split(' ')
        .filter(|word| !word.is_empty())
    {
        let count = word.chars().count();
        if (2..=3).contains(&count) && word.chars().all(char::is_uppercase) {
            words.extend(word.chars().map(|c| format!("{c}.")));
        } else {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}
