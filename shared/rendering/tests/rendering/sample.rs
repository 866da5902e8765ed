//! A manuscript in which everything occurs that can.

use std::collections::BTreeMap;
use std::sync::Arc;

use imprint_manuscript::manuscript::{
    Align, Author, Block, Corresponding, Front, Inline, Manuscript, Marks, Math, Reference, Section, Variant,
};
use imprint_manuscript::math::Formula;
use imprint_rendering::{Image, Images};

pub(crate) fn text(text: &str) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        marks: Marks::default(),
    }
}

pub(crate) fn marked(text: &str, marks: Marks) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        marks,
    }
}

pub(crate) fn paragraph(words: &str) -> Block {
    Block::Paragraph {
        content: vec![text(words)],
    }
}

pub(crate) fn link(url: &str, words: &str) -> Inline {
    Inline::Link {
        url: url.to_owned(),
        content: vec![text(words)],
    }
}

pub(crate) fn formula(tex: &str, mathml: &str, display: bool) -> Math {
    let display = if display { " display=\"block\"" } else { "" };
    let source = tex.replace('&', "&amp;").replace('<', "&lt;");
    Math::Formula(Formula {
        source: tex.to_owned(),
        tex: tex.to_owned(),
        mathml: format!(
            "<math xmlns=\"http://www.w3.org/1998/Math/MathML\"{display}><semantics><mrow>{mathml}</mrow>\
             <annotation encoding=\"application/x-tex\">{source}</annotation></semantics></math>"
        ),
        typst: String::new(),
    })
}

pub(crate) fn section(
    level: u8,
    id: &str,
    number: Option<&str>,
    heading: &str,
    blocks: Vec<Block>,
) -> Section {
    let heading = if heading.is_empty() {
        vec![]
    } else {
        vec![text(heading)]
    };
    let path = format!("/document/{}", id.replace('-', "_"));
    Section {
        level,
        id: id.to_owned(),
        number: number.map(str::to_owned),
        heading,
        blocks,
        path,
    }
}

pub(crate) fn reference(id: &str, fields: &[(&str, &str)]) -> Reference {
    let fields: BTreeMap<String, String> = fields
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Reference {
        id: id.to_owned(),
        fields,
    }
}

pub(crate) fn manuscript(sections: Vec<Section>) -> Manuscript {
    let front = Front {
        title: "A title".into(),
        version: "1.0".into(),
        language: "en".into(),
        ..Front::default()
    };
    Manuscript {
        variant: Variant::Document,
        front,
        sections,
        footnotes: vec![],
        references: vec![],
        warnings: vec![],
    }
}

/// A manuscript of one section with some blocks.
pub(crate) fn only(blocks: Vec<Block>) -> Manuscript {
    manuscript(vec![section(
        1,
        "introduction",
        Some("1"),
        "Introduction",
        blocks,
    )])
}

pub(crate) fn images() -> Images {
    // A grey pixel.
    let gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x99\x99\x99\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let image = Image {
        media_type: "image/gif",
        bytes: Arc::from(&gif[..]),
    };
    let jpeg = Image {
        media_type: "image/jpeg",
        bytes: Arc::from(&b"\xFF\xD8\xFF"[..]),
    };
    [("full moon.jpg".to_owned(), jpeg), ("flow.gif".to_owned(), image)].into()
}

fn front() -> Front {
    let author = |name: &str, initials: &str, family: &str, affiliations: &[usize]| Author {
        name: name.to_owned(),
        initials: initials.to_owned(),
        family: family.to_owned(),
        affiliations: affiliations.to_vec(),
    };
    Front {
        title: "Retrieval of Aerosol Optical Depth & Surface Reflectance from <Polar> Orbiters".into(),
        version: "1.3".into(),
        published: Some("2026-04-11".into()),
        language: "en".into(),
        authors: vec![
            author("Jane Q. Doe", "J. Q.", "Doe", &[0, 1]),
            author("Richard Roe", "R.", "Roe", &[1]),
        ],
        affiliations: vec![
            "Goddard Space Flight Center, Greenbelt, MD".into(),
            "University of Somewhere".into(),
        ],
        corresponding: Some(Corresponding {
            name: "Jane Q. Doe".into(),
            email: Some("jane.doe@example.org".into()),
        }),
        keywords: vec![
            "Aerosols".into(),
            "Surface reflectance".into(),
            "Remote sensing".into(),
        ],
        key_points: vec![
            "Depth is retrieved over land and ocean.".into(),
            "Errors stay below 5 %.".into(),
        ],
        doi: Some("10.5067/ABC_12#3".into()),
        citation: Some("Doe, J. Q., & Roe, R. (2026). Retrieval of aerosol optical depth.".into()),
    }
}

