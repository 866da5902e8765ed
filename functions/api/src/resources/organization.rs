use serde::Serialize;
use utoipa::ToSchema;

use imprint_domain::access::Member;
use imprint_domain::organization::Organization;

use super::Moment;
use super::artifact::names_of;
use crate::urls::Urls;

/// A tenant: where its products are published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organization)]
pub(crate) struct OrganizationResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme")]
    self_url: String,
    /// Its projects.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects")]
    projects_url: String,
    /// Its members.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/members")]
    members_url: String,
    /// Its name in URLs.
    #[schema(example = "acme")]
    slug: String,
    /// Its title.
    title: String,
    /// `subdomain` (`<project>.<domain>`) or `path` (`<domain><path_prefix>/<project>`).
    #[schema(value_type = String, example = "path")]
    layout: &'static str,
    /// The domain that it is published under.
    #[schema(example = "www.example.org")]
    domain: String,
    /// What comes before the project in the path layout.
    #[schema(example = "/docs")]
    path_prefix: String,
    /// Whether a Fastly service is purged.
    fastly_support: bool,
    /// The host name of that service.
    fastly_domain: Option<String>,
    /// The service.
    fastly_service_id: Option<String>,
    /// The bucket with its files.
    s3_bucket: String,
    /// Always false: readers come through the CDN.
    s3_public_read: bool,
    /// What ticket keys are put behind to link to them.
    ticket_url: Option<String>,
    /// The slug of each project's default edition.
    #[schema(example = "main")]
    default_edition: String,
    /// When it was created; null for the default organization, which every installation has.
    date_created: Option<Moment>,
    /// The formats that are made of the pages of each build, for products that have no rule of their own.
    #[schema(value_type = Vec<String>, example = json!(["htmlzip", "json", "search", "markdown"]))]
    derive: Vec<&'static str>,
}

impl OrganizationResource {
    pub(crate) fn new(urls: &Urls, organization: &Organization) -> Self {
        let url = urls.organization(&organization.slug);
        let fastly_domain = organization.fastly_domain.clone();
        let is_default = organization.slug.is_default();
        Self {
            projects_url: format!("{url}/projects"),
            members_url: format!("{url}/members"),
            self_url: url,
            slug: organization.slug.to_string(),
            title: organization.title.to_string(),
            layout: organization.layout.name(),
            domain: organization.domain.clone(),
            path_prefix: organization.path_prefix.clone(),
            fastly_support: organization.fastly_service.is_some(),
            fastly_domain: Some(fastly_domain).filter(|domain| !domain.is_empty()),
            fastly_service_id: organization.fastly_service.clone(),
            s3_bucket: organization.bucket.clone(),
            s3_public_read: false,
            ticket_url: organization
                .ticket_url
                .as_ref()
                .map(|url| url.as_str().to_owned()),
            default_edition: organization.default_edition.to_string(),
            date_created: (!is_default).then_some(Moment(organization.created_at)),
            derive: names_of(&organization.policy.derive),
        }
    }
}

/// Somebody in an organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberResource {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/members/jo")]
    self_url: String,
    /// The organization.
    organization_url: String,
    /// The user.
    #[schema(example = "https://keeper.example.org/users/jo")]
    user_url: String,
    /// The user's name.
    #[schema(example = "jo")]
    username: String,
    /// `reader`, `uploader` or `admin`.
    #[schema(value_type = String, example = "uploader")]
    role: &'static str,
}

impl MemberResource {
    pub(crate) fn new(urls: &Urls, member: &Member) -> Self {
        Self {
            self_url: urls.member(&member.organization, &member.user),
            organization_url: urls.organization(&member.organization),
            user_url: urls.user(&member.user),
            username: member.user.to_string(),
            role: member.role.name(),
        }
    }
}
