use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::prop_assert_eq;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::*;
use crate::clean::one_line;
use crate::content::plain;

/// What a reader of Markdown sees: the text on one line, formulas' and images' as ours.
fn read_back(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(one) | Event::Code(one) => text.push_str(&one),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::TableCell | TagEnd::CodeBlock) => {
                text.push(' ');
            }
            Event::Html(html) | Event::InlineHtml(html) => text.push_str(&format!("HTML {html:?}")),
            Event::Rule => text.push_str(" RULE "),
            Event::TaskListMarker(_) => text.push_str("TASK"),
            Event::FootnoteReference(_) => text.push_str("FOOTNOTE"),
            _ => {}
        }
    }
    one_line(&text)
}

/// Texts that look like markup.
fn text() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        "[-+#>=:~*_`|!&$^\"'\\\\\\[\\]<>(){}/.,;0-9a-z \n]{1,12}",
        prop_oneof![
            Just("# "),
            Just("- "),
            Just("1. "),
            Just("12) "),
            Just("> "),
            Just("---"),
            Just("==="),
            Just("```"),
            Just("~~~"),
            Just("&amp;"),
            Just("&#60;"),
            Just("<b>"),
            Just("<!--"),
            Just("[a](b)"),
            Just("[a]: b"),
            Just("![a](b)"),
            Just("**a**"),
            Just("__a__"),
            Just("a_b"),
            Just("|a|b|"),
            Just("|--|--|"),
            Just(":-:"),
            Just("\\"),
            Just("\\\\"),
            Just("http://a.b"),
            Just("[ ]"),
            Just("[^1]"),
            Just("    a"),
            Just("a  "),
            Just("é"),
            Just("。"),
            Just("\u{301}"),
            Just("#"),
        ]
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    proptest::collection::vec(sign, 1..4).prop_map(|signs| one_line(&signs.concat()))
}

fn inline() -> impl Strategy<Value = Inline> {
    let filled = || text().prop_filter("a part says something", |text| !text.is_empty());
    let leaf = prop_oneof![
        4 => text().prop_map(|text| Inline::Text(format!("{text} "))),
        4 => filled().prop_map(Inline::Text),
        1 => filled().prop_map(Inline::Code),
        1 => text().prop_map(|alt| Inline::Image { from: "x.png".to_owned(), alt }),
        1 => Just(Inline::Break),
    ];
    leaf.prop_recursive(2, 8, 3, move |inner| {
        let line = move || proptest::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            line().prop_map(Inline::Strong),
            line().prop_map(Inline::Emphasis),
            (line(), filled()).prop_map(|(line, to)| Inline::Link {
                to: to.replace(' ', ""),
                line
            }),
        ]
    })
}

/// Lines as they are read from pages: marks not within the same marks, nothing empty, no white space at their ends.
fn line() -> impl Strategy<Value = Vec<Inline>> {
    proptest::collection::vec(inline(), 1..5).prop_map(|line| tidied(line, (false, false, false)))
}

fn tidied(line: Vec<Inline>, (strong, emphasis, link): (bool, bool, bool)) -> Vec<Inline> {
    let mut tidy: Vec<Inline> = Vec::new();
    for one in line {
        let inner = match one {
            Inline::Strong(inner) if !strong => vec![Inline::Strong(tidied(inner, (true, emphasis, link)))],
            Inline::Emphasis(inner) if !emphasis => {
                vec![Inline::Emphasis(tidied(inner, (strong, true, link)))]
            }
            Inline::Link { to, line } if !link && !to.is_empty() => {
                vec![Inline::Link {
                    to,
                    line: tidied(line, (strong, emphasis, true)),
                }]
            }
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { line: inner, .. } => {
                tidied(inner, (strong, emphasis, link))
            }
            other => vec![other],
        };
        for one in inner {
            match (&one, tidy.last_mut()) {
                (Inline::Text(more), Some(Inline::Text(last)))
                | (Inline::Code(more), Some(Inline::Code(last))) => {
                    last.push_str(more);
                }
                (Inline::Break, None | Some(Inline::Break)) => {}
                (Inline::Break, Some(Inline::Text(last))) => {
                    last.truncate(last.trim_end().len());
                    tidy.push(one);
                }
                (Inline::Strong(line) | Inline::Emphasis(line) | Inline::Link { line, .. }, _)
                    if line.is_empty() => {}
                _ => tidy.push(one),
            }
        }
    }
    trimmed(tidy)
}

fn trimmed(mut line: Vec<Inline>) -> Vec<Inline> {
    loop {
        match line.last_mut() {
            Some(Inline::Break) => drop(line.pop()),
            Some(Inline::Text(text)) if text.ends_with(' ') => {
                text.truncate(text.trim_end().len());
                if text.is_empty() {
                    line.pop();
                }
            }
            _ => return line,
        }
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn a_paragraph_read_back_says_the_same(line in line()) {
        let said = one_line(&plain(&line));
        let markdown = write(None, &[Block::Paragraph(line)]).unwrap();
        prop_assert_eq!(read_back(&markdown), said, "{}", markdown);
    }

    #[test]
    fn a_heading_and_an_item_read_back_say_the_same(line in line(), level in 1u8..7) {
        let said = one_line(&plain(&line));
        let heading = Block::Heading { level, id: String::new(), line };
        let list = Block::List { first: None, items: vec![vec![heading]] };
        let markdown = write(None, &[list]).unwrap();
        prop_assert_eq!(read_back(&markdown), said, "{}", markdown);
    }

    #[test]
    fn a_table_read_back_says_the_same(cells in proptest::collection::vec(line(), 1..5), headed: bool) {
        let said: Vec<_> = cells.iter().map(|line| plain(line)).collect();
        let row = cells.into_iter().map(|line| if line.is_empty() { vec![] } else { vec![Block::Paragraph(line)] }).collect();
        let markdown = write(None, &[Block::Table(Table { headed, rows: vec![row] })]).unwrap();
        prop_assert_eq!(read_back(&markdown), one_line(&said.join(" ")), "{}", markdown);
    }

    #[test]
    fn code_read_back_is_the_same(text in "[`~a \\\\\n\t<*]{0,40}", language in "[a-z]{0,3}") {
        let text = crate::clean::verbatim(&text);
        let block = Block::Code { language: Some(language), text: text.clone() };
        let markdown = write(None, &[Block::Quote(vec![Block::List { first: Some(7), items: vec![vec![block]] }])]).unwrap();
        let read: String = Parser::new(&markdown).filter_map(|event| match event {
            Event::Text(text) => Some(text.into_string()),
            _ => None,
        }).collect();
        prop_assert_eq!(read.trim_end_matches('\n'), text, "{}", markdown);
    }

    #[test]
    fn a_link_read_back_leads_to_the_same_place(to in "[!-~é]{1,30}") {
        let line = vec![Inline::Link { to: to.clone(), line: vec![Inline::Text("a".to_owned())] }];
        let markdown = write(None, &[Block::Paragraph(line)]).unwrap();
        let read = Parser::new(&markdown).find_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        });
        prop_assert_eq!(read.map(|read| decoded(&read)), Some(decoded(&to)), "{}", markdown);
    }
}

/// An address with the percent-encoding of what we encode undone.
fn decoded(address: &str) -> String {
    let signs = "<>()[]\\`|\"'*{}^";
    signs.chars().fold(address.to_owned(), |address, sign| {
        address.replace(&format!("%{:02X}", sign as u32), &sign.to_string())
    })
}
