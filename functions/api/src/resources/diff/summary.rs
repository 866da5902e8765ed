//! What is different, for people who look at a pull request. Titles and paths are hostile text: nothing of them is markup.

use std::fmt::Write as _;

use imprint_app::diff::Compared;
use imprint_domain::diff::{ComparedBy, Diff, Entry};
use imprint_domain::key::SitePath;
use imprint_domain::layout;
use imprint_domain::organization::Organization;
use imprint_domain::text::grouped;

use super::Published;

/// Pages that a list names at most.
const MAX_PAGES: usize = 25;
/// Characters of a title or a path that are shown.
const MAX_TEXT: usize = 120;

/// The difference in Markdown: how many pages, which with a link each, and how many other files.
pub(crate) fn summary(organization: &Organization, compared: &Compared, diff: &Diff<'_>) -> String {
    let published = Published::new(organization, compared);
    let added = Sort::of(&diff.added, |entry| entry.path);
    let removed = Sort::of(&diff.removed, |entry| entry.path);
    let changed = Sort::of(&diff.changed, |entry| entry.path);
    let moved = Sort::of(&diff.moved, |moved| moved.to.path);
    let counts = |of: fn(usize, usize) -> usize| {
        [
            ("added", of(added.pages.len(), added.others)),
            ("removed", of(removed.pages.len(), removed.others)),
            ("changed", of(changed.pages.len(), changed.others)),
            ("moved", of(moved.pages.len(), moved.others)),
        ]
    };
    let pages = counted("page", counts(|pages, _| pages));
    let mut text = format!(
        "### Documentation: {}\n\n{}\n",
        pages.unwrap_or_else(|| "no page changed".to_owned()),
        compared_what(organization, &published, compared, diff.compared_by)
    );
    let link = |entry: &Entry<'_>, url: String| format!("[{}]({url})", name_of(entry));
    let after = |entry: &Entry<'_>| link(entry, published.after(entry.path));
    list(&mut text, "Added", added.pages, after);
    list(&mut text, "Removed", removed.pages, |entry| {
        link(entry, published.before(entry.path))
    });
    list(&mut text, "Changed", changed.pages, after);
    list(&mut text, "Moved", moved.pages, |moved| {
        let from = plain(moved.from.as_str());
        format!(
            "{}, from [{from}]({})",
            after(&moved.to),
            published.before(moved.from)
        )
    });
    let others = counted("other file", counts(|_, others| others));
    let markup = (diff.changed_markup_only > 0).then(|| {
        let number = number("page", diff.changed_markup_only);
        format!("{number} changed in markup only")
    });
    let rest: Vec<String> = others.into_iter().chain(markup).collect();
    if !rest.is_empty() {
        let _ = writeln!(text, "\n{}.", rest.join("; "));
    }
    text
}

/// The pages of a list, which come first, and how many other files it has.
struct Sort<'a, T> {
    pages: &'a [T],
    others: usize,
}

impl<'a, T> Sort<'a, T> {
    fn of<'p>(entries: &'a [T], path: impl Fn(&T) -> &'p SitePath) -> Self {
        let pages = entries.partition_point(|entry| path(entry).is_page());
        Self {
            pages: &entries[..pages],
            others: entries.len() - pages,
        }
    }
}

/// All names are links: in these nobody is mentioned.
fn compared_what(
    organization: &Organization,
    published: &Published,
    compared: &Compared,
    by: ComparedBy,
) -> String {
    let (before, after) = (&compared.before.build.slug, &compared.after.build.slug);
    let how = match by {
        ComparedBy::Content => "by what pages say",
        ComparedBy::Bytes => "byte by byte",
    };
    format!(
        "Build [{}]({}/) of [{}]({}/) against [{}]({}/), {how}.",
        plain(after.as_str()),
        published.after,
        plain(compared.product.title.as_str()),
        layout::product_url(organization, &compared.product),
        plain(before.as_str()),
        published.before
    )
}

fn list<T>(text: &mut String, title: &str, pages: &[T], line: impl Fn(&T) -> String) {
    if pages.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n**{title}**\n");
    for page in pages.iter().take(MAX_PAGES) {
        let _ = writeln!(text, "- {}", line(page));
    }
    let more = pages.len().saturating_sub(MAX_PAGES);
    if more > 0 {
        let _ = writeln!(text, "- and {} more", grouped(more as u64));
    }
}

/// What there is how often, the first with its noun; nothing when there is nothing.
fn counted(noun: &str, counts: [(&str, usize); 4]) -> Option<String> {
    let mut some = counts.into_iter().filter(|(_, count)| *count > 0);
    let (what, count) = some.next()?;
    let first = format!("{} {what}", number(noun, count as u64));
    let others = some.map(|(what, count)| format!("{} {what}", grouped(count as u64)));
    Some([first].into_iter().chain(others).collect::<Vec<_>>().join(", "))
}

fn number(noun: &str, count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

fn name_of(entry: &Entry<'_>) -> String {
    let title = entry.title.map(plain).filter(|title| !title.is_empty());
    title.unwrap_or_else(|| plain(entry.path.as_str()))
}

/// A text that means nothing but itself in Markdown: in one line, without what is not seen, each mark escaped.
fn plain(text: &str) -> String {
    let seen = |c: &char| !is_unseen(*c);
    let spaced = |c: char| if c.is_control() { ' ' } else { c };
    let seen: String = text.chars().filter(seen).map(spaced).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars().take(MAX_TEXT) {
        if is_mark(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    if line.chars().count() > MAX_TEXT {
        escaped.push('…');
    }
    escaped
}

/// What begins markup, a reference, an emoji, a formula or a mention somewhere in a line. Of ASCII, so a backslash takes its
/// meaning away (<https://spec.commonmark.org/0.31.2/#backslash-escapes>).
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '!' | '@' | ':' | '$' | '^'
    )
}

/// What turns the direction of writing, or hides in a word.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_nothing_but_itself() {
        for (text, expected) in [
            ("Introduction", "Introduction"),
            (" two \n lines\t", "two lines"),
            ("[x](javascript:alert(1))", r"\[x\](javascript\:alert(1))"),
            ("<img src=x onerror=y>", r"\<img src=x onerror=y\>"),
            (
                "![a](b) &amp; `c` *d* _e_ ~f~",
                r"\!\[a\](b) \&amp; \`c\` \*d\* \_e\_ \~f\~",
            ),
            (r"a\](b", r"a\\\](b"),
            (
                "@somebody #1 :tada: $x$ | y",
                r"\@somebody \#1 \:tada\: \$x\$ \| y",
            ),
            ("a\u{202e}b\u{200b}c\0d", "abc d"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        assert_eq!(plain(&"ä".repeat(121)), format!("{}…", "ä".repeat(120)));
    }

    #[test]
    fn counts_read_as_a_sentence() {
        let all = |counts: [usize; 4]| {
            let [added, removed, changed, moved] = counts;
            let named = [
                ("added", added),
                ("removed", removed),
                ("changed", changed),
                ("moved", moved),
            ];
            counted("page", named)
        };
        for (counts, expected) in [
            ([0, 0, 0, 0], None),
            ([1, 0, 0, 0], Some("1 page added")),
            ([0, 2, 0, 1], Some("2 pages removed, 1 moved")),
            (
                [1200, 1, 1, 1],
                Some("1,200 pages added, 1 removed, 1 changed, 1 moved"),
            ),
        ] {
            assert_eq!(all(counts).as_deref(), expected);
        }
    }
}
