//! The commands of formulas. The parser knows more of them than every TeX does.

use std::collections::BTreeSet;

/// What LaTeX with the packages of our sources knows. It is a list so that a source does not say again what everybody knows.
const KNOWN: &str = "
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma
    varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    frac dfrac tfrac binom sqrt sum prod int iint iiint oint lim limsup liminf max min sup inf arg det exp log ln sin cos tan
    cot sec csc arcsin arccos arctan sinh cosh tanh left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr
    cdot cdots ldots dots vdots ddots times div pm mp ast star circ bullet leq le geq ge neq ne approx equiv sim simeq cong
    propto ll gg in ni notin subset supset subseteq supseteq cup cap emptyset forall exists neg wedge vee land lor
    to rightarrow leftarrow Rightarrow Leftarrow leftrightarrow Leftrightarrow mapsto infty partial nabla prime hbar ell
    quad qquad text mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak operatorname begin end limits nolimits
    hat widehat bar overline underline vec dot ddot tilde widetilde acute grave check breve mathring overbrace underbrace
    overset underset stackrel substack langle rangle lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert mid parallel
    displaystyle textstyle scriptstyle bm boxed phantom
";

/// Colours that have the same name everywhere.
const COLOURS: [&str; 19] = [
    "black",
    "blue",
    "brown",
    "cyan",
    "darkgray",
    "gray",
    "green",
    "lightgray",
    "lime",
    "magenta",
    "olive",
    "orange",
    "pink",
    "purple",
    "red",
    "teal",
    "violet",
    "white",
    "yellow",
];

/// The names of the commands in a formula.
pub(super) fn names(tex: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = tex;
    while let Some((_, after)) = rest.split_once('\\') {
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        if letters > 0 {
            names.push(&after[..letters]);
        }
        // A backslash may follow a backslash: that is one command.
        let taken = letters.max(after.chars().next().map_or(0, char::len_utf8));
        rest = &after[taken..];
    }
    names
}

/// What makes unknown commands print their names, where TeX would stop with an error.
pub(super) fn provided(names: &BTreeSet<String>) -> String {
    let known: BTreeSet<&str> = KNOWN.split_whitespace().collect();
    let lines: String = names
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .map(|name| format!("  \\providecommand{{\\{name}}}{{\\ensuremath{{\\mathrm{{{name}}}}}}}\n"))
        .collect();
    if lines.is_empty() {
        lines
    } else {
        // Only there all packages have said what they know.
        format!("\\AtBeginDocument{{\n{lines}}}\n")
    }
}

/// The colour that `{name}` says, if every TeX knows it, and what follows.
pub(super) fn colour(after: &str) -> Option<(Option<&str>, &str)> {
    let (name, left) = after.trim_start().strip_prefix('{')?.split_once('}')?;
    let known = COLOURS.iter().find(|known| **known == name.trim()).copied();
    Some((known, left))
}

#[cfg(test)]
mod tests {
    use super::{colour, names, provided};

    #[test]
    fn names_are_what_follows_a_backslash() {
        assert_eq!(
            names(r"\frac{a}\\b \{ \alpha2 \,\beta"),
            ["frac", "alpha", "beta"]
        );
    }

    #[test]
    fn only_what_not_everybody_knows_is_provided() {
        let names = ["alpha", "coh", "frac"].map(str::to_owned).into();
        insta::assert_snapshot!(provided(&names), @r"
        \AtBeginDocument{
          \providecommand{\coh}{\ensuremath{\mathrm{coh}}}
        }
        ");
        assert_eq!(provided(&["alpha".to_owned()].into()), "");
    }

    #[test]
    fn a_colour_that_not_everybody_knows_is_none() {
        assert_eq!(colour("{red}{x}"), Some((Some("red"), "{x}")));
        assert_eq!(colour(" {aliceblue} x"), Some((None, " x")));
        assert_eq!(colour("[rgb]{1,0,0}"), None);
    }
}
