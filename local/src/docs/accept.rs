//! Whether a reader would rather have a page as Markdown.

use http::{HeaderMap, header};

/// Weights are written with three digits at most (RFC 9110, 12.4.2): in thousandths they compare exactly.
type Weight = u32;
const FULL: Weight = 1000;

/// Whether these headers ask for Markdown: by its name, and not less than for HTML. Browsers never name it, and `*/*` takes
/// the page as it is.
pub(super) fn prefers_markdown(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    let ranges: Vec<(String, Weight)> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(range)
        .collect();
    let of = |name: &str| {
        ranges
            .iter()
            .filter(|(range, _)| range == name)
            .map(|(_, weight)| *weight)
            .max()
    };
    match of("text/markdown") {
        None | Some(0) => false,
        Some(markdown) => {
            let html = ["text/html", "text/*", "*/*"].into_iter().find_map(of);
            markdown >= html.unwrap_or_default()
        }
    }
}

/// A media range in lower case with its weight. What is no weight is none.
fn range(raw: &str) -> Option<(String, Weight)> {
    let mut parts = raw.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
    let weight = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))
    });
    Some((name, weight.unwrap_or(FULL)))
}

fn weight(raw: &str) -> Weight {
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if is_number => FULL,
        "0" if is_number => format!("{fraction:0<3}").parse().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_header_has_an_answer_and_none_without_markdown_has_that(value in "[ -~]{0,120}") {
            let asks = prefers(&[&value]);
            prop_assert!(!asks || value.to_ascii_lowercase().contains("text/markdown"));
        }
    }

    fn prefers(lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT, line.parse().unwrap());
        }
        prefers_markdown(&headers)
    }

    #[test]
    fn who_names_markdown_and_likes_it_no_less_than_html_gets_it() {
        for lines in [
            &["text/markdown"][..],
            &["Text/Markdown;q=0.1"],
            &["text/markdown, text/html, */*"],
            &["text/html;q=0.8, text/markdown; variant=GFM; q=0.9"],
            &["text/plain;q=0.5", "text/markdown"],
            &["*/*;q=0.3, text/markdown;q=0.301"],
            &["text/markdown;q=0.5, text/html;q=0.4, */*"],
        ] {
            assert!(prefers(lines), "{lines:?}");
        }
    }

    #[test]
    fn browsers_and_everybody_else_get_the_page() {
        for lines in [
            &[][..],
            &[""],
            &["*/*"],
            &["text/*"],
            &["text/html"],
            &["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
            &["text/markdown;q=0"],
            &["text/markdown;q=0.000, */*;q=0"],
            &["text/markdown;q=0.9, text/html"],
            &["text/markdown;q=0.9, text/*"],
            &["text/markdown;q=0.9", "*/*"],
            &["text/markdown;q=2"],
            &["text/markdown;q=0.1234"],
            &["text/markdown;q=ü"],
            &["text/markdownish"],
        ] {
            assert!(!prefers(lines), "{lines:?}");
        }
    }
}
