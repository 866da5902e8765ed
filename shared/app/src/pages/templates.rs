//! The templates that pages are made of.

use std::sync::LazyLock;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Every template by its name.
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

static BUILT_IN_SET: LazyLock<Templates> = LazyLock::new(Templates::from_source);

/// A set of templates, each escaped whatever its name.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Those that are part of the program.
    pub fn built_in() -> &'static Self {
        &BUILT_IN_SET
    }

    fn from_source() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // A name that is chosen carelessly must not switch it off.
        environment.set_auto_escape_callback(|_name| AutoEscape::Html);
        for (name, source) in BUILT_IN {
            environment
                .add_template(name, source)
                .expect("a test renders every template");
        }
        Self { environment }
    }

    /// Renders a template by its name.
    ///
    /// # Errors
    /// When there is none, or when it is wrong.
    pub fn render(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(name)?.render(context)
    }
}
