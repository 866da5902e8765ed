//! Ids that stay the same when something else is edited.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// The longest id, without the number that may make it unique.
const LONGEST: usize = 64;

/// The ids that were given.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// With how many ids began in the same way.
    given: HashMap<String, usize>,
}

impl Anchors {
    /// An id made of words, such as `deep-convection`, with `-2` behind it if it is taken.
    pub(super) fn of_words(&mut self, kind: &str, words: &str) -> String {
        let slug = slug(words);
        if slug.is_empty() {
            self.of_content(kind, words)
        } else {
            self.unique(slug)
        }
    }

    /// An id made of what something is, such as `equation-1f0c92aa`.
    pub(super) fn of_content(&mut self, kind: &str, content: &str) -> String {
        let digest = hex::encode(Sha256::digest(content.as_bytes()));
        self.unique(format!("{kind}-{}", &digest[..8]))
    }

    /// An id that its author chose, or none if it cannot be one.
    pub(super) fn chosen(&mut self, id: &str) -> Option<String> {
        (slug(id) == id && !id.is_empty()).then(|| self.unique(id.to_owned()))
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.given.contains_key(id)
    }

    fn unique(&mut self, id: String) -> String {
        let mut count = self.given.get(&id).copied().unwrap_or(0);
        let mut unique = id.clone();
        while count > 0 && self.given.contains_key(&unique) {
            count += 1;
            unique = format!("{id}-{count}");
        }
        self.given.insert(id, count.max(1));
        self.given.entry(unique.clone()).or_insert(1);
        unique
    }
}

/// Lower case letters and digits, with one `-` between words.
fn slug(words: &str) -> String {
    let mut slug = String::new();
    for c in words.chars() {
        if slug.len() == LONGEST {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' && c != '’' {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_words_and_unique() {
        let mut anchors = Anchors::default();
        for (words, id) in [
            ("Deep Convection", "deep-convection"),
            ("Deep  convection!", "deep-convection-2"),
            ("deep convection 2", "deep-convection-2-2"),
            ("DEEP CONVECTION", "deep-convection-3"),
            ("What’s 3.2?", "whats-3-2"),
        ] {
            assert_eq!(anchors.of_words("section", words), id);
        }
        let foreign = anchors.of_words("section", "序論");
        assert!(
            foreign.starts_with("section-") && foreign.len() == 16,
            "{foreign}"
        );
        assert_eq!(anchors.of_words("section", &"a".repeat(100)).len(), LONGEST);
    }

    #[test]
    fn an_author_chooses_only_what_can_be_an_id() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.chosen("my-id").as_deref(), Some("my-id"));
        assert_eq!(anchors.chosen("my-id").as_deref(), Some("my-id-2"));
        for refused in ["", "My-Id", "a b", "a\"b", "-a", "a--b"] {
            assert_eq!(anchors.chosen(refused), None, "{refused}");
        }
    }
}
