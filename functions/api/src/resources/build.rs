use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use imprint_app::builds::CreatedBuild;
use imprint_app::ports::PresignedPost;
use imprint_domain::build::Build;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::product::Product;

use super::Moment;
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
    /// Null: registering a build starts nothing that could be watched.
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
}

/// Where and how to post one file as `multipart/form-data`: the fields in this order, the file last. Good for 24 hours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadForm<'a> {
    /// Where to post it.
    url: &'a str,
    /// The fields. `${filename}` in `key` stands for the file's name.
    #[schema(value_type = BTreeMap<String, String>)]
    fields: &'a serde_json::Map<String, serde_json::Value>,
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
            queue_url: None,
            post_prefix_urls: None,
            post_dir_urls: None,
            post_complete_url: None,
            alternate_name: build.alternate.as_ref().map(ToString::to_string),
        }
    }

    /// A new build with its upload forms, when it has some.
    pub(crate) fn created(urls: &Urls, organization: &Organization, created: &'a CreatedBuild) -> Self {
        let build = Self::new(urls, organization, &created.product, &created.build);
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

impl<'a> UploadForm<'a> {
    fn new(form: &'a PresignedPost) -> Self {
        Self {
            url: &form.url,
            fields: &form.fields,
        }
    }
}
