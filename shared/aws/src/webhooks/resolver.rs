//! Names of receivers, resolved to public addresses only.
//!
//! The client connects to exactly what is returned here, so a name that resolves to one address when it is checked and to
//! another when it is connected to gains nothing.

use std::net::SocketAddr;

use imprint_domain::webhook::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The machine's resolver, without every address that is not public.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicOnly;

/// A name that has no public address. It does not say which ones it has: that would answer questions about our network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its host does not resolve to a public address")]
pub(super) struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(public(found)?)
        })
    }
}

fn public(found: Vec<SocketAddr>) -> Result<Addrs, NotPublic> {
    let mut public = found;
    public.retain(|address| is_public(address.ip()));
    if public.is_empty() {
        return Err(NotPublic);
    }
    Ok(Box::new(public.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_of_a_name_are_never_connected_to() {
        let addresses = |all: &[&str]| {
            all.iter()
                .map(|one| one.parse().unwrap())
                .collect::<Vec<SocketAddr>>()
        };
        let mixed = addresses(&["10.0.0.1:0", "1.1.1.1:0", "[::1]:0", "[2606:4700::1111]:0"]);
        let kept: Vec<SocketAddr> = public(mixed).unwrap().collect();
        assert_eq!(kept, addresses(&["1.1.1.1:0", "[2606:4700::1111]:0"]));
        assert!(matches!(
            public(addresses(&["169.254.169.254:0"])),
            Err(NotPublic)
        ));
        assert!(matches!(public(Vec::new()), Err(NotPublic)));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_has_no_public_address() {
        let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
        let error = resolved.err().expect("it is refused");
        assert_eq!(error.downcast_ref(), Some(&NotPublic));
    }
}
