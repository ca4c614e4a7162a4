//! JSON as Python's `json` module reads and writes it.
//!
//! Written: `, ` and `: ` between items, non-ASCII escaped unless told otherwise, `NaN` and
//! `Infinity` as they are. Read: integers of any size, Python's error texts.

use super::{Dict, Value, float_repr};
use foldhash::HashMap;
use num_bigint::BigInt;
use std::fmt::Write;
use std::sync::Arc;

/// How JSON is written: the arguments of Python's `json.dumps`.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonStyle {
    /// Spaces a level; None writes all on one line.
    pub indent: Option<usize>,
    /// Whether keys are sorted.
    pub sort_keys: bool,
    /// Whether characters beyond ASCII stay as they are.
    pub unicode: bool,
}

/// A text that is no JSON; says what Python's `json.loads` says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: line {line} column {column} (char {offset})")]
pub struct JsonError {
    /// What was expected.
    pub message: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The offset in characters.
    pub offset: usize,
}

/// Writes a value as JSON. Bytes are written as text, dates in ISO form.
pub fn write_json(value: &Value, style: JsonStyle) -> String {
    let mut out = String::new();
    write(&mut out, value, style, 0);
    out
}

fn write(out: &mut String, value: &Value, style: JsonStyle, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Float(f) => out.push_str(&float_json(*f)),
        Value::Str(text) | Value::Vault(text) => quote(out, text.as_str(), style.unicode),
        Value::Bytes(bytes) => quote(out, &String::from_utf8_lossy(bytes), style.unicode),
        Value::DateTime(t) => quote(out, &t.isoformat(), true),
        Value::Time(t) => quote(out, &t.to_string(), true),
        Value::Int(_) | Value::BigInt(_) => out.push_str(&value.to_text()),
        Value::Date(d) => quote(out, &d.to_string(), true),
        Value::List(items) => {
            container(out, ['[', ']'], style, depth, items.iter(), |out, item| write(out, item, style, depth + 1));
        }
        Value::Dict(dict) => {
            let mut items: Vec<(String, &Value)> = dict.iter().map(|(k, v)| (key_text(k), v)).collect();
            if style.sort_keys {
                items.sort_by(|a, b| a.0.cmp(&b.0));
            }
            container(out, ['{', '}'], style, depth, items.into_iter(), |out, (key, item)| {
                quote(out, &key, style.unicode);
                out.push_str(": ");
                write(out, item, style, depth + 1);
            });
        }
    }
}

fn container<T>(
    out: &mut String,
    [open, close]: [char; 2],
    style: JsonStyle,
    depth: usize,
    items: impl ExactSizeIterator<Item = T>,
    each: impl Fn(&mut String, T),
) {
    let empty = items.len() == 0;
    out.push(open);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(if style.indent.is_some() { "," } else { ", " });
        }
        line_break(out, style, depth + 1);
        each(out, item);
    }
    if !empty {
        line_break(out, style, depth);
    }
    out.push(close);
}

fn line_break(out: &mut String, style: JsonStyle, depth: usize) {
    if let Some(width) = style.indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', width * depth));
    }
}

/// A key as the text that it is in JSON.
pub(crate) fn key_text(key: &Value) -> String {
    match key {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Float(f) => float_json(*f),
        other => other.to_text(),
    }
}

