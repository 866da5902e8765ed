//! Text is never markup, in any field.

use std::collections::BTreeMap;

use imprint_manuscript::manuscript::{
    Align, Author, Block, Corresponding, Front, Inline, Manuscript, Math, Reference, Variant,
};
use imprint_rendering::{Images, epub, html, latex, search};
use proptest::prelude::*;

use crate::sample::{manuscript, section};
use crate::xml::{read, values};

const FIELDS: [&str; 15] = [
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

/// A manuscript that says the same everywhere.
fn everywhere(t: &str) -> Manuscript {
    let inline = || {
        vec![
            crate::sample::text(t),
            Inline::Code { text: t.to_owned() },
            crate::sample::link(t, t),
            crate::sample::link(&format!("https://{t}"), t),
            Inline::Math {
                math: Math::Source { source: t.to_owned() },
            },
            Inline::Cite {
                references: vec![0, 1],
            },
            Inline::Footnote { note: 0 },
        ]
    };
    let blocks = || vec![Block::Paragraph { content: inline() }];
    let all = vec![
        Block::Paragraph { content: inline() },
        Block::List {
            start: Some(1),
            items: vec![blocks()],
        },
        Block::Equation {
            id: "e".into(),
            number: None,
            math: Math::Source { source: t.to_owned() },
        },
        Block::Figure {
            id: "f".into(),
            number: 1,
            image: t.to_owned(),
            alt: t.to_owned(),
            caption: inline(),
            path: t.to_owned(),
        },
        Block::Table {
            id: "t".into(),
            number: Some(1),
            caption: inline(),
            widths: None,
            align: vec![Align::Start],
            header: vec![blocks()],
            rows: vec![vec![blocks()]],
        },
        Block::Code {
            language: Some(t.to_owned()),
            text: t.to_owned(),
        },
        Block::Quote { blocks: blocks() },
    ];
    let mut section = section(1, "a", Some(t), t, all);
    section.heading = inline();
    let fields: BTreeMap<String, String> = FIELDS
        .iter()
        .map(|name| ((*name).to_owned(), t.to_owned()))
        .collect();
    let author = Author {
        name: t.to_owned(),
        initials: t.to_owned(),
        family: t.to_owned(),
        affiliations: vec![0, 9],
    };
    Manuscript {
        variant: Variant::Journal,
        front: Front {
            title: t.to_owned(),
            version: t.to_owned(),
            published: Some(t.to_owned()),
            language: t.to_owned(),
            authors: vec![author],
            affiliations: vec![t.to_owned()],
            corresponding: Some(Corresponding {
                name: t.to_owned(),
                email: Some(format!("a@{t}")),
            }),
            keywords: vec![t.to_owned()],
            key_points: vec![t.to_owned()],
            doi: Some(t.to_owned()),
            citation: Some(t.to_owned()),
        },
        footnotes: vec![blocks()],
        references: vec![
            Reference {
                id: t.to_owned(),
                fields,
            },
            Reference {
                id: t.to_owned(),
                fields: BTreeMap::new(),
            },
        ],
        ..manuscript(vec![section])
    }
}

/// The attributes that a page has. Another one came out of somebody's text.
const ATTRIBUTES: [&str; 29] = [
    "alt",
    "aria-label",
    "aria-level",
    "charset",
    "class",
    "content",
    "datetime",
    "download",
    "href",
    "http-equiv",
    "id",
    "lang",
    "loading",
    "name",
    "open",
    "rel",
    "role",
    "scope",
    "src",
    "start",
    "style",
    "tabindex",
    "title",
    "type",
    "xmlns",
    "xmlns:epub",
    "xml:lang",
    "epub:type",
    "version",
];

/// Which elements and attributes there are and how often, whatever is said in them.
fn shape(document: &str) -> Result<BTreeMap<String, usize>, String> {
    let mut shape = BTreeMap::new();
    for piece in read(document)? {
        if let crate::xml::Piece::Open(name, attributes) = piece {
            *shape.entry(name).or_insert(0) += 1;
            if let Some(foreign) = attributes
                .keys()
                .find(|name| !ATTRIBUTES.contains(&name.as_str()))
            {
                return Err(format!("a foreign attribute {foreign}"));
            }
        }
    }
    Ok(shape)
}

/// Braces and environments of a TeX source, seen as TeX sees them.
fn tex_fault(tex: &str) -> Option<String> {
    // What stands for a sign is ours, and may be an exponent.
    let ours = |line: &&str| !line.starts_with("  \\DeclareUnicodeCharacter{");
    let tex: String = tex.lines().filter(ours).flat_map(|line| [line, "\n"]).collect();
    let tex = tex.as_str();
    let mut depth = 0_i32;
    let mut environments: Vec<&str> = Vec::new();
    let mut rest = tex;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                for (word, opens) in [("begin{", true), ("end{", false)] {
                    let Some((name, _)) = rest.strip_prefix(word).and_then(|after| after.split_once('}'))
                    else {
                        continue;
                    };
                    if opens {
                        environments.push(name);
                    } else if environments.pop() != Some(name) {
                        return Some(format!("{name} ends"));
                    }
                }
                let skip = rest
                    .chars()
                    .next()
                    .filter(|c| !c.is_ascii_alphabetic())
                    .map_or(0, char::len_utf8);
                rest = &rest[skip..];
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            '$' | '%' | '~' | '^' => {
                return Some(format!(
                    "a bare {c}: {}",
                    rest.chars().take(20).collect::<String>()
                ));
            }
            _ => {}
        }
        if depth < 0 {
            return Some("a brace too many".to_owned());
        }
    }
    (depth != 0 || !environments.is_empty()).then(|| format!("open: {depth} {environments:?}"))
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let sample = everywhere(text);
    let page = html(&sample);
    let shape = shape(&page);
    prop_assert!(shape.is_ok(), "{shape:?} {text:?}");
    let shape = shape.unwrap_or_default();
    for (element, most) in [
        ("script", 0),
        ("iframe", 0),
        ("object", 0),
        ("style", 1),
        ("h1", 1),
        ("img", 1),
        ("form", 0),
        ("b", 0),
    ] {
        prop_assert!(
            shape.get(element).copied().unwrap_or(0) <= most,
            "{element} {text:?}"
        );
    }
    for href in values(&read(&page).unwrap_or_default(), "href") {
        let is_good = ["#", "http://", "https://", "mailto:", "document.", "journal."]
            .iter()
            .any(|start| href.to_ascii_lowercase().starts_with(start));
        prop_assert!(is_good, "{href}");
    }
    let (tex, bib) = latex(&sample);
    prop_assert_eq!(tex_fault(&tex), None);
    prop_assert_eq!(tex_fault(&bib), None);
    prop_assert_eq!(bib.matches('{').count(), bib.matches('}').count());
    let json: serde_json::Value =
        serde_json::from_str(&search(&sample)).map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert!(
        json["sections"]
            .as_array()
            .is_some_and(|sections| sections.len() == 3)
    );
    for (name, document) in crate::book::documents(&epub(&sample, &Images::new())) {
        if !name.ends_with(".css") && name != "mimetype" {
            prop_assert!(read(&document).is_ok(), "{name} {:?}", read(&document));
        }
    }
    Ok(())
}

