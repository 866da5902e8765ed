//! A client of the API that does what `ltd` of PyPI does, for the demo and the tests.

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{Method, StatusCode};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::site::Site;

/// Uploads at a time.
const UPLOADS: usize = 16;
/// More than anything here needs.
const MAX_REDIRECTS: usize = 4;
/// Asks for presigned forms, see the contract of LTD Keeper.
const V2: &str = "application/vnd.ltdkeeper.v2+json";

/// A logged-in client.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
}

impl Client {
    /// Gets a token.
    ///
    /// # Errors
    /// When the API does not answer, or refuses.
    pub async fn log_in(api: &str, user: &str, password: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self::log_in_through(http.build()?, api, user, password).await
    }

    /// The same through an HTTP client that knows the way to where the API is. It must not follow redirects.
    ///
    /// # Errors
    /// When the API does not answer, or refuses.
    pub async fn log_in_through(
        http: reqwest::Client,
        api: &str,
        user: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let mut client = Self {
            http,
            api: api.to_owned(),
            token: String::new(),
        };
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        let request = client
            .http
            .get(format!("{api}/token"))
            .header("authorization", basic);
        let answer = expect(StatusCode::OK, "GET /token", request).await?;
        client.token = text(&answer, "token")?.to_owned();
        Ok(client)
    }

