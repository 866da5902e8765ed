//! Organizations and their members.

use imprint_app::ports::{Page, StoreError};
use imprint_domain::access::Member;
use imprint_domain::organization::Organization;
use imprint_domain::slug::OrganizationSlug;

use super::keys::Key;
use super::{DynamoCatalog, cursor, items};

impl DynamoCatalog {
    pub(super) async fn read_organizations(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Organization>, StoreError> {
        let is_slug = |sk: &str| sk.parse::<OrganizationSlug>().is_ok();
        let after = cursor.map(|cursor| cursor::read(cursor, is_slug)).transpose()?;
        let all = self.partition(Key::ORGANIZATIONS.to_owned(), after.map(|sk| (">", sk)));
        let page = self.page(all, limit).await?;
        let items = page.items.into_iter().map(items::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    pub(super) async fn read_members(
        &self,
        org: &OrganizationSlug,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Member>, StoreError> {
        let is_name = |sk: &str| Key::user_of_row(sk).is_some();
        let after = cursor.map(|cursor| cursor::read(cursor, is_name)).transpose()?;
        let all = self.partition(Key::members(org), after.map(|sk| (">", sk)));
        let page = self.page(all, limit).await?;
        let items = page.items.into_iter().map(items::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }
}