fn introduction() -> Vec<Block> {
    let bold = Marks {
        bold: true,
        ..Marks::default()
    };
    let italic = Marks {
        italic: true,
        ..Marks::default()
    };
    let all = Marks {
        bold: true,
        italic: true,
        underline: true,
        strike: true,
        ..Marks::default()
    };
    let sub = Marks {
        subscript: true,
        ..Marks::default()
    };
    let sup = Marks {
        superscript: true,
        ..Marks::default()
    };
    vec![
        Block::Paragraph {
            content: vec![
                text("Aerosols are "),
                marked("small", bold),
                text(" and "),
                marked("suspended", italic),
                text(", CO"),
                marked("2", sub),
                text(" is not; 10"),
                marked("−6", sup),
                text(" m. "),
                marked("Everything at once", all),
                text(" 100% & #1 $x_y$ {a} \\cmd ~ ^ <b>\"quoted\"</b> -- 'it'\nin two lines"),
                Inline::Break,
                text("after a break, see "),
                link("https://example.org/a?b=1&c=\"2\"", "a page"),
                text(" and "),
                link("#eq-transfer", "the equation"),
                text(" "),
                Inline::Cite {
                    references: vec![1, 0],
                },
                text(". The depth "),
                Inline::Math {
                    math: formula(r"\tau_\lambda", "<msub><mi>τ</mi><mi>λ</mi></msub>", false),
                },
                text(" is not "),
                Inline::Math {
                    math: Math::Source {
                        source: r"a \over <b>".into(),
                    },
                },
                text(". Run "),
                Inline::Code {
                    text: "retrieve --all <file>".into(),
                },
                text("."),
                Inline::Footnote { note: 0 },
                text(" Again."),
                Inline::Footnote { note: 0 },
            ],
        },
        Block::List {
            start: None,
            items: vec![
                vec![paragraph("First")],
                vec![
                    paragraph("Second"),
                    Block::List {
                        start: Some(3),
                        items: vec![vec![paragraph("Third")], vec![paragraph("Fourth")]],
                    },
                ],
            ],
        },
    ]
}

fn theory() -> Vec<Block> {
    vec![
        paragraph("Radiative transfer is an equation:"),
        Block::Equation {
            id: "eq-transfer".into(),
            number: Some(1),
            math: formula(
                r"\mu \frac{dI}{d\tau} = I - S",
                "<mi>μ</mi><mfrac><mrow><mi>d</mi><mi>I</mi></mrow><mrow><mi>d</mi><mi>τ</mi></mrow></mfrac><mo>=</mo><mi>I</mi><mo>−</mo><mi>S</mi>",
                true,
            ),
        },
        Block::Equation {
            id: "eq-2".into(),
            number: None,
            math: Math::Source {
                source: "\\frac{a}{\n  {b} % &".into(),
            },
        },
        Block::Quote {
            blocks: vec![paragraph("Nature is simple."), paragraph("So they say.")],
        },
        Block::Code {
            language: Some("python".into()),
            text: "def depth(x):\n    return x['a'] -- 1 < 2 and \"b\"\n".into(),
        },
        Block::Rule,
    ]
}

