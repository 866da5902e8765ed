//! Where a webhook may listen. Whoever configures one chooses where our functions connect to, so it must not be a way
//! into our own network, to the metadata of an instance, or to this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The longest address, in bytes.
const MAX_BYTES: usize = 1024;

/// The address of a receiver: `https` (or `http`, which only a local stack calls), with a host, without user name,
/// password and fragment. Kept as the parser of the client writes it, so that nobody can read it in another way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl(Url);

/// Why an address was refused, wherever we run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not a URL.
    #[error("it is not an absolute URL")]
    NotAbsolute,
    /// Another scheme.
    #[error("its scheme is neither https nor http")]
    Scheme,
    /// It says who to log in as.
    #[error("it contains a user name or a password; receivers know us by the signature")]
    Credentials,
    /// It has a part that is never sent.
    #[error("it has a fragment (#…), which is never sent")]
    Fragment,
    /// Over the limit.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// A control character or white space, which parsers drop or keep as they like.
    #[error("it contains white space or a control character")]
    Space,
}

impl WebhookUrl {
    /// The address itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it may be called. A name may still resolve to an address that may not: that shows when it is connected to.
    ///
    /// # Errors
    /// When it lies where we must not go.
    pub fn check(&self, reach: Reach) -> Result<(), ForbiddenAddress> {
        match reach {
            Reach::Everywhere => Ok(()),
            Reach::Public if self.0.scheme() != "https" => Err(ForbiddenAddress::Scheme),
            Reach::Public => match self.0.host() {
                None => Err(ForbiddenAddress::Name),
                Some(Host::Ipv4(ip)) => public(ip.into()),
                Some(Host::Ipv6(ip)) => public(ip.into()),
                Some(Host::Domain(name)) => public_name(name),
            },
        }
    }
}

/// How far webhooks may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A deployment: `https` to public addresses.
    Public,
    /// A local stack: also `http`, and this machine.
    Everywhere,
}

/// Why an address may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForbiddenAddress {
    /// Not encrypted.
    #[error("its scheme is not https")]
    Scheme,
    /// A name that only some network of its own knows.
    #[error("its host is not a name of the public Internet")]
    Name,
    /// Not a public address.
    #[error("its host is not at a public address")]
    Ip,
}

fn public(ip: IpAddr) -> Result<(), ForbiddenAddress> {
    if is_public(ip) {
        Ok(())
    } else {
        Err(ForbiddenAddress::Ip)
    }
}

/// Names that no public server of names knows (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
const PRIVATE_NAMES: [&str; 8] = [
    "localhost",
    "local",
    "internal",
    "test",
    "invalid",
    "example",
    "onion",
    "home.arpa",
];

fn public_name(name: &str) -> Result<(), ForbiddenAddress> {
    let name = name.trim_end_matches('.');
    let is_in = |zone: &str| {
        let rest = name.strip_suffix(zone);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !name.contains('.') || PRIVATE_NAMES.iter().any(|zone| is_in(zone)) {
        return Err(ForbiddenAddress::Name);
    }
    Ok(())
}

/// Whether an address is one of the public Internet: not of this machine, its network, its provider's metadata, nor one
/// that is translated into such an address.
///
/// After IANA's registries of special addresses (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match (a, b, c) {
        // This network, this machine, private networks.
        (0 | 10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) => true,
        // Shared with a provider; link-local, the metadata of instances among them.
        (100, 64..=127, _) | (169, 254, _) => true,
        // Protocols, documentation, 6to4 relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        // What a translator turns into an IPv4 address (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // Protocols and Teredo, documentation, 6to4 (which embeds any IPv4 address).
        [0x2001, 0x0000..=0x01ff, ..]
        | [0x2001, 0xdb8, ..]
        | [0x2002, ..]
        | [0x3fff, 0x0000..=0x0fff, ..] => false,
        // Everything public lies in 2000::/3. So `::1`, `::ffff:127.0.0.1`, `fc00::`, `fe80::`, `ff00::` do not.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

impl std::str::FromStr for WebhookUrl {
    type Err = WebhookUrlError;
    fn from_str(raw: &str) -> Result<Self, WebhookUrlError> {
        if raw.len() > MAX_BYTES {
            return Err(WebhookUrlError::TooLong);
        }
        if raw.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(WebhookUrlError::Space);
        }
        let url = Url::parse(raw).map_err(|_| WebhookUrlError::NotAbsolute)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(WebhookUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(WebhookUrlError::Fragment);
        }
        // What is escaped is longer, and is parsed again when it is read back.
        if url.as_str().len() > MAX_BYTES {
            return Err(WebhookUrlError::TooLong);
        }
        Ok(Self(url))
    }
}
impl TryFrom<String> for WebhookUrl {
    type Error = WebhookUrlError;
    fn try_from(raw: String) -> Result<Self, WebhookUrlError> {
        raw.parse()
    }
}
impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> String {
        url.0.into()
    }
}
impl std::fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_address_of_a_receiver_is_refused() {
        use WebhookUrlError::{Credentials, Fragment, NotAbsolute, Scheme, Space, TooLong};
        let long = format!("https://example.org/{}", "x".repeat(1024));
        let longer_when_escaped = format!("https://example.org/{}", "ü".repeat(400));
        let cases = [
            ("", NotAbsolute),
            ("example.org/hook", NotAbsolute),
            ("//example.org/hook", NotAbsolute),
            ("https://", NotAbsolute),
            ("https://exa mple.org", Space),
            ("https://example.org/\nhost:x", Space),
            ("ht\ttps://example.org/", Space),
            ("https://example.org:99999/", NotAbsolute),
            ("https://[::1", NotAbsolute),
            ("ftp://example.org/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("gopher://example.org/", Scheme),
            ("javascript:alert(1)", Scheme),
            ("https://user@example.org/", Credentials),
            ("https://user:pass@example.org/", Credentials),
            ("https://:pass@example.org/", Credentials),
            ("https://example.org/#part", Fragment),
            (&long, TooLong),
            (&longer_when_escaped, TooLong),
        ];
        for (raw, error) in cases {
            assert_eq!(raw.parse::<WebhookUrl>(), Err(error), "{raw}");
        }
    }

