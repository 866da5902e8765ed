//! A tree that was read: the parts of a document, and their nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::text::is_image_name;
use crate::manuscript::Marks;

/// The parts of a document, as its author filled them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tree {
    pub(super) texts: BTreeMap<Text, Vec<Node>>,
    pub(super) variables: BTreeMap<Variables, VariableList>,
    pub(super) entries: BTreeMap<Entries, Vec<Entry>>,
    pub(super) key_points: Vec<String>,
}

impl Tree {
    /// The names of all images in it. Only sections show images.
    pub(super) fn images(&self) -> BTreeSet<String> {
        let nodes = self.texts.values().flatten();
        let name = |node: &Node| match node {
            Node::Image(image) if is_image_name(&image.name) => Some(image.name.clone()),
            Node::Image(_)
            | Node::Paragraph(_)
            | Node::List { .. }
            | Node::Equation(_)
            | Node::SubSection { .. }
            | Node::Table(_) => None,
        };
        nodes.filter_map(name).collect()
    }
}

/// The variables of one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct VariableList {
    pub(super) caption: Option<String>,
    pub(super) variables: Vec<Variable>,
}

/// A variable of the algorithm.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Variable {
    pub(super) name: Vec<Node>,
    pub(super) long_name: Vec<Node>,
    pub(super) unit: Vec<Node>,
}

/// Where something is found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) url: Option<String>,
    pub(super) description: Vec<Node>,
    pub(super) path: String,
}

/// What stands on lines of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Paragraph(Vec<Span>),
    List {
        is: ListIs,
        items: Vec<Vec<Node>>,
    },
    Equation(Equation),
    SubSection {
        heading: Vec<Span>,
        id: Option<String>,
        path: String,
    },
    Image(Image),
    Table(Table),
}

/// Which signs a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListIs {
    Bulleted,
    Numbered,
}

/// LaTeX math.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Equation {
    pub(super) source: String,
    pub(super) id: Option<String>,
    pub(super) path: String,
}

/// An image with its caption.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Image {
    pub(super) name: String,
    /// What is written in the image's own leaf; editors leave it empty.
    pub(super) text: String,
    pub(super) caption: Vec<Span>,
    pub(super) id: Option<String>,
    /// The block with image and caption.
    pub(super) path: String,
    /// The image itself.
    pub(super) image_path: String,
}

/// A table with its caption. Not every row has the same length.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) rows: Vec<Vec<Vec<Node>>>,
    pub(super) caption: Vec<Span>,
    pub(super) id: Option<String>,
}

/// What stands within a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Span {
    Text {
        text: String,
        marks: Marks,
    },
    Link {
        url: String,
        content: Vec<Span>,
        id: Option<String>,
        path: String,
    },
    Ref {
        work: String,
        id: Option<String>,
        path: String,
    },
    Equation(Equation),
}

/// A field of the document with rich text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Text {
    Abstract,
    PlainSummary,
    VersionDescription,
    Introduction,
    HistoricalPerspective,
    AdditionalInformation,
    AlgorithmDescription,
    ScientificTheory,
    ScientificTheoryAssumptions,
    MathematicalTheory,
    MathematicalTheoryAssumptions,
    AlgorithmUsageConstraints,
    ValidationMethods,
    ValidationUncertainties,
    ValidationErrors,
    JournalDiscussion,
    JournalAcknowledgements,
    DataAvailability,
}

impl Text {
    /// In the order in which they are printed.
    pub(crate) const ALL: [Self; 18] = [
        Self::Abstract,
        Self::PlainSummary,
        Self::VersionDescription,
        Self::Introduction,
        Self::HistoricalPerspective,
        Self::AdditionalInformation,
        Self::AlgorithmDescription,
        Self::ScientificTheory,
        Self::ScientificTheoryAssumptions,
        Self::MathematicalTheory,
        Self::MathematicalTheoryAssumptions,
        Self::AlgorithmUsageConstraints,
        Self::ValidationMethods,
        Self::ValidationUncertainties,
        Self::ValidationErrors,
        Self::JournalDiscussion,
        Self::JournalAcknowledgements,
        Self::DataAvailability,
    ];

    /// The field's name.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Abstract => "abstract",
            Self::PlainSummary => "plain_summary",
            Self::VersionDescription => "version_description",
            Self::Introduction => "introduction",
            Self::HistoricalPerspective => "historical_perspective",
            Self::AdditionalInformation => "additional_information",
            Self::AlgorithmDescription => "algorithm_description",
            Self::ScientificTheory => "scientific_theory",
            Self::ScientificTheoryAssumptions => "scientific_theory_assumptions",
            Self::MathematicalTheory => "mathematical_theory",
            Self::MathematicalTheoryAssumptions => "mathematical_theory_assumptions",
            Self::AlgorithmUsageConstraints => "algorithm_usage_constraints",
            Self::ValidationMethods => "performance_assessment_validation_methods",
            Self::ValidationUncertainties => "performance_assessment_validation_uncertainties",
            Self::ValidationErrors => "performance_assessment_validation_errors",
            Self::JournalDiscussion => "journal_discussion",
            Self::JournalAcknowledgements => "journal_acknowledgements",
            Self::DataAvailability => "data_availability",
        }
    }
}

/// A field of the document with variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variables {
    Input,
    Output,
}

impl Variables {
    pub(crate) const ALL: [Self; 2] = [Self::Input, Self::Output];

    /// The field's name.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Input => "algorithm_input_variables",
            Self::Output => "algorithm_output_variables",
        }
    }

    /// The name of the field with the table's caption.
    pub(crate) fn caption_key(self) -> &'static str {
        match self {
            Self::Input => "algorithm_input_variables_caption",
            Self::Output => "algorithm_output_variables_caption",
        }
    }
}

/// A field of the document with entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entries {
    Implementations,
    InputData,
    OutputData,
    RelatedUrls,
}

impl Entries {
    pub(crate) const ALL: [Self; 4] = [
        Self::Implementations,
        Self::InputData,
        Self::OutputData,
        Self::RelatedUrls,
    ];

    /// The field's name.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Implementations => "algorithm_implementations",
            Self::InputData => "data_access_input_data",
            Self::OutputData => "data_access_output_data",
            Self::RelatedUrls => "data_access_related_urls",
        }
    }
}
