//! The release registry and publishing as one system: builds record releases, trains move editions, and what installations
//! run is kept.

mod checkins;
mod model;
mod protection;
mod trains;

use imprint_app::builds::{self, NewBuild, NewEditions};
use imprint_app::editions::{self, NewEdition, NewName};
use imprint_app::registry::{self, CheckedIn, NewRelease, Published};
use imprint_domain::build::Build;
use imprint_domain::edition::Tracking;
use imprint_domain::git::GitRefs;
use imprint_domain::kind::Retention;
use imprint_domain::registry::{
    CheckIn, ClusterToken, Data, Documented, Release, Report, Reported, TrainName,
};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::Site;
use imprint_testing::samples::parsed;

use crate::installation::Installation;

pub(crate) fn reported(name: &str, version: &str) -> Reported {
    Reported {
        name: name.to_owned(),
        version: version.to_owned(),
        ..Reported::default()
    }
}

impl Installation {
    /// Registers a build that says which release it documents, and uploads a site to it.
    pub(crate) async fn upload_release(
        &self,
        site: &Site,
        git_ref: &str,
        release: Option<(&str, &str)>,
    ) -> Build {
        let new = NewBuild {
            artifacts: std::collections::BTreeSet::new(),
            slug: None,
            git_refs: GitRefs::parse(&[git_ref]).unwrap(),
            alternate: None,
            documents: release.map(|(train, version)| Documented {
                train: parsed(train),
                version: parsed(version),
            }),
            github_requester: None,
            upload: imprint_domain::upload::Upload::Files,
            directories: None,
            new_editions: NewEditions::Allowed,
        };
        let created = builds::create(&self.env, &parsed("alpha"), new, &|_| Ok(()))
            .await
            .unwrap();
        site.upload(&self.world.objects, &created.build);
        created.build
    }

    /// The whole way of such a build.
    pub(crate) async fn publish_release(
        &self,
        site: &Site,
        git_ref: &str,
        release: Option<(&str, &str)>,
    ) -> Build {
        let build = self.upload_release(site, git_ref, release).await;
        self.confirm(&build).await.unwrap();
        self.settle().await;
        build
    }

    /// An edition that follows a train of `alpha`.
    pub(crate) async fn follow(&self, slug: &str, train: &str) {
        let new = NewEdition {
            name: NewName::Given {
                slug: parsed(slug),
                title: parsed(slug),
            },
            tracking: Tracking {
                mode: TrackingMode::Train,
                refs: Some(GitRefs::parse(&[train]).unwrap()),
                alternate: None,
            },
            kind: None,
            retention: Retention::Applies,
            build: None,
            by: None,
        };
        editions::create(&self.env, &parsed("alpha"), new).await.unwrap();
        self.settle().await;
    }

    /// A release as somebody posts it.
    pub(crate) fn release(&self, train: &str, version: &str) -> NewRelease {
        NewRelease {
            train: parsed(train),
            version: parsed(version),
            released: self.env.clock.now(),
            data: Data::default(),
            description: None,
            kind: None,
        }
    }

    pub(crate) async fn post_release(&self, train: &str, version: &str) -> Published {
        let published = registry::publish(&self.env, self.release(train, version), None)
            .await
            .unwrap();
        self.settle().await;
        published
    }

    pub(crate) async fn latest(&self, train: &str) -> Option<Release> {
        let train: TrainName = parsed(train);
        registry::latest_of(&self.env, &[train]).await.unwrap().remove(0)
    }

    pub(crate) async fn latest_version(&self, train: &str) -> Option<String> {
        self.latest(train)
            .await
            .map(|release| release.version.to_string())
    }

    /// A check-in of a cluster that runs these versions of `alpha`.
    pub(crate) async fn check_in(
        &self,
        id: &str,
        versions: &[&str],
        token: Option<&ClusterToken>,
    ) -> CheckedIn {
        let components = versions.iter().map(|version| reported("alpha", version));
        let check_in = CheckIn {
            id: parsed(id),
            report: Report::new(components.collect()).unwrap(),
            token: token.cloned(),
            at: self.env.clock.now(),
        };
        registry::check_in(&self.env, check_in, "a source").await.unwrap()
    }

    /// The same of one that is known to be itself: it has checked in before and has its token.
    pub(crate) async fn verified_check_in(&self, id: &str, versions: &[&str]) -> ClusterToken {
        let token = self.check_in(id, versions, None).await.token.expect("it is new");
        assert!(
            self.check_in(id, versions, Some(&token))
                .await
                .cluster
                .is_verified
        );
        token
    }
}
