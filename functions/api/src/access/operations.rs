//! Every operation and what it asks of its caller.

use http::Method;

use imprint_domain::access::Permission;

use super::Access::{self, Administrator, Anyone, Naming, Reader, SelfOr, Token, With, Within};
use Permission::{AdminEdition, AdminProduct, AdminUser, DeprecateBuild, PublishRelease, UploadBuild};

/// A method, a path, and what they ask for together.
pub(super) type Operation = (Method, &'static str, Access);

/// Every operation. One that is registered and not listed here is refused to everybody (D8).
pub(super) const OPERATIONS: &[Operation] = &[
    (Method::GET, "/", Anyone),
    (Method::GET, "/healthz", Anyone),
    (Method::GET, "/openapi.json", Anyone),
    (Method::GET, "/docs", Anyone),
    // It asks for a name and a password instead.
    (Method::GET, "/token", Anyone),
    (Method::GET, "/ping", Anyone),
    (Method::GET, "/swagger.json", Anyone),
    (Method::GET, "/products/", Anyone),
    (Method::POST, "/products/", With(AdminProduct)),
    (Method::GET, "/products/{slug}", Anyone),
    (Method::PATCH, "/products/{slug}", With(AdminProduct)),
    (Method::GET, "/products/{slug}/slug-rules", Anyone),
    (Method::PUT, "/products/{slug}/slug-rules", With(AdminProduct)),
    (Method::DELETE, "/products/{slug}/slug-rules", With(AdminProduct)),
    (
        Method::POST,
        "/products/{slug}/slug-rules/preview",
        With(AdminProduct),
    ),
    (Method::DELETE, "/products/{slug}", With(AdminProduct)),
    (Method::POST, "/products/{slug}/restore", With(AdminProduct)),
    (Method::GET, "/products/{slug}/dashboard", Anyone),
    (Method::POST, "/products/{slug}/dashboard", With(AdminProduct)),
    (Method::POST, "/dashboards", With(AdminProduct)),
    (Method::GET, "/products/{slug}/retention", With(AdminProduct)),
    (Method::PUT, "/products/{slug}/retention", With(AdminProduct)),
    (Method::DELETE, "/products/{slug}/retention", With(AdminProduct)),
    (
        Method::GET,
        "/products/{slug}/retention/preview",
        With(AdminProduct),
    ),
    (Method::GET, "/products/{slug}/builds/", Anyone),
    (Method::POST, "/products/{slug}/builds/", With(UploadBuild)),
    (Method::GET, "/products/{slug}/builds/{a}/diff/{b}", Anyone),
    (Method::GET, "/builds/{id}", Anyone),
    (Method::PATCH, "/builds/{id}", With(UploadBuild)),
    (Method::POST, "/builds/{id}/forms", With(UploadBuild)),
    (Method::DELETE, "/builds/{id}", With(DeprecateBuild)),
    (Method::GET, "/products/{slug}/editions/", Anyone),
    (Method::POST, "/products/{slug}/editions/", With(AdminEdition)),
    (Method::GET, "/editions/{id}", Anyone),
    (Method::PATCH, "/editions/{id}", With(AdminEdition)),
    (Method::DELETE, "/editions/{id}", With(AdminEdition)),
    (Method::GET, "/editions/{id}/history", Anyone),
    (Method::POST, "/editions/{id}/rollback", With(AdminEdition)),
    (Method::POST, "/editions/{id}/pin", With(AdminEdition)),
    (Method::POST, "/editions/{id}/unpin", With(AdminEdition)),
    (Method::POST, "/editions/{id}/restore", With(AdminEdition)),
    (Method::GET, "/queue/{id}", Anyone),
    (Method::GET, "/users/", With(AdminUser)),
    (Method::POST, "/users/", With(AdminUser)),
    (Method::GET, "/users/{name}", SelfOr(AdminUser)),
    (Method::PATCH, "/users/{name}", SelfOr(AdminUser)),
    (Method::GET, "/users/{name}/tokens/", SelfOr(AdminUser)),
    (Method::POST, "/users/{name}/tokens/", SelfOr(AdminUser)),
    (Method::DELETE, "/users/{name}/tokens/{id}", SelfOr(AdminUser)),
    (Method::GET, "/v2/orgs", Token),
    (Method::POST, "/v2/orgs", With(AdminUser)),
    (Method::GET, "/v2/orgs/{org}", Reader),
    (Method::PATCH, "/v2/orgs/{org}", Administrator),
    (Method::GET, "/v2/orgs/{org}/slug-rules", Reader),
    (Method::PUT, "/v2/orgs/{org}/slug-rules", Administrator),
    (Method::GET, "/v2/orgs/{org}/retention", Reader),
    (Method::PUT, "/v2/orgs/{org}/retention", Administrator),
    (Method::POST, "/v2/orgs/{org}/dashboards", Within(AdminProduct)),
    (Method::PUT, "/v2/orgs/{org}/dashboard-template", Administrator),
    (Method::DELETE, "/v2/orgs/{org}/dashboard-template", Administrator),
    (Method::GET, "/v2/orgs/{org}/members", Reader),
    (Method::GET, "/v2/orgs/{org}/members/{user}", Reader),
    (Method::PUT, "/v2/orgs/{org}/members/{user}", Administrator),
    (Method::DELETE, "/v2/orgs/{org}/members/{user}", Administrator),
    (Method::GET, "/v2/orgs/{org}/projects", Reader),
    (Method::POST, "/v2/orgs/{org}/projects", Within(AdminProduct)),
    (Method::GET, "/v2/orgs/{org}/projects/{project}", Reader),
    (
        Method::PATCH,
        "/v2/orgs/{org}/projects/{project}",
        Within(AdminProduct),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}",
        Within(AdminProduct),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/restore",
        Within(AdminProduct),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/dashboard",
        Within(AdminProduct),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Reader,
    ),
    (
        Method::PUT,
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Within(AdminProduct),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        Within(AdminProduct),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/slug-rules/preview",
        Within(AdminProduct),
    ),
    (Method::GET, "/v2/orgs/{org}/projects/{project}/retention", Reader),
    (
        Method::PUT,
        "/v2/orgs/{org}/projects/{project}/retention",
        Within(AdminProduct),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/retention",
        Within(AdminProduct),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/retention/preview",
        Within(AdminProduct),
    ),
    (Method::GET, "/v2/orgs/{org}/projects/{project}/builds", Reader),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/builds",
        Within(UploadBuild),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Reader,
    ),
    (
        Method::PATCH,
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Within(UploadBuild),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/builds/{build}/forms",
        Within(UploadBuild),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        Within(DeprecateBuild),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/builds/{a}/diff/{b}",
        Reader,
    ),
    (Method::GET, "/v2/orgs/{org}/projects/{project}/editions", Reader),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions",
        Within(AdminEdition),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Reader,
    ),
    (
        Method::PATCH,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Within(AdminEdition),
    ),
    (
        Method::DELETE,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        Within(AdminEdition),
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/history",
        Reader,
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/rollback",
        Within(AdminEdition),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/pin",
        Within(AdminEdition),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/unpin",
        Within(AdminEdition),
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/restore",
        Within(AdminEdition),
    ),
    // Its organization is known once it is read; then it is there for those who have a role in it.
    (Method::GET, "/v2/task/{id}", Token),
    (Method::GET, "/v2/orgs/{org}/webhooks", Administrator),
    (Method::POST, "/v2/orgs/{org}/webhooks", Administrator),
    (Method::GET, "/v2/orgs/{org}/webhooks/{webhook}", Administrator),
    (Method::PATCH, "/v2/orgs/{org}/webhooks/{webhook}", Administrator),
    (Method::DELETE, "/v2/orgs/{org}/webhooks/{webhook}", Administrator),
    (
        Method::POST,
        "/v2/orgs/{org}/webhooks/{webhook}/rotate",
        Administrator,
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/webhooks/{webhook}/ping",
        Administrator,
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries",
        Administrator,
    ),
    (
        Method::GET,
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}",
        Administrator,
    ),
    (
        Method::POST,
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}/replay",
        Administrator,
    ),
    (Method::GET, "/v2/dead-letters", With(AdminUser)),
    (Method::POST, "/v2/dead-letters/{queue}/redrive", With(AdminUser)),
    (
        Method::DELETE,
        "/v2/dead-letters/{queue}/messages/{message}",
        With(AdminUser),
    ),
    (Method::GET, "/registry", Anyone),
    (Method::GET, "/v2/orgs/{org}/registry", Reader),
];

