//! What callers get. Fields and their order are LTD's; ours come after them.

mod artifact;
mod build;
mod dashboard;
mod dead_letter;
mod diff;
mod document;
mod edition;
mod moment;
mod organization;
mod product;
mod registry;
mod rendering;
mod retention;
mod service;
mod slug_rules;
mod task;
mod user;
mod webhook;

pub(crate) use build::{BuildConfirmed, BuildList, BuildResource, Nothing, ProjectBuildResource};
pub(crate) use dashboard::{DashboardDocument, Queued, Started};
pub(crate) use dead_letter::{DeadLettersResource, RedrivenResource};
pub(crate) use diff::{DiffResource, summary};
pub(crate) use document::{
    DocumentList, DocumentResource, ImageForms, ImageList, ImageResource, ProblemResource,
    RenderingErrorResource, ReviewResource, VersionList, VersionOfDocument,
};
pub(crate) use edition::{
    EditionEnded, EditionHistory, EditionList, EditionResource, MoveResource, ProjectEditionResource,
};
pub(crate) use moment::Moment;
pub(crate) use organization::{MemberResource, OrganizationResource};
pub(crate) use product::{ProductList, ProductResource, ProjectResource};
pub(crate) use registry::{
    ClusterCheckinResource, ClusterList, ClusterResource, ClusterStatsResource, ClustersCountResource,
    ComponentVersionList, ComponentVersionResource, DoctorInfo, Documentation, KnownClusterList,
    KnownClusterResource, KnownVersionResource, KubernetesResource, LabelsDocument, NamespaceResource,
    ReleaseList, ReleaseResource, TrainList,
};
pub(crate) use rendering::StatusResource;
pub(crate) use retention::{OrganizationRetentionResource, RetentionPreviewResource, RetentionResource};
pub(crate) use service::{Health, Root, RootData, RootLinks, StoreMeter, TokenAnswer};
pub(crate) use slug_rules::{
    OrganizationRulesResource, PreviewResource, SlugPreview, SlugRuleResource, SlugRulesResource,
};
pub(crate) use task::TaskResource;
pub(crate) use user::{IssuedTokenResource, TokenList, TokenResource, UserList, UserResource};
pub(crate) use webhook::{DeliveryResource, SecretWebhookResource, WebhookResource};

use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::task::Failure;

/// A word as it is stored, such as a failure's code.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// What went wrong, and what to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureResource {
    /// A stable word for machines.
    #[schema(example = "purge_refused")]
    code: String,
    /// What happened.
    message: String,
    /// What to do.
    remedy: String,
    /// When it happened.
    date: Moment,
}

impl FailureResource {
    fn new(failure: &Failure) -> Self {
        Self {
            code: word(&failure.code),
            message: failure.message.clone(),
            remedy: failure.remedy.clone(),
            date: Moment(failure.at),
        }
    }
}
