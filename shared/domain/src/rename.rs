//! Renaming an edition: a move to a new generation whose place is another one.
//!
//! From the request until the copy is complete the edition holds both slugs, and readers are at the old one. Then it has
//! the new one, and each name that it gave up leads to it until somebody else takes that.

use serde::{Deserialize, Serialize};

use crate::alternate::AlternateName;
use crate::edition::Edition;
use crate::id::{EditionId, SurrogateKey, TaskId};
use crate::key::KeyPrefix;
use crate::organization::Organization;
use crate::slug::EditionSlug;

/// How many names an edition can have given up. Each is a message of the next rename.
pub const MAX_FORMER: usize = 16;

/// A rename that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renaming {
    /// The slug that the edition gets when its objects are there.
    pub to: EditionSlug,
    /// The task that watches, whichever build arrives with the new name.
    pub task: TaskId,
}

/// Why an edition cannot have a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// The default edition's URL is the product's own.
    #[error("Invalid edition: slug: the default edition ({0}) cannot be renamed")]
    OfDefault(EditionSlug),
    /// That name is the default edition's, whether or not there is one.
    #[error("Invalid edition: slug ({0}) is that of the default edition")]
    ToDefault(EditionSlug),
    /// The names of an alternate's editions say whose they are.
    #[error("Invalid edition: slug: one of the alternate {0} begins with {0}--")]
    OutsideAlternate(AlternateName),
    /// Only live editions have a name to change.
    #[error("Edition was deprecated: {0}")]
    Ended(EditionSlug),
    /// One rename at a time.
    #[error("Invalid edition: slug: {from} is being renamed to {to}; wait until that is done")]
    UnderWay {
        /// Its present slug.
        from: EditionSlug,
        /// The one it gets.
        to: EditionSlug,
    },
    /// Another edition has it, or gets it.
    #[error("Invalid edition: slug ({0}) already exists")]
    Taken(EditionSlug),
    /// Its former names are too many to keep.
    #[error("Invalid edition: slug: {0} has been renamed {MAX_FORMER} times already")]
    TooOften(EditionSlug),
}

/// What a name that an edition gave up becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// Its place is emptied, and one object there leads readers to this name.
    Redirect(EditionSlug),
    /// Its place is emptied: another edition has the name and has put nothing there yet.
    Empty,
    /// Another edition has put its objects there: nothing is touched.
    Leave,
}

impl Edition {
    /// Where its copies go: below the new slug from the moment a rename is accepted.
    pub fn place(&self) -> KeyPrefix {
        let slug = self.renaming.as_ref().map_or(&self.slug, |renaming| &renaming.to);
        KeyPrefix::edition(&self.organization, &self.product, slug)
    }

    /// Whether nobody else can have this slug.
    pub fn holds(&self, slug: &EditionSlug) -> bool {
        let gets = |renaming: &Renaming| renaming.to == *slug;
        self.holds_slug() && (self.slug == *slug || self.renaming.as_ref().is_some_and(gets))
    }

    /// Every name under which the CDN may know its objects.
    pub fn names(&self) -> impl Iterator<Item = &EditionSlug> {
        let next = self.renaming.as_ref().map(|renaming| &renaming.to);
        std::iter::once(&self.slug).chain(next).chain(&self.former)
    }

    /// Whether it has, gets or had this slug.
    pub fn has_had(&self, slug: &EditionSlug) -> bool {
        self.names().any(|name| name == slug)
    }

    /// Whether it may have this slug. `all` are the editions of the product.
    ///
    /// # Errors
    /// When it may not; the sentence says why.
    pub fn may_be_named(
        &self,
        slug: &EditionSlug,
        organization: &Organization,
        all: &[Self],
    ) -> Result<(), RenameError> {
        if self.ended_at.is_some() {
            return Err(RenameError::Ended(self.slug.clone()));
        }
        if self.slug == organization.default_edition {
            return Err(RenameError::OfDefault(self.slug.clone()));
        }
        if *slug == organization.default_edition {
            return Err(RenameError::ToDefault(slug.clone()));
        }
        if let Some(alternate) = &self.tracking.alternate
            && !alternate.names(slug)
        {
            return Err(RenameError::OutsideAlternate(alternate.clone()));
        }
        if let Some(renaming) = &self.renaming {
            return Err(RenameError::UnderWay {
                from: self.slug.clone(),
                to: renaming.to.clone(),
            });
        }
        if all.iter().any(|other| other.id != self.id && other.holds(slug)) {
            return Err(RenameError::Taken(slug.clone()));
        }
        if self.former.len() >= MAX_FORMER && !self.former.contains(slug) {
            return Err(RenameError::TooOften(self.slug.clone()));
        }
        Ok(())
    }

