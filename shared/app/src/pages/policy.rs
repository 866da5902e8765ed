//! What browsers may do with pages of ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::context;
use minijinja::value::Value;
use sha2::{Digest as _, Sha256};

/// What browsers may do with our own pages, in case a name ever got through the escaping: use the one style sheet and run the
/// one script that are ours. The box that searches a site brings scripts of the same host, and compiled ones.
///
/// An organization's own templates have styles and scripts of their own, so they have no policy but that which they say.
pub(super) fn policies(shell: &str) -> Value {
    let hash = |tag: &str| {
        let content = shell.split_once(&format!("<{tag}>")).map_or("", |(_, rest)| rest);
        let content = content
            .split_once(&format!("</{tag}>"))
            .map_or("", |(content, _)| content);
        STANDARD.encode(Sha256::digest(content))
    };
    let (style, script) = (hash("style"), hash("script"));
    let policy = |scripts: &str| {
        Value::from_safe_string(format!(
            "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'{scripts}; base-uri 'none'; \
             form-action 'self'"
        ))
    };
    context! {
        pages => policy(""),
        search => policy(" 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'"),
    }
}

#[cfg(test)]
mod tests {
    use imprint_domain::dashboard::{Dashboard, Index};

    use super::*;
    use crate::pages::{PageFile, Templates, render, render_index};

    const HOSTILE: &str = r#""'><script>alert(1)</script><style>*{}</style><img src=x onerror=alert(1)>"#;

    fn pages() -> Vec<PageFile> {
        let templates = Templates::built_in();
        let of_product = [Dashboard::sample(HOSTILE), Dashboard::empty_sample()];
        let of_product = of_product.iter().flat_map(|one| render(templates, one).unwrap());
        let index = render_index(templates, &Index::sample(HOSTILE)).unwrap();
        let pages = of_product.chain(index);
        pages
            .filter(|page| page.content_type.starts_with("text/html"))
            .collect()
    }

    /// What stands in elements of a name that bring it themselves.
    fn inline<'a>(page: &'a str, tag: &str) -> Vec<&'a str> {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let parts = page.split(&open).skip(1);
        parts.map(|part| part.split_once(&close).unwrap().0).collect()
    }

    #[test]
    fn every_page_of_ours_allows_its_own_style_and_script_and_nothing_else() {
        let pages = pages();
        assert_eq!(pages.len(), 8);
        for page in &pages {
            let text = &page.body;
            let (_, policy) = text
                .split_once("http-equiv=\"Content-Security-Policy\" content=\"")
                .unwrap();
            let (policy, _) = policy.split_once('"').unwrap();
            assert!(policy.starts_with("default-src 'none';"), "{policy}");
            assert!(
                !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
                "{policy}"
            );
            for tag in ["style", "script"] {
                for content in inline(text, tag) {
                    let hash = STANDARD.encode(Sha256::digest(content));
                    assert!(
                        policy.contains(&format!("{tag}-src 'sha256-{hash}'")),
                        "{}: {policy}",
                        page.path
                    );
                }
            }
            assert_eq!(inline(text, "style").len(), 1, "{}", page.path);
            for attribute in [" style=", " onclick=", " onload=", "javascript:"] {
                assert!(!text.contains(attribute), "{}: {attribute}", page.path);
            }
        }
    }
}
