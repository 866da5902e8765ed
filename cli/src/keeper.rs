//! A running LTD Keeper: what its first API says of products, builds and editions.
//!
//! Everything here is somebody else's: a field that is missing is empty, an item that cannot be read is named and does not stop
//! the others, and of URLs only the number or the name at their end is used.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use imprint_domain::slug::ProductSlug;
use serde::Deserialize;
use serde_json::Value;

use crate::http::{Api, ApiError, last_part, number_of, quoted};

/// A product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Product {
    #[serde(deserialize_with = "text")]
    pub(crate) title: String,
    #[serde(deserialize_with = "text")]
    pub(crate) doc_repo: String,
    #[serde(deserialize_with = "text")]
    pub(crate) root_domain: String,
    #[serde(deserialize_with = "text")]
    pub(crate) root_fastly_domain: String,
    #[serde(deserialize_with = "text")]
    pub(crate) published_url: String,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) number: u64,
    pub(crate) slug: String,
    pub(crate) git_refs: Vec<String>,
    pub(crate) github_requester: Option<String>,
    pub(crate) is_uploaded: bool,
    pub(crate) has_ended: bool,
    pub(crate) bucket: Option<String>,
}

/// An edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) mode: String,
    pub(crate) tracked_refs: Option<Vec<String>>,
    pub(crate) shows: Shows,
    pub(crate) published_url: String,
    pub(crate) has_ended: bool,
}

/// The build that an edition shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shows {
    /// It was never given one.
    Nothing,
    /// The build with a number.
    Build(u64),
    /// A URL that names no build.
    Unnamed(String),
}

/// A product with all that is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) product: Product,
    /// In the order of their numbers, which is that of their registration.
    pub(crate) builds: Vec<Build>,
    pub(crate) editions: Vec<Edition>,
    pub(crate) unread: Vec<Unread>,
}

/// Something that the keeper has and cannot show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) what: Kind,
    /// Its number, or what else names it.
    pub(crate) name: String,
    pub(crate) reason: String,
    /// Whether it may be otherwise at another time.
    pub(crate) passes: bool,
}

/// What a product has several of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Build,
    Edition,
}

impl Kind {
    fn plural(self) -> &'static str {
        match self {
            Self::Build => "builds",
            Self::Edition => "editions",
        }
    }
}

