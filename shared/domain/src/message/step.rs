use std::fmt::Display;
use std::str::FromStr;

use super::Message;
use crate::artifact::Format;

/// A step, and so a queue, and the queue of those messages that it could not handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Learn a build's files and move the editions that follow it.
    RegisterBuild,
    /// Make the files of a build's archive those of the build.
    UnpackArchive,
    /// Make an edition's objects those of a build.
    CopyEdition,
    /// Tell the CDN that an edition has changed.
    PurgeCdn,
    /// Write a product's pages, or an organization's.
    RenderDashboard,
    /// Write a product's name to the DNS.
    UpdateDns,
    /// Tell a subscriber what happened.
    DeliverWebhook,
    /// Make a document's version into pages and PDFs, and a build of them.
    RenderDocument,
    /// Formats that are made of a build's pages.
    DeriveFormat,
    /// Search indexes.
    IndexSearch,
}

/// A text that names no step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no step has this name")]
pub struct UnknownStep;

impl Step {
    /// Every step, in the order of the way of a build.
    pub const ALL: [Self; 10] = [
        Self::RegisterBuild,
        Self::UnpackArchive,
        Self::CopyEdition,
        Self::PurgeCdn,
        Self::RenderDashboard,
        Self::UpdateDns,
        Self::DeliverWebhook,
        Self::RenderDocument,
        Self::DeriveFormat,
        Self::IndexSearch,
    ];

    /// The step that a message is for.
    pub fn of(message: &Message) -> Self {
        match message {
            Message::RegisterBuild(_) | Message::MoveEditions(_) => Self::RegisterBuild,
            Message::UnpackArchive(_) => Self::UnpackArchive,
            Message::DeriveFormat(derive) if derive.format == Format::Search => Self::IndexSearch,
            Message::DeriveFormat(_) => Self::DeriveFormat,
            Message::CopyEdition(_) | Message::RetireName(_) => Self::CopyEdition,
            Message::PurgeCdn(_) => Self::PurgeCdn,
            Message::UpdateDns(_) => Self::UpdateDns,
            Message::DeliverWebhook(_) => Self::DeliverWebhook,
            Message::RenderDocument(_) | Message::PublishRendering(_) => Self::RenderDocument,
            Message::RenderDashboard(_) | Message::RenderIndex(_) | Message::RenderAll(_) => {
                Self::RenderDashboard
            }
        }
    }

    /// The name of its function and its queue.
    pub fn name(self) -> &'static str {
        match self {
            Self::RegisterBuild => "register-build",
            Self::UnpackArchive => "unpack-archive",
            Self::CopyEdition => "copy-edition",
            Self::PurgeCdn => "purge-cdn",
            Self::RenderDashboard => "render-dashboard",
            Self::UpdateDns => "update-dns",
            Self::DeliverWebhook => "deliver-webhook",
            Self::RenderDocument => "render-document",
            Self::DeriveFormat => "derive-format",
            Self::IndexSearch => "index-search",
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(raw: &str) -> Result<Self, UnknownStep> {
        let found = Self::ALL.into_iter().find(|step| step.name() == raw);
        found.ok_or(UnknownStep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_known_by_its_name() {
        for step in Step::ALL {
            assert_eq!(step.name().parse(), Ok(step));
        }
        assert_eq!("Copy-Edition".parse::<Step>(), Err(UnknownStep));
    }
}
