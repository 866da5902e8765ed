//! Real files of real-looking documents, for eyes and validators: `cargo test -p imprint-render-document --test look -- --ignored`
//! writes a folder for each below `target/look/`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use imprint_app::ports::{Draft, Renderer as _};
use imprint_manuscript::manuscript::Variant;
use imprint_render_document::Engine;
use serde_json::{Value, json};

mod draft;
#[path = "../../../shared/typeset/benches/typeset/sample.rs"]
mod long;

use draft::draft;

const EQUATIONS: &str = include_str!("../../../shared/manuscript/tests/equations.txt");

/// The documents, by the name of their folder.
fn documents() -> Vec<(&'static str, Draft)> {
    let tree = serde_json::from_str(include_str!("../../../shared/manuscript/tests/sample.json")).unwrap();
    let mut tide: Value =
        serde_json::from_str(include_str!("../../../local/demo-site/document/document.json")).unwrap();
    tide["markdown"] = include_str!("../../../local/demo-site/document/document.md").into();
    let everything = json!({"markdown": include_str!("../../../shared/manuscript/src/markdown/everything.md"),
        "contacts": [{"first_name": "Ada", "last_name": "Strand"}],
        "publication_references": [
            {"id": "doe2020", "authors": "Doe, J.", "year": "2020", "title": "A title", "series": "A journal"},
            {"id": "roe:21", "authors": "Roe, R.", "year": "2021", "title": "Another", "publisher": "A press"}]});
    let long_title = "A Very Long Title of an Algorithm Theoretical Basis Document ".repeat(3);
    vec![
        (
            "tree",
            draft(
                "Snow Depth from Passive Microwaves",
                tree,
                &["fullmoon.jpg", "error_map-2.png"],
            ),
        ),
        ("tide", draft("The Tide at the Pools", tide, &["tide.png"])),
        (
            "everything",
            draft("Everything in Markdown", everything, &["map.png"]),
        ),
        ("wide", draft(long_title.trim(), wide(), &["tide.png"])),
        ("equations", draft("Equations", equations(), &[])),
        (
            "hostile",
            draft(
                "#1 $x_y$ \\cmd{a} ~^& % \"q\" <b> 雪 'x' `y` @a",
                hostile(),
                &["tide.png"],
            ),
        ),
        ("empty", draft("Nothing Yet", json!({"document": {}}), &[])),
        ("empty-markdown", draft("Nothing", json!({"markdown": ""}), &[])),
    ]
}

/// Everything that is too wide, too long or too much.
fn wide() -> Value {
    let url = format!(
        "https://example.org/{}",
        "a-very-long-path/with_underscores/".repeat(8)
    );
    let columns = |cell: &str| format!("|{}\n", format!(" {cell} |").repeat(12));
    let rows: String = (0..60).map(|row| columns(&format!("value_{row}"))).collect();
    let sum: Vec<String> = (1..30)
        .map(|n| format!("\\frac{{x_{{{n}}}^2}}{{{n}!}}"))
        .collect();
    let markdown = format!(
        "# Wide things\n\nA long address is <{url}> and a word is {}.\n\nInline $ {} $ goes on.\n\n$$\nf(x) = {}\n$$\n\n\
         $$\n\\undefined{{{}}} % a comment\n\\next\n$$\n\nAn unset one in the line, $\\undefined x$, and `{}` as code.\n\n{}|{}\n{rows}\nTable: Wide and long.\n\n\
         ```python\n{} = 1\n\n    indented\n```\n\n![{}](tide.png)\n\n{}",
        "Donaudampfschifffahrtsgesellschaft".repeat(6),
        sum[..12].join("+"),
        sum.join(" + "),
        "x".repeat(200),
        "code_".repeat(40),
        columns("A heading"),
        "---|".repeat(12),
        "long_name_".repeat(30),
        "A caption that is rather long. ".repeat(8),
        (1..=6).map(|level| format!("{} Level {level} with a rather long heading that goes over more than one line of the page\n\nText[^{level}].\n\n", "#".repeat(level))).collect::<String>()
    ) + &(1..=6).map(|n| format!("[^{n}]: A note with {url} in it.\n\n    - and a list\n\n    $$x^{n}$$\n")).collect::<String>();
    let contact = |n: usize| {
        json!({"first_name": "Author", "middle_name": "M.", "last_name": format!("Number-{n:02}"),
            "roles": if n == 3 { json!(["Corresponding Author"]) } else { json!([]) },
            "mechanisms": [{"mechanism_type": "Email", "mechanism_value": format!("a{n}@example.org")}],
            "affiliations": [format!("Institute of Things {}, University of Somewhere, Some Town, A Country", n % 7)]})
    };
    let references: Vec<Value> = (0..12)
        .map(|n| json!({"id": format!("r{n}"), "title": format!("Title {n}"), "online_resource": url, "authors": "A, B.; C, D."}))
        .collect();
    json!({"markdown": markdown, "contacts": (0..40).map(contact).collect::<Vec<_>>(), "publication_references": references,
        "keywords": (0..20).map(|n| format!("Keyword {n}")).collect::<Vec<_>>(), "key_points": "One\nTwo\nThree",
        "citation": "Somebody (2026). ".repeat(6), "doi": "10.5555/wide"})
}

