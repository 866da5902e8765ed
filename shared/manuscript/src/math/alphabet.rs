//! Unicode's alphabets of mathematics.

use pulldown_latex::event::Font;

/// A letter or digit in a font. What a font has not stays as it is.
pub(super) fn styled(c: char, font: Font) -> char {
    if let Some(exception) = exception(c, font) {
        return exception;
    }
    let first = match c {
        'A'..='Z' => latin(font).map(|first| first + (u32::from(c) - u32::from('A'))),
        'a'..='z' => latin(font).map(|first| first + 26 + (u32::from(c) - u32::from('a'))),
        '0'..='9' => digits(font).map(|first| first + (u32::from(c) - u32::from('0'))),
        'Α'..='Ρ' | 'Σ'..='Ω' => capital_greek(font).map(|first| first + (u32::from(c) - u32::from('Α'))),
        '∇' => capital_greek(font).map(|first| first + 25),
        'α'..='ω' => small_greek(font).map(|first| first + (u32::from(c) - u32::from('α'))),
        '∂' => small_greek(font).map(|first| first + 25),
        'ϵ' => small_greek(font).map(|first| first + 26),
        'ϑ' => small_greek(font).map(|first| first + 27),
        'ϰ' => small_greek(font).map(|first| first + 28),
        'ϕ' => small_greek(font).map(|first| first + 29),
        'ϱ' => small_greek(font).map(|first| first + 30),
        'ϖ' => small_greek(font).map(|first| first + 31),
        _ => None,
    };
    first.and_then(char::from_u32).unwrap_or(c)
}

/// Letters that Unicode had before it had the alphabets.
fn exception(c: char, font: Font) -> Option<char> {
    Some(match (font, c) {
        (Font::Italic, 'h') => 'ℎ',
        (Font::Script, 'B') => 'ℬ',
        (Font::Script, 'E') => 'ℰ',
        (Font::Script, 'F') => 'ℱ',
        (Font::Script, 'H') => 'ℋ',
        (Font::Script, 'I') => 'ℐ',
        (Font::Script, 'L') => 'ℒ',
        (Font::Script, 'M') => 'ℳ',
        (Font::Script, 'R') => 'ℛ',
        (Font::Script, 'e') => 'ℯ',
        (Font::Script, 'g') => 'ℊ',
        (Font::Script, 'o') => 'ℴ',
        (Font::Fraktur, 'C') => 'ℭ',
        (Font::Fraktur, 'H') => 'ℌ',
        (Font::Fraktur, 'I') => 'ℑ',
        (Font::Fraktur, 'R') => 'ℜ',
        (Font::Fraktur, 'Z') => 'ℨ',
        (Font::DoubleStruck, 'C') => 'ℂ',
        (Font::DoubleStruck, 'H') => 'ℍ',
        (Font::DoubleStruck, 'N') => 'ℕ',
        (Font::DoubleStruck, 'P') => 'ℙ',
        (Font::DoubleStruck, 'Q') => 'ℚ',
        (Font::DoubleStruck, 'R') => 'ℝ',
        (Font::DoubleStruck, 'Z') => 'ℤ',
        (Font::DoubleStruckItalic, 'D') => 'ⅅ',
        (Font::DoubleStruckItalic, 'd') => 'ⅆ',
        (Font::DoubleStruckItalic, 'e') => 'ⅇ',
        (Font::DoubleStruckItalic, 'i') => 'ⅈ',
        (Font::DoubleStruckItalic, 'j') => 'ⅉ',
        _ => return None,
    })
}

/// Where the capital A of a font stands; the small letters follow the capitals.
fn latin(font: Font) -> Option<u32> {
    Some(match font {
        Font::Bold => 0x1d400,
        Font::Italic => 0x1d434,
        Font::BoldItalic | Font::BoldSymbol => 0x1d468,
        Font::Script => 0x1d49c,
        Font::BoldScript => 0x1d4d0,
        Font::Fraktur => 0x1d504,
        Font::DoubleStruck => 0x1d538,
        Font::BoldFraktur => 0x1d56c,
        Font::SansSerif => 0x1d5a0,
        Font::BoldSansSerif => 0x1d5d4,
        Font::SansSerifItalic => 0x1d608,
        Font::SansSerifBoldItalic => 0x1d63c,
        Font::Monospace => 0x1d670,
        Font::DoubleStruckItalic | Font::UpRight => return None,
    })
}

fn digits(font: Font) -> Option<u32> {
    Some(match font {
        Font::Bold | Font::BoldSymbol | Font::BoldItalic => 0x1d7ce,
        Font::DoubleStruck => 0x1d7d8,
        Font::SansSerif | Font::SansSerifItalic => 0x1d7e2,
        Font::BoldSansSerif | Font::SansSerifBoldItalic => 0x1d7ec,
        Font::Monospace => 0x1d7f6,
        Font::BoldScript
        | Font::BoldFraktur
        | Font::Fraktur
        | Font::Script
        | Font::DoubleStruckItalic
        | Font::Italic
        | Font::UpRight => return None,
    })
}

/// Where the capital Alpha of a font stands.
fn capital_greek(font: Font) -> Option<u32> {
    Some(match font {
        // Capital Greek letters are upright where nobody asks for another form, and stay so when they are made bold.
        Font::Bold | Font::BoldSymbol => 0x1d6a8,
        Font::Italic => 0x1d6e2,
        Font::BoldItalic => 0x1d71c,
        Font::BoldSansSerif => 0x1d756,
        Font::SansSerifBoldItalic => 0x1d790,
        _ => return None,
    })
}

/// Where the small alpha of a font stands.
fn small_greek(font: Font) -> Option<u32> {
    let capitals = match font {
        Font::BoldSymbol => 0x1d71c,
        _ => capital_greek(font)?,
    };
    Some(capitals + 26)
}

/// The character for a crossed out sign.
pub(super) fn negated(sign: &str) -> Option<char> {
    Some(match sign {
        "=" => '≠',
        "<" => '≮',
        ">" => '≯',
        "≤" => '≰',
        "≥" => '≱',
        "∈" => '∉',
        "∋" => '∌',
        "∃" => '∄',
        "∣" | "|" => '∤',
        "∥" => '∦',
        "∼" => '≁',
        "≃" => '≄',
        "≅" => '≇',
        "≈" => '≉',
        "≡" => '≢',
        "⊂" => '⊄',
        "⊃" => '⊅',
        "⊆" => '⊈',
        "⊇" => '⊉',
        "→" => '↛',
        "←" => '↚',
        "↔" => '↮',
        "⇒" => '⇏',
        "≺" => '⊀',
        "≻" => '⊁',
        _ => return None,
    })
}
