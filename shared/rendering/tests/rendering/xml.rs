//! A strict reader of XML: what it takes, every reader takes.

use std::collections::BTreeMap;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Open(String, BTreeMap<String, String>),
    Close(String),
    Text(String),
}

/// The pieces of a document, or what is wrong with it. Elements without content are opened and closed.
pub(crate) fn read(document: &str) -> Result<Vec<Piece>, String> {
    let mut rest = document.trim_start();
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>").ok_or("an open declaration")?.1.trim_start();
    }
    if rest.to_ascii_lowercase().starts_with("<!doctype html>") {
        rest = &rest["<!doctype html>".len()..];
    }
    let mut pieces = Vec::new();
    let mut open: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let text = unescape(&rest[..end])?;
            if open.is_empty() && !text.trim().is_empty() {
                return Err(format!("text outside: {text}"));
            }
            pieces.push(Piece::Text(text));
            rest = &rest[end..];
            continue;
        };
        let end = tag.find('>').ok_or("an open tag")?;
        let inner = &tag[..end];
        rest = &tag[end + 1..];
        if let Some(name) = inner.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            pieces.push(Piece::Close(name.to_owned()));
            continue;
        }
        let (inner, empty) = inner
            .strip_suffix('/')
            .map_or((inner, false), |inner| (inner, true));
        let (name, attributes) = inner.split_once([' ', '\n']).unwrap_or((inner, ""));
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ":-._".contains(c))
        {
            return Err(format!("no name: {name:?}"));
        }
        pieces.push(Piece::Open(name.to_owned(), read_attributes(attributes)?));
        if empty {
            pieces.push(Piece::Close(name.to_owned()));
        } else {
            open.push(name.to_owned());
        }
    }
    if open.is_empty() {
        Ok(pieces)
    } else {
        Err(format!("still open: {open:?}"))
    }
}

fn read_attributes(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut attributes = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("no attribute: {rest}"))?;
        let (value, after) = after
            .split_once('"')
            .ok_or_else(|| format!("an open value: {after}"))?;
        if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ":-".contains(c))
            || value.contains('<')
        {
            return Err(format!("no attribute: {name:?} {value:?}"));
        }
        if !after.is_empty() && !after.starts_with([' ', '\n']) {
            return Err(format!("attributes without space: {text}"));
        }
        if attributes.insert(name.to_owned(), unescape(value)?).is_some() {
            return Err(format!("{name} twice"));
        }
        rest = after.trim_start();
    }
    Ok(attributes)
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '&' => {
                let (entity, after) = rest.split_once(';').ok_or("a bare &")?;
                let known = [
                    ("amp", '&'),
                    ("lt", '<'),
                    ("gt", '>'),
                    ("quot", '"'),
                    ("#39", '\''),
                ];
                let found = known.iter().find(|(name, _)| *name == entity);
                out.push(found.ok_or_else(|| format!("unknown entity &{entity};"))?.1);
                rest = after;
            }
            '\n' | '\t' => out.push(c),
            c if c < ' ' || ('\u{7F}'..='\u{9F}').contains(&c) || c == '\u{FFFE}' || c == '\u{FFFF}' => {
                return Err(format!("a forbidden character {c:?}"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// All elements of a name, with their attributes.
pub(crate) fn elements<'a>(pieces: &'a [Piece], wanted: &str) -> Vec<&'a BTreeMap<String, String>> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open(name, attributes) if name == wanted => Some(attributes),
            Piece::Open(..) | Piece::Close(_) | Piece::Text(_) => None,
        })
        .collect()
}

/// All values of an attribute.
pub(crate) fn values(pieces: &[Piece], wanted: &str) -> Vec<String> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open(_, attributes) => attributes.get(wanted).cloned(),
            Piece::Close(_) | Piece::Text(_) => None,
        })
        .collect()
}

/// All text.
pub(crate) fn text(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Open(..) | Piece::Close(_) => "",
        })
        .collect()
}

#[test]
fn what_is_not_well_formed_is_seen() {
    for wrong in [
        "<a>",
        "<a></b>",
        "<a b=c></a>",
        "<a b=\"1\" b=\"2\"></a>",
        "<a>&nbsp;</a>",
        "<a>&</a>",
        "<a b=\"<\"></a>",
        "<a b></a>",
        "<a>\u{1}</a>",
        "</a>",
        "x",
        "<a \"></a>",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert!(read("<a b=\"1\">&lt;<c/></a>").is_ok());
}
