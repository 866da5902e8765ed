//! Git refs with links to their source and their ticket.

use std::fmt::Write as _;

use serde::Serialize;

use crate::git::GitRefs;
use crate::organization::Organization;
use crate::product::Product;
use crate::text::WebUrl;

/// A git ref with links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefView {
    /// The ref.
    pub name: String,
    /// Its source, where the host is one whose URLs are known.
    pub source: Option<String>,
    /// The ticket that its name is about.
    pub ticket: Option<Ticket>,
}

/// A ticket that a ref's name is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// `DM-1234`
    pub key: String,
    /// Where it is.
    pub url: String,
}

impl RefView {
    /// The refs of a build, in order.
    pub(super) fn all(organization: &Organization, product: &Product, refs: &GitRefs) -> Vec<Self> {
        let views = refs.iter().map(|git_ref| Self {
            name: git_ref.to_string(),
            source: source(&product.doc_repo, git_ref.as_str()),
            ticket: ticket(organization, git_ref.as_str()),
        });
        views.collect()
    }
}

/// The repository's address for people: exactly `.git` is taken off its end.
pub(super) fn repository(address: &WebUrl) -> &str {
    let raw = address.as_str().trim_end_matches('/');
    raw.strip_suffix(".git").unwrap_or(raw)
}

fn source(repository_address: &WebUrl, git_ref: &str) -> Option<String> {
    let repository = repository(repository_address);
    let host = repository.split('/').nth(2)?.to_ascii_lowercase();
    let tree = match host.as_str() {
        "github.com" => "tree",
        "bitbucket.org" => "src",
        host if host == "gitlab.com" || host.starts_with("gitlab.") => "-/tree",
        _ => return None,
    };
    Some(format!("{repository}/{tree}/{}", encoded(git_ref)))
}

fn ticket(organization: &Organization, git_ref: &str) -> Option<Ticket> {
    let base = organization.ticket_url.as_ref()?;
    let key = git_ref.split('/').find_map(ticket_key)?;
    let url = format!("{}{}", base.as_str(), encoded(key));
    Some(Ticket {
        key: key.to_owned(),
        url,
    })
}

/// `DM-1234` of `DM-1234` and `DM-1234-fix`: capitals and digits, a hyphen, a number.
fn ticket_key(part: &str) -> Option<&str> {
    let (project, rest) = part.split_once('-')?;
    let is_project = project.len() >= 2
        && project.starts_with(|c: char| c.is_ascii_uppercase())
        && project
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let ends = rest[digits..].chars().next().is_none_or(|c| !c.is_alphanumeric());
    (is_project && digits > 0 && ends).then(|| &part[..=project.len() + digits])
}

/// A ref as part of a URL's path. Its slashes stay.
fn encoded(raw: &str) -> String {
    let mut path = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                path.push(char::from(byte));
            }
            byte => {
                // Writing to a String cannot fail.
                let _written = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_link_keeps_the_repositorys_name_and_encodes_the_ref() {
        let link = |address: &str, git_ref| source(&address.parse().unwrap(), git_ref);
        // LTD took the letters `.git` off the right end as a set and mangled names that end in them.
        for (address, wanted) in [
            (
                "https://github.com/org/digit.git",
                "https://github.com/org/digit/tree/a/b",
            ),
            (
                "https://github.com/org/digit/",
                "https://github.com/org/digit/tree/a/b",
            ),
            ("https://gitlab.com/org/x", "https://gitlab.com/org/x/-/tree/a/b"),
            (
                "https://gitlab.example.org/x.git",
                "https://gitlab.example.org/x/-/tree/a/b",
            ),
            (
                "https://bitbucket.org/org/x",
                "https://bitbucket.org/org/x/src/a/b",
            ),
        ] {
            assert_eq!(link(address, "a/b").as_deref(), Some(wanted));
        }
        assert_eq!(link("https://example.org/x.git", "main"), None);
        let hostile = link("https://github.com/o/r", "x?y#\" <ü>").unwrap();
        assert_eq!(hostile, "https://github.com/o/r/tree/x%3Fy%23%22%20%3C%C3%BC%3E");
    }

    #[test]
    fn a_ticket_is_found_in_a_branch_and_nowhere_else() {
        for (git_ref, key) in [
            ("tickets/DM-1234", Some("DM-1234")),
            ("DM-1234", Some("DM-1234")),
            ("u/anna/RFC2-7-second-try", Some("RFC2-7")),
            ("main", None),
            ("v1.0-2", None),
            ("dm-1", None),
            ("DM-", None),
            ("DM-1a", None),
            ("A-1", None),
        ] {
            assert_eq!(git_ref.split('/').find_map(ticket_key), key, "{git_ref}");
        }
    }
}
