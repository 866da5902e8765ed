//! An installation in memory, with somebody who plays the queues.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use imprint_app::artifacts::{derive_format, index_search};
use imprint_app::builds::{self, Confirmation, NewBuild, NewEditions};
use imprint_app::copy_edition::{Bounds, copy_edition};
use imprint_app::deliver_webhook::deliver_webhook;
use imprint_app::documents::{publish_rendering, render_document};
use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_app::index::{self, render_all, render_index};
use imprint_app::move_editions::move_editions;
use imprint_app::ports::{Cdn, PurgeError};
use imprint_app::products::{self, NewProduct};
use imprint_app::purge_cdn::{Order, purge_cdn};
use imprint_app::register_build::register_build;
use imprint_app::render_dashboard::{self, render_dashboard};
use imprint_app::retire_name::retire_name;
use imprint_app::step::{Delivery, Disposal, MAX_RECEIVES, dispose};
use imprint_app::sweep::sweep;
use imprint_app::tasks;
use imprint_app::unpack_archive::unpack_archive;
use imprint_app::update_dns::update_dns;
use imprint_domain::artifact::{Derivation, Format};
use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::git::GitRefs;
use imprint_domain::id::{SurrogateKey, TaskId};
use imprint_domain::message::{Envelope, Message};
use imprint_domain::slug::BuildSlug;
use imprint_domain::task::Task;
use imprint_domain::tracking::TrackingMode;
use imprint_domain::webhook::Webhook;
use imprint_testing::samples::{self, parsed};
use imprint_testing::{MemoryCdn, MemoryObjects, Press, Site, World};
use jiff::SignedDuration;

/// What lay below the product's prefix: keys with bodies and ETags.
pub(crate) type Objects = BTreeMap<String, Bytes>;

/// A CDN that remembers what the bucket held when it accepted a purge: that is what readers see from then on.
struct Witness {
    cdn: Arc<MemoryCdn>,
    objects: Arc<MemoryObjects>,
    seen: Mutex<Vec<Objects>>,
}

#[async_trait]
impl Cdn for Witness {
    async fn purge(&self, service: &str, keys: &[SurrogateKey]) -> Result<(), PurgeError> {
        let before = bodies(&self.objects, "alpha/v/");
        self.cdn.purge(service, keys).await?;
        self.seen.lock().unwrap().push(before);
        Ok(())
    }
}

fn bodies(objects: &MemoryObjects, prefix: &str) -> Objects {
    let all = objects.snapshot().into_iter();
    let below = all.filter(|(key, _)| key.as_str().starts_with(prefix));
    below
        .map(|(key, object)| (key.to_string(), object.body))
        .collect()
}

