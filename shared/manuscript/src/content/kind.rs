//! The kinds of nodes, and which of them stands in which.

/// The type of a node that has one. Nodes without are leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    P,
    A,
    Ref,
    Equation,
    EquationInline,
    Ul,
    Ol,
    Li,
    SubSection,
    ImageBlock,
    Img,
    TableBlock,
    Table,
    Tr,
    Td,
    Caption,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::P,
        Self::A,
        Self::Ref,
        Self::Equation,
        Self::EquationInline,
        Self::Ul,
        Self::Ol,
        Self::Li,
        Self::SubSection,
        Self::ImageBlock,
        Self::Img,
        Self::TableBlock,
        Self::Table,
        Self::Tr,
        Self::Td,
        Self::Caption,
    ];

    /// As it is written in `type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P => "p",
            Self::A => "a",
            Self::Ref => "ref",
            Self::Equation => "equation",
            Self::EquationInline => "equation-inline",
            Self::Ul => "ul",
            Self::Ol => "ol",
            Self::Li => "li",
            Self::SubSection => "sub-section",
            Self::ImageBlock => "image-block",
            Self::Img => "img",
            Self::TableBlock => "table-block",
            Self::Table => "table",
            Self::Tr => "tr",
            Self::Td => "td",
            Self::Caption => "caption",
        }
    }

    /// The kind with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What has children, and says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// A section of the document.
    Section,
    /// A name or unit of a variable, or what describes an entry.
    Field,
    /// A node.
    Node(Kind),
}

impl Parent {
    /// With its article, for a message.
    pub(super) fn name(self) -> String {
        match self {
            Self::Section => "a section".to_owned(),
            Self::Field => "a text field".to_owned(),
            Self::Node(kind) => format!("`{}`", kind.name()),
        }
    }

    /// Which nodes may be in it, besides leaves where [`Self::has_leaves`].
    pub(super) fn takes(self) -> &'static [Kind] {
        match self {
            Self::Section => &[
                Kind::P,
                Kind::Ul,
                Kind::Ol,
                Kind::Equation,
                Kind::SubSection,
                Kind::ImageBlock,
                Kind::TableBlock,
            ],
            Self::Field => &[Kind::P],
            Self::Node(kind) => match kind {
                Kind::P => &[Kind::A, Kind::Ref, Kind::EquationInline],
                Kind::Caption => &[Kind::A, Kind::Ref],
                Kind::Ul | Kind::Ol => &[Kind::Li],
                Kind::Li => &[Kind::P, Kind::Ul, Kind::Ol],
                Kind::ImageBlock => &[Kind::Img, Kind::Caption],
                Kind::TableBlock => &[Kind::Table, Kind::Caption],
                Kind::Table => &[Kind::Tr],
                Kind::Tr => &[Kind::Td],
                Kind::Td => &[Kind::P],
                Kind::A
                | Kind::Ref
                | Kind::Equation
                | Kind::EquationInline
                | Kind::SubSection
                | Kind::Img => &[],
            },
        }
    }

    /// Whether text stands in it without a node around it.
    pub(super) fn has_leaves(self) -> bool {
        match self {
            Self::Section | Self::Field => false,
            Self::Node(kind) => match kind {
                Kind::P
                | Kind::Caption
                | Kind::A
                | Kind::Ref
                | Kind::Equation
                | Kind::EquationInline
                | Kind::SubSection
                | Kind::Img => true,
                Kind::Ul
                | Kind::Ol
                | Kind::Li
                | Kind::ImageBlock
                | Kind::TableBlock
                | Kind::Table
                | Kind::Tr
                | Kind::Td => false,
            },
        }
    }

    /// What belongs into it, for a message.
    pub(super) fn wants(self) -> String {
        let leaf = self.has_leaves().then_some("leaves without a type");
        let kinds = self.takes().iter().map(|kind| kind.name());
        leaf.into_iter().chain(kinds).collect::<Vec<_>>().join(", ")
    }
}