fn float_json(f: f64) -> String {
    if f.is_nan() {
        "NaN".into()
    } else if f.is_infinite() {
        if f > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else {
        float_repr(f)
    }
}

fn quote(out: &mut String, text: &str, unicode: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || (!unicode && (c as u32) > 0x7e) => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// How deep containers may nest: Python gives up near its recursion limit too.
const DEPTH: usize = 500;

/// Half of a character that stands alone in a text, as Python's strings may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surrogate {
    /// Its number.
    pub code: u32,
    /// How many characters of its text stand before it.
    pub position: usize,
}

/// Reads JSON text into a value whose strings are data.
pub fn parse_json(text: &str) -> Result<Value, JsonError> {
    parse_json_noting(text).map(|(value, _)| value)
}

/// The same, with the first surrogate that stands alone in one of its texts; a `?` is there instead.
pub fn parse_json_noting(text: &str) -> Result<(Value, Option<Surrogate>), JsonError> {
    let mut parser = Parser { text, pos: 0, keys: HashMap::default(), alone: None };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.pos < text.len() {
        return Err(parser.error("Extra data", parser.pos));
    }
    Ok((value, parser.alone))
}

struct Parser<'a> {
    text: &'a str,
    pos: usize,
    /// The keys so far: facts have the same ones many times.
    keys: HashMap<&'a str, Arc<str>>,
    alone: Option<Surrogate>,
}

