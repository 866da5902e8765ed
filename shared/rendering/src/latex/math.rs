//! Formulas, which are TeX by nature: only those that can do nothing but be set.

use crate::references::fields::is_noncharacter;

use super::commands::colour;
use super::signs::in_formula;

/// Commands that read, write, define or leave the formula. The parser accepts definitions without reading their bodies.
const FORBIDDEN: [&str; 61] = [
    "input",
    "include",
    "includegraphics",
    "InputIfFileExists",
    "openin",
    "read",
    "readline",
    "write",
    "immediate",
    "openout",
    "closeout",
    "special",
    "directlua",
    "latelua",
    "luaexec",
    "pdfobj",
    "pdfximage",
    "XeTeXpicfile",
    "def",
    "edef",
    "gdef",
    "xdef",
    "let",
    "futurelet",
    "newcommand",
    "renewcommand",
    "providecommand",
    "newenvironment",
    "renewenvironment",
    "DeclareMathOperator",
    "global",
    "long",
    "outer",
    "csname",
    "endcsname",
    "catcode",
    "lccode",
    "uccode",
    "mathcode",
    "expandafter",
    "noexpand",
    "string",
    "meaning",
    "jobname",
    "scantokens",
    "loop",
    "repeat",
    "everymath",
    "everydisplay",
    "everypar",
    "usepackage",
    "documentclass",
    "item",
    "par",
    "label",
    "tag",
    "hbox",
    "vbox",
    "colorbox",
    "fcolorbox",
    "definecolor",
];

/// Environments that may stand in a formula. Those that would begin a formula of their own become their inner kin.
const ENVIRONMENTS: [(&str, &str); 26] = [
    ("matrix", "matrix"),
    ("pmatrix", "pmatrix"),
    ("bmatrix", "bmatrix"),
    ("Bmatrix", "Bmatrix"),
    ("vmatrix", "vmatrix"),
    ("Vmatrix", "Vmatrix"),
    ("smallmatrix", "smallmatrix"),
    ("matrix*", "matrix"),
    ("pmatrix*", "pmatrix"),
    ("bmatrix*", "bmatrix"),
    ("Bmatrix*", "Bmatrix"),
    ("vmatrix*", "vmatrix"),
    ("Vmatrix*", "Vmatrix"),
    ("cases", "cases"),
    ("rcases", "cases"),
    ("array", "array"),
    ("subarray", "subarray"),
    ("aligned", "aligned"),
    ("gathered", "gathered"),
    ("split", "aligned"),
    ("align", "aligned"),
    ("align*", "aligned"),
    ("gather", "gathered"),
    ("gather*", "gathered"),
    ("multline", "gathered"),
    ("eqnarray", "aligned"),
];

/// The formula as it is written into the source; none when it could do anything else than be set.
pub(super) fn accepted(tex: &str) -> Option<String> {
    let tex: String = tex
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let mut out = String::with_capacity(tex.len());
    let mut rest = tex.trim();
    let mut open: Vec<Open> = Vec::new();
    let mut needs_rows = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let (piece, left, rows) = command(after, &mut open)?;
                needs_rows |= rows;
                out.push_str(&piece);
                rest = left;
                continue;
            }
            '{' => {
                let text = in_text(&open) || begins_text(&out);
                open.push(Open::Brace { text });
            }
            '}' => matches!(open.pop()?, Open::Brace { .. }).then_some(())?,
            '&' => needs_rows |= open.is_empty(),
            '$' | '#' | '%' => return None,
            '^' if after.starts_with('^') => return None,
            c if c.is_control() || is_noncharacter(c) => return None,
            c if !c.is_ascii() => {
                out.push_str(&sign(c, &out, in_text(&open)));
                rest = after;
                continue;
            }
            _ => {}
        }
        out.push(c);
        rest = after;
    }
    if !open.is_empty() || out.trim().is_empty() {
        return None;
    }
    Some(if needs_rows {
        format!("\\begin{{aligned}}{out}\\end{{aligned}}")
    } else {
        out
    })
}

enum Open {
    Brace {
        /// Whether words stand in it.
        text: bool,
    },
    Environment(String),
}

fn in_text(open: &[Open]) -> bool {
    matches!(open.last(), Some(Open::Brace { text: true }))
}

/// Whether what is written so far ends with a command whose argument is words.
fn begins_text(out: &str) -> bool {
    let commands = [
        "\\text",
        "\\textrm",
        "\\textbf",
        "\\textit",
        "\\textsf",
        "\\texttt",
        "\\textnormal",
        "\\mbox",
    ];
    commands.iter().any(|command| out.trim_end().ends_with(command))
}

