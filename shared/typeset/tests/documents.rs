//! Documents from their source to their PDF.

use std::collections::BTreeMap;

use imprint_manuscript::content::{About, Picture};
use imprint_manuscript::manuscript::{Block, Front, Inline, Math, Section};
use imprint_manuscript::math::{Display, Formula};
use imprint_manuscript::{Content, Manuscript, Variant};
use imprint_rendering::Images;
use imprint_typeset::pdf;

#[path = "../benches/typeset/sample.rs"]
mod sample;

/// One a line, all of them accepted.
const EQUATIONS: &str = include_str!("../../manuscript/tests/equations.txt");

fn manuscript(blocks: Vec<Block>) -> Manuscript {
    Manuscript {
        variant: Variant::Document,
        front: Front {
            language: "en".to_owned(),
            ..Front::default()
        },
        sections: vec![Section {
            level: 1,
            id: "equations".to_owned(),
            number: None,
            heading: Vec::new(),
            blocks,
            path: "/document/mathematical_theory".to_owned(),
        }],
        footnotes: Vec::new(),
        references: Vec::new(),
        warnings: Vec::new(),
    }
}

fn to_look_at(name: &str, bytes: &[u8]) {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(path, bytes).expect("the directory for tests can be written to");
}

#[test]
fn every_equation_that_is_accepted_is_set() {
    let read = |source: &str, display| Math::Formula(Formula::read(source, display).expect("it is accepted"));
    let mut blocks = Vec::new();
    for (number, source) in EQUATIONS.lines().enumerate() {
        let number = u32::try_from(number).expect("they are few") + 1;
        let inline = Inline::Math {
            math: read(source, Display::Inline),
        };
        blocks.push(Block::Paragraph {
            content: vec![inline],
        });
        blocks.push(Block::Equation {
            id: format!("equation-{number}"),
            number: Some(number),
            math: read(source, Display::Block),
        });
    }
    let pdf = pdf(&manuscript(blocks), &Images::new()).expect("the engine sets it");
    assert_eq!(pdf.warnings, []);
    to_look_at("equations.pdf", &pdf.bytes);
}

#[test]
fn a_document_from_its_tree_is_set_in_both_forms() {
    let source = include_str!("../../manuscript/tests/sample.json");
    let content = Content::read(&serde_json::from_str(source).expect("it is JSON")).expect("it is right");
    let about = About {
        title: "Depth of snow".to_owned(),
        version: "1.3".to_owned(),
        published: None,
    };
    let (_, shown) = sample::sample(1, Variant::Document);
    let shown = &shown["figure-0.png"];
    let pictures: BTreeMap<_, _> = content
        .images()
        .into_iter()
        .map(|name| {
            let picture = Picture::of(99, Some((imprint_domain::document::MediaType::Png, 480, 300)));
            (name, picture)
        })
        .collect();
    let images: Images = pictures
        .keys()
        .map(|name| (name.clone(), shown.clone()))
        .collect();
    for variant in [Variant::Document, Variant::Journal] {
        let manuscript = content.manuscript(&about, &pictures, variant);
        let pdf = pdf(&manuscript, &images).expect("the engine sets it");
        assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
        // The sample has one word that no font here can write.
        let told: Vec<_> = pdf
            .warnings
            .iter()
            .map(|warning| warning.snippet.as_str())
            .collect();
        assert_eq!(told, ["雪 (U+96EA)"]);
        to_look_at(&format!("tree-{variant:?}.pdf"), &pdf.bytes);
    }
}

#[test]
fn another_process_writes_the_same_bytes() {
    let bytes = sample_bytes();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-process.pdf");
    let _ = std::fs::remove_file(&path);
    let this = std::env::current_exe().expect("a test knows where it is");
    let status = std::process::Command::new(this)
        .args(["--ignored", "--exact", "the_other_process"])
        .status()
        .expect("it starts again");
    assert!(status.success());
    assert!(std::fs::read(path).expect("the other process wrote it") == bytes);
}

#[test]
#[ignore = "is run by another_process_writes_the_same_bytes"]
fn the_other_process() {
    to_look_at("other-process.pdf", &sample_bytes());
}

fn sample_bytes() -> Vec<u8> {
    let (manuscript, images) = sample::sample(3, Variant::Journal);
    pdf(&manuscript, &images).expect("the engine sets it").bytes
}