impl<'a> Parser<'a> {
    fn error(&self, message: &'static str, at: usize) -> JsonError {
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        JsonError {
            message,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            offset: before.chars().count(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.pos += 1;
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text[self.pos..].starts_with(word);
        if found {
            self.pos += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > DEPTH {
            return Err(self.error("Too deeply nested", self.pos));
        }
        match self.peek() {
            Some(b'"') => Ok(Value::str(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.word("null") => Ok(Value::Null),
            _ if self.word("true") => Ok(Value::Bool(true)),
            _ if self.word("false") => Ok(Value::Bool(false)),
            _ if self.word("NaN") => Ok(Value::Float(f64::NAN)),
            _ if self.word("Infinity") => Ok(Value::Float(f64::INFINITY)),
            _ => Err(self.error("Expecting value", self.pos)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.pos += 1;
        let mut items = Vec::new();
        self.space();
        if self.word("}") {
            return Ok(Value::Dict(Dict::new()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("Expecting property name enclosed in double quotes", self.pos));
            }
            let key = self.key()?;
            self.space();
            if !self.word(":") {
                return Err(self.error("Expecting ':' delimiter", self.pos));
            }
            self.space();
            items.push((key, self.value(depth + 1)?));
            self.space();
            if self.word("}") {
                // Collected at the end, it takes no more memory than it needs.
                return Ok(Value::Dict(items.into_iter().collect()));
            }
            if !self.word(",") {
                return Err(self.error("Expecting ',' delimiter", self.pos));
            }
            self.space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.pos += 1;
        let mut items = Vec::new();
        self.space();
        if self.word("]") {
            return Ok(Value::from(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.word("]") {
                items.shrink_to_fit();
                return Ok(Value::from(items));
            }
            if !self.word(",") {
                return Err(self.error("Expecting ',' delimiter", self.pos));
            }
            self.space();
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.pos;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        self.pos - start
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.pos;
        if self.word("-Infinity") {
            return Ok(Value::Float(f64::NEG_INFINITY));
        }
        self.word("-");
        if !self.word("0") && self.digits() == 0 {
            return Err(self.error("Expecting value", start));
        }
        let mut float = false;
        let back = self.pos;
        if self.word(".") {
            float = self.digits() > 0;
            if !float {
                self.pos = back;
            }
        }
        let back = self.pos;
        if self.word("e") || self.word("E") {
            let _ = self.word("+") || self.word("-");
            if self.digits() > 0 {
                float = true;
            } else {
                self.pos = back;
            }
        }
        let text = &self.text[start..self.pos];
        if float {
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        match text.parse::<i64>() {
            Ok(i) => Ok(Value::Int(i)),
            Err(_) => text.parse::<BigInt>().map(Value::big).map_err(|_| self.error("Expecting value", start)),
        }
    }

    /// The text up to the next quote, escape or control character.
    fn plain(&mut self) -> &'a str {
        let rest = &self.text[self.pos..];
        let length = rest.bytes().position(|b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len());
        self.pos += length;
        &rest[..length]
    }

    fn string(&mut self) -> Result<Arc<str>, JsonError> {
        let start = self.pos;
        self.pos += 1;
        let from = self.pos;
        self.plain();
        if self.peek() == Some(b'"') {
            self.pos += 1;
            return Ok(self.text[from..self.pos - 1].into());
        }
        let mut out = self.text[from..self.pos].to_owned();
        loop {
            match self.peek() {
                None => return Err(self.error("Unterminated string starting at", start)),
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => self.escape(&mut out, start)?,
                Some(..0x20) => return Err(self.error("Invalid control character at", self.pos)),
                Some(_) => out.push_str(self.plain()),
            }
        }
    }

    /// A key; the same one is kept once.
    fn key(&mut self) -> Result<Value, JsonError> {
        let rest = &self.text.as_bytes()[self.pos + 1..];
        let end = rest.iter().position(|b| matches!(b, b'"' | b'\\') || *b < 0x20);
        let Some(end) = end.filter(|end| rest[*end] == b'"') else { return Ok(Value::str(self.string()?)) };
        let name: &'a str = &self.text[self.pos + 1..self.pos + 1 + end];
        self.pos += end + 2;
        Ok(Value::str(self.keys.entry(name).or_insert_with(|| name.into()).clone()))
    }

    fn escape(&mut self, out: &mut String, start: usize) -> Result<(), JsonError> {
        let at = self.pos;
        self.pos += 2;
        match self.text.as_bytes().get(at + 1) {
            None => return Err(self.error("Unterminated string starting at", start)),
            Some(b'"') => out.push('"'),
            Some(b'\\') => out.push('\\'),
            Some(b'/') => out.push('/'),
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'n') => out.push('\n'),
            Some(b'r') => out.push('\r'),
            Some(b't') => out.push('\t'),
            Some(b'u') => {
                let mut unit = self.hex(at)?;
                if (0xd800..0xdc00).contains(&unit) && self.text[self.pos..].starts_with("\\u") {
                    let back = self.pos;
                    self.pos += 2;
                    let low = self.hex(back)?;
                    if (0xdc00..0xe000).contains(&low) {
                        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    } else {
                        self.pos = back;
                    }
                }
                // A lone surrogate has no place in a Rust string.
                out.push(char::from_u32(unit).unwrap_or_else(|| {
                    self.alone.get_or_insert(Surrogate { code: unit, position: out.chars().count() });
                    '?'
                }));
            }
            Some(_) => return Err(self.error("Invalid \\escape", at)),
        }
        Ok(())
    }

    fn hex(&mut self, at: usize) -> Result<u32, JsonError> {
        let digits = self.text.get(self.pos..self.pos + 4).unwrap_or("");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.error("Invalid \\uXXXX escape", at + 1));
        }
        self.pos += 4;
        Ok(u32::from_str_radix(digits, 16).unwrap_or(0xfffd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn round(text: &str) {
        assert_eq!(write_json(&parse_json(text).expect("valid"), JsonStyle::default()), text);
    }

    #[track_caller]
    fn refused(text: &str, want: &str) {
        assert_eq!(parse_json(text).expect_err("invalid").to_string(), want);
    }

    #[test]
    fn reads_back_what_it_writes() {
        round(r#"{"a": [1, -2.5, true, null], "b": {}, "c": []}"#);
        round(r#""\u00e9\ud83d\ude00\n\"""#);
        round("123456789012345678901234567890");
        round("[NaN, Infinity, -Infinity]");
    }

    #[test]
    fn errors_are_pythons() {
        refused("", "Expecting value: line 1 column 1 (char 0)");
        refused("[1,\n 2", "Expecting ',' delimiter: line 2 column 3 (char 6)");
        refused("{a: 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
        refused("1 2", "Extra data: line 1 column 3 (char 2)");
    }

    #[test]
    fn indents_like_python() {
        let style = JsonStyle { indent: Some(4), sort_keys: true, unicode: true };
        let value = parse_json(r#"{"b": [1], "a": "é", "c": []}"#).expect("valid");
        assert_eq!(
            write_json(&value, style),
            "{\n    \"a\": \"é\",\n    \"b\": [\n        1\n    ],\n    \"c\": []\n}"
        );
    }
}
