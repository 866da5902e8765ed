use std::fmt::Write;
use std::time::Instant;

use proptest::prelude::*;

use super::check::{assert_fixed_vocabulary, assert_well_formed};
use super::*;

/// One a line; other crates' tests set them.
const EQUATIONS: &str = include_str!("../../tests/equations.txt");

fn read(source: &str) -> Result<Formula, MathError> {
    Formula::read(source, Display::Block)
}

fn message(source: &str) -> String {
    match read(source) {
        Ok(formula) => panic!("{source:?} is accepted as {:?}", formula.typst),
        Err(error) => error.message,
    }
}

fn assert_sound(formula: &Formula) {
    assert_well_formed(&formula.mathml);
    assert_fixed_vocabulary(&formula.typst);
}

#[test]
fn equations_that_people_write_are_accepted() {
    let refused: Vec<_> = EQUATIONS
        .lines()
        .filter_map(|line| read(line).err().map(|error| format!("{line}: {error}")))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    for line in EQUATIONS.lines() {
        for display in [Display::Block, Display::Inline] {
            assert_sound(&Formula::read(line, display).unwrap());
        }
    }
}

#[test]
fn what_is_set_is_read_again_as_the_same() {
    for line in EQUATIONS.lines() {
        let once = read(line).unwrap();
        let again = read(&once.tex).unwrap();
        assert_eq!(again.typst, once.typst, "{line}");
        assert_eq!(again.tex, once.tex, "{line}");
    }
}

#[test]
fn each_kind_of_formula_is_written_as_before() {
    let kinds = [
        r"\frac{a}{b} - \sqrt[n+1]{x'^2}",
        r"\sum_{i=1}^n x_i \int_0^1 \lim_{x \to 0}",
        r"\left( \frac{1}{2} \middle| \big| \right] \Bigl[ \vert x",
        r"\hat{x} + \overbrace{ab}^{\text{two }} + \overset{!}{=}",
        r"\begin{pmatrix} 1 & -1 \\ 0, & 2; \end{pmatrix}",
        r"\begin{cases} a & \text{if } b \\ c \end{cases}",
        r"\begin{align} a &= b \\ c &= d \label{x} \end{align}",
        r"x = \begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"\begin{array}{l|r} a & b \\ \hline c & d \end{array}",
        r"\mathbf{x}^\mathrm{T} \mathcal{L} \mathbb{R} \boldsymbol{\beta} \bm{\Gamma} \Gamma",
        r"\boxed{a} \phantom{b} \not\in \cancel{x} \binom{n}{k}",
        r"\operatorname*{argmax}_x \sin x \, \mathrm{kg\,m^{-3}}",
        "a < b \\& \"c\" / \\text{\"\\#&<\\textbackslash}",
    ];
    let mut written = String::new();
    for source in kinds {
        let formula = read(source).unwrap();
        assert_sound(&formula);
        writeln!(
            written,
            "{source}\n  {}\n  {}\n  {}\n",
            formula.tex, formula.mathml, formula.typst
        )
        .unwrap();
    }
    insta::assert_snapshot!(written);
}

#[test]
fn what_only_says_that_it_is_math_is_left_out() {
    for source in [
        "a+b",
        "$a+b$",
        "$$a+b$$",
        r"\[a+b\]",
        r"\(a+b\)",
        "  $ a+b $\n",
        r"\begin{equation}a+b\end{equation}",
        r"\begin{equation*} a+b \label{eq:1}\end{equation*}",
        r"$$\begin{equation}a+b\end{equation}$$",
        "a+b % a remark",
    ] {
        assert_eq!(read(source).unwrap().tex, "a+b", "{source}");
        assert_eq!(read(source).unwrap().source, source);
    }
}

#[test]
fn old_and_foreign_commands_are_rewritten() {
    for (source, tex) in [
        (r"{a \over b}", r"{\frac{a }{ b}}"),
        (r"a \over b", r"\frac{a }{ b}"),
        (r"{{a \over b} \over c}", r"{\frac{{\frac{a }{ b}} }{ c}}"),
        (r"\left(a \over b\right) + c", r"\left(\frac{a }{ b}\right) + c"),
        (r"n \choose k", r"\binom{n }{ k}"),
        (
            r"\begin{cases} a \over b & c \end{cases}",
            r"\begin{cases}\frac{ a }{ b }& c \end{cases}",
        ),
        (r"\bm{x}\nonumber\tag{1}", r"\boldsymbol{x}"),
        (r"\begin{align*}a\end{align*}", r"\begin{aligned}a\end{aligned}"),
        (r"\LaTeX", r"\text{LaTeX}"),
        (r"\mbox{a_b~x}", r"\text{a\_b~x}"),
        (r"\text{a # b}", r"\text{a \# b}"),
    ] {
        assert_eq!(read(source).unwrap().tex, tex, "{source}");
    }
}

