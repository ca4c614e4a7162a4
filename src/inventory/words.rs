//! Splitting a line into words as Python's `shlex.split` does with comments on.

/// A line that ends inside quotes or after a backslash; says what Python says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// A quote is open at the end.
    #[error("No closing quotation")]
    Quote,
    /// The line ends with a backslash.
    #[error("No escaped character")]
    Escape,
}

/// The words of a line; `#` outside of quotes ends it, even inside a word.
pub fn split(line: &str) -> Result<Vec<String>, WordError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => break,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(WordError::Escape)?),
            '\'' => quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), WordError> {
    loop {
        match chars.next().ok_or(WordError::Quote)? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), WordError> {
    loop {
        match chars.next().ok_or(WordError::Quote)? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or(WordError::Escape)? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn words(line: &str, want: &[&str]) {
        assert_eq!(split(line).unwrap(), want);
    }

    #[test]
    fn as_shlex_splits() {
        words("a b=c", &["a", "b=c"]);
        words("a b='c d' # e", &["a", "b=c d"]);
        words("a b=c#d", &["a", "b=c"]);
        words(r#"a "b\"c\d" 'e\'"#, &["a", r#"b"c\d"#, r"e\"]);
        words(r"a\ b ''", &["a b", ""]);
        assert_eq!(split("a 'b"), Err(WordError::Quote));
        assert_eq!(split("a \\"), Err(WordError::Escape));
    }
}
