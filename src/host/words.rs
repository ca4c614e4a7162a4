//! Words as the shell has them: Python's `shlex.split` and `shlex.quote`.

use crate::value::Value;

/// Splits like `shlex.split`; the error is Python's.
pub fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation"),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("No escaped character"),
                        },
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation"),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("No escaped character"),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Quotes a word for the shell where it needs it, like `shlex.quote`.
pub fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

/// Joins quoted words, like `shlex.join`.
pub fn join<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// Arguments as the oldest modules read them: `k=v` words with the shell's quotes, a space after each.
pub fn assignments(args: &Value) -> String {
    let mut text = String::new();
    for (name, value) in args.as_dict().into_iter().flatten() {
        text.push_str(&format!("{}={} ", name.to_text(), quote(&value.to_text())));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(split(text).expect("words"), want);
    }

    #[test]
    fn splits_like_python() {
        check("a  b\tc\n", &["a", "b", "c"]);
        check(r#"a 'b c' "d \"e\" \n" f\ g"#, &["a", "b c", r#"d "e" \n"#, "f g"]);
        check("a'b'\"c\" ''", &["abc", ""]);
        check("# x", &["#", "x"]);
        assert_eq!(split("a 'b"), Err("No closing quotation"));
        assert_eq!(split("a \\"), Err("No escaped character"));
    }

    #[test]
    fn quotes_like_python() {
        assert_eq!(join(["a", "", "b c", "it's", "x=1,2"]), r#"a '' 'b c' 'it'"'"'s' x=1,2"#);
    }
}
