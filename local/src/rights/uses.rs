//! What was used, and by whom.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What an action was done to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A bucket.
    Bucket(String),
    /// An object, which need not be there.
    Object {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
    },
    /// A table, by its name.
    Table(String),
    /// An index of a table.
    Index {
        /// The table's name.
        table: String,
        /// Its own name.
        index: String,
    },
    /// A queue, by its name.
    Queue(String),
    /// A hosted zone, by its id.
    HostedZone(String),
    /// What the action knows no resources for.
    Everything,
}

/// One thing that a function did to one resource, in the words of IAM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The function, such as `copy-edition`.
    pub function: String,
    /// The action that has to be allowed for it, such as `dynamodb:PutItem`.
    pub action: String,
    /// What it was done to.
    pub resource: Resource,
}

/// The access key of a function. Each has its own, as each has a role of its own on AWS: whose rights a request needs is
/// decided by who signed it, so an upload by a form is the doing of the function that signed the form.
pub fn access_key(of_all: &str, function: &str) -> String {
    format!("{of_all}.{function}")
}

/// The uses of all functions, as far as somebody wants to know them: a stack that runs for days would keep every key.
#[derive(Debug, Clone)]
pub struct Uses(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    of_all: String,
    is_noting: AtomicBool,
    seen: Mutex<BTreeSet<Use>>,
}

impl Uses {
    /// None yet, and none are noted. `of_all` is the access key that those of functions are made of.
    pub(crate) fn new(of_all: &str) -> Self {
        Self(Arc::new(Noted {
            of_all: of_all.to_owned(),
            is_noting: AtomicBool::new(false),
            seen: Mutex::default(),
        }))
    }

    /// Notes uses from now on.
    pub fn note(&self) {
        self.0.is_noting.store(true, Ordering::Relaxed);
    }

    /// What was noted.
    pub fn seen(&self) -> BTreeSet<Use> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The function that a request with this access key is of, while uses are noted.
    pub(crate) fn function<'k>(&self, access_key: Option<&'k str>) -> Option<&'k str> {
        let of_function = access_key?.strip_prefix(&self.0.of_all)?.strip_prefix('.');
        of_function.filter(|_| self.0.is_noting.load(Ordering::Relaxed))
    }

    /// Notes a use.
    pub(crate) fn add(&self, function: &str, action: &str, resource: Resource) {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(Use {
            function: function.to_owned(),
            action: action.to_owned(),
            resource,
        });
    }

    /// Notes a use by a request that a stand-in beside ours has got.
    pub fn add_signed(&self, headers: &HeaderMap, action: &str, resource: Resource) {
        if let Some(function) = self.function(signer(headers)) {
            self.add(function, action, resource);
        }
    }
}

/// The access key of a request that is signed in its header: `AWS4-HMAC-SHA256 Credential=<key>/<day>/…`.
pub(crate) fn signer(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_of_the_function_whose_key_signed_it() {
        let uses = Uses::new("local");
        let signed = |key: &str| -> HeaderMap {
            let value = format!(
                "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host"
            );
            HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
        };
        let by = |headers: &HeaderMap| uses.function(signer(headers)).map(str::to_owned);
        let copies = signed(&access_key("local", "copy-edition"));
        assert_eq!(by(&copies), None);
        uses.note();
        assert_eq!(by(&copies).as_deref(), Some("copy-edition"));
        for nobody in [signed("local"), signed("other.copy-edition"), HeaderMap::new()] {
            assert_eq!(by(&nobody), None);
        }
        uses.add_signed(&copies, "sqs:SendMessage", Resource::Everything);
        uses.add_signed(&signed("local"), "sqs:SendMessage", Resource::Everything);
        assert_eq!(uses.seen().len(), 1);
    }
}
