//! CommonMark with tables, math, footnotes, strike-through and citations.
//!
//! Markup of other kinds is text: HTML is shown as it was written. The parser's flat stream of events is put together with a
//! stack, and what is nested deeper than anybody reads is laid flat, so no text is too deep to be walked through afterwards.

mod anchors;
mod blocks;
mod citations;
mod figures;
mod finish;
mod inlines;

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag};

use crate::content::{MAX_EQUATION_BYTES, Picture};
use crate::manuscript::{Block, Reference, Section, Warning};

/// What a Markdown text becomes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) sections: Vec<Section>,
    pub(crate) footnotes: Vec<Vec<Block>>,
    pub(crate) warnings: Vec<Warning>,
}

/// How much a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Its pieces: paragraphs, words of one look, cells and the like.
    pub(crate) nodes: usize,
    /// The line of the first equation that has more bytes than one may have.
    pub(crate) long_equation: Option<usize>,
}

/// Reads a text. `[@id; @other]` cites works by their ids.
pub(crate) fn read(text: &str, references: &[Reference], pictures: &BTreeMap<String, Picture>) -> Read {
    let mut reader = blocks::Reader::new(text, references, pictures);
    for (event, range) in parser(text).into_offset_iter() {
        reader.event(event, range);
    }
    reader.finish()
}

/// The names of all images that a text shows.
pub(crate) fn images(text: &str) -> BTreeSet<String> {
    parser(text)
        .filter_map(|event| match event {
            Event::Start(Tag::Image { dest_url, .. }) => figures::stored_name(&dest_url).map(str::to_owned),
            _ => None,
        })
        .collect()
}

/// How much a text is, for limits.
pub(crate) fn weight(text: &str) -> Weight {
    let mut weight = Weight::default();
    for (event, range) in parser(text).into_offset_iter() {
        match event {
            Event::End(_) => continue,
            Event::InlineMath(source) | Event::DisplayMath(source) if source.len() > MAX_EQUATION_BYTES => {
                weight
                    .long_equation
                    .get_or_insert_with(|| Lines::new(text).number(range.start));
            }
            _ => {}
        }
        weight.nodes += 1;
    }
    weight
}

type Callback = fn(BrokenLink<'_>) -> Option<(CowStr<'_>, CowStr<'_>)>;

fn parser(text: &str) -> Parser<'_, Callback> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH
        | Options::ENABLE_HEADING_ATTRIBUTES;
    Parser::new_with_broken_link_callback(text, options, Some(citations::link as Callback))
}

/// Where the lines of a text begin.
#[derive(Debug)]
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
        }
    }

    /// The number of the line with a byte, from 1 on.
    fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// Where a byte stands, as warnings say it.
    fn path(&self, at: usize) -> String {
        format!("/markdown:{}", self.number(at))
    }
}

#[cfg(test)]
mod outline;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod tests;
