//! Tries an organization's templates before they are used: on empty pages, on full ones, and on hostile names.
//!
//! Escaping makes text of a name wherever a browser reads HTML. It does not where a browser reads something else: within a
//! script, a style, an attribute without quotes or one that is itself a script. So names may not be printed there.

use imprint_domain::dashboard::{Dashboard, Index};

use super::{PageFile, RenderError, TemplateError, Templates, render, render_index};

/// A name that would be a script, were it not escaped.
const HOSTILE: &str = r#"zqx"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&"#;
/// What is left of it after escaping, wherever it was printed.
const MARK: &str = "zqx";
/// And what must not be.
const ALIVE: &str = r#"zqx""#;

/// Tries every page.
///
/// # Errors
/// With the first thing that is wrong.
pub fn check(templates: &Templates) -> Result<(), TemplateError> {
    let texts = [None, Some("Sample"), Some(HOSTILE)];
    for text in texts {
        let product = text.map_or_else(Dashboard::empty_sample, Dashboard::sample);
        let organization = text.map_or_else(Index::empty_sample, Index::sample);
        let pages = render(templates, &product).map_err(|error| wrong(&error))?;
        let own = render_index(templates, &organization).map_err(|error| wrong(&error))?;
        for page in pages.iter().chain(&own) {
            check_page(page)?;
        }
    }
    Ok(())
}

fn wrong(error: &RenderError) -> TemplateError {
    match error {
        RenderError::Template(error) => TemplateError::of("a page", error),
        RenderError::Json(error) => TemplateError::new("a list", None, error.to_string()),
    }
}

fn check_page(page: &PageFile) -> Result<(), TemplateError> {
    if !page.content_type.starts_with("text/html") {
        return Ok(());
    }
    let error = |message: String| TemplateError::new(page.path, None, message);
    if page.body.contains(ALIVE) {
        return Err(error("prints names without escaping them".to_owned()));
    }
    match place_of_a_script(&page.body) {
        None => Ok(()),
        Some(place) => Err(error(format!(
            "prints names {place}, where escaping does not help"
        ))),
    }
}

/// What a browser reads at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Text,
    Tag,
    /// A value without quotes.
    Bare,
    /// A value in this quote.
    Quoted(u8),
    /// Until the end tag of a script or style.
    Raw(&'static str),
    Comment,
}

/// The first place of the mark that is neither text nor a quoted value of a harmless attribute.
fn place_of_a_script(html: &str) -> Option<String> {
    let bytes = html.as_bytes();
    let (mut reads, mut tag, mut attribute, mut at) = (Reads::Text, 0, 0, 0);
    while at < bytes.len() {
        let rest = &html[at..];
        if rest.starts_with(MARK) {
            let attribute = html[attribute..at].trim();
            let name = attribute
                .split('=')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            match reads {
                Reads::Text | Reads::Comment => {}
                Reads::Quoted(_) if !name.starts_with("on") && name != "style" && name != "srcdoc" => {}
                Reads::Quoted(_) => return Some(format!("in the attribute {name}")),
                Reads::Tag if attribute.ends_with('=') => {
                    return Some("in an attribute without quotes".to_owned());
                }
                Reads::Bare => return Some("in an attribute without quotes".to_owned()),
                Reads::Tag => return Some("in a tag".to_owned()),
                Reads::Raw(element) => return Some(format!("in a {element}")),
            }
        }
        let byte = bytes[at];
        let mut step = 1;
        reads = match reads {
            Reads::Text if rest.starts_with("<!--") => Reads::Comment,
            Reads::Text
                if byte == b'<' && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') =>
            {
                (tag, attribute) = (at + 1, at + 1);
                Reads::Tag
            }
            Reads::Comment if rest.starts_with("-->") => Reads::Text,
            Reads::Raw(element) if ends(rest, element) => {
                (tag, attribute) = (at + 1, at + 1);
                Reads::Tag
            }
            Reads::Tag | Reads::Bare if byte == b'>' => after_tag(&html[tag..at]),
            Reads::Tag | Reads::Bare if byte.is_ascii_whitespace() => {
                // Blanks around an equals sign belong to the attribute before it.
                let next = rest.trim_start();
                step = rest.len() - next.len();
                if reads == Reads::Bare || !(next.starts_with('=') || html[..at].ends_with('=')) {
                    attribute = at + step;
                }
                Reads::Tag
            }
            Reads::Tag if byte == b'"' || byte == b'\'' => Reads::Quoted(byte),
            Reads::Tag if html[attribute..at].trim_end().ends_with('=') => Reads::Bare,
            Reads::Quoted(quote) if byte == quote => {
                attribute = at + 1;
                Reads::Tag
            }
            other => other,
        };
        at += step;
        while !html.is_char_boundary(at) {
            at += 1;
        }
    }
    None
}