fn equations() -> Value {
    let block = |tex: &str| json!({"type": "equation", "children": [{"text": tex.replace("⏎", "\n")}]});
    let inline = |tex: &str| json!({"type": "p", "children": [{"text": "In a line: "}, {"type": "equation-inline", "children": [{"text": tex.replace("⏎", "\n")}]}]});
    let lines = || EQUATIONS.lines().filter(|line| !line.is_empty());
    let children: Vec<Value> = lines().map(block).chain(lines().map(inline)).collect();
    json!({"document": {"mathematical_theory": {"children": children}}})
}

/// Signs that mean something somewhere, in every field.
fn hostile() -> Value {
    let ascii: String = (1..128_u8).map(char::from).collect();
    let hostile = format!(
        "{ascii} \\input{{/etc/passwd}} \\end{{document}} ^^41 -- ``'' ?` !` ---, <script> 雪 χιόνι שלום 😀 é e\u{301} ﬁ \u{202e} \u{ad} ∑ ² ½ € № ℃ ∞ ≤ Å"
    );
    let inline = json!([{"text": hostile, "bold": true}, {"text": hostile, "subscript": true}, {"text": hostile, "underline": true},
        {"type": "a", "url": "https://example.org/a%b#c_d?e=f&g={h}\\i^~$", "children": [{"text": hostile}]},
        {"type": "ref", "refId": hostile}, {"type": "equation-inline", "children": [{"text": "雪 \\input{/etc/passwd}"}]},
        {"type": "equation-inline", "children": [{"text": "\\text{雪 % # _ & \\$ é} + ∑ λ"}]}]);
    let p = json!({"type": "p", "children": inline});
    let cell = json!({"type": "td", "children": [p]});
    let children = json!([p, {"type": "sub-section", "id": hostile, "children": [{"text": hostile}]},
        {"type": "ul", "children": [{"type": "li", "children": [p, {"type": "ol", "children": [{"type": "li", "children": [p]}]}]}]},
        {"type": "li", "children": [{"type": "p", "children": [{"text": "[bracket] at the beginning"}]}]},
        {"type": "p", "children": [{"text": "[bracket] at the beginning"}]}, {"type": "p", "children": [{"text": "* star"}]},
        {"type": "equation", "children": [{"text": hostile}]}, {"type": "equation", "children": [{"text": "x = \\text{雪}"}]},
        {"type": "table-block", "children": [{"type": "table", "children": [{"type": "tr", "children": [cell, cell]},
            {"type": "tr", "children": [{"type": "td", "children": [{"type": "p", "children": [{"text": "[x] & *"}]}]}]}]},
            {"type": "caption", "children": inline}]},
        {"type": "image-block", "children": [{"type": "img", "objectKey": "tide.png"}, {"type": "caption", "children": inline}]},
        {"type": "image-block", "children": [{"type": "img", "objectKey": "not_there{%}.png"}, {"type": "caption", "children": [{"text": hostile}]}]}]);
    let fields = [
        "authors",
        "title",
        "series",
        "edition",
        "volume",
        "issue",
        "publication_place",
        "publisher",
        "pages",
        "isbn",
        "year",
        "report_number",
        "doi",
        "online_resource",
        "other_reference_details",
    ];
    let all: BTreeMap<&str, &str> = fields
        .iter()
        .map(|field| (*field, hostile.as_str()))
        .chain([("id", hostile.as_str())])
        .collect();
    let mut works = vec![json!(all)];
    works.extend(fields.iter().map(|field| json!({"id": field, *field: hostile})));
    works.push(json!({"id": "unbalanced", "title": "a { b", "authors": "} and {", "year": "20{20", "series": "and and and, ,,", "doi": "10.1/a_b%c#d{e}"}));
    let variable =
        json!([{"name": {"children": [p]}, "long_name": {"children": [p]}, "unit": {"children": [p]}}]);
    let entry = json!([{"url": hostile, "description": hostile}, {"url": "https://example.org/%_#&{}~", "description": "x"}]);
    json!({"document": {"abstract": {"children": [p]}, "introduction": {"children": children},
        "algorithm_input_variables": variable, "data_access_input_data": entry, "algorithm_implementations": entry,
        "publication_references": works, "key_points": hostile}, "keywords": [hostile], "citation": hostile, "doi": "10.1/a_b%c#d{e}\\f",
        "contacts": [{"first_name": hostile, "last_name": hostile, "affiliations": [hostile],
            "roles": ["Corresponding Author"], "mechanisms": [{"mechanism_type": "Email", "mechanism_value": "a_b%c#d@example.org"}]}]})
}

