//! What clients do: they publish sites, releases and documents, check in, give up half way, and try again.

mod documents;
mod publishing;
mod registry;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use imprint_app::env::Env;
use imprint_app::error::AppError;
use imprint_domain::edition::Edition;
use imprint_domain::id::{BuildId, EditionId};
use imprint_domain::message::CopyEdition;
use imprint_testing::World;

pub(crate) use documents::HANDBOOK;
pub(crate) use publishing::{Event, How};
pub(crate) use registry::WATCHED;

use crate::dice::Dice;
use crate::sites::Sites;

/// The products that sites are published to.
pub(crate) const PRODUCTS: [&str; 2] = ["alpha", "beta"];
/// How often a client sends a request again that was answered with an error.
const TRIES: u32 = 4;

/// What a schedule is about besides publishing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plot {
    /// Formats are made of pages.
    pub(crate) formats: bool,
    /// Rules end and delete what is old, and time passes in days.
    pub(crate) retention: bool,
    /// Releases are published, and clusters say what they run.
    pub(crate) registry: bool,
    /// Documents are written and published.
    pub(crate) documents: bool,
    /// What dies is a copy, and the next build comes before it is resumed.
    pub(crate) tears: bool,
}

impl Plot {
    pub(crate) fn choose(dice: &mut Dice) -> Self {
        Self {
            formats: dice.one_in(2),
            retention: dice.one_in(3),
            registry: dice.one_in(3),
            documents: dice.one_in(3),
            tears: dice.one_in(3),
        }
    }
}

/// What clients and the checks know together.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) sites: Sites,
    /// What was put and S3 has to tell of.
    pub(crate) events: Vec<Event>,
    /// Editions that somebody moved by hand, ended, pinned or renamed: tracking alone does not say where they are.
    pub(crate) touched: BTreeSet<EditionId>,
    /// Builds that were confirmed.
    pub(crate) confirmed: BTreeSet<BuildId>,
    /// Builds that somebody deleted.
    pub(crate) ended: BTreeSet<BuildId>,
    pub(crate) fleet: registry::Fleet,
    pub(crate) written: documents::Written,
}

/// Whoever does something.
pub(crate) struct Client {
    pub(crate) env: Env,
    pub(crate) known: Rc<RefCell<Known>>,
    /// To upload to, and to see, uncounted, what others have made.
    pub(crate) world: World,
}

/// One thing that a client does.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    /// With builds and editions.
    Publishing(publishing::Doing),
    /// With releases and installations.
    Registry(registry::Doing),
    /// With documents.
    Documents(documents::Doing),
}

impl Doing {
    pub(crate) fn choose(dice: &mut Dice, plot: Plot, known: &mut Known, editions: &[Edition]) -> Self {
        let release = plot.registry.then(|| registry::release(dice));
        if plot.registry && dice.one_in(3) {
            return Self::Registry(registry::Doing::choose(dice));
        }
        if plot.documents && dice.one_in(2) {
            return Self::Documents(documents::Doing::choose(dice, &mut known.written));
        }
        let sites: Vec<Edition> = editions
            .iter()
            .filter(|edition| PRODUCTS.contains(&edition.product.as_str()))
            .cloned()
            .collect();
        Self::Publishing(publishing::Doing::choose(dice, known, &sites, release))
    }

    /// The next build for an edition to which another one is being copied. It takes changes back.
    pub(crate) fn publish_over(dice: &mut Dice, known: &mut Known, copy: &CopyEdition) -> Option<Self> {
        publishing::Doing::over(dice, known, copy).map(Self::Publishing)
    }

    /// Some installation says what it runs.
    pub(crate) fn check_in(dice: &mut Dice) -> Self {
        Self::Registry(registry::Doing::check_in(dice))
    }

    /// Does it, as a client that tries again when it is answered with an error that may pass.
    pub(crate) async fn act(self, client: Client) {
        match self {
            Self::Publishing(doing) => doing.act(&client).await,
            Self::Registry(doing) => doing.act(&client).await,
            Self::Documents(doing) => doing.act(&client).await,
        }
    }

    /// It in a few words.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Publishing(doing) => doing.brief(),
            Self::Registry(doing) => doing.brief(),
            Self::Documents(doing) => doing.brief(),
        }
    }
}

/// Whether another try would be answered the same.
fn is_final(error: &AppError) -> bool {
    matches!(
        error,
        AppError::Invalid(_)
            | AppError::NotFound
            | AppError::Refused(_)
            | AppError::Content(_)
            | AppError::Forbidden
    )
}

async fn tried<T>(request: impl AsyncFn() -> Result<T, AppError>) -> Option<T> {
    for _ in 0..TRIES {
        match request().await {
            Ok(answer) => return Some(answer),
            Err(error) if is_final(&error) => return None,
            Err(_) => {}
        }
    }
    None
}
