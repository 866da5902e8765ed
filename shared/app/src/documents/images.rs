//! Images of a version: uploaded straight to the bucket, then taken by the event that says so.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use imprint_domain::access::UserName;
use imprint_domain::document::{Document, Image, ImageName, Incoming, Notice, Taken, Version, VersionNumber};
use imprint_domain::id::DocumentId;
use imprint_domain::key::ObjectKey;
use imprint_domain::manifest::Headers;
use imprint_manuscript::content::MAX_IMAGES;
use imprint_manuscript::picture::picture;

use super::{Haste, change, version, wish};
use crate::env::Env;
use crate::error::{AppError, MAX_TRIES};
use crate::outgoing::commit_and_send;
use crate::ports::{DocumentChange, PresignedPost, StoreError, UploadSlot};
use crate::tenants::Tenants;

/// How long upload forms are good.
const FORM_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Signs a form for each image that is to be uploaded for a version. Uploading one again replaces it.
///
/// # Errors
/// `Refused` for a published version, `Invalid` for more images than a version has.
pub async fn forms(
    env: &Env,
    document: DocumentId,
    number: VersionNumber,
    names: &[ImageName],
) -> Result<BTreeMap<ImageName, PresignedPost>, AppError> {
    let (document, version) = version(env, document, number).await?;
    version.writable()?;
    let new = names
        .iter()
        .filter(|name| !version.images.contains_key(*name))
        .count();
    if names.is_empty() || version.images.len() + new > MAX_IMAGES {
        return Err(AppError::Invalid(format!(
            "a version has at most {MAX_IMAGES} images, this one has {}; name at least one to upload",
            version.images.len()
        )));
    }
    let now = env.clock.now();
    let form = |name: &ImageName| {
        let incoming = Incoming::Image {
            document: document.id,
            version: number,
            name: name.clone(),
        };
        let slot = UploadSlot::Image { key: incoming.key() };
        Ok((name.clone(), env.uploads.presign(&slot, now, FORM_LIFE)?))
    };
    names.iter().map(form).collect()
}

/// Takes an image that was put into the bucket: keeps it under a name that is used once, and has the version rendered if it
/// shows the image. The same write twice, and an earlier one that comes late, change nothing. What was put there stays: a
/// later write may lie there already. The bucket removes it after a day.
pub(super) async fn take_image(
    tenants: &Tenants,
    (id, number, name): (DocumentId, VersionNumber, &ImageName),
    key: &ObjectKey,
    notice: &Notice,
) -> Result<(), AppError> {
    let document = tenants.installation().documents.document(id).await?;
    let Some(document) = document.filter(|document| document.ended_at.is_none()) else {
        tracing::warn!(%id, %name, "an image of a document that is not there");
        return Ok(());
    };
    let env = tenants.of(&document.organization).await?;
    let is_old = |version: &Version| notice.is_old(version.image_writes.get(name));
    let known = env.documents.version(id, number).await?;
    if known.is_none_or(|version| is_old(&version) || version.writable().is_err()) {
        return Ok(());
    }
    let Some(stored) = tenants.of_installation().objects.read(key).await? else {
        return Ok(());
    };
    let sha256 = hex::encode(Sha256::digest(&stored.body));
    let image = Image {
        object: object_name((number, name), notice, &sha256),
        sha256,
        bytes: stored.body.len() as u64,
        picture: picture(&stored.body),
    };
    let mut is_written = false;
    for _ in 0..MAX_TRIES {
        let Some(before) = env.documents.version(id, number).await? else {
            return Ok(());
        };
        let is_late = is_old(&before);
        let is_new = !before.images.contains_key(name);
        if is_late || before.writable().is_err() || is_new && before.images.len() >= MAX_IMAGES {
            tracing::warn!(%id, %number, %name, is_late, "an image that is not taken");
            return Ok(());
        }
        let write = before.image_writes.get(name);
        let is_again = notice.is_again(write, &image.sha256);
        let taken = notice.taken(write, &image.sha256, env.clock.now());
        if !is_again && !is_written {
            let to = ObjectKey::document_image(id, &image);
            env.objects
                .write(&to, stored.body.clone(), &Headers::default())
                .await?;
            is_written = true;
        }
        let done = if is_again {
            remember(&env, before, name, taken).await
        } else {
            commit(&env, before, name, Some((&image, taken)), None)
                .await
                .map(drop)
        };
        match done {
            Err(StoreError::Conflict) => {}
            other => return other.map_err(AppError::from),
        }
    }
    Err(AppError::Contended)
}

/// Remembers a write that was taken before, so that nobody reads it again. The image may be another one by now, or gone.
async fn remember(env: &Env, mut version: Version, name: &ImageName, taken: Taken) -> Result<(), StoreError> {
    version.remember_write(name.clone(), taken);
    let changes = vec![change(DocumentChange::UpdateVersion(version))];
    env.catalog.commit(changes).await
}

/// A name that no other write of an image has.
fn object_name((number, name): (VersionNumber, &ImageName), notice: &Notice, sha256: &str) -> String {
    let write = match notice {
        Notice::Event(sequencer) => sequencer.as_str().to_owned(),
        Notice::Found { written_at } => written_at.to_string(),
    };
    hex::encode(&Sha256::digest(format!("{number} {name} {write} {sha256}"))[..16])
}

/// Takes an image away from a version. Taking away what is not there is a success.
///
/// # Errors
/// `Refused` for a published version.
pub async fn remove_image(
    env: &Env,
    document: DocumentId,
    number: VersionNumber,
    name: &ImageName,
    by: Option<&UserName>,
) -> Result<(Document, Version), AppError> {
    for _ in 0..MAX_TRIES {
        let (document, before) = version(env, document, number).await?;
        before.writable()?;
        if !before.images.contains_key(name) {
            return Ok((document, before));
        }
        match commit(env, before, name, None, by).await {
            Ok(after) => return Ok((document, after)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Contended)
}

/// Writes the version with the image as it is now. The version is rendered only if it shows the image and that has
/// changed.
async fn commit(
    env: &Env,
    before: Version,
    name: &ImageName,
    image: Option<(&Image, Taken)>,
    by: Option<&UserName>,
) -> Result<Version, StoreError> {
    let shows = before
        .content
        .as_ref()
        .is_some_and(|content| content.images.contains(name));
    let digest = |image: &Image| image.sha256.clone();
    let is_other = before.images.get(name).map(digest) != image.as_ref().map(|(image, _)| digest(image));
    let mut after = before;
    match image {
        Some((image, taken)) => {
            after.images.insert(name.clone(), image.clone());
            after.remember_write(name.clone(), taken);
        }
        None => {
            after.images.remove(name);
        }
    }
    after.updated_by = by.cloned().or(after.updated_by);
    let mut wishes = Vec::new();
    if shows && is_other {
        after = after.edited(env.clock.now());
        wishes.extend(wish(&after, Haste::WhenQuiet));
    }
    let changes = vec![change(DocumentChange::UpdateVersion(after.clone()))];
    commit_and_send(env, changes, wishes).await?;
    Ok(after.stored())
}
