//! An organization's own templates: gathered from its bucket, tried, kept as they were tried, and used with the program's
//! as what is left when anything is wrong with them.
//!
//! A folder holds the templates as files, or as one `template.zip`. What was tried is copied to an object of its own, so
//! that what is used is what was tried, and a rendering reads one object.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use bytes::Bytes;

use imprint_domain::id::TaskId;
use imprint_domain::key::{KeyPrefix, SitePath};
use imprint_domain::manifest::Headers;
use imprint_domain::organization::Organization;
use imprint_domain::template::{OwnTemplates, TemplateName};

use crate::dashboards;
use crate::env::Env;
use crate::error::AppError;
use crate::organizations;
use crate::outgoing::Chain;
use crate::pages::{self, PageFile, RenderError, TemplateError, Templates};
use crate::ports::StoreError;
use crate::tenants::Tenants;

/// How many templates there may be.
const MAX_FILES: usize = 64;
/// How large one may be, in bytes.
const MAX_FILE: u64 = 128 * 1024;
/// And all of them.
const MAX_ALL: u64 = 512 * 1024;
/// And the archive that holds them.
const MAX_ARCHIVE: u64 = 1024 * 1024;
/// What an archive in the folder is called.
const ARCHIVE: &str = "template.zip";
/// From this delivery of a message on the program's own templates are used: whatever became of the others, perhaps an
/// organization's own templates have taken the memory or the time of the function.
const TRIES_WITH_OWN: u32 = 3;

/// Tries the templates of a folder and keeps them as they are.
///
/// # Errors
/// `Invalid` with the template and the line when something is wrong with them.
pub async fn adopt(env: &Env, name: &TemplateName) -> Result<OwnTemplates, AppError> {
    let files = gather(env, name).await?;
    let tried = Templates::own(&files).and_then(|templates| pages::check(&templates));
    tried.map_err(|error| invalid(&error))?;
    let text = serde_json::to_vec(&files)
        .map_err(|error| AppError::Invalid(format!("templates cannot be kept: {error}")))?;
    let own = OwnTemplates::of(name.clone(), &text);
    let headers = Headers {
        content_type: Some("application/json".to_owned()),
        ..Headers::default()
    };
    let object = own.object(&env.organization.slug);
    env.objects.write(&object, Bytes::from(text), &headers).await?;
    Ok(own)
}

fn invalid(error: &TemplateError) -> AppError {
    AppError::Invalid(format!("Invalid template: {error}"))
}

fn refused<T>(name: &str, message: impl Into<String>) -> Result<T, AppError> {
    Err(AppError::Invalid(format!(
        "Invalid template: {name}: {}",
        message.into()
    )))
}

/// The files of a folder, or of the archive in it. Sizes are looked at before anything is read.
async fn gather(env: &Env, name: &TemplateName) -> Result<BTreeMap<String, String>, AppError> {
    let folder = KeyPrefix::templates(&env.organization.slug, name);
    let listed = env.objects.list(&folder, None).await?.objects;
    let found: Vec<_> = listed
        .iter()
        .filter_map(|object| Some((folder.strip(&object.key)?, object)))
        .collect();
    if let [(ARCHIVE, object)] = found.as_slice() {
        if object.size > MAX_ARCHIVE {
            return refused(ARCHIVE, format!("has more than {MAX_ARCHIVE} bytes"));
        }
        let archive = env.objects.read(&object.key).await?.ok_or(AppError::NotFound)?;
        return unpack(&archive.body);
    }
    let mut files = Files::default();
    for (path, object) in &found {
        files.announce(path, object.size)?;
    }
    for (path, object) in found {
        let stored = env.objects.read(&object.key).await?.ok_or(AppError::NotFound)?;
        files.add(path, &stored.body)?;
    }
    files.all(name)
}

/// Templates as they come in.
#[derive(Default)]
struct Files {
    files: BTreeMap<String, String>,
    announced: usize,
    bytes: u64,
}

impl Files {
    /// Checks name and size before the content is read.
    fn announce(&mut self, path: &str, size: u64) -> Result<(), AppError> {
        let plain = path.parse::<SitePath>().is_ok() && path.len() <= 200;
        if !plain || !path.ends_with(".html") {
            return refused(path, "is no file whose name ends in .html");
        }
        self.announced += 1;
        self.bytes = self.bytes.saturating_add(size);
        if self.announced > MAX_FILES {
            return refused(path, format!("there are more than {MAX_FILES} files"));
        }
        if size > MAX_FILE || self.bytes > MAX_ALL {
            let limits = format!("at most {MAX_FILE} bytes a file and {MAX_ALL} bytes altogether");
            return refused(path, limits);
        }
        Ok(())
    }

    fn add(&mut self, path: &str, body: &[u8]) -> Result<(), AppError> {
        let Ok(text) = std::str::from_utf8(body) else {
            return refused(path, "is not UTF-8");
        };
        if self.files.insert(path.to_owned(), text.to_owned()).is_some() {
            return refused(path, "is there twice");
        }
        Ok(())
    }

    fn all(self, name: &TemplateName) -> Result<BTreeMap<String, String>, AppError> {
        if self.files.is_empty() {
            return refused(name.as_str(), "there are no files in this folder");
        }
        Ok(self.files)
    }
}

