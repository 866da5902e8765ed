//! What clients upload, and what readers may therefore see.

use std::collections::BTreeMap;

use bytes::Bytes;
use imprint_domain::id::BuildId;
use imprint_testing::Site;

use crate::dice::Dice;

const PATHS: [&str; 7] = [
    "index.html",
    "guide.html",
    "api/index.html",
    "api/deep/page.html",
    "_static/style.css",
    "data.json",
    "v1/about.html",
];

/// The sites of all builds.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    of: BTreeMap<BuildId, Site>,
    /// By product, as they were made.
    made: BTreeMap<String, Vec<Site>>,
    versions: u64,
}

impl Sites {
    /// The site of the next build of a product: some files of the one before changed, came or went. At times changes are
    /// taken back.
    pub(crate) fn next(&mut self, product: &str, dice: &mut Dice) -> Site {
        if dice.one_in(4) {
            return self.taken_back(product, dice);
        }
        let newest = self.made.get(product).and_then(|made| made.last()).cloned();
        self.changed(product, newest, dice)
    }

    /// A site that begins with any that was made before.
    pub(crate) fn taken_back(&mut self, product: &str, dice: &mut Dice) -> Site {
        let made = self.made.get(product).map_or(&[][..], Vec::as_slice);
        let earlier = dice.one_of(made).cloned();
        self.changed(product, earlier, dice)
    }

    fn changed(&mut self, product: &str, base: Option<Site>, dice: &mut Dice) -> Site {
        let mut site = base.unwrap_or_else(|| self.fresh());
        for path in PATHS {
            self.versions += 1;
            site = match dice.below(6) {
                0 | 1 => site.file(path, format!("{product} {path} {}", self.versions)),
                2 if path != "index.html" => site.without(path),
                _ => site,
            };
        }
        self.made
            .entry(product.to_owned())
            .or_default()
            .push(site.clone());
        site
    }

    fn fresh(&mut self) -> Site {
        PATHS.iter().fold(Site::new(), |site, path| {
            self.versions += 1;
            site.file(path, format!("{path} {}", self.versions))
        })
    }

    pub(crate) fn uploaded(&mut self, build: BuildId, site: Site) {
        self.of.insert(build, site);
    }

    pub(crate) fn get(&self, build: BuildId) -> Option<&Site> {
        self.of.get(&build)
    }

    /// What an edition's prefix holds when it shows a build: files, and an empty object for each directory.
    pub(crate) fn expected(&self, build: BuildId) -> Option<BTreeMap<String, Bytes>> {
        let site = self.of.get(&build)?;
        let bodies = site.bodies();
        let paths = site.paths().into_iter();
        Some(
            paths
                .map(|path| {
                    let body = bodies.get(&path).cloned().unwrap_or_default();
                    (path, body)
                })
                .collect(),
        )
    }
}