fn sign(c: char, before: &str, in_text: bool) -> String {
    match in_text {
        true => format!("{{{c}}}"),
        // An index is one piece.
        false if before.trim_end().ends_with(['_', '^']) => format!("{{{}}}", in_formula(c).trim_end()),
        false => in_formula(c),
    }
}

/// Reads what follows a backslash: what to write, what is left, and whether it parts rows of the whole formula.
fn command<'a>(after: &'a str, open: &mut Vec<Open>) -> Option<(String, &'a str, bool)> {
    let letters = after
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(after.len());
    let name = &after[..letters];
    if name.is_empty() {
        let sign = after.chars().next()?;
        let is_known = sign.is_ascii() && !"()[]".contains(sign);
        let left = &after[sign.len_utf8()..];
        return is_known.then(|| (format!("\\{sign}"), left, sign == '\\' && open.is_empty()));
    }
    let left = &after[letters..];
    match name {
        "begin" | "end" => {
            let (environment, left) = left.trim_start().strip_prefix('{')?.split_once('}')?;
            let (_, inner) = ENVIRONMENTS.iter().find(|(known, _)| *known == environment)?;
            if name == "begin" {
                open.push(Open::Environment(environment.to_owned()));
            } else {
                matches!(open.pop()?, Open::Environment(begun) if begun == environment).then_some(())?;
            }
            Some((format!("\\{name}{{{inner}}}"), left, false))
        }
        "color" | "textcolor" => {
            let (known, left) = colour(left)?;
            let piece = known.map(|known| format!("\\{name}{{{known}}}"));
            Some((piece.unwrap_or_default(), left, false))
        }
        name if FORBIDDEN.contains(&name) => None,
        name => Some((format!("\\{name}"), left, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::accepted;
    use proptest::prelude::*;

    #[test]
    fn a_formula_stays_what_it_is() {
        for tex in [
            r"\frac{a}{b}",
            r"\begin{pmatrix}1 & 2\\3 & 4\end{pmatrix}",
            r"\{x\}",
            r"x \text{ if } y",
            r"a\%",
        ] {
            assert_eq!(accepted(tex).as_deref(), Some(tex));
        }
    }

    #[test]
    fn signs_beyond_ascii_are_commands_except_among_words() {
        for (tex, set) in [
            (r"\frac λ2 ≤ 1", r"\frac \lambda 2 \leq  1"),
            (r"\color{red}a \textcolor{aliceblue}{b}", r"\color{red}a {b}"),
            (r"x_λ^∉", r"x_{\lambda}^{\notin}"),
            (r"\text{a λ {é}} + é", r"\text{a {λ} {{é}}} + \text{é}"),
        ] {
            assert_eq!(accepted(tex).as_deref(), Some(set));
        }
    }

    #[test]
    fn a_formula_of_several_rows_gets_what_sets_rows() {
        assert_eq!(
            accepted(r"a &= b \\ c &= d").as_deref(),
            Some(r"\begin{aligned}a &= b \\ c &= d\end{aligned}")
        );
        assert_eq!(
            accepted(r"\begin{align*}a\end{align*}").as_deref(),
            Some(r"\begin{aligned}a\end{aligned}")
        );
    }

    #[test]
    fn what_could_leave_its_formula_is_not_one() {
        for tex in [
            r"x\end{equation}\input{/etc/passwd}",
            r"\input{a}",
            r"\def\x{\write18{ls}}",
            "x$y",
            "x % y",
            r"\csname input\endcsname",
            "{x",
            "x}",
            r"\begin{pmatrix}1}",
            r"\begin{document}x\end{document}",
            "^^5cinput",
            "#1",
            r"x\",
            "",
            " ",
            r"\]x\[",
            r"\begin{pmatrix}{1\end{pmatrix}}",
        ] {
            assert_eq!(accepted(tex), None, "{tex}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_out(tex in r"(\\begin\{pmatrix\}|\\end\{pmatrix\}|\\input|\\end\{equation\}|[{}$#%&^_\\a-z \n]){0,20}") {
            if let Some(tex) = accepted(&tex) {
                let bare = tex.replace("\\\\", "").replace("\\$", "").replace("\\%", "").replace("\\#", "").replace("\\{", "").replace("\\}", "");
                // A longer name is another command.
                let reads = bare.match_indices("\\input").any(|(at, way)| {
                    !bare[at + way.len()..].starts_with(|c: char| c.is_ascii_alphabetic())
                });
                let escapes = reads || ["\\end{equation}", "\n"].iter().any(|way| bare.contains(way));
                prop_assert!(!escapes);
                prop_assert!(!bare.contains(['$', '%', '#']));
                prop_assert_eq!(bare.matches('{').count(), bare.matches('}').count());
            }
        }
    }
}