/// Reads an archive. What its directory says of sizes is believed only as far as it forbids: no more is unpacked than
/// was announced.
fn unpack(archive: &[u8]) -> Result<BTreeMap<String, String>, AppError> {
    let broken = |error: &dyn std::fmt::Display| {
        AppError::Invalid(format!("Invalid template: {ARCHIVE}: cannot be read: {error}"))
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(|error| broken(&error))?;
    if archive.len() > MAX_FILES * 2 {
        return refused(ARCHIVE, format!("has more than {MAX_FILES} files"));
    }
    let mut files = Files::default();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|error| broken(&error))?;
        if entry.is_dir() {
            continue;
        }
        let path = entry.name().map_err(|error| broken(&error))?.into_owned();
        let size = entry.size();
        if entry.is_symlink() {
            return refused(&path, "is a link");
        }
        files.announce(&path, size)?;
        let mut body = Vec::new();
        let read = entry.by_ref().take(size + 1).read_to_end(&mut body);
        read.map_err(|error| broken(&error))?;
        if body.len() as u64 > size {
            return refused(&path, "is larger than the archive says");
        }
        files.add(&path, &body)?;
    }
    if files.files.is_empty() {
        return refused(ARCHIVE, "there are no files in it");
    }
    Ok(files.files)
}

/// Has an organization use the templates of a folder, or the program's when none is named, and all pages written anew.
///
/// # Errors
/// `Invalid` with the template and the line when something is wrong with them.
pub async fn set(
    tenants: &Tenants,
    env: &Env,
    name: Option<&TemplateName>,
) -> Result<(Organization, TaskId), AppError> {
    let own = match name {
        Some(name) => Some(adopt(env, name).await?),
        None => None,
    };
    let organization = organizations::change(tenants, &env.organization.slug, |mut organization| {
        organization.policy.dashboard_template.clone_from(&own);
        Ok(organization)
    });
    let organization = organization.await?;
    let task = dashboards::render_all(env).await?;
    Ok((organization, task))
}

/// The organization's own templates for a delivery of a message, if it has some that can be used. Two requests at most: the
/// rules are read anew, because pages that are written right after a change must not be of the templates before it.
///
/// # Errors
/// When the table fails. Where anything else does, there are none.
pub(crate) async fn own(env: &Env, receive_count: u32) -> Result<Option<Templates>, StoreError> {
    let stored = env.catalog.organization(&env.organization.slug).await?;
    let Some(own) = stored.and_then(|organization| organization.policy.dashboard_template) else {
        return Ok(None);
    };
    if receive_count >= TRIES_WITH_OWN {
        tracing::warn!(
            template = own.name.as_str(),
            "own templates left aside: earlier deliveries did not end"
        );
        return Ok(None);
    }
    let found = match env.objects.read(&own.object(&env.organization.slug)).await {
        Ok(Some(stored)) => serde_json::from_slice(&stored.body).map_err(|error| error.to_string()),
        Ok(None) => Err("not there".to_owned()),
        Err(error) => Err(Chain(&error).to_string()),
    };
    let templates = found.and_then(|files| Templates::own(&files).map_err(|error| error.to_string()));
    let usable = templates.inspect_err(|error| {
        tracing::error!(
            code = "own_templates",
            template = own.name.as_str(),
            error,
            "own templates cannot be used"
        );
    });
    Ok(usable.ok())
}

/// Makes pages of an organization's own templates, and of the program's when there are none or anything is wrong with them:
/// never no pages.
pub(crate) fn render(
    own: Option<&Templates>,
    make: impl Fn(&Templates) -> Result<Vec<PageFile>, RenderError>,
) -> Result<Vec<PageFile>, RenderError> {
    if let Some(own) = own {
        match make(own) {
            Ok(pages) => return Ok(pages),
            Err(error) => {
                tracing::error!(code = "own_templates", error = %Chain(&error), "own templates cannot be used")
            }
        }
    }
    make(Templates::built_in())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, body) in files {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(body).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn message(result: Result<BTreeMap<String, String>, AppError>) -> String {
        match result {
            Err(AppError::Invalid(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_archive_is_unpacked() {
        let files = unpack(&zipped(&[("404.html", b"gone"), ("a/b.html", "ü".as_bytes())])).unwrap();
        assert_eq!(files["a/b.html"], "ü");
        assert_eq!(files.len(), 2);
    }

    #[test]
    fn hostile_archives_are_refused() {
        let bomb = vec![b'a'; 10_000_000];
        let half = vec![b'a'; 100_000];
        let many: Vec<String> = (0..65).map(|n| format!("{n}.html")).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        let large: Vec<(&str, &[u8])> = ["a.html", "b.html", "c.html", "d.html", "e.html", "f.html"]
            .map(|name| (name, half.as_slice()))
            .to_vec();
        for (archive, told) in [
            (zipped(&[("a.html", bomb.as_slice())]), "at most"),
            (zipped(&large), "at most"),
            (zipped(&many), "more than 64"),
            (zipped(&[("../a.html", b"x")]), "is no file"),
            (zipped(&[("/a.html", b"x")]), "is no file"),
            (zipped(&[("a\\b.html", b"x")]), "is no file"),
            (zipped(&[("run.sh", b"x")]), "is no file"),
            (zipped(&[("a.html", &[0xff, 0xfe])]), "not UTF-8"),
            (zipped(&[]), "no files"),
            (b"no archive".to_vec(), "cannot be read"),
        ] {
            let message = message(unpack(&archive));
            assert!(message.contains(told), "{told}: {message}");
        }
    }

    /// Its directory says that a file is small, and it is not.
    #[test]
    fn an_archive_that_lies_about_a_size_is_refused() {
        let body = vec![b'a'; 100_000];
        let mut archive = zipped(&[("a.html", body.as_slice())]);
        let size = 100_000_u32.to_le_bytes();
        let at: Vec<usize> = (0..archive.len() - 4)
            .filter(|at| archive[*at..*at + 4] == size)
            .collect();
        assert!(!at.is_empty());
        for at in at {
            archive[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
        message(unpack(&archive));
    }
}
