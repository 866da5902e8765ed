//! Upload forms for a build that is there already: for an upload that takes longer than forms are good, or that goes on where
//! another client stopped.

use imprint_domain::build::{Build, BuildError, BuildState};
use imprint_domain::id::BuildId;
use imprint_domain::key::SiteDirectory;

use super::{CreatedBuild, get, signed};
use crate::env::Env;
use crate::error::AppError;

/// The build with new forms, or with a new address for its archive when it comes in one. Nothing is stored: the forms of before
/// stay good until their time is over. Two requests.
///
/// # Errors
/// `NotFound` for an unknown build, `Invalid` for one that was ended, `Refused` for one whose upload was confirmed: what is
/// published does not change any more.
pub async fn forms(env: &Env, id: BuildId, directories: &[SiteDirectory]) -> Result<CreatedBuild, AppError> {
    let build = get(env, id).await?;
    uploading(&build)?;
    let product = crate::products::get(env, &build.product).await?;
    product.writable()?;
    signed(env, &product, build, Some(directories))
}

fn uploading(build: &Build) -> Result<(), AppError> {
    let ended = || BuildError::Ended(build.slug.clone());
    match &build.state {
        BuildState::Uploading if build.ended_at().is_none() => Ok(()),
        BuildState::Uploading | BuildState::Ended { .. } => Err(ended().into()),
        BuildState::Uploaded { .. } => Err(AppError::Refused(format!(
            "Build was uploaded: {}; upload what changed as a new one",
            build.slug
        ))),
    }
}
