//! The order in which a tree is printed (contract 5.2).

use super::compose::{Composer, words};
use super::document::says_something;
use super::tree::{Entries, Text, Tree, Variables};
use crate::manuscript::Variant;

/// What stands in a section in which nobody wrote.
const UNAVAILABLE: &str = "Content Unavailable";

/// A section of every document.
struct Part {
    level: u8,
    id: &'static str,
    heading: &'static str,
    numbering: Numbering,
    prints: Prints,
    holds: Holds,
}

#[derive(Clone, Copy)]
enum Numbering {
    Numbered,
    Unnumbered,
}

#[derive(Clone, Copy)]
enum Prints {
    Always,
    WhenFilled,
    InJournal,
}

#[derive(Clone, Copy)]
enum Holds {
    /// Only sections below it.
    Nothing,
    /// Sections below it, and a text before them that may be missing.
    Preface(Text),
    Text(Text),
    Keywords,
    Variables(Variables),
    Entries(Entries),
}

const fn text(level: u8, id: &'static str, heading: &'static str, text: Text) -> Part {
    Part {
        level,
        id,
        heading,
        numbering: Numbering::Numbered,
        prints: Prints::Always,
        holds: Holds::Text(text),
    }
}

const fn plain(id: &'static str, heading: &'static str, holds: Holds) -> Part {
    Part {
        level: 1,
        id,
        heading,
        numbering: Numbering::Unnumbered,
        prints: Prints::Always,
        holds,
    }
}

const fn head(level: u8, id: &'static str, heading: &'static str, holds: Holds) -> Part {
    Part {
        level,
        id,
        heading,
        numbering: Numbering::Numbered,
        prints: Prints::Always,
        holds,
    }
}

const PARTS: &[Part] = &[
    plain("abstract", "Abstract", Holds::Text(Text::Abstract)),
    plain(
        "plain-summary",
        "Plain Language Summary",
        Holds::Text(Text::PlainSummary),
    ),
    plain("keywords", "Keywords", Holds::Keywords),
    Part {
        prints: Prints::WhenFilled,
        ..text(1, "version-description", "Description", Text::VersionDescription)
    },
    text(1, "introduction", "Introduction", Text::Introduction),
    head(1, "context-background", "Context / Background", Holds::Nothing),
    text(
        2,
        "historical-perspective",
        "Historical Perspective",
        Text::HistoricalPerspective,
    ),
    text(
        2,
        "additional-information",
        "Additional Data",
        Text::AdditionalInformation,
    ),
    head(
        1,
        "algorithm-description",
        "Algorithm Description",
        Holds::Preface(Text::AlgorithmDescription),
    ),
    text(
        2,
        "scientific-theory",
        "Scientific Theory",
        Text::ScientificTheory,
    ),
    text(
        3,
        "scientific-theory-assumptions",
        "Scientific Theory Assumptions",
        Text::ScientificTheoryAssumptions,
    ),
    text(
        2,
        "mathematical-theory",
        "Mathematical Theory",
        Text::MathematicalTheory,
    ),
    text(
        3,
        "mathematical-theory-assumptions",
        "Mathematical Theory Assumptions",
        Text::MathematicalTheoryAssumptions,
    ),
    head(
        2,
        "algorithm-input-variables",
        "Algorithm Input Variables",
        Holds::Variables(Variables::Input),
    ),
    head(
        2,
        "algorithm-output-variables",
        "Algorithm Output Variables",
        Holds::Variables(Variables::Output),
    ),
    head(
        1,
        "algorithm-implementations",
        "Algorithm Availability",
        Holds::Entries(Entries::Implementations),
    ),
    text(
        1,
        "algorithm-usage-constraints",
        "Algorithm Usage Constraints",
        Text::AlgorithmUsageConstraints,
    ),
    head(
        1,
        "performance-assessment-validation",
        "Performance Assessment Validation",
        Holds::Nothing,
    ),
    text(
        2,
        "performance-assessment-validation-methods",
        "Methods",
        Text::ValidationMethods,
    ),
    text(
        2,
        "performance-assessment-validation-uncertainties",
        "Uncertainties",
        Text::ValidationUncertainties,
    ),
    text(
        2,
        "performance-assessment-validation-errors",
        "Errors",
        Text::ValidationErrors,
    ),
    head(1, "data-access", "Data Access", Holds::Nothing),
    head(
        2,
        "data-access-input-data",
        "Input Data",
        Holds::Entries(Entries::InputData),
    ),
    head(
        2,
        "data-access-output-data",
        "Output Data",
        Holds::Entries(Entries::OutputData),
    ),
    head(
        2,
        "data-access-related-urls",
        "Related URLs",
        Holds::Entries(Entries::RelatedUrls),
    ),
    Part {
        prints: Prints::InJournal,
        ..text(1, "journal-discussion", "Discussion", Text::JournalDiscussion)
    },
    Part {
        prints: Prints::InJournal,
        ..plain(
            "journal-acknowledgements",
            "Acknowledgements",
            Holds::Text(Text::JournalAcknowledgements),
        )
    },
    plain(
        "data-availability",
        "Open Research",
        Holds::Text(Text::DataAvailability),
    ),
];

/// The ids of the sections of every document.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|part| part.id)
}

/// Prints a tree.
pub(super) fn print(tree: &Tree, keywords: &[String], variant: Variant, composer: &mut Composer<'_>) {
    for part in PARTS.iter().filter(|part| is_printed(part, tree, variant)) {
        let path = match part.holds {
            Holds::Nothing => "/document".to_owned(),
            Holds::Keywords => "/keywords".to_owned(),
            Holds::Preface(text) | Holds::Text(text) => format!("/document/{}", text.key()),
            Holds::Variables(list) => format!("/document/{}", list.key()),
            Holds::Entries(list) => format!("/document/{}", list.key()),
        };
        // The number itself is set when all sections are there.
        let number = match part.numbering {
            Numbering::Numbered => Some(String::new()),
            Numbering::Unnumbered => None,
        };
        composer.open(
            part.level,
            part.id.to_owned(),
            vec![words(part.heading)],
            number,
            path,
        );
        let is_empty = match part.holds {
            Holds::Nothing => false,
            Holds::Preface(text) => {
                composer.text(tree.texts.get(&text).map_or(&[], Vec::as_slice));
                false
            }
            Holds::Text(text) => !composer.text(tree.texts.get(&text).map_or(&[], Vec::as_slice)),
            Holds::Keywords => !composer.keywords(keywords),
            Holds::Variables(list) => !tree
                .variables
                .get(&list)
                .is_some_and(|list| composer.variables(list)),
            Holds::Entries(list) => !tree.entries.get(&list).is_some_and(|list| composer.entries(list)),
        };
        if is_empty {
            composer.paragraph(vec![words(UNAVAILABLE)]);
        }
    }
}

fn is_printed(part: &Part, tree: &Tree, variant: Variant) -> bool {
    match part.prints {
        Prints::Always => true,
        Prints::InJournal => variant == Variant::Journal,
        Prints::WhenFilled => match part.holds {
            Holds::Text(text) => tree
                .texts
                .get(&text)
                .is_some_and(|nodes| nodes.iter().any(says_something)),
            Holds::Nothing
            | Holds::Preface(_)
            | Holds::Keywords
            | Holds::Variables(_)
            | Holds::Entries(_) => true,
        },
    }
}
