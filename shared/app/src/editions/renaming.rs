//! Renames: the new slug is claimed in the commit that accepts one, which moves the edition to a place below that slug. The
//! copy that fills it gives the edition the name.

use imprint_domain::access::UserName;
use imprint_domain::build::Build;
use imprint_domain::edition::{Cause, Edition};
use imprint_domain::id::{SurrogateKey, TaskId};
use imprint_domain::message::{Message, RetireName};
use imprint_domain::product::Product;
use imprint_domain::rename::{self, Renaming};
use imprint_domain::slug::EditionSlug;
use imprint_domain::task::{EditionStep, TaskEdition};

use super::list;
use super::moving::{Beside, Move, Wanted, queued};
use crate::env::Env;
use crate::error::AppError;
use crate::ports::Change;

/// What a slug in a request comes to.
pub(super) enum Rename {
    /// It is the present one.
    NotWanted,
    /// The edition is on its way to it.
    UnderWay(TaskId),
    /// The edition may have it.
    New(NewName),
}

/// A slug that an edition may have.
pub(super) struct NewName {
    renaming: Renaming,
    giving_way: Vec<Edition>,
    stale_keys: Vec<SurrogateKey>,
}

impl Rename {
    /// Looks whether an edition may have a slug. One request, unless it has it.
    pub(super) async fn wanted(env: &Env, edition: &Edition, slug: &EditionSlug) -> Result<Self, AppError> {
        match &edition.renaming {
            None if edition.slug == *slug => return Ok(Self::NotWanted),
            Some(renaming) if renaming.to == *slug => return Ok(Self::UnderWay(renaming.task.clone())),
            None | Some(_) => {}
        }
        let (_, all) = list(env, &edition.product).await?;
        edition.may_be_named(slug, &env.organization, &all)?;
        Ok(Self::New(NewName {
            renaming: Renaming {
                to: slug.clone(),
                task: TaskId::from_bytes(env.random.identity()),
            },
            giving_way: rename::giving_way(&all, edition.id, slug),
            stale_keys: rename::stale_keys(&all, edition, slug),
        }))
    }

    /// The task of a rename that goes on already.
    pub(super) fn under_way(self) -> Option<TaskId> {
        match self {
            Self::UnderWay(task) => Some(task),
            Self::NotWanted | Self::New(_) => None,
        }
    }
}

impl NewName {
    /// The edition on its way to the name, with the build that comes with it when the request names one.
    pub(super) fn apply<'a>(
        &'a self,
        env: &Env,
        (product, before): (Product, &'a Edition),
        edition: Edition,
        build: Option<&Build>,
        by: Option<UserName>,
    ) -> Result<Wanted<'a>, AppError> {
        if build.is_some_and(|build| build.manifest.is_none()) {
            return Err(AppError::Invalid(
                "Invalid Edition: slug cannot be changed together with build_url before that build was published once"
                    .to_owned(),
            ));
        }
        let Renaming { to, task } = &self.renaming;
        let edition = edition.begin_rename(self.renaming.clone(), self.stale_keys.clone());
        let moved = match build {
            Some(build) => Some(Move::watched_by(
                env,
                task.clone(),
                edition.clone(),
                build,
                Cause::Person,
                by,
            )),
            None => Move::again(env, task.clone(), edition.clone(), Cause::Rename, by),
        };
        let mut beside = Beside::updates(self.giving_way.clone());
        let (takes, mut frees) = (Some(to.clone()), Vec::new());
        if edition.renaming.is_none() {
            frees.push(before.slug.clone());
            beside.messages.extend(retire(&edition, &edition.former));
        }
        Ok(Wanted {
            product,
            before: Some(before),
            moved,
            edition,
            write: Box::new(|edition| Change::RenameEdition {
                edition,
                takes,
                frees,
            }),
            beside,
        })
    }
}

/// An edition that ended on its way to another name: it holds neither, and what it had put at the new one's place goes.
pub(super) fn given_up<'a>(
    env: &Env,
    (product, before): (Product, &'a Edition),
    ended: Edition,
    renaming: &Renaming,
) -> Wanted<'a> {
    let frees = vec![before.slug.clone(), renaming.to.clone()];
    let edition = ended.abandon_rename();
    let row = queued(&edition, env.clock.now()).map(|row| {
        let row = TaskEdition {
            step: EditionStep::Superseded,
            ..row
        };
        Change::PutTaskEdition(renaming.task.clone(), row)
    });
    let beside = Beside {
        changes: row.into_iter().collect(),
        messages: retire(&edition, std::slice::from_ref(&renaming.to))
            .into_iter()
            .collect(),
    };
    Wanted {
        product,
        before: Some(before),
        edition,
        moved: None,
        write: Box::new(|edition| Change::RenameEdition {
            edition,
            takes: None,
            frees,
        }),
        beside,
    }
}

/// The message that has former names lead to an edition that readers do not wait for.
fn retire(edition: &Edition, names: &[EditionSlug]) -> Option<Message> {
    let (name, rest) = names.split_first()?;
    Some(Message::RetireName(RetireName {
        organization: edition.organization.clone(),
        product: edition.product.clone(),
        edition: edition.id,
        name: name.clone(),
        rest: rest.to_vec(),
        purge: None,
    }))
}
