//! Reports of clusters' doctors: large, written once under an identity that the cluster has chosen.

use bytes::Bytes;

use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_domain::registry::{DoctorReport, ReportId};

use crate::env::Env;
use crate::error::AppError;
use crate::outgoing::Chain;
use crate::ports::{Change, RegistryChange, StoreError};

/// Stores a report. The first one under an identity stays; the same one again is a success.
///
/// The object comes first and is named after its content, so a reader never finds an identity without its report. One that
/// lost, or whose identity was never stored, is removed by the bucket's rule for these objects.
///
/// # Errors
/// `Contended` when there is another report under this identity.
pub async fn store_report(env: &Env, id: ReportId, content: Bytes) -> Result<(), AppError> {
    let org = &env.organization.slug;
    let now = env.clock.now();
    let report = DoctorReport::of(org.clone(), id, &content, now);
    let is_same = |stored: &DoctorReport| stored.digest == report.digest;
    if let Some(stored) = env.registry.doctor_report(org, &report.id).await? {
        return if is_same(&stored) {
            Ok(())
        } else {
            Err(AppError::Contended)
        };
    }
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let key = ObjectKey::doctor_report(&report);
    env.objects.write(&key, content, &headers).await?;
    let change = RegistryChange::CreateDoctorReport(report.clone());
    match env.catalog.commit(vec![Change::Registry(Box::new(change))]).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => {
            let stored = env.registry.doctor_report(org, &report.id).await?;
            if stored.as_ref().is_some_and(is_same) {
                return Ok(());
            }
            if let Err(error) = env.objects.delete(&[key]).await {
                tracing::warn!(error = %Chain(&error), "a report that lost stays until the bucket removes it");
            }
            Err(AppError::Contended)
        }
        Err(error) => Err(error.into()),
    }
}

/// A report as it was stored, for a month.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn read_report(env: &Env, id: &ReportId) -> Result<Bytes, AppError> {
    let report = env.registry.doctor_report(&env.organization.slug, id).await?;
    let alive = report.filter(|report| report.expires_at() > env.clock.now());
    let report = alive.ok_or(AppError::NotFound)?;
    let stored = env.objects.read(&ObjectKey::doctor_report(&report)).await?;
    Ok(stored.ok_or(AppError::NotFound)?.body)
}
