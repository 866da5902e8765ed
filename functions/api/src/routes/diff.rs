use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use imprint_app::diff::{self, Compared};

use crate::Api;
use crate::delivery;
use crate::error::ApiError;
use crate::extract::{DiffForm, Named, TwoBuilds};
use crate::resources::{DiffResource, summary};

/// Compare two builds of a product
///
/// What came, went, changed or moved from the first to the second. Pages are compared by what they say where that is known of
/// both, so that dates and commit ids around it are no changes. With `text/markdown` in `Accept` the answer is the summary
/// alone, to post to a pull request.
///
/// A build is named by its slug, or by its number where the product has no build of such a slug.
#[utoipa::path(get, path = "/products/{slug}/builds/{a}/diff/{b}", tag = "builds", operation_id = "diff_builds",
    params(("slug" = String, Path, description = "The product's slug"),
        ("a" = String, Path, description = "The build to compare with: its slug, or its number"),
        ("b" = String, Path, description = "The build to compare: its slug, or its number"),
        ("Accept" = Option<String>, Header, description = "`text/markdown` for the summary alone",
            example = "application/json")),
    responses((status = 200, description = "The difference", content((DiffResource = "application/json"),
        (String = "text/markdown", example = "### Documentation: 1 page changed\n")))))]
pub(crate) async fn read(
    api: Api,
    named: Named,
    builds: TwoBuilds,
    form: DiffForm,
) -> Result<Response, ApiError> {
    let compared = diff::compare(&api.env, &named.slug, &builds.a, &builds.b).await?;
    let mut answer = match form {
        DiffForm::Json => {
            let resource = DiffResource::new(&named, &api.env.organization, &compared);
            delivery::json(StatusCode::OK, &resource)
        }
        DiffForm::Markdown => markdown(&api, &compared),
    };
    let vary = HeaderValue::from_static("Accept");
    answer.headers_mut().append(header::VARY, vary);
    Ok(answer)
}

fn markdown(api: &Api, compared: &Compared) -> Response {
    let text = summary(&api.env.organization, compared, &compared.diff());
    let mut answer = Response::new(text.into());
    let media = HeaderValue::from_static("text/markdown; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, media);
    answer
}
