//! What every mutation is sent, so that it does something on the [`Stage`](super::stage::Stage).

use Before::{Nothing, Put, Send};

/// An operation, the body that it is sent, and what is sent before it.
pub(super) type Case = (&'static str, &'static str, &'static str, Before);

/// What is sent before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// A body to the same path by PUT.
    Put(&'static str),
    /// No body by another method, to another path.
    Send(&'static str, &'static str),
}

/// No body.
pub(super) const NOTHING: &str = "";

const WEBHOOK: &str = r#"{"url": "https://hooks.example.org/other", "events": ["edition.failed"]}"#;
const SLUG_RULES: &str =
    r#"{"rules": [{"type": "prefix_strip", "prefix": "feature/"}], "semver_editions": "off"}"#;
const PREVIEW: &str = r#"{"git_refs": ["tickets/DM-1"]}"#;
const RETENTION: &str = r#"{"end_drafts_after_days": 30}"#;
const TEMPLATE: &str = r#"{"name": "spring"}"#;
const RELEASE: &str = r#"{"component": {"name": "handbook"}, "version": {"train": "stable", "version": "1.0",
    "released": "2026-01-01T00:00:00Z", "data": {"description": "another text"}}}"#;
const ASKED_FOR: &str = r#"{"data": [{"component": {"name": "handbook"}, "version": {"train": "stable"}}]}"#;
const CONTENT: &str =
    r#"{"document": {"introduction": {"children": [{"type": "p", "children": [{"text": "Two"}]}]}}}"#;

/// Every mutation.
pub(super) fn all() -> impl Iterator<Item = &'static Case> {
    [FIRST_API, REGISTRY, SECOND_API, DOCUMENTS].into_iter().flatten()
}

