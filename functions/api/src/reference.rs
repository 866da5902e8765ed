//! The reference: the description of the API as one page for people, without anything from elsewhere.
//!
//! What it shows is taken out of the OpenAPI document (`view`), how it looks is `page.html`. Texts of the description are
//! ours, and escaped all the same.

mod curl;
mod view;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use sha2::{Digest as _, Sha256};

use self::view::Reference;

const SCRIPT: &str = include_str!("reference/script.js");

/// The page and the policy that lets browsers run its one script, use its one style sheet and nothing else.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) policy: String,
}

/// The page, made once.
pub(crate) static PAGE: LazyLock<Page> = LazyLock::new(|| render(&Reference::of(&crate::openapi())));

fn render(reference: &Reference) -> Page {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_name| AutoEscape::Html);
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    let page = environment
        .render_named_str(
            "page.html",
            include_str!("reference/page.html"),
            context! {
                reference => Value::from(Serde(reference)),
                script => Value::from_safe_string(SCRIPT.to_owned()),
            },
        )
        .expect("a test renders the page");
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    let style = page
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"));
    let style = STANDARD.encode(Sha256::digest(style.map_or("", |(style, _)| style)));
    Page {
        html: page,
        policy: format!(
            "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    }
}

/// A text of the description as HTML: what stands between backticks is code.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (n, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if n % 2 == 1 {
            html.push_str(&format!("<code>{part}</code>"));
        } else {
            html.push_str(&part);
        }
    }
    html
}

fn escaped(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_of_the_description_stay_text() {
        let hostile = "</script><img src=x onerror=alert(1)> `<b>` & \"'";
        let document = json!({
            "info": {"title": hostile, "version": hostile, "description": hostile},
            "tags": [{"name": hostile, "description": hostile}],
            "components": {
                "schemas": {"A": {"type": "object", "description": hostile, "properties": {"p": {"type": "string", "description": hostile}}}},
                "securitySchemes": {"token": {"type": "http", "scheme": "basic", "description": hostile}},
            },
            "paths": {"/x/{p}": {"post": {
                "tags": [hostile], "operationId": "x", "summary": hostile, "description": hostile,
                "parameters": [{"name": "p", "in": "path", "required": true, "description": hostile, "example": hostile, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}, "example": {"p": hostile}}}},
                "responses": {
                    "200": {"description": hostile, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}, "example": hostile}}},
                    "400": {"description": hostile, "content": {"application/json": {"example": {"message": hostile}}}},
                },
            }}},
        });
        let page = render(&Reference::of(&document)).html;
        assert!(!page.contains("<img"), "{page}");
        assert!(!page.contains("<b>"), "{page}");
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(page.contains("<code>&lt;b&gt;</code>"));
    }
}
