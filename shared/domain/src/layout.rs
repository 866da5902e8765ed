//! Published URLs, and which object answers a request path.

use std::borrow::Cow;

use crate::artifact::{FOUND_IN, Format, download_name};
use crate::key::{KeyPrefix, ObjectKey};
use crate::organization::{Layout, Organization};
use crate::product::Product;
use crate::slug::{BuildSlug, EditionSlug, ProductSlug};

/// The host name that a product is published under, without scheme.
pub fn domain(organization: &Organization, product: &Product) -> String {
    domain_of(organization, product.root_domain.as_deref(), &product.slug)
}

fn domain_of(organization: &Organization, own_domain: Option<&str>, product: &ProductSlug) -> String {
    let root = own_domain.unwrap_or(&organization.domain);
    match organization.layout {
        Layout::Subdomain => format!("{product}.{root}"),
        Layout::Path => root.to_owned(),
    }
}

/// The URL of a product's default edition, without a final slash.
pub fn product_url(organization: &Organization, product: &Product) -> String {
    url_of(organization, product.root_domain.as_deref(), &product.slug)
}

/// The same for a product of which only its name and its own domain are known, if it has one.
pub fn url_of(organization: &Organization, own_domain: Option<&str>, product: &ProductSlug) -> String {
    let domain = domain_of(organization, own_domain, product);
    let root = format!("{}://{domain}", organization.scheme);
    match organization.layout {
        Layout::Subdomain => root,
        Layout::Path => format!("{root}{}/{product}", path_prefix(organization)),
    }
}

fn path_prefix(organization: &Organization) -> &str {
    organization.path_prefix.trim_end_matches('/')
}

/// The URL of an organization's index, with a final slash.
pub fn index_url(organization: &Organization) -> String {
    let root = format!("{}://{}", organization.scheme, organization.domain);
    match organization.layout {
        Layout::Subdomain => format!("{root}/"),
        Layout::Path => format!("{root}{}/", path_prefix(organization)),
    }
}

/// The object that answers a path at an organization's own domain, when that names no product: its index. `path` is decoded.
///
/// In the path layout the index is above the products; in the subdomain layout nothing else is at the bare domain.
pub fn object_of_organization_path(organization: &Organization, path: &str) -> Option<ObjectKey> {
    let below = match organization.layout {
        Layout::Subdomain => path,
        Layout::Path => path.strip_prefix(path_prefix(organization))?,
    };
    matches!(below, "" | "/" | "/index.html")
        .then(|| ObjectKey::of_organization(&organization.slug, "index.html"))
}

/// The URL of an edition: the default edition is at the product's root.
pub fn edition_url(organization: &Organization, product: &Product, edition: &EditionSlug) -> String {
    let root = product_url(organization, product);
    if *edition == organization.default_edition {
        root
    } else {
        format!("{root}/v/{edition}")
    }
}

/// Where what editions have besides their pages is published, below the product.
const DOWNLOADS: &str = "_downloads/";

/// The URL of one of the formats that an edition is published in: of one that is one file the file, of others where readers
/// begin. None for the pages, which the edition's own URL shows.
pub fn download_url(
    organization: &Organization,
    product: &Product,
    edition: &EditionSlug,
    format: Format,
) -> Option<String> {
    let below = match format {
        Format::Html => return None,
        Format::Search => "_search/".to_owned(),
        Format::Markdown => "llms.txt".to_owned(),
        Format::HtmlZip | Format::Pdf | Format::Epub | Format::Json => {
            let name = download_name(&product.slug, format)?;
            if !is_of_sphinx(edition.as_str()) {
                let root = product_url(organization, product);
                return Some(format!("{root}/{DOWNLOADS}{edition}/{name}"));
            }
            format!("{FOUND_IN}{name}")
        }
    };
    Some(format!("{}/{below}", edition_url(organization, product, edition)))
}

/// Whether a directory below [`DOWNLOADS`] is one that Sphinx makes for files to download: the MD5 of where they come from
/// (its class `DownloadFiles`). It belongs to the pages, also when an edition has such a name.
fn is_of_sphinx(directory: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    directory.len() == 32 && directory.bytes().all(is_digit)
}

/// The edition and the name of the file that a path below [`DOWNLOADS`] is about. None for any other path.
fn download_of_path<'a>(product: &ProductSlug, path: &'a str) -> Option<(EditionSlug, &'a str)> {
    let (edition, name) = path.strip_prefix(DOWNLOADS)?.split_once('/')?;
    let edition = edition.parse().ok().filter(|_| !is_of_sphinx(edition))?;
    let is_download = |format: Format| download_name(product, format).is_some_and(|own| own == name);
    let is_known = Format::ALL.into_iter().any(is_download);
    is_known.then_some((edition, name))
}

