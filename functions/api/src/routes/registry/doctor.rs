//! Reports of clusters' doctors.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};

use imprint_app::error::AppError;
use imprint_app::registry;
use imprint_domain::registry::{MAX_REPORT, ReportId};

use crate::Api;
use crate::error::{ApiError, Needed};
use crate::extract::{PathNames, Posted, Source};
use crate::requests::registry::doctor_report;
use crate::resources::DoctorInfo;

use super::missing;

const NOT_FOUND: &str = "404 doctor report not found";

/// Read the report of a cluster's doctor
///
/// For 30 days. It needs a name and a password of its own, which are not those of a user.
#[utoipa::path(get, path = "/v3/doctor/{uuid}", tag = "registry", operation_id = "getDoctorInfo",
    security(("doctor" = [])),
    params(("uuid" = String, Path, description = "What the cluster called the report: a UUID")),
    responses((status = 200, description = "The report", body = DoctorInfo)))]
pub(crate) async fn read(api: Api, headers: HeaderMap, names: PathNames) -> Result<Response, ApiError> {
    if !api.service.config.doctor.are_in(&headers) {
        return Err(ApiError::Unauthenticated(Needed::Doctor));
    }
    let id = report_id(&names).ok_or(ApiError::Missing(NOT_FOUND))?;
    let report = registry::read_report(&api.env, &id).await;
    let report = report.map_err(|error| missing(error, NOT_FOUND))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], report).into_response())
}

/// The report that a path names, in whatever case.
fn report_id(names: &PathNames) -> Option<ReportId> {
    names.raw("uuid").to_ascii_lowercase().parse().ok()
}

/// Store the report of a cluster's doctor
///
/// Under a UUID that the cluster chooses. The first report stays: the same one again is a success, another one a conflict.
#[utoipa::path(post, path = "/v3/doctor/{uuid}", tag = "registry", operation_id = "publishDoctorInfo",
    params(("uuid" = String, Path, description = "What the cluster calls the report: a UUID")),
    request_body = DoctorInfo, responses((status = 200, description = "Stored")))]
pub(crate) async fn publish(
    api: Api,
    source: Source,
    names: PathNames,
    Posted(body): Posted<MAX_REPORT>,
) -> Result<Response, ApiError> {
    let id = report_id(&names).ok_or_else(|| {
        let raw: String = names.raw("uuid").chars().take(80).collect();
        ApiError::Unprocessable(format!("uuid in path must be of type uuid: {raw:?}"))
    })?;
    let report = doctor_report(body)?;
    api.service.limits.report(source.0.as_deref())?;
    let stored = registry::store_report(&api.env, id, report).await;
    stored.map_err(|error| match error {
        AppError::Contended => ApiError::Contended("another report is stored under this uuid".to_owned()),
        error => error.into(),
    })?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")]).into_response())
}
