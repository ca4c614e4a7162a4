//! Typical mistakes in the line where YAML broke, and ansible-core's help for each.
//!
//! Only the line is looked at, in ansible-core's order: tabs, an unquoted template, an unquoted
//! colon, quotes.

/// What is probably wrong with a line.
pub(super) struct Hint {
    /// The message in place of the parser's.
    pub message: &'static str,
    /// The column to point at, from 1; None keeps the parser's.
    pub column: Option<u32>,
    /// The help text; empty for none.
    pub help: &'static str,
}

const TEMPLATE: &str = "For example:

    raw: {{ some_var }}

Should be:

    raw: \"{{ some_var }}\"";

const COLON: &str = "For example:

    raw: echo 'name: ansible'

Should be:

    raw: \"echo 'name: ansible'\"";

const QUOTE_ENDS: &str = "For example:

    raw: \"foo\" in bar

Should be:

    raw: '\"foo\" in bar'";

const QUOTE_INSIDE: &str = "For example:

    raw: \"foo\" in \"bar\"

Should be:

    raw: '\"foo\" in \"bar\"'";

/// The typical mistake in a line.
pub(super) fn find(line: &str) -> Option<Hint> {
    let chars: Vec<char> = line.chars().collect();
    if let Some(at) = chars.iter().position(|c| *c == '\t') {
        return hint("Tabs are usually invalid in YAML.", at, "");
    }
    if let Some(at) = template(&chars) {
        return hint("This may be an issue with missing quotes around a template block.", at, TEMPLATE);
    }
    if let Some(at) = colon(&chars) {
        return hint("Colons in unquoted values must be followed by a non-space character.", at, COLON);
    }
    quotes(&chars)
}

fn hint(message: &'static str, at: usize, help: &'static str) -> Option<Hint> {
    Some(Hint { message, column: Some(u32::try_from(at + 1).ok()?), help })
}

fn word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c.is_whitespace()
}

fn bracketed_word(c: char) -> bool {
    word(c) || matches!(c, '[' | ']' | '{' | '}')
}

/// Where values may begin: after the indentation, dashes and a key, and before the key.
///
/// The order is that in which Python's pattern tries them.
fn starts(chars: &[char], key: impl Fn(char) -> bool) -> Vec<usize> {
    let space = |i: usize| chars.get(i).is_some_and(|c| c.is_whitespace());
    let skip = |mut i: usize| {
        while space(i) {
            i += 1;
        }
        i
    };
    let indent = skip(0);
    let mut after_dashes = vec![indent];
    let mut at = indent;
    while chars.get(at) == Some(&'-') && space(at + 1) {
        at = skip(at + 1);
        after_dashes.push(at);
    }
    let mut out = Vec::new();
    for start in after_dashes.into_iter().rev() {
        let mut end = start;
        while chars.get(end).is_some_and(|c| key(*c)) {
            end += 1;
        }
        if end > start && chars.get(end) == Some(&':') && space(end + 1) {
            out.push(skip(end + 1));
        }
        out.push(start);
    }
    out
}

fn template(chars: &[char]) -> Option<usize> {
    let starts = starts(chars, word);
    starts.into_iter().find(|&at| {
        let rest = chars.get(at..).unwrap_or(&[]);
        rest.starts_with(&['{', '{']) && rest.get(2..).is_some_and(|r| r.windows(2).any(|w| w == ['}', '}']))
    })
}

fn colon(chars: &[char]) -> Option<usize> {
    if chars.iter().find(|c| !c.is_whitespace()) == Some(&':') {
        return None;
    }
    let start = starts(chars, bracketed_word).first().copied()?;
    let value = chars.get(start..)?;
    if fully_quoted(value) {
        return None;
    }
    let at = (0..value.len()).find(|&i| value[i] == ':' && matches!(value.get(i + 1), None | Some(' ')))?;
    Some(start + at)
}

/// Whether a value is one quoted string and nothing else.
fn fully_quoted(value: &[char]) -> bool {
    let text: String = value.iter().collect();
    let text = text.trim();
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return false };
    text.len() > 1 && text.ends_with(quote) && !text[1..text.len() - 1].contains(quote)
}

fn quotes(chars: &[char]) -> Option<Hint> {
    let start = starts(chars, word).into_iter().find(|&at| matches!(chars.get(at), Some('"' | '\'')))?;
    let (first, last) = (*chars.get(start)?, *chars.last()?);
    if first != last {
        return hint("Values starting with a quote must end with the same quote.", start, QUOTE_ENDS);
    }
    if chars.iter().filter(|c| **c == first).count() > 2 {
        let message = "Values starting with a quote must end with the same quote, and not contain that quote.";
        return hint(message, start, QUOTE_INSIDE);
    }
    None
}
