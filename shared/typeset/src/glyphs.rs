//! Which characters can be printed.
//!
//! The engine prints a box for a character that no font has, and says nothing.

use std::collections::HashSet;
use std::sync::LazyLock;

use imprint_manuscript::Warning;
use imprint_manuscript::manuscript::WarningCode;

use crate::world::FONTS;

/// How many characters are reported of one manuscript; whoever writes in a script that no font has knows after the first.
const MAX_WARNINGS: usize = 20;

static COVERED: LazyLock<HashSet<u32>> = LazyLock::new(|| {
    FONTS
        .iter()
        .flat_map(|font| font.info().coverage.iter())
        .collect()
});

/// The characters seen so far, and what is to be said of them.
#[derive(Debug, Default)]
pub(crate) struct Glyphs {
    seen: HashSet<char>,
    pub(crate) warnings: Vec<Warning>,
}

impl Glyphs {
    /// Looks at a text that stands at `path`.
    pub(crate) fn look(&mut self, text: &str, path: &str) {
        for letter in text.chars().filter(|letter| !letter.is_ascii()) {
            if !self.seen.insert(letter) || is_printed(letter) || self.warnings.len() >= MAX_WARNINGS {
                continue;
            }
            self.warnings.push(Warning {
                code: WarningCode::Glyph,
                path: path.to_owned(),
                node_id: None,
                message: format!(
                    "no font here has the character U+{:04X}; a box is printed instead",
                    u32::from(letter)
                ),
                snippet: format!("{letter} (U+{:04X})", u32::from(letter)),
            });
        }
    }
}

fn is_printed(letter: char) -> bool {
    letter.is_whitespace() || is_invisible(letter) || COVERED.contains(&u32::from(letter))
}

/// Characters that have no look of their own (Unicode's `Default_Ignorable_Code_Point`).
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
