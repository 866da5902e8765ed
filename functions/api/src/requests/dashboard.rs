use serde::Deserialize;
use utoipa::ToSchema;

use imprint_domain::template::TemplateName;

use crate::error::ApiError;
use crate::extract::RequestBody;

use super::required;

const NOUN: &str = "DashboardTemplate";

/// Which templates to use. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UseTemplates {
    /// The folder's name: lower case letters, digits and hyphens.
    #[schema(required, nullable = false, example = "spring", max_length = 64)]
    name: Option<String>,
}

impl RequestBody for UseTemplates {
    const NOUN: &'static str = NOUN;
}

impl UseTemplates {
    pub(crate) fn parse(self) -> Result<TemplateName, ApiError> {
        let name = required(NOUN, "name", self.name)?;
        name.parse()
            .map_err(|error| ApiError::BadRequest(format!("Invalid {NOUN}: name: {error}")))
    }
}
