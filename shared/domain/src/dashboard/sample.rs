//! Pages of nobody, to try templates on: empty ones, and full ones in which every text is the same.

use super::{
    BuildView, Dashboard, Download, EditionView, FormatView, Index, IndexedProduct, Installed, Moment,
    NewestRelease, Older, RefView, Ticket,
};

impl Dashboard {
    /// A product with nothing published.
    pub fn empty_sample() -> Self {
        Self {
            title: "Sample".to_owned(),
            url: "https://sample.example.org/".to_owned(),
            source: "https://example.org/sample".to_owned(),
            search_box: None,
            main: None,
            releases: Vec::new(),
            drafts: Vec::new(),
            builds: Vec::new(),
        }
    }

    /// A product with everything that a page can show, whose names and titles are this text.
    pub fn sample(text: &str) -> Self {
        let moment = Moment {
            day: "2026-01-01".to_owned(),
            exact: "2026-01-01T12:00:00Z".to_owned(),
        };
        let bare = RefView {
            name: text.to_owned(),
            source: None,
            ticket: None,
        };
        let linked = RefView {
            source: Some("https://example.org/tree".to_owned()),
            ticket: Some(Ticket {
                key: "DM-1".to_owned(),
                url: "https://example.org/DM-1".to_owned(),
            }),
            ..bare.clone()
        };
        let edition = |slug: &str| EditionView {
            slug: slug.to_owned(),
            title: text.to_owned(),
            path: format!("v/{slug}/"),
            refs: vec![linked.clone(), bare.clone()],
            build: "1".to_owned(),
            updated: moment.clone(),
            downloads: downloads(text),
            search: Some(format!("v/{slug}/_search/")),
            installed: Installed::new(1234),
            version: None,
        };
        let build = |requester: Option<&str>| BuildView {
            slug: "1".to_owned(),
            path: "builds/1/".to_owned(),
            refs: vec![bare.clone()],
            requester: requester.map(str::to_owned),
            uploaded: moment.clone(),
            shown_by: vec!["main".to_owned()],
            formats: formats(text),
        };
        Self {
            title: text.to_owned(),
            search_box: Some("_search/box.js".to_owned()),
            main: Some(edition("main")),
            releases: vec![edition("v2.0"), edition("v1.0")],
            drafts: vec![edition("draft")],
            builds: vec![build(Some(text)), build(None)],
            ..Self::empty_sample()
        }
    }
}

/// One of the shown build, one of another.
fn downloads(text: &str) -> Vec<Download> {
    let download = |format: &str, older: Option<Older>| Download {
        format: format.to_owned(),
        name: format.to_uppercase(),
        path: format!("_downloads/main/sample.{format}"),
        older,
    };
    let older = Older {
        text: "of build 1".to_owned(),
        title: text.to_owned(),
    };
    vec![download("pdf", None), download("epub", Some(older))]
}

/// One that is there, one that is not.
fn formats(text: &str) -> Vec<FormatView> {
    let format = |state: &'static str, sentence: Option<&str>| FormatView {
        format: "pdf".to_owned(),
        name: "PDF".to_owned(),
        state,
        sentence: sentence.map(str::to_owned),
    };
    vec![format("ready", None), format("failed", Some(text))]
}

impl Index {
    /// An organization without products.
    pub fn empty_sample() -> Self {
        Self {
            title: "Sample".to_owned(),
            url: "https://example.org/".to_owned(),
            products: Vec::new(),
        }
    }

    /// An organization with products, whose titles are this text, its own too.
    pub fn sample(text: &str) -> Self {
        let full = IndexedProduct {
            slug: "sample".to_owned(),
            title: text.to_owned(),
            url: "https://sample.example.org/".to_owned(),
            newest: Some(NewestRelease {
                title: text.to_owned(),
                path: "v/v1.0/".to_owned(),
            }),
            updated: Some("2026-01-01".to_owned()),
        };
        let bare = IndexedProduct {
            newest: None,
            updated: None,
            ..full.clone()
        };
        Self {
            title: text.to_owned(),
            products: vec![full, bare],
            ..Self::empty_sample()
        }
    }
}