    #[test]
    fn a_deployment_calls_public_addresses_only() {
        use ForbiddenAddress::{Ip, Name, Scheme};
        let cases = [
            ("http://hooks.slack.com/", Scheme),
            ("https://localhost/", Name),
            ("https://LOCALHOST./", Name),
            ("https://a.localhost/", Name),
            ("https://printer.local/", Name),
            ("https://db/", Name),
            ("https://metadata.google.internal/", Name),
            ("https://127.0.0.1/", Ip),
            ("https://127.1/", Ip),
            ("https://0x7f.1/", Ip),
            ("https://2130706433/", Ip),
            ("https://0177.0.0.1/", Ip),
            ("https://%31%32%37.0.0.1/", Ip),
            ("https://①②⑦.0.0.1/", Ip),
            ("https://0/", Ip),
            ("https://10.1.2.3/", Ip),
            ("https://172.16.0.1/", Ip),
            ("https://172.31.255.255/", Ip),
            ("https://192.168.1.1/", Ip),
            ("https://100.64.0.1/", Ip),
            ("https://169.254.169.254/latest/meta-data/", Ip),
            ("https://255.255.255.255/", Ip),
            ("https://224.0.0.1/", Ip),
            ("https://[::1]/", Ip),
            ("https://[::]/", Ip),
            ("https://[::ffff:127.0.0.1]/", Ip),
            ("https://[::ffff:a9fe:a9fe]/", Ip),
            ("https://[64:ff9b::127.0.0.1]/", Ip),
            ("https://[2002:7f00:1::]/", Ip),
            ("https://[2001:0:1::1]/", Ip),
            ("https://[fd00:ec2::254]/", Ip),
            ("https://[fe80::1]/", Ip),
            ("https://[ff02::1]/", Ip),
        ];
        for (raw, error) in cases {
            let url: WebhookUrl = raw.parse().unwrap();
            assert_eq!(url.check(Reach::Public), Err(error), "{raw}");
            assert_eq!(url.check(Reach::Everywhere), Ok(()), "{raw}");
        }
        for good in [
            "https://hooks.example.org/a?b=c",
            "https://example.org.:8443/",
            "https://notlocal.org/",
            "https://1.1.1.1/",
            "https://172.32.0.1/",
            "https://[2606:4700::1111]/",
            "https://[64:ff9b::1.1.1.1]/",
            "https://bücher.de/ü",
        ] {
            assert_eq!(
                good.parse::<WebhookUrl>().unwrap().check(Reach::Public),
                Ok(()),
                "{good}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_address_reads_back_as_it_was_stored(raw in "https?://[a-z0-9.]{1,20}(:[0-9]{1,4})?/[ -~üß]{0,30}") {
            if let Ok(url) = raw.parse::<WebhookUrl>() {
                prop_assert_eq!(url.as_str().parse::<WebhookUrl>(), Ok(url.clone()));
            }
        }
    }
}
