//! Text that may still name resources, whose values are known only when they have been created.

/// What `!Ref` or `!GetAtt` stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The resource's name in the template.
    pub logical: String,
    /// The attribute of `!GetAtt`; none for `!Ref`.
    pub attribute: Option<String>,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.attribute {
            Some(attribute) => write!(f, "!GetAtt {}.{attribute}", self.logical),
            None => write!(f, "!Ref {}", self.logical),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Reference(Reference),
}

/// A text of the template with parameters filled in and references to resources still open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(Vec<Part>);

impl Text {
    pub(super) fn reference(reference: Reference) -> Self {
        Self(vec![Part::Reference(reference)])
    }

    pub(super) fn push(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The text, when nothing in it is open.
    pub fn literal(&self) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(literal) => Some(literal.as_str()),
                Part::Reference(_) => None,
            })
            .collect()
    }

    /// The resource that stands between two texts, when there is nothing else.
    pub(super) fn within(&self, before: &str, after: &str) -> Option<&Reference> {
        match self.0.as_slice() {
            [
                Part::Literal(first),
                Part::Reference(reference),
                Part::Literal(last),
            ] if first == before && last == after => Some(reference),
            _ => None,
        }
    }

    /// The resource this text is, when it is nothing else.
    pub fn as_reference(&self) -> Option<&Reference> {
        match self.0.as_slice() {
            [Part::Reference(reference)] => Some(reference),
            _ => None,
        }
    }

    /// The text with every reference replaced.
    ///
    /// # Errors
    /// The first error of `value_of`.
    pub fn resolve<E>(&self, value_of: impl Fn(&Reference) -> Result<String, E>) -> Result<String, E> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(literal) => Ok(literal.clone()),
                Part::Reference(reference) => value_of(reference),
            })
            .collect()
    }
}

impl From<String> for Text {
    fn from(literal: String) -> Self {
        Self(vec![Part::Literal(literal)])
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Literal(literal) => f.write_str(literal),
            Part::Reference(reference) => write!(f, "${{{reference}}}"),
        })
    }
}
