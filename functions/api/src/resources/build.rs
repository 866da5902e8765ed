use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::builds::CreatedBuild;
use imprint_app::ports::{PresignedPost, PresignedPut};
use imprint_app::unpack_archive::MAX_ARCHIVE_BYTES;
use imprint_domain::artifact::Format;
use imprint_domain::build::Build;
use imprint_domain::id::TaskId;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::Moment;
use super::artifact::{ArtifactResource, ArtifactsByFormat, by_format};
use crate::urls::Urls;

/// An upload of a product's site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Build)]
pub(crate) struct BuildResource<'a> {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/builds/1")]
    self_url: String,
    /// The URL of its product.
    product_url: String,
    /// Its name in URLs.
    #[schema(example = "1")]
    slug: String,
    /// When it was registered.
    date_created: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// Whether the client has said that every file is there.
    uploaded: bool,
    /// The bucket with its files.
    bucket_name: String,
    /// The prefix of its files, without a final slash.
    #[schema(example = "pipelines/builds/1")]
    bucket_root_dir: String,
    /// What it was built from.
    git_refs: Vec<String>,
    /// Who asked for it.
    github_requester: Option<String>,
    /// Where it is published.
    published_url: String,
    /// What the CDN purges it by.
    surrogate_key: String,
    /// Where to watch the archive of a build that comes in one, once it was there. Otherwise null: registering a build starts
    /// nothing that could be watched.
    queue_url: Option<String>,
    /// Forms to upload the files of a directory with, by directory. Null unless the request asked for forms.
    #[schema(value_type = Option<BTreeMap<String, UploadForm>>)]
    post_prefix_urls: Option<BTreeMap<&'a str, UploadForm<'a>>>,
    /// Forms to upload the empty redirect object of a directory with. Null unless the request asked for forms.
    #[schema(value_type = Option<BTreeMap<String, UploadForm>>)]
    post_dir_urls: Option<BTreeMap<&'a str, UploadForm<'a>>>,
    /// A form whose use confirms the upload, for clients without a token at hand. Only with the other forms.
    #[serde(skip_serializing_if = "Option::is_none")]
    post_complete_url: Option<UploadForm<'a>>,
    /// The deployment that it is for; null when it is for all.
    alternate_name: Option<String>,
    /// The component that it documents; only where it says that it documents a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "pipelines")]
    component: Option<String>,
    /// The train in which that comes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "stable")]
    train: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2.19.1")]
    version: Option<String>,
    /// A form for each format that is uploaded beside the pages, by its name. Only where the request announced some.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, UploadForm>>, nullable = false)]
    artifact_uploads: Option<BTreeMap<&'a str, UploadForm<'a>>>,
    /// Where to send the archive. Only in the answer to the registration of a build whose files come in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    archive_upload: Option<ArchiveUpload<'a>>,
    /// Where each format has got to that it is published in, by its name. Absent before anything is known of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, ArtifactResource>>, nullable = false)]
    artifacts: Option<ArtifactsByFormat>,
}