/// The URL of a build.
pub fn build_url(organization: &Organization, product: &Product, build: &BuildSlug) -> String {
    format!("{}/builds/{build}", product_url(organization, product))
}

/// The object that answers a path below a product's URL. `path` is decoded and starts with `/` or is empty.
///
/// Nothing for a path that would leave the product.
pub fn object_of_path(organization: &Organization, product: &ProductSlug, path: &str) -> Option<ObjectKey> {
    let default_edition = &organization.default_edition;
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.split('/').any(|part| matches!(part, "." | "..")) || path.contains('\0') {
        return None;
    }
    if let Some((edition, name)) = download_of_path(product, path) {
        let below = format!("v/{edition}/{FOUND_IN}{name}");
        return Some(own_object(organization, product, &below));
    }
    let index = if path.is_empty() || path.ends_with('/') {
        "index.html"
    } else {
        ""
    };
    let own = ["v", "builds"].contains(&path)
        || ["v/", "builds/", "_dashboard-assets/"]
            .iter()
            .any(|place| path.starts_with(place));
    let below = if own {
        format!("{path}{index}")
    } else {
        format!("v/{default_edition}/{path}{index}")
    };
    Some(own_object(organization, product, &below))
}

fn own_object(organization: &Organization, product: &ProductSlug, below: &str) -> ObjectKey {
    ObjectKey::new(format!(
        "{}{below}",
        KeyPrefix::product(&organization.slug, product)
    ))
}

/// The object that says whether the edition of a path was renamed, and what follows the edition in the path, or would if the
/// file were asked for below it: nothing, or something that begins with a slash. Nothing for a path of no edition.
pub fn edition_of_path<'a>(
    organization: &Organization,
    product: &ProductSlug,
    path: &'a str,
) -> Option<(ObjectKey, Cow<'a, str>)> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (edition, rest) = match download_of_path(product, path) {
        Some((edition, name)) => (edition, format!("/{FOUND_IN}{name}").into()),
        None => {
            let below = path.strip_prefix("v/")?;
            let end = below.find('/').unwrap_or(below.len());
            let (edition, rest) = below.split_at(end);
            (edition.parse().ok()?, rest.into())
        }
    };
    let place = KeyPrefix::edition(&organization.slug, product, &edition);
    Some((place.directory_key(), rest))
}

/// Where a path goes whose edition was renamed: `slug` is what the object that [`edition_of_path`] names says as
/// [`EDITION_REDIRECT`](crate::manifest::EDITION_REDIRECT), `rest` what follows the edition in the path.
pub fn renamed_path(slug: &EditionSlug, rest: impl AsRef<str>) -> String {
    format!("/v/{slug}{}", rest.as_ref())
}

/// What a CDN answers for a path below a product's URL that has no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// This object, as if it had been asked for.
    Object(ObjectKey),
    /// The product's own page for what is missing, with status 404.
    NotFound(ObjectKey),
}

