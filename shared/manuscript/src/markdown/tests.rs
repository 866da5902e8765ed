use super::outline::{line, outline, written};
use super::*;
use crate::manuscript::WarningCode;

pub(super) fn references() -> Vec<Reference> {
    ["doe2020", "roe:21"]
        .map(|id| Reference {
            id: id.to_owned(),
            ..Reference::default()
        })
        .into()
}

fn pictures() -> BTreeMap<String, Picture> {
    BTreeMap::from([
        (
            "map.png".to_owned(),
            Picture::of(99, Some((imprint_domain::document::MediaType::Png, 4, 3))),
        ),
        (
            "broken.png".to_owned(),
            Picture::Bad {
                problem: "it is not a PNG".to_owned(),
            },
        ),
    ])
}

pub(super) fn read_all(text: &str) -> Read {
    read(text, &references(), &pictures())
}

#[test]
fn a_document_with_everything_is_read_as_before() {
    insta::assert_snapshot!(written(&read_all(include_str!("everything.md"))));
}

#[test]
fn links_go_to_pages_and_people_and_to_ids_that_there_are() {
    for (text, expected, warned) in [
        ("[a](https://x.org/)", "[a](https://x.org/)", false),
        ("[a](HTTPS://x.org/)", "[a](https://x.org/)", false),
        ("<https://x.org>", "[https://x.org](https://x.org)", false),
        ("<jane@x.org>", "[jane@x.org](mailto:jane@x.org)", false),
        ("[a](mailto:jane@x.org)", "[a](mailto:jane@x.org)", false),
        ("[a][1]\n\n[1]: https://x.org", "[a](https://x.org)", false),
        ("[a *b*](#start)", "[a *b*](#start)", false),
        ("x [a *b*](#nowhere) c", "x a *b* c", true),
        ("[a](javascript:alert(1))", "a", true),
        ("[a](JAVASCRIPT:alert(1))", "a", true),
        ("[a](data:text/html,x)", "a", true),
        ("[a](other.md)", "a", true),
        ("[a](//x.org)", "a", true),
        ("[a]()", "a", true),
        // For the parser, a note's sign is a link, and a link within a link makes the outer one text.
        (
            "[a[^1]](https://x.org)\n\n[^1]: b",
            "[a<note 0>](https://x.org)",
            false,
        ),
        ("[](https://x.org)", "", false),
    ] {
        let read = read_all(text);
        let lines: String = match &read.sections[..] {
            [] => String::new(),
            sections => match &sections[0].blocks[0] {
                Block::Paragraph { content } => line(content),
                other => panic!("{other:?}"),
            },
        };
        assert_eq!(lines, expected, "{text}");
        let codes: Vec<_> = read.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(
            codes,
            if warned {
                vec![WarningCode::Link]
            } else {
                Vec::new()
            },
            "{text}"
        );
    }
}

/// Texts, what becomes of them, and the warning that comes with it.
const IMAGES: &[(&str, &str, Option<WarningCode>)] = &[
    (
        "![A map](map.png)",
        "figure figure-map-png 1 map.png alt=A map caption=A map /markdown:1\n",
        None,
    ),
    (
        "![](images/map.png)",
        "figure figure-map-png 1 map.png alt=map.png caption= /markdown:1\n",
        None,
    ),
    (
        "![alt](map.png \"The title\")",
        "figure figure-map-png 1 map.png alt=alt caption=The title /markdown:1\n",
        None,
    ),
    (
        "before ![a *b* $x$](map.png) after",
        "p before  after\nfigure figure-map-png 1 map.png alt=a b x caption=a *b* <math x> /markdown:1\n",
        None,
    ),
    (
        "![the c](no.png)",
        "p *[image no.png is not stored]* the c\n",
        Some(WarningCode::ImageMissing),
    ),
    (
        "![c](broken.png)",
        "p *[image broken.png cannot be shown]* c\n",
        Some(WarningCode::ImageBad),
    ),
    (
        "![c](https://x.org/a.png)",
        "p [c](https://x.org/a.png)\n",
        Some(WarningCode::Link),
    ),
    (
        "![](http://x.org/a.png)",
        "p [http://x.org/a.png](http://x.org/a.png)\n",
        Some(WarningCode::Link),
    ),
    (
        "![c](../map.png)",
        "p *[image ../map.png is not stored]* c\n",
        Some(WarningCode::ImageMissing),
    ),
    (
        "![c](data:image/png,x)",
        "p *[image data:image/png,x is not stored]* c\n",
        Some(WarningCode::ImageMissing),
    ),
    (
        "[![c](map.png)](https://x.org)",
        "figure figure-map-png 1 map.png alt=c caption=c /markdown:1\n",
        None,
    ),
    (
        "[![c](http://x.org/a.png)](https://y.org)",
        "p [c](https://y.org)\n",
        Some(WarningCode::Link),
    ),
    (
        "![a ![b](map.png)](map.png)",
        "figure figure-map-png 1 map.png alt=a b caption=a b /markdown:1\n",
        None,
    ),
];

#[test]
fn images_are_stored_ones() {
    for (text, expected, code) in IMAGES {
        let read = read_all(text);
        let mut out = String::new();
        read.sections
            .iter()
            .for_each(|section| outline(&section.blocks, 0, &mut out));
        assert_eq!(out, *expected, "{text}");
        assert_eq!(read.warnings.first().map(|warning| warning.code), *code, "{text}");
    }
}

