//! Whether two builds of a page say the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::content::{Block, Inline};
use crate::link::without_hashes;

/// A digest of what a page says: of its text, headings, code, formulas, and of where its links and images lead. Not of what
/// surrounds the main content, of ids and classes, or of the hashes by which assets are named. Written as 32 hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest([u8; 16]);

/// The text is no digest: not 32 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a content digest is 32 hexadecimal digits in lower case")]
pub struct ParseDigestError;

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}

impl FromStr for ContentDigest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseDigestError)?;
        let digest = Self(bytes);
        // One way to write each, so that what is compared as text is compared rightly.
        if digest.to_string() == text {
            Ok(digest)
        } else {
            Err(ParseDigestError)
        }
    }
}

impl Serialize for ContentDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Changes with what goes into a digest, so that digests of two kinds are never equal.
const KIND: &str = "imprint-extract 1";

pub(crate) fn of(blocks: &[Block]) -> ContentDigest {
    let mut hasher = Hasher(Sha256::new());
    hasher.part(Part::Kind, KIND);
    hasher.blocks(blocks);
    let digest = hasher.0.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    ContentDigest(bytes)
}

/// What a text in the digest is. Each has its own byte, and each text its length before it, so that no two contents are one
/// sequence of bytes.
#[derive(Clone, Copy)]
enum Part {
    Kind,
    Heading,
    Paragraph,
    Code,
    Math,
    List,
    Item,
    Definition,
    Quote,
    Table,
    Row,
    Cell,
    Rule,
    Text,
    Target,
    Image,
    End,
}

struct Hasher(Sha256);

impl Hasher {
    fn part(&mut self, part: Part, text: &str) {
        self.0.update([part as u8]);
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn around(&mut self, part: Part, inside: impl FnOnce(&mut Self)) {
        self.part(part, "");
        inside(self);
        self.part(Part::End, "");
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading { level, line, .. } => {
                    self.part(Part::Heading, &level.to_string());
                    self.line(line);
                }
                Block::Paragraph(line) => self.around(Part::Paragraph, |to| to.line(line)),
                Block::Code { text, .. } => self.part(Part::Code, text),
                Block::Math(text) => self.part(Part::Math, text),
                Block::List { items, .. } => self.around(Part::List, |to| {
                    for item in items {
                        to.around(Part::Item, |to| to.blocks(item));
                    }
                }),
                Block::Definitions(definitions) => {
                    for one in definitions {
                        self.around(Part::Definition, |to| {
                            to.line(&one.term);
                            to.blocks(&one.details);
                        });
                    }
                }
                Block::Quote(inner) => self.around(Part::Quote, |to| to.blocks(inner)),
                Block::Table(table) => self.around(Part::Table, |to| {
                    for row in &table.rows {
                        to.part(Part::Row, "");
                        for cell in row {
                            to.around(Part::Cell, |to| to.blocks(cell));
                        }
                    }
                }),
                Block::Rule => self.part(Part::Rule, ""),
            }
        }
    }

    /// The text of a line as one, however it is marked; then where its links and images lead.
    fn line(&mut self, line: &[Inline]) {
        self.part(Part::Text, &crate::content::plain(line));
        self.targets(line);
    }

    fn targets(&mut self, line: &[Inline]) {
        for one in line {
            match one {
                Inline::Link { to, line } => {
                    self.part(Part::Target, &without_hashes(to));
                    self.targets(line);
                }
                Inline::Image { from, .. } => self.part(Part::Image, &without_hashes(from)),
                Inline::Strong(inner) | Inline::Emphasis(inner) => self.targets(inner),
                Inline::Text(_) | Inline::Code(_) | Inline::Math(_) | Inline::Break => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_way_to_be_written() {
        let digest = of(&[]);
        let text = digest.to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(text.parse(), Ok(digest));
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<ContentDigest>(&json).unwrap(), digest);
        for bad in [
            "",
            "0",
            &text[1..],
            &text.to_uppercase(),
            &format!("{text}00"),
            "é",
        ] {
            assert_eq!(bad.parse::<ContentDigest>(), Err(ParseDigestError), "{bad}");
        }
    }

    #[test]
    fn what_is_divided_otherwise_has_another_digest() {
        let paragraph = |text: &str| Block::Paragraph(vec![Inline::Text(text.to_owned())]);
        let item = |text: &str| vec![paragraph(text)];
        let one = Block::List {
            first: None,
            items: vec![item("a"), item("b")],
        };
        let other = Block::List {
            first: None,
            items: vec![item("a"), item("b")].into_iter().rev().collect(),
        };
        let all = [
            vec![],
            vec![paragraph("ab")],
            vec![paragraph("a"), paragraph("b")],
            vec![one],
            vec![other],
        ];
        let digests: std::collections::BTreeSet<_> = all.iter().map(|blocks| of(blocks)).collect();
        assert_eq!(digests.len(), all.len());
    }
}
