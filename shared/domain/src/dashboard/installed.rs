//! How many installations run what an edition shows.

use serde::Serialize;

use crate::build::Build;
use crate::edition::Pointer;
use crate::registry::{Population, VersionName};
use crate::text::grouped;

/// How many installations run the version that an edition shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// How many.
    pub count: u64,
    /// The same for people: `1,234 installations run this`.
    pub text: String,
}

impl Installed {
    /// Nothing when nobody runs it, or when what is shown is no version.
    pub(super) fn of(population: &Population, shown: &Pointer, builds: &[Build]) -> Option<Self> {
        let version = version_of(shown, builds)?;
        population.get(&version.canonical()).copied().and_then(Self::new)
    }

    /// Nothing when it is nobody.
    pub(super) fn new(count: u64) -> Option<Self> {
        let text = match count {
            0 => return None,
            1 => "1 installation runs this".to_owned(),
            _ => format!("{} installations run this", grouped(count)),
        };
        Some(Self { count, text })
    }
}

/// The version that a build says it documents, where the build is among the newest ones, which are at hand; else the one
/// that its ref names.
fn version_of(shown: &Pointer, builds: &[Build]) -> Option<VersionName> {
    let build = builds.iter().find(|build| build.id == shown.build);
    let documented = build.and_then(|build| build.documents.as_ref());
    match documented {
        Some(documented) => Some(documented.version.clone()),
        None => shown.git_refs.first().as_str().parse().ok(),
    }
}
