//! Sites as the upload clients leave them in the bucket.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use imprint_domain::build::Build;
use imprint_domain::manifest::Headers;

use crate::memory::MemoryObjects;

/// The files of a site, to be uploaded as a build.
#[derive(Debug, Clone, Default)]
pub struct Site {
    files: BTreeMap<String, (Bytes, Headers)>,
    without_redirects: bool,
}

impl Site {
    /// A site without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// A site of `pages` pages that share a style sheet, in a few folders: enough to be counted.
    pub fn of_pages(pages: usize) -> Self {
        (0..pages).fold(Self::new().file("_static/style.css", "p {}"), |site, n| match n {
            0 => site.file("index.html", "<p>home"),
            n => site.file(&format!("part{}/page{n}.html", n % 7), format!("<p>{n}")),
        })
    }

    /// With one more file, or another content of one. Its content type follows from its ending.
    pub fn file(self, path: &str, body: impl Into<Bytes>) -> Self {
        let headers = Headers {
            content_type: Some(content_type(path).to_owned()),
            ..Headers::default()
        };
        self.file_with(path, body, headers)
    }

    /// With one more file that has these headers besides those of every upload.
    pub fn file_with(mut self, path: &str, body: impl Into<Bytes>, headers: Headers) -> Self {
        self.files.insert(path.to_owned(), (body.into(), headers));
        self
    }

    /// Without a file.
    pub fn without(mut self, path: &str) -> Self {
        self.files.remove(path);
        self
    }

    /// Without the objects that redirect directories, as clients of the first API version leave it.
    pub fn without_redirects(mut self) -> Self {
        self.without_redirects = true;
        self
    }

    /// The paths of its files, and of its directories without slash.
    pub fn paths(&self) -> Vec<String> {
        let files = self.files.keys().cloned();
        let mut paths: Vec<String> = files.chain(self.directories()).collect();
        paths.sort();
        paths
    }

    /// The content of each file.
    pub fn bodies(&self) -> BTreeMap<String, Bytes> {
        let files = self.files.iter();
        files
            .map(|(path, (body, _))| (path.clone(), body.clone()))
            .collect()
    }

    /// Puts it into the bucket as a build's upload: files, a redirect for each directory, and one for the build itself.
    pub fn upload(&self, objects: &MemoryObjects, build: &Build) {
        let prefix = build.prefix();
        for (path, (body, headers)) in &self.files {
            objects.put(&format!("{prefix}{path}"), body.clone(), uploaded(headers, build));
        }
        if self.without_redirects {
            return;
        }
        let redirect = Headers {
            content_type: Some("binary/octet-stream".to_owned()),
            metadata: BTreeMap::from([("dir-redirect".to_owned(), "true".to_owned())]),
            ..Headers::default()
        };
        for directory in self.directories() {
            let key = format!("{prefix}{directory}");
            objects.put(&key, Bytes::new(), uploaded(&redirect, build));
        }
        let own = prefix.directory_key();
        objects.put(own.as_str(), Bytes::new(), uploaded(&redirect, build));
    }

    fn directories(&self) -> BTreeSet<String> {
        if self.without_redirects {
            return BTreeSet::new();
        }
        let slashes = |path: &str| -> Vec<String> {
            path.match_indices('/')
                .map(|(at, _)| path[..at].to_owned())
                .collect()
        };
        self.files.keys().flat_map(|path| slashes(path)).collect()
    }
}

fn uploaded(headers: &Headers, build: &Build) -> Headers {
    let mut headers = headers.clone();
    headers.cache_control = Some("max-age=31536000".to_owned());
    headers
        .metadata
        .insert("surrogate-key".to_owned(), build.surrogate_key.to_string());
    headers
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain",
        Some("xml") => "text/xml",
        _ => "application/octet-stream",
    }
}
