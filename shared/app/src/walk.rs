//! Going through all products a slice at a time: where a walk is lies in the catalog, so that every run goes on from
//! there, whatever became of the last.

use serde::{Deserialize, Serialize};

use imprint_domain::id::EditionId;
use imprint_domain::product::Product;
use imprint_domain::slug::OrganizationSlug;

use crate::env::Env;
use crate::error::AppError;
use crate::organizations;
use crate::ports::{Change, Page, StoreError, Walk};
use crate::tenants::Tenants;

/// Where a walk is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Whose products; none: the default organization's, with which a round begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<OrganizationSlug>,
    /// Where the page of products begins; none: with the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// The last edition of the page's product that was looked at, where editions are gone through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edition: Option<EditionId>,
}

impl Place {
    /// Where the last run stopped. One that cannot be read begins anew, which only repeats harmless work.
    pub(crate) async fn of(tenants: &Tenants, walk: Walk) -> Result<Self, StoreError> {
        let stored = tenants.installation().catalog.cursor(walk).await?;
        Ok(stored
            .and_then(|stored| serde_json::from_str(&stored).ok())
            .unwrap_or_default())
    }

    /// Whether the walk is about to begin with an organization.
    pub(crate) fn begins_organization(&self) -> bool {
        self.after.is_none() && self.edition.is_none()
    }

    /// The organization here. When it is gone, the default one.
    pub(crate) async fn env(&mut self, tenants: &Tenants) -> Result<Env, AppError> {
        if let Some(slug) = &self.organization {
            match tenants.of(slug).await {
                Err(AppError::NotFound) => *self = Self::default(),
                other => return other,
            }
        }
        tenants.of_default().await
    }

    /// The next page of the organization, or the next organization; nothing when the round is over.
    pub(crate) async fn next(
        &self,
        tenants: &Tenants,
        page: Option<String>,
    ) -> Result<Option<Self>, AppError> {
        if page.is_some() {
            return Ok(Some(Self {
                after: page,
                edition: None,
                ..self.clone()
            }));
        }
        let all = organizations::all(tenants).await?;
        let here = self.organization.clone().unwrap_or_default();
        let mut behind = all
            .into_iter()
            .skip_while(|organization| organization.slug != here)
            .skip(1);
        Ok(behind.next().map(|organization| Self {
            organization: Some(organization.slug),
            ..Self::default()
        }))
    }

    /// The products here. When the one that the place names is gone, those from the beginning.
    pub(crate) async fn products(&mut self, env: &Env, limit: usize) -> Result<Page<Product>, StoreError> {
        let org = &env.organization.slug;
        match env.catalog.products(org, limit, self.after.as_deref()).await {
            Err(StoreError::NotFound(_)) if self.after.is_some() => {
                (self.after, self.edition) = (None, None);
                env.catalog.products(org, limit, None).await
            }
            other => other,
        }
    }

    /// Remembers the place for the next run.
    pub(crate) async fn keep(&self, tenants: &Tenants, walk: Walk) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).map_err(|error| StoreError::Failed(Box::new(error)))?;
        let stored = (*self != Self::default()).then_some(text);
        let changes = vec![Change::PutCursor(walk, stored)];
        tenants.installation().catalog.commit(changes).await
    }
}
