//! The document: no write that was acknowledged is lost, what it says is rendered, and its product shows that.

use std::collections::BTreeMap;

use imprint_domain::document::{Document, ErrorCode, MAX_ATTEMPTS, Rendering, RenderingState, Version};
use imprint_domain::edition::{Edition, UNDO_TIME};
use imprint_domain::git::GitRef;
use imprint_domain::id::BuildId;
use imprint_testing::World;

use crate::clients::{HANDBOOK, Known};

pub(super) fn complaints(world: &World, known: &Known, editions: &[Edition]) -> Vec<String> {
    let versions = world.catalog.all_versions();
    let renderings = world.catalog.all_renderings();
    let mut all = Vec::new();
    for document in world.catalog.all_documents() {
        let own = versions.iter().filter(|version| version.document == document.id);
        let own: Vec<&Version> = own.collect();
        for version in &own {
            all.extend(of_rendering(world, version, &renderings));
        }
        all.extend(of_attempts(world, known, &own));
        all.extend(of_editions(world, &document, &own, &renderings, editions));
    }
    all
}

/// What the newest version says is no older than what somebody was told is written.
fn of_attempts(world: &World, known: &Known, versions: &[&Version]) -> Option<String> {
    let newest = versions.iter().max_by_key(|version| version.number)?;
    let said = text_of(world, newest)?;
    let attempts = &known.written.attempts;
    let shown = attempts.iter().find(|attempt| said.contains(&attempt.text))?;
    let after = attempts.iter().find(|other| {
        other.answered.is_some() && shown.answered.is_some_and(|answered| answered < other.began)
    })?;
    Some(format!(
        "the document says {:?}, and {:?} was written after it",
        shown.text, after.text
    ))
}

fn text_of(world: &World, version: &Version) -> Option<String> {
    let content = version.content.as_ref()?;
    let key = imprint_domain::key::ObjectKey::document_content(version.document, content);
    let object = world.objects.get(key.as_str())?;
    Some(String::from_utf8_lossy(&object.body).into_owned())
}

fn of_rendering(world: &World, version: &Version, renderings: &[Rendering]) -> Option<String> {
    let name = format!("version {} of the document", version.number);
    let Some(said) = text_of(world, version) else {
        return version
            .content
            .is_some()
            .then(|| format!("{name} has lost what it says"));
    };
    let Some(rendering) = good(version, renderings) else {
        if was_given_up(version, renderings) {
            return None;
        }
        return Some(format!(
            "{name} says {said} and was never rendered: {renderings:?}"
        ));
    };
    let shown = page_of(world, rendering);
    // A rendering shows the content as it was written, among other things.
    let is_shown = shown.is_some_and(|shown| shown.contains(&essence(&said)));
    (!is_shown).then(|| format!("{name} says {said}, and its page does not"))
}

/// What only this content says.
fn essence(said: &str) -> String {
    let from = said.find("text ").unwrap_or_default();
    let to = said[from..]
        .find('.')
        .map_or(said.len(), |length| from + length + 1);
    said[from..to].to_owned()
}

fn good<'a>(version: &Version, renderings: &'a [Rendering]) -> Option<&'a Rendering> {
    let checksum = match &version.publication {
        Some(publication) => publication.rendering.as_ref()?,
        None => version.current.as_ref()?,
    };
    renderings.iter().find(|rendering| {
        rendering.document == version.document
            && rendering.checksum == *checksum
            && rendering.state == RenderingState::Succeeded
    })
}

/// Whether its author sees that it was tried so often that nobody tries again. The page from before stays.
fn was_given_up(version: &Version, renderings: &[Rendering]) -> bool {
    renderings.iter().any(|rendering| {
        let is_final = match &rendering.state {
            RenderingState::Failed { error } => {
                error.code == ErrorCode::Internal || rendering.attempts >= MAX_ATTEMPTS
            }
            RenderingState::Running { .. } | RenderingState::Succeeded => false,
        };
        version.current.as_ref() == Some(&rendering.checksum) && is_final
    })
}

fn page_of(world: &World, rendering: &Rendering) -> Option<String> {
    let output = rendering
        .outputs
        .get(&imprint_domain::document::OutputName::Page)?;
    let object = world.objects.get(output.key.as_str())?;
    Some(String::from_utf8_lossy(&object.body).into_owned())
}

/// The newest version of each major is what the edition of its ref shows.
fn of_editions(
    world: &World,
    document: &Document,
    versions: &[&Version],
    renderings: &[Rendering],
    editions: &[Edition],
) -> Vec<String> {
    if document.product.is_none() || document.ended_at.is_some() {
        return Vec::new();
    }
    let mut newest: BTreeMap<u32, &Version> = BTreeMap::new();
    for version in versions {
        let known = newest.entry(version.number.major).or_insert(version);
        if version.number > known.number {
            *known = version;
        }
    }
    let mut all = Vec::new();
    for version in newest.into_values() {
        let Some(rendering) = good(version, renderings) else {
            continue;
        };
        let git_ref = match &version.publication {
            Some(_) => format!("v{}", version.number),
            None => format!("draft/v{}", version.number.major),
        };
        let Ok(git_ref) = git_ref.parse::<GitRef>() else {
            continue;
        };
        let Some(build) = rendering.builds.get(&git_ref) else {
            all.push(format!("version {} is no build of {git_ref}", version.number));
            continue;
        };
        all.extend(of_edition(world, (*build, rendering), &git_ref, editions));
    }
    all
}

/// Whether an edition that showed this build may have been ended by the rules, and deleted when that could not be undone any
/// more.
fn may_be_deleted(world: &World, build: BuildId) -> bool {
    if world
        .organization
        .policy
        .retention
        .end_drafts_after_days
        .is_none()
    {
        return false;
    }
    let builds = world.catalog.all_builds();
    let build = builds.iter().find(|one| one.id == build);
    build.is_none_or(|build| world.clock.stands_at().duration_since(build.created_at) > UNDO_TIME)
}

fn of_edition(
    world: &World,
    (build, rendering): (BuildId, &Rendering),
    git_ref: &GitRef,
    editions: &[Edition],
) -> Option<String> {
    let mut own = editions.iter().filter(|edition| {
        let refs = edition.tracking.refs.as_ref();
        edition.product.as_str() == HANDBOOK && refs.is_some_and(|refs| refs.first() == git_ref)
    });
    let live = own.clone().find(|edition| edition.ended_at.is_none());
    let Some(edition) = live.or_else(|| own.next()) else {
        return (!may_be_deleted(world, build))
            .then(|| format!("no edition of the handbook follows {git_ref}"));
    };
    // The rules ended it, because nobody wrote on.
    if edition.ended_at.is_some() {
        return None;
    }
    let page = world.objects.get(&format!("{}index.html", edition.prefix()));
    let page = page.map(|object| String::from_utf8_lossy(&object.body).into_owned());
    let wanted = page_of(world, rendering);
    (page != wanted).then(|| {
        format!(
            "handbook/{} shows {page:?}, and build {build} of {git_ref} is {wanted:?}",
            edition.slug
        )
    })
}