fn ends(rest: &str, element: &str) -> bool {
    let name = rest.strip_prefix("</").and_then(|rest| rest.get(..element.len()));
    name.is_some_and(|name| name.eq_ignore_ascii_case(element))
}

fn after_tag(tag: &str) -> Reads {
    let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next();
    match name.unwrap_or_default().to_ascii_lowercase().as_str() {
        "script" => Reads::Raw("script"),
        "style" => Reads::Raw("style"),
        _ => Reads::Text,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    /// What templates are made of, and what breaks out of them.
    const PARTS: [&str; 24] = [
        "{% extends \"base.html\" %}",
        "{% block content %}",
        "{% endblock %}",
        "{{ product.title }}",
        "{{ product.title|safe }}",
        "{{ product.title|upper|e }}",
        "{{ product.editions[0].title }}",
        "{% for edition in product.releases %}",
        "{{ edition.title }}",
        "{% endfor %}",
        "{% if product.main %}",
        "{% endif %}",
        "{% set x = product.title ~ \"<b>\" %}{{ x }}",
        "{% macro m(t) %}{{ t }}{% endmacro %}{{ m(product.title) }}",
        "{% include \"parts.html\" %}",
        "{% include \"editions.html\" %}",
        "{% for n in range(9000) %}{{ n }}{% endfor %}",
        "<script>",
        "</script>",
        "<a title=",
        "\"",
        "<!--",
        "{{",
        "%}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// What passes the check prints other hostile names as text, too.
        #[test]
        fn any_template_is_refused_or_harmless(
            parts in prop::collection::vec(prop_oneof![6 => prop::sample::select(&PARTS[..]).prop_map(str::to_owned), 1 => any::<String>()], 0..10),
        ) {
            const OTHER: &str = "qxz\"'><script>alert(2)</script>";
            let files = BTreeMap::from([("editions.html".to_owned(), parts.concat())]);
            let began = Instant::now();
            if let Ok(templates) = Templates::own(&files) && check(&templates).is_ok() {
                for page in render(&templates, &Dashboard::sample(OTHER)).unwrap() {
                    prop_assert!(!page.content_type.starts_with("text/html") || !page.body.contains("qxz\""), "{}", page.body);
                }
            }
            prop_assert!(began.elapsed().as_secs() < 30);
        }
    }

    #[test]
    fn names_are_text_or_quoted_and_nothing_else() {
        for good in [
            "<p>zqx</p>",
            r#"<a title="zqx" href='zqx'>x</a>"#,
            r#"<a title = "a zqx">"#,
            "<script>var a = '<p>';</script>zqx",
            "<!-- <script> --> zqx",
            "<style>p{}</style><p>ü zqx",
            "1 < 2 zqx",
        ] {
            assert_eq!(place_of_a_script(good), None, "{good}");
        }
        for bad in [
            "<script>var a = 'zqx'</script>",
            "<SCRIPT type=x>zqx",
            "<style>.zqx{}</style>",
            "<a title=zqx>",
            "<a title= zqx>",
            "<a title=a/zqx>",
            "<a zqx>",
            r#"<a onclick="x('zqx')">"#,
            r#"<a class="b" ONCLICK = "zqx">"#,
            r#"<p style="zqx">"#,
            r#"<a title="x"zqx>"#,
        ] {
            assert!(place_of_a_script(bad).is_some(), "{bad}");
        }
    }
}