/// A keeper.
#[derive(Debug)]
pub(crate) struct Keeper<'a> {
    pub(crate) api: &'a Api,
    /// How many requests are sent at a time.
    pub(crate) jobs: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawBuild {
    #[serde(deserialize_with = "text")]
    self_url: String,
    #[serde(deserialize_with = "text")]
    product_url: String,
    #[serde(deserialize_with = "text")]
    slug: String,
    git_refs: Option<Vec<Option<String>>>,
    github_requester: Option<String>,
    uploaded: Option<bool>,
    date_ended: Option<Value>,
    bucket_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawEdition {
    #[serde(deserialize_with = "text")]
    product_url: String,
    build_url: Option<String>,
    #[serde(deserialize_with = "text")]
    published_url: String,
    #[serde(deserialize_with = "text")]
    slug: String,
    #[serde(deserialize_with = "text")]
    title: String,
    #[serde(deserialize_with = "text")]
    mode: String,
    tracked_refs: Option<Vec<Option<String>>>,
    date_ended: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Bulk {
    product: Product,
    builds: Vec<Value>,
    editions: Vec<Value>,
}

/// A text that may be null.
fn text<'de, D: serde::Deserializer<'de>>(field: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(field)?.unwrap_or_default())
}

fn refs(raw: Option<Vec<Option<String>>>) -> Option<Vec<String>> {
    raw.map(|refs| refs.into_iter().flatten().collect())
}

impl Keeper<'_> {
    /// The names of all products, as their URLs end.
    pub(crate) async fn products(&self) -> Result<Vec<String>, ApiError> {
        let path = "/products/";
        let body = self.api.get(path).await?;
        let urls = body.get("products").and_then(Value::as_array);
        let urls = urls.ok_or_else(|| ApiError::Strange {
            what: format!("GET {path}"),
            reason: "no list of products is in it; a keeper 2.x needs LTD_KEEPER_ENABLE_V1".to_owned(),
        })?;
        let mut seen = BTreeSet::new();
        let names = urls.iter().filter_map(|url| last_part(url.as_str()?));
        Ok(names
            .filter(|name| seen.insert(*name))
            .map(ToOwned::to_owned)
            .collect())
    }

    /// A product with its builds and editions: in one request of a keeper from 1.21 on, otherwise in one for each of them.
    pub(crate) async fn site(&self, slug: &ProductSlug) -> Result<Site, ApiError> {
        let mut site = match self.api.get(&format!("/products/{slug}/dashboard")).await {
            Ok(body) => match serde_json::from_value::<Bulk>(body) {
                Ok(bulk) => Site::of(slug, bulk),
                Err(_) => self.one_by_one(slug).await?,
            },
            // 2.x answers 405, older ones 404; whoever fails here may well answer the others.
            Err(
                ApiError::NotFound(_)
                | ApiError::Refused { .. }
                | ApiError::Failed { .. }
                | ApiError::Strange { .. },
            ) => self.one_by_one(slug).await?,
            Err(error @ ApiError::Unauthorized { .. }) => return Err(error),
        };
        self.fetch_shown(slug, &mut site).await?;
        site.builds.sort_by_key(|build| build.number);
        site.builds.dedup_by_key(|build| build.number);
        Ok(site)
    }

    async fn one_by_one(&self, slug: &ProductSlug) -> Result<Site, ApiError> {
        let path = format!("/products/{slug}");
        let product =
            serde_json::from_value(self.api.get(&path).await?).map_err(|error| ApiError::Strange {
                what: format!("GET {path}"),
                reason: quoted(&error.to_string()),
            })?;
        let mut site = Site {
            product,
            ..Site::default()
        };
        for kind in [Kind::Build, Kind::Edition] {
            let numbers = self.numbers(slug, kind, &mut site).await?;
            self.fetch(slug, kind, numbers, &mut site).await?;
        }
        Ok(site)
    }

    async fn numbers(&self, slug: &ProductSlug, kind: Kind, site: &mut Site) -> Result<Vec<u64>, ApiError> {
        let body = self
            .api
            .get(&format!("/products/{slug}/{}/", kind.plural()))
            .await?;
        let urls = body.get(kind.plural()).and_then(Value::as_array);
        let mut numbers = Vec::new();
        for url in urls.into_iter().flatten() {
            let url = url.as_str().unwrap_or_default();
            match number_of(url) {
                Some(number) => numbers.push(number),
                None => site.unread(kind, url, "its URL does not end in a number"),
            }
        }
        Ok(numbers)
    }

    /// Reads items by their numbers. One that is gone meanwhile is none.
    async fn fetch(
        &self,
        slug: &ProductSlug,
        kind: Kind,
        numbers: Vec<u64>,
        site: &mut Site,
    ) -> Result<(), ApiError> {
        let read = |number: u64| async move {
            let read = self.api.get(&format!("/{}/{number}", kind.plural())).await;
            (number, read)
        };
        let mut answers = stream::iter(numbers.into_iter().map(read)).buffered(self.jobs);
        while let Some((number, answer)) = answers.next().await {
            match answer {
                Ok(item) => site.add(slug, kind, &number.to_string(), item),
                Err(ApiError::NotFound(_)) => {}
                Err(error @ ApiError::Unauthorized { .. }) => return Err(error),
                Err(error) => site.unread.push(Unread {
                    what: kind,
                    name: number.to_string(),
                    reason: error.to_string(),
                    passes: matches!(error, ApiError::Failed { .. }),
                }),
            }
        }
        Ok(())
    }

    /// Lists leave out builds that have ended, and an edition may still show one.
    async fn fetch_shown(&self, slug: &ProductSlug, site: &mut Site) -> Result<(), ApiError> {
        let known: BTreeSet<u64> = site.builds.iter().map(|build| build.number).collect();
        let shown: BTreeSet<u64> = site.shown().filter(|number| !known.contains(number)).collect();
        self.fetch(slug, Kind::Build, shown.into_iter().collect(), site)
            .await
    }
}

impl Site {
    fn of(slug: &ProductSlug, bulk: Bulk) -> Self {
        let mut site = Self {
            product: bulk.product,
            ..Self::default()
        };
        for (kind, items) in [(Kind::Build, bulk.builds), (Kind::Edition, bulk.editions)] {
            for item in items {
                let url = item
                    .get("self_url")
                    .and_then(Value::as_str)
                    .unwrap_or("?")
                    .to_owned();
                site.add(slug, kind, last_part(&url).unwrap_or("?"), item);
            }
        }
        site
    }

    /// The numbers of the builds that editions show which have not ended.
    pub(crate) fn shown(&self) -> impl Iterator<Item = u64> {
        let live = self.editions.iter().filter(|edition| !edition.has_ended);
        live.filter_map(|edition| match edition.shows {
            Shows::Build(number) => Some(number),
            Shows::Nothing | Shows::Unnamed(_) => None,
        })
    }

