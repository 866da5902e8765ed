//! What can be known only when all of a text was read.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Read;
use super::blocks::Reader;
use super::inlines::push_text;
use crate::manuscript::{Block, Inline, Marks, Section, WarningCode};
use crate::{numbering, walk};

/// The level of the text before the first heading, until the levels of the headings are known.
pub(super) const UPPERMOST: u8 = 0;

impl Reader<'_> {
    pub(super) fn finish(mut self) -> Read {
        self.flush();
        shift_levels(&mut self.sections);
        let mut footnotes = self.number_notes();
        self.check_fragments(&mut footnotes);
        numbering::number(&mut self.sections, &mut footnotes);
        // A warning of what is said in a note comes where the note is defined.
        self.warnings.sort_by_key(|warning| line_of(&warning.path));
        Read {
            sections: self.sections,
            footnotes,
            warnings: self.warnings,
        }
    }

    /// Notes get their numbers where they are first referred to: those of the text, then those of notes. A note that nobody
    /// refers to is dropped, and a reference to no note is text.
    fn number_notes(&mut self) -> Vec<Vec<Block>> {
        let mut order = Order {
            labels: &self.labels,
            notes: &mut self.notes,
            numbers: HashMap::new(),
            queue: VecDeque::new(),
        };
        for section in &mut self.sections {
            walk::line(&mut section.heading, &mut |line| order.number(line));
            walk::lines(&mut section.blocks, &mut |line| order.number(line));
        }
        let mut footnotes = Vec::new();
        while let Some(mut note) = order.queue.pop_front() {
            walk::lines(&mut note, &mut |line| order.number(line));
            footnotes.push(note);
        }
        footnotes
    }

    /// Links to ids that nothing has become their text.
    fn check_fragments(&mut self, footnotes: &mut [Vec<Block>]) {
        let fragments = std::mem::take(&mut self.fragments);
        let mut missing = HashSet::new();
        for (fragment, at) in fragments {
            if !self.anchors.contains(&fragment) {
                let source = format!("#{fragment}");
                let message = "the link goes to an id that nothing in the document has";
                self.warn(WarningCode::Link, at, message.to_owned(), &source);
                missing.insert(source);
            }
        }
        if missing.is_empty() {
            return;
        }
        let mut unlink = |line: &mut Vec<Inline>| {
            if line.iter().any(|inline| is_link_to(inline, &missing)) {
                *line = std::mem::take(line)
                    .into_iter()
                    .fold(Vec::new(), |text, inline| without(text, inline, &missing));
            }
        };
        for section in &mut self.sections {
            walk::line(&mut section.heading, &mut unlink);
            walk::lines(&mut section.blocks, &mut unlink);
        }
        for note in footnotes {
            walk::lines(note, &mut unlink);
        }
    }
}

fn is_link_to(inline: &Inline, targets: &HashSet<String>) -> bool {
    matches!(inline, Inline::Link { url, .. } if targets.contains(url))
}

/// Adds a piece to a line; of a link to nowhere, its text.
fn without(mut line: Vec<Inline>, inline: Inline, missing: &HashSet<String>) -> Vec<Inline> {
    match inline {
        Inline::Link { url, content } if missing.contains(&url) => {
            for inner in content {
                match inner {
                    Inline::Text { text, marks } => push_text(&mut line, &text, marks),
                    other => line.push(other),
                }
            }
        }
        Inline::Text { text, marks } => push_text(&mut line, &text, marks),
        other => line.push(other),
    }
    line
}

fn line_of(path: &str) -> usize {
    path.rsplit(':')
        .next()
        .and_then(|line| line.parse().ok())
        .unwrap_or(0)
}

/// The uppermost level that is used becomes 1.
fn shift_levels(sections: &mut [Section]) {
    let levels = sections.iter().map(|section| section.level);
    let uppermost = levels.filter(|level| *level != UPPERMOST).min().unwrap_or(1);
    for section in sections {
        section.level = section.level.saturating_sub(uppermost) + 1;
    }
}

/// The order in which notes are met.
struct Order<'a> {
    labels: &'a [String],
    notes: &'a mut HashMap<String, Vec<Block>>,
    /// Numbers by the places of labels.
    numbers: HashMap<usize, usize>,
    queue: VecDeque<Vec<Block>>,
}

impl Order<'_> {
    fn number(&mut self, line: &mut [Inline]) {
        for inline in line {
            let Inline::Footnote { note } = inline else {
                continue;
            };
            let place = *note;
            if let Some(number) = self.numbers.get(&place) {
                *note = *number;
                continue;
            }
            let label = self.labels.get(place).map_or("", String::as_str);
            match self.notes.remove(label) {
                Some(blocks) => {
                    let number = self.numbers.len();
                    self.numbers.insert(place, number);
                    self.queue.push_back(blocks);
                    *note = number;
                }
                None => {
                    *inline = Inline::Text {
                        text: format!("[^{label}]"),
                        marks: Marks::default(),
                    }
                }
            }
        }
    }
}