/// What stands in for a missing object, unless its edition was [renamed](renamed_path). Crawlers look for two files at the
/// product's root, where an edition may bring its own.
pub fn instead_of_path(organization: &Organization, product: &ProductSlug, path: &str) -> Instead {
    let page = |name: &str| own_object(organization, product, &format!("v/{name}"));
    match path.trim_start_matches('/') {
        own @ ("robots.txt" | "sitemap.xml") => Instead::Object(page(own)),
        _ => Instead::NotFound(page("404.html")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Revision, SurrogateKey};
    use crate::organization::Policy;
    use crate::product::ProductPolicy;
    use crate::slug::OrganizationSlug;

    fn organization(layout: Layout, path_prefix: &str) -> Organization {
        Organization {
            slug: OrganizationSlug::default(),
            title: "Example".parse().unwrap(),
            layout,
            domain: "www.example.org".into(),
            path_prefix: path_prefix.into(),
            scheme: "https".into(),
            bucket: "docs".into(),
            fastly_domain: String::new(),
            fastly_service: None,
            fastly_key: None,
            ticket_url: None,
            default_edition: "__main".parse().unwrap(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            policy: Policy::default(),
            revision: Revision::NEW,
        }
    }

    fn product() -> Product {
        Product {
            organization: "default".parse().unwrap(),
            slug: "alpha".parse().unwrap(),
            title: "Alpha".parse().unwrap(),
            doc_repo: "https://example.org/alpha".parse().unwrap(),
            root_domain: None,
            root_fastly_domain: None,
            surrogate_key: SurrogateKey::from_bytes([0; 16]),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            ended_at: None,
            next_build_slug: 1,
            policy: ProductPolicy::default(),
            doom: None,
            revision: Revision::NEW,
        }
    }

    #[test]
    fn urls_follow_the_layout() {
        let (edition, build) = ("another-edition".parse().unwrap(), "1".parse().unwrap());
        for (layout, prefix, root) in [
            (Layout::Subdomain, "", "https://alpha.www.example.org"),
            (
                Layout::Path,
                "/orgprefix",
                "https://www.example.org/orgprefix/alpha",
            ),
            (
                Layout::Path,
                "/orgprefix/",
                "https://www.example.org/orgprefix/alpha",
            ),
            (Layout::Path, "/", "https://www.example.org/alpha"),
            (Layout::Path, "", "https://www.example.org/alpha"),
        ] {
            let organization = organization(layout, prefix);
            assert_eq!(product_url(&organization, &product()), root);
            assert_eq!(
                edition_url(&organization, &product(), &edition),
                format!("{root}/v/another-edition")
            );
            assert_eq!(
                edition_url(&organization, &product(), &"__main".parse().unwrap()),
                root
            );
            assert_eq!(
                build_url(&organization, &product(), &build),
                format!("{root}/builds/1")
            );
        }
    }

    #[test]
    fn formats_have_urls_that_outlive_builds() {
        let organization = organization(Layout::Path, "/docs");
        let root = "https://www.example.org/docs/alpha";
        let hex = "0123456789abcdef0123456789abcdef";
        for (edition, format, below) in [
            ("__main", Format::Pdf, "_downloads/__main/alpha.pdf"),
            ("v1.0", Format::Epub, "_downloads/v1.0/alpha.epub"),
            ("v1.0", Format::HtmlZip, "_downloads/v1.0/alpha.zip"),
            ("v1.0", Format::Json, "_downloads/v1.0/search.json"),
            ("__main", Format::Search, "_search/"),
            ("v1.0", Format::Search, "v/v1.0/_search/"),
            ("__main", Format::Markdown, "llms.txt"),
            ("v1.0", Format::Markdown, "v/v1.0/llms.txt"),
            (hex, Format::Pdf, &format!("v/{hex}/_artifacts/alpha.pdf")),
        ] {
            let edition = edition.parse().unwrap();
            let url = download_url(&organization, &product(), &edition, format).unwrap();
            assert_eq!(url, format!("{root}/{below}"));
            // The file of an edition is found at its URL.
            if let Some(name) = download_name(&product().slug, format) {
                let object = object_of_path(&organization, &product().slug, &format!("/{below}"));
                let key = format!("alpha/v/{edition}/_artifacts/{name}");
                assert_eq!(object, Some(ObjectKey::new(key)), "{url}");
            }
        }
        let main = "__main".parse().unwrap();
        assert_eq!(download_url(&organization, &product(), &main, Format::Html), None);
    }

    #[test]
    fn what_is_no_download_of_an_edition_belongs_to_the_default_editions_pages() {
        let (organization, product) = (organization(Layout::Subdomain, ""), "alpha".parse().unwrap());
        for path in [
            "_downloads",
            "_downloads/x.pdf",
            "_downloads/v1/beta.pdf",
            "_downloads/v1/alpha.PDF",
            "_downloads/v1/alpha.tar.gz",
            "_downloads/v1/a/alpha.pdf",
            "_downloads/not a slug/alpha.pdf",
            "_downloads//alpha.pdf",
            "_downloads/0123456789abcdef0123456789abcdef/alpha.pdf",
            "_downloads/0123456789abcdef0123456789abcdef/search.json",
            "_downloads/0123456789abcdef0123456789abcdef/alpha.zip",
            "a/_downloads/v1/alpha.pdf",
        ] {
            assert_eq!(
                object_of_path(&organization, &product, &format!("/{path}")),
                Some(ObjectKey::new(format!("alpha/v/__main/{path}"))),
                "{path}"
            );
        }
        // One digit fewer, or another one, and it is an edition.
        for edition in [
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdeg",
        ] {
            assert_eq!(
                object_of_path(
                    &organization,
                    &product,
                    &format!("_downloads/{edition}/alpha.pdf")
                ),
                Some(ObjectKey::new(format!("alpha/v/{edition}/_artifacts/alpha.pdf"))),
            );
        }
        assert_eq!(
            object_of_path(&organization, &product, "/_downloads/../alpha.pdf"),
            None
        );
    }

    #[test]
    fn an_index_is_at_the_bare_domain_or_above_the_products() {
        let subdomain = organization(Layout::Subdomain, "/ignored");
        let path = organization(Layout::Path, "/docs/");
        let root = organization(Layout::Path, "");
        let index = Some(ObjectKey::new("index.html"));
        for (organization, paths) in [
            (&subdomain, ["/", "", "/index.html"]),
            (&path, ["/docs/", "/docs", "/docs/index.html"]),
            (&root, ["/", "", "/index.html"]),
        ] {
            for path in paths {
                assert_eq!(object_of_organization_path(organization, path), index, "{path}");
            }
            assert_eq!(object_of_organization_path(organization, "/404.html"), None);
        }
        for (organization, other) in [
            (&subdomain, "/alpha/"),
            (&path, "/"),
            (&path, "/docsx"),
            (&path, "/docs/alpha/"),
            (&root, "/alpha"),
        ] {
            assert_eq!(object_of_organization_path(organization, other), None, "{other}");
        }
    }

    #[test]
    fn what_is_missing_is_answered_by_the_products_own_pages() {
        let (organization, product) = (organization(Layout::Subdomain, ""), "alpha".parse().unwrap());
        let instead = |path| instead_of_path(&organization, &product, path);
        let object = |key| Instead::Object(ObjectKey::new(key));
        assert_eq!(instead("/robots.txt"), object("alpha/v/robots.txt"));
        assert_eq!(instead("/sitemap.xml"), object("alpha/v/sitemap.xml"));
        let missing = Instead::NotFound(ObjectKey::new("alpha/v/404.html"));
        assert_eq!(instead("/a/robots.txt"), missing);
        assert_eq!(instead("/v/1.0/gone"), missing);
    }

    #[test]
    fn what_is_missing_below_an_edition_may_be_below_another_name() {
        let (organization, product) = (organization(Layout::Path, ""), "alpha".parse().unwrap());
        for (path, directory, moved) in [
            ("/v/v1", "alpha/v/v1", "/v/v2"),
            ("/v/v1/", "alpha/v/v1", "/v/v2/"),
            ("v/v1/a/b.html", "alpha/v/v1", "/v/v2/a/b.html"),
            ("/v/v1.0/a", "alpha/v/v1.0", "/v/v2/a"),
            (
                "/_downloads/v1/alpha.pdf",
                "alpha/v/v1",
                "/v/v2/_artifacts/alpha.pdf",
            ),
        ] {
            let (object, rest) = edition_of_path(&organization, &product, path).unwrap();
            assert_eq!(object, ObjectKey::new(directory), "{path}");
            assert_eq!(renamed_path(&"v2".parse().unwrap(), rest), moved, "{path}");
        }
        for path in [
            "/v",
            "/v/",
            "/v1/a",
            "/builds/1/x",
            "/a/v/v1/x",
            "/v/../x",
            "/v/index.html",
            "/_downloads/v1/beta.pdf",
            "/_downloads/0123456789abcdef0123456789abcdef/alpha.pdf",
        ] {
            assert_eq!(edition_of_path(&organization, &product, path), None, "{path}");
        }
    }

    #[test]
    fn request_paths_find_their_objects() {
        let (organization, product) = (organization(Layout::Subdomain, ""), "myproject".parse().unwrap());
        for (path, key) in [
            ("", "myproject/v/__main/index.html"),
            ("/", "myproject/v/__main/index.html"),
            ("/index.html", "myproject/v/__main/index.html"),
            ("/a/", "myproject/v/__main/a/index.html"),
            ("/a", "myproject/v/__main/a"),
            ("/v/", "myproject/v/index.html"),
            ("/v", "myproject/v"),
            ("/v/dev", "myproject/v/dev"),
            ("/v/dev/a/b/index.html", "myproject/v/dev/a/b/index.html"),
            ("/v/dev/", "myproject/v/dev/index.html"),
            ("/builds/", "myproject/builds/index.html"),
            ("/builds/1/x.css", "myproject/builds/1/x.css"),
            (
                "/_dashboard-assets/app.css",
                "myproject/_dashboard-assets/app.css",
            ),
            ("/very/deep", "myproject/v/__main/very/deep"),
        ] {
            assert_eq!(
                object_of_path(&organization, &product, path),
                Some(ObjectKey::new(key)),
                "{path}"
            );
        }
        for path in ["/../x", "/v/../../other/x", "/a/./b"] {
            assert_eq!(object_of_path(&organization, &product, path), None, "{path}");
        }
    }
}
