//! An organization's registry as one page for people: what came out, over time, and where installations stand.
//!
//! What it says is laid out by `imprint_domain::registry::Overview`; how it looks is here. It loads nothing and runs no
//! script. Names, versions and notes are of publishers and of whoever checks in, and always escaped.

mod how;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use sha2::{Digest as _, Sha256};

use imprint_app::registry::{MAX_COMPONENTS, MAX_HISTORIES, MAX_RELEASES, MAX_TRAINS};
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::registry::{IN_USE_FOR, NOT_OF_USERS, Overview};
use imprint_domain::text::grouped;

pub(crate) use how::HowTo;

const STYLE: &str = include_str!("registry_page/style.css");

/// What lets browsers use the page's own style sheet and nothing else.
pub(crate) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_name| AutoEscape::Html);
    environment.add_filter("number", grouped);
    environment.add_filter("percent", percent);
    for (name, source) in [
        ("page.html", include_str!("registry_page/page.html")),
        ("charts.html", include_str!("registry_page/charts.html")),
    ] {
        environment
            .add_template(name, source)
            .expect("a test renders every template");
    }
    environment
});

/// Makes the page.
///
/// # Errors
/// When a template is wrong.
pub(crate) fn render(
    organization: &Organization,
    overview: &Overview,
    how: &HowTo,
) -> Result<String, minijinja::Error> {
    TEMPLATES.get_template("page.html")?.render(context! {
        title => organization.title.as_str(),
        index => layout::index_url(organization),
        overview => Value::from(Serde(overview)),
        how => Value::from(Serde(how)),
        most => context! {
            components => MAX_COMPONENTS,
            trains => MAX_TRAINS,
            histories => MAX_HISTORIES,
            releases => MAX_RELEASES,
        },
        in_use_days => IN_USE_FOR.as_hours() / 24,
        labels => NOT_OF_USERS,
        style => Value::from_safe_string(STYLE.to_owned()),
    })
}

/// A share for people: no more digits than it has meaning, and neither nothing nor all unless it is.
fn percent(share: f64) -> String {
    match share {
        ..=0.0 => "0 %".to_owned(),
        ..0.1 => "< 0.1 %".to_owned(),
        ..9.95 => format!("{share:.1} %"),
        99.5..100.0 => "> 99 %".to_owned(),
        _ => format!("{share:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_no_more_digits_than_it_has_meaning() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.04, "< 0.1 %"),
            (0.1, "0.1 %"),
            (9.9, "9.9 %"),
            (9.96, "10 %"),
            (64.4, "64 %"),
            (99.6, "> 99 %"),
            (100.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }
}
