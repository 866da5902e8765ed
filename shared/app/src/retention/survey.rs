//! Everything there is to know of one product, or nothing: a page that cannot be read fails the whole.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::history::Moved;
use imprint_domain::id::{BuildId, EditionId, Generation};
use imprint_domain::message::{DeriveFormat, Message, UnpackArchive};
use imprint_domain::product::Product;
use imprint_domain::registry::{ComponentName, VersionName};
use imprint_domain::retention::{InUse, Known, RetentionRules, Survey};
use imprint_domain::rules::Rules;

use crate::env::Env;
use crate::ports::StoreError;

/// Builds in one request: about half a megabyte.
const BUILDS_AT_A_TIME: usize = 500;
/// A product with more builds has to be told of first: what cannot be held cannot be judged.
const MAX_BUILDS: usize = 50_000;
/// Moves in one request.
const MOVES_AT_A_TIME: usize = 500;
/// All moves of a product's editions that are looked at.
const MAX_MOVES: usize = 200_000;
/// Trains of a component in one request.
const TRAINS_AT_A_TIME: usize = 100;
/// Histories that are read at once.
const HISTORIES_AT_A_TIME: usize = 8;
/// More work than this on its way in the whole installation, and nobody says whose it is.
const MAX_OUTBOX: usize = 2_000;

/// Loads all but the histories and what the registry says, which only protect: where nothing could happen without them,
/// nothing can with them.
pub(super) async fn without_protection(
    env: &Env,
    product: &Product,
    editions: Vec<Edition>,
) -> Result<Survey, StoreError> {
    Ok(Survey {
        product_ended_at: product.ended_at,
        product_doom: product.doom,
        tracking: Rules::of(&env.organization, product),
        builds: builds(env, product).await?,
        histories: Known::Known(Vec::new()),
        busy: busy(env, product).await?,
        in_use: Known::Known(InUse::default()),
        editions,
    })
}

/// What the release registry protects. A request for the uses, and two for the component's trains.
pub(super) async fn in_use(
    env: &Env,
    product: &Product,
    rules: &RetentionRules,
) -> Result<InUse, StoreError> {
    let component = ComponentName::of_product(&product.slug);
    let org = &env.organization.slug;
    let mut in_use = InUse {
        versions: versions_in_use(env, &component, rules).await?,
        ..InUse::default()
    };
    let mut cursor: Option<String> = None;
    loop {
        let page = env
            .registry
            .trains(org, Some(&component), TRAINS_AT_A_TIME, cursor.as_deref())
            .await?;
        let trains: Vec<_> = page.items.into_iter().map(|row| row.train).collect();
        if !trains.is_empty() {
            let news = env.registry.news(org, &trains, &[]).await?;
            let docs = news.heads.into_iter().filter_map(|head| head.latest?.docs);
            in_use.latest.extend(docs.map(|docs| docs.build));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(in_use),
        }
    }
}

/// The versions that somebody runs.
pub(super) async fn versions_in_use(
    env: &Env,
    component: &ComponentName,
    rules: &RetentionRules,
) -> Result<BTreeSet<VersionName>, StoreError> {
    let Some(since) = rules.used_since(env.clock.now()) else {
        return Ok(BTreeSet::new());
    };
    let used = env
        .registry
        .in_use(&env.organization.slug, component, since)
        .await?;
    let heeded = used.into_iter().filter(|used| rules.heeds(used.trust));
    Ok(heeded.map(|used| used.version).collect())
}

async fn builds(env: &Env, product: &Product) -> Result<Known<Vec<Build>>, StoreError> {
    let (mut builds, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let (org, slug) = (&product.organization, &product.slug);
        let page = env
            .catalog
            .builds(org, slug, BUILDS_AT_A_TIME, cursor.as_deref())
            .await?;
        builds.extend(page.items);
        if builds.len() > MAX_BUILDS {
            let why = format!("the product has more than {MAX_BUILDS} builds");
            return Ok(Known::Unknown(why));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(Known::Known(builds)),
        }
    }
}

/// The moves of all editions that ever moved.
pub(super) async fn histories(env: &Env, editions: &[Edition]) -> Result<Known<Vec<Moved>>, StoreError> {
    let moved = editions
        .iter()
        .filter(|edition| edition.generation > Generation::NONE);
    // Collected first: a lazy map over borrowed editions makes the whole future one that no thread can be given.
    let histories: Vec<_> = moved.map(|edition| history(env, edition.id)).collect();
    let mut all = Vec::new();
    let mut histories = stream::iter(histories).buffered(HISTORIES_AT_A_TIME);
    while let Some(history) = histories.try_next().await? {
        all.extend(history);
        if all.len() > MAX_MOVES {
            let why = format!("the product's editions moved more than {MAX_MOVES} times");
            return Ok(Known::Unknown(why));
        }
    }
    Ok(Known::Known(all))
}

async fn history(env: &Env, edition: EditionId) -> Result<Vec<Moved>, StoreError> {
    let (mut moves, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = env
            .catalog
            .history(edition, MOVES_AT_A_TIME, cursor.as_deref())
            .await?;
        moves.extend(page.items);
        match page.next {
            Some(next) if moves.len() <= MAX_MOVES => cursor = Some(next),
            Some(_) | None => return Ok(moves),
        }
    }
}

/// The builds that messages on their way name. The index behind the outbox is a moment late; what is younger than that
/// was marked by nobody, and a mark waits for a day.
async fn busy(env: &Env, product: &Product) -> Result<Known<BTreeSet<BuildId>>, StoreError> {
    let soon = env.clock.now() + SignedDuration::from_hours(1);
    let entries = env.catalog.outbox(soon, MAX_OUTBOX).await?;
    if entries.len() >= MAX_OUTBOX {
        let why = format!("{MAX_OUTBOX} or more messages are on their way");
        return Ok(Known::Unknown(why));
    }
    let (org, slug) = (&product.organization, &product.slug);
    let builds = entries.iter().filter_map(|entry| match &entry.message {
        Message::RegisterBuild(register) | Message::UnpackArchive(UnpackArchive { then: register, .. }) => {
            (register.organization == *org && register.product == *slug).then_some(register.build)
        }
        Message::DeriveFormat(DeriveFormat { then: moving, .. }) | Message::MoveEditions(moving) => {
            (moving.organization == *org && moving.product == *slug).then_some(moving.build)
        }
        Message::CopyEdition(copy) => {
            (copy.organization == *org && copy.product == *slug).then_some(copy.pointer.build)
        }
        Message::PurgeCdn(purge) => {
            (purge.organization == *org && purge.product == *slug).then_some(purge.pointer.build)
        }
        Message::RetireName(retire) => retire
            .purge
            .as_ref()
            .filter(|purge| purge.organization == *org && purge.product == *slug)
            .map(|purge| purge.pointer.build),
        Message::RenderDashboard(_)
        | Message::RenderIndex(_)
        | Message::RenderAll(_)
        | Message::RenderDocument(_)
        | Message::PublishRendering(_)
        | Message::UpdateDns(_)
        | Message::DeliverWebhook(_) => None,
    });
    Ok(Known::Known(builds.collect()))
}