#[test]
fn what_cannot_be_set_is_refused_with_a_sentence() {
    for (source, expected) in [
        ("", "the equation is empty"),
        (" \n ", "the equation is empty"),
        ("$$$$", "the equation is empty"),
        (r"\label{eq:1}", "the equation is empty"),
        ("% only a remark", "the equation is empty"),
        (r"\frac{a}{b", "a `{` is not closed"),
        ("a}", "a `}` closes nothing"),
        (r"\frac{a}", "an argument is missing"),
        (r"\foo x", r"`\foo` is not a known command"),
        (
            r"\newcommand{\x}{y} \x",
            r"`\newcommand`: equations cannot define commands; write out what it stands for",
        ),
        (
            r"\def\x{y}",
            r"`\def`: equations cannot define commands; write out what it stands for",
        ),
        (
            r"\begin{tikzpicture}\end{tikzpicture}",
            "unknown mathematical environment found",
        ),
        (
            r"\left( a",
            r"unbalanced group found, expected it to be closed with `\right`",
        ),
        ("x^2^3", "trying to add a superscript twice to the same element"),
        ("x_a_b", "trying to add a subscript twice to the same element"),
        ("a & b", "alignment not allowed in current environment"),
        (
            "a $ b",
            "unexpected math `$` (math shift) character - this character cannot be used inside math mode",
        ),
        (
            r"a \over b \over c",
            r"a second `\over` needs braces around its part",
        ),
        (r"\text{\input{x}}", r"`\input` is not known within text"),
        (r"\text \alpha", r"`\text` wants its text in braces"),
        (r"x \", r"a `\` stands at the end"),
        ("x^^5cinput", "`^^` is not allowed"),
        ("a\u{0}b", "the character U+0000 is not allowed"),
        ("a\u{e001}b", "the character U+E001 is not allowed"),
        ("a\u{202e}b", "the character U+202E is not allowed"),
        (r"\char 65", r"`\char` is not allowed in an equation"),
        (
            r"\begin{alignat}{40000}a\end{alignat}",
            "`alignat` wants a number of columns in braces",
        ),
        (r"\hspace{1em \input{x}} y", r"`\input` is not a known command"),
        (r"\sqrt[3{x}", "a `[` behind `\\sqrt` is not closed"),
        (
            r"\begin{array} a \end{array}",
            "an array wants its columns in braces",
        ),
    ] {
        assert_eq!(message(source), expected, "{source}");
    }
}

#[test]
fn nothing_that_an_author_writes_is_run() {
    for source in [
        r"\includegraphics{/etc/passwd}",
        r"\input{/etc/passwd}",
        r"\href{javascript:alert(1)}{x}",
        r"\write18{id}",
        r"\catcode`\@=11",
        "#image(\"/etc/passwd\")",
        r"\unicode{x}",
        r"\text{\href{javascript:alert(1)}{x}}",
        r"\hspace{1em\openin5=x}",
    ] {
        message(source);
    }
    for source in [
        r##"\text{#panic() "quoted" \\}"##,
        r"\operatorname{\#panic()}",
        r"\text{</annotation><script>alert(1)</script>}",
        r"\operatorname{<script>}",
        r"\#image(/etc/passwd)",
        r"\#\{ panic() \}",
        "// a /* b */ c",
        "a; b, c: d..e @f `g` ~ !",
        "sys.inputs eval(read)",
        "a\n\\_ \\$ \\% \\&",
        "x % </math>\u{0}",
    ] {
        assert_sound(&read(source).unwrap());
    }
    let script = read(r"\text{<script>} % <script>").unwrap();
    assert!(!script.mathml.contains("<script"));
}

#[test]
fn depth_and_length_have_limits() {
    let nested = |count: usize| format!("{}x{}", "{".repeat(count), "}".repeat(count));
    assert_sound(&read(&nested(60)).unwrap());
    for (source, expected) in [
        (nested(100), "the equation is nested deeper than 64 levels"),
        (nested(2000), "the equation is nested deeper than 64 levels"),
        (
            format!("{}x{}", r"\frac{a}{".repeat(100), "}".repeat(100)),
            "the equation is nested deeper than 64 levels",
        ),
        (
            format!("{}x{}", "a_{".repeat(63), "}".repeat(63)),
            "the equation is nested deeper than 64 levels",
        ),
        (
            format!("{} x", r"\hat".repeat(1000)),
            "more than 16 commands are each other's arguments: braces are missing",
        ),
        (
            format!("{}x", r"\frac1".repeat(600)),
            "more than 16 commands are each other's arguments: braces are missing",
        ),
        (
            format!("{}x", r"\sqrt[3]".repeat(500)),
            "more than 16 commands are each other's arguments: braces are missing",
        ),
        (
            format!("x{}", r"^\hat".repeat(500)),
            "more than 16 commands are each other's arguments: braces are missing",
        ),
        (
            "x".repeat(MAX_EQUATION_BYTES + 1),
            "the equation is longer than 4096 bytes",
        ),
    ] {
        assert_eq!(message(&source), expected);
    }
    assert_sound(&read(&"x".repeat(MAX_EQUATION_BYTES)).unwrap());
    assert_sound(&read(&format!("{} x", r"\hat".repeat(15))).unwrap());
    for commands in [
        r"\text{$x$}",
        r"\left(\right)",
        r"\displaystyle",
        r"\relax",
        "{}",
        "'",
    ] {
        let source = commands.repeat(MAX_EQUATION_BYTES / commands.len());
        if let Ok(formula) = read(&source) {
            assert_sound(&formula);
        }
    }
}

#[test]
fn a_long_equation_takes_no_longer_than_its_length() {
    for piece in [
        r"{a \over b}",
        r"\frac{x}{y}+",
        r"\left(x\right)",
        "x'_{i}",
        r"\text{a b}",
        "a",
        r"\alpha ",
    ] {
        let source = piece.repeat(MAX_EQUATION_BYTES / piece.len());
        let start = Instant::now();
        read(&source).unwrap();
        // Generous: it is milliseconds without optimization.
        assert!(
            start.elapsed().as_millis() < 2_000,
            "{piece}: {:?}",
            start.elapsed()
        );
    }
}

/// What formulas are made of, and what they are broken with.
const TOKENS: &str = r#"{ } [ ] ( ) ^ _ & \\ $ % # ' " ~ x 12 1,5 . , ; - / < λ ∑ \frac \sqrt \sqrt[3] \over \choose \left( \right)
    \left. \right| \middle| \sum \int \limits \nolimits \hat \vec \overbrace \underline \text{a$b$} \text{ \mathrm \mathbf{x} \bf
    \rm \operatorname{f} \operatorname* \begin{cases} \end{cases} \begin{align} \end{align} \begin{array}{l|c} \end{array}
    \begin{pmatrix} \end{pmatrix} \substack{a\\b} \hline \displaystyle \boxed \phantom \not \cancel \binom \overset \big
    \xrightarrow[a] \Bigl( \hspace{1em} \kern \mkern3mu \, \! \label{a} \tag \color{red} \alpha \rightarrow \mathop \prime
    \def \char \relax \{ \} \| \# \$ \genfrac \pmod \begin{alignat}{2} \end{alignat} \begin \end \\[2pt] \textbf{x} \rm"#;

fn token() -> impl Strategy<Value = String> {
    let words: Vec<_> = TOKENS.split_whitespace().collect();
    prop_oneof![
        20 => proptest::sample::select(words).prop_map(str::to_owned),
        2 => proptest::sample::select(vec![" ", "\n", "\u{301}", "\u{2003}", "\\ "]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_accepted_is_sound(tokens in proptest::collection::vec(token(), 0..24)) {
        if let Ok(formula) = read(&tokens.concat()) {
            assert_sound(&formula);
        }
    }

    #[test]
    fn errors_are_one_line(tokens in proptest::collection::vec(token(), 0..12)) {
        if let Err(error) = read(&tokens.concat()) {
            prop_assert!(!error.message.is_empty() && !error.message.contains('\n'));
        }
    }

    #[test]
    fn words_reach_the_outputs_as_they_are(words in "[a-zA-Z0-9 .:;!?<>=@*+|/()\"'-]{1,30}") {
        let formula = read(&format!("x\\text{{{words}}}")).unwrap();
        assert_sound(&formula);
        let squeezed = words.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let expected = squeezed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        prop_assert!(formula.mathml.contains(&expected), "{}", formula.mathml);
        prop_assert!(formula.typst.contains(&squeezed.replace('"', "\\\"")), "{}", formula.typst);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Ok(formula) = read(&text) {
            assert_sound(&formula);
        }
    }
}