    /// The token, for other clients.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request with the token, and gives status and JSON body, `null` for an empty one.
    ///
    /// # Errors
    /// When nothing answers, or not in JSON.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        body: Option<Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// Makes a product.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_product(&self, slug: &str, title: &str) -> anyhow::Result<Value> {
        let body =
            json!({"slug": slug, "title": title, "doc_repo": format!("https://github.com/example/{slug}")});
        let request = self.request(Method::POST, "/products/").json(&body);
        expect(StatusCode::CREATED, "POST /products/", request).await
    }

    /// Says which formats are made of the pages of a product's builds.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn derive(&self, product: &str, formats: &[&str]) -> anyhow::Result<Value> {
        let path = format!("/products/{product}");
        let request = self
            .request(Method::PATCH, &path)
            .json(&json!({"derive": formats}));
        expect(StatusCode::OK, "PATCH of the product", request).await
    }

    /// Announces a build of one ref and gets its upload forms.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_build(&self, product: &str, git_ref: &str, site: &Site) -> anyhow::Result<Value> {
        self.create_build_of_refs(product, &[git_ref], site).await
    }

    /// The same for a build of one or several refs.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_build_of_refs(
        &self,
        product: &str,
        git_refs: &[&str],
        site: &Site,
    ) -> anyhow::Result<Value> {
        let body = json!({"git_refs": git_refs, "directories": site.directories()});
        self.create_build_from(product, &body).await
    }

    /// The same for a build with whatever fields.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_build_from(&self, product: &str, body: &Value) -> anyhow::Result<Value> {
        let path = format!("/products/{product}/builds/");
        let request = self.request(Method::POST, &path).header("accept", V2).json(body);
        expect(StatusCode::CREATED, "POST builds", request).await
    }

    /// Uploads every file, then an object for every directory.
    ///
    /// # Errors
    /// When the store answers anything but 204.
    pub async fn upload(&self, build: &Value, site: &Site) -> anyhow::Result<()> {
        let mut forms = Vec::new();
        for (path, body) in site.files() {
            let (directory, name) = Site::split(path);
            let form = form(build, "post_prefix_urls", directory)?;
            forms.push((form, Some(content_type(name)), name.to_owned(), body.clone()));
        }
        self.upload_all(forms).await?;
        let mut forms = Vec::new();
        for directory in site.directories() {
            forms.push((
                form(build, "post_dir_urls", &directory)?,
                None,
                String::new(),
                Bytes::new(),
            ));
        }
        self.upload_all(forms).await
    }

    /// Uploads a format that the build announced.
    ///
    /// # Errors
    /// When there is no form for it, or the store answers anything but 204.
    pub async fn upload_format(&self, build: &Value, format: &str, body: Bytes) -> anyhow::Result<()> {
        let form = form(build, "artifact_uploads", format)?;
        let content_type = match format {
            "htmlzip" => "application/zip",
            _ => content_type(&format!("{format}.{format}")),
        };
        self.upload_one(form, Some(content_type), format.to_owned(), body)
            .await
    }

    async fn upload_all(
        &self,
        forms: Vec<(Value, Option<&'static str>, String, Bytes)>,
    ) -> anyhow::Result<()> {
        let uploads = forms
            .into_iter()
            .map(|(form, kind, name, body)| self.upload_one(form, kind, name, body));
        futures_util::stream::iter(uploads)
            .buffer_unordered(UPLOADS)
            .try_collect()
            .await
    }

    /// Posts one file by a form.
    ///
    /// # Errors
    /// When the store answers anything but 204.
    pub async fn upload_one(
        &self,
        target: Value,
        content_type: Option<&'static str>,
        name: String,
        body: Bytes,
    ) -> anyhow::Result<()> {
        let fields = target["fields"]
            .as_object()
            .context("an upload form without fields")?;
        // Names go out as they are, as urllib3 sends them: S3 puts them into the key.
        let mut form = Form::new().percent_encode_noop();
        for (field, value) in fields {
            form = form.text(
                field.clone(),
                value.as_str().context("a field that is no text")?.to_owned(),
            );
        }
        if let Some(content_type) = content_type {
            form = form.text("Content-Type", content_type);
        }
        let length = body.len() as u64;
        let form = form.part(
            "file",
            Part::stream_with_length(body, length).file_name(name.clone()),
        );
        let response = self
            .http
            .post(text(&target, "url")?)
            .multipart(form)
            .send()
            .await?;
        let status = response.status();
        if status != StatusCode::NO_CONTENT {
            bail!(
                "the upload of {name:?} answered {status}: {}",
                response.text().await?
            );
        }
        Ok(())
    }

    /// Says that everything is uploaded, and gives the URL of the task.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn confirm(&self, build: &Value) -> anyhow::Result<String> {
        let request = self
            .request(Method::PATCH, text(build, "self_url")?)
            .json(&json!({"uploaded": true}));
        let answer = expect(StatusCode::OK, "PATCH of the build", request).await?;
        Ok(text(&answer, "queue_url")?.to_owned())
    }

    /// What is known of a task, or of anything else that can be read.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn read(&self, url: &str) -> anyhow::Result<Value> {
        expect(StatusCode::OK, url, self.request(Method::GET, url)).await
    }

    /// The bytes at a URL of the API, wherever that leads.
    ///
    /// # Errors
    /// When it leads nowhere.
    pub async fn download(&self, url: &str) -> anyhow::Result<Bytes> {
        let mut url = url.to_owned();
        for _ in 0..MAX_REDIRECTS {
            // The token is the API's: whoever signed another address put into it what it needs.
            let is_ours = url.starts_with('/') || url.starts_with(&self.api);
            let request = match is_ours {
                true => self.request(Method::GET, &url),
                false => self.http.get(&url),
            };
            let response = request.send().await?;
            let status = response.status();
            if let Some(location) = response.headers().get("location") {
                url = location
                    .to_str()
                    .context("a location that is no text")?
                    .to_owned();
                continue;
            }
            ensure!(status == StatusCode::OK, "{url} answered {status}");
            return Ok(response.bytes().await?);
        }
        bail!("{url} leads from one place to another")
    }

    /// `url` may be a path of the API.
    fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        let url = match url.starts_with('/') {
            true => format!("{}{url}", self.api),
            false => url.to_owned(),
        };
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:", self.token)));
        self.http.request(method, url).header("authorization", basic)
    }
}

fn form(build: &Value, kind: &str, directory: &str) -> anyhow::Result<Value> {
    let form = build[kind].get(directory).cloned();
    form.with_context(|| format!("the API gave no form for {directory:?} in {kind}"))
}

/// A text field of an answer.
///
/// # Errors
/// When it is not there.
pub fn text<'a>(answer: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    answer[field]
        .as_str()
        .with_context(|| format!("no {field} in {answer}"))
}

async fn expect(status: StatusCode, what: &str, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let (found, body) = answer(request).await.with_context(|| what.to_owned())?;
    ensure!(found == status, "{what} answered {found}: {body}");
    Ok(body)
}

async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<(StatusCode, Value)> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    let body = match body.as_ref() {
        [] => Value::Null,
        json => serde_json::from_slice(json).with_context(|| {
            format!(
                "{status} with a body that is not JSON: {}",
                String::from_utf8_lossy(json)
            )
        })?,
    };
    Ok((status, body))
}

/// As Python's `mimetypes` guesses, for what a documentation site has.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain",
        Some("csv") => "text/csv",
        Some("pdf") => "application/pdf",
        Some("epub") => "application/epub+zip",
        Some("xml") => "text/xml",
        _ => "application/octet-stream",
    }
}
