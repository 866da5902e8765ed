//! Who may see what of documents, and who may change them.

use imprint_app::access::Caller;
use imprint_app::documents::{self, Authority};
use imprint_domain::access::{About, Permission};
use imprint_domain::document::{Document, Reader};
use imprint_domain::slug::{OrganizationSlug, ProductSlug};

use super::Asked;
use crate::error::ApiError;
use crate::extract::raw_part;

/// What is asked for a document of a product is asked for that product; one without is the whole organization's.
fn about(product: Option<&ProductSlug>) -> About<'_> {
    product.map_or(About::Everything, About::Product)
}

fn may(caller: &Caller, document: &Document, permission: Permission) -> bool {
    caller.may(
        &document.organization,
        permission,
        about(document.product.as_ref()),
    )
}

/// What somebody sees of a document: whoever may write it sees what is not published.
pub(crate) fn reader(caller: Option<&Caller>, document: &Document) -> Reader {
    match caller {
        Some(caller) if may(caller, document, Permission::UploadBuild) => Reader::Editor,
        Some(_) | None => Reader::Public,
    }
}

/// Whether somebody may have documents of a product, or of none.
pub(crate) fn may_write(
    caller: &Caller,
    organization: &OrganizationSlug,
    product: Option<&ProductSlug>,
) -> bool {
    caller.may(organization, Permission::UploadBuild, about(product))
}

/// What an editor may do with what is published, or shall be.
pub(crate) fn authority(caller: &Caller, document: &Document) -> Authority {
    if may(caller, document, Permission::AdminEdition) {
        Authority::Publisher
    } else {
        Authority::Editor
    }
}

/// Whether an editor may delete a document: once the public reads it, that is for those who may delete products.
pub(crate) fn may_delete(caller: &Caller, document: &Document) -> bool {
    document.published.is_none() || may(caller, document, Permission::AdminProduct)
}

impl Asked<'_> {
    /// The limit of a token, for a document. What the public does not know of is not there for others either.
    pub(super) async fn is_within_limit_of_document(&self, caller: &Caller) -> Result<bool, ApiError> {
        let env = self.service.tenants.of(&self.organization).await?;
        let document = documents::find(&env, raw_part(self.parts, "document")).await?;
        let is_within = caller.products.include(about(document.product.as_ref()));
        if is_within || document.is_visible(Reader::Public) {
            Ok(is_within)
        } else {
            Err(ApiError::NotFound)
        }
    }
}
