//! Pages as generators lay them out: the text is found, what surrounds it is not.

use imprint_extract::{Extracted, Page, extract};

fn read(html: &str) -> Page {
    match extract("guide/page.html", html.as_bytes()).unwrap() {
        Extracted::Page(page) => page,
        Extracted::Redirect { to } => panic!("leads on to {to}"),
    }
}

/// Sections as lines, then the Markdown.
fn shown(html: &str) -> String {
    let page = read(html);
    let sections: String = page
        .sections
        .iter()
        .map(|section| format!("#{} {}: {}\n", section.id, section.title, section.text))
        .collect();
    format!("{sections}---\n{}", page.markdown)
}

#[test]
fn sphinx_with_the_theme_of_read_the_docs() {
    insta::assert_snapshot!(shown(
        r##"<!DOCTYPE html><html class="writer-html5" lang="en"><head><title>Usage &mdash; Tool 1.0 documentation</title></head>
<body class="wy-body-for-nav"><div class="wy-grid-for-nav"><nav class="wy-nav-side">menu</nav><section class="wy-nav-content-wrap"><div class="rst-content">
<div role="navigation" aria-label="Page navigation"><ul class="wy-breadcrumbs"><li><a href="index.html">Home</a></li></ul></div>
<div role="main" class="document" itemscope="itemscope"><div itemprop="articleBody">
<section id="usage"><h1>Usage<a class="headerlink" href="#usage" title="Link to this heading"></a></h1>
<p>Run <code class="docutils literal notranslate"><span class="pre">tool</span> <span class="pre">--all</span></code>.</p>
<dl class="py function"><dt class="sig sig-object py" id="tool.run"><span class="sig-name">run</span>(<em>path</em>)<a class="reference internal" href="_modules/tool.html#run"><span class="viewcode-link"><span class="pre">[source]</span></span></a><a class="headerlink" href="#tool.run"></a></dt><dd><p>Runs it.</p></dd></dl>
<p>After it.</p></section></div></div>
<footer><div class="rst-footer-buttons"><a href="next.html">Next</a></div><p>&#169; Copyright 2031. Last updated on Jan 1, 2031.</p> Built with Sphinx</footer></div></section></div></body></html>"##
    ));
}

#[test]
fn mkdocs_with_material() {
    insta::assert_snapshot!(shown(
        r##"<html><head><title>Install - Tool</title><meta name="description" content="How to install it."></head><body>
<header class="md-header">Tool</header><div class="md-container"><main class="md-main"><div class="md-sidebar"><nav>menu</nav></div>
<div class="md-content"><article class="md-content__inner md-typeset"><a href="https://example.org/edit" title="Edit this page" class="md-content__button md-icon"><svg></svg></a>
<h1 id="install">Install<a class="headerlink" href="#install" title="Permanent link">&para;</a></h1>
<div class="tabbed-set"><input type="radio" id="t1"><div class="tabbed-labels"><label for="t1">Linux</label></div><div class="tabbed-content"><div class="tabbed-block">
<div class="language-bash highlight"><pre><span></span><code><a id="__codelineno-0-1" href="#__codelineno-0-1"></a>apt<span class="w"> </span>install<span class="w"> </span>tool
</code></pre></div></div></div></div>
<div class="admonition tip"><p class="admonition-title">Tip</p><p>See <a href="../faq/">the FAQ</a>.</p></div>
<aside class="md-source-file"><span>Last update: 2031-01-01</span></aside></article></div></main></div><footer>made with it</footer></body></html>"##
    ));
}

#[test]
fn docusaurus() {
    insta::assert_snapshot!(shown(
        r##"<html><head><title>Intro | Tool</title></head><body><div id="__docusaurus"><nav class="navbar">Tool</nav><main><div class="container"><article>
<nav class="theme-doc-breadcrumbs"><ul><li>Home</li></ul></nav><div class="theme-doc-toc-mobile"><button>On this page</button></div>
<div class="theme-doc-markdown markdown"><header><h1>Intro</h1></header><p>Let's go.</p>
<h2 class="anchor anchorWithStickyNavbar" id="first">First<a href="#first" class="hash-link" aria-label="Direct link to First">&#8203;</a></h2>
<div class="language-js codeBlockContainer theme-code-block"><div class="codeBlockContent"><pre tabindex="0" class="prism-code language-js"><code><span class="token-line">let a = 1;<br></span><span class="token-line">a++;<br></span></code></pre><div class="buttonGroup"><button>Copy</button></div></div></div>
<div class="theme-admonition theme-admonition-note"><div class="admonitionHeading">note</div><div class="admonitionContent"><p>Mind it.</p></div></div></div>
<footer class="theme-doc-footer"><a class="theme-edit-this-page" href="x">Edit this page</a><span class="theme-last-updated">Last updated on Jan 1</span></footer></article>
<nav class="pagination-nav"><a href="next">Next</a></nav></div></main></div></body></html>"##
    ));
}

#[test]
fn rustdoc() {
    insta::assert_snapshot!(shown(
        r##"<html><head><title>Thing in tool - Rust</title><meta name="description" content="A thing."></head><body class="rustdoc struct"><nav class="sidebar">menu</nav>
<main><div class="width-limiter"><section id="main-content" class="content"><div class="main-heading"><div class="rustdoc-breadcrumbs"><a href="index.html">tool</a></div><h1>Struct <span class="struct">Thing</span><button id="copy-path">Copy item path</button></h1><span class="out-of-band"><a class="src" href="../src/tool.rs.html">Source</a></span></div>
<pre class="rust item-decl"><code>pub struct Thing { <span class="comment">/* private fields */</span> }</code></pre>
<details class="toggle top-doc" open><summary class="hideme"><span>Expand description</span></summary><div class="docblock"><p>A thing.</p></div></details>
<h2 id="implementations" class="section-header">Implementations<a href="#implementations" class="anchor">§</a></h2>
<details class="toggle method-toggle" open><summary><section id="method.go" class="method"><a class="src rightside" href="../src/tool.rs.html#3">Source</a><h4 class="code-header">pub fn <a href="#method.go" class="fn">go</a>(&amp;self) -&gt; <a class="primitive" href="https://doc.rust-lang.org/std/primitive.bool.html">bool</a></h4></section></summary><div class="docblock"><p>Goes.</p></div></details>
</section></div></main></body></html>"##
    ));
}

#[test]
fn javadoc() {
    insta::assert_snapshot!(shown(
        r##"<html><head><title>Thing (Tool API)</title></head><body class="class-declaration-page"><div class="flex-box"><header class="flex-header"><nav>menu</nav></header><div class="flex-content"><main role="main">
<div class="header"><h1 title="Class Thing" class="title">Class Thing</h1></div>
<section class="details"><ul class="details-list"><li><section class="method-details" id="method-detail"><h2>Method Details</h2><ul class="member-list"><li><section class="detail" id="go(int)"><h3>go</h3><div class="member-signature"><span class="modifiers">public</span>&nbsp;<span class="return-type">void</span>&nbsp;<span class="element-name">go</span>()</div><div class="block">Goes.</div></section></li></ul></section></li></ul></section>
</main><footer role="contentinfo">Copyright</footer></div></div></body></html>"##
    ));
}
