use crate::{Extracted, extract};

/// The Markdown of a main content, without the title that the page gets.
fn markdown(html: &str) -> String {
    match extract("a/b.html", format!("<main>{html}</main>").as_bytes()) {
        Ok(Extracted::Page(page)) => page.markdown.trim_start_matches("# a/b.html\n\n").to_owned(),
        other => panic!("no page: {other:?}"),
    }
}

fn check(table: &[(&str, &str)]) {
    for (html, expected) in table {
        assert_eq!(markdown(html).trim_end(), *expected, "{html}");
    }
}

#[test]
fn what_is_marked_in_a_line_stays_marked() {
    check(&[
        ("a <b> b </b> c", "a **b** c"),
        ("a<b>b</b>c <i>d</i>, (<em>e</em>)", "a**b**c _d_, (_e_)"),
        // Markdown has no emphasis within words.
        ("a<i>b</i>c", "abc"),
        ("<b>a</b><b>b</b>", "**a**b"),
        ("<b><i>a</i></b> <i><b>a</b></i>", "**_a_** _**a**_"),
        ("<b><b>a</b></b>", "**a**"),
        ("x <code> a  b </code> <kbd>c</kbd><code>d</code>", "x `a b` `cd`"),
        ("<code>a`b``</code>", "``` a`b`` ```"),
        ("a<br>b<br><br>c<br>", "a\\\nb\\\nc"),
        ("a<b><br>b<br></b>c", "a **b** c"),
        ("<q>a</q> x<sup>2</sup>", "“a” x2"),
        ("a\u{a0}\n \u{2003}b", "a b"),
    ]);
}

#[test]
fn links_lead_to_twins_and_what_leads_nowhere_is_text() {
    check(&[
        ("<a href='../c.html#d'>c</a>", "[c](../c.md#d)"),
        (
            "<a href='https://example.org/c.html?a=b&amp;copy;'>c</a>",
            "[c](https://example.org/c.html?a=b&amp;copy;)",
        ),
        (
            "<a href='a b(c)<d>.pdf'><b>c</b></a>",
            "[**c**](a%20b%28c%29%3Cd%3E.pdf)",
        ),
        (
            "<a href='javascript:alert(1)'>c</a> <a href='data:x'>d</a> <a>e</a>",
            "c d e",
        ),
        ("wow!<a href=c>d</a>", "wow\\![d](c)"),
        ("<a href=c><span><a href=d>e</a></span></a>", "[e](d)"),
        ("<a href=c></a><a href='#x'>¶</a>x", "x"),
        ("<a href=c><img src=d alt='e]'></a>", "[![e\\]](d)](c)"),
        (
            "<img src='data:image/png;base64,AA' alt='a picture'> <img src=x.png>",
            "a picture ![](x.png)",
        ),
        (
            "<a href=c.html><h3>Card</h3><p>Text</p></a><a href=d.html><div>Other</div></a>",
            "[Card Text](c.md)\n\n[Other](d.md)",
        ),
        ("<a href=c.html><ul><li>a<li>b</ul></a>", "- a\n- b"),
    ]);
}

#[test]
fn code_is_fenced_with_its_language() {
    check(&[
        (
            "<div class='highlight-python notranslate'><div class=highlight><pre><span></span><span class=k>def</span> f():\n    <b>return</b> 1\n</pre></div></div>",
            "```python\ndef f():\n    return 1\n```",
        ),
        (
            "<pre><code class='hljs language-rust'>fn\n```\nx</code></pre>",
            "````rust\nfn\n```\nx\n````",
        ),
        ("<div class=highlight-default><pre>x</pre></div>", "```\nx\n```"),
        ("<pre class='src rust'><code>x</code></pre>", "```rust\nx\n```"),
        ("<div class='language-a`b'><pre>x</pre></div>", "```\nx\n```"),
        (
            "<pre class='language-js'><span>a</span><br><span>b</span><br></pre>",
            "```js\na\nb\n```",
        ),
        (
            "<table class=highlighttable><tr><td class=linenos><pre>1</pre><td class=code><div class=highlight><pre>x</pre></div></table>",
            "```\nx\n```",
        ),
        (
            "<pre><span class=linenos>1</span>x<button class=copybtn>Copy</button></pre>",
            "```\nx\n```",
        ),
        (
            "<ul><li>a<pre>x\n\ny</pre></ul>",
            "- a\n\n  ```\n  x\n\n  y\n  ```",
        ),
    ]);
}

#[test]
fn lists_stay_nested_and_two_lists_stay_two() {
    check(&[
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</ul>", "- a\n\n  b\n\n- c"),
        (
            "<ol start=9><li>a<li>b<ol><li>c</ol></ol>",
            "9. a\n\n10. b\n\n    1. c",
        ),
        (
            "<ol start=-3><li>a</ol><ol start=9999999999><li>b</ol>",
            "1. a\n\n1) b",
        ),
        ("<ul><li>a</ul><ul><li>b</ul><ul><li>c</ul>", "- a\n\n* b\n\n- c"),
        ("<ul>x<ul><li>a</ul></ul>", "- x\n  - a"),
        ("<ul><li><hr></ul><ul><li><h2>b</h2>c</ul>", "- ___\n\n## b\n\nc"),
        (
            "<dl><dt>a<dd>b<dt id=c>c<dd><p>d<p>e</dl>",
            "- a\n\n  b\n\n- c\n\n  d\n\n  e",
        ),
        ("<dl><dd>a</dl>", "- a"),
    ]);
}

