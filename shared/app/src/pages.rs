//! A product's own pages as objects: HTML, XML and JSON with the names they are written under.
//!
//! Titles, refs and slugs are hostile text (D16). Every template's name ends in `.html` or `.xml`, which is what switches
//! minijinja's escaping on, and every attribute is quoted.

use std::sync::LazyLock;

use imprint_domain::dashboard::Dashboard;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

/// A page on its way to the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFile {
    /// Its path below the product's prefix.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its text.
    pub body: String,
}

/// A page could not be made, which only a template that is wrong can cause.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template.
    #[error("a page's template is wrong")]
    Template(#[from] minijinja::Error),
    /// A JSON file.
    #[error("a list cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// Every template by its name; the ending decides how it escapes.
const TEMPLATES: [(&str, &str); 6] = [
    ("base.html", include_str!("pages/base.html")),
    ("parts.html", include_str!("pages/parts.html")),
    ("editions.html", include_str!("pages/editions.html")),
    ("builds.html", include_str!("pages/builds.html")),
    ("404.html", include_str!("pages/404.html")),
    ("sitemap.xml", include_str!("pages/sitemap.xml")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Said once more, so that no name that is chosen carelessly can switch it off.
    environment.set_auto_escape_callback(|_name| AutoEscape::Html);
    for (name, source) in TEMPLATES {
        environment
            .add_template(name, source)
            .expect("a test renders every template");
    }
    environment
});

/// Makes all pages of a product.
///
/// # Errors
/// When a template is wrong.
pub fn render(dashboard: &Dashboard) -> Result<Vec<PageFile>, RenderError> {
    let product = Value::from(Serde(dashboard));
    let locations = Value::from(Serde(dashboard.locations()));
    let page = |name: &str, root: &str| -> Result<String, RenderError> {
        let page = ENVIRONMENT.get_template(name)?;
        Ok(page.render(context! {
            product => product.clone(),
            locations => locations.clone(),
            root,
        })?)
    };
    // Links of the dashboards are relative, so that they also work under another host. The page for what is missing
    // appears at any depth, so its links are absolute.
    let files = [
        ("v/index.html", HTML, page("editions.html", "../")?),
        ("builds/index.html", HTML, page("builds.html", "../")?),
        ("v/404.html", HTML, page("404.html", &dashboard.url)?),
        ("v/switcher.json", JSON, json(&dashboard.switcher())?),
        ("v/versions.json", JSON, json(&dashboard.versions())?),
        ("v/sitemap.xml", "application/xml", page("sitemap.xml", "")?),
        ("v/robots.txt", "text/plain; charset=utf-8", dashboard.robots()),
    ];
    let files = files.into_iter().map(|(path, content_type, body)| PageFile {
        path,
        content_type,
        body,
    });
    Ok(files.collect())
}

fn json(list: &impl Serialize) -> Result<String, RenderError> {
    Ok(format!("{}\n", serde_json::to_string_pretty(list)?))
}
