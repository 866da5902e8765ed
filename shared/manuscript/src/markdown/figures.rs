//! Images.

use super::blocks::Reader;
use super::inlines::{plain, printable, push_text, trim};
use crate::content::Picture;
use crate::link::checked_url;
use crate::manuscript::{Block, Inline, Marks, WarningCode};

/// The longest name that is shown in an image's place, in characters.
const LONGEST_NAME: usize = 100;

/// The name of the stored image that an image's address means: `name` or `images/name`. None for addresses of pages.
pub(super) fn stored_name(destination: &str) -> Option<&str> {
    let is_elsewhere = destination.starts_with("//") || checked_url(destination).is_some();
    (!is_elsewhere).then(|| destination.strip_prefix("images/").unwrap_or(destination))
}

impl Reader<'_> {
    /// An image becomes a figure below its paragraph, or a sentence that says why it does not.
    pub(super) fn image(&mut self, destination: &str, title: &str, at: usize, content: Vec<Inline>) {
        let alt = printable(plain(&content).trim());
        let mut caption = content;
        if !title.trim().is_empty() {
            caption.clear();
            push_text(&mut caption, title.trim(), Marks::default());
        }
        // An image in another one's text says only its words.
        if self.line.is_within_an_image() {
            return self.line.content.append(&mut caption);
        }
        let Some(name) = stored_name(destination) else {
            let message = "images of other sites are not shown: upload the image to the document";
            self.warn(WarningCode::Link, at, message.to_owned(), destination);
            return self.link_to_image(destination, at, caption);
        };
        let (code, reason) = match self.pictures.get(name) {
            Some(Picture::Good { .. }) => {
                trim(&mut caption);
                let said = [alt, plain(&caption), name.to_owned()]
                    .into_iter()
                    .find(|text| !text.trim().is_empty());
                let figure = Block::Figure {
                    id: self.anchors.of_words("figure", &format!("figure {name}")),
                    number: 0,
                    image: name.to_owned(),
                    alt: said.unwrap_or_else(|| "image".to_owned()),
                    caption,
                    path: self.lines.path(at),
                };
                return self.line.figures.push(figure);
            }
            Some(Picture::Bad { problem }) => (WarningCode::ImageBad, Some(problem.clone())),
            None => (WarningCode::ImageMissing, None),
        };
        let short: String = printable(name).chars().take(LONGEST_NAME).collect();
        let shown = match reason {
            Some(_) => format!("[image {short} cannot be shown]"),
            None => format!("[image {short} is not stored]"),
        };
        let message = reason.unwrap_or_else(|| format!("the image `{short}` is not stored"));
        self.warn(code, at, message, destination);
        let mut sentence = Vec::new();
        push_text(
            &mut sentence,
            &shown,
            Marks {
                italic: true,
                ..Marks::default()
            },
        );
        if !caption.is_empty() {
            push_text(&mut sentence, " ", Marks::default());
            sentence.append(&mut caption);
        }
        trim(&mut sentence);
        self.line.figures.push(Block::Paragraph { content: sentence });
    }

    fn link_to_image(&mut self, destination: &str, at: usize, mut caption: Vec<Inline>) {
        if caption.is_empty() {
            push_text(&mut caption, destination, Marks::default());
        }
        // An address without a scheme was warned of, and is no link.
        match checked_url(destination) {
            Some(url) => self.link(url, at, caption),
            None => self.line.content.append(&mut caption),
        }
    }
}
