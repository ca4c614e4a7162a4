//! String literals: Python's escapes.

/// What Python's `unicode-escape` decoding makes of a literal's inside; unknown escapes stay.
pub(super) fn unescape(text: &str) -> Result<String, String> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            None => return Err("\\ at end of string".into()),
            Some('\n') => {}
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('v') => out.push('\u{b}'),
            Some(q @ ('\\' | '\'' | '"')) => out.push(q),
            Some('x') => out.push(hex(&mut rest, 2, "truncated \\xXX escape")?),
            Some('u') => out.push(hex(&mut rest, 4, "truncated \\uXXXX escape")?),
            Some('U') => out.push(hex(&mut rest, 8, "truncated \\UXXXXXXXX escape")?),
            Some(first @ '0'..='7') => {
                let mut code = first as u32 - '0' as u32;
                for _ in 0..2 {
                    let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else { break };
                    rest.next();
                    code = code * 8 + digit;
                }
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    Ok(out)
}

fn hex(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, digits: usize, complaint: &str) -> Result<char, String> {
    let mut code = 0u32;
    for _ in 0..digits {
        let digit = rest.next().and_then(|c| c.to_digit(16)).ok_or(complaint)?;
        code = code.wrapping_mul(16).wrapping_add(digit);
    }
    // A lone surrogate has no place in a Rust string.
    char::from_u32(code).ok_or_else(|| "illegal Unicode character".to_owned())
}

/// The inside of one or more adjacent literals as they stand in the source.
pub(super) fn literal(source: &str, raw: bool) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = source.trim_start();
    while let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let bytes = rest.as_bytes();
        let mut end = 1;
        while let Some(&b) = bytes.get(end) {
            match b {
                b'\\' => end += 2,
                b if char::from(b) == quote => break,
                _ => end += 1,
            }
        }
        let inner = rest.get(1..end).ok_or("unexpected end of string")?;
        if raw {
            out.push_str(inner);
        } else {
            out.push_str(&unescape(inner)?);
        }
        rest = rest.get(end + 1..).unwrap_or_default().trim_start();
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, raw: &str, cooked: &str) {
        assert_eq!(literal(source, true).as_deref(), Ok(raw));
        assert_eq!(literal(source, false).as_deref(), Ok(cooked));
    }

    #[test]
    fn literals() {
        check(r"'a\tb'", r"a\tb", "a\tb");
        check(r#"'it\'s' "x""#, r"it\'sx", "it'sx");
        check(r"'\d\1\x41\u00e9'", r"\d\1\x41\u00e9", "\\d\u{1}A\u{e9}");
    }
}