#[tokio::test]
#[ignore = "writes files to look at"]
async fn files_to_look_at() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/look");
    for (name, draft) in documents() {
        let images = draft.images.clone();
        let files = Engine.render(draft).await.unwrap();
        let outputs = files
            .outputs
            .iter()
            .map(|(output, bytes)| (output.as_str().to_owned(), bytes.as_slice()));
        let images = images
            .iter()
            .map(|(image, (_, bytes))| (format!("images/{image}"), &bytes[..]));
        let warnings = format!("{:#?}", files.warnings);
        write(
            &root.join(name),
            outputs
                .chain(images)
                .chain([("warnings.txt".to_owned(), warnings.as_bytes())]),
        );
    }
    for (variant, name) in [
        (Variant::Document, "document.pdf"),
        (Variant::Journal, "journal.pdf"),
    ] {
        let (manuscript, images) = long::sample(20, variant);
        let pdf = imprint_typeset::pdf(&manuscript, &images).unwrap().bytes;
        let mut files = vec![(name.to_owned(), pdf)];
        if variant == Variant::Document {
            let (tex, bib) = imprint_rendering::latex(&manuscript);
            files.push((
                "index.html".to_owned(),
                imprint_rendering::html(&manuscript).into_bytes(),
            ));
            files.push((
                "document.epub".to_owned(),
                imprint_rendering::epub(&manuscript, &images),
            ));
            files.push(("document.tex".to_owned(), tex.into_bytes()));
            files.push(("references.bib".to_owned(), bib.into_bytes()));
        }
        files.extend(
            images
                .iter()
                .map(|(image, file)| (format!("images/{image}"), file.bytes.to_vec())),
        );
        write(
            &root.join("long"),
            files.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice())),
        );
    }
}

fn write<'a>(folder: &Path, files: impl Iterator<Item = (String, &'a [u8])>) {
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
