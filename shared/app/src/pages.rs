//! Pages as objects: HTML, XML and JSON with the names they are written under.
//!
//! Titles, refs and slugs are hostile text (D16): whatever a template is called, what it prints is escaped.

mod check;
mod policy;
mod templates;

use imprint_domain::dashboard::{Dashboard, Index};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

pub use check::check;
pub use templates::{TemplateError, Templates};

/// A page on its way to the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFile {
    /// Its path below the prefix of the product or of the organization.
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

/// Makes all pages of a product.
///
/// # Errors
/// When a template is wrong.
pub fn render(templates: &Templates, dashboard: &Dashboard) -> Result<Vec<PageFile>, RenderError> {
    let product = Value::from(Serde(dashboard));
    let locations = Value::from(Serde(dashboard.locations()));
    let page = |name: &str, root: &str| -> Result<String, RenderError> {
        Ok(templates.render(
            name,
            context! {
                product => product.clone(),
                locations => locations.clone(),
                root,
            },
        )?)
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
    Ok(files.into_iter().map(PageFile::from).collect())
}

/// Makes an organization's own pages.
///
/// # Errors
/// When a template is wrong.
pub fn render_index(templates: &Templates, index: &Index) -> Result<Vec<PageFile>, RenderError> {
    let organization = Value::from(Serde(index));
    let page = |name: &str| -> Result<String, RenderError> {
        Ok(templates.render(
            name,
            context! { organization => organization.clone(), root => &index.url },
        )?)
    };
    let files = [
        ("index.html", HTML, page("index.html")?),
        ("404.html", HTML, page("organization-404.html")?),
    ];
    Ok(files.into_iter().map(PageFile::from).collect())
}

impl From<(&'static str, &'static str, String)> for PageFile {
    fn from((path, content_type, body): (&'static str, &'static str, String)) -> Self {
        Self {
            path,
            content_type,
            body,
        }
    }
}

fn json(list: &impl Serialize) -> Result<String, RenderError> {
    Ok(format!("{}\n", serde_json::to_string_pretty(list)?))
}
