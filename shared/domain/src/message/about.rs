use super::Message;
use crate::id::{BuildId, DocumentId, EditionId};
use crate::slug::{OrganizationSlug, ProductSlug};

/// What a message is about, for people who look at it from outside: logs, dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// The tenant.
    pub organization: &'a OrganizationSlug,
    /// The product, if it is about one.
    pub product: Option<&'a ProductSlug>,
    /// The edition, if it is about one.
    pub edition: Option<EditionId>,
    /// The build, if it is about one.
    pub build: Option<BuildId>,
    /// The document, if it is about one.
    pub document: Option<DocumentId>,
}

impl<'a> About<'a> {
    fn organization(organization: &'a OrganizationSlug) -> Self {
        Self {
            organization,
            product: None,
            edition: None,
            build: None,
            document: None,
        }
    }

    fn product(organization: &'a OrganizationSlug, product: &'a ProductSlug) -> Self {
        Self {
            product: Some(product),
            ..Self::organization(organization)
        }
    }

    fn build(self, build: BuildId) -> Self {
        Self {
            build: Some(build),
            ..self
        }
    }

    fn edition(self, edition: EditionId) -> Self {
        Self {
            edition: Some(edition),
            ..self
        }
    }

    fn document(organization: &'a OrganizationSlug, document: DocumentId) -> Self {
        Self {
            document: Some(document),
            ..Self::organization(organization)
        }
    }
}

impl Message {
    /// What it is about.
    pub fn about(&self) -> About<'_> {
        match self {
            Self::RegisterBuild(register) => {
                About::product(&register.organization, &register.product).build(register.build)
            }
            Self::UnpackArchive(unpack) => {
                About::product(&unpack.then.organization, &unpack.then.product).build(unpack.then.build)
            }
            Self::MoveEditions(moving) => {
                About::product(&moving.organization, &moving.product).build(moving.build)
            }
            Self::DeriveFormat(derive) => {
                About::product(&derive.then.organization, &derive.then.product).build(derive.then.build)
            }
            Self::CopyEdition(copy) => About::product(&copy.organization, &copy.product)
                .edition(copy.edition)
                .build(copy.pointer.build),
            Self::PurgeCdn(purge) => About::product(&purge.organization, &purge.product)
                .edition(purge.edition)
                .build(purge.pointer.build),
            Self::RetireName(retire) => {
                About::product(&retire.organization, &retire.product).edition(retire.edition)
            }
            Self::RenderDashboard(render) => About::product(&render.organization, &render.product),
            Self::UpdateDns(update) => About::product(&update.organization, &update.product),
            Self::RenderDocument(render) => About::document(&render.organization, render.document),
            Self::PublishRendering(publish) => About::document(&publish.organization, publish.document),
            Self::RenderIndex(render) => About::organization(&render.organization),
            Self::RenderAll(render) => About::organization(&render.organization),
            Self::DeliverWebhook(deliver) => About::organization(&deliver.organization),
        }
    }
}