    /// Begins a rename; the move that brings its objects to the new place is up to the caller. What shows nothing has
    /// its new name at once.
    ///
    /// `stale` are the keys of what the CDN may hold at the new URLs.
    pub fn begin_rename(mut self, renaming: Renaming, stale: Vec<SurrogateKey>) -> Self {
        self.former.retain(|name| *name != renaming.to);
        self.stale_keys.extend(stale);
        if self.desired.is_none() {
            self.slug = renaming.to;
            return self;
        }
        // They tell of the old place; nothing is known of the new one but the names that are found there.
        self.copied = None;
        self.attempts.clear();
        self.renaming = Some(renaming);
        self
    }

    /// Has the new name: every object is at its place. The names it gave up begin with the one it had last.
    pub fn arrive(mut self) -> Self {
        if let Some(renaming) = self.renaming.take() {
            let old = std::mem::replace(&mut self.slug, renaming.to);
            self.former.insert(0, old);
        }
        self
    }

    /// Gives a rename up. The new name's place may hold objects of this edition, so it is one of its former names.
    pub fn abandon_rename(mut self) -> Self {
        if let Some(renaming) = self.renaming.take() {
            self.former.insert(0, renaming.to);
        }
        self
    }

    /// Lets another edition have a name that leads here.
    pub fn yield_name(mut self, slug: &EditionSlug) -> Self {
        self.former.retain(|name| name != slug);
        self
    }

    /// Notes that the CDN has forgotten these keys, unless it may have learned them again for a newer generation.
    pub fn forget_stale(mut self, generation: crate::id::Generation, purged: &[SurrogateKey]) -> Self {
        if self.generation == generation {
            self.stale_keys.retain(|key| !purged.contains(key));
        }
        self
    }

    /// Whether it may have put objects at a place. Asked of the edition that holds the name.
    fn has_objects_at(&self, slug: &EditionSlug) -> bool {
        let has_copied = self.copied.is_some() || !self.attempts.is_empty();
        let gets = |renaming: &Renaming| renaming.to == *slug;
        if self.renaming.as_ref().is_some_and(gets) {
            has_copied
        } else {
            has_copied || self.published.is_some()
        }
    }
}

/// The editions that lead readers from a slug to themselves, as they are when another edition has taken it.
pub fn giving_way(all: &[Edition], to: EditionId, slug: &EditionSlug) -> Vec<Edition> {
    let leads = |edition: &&Edition| edition.id != to && edition.former.contains(slug);
    let leading = all.iter().filter(leads).cloned();
    leading.map(|edition| edition.yield_name(slug)).collect()
}

/// The keys of other editions that the CDN may hold at the URLs of a slug.
pub fn stale_keys(all: &[Edition], of: &Edition, slug: &EditionSlug) -> Vec<SurrogateKey> {
    let others = all
        .iter()
        .filter(|other| other.id != of.id && other.has_had(slug));
    let keys = others.map(|other| other.surrogate_key.clone());
    let foreign = keys.filter(|key| *key != of.surrogate_key);
    let distinct: std::collections::BTreeSet<SurrogateKey> = foreign.collect();
    distinct.into_iter().collect()
}

/// What becomes of a name that an edition gave up some time ago.
pub fn retirement(all: &[Edition], edition: EditionId, name: &EditionSlug) -> Retirement {
    let own = all.iter().find(|found| found.id == edition);
    if let Some(own) = own.filter(|own| own.former.contains(name)) {
        return Retirement::Redirect(own.slug.clone());
    }
    match all.iter().find(|other| other.holds(name)) {
        Some(other) if !other.has_objects_at(name) => Retirement::Empty,
        Some(_) | None => Retirement::Leave,
    }
}

#[cfg(test)]
mod tests;
