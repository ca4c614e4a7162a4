//! The tokens as jinja2's lexer gives them, with its complaints.

use super::super::Overrides;
use super::Edit;
use minijinja::machinery::{Token as Theirs, tokenize};
use minijinja::syntax::SyntaxConfig;

/// A token and its place in the source.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    Data,
    VarBegin,
    VarEnd,
    BlockBegin,
    BlockEnd,
    Name(&'t str),
    Str,
    Int,
    Float,
    Op(&'static str),
    /// What the lexer stops at.
    Error(String),
    End,
}

impl Token<'_> {
    /// The token in the words of jinja2's messages.
    pub(super) fn describe(&self) -> &str {
        match &self.kind {
            Kind::Data => "template data / text",
            Kind::VarBegin => "begin of print statement",
            Kind::VarEnd => "end of print statement",
            Kind::BlockBegin => "begin of statement block",
            Kind::BlockEnd => "end of statement block",
            Kind::Name(name) => name,
            Kind::Str => "string",
            Kind::Int => "integer",
            Kind::Float => "float",
            Kind::Op(op) => op,
            Kind::Error(_) | Kind::End => "end of template",
        }
    }
}

/// All tokens; the last is the end or an error.
///
/// With them come edits of the integers that minijinja has no room for.
pub(super) fn read<'t>(
    source: &'t str,
    syntax: &Overrides,
    config: SyntaxConfig,
    expression: bool,
) -> (Vec<Token<'t>>, Vec<Edit>) {
    let mut long = Vec::new();
    let mut tokens: Vec<Token<'t>> = Vec::new();
    let mut open: Vec<&'static str> = Vec::new();
    let mut inside = expression;
    let mut end = 0;
    for token in tokenize(source, expression, config) {
        let (kind, span) = match token {
            Ok((token, span)) => (kind_of(&token, source, span.start_offset as usize, span.end_offset as usize), span),
            Err(error) if error.detail().unwrap_or_default().contains("too large") => {
                let rest = source.get(end..).unwrap_or_default();
                let start = end + rest.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
                let digits = source.get(start..).unwrap_or_default();
                let len = digits.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(digits.len());
                end = start + len;
                long.push(Edit { at: start, len, with: "1" });
                tokens.push(Token { kind: Kind::Int, start, end });
                continue;
            }
            Err(error) => {
                let message = complaint(source, syntax, error.detail().unwrap_or_default(), end, inside);
                tokens.push(Token { kind: Kind::Error(message), start: end, end });
                return (tokens, long);
            }
        };
        let (start, stop) = (span.start_offset as usize, span.end_offset as usize);
        inside = match kind {
            Kind::VarBegin | Kind::BlockBegin => true,
            Kind::VarEnd | Kind::BlockEnd | Kind::Data => false,
            _ => inside,
        };
        if let Kind::Op(op) = kind
            && let Some(message) = unbalanced(&mut open, op)
        {
            tokens.push(Token { kind: Kind::Error(message), start, end: stop });
            return (tokens, long);
        }
        end = stop;
        let digits = source.get(start..stop).unwrap_or_default();
        if let (Kind::Int | Kind::Float, Some(at)) = (&kind, number_ends(digits)) {
            let (_, rest) = digits.split_at(at);
            let after = match rest.chars().next() {
                Some('.') => Kind::Op("."),
                Some(c) if c.is_ascii_digit() => Kind::Int,
                _ => Kind::Name(rest),
            };
            tokens.push(Token { kind, start, end: start + at });
            tokens.push(Token { kind: after, start: start + at, end: stop });
            continue;
        }
        tokens.push(Token { kind, start, end: stop });
    }
    tokens.push(Token { kind: Kind::End, start: end, end });
    (tokens, long)
}

/// The source with plain spaces, as many as the bytes were, for the white space beyond ASCII that jinja2 passes over
/// between tokens and minijinja does not; None where there is none.
pub(in super::super) fn plain_spaces(source: &str, config: &SyntaxConfig) -> Option<String> {
    let wide = |c: char| !c.is_ascii() && c.is_whitespace();
    if source.is_ascii() || !source.contains(wide) {
        return None;
    }
    let mut text = source.to_owned();
    for _ in 0..source.matches(wide).count() {
        let (mut end, mut refused) = (0, false);
        for token in tokenize(&text, false, config.clone()) {
            match token {
                Ok((_, span)) => end = span.end_offset as usize,
                Err(_) => {
                    refused = true;
                    break;
                }
            }
        }
        let rest = text.get(end..).unwrap_or_default();
        let at = end + rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        let space = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| refused && wide(*c));
        let Some(space) = space else { break };
        text.replace_range(at..at + space.len_utf8(), &" ".repeat(space.len_utf8()));
    }
    (text != source).then_some(text)
}