#[test]
fn the_images_that_a_text_shows_are_known_before_they_are_stored() {
    let text = "![a](map.png) ![b](images/b.png)\n\n> ![c][c]\n\n![d](https://x.org/d.png) `![e](e.png)`\n\n[c]: <c d.png>";
    assert_eq!(
        images(text),
        ["b.png", "c d.png", "map.png"].map(str::to_owned).into()
    );
}

#[test]
fn works_are_cited_by_their_ids() {
    for (text, expected, warned) in [
        ("x [@doe2020].", "x <cite [0]>.", 0),
        ("[@doe2020; @roe:21]", "<cite [0, 1]>", 0),
        ("[@nobody]", "[@nobody]", 1),
        ("[@doe2020; @a; @b]", "[@doe2020; @a; @b]", 2),
        (r"\[@doe2020]", "[@doe2020]", 0),
        ("`[@doe2020]`", "`[@doe2020]`", 0),
        ("[see @doe2020]", "[see @doe2020]", 0),
        ("jane@doe2020", "jane@doe2020", 0),
        ("[@doe2020](https://x.org)", "[@doe2020](https://x.org)", 0),
        ("*[@doe2020]*", "<cite [0]>", 0),
    ] {
        let read = read_all(text);
        let Block::Paragraph { content } = &read.sections[0].blocks[0] else {
            panic!("{text}")
        };
        assert_eq!(line(content), expected, "{text}");
        let references = read
            .warnings
            .iter()
            .filter(|warning| warning.code == WarningCode::Reference)
            .count();
        assert_eq!((references, read.warnings.len()), (warned, warned), "{text}");
    }
}

#[test]
fn an_equation_that_cannot_be_set_is_shown_and_warned_of() {
    let read = read_all("one\n\n$$\\bad$$\n\nand $\\worse$ and $x$");
    let mut out = String::new();
    outline(&read.sections[0].blocks, 0, &mut out);
    insta::assert_snapshot!(out, @r"
    p one
    equation equation-db3d8486 None \bad
    p and <source \worse> and <math x>
    ");
    let warnings: Vec<_> = read
        .warnings
        .iter()
        .map(|warning| (warning.path.as_str(), warning.message.as_str()))
        .collect();
    let expected = [
        ("/markdown:3", "`\\bad` is not a known command"),
        ("/markdown:5", "`\\worse` is not a known command"),
    ];
    assert_eq!(warnings, expected);
}

#[test]
fn ids_stay_when_something_else_is_edited() {
    let before = read_all("# One\n\n$$x$$\n\n# Two\n\n![](map.png)\n\n$$y$$");
    let after = read_all("# Zero\n\n$$z$$\n\n# One\n\n$$x$$\n\n# Two\n\nmore\n\n![](map.png)\n\n$$y$$");
    let ids = |read: &Read| {
        let mut ids = Vec::new();
        for section in &read.sections {
            ids.push(section.id.clone());
            for block in &section.blocks {
                if let Block::Equation { id, .. } | Block::Figure { id, .. } = block {
                    ids.push(id.clone());
                }
            }
        }
        ids
    };
    assert_eq!(ids(&before), ids(&after)[2..]);
}

#[test]
fn notes_are_numbered_where_they_are_met() {
    let read =
        read_all("a[^z] b[^y] c[^z] d[^none]\n\n[^y]: why[^x]\n[^x]: ex[^z]\n[^unused]: no\n[^z]: zed");
    insta::assert_snapshot!(written(&read), @r#"
    1 - start "" /markdown:1
      p a<note 0> b<note 1> c<note 0> d[^none]
    note 0
      p zed
    note 1
      p why<note 2>
    note 2
      p ex<note 0>
    "#);
}

#[test]
fn a_text_is_weighed() {
    let long = format!("a *b*\n\n$${}$$", "x".repeat(MAX_EQUATION_BYTES + 1));
    assert_eq!(
        weight("a *b*"),
        Weight {
            nodes: 4,
            long_equation: None
        }
    );
    assert_eq!(weight(&long).long_equation, Some(3));
}

#[test]
fn what_is_nested_too_deep_is_laid_flat() {
    for text in [
        format!("{}x", "> ".repeat(5_000)),
        format!("{}x", "- ".repeat(2_000)),
        (0..200)
            .map(|depth| format!("{}- x\n", "  ".repeat(depth)))
            .collect(),
        format!("{}x{}", "![".repeat(2_000), "](map.png)".repeat(2_000)),
        format!("{}x", "*a ".repeat(2_000)),
        "\\\n".repeat(20_000),
    ] {
        let read = read_all(&text);
        assert!(depth(&read.sections[0].blocks) <= 34, "{}", &text[..20]);
        assert!(serde_json::to_string(&read.sections).is_ok());
    }
}

fn depth(blocks: &[Block]) -> usize {
    let below = blocks.iter().map(|block| match block {
        Block::List { items, .. } => items.iter().map(|item| depth(item)).max().unwrap_or(0),
        Block::Quote { blocks } => depth(blocks),
        Block::Table { header, rows, .. } => header
            .iter()
            .chain(rows.iter().flatten())
            .map(|cell| depth(cell))
            .max()
            .unwrap_or(0),
        Block::Paragraph { .. }
        | Block::Equation { .. }
        | Block::Figure { .. }
        | Block::Code { .. }
        | Block::Rule => 0,
    });
    1 + below.max().unwrap_or(0)
}
