//! What retention deleted, and what it had to keep.

use std::collections::{BTreeMap, BTreeSet};

use imprint_domain::build::Build;
use imprint_domain::edition::Edition;
use imprint_domain::id::BuildId;
use imprint_domain::retention::Doom;
use imprint_testing::World;

use crate::clients::{Known, PRODUCTS};

pub(super) fn complaints(
    world: &World,
    known: &Known,
    builds: &[Build],
    editions: &[Edition],
) -> Vec<String> {
    let there: BTreeMap<BuildId, &Build> = builds.iter().map(|build| (build.id, build)).collect();
    let mut all = Vec::new();
    for (id, why) in needed(world, known, editions) {
        match there.get(&id) {
            None => all.push(format!("build {id} was deleted, and {why}")),
            Some(build) => all.extend(missing(world, known, build, &why)),
        }
    }
    let live = |build: &&Build| build.manifest.is_some() && !is_going(build);
    for build in builds.iter().filter(live) {
        all.extend(missing(world, known, build, "it was not deleted"));
    }
    all.extend(strays(world, builds));
    all
}

fn is_going(build: &Build) -> bool {
    matches!(build.doom, Some(Doom::Deleting { .. }))
}

/// Builds that must be there, and why.
fn needed(world: &World, known: &Known, editions: &[Edition]) -> Vec<(BuildId, String)> {
    let live = editions.iter().filter(|edition| edition.ended_at.is_none());
    let shown = live.filter_map(|edition| {
        let build = edition.desired.as_ref()?.build;
        Some((build, format!("{}/{} shows it", edition.product, edition.slug)))
    });
    let relied = known.fleet.relied_on(world).into_iter();
    let relied = relied.filter(|(build, _)| !known.ended.contains(build));
    let relied = relied
        .map(|(build, (cluster, version))| (build, format!("cluster {cluster} runs version {version}")));
    shown.chain(relied).collect()
}

/// The files of a build that are not there.
pub(crate) fn missing(world: &World, known: &Known, build: &Build, why: &str) -> Option<String> {
    let site = known.sites.get(build.id)?;
    let prefix = build.prefix();
    let lost: Vec<String> = site
        .bodies()
        .into_iter()
        .filter(|(path, body)| {
            let object = world.objects.get(&format!("{prefix}{path}"));
            object.is_none_or(|object| object.body != *body)
        })
        .map(|(path, _)| path)
        .collect();
    (!lost.is_empty()).then(|| format!("build {} has lost {lost:?}, and {why}", build.id))
}

/// Files of builds that are gone.
fn strays(world: &World, builds: &[Build]) -> Option<String> {
    let slugs: BTreeSet<(&str, &str)> = builds
        .iter()
        .map(|build| (build.product.as_str(), build.slug.as_str()))
        .collect();
    let of_nobody = |key: &String| {
        PRODUCTS.iter().any(|product| {
            let rest = key
                .strip_prefix(*product)
                .and_then(|rest| rest.strip_prefix("/builds/"));
            let slug = rest.and_then(|rest| rest.split_once('/')).map(|(slug, _)| slug);
            slug.is_some_and(|slug| !slugs.contains(&(product, slug)))
        })
    };
    let strays: Vec<String> = world.objects.keys("").into_iter().filter(of_nobody).collect();
    (!strays.is_empty()).then(|| format!("files of builds that are gone: {strays:?}"))
}