/// Where a number ends for jinja2, if that is before it ends for minijinja.
///
/// An underscore stands between digits alone, zeros come before no other digit, and `0x` wants digits.
fn number_ends(digits: &str) -> Option<usize> {
    let zeros = digits.len() - digits.trim_start_matches(['0', '_']).len();
    let rest = digits.get(zeros..).unwrap_or_default();
    if zeros > 0 && rest.starts_with(|c: char| c.is_ascii_digit()) && !digits.contains(['.', 'e', 'E']) {
        return Some(zeros);
    }
    if digits.len() == 2 && digits.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return Some(1);
    }
    if let Some(whole) = digits.strip_suffix('.') {
        return Some(whole.len());
    }
    digits.find("__").or_else(|| digits.ends_with('_').then(|| digits.len() - 1))
}

/// What jinja2 says about a closing bracket that does not fit.
fn unbalanced(open: &mut Vec<&'static str>, op: &'static str) -> Option<String> {
    match op {
        "(" => open.push(")"),
        "[" => open.push("]"),
        "{" => open.push("}"),
        ")" | "]" | "}" => match open.pop() {
            None => return Some(format!("unexpected '{op}'")),
            Some(wanted) if wanted != op => return Some(format!("unexpected '{op}', expected '{wanted}'")),
            Some(_) => {}
        },
        _ => {}
    }
    None
}

/// jinja2's words for what minijinja's lexer refused after `end`.
fn complaint(source: &str, syntax: &Overrides, detail: &str, end: usize, inside: bool) -> String {
    let rest = source.get(end..).unwrap_or_default();
    if detail.contains("comment") {
        return "Missing end of comment tag".into();
    }
    if detail.contains("raw block") {
        return "Missing end of raw directive".into();
    }
    let skipped = if inside { rest.len() - rest.trim_start().len() } else { 0 };
    match rest.get(skipped..).and_then(|r| r.chars().next()) {
        Some(c) if inside => {
            let at = source.get(..end + skipped).unwrap_or_default().chars().count();
            format!("unexpected char {} at {at}", crate::value::str_repr(&c.to_string()))
        }
        _ => format!("unexpected end of template in '{}'", syntax.variable_start_string),
    }
}

fn kind_of<'t>(token: &Theirs<'_>, source: &'t str, start: usize, end: usize) -> Kind<'t> {
    let text = source.get(start..end).unwrap_or_default();
    match token {
        Theirs::TemplateData(_) => Kind::Data,
        Theirs::VariableStart => Kind::VarBegin,
        Theirs::VariableEnd => Kind::VarEnd,
        Theirs::BlockStart => Kind::BlockBegin,
        Theirs::BlockEnd => Kind::BlockEnd,
        Theirs::Ident(_) => Kind::Name(text),
        Theirs::Str(_) | Theirs::String(_) => Kind::Str,
        Theirs::Int(_) | Theirs::Int128(_) => Kind::Int,
        Theirs::Float(_) => Kind::Float,
        Theirs::Plus => Kind::Op("+"),
        Theirs::Minus => Kind::Op("-"),
        Theirs::Mul => Kind::Op("*"),
        Theirs::Div => Kind::Op("/"),
        Theirs::FloorDiv => Kind::Op("//"),
        Theirs::Pow => Kind::Op("**"),
        Theirs::Mod => Kind::Op("%"),
        Theirs::Dot => Kind::Op("."),
        Theirs::Comma => Kind::Op(","),
        Theirs::Colon => Kind::Op(":"),
        Theirs::Tilde => Kind::Op("~"),
        Theirs::Assign => Kind::Op("="),
        Theirs::Pipe => Kind::Op("|"),
        Theirs::Eq => Kind::Op("=="),
        Theirs::Ne => Kind::Op("!="),
        Theirs::Gt => Kind::Op(">"),
        Theirs::Gte => Kind::Op(">="),
        Theirs::Lt => Kind::Op("<"),
        Theirs::Lte => Kind::Op("<="),
        Theirs::BracketOpen => Kind::Op("["),
        Theirs::BracketClose => Kind::Op("]"),
        Theirs::ParenOpen => Kind::Op("("),
        Theirs::ParenClose => Kind::Op(")"),
        Theirs::BraceOpen => Kind::Op("{"),
        Theirs::BraceClose => Kind::Op("}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_spaces_are_plain_between_tokens_alone() {
        let config = SyntaxConfig::default();
        let plain = |source: &str| plain_spaces(source, &config);
        assert_eq!(plain("{{\u{a0}a }}\u{a0}{{ b\u{2003}}}").as_deref(), Some("{{  a }}\u{a0}{{ b   }}"));
        assert_eq!(plain("{{ 'x\u{a0}y' }}\u{a0}"), None);
        assert_eq!(plain("{{ a }}"), None);
    }
}
