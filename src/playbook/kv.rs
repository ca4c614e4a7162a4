//! Reads free-form arguments, `src=a dest="b c"`, into a dictionary.
//!
//! Backslash escapes are decoded as in a Python string literal; unknown ones stay. Words that
//! are no `key=value` are joined as `_raw_params`, undecoded.

use super::split::{join_args, split_args, unquote};
use crate::diag::Result;
use crate::value::{Dict, Text, Value};

/// The only keys that command, shell and their kin take out of their text.
const COMMAND_KEYS: &[&str] =
    &["creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"];

/// Reads `k=v` text; keys and values have its trust and place.
///
/// `raw` is for the modules whose text is a command: all but a few keys stay part of it.
pub fn parse_kv(text: &Text, raw: bool) -> Result<Dict> {
    let mut dict = Dict::new();
    let words = split_args(text.as_str())?;
    let mut rest: Vec<String> = Vec::new();
    for word in words {
        let decoded = decode_escapes(&word);
        match key_end(&decoded) {
            Some(end) => {
                let (key, value) = (&decoded[..end], &decoded[end + 1..]);
                if raw && !COMMAND_KEYS.contains(&key) {
                    rest.push(word);
                } else {
                    let value = unquote(value.trim()).to_owned();
                    dict.insert(Value::Str(text.with_text(key.trim())), Value::Str(text.with_text(value)));
                }
            }
            None if decoded.contains('=') => rest.push(decoded.replace("\\=", "=")),
            None => rest.push(word),
        }
    }
    if !rest.is_empty() {
        let joined = join_args(rest.iter().map(String::as_str));
        dict.insert(Value::Str(text.with_text("_raw_params")), Value::Str(text.with_text(joined)));
    }
    Ok(dict)
}

/// Where a key ends: the first `=` that is neither the first character nor escaped.
fn key_end(word: &str) -> Option<usize> {
    let bytes = word.as_bytes();
    (1..bytes.len()).find(|&i| bytes[i] == b'=' && bytes[i - 1] != b'\\')
}

/// Decodes the escapes of a Python string literal, except for octal ones and `\N{…}`.
pub fn decode_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match escape(&rest[1..]) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[1 + length..];
            }
            None => {
                out.push('\\');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character that an escape stands for, and the escape's length without its backslash.
fn escape(text: &str) -> Option<(char, usize)> {
    let kind = text.chars().next()?;
    let simple = match kind {
        '\\' | '\'' | '"' => Some(kind),
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\x0b'),
        _ => None,
    };
    if let Some(c) = simple {
        return Some((c, 1));
    }
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let hex = text.get(1..1 + digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
    Some((c, 1 + digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::repr;

    #[track_caller]
    fn check(text: &str, raw: bool, want: &str) {
        let dict = parse_kv(&Text::trusted(text, None), raw).unwrap();
        assert_eq!(repr(&Value::Dict(dict)), want, "{text:?}");
    }

    #[test]
    fn as_ansible_reads() {
        check("src=a dest=\"b c\"", false, "{'src': 'a', 'dest': 'b c'}");
        check("echo hi", false, "{'_raw_params': 'echo hi'}");
        check("echo a=b creates=/x", true, "{'creates': '/x', '_raw_params': 'echo a=b'}");
        check("echo a\\=b", false, "{'_raw_params': 'echo a=b'}");
        check("echo 'a\\tb'  c", true, "{'_raw_params': \"echo 'a\\\\tb'  c\"}");
        check("msg=\"{{ 'a\\tb' }}\"", false, "{'msg': \"{{ 'a\\tb' }}\"}");
        check("a=b=c", false, "{'a': 'b=c'}");
        check("=b", false, "{'_raw_params': '=b'}");
        check("a= b=", false, "{'a': '', 'b': ''}");
        check("a='b'\n  c=d", false, "{'a': 'b', 'c': 'd'}");
        check("a=\\u0041\\x42\\q", false, "{'a': 'AB\\\\q'}");
        check("a='it\\'s'", false, "{'a': \"it's\"}");
        check("a=b a=c", false, "{'a': 'c'}");
        check("", false, "{}");
    }

    #[test]
    fn what_is_read_is_trusted_as_the_text_is() {
        let dict = parse_kv(&Text::data("a=b"), false).unwrap();
        assert!(!dict.iter().any(|(k, v)| k.has_trusted() || v.has_trusted()));
        let dict = parse_kv(&Text::trusted("a=b", None), false).unwrap();
        assert!(dict.values().all(Value::has_trusted));
    }
}