    fn unread(&mut self, what: Kind, name: &str, reason: &str) {
        self.unread.push(Unread {
            what,
            name: quoted(name),
            reason: quoted(reason),
            passes: false,
        });
    }

    fn add(&mut self, slug: &ProductSlug, kind: Kind, name: &str, item: Value) {
        let added = match kind {
            Kind::Build => build(slug, item).map(|build| self.builds.push(build)),
            Kind::Edition => edition(slug, item).map(|edition| self.editions.push(edition)),
        };
        if let Err(reason) = added {
            self.unread(kind, name, &reason);
        }
    }
}

fn build(product: &ProductSlug, item: Value) -> Result<Build, String> {
    let raw: RawBuild = serde_json::from_value(item).map_err(|error| error.to_string())?;
    of_product(product, &raw.product_url)?;
    let number = number_of(&raw.self_url).ok_or("its URL does not end in a number")?;
    Ok(Build {
        number,
        slug: raw.slug,
        git_refs: refs(raw.git_refs).unwrap_or_default(),
        github_requester: raw.github_requester.filter(|name| !name.is_empty()),
        is_uploaded: raw.uploaded.unwrap_or(false),
        has_ended: raw.date_ended.is_some(),
        bucket: raw.bucket_name.filter(|name| !name.is_empty()),
    })
}

fn edition(product: &ProductSlug, item: Value) -> Result<Edition, String> {
    let raw: RawEdition = serde_json::from_value(item).map_err(|error| error.to_string())?;
    of_product(product, &raw.product_url)?;
    let shows = match raw.build_url.filter(|url| !url.is_empty()) {
        None => Shows::Nothing,
        Some(url) => number_of(&url).map_or_else(|| Shows::Unnamed(quoted(&url)), Shows::Build),
    };
    Ok(Edition {
        slug: raw.slug,
        title: raw.title,
        mode: raw.mode,
        tracked_refs: refs(raw.tracked_refs),
        shows,
        published_url: raw.published_url,
        has_ended: raw.date_ended.is_some(),
    })
}

fn of_product(product: &ProductSlug, url: &str) -> Result<(), String> {
    match last_part(url) {
        Some(name) if name == product.as_str() => Ok(()),
        other => Err(format!(
            "it is one of another product, {}",
            other.unwrap_or("which has no name")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn slug() -> ProductSlug {
        "pipelines".parse().unwrap()
    }

    fn bulk(builds: Value, editions: Value) -> Site {
        let body = json!({"product": {"title": null}, "builds": builds, "editions": editions});
        Site::of(&slug(), serde_json::from_value(body).unwrap())
    }

    #[test]
    fn an_item_that_cannot_be_read_is_named_and_the_others_are_read() {
        let product = "http://inside:8080/products/pipelines";
        let site = bulk(
            json!([
                {"self_url": "http://inside:8080/builds/4", "product_url": product, "slug": "b", "uploaded": true,
                 "git_refs": ["main", null], "date_ended": "2017-02-03T23:49:23Z"},
                {"self_url": "http://inside:8080/builds/x", "product_url": product},
                {"self_url": "/builds/5", "product_url": product, "git_refs": "main"},
                {"self_url": "/builds/6", "product_url": "/products/other"},
                7,
            ]),
            json!([{"product_url": product, "slug": "main", "build_url": "nowhere"}]),
        );
        assert_eq!(site.builds.len(), 1);
        assert_eq!(site.builds[0].git_refs, ["main"]);
        assert!(site.builds[0].has_ended && site.builds[0].is_uploaded);
        let unread: Vec<&str> = site.unread.iter().map(|unread| unread.name.as_str()).collect();
        assert_eq!(unread, ["x", "5", "6", "?"]);
        assert_eq!(site.editions[0].shows, Shows::Unnamed("nowhere".to_owned()));
        assert!(
            site.unread[2].reason.contains("another product"),
            "{:?}",
            site.unread[2]
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_keeper_says_is_read_or_named(name in "\\PC{0,20}", slug_of in "\\PC{0,20}", flag: Option<bool>) {
            let item = json!({"self_url": name, "product_url": "/products/pipelines", "slug": slug_of, "uploaded": flag});
            let site = bulk(json!([item.clone()]), json!([item]));
            assert_eq!(site.builds.len() + site.editions.len() + site.unread.len(), 2);
        }
    }
}
