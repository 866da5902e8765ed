use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Alias, Checksum, Document, Image, ImageName, Rendering, RenderingState, Taken, VersionNumber, WarningCode,
};
use crate::access::UserName;
use crate::id::{DocumentId, Revision};
use crate::slug::OrganizationSlug;
use crate::text::Title;

/// Where a version is on its way to publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Being written.
    Draft,
    /// Its authors ask for a closed review.
    ClosedReviewRequested,
    /// Reviewers look at it.
    ClosedReview,
    /// Everybody who has an account may look at it.
    OpenReview,
    /// Its authors ask for its publication.
    PublicationRequested,
    /// It is being prepared for publication.
    Publication,
    /// It is published, and stays as it is.
    Published,
}

/// A word that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such status; there are DRAFT, CLOSED_REVIEW_REQUESTED, CLOSED_REVIEW, OPEN_REVIEW, \
     PUBLICATION_REQUESTED, PUBLICATION and PUBLISHED"
)]
pub struct UnknownStatus;

impl Status {
    /// Every status, in their order.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::ClosedReviewRequested,
        Self::ClosedReview,
        Self::OpenReview,
        Self::PublicationRequested,
        Self::Publication,
        Self::Published,
    ];

    /// As the API says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::ClosedReviewRequested => "CLOSED_REVIEW_REQUESTED",
            Self::ClosedReview => "CLOSED_REVIEW",
            Self::OpenReview => "OPEN_REVIEW",
            Self::PublicationRequested => "PUBLICATION_REQUESTED",
            Self::Publication => "PUBLICATION",
            Self::Published => "PUBLISHED",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let named = |status: &Self| status.as_str() == raw;
        Self::ALL.into_iter().find(named).ok_or(UnknownStatus)
    }
}

/// In which form a content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A tree of nodes.
    Tree,
    /// Markdown.
    Markdown,
}

/// Where a version's content is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRef {
    /// The name of its object below the document's contents: each write has its own, so none ever changes.
    pub object: String,
    /// The digest of its canonical form.
    pub digest: Checksum,
    /// The size of that.
    pub bytes: u64,
    /// In which form it is written.
    pub form: Form,
    /// The images that it shows, whether or not they are there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub images: BTreeSet<ImageName>,
}

/// That a version has changes that no rendering shows yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dirty {
    /// Since when.
    pub since: Timestamp,
    /// The newest change.
    pub at: Timestamp,
}

/// That a version is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// When.
    pub at: Timestamp,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserName>,
    /// The document's title then, which its files go on saying.
    pub title: Title,
    /// Its alias then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
    /// What readers get from now on, whatever engine comes later; none until it is rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Checksum>,
}

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The document.
    pub document: DocumentId,
    /// The tenant.
    pub organization: OrganizationSlug,
    /// Its number.
    pub number: VersionNumber,
    /// Where it is on its way.
    pub status: Status,
    /// What it says; none until somebody writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentRef>,
    /// The images that were uploaded for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<ImageName, Image>,
    /// Which write of each image was taken last: events of one may come in any order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub image_writes: BTreeMap<ImageName, Taken>,
    /// Grows with each change that a rendering would show.
    pub edit: u64,
    /// Whether there are changes that no rendering shows yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<Dirty>,
    /// When somebody last wanted it rendered anew although nothing had changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched_at: Option<Timestamp>,
    /// The rendering of its newest state that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Checksum>,
    /// The newest rendering that succeeded, and the edit that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_good: Option<(u64, Checksum)>,
    /// That it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<Publication>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<UserName>,
    /// How often it was written.
    pub revision: Revision,
}

