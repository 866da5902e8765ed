//! The whole source.

use imprint_manuscript::manuscript::{Front, Manuscript, Section, Variant};

use crate::references::Bibliography;
use crate::{outline, text};

use super::blocks::Writer;
use super::escape::{escape, label, url};
use super::{commands, signs};

/// For pdfTeX, which has no font of Unicode's signs.
const FONTS: &str = r"\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
  \usepackage{textcomp}
  \usepackage{mathtools}
  \usepackage{amssymb}
  \usepackage{bm}
";

const PACKAGES: &str = r"\else
  \usepackage{mathtools}
  \usepackage{unicode-math}
  \providecommand{\bm}[1]{\symbfit{#1}}
\fi
\usepackage{cancel}
\usepackage{xcolor}
\usepackage[margin=2.5cm]{geometry}
\usepackage{graphicx}
\usepackage[export]{adjustbox}
\usepackage{array}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage{float}
\usepackage{caption}
\usepackage[normalem]{ulem}
\usepackage[round]{natbib}
";

/// The document from its first line to its last. `works` is its bibliography's file.
pub(super) fn document(manuscript: &Manuscript, bibliography: &Bibliography, works: &str) -> String {
    let mut writer = Writer::new(manuscript, bibliography);
    front(&mut writer.out, &manuscript.front);
    writer.out.push_str("\n\\begin{document}\n\\maketitle\n\n");
    facts(&mut writer.out, &manuscript.front, manuscript.variant);
    match manuscript.variant {
        Variant::Document => writer.out.push_str("\\tableofcontents\n\\newpage\n\n"),
        Variant::Journal => writer.out.push_str("\\linenumbers\n\n"),
    }
    let depths = outline::depths(&manuscript.sections);
    for (section, depth) in manuscript.sections.iter().zip(depths) {
        heading(&mut writer, section, depth);
        writer.page(&section.blocks);
    }
    writer.notes();
    if !manuscript.references.is_empty() {
        writer
            .out
            .push_str("\\nocite{*}\n\\bibliographystyle{apalike}\n\\bibliography{references}\n\n");
    }
    writer.out.push_str("\\end{document}\n");
    let declared = signs::declared(&[&writer.out, works]);
    let mut out = preamble(
        manuscript.variant,
        &declared,
        &commands::provided(&writer.commands),
    );
    out.push_str(&writer.out);
    out
}

fn preamble(variant: Variant, declared: &str, provided: &str) -> String {
    let lines = match variant {
        Variant::Document => "",
        Variant::Journal => "\\usepackage{lineno}\n",
    };
    format!(
        "\\documentclass[11pt,a4paper]{{article}}\n{FONTS}{}{declared}{PACKAGES}{lines}\
         \\usepackage[hidelinks,unicode]{{hyperref}}\n{provided}\\emergencystretch=3em\n\n",
        signs::UNKNOWN
    )
}

fn front(out: &mut String, front: &Front) {
    out.push_str(&format!("\\title{{{}}}\n", escape(&front.title)));
    let authors: Vec<String> = front
        .authors
        .iter()
        .map(|author| {
            let numbers: Vec<String> = author
                .affiliations
                .iter()
                .map(|number| (number + 1).to_string())
                .collect();
            let raised = if numbers.is_empty() {
                String::new()
            } else {
                format!("\\textsuperscript{{{}}}", numbers.join(","))
            };
            format!("{}{raised}", escape(&author.name))
        })
        .collect();
    out.push_str(&format!("\\author{{{}}}\n", authors.join(" \\and ")));
    out.push_str(&format!(
        "\\date{{{}}}\n",
        escape(front.published.as_deref().unwrap_or_default())
    ));
}

fn facts(out: &mut String, front: &Front, variant: Variant) {
    for (number, affiliation) in front.affiliations.iter().enumerate() {
        out.push_str(&format!(
            "\\noindent\\textsuperscript{{{}}}{}\n\n",
            number + 1,
            escape(affiliation)
        ));
    }
    if let Some(corresponding) = &front.corresponding {
        out.push_str(&format!(
            "\\noindent Corresponding author: {}",
            escape(&corresponding.name)
        ));
        if let Some(email) = &corresponding.email {
            out.push_str(&format!(
                " (\\href{{{}}}{{{}}})",
                url(&format!("mailto:{email}")),
                escape(email)
            ));
        }
        out.push_str("\n\n");
    }
    if !front.version.is_empty() {
        out.push_str(&format!("\\noindent Version {}\n\n", escape(&front.version)));
    }
    if let Some(doi) = &front.doi {
        out.push_str(&format!(
            "\\noindent \\href{{{}}}{{{}}}\n\n",
            url(&format!("https://doi.org/{doi}")),
            escape(doi)
        ));
    }
    if !front.keywords.is_empty() {
        out.push_str(&format!(
            "\\noindent Keywords: {}\n\n",
            escape(&front.keywords.join("; "))
        ));
    }
    if let Some(citation) = &front.citation {
        out.push_str(&format!("\\noindent Cite as: {}\n\n", escape(citation)));
    }
    if variant == Variant::Journal && !front.key_points.is_empty() {
        out.push_str("\\noindent\\textbf{Key points}\n\\begin{itemize}\n");
        for point in &front.key_points {
            out.push_str(&format!("\\item{{}} {}\n", escape(point)));
        }
        out.push_str("\\end{itemize}\n\n");
    }
}

/// A heading with the number that all outputs give it, so TeX does not count.
fn heading(writer: &mut Writer<'_>, section: &Section, depth: usize) {
    let id = label(&section.id);
    if section.heading.is_empty() {
        writer.out.push_str(&format!("\\phantomsection\\label{{{id}}}\n"));
        return;
    }
    let command = [
        "section",
        "subsection",
        "subsubsection",
        "paragraph",
        "subparagraph",
    ][depth.clamp(1, 5) - 1];
    let number = section.number.as_deref().map(escape).unwrap_or_default();
    writer.out.push_str(&format!("\\phantomsection\\{command}*{{"));
    if !number.is_empty() {
        writer.out.push_str(&format!("{number}\\quad{{}}"));
    }
    writer.inlines(&section.heading);
    let plain = escape(&text::inlines(&section.heading, writer.bibliography));
    let numberline = if number.is_empty() {
        String::new()
    } else {
        format!("\\protect\\numberline{{{number}}}")
    };
    writer.out.push_str(&format!(
        "}}\\label{{{id}}}\n\\addcontentsline{{toc}}{{{command}}}{{{numberline}{plain}}}\n"
    ));
    writer.notes();
}
