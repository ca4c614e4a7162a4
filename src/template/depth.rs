//! How deeply a source nests, told before it is parsed.
//!
//! A parser that calls itself for each `(`, `not` or `else if` would run out of stack. CPython refuses
//! what nests more than 200 deep ("too many nested parentheses"), and jinja2's own parser less.

use super::raise::{Class, Raise};
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// How deep an expression may be: operators on what other operators gave, and brackets.
const DEEPEST: usize = 250;

/// How many branches one `{% if %}`, with those around it, may have.
const MOST_BRANCHES: usize = 1000;

/// How many digits a number may have: Python's own limit.
pub(super) const MOST_DIGITS: usize = 4300;

/// What cannot be deeper than this is not looked at.
const SHORT: usize = 200;

/// One pair of brackets, or the tag itself.
#[derive(Default)]
struct Level {
    /// How deep the item that is being read is, without what its brackets hold.
    chain: usize,
    /// The deepest of what its brackets hold.
    within: usize,
    /// The deepest of the items before.
    before: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.before.max(self.chain + self.within)
    }

    fn next_item(&mut self) {
        *self = Self { before: self.depth(), ..Self::default() };
    }
}

/// How deeply a source nests at most, which may be more than it does.
///
/// Refuses what is too deep; what is no template at all is left to the parser.
pub(super) fn check(source: &str, config: SyntaxConfig) -> Result<usize, Raise> {
    if source.len() <= SHORT {
        return Ok(0);
    }
    let (mut levels, mut branches) = (vec![Level::default()], vec![0usize]);
    let (mut begins, mut deepest) = (false, 0);
    for token in tokenize(source, false, config) {
        let Ok((token, span)) = token else { return digits(source).map(|()| deepest) };
        let first = std::mem::replace(&mut begins, matches!(token, Token::BlockStart));
        match token {
            Token::VariableStart | Token::BlockStart => levels = vec![Level::default()],
            Token::Ident(name) if first => deepest = deepest.max(branch(name, &mut branches)?),
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                // A call or a subscript is a step of the chain as well.
                deepest = deepest.max(step(&mut levels)?);
                levels.push(Level::default());
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                let inner = if levels.len() > 1 { levels.pop() } else { None };
                if let (Some(inner), Some(level)) = (inner, levels.last_mut()) {
                    level.within = level.within.max(inner.depth() + 1);
                }
            }
            Token::Comma | Token::Colon => {
                if let Some(level) = levels.last_mut() {
                    level.next_item();
                }
            }
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Dot
            | Token::Tilde
            | Token::Pipe
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte
            | Token::Ident("and" | "or" | "not" | "if" | "is" | "in") => deepest = deepest.max(step(&mut levels)?),
            Token::Int(_) | Token::Int128(_) | Token::Float(_) => {
                long((span.end_offset as usize).saturating_sub(span.start_offset as usize))?;
            }
            _ => {}
        }
    }
    Ok(deepest)
}

fn too_deep() -> Raise {
    Raise::python(Class::Recursion, "maximum recursion depth exceeded")
}

/// One step deeper; how deep that is.
fn step(levels: &mut [Level]) -> Result<usize, Raise> {
    if let Some(level) = levels.last_mut() {
        level.chain += 1;
    }
    let depth: usize = levels.iter().map(|level| level.chain).sum::<usize>() + levels.len();
    let depth = depth.max(levels.last().map_or(0, |level| level.chain + level.within));
    if depth > DEEPEST { Err(too_deep()) } else { Ok(depth) }
}

/// Counts the branches of `if`s that are open.
fn branch(name: &str, open: &mut Vec<usize>) -> Result<usize, Raise> {
    match name {
        "if" => open.push(1),
        "elif" => {
            if let Some(last) = open.last_mut() {
                *last += 1;
            }
        }
        "endif" if open.len() > 1 => {
            open.pop();
        }
        _ => {}
    }
    let sum = open.iter().sum();
    if sum > MOST_BRANCHES { Err(too_deep()) } else { Ok(sum) }
}

fn long(digits: usize) -> Result<(), Raise> {
    if digits <= MOST_DIGITS {
        return Ok(());
    }
    let words = format!(
        "Exceeds the limit ({MOST_DIGITS} digits) for integer string conversion: value has {digits} digits; use \
         sys.set_int_max_str_digits() to increase the limit"
    );
    Err(Raise::value_error(words))
}

/// Refuses digits that the lexer cannot read, and that are too many for Python.
fn digits(source: &str) -> Result<(), Raise> {
    let most = source.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    long(most)
}
