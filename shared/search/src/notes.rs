//! What was left out, in sentences for people.

use std::collections::BTreeMap;

/// How many pages a sentence names.
const NAMED: usize = 3;

/// Why a page is not searched, or not as it asks to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    Noindex,
    Ignored,
    Redirect,
    Generated,
    TooLarge,
    TooDeep,
    Refused,
    Facets,
    Language,
}

/// Pages by reason. Only the first few paths are kept, so its size does not depend on the site.
#[derive(Debug, Default)]
pub(crate) struct Notes(BTreeMap<Reason, (usize, Vec<String>)>);

impl Notes {
    pub(crate) fn add(&mut self, reason: Reason, path: &str) {
        let (count, named) = self.0.entry(reason).or_default();
        *count += 1;
        if named.len() < NAMED {
            named.push(path.to_owned());
        }
    }

    pub(crate) fn sentences(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|(reason, (count, named))| {
                let more = if *count > named.len() { ", ..." } else { "" };
                format!("{} ({}{more}).", sentence(*reason, *count), named.join(", "))
            })
            .collect()
    }
}

fn sentence(reason: Reason, count: usize) -> String {
    let (pages, are, have) = if count == 1 {
        ("page", "is", "has")
    } else {
        ("pages", "are", "have")
    };
    let redirect = if count == 1 { "redirects" } else { "redirect" };
    match reason {
        Reason::Noindex => format!("{count} {pages} {are} not searched because of a robots tag with noindex"),
        Reason::Ignored => format!("{count} {pages} {are} not searched because of data-pagefind-ignore"),
        Reason::Redirect => format!("{count} {pages} that only {redirect} {are} not searched"),
        Reason::Generated => {
            format!("{count} {pages} of the generator's own index and search {are} not searched")
        }
        Reason::TooLarge => format!("{count} {pages} of more than 4 MB {are} not searched"),
        Reason::TooDeep => format!("{count} {pages} with very deeply nested elements {are} not searched"),
        Reason::Refused => format!("{count} {pages} could not be read and {are} not searched"),
        Reason::Facets => {
            format!(
                "{count} {pages} {have} more data-pagefind filters, sorts and metadata than are kept: without theirs they are searched"
            )
        }
        Reason::Language => {
            format!(
                "{count} {pages} in another language than most {are} searched as if in that of the others"
            )
        }
    }
}
