//! The images of a manuscript, each in one of the virtual files that there are for images.

use std::collections::{BTreeMap, BTreeSet};

use imprint_manuscript::content::MAX_IMAGES;
use imprint_rendering::{Image, Images};
use typst::foundations::Bytes;
use typst::visualize::{ExchangeFormat, RasterImage};

use crate::world::image_path;

/// How wide a line is, in points: A4 without its margins of 25 mm.
const LINE: f64 = 453.5;
/// The most that an image takes of the 688 points of a page, so that its caption has room below it.
const HEIGHT: f64 = 500.0;
/// A pixel in points, at 96 pixels an inch as on a page of the web.
const PIXEL: f64 = 0.75;

/// An image that the engine can read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slot {
    /// The virtual file.
    pub(crate) path: String,
    /// As the engine names it.
    pub(crate) format: &'static str,
    /// In points, where there is a whole line for it.
    pub(crate) width: f64,
}

/// The images that were asked for so far, in their slots.
pub(crate) struct Pictures<'a> {
    images: &'a Images,
    /// Those that the engine refused when it wrote the file.
    refused: &'a BTreeSet<String>,
    slots: BTreeMap<&'a str, Option<Slot>>,
    pub(crate) bytes: Vec<Bytes>,
    pub(crate) names: Vec<&'a str>,
    pub(crate) formats: Vec<&'static str>,
}

impl<'a> Pictures<'a> {
    pub(crate) fn new(images: &'a Images, refused: &'a BTreeSet<String>) -> Self {
        Self {
            images,
            refused,
            slots: BTreeMap::new(),
            bytes: Vec::new(),
            names: Vec::new(),
            formats: Vec::new(),
        }
    }

    /// Where an image is; none if it cannot be shown.
    pub(crate) fn slot(&mut self, name: &'a str) -> Option<Slot> {
        if let Some(slot) = self.slots.get(name) {
            return slot.clone();
        }
        let slot = self.read(name);
        self.slots.insert(name, slot.clone());
        slot
    }

    fn read(&mut self, name: &'a str) -> Option<Slot> {
        let image = self.images.get(name)?;
        if self.refused.contains(name) || self.bytes.len() >= MAX_IMAGES {
            return None;
        }
        let bytes = Bytes::new(image.bytes.clone());
        let (format, width) = decode(image, &bytes)?;
        let slot = Slot {
            path: image_path(self.bytes.len()),
            format,
            width,
        };
        self.bytes.push(bytes);
        self.names.push(name);
        self.formats.push(format);
        Some(slot)
    }
}

/// Reads an image as the engine will, which remembers it.
fn decode(image: &Image, bytes: &Bytes) -> Option<(&'static str, f64)> {
    let (name, format) = match image.media_type {
        "image/png" => ("png", ExchangeFormat::Png),
        "image/jpeg" => ("jpg", ExchangeFormat::Jpg),
        "image/gif" => ("gif", ExchangeFormat::Gif),
        _ => return None,
    };
    let raster = RasterImage::plain(bytes.clone(), format).ok()?;
    Some((name, width(raster.width(), raster.height())))
}

fn width(columns: u32, rows: u32) -> f64 {
    let (columns, rows) = (f64::from(columns.max(1)), f64::from(rows.max(1)));
    (columns * PIXEL).min(LINE).min(HEIGHT * columns / rows).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_keeps_its_size_until_the_line_or_the_page_is_full() {
        for (columns, rows, points) in [
            (100, 50, 75.0),
            (4000, 2000, LINE),
            (1000, 2000, 250.0),
            (1, 40_000, 1.0),
            (0, 0, 0.75_f64.max(1.0)),
        ] {
            assert!(
                (width(columns, rows) - points).abs() < 1e-9,
                "{columns} x {rows}: {}",
                width(columns, rows)
            );
        }
    }
}
