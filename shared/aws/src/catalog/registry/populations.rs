//! How many installations run each version of a component: an item a component, a partition an organization.

use std::collections::BTreeMap;

use imprint_app::ports::StoreError;
use imprint_domain::registry::{ComponentName, Population};
use imprint_domain::slug::OrganizationSlug;

use super::super::DynamoCatalog;
use super::super::items as plain;
use super::super::keys::Key;
use crate::call::refused;

impl DynamoCatalog {
    pub(super) async fn read_populations(
        &self,
        org: &OrganizationSlug,
    ) -> Result<BTreeMap<ComponentName, Population>, StoreError> {
        let found = self
            .items(self.partition(Key::populations(org), None), usize::MAX)
            .await?;
        let named = found.into_iter().map(|item| {
            let sk = plain::sort_key(&item);
            let component = sk
                .parse::<ComponentName>()
                .map_err(|_| refused(format!("the population {sk} names no component")))?;
            Ok((component, plain::value(item)?))
        });
        named.collect()
    }
}