/// Why a version cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is published.
    #[error("version {0} is published and stays as it is; correct it by a new minor or major version")]
    Published(VersionNumber),
    /// It is not, and has to be.
    #[error("version {0} is not published; change it instead of making a new one of it")]
    NotPublished(VersionNumber),
    /// There is nothing to publish.
    #[error("version {0} has no content yet")]
    Empty(VersionNumber),
    /// Its newest state was not rendered yet.
    #[error(
        "the newest state of version {0} is not rendered yet; publish it when its rendering has succeeded"
    )]
    NotRendered(VersionNumber),
    /// Its newest state cannot be rendered.
    #[error("the newest state of version {0} could not be rendered: {1}")]
    Failed(VersionNumber, String),
    /// Its rendering has warnings, and what is published has none.
    #[error("version {0} has {1} warnings, and what is published has none; the first is: {2}")]
    Warnings(VersionNumber, usize, String),
    /// No more numbers.
    #[error("there are no more version numbers")]
    Exhausted,
}

/// How long a version has to be quiet before it is rendered.
pub const QUIET: SignedDuration = SignedDuration::from_secs(5);
/// How long changes may wait at most while more and more come.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// What to do with the wish to have a version rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debounce {
    /// Render it.
    Render,
    /// A later wish will do it.
    LeaveToLater,
}

impl Version {
    /// The first version of a document.
    pub fn first(
        document: DocumentId,
        organization: OrganizationSlug,
        by: Option<UserName>,
        now: Timestamp,
    ) -> Self {
        Self {
            document,
            organization,
            number: VersionNumber::FIRST,
            status: Status::Draft,
            content: None,
            images: BTreeMap::new(),
            image_writes: BTreeMap::new(),
            edit: 0,
            dirty: None,
            touched_at: None,
            current: None,
            last_good: None,
            publication: None,
            created_at: now,
            updated_at: now,
            updated_by: by,
            revision: Revision::NEW,
        }
    }

    /// A draft of another number that says what this one says.
    ///
    /// # Errors
    /// When this one is not published: it can be changed itself.
    pub fn successor(
        &self,
        number: VersionNumber,
        by: Option<UserName>,
        now: Timestamp,
    ) -> Result<Self, VersionError> {
        if self.publication.is_none() {
            return Err(VersionError::NotPublished(self.number));
        }
        if number.to_string().parse::<VersionNumber>().is_err() {
            return Err(VersionError::Exhausted);
        }
        let fresh = Self::first(self.document, self.organization.clone(), by, now);
        let successor = Self {
            number,
            content: self.content.clone(),
            images: self.images.clone(),
            ..fresh
        };
        Ok(successor.edited(now))
    }

    /// What it is once it is written.
    pub fn stored(self) -> Self {
        Self {
            revision: self.revision.next(),
            ..self
        }
    }

    /// The images that its content shows, with what is stored of them.
    pub fn shown_images(&self) -> impl Iterator<Item = (&ImageName, Option<&Image>)> {
        let names = self.content.iter().flat_map(|content| &content.images);
        names.map(|name| (name, self.images.get(name)))
    }

    /// Whether it may be changed.
    ///
    /// # Errors
    /// When it is published.
    pub fn writable(&self) -> Result<(), VersionError> {
        match self.publication {
            None => Ok(()),
            Some(_) => Err(VersionError::Published(self.number)),
        }
    }

    /// What it is after a change that a rendering would show.
    pub fn edited(mut self, now: Timestamp) -> Self {
        self.edit += 1;
        let since = self.dirty.map_or(now, |dirty| dirty.since);
        self.dirty = Some(Dirty { since, at: now });
        self.updated_at = now;
        self
    }

    /// Whether the wish to have an edit rendered is to be followed now, or a later wish will be.
    pub fn debounce(&self, edit: u64, now: Timestamp) -> Debounce {
        let has_waited = |dirty: Dirty| now.duration_since(dirty.since) >= LONGEST_WAIT;
        if self.edit <= edit || self.dirty.is_some_and(has_waited) {
            Debounce::Render
        } else {
            Debounce::LeaveToLater
        }
    }