/// The operations of the release registry, of the default organization. Those of another one have the same paths below
/// [`OF_ORGANIZATION`](super::OF_ORGANIZATION).
pub(super) const REGISTRY: &[Operation] = &[
    (Method::GET, "/v3/versions/{train}/{component}/{release}", Anyone),
    (
        Method::POST,
        "/v3/versions/{train}/{component}/{release}",
        With(PublishRelease),
    ),
    (Method::GET, "/v3/versions/{train}/{component}", Anyone),
    (Method::POST, "/v3/versions/latest", Anyone),
    (Method::POST, "/v2/versions/latest", Anyone),
    (Method::GET, "/v3/clusters/count", Anyone),
    (Method::GET, "/v3/clusters/age", Anyone),
    (Method::GET, "/v3/clusters/checkins", Anyone),
    (Method::GET, "/v3/clusters/persistent", Anyone),
    (Method::GET, "/v3/clusters/{id}", Anyone),
    // Installations have no credentials. A cluster proves by its own token that it is itself.
    (Method::POST, "/v3/clusters", Anyone),
    (Method::POST, "/v2/clusters/{id}", Anyone),
    // It asks for a name and a password of its own.
    (Method::GET, "/v3/doctor/{uuid}", Anyone),
    (Method::POST, "/v3/doctor/{uuid}", Anyone),
    (Method::GET, "/v4/versions", Anyone),
    (Method::GET, "/v4/versions/{component}", Anyone),
    (Method::GET, "/v4/versions/{component}/{train}", Anyone),
    (Method::GET, "/v4/versions/{component}/{train}/{release}", Anyone),
    (
        Method::POST,
        "/v4/versions/{component}/{train}/{release}",
        With(PublishRelease),
    ),
    (
        Method::DELETE,
        "/v4/versions/{component}/{train}/{release}",
        With(AdminProduct),
    ),
    (Method::POST, "/v4/versions/latest", Anyone),
    (Method::GET, "/v4/clusters", Anyone),
    (Method::GET, "/v4/clusters/stats", Anyone),
    (Method::GET, "/v4/clusters/{id}", Anyone),
    (Method::PATCH, "/v4/clusters/{id}", With(AdminProduct)),
    (Method::DELETE, "/v4/clusters/{id}", With(AdminProduct)),
];

