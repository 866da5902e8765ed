//! Which formulas and images the engine refuses: asked only when it refused a whole manuscript.

use std::collections::BTreeSet;

use serde::Serialize;
use typst::foundations::Bytes;

use crate::reading::{Read, Refused};
use crate::world::{Template, image_path};
use crate::{Tags, compile, export};

#[derive(Serialize)]
struct Parts<'a> {
    formulas: &'a [&'a str],
    pictures: Vec<Picture<'a>>,
}

#[derive(Serialize)]
struct Picture<'a> {
    slot: String,
    format: &'a str,
}

/// Tries the formulas and the images of a manuscript.
pub(crate) fn refused(read: &Read<'_>) -> Refused {
    let formulas: Vec<&str> = read.formulas.iter().copied().collect();
    let mut refused = Refused::default();
    search(&formulas, &mut refused.formulas);
    for (slot, name) in read.image_names.iter().enumerate() {
        if !is_shown(&read.images[slot], read.image_formats[slot]) {
            refused.images.insert((*name).to_owned());
        }
    }
    refused
}

/// Halves what fails together until each that fails stands alone.
fn search(formulas: &[&str], found: &mut BTreeSet<String>) {
    if formulas.is_empty() || is_set(formulas) {
        return;
    }
    if let [formula] = formulas {
        found.insert((*formula).to_owned());
        return;
    }
    let (first, second) = formulas.split_at(formulas.len() / 2);
    search(first, found);
    search(second, found);
}

fn is_set(formulas: &[&str]) -> bool {
    let parts = Parts {
        formulas,
        pictures: Vec::new(),
    };
    serde_json::to_string(&parts).is_ok_and(|parts| compile(Template::Probe, parts, &[]).is_ok())
}

fn is_shown(image: &Bytes, format: &str) -> bool {
    let parts = Parts {
        formulas: &[],
        pictures: vec![Picture {
            slot: image_path(0),
            format,
        }],
    };
    let Ok(parts) = serde_json::to_string(&parts) else {
        return false;
    };
    let document = compile(Template::Probe, parts, std::slice::from_ref(image));
    document.is_ok_and(|document| export(&document, "", Tags::Left).is_ok())
}
