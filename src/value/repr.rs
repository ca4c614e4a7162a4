//! Python's `repr` of values.

use super::Value;
use std::fmt::Write;

/// Python's `repr(x)`.
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(i) => push(out, format_args!("{i}")),
        Value::BigInt(b) => push(out, format_args!("{b}")),
        Value::Float(f) => out.push_str(&float_repr(*f)),
        Value::Str(text) | Value::Vault(text) => out.push_str(&str_repr(text.as_str())),
        Value::Bytes(bytes) => bytes_repr(out, bytes),
        Value::Date(d) => push(out, format_args!("datetime.date({}, {}, {})", d.year, d.month, d.day)),
        Value::DateTime(t) => datetime_repr(out, t),
        Value::Time(t) => time_repr(out, *t),
        Value::List(items) => {
            out.push('[');
            separated(out, items.iter(), write);
            out.push(']');
        }
        Value::Dict(dict) => {
            out.push('{');
            separated(out, dict.iter(), |out, (key, item)| {
                write(out, key);
                out.push_str(": ");
                write(out, item);
            });
            out.push('}');
        }
    }
}

fn push(out: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(args);
}

fn separated<T>(out: &mut String, items: impl Iterator<Item = T>, each: impl Fn(&mut String, T)) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        each(out, item);
    }
}

/// `datetime.time(7, 8, 9)`
fn time_repr(out: &mut String, t: super::Time) {
    push(out, format_args!("datetime.time({}, {}", t.hour, t.minute));
    if t.second != 0 || t.micro != 0 {
        push(out, format_args!(", {}", t.second));
    }
    if t.micro != 0 {
        push(out, format_args!(", {}", t.micro));
    }
    out.push(')');
}

fn datetime_repr(out: &mut String, t: &super::DateTime) {
    push(
        out,
        format_args!("datetime.datetime({}, {}, {}, {}, {}", t.date.year, t.date.month, t.date.day, t.hour, t.minute),
    );
    if t.second != 0 || t.micro != 0 {
        push(out, format_args!(", {}", t.second));
    }
    if t.micro != 0 {
        push(out, format_args!(", {}", t.micro));
    }
    match t.offset {
        None => {}
        Some(0) => out.push_str(", tzinfo=datetime.timezone.utc"),
        Some(s) => {
            let (days, seconds) = (s.div_euclid(86_400), s.rem_euclid(86_400));
            let days = if days == 0 { String::new() } else { format!("days={days}, ") };
            push(out, format_args!(", tzinfo=datetime.timezone(datetime.timedelta({days}seconds={seconds}))"));
        }
    }
    out.push(')');
}

/// Python's `repr` of a float: the shortest digits that read back, `1e+16` from 16 digits on.
pub fn float_repr(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let scientific = format!("{f:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if f != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{f}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

/// Python's `repr` of a string: single quotes unless it holds those and no double ones.
pub fn str_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' || ('\u{7f}'..='\u{a0}').contains(&c) || c == '\u{ad}' => {
                push(&mut out, format_args!("\\x{:02x}", c as u32));
            }
            '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' => {
                push(&mut out, format_args!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn bytes_repr(out: &mut String, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for &b in bytes {
        match b {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b if char::from(b) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(b)),
            b => push(out, format_args!("\\x{b:02x}")),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Dict;

    #[track_caller]
    fn check(value: impl Into<Value>, want: &str) {
        assert_eq!(repr(&value.into()), want);
    }

    #[test]
    fn like_python() {
        check("it's", "\"it's\"");
        check("a\"b'c\n", "'a\"b\\'c\\n'");
        check(1e20, "1e+20");
        check(1e16, "1e+16");
        check(123456789012345680.0, "1.2345678901234568e+17");
        check(1.0, "1.0");
        check(0.0001, "0.0001");
        check(0.00001, "1e-05");
        check(-0.0, "-0.0");
        check(vec![Value::Null, true.into()], "[None, True]");
        check(Dict::from([("a", 1)]), "{'a': 1}");
    }
}
