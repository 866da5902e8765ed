//! Nothing that a manuscript can say makes the engine fail.

use imprint_manuscript::manuscript::{Align, Author, Corresponding, Front, Math};
use imprint_manuscript::math::Formula;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

/// Pieces that mean something to somebody.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("#eval(\"1\") $x$ *b* _i_ `r` <label> @ref \\u{41} // /* */ = - + / ~".to_owned()),
        Just("\u{0}\u{7}\u{feff}\u{202e}\u{2028}\u{fffe}\u{10ffff}\u{ad}\u{200b}".to_owned()),
        Just("مرحبا שלום नमस्ते 漢字 🦀👩‍👩‍👧 e\u{301}\u{301}\u{301}".to_owned()),
        Just("x".repeat(3000)),
        Just(String::new()),
        Just(" \n\t ".to_owned()),
        "\\PC{0,40}",
    ]
}

fn inline() -> impl Strategy<Value = Inline> {
    let leaf = prop_oneof![
        (words(), any::<[bool; 6]>()).prop_map(
            |(text, [bold, italic, underline, strike, subscript, superscript])| {
                Inline::Text {
                    text,
                    marks: Marks {
                        bold,
                        italic,
                        underline,
                        strike,
                        subscript,
                        superscript,
                    },
                }
            }
        ),
        words().prop_map(|text| Inline::Code { text }),
        prop::collection::vec(0_usize..4, 0..3).prop_map(|references| Inline::Cite { references }),
        words().prop_map(|source| Inline::Math {
            math: Math::Source { source }
        }),
        (0_usize..4).prop_map(|note| Inline::Footnote { note }),
        Just(Inline::Break),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let url = prop_oneof![
            Just("#a".to_owned()),
            Just("#".to_owned()),
            words(),
            words().prop_map(|url| format!("https://{url}"))
        ];
        (url, prop::collection::vec(inner, 0..3)).prop_map(|(url, content)| Inline::Link { url, content })
    })
}

fn inlines() -> impl Strategy<Value = Vec<Inline>> {
    prop::collection::vec(inline(), 0..4)
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("b".to_owned()), words()]
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        inlines().prop_map(|content| Block::Paragraph { content }),
        (id(), any::<Option<u32>>(), words()).prop_map(|(id, number, source)| Block::Equation {
            id,
            number,
            math: Math::Source { source }
        }),
        (id(), any::<u32>(), words(), words(), inlines(), words()).prop_map(
            |(id, number, image, alt, caption, path)| {
                Block::Figure {
                    id,
                    number,
                    image,
                    alt,
                    caption,
                    path,
                }
            }
        ),
        (any::<Option<u8>>(), words()).prop_map(|(_, text)| Block::Code {
            language: Some(text.clone()),
            text
        }),
        Just(Block::Rule),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let blocks = prop::collection::vec(inner, 0..3);
        let cells = prop::collection::vec(blocks.clone(), 0..4);
        let align = prop_oneof![Just(Align::Start), Just(Align::Center), Just(Align::End)];
        prop_oneof![
            blocks.clone().prop_map(|blocks| Block::Quote { blocks }),
            (any::<Option<u64>>(), prop::collection::vec(blocks, 0..3))
                .prop_map(|(start, items)| Block::List { start, items }),
            (
                (id(), any::<Option<u32>>(), inlines()),
                (
                    prop::option::of(prop::collection::vec(any::<u8>(), 0..5)),
                    prop::collection::vec(align, 0..5)
                ),
                (cells.clone(), prop::collection::vec(cells, 0..3)),
            )
                .prop_map(|((id, number, caption), (widths, align), (header, rows))| {
                    Block::Table {
                        id,
                        number,
                        caption,
                        widths,
                        align,
                        header,
                        rows,
                    }
                }),
        ]
    })
}

fn front() -> impl Strategy<Value = Front> {
    let strings = || prop::collection::vec(words(), 0..3);
    let author = (words(), words(), words(), prop::collection::vec(0_usize..5, 0..3)).prop_map(
        |(name, initials, family, affiliations)| Author {
            name,
            initials,
            family,
            affiliations,
        },
    );
    let corresponding =
        (words(), prop::option::of(words())).prop_map(|(name, email)| Corresponding { name, email });
    (
        (words(), words(), prop::option::of(words()), words()),
        (
            prop::collection::vec(author, 0..3),
            strings(),
            prop::option::of(corresponding),
        ),
        (
            strings(),
            strings(),
            prop::option::of(words()),
            prop::option::of(words()),
        ),
    )
        .prop_map(
            |((title, version, published, language), (authors, affiliations, corresponding), rest)| Front {
                title,
                version,
                published,
                language,
                authors,
                affiliations,
                corresponding,
                keywords: rest.0,
                key_points: rest.1,
                doi: rest.2,
                citation: rest.3,
            },
        )
}