/// The product `alpha` with its default edition `main`, nothing published.
pub(crate) struct Installation {
    pub(crate) world: World,
    pub(crate) env: Env,
    pub(crate) bounds: Bounds,
    pub(crate) press: Arc<Press>,
    witness: Arc<Witness>,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        Self::tracking(TrackingMode::GitRefs).await
    }

    pub(crate) async fn tracking(main_mode: TrackingMode) -> Self {
        Self::in_world(World::new(), main_mode).await
    }

    /// One whose organization has formats made of the pages of each build.
    pub(crate) async fn deriving(formats: impl IntoIterator<Item = Format>) -> Self {
        let mut organization = samples::organization();
        organization.policy.derive = Derivation(formats.into_iter().collect());
        Self::in_world(World::of(organization), TrackingMode::GitRefs).await
    }

    /// One whose organization tells somebody what happens.
    pub(crate) async fn telling(webhooks: Vec<Webhook>) -> Self {
        let mut organization = samples::organization();
        organization.policy.webhooks = webhooks;
        Self::in_world(World::of(organization), TrackingMode::GitRefs).await
    }

    async fn in_world(world: World, main_mode: TrackingMode) -> Self {
        // Every look at the clock is a little later, so that what comes after also looks so.
        world.clock.tick(SignedDuration::from_millis(1));
        let witness = Arc::new(Witness {
            cdn: world.cdn.clone(),
            objects: world.objects.clone(),
            seen: Mutex::default(),
        });
        let env = Env {
            cdn: witness.clone(),
            ..world.env()
        };
        let new = NewProduct {
            slug: parsed("alpha"),
            title: parsed("Alpha"),
            doc_repo: parsed("https://example.org/alpha"),
            root_domain: None,
            root_fastly_domain: None,
            main_mode,
        };
        products::create(&env, new).await.unwrap();
        let here = Self {
            world,
            env,
            bounds: Bounds::default(),
            press: Arc::default(),
            witness,
        };
        // Its pages are there before a test begins, and nobody has purged or counted anything.
        here.settle().await;
        here.witness.seen.lock().unwrap().clear();
        here.world.cdn.forget();
        here.world.counts().reset();
        here
    }

    /// Registers a build and uploads a site to it.
    pub(crate) async fn upload(&self, site: &Site, git_ref: &str) -> Build {
        self.upload_with(site, git_ref, []).await
    }

    /// The same, announcing formats that are uploaded with forms of their own.
    pub(crate) async fn upload_with(
        &self,
        site: &Site,
        git_ref: &str,
        announced: impl IntoIterator<Item = Format>,
    ) -> Build {
        let new = NewBuild {
            slug: None::<BuildSlug>,
            git_refs: GitRefs::parse(&[git_ref]).unwrap(),
            alternate: None,
            artifacts: announced.into_iter().collect(),
            documents: None,
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

    pub(crate) async fn confirm(&self, build: &Build) -> Result<TaskId, AppError> {
        builds::confirm_upload(&self.env, build.id, &Confirmation::Request).await
    }

    /// The whole way: register, upload, confirm, and everything that follows.
    pub(crate) async fn publish(&self, site: &Site, git_ref: &str) -> (Build, Task) {
        let build = self.upload(site, git_ref).await;
        let task = self.confirm(&build).await.unwrap();
        self.settle().await;
        (build, self.task(&task).await)
    }

    /// Hands a message to its step, as a function does.
    pub(crate) async fn deliver(&self, envelope: &Envelope, receive_count: u32) -> Disposal {
        let delivery = Delivery {
            envelope: envelope.clone(),
            receive_count,
        };
        let outcome = match &envelope.message {
            Message::RegisterBuild(message) => register_build(&self.env, &envelope.id, message).await,
            Message::UnpackArchive(message) => {
                unpack_archive(&self.env, &envelope.id, message, self.bounds).await
            }
            Message::CopyEdition(message) => {
                copy_edition(&self.env, &envelope.id, message, self.bounds).await
            }
            Message::RetireName(message) => retire_name(&self.env, &envelope.id, message).await,
            Message::PurgeCdn(message) => {
                let order = Order {
                    entry: &envelope.id,
                    message,
                };
                purge_cdn(&self.env, &[order]).await.remove(0)
            }
            Message::RenderDashboard(message) => {
                let entry = &envelope.id;
                let order = render_dashboard::Order {
                    entry,
                    message,
                    receive_count,
                };
                render_dashboard(&self.env, &[order]).await
            }
            Message::UpdateDns(message) => update_dns(&self.env, &envelope.id, message).await,
            Message::DeliverWebhook(message) => {
                let api = parsed("https://keeper.example.org");
                deliver_webhook(&self.env, &api, &delivery, message).await
            }
            Message::RenderIndex(message) => {
                let entry = &envelope.id;
                let order = index::Order {
                    entry,
                    message,
                    receive_count,
                };
                render_index(&self.env, &[order]).await
            }
            Message::RenderAll(message) => render_all(&self.env, &envelope.id, message).await,
            Message::RenderDocument(message) => {
                render_document(&self.env, &*self.press, &envelope.id, message).await
            }
            Message::DeriveFormat(message) if message.format == Format::Search => {
                index_search(&self.env, &envelope.id, message, &*self.world.indexer).await
            }
            Message::DeriveFormat(message) => derive_format(&self.env, &envelope.id, message).await,
            Message::MoveEditions(message) => move_editions(&self.env, &envelope.id, message).await,
            Message::PublishRendering(message) => publish_rendering(&self.env, &envelope.id, message).await,
        };
        dispose(&self.env, &delivery, outcome).await
    }

    /// Delivers until nothing waits; what fails comes back until the queue puts it aside.
    pub(crate) async fn settle(&self) {
        while let Some(envelope) = self.world.queue.take_any() {
            for receive_count in 1..=MAX_RECEIVES {
                if self.deliver(&envelope, receive_count).await == Disposal::Done {
                    break;
                }
            }
        }
    }

    /// Later: sweeps and delivers until the outbox is empty or nothing changes.
    pub(crate) async fn recover(&self) {
        for _ in 0..8 {
            self.settle().await;
            if self.world.catalog.all_outbox().is_empty() {
                return;
            }
            self.world.clock.advance(SignedDuration::from_hours(1));
            sweep(&self.world.tenants(), SignedDuration::from_secs(120))
                .await
                .unwrap();
        }
        panic!("the outbox never empties: {:?}", self.world.catalog.all_outbox());
    }

    pub(crate) async fn task(&self, id: &TaskId) -> Task {
        tasks::get(&self.env, id).await.unwrap()
    }

    pub(crate) fn edition(&self, slug: &str) -> Edition {
        let all = self.world.catalog.all_editions();
        all.into_iter()
            .find(|edition| edition.slug.as_str() == slug)
            .expect("the edition exists")
    }

    /// What the edition's prefix holds, by path.
    pub(crate) fn shown(&self, slug: &str) -> Objects {
        let prefix = format!("alpha/v/{slug}/");
        let all = bodies(&self.world.objects, &prefix).into_iter();
        all.map(|(key, body)| (key[prefix.len()..].to_owned(), body))
            .collect()
    }

    /// The published build of an edition.
    pub(crate) fn published(&self, slug: &str) -> Option<u64> {
        self.edition(slug)
            .published
            .map(|reached| reached.pointer.build.0)
    }

    /// Asserts that an edition shows exactly a site, and that readers were told after the last change.
    pub(crate) fn assert_shows(&self, slug: &str, site: &Site) {
        let wanted: Objects = expected(site);
        assert_eq!(self.shown(slug), wanted);
        for (path, object) in self.world.objects.snapshot() {
            if let Some(rest) = path.as_str().strip_prefix(&format!("alpha/v/{slug}/")) {
                assert_eq!(
                    object.headers.metadata["surrogate-key"],
                    self.edition(slug).surrogate_key.as_str(),
                    "{rest}"
                );
                assert_eq!(
                    object.headers.cache_control.as_deref(),
                    Some("no-cache"),
                    "{rest}"
                );
            }
        }
        let seen = self.witness.seen.lock().unwrap();
        let last = seen.last().expect("the CDN was told");
        assert_eq!(
            last,
            &bodies(&self.world.objects, "alpha/v/"),
            "invariant 5: the purge comes after the last copy"
        );
    }
}

/// The files and redirects of a site.
pub(crate) fn expected(site: &Site) -> Objects {
    let bodies = site.bodies();
    site.paths()
        .into_iter()
        .map(|path| (path.clone(), bodies.get(&path).cloned().unwrap_or_default()))
        .collect()
}

/// Three sites that differ in changed, added and removed pages and assets.
pub(crate) fn sites() -> [Site; 3] {
    let a = Site::of_pages(12)
        .file("img/a b.png", "png")
        .file("deep/er/still/p.html", "deep");
    let b = a
        .clone()
        .file("index.html", "second")
        .without("img/a b.png")
        .file("new/ü.html", "new");
    let c = a
        .clone()
        .file("part1/page1.html", "third")
        .without("deep/er/still/p.html")
        .file("x.css", "x");
    [a, b, c]
}
