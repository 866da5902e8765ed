//! How large and how deep a JSON is, found out before anything else looks at it.

use std::io::{self, Write};

use serde_json::Value;

use super::place::Place;
use super::{MAX_BYTES, MAX_DEPTH, MAX_EQUATION_BYTES, MAX_IMAGES, MAX_NODES, Problem, ProblemCode};
use crate::markdown;

/// What is wrong with the whole of a JSON. Does not recurse before the depth is known.
pub(crate) fn check(value: &Value) -> Option<Problem> {
    let problem = |path, message| Problem {
        path,
        code: ProblemCode::Limit,
        message,
    };
    if let Some(path) = too_deep(value) {
        let message = format!("the JSON is nested at most {MAX_DEPTH} deep; below this it goes on");
        return Some(problem(path, message));
    }
    let bytes = bytes(value);
    (bytes > MAX_BYTES).then(|| {
        let message = format!("the JSON has at most {MAX_BYTES} bytes without white space; it has {bytes}");
        problem(Place::ROOT.to_string(), message)
    })
}

/// What is too much in a Markdown text.
pub(crate) fn of_markdown(text: &str) -> Vec<Problem> {
    let weight = markdown::weight(text);
    let images = markdown::images(text).len();
    let mut problems = Vec::new();
    let mut add = |message: String| {
        problems.push(Problem {
            path: "/markdown".to_owned(),
            code: ProblemCode::Limit,
            message,
        });
    };
    if weight.nodes > MAX_NODES {
        add(format!(
            "a text has at most {MAX_NODES} nodes, this one has {}",
            weight.nodes
        ));
    }
    if images > MAX_IMAGES {
        add(format!(
            "a document shows at most {MAX_IMAGES} images, this one shows {images}"
        ));
    }
    if let Some(line) = weight.long_equation {
        add(format!(
            "an equation has at most {MAX_EQUATION_BYTES} bytes; the one in line {line} has more"
        ));
    }
    problems
}

/// The pointer to the first object or array that is nested too deep.
fn too_deep(value: &Value) -> Option<String> {
    let mut open: Vec<Inside<'_>> = Vec::new();
    let mut steps: Vec<Step<'_>> = Vec::new();
    open.push(Box::new(inside(value)));
    while let Some(values) = open.last_mut() {
        let Some((step, value)) = values.next() else {
            open.pop();
            steps.pop();
            continue;
        };
        if !(value.is_object() || value.is_array()) {
            continue;
        }
        steps.push(step);
        // The whole is the first level; each open iterator is the inside of one.
        if open.len() == MAX_DEPTH {
            return Some(pointer(&steps));
        }
        open.push(Box::new(inside(value)));
    }
    None
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

type Inside<'a> = Box<dyn Iterator<Item = (Step<'a>, &'a Value)> + 'a>;

fn inside(value: &Value) -> impl Iterator<Item = (Step<'_>, &Value)> {
    let fields = value.as_object().into_iter().flatten();
    let elements = value.as_array().into_iter().flatten().enumerate();
    fields
        .map(|(key, value)| (Step::Key(key), value))
        .chain(elements.map(|(index, value)| (Step::Index(index), value)))
}

/// A path of at most [`MAX_DEPTH`] steps.
fn pointer(steps: &[Step<'_>]) -> String {
    fn walk(place: &Place<'_>, steps: &[Step<'_>]) -> String {
        match steps {
            [] => place.to_string(),
            [Step::Key(key), rest @ ..] => walk(&place.key(key), rest),
            [Step::Index(index), rest @ ..] => walk(&place.index(*index), rest),
        }
    }
    walk(&Place::ROOT, steps)
}

/// How many bytes a JSON has without white space.
fn bytes(value: &Value) -> usize {
    struct Count(usize);
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        // Neither the writer nor a JSON value can fail; what cannot be measured is not let in.
        Err(_) => usize::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn nested(levels: usize) -> Value {
        (1..levels).fold(json!([]), |inside, _| json!([inside]))
    }

    #[test]
    fn the_last_level_is_the_sixty_fourth() {
        assert_eq!(check(&nested(MAX_DEPTH)), None);
        let problem = check(&nested(MAX_DEPTH + 1)).expect("one more is too deep");
        assert_eq!(problem.code, ProblemCode::Limit);
        assert_eq!(problem.path, "/0".repeat(MAX_DEPTH));
    }

    #[test]
    fn what_is_deep_in_the_middle_is_found() {
        let value = json!({"a": 1, "b": [[], {"c/d": nested(MAX_DEPTH - 2)}], "e": []});
        let problem = check(&value).expect("it is too deep");
        assert!(problem.path.starts_with("/b/1/c~1d/0/0"), "{}", problem.path);
    }

    #[test]
    fn bytes_are_those_of_the_compact_json() {
        let fits = json!({"a": "x".repeat(MAX_BYTES - 8)});
        assert_eq!(bytes(&fits), MAX_BYTES);
        assert_eq!(check(&fits), None);
        let problem = check(&json!({"a": "x".repeat(MAX_BYTES - 7)})).expect("one byte too many");
        assert_eq!((problem.path.as_str(), problem.code), ("", ProblemCode::Limit));
    }
}