fn any_manuscript() -> impl Strategy<Value = Manuscript> {
    let blocks = || prop::collection::vec(block(), 0..4);
    let section = (
        any::<u8>(),
        id(),
        prop::option::of(words()),
        inlines(),
        blocks(),
        words(),
    )
        .prop_map(|(level, id, number, heading, blocks, path)| Section {
            level,
            id,
            number,
            heading,
            blocks,
            path,
        });
    (
        prop_oneof![Just(Variant::Document), Just(Variant::Journal)],
        front(),
        prop::collection::vec(section, 0..4),
        prop::collection::vec(blocks(), 0..4),
    )
        .prop_map(|(variant, front, sections, footnotes)| Manuscript {
            variant,
            front,
            sections,
            footnotes,
            references: Vec::new(),
            warnings: Vec::new(),
        })
}

fn any_works() -> impl Strategy<Value = Bibliography> {
    let span = (words(), any::<bool>(), prop::option::of(words())).prop_map(|(text, italic, url)| Span {
        text,
        italic,
        url,
    });
    let entry =
        (0_usize..4, id(), prop::collection::vec(span, 0..3)).prop_map(|(reference, anchor, text)| Entry {
            reference,
            anchor,
            text,
        });
    (
        prop::collection::vec(entry, 0..3),
        prop::collection::vec(words(), 0..4),
    )
        .prop_map(|(entries, citations)| Bibliography { entries, citations })
}

#[test]
fn any_manuscript_is_set() {
    let config = ProptestConfig {
        cases: 24,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let run = move || {
        let set = |(manuscript, works)| {
            let set = set(&manuscript, &Images::new(), &works);
            prop_assert!(set.is_ok(), "{:?}", set.err());
            Ok(())
        };
        let ran = TestRunner::new(config).run(&(any_manuscript(), any_works()), set);
        ran.map_err(|failure| failure.to_string())
    };
    // The strategies themselves need more stack than a test's thread has.
    let thread = std::thread::Builder::new()
        .stack_size(64 * 1024 * 1024)
        .spawn(run)
        .unwrap();
    thread.join().unwrap().unwrap();
}

#[test]
fn what_is_nested_deeper_than_a_page_is_wide_is_set() {
    let mut block = paragraph("innermost");
    for depth in 0..60 {
        block = match depth % 3 {
            0 => Block::Quote { blocks: vec![block] },
            1 => Block::List {
                start: Some(1),
                items: vec![vec![paragraph("before"), block]],
            },
            _ => Block::Table {
                id: String::new(),
                number: None,
                caption: Vec::new(),
                widths: None,
                align: vec![Align::Start],
                header: vec![vec![block]],
                rows: Vec::new(),
            },
        };
    }
    for variant in [Variant::Document, Variant::Journal] {
        let manuscript = manuscript(variant, vec![block.clone()]);
        assert!(printed(&manuscript, &Images::new(), &nothing()).contains("innermost"));
        pdf(&manuscript);
    }
}

#[test]
fn formulas_that_are_nested_deeper_than_the_engine_goes_are_shown_as_their_source() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}x{}", open.repeat(depth), close.repeat(depth));
    let formulas = [
        nested("sqrt(", ")", 10),
        nested("sqrt(", ")", 70),
        nested("sqrt(", ")", 700),
        nested("x^(", ")", 250),
        nested("(", ")", 2000),
        nested("lr((", "))", 400),
        nested("frac(1, ", ")", 60),
        "x ".repeat(2000),
        nested("mat(", ")", 40),
    ];
    let blocks = formulas.iter().map(|typst| {
        let formula = Formula {
            source: "a".into(),
            tex: String::new(),
            mathml: String::new(),
            typst: typst.clone(),
        };
        Block::Equation {
            id: String::new(),
            number: Some(1),
            math: Math::Formula(formula),
        }
    });
    let set = pdf(&manuscript(Variant::Document, blocks.collect()));
    assert!(set.warnings.len() < formulas.len(), "{:?}", set.warnings);
}