#[test]
fn notes_are_quotes_with_their_title() {
    check(&[
        (
            "<div class='admonition note'><p class=admonition-title>Note</p><p>a</p></div>",
            "> **Note**\n>\n> a",
        ),
        ("<aside class='starlight-aside'>a</aside><aside>b</aside>", "> a"),
        (
            "<blockquote><p>a</p><footer>b</footer></blockquote><details><summary>c</summary>d</details>",
            "> a\n\n**c**\n\nd",
        ),
    ]);
}

#[test]
fn a_table_of_lines_is_a_table_and_another_is_a_list() {
    check(&[
        (
            "<table><caption>T</caption><thead><tr><th>a<th>b</thead><tr><td>c|d <code>e|f</code><td><a href='g|h'>i</a></table>",
            "**T**\n\n| a | b |\n| --- | --- |\n| c\\|d `e\\|f` | [i](g%7Ch) |",
        ),
        (
            "<table><tr><td>a<td>b<br>c</table>",
            "|  |  |\n| --- | --- |\n| a | b c |",
        ),
        (
            "<table><tr><th colspan=2>a<tr><td>b<td>c<td>d</table>",
            "| a |  |  |\n| --- | --- | --- |\n| b | c | d |",
        ),
        (
            "<table><tr><th>a<td>b</table>",
            "|  |  |\n| --- | --- |\n| a | b |",
        ),
        (
            "<table><tr><td>a<td><table><tr><td>b</table><tr><td><ul><li>c</ul></table>",
            "- - a\n\n  - |  |\n    | --- |\n    | b |\n\n- - - c",
        ),
        (
            "<table>lost<tr>found<td>a</table>",
            "lostfound\n\n|  |\n| --- |\n| a |",
        ),
        ("<table><tr><td colspan=1000000>a</table>", "|  |\n| --- |\n| a |"),
    ]);
}

#[test]
fn formulas_are_their_source() {
    check(&[
        (
            "a <span class='math notranslate'>\\(x_1*y\\)</span>",
            "a $`x_1*y`$",
        ),
        (
            "<div class='math' id=e><span class=eqno>(1)<a class=headerlink href=#e>¶</a></span>\\[x\n=y\\]</div>",
            "```math\nx\n=y\n```",
        ),
        (
            "<math><mi>x</mi><annotation encoding='application/x-tex'>\\vec x</annotation></math>",
            "$`\\vec x`$",
        ),
        (
            "<span class=katex><span class=katex-mathml><math><mi>y</mi><annotation encoding='application/x-tex'>y</annotation></math></span><span aria-hidden=true>y</span></span>",
            "$`y`$",
        ),
        ("<math><mi>x</mi></math>", "x"),
        (
            "<script type='math/tex; mode=display'>a<b</script>",
            "```math\na<b\n```",
        ),
        (
            "<div class=math><p><img class=math src=m.png alt='x^2'></p></div>",
            "$`x^2`$",
        ),
    ]);
}

#[test]
fn what_is_no_content_is_left_out() {
    check(&[
        (
            "<nav>a</nav>b<footer>c</footer><button>d</button><span aria-hidden=true>e</span>",
            "b",
        ),
        (
            "<div class=toc>a</div><p class='last-updated'>b</p><a class=edit-this-page href=x>c</a>d",
            "d",
        ),
        (
            "<div class='contents topic'>a</div><div class=contents>b</div>",
            "b",
        ),
        (
            "<form><input value=a>b</form><div hidden>c</div><div hidden role=tabpanel>d</div>",
            "d",
        ),
        (
            "<p>Last updated on Mar 3, 2031.</p><p>Revision <code>4f0c2d91</code>.</p>a",
            "a",
        ),
        (
            "<template><p>a</p></template><noscript>b</noscript><svg><text>c</text></svg>d",
            "d",
        ),
    ]);
}

#[test]
fn the_main_content_is_found() {
    for (html, expected) in [
        ("<body><p>a<main><p>b<article>c</article></main>", "c"),
        ("<body>x<div class=body role=main>b<footer>c</footer></div>", "b"),
        (
            "<main><nav>x</nav><article>a</article><article>b</article></main>",
            "a\n\nb",
        ),
        ("<main>x<section id=main-content>a</section></main>", "a"),
        (
            "<main><div role=navigation>n</div><div class='theme-doc-markdown'>a</div>b</main>",
            "a",
        ),
        ("<div role=main><div itemprop=articleBody>a</div>b</div>", "a"),
        ("<main></main><body><p>a", "a"),
        ("<p>a<header>b</header>", "a\n\nb"),
        ("plain <i>text</i>", "plain _text_"),
    ] {
        let Ok(Extracted::Page(page)) = extract("a.html", html.as_bytes()) else {
            panic!("no page: {html}");
        };
        assert_eq!(
            page.markdown.trim_start_matches("# a.html\n\n").trim_end(),
            expected,
            "{html}"
        );
    }
}
