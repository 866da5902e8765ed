//! Going through all products a slice at a time: where a walk is lies in the catalog, so that every run goes on from
//! there, whatever became of the last.

use serde::{Deserialize, Serialize};

use imprint_domain::id::EditionId;
use imprint_domain::product::Product;

use crate::env::Env;
use crate::ports::{Change, Page, StoreError, Walk};

/// Where a walk is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Where the page of products begins; none: with the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// The last edition of the page's product that was looked at, where editions are gone through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edition: Option<EditionId>,
}

impl Place {
    /// Where the last run stopped. One that cannot be read begins anew, which only repeats harmless work.
    pub(crate) async fn of(env: &Env, walk: Walk) -> Result<Self, StoreError> {
        let stored = env.catalog.cursor(walk).await?;
        Ok(stored
            .and_then(|stored| serde_json::from_str(&stored).ok())
            .unwrap_or_default())
    }

    /// The products here. When the one that the place names is gone, those from the beginning.
    pub(crate) async fn products(&mut self, env: &Env, limit: usize) -> Result<Page<Product>, StoreError> {
        let org = &env.organization.slug;
        match env.catalog.products(org, limit, self.after.as_deref()).await {
            Err(StoreError::NotFound(_)) if self.after.is_some() => {
                *self = Self::default();
                env.catalog.products(org, limit, None).await
            }
            other => other,
        }
    }

    /// Remembers the place for the next run.
    pub(crate) async fn keep(&self, env: &Env, walk: Walk) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).map_err(|error| StoreError::Failed(Box::new(error)))?;
        let stored = (*self != Self::default()).then_some(text);
        env.catalog.commit(vec![Change::PutCursor(walk, stored)]).await
    }
}
