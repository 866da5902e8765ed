//! What an image's first bytes say of it.

use imagesize::ImageType;
use imprint_domain::document::{MediaType, Picture};

/// What an image is, by its size and its header; nothing is decoded.
pub fn picture(bytes: &[u8]) -> Picture {
    Picture::of(bytes.len() as u64, header(bytes))
}

fn header(bytes: &[u8]) -> Option<(MediaType, u32, u32)> {
    let media_type = match imagesize::image_type(bytes).ok()? {
        ImageType::Png => MediaType::Png,
        ImageType::Jpeg => MediaType::Jpeg,
        ImageType::Gif => MediaType::Gif,
        // Formats that other crates of the workspace may have turned on.
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    Some((
        media_type,
        u32::try_from(size.width).ok()?,
        u32::try_from(size.height).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a PNG of a size, and nothing after it.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend([8, 2, 0, 0, 0]);
        png
    }

    #[test]
    fn the_header_says_what_an_image_is_before_anything_is_decoded() {
        let good = Picture::Good {
            media_type: MediaType::Png,
            width: 640,
            height: 480,
        };
        assert_eq!(picture(&png(640, 480)), good);
        let bad = |bytes: &[u8]| matches!(picture(bytes), Picture::Bad { .. });
        assert!(bad(&png(40_000, 40_000)));
        assert!(bad(&png(0, 1)));
        assert!(bad(b"<svg xmlns='http://www.w3.org/2000/svg'/>"));
        assert!(bad(b""));
        assert!(bad(&png(1, 1)[..12]));
    }
}
