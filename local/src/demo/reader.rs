//! Reads published pages as a browser does, and compares them with what was uploaded.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::site::Site;

/// What a browser leaves alone in a path.
const IN_A_PATH: AsciiSet = NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A reader of one product.
#[derive(Debug, Clone)]
pub struct Reader {
    http: reqwest::Client,
    base: String,
    host: Option<String>,
}

/// What a reader got.
#[derive(Debug, Clone)]
pub struct Read {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Read {
    /// A header's text, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Whether it came out of the cache.
    pub fn is_hit(&self) -> bool {
        self.header("x-cache") == "HIT"
    }
}

impl Reader {
    /// Reads by path: `http://127.0.0.1:8701/<product>/`.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn by_path(docs: &str, product: &str) -> anyhow::Result<Self> {
        Ok(Self {
            http: client()?,
            base: format!("{docs}/{product}"),
            host: None,
        })
    }

    /// Reads by host: `http://<product>.localhost:8701/`. The name is sent, not looked up: not every resolver knows it.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn by_host(docs: &str, product: &str) -> anyhow::Result<Self> {
        let port = docs
            .rsplit_once(':')
            .map(|(_, port)| port)
            .context("a URL without a port")?;
        Ok(Self {
            http: client()?,
            base: docs.to_owned(),
            host: Some(format!("{product}.localhost:{port}")),
        })
    }

    /// Reads below any URL, which has no final slash.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn below_url(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            http: client()?,
            base: url.to_owned(),
            host: None,
        })
    }

    /// Reads what any host has below a path: `http://docs.example.org/<path>/`. The name is sent, not looked up.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn at(docs: &str, host: &str, path: &str) -> anyhow::Result<Self> {
        Ok(Self {
            http: client()?,
            base: format!("{docs}{path}"),
            host: Some(host.to_owned()),
        })
    }

    /// The reader of a part, such as `builds/1`.
    pub fn below(&self, part: &str) -> Self {
        Self {
            base: format!("{}/{part}", self.base),
            ..self.clone()
        }
    }

    /// Reads a page; the path is relative and not encoded.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn read(&self, path: &str) -> anyhow::Result<Read> {
        self.ask(Method::GET, path, &[]).await
    }

    /// The same with another method and more headers.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
    ) -> anyhow::Result<Read> {
        let url = format!("{}/{}", self.base, utf8_percent_encode(path, &IN_A_PATH));
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(host) = &self.host {
            request = request.header(header::HOST, host);
        }
        let response = request.send().await.with_context(|| format!("reading {path}"))?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Read {
            status,
            headers,
            body: response.bytes().await?,
        })
    }

    /// Compares every file, byte for byte.
    ///
    /// # Errors
    /// Names the first page that is not as it was uploaded.
    pub async fn has_all(&self, site: &Site) -> anyhow::Result<()> {
        for (path, body) in site.files() {
            let read = self.read(path).await?;
            ensure!(read.status == StatusCode::OK, "{path}: {}", read.status);
            ensure!(
                read.body == body,
                "{path} is not what was uploaded: {} bytes, not {}",
                read.body.len(),
                body.len()
            );
        }
        Ok(())
    }

    /// Checks that none of the pages is there.
    ///
    /// # Errors
    /// Names the first that is.
    pub async fn has_none(&self, paths: &[String]) -> anyhow::Result<()> {
        for path in paths {
            let status = self.read(path).await?.status;
            ensure!(
                status == StatusCode::NOT_FOUND,
                "{path} was removed, but answers {status}"
            );
        }
        Ok(())
    }
}

fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}