/// The operations of documents, of the default organization. Those of another one have the same paths below
/// [`DOCUMENTS_OF`](super::DOCUMENTS_OF). What is published everybody reads; handlers ask for more where more is shown, and
/// where something is published or deleted that was.
pub(super) const DOCUMENTS: &[Operation] = &[
    (Method::GET, "/documents", Anyone),
    (Method::POST, "/documents", Naming(UploadBuild)),
    (Method::POST, "/documents/check", Token),
    (Method::GET, "/documents/{document}", Anyone),
    (Method::PATCH, "/documents/{document}", With(UploadBuild)),
    (Method::DELETE, "/documents/{document}", With(UploadBuild)),
    (Method::GET, "/documents/{document}/versions", Anyone),
    (Method::POST, "/documents/{document}/versions", With(UploadBuild)),
    (Method::GET, "/documents/{document}/versions/{version}", Anyone),
    (
        Method::PATCH,
        "/documents/{document}/versions/{version}",
        With(UploadBuild),
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/content",
        Anyone,
    ),
    (
        Method::PUT,
        "/documents/{document}/versions/{version}/content",
        With(UploadBuild),
    ),
    (
        Method::PATCH,
        "/documents/{document}/versions/{version}/content",
        With(UploadBuild),
    ),
    (
        Method::POST,
        "/documents/{document}/versions/{version}/touch",
        With(UploadBuild),
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/images",
        Anyone,
    ),
    (
        Method::POST,
        "/documents/{document}/versions/{version}/images",
        With(UploadBuild),
    ),
    (
        Method::DELETE,
        "/documents/{document}/versions/{version}/images/{name}",
        With(UploadBuild),
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/status",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/pdf",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/html",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/epub",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/latex",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/bibliography",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/versions/{version}/search",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/renderings/{checksum}/{name}",
        Anyone,
    ),
    (
        Method::GET,
        "/documents/{document}/renderings/{checksum}/images/{name}",
        Anyone,
    ),
];
