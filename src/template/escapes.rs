//! String literals whose escapes minijinja refuses and jinja2 may not: `{{ 'C:\users' }}`.
//!
//! A literal in `{{ }}` is raw with ansible-core, so that its backslashes need mean nothing. minijinja's lexer
//! decodes each literal at once; where it refuses one, it gets it without backslashes. The text keeps its length, and
//! what the literal says is read from the user's own text.

use minijinja::ErrorKind;
use minijinja::machinery::tokenize;
use minijinja::syntax::SyntaxConfig;

/// The text, with underscores for the backslashes of the literals that minijinja refuses.
pub(super) fn masked(text: &str, config: &SyntaxConfig) -> String {
    let mut text = text.to_owned();
    while let Some(start) = refused(&text, config) {
        let Some(next) = without_backslashes(&text, start).filter(|next| *next != text) else { break };
        text = next;
    }
    text
}

/// Where the token that is refused for its escapes is to be found.
fn refused(text: &str, config: &SyntaxConfig) -> Option<usize> {
    let mut end = 0;
    for token in tokenize(text, false, config.clone()) {
        match token {
            Ok((_, span)) => end = span.end_offset as usize,
            Err(error) => return (error.kind() == ErrorKind::BadEscape).then_some(end),
        }
    }
    None
}

/// The text without the backslashes of the first literal after a place.
fn without_backslashes(text: &str, after: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = after + bytes.get(after..)?.iter().position(|b| matches!(b, b'\'' | b'"'))?;
    let quote = bytes[at];
    at += 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                bytes[at] = b'_';
                // What it hides would end the literal, or hide the next.
                if let Some(hidden @ (b'\\' | b'\'' | b'"')) = bytes.get_mut(at + 1) {
                    *hidden = b'_';
                }
                at += 1;
            }
            byte if byte == quote => break,
            _ => {}
        }
        at += 1;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_their_backslashes_where_they_are_refused() {
        let config = SyntaxConfig::default();
        for (text, want) in [
            (r"{{ 'C:\users\'x' }}", "{{ 'C:_users__x' }}"),
            (r"\u {{ 'a\n' ~ '\udc80' ~ 'ü\x' }}", r"\u {{ 'a\n' ~ '_udc80' ~ 'ü_x' }}"),
            (r"{{ 'a\d' }} {% if x == '\777' %}{% endif %}", r"{{ 'a\d' }} {% if x == '_777' %}{% endif %}"),
            ("{{ 'open", "{{ 'open"),
        ] {
            assert_eq!(masked(text, &config), want);
        }
    }
}