fn variables() -> Vec<Block> {
    vec![
        Block::Figure {
            id: "fig-flow".into(),
            number: 1,
            image: "full moon.jpg".into(),
            alt: "The moon, \"full\"".into(),
            caption: vec![
                text("The full moon, from "),
                link("https://example.org", "the orbiter"),
                text("."),
            ],
            path: "/document/x".into(),
        },
        Block::Figure {
            id: "fig-2".into(),
            number: 2,
            image: "flow.gif".into(),
            alt: "Flow".into(),
            caption: vec![],
            path: String::new(),
        },
        Block::Table {
            id: "tab-bands".into(),
            number: Some(1),
            caption: vec![text("Bands & widths"), Inline::Footnote { note: 1 }],
            widths: None,
            align: vec![Align::Start, Align::Center, Align::End],
            header: vec![
                vec![paragraph("Band")],
                vec![paragraph("Centre (nm)")],
                vec![paragraph("Width (nm)")],
            ],
            rows: vec![
                vec![
                    vec![paragraph("Blue")],
                    vec![paragraph("470")],
                    vec![paragraph("20")],
                ],
                vec![vec![paragraph("Red_1")], vec![paragraph("659")], vec![]],
            ],
        },
        Block::Table {
            id: "tab-variables".into(),
            number: None,
            caption: vec![],
            widths: Some(vec![75, 25]),
            align: vec![Align::Start, Align::Start],
            header: vec![vec![paragraph("Name")], vec![paragraph("Unit")]],
            rows: vec![vec![
                vec![
                    paragraph("Reflectance at the top"),
                    paragraph("of the atmosphere"),
                ],
                vec![paragraph("1")],
            ]],
        },
    ]
}

pub(crate) fn works() -> Vec<Reference> {
    vec![
        reference(
            "roe-2019",
            &[
                ("authors", "Roe, R., & Doe, J. Q."),
                ("title", "Clouds <over> land"),
                ("series", "Journal of Clouds"),
                ("volume", "12"),
                ("issue", "3"),
                ("pages", "101-117"),
                ("year", "2019"),
                ("doi", "https://doi.org/10.1000/clouds.12"),
            ],
        ),
        reference(
            "Doe 2018",
            &[
                ("authors", "Jane Q. Doe"),
                ("title", "The Sky: 50% blue & more"),
                ("publisher", "Sky Press"),
                ("publication_place", "London"),
                ("edition", "2nd"),
                ("year", "2018"),
                ("isbn", "978-3-16-148410-0"),
            ],
        ),
        reference(
            "nasa",
            &[
                ("authors", "National Aeronautics and Space Administration"),
                ("title", "A handbook"),
                ("report_number", "NASA/TM-2020-1"),
                ("year", "in press"),
                ("online_resource", "https://example.org/handbook_1?x=1#y"),
            ],
        ),
        reference("nothing", &[]),
    ]
}

/// The manuscript.
pub(crate) fn full() -> Manuscript {
    Manuscript {
        front: front(),
        sections: vec![
            section(
                1,
                "abstract",
                None,
                "Abstract",
                vec![paragraph("We retrieve the depth of aerosols from space.")],
            ),
            section(1, "introduction", Some("1"), "Introduction", introduction()),
            section(
                1,
                "algorithm-description",
                Some("2"),
                "Algorithm Description",
                vec![],
            ),
            section(2, "scientific-theory", Some("2.1"), "Scientific Theory", theory()),
            section(
                3,
                "scientific-theory-assumptions",
                Some("2.1.1"),
                "Scientific Theory Assumptions",
                vec![paragraph("None & all.")],
            ),
            section(
                2,
                "algorithm-input-variables",
                Some("2.2"),
                "Input Variables",
                variables(),
            ),
            section(
                1,
                "data-availability",
                Some("3"),
                "Open Research",
                vec![paragraph("All data are open.")],
            ),
        ],
        footnotes: vec![
            vec![paragraph("As of the first release.")],
            vec![paragraph("Full width at half maximum.")],
        ],
        references: works(),
        ..manuscript(vec![])
    }
}

/// The manuscript as a journal wants it.
pub(crate) fn journal() -> Manuscript {
    Manuscript {
        variant: Variant::Journal,
        ..full()
    }
}
