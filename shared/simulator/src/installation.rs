//! What is there before anything happens.

use imprint_app::editions::{self, NewEdition, NewName};
use imprint_app::env::Env;
use imprint_app::products::{self, NewProduct};
use imprint_domain::artifact::Derivation;
use imprint_domain::edition::Tracking;
use imprint_domain::git::GitRefs;
use imprint_domain::kind::Retention;
use imprint_domain::retention::{Days, RetentionRules};
use imprint_domain::tracking::TrackingMode;
use imprint_testing::World;
use imprint_testing::samples::{self, parsed};
use jiff::SignedDuration;

use crate::clients::{HANDBOOK, PRODUCTS, Plot, WATCHED};

/// An installation with the products that clients publish to.
pub(crate) async fn set_up(plot: Plot) -> World {
    let mut organization = samples::organization();
    if plot.formats {
        organization.policy.derive = Derivation::default();
    }
    if plot.retention {
        organization.policy.retention = rules();
    }
    let world = World::of(organization);
    world.clock.tick(SignedDuration::from_millis(1));
    let env = world.env();
    for slug in PRODUCTS {
        product(&env, slug).await;
    }
    if plot.documents {
        product(&env, HANDBOOK).await;
    }
    if plot.registry {
        watch(&env).await;
    }
    world
}

/// What an installation ran is kept for so long after its last check-in.
pub(crate) const USE_PROTECTS_DAYS: u32 = 1;

/// As little as rules can keep.
fn rules() -> RetentionRules {
    RetentionRules {
        end_drafts_after_days: Days::new(1).ok(),
        delete_unreferenced_builds_after_days: Days::new(1).ok(),
        keep_newest_builds: 0,
        history_protects_moves: Some(0),
        use_protects_days: Days::new(USE_PROTECTS_DAYS).ok(),
        ..RetentionRules::default()
    }
}

async fn product(env: &Env, slug: &str) {
    let new = NewProduct {
        slug: parsed(slug),
        title: parsed(slug),
        doc_repo: parsed("https://example.org/source"),
        root_domain: None,
        root_fastly_domain: None,
        main_mode: TrackingMode::GitRefs,
    };
    products::create(env, new).await.expect("nothing goes wrong yet");
}

/// An edition that follows the releases of a train.
async fn watch(env: &Env) {
    let train = GitRefs::parse(&[WATCHED]).expect("a train can be followed");
    let new = NewEdition {
        name: NewName::Given {
            slug: parsed(WATCHED),
            title: parsed(WATCHED),
        },
        tracking: Tracking {
            mode: TrackingMode::Train,
            refs: Some(train),
            alternate: None,
        },
        kind: None,
        retention: Retention::Applies,
        build: None,
        by: None,
    };
    editions::create(env, &parsed(PRODUCTS[0]), new)
        .await
        .expect("nothing goes wrong yet");
}
