//! The templates that pages are made of: those of the program, and an organization's own above them.

use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, Output, State, UndefinedBehavior};

use super::policy::policies;

/// Every template of the program by its name.
const BUILT_IN: [(&str, &str); 9] = [
    ("shell.html", include_str!("shell.html")),
    ("base.html", include_str!("base.html")),
    ("parts.html", include_str!("parts.html")),
    ("editions.html", include_str!("editions.html")),
    ("builds.html", include_str!("builds.html")),
    ("404.html", include_str!("404.html")),
    ("index.html", include_str!("index.html")),
    ("organization-404.html", include_str!("organization-404.html")),
    ("sitemap.xml", include_str!("sitemap.xml")),
];

/// Steps that one page of an organization's own templates may take. The built-in page of 500 editions takes about 50,000.
const FUEL: u64 = 2_000_000;
/// How deep own templates may call, include and nest.
const DEPTH: usize = 100;
/// What a page made of own templates may weigh, in bytes. The built-in page of 500 editions weighs 250 kB.
const MAX_PAGE: usize = 4 * 1024 * 1024;

static BUILT_IN_SET: LazyLock<Templates> = LazyLock::new(|| {
    let mut environment = environment();
    for (name, source) in BUILT_IN {
        environment
            .add_template(name, source)
            .expect("a test renders every template");
    }
    environment.add_global("policy", policies(BUILT_IN[0].1));
    Templates { environment }
});

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{template}{}: {message}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct TemplateError {
    /// Its name.
    pub template: String,
    /// The line, counted from one, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl TemplateError {
    pub(super) fn new(template: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        Self {
            template: template.to_owned(),
            line,
            message: message.into(),
        }
    }

    /// The innermost cause that names a place: where an included template is wrong, that one and not the one around it.
    pub(super) fn of(page: &str, error: &Error) -> Self {
        let mut found = Self::new(
            error.name().unwrap_or(page),
            error.line(),
            error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned),
        );
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause.and_then(|cause| cause.downcast_ref::<Error>()) {
            if let Some(name) = inner.name() {
                let message = inner
                    .detail()
                    .map_or_else(|| inner.kind().to_string(), str::to_owned);
                found = Self::new(name, inner.line(), message);
            }
            cause = std::error::Error::source(inner);
        }
        found
    }
}

/// A set of templates. Whatever they are called and whatever they say, what they print of names and titles is escaped.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Those that are part of the program.
    pub fn built_in() -> &'static Self {
        &BUILT_IN_SET
    }

    /// An organization's own templates, by name. What they do not bring is the program's; nothing else can be included.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn own(files: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let mut environment = environment();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(DEPTH);
        environment.set_formatter(escaped);
        environment.remove_filter("safe");
        environment.add_global("policy", ());
        for (name, source) in BUILT_IN.iter().filter(|(name, _)| !files.contains_key(*name)) {
            environment
                .add_template(name, source)
                .map_err(|error| TemplateError::of(name, &error))?;
        }
        for (name, source) in files {
            if let Some(line) = line_of_autoescape(source) {
                let message = "autoescape cannot be changed: everything is escaped";
                return Err(TemplateError::new(name, Some(line), message));
            }
            environment
                .add_template_owned(name.clone(), source.clone())
                .map_err(|error| TemplateError::of(name, &error))?;
        }
        Ok(Self { environment })
    }

    /// Renders a template by its name.
    ///
    /// # Errors
    /// When there is none, or when it is wrong.
    pub fn render(&self, name: &str, context: Value) -> Result<String, Error> {
        let mut page = Bounded(Vec::new());
        self.environment
            .get_template(name)?
            .render_captured_to(context, &mut page)?;
        String::from_utf8(page.0)
            .map_err(|error| Error::new(ErrorKind::WriteFailure, "a page is no text").with_source(error))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A name that is chosen carelessly must not switch it off.
    environment.set_auto_escape_callback(|_name| AutoEscape::Html);
    environment
}

/// Escapes without asking whether escaping is on.
fn escaped(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_safe() {
        write!(out, "{value}").map_err(Error::from)
    } else {
        write!(out, "{}", HtmlEscape(&value.to_string())).map_err(Error::from)
    }
}

/// The line of the first tag that would change escaping.
fn line_of_autoescape(source: &str) -> Option<usize> {
    let tags = source.match_indices("{%");
    let mut found = tags.filter(|(at, _)| {
        let tag = source[at + 2..].trim_start_matches(['-', '+']).trim_start();
        tag.starts_with("autoescape")
    });
    found.next().map(|(at, _)| 1 + source[..at].matches('\n').count())
}

/// A page that does not grow without end.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len() + part.len() > MAX_PAGE {
            return Err(io::Error::other(format!(
                "the page has more than {MAX_PAGE} bytes"
            )));
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
