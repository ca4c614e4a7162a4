//! Splits free-form arguments into words that keep quotes and templates whole.
//!
//! Words end at spaces and newlines only, never at tabs, and never within quotes or `{{ }}`,
//! `{% %}`, `{# #}`. Further spaces and newlines stay at the end of the word before them, so
//! that joining gives the text back. Quotes and backslashes stay as well.

use crate::diag::{Error, Result};

/// The delimiters of Jinja that keep a word together.
const NESTING: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// Splits a text into words.
pub fn split_args(text: &str) -> Result<Vec<String>> {
    let mut state = State::default();
    let lines: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split('\n').collect() };
    for (number, line) in lines.iter().enumerate() {
        let continued = state.line(line);
        if number + 1 < lines.len() && !continued {
            state.append("\n");
        }
    }
    if state.quote.is_some() || state.nested() {
        return Err(Error::parser(format!(
            "failed at splitting arguments, either an unbalanced jinja2 block or quotes: {text}"
        )));
    }
    Ok(state.words)
}

/// Joins words of [`split_args`] with the spaces that were between them.
pub fn join_args<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Takes the quotes off a text that begins and ends with the same ones.
pub fn unquote(text: &str) -> &str {
    let mut inner = text.chars();
    match (inner.next(), inner.next_back()) {
        (Some(a), Some(b)) if a == b && matches!(a, '"' | '\'') && inner.next_back() != Some('\\') => {
            &text[1..text.len() - 1]
        }
        _ => text,
    }
}

#[derive(Default)]
struct State {
    words: Vec<String>,
    quote: Option<char>,
    /// How many of each kind of [`NESTING`] are open.
    depth: [usize; 3],
}

impl State {
    fn nested(&self) -> bool {
        self.depth.iter().any(|&depth| depth > 0)
    }

    /// Adds to the last word, which begins where there is none.
    fn append(&mut self, text: &str) {
        match self.words.last_mut() {
            Some(last) => last.push_str(text),
            None => self.words.push(text.to_owned()),
        }
    }

    /// Takes a line; true where a lone backslash joins it with the next.
    fn line(&mut self, line: &str) -> bool {
        let mut continued = false;
        for (number, piece) in line.split(' ').enumerate() {
            if piece.is_empty() && number > 0 {
                self.append(" ");
            } else if piece == "\\" && self.quote.is_none() {
                continued = true;
            } else {
                self.piece(piece, number > 0);
            }
        }
        continued
    }

    fn piece(&mut self, piece: &str, after_space: bool) {
        let inside = self.quote.is_some() || self.nested();
        if inside {
            if after_space {
                self.append(" ");
            }
            self.append(piece);
        } else if !piece.is_empty() {
            self.words.push(piece.to_owned());
        }
        self.follow_quotes(piece);
        for (depth, (open, close)) in self.depth.iter_mut().zip(NESTING) {
            *depth = (*depth + piece.matches(open).count()).saturating_sub(piece.matches(close).count());
        }
    }

    fn follow_quotes(&mut self, piece: &str) {
        let mut before = None;
        for c in piece.chars() {
            if matches!(c, '"' | '\'') && before != Some('\\') {
                match self.quote {
                    None => self.quote = Some(c),
                    Some(open) if open == c => self.quote = None,
                    Some(_) => {}
                }
            }
            before = Some(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(split_args(text).unwrap(), want, "{text:?}");
    }

    #[test]
    fn as_ansible_splits() {
        check("", &[]);
        check("a=b c=\"foo bar\"", &["a=b", "c=\"foo bar\""]);
        check("a  b", &["a ", "b"]);
        check(" a", &["a"]);
        check("  a", &[" ", "a"]);
        check("a\tb", &["a\tb"]);
        check("a=\"{{ b c }}\" d", &["a=\"{{ b c }}\"", "d"]);
        check("{{ a }} b", &["{{ a }}", "b"]);
        check("x{{ a }}y {% if b %} c {% endif %}", &["x{{ a }}y", "{% if b %}", "c", "{% endif %}"]);
        check("a \\\nb", &["a", "b"]);
        check("a\nb", &["a\n", "b"]);
        check("'a\n b'", &["'a\n b'"]);
        check("a\\'b c", &["a\\'b", "c"]);
        check("\n", &["\n"]);
        check("a='b \"c' d", &["a='b \"c'", "d"]);
        check("{{ '}}' }} b", &["{{ '}}'", "}}", "b"]);
    }

    #[track_caller]
    fn fails(text: &str) {
        let want = "failed at splitting arguments, either an unbalanced jinja2 block or quotes: ";
        assert_eq!(split_args(text).unwrap_err().message, format!("{want}{text}"));
    }

    #[test]
    fn unbalanced() {
        fails("echo 'a");
        fails("echo {{ a");
        fails("{% if");
    }

    #[test]
    fn joins_and_unquotes() {
        assert_eq!(join_args(["a ", "b\n", "c"]), "a  b\nc");
        assert_eq!(unquote("'a'"), "a");
        assert_eq!(unquote("'a\""), "'a\"");
        assert_eq!(unquote("'a\\'"), "'a\\'");
        assert_eq!(unquote("'"), "'");
        assert_eq!(unquote("''"), "");
    }
}
