use serde::{Deserialize, Serialize};

/// The most bytes of an image.
pub const MAX_IMAGE_BYTES: u64 = 10 * 1024 * 1024;
/// The most pixels of an image, by its header, before anything is decoded.
pub const MAX_IMAGE_PIXELS: u64 = 40_000_000;
/// The most bytes of the images that a version shows, together: the function that renders it holds all of them, twice.
pub const MAX_SHOWN_BYTES: u64 = 100 * 1024 * 1024;
/// The most pixels of these: the engine holds all of them decoded, mostly three or four bytes each.
pub const MAX_SHOWN_PIXELS: u64 = 120_000_000;

/// What an image is. SVG is not taken: it can run scripts and load other things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// GIF.
    #[serde(rename = "image/gif")]
    Gif,
}

impl MediaType {
    /// As a header says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
        }
    }
}

/// An image of a version, as it was uploaded last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The name of its object below the document's images: each upload has its own.
    pub object: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// What it shows, or why it cannot be shown.
    #[serde(flatten)]
    pub picture: Picture,
}

/// What is known of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Picture {
    /// It can be shown.
    Good {
        /// What it is.
        media_type: MediaType,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// It cannot.
    Bad {
        /// Why, as a sentence.
        problem: String,
    },
}

/// Why an image cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Too many bytes.
    #[error("it has {0} bytes, at most {MAX_IMAGE_BYTES} are taken")]
    TooLarge(u64),
    /// Too many pixels.
    #[error("it has {0} pixels, at most {MAX_IMAGE_PIXELS} are taken")]
    TooManyPixels(u64),
    /// Too many bytes of all images.
    #[error(
        "the images that it shows have {0} bytes together, at most {MAX_SHOWN_BYTES} are taken; make them smaller"
    )]
    TooLargeTogether(u64),
    /// Too many pixels of all images.
    #[error(
        "the images that it shows have {0} pixels together, at most {MAX_SHOWN_PIXELS} are taken; make them smaller"
    )]
    TooManyPixelsTogether(u64),
    /// Something else.
    #[error("it is neither PNG nor JPEG nor GIF")]
    Unknown,
}

impl Picture {
    /// What an image of this size and kind is.
    pub fn of(bytes: u64, header: Option<(MediaType, u32, u32)>) -> Self {
        match Self::check(bytes, header) {
            Ok(picture) => picture,
            Err(error) => Self::Bad {
                problem: error.to_string(),
            },
        }
    }

    fn check(bytes: u64, header: Option<(MediaType, u32, u32)>) -> Result<Self, ImageError> {
        if bytes > MAX_IMAGE_BYTES {
            return Err(ImageError::TooLarge(bytes));
        }
        let (media_type, width, height) = header.ok_or(ImageError::Unknown)?;
        let pixels = u64::from(width) * u64::from(height);
        match pixels {
            0 => Err(ImageError::Unknown),
            pixels if pixels > MAX_IMAGE_PIXELS => Err(ImageError::TooManyPixels(pixels)),
            _ => Ok(Self::Good {
                media_type,
                width,
                height,
            }),
        }
    }
}

impl Image {
    /// Whether images can be shown by one rendering: what cannot be shown at all does not count.
    ///
    /// # Errors
    /// When they are too much together.
    pub fn check_together<'a>(images: impl Iterator<Item = &'a Self>) -> Result<(), ImageError> {
        let (mut bytes, mut pixels) = (0_u64, 0_u64);
        for image in images {
            if let Picture::Good { width, height, .. } = image.picture {
                bytes = bytes.saturating_add(image.bytes);
                pixels = pixels.saturating_add(u64::from(width) * u64::from(height));
            }
        }
        match (bytes, pixels) {
            (bytes, _) if bytes > MAX_SHOWN_BYTES => Err(ImageError::TooLargeTogether(bytes)),
            (_, pixels) if pixels > MAX_SHOWN_PIXELS => Err(ImageError::TooManyPixelsTogether(pixels)),
            (_, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(bytes: u64, width: u32) -> Image {
        Image {
            object: String::new(),
            sha256: String::new(),
            bytes,
            picture: Picture::of(bytes, Some((MediaType::Jpeg, width, 1000))),
        }
    }

    #[test]
    fn a22_images_may_be_small_each_and_too_much_together() {
        let check = |images: &[Image]| Image::check_together(images.iter());
        let large = vec![good(MAX_IMAGE_BYTES, 1); 10];
        assert_eq!(check(&large), Ok(()));
        let with_one_byte: Vec<_> = large.iter().cloned().chain([good(1, 1)]).collect();
        assert_eq!(
            check(&with_one_byte),
            Err(ImageError::TooLargeTogether(MAX_SHOWN_BYTES + 1))
        );
        let wide = vec![good(1, 40_000); 3];
        assert_eq!(check(&wide), Ok(()));
        let with_a_row: Vec<_> = wide.iter().cloned().chain([good(1, 1)]).collect();
        assert_eq!(
            check(&with_a_row),
            Err(ImageError::TooManyPixelsTogether(MAX_SHOWN_PIXELS + 1000))
        );
        let bad = good(MAX_IMAGE_BYTES + 1, 1);
        assert_eq!(check(&vec![bad; 50]), Ok(()), "it is not shown");
    }
}