/// An upload of a project's site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectBuild)]
pub(crate) struct ProjectBuildResource<'a> {
    /// Its own URL.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines/builds/1")]
    self_url: String,
    /// The URL of its organization.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme")]
    organization_url: String,
    /// The URL of its project.
    #[schema(example = "https://keeper.example.org/v2/orgs/acme/projects/pipelines")]
    project_url: String,
    /// Where to watch what the request began, or the archive of a build that comes in one; null when there is nothing to watch.
    #[schema(example = "https://keeper.example.org/v2/task/0123456789abcdef0123456789abcdef")]
    task_url: Option<String>,
    /// Its name in URLs.
    #[schema(example = "1")]
    slug: String,
    /// When it was registered.
    date_created: Moment,
    /// When it was deleted.
    date_ended: Option<Moment>,
    /// Whether the client has said that every file is there.
    uploaded: bool,
    /// The bucket with its files.
    bucket_name: String,
    /// The prefix of its files, without a final slash.
    #[schema(example = "_orgs/acme/pipelines/builds/1")]
    bucket_prefix: String,
    /// What it was built from; of several refs the first.
    #[schema(example = "main")]
    git_ref: Option<String>,
    /// Where it is published.
    published_url: String,
    /// What the CDN purges it by.
    surrogate_key: String,
    /// Forms to upload the files of a directory with, by directory. Only in the answer to its registration.
    #[schema(value_type = Option<BTreeMap<String, UploadForm>>)]
    post_prefix_urls: Option<BTreeMap<&'a str, UploadForm<'a>>>,
    /// Forms to upload the empty redirect object of a directory with. Only in the answer to its registration.
    #[schema(value_type = Option<BTreeMap<String, UploadForm>>)]
    post_dir_urls: Option<BTreeMap<&'a str, UploadForm<'a>>>,
    /// A form whose use confirms the upload, for clients without a token at hand. Only with the other forms.
    #[serde(skip_serializing_if = "Option::is_none")]
    post_complete_url: Option<UploadForm<'a>>,
    /// All that it was built from.
    git_refs: Vec<String>,
    /// Who asked for it.
    github_requester: Option<String>,
    /// The deployment that it is for; null when it is for all.
    alternate_name: Option<String>,
    /// The component that it documents; only where it says that it documents a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "pipelines")]
    component: Option<String>,
    /// The train in which that comes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "stable")]
    train: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2.19.1")]
    version: Option<String>,
    /// A form for each format that is uploaded beside the pages, by its name. Only where the request announced some.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, UploadForm>>, nullable = false)]
    artifact_uploads: Option<BTreeMap<&'a str, UploadForm<'a>>>,
    /// Where to send the archive. Only in the answer to the registration of a build whose files come in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    archive_upload: Option<ArchiveUpload<'a>>,
    /// Where each format has got to that it is published in, by its name. Absent before anything is known of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, ArtifactResource>>, nullable = false)]
    artifacts: Option<ArtifactsByFormat>,
}

/// Where and how to post one file as `multipart/form-data`: the fields in this order, the file last. Good for 24 hours, one of an
/// image for one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadForm<'a> {
    /// Where to post it.
    url: &'a str,
    /// The fields. `${filename}` in `key` stands for the file's name.
    #[schema(value_type = BTreeMap<String, String>)]
    fields: &'a serde_json::Map<String, serde_json::Value>,
}

/// Where to send an archive: one `PUT` with its bytes as the body. Nothing has to be called afterwards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArchiveUpload<'a> {
    /// Where to `PUT` it. Whoever has the address may.
    url: &'a str,
    /// The headers to send with it: none for now.
    headers: BTreeMap<String, String>,
    /// Until when the address is good.
    expires: Moment,
    /// How many bytes it may have at most.
    #[schema(example = 2_147_483_648_u64)]
    max_bytes: u64,
}

/// All builds of a product, or a page of them, newest first. Deleted ones are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum BuildList<'a> {
    /// As URLs.
    Urls {
        /// URLs of builds.
        builds: Vec<String>,
    },
    /// As resources.
    Resources {
        /// Builds.
        builds: Vec<BuildResource<'a>>,
    },
}

/// The answer to a change of a build.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuildConfirmed {
    /// Where to watch what follows; null when nothing does.
    #[schema(example = "https://keeper.example.org/queue/0123456789abcdef0123456789abcdef")]
    pub(crate) queue_url: Option<String>,
}

/// An empty object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Nothing {}

impl<'a> BuildResource<'a> {
    pub(crate) fn new(urls: &Urls, organization: &Organization, product: &Product, build: &Build) -> Self {
        Self {
            self_url: urls.build(build.id),
            product_url: urls.product(&build.product),
            slug: build.slug.to_string(),
            date_created: Moment(build.created_at),
            date_ended: build.ended_at().map(Moment),
            uploaded: build.is_uploaded(),
            bucket_name: organization.bucket.clone(),
            bucket_root_dir: build.prefix().directory_key().to_string(),
            git_refs: build.git_refs.iter().map(ToString::to_string).collect(),
            github_requester: build.github_requester.as_ref().map(ToString::to_string),
            published_url: layout::build_url(organization, product, &build.slug),
            surrogate_key: build.surrogate_key.to_string(),
            queue_url: build.upload.task().map(|task| urls.task(task)),
            post_prefix_urls: None,
            post_dir_urls: None,
            post_complete_url: None,
            alternate_name: build.alternate.as_ref().map(ToString::to_string),
            component: build.documents.as_ref().map(|_| build.product.to_string()),
            train: build
                .documents
                .as_ref()
                .map(|documented| documented.train.to_string()),
            version: build
                .documents
                .as_ref()
                .map(|documented| documented.version.to_string()),
            artifact_uploads: None,
            archive_upload: None,
            artifacts: by_format(&build.artifacts),
        }
    }