#[test]
fn known_ways_out_lead_nowhere() {
    for text in [
        "<script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "' onload='alert(1)",
        "</style><b>",
        "</title><b>",
        "]]>",
        "--><b>",
        "&lt;b&gt;",
        "&#60;b&#62;",
        "javascript:alert(1)",
        " JaVaScRiPt:x",
        "\u{0}<b>",
        "\u{202E}<b>",
        "\\input{/etc/passwd}",
        "\\end{document}",
        "}}}",
        "{{{",
        "$$",
        "%",
        "a%\nb",
        "^^5cinput",
        "\\",
        "\\\\",
        "https://a b<c>\"",
        "a, b, c, d",
        "; and & ;",
        ", ,",
        "et al.",
        "n.d.",
        "(n.d.)",
        "10.1/a<b",
        "in press",
        "-1",
        "0",
        "99999999999999999999",
        "1-2-3--4",
        "é",
        "日本",
        "\u{1F600}",
        "\u{FEFF}",
        "\u{FFFE}",
        "A",
        "a",
        " ",
        "",
        "\n",
    ] {
        check(text).unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_text_stays_text(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn text_of_signs_stays_text(text in "[<>\"'&;=/a-c \\\\{}$%#~^_\\[\\]\n,.-]{0,30}") {
        check(&text)?;
    }
}
