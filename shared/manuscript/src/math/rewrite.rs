//! Makes what authors write into what every reader of LaTeX with the AMS packages takes, and nothing else.

use std::collections::VecDeque;

use super::MathError;
use super::source::Item;

/// Rewrites or drops what the parser does not know, and refuses definitions.
pub(super) fn clean(items: Vec<Item>) -> Result<Vec<Item>, MathError> {
    let mut input = VecDeque::from(items);
    let mut out = Vec::with_capacity(input.len());
    while let Some(item) = input.pop_front() {
        match item {
            Item::Command(name) => command(name, &mut input, &mut out)?,
            Item::Group(inner) => out.push(Item::Group(clean(inner)?)),
            Item::Char(_) | Item::Space | Item::Text { .. } => out.push(item),
        }
    }
    fractions(out)
}

fn command(name: String, input: &mut VecDeque<Item>, out: &mut Vec<Item>) -> Result<(), MathError> {
    match name.as_str() {
        "nonumber" | "notag" | "relax" | "smash" | "allowbreak" | "nobreak" => {}
        "label" | "tag" | "color" | "textcolor" | "colorbox" => {
            if input.front() == Some(&Item::Char('*')) {
                input.pop_front();
            }
            argument(&name, input)?;
        }
        "vphantom" => {
            argument(&name, input)?;
        }
        "hspace" => {
            if input.front() == Some(&Item::Char('*')) {
                input.pop_front();
            }
            out.push(Item::Command(name));
        }
        "newcommand"
        | "renewcommand"
        | "providecommand"
        | "def"
        | "gdef"
        | "edef"
        | "xdef"
        | "let"
        | "futurelet"
        | "DeclareMathOperator"
        | "newenvironment" => {
            return Err(MathError::new(format!(
                "`\\{name}`: equations cannot define commands; write out what it stands for"
            )));
        }
        // The parser reads numbers of any length into a machine word, and `\over` out of turn.
        "char" | "buildrel" | "begingroup" | "endgroup" | "bgroup" | "egroup" | "fcolorbox" | "sideset" => {
            return Err(MathError::new(format!(
                "`\\{name}` is not allowed in an equation"
            )));
        }
        "bm" | "pmb" => out.push(Item::Command("boldsymbol".to_owned())),
        "hphantom" => out.push(Item::Command("phantom".to_owned())),
        "LaTeX" | "TeX" => out.push(Item::Text {
            command: "text",
            text: name,
        }),
        "begin" | "end" => environment(name, input, out)?,
        "mathop" => operator(input, out)?,
        _ => out.push(Item::Command(name)),
    }
    Ok(())
}

/// What follows a command: one group, or one other thing.
fn argument(name: &str, input: &mut VecDeque<Item>) -> Result<Item, MathError> {
    skip_space(input);
    input
        .pop_front()
        .ok_or_else(|| MathError::new(format!("`\\{name}` wants an argument")))
}

fn skip_space(input: &mut VecDeque<Item>) {
    while input.front() == Some(&Item::Space) {
        input.pop_front();
    }
}

/// Environments that number their lines, or stand alone, become those that stand within an equation.
fn environment(begin: String, input: &mut VecDeque<Item>, out: &mut Vec<Item>) -> Result<(), MathError> {
    let Item::Group(inner) = argument(&begin, input)? else {
        return Err(MathError::new(format!("`\\{begin}` wants a name in braces")));
    };
    let name: String = characters(&inner);
    let new = match name.as_str() {
        "equation" | "equation*" | "gather" | "gather*" | "multline" | "multline*" => "gathered",
        "align" | "align*" | "split" | "flalign" | "flalign*" => "aligned",
        "alignat" | "alignat*" => "alignedat",
        "eqnarray" | "eqnarray*" => "array",
        other => other,
    };
    let opens = begin == "begin";
    out.extend([Item::Command(begin), group(new)]);
    if !opens {
        return Ok(());
    }
    match name.as_str() {
        "eqnarray" | "eqnarray*" => out.push(group("rcl")),
        "array" | "darray" | "subarray" => {
            if let Item::Group(columns) = argument(&name, input)? {
                out.push(group(&characters(&columns)));
            } else {
                return Err(MathError::new("an array wants its columns in braces"));
            }
        }
        "alignat" | "alignat*" | "alignedat" => match argument(&name, input)? {
            // The parser multiplies what it reads, so it gets no number that is too great for that.
            Item::Group(pairs) if is_small_number(&characters(&pairs)) => {
                out.push(group(&characters(&pairs)))
            }
            _ => {
                return Err(MathError::new(format!(
                    "`{name}` wants a number of columns in braces"
                )));
            }
        },
        _ => {}
    }
    Ok(())
}

