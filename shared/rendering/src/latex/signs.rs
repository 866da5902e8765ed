//! Signs beyond ASCII. XeTeX and LuaTeX read them; pdfTeX must be told what they are.

/// What pdfTeX does with a sign that no font of it has. Without this it would stop with an error at each.
pub(super) const UNKNOWN: &str = r"  \newcommand\unknownsign{\ensuremath{\square}}
  \makeatletter
  \def\UTFviii@undefined@err#1{\unknownsign}
  \def\UTFviii@invalid@err#1{\unknownsign}
  \makeatother
";

/// Signs, each with the formula that sets it.
const SIGNS: &str = r"
    α\alpha β\beta γ\gamma δ\delta ε\varepsilon ζ\zeta η\eta θ\theta ι\iota κ\kappa λ\lambda μ\mu ν\nu ξ\xi ο{o} π\pi ρ\rho
    ς\varsigma σ\sigma τ\tau υ\upsilon φ\varphi χ\chi ψ\psi ω\omega ϵ\epsilon ϑ\vartheta ϕ\phi ϖ\varpi ϱ\varrho
    ά\acute{\alpha} έ\acute{\varepsilon} ή\acute{\eta} ί\acute{\iota} ό\acute{o} ύ\acute{\upsilon} ώ\acute{\omega}
    Α\mathrm{A} Β\mathrm{B} Γ\Gamma Δ\Delta Ε\mathrm{E} Ζ\mathrm{Z} Η\mathrm{H} Θ\Theta Ι\mathrm{I} Κ\mathrm{K} Λ\Lambda
    Μ\mathrm{M} Ν\mathrm{N} Ξ\Xi Ο\mathrm{O} Π\Pi Ρ\mathrm{P} Σ\Sigma Τ\mathrm{T} Υ\Upsilon Φ\Phi Χ\mathrm{X} Ψ\Psi Ω\Omega
    Ω\Omega Å\mathrm{\mathring{A}} Å\mathrm{\mathring{A}} ℃{}^{\circ}\mathrm{C} ℓ\ell ℏ\hbar ∑\sum ∏\prod ∫\int ∮\oint ∂\partial ∆\Delta ∇\nabla √\surd
    ∞\infty ≤\leq ≥\geq ⩽\leq ⩾\geq ≠\neq ≈\approx ≡\equiv ∼\sim ≃\simeq ≅\cong ∝\propto ≪\ll ≫\gg ±\pm ∓\mp ×\times ÷\div
    ·\cdot ⋅\cdot ∙\cdot −- ∗* ∘\circ ∈\in ∉\notin ∋\ni ⊂\subset ⊃\supset ⊆\subseteq ⊇\supseteq ∪\cup ∩\cap ∅\emptyset
    ∀\forall ∃\exists ∧\wedge ∨\vee ¬\neg ⊕\oplus ⊗\otimes ⊥\perp ∥\parallel ‖\Vert ∠\angle ⟨\langle ⟩\rangle ⌊\lfloor ⌋\rfloor
    ⌈\lceil ⌉\rceil ←\leftarrow →\rightarrow ↑\uparrow ↓\downarrow ↔\leftrightarrow ⇐\Leftarrow ⇒\Rightarrow ⇔\Leftrightarrow
    ↦\mapsto …\ldots ⋯\cdots ⋮\vdots ⋱\ddots ′{}^{\prime} ″{}^{\prime\prime} °{}^{\circ} ¹{}^{1} ²{}^{2} ³{}^{3} ⁰{}^{0} ⁴{}^{4}
    ⁵{}^{5} ⁶{}^{6} ⁷{}^{7} ⁸{}^{8} ⁹{}^{9} ⁺{}^{+} ⁻{}^{-} ⁿ{}^{n} ₀{}_{0} ₁{}_{1} ₂{}_{2} ₃{}_{3} ₄{}_{4} ₅{}_{5} ₆{}_{6}
    ₇{}_{7} ₈{}_{8} ₉{}_{9} ₊{}_{+} ₋{}_{-} ½\tfrac{1}{2} ¼\tfrac{1}{4} ¾\tfrac{3}{4} µ\mu □\square ▪\blacksquare ★\bigstar ✓\checkmark
";

fn signs() -> impl Iterator<Item = (char, &'static str)> {
    SIGNS.split_whitespace().filter_map(|word| {
        let sign = word.chars().next()?;
        Some((sign, &word[sign.len_utf8()..]))
    })
}

/// What tells pdfTeX the signs of a text, without those that its encoding has.
pub(super) fn declared(texts: &[&str]) -> String {
    signs()
        .filter(|(sign, _)| {
            u32::from(*sign) > 0xFF && *sign != '…' && texts.iter().any(|text| text.contains(*sign))
        })
        .map(|(sign, tex)| {
            format!(
                "  \\DeclareUnicodeCharacter{{{:04X}}}{{\\ensuremath{{{tex}}}}}\n",
                u32::from(sign)
            )
        })
        .collect()
}

/// A sign beyond ASCII as part of a formula: pdfTeX would take its bytes for several arguments.
pub(super) fn in_formula(sign: char) -> String {
    match signs().find(|(known, _)| *known == sign) {
        Some((_, tex)) if tex.ends_with(|c: char| c.is_ascii_alphabetic()) => format!("{tex} "),
        Some((_, tex)) => tex.to_owned(),
        None if sign.is_alphabetic() => format!("\\text{{{sign}}}"),
        None => format!("{{{sign}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{declared, in_formula, signs};
    use crate::latex::math::accepted;

    #[test]
    fn every_sign_is_there_once_and_its_formula_is_one() {
        let mut seen = std::collections::BTreeSet::new();
        for (sign, tex) in signs() {
            assert!(!sign.is_ascii() && seen.insert(sign), "{sign}");
            assert_eq!(accepted(tex).as_deref(), Some(tex), "{sign}");
        }
    }

    #[test]
    fn only_the_signs_of_a_text_are_declared() {
        insta::assert_snapshot!(declared(&["a λ, 2 °C", "≤ 雪"]), @r"
          \DeclareUnicodeCharacter{03BB}{\ensuremath{\lambda}}
          \DeclareUnicodeCharacter{2264}{\ensuremath{\leq}}
        ");
    }

    #[test]
    fn a_sign_in_a_formula_is_a_command_or_one_argument() {
        for (sign, tex) in [
            ('λ', "\\lambda "),
            ('²', "{}^{2}"),
            ('雪', "\\text{雪}"),
            ('⊞', "{⊞}"),
        ] {
            assert_eq!(in_formula(sign), tex);
        }
    }
}