/// LTD's first API, users and dead letters.
const FIRST_API: &[Case] = &[
    (
        "POST",
        "/products/",
        r#"{"slug": "beta", "title": "Beta", "doc_repo": "https://github.com/example/beta"}"#,
        Nothing,
    ),
    ("PATCH", "/products/{slug}", r#"{"title": "Alef"}"#, Nothing),
    ("DELETE", "/products/{slug}", NOTHING, Nothing),
    (
        "POST",
        "/products/{slug}/restore",
        NOTHING,
        Send("DELETE", "/products/{slug}"),
    ),
    ("PUT", "/products/{slug}/slug-rules", SLUG_RULES, Nothing),
    ("DELETE", "/products/{slug}/slug-rules", NOTHING, Put(SLUG_RULES)),
    ("POST", "/products/{slug}/slug-rules/preview", PREVIEW, Nothing),
    ("PUT", "/products/{slug}/retention", RETENTION, Nothing),
    ("DELETE", "/products/{slug}/retention", NOTHING, Put(RETENTION)),
    ("POST", "/products/{slug}/dashboard", NOTHING, Nothing),
    ("POST", "/dashboards", NOTHING, Nothing),
    (
        "POST",
        "/products/{slug}/builds/",
        r#"{"git_refs": ["tickets/DM-1"]}"#,
        Nothing,
    ),
    ("PATCH", "/builds/{id}", r#"{"uploaded": true}"#, Nothing),
    (
        "POST",
        "/builds/{id}/forms",
        r#"{"directories": ["/", "a/"]}"#,
        Nothing,
    ),
    ("DELETE", "/builds/{id}", NOTHING, Nothing),
    (
        "POST",
        "/products/{slug}/editions/",
        r#"{"slug": "v2", "title": "Two", "tracked_refs": ["v2"], "build_url": "/builds/1"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/editions/{id}",
        r#"{"title": "Uno", "build_url": "/builds/1"}"#,
        Nothing,
    ),
    ("DELETE", "/editions/{id}", NOTHING, Nothing),
    ("POST", "/editions/{id}/rollback", r#"{"generation": 1}"#, Nothing),
    ("POST", "/editions/{id}/pin", NOTHING, Nothing),
    (
        "POST",
        "/editions/{id}/unpin",
        NOTHING,
        Send("POST", "/editions/{id}/pin"),
    ),
    (
        "POST",
        "/editions/{id}/restore",
        NOTHING,
        Send("DELETE", "/editions/{id}"),
    ),
    (
        "POST",
        "/users/",
        r#"{"username": "jo", "password": "correct horse battery", "permissions": []}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/users/{name}",
        r#"{"permissions": ["UPLOAD_BUILD"]}"#,
        Nothing,
    ),
    (
        "POST",
        "/users/{name}/tokens/",
        r#"{"label": "a machine"}"#,
        Nothing,
    ),
    ("DELETE", "/users/{name}/tokens/{id}", NOTHING, Nothing),
    ("POST", "/v2/dead-letters/{queue}/redrive", NOTHING, Nothing),
    (
        "DELETE",
        "/v2/dead-letters/{queue}/messages/{message}",
        NOTHING,
        Nothing,
    ),
];

/// The release registry.
const REGISTRY: &[Case] = &[
    ("POST", "/v2/clusters/{id}", r#"{"id": "c1"}"#, Nothing),
    (
        "POST",
        "/v3/clusters",
        r#"{"id": "c2", "components": [{"component": {"name": "handbook"}, "version": {"version": "1.0"}}]}"#,
        Nothing,
    ),
    ("PATCH", "/v4/clusters/{id}", r#"{"labels": ["staff"]}"#, Nothing),
    ("DELETE", "/v4/clusters/{id}", NOTHING, Nothing),
    (
        "POST",
        "/v3/doctor/{uuid}",
        r#"{"workflow": {"id": "c1"}}"#,
        Nothing,
    ),
    ("POST", "/v3/versions/latest", ASKED_FOR, Nothing),
    ("POST", "/v2/versions/latest", ASKED_FOR, Nothing),
    ("POST", "/v4/versions/latest", ASKED_FOR, Nothing),
    (
        "POST",
        "/v3/versions/{train}/{component}/{release}",
        RELEASE,
        Nothing,
    ),
    (
        "POST",
        "/v4/versions/{component}/{train}/{release}",
        RELEASE,
        Nothing,
    ),
    (
        "DELETE",
        "/v4/versions/{component}/{train}/{release}",
        NOTHING,
        Nothing,
    ),
];

/// The second API.
const SECOND_API: &[Case] = &[
    (
        "POST",
        "/v2/orgs",
        r#"{"slug": "other", "title": "Other", "layout": "path", "domain": "www.example.com"}"#,
        Nothing,
    ),
    ("PATCH", "/v2/orgs/{org}", r#"{"title": "ACME"}"#, Nothing),
    ("PUT", "/v2/orgs/{org}/slug-rules", SLUG_RULES, Nothing),
    ("PUT", "/v2/orgs/{org}/retention", RETENTION, Nothing),
    ("POST", "/v2/orgs/{org}/dashboards", NOTHING, Nothing),
    ("PUT", "/v2/orgs/{org}/dashboard-template", TEMPLATE, Nothing),
    (
        "DELETE",
        "/v2/orgs/{org}/dashboard-template",
        NOTHING,
        Put(TEMPLATE),
    ),
    (
        "PUT",
        "/v2/orgs/{org}/members/{user}",
        r#"{"role": "admin"}"#,
        Nothing,
    ),
    ("DELETE", "/v2/orgs/{org}/members/{user}", NOTHING, Nothing),
    ("POST", "/v2/orgs/{org}/webhooks", WEBHOOK, Nothing),
    ("PATCH", "/v2/orgs/{org}/webhooks/{webhook}", WEBHOOK, Nothing),
    ("DELETE", "/v2/orgs/{org}/webhooks/{webhook}", NOTHING, Nothing),
    (
        "POST",
        "/v2/orgs/{org}/webhooks/{webhook}/rotate",
        r#"{}"#,
        Nothing,
    ),
    ("POST", "/v2/orgs/{org}/webhooks/{webhook}/ping", NOTHING, Nothing),
    (
        "POST",
        "/v2/orgs/{org}/webhooks/{webhook}/deliveries/{delivery}/replay",
        NOTHING,
        Nothing,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects",
        r#"{"slug": "beta", "title": "Beta", "source_repo_url": "https://github.com/example/x"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/v2/orgs/{org}/projects/{project}",
        r#"{"title": "Alef"}"#,
        Nothing,
    ),
    ("DELETE", "/v2/orgs/{org}/projects/{project}", NOTHING, Nothing),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/restore",
        NOTHING,
        Send("DELETE", "/v2/orgs/{org}/projects/{project}"),
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/dashboard",
        NOTHING,
        Nothing,
    ),
    (
        "PUT",
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        SLUG_RULES,
        Nothing,
    ),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/slug-rules",
        NOTHING,
        Put(SLUG_RULES),
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/slug-rules/preview",
        PREVIEW,
        Nothing,
    ),
    (
        "PUT",
        "/v2/orgs/{org}/projects/{project}/retention",
        RETENTION,
        Nothing,
    ),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/retention",
        NOTHING,
        Put(RETENTION),
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/builds",
        r#"{"git_ref": "tickets/DM-1"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        r#"{"uploaded": true}"#,
        Nothing,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/builds/{build}/forms",
        r#"{"directories": ["/", "a/"]}"#,
        Nothing,
    ),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/builds/{build}",
        NOTHING,
        Nothing,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions",
        r#"{"slug": "v2", "title": "Two", "tracked_ref": "v2"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        r#"{"title": "Uno"}"#,
        Nothing,
    ),
    (
        "DELETE",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}",
        NOTHING,
        Nothing,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/rollback",
        r#"{"generation": 1}"#,
        Nothing,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/pin",
        NOTHING,
        Nothing,
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/unpin",
        NOTHING,
        Send("POST", "/v2/orgs/{org}/projects/{project}/editions/{edition}/pin"),
    ),
    (
        "POST",
        "/v2/orgs/{org}/projects/{project}/editions/{edition}/restore",
        NOTHING,
        Send("DELETE", "/v2/orgs/{org}/projects/{project}/editions/{edition}"),
    ),
];

/// Documents.
const DOCUMENTS: &[Case] = &[
    (
        "POST",
        "/documents",
        r##"{"title": "New", "content": {"markdown": "# One\n\nText.\n"}}"##,
        Nothing,
    ),
    (
        "POST",
        "/documents/check",
        r#"{"document": {"introduction": {"children": []}}}"#,
        Nothing,
    ),
    ("PATCH", "/documents/{document}", r#"{"title": "Flux"}"#, Nothing),
    ("DELETE", "/documents/{document}", NOTHING, Nothing),
    (
        "POST",
        "/documents/{document}/versions",
        r#"{"bump": "minor"}"#,
        Nothing,
    ),
    (
        "PATCH",
        "/documents/{document}/versions/{version}",
        r#"{"status": "CLOSED_REVIEW_REQUESTED"}"#,
        Nothing,
    ),
    (
        "PUT",
        "/documents/{document}/versions/{version}/content",
        CONTENT,
        Nothing,
    ),
    (
        "PATCH",
        "/documents/{document}/versions/{version}/content",
        CONTENT,
        Nothing,
    ),
    (
        "POST",
        "/documents/{document}/versions/{version}/touch",
        NOTHING,
        Nothing,
    ),
    (
        "POST",
        "/documents/{document}/versions/{version}/images",
        r#"{"names": ["sun.png"]}"#,
        Nothing,
    ),
    (
        "DELETE",
        "/documents/{document}/versions/{version}/images/{name}",
        NOTHING,
        Nothing,
    ),
];