fn is_small_number(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name of an operator, or just what is between the braces.
fn operator(input: &mut VecDeque<Item>, out: &mut Vec<Item>) -> Result<(), MathError> {
    match argument("mathop", input)? {
        Item::Group(inner) => {
            let words = inner
                .iter()
                .filter(|item| !matches!(item, Item::Command(name) if name == "rm"));
            let name: Option<String> = words
                .map(|item| match item {
                    Item::Char(c) if c.is_alphabetic() => Some(c.to_string()),
                    Item::Text { text, .. } => Some(text.clone()),
                    Item::Space => Some(String::new()),
                    Item::Char(_) | Item::Command(_) | Item::Group(_) => None,
                })
                .collect();
            match name.filter(|name| !name.is_empty()) {
                Some(text) => {
                    out.push(Item::Text {
                        command: "operatorname",
                        text,
                    });
                    if !matches!(input.front(), Some(Item::Command(name)) if name == "nolimits") {
                        out.push(Item::Command("limits".to_owned()));
                    }
                }
                None => out.push(Item::Group(clean(inner)?)),
            }
        }
        other => input.push_front(other),
    }
    Ok(())
}

fn group(text: &str) -> Item {
    Item::Group(text.chars().map(Item::Char).collect())
}

fn characters(items: &[Item]) -> String {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Char(c) => Some(*c),
            Item::Command(_) | Item::Space | Item::Group(_) | Item::Text { .. } => None,
        })
        .collect()
}

/// TeX's own `a \over b`, in which the command stands between its arguments, becomes `\frac{a}{b}`.
fn fractions(mut items: Vec<Item>) -> Result<Vec<Item>, MathError> {
    while let Some(at) = items.iter().position(is_between) {
        let end = end_of_part(&items, at + 1)?;
        let start = start_of_part(&items, at);
        let rest = items.split_off(end);
        let below = items.split_off(at + 1);
        let between = items.pop();
        let above = items.split_off(start);
        match between {
            Some(Item::Command(name)) if name == "over" => items.push(Item::Command("frac".to_owned())),
            Some(Item::Command(name)) if name == "choose" => items.push(Item::Command("binom".to_owned())),
            _ => {
                items.push(Item::Command("genfrac".to_owned()));
                items.extend(["", "", "0pt", ""].map(group));
            }
        }
        items.extend([Item::Group(above), Item::Group(below)]);
        items.extend(rest);
    }
    Ok(items)
}

fn is_between(item: &Item) -> bool {
    matches!(item, Item::Command(name) if matches!(name.as_str(), "over" | "choose" | "atop"))
}

/// How far a part reaches to the left: to the beginning of its group, its cell or its pair of delimiters.
fn start_of_part(items: &[Item], at: usize) -> usize {
    let mut closed = 0_usize;
    for index in (0..at).rev() {
        match &items[index] {
            Item::Char('&') if closed == 0 => return index + 1,
            Item::Command(name) => match name.as_str() {
                "\\" | "cr" if closed == 0 => return index + 1,
                "right" | "end" => closed += 1,
                "left" | "begin" if closed == 0 => return (index + 1 + opening(&items[index..at])).min(at),
                "left" | "begin" => closed -= 1,
                _ => {}
            },
            Item::Char(_) | Item::Space | Item::Group(_) | Item::Text { .. } => {}
        }
    }
    0
}

/// How many items belong to the `\left` or `\begin` that stands first: a delimiter, or a name and columns.
fn opening(items: &[Item]) -> usize {
    let columns = match items.get(1) {
        Some(Item::Group(name)) => matches!(
            characters(name).as_str(),
            "array" | "darray" | "subarray" | "alignedat"
        ),
        _ => false,
    };
    let wanted = 1 + usize::from(columns);
    let spaces = items
        .iter()
        .skip(1)
        .take_while(|item| matches!(item, Item::Space))
        .count();
    wanted + spaces
}

/// How far a part reaches to the right.
fn end_of_part(items: &[Item], from: usize) -> Result<usize, MathError> {
    let mut opened = 0_usize;
    for (index, item) in items.iter().enumerate().skip(from) {
        match item {
            Item::Char('&') if opened == 0 => return Ok(index),
            Item::Command(name) => match name.as_str() {
                "over" | "choose" | "atop" if opened == 0 => {
                    return Err(MathError::new(format!(
                        "a second `\\{name}` needs braces around its part"
                    )));
                }
                "\\" | "cr" if opened == 0 => return Ok(index),
                "left" | "begin" => opened += 1,
                "right" | "end" if opened == 0 => return Ok(index),
                "right" | "end" => opened -= 1,
                _ => {}
            },
            Item::Char(_) | Item::Space | Item::Group(_) | Item::Text { .. } => {}
        }
    }
    Ok(items.len())
}
