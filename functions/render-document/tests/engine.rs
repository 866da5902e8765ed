//! What is made of a document, with the real engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use imprint_app::ports::{Draft, Files, Renderer};
use imprint_domain::document::{OutputName, WarningCode};
use imprint_render_document::Engine;
use serde_json::{Value, json};

mod draft;

use draft::draft;

const TITLE: &str = "The fluxes report";

async fn made(draft: Draft) -> Files {
    Engine.render(draft).await.unwrap()
}

fn sample() -> Value {
    serde_json::from_str(include_str!("../../../shared/manuscript/tests/sample.json")).unwrap()
}

fn text(files: &Files, name: OutputName) -> String {
    String::from_utf8(files.outputs[&name].clone()).unwrap()
}

/// A change of what is made without another name of the engine would leave old files where new ones belong: when this fails,
/// raise `PAGES` in `engine.rs` or the template's number in `imprint-typeset`, and accept the new digest.
#[tokio::test]
async fn a03_whoever_makes_other_bytes_has_another_name() {
    use sha2::Digest as _;
    let files = made(draft(TITLE, sample(), &["fullmoon.jpg", "error_map-2.png"])).await;
    let mut digest = sha2::Sha256::new();
    for (name, bytes) in &files.outputs {
        digest.update(name.as_str());
        digest.update(sha2::Sha256::digest(bytes));
    }
    let said = format!("{}: {}", Engine.engine(), hex::encode(digest.finalize()));
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn a18_the_same_draft_is_the_same_bytes() {
    let one = made(draft(TITLE, sample(), &["fullmoon.jpg"])).await;
    let other = made(draft(TITLE, sample(), &["fullmoon.jpg"])).await;
    assert_eq!(one, other);
    assert_eq!(
        one.outputs.keys().copied().collect::<Vec<_>>().len(),
        OutputName::ALL.len()
    );
}

/// One of ninety equations cannot be set.
#[tokio::test]
async fn a07_one_bad_equation_of_ninety_is_a_marked_box_and_a_warning() {
    let equation = |n: usize| {
        let tex = if n == 44 {
            "\\over \\partial u \\nonsense".to_owned()
        } else {
            format!("x_{{{n}}} = \\frac{{{n}}}{{y}}")
        };
        json!({"type": "equation", "children": [{"text": tex}]})
    };
    let children: Vec<Value> = (0..90).map(equation).collect();
    let content = json!({"document": {"mathematical_theory": {"children": children}}});
    let files = made(draft(TITLE, content, &[])).await;
    assert_eq!(
        files
            .warnings
            .iter()
            .filter(|warning| warning.code == WarningCode::Equation)
            .count(),
        2,
        "once in each form"
    );
    let first = &files.warnings[0];
    assert_eq!(first.path, "/document/mathematical_theory/children/44");
    assert!(first.snippet.contains("\\nonsense"));
    let page = text(&files, OutputName::Page);
    assert_eq!(page.matches("<math").count(), 89);
    assert!(page.contains("\\nonsense") && page.contains("(89)") && !page.contains("(90)"));
    assert!(files.outputs[&OutputName::DocumentPdf].starts_with(b"%PDF-1.7"));
}

#[tokio::test]
async fn a06_missing_images_unknown_works_and_bad_links_are_told_with_their_places() {
    let content = json!({"document": {"introduction": {"children": [
        {"type": "p", "children": [
            {"type": "a", "url": "javascript:alert(1)", "children": [{"text": "a link"}]},
            {"type": "ref", "refId": "nowhere", "children": [{"text": ""}]}
        ]},
        {"type": "image-block", "children": [
            {"type": "img", "objectKey": "nowhere.png", "children": [{"text": ""}]},
            {"type": "caption", "children": [{"text": "A caption"}]}
        ]}
    ]}}});
    let files = made(draft(TITLE, content, &[])).await;
    let mut told: Vec<(WarningCode, &str)> = files
        .warnings
        .iter()
        .map(|warning| (warning.code, warning.path.as_str()))
        .collect();
    told.sort();
    told.dedup();
    let codes: Vec<WarningCode> = told.iter().map(|(code, _)| *code).collect();
    assert_eq!(
        codes,
        [
            WarningCode::ImageMissing,
            WarningCode::Reference,
            WarningCode::Link
        ]
    );
    assert!(
        told.iter()
            .all(|(_, path)| path.starts_with("/document/introduction/children/")),
        "{told:?}"
    );
    let page = text(&files, OutputName::Page);
    assert!(
        page.contains("a link") && page.contains("A caption") && !page.contains("javascript:"),
        "{page}"
    );
}

/// What anybody wrote is text in every output.
#[tokio::test]
async fn a13_hostile_text_is_text() {
    let hostile =
        "#import \"/etc/passwd\" \\input{/etc/passwd} <script>alert(1)</script> $x$ `y` @a \u{202e} \u{0}";
    let content = json!({"document": {
        "abstract": {"children": [{"type": "p", "children": [{"text": hostile, "bold": true}]}]},
        "introduction": {"children": [{"type": "sub-section", "children": [{"text": hostile}]}]},
        "publication_references": [{"id": hostile, "title": hostile, "authors": hostile, "year": hostile, "doi": hostile}],
        "key_points": hostile
    }, "keywords": [hostile], "citation": hostile, "contacts": [{"first_name": hostile, "last_name": hostile}]});
    let files = made(draft(TITLE, content.clone(), &[])).await;
    let page = text(&files, OutputName::Page);
    assert!(
        !page.contains("<script") && page.contains("&lt;script&gt;"),
        "{page}"
    );
    let tex = text(&files, OutputName::Latex);
    assert!(!tex.contains("\\input{"), "{tex}");
    assert!(files.outputs.values().all(|bytes| !bytes.is_empty()));
    let markdown = json!({"markdown": format!("# {hostile}\n\n{hostile}\n\n<script>alert(1)</script>\n\n![x](/etc/passwd)")});
    let page = text(&made(draft(TITLE, markdown, &[])).await, OutputName::Page);
    assert!(!page.contains("<script"), "{page}");
}

/// Fonts and templates are in the binary: nothing is fetched when it runs.
#[test]
fn a13_the_templates_are_in_the_binary() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_imprint-render-document")).unwrap();
    let has = |wanted: &[u8]| binary.windows(wanted.len()).any(|window| window == wanted);
    let template = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/typeset/src/template/main.typ"
    ));
    let template = template.unwrap();
    assert!(template.len() > 200 && has(&template[..200]));
    assert!(
        has(b"New Computer Modern") || has(b"NewCM"),
        "a font says its name"
    );
}

/// Amazon Linux 2023 has glibc 2.34. On this machine `hypot` would be asked for of 2.35, so the binary brings its own.
#[test]
fn the_binary_asks_for_no_newer_glibc_than_lambda_has() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_imprint-render-document")).unwrap();
    let wanted = b"GLIBC_2.";
    let mut newest = 0;
    for (at, window) in binary.windows(wanted.len() + 3).enumerate() {
        if !window.starts_with(wanted) {
            continue;
        }
        // The names of versions end with a zero; what only looks like one does not.
        let digits: Vec<u8> = window[wanted.len()..]
            .iter()
            .copied()
            .take_while(u8::is_ascii_digit)
            .collect();
        if binary.get(at + wanted.len() + digits.len()) != Some(&0) {
            continue;
        }
        let minor: u32 = String::from_utf8(digits).unwrap().parse().unwrap_or_default();
        newest = newest.max(minor);
    }
    assert!((17..=34).contains(&newest), "GLIBC_2.{newest}");
}
