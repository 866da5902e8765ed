//! The organizations of an installation, each with its own view of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use imprint_domain::organization::Organization;
use imprint_domain::slug::OrganizationSlug;
use jiff::{SignedDuration, Timestamp};

use crate::env::Env;
use crate::error::AppError;
use crate::measured_cdn::MeasuredCdn;
use crate::outgoing::Chain;
use crate::ports::{
    Catalog, Clock, DeadLetters, Dns, Documents, Places, Queue, Random, Registry, StoreError, StoreHealth,
    Telemetry, Webhooks,
};
use crate::seal::SealingKey;

/// How long an organization's settings are kept. A change of its rules is seen by every function after this time.
const KEPT: SignedDuration = SignedDuration::from_secs(10);

/// What every organization of an installation shares.
#[derive(Clone)]
pub struct Installation {
    /// State of everything but files.
    pub catalog: Arc<dyn Catalog>,
    /// Releases and the clusters that run them.
    pub registry: Arc<dyn Registry>,
    /// Documents, their versions and renderings.
    pub documents: Arc<dyn Documents>,
    /// How the store behind both is.
    pub health: Arc<dyn StoreHealth>,
    /// Messages to the next step.
    pub queue: Arc<dyn Queue>,
    /// Messages that their steps could not handle.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// The DNS that products' names are written to; none when somebody else takes care of them.
    pub dns: Option<Arc<dyn Dns>>,
    /// Receivers of webhooks.
    pub webhooks: Arc<dyn Webhooks>,
    /// What makes the ports that differ.
    pub places: Arc<dyn Places>,
    /// Who wants to know what was measured.
    pub telemetry: Arc<dyn Telemetry>,
    /// What seals secrets.
    pub sealing: SealingKey,
    /// The default organization as it is deployed.
    pub deployment: Arc<Organization>,
}

/// Gives each organization its [`Env`]. Clones share what they keep.
#[derive(Clone)]
pub struct Tenants {
    installation: Arc<Installation>,
    kept: Arc<Mutex<BTreeMap<OrganizationSlug, (Timestamp, Env)>>>,
}

impl std::fmt::Debug for Tenants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tenants")
            .field(&self.installation.deployment.domain)
            .finish()
    }
}

impl Tenants {
    /// The organizations of an installation. Reads nothing yet.
    pub fn new(installation: Installation) -> Self {
        Self {
            installation: Arc::new(installation),
            kept: Arc::default(),
        }
    }

    /// The same organizations with other ports. What is kept of them is shared.
    pub(crate) fn with(&self, installation: Installation) -> Self {
        Self {
            installation: Arc::new(installation),
            kept: self.kept.clone(),
        }
    }

    /// The same organizations, whose measurements somebody takes.
    pub fn watched_by(&self, telemetry: Arc<dyn Telemetry>) -> Self {
        Self::new(Installation {
            telemetry,
            ..self.installation.as_ref().clone()
        })
    }

    /// The default organization as it is deployed, for what is about no organization: users, tokens, the outbox.
    /// Reads nothing; its title and rules may be others.
    pub fn of_installation(&self) -> Env {
        self.env(self.installation.deployment.as_ref().clone())
    }

    /// The default organization with its stored rules.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of_default(&self) -> Result<Env, AppError> {
        self.of(&OrganizationSlug::default()).await
    }

    /// An organization's view of the installation. A request every few seconds.
    ///
    /// # Errors
    /// `NotFound` when there is no such organization, and when the store fails.
    pub async fn of(&self, slug: &OrganizationSlug) -> Result<Env, AppError> {
        self.find(slug).await?.ok_or(AppError::NotFound)
    }

    /// The same for those who go on without it.
    pub(crate) async fn find(&self, slug: &OrganizationSlug) -> Result<Option<Env>, StoreError> {
        let now = self.installation.clock.now();
        // Clocks that were set back make everything old.
        let is_fresh = |at: Timestamp| at <= now && now.duration_since(at) < KEPT;
        if let Some((at, env)) = self.kept().get(slug)
            && is_fresh(*at)
        {
            return Ok(Some(self.lend(env)));
        }
        let Some(organization) = self.read(slug).await? else {
            return Ok(None);
        };
        let env = self.env(organization);
        self.kept().insert(slug.clone(), (now, env.clone()));
        Ok(Some(env))
    }

    /// What is kept, with our own ports: others who share it may have other ones.
    fn lend(&self, kept: &Env) -> Env {
        Env {
            catalog: self.installation.catalog.clone(),
            registry: self.installation.registry.clone(),
            ..kept.clone()
        }
    }

    /// Every organization but the default one may not exist.
    pub(crate) async fn read(&self, slug: &OrganizationSlug) -> Result<Option<Organization>, StoreError> {
        let installation = &self.installation;
        let stored = installation.catalog.organization(slug).await?;
        if !slug.is_default() {
            return Ok(stored);
        }
        let deployment = installation.deployment.as_ref();
        Ok(Some(stored.map_or_else(
            || deployment.clone(),
            |stored| stored.deployed_as(deployment),
        )))
    }

    /// Forgets an organization that was changed, so that the next request sees it.
    pub fn forget(&self, slug: &OrganizationSlug) {
        self.kept().remove(slug);
    }

    /// What all organizations share.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The view of an organization as it is given.
    pub(crate) fn env(&self, organization: Organization) -> Env {
        let Installation {
            catalog,
            registry,
            documents,
            queue,
            clock,
            random,
            dns,
            places,
            webhooks,
            telemetry,
            sealing,
            deployment,
            ..
        } = self.installation.as_ref();
        let key = organization.fastly_key.as_ref().and_then(|sealed| {
            let opened = sealing.open(&organization.slug, sealed);
            // Without its key the CDN refuses, which shows on every task.
            opened
                .inspect_err(|error| {
                    tracing::error!(code = "cdn_key", organization = %organization.slug, error = %Chain(error), "the CDN's key");
                })
                .ok()
        });
        Env {
            catalog: catalog.clone(),
            registry: registry.clone(),
            documents: documents.clone(),
            objects: places.objects(&organization.bucket),
            inbox: places.objects(&deployment.bucket),
            queue: queue.clone(),
            cdn: Arc::new(MeasuredCdn {
                cdn: places.cdn(key.as_deref()),
                telemetry: telemetry.clone(),
            }),
            dns: dns.clone(),
            uploads: places.uploads(&organization.bucket),
            webhooks: webhooks.clone(),
            clock: clock.clone(),
            random: random.clone(),
            telemetry: telemetry.clone(),
            sealing: sealing.clone(),
            organization: Arc::new(organization),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<OrganizationSlug, (Timestamp, Env)>> {
        // A panic between two statements leaves the map whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