    /// Publishes it: from now on it stays as it is. Its newest state has to be rendered, without warnings but those of
    /// kinds that somebody `accepts`.
    ///
    /// # Errors
    /// When it is published already, not rendered, or not good enough.
    pub fn publish(
        self,
        document: &Document,
        current: Option<&Rendering>,
        accepts: &BTreeSet<WarningCode>,
        (by, now): (Option<UserName>, Timestamp),
    ) -> Result<Self, VersionError> {
        self.writable()?;
        let number = self.number;
        if self.content.is_none() {
            return Err(VersionError::Empty(number));
        }
        let current = current.filter(|rendering| self.current.as_ref() == Some(&rendering.checksum));
        let Some(rendering) = current.filter(|_| self.dirty.is_none()) else {
            return Err(VersionError::NotRendered(number));
        };
        match &rendering.state {
            RenderingState::Running { .. } => return Err(VersionError::NotRendered(number)),
            RenderingState::Failed { error } => return Err(VersionError::Failed(number, error.to_string())),
            RenderingState::Succeeded => {}
        }
        let mut refused = rendering
            .warnings
            .iter()
            .filter(|warning| !accepts.contains(&warning.code));
        if let Some(first) = refused.next() {
            return Err(VersionError::Warnings(
                number,
                1 + refused.count(),
                first.to_string(),
            ));
        }
        let publication = Publication {
            at: now,
            by: by.clone(),
            title: document.title.clone(),
            alias: document.alias.clone(),
            rendering: None,
        };
        let published = Self {
            status: Status::Published,
            publication: Some(publication),
            updated_by: by,
            ..self
        };
        Ok(published.edited(now))
    }

    /// What it is when the rendering of an edit begins. More changes wait from now on, not from when these were made.
    pub fn begun(mut self, edit: u64, checksum: &Checksum, now: Timestamp) -> Self {
        self.current = Some(checksum.clone());
        match &mut self.dirty {
            Some(dirty) if self.edit > edit => dirty.since = now,
            dirty => *dirty = None,
        }
        self
    }

    /// What it is when the rendering of an edit has succeeded. A rendering of an earlier edit that ends late changes nothing.
    pub fn succeeded(mut self, edit: u64, checksum: &Checksum) -> Self {
        if self.last_good.as_ref().is_none_or(|(known, _)| *known <= edit) {
            self.last_good = Some((edit, checksum.clone()));
        }
        if edit == self.edit
            && let Some(publication) = &mut self.publication
        {
            publication.rendering = Some(checksum.clone());
        }
        self
    }

    /// The checksum that `engine` has to render it as, if that is its business at all: what is published stays as it was
    /// rendered, whatever engine comes later, unless somebody has wanted it anew since.
    pub fn wants(&self, document: &Document, engine: &str) -> Option<Checksum> {
        let pinned = self
            .publication
            .as_ref()
            .and_then(|publication| publication.rendering.as_ref());
        let is_settled = pinned.is_some() && self.current.as_ref() == pinned && self.dirty.is_none();
        if is_settled {
            None
        } else {
            self.checksum(document, engine)
        }
    }

    /// The rendering that readers get: what was published. Everybody else gets the newest that is good.
    pub fn served(&self, to: Reader) -> Option<&Checksum> {
        let published = self
            .publication
            .as_ref()
            .and_then(|publication| publication.rendering.as_ref());
        let newest = self.last_good.as_ref().map(|(_, checksum)| checksum);
        match to {
            Reader::Public => published,
            Reader::Editor => published.or(newest),
        }
    }

    /// The renderings that it needs.
    pub fn renderings(&self) -> impl Iterator<Item = &Checksum> {
        let published = self
            .publication
            .iter()
            .filter_map(|publication| publication.rendering.as_ref());
        let newest = self.last_good.iter().map(|(_, checksum)| checksum);
        self.current.iter().chain(newest).chain(published)
    }
}

/// Who asks for a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Anybody.
    Public,
    /// Somebody who may see what is not published.
    Editor,
}
