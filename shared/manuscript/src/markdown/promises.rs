//! Properties that hold whatever is written.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::tests::{read_all, references};
use super::{Read, images, weight};
use crate::manuscript::{Block, Inline, Warning};
use crate::walk;

/// What the types' comments promise.
fn assert_kept_promises(mut read: Read) {
    let mut ids = Vec::new();
    for (index, section) in read.sections.iter().enumerate() {
        assert!((1..=6).contains(&section.level));
        assert!(index == 0 || !section.heading.is_empty());
        ids.push(section.id.clone());
    }
    let notes = read.footnotes.len();
    let mut all: Vec<_> = read
        .sections
        .iter_mut()
        .flat_map(|section| std::mem::take(&mut section.blocks))
        .collect();
    all.extend(read.footnotes.into_iter().flatten());
    all.extend(read.sections.into_iter().map(|section| Block::Paragraph {
        content: section.heading,
    }));
    walk::blocks(&mut all, &mut |block| ids.extend(checked_block(block)));
    let mut urls = Vec::new();
    walk::lines(&mut all, &mut |line| {
        urls.extend(line.iter().filter_map(|inline| checked_inline(inline, notes)))
    });
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    assert!(ids.iter().all(|id| {
        id.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }));
    for url in urls {
        match url.strip_prefix('#') {
            Some(id) => assert!(unique.contains(&id.to_owned()), "{url}"),
            None => assert!(crate::link::checked_url(&url).is_some(), "{url}"),
        }
    }
    let is_short =
        |warning: &Warning| warning.snippet.chars().count() <= 200 && warning.path.starts_with("/markdown:");
    assert!(read.warnings.iter().all(is_short));
}

/// The id of a block that has one.
fn checked_block(block: &Block) -> Option<String> {
    match block {
        Block::Equation { id, .. } => Some(id.clone()),
        Block::Figure { id, alt, number, .. } => {
            assert!(!alt.is_empty() && *number > 0);
            Some(id.clone())
        }
        Block::Table {
            id,
            align,
            header,
            rows,
            ..
        } => {
            assert!(
                std::iter::once(header)
                    .chain(rows)
                    .all(|row| row.len() == align.len())
            );
            Some(id.clone())
        }
        Block::Paragraph { .. }
        | Block::List { .. }
        | Block::Code { .. }
        | Block::Quote { .. }
        | Block::Rule => None,
    }
}

/// Where a link goes.
fn checked_inline(inline: &Inline, notes: usize) -> Option<String> {
    match inline {
        Inline::Text { text, .. } => assert!(!text.is_empty() && !text.contains('\0')),
        Inline::Link { url, content } => {
            let nested = |inline: &Inline| matches!(inline, Inline::Link { .. } | Inline::Cite { .. });
            assert!(!content.is_empty() && !content.iter().any(nested));
            return Some(url.clone());
        }
        Inline::Cite { references: cited } => {
            assert!(!cited.is_empty() && cited.iter().all(|at| *at < references().len()));
        }
        Inline::Footnote { note } => assert!(*note < notes),
        Inline::Code { .. } | Inline::Math { .. } | Inline::Break => {}
    }
    None
}

/// What texts are made of.
const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    " ",
    "    ",
    "# ",
    "## ",
    "###### ",
    "> ",
    "- ",
    "1. ",
    "* ",
    "*",
    "**",
    "~~",
    "`",
    "```\n",
    "---\n",
    "|",
    "|a|b|\n|-|:-:|\n",
    "$",
    "$$",
    "$x$",
    "$$y$$",
    r"$\bad$",
    "[",
    "]",
    "(",
    ")",
    "![",
    "![a](map.png)",
    "![a](no.png)",
    "![a](http://x.org)",
    "[a](https://x.org)",
    "[a](#a)",
    "[a](#start)",
    "[a](javascript:x)",
    "<jane@x.org>",
    "[@doe2020]",
    "[@no]",
    "[^1]",
    "[^2]",
    "\n[^1]: ",
    "\n[^2]: ",
    "<b>",
    "</b>",
    "<script>",
    "<!--",
    "&amp;",
    "\\",
    "\\\n",
    "a",
    "A b",
    "é",
    "{#id}",
    "\u{0}",
    "\t",
    "Table: x",
    "Setext\n===\n",
    "\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_written_keeps_the_promises(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let text = pieces.concat();
        assert_kept_promises(read_all(&text));
        weight(&text);
        images(&text);
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        assert_kept_promises(read_all(&text));
    }
}
