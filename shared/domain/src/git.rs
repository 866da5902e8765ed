//! Git refs, as CI names them: branches, tags, ticket branches.

use serde::{Deserialize, Serialize};

use crate::text::{self, TextError, checked_text};

checked_text!(
    /// One git ref, at most 256 characters. Hostile text: pages escape it.
    GitRef, TextError, |raw| text::check(raw, 256)
);

/// The refs of a build, in the order given. LTD's multi-repository builds name several (D18: all are kept).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<GitRef>", into = "Vec<GitRef>")]
pub struct GitRefs(Vec<GitRef>);

/// Why a list of refs was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitRefsError {
    /// No ref at all.
    #[error("at least one git ref is needed")]
    Empty,
    /// More than the limit.
    #[error("at most {MAX_REFS} git refs are allowed")]
    TooMany,
    /// One of them is not a ref.
    #[error("git ref {0:?}: {1}")]
    Ref(String, TextError),
}

/// LTD stores the list as JSON in 2,048 characters, which about 64 ticket branches fill.
const MAX_REFS: usize = 64;

impl GitRefs {
    /// Parses a list of texts.
    ///
    /// # Errors
    /// When the list is empty or too long, or one text is not a ref.
    pub fn parse<S: AsRef<str>>(raw: &[S]) -> Result<Self, GitRefsError> {
        raw.iter()
            .map(|one| {
                let one = one.as_ref();
                one.parse()
                    .map_err(|source| GitRefsError::Ref(one.chars().take(40).collect(), source))
            })
            .collect::<Result<Vec<GitRef>, _>>()?
            .try_into()
    }

    /// The ref that version modes and links look at.
    pub fn first(&self) -> &GitRef {
        &self.0[0]
    }

    /// All refs, in order.
    pub fn iter(&self) -> impl Iterator<Item = &GitRef> {
        self.0.iter()
    }
}

impl TryFrom<Vec<GitRef>> for GitRefs {
    type Error = GitRefsError;
    fn try_from(refs: Vec<GitRef>) -> Result<Self, Self::Error> {
        match refs.len() {
            0 => Err(GitRefsError::Empty),
            n if n > MAX_REFS => Err(GitRefsError::TooMany),
            _ => Ok(Self(refs)),
        }
    }
}
impl From<GitRef> for GitRefs {
    fn from(git_ref: GitRef) -> Self {
        Self(vec![git_ref])
    }
}
impl From<GitRefs> for Vec<GitRef> {
    fn from(refs: GitRefs) -> Self {
        refs.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D18: a build of several refs was cut down to its first.
    #[test]
    fn d18_every_ref_of_a_build_is_kept() {
        let refs = GitRefs::parse(&["a", "b"]).unwrap();
        let json = serde_json::to_string(&refs).unwrap();
        assert_eq!(json, r#"["a","b"]"#);
        assert_eq!(serde_json::from_str::<GitRefs>(&json).unwrap(), refs);
    }

    #[test]
    fn bad_lists_of_refs_are_refused_also_from_storage() {
        assert_eq!(GitRefs::parse::<&str>(&[]), Err(GitRefsError::Empty));
        assert!(GitRefs::parse(&["ok", "a\u{7}"]).is_err());
        assert!(GitRefs::parse(&vec!["a"; 65]).is_err());
        assert!(serde_json::from_str::<GitRefs>("[]").is_err());
    }
}
