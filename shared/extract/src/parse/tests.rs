use super::*;

/// The tree as indented lines.
fn shown(html: &str) -> String {
    let tree = parse(html).unwrap();
    let mut lines = String::new();
    show(&tree, Tree::ROOT, 0, &mut lines);
    lines
}

fn show(tree: &Tree, id: NodeId, depth: usize, lines: &mut String) {
    for child in tree.children(id) {
        let indent = "  ".repeat(depth);
        match tree.data(child) {
            Data::Text(text) => lines.push_str(&format!("{indent}{text:?}\n")),
            Data::Element(element) => {
                let attributes: String = element
                    .attributes
                    .iter()
                    .map(|(name, value)| format!(" {name}={value:?}"))
                    .collect();
                lines.push_str(&format!("{indent}{}{attributes}\n", element.name));
                show(tree, child, depth + 1, lines);
            }
        }
    }
}

fn depth(tree: &Tree) -> usize {
    let depth = |id| std::iter::successors(Some(id), |one| tree.parent(*one)).count();
    tree.elements().map(|(id, _)| depth(id)).max().unwrap()
}

#[test]
fn what_authors_may_leave_open_is_ended() {
    for (short, long) in [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p>a<div>b</div>", "<p>a</p><div>b</div>"),
        (
            "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e",
            "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>e",
        ),
        (
            "<dl><dt>a<dd>b<dt>c<dd>d</dl>",
            "<dl><dt>a</dt><dd>b</dd><dt>c</dt><dd>d</dd></dl>",
        ),
        (
            "<table><tr><th>a<th>b<tbody><tr><td>c<td>d</table>e",
            "<table><tr><th>a</th><th>b</th></tr><tbody><tr><td>c</td><td>d</td></tr></tbody></table>e",
        ),
        (
            "<table><tr><td><table><tr><td>a</table>b<tr><td>c</table>",
            "<table><tr><td><table><tr><td>a</td></tr></table>b</td></tr><tr><td>c</td></tr></table>",
        ),
        ("<h2>a<h3>b", "<h2>a</h2><h3>b</h3>"),
        (
            "<head><title>a</title><p>b",
            "<head><title>a</title></head><p>b</p>",
        ),
        ("<a href=x>a<a href=y>b", "<a href=x>a</a><a href=y>b</a>"),
    ] {
        // A table's rows that begin without a body stay beside the body, which is the same to a reader.
        assert_eq!(flattened(&shown(short)), flattened(&shown(long)), "{short}");
    }
}

/// A tree without the bodies of tables.
fn flattened(shown: &str) -> String {
    let lines = shown.lines().filter(|line| line.trim() != "tbody");
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn end_tags_that_end_nothing_are_ignored() {
    insta::assert_snapshot!(shown("</p></div><div><b>a<section>b</b>c</section>d</div>e<table><tr><td>f</div>g</b></table>h"), @r#"
    div
      b
        "a"
        section
          "bc"
        "d"
    "e"
    table
      tr
        td
          "fg"
    "h"
    "#);
}

#[test]
fn scripts_and_styles_are_no_markup_and_not_kept() {
    insta::assert_snapshot!(shown("<script>'<p>'</script><style>a>b{}</style><script type='math/tex'>a<b</script><textarea><p></textarea>"), @r#"
    script
    style
    script type="math/tex"
      "a<b"
    textarea
      "<p>"
    "#);
}

#[test]
fn only_the_first_of_an_attribute_and_none_that_nobody_asks_for_is_kept() {
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    let html = format!("<a onclick=x HREF='a&amp;b' href=c id><img src='{long}' alt=d></p id=e>");
    insta::assert_snapshot!(shown(&html), @r#"
    a href="a&b" id=""
      img src="" alt="d"
    "#);
}

#[test]
fn nesting_has_an_end_and_what_is_below_it_is_still_there() {
    let html = format!(
        "{}text{}<p>after",
        "<div>".repeat(100_000),
        "</div>".repeat(100_000)
    );
    let tree = parse(&html).unwrap();
    assert_eq!(depth(&tree), MAX_DEPTH);
    assert!(tree.text(Tree::ROOT, |_| false).contains("text"));
    let last = tree.elements().last().unwrap();
    assert_eq!((last.1.name, tree.parent(last.0)), ("p", Some(Tree::ROOT)));
}

#[test]
fn a_script_below_the_greatest_depth_is_no_text() {
    let html = format!("{}<script>x</script>y", "<div>".repeat(MAX_DEPTH + 10));
    assert_eq!(parse(&html).unwrap().text(Tree::ROOT, |_| false), "y");
}

#[test]
fn a_page_has_only_so_many_elements() {
    assert!(parse(&"<b>".repeat(MAX_NODES)).is_ok());
    assert!(parse(&"<br>".repeat(MAX_NODES + 1)).is_err());
}
