//! Where a value stands in its JSON.

use std::fmt;

/// A place in a JSON value. Written out, it is a JSON pointer (RFC 6901).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    before: Option<&'a Place<'a>>,
    step: Step<'a>,
    depth: usize,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    /// The whole value.
    pub(crate) const ROOT: Place<'static> = Place {
        before: None,
        step: Step::Root,
        depth: 0,
    };

    /// A field of it.
    pub(crate) fn key(&'a self, key: &'a str) -> Place<'a> {
        Place {
            before: Some(self),
            step: Step::Key(key),
            depth: self.depth + 1,
        }
    }

    /// An element of it.
    pub(crate) fn index(&'a self, index: usize) -> Place<'a> {
        Place {
            before: Some(self),
            step: Step::Index(index),
            depth: self.depth + 1,
        }
    }

    /// How many steps it is away from the whole.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = Vec::with_capacity(self.depth);
        let mut here = Some(self);
        while let Some(place) = here {
            steps.push(place.step);
            here = place.before;
        }
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => {}
                Step::Key(key) => write!(out, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                Step::Index(index) => write!(out, "/{index}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_json_pointer() {
        let document = Place::ROOT.key("document");
        let odd = document.key("a/b~c");
        assert_eq!(odd.index(3).to_string(), "/document/a~1b~0c/3");
        assert_eq!(Place::ROOT.to_string(), "");
        assert_eq!(odd.depth(), 2);
    }
}