    /// A new build with its upload forms, when it has some.
    pub(crate) fn created(urls: &Urls, organization: &Organization, created: &'a CreatedBuild) -> Self {
        let artifact_forms = &created.artifact_forms;
        let of_format =
            |(format, form): (&'a Format, &'a PresignedPost)| (format.name(), UploadForm::new(form));
        let build = Self {
            artifact_uploads: (!artifact_forms.is_empty())
                .then(|| artifact_forms.iter().map(of_format).collect()),
            archive_upload: created.archive.as_ref().map(ArchiveUpload::new),
            ..Self::new(urls, organization, &created.product, &created.build)
        };
        let Some(forms) = &created.forms else {
            return build;
        };
        let all = |forms: &'a BTreeMap<String, PresignedPost>| {
            forms
                .iter()
                .map(|(directory, form)| (directory.as_str(), UploadForm::new(form)))
                .collect()
        };
        Self {
            post_prefix_urls: Some(all(&forms.files)),
            post_dir_urls: Some(all(&forms.directories)),
            post_complete_url: Some(UploadForm::new(&forms.complete)),
            ..build
        }
    }
}

impl<'a> ProjectBuildResource<'a> {
    pub(crate) fn new(urls: &Urls, organization: &Organization, product: &Product, build: &Build) -> Self {
        Self::of(
            BuildResource::new(urls, organization, product, build),
            urls,
            build,
        )
    }

    /// A new build with its upload forms.
    pub(crate) fn created(urls: &Urls, organization: &Organization, created: &'a CreatedBuild) -> Self {
        Self::of(
            BuildResource::created(urls, organization, created),
            urls,
            &created.build,
        )
    }

    /// A build after a request, with what to watch.
    pub(crate) fn watched(self, urls: &Urls, task: Option<&TaskId>) -> Self {
        Self {
            task_url: task.map(|task| urls.task_of_project(task)).or(self.task_url),
            ..self
        }
    }

    /// What v1 says of it, by the names of v2.
    fn of(first: BuildResource<'a>, urls: &Urls, build: &Build) -> Self {
        let (org, project) = (&build.organization, &build.product);
        Self {
            self_url: urls.project_build(org, project, &build.slug),
            organization_url: urls.organization(org),
            project_url: urls.project(org, project),
            task_url: build.upload.task().map(|task| urls.task_of_project(task)),
            slug: first.slug,
            date_created: first.date_created,
            date_ended: first.date_ended,
            uploaded: first.uploaded,
            bucket_name: first.bucket_name,
            bucket_prefix: first.bucket_root_dir,
            git_ref: first.git_refs.first().cloned(),
            published_url: first.published_url,
            surrogate_key: first.surrogate_key,
            post_prefix_urls: first.post_prefix_urls,
            post_dir_urls: first.post_dir_urls,
            post_complete_url: first.post_complete_url,
            git_refs: first.git_refs,
            github_requester: first.github_requester,
            alternate_name: first.alternate_name,
            component: first.component,
            train: first.train,
            version: first.version,
            artifact_uploads: first.artifact_uploads,
            archive_upload: first.archive_upload,
            artifacts: first.artifacts,
        }
    }
}

impl<'a> ArchiveUpload<'a> {
    fn new(put: &'a PresignedPut) -> Self {
        Self {
            url: &put.url,
            headers: BTreeMap::new(),
            expires: Moment(put.expires),
            max_bytes: MAX_ARCHIVE_BYTES,
        }
    }
}

impl<'a> UploadForm<'a> {
    pub(super) fn new(form: &'a PresignedPost) -> Self {
        Self {
            url: &form.url,
            fields: &form.fields,
        }
    }
}
