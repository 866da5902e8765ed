//! A keeper, its bucket, and an Imprint to move to.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use http::Method;
use imprint_cli::import::{Domains, Options, Report, Wanted, import};
use imprint_cli::progress::Narrator;
use imprint_cli::{Login, S3Access, Secret};
use imprint_local::demo::Site;
use imprint_local::standins::{Ports, StandInOptions, StandIns};
use serde_json::{Value, json};

use super::keeper::{BUCKET, Keeper, Shelf, Version};
use super::proxy::Proxy;
use crate::support::Story;

pub(super) const KEYS: (&str, &str) = ("keeper-key", "keeper-secret");
pub(super) const INSIDE: &str = "http://keeper.inside.invalid:8080";

/// A keeper with its bucket, and an Imprint with nothing on it.
pub(super) struct Move {
    pub(super) story: Story,
    pub(super) proxy: Proxy,
    pub(super) keeper: Keeper,
    s3: StandIns,
}

impl Move {
    pub(super) async fn begin(version: Version, shelf: Shelf) -> Self {
        let story = Story::begin().await;
        // What is made of the pages is not what this is about.
        let none = json!({"derive": []});
        let (status, answer) = story
            .client
            .send(Method::PATCH, "/v2/orgs/default", Some(none))
            .await
            .unwrap();
        assert!(status.is_success(), "{answer}");
        let s3 = StandIns::start(StandInOptions {
            data: None,
            buckets: vec![BUCKET.to_owned()],
            access_key: KEYS.0.to_owned(),
            secret_key: KEYS.1.to_owned(),
            ports: Ports::default(),
        });
        Self {
            proxy: Proxy::before(&story.stack.info().api).await,
            keeper: Keeper::start(version, shelf).await,
            s3: s3.await.unwrap(),
            story,
        }
    }

    pub(super) fn options(&self) -> Options {
        Options {
            from: self.keeper.url.parse().unwrap(),
            from_login: Login::Nobody,
            to: self.proxy.url.parse().unwrap(),
            to_login: Login::Token(Secret::new(self.story.client.token())),
            bucket: None,
            s3: S3Access {
                region: "us-east-1".to_owned(),
                endpoint: Some(self.s3.s3_url()),
                keys: Some((KEYS.0.to_owned(), Secret::new(KEYS.1), None)),
            },
            products: Vec::new(),
            builds: Wanted::All,
            domains: Domains::Installation,
            dry_run: false,
            jobs: 8,
            pause: Duration::from_millis(10),
            poll: Duration::from_millis(50),
            patience: Duration::from_secs(60),
        }
    }

    pub(super) async fn import(&self) -> Report {
        self.import_with(&self.options()).await
    }

    pub(super) async fn import_with(&self, options: &Options) -> Report {
        import(options, &Narrator::quiet()).await.unwrap()
    }

    pub(super) fn bucket(&self) -> aws_sdk_s3::Client {
        let keys = aws_sdk_s3::config::Credentials::new(KEYS.0, KEYS.1, None, None, "test");
        let config = aws_sdk_s3::Config::builder()
            .endpoint_url(self.s3.s3_url())
            .credentials_provider(keys)
            .region(aws_sdk_s3::config::Region::new("us-east-1"))
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Puts a build into the bucket as LTD's client does: files, and an empty object for each directory.
    pub(super) async fn upload(&self, product: &str, build: &str, site: &Site) {
        let (s3, root) = (self.bucket(), format!("{product}/builds/{build}"));
        let put = |key: String| {
            s3.put_object()
                .bucket(BUCKET)
                .key(key)
                .cache_control("max-age=31536000")
        };
        for (path, body) in site.files() {
            let put = put(format!("{root}/{path}")).content_type(content_type(path));
            put.body(ByteStream::from(body.clone())).send().await.unwrap();
        }
        for directory in site.directories() {
            let directory = directory.trim_matches('/');
            let key = format!("{root}/{directory}");
            let put = put(key.trim_end_matches('/').to_owned()).metadata("dir-redirect", "true");
            put.send().await.unwrap();
        }
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.story.client.read(path).await.unwrap()
    }

    pub(super) async fn edition(&self, product: &str, slug: &str) -> Value {
        let listed = self.get(&format!("/products/{product}/editions/?expand=1")).await;
        let mut editions = listed["editions"].as_array().unwrap().iter();
        editions.find(|edition| edition["slug"] == slug).unwrap().clone()
    }

    /// Every page of the site that [`moved`] describes, at the path that it had.
    pub(super) async fn shows_everything(&self) {
        let reader = self.story.reader("pipelines");
        for (path, site) in [
            ("", site("two")),
            ("v/main", site("two")),
            ("v/v1.0", site("one")),
            ("builds/1", site("one")),
            ("builds/b-2", site("two")),
        ] {
            let below = reader.below(path);
            let reader = if path.is_empty() { &reader } else { &below };
            reader.has_all(&site).await.unwrap();
        }
        self.story
            .reader("handbook")
            .has_all(&site("hand"))
            .await
            .unwrap();
    }

    pub(super) async fn end(self) {
        self.s3.shutdown().await;
        self.story.end().await;
    }
}

fn content_type(path: &str) -> &'static str {
    if path.ends_with(".html") {
        "text/html"
    } else {
        "application/x-of-the-keeper"
    }
}

pub(super) fn site(name: &str) -> Site {
    let home = format!("<h1>{name}</h1>");
    Site::from([
        ("index.html", home.as_str()),
        ("guides/index.html", name),
        ("guides/Über uns & mehr.html", "about"),
        ("_static/deep/er/data.inv", name),
        ("empty.txt", ""),
    ])
}

/// A keeper with two products.
pub(super) fn shelf() -> Shelf {
    let mut shelf = Shelf::new(INSIDE);
    shelf.product("pipelines", "Pipelines");
    shelf.build("pipelines", 11, "1", "v1.0", json!({}));
    shelf.build("pipelines", 12, "b-2", "main", json!({}));
    shelf.edition("pipelines", 21, "main", Some(12), json!({"title": "Latest"}));
    shelf.edition("pipelines", 22, "v1.0", Some(11), json!({"title": "Version 1.0"}));
    shelf.edition(
        "pipelines",
        23,
        "weekly",
        None,
        json!({"mode": "eups_weekly_release", "tracked_refs": null}),
    );
    shelf.product("handbook", "Handbook");
    shelf.build("handbook", 13, "1", "main", json!({}));
    shelf.edition(
        "handbook",
        24,
        "main",
        Some(13),
        json!({"mode": "lsst_doc", "tracked_refs": null}),
    );
    shelf
}

/// A keeper with two products and their files.
pub(super) async fn moved(version: Version) -> Move {
    let here = Move::begin(version, shelf()).await;
    here.upload("pipelines", "1", &site("one")).await;
    here.upload("pipelines", "b-2", &site("two")).await;
    here.upload("handbook", "1", &site("hand")).await;
    here
}
