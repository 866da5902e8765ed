//! Which product and which path a request means.

use http::Uri;
use imprint_domain::slug::ProductSlug;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The list of products.
    Products,
    /// A product by path without its slash: relative links would lead astray.
    SlashMissing,
    /// A path below a product's URL, decoded.
    Path(ProductSlug, String),
    /// Nothing that could exist.
    Nothing,
}

/// Reads host and path. `<product>.localhost` names the product by host, any other host by the first part of the path.
pub(super) fn wanted(host: Option<&str>, uri: &Uri) -> Wanted {
    match host.and_then(product_of_host) {
        Some(product) => of_product(&product, uri),
        None => by_path(uri.path()),
    }
}

/// A request to a product's own host.
pub(super) fn of_product(product: &str, uri: &Uri) -> Wanted {
    let path = percent_decode_str(uri.path()).decode_utf8();
    match (product.parse(), path) {
        (Ok(product), Ok(path)) => Wanted::Path(product, path.into_owned()),
        _ => Wanted::Nothing,
    }
}

/// A path at a domain that has nothing but the list of products: its products have hosts of their own.
pub(super) fn of_index(path: &str) -> Wanted {
    match percent_decode_str(path).decode_utf8().as_deref() {
        Ok("" | "/" | "/index.html") => Wanted::Products,
        Ok(_) | Err(_) => Wanted::Nothing,
    }
}

/// A path whose first part names the product.
pub(super) fn by_path(path: &str) -> Wanted {
    let Ok(path) = percent_decode_str(path).decode_utf8() else {
        return Wanted::Nothing;
    };
    let below = path.trim_start_matches('/');
    if matches!(below, "" | "index.html") {
        return Wanted::Products;
    }
    let (product, rest) = match below.split_once('/') {
        Some((product, _)) => (product, Some(&below[product.len()..])),
        None => (below, None),
    };
    match (product.parse(), rest) {
        (Ok(product), Some(rest)) => Wanted::Path(product, rest.to_owned()),
        (Ok(_), None) => Wanted::SlashMissing,
        (Err(_), _) => Wanted::Nothing,
    }
}

fn product_of_host(host: &str) -> Option<String> {
    let name = host
        .split(':')
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_ascii_lowercase();
    name.strip_suffix(".localhost").map(str::to_owned)
}

/// The same URL with a slash at the end of its path, for a `Location` header.
///
/// Exactly one slash at the start: two would make the first directory a host name. Browsers take a backslash for one.
pub(super) fn with_slash(uri: &Uri) -> String {
    let path = uri.path().trim_start_matches(['/', '\\']);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if path.is_empty() {
        return format!("/{query}");
    }
    format!("/{path}/{query}")
}

/// The URL of another path of the same product, for a `Location` header. Both paths are decoded and below the product's
/// URL; `path` is the one that was asked for, and so the end of the request's.
pub(super) fn elsewhere(uri: &Uri, path: &str, other: &str) -> String {
    let whole = percent_decode_str(uri.path()).decode_utf8_lossy();
    let root = whole
        .strip_suffix(path)
        .unwrap_or_default()
        .trim_start_matches('/');
    let below = format!("{root}{other}");
    let below = utf8_percent_encode(below.trim_start_matches('/'), IN_PATH);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{below}{query}")
}

/// What cannot stand in a path as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(host: &str, path: &str) -> Wanted {
        wanted(Some(host), &path.parse().unwrap())
    }

    fn path(product: &str, path: &str) -> Wanted {
        Wanted::Path(product.parse().unwrap(), path.to_owned())
    }

    #[test]
    fn a_product_is_named_by_host_or_by_path() {
        for host in [
            "tidepool.localhost:8701",
            "tidepool.localhost",
            "Tidepool.LOCALHOST.:8701",
        ] {
            assert_eq!(of(host, "/a/b.html?q=1"), path("tidepool", "/a/b.html"), "{host}");
            assert_eq!(of(host, "/"), path("tidepool", "/"), "{host}");
        }
        for host in [
            "127.0.0.1:8701",
            "localhost:8701",
            "[::1]:8701",
            "docs.example.org",
        ] {
            assert_eq!(
                of(host, "/tidepool/a/b.html"),
                path("tidepool", "/a/b.html"),
                "{host}"
            );
            assert_eq!(of(host, "/tidepool/"), path("tidepool", "/"), "{host}");
            assert_eq!(of(host, "/tidepool"), Wanted::SlashMissing, "{host}");
            assert_eq!(of(host, "/"), Wanted::Products, "{host}");
            assert_eq!(of(host, "/index.html"), Wanted::Products, "{host}");
        }
        assert_eq!(
            wanted(None, &"/tidepool/x".parse().unwrap()),
            path("tidepool", "/x")
        );
    }

    proptest! {
        /// Browsers read `//host` and `/\\host` as another host.
        #[test]
        fn a_redirect_never_leaves_the_host(
            path in "[/\\\\]{1,3}[a-z./\\\\%:@]{0,20}", asked in ".{0,12}", other in "[/a-z.\\\\ ü]{1,12}",
        ) {
            let Ok(uri) = path.parse::<Uri>() else { return Ok(()); };
            for target in [with_slash(&uri), elsewhere(&uri, &asked, &other)] {
                prop_assert!(target.starts_with('/') && !target[1..].starts_with(['/', '\\']), "{target}");
            }
        }

        #[test]
        fn any_host_and_path_mean_something_or_nothing(host in "[ -~]{0,30}", path in "/[ -~]{0,60}") {
            if let Ok(uri) = path.parse::<Uri>() {
                let _read = wanted(Some(&host), &uri);
            }
        }
    }

    #[test]
    fn names_are_decoded_once() {
        assert_eq!(
            of("x", "/tidepool/%C3%9Cber%20uns%252e.html"),
            path("tidepool", "/Über uns%2e.html")
        );
        assert_eq!(of("x", "/tidepool/%ff"), Wanted::Nothing);
    }

    #[test]
    fn our_own_bookkeeping_has_no_address() {
        for path in [
            "/_imprint/builds/1/x.json",
            "/%5Fimprint/x",
            "/_imprint",
            "/../x",
            "/%2e%2e/x",
            "/T/x",
        ] {
            assert_eq!(of("127.0.0.1", path), Wanted::Nothing, "{path}");
        }
        assert_eq!(of("_imprint.localhost", "/x"), Wanted::Nothing);
        assert_eq!(of("a.b.localhost", "/x"), Wanted::Nothing);
    }

    #[test]
    fn another_path_keeps_the_host_the_product_and_the_query() {
        let to = |uri: &str, path| elsewhere(&uri.parse().unwrap(), path, "/v/new/Über uns/a.html");
        let encoded = "/v/new/%C3%9Cber%20uns/a.html";
        assert_eq!(
            to("/tidepool/v/old/x?q=1", "/v/old/x"),
            format!("/tidepool{encoded}?q=1")
        );
        assert_eq!(
            to("/docs/tidepool/v%2Fold/x", "/v/old/x"),
            format!("/docs/tidepool{encoded}")
        );
        assert_eq!(to("/v/old/x", "/v/old/x"), encoded);
        assert_eq!(to("//v/old/x", "/v/old/x"), encoded);
    }

    #[test]
    fn a_redirect_stays_on_this_host_and_keeps_its_query() {
        assert_eq!(with_slash(&"/a%20b?x=1".parse().unwrap()), "/a%20b/?x=1");
        for path in ["//example.org", "/\\example.org", "/\\/example.org"] {
            assert_eq!(with_slash(&path.parse().unwrap()), "/example.org/", "{path}");
        }
    }
}
